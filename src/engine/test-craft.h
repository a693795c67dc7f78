/* test-craft.h - SignedData made octet by octet and signed in this process, so that tests can break
 * each rule alone, and make what no library makes.
 */
#pragma once

#include "bridge/openssl-glue.h"
#include "engine/test-der.h"
#include "tests/support.h"

#define CONTENT "Content-Type: text/plain\r\n\r\nHello\r\n"

#define CONTENT_TYPE der_pkcs (1, 9, 3)
#define MESSAGE_DIGEST der_pkcs (1, 9, 4)
#define SIGNING_TIME der_pkcs (1, 9, 5)
#define COUNTERSIGNATURE der_pkcs (1, 9, 6)
#define CAPABILITIES der_pkcs (1, 9, 15)
#define PROTECTION der_pkcs (1, 9, 52)
#define RECEIPT_REQUEST der_pkcs (1, 9, 16, 2, 1)
#define SECURITY_LABEL der_pkcs (1, 9, 16, 2, 2)
#define ENCRYPTION_PREFERENCE der_pkcs (1, 9, 16, 2, 11)
#define SIGNING_CERTIFICATE der_pkcs (1, 9, 16, 2, 12)
#define SIGNING_CERTIFICATE_V2 der_pkcs (1, 9, 16, 2, 47)
#define TIME_STAMP_INFO der_pkcs (1, 9, 16, 1, 4)
#define COMPRESSED_DATA der_pkcs (1, 9, 16, 1, 9)
#define ZLIB der_pkcs (1, 9, 16, 3, 8)
#define NOBODY_KNOWS_THIS der_pkcs (1, 99, 1)

/* How one signerInfo is made; what is NULL or 0 is as it should be. */
typedef struct
{
  const LlTestCert *signer;     /* NULL: craft_default_signer */
  const char *digest;           /* NULL: "SHA256", or what the key wants */
  const char *signed_content;   /* what the digest is over; NULL: CONTENT */
  GByteArray *attributes;       /* more of them */
  GByteArray *first_attributes; /* instead of contentType and messageDigest */
  GByteArray *sent_attributes;  /* instead of those that were signed: the whole [0] */
  GByteArray *unsigned_attributes;
  GByteArray *signature_algorithm;
  GByteArray *digest_algorithm;
  GByteArray *signer_id;
  GByteArray *content_type;
  const char *pss_digest; /* sign by RSASSA-PSS, with this digest for MGF1 */
  int pss_salt;
  gboolean without_attributes;
  gboolean break_value;
} Craft;

extern const LlTestCert *craft_default_signer;

GByteArray *craft_null (void);
GByteArray *craft_oid (int nid);
GByteArray *craft_algorithm (int nid);
GByteArray *craft_attribute (GByteArray *oid, GByteArray *value);
GByteArray *craft_digest (const char *name, gconstpointer data, gsize length);
GByteArray *craft_certificate (const LlTestCert *cert);
GByteArray *craft_issuer_and_serial (X509 *certificate);
GByteArray *craft_default_attributes (const char *digest, const char *content);

/* The parameters of RSASSA-PSS. */
GByteArray *craft_pss_algorithm (const char *digest, const char *mask, int salt);

/* The value of a signature over `data`; `craft` says with what. */
GByteArray *craft_sign (const Craft *craft, const GByteArray *data);

/* A SignerInfo (RFC 5652 section 5.3). */
GByteArray *craft_signer_info (Craft craft);

/* A SignedData around signerInfos and certificates; `content` NULL: detached. It lists SHA-1,
 * SHA-256, SHA-512 and MD5, and what `digests` (nullable) holds. */
GBytes *craft_signed_data_with (GByteArray *digests, GByteArray *content_type, const char *content,
                                GByteArray *certificates, GByteArray *signer_infos);
GBytes *craft_signed_data (GByteArray *content_type, const char *content, GByteArray *certificates,
                           GByteArray *signer_infos);

/* CompressedData (RFC 3274): what zlib makes of some octets, an object around that, and both. */
GByteArray *craft_deflate (GBytes *bytes);
GBytes *craft_compressed_data (GByteArray *algorithm, GByteArray *octets);
GBytes *craft_compress (GBytes *bytes);
