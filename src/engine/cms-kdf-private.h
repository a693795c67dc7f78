/* cms-kdf-private.h - from a shared secret to the key that wraps the content key, and that
 * wrapping: the same for who writes and for who reads.
 *
 * What enters: a secret that two sides agreed on, and what the message says about the wrapping.
 * What leaves: octets, in memory that the caller wipes. It makes no agreement and knows no
 * certificate.
 */
#pragma once

#include "bridge/openssl-glue.h"

G_BEGIN_DECLS

#define LL_CMS_KEK_MAX 32

typedef enum
{
  LL_CMS_KDF_X963, /* RFC 5753 section 7.2 */
  LL_CMS_KDF_HKDF, /* RFC 8418 section 2.2: the salt is the ukm, or zeros (AL-10) */
} LlCmsKdf;

/* The key-encryption key of an agreement, `length` octets (at most LL_CMS_KEK_MAX) into `kek`. The
 * info is ECC-CMS-SharedInfo with `wrap` exactly as it is in the message: its parameters absent or
 * NULL make another key (AL-09). `digest`: "SHA256" ...; `ukm`: nullable. */
gboolean ll_cms_kdf_agreement (LlCmsKdf kdf, const char *digest, const guint8 *secret,
                               gsize secret_length, const X509_ALGOR *wrap,
                               const ASN1_OCTET_STRING *ukm, guint8 *kek, gsize length);

/* HKDF with SHA-256 and any info: RFC 9629 (no salt), RFC 9709 (`salt`). */
gboolean ll_cms_hkdf (const char *digest, const guint8 *secret, gsize secret_length,
                      const guint8 *salt, gsize salt_length, const guint8 *info, gsize info_length,
                      guint8 *key, gsize length);

/* The content key of RFC 9709 section 2 (CM-03): `inner` is the DER of the inner
 * AlgorithmIdentifier. `derived` takes as many octets as `key` has. */
gboolean ll_cms_kdf_content_key (const guint8 *key, gsize length, GBytes *inner, guint8 *derived);

/* AES key wrap, RFC 3394. `wrapped` takes key_length + 8 octets; `key` of the other one takes
 * wrapped_length - 8. FALSE when the lengths are wrong or, unwrapping, when it is another key. */
gboolean ll_cms_key_wrap (const guint8 *kek, gsize kek_length, const guint8 *key, gsize key_length,
                          guint8 *wrapped);
gboolean ll_cms_key_unwrap (const guint8 *kek, gsize kek_length, const guint8 *wrapped,
                            gsize wrapped_length, guint8 *key);

G_END_DECLS
