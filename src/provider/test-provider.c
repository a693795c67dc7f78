/* test-provider.c - CMS with keys that are in a real gpg-agent, read and written by openssl and
 * gpgsm.
 *
 * SM-33: RSA, PSS, OAEP, ECDSA and ECDH of RFC 8551; SM-35: bad padding tells nothing.
 */
#include <config.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/error.h"
#include "bridge/call-agent.h"
#include "bridge/openssl-glue.h"
#include "provider/provider.h"
#include "tests/support.h"

static const char content[] = "The eagle has landed. \xe9\xb7\xb2\r\n";

/* A person with a certificate of an authority that gpgsm trusts. */
typedef struct
{
  LlTestHome *home;
  LlTestCert *root, *cert;
} Person;

static void
person_init (Person *person, const char *algorithm)
{
  LlTestCertSpec authority = { .name = "Authority", .authority = TRUE };
  LlTestCertSpec spec
      = { .name = "Hanako", .address = "hanako@example.org", .algorithm = algorithm };

  person->home = ll_test_home_new ();
  person->root = ll_test_cert_new (&authority);
  spec.issuer = person->root;
  person->cert = ll_test_cert_new (&spec);
  ll_test_cert_import (person->home, person->root, FALSE);
  ll_test_cert_trust (person->home, person->root);
  ll_test_cert_import (person->home, person->cert, TRUE);
}

static void
person_clear (Person *person)
{
  ll_test_cert_free (person->cert);
  ll_test_cert_free (person->root);
  ll_test_home_free (person->home);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Person, person_clear)

/* The certificate in our context, as the rooms above have it. */
static X509 *
own_certificate (const LlTestCert *cert)
{
  g_autoptr (GBytes) der = LL_DER (cert->certificate, X509);
  const unsigned char *at = g_bytes_get_data (der, NULL);
  X509 *certificate = X509_new_ex (ll_provider_context (NULL), NULL);

  g_assert_nonnull (d2i_X509 (&certificate, &at, (long)g_bytes_get_size (der)));
  return certificate;
}

static EVP_PKEY *
own_key (const LlTestCert *cert)
{
  g_autoptr (X509) certificate = own_certificate (cert);
  g_autoptr (GError) error = NULL;
  EVP_PKEY *key = ll_provider_key_new (certificate, "Open the letter", &error);

  g_assert_no_error (error);
  return key;
}

/* Signing. */

typedef struct
{
  const char *title, *algorithm, *hash;
  guint flags;     /* of CMS_sign */
  int salt_length; /* PSS: as OpenSSL has it */
  gboolean pss;
  gboolean not_gpgsm; /* what the oldest gpgsm cannot read */
} SignCase;

static const SignCase sign_cases[] = {
  { "RSA and SHA-256", "rsa2048", "SHA256", 0, 0, FALSE, FALSE },
  { "RSA-3072 and SHA-512", "rsa3072", "SHA512", 0, 0, FALSE, FALSE },
  { "RSA, without signed attributes", "rsa2048", "SHA256", CMS_NOATTR, 0, FALSE, FALSE },
  { "RSA-PSS and SHA-256", "rsa2048", "SHA256", 0, RSA_PSS_SALTLEN_DIGEST, TRUE, FALSE },
  { "RSA-PSS and SHA-512", "rsa3072", "SHA512", 0, RSA_PSS_SALTLEN_DIGEST, TRUE, FALSE },
  { "RSA-PSS with the longest salt", "rsa2048", "SHA256", 0, RSA_PSS_SALTLEN_MAX, TRUE, TRUE },
  { "RSA-PSS with a short salt", "rsa2048", "SHA384", 0, 20, TRUE, TRUE },
  { "a key for PSS alone", "rsa-pss2048", "SHA256", 0, RSA_PSS_SALTLEN_DIGEST, TRUE, TRUE },
  { "P-256 and SHA-256", "P-256", "SHA256", 0, 0, FALSE, FALSE },
  { "P-256 and SHA-512", "P-256", "SHA512", 0, 0, FALSE, TRUE },
  { "P-256, without signed attributes", "P-256", "SHA256", CMS_NOATTR, 0, FALSE, FALSE },
  { "P-384 and SHA-384", "P-384", "SHA384", 0, 0, FALSE, FALSE },
  { "P-384 and SHA-256", "P-384", "SHA256", 0, 0, FALSE, TRUE },
  { "P-521 and SHA-512", "P-521", "SHA512", 0, 0, FALSE, TRUE },
  { "brainpoolP256r1 and SHA-256", "brainpoolP256r1", "SHA256", 0, 0, FALSE, FALSE },
};

static void
use_pss (CMS_SignerInfo *signer, int salt_length)
{
  EVP_PKEY_CTX *context = CMS_SignerInfo_get0_pkey_ctx (signer);
  X509_ALGOR *algorithm = NULL;

  g_assert_cmpint (EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PSS_PADDING), >, 0);
  g_assert_cmpint (EVP_PKEY_CTX_set_rsa_pss_saltlen (context, salt_length), >, 0);
  /* OpenSSL encodes the prefix of a stream before it sets this */
  CMS_SignerInfo_get0_algs (signer, NULL, NULL, NULL, &algorithm);
  X509_ALGOR_set0 (algorithm, OBJ_nid2obj (NID_rsaEncryption), V_ASN1_NULL, NULL);
}

/* A signed message in the scratch directory; NULL when it could not be made. */
static char *
sign_message (const Person *person, const SignCase *test)
{
  g_autoptr (X509) certificate = own_certificate (person->cert);
  g_autoptr (EVP_PKEY) key = own_key (person->cert);
  g_autoptr (EVP_MD) hash = EVP_MD_fetch (ll_provider_context (NULL), test->hash, NULL);
  guint flags = CMS_BINARY | CMS_PARTIAL | CMS_STREAM | test->flags;
  g_autoptr (CMS_ContentInfo) cms
      = CMS_sign_ex (NULL, NULL, NULL, NULL, flags, ll_provider_context (NULL), NULL);
  g_autoptr (BIO) in = BIO_new_mem_buf (content, sizeof content - 1);
  g_autoptr (BIO) out = BIO_new (BIO_s_mem ());
  CMS_SignerInfo *signer;
  char *data;
  long length;

  flags = CMS_BINARY | CMS_PARTIAL | test->flags | (test->pss ? CMS_KEY_PARAM : 0);
  signer = CMS_add1_signer (cms, certificate, key, hash, flags);
  g_assert_nonnull (signer);
  if (test->pss)
    use_pss (signer, test->salt_length);
  if (!i2d_CMS_bio_stream (out, cms, in, CMS_STREAM | CMS_BINARY))
    return NULL;
  if (ASN1_STRING_length (CMS_SignerInfo_get0_signature (signer)) == 0)
    return NULL;
  length = BIO_get_mem_data (out, &data);
  return ll_test_home_write (person->home, "signed.p7m", data, length);
}

static void
assert_openssl_verifies (const Person *person, const char *path)
{
  g_autofree char *root = ll_test_home_write (person->home, "root.pem", person->root->pem, -1);
  g_autoptr (GBytes) out = ll_test_run (NULL, "openssl", "cms", "-verify", "-binary", "-inform",
                                        "DER", "-in", path, "-CAfile", root, NULL);

  g_assert_cmpmem (g_bytes_get_data (out, NULL), g_bytes_get_size (out), content,
                   sizeof content - 1);
}

static void
assert_gpgsm_verifies (const Person *person, const char *path)
{
  g_autoptr (GBytes) status
      = ll_test_run (NULL, "gpgsm", "--batch", "--status-fd", "1", "--verify", path, NULL);
  g_autofree char *wanted = g_strconcat ("VALIDSIG ", person->cert->fingerprint, NULL);

  g_assert_nonnull (
      g_strstr_len (g_bytes_get_data (status, NULL), (gssize)g_bytes_get_size (status), wanted));
}

static void
test_signs (gconstpointer data)
{
  const SignCase *test = data;
  g_auto (Person) person = { 0 };
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  person_init (&person, test->algorithm);
  path = sign_message (&person, test);
  error = ll_provider_take_agent_error ();
  g_assert_no_error (error);
  g_assert_nonnull (path);
  assert_openssl_verifies (&person, path);
  if (!test->not_gpgsm)
    assert_gpgsm_verifies (&person, path);
  g_assert_cmpuint (ll_test_home_count_pinentry (person.home), ==, 0);
}

static void
test_signs_request (gconstpointer algorithm)
{
  g_auto (Person) person = { 0 };
  g_autoptr (EVP_PKEY) key = NULL;
  g_autoptr (X509_REQ) request = NULL;

  person_init (&person, algorithm);
  key = own_key (person.cert);
  request = X509_REQ_new_ex (ll_provider_context (NULL), NULL);
  g_assert_true (X509_REQ_set_version (request, X509_REQ_VERSION_1)); /* OpenSSL 3.5 asks for it */
  g_assert_true (X509_REQ_set_pubkey (request, X509_get0_pubkey (person.cert->certificate)));
  g_assert_cmpint (X509_REQ_sign (request, key, EVP_sha256 ()), >, 0);
  g_assert_cmpint (X509_REQ_verify (request, X509_get0_pubkey (person.cert->certificate)), ==, 1);
}

/* Ed25519 needs an agent of GnuPG 2.3 and, for CMS, OpenSSL 3.2. */
static void
test_signs_ed25519 (void)
{
  g_auto (Person) person = { 0 };
  g_autoptr (EVP_PKEY) key = NULL;
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  g_autoptr (GError) error = NULL;
  guint8 signature[64];
  size_t length = sizeof signature;
  gboolean done;

  person_init (&person, "ED25519");
  key = own_key (person.cert);
  g_assert_cmpint (EVP_DigestSignInit_ex (context, NULL, NULL, ll_provider_context (NULL), NULL,
                                          key, NULL),
                   ==, 1);
  done = EVP_DigestSign (context, signature, &length, (const guint8 *)content, sizeof content) == 1;
  error = ll_provider_take_agent_error ();
  if (!done)
    {
      g_assert_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM);
      g_test_skip ("this gpg-agent cannot sign with Ed25519 for CMS");
      return;
    }
  g_assert_cmpuint (length, ==, sizeof signature);
}

/* Decrypting. */

typedef struct
{
  const char *title, *algorithm;
  const char *options[8]; /* of openssl cms -encrypt, NULL-terminated */
  gboolean gpgsm;         /* made by gpgsm instead */
} DecryptCase;

static const DecryptCase decrypt_cases[] = {
  { "RSA v1.5, AES-256-CBC", "rsa2048", { "-aes256" }, FALSE },
  { "RSA v1.5, AES-256-GCM", "rsa3072", { "-aes-256-gcm" }, FALSE },
  { "RSA v1.5, made by gpgsm", "rsa3072", { NULL }, TRUE },
  { "RSA v1.5, named by key identifier", "rsa2048", { "-keyid" }, FALSE },
  { "OAEP with SHA-1", "rsa2048", { "-keyopt", "rsa_padding_mode:oaep" }, FALSE },
  { "OAEP with SHA-256",
    "rsa2048",
    { "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256" },
    FALSE },
  { "OAEP with SHA-512 and MGF1 with SHA-256",
    "rsa3072",
    { "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha512", "-keyopt",
      "rsa_mgf1_md:sha256" },
    FALSE },
  { "OAEP with a label",
    "rsa2048",
    { "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_label:0123456789abcdef" },
    FALSE },
  { "ECDH on P-256", "P-256", { "-aes128" }, FALSE },
  { "ECDH on P-256, KDF with SHA-256", "P-256", { "-keyopt", "ecdh_kdf_md:sha256" }, FALSE },
  { "ECDH on P-256 with the cofactor", "P-256", { "-keyopt", "ecdh_cofactor_mode:1" }, FALSE },
  { "ECDH on P-384", "P-384", { "-aes-256-gcm", "-keyopt", "ecdh_kdf_md:sha384" }, FALSE },
  { "ECDH on P-521", "P-521", { "-aes256" }, FALSE },
  { "ECDH on brainpoolP256r1", "brainpoolP256r1", { "-aes256" }, FALSE },
};

static GBytes *
encrypt_message (const Person *person, const DecryptCase *test)
{
  g_autoptr (GBytes) plain = g_bytes_new_static (content, sizeof content - 1);
  g_autofree char *pem = ll_test_home_write (person->home, "to.pem", person->cert->pem, -1);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autofree char *errors = NULL;
  GBytes *message = NULL;

  if (test->gpgsm)
    return ll_test_run (plain, "gpgsm", "--batch", "--encrypt", "--recipient",
                        person->cert->fingerprint, NULL);
  for (const char *const *word = (const char *const[]){ "openssl", "cms", "-encrypt", "-binary",
                                                        "-outform", "DER", "-recip", pem, NULL };
       *word != NULL; word++)
    g_ptr_array_add (argv, (gpointer)*word);
  for (gsize i = 0; test->options[i] != NULL; i++)
    g_ptr_array_add (argv, (gpointer)test->options[i]);
  g_ptr_array_add (argv, NULL);
  g_assert_cmpint (ll_test_run_status (plain, &message, &errors, (const char *const *)argv->pdata),
                   ==, 0);
  return message;
}

/* What CMS_decrypt() gives: the content, or NULL. */
static GBytes *
decrypt_message (const Person *person, GBytes *message)
{
  g_autoptr (X509) certificate = own_certificate (person->cert);
  g_autoptr (EVP_PKEY) key = own_key (person->cert);
  g_autoptr (CMS_ContentInfo) cms = CMS_ContentInfo_new_ex (ll_provider_context (NULL), NULL);
  g_autoptr (BIO) out = BIO_new (BIO_s_mem ());
  const unsigned char *at = g_bytes_get_data (message, NULL);
  char *data;
  long length;

  g_assert_nonnull (d2i_CMS_ContentInfo (&cms, &at, (long)g_bytes_get_size (message)));
  if (CMS_decrypt (cms, key, certificate, NULL, out, 0) != 1)
    return NULL;
  length = BIO_get_mem_data (out, &data);
  return g_bytes_new (data, (gsize)length);
}

static void
test_decrypts (gconstpointer data)
{
  const DecryptCase *test = data;
  g_auto (Person) person = { 0 };
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GError) error = NULL;

  person_init (&person, test->algorithm);
  message = encrypt_message (&person, test);
  plain = decrypt_message (&person, message);
  error = ll_provider_take_agent_error ();
  g_assert_no_error (error);
  g_assert_nonnull (plain);
  g_assert_cmpmem (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), content,
                   sizeof content - 1);
}

/* Many keys and messages: no length or leading zero of an answer may matter. */
static void
test_decrypts_many (gconstpointer algorithm)
{
  DecryptCase test = { NULL, algorithm, { "-aes128" }, FALSE };
  g_auto (Person) person = { 0 };

  person_init (&person, algorithm);
  for (int i = 0; i < 60; i++)
    {
      g_autoptr (GBytes) message = encrypt_message (&person, &test);
      g_autoptr (GBytes) plain = decrypt_message (&person, message);
      g_assert_nonnull (plain);
      g_assert_cmpmem (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), content,
                       sizeof content - 1);
    }
}

/* SM-35: raw ciphertexts that decrypt to nonsense. */
static void
test_bad_padding_is_silent (gconstpointer padding)
{
  g_auto (Person) person = { 0 };
  g_autoptr (EVP_PKEY) key = NULL;

  person_init (&person, "rsa2048");
  key = own_key (person.cert);
  for (int i = 0; i < 20; i++)
    {
      g_autoptr (EVP_PKEY_CTX) context
          = EVP_PKEY_CTX_new_from_pkey (ll_provider_context (NULL), key, NULL);
      guint8 nonsense[256], out[256];
      size_t length = sizeof out;

      memset (nonsense, i + 1, sizeof nonsense);
      nonsense[0] = 0;
      g_assert_cmpint (EVP_PKEY_decrypt_init (context), ==, 1);
      g_assert_cmpint (EVP_PKEY_CTX_set_rsa_padding (context, GPOINTER_TO_INT (padding)), ==, 1);
      g_assert_cmpint (EVP_PKEY_decrypt (context, out, &length, nonsense, sizeof nonsense), <=, 0);
      g_assert_null (ll_provider_take_agent_error ());
    }
}

/* Trouble with the agent. */

static void
test_key_is_missing (void)
{
  g_auto (Person) person = { 0 };
  g_autofree char *path = NULL;
  g_autofree char *name = NULL;
  g_autofree char *signed_path = NULL;
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GError) error = NULL;

  person_init (&person, "rsa2048");
  message = encrypt_message (&person, &decrypt_cases[1]);
  name = g_strconcat (person.cert->keygrip, ".key", NULL);
  path = g_build_filename (person.home->path, "private-keys-v1.d", name, NULL);
  g_assert_cmpint (remove (path), ==, 0);
  plain = decrypt_message (&person, message);
  g_assert_null (plain);
  error = ll_provider_take_agent_error ();
  g_assert_error (error, LL_ERROR, LL_ERROR_CANNOT_DECRYPT);
  g_clear_error (&error);
  signed_path = sign_message (&person, &sign_cases[0]);
  g_assert_null (signed_path);
  error = ll_provider_take_agent_error ();
  g_assert_error (error, LL_ERROR, LL_ERROR_CANNOT_SIGN);
}

/* The key of the certificate behind a passphrase. */
static void
lock_key (Person *person)
{
  g_autofree char *name = g_strconcat (person->cert->keygrip, ".key", NULL);
  g_autofree char *path = g_build_filename (person->home->path, "private-keys-v1.d", name, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (remove (path), ==, 0);
  ll_test_home_set_pinentry (person->home, LL_TEST_PINENTRY_ANSWERS, "horse battery");
  g_assert_true (ll_agent_import_key (person->cert->key, NULL, NULL, &error));
  g_assert_no_error (error);
  ll_test_home_kill_agent (person->home);
}

static void
test_person_cancels (gconstpointer algorithm)
{
  g_auto (Person) person = { 0 };
  g_autofree char *prompt = NULL;
  g_autofree char *signed_path = NULL;
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GError) error = NULL;

  person_init (&person, algorithm);
  message = encrypt_message (&person, &decrypt_cases[1]);
  lock_key (&person);
  ll_test_home_set_pinentry (person.home, LL_TEST_PINENTRY_CANCELS, NULL);
  plain = decrypt_message (&person, message);
  g_assert_null (plain);
  error = ll_provider_take_agent_error ();
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  prompt = ll_test_home_get_prompt (person.home);
  g_assert_cmpstr (prompt, ==, "Open the letter");
  signed_path = sign_message (&person, &sign_cases[0]);
  g_assert_null (signed_path);
  error = ll_provider_take_agent_error ();
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* A person with several keys must learn which passphrase it was. */
static void
test_wrong_passphrase (gconstpointer algorithm)
{
  g_auto (Person) person = { 0 };
  g_autofree char *signed_path = NULL;
  g_autoptr (GError) error = NULL;

  person_init (&person, algorithm);
  lock_key (&person);
  ll_test_home_set_pinentry (person.home, LL_TEST_PINENTRY_ANSWERS, "wrong");
  signed_path = sign_message (&person, &sign_cases[0]);
  g_assert_null (signed_path);
  error = ll_provider_take_agent_error ();
  g_assert_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED);
  g_assert_nonnull (strstr (error->message, "“hanako@example.org”"));
}

static gpointer
kill_when_asked (gpointer data)
{
  LlTestHome *home = data;

  for (int i = 0; i < 200 && ll_test_home_count_pinentry (home) == 0; i++)
    g_usleep (20000);
  ll_test_home_kill_agent (home);
  return NULL;
}

/* From now on pinentry waits for ever, and the agent dies while it does. */
static GThread *
start_killer (LlTestHome *home)
{
  g_autofree char *log = g_build_filename (home->path, "fake-pinentry.log", NULL);

  remove (log);
  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_WAITS, NULL);
  return g_thread_new ("killer", kill_when_asked, home);
}

static void
test_agent_dies (void)
{
  g_auto (Person) person = { 0 };
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GError) error = NULL;
  GThread *thread;

  person_init (&person, "rsa2048");
  message = encrypt_message (&person, &decrypt_cases[1]);
  lock_key (&person);
  thread = start_killer (person.home);
  plain = decrypt_message (&person, message);
  g_assert_null (plain);
  error = ll_provider_take_agent_error ();
  g_assert_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED);
  g_thread_join (thread);
  /* cppcheck-suppress memleak ; g_thread_join() has released it */
}

static void
test_cancellable (void)
{
  g_auto (Person) person = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *signed_path = NULL;
  g_autoptr (GError) error = NULL;

  person_init (&person, "P-256");
  g_cancellable_cancel (cancellable);
  ll_provider_set_cancellable (cancellable);
  signed_path = sign_message (&person, &sign_cases[8]);
  ll_provider_set_cancellable (NULL);
  g_assert_null (signed_path);
  error = ll_provider_take_agent_error ();
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* What a key handle is to the rest of OpenSSL. */

static void
test_handle (gconstpointer algorithm)
{
  g_auto (Person) person = { 0 };
  g_autoptr (EVP_PKEY) key = NULL;
  g_autoptr (X509) certificate = NULL;
  g_autoptr (OSSL_PARAM) params = NULL;
  g_autoptr (BIO) out = BIO_new (BIO_s_mem ());

  person_init (&person, algorithm);
  certificate = own_certificate (person.cert);
  key = own_key (person.cert);
  g_assert_cmpint (X509_check_private_key (certificate, key), ==, 1);
  g_assert_cmpint (X509_check_private_key (person.root->certificate, key), ==, 0);
  g_assert_cmpint (EVP_PKEY_get_id (key), ==, EVP_PKEY_get_id (person.cert->key));
  g_assert_cmpint (EVP_PKEY_get_bits (key), ==, EVP_PKEY_get_bits (person.cert->key));
  /* no private key goes out, for there is none */
  g_assert_cmpint (EVP_PKEY_todata (key, EVP_PKEY_KEYPAIR, &params), ==, 0);
  g_assert_cmpint (PEM_write_bio_PrivateKey (out, key, NULL, NULL, 0, NULL, NULL), ==, 0);
}

static void
test_unknown_kind (void)
{
  g_autoptr (EVP_PKEY) strange = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "secp224r1");
  g_autoptr (X509) certificate = X509_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (X509_set_pubkey (certificate, strange));
  g_assert_null (ll_provider_key_new (certificate, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM);
}

static void
add_tables (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (sign_cases); i++)
    {
      g_autofree char *name = g_strconcat ("/provider/signs with ", sign_cases[i].title, NULL);
      g_test_add_data_func (name, &sign_cases[i], test_signs);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (decrypt_cases); i++)
    {
      g_autofree char *name = g_strconcat ("/provider/decrypts ", decrypt_cases[i].title, NULL);
      g_test_add_data_func (name, &decrypt_cases[i], test_decrypts);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_tables ();
  g_test_add_data_func ("/provider/signs a certificate request with RSA", "rsa2048",
                        test_signs_request);
  g_test_add_data_func ("/provider/signs a certificate request with P-256", "P-256",
                        test_signs_request);
  g_test_add_func ("/provider/signs with Ed25519", test_signs_ed25519);
  g_test_add_data_func ("/provider/decrypts sixty messages for one RSA key", "rsa2048",
                        test_decrypts_many);
  g_test_add_data_func ("/provider/decrypts sixty messages for one P-521 key", "P-521",
                        test_decrypts_many);
  g_test_add_data_func ("/provider/bad v1.5 padding is no news of the agent",
                        GINT_TO_POINTER (RSA_PKCS1_PADDING), test_bad_padding_is_silent);
  g_test_add_data_func ("/provider/bad OAEP padding is no news of the agent",
                        GINT_TO_POINTER (RSA_PKCS1_OAEP_PADDING), test_bad_padding_is_silent);
  g_test_add_func ("/provider/a missing key is told apart from a broken message",
                   test_key_is_missing);
  g_test_add_data_func ("/provider/a cancelled passphrase cancels, with RSA", "rsa2048",
                        test_person_cancels);
  g_test_add_data_func ("/provider/a wrong passphrase says whose key it was, RSA", "rsa2048",
                        test_wrong_passphrase);
  g_test_add_data_func ("/provider/a wrong passphrase says whose key it was, EC", "P-256",
                        test_wrong_passphrase);
  g_test_add_data_func ("/provider/a cancelled passphrase cancels, with P-256", "P-256",
                        test_person_cancels);
  g_test_add_func ("/provider/an agent that dies in the middle is an error", test_agent_dies);
  g_test_add_func ("/provider/the cancellable of the thread cancels", test_cancellable);
  g_test_add_data_func ("/provider/an RSA handle answers public questions alone", "rsa2048",
                        test_handle);
  g_test_add_data_func ("/provider/a P-256 handle answers public questions alone", "P-256",
                        test_handle);
  g_test_add_func ("/provider/a key that the agent cannot hold is refused", test_unknown_kind);
  return g_test_run ();
}
