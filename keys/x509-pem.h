/* x509-pem.h - the certificates in a PEM text; what else stands there is passed over.
 *
 * What enters: a file of certificates, perhaps with comments between them. What leaves: Keys, in
 * the order of the file. It does NOT read private keys.
 */
#pragma once

#include "keys/key.h"

G_BEGIN_DECLS

/* The certificates of a bundle in DER: CMS, mostly without signers (RFC 8551 section 3.8). Empty
 * when it is something else. (transfer full, of LlKey) */
GPtrArray *ll_x509_bundle_read (GBytes *der, GError **error);

/* Certificates, and those of bundles ("PKCS7", "CMS").
 * `bad` (nullable) counts the blocks that say they are a certificate and are none; when it is NULL,
 * such a block is LL_ERROR_BAD_DATA. No certificate at all gives an empty array.
 * (transfer full, of LlKey) */
GPtrArray *ll_x509_pem_read (GBytes *pem, guint *bad, GError **error);

G_END_DECLS
