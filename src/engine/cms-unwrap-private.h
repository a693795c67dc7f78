/* cms-unwrap-private.h - from one recipient of a CMS object to the key of its content.
 *
 * What enters: a recipient, and a private key or its handle (provider/provider.h). What leaves: the
 * content key. RSA with PKCS#1 v1.5 or OAEP padding (RFC 8017, RFC 3560), ECDH and X25519 (RFC
 * 5753, RFC 8418), ML-KEM (RFC 9629, RFC 9936), AES and 3DES key wrap. What gpg-agent said
 * meanwhile has to be asked for with ll_provider_take_agent_error().
 */
#pragma once

#include "engine/cms-recipients-private.h"

G_BEGIN_DECLS

/* What a content key is wrapped with. */
typedef struct
{
  const char *dotted;
  const char *name;   /* "AES-128", for people */
  const char *cipher; /* OpenSSL's name */
  gsize key_length;
  gboolean weak; /* AL-11 */
} LlKeyWrap;

/* NULL: none that we know, or the recipient has none (RSA). */
const LlKeyWrap *ll_unwrap_find_wrap (const LlRecipient *recipient);

/* "RSA-OAEP", "ECDH" (also with X25519), "ML-KEM-768" ...: borrowed, or NULL. */
const char *ll_unwrap_name (const LlRecipient *recipient);

/* The content key, in bytes that are wiped. With RSA a bad padding, or a key that is not
 * `key_length` octets long (0: any), gives a random key instead, so that nothing tells it from a
 * damaged content (RFC 3218, SM-35). `certificate` may be NULL for a KEM. NULL: it is not to be
 * had; with LL_ERROR_UNSUPPORTED_ALGORITHM where we know nothing of the algorithm, else without an
 * error. (transfer full) (nullable) */
GBytes *ll_unwrap (const LlRecipient *recipient, X509 *certificate, EVP_PKEY *private_key,
                   gsize key_length, GError **error);

G_END_DECLS
