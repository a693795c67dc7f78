/* test-call-agent.c - a real gpg-agent, with a fake pinentry, in a home of its own. */
#include <config.h>

#include <signal.h>
#include <string.h>

#include "base/error.h"
#include "bridge/call-agent.h"
#include "bridge/openssl-glue.h"
#include "bridge/sexp.h"
#include "tests/support.h"

static const guint8 digest[32] = "a digest of thirty-two octets...";

static void
assert_signs (const LlTestCert *cert, GCancellable *cancellable, GError **error)
{
  LlAgentUse use = { cert->keygrip, "Sign 100% of “this” + that", LL_AGENT_TO_SIGN };
  g_autoptr (GBytes) sexp
      = ll_agent_sign_digest (&use, "sha256", digest, sizeof digest, cancellable, error);
  g_autoptr (GBytes) signature = NULL;
  g_autoptr (EVP_PKEY_CTX) context = NULL;
  gboolean rsa = EVP_PKEY_is_a (cert->key, "RSA");

  if (sexp == NULL)
    return;
  signature = rsa ? ll_sexp_rsa_signature (sexp, (gsize)EVP_PKEY_get_size (cert->key), error)
                  : ll_sexp_ecdsa_signature (sexp, error);
  g_assert_nonnull (signature);
  context = EVP_PKEY_CTX_new (cert->key, NULL);
  g_assert_cmpint (EVP_PKEY_verify_init (context), ==, 1);
  g_assert_cmpint (EVP_PKEY_CTX_set_signature_md (context, EVP_sha256 ()), ==, 1);
  g_assert_cmpint (EVP_PKEY_verify (context, g_bytes_get_data (signature, NULL),
                                    g_bytes_get_size (signature), digest, sizeof digest),
                   ==, 1);
}

static LlTestCert *
new_key (LlTestHome *home, const char *algorithm)
{
  LlTestCertSpec spec = { .name = "Agent", .address = "agent@example.org", .algorithm = algorithm };
  LlTestCert *cert = ll_test_cert_new (&spec);

  ll_test_cert_import (home, cert, TRUE);
  return cert;
}

static void
test_signs (gconstpointer algorithm)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autoptr (LlTestCert) cert = new_key (home, algorithm);
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 3; i++)
    {
      assert_signs (cert, NULL, &error);
      g_assert_no_error (error);
    }
  g_assert_cmpuint (ll_test_home_count_pinentry (home), ==, 0);
}

static gpointer
sign_ten_times (gpointer data)
{
  for (int i = 0; i < 10; i++)
    {
      g_autoptr (GError) error = NULL;
      assert_signs (data, NULL, &error);
      g_assert_no_error (error);
    }
  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autoptr (LlTestCert) cert = new_key (home, "P-256");
  GThread *threads[6];

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("signer", sign_ten_times, cert);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

static void
test_agent_comes_back (void)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autoptr (LlTestCert) cert = new_key (home, "P-256");
  g_autoptr (GError) error = NULL;

  assert_signs (cert, NULL, &error);
  g_assert_no_error (error);
  ll_test_home_kill_agent (home);
  assert_signs (cert, NULL, &error);
  g_assert_no_error (error);
}

static void
test_key_is_missing (void)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  LlTestCertSpec spec = { .name = "Missing" };
  g_autoptr (LlTestCert) cert = ll_test_cert_new (&spec);
  LlAgentUse use = { cert->keygrip, NULL, LL_AGENT_TO_SIGN };
  LlAgentKeyPlace place = LL_AGENT_KEY_ON_CARD;
  g_autoptr (GBytes) ciphertext = ll_sexp_rsa_ciphertext (digest, sizeof digest);
  g_autoptr (GError) error = NULL;

  g_assert_true (ll_agent_find_key (cert->keygrip, &place, NULL, &error));
  g_assert_cmpint (place, ==, LL_AGENT_KEY_MISSING);
  g_assert_null (ll_agent_sign_digest (&use, "sha256", digest, sizeof digest, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_CANNOT_SIGN);
  g_clear_error (&error);
  use.purpose = LL_AGENT_TO_DECRYPT;
  g_assert_null (ll_agent_decrypt (&use, ciphertext, NULL, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_CANNOT_DECRYPT);
}

static void
test_lists_keys (void)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autoptr (LlTestCert) rsa = new_key (home, "rsa2048");
  g_autoptr (LlTestCert) ec = new_key (home, "P-384");
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) keys = ll_agent_list_keys (NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_hash_table_size (keys), ==, 2);
  g_assert_cmpint (GPOINTER_TO_INT (g_hash_table_lookup (keys, rsa->keygrip)), ==,
                   LL_AGENT_KEY_ON_DISK);
  g_assert_cmpint (GPOINTER_TO_INT (g_hash_table_lookup (keys, ec->keygrip)), ==,
                   LL_AGENT_KEY_ON_DISK);
}

static void
test_lists_trusted (void)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  LlTestCertSpec spec = { .name = "Root", .authority = TRUE, .algorithm = "P-256" };
  g_autoptr (LlTestCert) root = ll_test_cert_new (&spec);
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) none = ll_agent_list_trusted (NULL, &error);
  g_autoptr (GArray) one = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (none->len, ==, 0);
  ll_test_cert_trust (home, root);
  one = ll_agent_list_trusted (NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (one->len, ==, 1);
  g_assert_cmpstr (g_array_index (one, LlAgentTrusted, 0).fingerprint, ==, root->fingerprint);
  g_assert_true (g_array_index (one, LlAgentTrusted, 0).for_smime);
}

static void
test_imports (gconstpointer algorithm)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  LlTestCertSpec spec
      = { .name = "Import", .address = "import@example.org", .algorithm = algorithm };
  g_autoptr (LlTestCert) cert = ll_test_cert_new (&spec);
  g_autofree char *prompt = NULL;
  g_autoptr (GError) error = NULL;

  ll_test_cert_import (home, cert, FALSE);
  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_ANSWERS, "horse battery");
  g_assert_true (ll_agent_import_key (cert->key, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (ll_test_home_count_pinentry (home), >=, 1);
  /* once more: it is there, and that is well */
  g_assert_true (ll_agent_import_key (cert->key, NULL, NULL, &error));
  assert_signs (cert, NULL, &error);
  g_assert_no_error (error);
  /* with a new agent the passphrase must be asked for, under our own words */
  ll_test_home_kill_agent (home);
  assert_signs (cert, NULL, &error);
  g_assert_no_error (error);
  prompt = ll_test_home_get_prompt (home);
  g_assert_cmpstr (prompt, ==, "Sign 100% of “this” + that");
}

static gboolean
is_same_private_key (EVP_PKEY *a, EVP_PKEY *b)
{
  g_autoptr (PKCS8_PRIV_KEY_INFO) of_a = EVP_PKEY2PKCS8 (a);
  g_autoptr (PKCS8_PRIV_KEY_INFO) of_b = EVP_PKEY2PKCS8 (b);
  g_autoptr (GBytes) der_a = LL_DER (of_a, PKCS8_PRIV_KEY_INFO);
  g_autoptr (GBytes) der_b = LL_DER (of_b, PKCS8_PRIV_KEY_INFO);

  return g_bytes_equal (der_a, der_b);
}

/* The agent asks for the key's own passphrase, under our words. */
static void
test_exports (gconstpointer algorithm)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  LlTestCertSpec spec = { .name = "Export", .algorithm = algorithm };
  g_autoptr (LlTestCert) cert = ll_test_cert_new (&spec);
  LlAgentUse use = { cert->keygrip, "The key goes on a journey", LL_AGENT_TO_MANAGE, "Hanako" };
  g_autoptr (EVP_PKEY) key = NULL;
  g_autofree char *prompt = NULL;
  gboolean is_new = FALSE;
  g_autoptr (GError) error = NULL;

  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_ANSWERS, "horse battery");
  g_assert_true (ll_agent_import_key (cert->key, &is_new, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (is_new);
  ll_test_home_kill_agent (home);
  key = ll_agent_export_key (&use, FALSE, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (is_same_private_key (key, cert->key));
  prompt = ll_test_home_get_prompt (home);
  g_assert_cmpstr (prompt, ==, "The key goes on a journey");

  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_ANSWERS, "wrong");
  g_assert_null (ll_agent_export_key (&use, FALSE, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED);
  g_assert_nonnull (strstr (error->message, "“Hanako”"));
}

static void
test_forgets (void)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  LlTestCertSpec spec = { .name = "Forgotten", .algorithm = "P-256" };
  g_autoptr (LlTestCert) cert = ll_test_cert_new (&spec);
  LlAgentUse use = { cert->keygrip, NULL, LL_AGENT_TO_MANAGE };
  LlAgentKeyPlace place = LL_AGENT_KEY_ON_DISK;
  gboolean is_new = FALSE;
  guint asked;
  g_autoptr (GError) error = NULL;

  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_ANSWERS, "horse battery");
  g_assert_true (ll_agent_import_key (cert->key, &is_new, NULL, &error));
  asked = ll_test_home_count_pinentry (home);
  g_assert_true (ll_agent_import_key (cert->key, &is_new, NULL, &error));
  g_assert_false (is_new);
  g_assert_true (ll_agent_forget_key (cert->keygrip, &error));
  g_assert_cmpuint (ll_test_home_count_pinentry (home), ==, asked);
  g_assert_true (ll_agent_find_key (cert->keygrip, &place, NULL, &error));
  g_assert_cmpint (place, ==, LL_AGENT_KEY_MISSING);
  g_assert_null (ll_agent_export_key (&use, FALSE, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_FAILED);
}

static void
test_asks_twice (void)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) passphrase = NULL;

  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_ANSWERS, "horse battery");
  passphrase = ll_agent_ask_new_passphrase ("For the file “ä”", NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (passphrase, NULL), g_bytes_get_size (passphrase),
                   "horse battery", 13);
  g_assert_cmpuint (ll_test_home_count_pinentry (home), ==, 2);
  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_CANCELS, NULL);
  g_assert_null (ll_agent_ask_new_passphrase ("For the file", NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* A key that needs a passphrase which nobody has cached. */
static LlTestCert *
new_locked_key (LlTestHome *home)
{
  LlTestCertSpec spec = { .name = "Locked", .algorithm = "P-256" };
  LlTestCert *cert = ll_test_cert_new (&spec);
  g_autoptr (GError) error = NULL;

  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_ANSWERS, "horse battery");
  g_assert_true (ll_agent_import_key (cert->key, NULL, NULL, &error));
  g_assert_no_error (error);
  ll_test_home_kill_agent (home);
  return cert;
}

static void
test_person_cancels (void)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autoptr (LlTestCert) cert = new_locked_key (home);
  g_autoptr (GError) error = NULL;

  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_CANCELS, NULL);
  assert_signs (cert, NULL, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_wrong_passphrase (void)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autoptr (LlTestCert) cert = new_locked_key (home);
  g_autoptr (GError) error = NULL;

  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_ANSWERS, "wrong");
  assert_signs (cert, NULL, &error);
  g_assert_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED);
}

static void
test_no_pinentry (void)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autoptr (LlTestCert) cert = new_locked_key (home);
  g_autoptr (GError) error = NULL;

  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_MISSING, NULL);
  assert_signs (cert, NULL, &error);
  g_assert_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED);
}

/* Things that happen while pinentry waits for a person. */

/* Whether the fake pinentry of this home has ended, within two seconds. */
static gboolean
pinentry_ends (LlTestHome *home)
{
  g_autofree char *path = g_build_filename (home->path, "fake-pinentry.pid", NULL);
  g_autofree char *text = NULL;
  pid_t process;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  process = (pid_t)g_ascii_strtoll (text, NULL, 10);
  g_assert_cmpint (process, >, 1);
  for (int i = 0; i < 100; i++)
    {
      if (kill (process, 0) != 0)
        return TRUE;
      g_usleep (20000);
    }
  return FALSE;
}

typedef struct
{
  LlTestHome *home;
  GCancellable *cancellable; /* or NULL: the agent is killed */
} Later;

static gpointer
when_asked (gpointer data)
{
  Later *later = data;

  for (int i = 0; i < 200 && ll_test_home_count_pinentry (later->home) == 0; i++)
    g_usleep (20000);
  if (later->cancellable != NULL)
    g_cancellable_cancel (later->cancellable);
  else
    ll_test_home_kill_agent (later->home);
  return NULL;
}

static GThread *
start_later (Later *later)
{
  g_autofree char *log = g_build_filename (later->home->path, "fake-pinentry.log", NULL);

  remove (log);
  ll_test_home_set_pinentry (later->home, LL_TEST_PINENTRY_WAITS, NULL);
  return g_thread_new ("later", when_asked, later);
}

static void
test_cancellable (void)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autoptr (LlTestCert) cert = new_locked_key (home);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Later later = { home, cancellable };
  GThread *thread = start_later (&later);
  g_autoptr (GError) error = NULL;

  assert_signs (cert, cancellable, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  g_assert_true (pinentry_ends (home));
  /* and the agent is well */
  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_ANSWERS, "horse battery");
  g_clear_error (&error);
  assert_signs (cert, NULL, &error);
  g_assert_no_error (error);
}

static void
test_agent_dies (void)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autoptr (LlTestCert) cert = new_locked_key (home);
  Later later = { home, NULL };
  GThread *thread = start_later (&later);
  g_autoptr (GError) error = NULL;

  assert_signs (cert, NULL, &error);
  g_assert_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED);
  g_thread_join (thread);
}

static void
test_version (void)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *version = ll_agent_get_version (NULL, &error);

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (version, "2."));
}

static void
test_no_gnupg (void)
{
  g_autofree char *path = g_strdup (g_getenv ("PATH"));
  g_autoptr (GError) error = NULL;

  g_setenv ("GNUPGHOME", "/tmp/ll-nowhere", TRUE);
  g_setenv ("PATH", "/nowhere", TRUE);
  g_assert_null (ll_agent_get_version (NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED);
  g_setenv ("PATH", path, TRUE);
  g_unsetenv ("GNUPGHOME");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/agent/tells its version", test_version);
  g_test_add_func ("/agent/without GnuPG there is an error that says so", test_no_gnupg);
  g_test_add_data_func ("/agent/signs with rsa2048", "rsa2048", test_signs);
  g_test_add_data_func ("/agent/signs with P-256", "P-256", test_signs);
  g_test_add_func ("/agent/signs in several threads at once", test_threads);
  g_test_add_func ("/agent/a killed agent is started again", test_agent_comes_back);
  g_test_add_func ("/agent/a missing key cannot sign and cannot decrypt", test_key_is_missing);
  g_test_add_func ("/agent/lists its keys", test_lists_keys);
  g_test_add_func ("/agent/lists its trust anchors", test_lists_trusted);
  g_test_add_data_func ("/agent/takes an RSA key", "rsa2048", test_imports);
  g_test_add_data_func ("/agent/takes a P-256 key", "P-256", test_imports);
  g_test_add_data_func ("/agent/takes a brainpool key", "brainpoolP256r1", test_imports);
  g_test_add_data_func ("/agent/gives an RSA key back", "rsa2048", test_exports);
  g_test_add_data_func ("/agent/gives a P-256 key back", "P-256", test_exports);
  g_test_add_data_func ("/agent/gives a P-521 key back", "P-521", test_exports);
  g_test_add_data_func ("/agent/gives an Ed25519 key back", "ED25519", test_exports);
  g_test_add_func ("/agent/forgets a key that was imported a moment ago", test_forgets);
  g_test_add_func ("/agent/asks for a new passphrase twice", test_asks_twice);
  g_test_add_func ("/agent/a cancelled passphrase is a cancelled operation", test_person_cancels);
  g_test_add_func ("/agent/a wrong passphrase leaves the key locked", test_wrong_passphrase);
  g_test_add_func ("/agent/a missing pinentry leaves the key locked", test_no_pinentry);
  g_test_add_func ("/agent/a cancelled operation closes pinentry and leaves the agent well",
                   test_cancellable);
  g_test_add_func ("/agent/an agent that dies in the middle is an error, not a hang",
                   test_agent_dies);
  return g_test_run ();
}
