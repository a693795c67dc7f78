/* x509-selfsigned-private.h - a certificate that vouches for itself, for tests and the demo: for
 * keys/ alone.
 *
 * What enters: the public half of a key that gpg-agent holds. What leaves: a certificate signed by
 * that key, in the agent. It does NOT store it.
 */
#pragma once

#include <gio/gio.h>
#include <openssl/evp.h>

#include "keys/key.h"

G_BEGIN_DECLS

typedef struct
{
  EVP_PKEY *public_key;
  const char *address;
  const char *name;   /* or NULL: the address */
  gint64 from, until; /* 0: RFC 5280 section 4.1.2.5, no end that is known */
} LlX509SelfsignedSpec;

/* Errors: those of gpg-agent's signing. (transfer full) */
LlKey *ll_x509_selfsigned_new (const LlX509SelfsignedSpec *spec, GError **error);

G_END_DECLS
