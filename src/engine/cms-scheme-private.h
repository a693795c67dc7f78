/* cms-scheme-private.h - what a signatureAlgorithm asks for, and whether it may.
 *
 * What enters: the AlgorithmIdentifier of a signature and the digest beside it. What leaves: the
 * scheme, with its parameters read, or the reason why they cannot be right. No key is looked at and
 * nothing is computed: that is cms-value.
 */
#pragma once

#include <openssl/x509.h>

#include <glib.h>

#include "base/reason.h"
#include "engine/cms-names.h"

G_BEGIN_DECLS

typedef struct
{
  const char *name;     /* "RSA", "RSA-PSS", "ECDSA", "EdDSA", "ML-DSA-65" ...; NULL: unknown */
  const char *key_type; /* OpenSSL's name for the keys that make it */
  gboolean is_pure;     /* signs the octets themselves, not a digest of them */
  gboolean is_new;      /* OpenSSL has it from 3.5 on */
  guint digest_bytes;   /* pure: the least that the digest of the content may have */
  int digest_nid;       /* pure: the only digest there may be, or NID_undef */
  int padding;          /* RSA alone: RSA_PKCS1_PADDING or RSA_PKCS1_PSS_PADDING */
  const char *mask;     /* PSS: the digest of MGF1, in OpenSSL's words */
  int salt;             /* PSS: its length */
} LlCmsScheme;

/* Fills `scheme`. `digest` NULL, or a scheme that nobody knows: UNSUPPORTED_ALGORITHM. Parameters
 * that may not be: MALFORMED, DIGEST_ALGORITHM_MISMATCH (AL-05, AL-07, CM-12, PQ-03, PQ-07). */
LlReason ll_cms_scheme_read (LlCmsScheme *scheme, const X509_ALGOR *algorithm,
                             const LlCmsDigest *digest, gboolean has_attributes);

/* TRUE when these keys need a newer OpenSSL than the one that is here. */
gboolean ll_cms_scheme_is_missing (const ASN1_OBJECT *key_algorithm);

G_END_DECLS
