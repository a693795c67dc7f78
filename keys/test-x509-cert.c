/* Certificates as Keys: addresses, abilities, names, and what is refused. */
#include <config.h>

#include <openssl/pem.h>
#include <string.h>

#include "base/error.h"
#include "bridge/openssl-glue.h"
#include "keys/test-certificates.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-pem.h"

typedef struct
{
  const char *name;
  const char *subject;
  const char *alternative;    /* subjectAltName, or NULL */
  const char *good, *not_one; /* has and has not; NULL: has none at all */
  const char *title;
} AddressCase;

static const AddressCase address_cases[] = {
  { "an rfc822Name is an address (SC-21)", "CN=Alice/O=X", "email:alice@example.org",
    "alice@example.org", "bob@example.org", "Alice" },
  { "letter case does not matter (SC-08)", "CN=Alice", "email:Alice@Example.ORG",
    "aLICE@example.org", "alice@example.com", "Alice" },
  { "the subject's emailAddress counts when there is no other (SC-21)",
    "CN=Alice/emailAddress=alice@example.org", NULL, "alice@example.org", "CN=Alice", "Alice" },
  { "the subject's emailAddress counts beside a DNS name",
    "CN=Alice/emailAddress=alice@example.org", "DNS:example.org", "alice@example.org", NULL,
    "Alice" },
  { "an alternative name silences the subject's emailAddress (SC-09)",
    "CN=Alice/emailAddress=eve@example.org", "email:alice@example.org", "alice@example.org",
    "eve@example.org", "Alice" },
  { "a common name is never an address (SC-07)", "CN=alice@example.org", NULL, NULL,
    "alice@example.org", "alice@example.org" },
  /* SEQUENCE { [0] { id-on-SmtpUTF8Mailbox, [0] { UTF8String } } } */
  { "an SmtpUTF8Mailbox is an address (SC-21)", "CN=Ringo",
    "DER:30:25:A0:23:06:08:2B:06:01:05:05:07:08:09:A0:17:0C:15:E3:82:8A:E3:82:93:E3:81:94:40:65:"
    "78:61:6D:70:6C:65:2E:6F:72:67",
    "\xE3\x82\x8A\xE3\x82\x93\xE3\x81\x94@example.org", "ringo@example.org", "Ringo" },
  /* SEQUENCE { [1] "alice@bank.example\0@evil.example" } */
  { "a NUL in an address makes it invalid (SC-20)", "CN=Alice",
    "DER:30:22:81:20:61:6C:69:63:65:40:62:61:6E:6B:2E:65:78:61:6D:70:6C:65:00:40:65:76:69:6C:2E:65:"
    "78:61:6D:70:6C:65",
    NULL, "alice@bank.example", "CN=Alice" },
  /* SEQUENCE { [1] "ä@b" in Latin-1 } */
  { "an rfc822Name beyond ASCII is invalid (SC-20)", "CN=Alice", "DER:30:05:81:03:E4:40:62", NULL,
    "\xC3\xA4@b", "CN=Alice" },
  { "a broken alternative name does not make the subject count",
    "CN=Alice/emailAddress=alice@example.org", "DER:04:01:00", NULL, "alice@example.org", "Alice" },
  { "two addresses in one field are none", "CN=Alice", "email:alice@example.org bob@example.org",
    NULL, "alice@example.org", "CN=Alice" },
  { "several addresses all count", "CN=Alice",
    "email:a@example.org,email:alice@example.org,email:z@example.org", "alice@example.org",
    "b@example.org", "Alice" },
};

static void
test_address (gconstpointer data)
{
  const AddressCase *the_case = data;
  TestCertificateSpec spec
      = { .subject = the_case->subject,
          .extensions
          = { the_case->alternative != NULL ? "subjectAltName" : NULL, the_case->alternative } };
  g_autoptr (TestCertificate) made = test_certificate_new (&spec);

  if (the_case->good != NULL)
    g_assert_true (ll_key_has_address (made->key, the_case->good));
  else
    g_assert_null (ll_key_get_address (made->key));
  g_assert_false (ll_key_has_address (made->key, the_case->not_one));
  g_assert_cmpstr (ll_key_get_title (made->key), ==, the_case->title);
}

typedef struct
{
  const char *name;
  const char *algorithm, *key_usage;
  const char *shown;
  gboolean signs, encrypts;
} AbilityCase;

static const AbilityCase ability_cases[] = {
  { "RSA without key usage does both", "rsa2048", NULL, "rsa2048", TRUE, TRUE },
  { "RSA with digitalSignature signs (SC-14)", "rsa2048", "digitalSignature", "rsa2048", TRUE,
    FALSE },
  { "RSA with nonRepudiation signs (SC-14)", "rsa2048", "nonRepudiation", "rsa2048", TRUE, FALSE },
  { "RSA with keyEncipherment is encrypted to (SC-01)", "rsa2048", "keyEncipherment", "rsa2048",
    FALSE, TRUE },
  { "RSA with keyAgreement is of no use (SC-01)", "rsa2048", "keyAgreement", "rsa2048", FALSE,
    FALSE },
  { "EC without key usage does both", "P-256", NULL, "nistp256", TRUE, TRUE },
  { "EC with digitalSignature is not encrypted to (SC-01)", "P-384", "digitalSignature", "nistp384",
    TRUE, FALSE },
  { "EC with keyAgreement is encrypted to (SC-01)", "P-256", "keyAgreement", "nistp256", FALSE,
    TRUE },
  { "EC with keyEncipherment is of no use (SC-01)", "P-256", "keyEncipherment", "nistp256", FALSE,
    FALSE },
  { "an authority's key usage allows neither", "P-256", "keyCertSign,cRLSign", "nistp256", FALSE,
    FALSE },
  { "Ed25519 signs and nothing else", "ED25519", NULL, "ed25519", TRUE, FALSE },
};

static void
test_ability (gconstpointer data)
{
  const AbilityCase *the_case = data;
  TestCertificateSpec spec
      = { .subject = "CN=Alice",
          .algorithm = the_case->algorithm,
          .extensions = { the_case->key_usage != NULL ? "keyUsage" : NULL, the_case->key_usage } };
  g_autoptr (TestCertificate) made = test_certificate_new (&spec);
  const LlSubkey *subkey = g_ptr_array_index (ll_key_get_subkeys (made->key), 0);

  g_assert_cmpint (ll_key_can_sign (made->key, TEST_NOW), ==, the_case->signs);
  g_assert_cmpint (ll_key_can_encrypt (made->key, TEST_NOW), ==, the_case->encrypts);
  g_assert_cmpstr (subkey->algorithm, ==, the_case->shown);
  g_assert_cmpuint (strlen (subkey->keygrip), ==, 40);

  /* outside its life time it can do nothing */
  g_assert_false (ll_key_can_sign (made->key, TEST_NOW + 2 * TEST_YEAR));
  g_assert_false (ll_key_can_encrypt (made->key, TEST_NOW - 2 * TEST_YEAR));
}

static void
test_names_and_fingerprints (void)
{
  TestCertificateSpec spec = { .subject = "C=JP/O=Example, Inc./CN=\xE6\xA1\x9C\x01" };
  g_autoptr (TestCertificate) made = test_certificate_new (&spec);
  g_autofree char *sha1
      = g_compute_checksum_for_bytes (G_CHECKSUM_SHA1, ll_key_get_der (made->key));
  g_autofree char *sha256
      = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, ll_key_get_der (made->key));
  g_autofree char *lower = g_ascii_strdown (ll_key_get_fingerprint (made->key), -1);
  g_autofree char *lower_sha1 = g_ascii_strdown (ll_key_get_gnupg_fingerprint (made->key), -1);

  g_assert_cmpstr (ll_key_get_subject (made->key), ==,
                   "CN=\xE6\xA1\x9C\\01, O=Example\\, Inc., C=JP");
  g_assert_cmpstr (ll_key_get_issuer (made->key), ==, ll_key_get_subject (made->key));
  g_assert_cmpstr (lower, ==, sha256);
  g_assert_cmpstr (lower_sha1, ==, sha1);
  g_assert_cmpuint (strlen (ll_key_get_serial (made->key)) % 2, ==, 0);
  g_assert_cmpint (ll_key_get_created (made->key), ==, TEST_NOW - TEST_YEAR);
  g_assert_cmpint (ll_key_get_expires (made->key), ==, TEST_NOW + TEST_YEAR);
  g_assert_false (ll_key_has_secret (made->key));
}

static void
test_with_secret (void)
{
  g_autoptr (TestCertificate) made = test_certificate_new_person ("alice@example.org", NULL);
  g_autoptr (LlKey) ours = ll_x509_cert_new_with_secret (made->key, TRUE);
  const LlSubkey *subkey = g_ptr_array_index (ll_key_get_subkeys (ours), 0);

  g_assert_true (ll_key_has_secret (ours));
  g_assert_true (subkey->on_card);
  g_assert_false (ll_key_has_secret (made->key));
  g_assert_cmpstr (ll_key_get_fingerprint (ours), ==, ll_key_get_fingerprint (made->key));
}

/* Every cut and every changed octet: an error or a certificate, never a crash. */
static void
test_damage (void)
{
  g_autoptr (TestCertificate) made = test_certificate_new_person ("alice@example.org", NULL);
  GBytes *der = ll_key_get_der (made->key);
  gsize length;
  const guint8 *data = g_bytes_get_data (der, &length);

  for (gsize i = 0; i < length; i++)
    {
      g_autofree guint8 *copy = g_memdup2 (data, length);
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (der, 0, i);
      g_autoptr (GBytes) changed = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (LlKey) key = NULL;

      g_assert_null (ll_x509_cert_new (cut, &error));
      g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
      copy[i] ^= 0x41;
      changed = g_bytes_new (copy, length);
      key = ll_x509_cert_new (changed, NULL);
      if (key != NULL)
        g_assert_nonnull (ll_key_get_title (key));
    }
}

static void
test_trailing_octets (void)
{
  g_autoptr (TestCertificate) made = test_certificate_new_person ("alice@example.org", NULL);
  g_autoptr (GByteArray) longer = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  g_byte_array_append (longer, g_bytes_get_data (ll_key_get_der (made->key), NULL),
                       (guint)g_bytes_get_size (ll_key_get_der (made->key)));
  g_byte_array_append (longer, (const guint8 *)"", 1);
  bytes = g_bytes_new (longer->data, longer->len);
  g_assert_null (ll_x509_cert_new (bytes, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
}

static GBytes *
to_pem (LlKey *key)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  char *text = NULL;
  glong length;

  g_assert_true (PEM_write_bio_X509 (bio, ll_x509_cert_get (key)));
  length = BIO_get_mem_data (bio, &text);
  return g_bytes_new (text, (gsize)length);
}

static void
test_pem (void)
{
  g_autoptr (TestCertificate) one = test_certificate_new_person ("alice@example.org", NULL);
  g_autoptr (TestCertificate) two = test_certificate_new_person ("bob@example.org", NULL);
  g_autoptr (GBytes) first = to_pem (one->key);
  g_autoptr (GBytes) second = to_pem (two->key);
  g_autofree char *text = g_strdup_printf (
      "Subject: CN=Alice\n%.*s\nwords between\n%.*s-----BEGIN CERTIFICATE-----\nAAAA\n"
      "-----END CERTIFICATE-----\n",
      (int)g_bytes_get_size (first), (const char *)g_bytes_get_data (first, NULL),
      (int)g_bytes_get_size (second), (const char *)g_bytes_get_data (second, NULL));
  g_autoptr (GBytes) file = g_bytes_new (text, strlen (text));
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GError) error = NULL;
  guint bad = 0;

  keys = ll_x509_pem_read (file, &bad, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 2);
  g_assert_cmpuint (bad, ==, 1);
  g_assert_true (ll_key_has_address (g_ptr_array_index (keys, 1), "bob@example.org"));

  g_assert_null (ll_x509_pem_read (file, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
}

static void
test_pem_without_end (void)
{
  static const char text[] = "-----BEGIN CERTIFICATE-----\nMIIB\n";
  g_autoptr (GBytes) file = g_bytes_new_static (text, strlen (text));
  g_autoptr (GError) error = NULL;

  g_assert_null (ll_x509_pem_read (file, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
}

static void
test_bundle (void)
{
  g_autoptr (TestCertificate) one = test_certificate_new_person ("alice@example.org", NULL);
  g_autoptr (TestCertificate) two = test_certificate_new_person ("bob@example.org", NULL);
  g_autoptr (CMS_ContentInfo) cms = CMS_sign (NULL, NULL, NULL, NULL, CMS_DETACHED | CMS_PARTIAL);
  g_autoptr (GBytes) der = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (CMS_add1_cert (cms, ll_x509_cert_get (one->key)));
  g_assert_true (CMS_add1_cert (cms, ll_x509_cert_get (two->key)));
  der = LL_DER (cms, CMS_ContentInfo);
  keys = ll_x509_bundle_read (der, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 2);
}

/* SM-28, SC-19 */
static void
test_strength (void)
{
  static const struct
  {
    const char *type, *curve; /* the curve, or NULL */
    gsize bits;
    LlKeyStrength strength;
  } cases[] = {
    { "RSA", NULL, 768, LL_KEY_HOPELESS }, { "RSA", NULL, 1024, LL_KEY_WEAK },
    { "RSA", NULL, 2048, LL_KEY_STRONG },  { "EC", "secp112r1", 0, LL_KEY_HOPELESS },
    { "EC", "secp192k1", 0, LL_KEY_WEAK }, { "EC", "secp224r1", 0, LL_KEY_STRONG },
    { "EC", "P-256", 0, LL_KEY_STRONG },   { "EC", "brainpoolP384r1", 0, LL_KEY_STRONG },
    { "ED25519", NULL, 0, LL_KEY_STRONG },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EVP_PKEY) key
          = cases[i].curve != NULL ? EVP_PKEY_Q_keygen (NULL, NULL, cases[i].type, cases[i].curve)
            : cases[i].bits > 0    ? EVP_PKEY_Q_keygen (NULL, NULL, cases[i].type, cases[i].bits)
                                   : EVP_PKEY_Q_keygen (NULL, NULL, cases[i].type);

      g_assert_nonnull (key);
      g_assert_cmpint (ll_x509_key_strength (key), ==, cases[i].strength);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (address_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/x509-cert/", address_cases[i].name, NULL);

      g_test_add_data_func (path, &address_cases[i], test_address);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (ability_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/x509-cert/", ability_cases[i].name, NULL);

      g_test_add_data_func (path, &ability_cases[i], test_ability);
    }
  g_test_add_func ("/x509-cert/names are readable and fingerprints are those of the DER",
                   test_names_and_fingerprints);
  g_test_add_func ("/x509-cert/a certificate with its private key is a key of its own",
                   test_with_secret);
  g_test_add_func ("/x509-cert/no cut and no changed octet does harm", test_damage);
  g_test_add_func ("/x509-cert/small keys and small curves are weak", test_strength);
  g_test_add_func ("/x509-cert/octets after the certificate are refused", test_trailing_octets);
  g_test_add_func ("/x509-pem/certificates are found between words, broken ones counted", test_pem);
  g_test_add_func ("/x509-pem/a block without an end is an error", test_pem_without_end);
  g_test_add_func ("/x509-pem/a bundle gives its certificates", test_bundle);
  return g_test_run ();
}
