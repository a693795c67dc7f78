/* key-file-private.h - what a file of keys holds: certificates, and private keys beside them: for
 * keys/ alone.
 *
 * What enters: PEM, or PKCS #8 in DER, and a passphrase. What leaves: certificates, and private
 * keys that live in this process just as long as it takes to hand them to gpg-agent. It does NOT
 * ask for the passphrase and imports nothing. PKCS #12 has a room of its own.
 */
#pragma once

#include <gio/gio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

G_BEGIN_DECLS

typedef struct
{
  GPtrArray *certificates; /* of LlKey */
  GPtrArray *private_keys; /* of EVP_PKEY */
} LlKeyFile;

LlKeyFile *ll_key_file_new (void);
void ll_key_file_free (LlKeyFile *content);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlKeyFile, ll_key_file_free)

/* Adds the private key of a PKCS #8 structure. LL_ERROR_UNSUPPORTED_ALGORITHM: gpg-agent has no
 * keys of that kind (PQ-10). LL_ERROR_BAD_DATA: it is none, or its halves do not fit. */
gboolean ll_key_file_add_pkcs8 (LlKeyFile *content, const PKCS8_PRIV_KEY_INFO *info,
                                GError **error);

/* All certificates, bundles and private keys in a PEM text. `passphrase` (nullable, UTF-8) is for
 * all encrypted ones. LL_ERROR_KEY_LOCKED: one of them needs another passphrase, or any. LL_ERROR_
 * BAD_DATA: a block says what it is and is not; also SC-24. (transfer full) */
LlKeyFile *ll_key_file_read_pem (GBytes *pem, GBytes *passphrase, GError **error);

/* One private key in DER, PKCS #8, encrypted or not. TRUE for what looks like one. */
gboolean ll_key_file_is_pkcs8 (GBytes *der);
LlKeyFile *ll_key_file_read_pkcs8 (GBytes *der, GBytes *passphrase, GError **error);

G_END_DECLS
