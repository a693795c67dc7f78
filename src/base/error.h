/* error.h - one error domain for the whole house.
 *
 * A GError means "we could not do the work". Bad news about a message (a bad signature, an unknown
 * key) is data and never an error. Each code has a stable name, which scripts may rely on, and the
 * exit status that the command line answers with (those of the Stateless OpenPGP CLI where it has
 * one). A cancelled operation is always G_IO_ERROR_CANCELLED.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define LL_ERROR (ll_error_quark ())
GQuark ll_error_quark (void);

typedef enum
{
  LL_ERROR_FAILED,                /* anything else; exit 1 */
  LL_ERROR_NO_SIGNATURE,          /* no acceptable signature; exit 3 */
  LL_ERROR_UNSUPPORTED_ALGORITHM, /* exit 13 */
  LL_ERROR_CANNOT_ENCRYPT,        /* a key is missing for a recipient, or cannot encrypt; exit 17 */
  LL_ERROR_MISSING_ARGUMENT,      /* exit 19 */
  LL_ERROR_CANNOT_DECRYPT,        /* no key, or the integrity check failed; exit 29 */
  LL_ERROR_UNSUPPORTED_OPTION,    /* exit 37 */
  LL_ERROR_BAD_DATA,              /* malformed input, or over a limit; exit 41 */
  LL_ERROR_OUTPUT_EXISTS,         /* exit 59 */
  LL_ERROR_MISSING_INPUT,         /* not there, or not readable; exit 61 */
  LL_ERROR_KEY_LOCKED,            /* passphrase refused or asked in vain, no agent; exit 67 */
  LL_ERROR_UNKNOWN_COMMAND,       /* exit 69 */
  LL_ERROR_CANNOT_SIGN,           /* no key to sign with, or it cannot; exit 79 */
  LL_ERROR_OUTPUT,                /* the result could not be written; exit 1 */
} LlError;

/* The stable name of a code, such as "cannot-decrypt". Never NULL, never translated. */
const char *ll_error_name (LlError code);

/* The exit status for an error (also of foreign domains): 1 when nothing else fits, 130 when
 * cancelled. */
int ll_error_exit_status (const GError *error);

/* The stable name of an error of any domain ("cancelled", "failed", or ll_error_name()). */
const char *ll_error_get_name (const GError *error);

G_END_DECLS
