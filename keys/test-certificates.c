#include <config.h>

#include <openssl/conf.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/openssl-glue.h"
#include "keys/test-certificates.h"
#include "keys/x509-cert-private.h"

void
test_certificate_free (TestCertificate *certificate)
{
  if (certificate == NULL)
    return;
  ll_key_unref (certificate->key);
  EVP_PKEY_free (certificate->private_key);
  g_free (certificate);
}

static EVP_PKEY *
make_private_key (const char *algorithm)
{
  EVP_PKEY *key;

  if (algorithm == NULL)
    algorithm = "P-256";
  if (g_str_equal (algorithm, "RSA-PSS"))
    {
      g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, algorithm, NULL);

      key = NULL;
      g_assert_cmpint (EVP_PKEY_keygen_init (context), >, 0);
      g_assert_cmpint (EVP_PKEY_generate (context, &key), >, 0);
    }
  else if (g_str_has_prefix (algorithm, "rsa"))
    key = EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (gsize)atoi (algorithm + 3));
  else if (g_str_has_prefix (algorithm, "P-") || g_str_has_prefix (algorithm, "sec"))
    key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", algorithm);
  else
    key = EVP_PKEY_Q_keygen (NULL, NULL, algorithm);
  g_assert_nonnull (key);
  return key;
}

static void
set_subject (X509 *x509, const char *subject)
{
  g_auto (GStrv) parts = g_strsplit (subject, "/", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      char *value = strchr (parts[i], '=');

      g_assert_nonnull (value);
      *value++ = '\0';
      g_assert_true (X509_NAME_add_entry_by_txt (X509_get_subject_name (x509), parts[i],
                                                 MBSTRING_UTF8, (const guchar *)value, -1, -1, 0));
    }
}

static void
add_extensions (X509 *x509, X509 *issuer, const char *const *extensions)
{
  CONF *empty = NCONF_new (NULL);
  X509V3_CTX context;

  X509V3_set_ctx (&context, issuer, x509, NULL, NULL, 0);
  X509V3_set_nconf (&context, empty); /* policies and the like ask for one */
  for (guint i = 0; i + 1 < TEST_EXTENSIONS_MAX && extensions[i] != NULL; i += 2)
    {
      g_autoptr (X509_EXTENSION) extension
          = X509V3_EXT_nconf (empty, &context, extensions[i], extensions[i + 1]);

      if (extension == NULL)
        g_error ("extension %s=%s", extensions[i], extensions[i + 1]);
      g_assert_true (X509_add_ext (x509, extension, -1));
    }
  NCONF_free (empty);
}

TestCertificate *
test_certificate_new (const TestCertificateSpec *spec)
{
  static gint serial;
  TestCertificate *made = g_new0 (TestCertificate, 1);
  g_autoptr (X509) x509 = X509_new ();
  X509 *issuer = spec->issuer != NULL ? ll_x509_cert_get (spec->issuer->key) : x509;
  gint64 from = spec->from != 0 ? spec->from : TEST_NOW - TEST_YEAR;
  gint64 until = spec->until != 0 ? spec->until : TEST_NOW + TEST_YEAR;
  EVP_PKEY *signer;
  g_autoptr (GError) error = NULL;

  made->private_key = spec->private_key != NULL ? spec->private_key : NULL;
  if (made->private_key != NULL)
    EVP_PKEY_up_ref (made->private_key);
  else
    made->private_key = make_private_key (spec->algorithm);
  signer = spec->issuer != NULL ? spec->issuer->private_key : made->private_key;

  X509_set_version (x509, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (x509), 0x1000 + g_atomic_int_add (&serial, 1));
  ASN1_TIME_set (X509_getm_notBefore (x509), (time_t)from);
  ASN1_TIME_set (X509_getm_notAfter (x509), (time_t)until);
  set_subject (x509, spec->subject);
  X509_set_issuer_name (x509, X509_get_subject_name (issuer));
  g_assert_true (X509_set_pubkey (x509, made->private_key));
  add_extensions (x509, issuer, spec->extensions);
  g_assert_true (
      X509_sign (x509, signer,
                 EVP_PKEY_is_a (signer, "ED25519")
                     ? NULL
                     : EVP_get_digestbyname (spec->digest != NULL ? spec->digest : "SHA256")));

  made->key = ll_x509_cert_new_from_x509 (x509, &error);
  g_assert_no_error (error);
  return made;
}

TestCertificate *
test_certificate_new_authority (const char *name, const TestCertificate *issuer)
{
  g_autofree char *subject = g_strconcat ("O=Test/CN=", name, NULL);
  TestCertificateSpec spec
      = { .subject = subject,
          .issuer = issuer,
          .extensions = { "basicConstraints", "critical,CA:TRUE", "keyUsage",
                          "critical,keyCertSign,cRLSign", "subjectKeyIdentifier", "hash" } };

  return test_certificate_new (&spec);
}

TestCertificate *
test_certificate_new_person (const char *address, const TestCertificate *issuer)
{
  g_autofree char *alternative = g_strconcat ("email:", address, NULL);
  TestCertificateSpec spec = {
    .subject = "CN=Alice Example/O=Example",
    .issuer = issuer,
    .extensions = { "basicConstraints", "critical,CA:FALSE", "keyUsage",
                    "critical,digitalSignature,keyAgreement", "extendedKeyUsage", "emailProtection",
                    "subjectAltName", alternative },
  };

  return test_certificate_new (&spec);
}
