/* cms-value-private.h - the mathematics of one signature value, against one public key.
 *
 * What enters: what was signed, as a digest or as octets, the scheme and the key. What leaves:
 * whether it holds. It asks nobody whose key that is.
 */
#pragma once

#include "engine/cms-digests-private.h"
#include "engine/cms-scheme-private.h"

G_BEGIN_DECLS

typedef struct
{
  LlCmsScheme scheme;
  const LlCmsDigest *digest;
  const ASN1_OCTET_STRING *octets; /* the signature value */
  GBytes *attributes; /* what is signed: a DER SET OF attributes; NULL: the content itself */
  const LlCmsDigests *content;
} LlCmsValue;

/* NONE: it holds. BAD_SIGNATURE; WEAK_KEY never. UNSUPPORTED_ALGORITHM: a key that is too large
 * (SM-34), a content too large to be signed as it is, or nothing that this OpenSSL can do.
 * DIGEST_ALGORITHM_MISMATCH: the key's own parameters forbid it (AL-12). */
LlReason ll_cms_value_check (const LlCmsValue *value, EVP_PKEY *key);

G_END_DECLS
