/* cms-attributes-write-private.h - what our own signatures sign besides the content (SM-07).
 *
 * What enters: a SignerInfo whose algorithms are settled. What leaves: the same one with
 * attributes. contentType and messageDigest are added by OpenSSL when it signs. All of it is short:
 * gpg-agent signs at most 2048 octets with Ed25519.
 */
#pragma once

#include <openssl/cms.h>

#include "keys/capabilities.h"

G_BEGIN_DECLS

typedef struct
{
  const X509 *certificate;     /* of the signer */
  const X509 *preferred;       /* the one to write to, when it is another one; or NULL (SM-30) */
  gint64 time;                 /* signingTime */
  LlCapabilityFlags incapable; /* what the signer's own keys cannot do */
} LlCmsSigned;

/* signingTime (SM-08), SMIMECapabilities (SM-09), the encryption key preference (SM-07),
 * signingCertificateV2 (ES-01) and CMSAlgorithmProtection (CM-01), one of each. */
gboolean ll_cms_attributes_write (CMS_SignerInfo *si, const LlCmsSigned *what);

G_END_DECLS
