/* What is in a file of keys: PKCS #12 and PKCS #8 of every kind that gpg-agent keeps, from openssl
 * and from ourselves, and passphrases as other programs spell them. No agent and no keybox here.
 * SC-24.
 */
#include <config.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "keys/pbe-private.h"
#include "keys/pkcs12-private.h"
#include "keys/x509-cert-private.h"
#include "tests/support.h"

#define PASSPHRASE "correct horse"

static GBytes *
text_bytes (const char *text)
{
  return text != NULL ? g_bytes_new_static (text, strlen (text)) : NULL;
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

/* X25519 cannot sign its own certificate. */
static LlTestCert *
new_cert (const char *algorithm)
{
  static LlTestCert *root;
  LlTestCertSpec authority = { .name = "Root", .authority = TRUE, .algorithm = "P-256" };
  LlTestCertSpec spec = { .name = "Hanako", .address = "h@example.org", .algorithm = algorithm };

  if (root == NULL)
    root = ll_test_cert_new (&authority);
  spec.issuer = root;
  return ll_test_cert_new (&spec);
}

/* --- PKCS #12 of every kind ------------------------------------------------------------------- */

static const char *const kinds[] = { "rsa2048", "rsa-pss2048",     "P-256",   "P-384",
                                     "P-521",   "brainpoolP256r1", "ED25519", "X25519" };

static const struct
{
  const char *name;
  const char *options[6];
} forms[] = {
  { "as OpenSSL writes today", { NULL } },
  { "as OpenSSL wrote once", { "-legacy", NULL } },
  { "with Triple DES", { "-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", NULL } },
  { "with AES-128 and a MAC with SHA-512",
    { "-certpbe", "AES-128-CBC", "-keypbe", "AES-128-CBC", "-macalg", "sha512" } },
  { "with nothing encrypted", { "-certpbe", "NONE", "-keypbe", "NONE", NULL } },
};

static char *
key_pem (EVP_PKEY *key)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  char *text = NULL;
  glong length;

  g_assert_true (PEM_write_bio_PKCS8PrivateKey (bio, key, NULL, NULL, 0, NULL, NULL));
  length = BIO_get_mem_data (bio, &text);
  return g_strndup (text, (gsize)length);
}

static GBytes *
openssl_pkcs12 (LlTestHome *home, const LlTestCert *cert, const char *const *options)
{
  g_autofree char *pem = key_pem (cert->key);
  g_autofree char *certificate = ll_test_home_write (home, "c.pem", cert->pem, -1);
  g_autofree char *key = ll_test_home_write (home, "k.pem", pem, -1);
  const char *argv[20] = { "openssl",   "pkcs12", "-export", "-name",    "../../etc/passwd", "-in",
                           certificate, "-inkey", key,       "-passout", "pass:" PASSPHRASE };
  GBytes *file = NULL;
  g_autofree char *errors = NULL;

  for (gsize i = 0; i < 6 && options[i] != NULL; i++)
    argv[11 + i] = options[i];
  if (ll_test_run_status (NULL, &file, &errors, argv) != 0)
    g_error ("openssl: %s", errors);
  return file;
}

static void
test_kind (gconstpointer kind)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autoptr (LlTestCert) cert = new_cert (kind);
  g_autoptr (GBytes) passphrase = text_bytes (PASSPHRASE);

  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_autoptr (GBytes) file = openssl_pkcs12 (home, cert, forms[i].options);
      g_autoptr (GError) error = NULL;
      g_autoptr (LlKeyFile) content = ll_pkcs12_open (file, passphrase, &error);

      g_test_message ("%s", forms[i].name);
      g_assert_no_error (error);
      g_assert_cmpuint (content->certificates->len, ==, 1);
      g_assert_cmpuint (content->private_keys->len, ==, 1);
      assert_same_key (g_ptr_array_index (content->private_keys, 0), cert->key);
    }
}

/* What we write, we and openssl read. */
static void
test_written (gconstpointer kind)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autoptr (LlTestCert) cert = new_cert (kind);
  g_autoptr (GError) error = NULL;
  g_autoptr (LlKey) certificate = ll_x509_cert_new_from_x509 (cert->certificate, &error);
  g_autoptr (GPtrArray) others = g_ptr_array_new ();
  g_autoptr (GBytes) passphrase = text_bytes ("ひみつ ä");

  g_ptr_array_add (others, certificate);
  for (int legacy = 0; legacy < 2; legacy++)
    {
      g_autoptr (GBytes) file
          = ll_pkcs12_write (cert->key, certificate, others, passphrase, legacy, &error);
      g_autoptr (LlKeyFile) content = NULL;
      g_autoptr (GBytes) nothing = NULL;

      g_assert_no_error (error);
      content = ll_pkcs12_open (file, passphrase, &error);
      g_assert_no_error (error);
      assert_same_key (g_ptr_array_index (content->private_keys, 0), cert->key);
      nothing = ll_test_run (file, "openssl", "pkcs12", "-noout", "-passin", "pass:ひみつ ä", NULL);
    }
}

/* --- passphrases ------------------------------------------------------------------------------ */

/* A file whose MAC, and whose key (PBES2, or with `old` the way of PKCS #12), have passphrases of
 * their own: octets, as a program would hand them to its own library. */
static GBytes *
make_with (EVP_PKEY *key, const char *mac, const char *of_key, gsize length, gboolean old)
{
  STACK_OF (PKCS12_SAFEBAG) *bags = NULL;
  STACK_OF (PKCS7) *parts = NULL;
  g_autoptr (PKCS8_PRIV_KEY_INFO) info = EVP_PKEY2PKCS8 (key);
  X509_SIG *shrouded
      = PKCS8_encrypt_ex (old ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC : -1, EVP_aes_256_cbc (),
                          of_key, (int)length, NULL, 0, 1000, info, NULL, NULL);
  PKCS12_SAFEBAG *bag = PKCS12_SAFEBAG_create0_pkcs8 (shrouded);
  g_autoptr (PKCS12) p12 = NULL;

  g_assert_nonnull (bag);
  bags = sk_PKCS12_SAFEBAG_new_null ();
  sk_PKCS12_SAFEBAG_push (bags, bag);
  g_assert_true (PKCS12_add_safe (&parts, bags, -1, 0, NULL));
  p12 = PKCS12_add_safes (parts, 0);
  g_assert_true (PKCS12_set_mac (p12, mac, mac != NULL ? -1 : 0, NULL, 0, 1000, EVP_sha256 ()));
  sk_PKCS12_SAFEBAG_pop_free (bags, PKCS12_SAFEBAG_free);
  sk_PKCS7_pop_free (parts, PKCS7_free);
  return LL_DER (p12, PKCS12);
}

typedef struct
{
  const char *name, *typed; /* what the person types, or NULL: nobody was asked */
  const char *mac;          /* what the program gave to OpenSSL's functions */
  const char *of_key;
  gsize length; /* of `of_key`, 0: a text */
  gboolean old;
} Spelt;

static const Spelt spelt[] = {
  { "in UTF-8", "Grüße", "Grüße", "Grüße", 0, FALSE },
  { "in the UTF-16 of PKCS #12", "Grüße", "Grüße", "Grüße", 0, TRUE },
  { "composed, where it was typed decomposed",
    "Gru\xcc\x88\xc3\x9f"
    "e",
    "Grüße", "Grüße", 0, FALSE },
  { "decomposed, where it was typed composed",
    "Gr\xc3\xbc\xc3\x9f"
    "e",
    "Gru\xcc\x88\xc3\x9f"
    "e",
    "Gru\xcc\x88\xc3\x9f"
    "e",
    0, TRUE },
  { "octets read as Latin-1, as before OpenSSL 1.1", "Grüße",
    "GrÃ¼Ã\xc2\x9f"
    "e",
    "GrÃ¼Ã\xc2\x9f"
    "e",
    0, TRUE },
  { "in Latin-1 octets for the key", "Grüße", "Grüße",
    "Gr\xfc\xdf"
    "e",
    5, FALSE },
  { "in UTF-16 for the key, as NSS did", "Grü", "Grü", "\0G\0r\0\xfc\0\0", 8, FALSE },
  { "in UTF-16 without an end", "Grü", "Grü", "\0G\0r\0\xfc", 6, FALSE },
  { "plain letters in UTF-16 for the key", "abc", "abc", "\0a\0b\0c\0\0", 8, FALSE },
  { "none at all", NULL, NULL, NULL, 0, TRUE },
  { "the empty one", NULL, "", "", 0, TRUE },
  { "none for the MAC, the empty one for the key", NULL, NULL, "", 0, TRUE },
  { "the empty one for the MAC, none for the key", NULL, "", NULL, 0, TRUE },
  { "an empty answer of a person", "", "", "", 0, FALSE },
};

static void
test_spelt (gconstpointer data)
{
  const Spelt *test = data;
  g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-256");
  gsize length = test->length > 0 ? test->length : test->of_key != NULL ? strlen (test->of_key) : 0;
  g_autoptr (GBytes) file = make_with (key, test->mac, test->of_key, length, test->old);
  g_autoptr (GBytes) passphrase = text_bytes (test->typed);
  g_autoptr (GBytes) wrong = text_bytes ("Grüsse");
  g_autoptr (GError) error = NULL;
  g_autoptr (LlKeyFile) content = ll_pkcs12_open (file, passphrase, &error);

  g_assert_no_error (error);
  assert_same_key (g_ptr_array_index (content->private_keys, 0), key);
  g_assert_null (ll_pkcs12_open (file, wrong, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED);
}

/* --- bags ------------------------------------------------------------------------------------- */

static GBytes *
file_of_bags (STACK_OF (PKCS12_SAFEBAG) * bags)
{
  STACK_OF (PKCS7) *parts = NULL;
  g_autoptr (PKCS12) p12 = NULL;

  g_assert_true (PKCS12_add_safe (&parts, bags, -1, 0, NULL));
  p12 = PKCS12_add_safes (parts, 0);
  g_assert_true (PKCS12_set_mac (p12, PASSPHRASE, -1, NULL, 0, 1000, EVP_sha256 ()));
  sk_PKCS7_pop_free (parts, PKCS7_free);
  return LL_DER (p12, PKCS12);
}

static PKCS12_SAFEBAG *
key_bag (EVP_PKEY *key)
{
  return PKCS12_SAFEBAG_create0_p8inf (EVP_PKEY2PKCS8 (key));
}

/* Bags in bags (RFC 7292 section 4.2.6), and what is none of ours. */
static void
test_nested (void)
{
  g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-256");
  g_autoptr (GBytes) passphrase = text_bytes (PASSPHRASE);

  for (int depth = 0; depth < 8; depth++)
    {
      STACK_OF (PKCS12_SAFEBAG) *bags = NULL;
      PKCS12_SAFEBAG *bag;
      g_autoptr (GBytes) file = NULL;
      g_autoptr (LlKeyFile) content = NULL;
      g_autoptr (GError) error = NULL;

      bag = key_bag (key);
      for (int i = 0; i < depth; i++)
        {
          /* OpenSSL has no function that puts bags into a bag */
          g_autoptr (GBytes) inner = LL_DER (bag, PKCS12_SAFEBAG);
          g_autoptr (GByteArray) der = g_byte_array_new ();
          gsize length = g_bytes_get_size (inner);
          static const guint8 oid[]
              = { 0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x0C, 0x0A, 0x01, 0x06 };
          guint8 head[] = { 0x30, 0x82, (guint8)((length + 21) >> 8), (guint8)(length + 21) };
          guint8 middle[] = { 0xA0, 0x82, (guint8)((length + 4) >> 8), (guint8)(length + 4),
                              0x30, 0x82, (guint8)(length >> 8),       (guint8)length };
          const guchar *at;

          g_byte_array_append (der, head, sizeof head);
          g_byte_array_append (der, oid, sizeof oid);
          g_byte_array_append (der, middle, sizeof middle);
          g_byte_array_append (der, g_bytes_get_data (inner, NULL), (guint)length);
          PKCS12_SAFEBAG_free (bag);
          at = der->data;
          bag = d2i_PKCS12_SAFEBAG (NULL, &at, (glong)der->len);
          g_assert_nonnull (bag);
        }
      bags = sk_PKCS12_SAFEBAG_new_null ();
      sk_PKCS12_SAFEBAG_push (bags, bag);
      file = file_of_bags (bags);
      sk_PKCS12_SAFEBAG_pop_free (bags, PKCS12_SAFEBAG_free);
      content = ll_pkcs12_open (file, passphrase, &error);
      if (depth <= 4)
        {
          g_assert_no_error (error);
          g_assert_cmpuint (content->private_keys->len, ==, 1);
        }
      else
        g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
    }
}

static void
test_several (void)
{
  g_autoptr (LlTestCert) first = new_cert ("rsa2048");
  g_autoptr (LlTestCert) second = new_cert ("P-384");
  STACK_OF (PKCS12_SAFEBAG) *bags = NULL;
  g_autoptr (GBytes) file = NULL;
  g_autoptr (GBytes) passphrase = text_bytes (PASSPHRASE);
  g_autoptr (LlKeyFile) content = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (PKCS12_add_cert (&bags, first->certificate));
  g_assert_nonnull (PKCS12_add_cert (&bags, second->certificate));
  g_assert_nonnull (PKCS12_add_key (&bags, first->key, 0, 1000, NID_aes_256_cbc, PASSPHRASE));
  g_assert_nonnull (PKCS12_add_key (&bags, second->key, 0, 1000, NID_aes_128_cbc, PASSPHRASE));
  g_assert_nonnull (PKCS12_add_secret (&bags, NID_data, (const guchar *)"x", 1));
  file = file_of_bags (bags);
  sk_PKCS12_SAFEBAG_pop_free (bags, PKCS12_SAFEBAG_free);
  content = ll_pkcs12_open (file, passphrase, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (content->certificates->len, ==, 2);
  g_assert_cmpuint (content->private_keys->len, ==, 2);
}

/* PQ-10: ML-KEM-768 by its number, which an older OpenSSL does not know. */
static void
test_not_for_the_agent (void)
{
  g_autoptr (PKCS8_PRIV_KEY_INFO) info = PKCS8_PRIV_KEY_INFO_new ();
  g_autoptr (LlKeyFile) content = ll_key_file_new ();
  g_autoptr (GError) error = NULL;
  guchar *seed = OPENSSL_zalloc (64);

  g_assert_true (PKCS8_pkey_set0 (info, OBJ_txt2obj ("2.16.840.1.101.3.4.4.2", 1), 0, V_ASN1_UNDEF,
                                  NULL, seed, 64));
  g_assert_false (ll_key_file_add_pkcs8 (content, info, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM);
  g_assert_nonnull (strstr (error->message, "ML-KEM-768"));
}

/* A private key under somebody else's public one. */
static void
test_halves (void)
{
  g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-256");
  g_autoptr (EVP_PKEY) other = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-256");
  g_autoptr (PKCS8_PRIV_KEY_INFO) info = EVP_PKEY2PKCS8 (key);
  g_autoptr (LlKeyFile) content = ll_key_file_new ();
  g_autoptr (GError) error = NULL;
  guchar *theirs = NULL;
  const guchar *octets = NULL;
  int length;
  gsize size = EVP_PKEY_get1_encoded_public_key (other, &theirs);

  g_assert_true (PKCS8_pkey_get0 (NULL, &octets, &length, NULL, info));
  memcpy ((guchar *)octets + length - (int)size, theirs, size); /* the public key stands last */
  OPENSSL_free (theirs);
  g_assert_false (ll_key_file_add_pkcs8 (content, info, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
}

/* --- PEM -------------------------------------------------------------------------------------- */

static GBytes *
traditional_pem (const LlTestCert *cert, const EVP_CIPHER *cipher)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  char *text = NULL;
  glong length;

  g_assert_true (
      PEM_write_bio_PrivateKey_traditional (bio, cert->key, cipher,
                                            cipher != NULL ? (const guchar *)PASSPHRASE : NULL,
                                            cipher != NULL ? (int)strlen (PASSPHRASE) : 0, NULL,
                                            NULL));
  BIO_puts (bio, "Bag Attributes: some words\n");
  BIO_puts (bio, cert->pem);
  length = BIO_get_mem_data (bio, &text);
  return g_bytes_new (text, (gsize)length);
}

static void
assert_pem (GBytes *pem, const char *passphrase, const LlTestCert *cert)
{
  g_autoptr (GBytes) secret = text_bytes (passphrase);
  g_autoptr (GError) error = NULL;
  g_autoptr (LlKeyFile) content = ll_key_file_read_pem (pem, secret, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (content->certificates->len, ==, 1);
  g_assert_cmpuint (content->private_keys->len, ==, 1);
  assert_same_key (g_ptr_array_index (content->private_keys, 0), cert->key);
}

static void
assert_locked (GBytes *pem, const char *passphrase)
{
  g_autoptr (GBytes) secret = text_bytes (passphrase);
  g_autoptr (GError) error = NULL;

  g_assert_null (ll_key_file_read_pem (pem, secret, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED);
}

static void
test_pem_forms (gconstpointer kind)
{
  g_autoptr (LlTestCert) cert = new_cert (kind);
  g_autofree char *plain = key_pem (cert->key);
  g_autofree char *both = g_strconcat (cert->pem, plain, NULL);
  g_autoptr (GBytes) pem = text_bytes (both);
  g_autoptr (GBytes) passphrase = text_bytes (PASSPHRASE);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) shrouded = ll_pkcs8_write (cert->key, passphrase, &error);
  g_autofree char *text
      = g_strdup_printf ("%.*s%s", (int)g_bytes_get_size (shrouded),
                         (const char *)g_bytes_get_data (shrouded, NULL), cert->pem);
  g_autoptr (GBytes) encrypted = text_bytes (text);

  assert_pem (pem, NULL, cert);
  assert_pem (encrypted, PASSPHRASE, cert);
  assert_locked (encrypted, NULL);
  assert_locked (encrypted, "wrong");
  if (g_str_equal (kind, "rsa2048") || g_str_equal (kind, "P-256"))
    {
      g_autoptr (GBytes) old = traditional_pem (cert, NULL);
      g_autoptr (GBytes) older = traditional_pem (cert, EVP_aes_128_cbc ());

      assert_pem (old, NULL, cert);
      assert_pem (older, PASSPHRASE, cert);
      assert_locked (older, NULL);
      assert_locked (older, "wrong");
    }
}

static void
test_pkcs8_der (void)
{
  g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, "ED25519");
  g_autoptr (PKCS8_PRIV_KEY_INFO) info = EVP_PKEY2PKCS8 (key);
  g_autoptr (GBytes) der = LL_DER (info, PKCS8_PRIV_KEY_INFO);
  g_autoptr (GError) error = NULL;
  g_autoptr (LlKeyFile) content = NULL;

  g_assert_true (ll_key_file_is_pkcs8 (der));
  content = ll_key_file_read_pkcs8 (der, NULL, &error);
  g_assert_no_error (error);
  assert_same_key (g_ptr_array_index (content->private_keys, 0), key);
}

/* SC-24 holds for PEM as well. */
static void
test_pem_rounds (void)
{
  g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "P-256");
  g_autoptr (PKCS8_PRIV_KEY_INFO) info = EVP_PKEY2PKCS8 (key);
  X509_ALGOR *algorithm = PKCS5_pbe2_set (EVP_aes_256_cbc (), G_MAXINT32, NULL, 0);
  guint64 rounds = 0;
  g_autoptr (GError) error = NULL;

  g_assert_false (ll_pbe_check (algorithm, &rounds, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  g_clear_error (&error);
  X509_ALGOR_free (algorithm);
  /* each is allowed, all together are not */
  algorithm = PKCS5_pbe2_set (EVP_aes_256_cbc (), LL_LIMIT_KDF_ITERATIONS, NULL, 0);
  for (int i = 0; i < 4; i++)
    g_assert_true (ll_pbe_check (algorithm, &rounds, &error));
  g_assert_false (ll_pbe_check (algorithm, &rounds, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  X509_ALGOR_free (algorithm);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *read = g_strconcat ("/key-file/PKCS #12 of openssl with ", kinds[i], NULL);
      g_autofree char *written = g_strconcat ("/key-file/PKCS #12 of ours with ", kinds[i], NULL);
      g_autofree char *pem = g_strconcat ("/key-file/PEM with ", kinds[i], NULL);

      g_test_add_data_func (read, kinds[i], test_kind);
      g_test_add_data_func (written, kinds[i], test_written);
      g_test_add_data_func (pem, kinds[i], test_pem_forms);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (spelt); i++)
    {
      g_autofree char *path = g_strconcat ("/key-file/a passphrase ", spelt[i].name, NULL);

      g_test_add_data_func (path, &spelt[i], test_spelt);
    }
  g_test_add_func ("/key-file/bags in bags, up to a depth", test_nested);
  g_test_add_func ("/key-file/several keys and certificates", test_several);
  g_test_add_func ("/key-file/what gpg-agent cannot keep is refused by name (PQ-10)",
                   test_not_for_the_agent);
  g_test_add_func ("/key-file/halves that do not belong together are refused", test_halves);
  g_test_add_func ("/key-file/a private key in DER", test_pkcs8_der);
  g_test_add_func ("/key-file/rounds are counted over the whole file (SC-24)", test_pem_rounds);
  return g_test_run ();
}
