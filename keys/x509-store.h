/* x509-store.h - the certificates of gpgsm's keybox.
 *
 * What leaves: every certificate, parsed, with the note whether gpg-agent or a card holds its
 * private key. It does NOT say whether one is to be trusted (keys/trust), remembers nothing
 * (keys/key-store does) and never opens the network.
 */
#pragma once

#include "keys/key.h"

G_BEGIN_DECLS

/* All certificates, in one run of gpgsm. One that OpenSSL cannot parse is left out. When gpg-agent
 * cannot be asked, no certificate has a private key and `agent_error` tells why: one can still
 * verify and encrypt. Error: LL_ERROR_FAILED when there is no gpgsm or it fails.
 * (transfer full, of LlKey) */
GPtrArray *ll_x509_store_load (GError **agent_error, GError **error);

G_END_DECLS
