/* provider.h - an OpenSSL provider whose private keys stay in gpg-agent.
 *
 * OpenSSL asks the provider to sign, decrypt or derive; the provider asks the agent. A key is its
 * public part and its keygrip; no private key ever enters this process.
 */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <gio/gio.h>

G_BEGIN_DECLS

/* The library context of this process, with the default provider and ours loaded; made on first use
 * and kept. NULL with LL_ERROR_FAILED when OpenSSL will not. Borrowed. */
OSSL_LIB_CTX *ll_provider_context (GError **error);

/* A private-key handle for the certificate's public key; every private operation goes to gpg-agent.
 * `prompt` (nullable) is what pinentry tells the user. Errors: LL_ERROR_UNSUPPORTED_ALGORITHM.
 * (transfer full) */
EVP_PKEY *ll_provider_key_new (X509 *certificate, const char *prompt, GError **error);

/* The public key of a certificate. AL-02: also one that is for RSA-OAEP alone (id-RSAES-OAEP, RFC
 * 4055 section 4.1), which OpenSSL leaves alone; that is a plain RSA key then, and who uses it has
 * to heed ll_provider_is_oaep_only(). NULL when it cannot be read. (transfer full) */
EVP_PKEY *ll_provider_public_key (X509 *certificate);

/* AL-02: TRUE when the certificate's key is for RSA-OAEP alone: it neither signs nor takes PKCS#1
 * v1.5. */
gboolean ll_provider_is_oaep_only (X509 *certificate);

/* The keygrip of a certificate's public key: 40 upper-case hexadecimal digits. (transfer full) */
char *ll_provider_keygrip (X509 *certificate, GError **error);

/* OpenSSL hides what went wrong in the agent (CMS_decrypt continues with a random key). This gives
 * the agent's last trouble with a private operation in this thread, and forgets it: NULL when there
 * was none, or when it was only bad padding (SM-35). Errors: LL_ERROR_KEY_LOCKED,
 * LL_ERROR_CANNOT_DECRYPT, LL_ERROR_CANNOT_SIGN, G_IO_ERROR_CANCELLED. (transfer full) (nullable)
 */
GError *ll_provider_take_agent_error (void);

/* Cancels a running agent dialogue when the cancellable is triggered; NULL to clear. Borrowed until
 * replaced; per thread. */
void ll_provider_set_cancellable (GCancellable *cancellable);

G_END_DECLS
