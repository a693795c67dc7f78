/* x509-cert-private.h - the OpenSSL view of a certificate Key: for keys/ and engine/ alone. */
#pragma once

#include <openssl/x509.h>

#include "keys/x509-cert.h"

G_BEGIN_DECLS

/* The parsed certificate of an S/MIME Key, in ll_provider_context(). Borrowed. */
X509 *ll_x509_cert_get (const LlKey *key);

/* A Key from an OpenSSL certificate. (transfer full) */
LlKey *ll_x509_cert_new_from_x509 (X509 *certificate, GError **error);

/* The same certificate as `key`, with its private key at hand: what the key store knows and the
 * certificate does not. (transfer full) */
LlKey *ll_x509_cert_new_with_secret (const LlKey *key, gboolean on_card);

/* The keygrip: 40 upper-case hexadecimal digits, or NULL when libgcrypt does not know the kind of
 * key. Borrowed. */
const char *ll_x509_cert_get_keygrip (const LlKey *key);

/* SM-34: a key that would only keep us busy: an RSA or DSA modulus beyond LL_LIMIT_RSA_BITS, or a
 * public exponent beyond LL_LIMIT_RSA_EXPONENT_BITS. */
gboolean ll_x509_key_is_huge (const EVP_PKEY *key);

/* What a signature by this key is worth, or a message that is encrypted to it (SM-28, SC-19). */
typedef enum
{
  LL_KEY_HOPELESS, /* proves nothing, hides nothing */
  LL_KEY_WEAK,     /* can be broken by who has much to spend */
  LL_KEY_STRONG,
} LlKeyStrength;

LlKeyStrength ll_x509_key_strength (const EVP_PKEY *key);

G_END_DECLS
