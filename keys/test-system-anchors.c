/* The system's list, read by p11-kit's own trust module from folders made for each test. */
#include <config.h>

#include <glib/gstdio.h>
#include <openssl/pem.h>

#include "bridge/openssl-glue.h"
#include "keys/system-anchors.h"
#include "keys/test-certificates.h"
#include "keys/x509-cert-private.h"

typedef struct
{
  char *folder;
  TestCertificate *root;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("ll-XXXXXX", NULL);
  fixture->root = test_certificate_new_authority ("Root", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename (fixture->folder, "root.pem", NULL);
  g_autofree char *list = g_build_filename (fixture->folder, "list.p11-kit", NULL);

  g_unlink (file);
  g_unlink (list);
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->folder);
  test_certificate_free (fixture->root);
}

/* As “openssl x509 -addtrust” does it; both NULL: a plain certificate, as in a TLS bundle. */
static void
write_root (Fixture *fixture, int trusted, int rejected)
{
  g_autofree char *file = g_build_filename (fixture->folder, "root.pem", NULL);
  g_autoptr (BIO) out = BIO_new_file (file, "w");
  g_autoptr (X509) x509 = X509_dup (ll_x509_cert_get (fixture->root->key));

  if (trusted != 0)
    g_assert_true (X509_add1_trust_object (x509, OBJ_nid2obj (trusted)));
  if (rejected != 0)
    g_assert_true (X509_add1_reject_object (x509, OBJ_nid2obj (rejected)));
  g_assert_true (trusted != 0 || rejected != 0 ? PEM_write_bio_X509_AUX (out, x509)
                                               : PEM_write_bio_X509 (out, x509));
}

static guint
count_anchors (Fixture *fixture)
{
  g_autoptr (LlSystemAnchors) system = ll_system_anchors_new (fixture->folder);

  return ll_system_anchors_certificates (system)->len;
}

static void
test_mail (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LlSystemAnchors) system = NULL;
  GPtrArray *anchors;

  write_root (fixture, NID_email_protect, 0);
  system = ll_system_anchors_new (fixture->folder);
  anchors = ll_system_anchors_certificates (system);
  g_assert_cmpuint (anchors->len, ==, 1);
  g_assert_cmpstr (ll_key_get_fingerprint (g_ptr_array_index (anchors, 0)), ==,
                   ll_key_get_fingerprint (fixture->root->key));
  g_assert_false (ll_system_anchors_distrusts (system, fixture->root->key));
}

static void
test_servers (Fixture *fixture, gconstpointer data)
{
  write_root (fixture, NID_server_auth, 0);
  g_assert_cmpuint (count_anchors (fixture), ==, 0);
}

static void
test_bundle (Fixture *fixture, gconstpointer data)
{
  write_root (fixture, 0, 0);
  g_assert_cmpuint (count_anchors (fixture), ==, 0);
}

static void
test_own_claim (Fixture *fixture, gconstpointer data)
{
  TestCertificateSpec spec = { .subject = "CN=Root",
                               .extensions = { "basicConstraints", "critical,CA:TRUE",
                                               "extendedKeyUsage", "emailProtection" } };

  test_certificate_free (fixture->root);
  fixture->root = test_certificate_new (&spec);
  write_root (fixture, 0, 0);
  g_assert_cmpuint (count_anchors (fixture), ==, 0);
}

static void
test_rejected (Fixture *fixture, gconstpointer data)
{
  g_autoptr (TestCertificate) other = test_certificate_new_authority ("Other", NULL);
  g_autoptr (LlSystemAnchors) system = NULL;

  write_root (fixture, NID_server_auth, NID_email_protect);
  system = ll_system_anchors_new (fixture->folder);
  g_assert_cmpuint (ll_system_anchors_certificates (system)->len, ==, 0);
  g_assert_true (ll_system_anchors_distrusts (system, fixture->root->key));
  g_assert_false (ll_system_anchors_distrusts (system, other->key));
}

/* An entry that names a certificate without having it, as lists of stolen certificates do. */
static void
test_distrusted_by_name (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename (fixture->folder, "list.p11-kit", NULL);
  X509 *x509 = ll_x509_cert_get (fixture->root->key);
  g_autoptr (GBytes) issuer = LL_DER (X509_get_issuer_name (x509), X509_NAME);
  g_autoptr (GBytes) serial = LL_DER (X509_get0_serialNumber (x509), ASN1_INTEGER);
  g_autoptr (GString) text = g_string_new ("[p11-kit-object-v1]\nclass: certificate\n"
                                           "certificate-type: x-509\nx-distrusted: true\n");
  g_autoptr (LlSystemAnchors) system = NULL;
  const struct
  {
    const char *name;
    GBytes *value;
  } fields[] = { { "issuer", issuer }, { "serial-number", serial } };

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      gsize length;
      const guchar *octets = g_bytes_get_data (fields[i].value, &length);

      g_string_append_printf (text, "%s: \"", fields[i].name);
      for (gsize k = 0; k < length; k++)
        g_string_append_printf (text, "%%%02x", octets[k]);
      g_string_append (text, "\"\n");
    }
  g_assert_true (g_file_set_contents (file, text->str, -1, NULL));
  system = ll_system_anchors_new (fixture->folder);
  g_assert_true (ll_system_anchors_distrusts (system, fixture->root->key));
}

static void
test_real_system (void)
{
  g_autoptr (LlSystemAnchors) system = ll_system_anchors_new (NULL);

  /* whatever stands there: it can be read, and each anchor is an authority */
  for (guint i = 0; i < ll_system_anchors_certificates (system)->len; i++)
    {
      LlKey *key = g_ptr_array_index (ll_system_anchors_certificates (system), i);

      g_assert_false (ll_system_anchors_distrusts (system, key));
    }
}

int
main (int argc, char **argv)
{
  g_autofree char *module = g_build_filename (P11_MODULE_PATH, "p11-kit-trust.so", NULL);
  const struct
  {
    const char *name;
    void (*run) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "a root that the list trusts for mail is an anchor", test_mail },
    { "one that it trusts for servers is none", test_servers },
    { "one of a list that names no purposes is none", test_bundle },
    { "what a root claims for itself is no decision of the list", test_own_claim },
    { "one that is rejected for mail is distrusted", test_rejected },
    { "a certificate may be distrusted by its issuer and number", test_distrusted_by_name },
  };

  g_test_init (&argc, &argv, NULL);
  if (!g_file_test (module, G_FILE_TEST_EXISTS))
    {
      g_print ("1..0 # SKIP p11-kit's trust module is not installed\n");
      return 0;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/system-anchors/", tests[i].name, NULL);

      g_test_add (path, Fixture, NULL, set_up, tests[i].run, tear_down);
    }
  g_test_add_func ("/system-anchors/the list of this system can be read", test_real_system);
  return g_test_run ();
}
