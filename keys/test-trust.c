/* Whether a key is believed: anchors from a file and from gpgsm's list, GnuPG's validity,
 * addresses, times. With a real GnuPG home. */
#include <config.h>

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "keys/key-private.h"
#include "keys/test-certificates.h"
#include "keys/trust.h"
#include "keys/trustlist.h"
#include "tests/support.h"

/* --- trustlist.txt ---------------------------------------------------------------------------- */

#define FIRST "0123456789ABCDEF0123456789ABCDEF01234567"
#define FIRST_COLONS "01:23:45:67:89:ab:cd:ef:01:23:45:67:89:AB:CD:EF:01:23:45:67"

typedef struct
{
  const char *name, *text, *included;
  LlTrustlistWord word; /* about FIRST */
} ListCase;

static const ListCase list_cases[] = {
  { "an empty list says nothing", "", NULL, LL_TRUSTLIST_SILENT },
  { "flag S trusts", FIRST " S\n", NULL, LL_TRUSTLIST_TRUSTED },
  { "a star trusts", FIRST " *\n", NULL, LL_TRUSTLIST_TRUSTED },
  { "options may follow", FIRST " S relax\n", NULL, LL_TRUSTLIST_TRUSTED },
  { "flag P is for OpenPGP", FIRST " P\n", NULL, LL_TRUSTLIST_SILENT },
  { "without a flag nobody is trusted", FIRST "\n", NULL, LL_TRUSTLIST_SILENT },
  { "colons and small letters are fine", "  " FIRST_COLONS " S\n", NULL, LL_TRUSTLIST_TRUSTED },
  { "a DOS line is fine", FIRST " S\r\n", NULL, LL_TRUSTLIST_TRUSTED },
  { "an exclamation mark refuses", "!" FIRST " S\n", NULL, LL_TRUSTLIST_REFUSED },
  { "also with a blank after it", "! " FIRST " S relax\n", NULL, LL_TRUSTLIST_REFUSED },
  { "the first line about a root counts", "!" FIRST " S\n" FIRST " S\n", NULL,
    LL_TRUSTLIST_REFUSED },
  { "a comment says nothing", "# " FIRST " S\n", NULL, LL_TRUSTLIST_SILENT },
  { "half a fingerprint says nothing", "01234567 S\n", NULL, LL_TRUSTLIST_SILENT },
  { "the system's list counts where it is included", "include-default\n", FIRST " S\n",
    LL_TRUSTLIST_TRUSTED },
  { "the system's list does not count otherwise", "# none\n", FIRST " S\n", LL_TRUSTLIST_SILENT },
  { "a list that includes itself ends", "include-default\n", "include-default\n" FIRST " S\n",
    LL_TRUSTLIST_TRUSTED },
};

static void
test_trustlist (gconstpointer data)
{
  const ListCase *the_case = data;
  g_autoptr (LlTrustlist) list = ll_trustlist_new_from_text (the_case->text, the_case->included);

  g_assert_cmpint (ll_trustlist_ask (list, FIRST), ==, the_case->word);
  g_assert_cmpint (ll_trustlist_is_empty (list), ==, the_case->word != LL_TRUSTLIST_TRUSTED);
}

/* --- OpenPGP, by hand ------------------------------------------------------------------------- */

typedef struct
{
  const char *name;
  const char *address; /* asked for */
  LlValidity validity, other_validity;
  gboolean uid_revoked, key_revoked;
  gint64 created, expires;
  LlAnswer binding, trust, time;
  LlReason binding_reason, trust_reason, time_reason;
} OpenpgpCase;

#define ALICE "alice@example.org"
#define YES LL_ANSWER_YES
#define NO LL_ANSWER_NO

static const OpenpgpCase openpgp_cases[] = {
  { "a fully valid key of the author is good", ALICE, LL_VALIDITY_FULL, 0, .binding = YES,
    .trust = YES, .time = YES },
  { "marginal validity is not enough", ALICE, LL_VALIDITY_MARGINAL, 0, .binding = YES, .trust = NO,
    .trust_reason = LL_REASON_MARGINAL, .time = YES },
  { "a key said never to be trusted is not", ALICE, LL_VALIDITY_NEVER, 0, .binding = YES,
    .trust = NO, .trust_reason = LL_REASON_NEVER_TRUSTED, .time = YES },
  { "unknown validity is not enough", ALICE, LL_VALIDITY_UNKNOWN, 0, .binding = YES, .trust = NO,
    .trust_reason = LL_REASON_VALIDITY_UNKNOWN, .time = YES },
  { "the validity of another user ID does not help", ALICE, LL_VALIDITY_UNKNOWN,
    LL_VALIDITY_ULTIMATE, .binding = YES, .trust = NO, .trust_reason = LL_REASON_VALIDITY_UNKNOWN,
    .time = YES },
  { "somebody else's key is not the author's", "eve@example.org", LL_VALIDITY_FULL, 0,
    .binding = NO, .binding_reason = LL_REASON_FROM_MISMATCH, .trust = YES, .time = YES },
  { "a revoked user ID does not bind", ALICE, LL_VALIDITY_UNKNOWN, LL_VALIDITY_FULL,
    .uid_revoked = TRUE, .binding = NO, .binding_reason = LL_REASON_UID_INVALID, .trust = NO,
    .trust_reason = LL_REASON_VALIDITY_UNKNOWN, .time = YES },
  { "for a file there is nothing to bind to, and the best user ID counts", NULL,
    LL_VALIDITY_UNKNOWN, LL_VALIDITY_FULL, .binding = LL_ANSWER_NOT_CHECKED, .trust = YES,
    .time = YES },
  { "a revoked key is revoked", ALICE, LL_VALIDITY_FULL, 0, .key_revoked = TRUE, .binding = YES,
    .trust = YES, .time = NO, .time_reason = LL_REASON_KEY_REVOKED },
  { "an expired key is expired", ALICE, LL_VALIDITY_FULL, 0, .expires = TEST_NOW - 1,
    .binding = YES, .trust = YES, .time = NO, .time_reason = LL_REASON_KEY_EXPIRED },
  { "a key of tomorrow is not yet valid", ALICE, LL_VALIDITY_FULL, 0, .created = TEST_NOW + 1,
    .binding = YES, .trust = YES, .time = NO, .time_reason = LL_REASON_NOT_YET_VALID },
};

static void
add_user_id (LlKey *key, const char *address, LlValidity validity, gboolean revoked)
{
  LlUserId *id = ll_key_add_user_id (key);

  id->text = g_strdup (address);
  id->address = g_strdup (address);
  id->validity = validity;
  id->revoked = revoked;
}

static void
assert_axis (LlAxis axis, LlAnswer answer, LlReason reason)
{
  g_assert_cmpstr (ll_reason_name (axis.reason), ==, ll_reason_name (reason));
  g_assert_cmpint (axis.answer, ==, answer);
}

static void
test_openpgp (gconstpointer data)
{
  const OpenpgpCase *the_case = data;
  g_autoptr (LlPolicy) policy = ll_policy_new ();
  g_autoptr (LlKeyStore) store = NULL;
  g_autoptr (LlTrust) trust = NULL;
  g_autoptr (LlKey) key = ll_key_new (LL_PROTOCOL_OPENPGP);
  g_autoptr (LlKeyOpinion) opinion = NULL;

  policy->at = TEST_NOW;
  store = ll_key_store_new (policy);
  trust = ll_trust_new (policy, store, NULL);
  key->fingerprint = g_strdup (FIRST);
  key->revoked = the_case->key_revoked;
  key->created = the_case->created;
  key->expires = the_case->expires;
  ll_key_add_subkey (key)->fingerprint = g_strdup (FIRST);
  add_user_id (key, ALICE, the_case->validity, the_case->uid_revoked);
  add_user_id (key, "other@example.org", the_case->other_validity, FALSE);

  opinion = ll_trust_judge (trust, ll_key_freeze (key), the_case->address, NULL);
  assert_axis (opinion->binding, the_case->binding, the_case->binding_reason);
  assert_axis (opinion->trust, the_case->trust, the_case->trust_reason);
  assert_axis (opinion->time, the_case->time, the_case->time_reason);
  g_assert_cmpint (opinion->judged_at, ==, TEST_NOW);
  g_assert_false (opinion->revocation_checked);
}

/* --- with a GnuPG home ------------------------------------------------------------------------ */

typedef struct
{
  LlTestHome *home;
  LlPolicy *policy;
  LlKeyStore *store;
  LlTestCert *root, *alice;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  LlTestCertSpec root = { .name = "Test Root", .algorithm = "P-256", .authority = TRUE };
  LlTestCertSpec alice = { .name = "Alice", .address = ALICE, .algorithm = "P-256" };

  fixture->home = ll_test_home_new ();
  fixture->policy = ll_policy_new ();
  fixture->store = ll_key_store_new (fixture->policy);
  fixture->root = ll_test_cert_new (&root);
  alice.issuer = fixture->root;
  fixture->alice = ll_test_cert_new (&alice);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ll_key_store_free (fixture->store);
  ll_policy_free (fixture->policy);
  ll_test_cert_free (fixture->root);
  ll_test_cert_free (fixture->alice);
  ll_test_home_free (fixture->home);
}

static LlKey *
find_alice (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  LlKey *key
      = ll_key_store_get (fixture->store, LL_PROTOCOL_SMIME, fixture->alice->fingerprint, &error);

  g_assert_no_error (error);
  g_assert_nonnull (key);
  return key;
}

static LlKeyOpinion *
judge_alice (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LlTrust) trust = ll_trust_new (fixture->policy, fixture->store, &error);
  g_autoptr (LlKey) key = find_alice (fixture);

  g_assert_no_error (error);
  return ll_trust_judge (trust, key, ALICE, NULL);
}

static void
test_no_anchor (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LlKeyOpinion) opinion = NULL;

  ll_test_cert_import (fixture->home, fixture->root, FALSE);
  ll_test_cert_import (fixture->home, fixture->alice, FALSE);
  opinion = judge_alice (fixture);
  assert_axis (opinion->binding, YES, LL_REASON_NONE);
  assert_axis (opinion->trust, NO, LL_REASON_ROOT_NOT_TRUSTED);
  assert_axis (opinion->time, YES, LL_REASON_REVOCATION_NOT_CHECKED);
  g_assert_null (opinion->trust_source);
  g_assert_cmpuint (opinion->chain->len, ==, 2);
}

static void
test_trustlist_anchor (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LlKeyOpinion) opinion = NULL;

  ll_test_cert_import (fixture->home, fixture->root, FALSE);
  ll_test_cert_import (fixture->home, fixture->alice, FALSE);
  ll_test_cert_trust (fixture->home, fixture->root);
  opinion = judge_alice (fixture);
  assert_axis (opinion->trust, YES, LL_REASON_NONE);
  g_assert_cmpstr (opinion->trust_source, ==, "trustlist.txt");
  g_assert_cmpstr (opinion->address, ==, ALICE);
}

/* SC-12: the list names the root, but only a message has brought it. */
static void
test_listed_but_not_at_home (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LlKeyOpinion) opinion = NULL;

  ll_test_cert_import (fixture->home, fixture->alice, FALSE);
  ll_test_cert_trust (fixture->home, fixture->root);
  opinion = judge_alice (fixture);
  assert_axis (opinion->trust, NO, LL_REASON_ISSUER_MISSING);
}

static void
test_anchors_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LlKeyOpinion) opinion = NULL;

  ll_test_cert_import (fixture->home, fixture->alice, FALSE);
  fixture->policy->anchors_file
      = ll_test_home_write (fixture->home, "anchors.pem", fixture->root->pem, -1);
  opinion = judge_alice (fixture);
  assert_axis (opinion->trust, YES, LL_REASON_NONE);
  g_assert_cmpstr (opinion->trust_source, ==, "anchors-file");
  g_assert_cmpuint (opinion->chain->len, ==, 2);
}

static void
test_refused_root (Fixture *fixture, gconstpointer data)
{
  g_autofree char *list = g_build_filename (fixture->home->path, "trustlist.txt", NULL);
  g_autofree char *line = g_strdup_printf ("!%s S\n", fixture->root->fingerprint);
  g_autoptr (LlKeyOpinion) opinion = NULL;

  ll_test_cert_import (fixture->home, fixture->alice, FALSE);
  fixture->policy->anchors_file
      = ll_test_home_write (fixture->home, "anchors.pem", fixture->root->pem, -1);
  g_assert_true (g_file_set_contents (list, line, -1, NULL));
  opinion = judge_alice (fixture);
  assert_axis (opinion->trust, NO, LL_REASON_NEVER_TRUSTED);
}

/* gpg-agent was told not to read the user's list: then it does not count here either. */
static void
test_no_user_trustlist (Fixture *fixture, gconstpointer data)
{
  g_autofree char *conf = g_build_filename (fixture->home->path, "gpg-agent.conf", NULL);
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr (LlKeyOpinion) opinion = NULL;

  g_assert_true (g_file_get_contents (conf, &before, NULL, NULL));
  after = g_strconcat (before, "\nno-user-trustlist\n", NULL);
  g_assert_true (g_file_set_contents (conf, after, -1, NULL));
  ll_test_cert_import (fixture->home, fixture->root, FALSE);
  ll_test_cert_import (fixture->home, fixture->alice, FALSE);
  ll_test_cert_trust (fixture->home, fixture->root);
  opinion = judge_alice (fixture);
  assert_axis (opinion->trust, NO, LL_REASON_ROOT_NOT_TRUSTED);
}

static void
test_at (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LlKeyOpinion) opinion = NULL;

  ll_test_cert_import (fixture->home, fixture->alice, FALSE);
  fixture->policy->anchors_file
      = ll_test_home_write (fixture->home, "anchors.pem", fixture->root->pem, -1);
  fixture->policy->at = ll_clock_now () + 10 * TEST_YEAR;
  opinion = judge_alice (fixture);
  assert_axis (opinion->trust, YES, LL_REASON_NONE);
  assert_axis (opinion->time, NO, LL_REASON_KEY_EXPIRED);
  g_assert_cmpint (opinion->judged_at, ==, fixture->policy->at);
}

static void
test_bad_anchors_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->policy->anchors_file = g_strdup ("/nonexistent/anchors.pem");
  g_assert_null (ll_trust_new (fixture->policy, fixture->store, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT);
  g_assert_nonnull (strstr (error->message, "/nonexistent/anchors.pem"));

  g_clear_error (&error);
  g_free (fixture->policy->anchors_file);
  fixture->policy->anchors_file
      = ll_test_home_write (fixture->home, "anchors.pem", "no certificate\n", -1);
  g_assert_null (ll_trust_new (fixture->policy, fixture->store, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
}

static void
test_own_openpgp_key (Fixture *fixture, gconstpointer data)
{
  g_autofree char *fingerprint
      = ll_test_openpgp_key (fixture->home, "Alice <alice@example.org>", "ed25519", NULL);
  g_autoptr (LlTrust) trust = ll_trust_new (fixture->policy, fixture->store, NULL);
  g_autoptr (LlKey) key = ll_key_store_get (fixture->store, LL_PROTOCOL_OPENPGP, fingerprint, NULL);
  g_autoptr (LlKeyOpinion) opinion = NULL;

  g_assert_nonnull (key);
  opinion = ll_trust_judge (trust, key, ALICE, NULL);
  assert_axis (opinion->binding, YES, LL_REASON_NONE);
  assert_axis (opinion->trust, YES, LL_REASON_NONE);
  assert_axis (opinion->time, YES, LL_REASON_NONE);
  g_assert_cmpstr (opinion->trust_source, ==, "ultimate");
  g_assert_null (opinion->chain);
}

#define ADD(name, function) g_test_add ("/trust/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (list_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/trustlist/", list_cases[i].name, NULL);

      g_test_add_data_func (path, &list_cases[i], test_trustlist);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (openpgp_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/trust/", openpgp_cases[i].name, NULL);

      g_test_add_data_func (path, &openpgp_cases[i], test_openpgp);
    }
  ADD ("without an anchor a certificate is not trusted", test_no_anchor);
  ADD ("a root in gpgsm's list is an anchor", test_trustlist_anchor);
  ADD ("a root that is listed but not at home is none (SC-12)", test_listed_but_not_at_home);
  ADD ("a root in the anchors file is an anchor", test_anchors_file);
  ADD ("a root that the user refused is never trusted", test_refused_root);
  ADD ("gpg-agent's no-user-trustlist counts", test_no_user_trustlist);
  ADD ("another time is judged as that time", test_at);
  ADD ("an anchors file that cannot be used is an error that names it", test_bad_anchors_file);
  ADD ("one's own OpenPGP key is trusted ultimately", test_own_openpgp_key);
  return g_test_run ();
}
