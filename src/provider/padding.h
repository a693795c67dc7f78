/* padding.h - the RSA paddings of RFC 8017 that gpg-agent leaves to us. Pure, and in constant time
 * where the input is secret (SM-35). */
#pragma once

#include "bridge/openssl-glue.h"

G_BEGIN_DECLS

/* EMSA-PSS-ENCODE (RFC 8017 section 9.1.1) with a random salt of `salt_length` octets, for a
 * modulus of `bits`. `encoded` gets (bits + 7) / 8 octets. FALSE when the key is too short for it.
 */
gboolean ll_padding_encode_pss (guint8 *encoded, gsize bits, const guint8 *digest, EVP_MD *hash,
                                EVP_MD *mgf_hash, gsize salt_length);

/* EME-PKCS1-v1_5 (section 7.2.2): the message inside `size` octets. `message` has room for `size`;
 * whether it worked shows in the return value alone, not in the time taken. */
gboolean ll_padding_decode_pkcs1 (const guint8 *encoded, gsize size, guint8 *message,
                                  gsize *length);

/* EME-OAEP (section 7.1.2), the same. `label` may be NULL when `label_length` is 0. */
gboolean ll_padding_decode_oaep (const guint8 *encoded, gsize size, EVP_MD *hash, EVP_MD *mgf_hash,
                                 const guint8 *label, gsize label_length, guint8 *message,
                                 gsize *length);

G_END_DECLS
