/* Who signs and who can read, with a real GnuPG home: everybody, or nobody. */
#include <config.h>

#include <string.h>

#include "base/error.h"
#include "keys/plan.h"
#include "tests/support.h"

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
  return g_test_run ();
}
