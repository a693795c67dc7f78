/* cms-names-private.h - the tables of cms-names.h, asked with OpenSSL's own values. */
#pragma once

#include <openssl/x509.h>

#include "engine/cms-names.h"

G_BEGIN_DECLS

/* The same by AlgorithmIdentifier, which may hold the length of the digest (RFC 8419 section 2.3).
 */
const LlCmsDigest *ll_cms_digest_of (const X509_ALGOR *algorithm);

G_END_DECLS
