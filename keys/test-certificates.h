/* test-certificates.h - certificates made to order, good and bad, for the tests of keys/.
 *
 * Everything asserts. The keys are in this process; nothing touches a GnuPG home.
 */
#pragma once

#include <openssl/evp.h>

#include "keys/key.h"

G_BEGIN_DECLS

#define TEST_EXTENSIONS_MAX 18
#define TEST_NOW G_GINT64_CONSTANT (1800000000) /* 2027-01-15, the middle of every life time */
#define TEST_YEAR G_GINT64_CONSTANT (31536000)

typedef struct
{
  LlKey *key;
  EVP_PKEY *private_key;
} TestCertificate;

void test_certificate_free (TestCertificate *certificate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestCertificate, test_certificate_free)

typedef struct
{
  const char *subject;   /* "CN=Alice/O=Example", emailAddress as "emailAddress=..." */
  const char *algorithm; /* "P-256" (NULL), "P-384", "secp192k1", "ED25519", "X25519", "rsa1024"
                            ..., "RSA-PSS" */
  const char *digest;    /* "SHA256" (NULL), "SHA1", "MD5" */
  const TestCertificate *issuer; /* NULL: itself */
  EVP_PKEY *private_key;         /* NULL: a new one; borrowed */
  gint64 from, until;            /* 0: TEST_NOW minus and plus a year */
  /* In pairs, in OpenSSL's words: "keyUsage", "critical,digitalSignature"; a value may be
   * "DER:HEX". Ends with NULL. */
  const char *extensions[TEST_EXTENSIONS_MAX];
} TestCertificateSpec;

TestCertificate *test_certificate_new (const TestCertificateSpec *spec);

/* The same for what most tests want: a root, an authority below `issuer`, a person with an address
 * (digitalSignature and keyAgreement, emailProtection). */
TestCertificate *test_certificate_new_authority (const char *name, const TestCertificate *issuer);
TestCertificate *test_certificate_new_person (const char *address, const TestCertificate *issuer);

G_END_DECLS
