/* Who signs and who can read, with a real GnuPG home: everybody, or nobody. */
#include <config.h>

#include <string.h>

#include "base/error.h"
#include "base/clock.h"
#include "keys/plan.h"
#include "tests/support.h"

#define WEAK_LIST "\x30\x0c\x30\x0a\x06\x08\x2a\x86\x48\x86\xf7\x0d\x03\x07" /* 3DES */
#define CBC_LIST "\x30\x0d\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a"

typedef struct
{
  LlTestHome *home;
  LlPolicy *policy;
  LlKeyStore *store;
  LlTrust *trust;
  LlPlanRequest request;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->home = ll_test_home_new ();
  fixture->policy = ll_policy_new ();
  fixture->store = ll_key_store_new (fixture->policy);
  fixture->trust = ll_trust_new (fixture->policy, fixture->store, NULL);
  fixture->request = (LlPlanRequest){ .sign = TRUE, .encrypt = TRUE, .from = "alice@example.org" };
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ll_trust_free (fixture->trust);
  ll_key_store_free (fixture->store);
  ll_policy_free (fixture->policy);
  ll_test_home_free (fixture->home);
}

static LlPlan *
plan (Fixture *fixture, GError **error, const char *first, const char *second)
{
  const char *const recipients[] = { first, second, NULL };

  fixture->request.recipients = recipients;
  return ll_plan_make (fixture->store, fixture->trust, fixture->policy, &fixture->request, error);
}

/* Anchors are read when the trust is made. */
static void
reopen (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  ll_trust_free (fixture->trust);
  ll_key_store_forget (fixture->store);
  fixture->trust = ll_trust_new (fixture->policy, fixture->store, &error);
  g_assert_no_error (error);
}

static void
test_openpgp (Fixture *fixture, gconstpointer data)
{
  g_autofree char *alice
      = ll_test_openpgp_key (fixture->home, "Alice <alice@example.org>", "ed25519", NULL);
  g_autofree char *bob
      = ll_test_openpgp_key (fixture->home, "Bob <bob@example.org>", "ed25519", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (LlPlan) good = plan (fixture, &error, "bob@example.org", bob);
  g_autoptr (LlPlan) bad = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (good->protocol, ==, LL_PROTOCOL_OPENPGP);
  g_assert_cmpstr (ll_key_get_fingerprint (good->signer), ==, alice);
  g_assert_cmpuint (good->recipients->len, ==, 2); /* Bob once, and ourselves (E2E-06) */
  g_assert_cmpstr (g_ptr_array_index (good->recipient_names, 0), ==, "bob@example.org");
  g_assert_cmpstr (g_ptr_array_index (good->recipient_names, 1), ==, "");
  g_assert_true (good->to_self);

  /* one without a key is enough (rule 1), and is named */
  bad = plan (fixture, &error, "bob@example.org", "carol@example.org");
  g_assert_null (bad);
  g_assert_error (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT);
  g_assert_nonnull (strstr (error->message, "carol@example.org"));
  g_assert_null (strstr (error->message, "bob@example.org: no OpenPGP"));
}

static void
revoke_user_id (const char *fingerprint, const char *user_id)
{
  g_bytes_unref (ll_test_run (NULL, "gpg", "--batch", "--quick-add-uid", fingerprint,
                              "Bob <new@example.org>", NULL));
  g_bytes_unref (
      ll_test_run (NULL, "gpg", "--batch", "--quick-revoke-uid", fingerprint, user_id, NULL));
}

/* Also when the validity of keys does not matter: whose key it is still does. */
static void
test_revoked_user_id (Fixture *fixture, gconstpointer data)
{
  g_autofree char *bob
      = ll_test_openpgp_key (fixture->home, "Bob <bob@example.org>", "ed25519", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (LlPlan) good = NULL;

  revoke_user_id (bob, "Bob <bob@example.org>");
  fixture->request.sign = FALSE;
  fixture->policy->always_trust = TRUE;
  g_assert_null (plan (fixture, &error, "bob@example.org", NULL));
  g_assert_error (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT);
  g_assert_nonnull (strstr (error->message, "withdrawn this address"));
  g_clear_error (&error);
  good = plan (fixture, &error, "new@example.org", NULL);
  g_assert_no_error (error);

  fixture->request.sign = TRUE;
  fixture->request.encrypt = FALSE;
  fixture->request.from = "bob@example.org";
  g_assert_null (plan (fixture, &error, NULL, NULL));
  g_assert_error (error, LL_ERROR, LL_ERROR_CANNOT_SIGN);
}

static void
test_unknown_validity (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) key = NULL;
  g_autofree char *carol = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlPlan) named = NULL;
  g_autoptr (LlPlan) always = NULL;

  tear_down (fixture, NULL); /* the key comes from another home */
  {
    g_autoptr (LlTestHome) other = ll_test_home_new ();

    carol = ll_test_openpgp_key (other, "Carol <carol@example.org>", "ed25519", NULL);
    key = ll_test_run (NULL, "gpg", "--batch", "--armor", "--export", carol, NULL);
  }
  set_up (fixture, NULL);
  g_bytes_unref (ll_test_run (key, "gpg", "--batch", "--quiet", "--import", NULL));
  fixture->request.sign = FALSE;

  g_assert_null (plan (fixture, &error, "carol@example.org", NULL));
  g_assert_error (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT);
  g_assert_nonnull (strstr (error->message, "nobody whom you trust"));
  g_clear_error (&error);

  named = plan (fixture, &error, carol, NULL);
  g_assert_no_error (error);
  g_assert_cmpuint (named->recipients->len, ==, 1);
  fixture->policy->always_trust = TRUE;
  always = plan (fixture, &error, "carol@example.org", NULL);
  g_assert_no_error (error);
}

/* SC-11: a certificate is encrypted to when its path holds, whoever names it and however. */
static void
test_smime (Fixture *fixture, gconstpointer data)
{
  LlTestCertSpec root_spec = { .name = "Root", .algorithm = "P-256", .authority = TRUE };
  g_autoptr (LlTestCert) root = ll_test_cert_new (&root_spec);
  LlTestCertSpec alice_spec
      = { .name = "Alice", .address = "alice@example.org", .algorithm = "P-256", .issuer = root };
  LlTestCertSpec bob_spec
      = { .name = "Bob", .address = "bob@example.org", .algorithm = "P-256", .issuer = root };
  g_autoptr (LlTestCert) alice = ll_test_cert_new (&alice_spec);
  g_autoptr (LlTestCert) bob = ll_test_cert_new (&bob_spec);
  g_autoptr (GError) error = NULL;
  g_autoptr (LlPlan) good = NULL;

  ll_test_cert_import (fixture->home, alice, TRUE);
  ll_test_cert_import (fixture->home, bob, FALSE);
  fixture->policy->always_trust = TRUE;
  fixture->request.protocol = LL_PROTOCOL_SMIME;
  g_assert_null (plan (fixture, &error, "bob@example.org", NULL));
  g_assert_error (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT);
  g_assert_nonnull (strstr (error->message, "authority that issued it is not here"));
  g_clear_error (&error);
  g_assert_null (plan (fixture, &error, bob->fingerprint, NULL));
  g_clear_error (&error);

  fixture->policy->anchors_file = ll_test_home_write (fixture->home, "a.pem", root->pem, -1);
  reopen (fixture);
  fixture->request.protocol = LL_PROTOCOL_UNKNOWN; /* nobody has an OpenPGP key */
  good = plan (fixture, &error, "bob@example.org", NULL);
  g_assert_no_error (error);
  g_assert_cmpint (good->protocol, ==, LL_PROTOCOL_SMIME);
  g_assert_cmpstr (ll_key_get_gnupg_fingerprint (good->signer), ==, alice->fingerprint);
  g_assert_cmpuint (good->recipients->len, ==, 2);
}

/* --- what peers have taught ------------------------------------------------------------------- */

typedef struct
{
  LlTestCert *root, *alice, *bob;
} People;

static void
people_clear (People *people)
{
  ll_test_cert_free (people->root);
  ll_test_cert_free (people->alice);
  ll_test_cert_free (people->bob);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (People, people_clear)

static LlTestCert *
certificate (Fixture *fixture, const People *people, const char *name, const char *address,
             const char *key_usage, int days, gboolean with_key)
{
  LlTestCertSpec spec = { .name = name,
                          .address = address,
                          .algorithm = "P-256",
                          .key_usage = key_usage,
                          .issuer = people->root,
                          .days_from = -1,
                          .days_to = days };
  LlTestCert *made = ll_test_cert_new (&spec);

  ll_test_cert_import (fixture->home, made, with_key);
  return made;
}

/* Alice is us, Bob is not, and both are trusted; nothing is known of anybody. */
static void
meet (Fixture *fixture, People *people)
{
  LlTestCertSpec root_spec = { .name = "Root", .algorithm = "P-256", .authority = TRUE };
  g_autofree char *path = g_build_filename (fixture->home->scratch, "peers.sqlite", NULL);

  people->root = ll_test_cert_new (&root_spec);
  people->alice = certificate (fixture, people, "Alice", "alice@example.org", NULL, 300, TRUE);
  people->bob = certificate (fixture, people, "Bob", "bob@example.org", NULL, 300, FALSE);
  fixture->policy->anchors_file
      = ll_test_home_write (fixture->home, "a.pem", people->root->pem, -1);
  reopen (fixture);
  fixture->request.protocol = LL_PROTOCOL_SMIME;
  fixture->request.peers = ll_peers_new (path);
}

static LlKey *
key_of (Fixture *fixture, const LlTestCert *cert)
{
  LlKey *key = ll_key_store_get (fixture->store, LL_PROTOCOL_SMIME, cert->fingerprint, NULL);

  g_assert_nonnull (key);
  return key;
}

/* Each lesson is a little newer than the one before. */
static void
teach (Fixture *fixture, const char *address, const LlTestCert *signer, const LlTestCert *preferred,
       GBytes *capabilities)
{
  static gint64 ago = 1000;
  g_autoptr (LlKey) signer_key = key_of (fixture, signer);
  g_autoptr (LlKey) preferred_key = preferred != NULL ? key_of (fixture, preferred) : NULL;
  LlPeer news = {
    .address = (char *)address,
    .signer = (char *)ll_key_get_fingerprint (signer_key),
    .encryption = preferred_key != NULL ? (char *)ll_key_get_fingerprint (preferred_key) : NULL,
    .capabilities = capabilities,
    .signed_at = ll_clock_now () - ago--,
  };
  LlLearnt learnt;

  g_assert_true (ll_peers_learn (fixture->request.peers, &news, &learnt, NULL));
  g_assert_cmpint (learnt, !=, LL_LEARNT_NOTHING);
}

static void
assert_cipher (Fixture *fixture, const char *second, LlCipher cipher, LlCipherReason reason,
               const LlTestCert *because)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LlPlan) made = plan (fixture, &error, "bob@example.org", second);

  g_assert_no_error (error);
  g_assert_cmpstr (ll_cipher_name (made->cipher), ==, ll_cipher_name (cipher));
  g_assert_cmpstr (ll_cipher_reason_name (made->cipher_reason), ==, ll_cipher_reason_name (reason));
  g_assert_cmpstr (made->cipher_because != NULL
                       ? ll_key_get_gnupg_fingerprint (made->cipher_because)
                       : NULL,
                   ==, because != NULL ? because->fingerprint : NULL);
  g_assert_cmpuint (made->recipient_opinions->len, ==, made->recipients->len);
  /* OAEP and derived keys are only for who said so */
  g_assert_cmpuint (made->readable, ==,
                    reason == LL_CIPHER_BEST ? LL_CAPABILITY_OAEP | LL_CAPABILITY_CEK_HKDF : 0);
}

static void
test_cipher (Fixture *fixture, gconstpointer data)
{
  g_auto (People) people = { 0 };
  g_autoptr (LlTestCert) carol = NULL;
  g_autoptr (GBytes) ours = ll_capabilities_ours (0);
  g_autoptr (GBytes) cbc = g_bytes_new_static (CBC_LIST, sizeof CBC_LIST - 1);

  meet (fixture, &people);
  carol = certificate (fixture, &people, "Carol", "carol@example.org", NULL, 300, FALSE);
  reopen (fixture);
  assert_cipher (fixture, NULL, LL_CIPHER_AES_256_CBC, LL_CIPHER_PEER_UNKNOWN, people.bob);
  teach (fixture, "bob@example.org", people.bob, NULL, NULL); /* a certificate alone says nothing */
  assert_cipher (fixture, NULL, LL_CIPHER_AES_256_CBC, LL_CIPHER_PEER_UNKNOWN, people.bob);
  teach (fixture, "bob@example.org", people.bob, NULL, ours);
  assert_cipher (fixture, NULL, LL_CIPHER_AES_256_GCM, LL_CIPHER_BEST, NULL);
  /* another program may be reading at an address of ours */
  assert_cipher (fixture, "alice@example.org", LL_CIPHER_AES_256_CBC, LL_CIPHER_PEER_UNKNOWN,
                 people.alice);
  assert_cipher (fixture, "carol@example.org", LL_CIPHER_AES_256_CBC, LL_CIPHER_PEER_UNKNOWN,
                 carol);
  teach (fixture, "carol@example.org", carol, NULL, cbc);
  assert_cipher (fixture, "carol@example.org", LL_CIPHER_AES_256_CBC, LL_CIPHER_PEER_CANNOT, carol);
  assert_cipher (fixture, carol->fingerprint, LL_CIPHER_AES_256_CBC, LL_CIPHER_PEER_CANNOT, carol);
  fixture->policy->cipher = LL_CIPHER_AES_128_GCM;
  assert_cipher (fixture, "carol@example.org", LL_CIPHER_AES_128_GCM, LL_CIPHER_WANTED, NULL);
  fixture->request.cipher = LL_CIPHER_AES_192_CBC;
  assert_cipher (fixture, "carol@example.org", LL_CIPHER_AES_192_CBC, LL_CIPHER_WANTED, NULL);
  fixture->request.cipher = fixture->policy->cipher = LL_CIPHER_CHOOSE;
  fixture->policy->strict = TRUE;
  assert_cipher (fixture, "carol@example.org", LL_CIPHER_AES_256_GCM, LL_CIPHER_WANTED, NULL);
  ll_peers_free (fixture->request.peers);
}

static void
test_weak_peer (Fixture *fixture, gconstpointer data)
{
  g_auto (People) people = { 0 };
  g_autoptr (GBytes) weak = g_bytes_new_static (WEAK_LIST, sizeof WEAK_LIST - 1);
  g_autoptr (GError) error = NULL;

  meet (fixture, &people);
  teach (fixture, "bob@example.org", people.bob, NULL, weak);
  g_assert_null (plan (fixture, &error, "bob@example.org", NULL));
  g_assert_error (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT);
  g_assert_nonnull (strstr (error->message, "bob@example.org: what their program says"));
  g_assert_nonnull (strstr (error->message, "--cipher"));
  fixture->request.cipher = LL_CIPHER_AES_256_CBC;
  assert_cipher (fixture, NULL, LL_CIPHER_AES_256_CBC, LL_CIPHER_WANTED, NULL);
  ll_peers_free (fixture->request.peers);
}

static void
test_broken_peers (Fixture *fixture, gconstpointer data)
{
  g_auto (People) people = { 0 };
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlPlan) made = NULL;

  meet (fixture, &people);
  path = ll_test_home_write (fixture->home, "peers.sqlite", "not a database, but a letter\n", -1);
  made = plan (fixture, &error, "bob@example.org", NULL);
  g_assert_no_error (error);
  g_assert_cmpint (made->cipher, ==, LL_CIPHER_AES_256_CBC);
  g_assert_error (made->peers_error, LL_ERROR, LL_ERROR_BAD_DATA);
  ll_peers_free (fixture->request.peers);
}

static void
assert_written_to (Fixture *fixture, const LlTestCert *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LlPlan) made = plan (fixture, &error, "bob@example.org", NULL);

  g_assert_no_error (error);
  g_assert_cmpstr (ll_key_get_gnupg_fingerprint (g_ptr_array_index (made->recipients, 0)), ==,
                   expected->fingerprint);
}

/* SM-30: three certificates to encrypt to, and one to sign with. */
static void
test_preference (Fixture *fixture, gconstpointer data)
{
  g_auto (People) people = { 0 };
  g_autoptr (LlTestCert) signing = NULL, same_name = NULL, expired = NULL, longest = NULL;

  meet (fixture, &people);
  signing
      = certificate (fixture, &people, "Robert", "bob@example.org", "digitalSignature", 300, FALSE);
  same_name
      = certificate (fixture, &people, "Robert", "bob@example.org", "keyAgreement", 100, FALSE);
  longest = certificate (fixture, &people, "B.", "bob@example.org", "keyAgreement", 900, FALSE);
  reopen (fixture);
  assert_written_to (fixture, longest); /* nothing is known: the resolver's own rule (SC-23) */
  teach (fixture, "bob@example.org", signing, NULL, NULL);
  assert_written_to (fixture, same_name);
  teach (fixture, "bob@example.org", signing, people.bob, NULL);
  assert_written_to (fixture, people.bob);
  /* one that cannot be encrypted to is no preference */
  teach (fixture, "bob@example.org", signing, signing, NULL);
  assert_written_to (fixture, same_name);
  ll_peers_free (fixture->request.peers);
}

#define ADD(name, function) g_test_add ("/plan/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("OpenPGP: everybody has a key, or nothing is planned (rule 1)", test_openpgp);
  ADD ("OpenPGP: a key whose user ID is revoked is not for that address", test_revoked_user_id);
  ADD ("OpenPGP: a key that nobody vouches for must be named by its fingerprint",
       test_unknown_validity);
  ADD ("S/MIME: without a path nothing is encrypted (SC-11)", test_smime);
  ADD ("S/MIME: AES-256-GCM for those who can read it, AES-256-CBC otherwise (SM-10)", test_cipher);
  ADD ("S/MIME: who can read 3DES only is not written to (SM-11)", test_weak_peer);
  ADD ("S/MIME: what peers taught cannot be looked up, and that is said", test_broken_peers);
  ADD ("S/MIME: the preferred certificate, then the one of the same name, then our own rule "
       "(SM-30)",
       test_preference);
  return g_test_run ();
}
