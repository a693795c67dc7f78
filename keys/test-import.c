/* Keys and certificates from files into a real GnuPG home, and what is refused. */
#include <config.h>

#include <glib/gstdio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "bridge/call-agent.h"
#include "bridge/openssl-glue.h"
#include "keys/export.h"
#include "keys/import.h"
#include "keys/key-store.h"
#include "keys/pkcs12-private.h"
#include "tests/support.h"

#define PASSPHRASE "correct horse"

typedef struct
{
  LlTestHome *home;
  LlPolicy *policy;
  LlKeyStore *store;
  LlTestCert *alice, *bob;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  LlTestCertSpec alice = { .name = "Alice", .address = "alice@example.org" };
  LlTestCertSpec bob = { .name = "Bob", .address = "bob@example.org", .algorithm = "P-256" };

  fixture->home = ll_test_home_new ();
  fixture->policy = ll_policy_new ();
  fixture->store = ll_key_store_new (fixture->policy);
  fixture->alice = ll_test_cert_new (&alice);
  fixture->bob = ll_test_cert_new (&bob);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ll_key_store_free (fixture->store);
  ll_policy_free (fixture->policy);
  ll_test_cert_free (fixture->alice);
  ll_test_cert_free (fixture->bob);
  ll_test_home_free (fixture->home);
}

static LlImportResult *
import (Fixture *fixture, GBytes *file, const char *passphrase, GError **error)
{
  g_autoptr (GBytes) secret
      = passphrase != NULL ? g_bytes_new (passphrase, strlen (passphrase)) : NULL;
  LlImportRequest request
      = { .policy = fixture->policy, .name = "the file.p12", .passphrase = secret };

  ll_key_store_forget (fixture->store);
  return ll_import (file, &request, error);
}

static LlImportResult *
import_well (Fixture *fixture, GBytes *file)
{
  g_autoptr (GError) error = NULL;
  LlImportResult *result = import (fixture, file, NULL, &error);

  g_assert_no_error (error);
  return result;
}

static void
refuse (Fixture *fixture, GBytes *file, const char *passphrase, LlError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (import (fixture, file, passphrase, &error));
  g_assert_error (error, LL_ERROR, (gint)code);
}

static guint
count (Fixture *fixture, LlProtocol protocol, LlKeyFilter filter)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = ll_key_store_find (fixture->store, protocol, NULL, filter, &error);

  g_assert_no_error (error);
  return keys->len;
}

/* --- OpenPGP ---------------------------------------------------------------------------------- */

/* A key made in another home. */
static GBytes *
foreign_key (const char *export, const char *armor)
{
  g_autoptr (LlTestHome) other = ll_test_home_new ();
  g_autofree char *fingerprint
      = ll_test_openpgp_key (other, "Carol <carol@example.org>", "ed25519", NULL);

  return ll_test_run (NULL, "gpg", "--batch", armor, export, fingerprint, NULL);
}

static void
test_openpgp (Fixture *fixture, gconstpointer armor)
{
  g_autoptr (GBytes) file = NULL;
  g_autoptr (LlImportResult) first = NULL;
  g_autoptr (LlImportResult) again = NULL;

  tear_down (fixture, NULL); /* one home at a time is in GNUPGHOME */
  file = foreign_key ("--export", armor);
  set_up (fixture, NULL);

  first = import_well (fixture, file);
  g_assert_cmpint (first->protocol, ==, LL_PROTOCOL_OPENPGP);
  g_assert_cmpuint (first->imported, ==, 1);
  g_assert_cmpuint (first->fingerprints->len, ==, 1);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_OPENPGP, LL_KEYS_ANY), ==, 1);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_OPENPGP, LL_KEYS_SECRET_ONLY), ==, 0);

  again = import_well (fixture, file);
  g_assert_cmpuint (again->imported, ==, 0);
  g_assert_cmpuint (again->unchanged, ==, 1);
}

static void
test_openpgp_secret (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) file = NULL;
  g_autoptr (LlImportResult) result = NULL;

  tear_down (fixture, NULL);
  file = foreign_key ("--export-secret-keys", "--armor");
  set_up (fixture, NULL);

  result = import_well (fixture, file);
  g_assert_cmpuint (result->secret_considered, ==, 1);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_OPENPGP, LL_KEYS_SECRET_ONLY), ==, 1);
}

/* --- certificates ----------------------------------------------------------------------------- */

static GBytes *
bundle (Fixture *fixture, gboolean pem)
{
  g_autoptr (CMS_ContentInfo) cms = CMS_sign (NULL, NULL, NULL, NULL, CMS_DETACHED | CMS_PARTIAL);
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  char *text = NULL;
  glong length;

  g_assert_true (CMS_add1_cert (cms, fixture->alice->certificate));
  g_assert_true (CMS_add1_cert (cms, fixture->bob->certificate));
  if (!pem)
    return LL_DER (cms, CMS_ContentInfo);
  g_assert_true (PEM_write_bio_CMS (bio, cms));
  length = BIO_get_mem_data (bio, &text);
  return g_bytes_new (text, (gsize)length);
}

static void
assert_both_imported (Fixture *fixture, GBytes *file)
{
  g_autoptr (LlImportResult) result = import_well (fixture, file);

  g_assert_cmpint (result->protocol, ==, LL_PROTOCOL_SMIME);
  g_assert_cmpuint (result->imported, ==, 2);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_SMIME, LL_KEYS_ANY), ==, 2);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_SMIME, LL_KEYS_SECRET_ONLY), ==, 0);
}

static void
test_pem (Fixture *fixture, gconstpointer data)
{
  g_autofree char *text
      = g_strconcat ("Alice\n", fixture->alice->pem, "Bob\n", fixture->bob->pem, NULL);
  g_autoptr (GBytes) file = g_bytes_new (text, strlen (text));

  assert_both_imported (fixture, file);
}

static void
test_bundle (Fixture *fixture, gconstpointer pem)
{
  g_autoptr (GBytes) file = bundle (fixture, GPOINTER_TO_INT (pem));

  assert_both_imported (fixture, file);
}

static void
test_der (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) file = LL_DER (fixture->bob->certificate, X509);
  g_autoptr (LlImportResult) result = import_well (fixture, file);

  g_assert_cmpuint (result->imported, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (result->fingerprints, 0), ==, fixture->bob->fingerprint);
}

static void
test_nothing (Fixture *fixture, gconstpointer data)
{
  static const char *const files[]
      = { "",
          "\n",
          "hello\n",
          "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
          "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n",
          "0\x03\x02\x01\x01",
          "\x99\x01",
          "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (GBytes) file = g_bytes_new_static (files[i], strlen (files[i]));

      refuse (fixture, file, NULL, LL_ERROR_BAD_DATA);
    }
}

/* --- PKCS #12 --------------------------------------------------------------------------------- */

typedef struct
{
  const char *name;
  const char *openssl[4]; /* options of "openssl pkcs12 -export" */
  gboolean bob;           /* the EC key */
} Pkcs12Case;

static const Pkcs12Case pkcs12_cases[] = {
  { "an RSA key in OpenSSL's default form (PBES2)", { NULL } },
  { "an RSA key in the old form (RC2, 3DES)", { "-legacy" } },
  { "an EC key in OpenSSL's default form", { NULL }, .bob = TRUE },
  { "an EC key without encryption", { "-keypbe", "NONE", "-certpbe", "NONE" }, .bob = TRUE },
};

static GBytes *
make_pkcs12 (Fixture *fixture, const Pkcs12Case *the_case, const char *passphrase)
{
  const LlTestCert *cert = the_case->bob ? fixture->bob : fixture->alice;
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  g_autofree char *passout = g_strconcat ("pass:", passphrase, NULL);
  g_autofree char *certificate = ll_test_home_write (fixture->home, "c.pem", cert->pem, -1);
  g_autofree char *key = NULL;
  char *text = NULL;
  glong length;

  g_assert_true (PEM_write_bio_PrivateKey (bio, cert->key, NULL, NULL, 0, NULL, NULL));
  length = BIO_get_mem_data (bio, &text);
  key = ll_test_home_write (fixture->home, "k.pem", text, length);
  return ll_test_run (NULL, "openssl", "pkcs12", "-export", "-in", certificate, "-inkey", key,
                      "-passout", passout, the_case->openssl[0], the_case->openssl[1],
                      the_case->openssl[2], the_case->openssl[3], NULL);
}

static void
test_pkcs12 (Fixture *fixture, gconstpointer data)
{
  const Pkcs12Case *the_case = data;
  const LlTestCert *cert = the_case->bob ? fixture->bob : fixture->alice;
  g_autoptr (GBytes) file = make_pkcs12 (fixture, the_case, PASSPHRASE);
  g_autoptr (LlImportResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlKey) key = NULL;

  refuse (fixture, file, "wrong", LL_ERROR_KEY_LOCKED);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_SMIME, LL_KEYS_ANY), ==, 0);

  /* the passphrase that will protect the key in the agent */
  ll_test_home_set_pinentry (fixture->home, LL_TEST_PINENTRY_ANSWERS, "a new one");
  result = import (fixture, file, PASSPHRASE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (result->imported, ==, 1);
  g_assert_cmpuint (result->secret_considered, ==, 1);
  key = ll_key_store_get (fixture->store, LL_PROTOCOL_SMIME, cert->fingerprint, NULL);
  g_assert_true (key != NULL && ll_key_has_secret (key));
}

static void
test_pkcs12_asks (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) file = make_pkcs12 (fixture, &pkcs12_cases[2], PASSPHRASE);
  g_autoptr (LlImportResult) result = NULL;

  ll_test_home_set_pinentry (fixture->home, LL_TEST_PINENTRY_ANSWERS, PASSPHRASE);
  result = import_well (fixture, file);
  g_assert_cmpuint (result->secret_considered, ==, 1);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_SMIME, LL_KEYS_SECRET_ONLY), ==, 1);
}

/* The prompt names the file; three wrong answers are enough. */
static void
test_pkcs12_asks_in_vain (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) file = make_pkcs12 (fixture, &pkcs12_cases[2], PASSPHRASE);
  g_autofree char *prompt = NULL;

  ll_test_home_set_pinentry (fixture->home, LL_TEST_PINENTRY_ANSWERS, "wrong");
  refuse (fixture, file, NULL, LL_ERROR_KEY_LOCKED);
  g_assert_cmpuint (ll_test_home_count_pinentry (fixture->home), ==, 3);
  prompt = ll_test_home_get_prompt (fixture->home);
  g_assert_nonnull (strstr (prompt, "the file.p12"));
}

/* Whoever cancels gets nothing, not even the certificate. */
static void
test_pkcs12_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) file = make_pkcs12 (fixture, &pkcs12_cases[2], PASSPHRASE);
  g_autoptr (GError) error = NULL;

  g_assert_null (import (fixture, file, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (import (fixture, file, PASSPHRASE, &error)); /* the new passphrase */
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_SMIME, LL_KEYS_ANY), ==, 0);
}

static void
test_pkcs12_empty_passphrase (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) file = make_pkcs12 (fixture, &pkcs12_cases[2], "");
  g_autoptr (LlKeyFile) content = NULL;
  g_autoptr (GError) error = NULL;

  content = ll_pkcs12_open (file, NULL, &error); /* nobody is asked */
  g_assert_no_error (error);
  g_assert_cmpuint (content->private_keys->len, ==, 1);
  g_assert_cmpuint (content->certificates->len, ==, 1);
}

static void
test_pkcs12_without_mac (Fixture *fixture, gconstpointer data)
{
  static const Pkcs12Case without_mac = { "", { "-nomac" }, .bob = TRUE };
  g_autoptr (GBytes) file = make_pkcs12 (fixture, &without_mac, PASSPHRASE);

  refuse (fixture, file, PASSPHRASE, LL_ERROR_BAD_DATA);
}

static GBytes *
with_mac_iterations (GBytes *file, gint64 iterations)
{
  const guchar *data = g_bytes_get_data (file, NULL);
  g_autoptr (PKCS12) p12 = d2i_PKCS12 (NULL, &data, (glong)g_bytes_get_size (file));
  const ASN1_INTEGER *number = NULL;

  PKCS12_get0_mac (NULL, NULL, NULL, &number, p12);
  g_assert_true (ASN1_INTEGER_set_int64 ((ASN1_INTEGER *)number, iterations));
  return LL_DER (p12, PKCS12);
}

/* A good MAC over a key whose encryption asks for `iterations`. */
static GBytes *
with_key_iterations (EVP_PKEY *key, gint64 iterations)
{
  STACK_OF (PKCS12_SAFEBAG) *bags = NULL;
  STACK_OF (PKCS7) *parts = NULL;
  PKCS12_SAFEBAG *bag = PKCS12_add_key (&bags, key, 0, 1000, NID_aes_256_cbc, (char *)PASSPHRASE);
  X509_ALGOR *algorithm = NULL;
  const void *value = NULL;
  int type;
  PBE2PARAM *pair;
  PBKDF2PARAM *pbkdf2;
  g_autoptr (PKCS12) p12 = NULL;

  X509_SIG_getm ((X509_SIG *)PKCS12_SAFEBAG_get0_pkcs8 (bag), &algorithm, NULL);
  X509_ALGOR_get0 (NULL, &type, &value, algorithm);
  pair = ASN1_item_unpack (value, ASN1_ITEM_rptr (PBE2PARAM));
  X509_ALGOR_get0 (NULL, &type, &value, pair->keyfunc);
  pbkdf2 = ASN1_item_unpack (value, ASN1_ITEM_rptr (PBKDF2PARAM));
  g_assert_true (ASN1_INTEGER_set_int64 (pbkdf2->iter, iterations));
  X509_ALGOR_set0 (pair->keyfunc, OBJ_nid2obj (NID_id_pbkdf2), V_ASN1_SEQUENCE,
                   ASN1_item_pack (pbkdf2, ASN1_ITEM_rptr (PBKDF2PARAM), NULL));
  X509_ALGOR_set0 (algorithm, OBJ_nid2obj (NID_pbes2), V_ASN1_SEQUENCE,
                   ASN1_item_pack (pair, ASN1_ITEM_rptr (PBE2PARAM), NULL));
  PBKDF2PARAM_free (pbkdf2);
  PBE2PARAM_free (pair);

  g_assert_true (PKCS12_add_safe (&parts, bags, -1, 0, NULL));
  p12 = PKCS12_add_safes (parts, 0);
  g_assert_true (PKCS12_set_mac (p12, PASSPHRASE, -1, NULL, 0, 1000, EVP_sha256 ()));
  sk_PKCS12_SAFEBAG_pop_free (bags, PKCS12_SAFEBAG_free);
  sk_PKCS7_pop_free (parts, PKCS7_free);
  return LL_DER (p12, PKCS12);
}

/* SC-24: two thousand million rounds are refused at once, wherever they are asked for. */
static void
test_pkcs12_iterations (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) file = make_pkcs12 (fixture, &pkcs12_cases[2], PASSPHRASE);
  g_autoptr (GBytes) mac = with_mac_iterations (file, G_MAXINT32);
  g_autoptr (GBytes) huge = with_mac_iterations (file, G_MAXINT64);
  g_autoptr (GBytes) negative = with_mac_iterations (file, -1);
  g_autoptr (GBytes) key = with_key_iterations (fixture->bob->key, G_MAXINT32);
  gint64 started = g_get_monotonic_time ();

  refuse (fixture, mac, PASSPHRASE, LL_ERROR_BAD_DATA);
  refuse (fixture, huge, PASSPHRASE, LL_ERROR_BAD_DATA);
  refuse (fixture, negative, PASSPHRASE, LL_ERROR_BAD_DATA);
  refuse (fixture, key, PASSPHRASE, LL_ERROR_BAD_DATA);
  g_assert_cmpint (g_get_monotonic_time () - started, <, 2 * G_USEC_PER_SEC);
}

/* Every cut, and changed octets: an error each, never a crash and never half an import. */
static void
test_pkcs12_damage (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) file = make_pkcs12 (fixture, &pkcs12_cases[3], PASSPHRASE);
  g_autoptr (GBytes) passphrase = g_bytes_new_static (PASSPHRASE, strlen (PASSPHRASE));
  gsize length;
  const guint8 *octets = g_bytes_get_data (file, &length);

  for (gsize i = 0; i < length; i += 3)
    {
      g_autofree guint8 *copy = g_memdup2 (octets, length);
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (file, 0, i);
      g_autoptr (GBytes) changed = NULL;
      g_autoptr (LlKeyFile) from_cut = ll_pkcs12_open (cut, passphrase, NULL);
      g_autoptr (LlKeyFile) from_changed = NULL;

      g_assert_null (from_cut);
      copy[i] ^= 0x10;
      changed = g_bytes_new (copy, length);
      from_changed = ll_pkcs12_open (changed, passphrase, NULL);
      /* what the MAC does not cover is the frame around it */
      if (from_changed != NULL)
        g_assert_cmpuint (from_changed->private_keys->len, ==, 1);
    }
}

/* --- every kind of key, into a real agent and out of it again ----------------------------------
 */

static const char *const every_kind[] = { "rsa2048", "rsa-pss2048",     "P-256",   "P-384",
                                          "P-521",   "brainpoolP256r1", "ED25519", "X25519" };

static LlTestCert *
issued (Fixture *fixture, const char *algorithm)
{
  LlTestCertSpec spec = {
    .name = "Kind", .address = "kind@example.org", .algorithm = algorithm, .issuer = fixture->alice
  };

  return ll_test_cert_new (&spec);
}

static GBytes *
pem_of (const LlTestCert *cert, gboolean with_certificate)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  char *text = NULL;
  glong length;

  g_assert_true (PEM_write_bio_PKCS8PrivateKey (bio, cert->key, NULL, NULL, 0, NULL, NULL));
  if (with_certificate)
    BIO_puts (bio, cert->pem);
  length = BIO_get_mem_data (bio, &text);
  return g_bytes_new (text, (gsize)length);
}

static void
assert_same_key (EVP_PKEY *a, EVP_PKEY *b)
{
  g_autoptr (PKCS8_PRIV_KEY_INFO) of_a = EVP_PKEY2PKCS8 (a);
  g_autoptr (PKCS8_PRIV_KEY_INFO) of_b = EVP_PKEY2PKCS8 (b);
  g_autoptr (GBytes) der_a = LL_DER (of_a, PKCS8_PRIV_KEY_INFO);
  g_autoptr (GBytes) der_b = LL_DER (of_b, PKCS8_PRIV_KEY_INFO);

  g_assert_true (g_bytes_equal (der_a, der_b));
}

static void
test_every_kind (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (LlTestCert) cert = issued (fixture, kind);
  g_autoptr (GBytes) file = pem_of (cert, TRUE);
  g_autoptr (GBytes) passphrase = g_bytes_new_static (PASSPHRASE, strlen (PASSPHRASE));
  g_autoptr (LlImportResult) result = NULL;
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  LlExportRequest out = {
    .policy = fixture->policy, .form = LL_EXPORT_PKCS12, .secret = TRUE, .passphrase = passphrase
  };
  g_autoptr (GBytes) exported = NULL;
  g_autoptr (LlKeyFile) content = NULL;
  g_autoptr (GError) error = NULL;

  ll_test_home_set_pinentry (fixture->home, LL_TEST_PINENTRY_ANSWERS, "a new one");
  result = import_well (fixture, file);
  g_assert_cmpuint (result->secret_considered, ==, 1);
  g_ptr_array_add (keys,
                   ll_key_store_get (fixture->store, LL_PROTOCOL_SMIME, cert->fingerprint, &error));
  g_assert_no_error (error);
  g_assert_true (ll_key_has_secret (g_ptr_array_index (keys, 0)));

  exported = ll_export (keys, &out, &error);
  g_assert_no_error (error);
  content = ll_pkcs12_open (exported, passphrase, &error);
  g_assert_no_error (error);
  assert_same_key (g_ptr_array_index (content->private_keys, 0), cert->key);
}

/* The certificate first, its key from another file. */
static void
test_key_after_certificate (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) certificate = g_bytes_new (fixture->bob->pem, strlen (fixture->bob->pem));
  g_autoptr (GBytes) key = pem_of (fixture->bob, FALSE);
  g_autoptr (LlImportResult) first = NULL;
  g_autoptr (LlImportResult) second = NULL;

  ll_test_home_set_pinentry (fixture->home, LL_TEST_PINENTRY_ANSWERS, "a new one");
  refuse (fixture, key, NULL, LL_ERROR_BAD_DATA);
  g_assert_cmpuint (ll_test_home_count_pinentry (fixture->home), ==, 0);
  first = import_well (fixture, certificate);
  second = import_well (fixture, key);
  g_assert_cmpuint (second->secret_considered, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (second->fingerprints, 0), ==, fixture->bob->fingerprint);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_SMIME, LL_KEYS_SECRET_ONLY), ==, 1);
}

/* Answers as often as `times`, and then cancels. */
static void
set_tired_pinentry (Fixture *fixture, guint times)
{
  g_autofree char *path = g_build_filename (fixture->home->path, "fake-pinentry", NULL);
  g_autofree char *script
      = g_strdup_printf ("#!/bin/sh\nhome=${0%%/*}\necho OK\nwhile read -r verb rest; do\n"
                         "  if [ $verb = GETPIN ]; then\n"
                         "    echo x >>\"$home/times\"\n"
                         "    if [ $(wc -l <\"$home/times\") -le %u ]; then echo 'D a new one'; "
                         "echo OK\n"
                         "    else echo 'ERR 83886179 Operation cancelled <Pinentry>'; fi\n"
                         "  else echo OK; fi\ndone\n",
                         times);

  g_assert_true (g_file_set_contents (path, script, -1, NULL));
  g_assert_cmpint (g_chmod (path, 0700), ==, 0);
}

/* All of a file or nothing: the first key is taken back when the second is not taken; one that was
 * there before stays. */
static void
test_takes_back (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) of_alice = pem_of (fixture->alice, TRUE);
  g_autoptr (GBytes) of_bob = pem_of (fixture->bob, TRUE);
  g_autoptr (LlTestCert) carol = issued (fixture, "P-384");
  g_autoptr (GBytes) of_carol = pem_of (carol, TRUE);
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autoptr (GBytes) file = NULL;
  g_autoptr (LlImportResult) first = NULL;
  g_autoptr (GHashTable) places = NULL;
  g_autoptr (GError) error = NULL;

  g_byte_array_append (all, g_bytes_get_data (of_bob, NULL), (guint)g_bytes_get_size (of_bob));
  g_byte_array_append (all, g_bytes_get_data (of_alice, NULL), (guint)g_bytes_get_size (of_alice));
  g_byte_array_append (all, g_bytes_get_data (of_carol, NULL), (guint)g_bytes_get_size (of_carol));
  file = g_byte_array_free_to_bytes (g_steal_pointer (&all));
  ll_test_home_set_pinentry (fixture->home, LL_TEST_PINENTRY_ANSWERS, "a new one");
  first = import_well (fixture, of_alice);
  /* a new passphrase is asked for twice, unless pinentry itself asks for the second */
  set_tired_pinentry (fixture, GPOINTER_TO_UINT (data));
  g_assert_null (import (fixture, file, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_SMIME, LL_KEYS_ANY), ==, 1);
  g_clear_error (&error);
  places = ll_agent_list_keys (NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_hash_table_size (places), ==, 1);
  g_assert_true (g_hash_table_contains (places, fixture->alice->keygrip));
}

#define ADD(name, data, function)                                                                  \
  g_test_add ("/import/" name, Fixture, data, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("an OpenPGP key in armor is new, and known the second time", "--armor", test_openpgp);
  ADD ("an OpenPGP key in binary is new, and known the second time", "--no-armor", test_openpgp);
  ADD ("a private OpenPGP key becomes ours", NULL, test_openpgp_secret);
  ADD ("certificates in PEM with words between", NULL, test_pem);
  ADD ("a certificate in DER", NULL, test_der);
  ADD ("a bundle in DER", GINT_TO_POINTER (FALSE), test_bundle);
  ADD ("a bundle in PEM", GINT_TO_POINTER (TRUE), test_bundle);
  ADD ("what holds no key is refused", NULL, test_nothing);
  for (gsize i = 0; i < G_N_ELEMENTS (pkcs12_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/import/PKCS #12: ", pkcs12_cases[i].name, NULL);

      g_test_add (path, Fixture, &pkcs12_cases[i], set_up, test_pkcs12, tear_down);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (every_kind); i++)
    {
      g_autofree char *path
          = g_strdup_printf ("/import/a key of the kind %s goes in and comes out", every_kind[i]);

      g_test_add (path, Fixture, every_kind[i], set_up, test_every_kind, tear_down);
    }
  ADD ("a key is matched to a certificate that came before", NULL, test_key_after_certificate);
  for (guint times = 1; times <= 3; times++)
    {
      g_autofree char *path = g_strdup_printf (
          "/import/of a file all or nothing: pinentry is cancelled after %u answers", times);

      g_test_add (path, Fixture, GUINT_TO_POINTER (times), set_up, test_takes_back, tear_down);
    }
  ADD ("PKCS #12: pinentry asks for the passphrase", NULL, test_pkcs12_asks);
  ADD ("PKCS #12: three wrong passphrases are enough", NULL, test_pkcs12_asks_in_vain);
  ADD ("PKCS #12: who cancels imports nothing", NULL, test_pkcs12_cancelled);
  ADD ("PKCS #12: nobody is asked when there is no passphrase", NULL, test_pkcs12_empty_passphrase);
  ADD ("PKCS #12: without a MAC it is refused (SC-24)", NULL, test_pkcs12_without_mac);
  ADD ("PKCS #12: too many rounds are refused at once (SC-24)", NULL, test_pkcs12_iterations);
  ADD ("PKCS #12: damage does no harm", NULL, test_pkcs12_damage);
  return g_test_run ();
}
