/* sexp-private.h - what the files of sexp share. */
#pragma once

#include "bridge/sexp.h"

G_BEGIN_DECLS

/* The value of the first list "(name value" at any depth. Borrowed from `sexp`.
 * LL_ERROR_BAD_DATA when there is none. */
gboolean ll_sexp_find (GBytes *sexp, const char *name, const guint8 **value, gsize *length,
                       GError **error);

/* The agent's curve for OpenSSL: "P-256" for "NIST P-256", "ED25519" for "Ed25519", and whether it
 * is one of those whose keys are octets rather than points and numbers. NULL when it is unknown. */
const char *ll_sexp_openssl_curve (const guint8 *name, gsize length, gboolean *octets,
                                   gboolean *reversed);

G_END_DECLS
