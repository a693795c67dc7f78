/* kem-key-private.h - a private key that gpg-agent cannot hold, out of a file.
 *
 * What enters: the name of a file with a private key that a passphrase protects (PKCS #8, RFC 5958,
 * in PEM). What leaves: the key, in memory that OpenSSL wipes. Only for ML-KEM: whatever gpg-agent
 * can hold belongs there, and is refused here. It keeps nothing, and imports nothing.
 */
#pragma once

#include <gio/gio.h>
#include <openssl/evp.h>

G_BEGIN_DECLS

/* Asks the person for the passphrase, by gpg-agent. LL_ERROR_MISSING_INPUT, LL_ERROR_BAD_DATA (no
 * such key in it), LL_ERROR_UNSUPPORTED_ALGORITHM (a key for gpg-agent; or this OpenSSL knows no
 * ML-KEM), LL_ERROR_KEY_LOCKED. (transfer full) */
EVP_PKEY *ll_kem_key_open (const char *path, GCancellable *cancellable, GError **error);

G_END_DECLS
