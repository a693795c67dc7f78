/* pkcs12-private.h - certificates and private keys out of a PKCS #12 file (RFC 7292), and into one:
 * for keys/ alone.
 *
 * What enters: the file's octets and a passphrase. What leaves: certificates, and private keys that
 * live in this process just as long as it takes to hand them to gpg-agent; or the other way round.
 * It does NOT ask for the passphrase, and imports nothing.
 */
#pragma once

#include "keys/key-file-private.h"
#include "keys/key.h"

G_BEGIN_DECLS

/* TRUE when the octets are a PKCS #12 structure, whatever is in it. */
gboolean ll_pkcs12_is (GBytes *file);

/* LL_ERROR_KEY_LOCKED: the passphrase is not the right one. LL_ERROR_BAD_DATA: without a MAC, with
 * more than LL_LIMIT_KDF_ITERATIONS (SC-24), or broken. LL_ERROR_UNSUPPORTED_ALGORITHM.
 * `passphrase` is UTF-8, not terminated; NULL tries to do without. (transfer full) */
LlKeyFile *ll_pkcs12_open (GBytes *file, GBytes *passphrase, GError **error);

/* A new file with the key, its certificate and `others` (of LlKey). PBES2 with AES-256 and a MAC
 * with SHA-256; `legacy`: Triple DES and SHA-1, for programs that are too old for that.
 * (transfer full) */
GBytes *ll_pkcs12_write (EVP_PKEY *key, const LlKey *certificate, GPtrArray *others,
                         GBytes *passphrase, gboolean legacy, GError **error);

/* The key alone, encrypted (PKCS #8, PBES2 with AES-256), as PEM. (transfer full) */
GBytes *ll_pkcs8_write (EVP_PKEY *key, GBytes *passphrase, GError **error);

G_END_DECLS
