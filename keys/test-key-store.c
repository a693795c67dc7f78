/* Both key rings of a real GnuPG home: exact answers, remembered. */
#include <config.h>

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "keys/key-store.h"
#include "tests/support.h"

typedef struct
{
  LlTestHome *home;
  LlPolicy *policy;
  LlKeyStore *store;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->home = ll_test_home_new ();
  fixture->policy = ll_policy_new ();
  fixture->store = ll_key_store_new (fixture->policy);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ll_key_store_free (fixture->store);
  ll_policy_free (fixture->policy);
  ll_test_home_free (fixture->home);
}

static GPtrArray *
find (Fixture *fixture, LlProtocol protocol, const char *what, LlKeyFilter filter)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *keys = ll_key_store_find (fixture->store, protocol, what, filter, &error);

  g_assert_no_error (error);
  return keys;
}

static guint
count (Fixture *fixture, LlProtocol protocol, const char *what, LlKeyFilter filter)
{
  g_autoptr (GPtrArray) keys = find (fixture, protocol, what, filter);

  return keys->len;
}

static void
test_empty (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (count (fixture, LL_PROTOCOL_UNKNOWN, NULL, LL_KEYS_ANY), ==, 0);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_UNKNOWN, "a@example.org", LL_KEYS_ANY), ==, 0);
  g_assert_null (
      ll_key_store_get (fixture->store, LL_PROTOCOL_UNKNOWN, "0123456789ABCDEF", &error));
  g_assert_no_error (error);
}

static void
test_openpgp (Fixture *fixture, gconstpointer data)
{
  g_autofree char *alice
      = ll_test_openpgp_key (fixture->home, "Alice <alice@example.org>", "ed25519", NULL);
  g_autofree char *malice
      = ll_test_openpgp_key (fixture->home, "Malice <malice@example.org>", "ed25519", NULL);
  g_autofree char *bare = ll_test_openpgp_key (fixture->home, "bob@example.org", "ed25519", NULL);
  g_autoptr (GPtrArray) found
      = find (fixture, LL_PROTOCOL_UNKNOWN, "ALICE@example.org", LL_KEYS_ANY);
  LlKey *key;
  const LlSubkey *primary, *second;
  g_autoptr (LlKey) by_subkey = NULL;

  /* not malice@, which gpg's substring match would give too */
  g_assert_cmpuint (found->len, ==, 1);
  key = g_ptr_array_index (found, 0);
  g_assert_cmpstr (ll_key_get_fingerprint (key), ==, alice);
  g_assert_true (ll_key_has_secret (key));
  g_assert_cmpstr (ll_key_get_title (key), ==, "Alice");
  primary = g_ptr_array_index (ll_key_get_subkeys (key), 0);
  second = g_ptr_array_index (ll_key_get_subkeys (key), 1);
  g_assert_cmpstr (primary->algorithm, ==, "ed25519");
  g_assert_true (primary->can_sign && !primary->can_encrypt);
  g_assert_cmpstr (second->algorithm, ==, "cv25519");
  g_assert_true (second->can_encrypt);
  g_assert_cmpuint (strlen (second->keygrip), ==, 40);

  g_assert_cmpuint (count (fixture, LL_PROTOCOL_OPENPGP, "bob@example.org", LL_KEYS_ANY), ==, 1);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_OPENPGP, NULL, LL_KEYS_ANY), ==, 3);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_SMIME, NULL, LL_KEYS_ANY), ==, 0);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_OPENPGP, malice, LL_KEYS_SECRET_ONLY), ==, 1);

  by_subkey = ll_key_store_get (fixture->store, LL_PROTOCOL_OPENPGP, second->fingerprint, NULL);
  g_assert_true (by_subkey != NULL && g_str_equal (ll_key_get_fingerprint (by_subkey), alice));
}

/* What is not an address or a fingerprint is not asked for: no option, no pattern, no path. */
static void
test_nonsense (Fixture *fixture, gconstpointer data)
{
  static const char *const words[]
      = { "",      "-",    "--output=x", "*",        "example.org",     "Alice", "/etc/passwd",
          "a@b@c", "<a@b", "0x12",       "01234567", "\xFF@example.org" };
  g_autofree char *alice
      = ll_test_openpgp_key (fixture->home, "Alice <alice@example.org>", "ed25519", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    g_assert_cmpuint (count (fixture, LL_PROTOCOL_UNKNOWN, words[i], LL_KEYS_ANY), ==, 0);
  g_assert_null (ll_key_store_get (fixture->store, LL_PROTOCOL_UNKNOWN, "alice", NULL));
}

static void
test_smime (Fixture *fixture, gconstpointer data)
{
  LlTestCertSpec root_spec = { .name = "Root", .algorithm = "P-256", .authority = TRUE };
  g_autoptr (LlTestCert) root = ll_test_cert_new (&root_spec);
  LlTestCertSpec ours_spec
      = { .name = "Alice", .address = "alice@example.org", .algorithm = "P-256", .issuer = root };
  LlTestCertSpec theirs_spec
      = { .name = "Bob", .address = "bob@example.org", .algorithm = "rsa2048", .issuer = root };
  g_autoptr (LlTestCert) ours = ll_test_cert_new (&ours_spec);
  g_autoptr (LlTestCert) theirs = ll_test_cert_new (&theirs_spec);
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (LlKey) by_sha256 = NULL;
  g_autoptr (LlKey) by_sha1 = NULL;
  LlKey *alice;

  ll_test_cert_import (fixture->home, root, FALSE);
  ll_test_cert_import (fixture->home, ours, TRUE);
  ll_test_cert_import (fixture->home, theirs, FALSE);
  g_assert_cmpuint (ll_key_store_certificates (fixture->store, NULL)->len, ==, 3);

  found = find (fixture, LL_PROTOCOL_SMIME, NULL, LL_KEYS_SECRET_ONLY);
  g_assert_cmpuint (found->len, ==, 1);
  alice = g_ptr_array_index (found, 0);
  g_assert_cmpstr (ll_key_get_gnupg_fingerprint (alice), ==, ours->fingerprint);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_SMIME, "bob@example.org", LL_KEYS_ANY), ==, 1);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_SMIME, "ob@example.org", LL_KEYS_ANY), ==, 0);

  by_sha1 = ll_key_store_get (fixture->store, LL_PROTOCOL_SMIME, ours->fingerprint, NULL);
  by_sha256
      = ll_key_store_get (fixture->store, LL_PROTOCOL_SMIME, ll_key_get_fingerprint (alice), NULL);
  g_assert_true (by_sha1 == alice && by_sha256 == alice);
}

/* Nobody can be started where the socket is a directory that is not empty. (transfer full) */
static char *
block_agent (Fixture *fixture)
{
  g_autoptr (GBytes) answer = ll_test_run (NULL, "gpgconf", "--list-dirs", "agent-socket", NULL);
  char *socket
      = g_strstrip (g_strndup (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer)));

  g_autofree char *in_the_way = NULL;

  ll_test_home_kill_agent (fixture->home);
  for (guint i = 0; i < 100 && g_file_test (socket, G_FILE_TEST_EXISTS); i++)
    g_usleep (20000);
  in_the_way = g_build_filename (socket, "in-the-way", NULL);
  g_assert_cmpint (g_mkdir_with_parents (in_the_way, 0700), ==, 0);
  return socket;
}

/* Without an agent the certificates are still there; only ours cannot be told. */
static void
test_no_agent (Fixture *fixture, gconstpointer data)
{
  LlTestCertSpec spec = { .name = "Alice", .address = "alice@example.org", .algorithm = "P-256" };
  g_autoptr (LlTestCert) alice = ll_test_cert_new (&spec);
  g_autofree char *socket = NULL;
  g_autofree char *in_the_way = NULL;
  g_autoptr (GError) error = NULL;

  ll_test_cert_import (fixture->home, alice, TRUE);
  socket = block_agent (fixture);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_SMIME, "alice@example.org", LL_KEYS_ANY), ==, 1);
  g_assert_false (ll_key_store_knows_secret (fixture->store, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED);
  g_clear_error (&error);
  g_assert_null (
      ll_key_store_find (fixture->store, LL_PROTOCOL_SMIME, NULL, LL_KEYS_SECRET_ONLY, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED);
  in_the_way = g_build_filename (socket, "in-the-way", NULL);
  g_assert_cmpint (g_rmdir (in_the_way), ==, 0);
  g_assert_cmpint (g_rmdir (socket), ==, 0);
}

/* Counts its runs, then is gpg. */
static void
count_gpg (Fixture *fixture)
{
  g_autofree char *log = g_build_filename (fixture->home->scratch, "runs", NULL);
  g_autofree char *script = g_strdup_printf ("#!/bin/sh\n"
                                             "case \" $* \" in *' --version '*) ;; *) "
                                             "echo run >> '%s' ;; esac\n"
                                             "exec gpg \"$@\"\n",
                                             log);

  fixture->policy->gpg_program = ll_test_home_write (fixture->home, "counting-gpg", script, -1);
  g_assert_cmpint (g_chmod (fixture->policy->gpg_program, 0700), ==, 0);
  g_assert_true (g_file_set_contents (log, "", 0, NULL));
  ll_key_store_free (fixture->store);
  fixture->store = ll_key_store_new (fixture->policy);
}

static guint
n_runs (Fixture *fixture)
{
  g_autoptr (GBytes) log = ll_test_home_read (fixture->home, "runs");

  return (guint)(g_bytes_get_size (log) / strlen ("run\n"));
}

static void
test_remembers (Fixture *fixture, gconstpointer data)
{
  g_autofree char *alice
      = ll_test_openpgp_key (fixture->home, "Alice <alice@example.org>", "ed25519", NULL);
  g_autoptr (LlKey) first = NULL;

  count_gpg (fixture);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpuint (count (fixture, LL_PROTOCOL_OPENPGP, "alice@example.org", LL_KEYS_ANY), ==,
                      1);
  g_assert_cmpuint (n_runs (fixture), ==, 1);

  /* a key that an answer held, and an answer that held none, are remembered too */
  first = ll_key_store_get (fixture->store, LL_PROTOCOL_OPENPGP, alice, NULL);
  g_assert_nonnull (first);
  g_assert_cmpuint (n_runs (fixture), ==, 1);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpuint (count (fixture, LL_PROTOCOL_OPENPGP, "eve@example.org", LL_KEYS_ANY), ==, 0);
  g_assert_cmpuint (n_runs (fixture), ==, 2);

  /* after a listing of all of them nothing needs to be asked */
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_OPENPGP, NULL, LL_KEYS_ANY), ==, 1);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_OPENPGP, "x@example.org", LL_KEYS_ANY), ==, 0);
  g_assert_cmpuint (n_runs (fixture), ==, 3);

  ll_key_store_forget (fixture->store);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_OPENPGP, "alice@example.org", LL_KEYS_ANY), ==, 1);
  g_assert_cmpuint (n_runs (fixture), ==, 4);
}

static void
test_prefetches (Fixture *fixture, gconstpointer data)
{
  static const char *const whats[]
      = { "alice@example.org", "nobody@example.org", "Bob <bob@example.org>", "nonsense", NULL };
  g_autofree char *alice
      = ll_test_openpgp_key (fixture->home, "Alice <alice@example.org>", "ed25519", NULL);
  g_autofree char *bob
      = ll_test_openpgp_key (fixture->home, "Bob <bob@example.org>", "ed25519", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (alice);
  g_assert_nonnull (bob);
  count_gpg (fixture);
  g_assert_true (ll_key_store_prefetch (fixture->store, LL_PROTOCOL_OPENPGP, whats, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_runs (fixture), ==, 1);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_OPENPGP, "Alice@Example.org", LL_KEYS_ANY), ==, 1);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_OPENPGP, "bob@example.org", LL_KEYS_SECRET_ONLY),
                    ==, 1);
  g_assert_cmpuint (count (fixture, LL_PROTOCOL_OPENPGP, "nobody@example.org", LL_KEYS_ANY), ==, 0);
  g_assert_cmpuint (n_runs (fixture), ==, 1);
}

static void
test_no_gpg (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->policy->gpg_program = g_strdup ("/nonexistent/gpg");
  ll_key_store_free (fixture->store);
  fixture->store = ll_key_store_new (fixture->policy);
  g_assert_null (ll_key_store_find (fixture->store, LL_PROTOCOL_OPENPGP, "alice@example.org",
                                    LL_KEYS_ANY, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_FAILED);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/key-store/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("an empty home has no keys, and that is no error", test_empty);
  ADD ("OpenPGP keys are found by their exact address and by fingerprint", test_openpgp);
  ADD ("what is neither an address nor a fingerprint finds nothing", test_nonsense);
  ADD ("certificates are found, and ours are known", test_smime);
  ADD ("without an agent the certificates are still there", test_no_agent);
  ADD ("each question is asked once", test_remembers);
  ADD ("a list of recipients is asked for at once", test_prefetches);
  ADD ("a gpg that is not there is an error", test_no_gpg);
  return g_test_run ();
}
