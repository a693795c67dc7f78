/* x509-cert.h - an X.509 certificate as a Key. */
#pragma once

#include "keys/key.h"

G_BEGIN_DECLS

/* A Key from one DER certificate. `has_secret` of the result is FALSE: only the key store knows.
 * LL_ERROR_BAD_DATA when it is not a certificate. (transfer full) */
LlKey *ll_x509_cert_new (GBytes *der, GError **error);

G_END_DECLS
