/* pkcs12-private.h - certificates and private keys out of a PKCS #12 file: for keys/ alone.
 *
 * What enters: the file's octets and a passphrase. What leaves: certificates, and private keys that
 * live in this process just as long as it takes to hand them to gpg-agent. It does NOT ask for the
 * passphrase and imports nothing.
 */
#pragma once

#include <gio/gio.h>
#include <openssl/evp.h>

G_BEGIN_DECLS

typedef struct
{
  GPtrArray *certificates; /* of LlKey */
  GPtrArray *private_keys; /* of EVP_PKEY */
} LlPkcs12;

void ll_pkcs12_free (LlPkcs12 *content);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlPkcs12, ll_pkcs12_free)

/* TRUE when the octets are a PKCS #12 structure, whatever is in it. */
gboolean ll_pkcs12_is (GBytes *file);

/* LL_ERROR_KEY_LOCKED: the passphrase is not the right one. LL_ERROR_BAD_DATA: without a MAC, with
 * more than LL_LIMIT_KDF_ITERATIONS (SC-24), or broken. LL_ERROR_UNSUPPORTED_ALGORITHM.
 * `passphrase` is UTF-8, not terminated; NULL tries to do without. (transfer full) */
LlPkcs12 *ll_pkcs12_open (GBytes *file, GBytes *passphrase, GError **error);

G_END_DECLS
