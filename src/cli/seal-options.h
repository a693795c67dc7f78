/* seal-options.h - the options of "mail sign", "mail encrypt", "file sign" and "file encrypt" that
 * say how S/MIME is made.
 */
#pragma once

#include <glib/gi18n.h>

#include "base/cipher.h"
#include "base/protocol.h"
#include "base/seal-style.h"
#include "keys/plan.h"

G_BEGIN_DECLS

/* Where the options are put down: one command runs in a process. */
typedef struct
{
  char **as;
  char *cipher, *digest;
  gboolean aead, pss, oaep, key_id, plan, verbose;
} LlSealOptions;

extern LlSealOptions ll_seal_options;

/* clang-format off */
/* Rows of a GOptionEntry table. */
#define LL_SIGN_OPTIONS \
  { "plan", 0, 0, G_OPTION_ARG_NONE, &ll_seal_options.plan, \
    N_ ("Only say who would sign, who could read it, and how; write nothing"), NULL }, \
  { "verbose", 'v', 0, G_OPTION_ARG_NONE, &ll_seal_options.verbose, \
    N_ ("Say the same on standard error, and do it"), NULL }, \
  { "pss", 0, 0, G_OPTION_ARG_NONE, &ll_seal_options.pss, \
    N_ ("S/MIME: RSA signatures with PSS padding"), NULL }, \
  { "digest", 0, 0, G_OPTION_ARG_STRING, &ll_seal_options.digest, \
    N_ ("S/MIME: sign with this digest: SHA-256, SHA-384 or SHA-512"), N_ ("NAME") }, \
  { "key-id", 0, 0, G_OPTION_ARG_NONE, &ll_seal_options.key_id, \
    N_ ("S/MIME: name certificates by key identifier rather than by issuer"), NULL }

#define LL_ENCRYPT_OPTIONS \
  { "cipher", 0, 0, G_OPTION_ARG_STRING, &ll_seal_options.cipher, \
    N_ ("S/MIME: encrypt with this cipher, such as AES-256-GCM or AES-256-CBC"), N_ ("NAME") }, \
  { "aead", 0, 0, G_OPTION_ARG_NONE, &ll_seal_options.aead, \
    N_ ("S/MIME: the same as --cipher AES-256-GCM"), NULL }, \
  { "oaep", 0, 0, G_OPTION_ARG_NONE, &ll_seal_options.oaep, \
    N_ ("S/MIME: encrypt to RSA keys with OAEP padding"), NULL }
/* clang-format on */

/* The first --as, and those after it (NULL-terminated, or NULL). */
const char *ll_seal_options_as (void);
const char *const *ll_seal_options_also_as (void);

/* What the options say. They are for S/MIME: `protocol` becomes that where it was open.
 * LL_ERROR_UNSUPPORTED_OPTION when a name is unknown, or for OpenPGP. */
gboolean ll_seal_options_read (LlProtocol *protocol, LlCipher *cipher, LlSealStyle *style,
                               GError **error);

/* What will be other than was wished for, as a sentence; NULL when nothing is. `style` is the one
 * that holds, from options and settings. (transfer full) (nullable) */
char *ll_seal_options_remark (const LlPlan *plan, const LlSealStyle *style);

/* --plan: says the plan on standard output, as text or JSON. */
gboolean ll_seal_options_print_plan (const LlPlan *plan, GError **error);

/* What is to be said of a plan besides: with --verbose all of it, and always that the peers' file
 * could not be used, unless --quiet. */
void ll_seal_options_tell (const LlPlan *plan);

G_END_DECLS
