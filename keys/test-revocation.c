/* Whether a certificate was revoked: CRLs at hand, in the message, by HTTP through a real dirmngr,
 * and answers of “openssl ocsp”, all on loopback. */
#include <config.h>

#include <openssl/pem.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/limits.h"
#include "bridge/call-dirmngr.h"
#include "bridge/openssl-glue.h"
#include "keys/key-private.h"
#include "keys/resolver.h"
#include "keys/test-revocation-server.h"
#include "keys/trust.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-ksba-name-private.h"
#include "tests/support.h"

#define DAY G_GINT64_CONSTANT (86400)
#define CRL_PATH "/ca.crl"

/* A root, a person whose certificate names a CRL and perhaps a responder, a server for both, and
 * a GnuPG home whose dirmngr may go to that server. */
typedef struct
{
  LlTestHome *home;
  TestServer *server;
  TestCertificate *root, *other, *person;
  char *crl_url;
  gint64 now;
  LlPolicy *policy;
  LlKeyStore *store;
} World;

static TestCertificate *
make_root (const char *name, const char *algorithm)
{
  g_autofree char *subject = g_strconcat ("O=Test/CN=", name, NULL);
  TestCertificateSpec spec
      = { .subject = subject,
          .algorithm = algorithm,
          .extensions = { "basicConstraints", "critical,CA:TRUE", "keyUsage",
                          "critical,keyCertSign,cRLSign", "subjectKeyIdentifier", "hash" } };

  return test_certificate_new (&spec);
}

/* `crl`, `ocsp`: URLs, or NULL. */
static TestCertificate *
make_person (const World *world, const char *crl, const char *ocsp)
{
  g_autofree char *point = g_strconcat ("URI:", crl, NULL);
  g_autofree char *responder = g_strconcat ("OCSP;URI:", ocsp, NULL);
  TestCertificateSpec spec = {
    .subject = "CN=Alice Example/O=Example",
    .issuer = world->root,
    .extensions = { "basicConstraints", "critical,CA:FALSE", "keyUsage",
                    "critical,digitalSignature,keyAgreement", "extendedKeyUsage", "emailProtection",
                    "subjectAltName", "email:alice@example.org" },
  };
  guint n = 8;

  if (crl != NULL)
    {
      spec.extensions[n++] = "crlDistributionPoints";
      spec.extensions[n++] = point;
    }
  if (ocsp != NULL)
    {
      spec.extensions[n++] = "authorityInfoAccess";
      spec.extensions[n++] = responder;
    }
  return test_certificate_new (&spec);
}

static char *
write_certificate (const World *world, const char *name, const TestCertificate *certificate)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  char *data = NULL;
  long length;

  PEM_write_bio_X509 (bio, ll_x509_cert_get (certificate->key));
  length = BIO_get_mem_data (bio, &data);
  return ll_test_home_write (world->home, name, data, length);
}

static World *
world_new_with (const char *algorithm)
{
  World *world = g_new0 (World, 1);
  g_autofree char *conf = NULL;

  world->home = ll_test_home_new ();
  conf = g_build_filename (world->home->path, "dirmngr.conf", NULL);
  g_assert_true (g_file_set_contents (conf, "disable-ldap\nno-use-tor\n", -1, NULL));
  world->server = test_server_new ();
  world->crl_url = test_server_url (world->server, CRL_PATH);
  world->now = ll_clock_now ();
  world->root = make_root ("Revoking root", algorithm);
  world->other = make_root ("Revoking root", algorithm); /* the same name, another key */
  world->person = make_person (world, world->crl_url, NULL);
  world->policy = ll_policy_new ();
  world->policy->system_anchors = FALSE;
  world->policy->fetch_local = TRUE; /* the servers of these tests are on this computer */
  world->policy->anchors_file = write_certificate (world, "root.pem", world->root);
  world->store = ll_key_store_new (world->policy);
  return world;
}

static World *
world_new (void)
{
  return world_new_with ("P-256");
}

static void
world_free (World *world)
{
  ll_key_store_free (world->store);
  ll_policy_free (world->policy);
  test_certificate_free (world->person);
  test_certificate_free (world->other);
  test_certificate_free (world->root);
  test_server_free (world->server);
  ll_test_home_free (world->home);
  g_free (world->crl_url);
  g_free (world);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, world_free)

/* A CRL of the root, from `from` to `until` days from now; `revoked` may be NULL. */
static GBytes *
make_crl (const World *world, int from, int until, const LlKey *revoked, int reason)
{
  TestCrl crl = { .issuer = world->root,
                  .this_update = world->now + from * DAY,
                  .next_update = world->now + until * DAY,
                  .revoked = { revoked },
                  .revoked_at = world->now + (from - 1) * DAY,
                  .reason = reason };

  return test_crl_new (&crl);
}

static void
serve (const World *world, GBytes *crl)
{
  test_server_put (world->server, CRL_PATH, crl);
  g_bytes_unref (crl);
}

static LlKeyOpinion *
judge_with (const World *world, const TestCertificate *person, GPtrArray *crls,
            GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LlTrust) trust = ll_trust_new (world->policy, world->store, &error);
  LlTrustMaterial material = { .address = "alice@example.org", .crls = crls };

  g_assert_no_error (error);
  ll_trust_set_cancellable (trust, cancellable);
  return ll_trust_judge_signature (trust, person->key, &material);
}

static LlKeyOpinion *
judge (const World *world)
{
  return judge_with (world, world->person, NULL, NULL);
}

static const LlRevocation *
answer_of (const LlKeyOpinion *opinion)
{
  g_assert_nonnull (opinion->revocations);
  g_assert_cmpuint (opinion->revocations->len, ==, 1);
  return g_ptr_array_index (opinion->revocations, 0);
}

static void
assert_answer (const LlKeyOpinion *opinion, LlRevocationWord word, LlReason reason,
               const char *source)
{
  const LlRevocation *answer = answer_of (opinion);

  g_assert_cmpstr (ll_revocation_word_name (answer->word), ==, ll_revocation_word_name (word));
  g_assert_cmpstr (ll_reason_name (answer->reason), ==, ll_reason_name (reason));
  if (word != LL_REVOCATION_UNKNOWN)
    g_assert_cmpstr (answer->source, ==, source);
  g_assert_cmpint (opinion->revocation_checked, ==, word != LL_REVOCATION_UNKNOWN);
}

static void
assert_time (const LlKeyOpinion *opinion, LlAnswer answer, LlReason reason)
{
  g_assert_cmpstr (ll_reason_name (opinion->time.reason), ==, ll_reason_name (reason));
  g_assert_cmpint (opinion->time.answer, ==, answer);
}

/* --- CRLs at hand ----------------------------------------------------------------------------- */

typedef struct
{
  const char *name;
  int from, until; /* days from now */
  gboolean revoked;
  int reason;
  int at; /* judged this many days ago */
  LlRevocationWord word;
  LlReason why;
  const char *digest;
  gboolean forged; /* signed by the other root of the same name */
} FileCase;

#define UNKNOWN(reason) LL_REVOCATION_UNKNOWN, LL_REASON_REVOCATION_##reason
#define GOOD LL_REVOCATION_GOOD, LL_REASON_NONE
#define REVOKED LL_REVOCATION_REVOKED, LL_REASON_KEY_REVOKED

static const FileCase file_cases[] = {
  { "a fresh CRL that does not list it is good", -1, 7, FALSE, -1, 0, GOOD },
  { "a fresh CRL that lists it revokes", -1, 7, TRUE, 1, 0, REVOKED },
  { "also without a reason", -1, 7, TRUE, -1, 0, REVOKED },
  { "a hold revokes while it lasts", -1, 7, TRUE, 6, 0, REVOKED },
  { "an expired CRL is good for nothing", -9, -2, FALSE, -1, 0, UNKNOWN (EXPIRED) },
  { "an expired CRL still revokes", -9, -2, TRUE, 1, 0, REVOKED },
  { "a CRL from the future is good for nothing", 2, 9, FALSE, -1, 0, UNKNOWN (EXPIRED) },
  { "a CRL by SHA-1 is good for nothing (SC-19)", -1, 7, FALSE, -1, 0, UNKNOWN (BAD_ANSWER),
    "SHA1" },
  { "a CRL by another root of the same name is good for nothing", -1, 7, FALSE, -1, 0,
    UNKNOWN (WRONG_SIGNER), NULL, TRUE },
  { "a CRL by another root of the same name revokes nothing", -1, 7, TRUE, 1, 0,
    UNKNOWN (WRONG_SIGNER), NULL, TRUE },
  /* SC-18: judged as of before the revocation, which was two days ago */
  { "superseded later is good then", -1, 7, TRUE, 4, 5, GOOD },
  { "out of use later is good then", -1, 7, TRUE, 5, 5, GOOD },
  { "renamed later is good then", -1, 7, TRUE, 3, 5, GOOD },
  { "withdrawn later is good then", -1, 7, TRUE, 9, 5, GOOD },
  { "a compromise counts from the beginning", -1, 7, TRUE, 1, 5, REVOKED },
  { "so does one of its authority", -1, 7, TRUE, 2, 5, REVOKED },
  { "so does a hold", -1, 7, TRUE, 6, 5, REVOKED },
  { "so does no reason", -1, 7, TRUE, -1, 5, REVOKED },
  { "so does “unspecified”", -1, 7, TRUE, 0, 5, REVOKED },
  { "superseded before is revoked", -1, 7, TRUE, 4, 1, REVOKED },
  { "a CRL of that time is good for it", -9, -2, FALSE, -1, 5, GOOD },
};

static void
test_file (gconstpointer data)
{
  const FileCase *the_case = data;
  g_autoptr (World) world = world_new ();
  TestCrl spec = { .issuer = world->root,
                   .signer = the_case->forged ? world->other : NULL,
                   .this_update = world->now + the_case->from * DAY,
                   .next_update = world->now + the_case->until * DAY,
                   .revoked = { the_case->revoked ? world->person->key : NULL },
                   .revoked_at = world->now - 2 * DAY,
                   .reason = the_case->reason,
                   .digest = the_case->digest };
  g_autoptr (GBytes) crl = test_crl_new (&spec);
  const char *files[] = { NULL, NULL };
  g_autofree char *path = ll_test_home_write (world->home, "a.crl", g_bytes_get_data (crl, NULL),
                                              (gssize)g_bytes_get_size (crl));
  g_autoptr (LlKeyOpinion) opinion = NULL;

  files[0] = path;
  world->policy->crl_files = g_strdupv ((char **)files);
  world->policy->at = the_case->at != 0 ? world->now - the_case->at * DAY : 0;
  opinion = judge (world);
  assert_answer (opinion, the_case->word, the_case->why, "crl-file");
  if (the_case->word == LL_REVOCATION_REVOKED)
    assert_time (opinion, LL_ANSWER_NO, LL_REASON_KEY_REVOKED);
  else
    assert_time (opinion, LL_ANSWER_YES, the_case->why);
  g_assert_cmpuint (test_server_count (world->server), ==, 0);
  if (the_case->word != LL_REVOCATION_UNKNOWN)
    {
      g_assert_cmpstr (answer_of (opinion)->from, ==, path);
      g_assert_cmpint (answer_of (opinion)->this_update, ==, spec.this_update);
      g_assert_cmpint (answer_of (opinion)->next_update, ==, spec.next_update);
    }
}

static void
test_file_is_none (void)
{
  g_autoptr (World) world = world_new ();
  const char *files[] = { world->policy->anchors_file, NULL };
  g_autoptr (GError) error = NULL;

  world->policy->crl_files = g_strdupv ((char **)files);
  g_assert_null (ll_trust_new (world->policy, world->store, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  g_clear_error (&error);
  g_free (world->policy->crl_files[0]);
  world->policy->crl_files[0] = g_strdup ("/nonexistent/list.crl");
  g_assert_null (ll_trust_new (world->policy, world->store, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT);
}

/* --- CRLs in the message (CM-10, SC-13) ------------------------------------------------------- */

static LlKeyOpinion *
judge_message (const World *world, GBytes *first, GBytes *second)
{
  g_autoptr (GPtrArray) crls = g_ptr_array_new ();

  g_ptr_array_add (crls, first);
  if (second != NULL)
    g_ptr_array_add (crls, second);
  return judge_with (world, world->person, crls, NULL);
}

static void
test_message (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) good = make_crl (world, -1, 7, NULL, -1);
  g_autoptr (GBytes) bad = make_crl (world, -1, 7, world->person->key, 1);
  g_autoptr (GBytes) junk = g_bytes_new_static ("0\x03junk", 6);
  g_autoptr (LlKeyOpinion) opinion = judge_message (world, junk, good);

  assert_answer (opinion, GOOD, "crl-in-message");
  assert_time (opinion, LL_ANSWER_YES, LL_REASON_NONE);
  g_clear_pointer (&opinion, ll_key_opinion_free);
  opinion = judge_message (world, bad, junk);
  assert_answer (opinion, REVOKED, "crl-in-message");
  assert_time (opinion, LL_ANSWER_NO, LL_REASON_KEY_REVOKED);
}

/* Both made in the same second: the number says which is the newer one (RFC 5280 section 5.2.3). */
static void
test_same_second (void)
{
  g_autoptr (World) world = world_new ();
  TestCrl spec = { .issuer = world->root,
                   .this_update = world->now - DAY,
                   .next_update = world->now + DAY,
                   .number = 1 };
  g_autoptr (GBytes) first = test_crl_new (&spec);
  g_autoptr (GBytes) second = NULL;
  g_autoptr (LlKeyOpinion) opinion = NULL;

  spec.number = 2;
  spec.revoked[0] = world->person->key;
  spec.revoked_at = world->now - 2 * DAY;
  spec.reason = 1;
  second = test_crl_new (&spec);
  opinion = judge_message (world, first, second);
  assert_answer (opinion, REVOKED, "crl-in-message");
  g_clear_pointer (&opinion, ll_key_opinion_free);
  opinion = judge_message (world, second, first);
  assert_answer (opinion, REVOKED, "crl-in-message");
}

static void
test_forged_hides_nothing (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) bad = make_crl (world, -3, 7, world->person->key, 1);
  TestCrl spec = { .issuer = world->root,
                   .signer = world->other,
                   .this_update = world->now - DAY,
                   .next_update = world->now + 9 * DAY };
  g_autoptr (GBytes) forged = test_crl_new (&spec);
  g_autoptr (LlKeyOpinion) opinion = judge_message (world, forged, bad);

  assert_answer (opinion, REVOKED, "crl-in-message");
}

static void
test_stale_hides_nothing (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) old = make_crl (world, -5, 9, NULL, -1);
  g_autoptr (LlKeyOpinion) opinion = NULL;

  /* a newer one is fetched and kept, then a message brings the old one, still within its time */
  serve (world, make_crl (world, -1, 7, world->person->key, 1));
  world->policy->revocation = LL_REVOCATION_ONLINE;
  opinion = judge_message (world, old, NULL);
  assert_answer (opinion, REVOKED, "crl");
  g_assert_cmpuint (test_server_count (world->server), ==, 1);
  g_clear_pointer (&opinion, ll_key_opinion_free);
  world->policy->revocation = LL_REVOCATION_SOFT;
  opinion = judge_message (world, old, NULL);
  assert_answer (opinion, REVOKED, "crl");
  g_assert_cmpuint (test_server_count (world->server), ==, 1);
}

static void
test_hold_is_lifted (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) held = make_crl (world, -5, 9, world->person->key, 6);
  g_autoptr (GBytes) lifted = make_crl (world, -1, 9, NULL, -1);
  g_autoptr (LlKeyOpinion) opinion = judge_message (world, held, lifted);

  assert_answer (opinion, GOOD, "crl-in-message");
}

/* --- CRLs by HTTP ----------------------------------------------------------------------------- */

static void
test_soft_asks_nobody (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (LlKeyOpinion) opinion = NULL;

  serve (world, make_crl (world, -1, 7, NULL, -1));
  opinion = judge (world);
  assert_answer (opinion, UNKNOWN (NOT_CHECKED), NULL);
  assert_time (opinion, LL_ANSWER_YES, LL_REASON_REVOCATION_NOT_CHECKED);
  g_assert_cmpuint (test_server_count (world->server), ==, 0);
}

/* SC-25: no certificate makes us knock at doors inside, neither for a CRL nor for OCSP. */
static void
test_local_is_not_asked (void)
{
  g_autoptr (World) world = world_new ();
  g_autofree char *ocsp = test_server_url (world->server, "/ocsp");
  g_autoptr (TestCertificate) both = make_person (world, world->crl_url, ocsp);
  g_autoptr (LlKeyOpinion) opinion = NULL;

  serve (world, make_crl (world, -1, 7, NULL, -1));
  world->policy->revocation = LL_REVOCATION_ONLINE;
  world->policy->fetch_local = FALSE;
  opinion = judge_with (world, both, NULL, NULL);
  assert_answer (opinion, UNKNOWN (UNREACHABLE), "crl");
  g_assert_cmpuint (test_server_count (world->server), ==, 0);
}

static void
test_online_good (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (LlKeyOpinion) opinion = NULL;

  serve (world, make_crl (world, -1, 7, NULL, -1));
  world->policy->revocation = LL_REVOCATION_ONLINE;
  opinion = judge (world);
  assert_answer (opinion, GOOD, "crl");
  assert_time (opinion, LL_ANSWER_YES, LL_REASON_NONE);
  g_assert_cmpstr (answer_of (opinion)->from, ==, world->crl_url);
  g_assert_cmpuint (test_server_count (world->server), ==, 1);

  /* what was fetched is kept: nobody is asked again, also in soft mode */
  g_clear_pointer (&opinion, ll_key_opinion_free);
  opinion = judge (world);
  assert_answer (opinion, GOOD, "crl");
  g_clear_pointer (&opinion, ll_key_opinion_free);
  world->policy->revocation = LL_REVOCATION_SOFT;
  opinion = judge (world);
  assert_answer (opinion, GOOD, "crl");
  g_assert_cmpuint (test_server_count (world->server), ==, 1);
}

static void
test_online_revoked (void)
{
  g_autoptr (World) world = world_new_with ("rsa2048");
  g_autoptr (LlKeyOpinion) opinion = NULL;

  serve (world, make_crl (world, -1, 7, world->person->key, 1));
  world->policy->revocation = LL_REVOCATION_ONLINE;
  opinion = judge (world);
  assert_answer (opinion, REVOKED, "crl");
  assert_time (opinion, LL_ANSWER_NO, LL_REASON_KEY_REVOKED);
  g_assert_cmpstr (answer_of (opinion)->revocation_reason, ==, "keyCompromise");
  g_assert_cmpint (answer_of (opinion)->revoked_at, ==, world->now - 2 * DAY);
}

typedef struct
{
  const char *name;
  LlReason reason;
  gboolean missing, junk, expired, forged, refused;
} TroubleCase;

static const TroubleCase trouble_cases[] = {
  { "no such file", LL_REASON_REVOCATION_UNREACHABLE, .missing = TRUE },
  { "no such server", LL_REASON_REVOCATION_UNREACHABLE, .refused = TRUE },
  { "something else than a CRL", LL_REASON_REVOCATION_BAD_ANSWER, .junk = TRUE },
  { "an expired CRL", LL_REASON_REVOCATION_EXPIRED, .expired = TRUE },
  { "a CRL of somebody else", LL_REASON_REVOCATION_WRONG_SIGNER, .forged = TRUE },
};

static void
test_trouble (gconstpointer data)
{
  const TroubleCase *the_case = data;
  g_autoptr (World) world = world_new ();
  g_autoptr (TestCertificate) nowhere = make_person (world, "http://127.0.0.1:1/ca.crl", NULL);
  g_autoptr (LlKeyOpinion) opinion = NULL;
  TestCrl forged = { .issuer = world->root,
                     .signer = world->other,
                     .this_update = world->now - DAY,
                     .next_update = world->now + DAY };

  if (the_case->junk)
    serve (world, g_bytes_new_static ("<html>", 6));
  else if (the_case->expired)
    serve (world, make_crl (world, -9, -2, NULL, -1));
  else if (the_case->forged)
    serve (world, test_crl_new (&forged));
  world->policy->revocation = LL_REVOCATION_ONLINE;
  opinion = judge_with (world, the_case->refused ? nowhere : world->person, NULL, NULL);
  assert_answer (opinion, LL_REVOCATION_UNKNOWN, the_case->reason, NULL);
  assert_time (opinion, LL_ANSWER_YES, the_case->reason);
  g_assert_nonnull (answer_of (opinion)->from);

  /* where an answer is required, none is not good, and not revoked either */
  g_clear_pointer (&opinion, ll_key_opinion_free);
  world->policy->revocation = LL_REVOCATION_REQUIRE;
  opinion = judge_with (world, the_case->refused ? nowhere : world->person, NULL, NULL);
  assert_answer (opinion, LL_REVOCATION_UNKNOWN, the_case->reason, NULL);
  assert_time (opinion, LL_ANSWER_NOT_CHECKED, the_case->reason);
}

static void
test_no_source (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (TestCertificate) silent = make_person (world, NULL, NULL);
  g_autoptr (LlKeyOpinion) opinion = NULL;

  world->policy->revocation = LL_REVOCATION_ONLINE;
  opinion = judge_with (world, silent, NULL, NULL);
  assert_answer (opinion, UNKNOWN (NO_SOURCE), NULL);
  assert_time (opinion, LL_ANSWER_YES, LL_REASON_REVOCATION_NO_SOURCE);
}

/* SC-25 */
static void
test_untrusted_asks_nobody (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (LlKeyOpinion) opinion = NULL;

  serve (world, make_crl (world, -1, 7, NULL, -1));
  g_clear_pointer (&world->policy->anchors_file, g_free);
  world->policy->anchors_file = write_certificate (world, "other.pem", world->other);
  world->policy->revocation = LL_REVOCATION_REQUIRE;
  opinion = judge (world);
  g_assert_cmpint (opinion->trust.answer, ==, LL_ANSWER_NO);
  g_assert_null (opinion->revocations);
  g_assert_cmpuint (test_server_count (world->server), ==, 0);
}

static void
test_list_asks_nobody (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (LlTrust) trust = NULL;
  g_autoptr (LlKeyOpinion) opinion = NULL;

  serve (world, make_crl (world, -1, 7, NULL, -1));
  world->policy->revocation = LL_REVOCATION_REQUIRE;
  trust = ll_trust_new (world->policy, world->store, NULL);
  opinion = ll_trust_judge (trust, world->person->key, NULL, NULL);
  assert_time (opinion, LL_ANSWER_YES, LL_REASON_REVOCATION_NOT_CHECKED);
  g_assert_cmpuint (test_server_count (world->server), ==, 0);
}

/* --- a server that says nothing --------------------------------------------------------------- */

static void
test_hanging (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (LlKeyOpinion) opinion = NULL;
  gint64 start = g_get_monotonic_time ();

  test_server_hang (world->server, TRUE);
  world->policy->revocation = LL_REVOCATION_ONLINE;
  opinion = judge (world);
  g_assert_cmpint (g_get_monotonic_time () - start, <, (LL_FETCH_SECONDS + 5) * G_TIME_SPAN_SECOND);
  assert_answer (opinion, UNKNOWN (UNREACHABLE), NULL);
  g_assert_cmpuint (test_server_count (world->server), ==, 1);
}

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (G_USEC_PER_SEC);
  g_cancellable_cancel (data);
  return NULL;
}

static void
test_cancelled (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (LlKeyOpinion) opinion = NULL;
  g_autoptr (GThread) thread = NULL;
  gint64 start;
  g_autofree char *version = ll_dirmngr_get_version (TRUE, NULL, NULL);

  g_assert_nonnull (version);
  test_server_hang (world->server, TRUE);
  world->policy->revocation = LL_REVOCATION_ONLINE;
  start = g_get_monotonic_time ();
  thread = g_thread_new ("cancel", cancel_soon, cancellable);
  opinion = judge_with (world, world->person, NULL, cancellable);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 4 * G_TIME_SPAN_SECOND);
  g_thread_join (g_steal_pointer (&thread));
  g_assert_cmpint (answer_of (opinion)->word, ==, LL_REVOCATION_UNKNOWN);
}

static void
test_fetch (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) file = g_bytes_new_take (g_strnfill (5000, 'x'), 5000);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) got = NULL;

  test_server_put (world->server, CRL_PATH, file);
  got = ll_dirmngr_fetch (world->crl_url, 5000, 0, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (got, file));
  g_assert_null (ll_dirmngr_fetch (world->crl_url, 4999, 0, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  g_clear_error (&error);
  g_assert_null (ll_dirmngr_fetch ("file:///etc/passwd", 4999, 0, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  g_clear_error (&error);
  g_assert_null (ll_dirmngr_fetch ("http://127.0.0.1/\nKILLDIRMNGR", 4999, 0, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
}

/* --- dirmngr's own cache ---------------------------------------------------------------------- */

/* What gpgsm's own check leaves behind there. */
static void
let_gpgsm_check (const World *world)
{
  g_autofree char *fingerprint = g_strdup (ll_key_get_gnupg_fingerprint (world->root->key));
  LlTestCert root = { .fingerprint = fingerprint };
  g_autofree char *person = write_certificate (world, "person.pem", world->person);
  g_autofree char *conf = g_build_filename (world->home->path, "gpgsm.conf", NULL);

  /* other tests keep gpgsm away from dirmngr */
  g_assert_true (g_file_set_contents (conf, "no-common-certs-import\n", -1, NULL));
  g_bytes_unref (
      ll_test_run (NULL, "gpgsm", "--import", world->policy->anchors_file, person, NULL));
  ll_test_cert_trust (world->home, &root);
  g_bytes_unref (ll_test_run (NULL, "gpgsm", "--enable-crl-checks", "--with-validation", "-k",
                              "alice@example.org", NULL));
  g_assert_cmpuint (test_server_count (world->server), ==, 1);
}

static void
test_dirmngr_cache (gconstpointer data)
{
  gboolean revoked = GPOINTER_TO_INT (data);
  g_autoptr (World) world = world_new_with ("rsa2048");
  g_autoptr (LlKeyOpinion) opinion = NULL;

  serve (world, make_crl (world, -1, 7, revoked ? world->person->key : NULL, 4));
  let_gpgsm_check (world);
  opinion = judge (world);
  if (revoked)
    {
      assert_answer (opinion, REVOKED, "crl");
      g_assert_cmpint (answer_of (opinion)->revoked_at, ==, world->now - 2 * DAY);
      g_assert_cmpstr (answer_of (opinion)->revocation_reason, ==, "superseded");
    }
  else
    assert_answer (opinion, GOOD, "crl");
  g_assert_cmpint (answer_of (opinion)->this_update, ==, world->now - DAY);
  g_assert_cmpint (answer_of (opinion)->next_update, ==, world->now + 7 * DAY);
  g_assert_cmpstr (answer_of (opinion)->from, ==, world->crl_url);
  g_assert_cmpuint (test_server_count (world->server), ==, 1);
}

/* Nobody needs a dirmngr for mail that nobody wants it for. */
static void
test_soft_starts_nothing (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (LlKeyOpinion) opinion = judge (world);

  g_assert_null (ll_dirmngr_get_version (FALSE, NULL, NULL));
}

/* The name under which gpgsm and dirmngr know an issuer. */
static void
test_ksba_name (void)
{
  static const struct
  {
    const char *subject, *name;
  } cases[] = {
    { "C=DE/O=Example, Inc./CN=A", "CN=A,O=Example\\, Inc.,C=DE" },
    { "DC=org/DC=example/CN=Ärger+1", "CN=Ärger\\+1,DC=example,DC=org" },
    { "CN=A/emailAddress=a@b", "1.2.840.113549.1.9.1=#614062,CN=A" },
    { "serialNumber=12/CN= x", "CN=\\ x,2.5.4.5=#3132" },
    { "CN=#1;<\\>", "CN=\\#1\\;\\<\\\\\\>" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TestCertificate) certificate
          = test_certificate_new (&(TestCertificateSpec){ .subject = cases[i].subject });
      g_autofree char *name
          = ll_x509_ksba_name (X509_get_subject_name (ll_x509_cert_get (certificate->key)));

      g_assert_cmpstr (name, ==, cases[i].name);
    }
}

/* --- OCSP ------------------------------------------------------------------------------------- */

static void
write_key (const World *world, const char *name, const TestCertificate *certificate)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  char *data = NULL;
  long length;

  PEM_write_bio_PrivateKey (bio, certificate->private_key, NULL, NULL, 0, NULL, NULL);
  length = BIO_get_mem_data (bio, &data);
  g_free (ll_test_home_write (world->home, name, data, length));
}

static char *
scratch (const World *world, const char *name)
{
  return g_build_filename (world->home->scratch, name, NULL);
}

/* “openssl ocsp” on a port that is free now. */
typedef struct
{
  GSubprocess *process;
  guint16 port;
} Responder;

static guint16
free_port (void)
{
  g_autoptr (TestServer) server = test_server_new ();

  return test_server_port (server);
}

/* It says when it listens; a connection to try it would keep it waiting for a request. */
static void
wait_until_it_listens (GSubprocess *process)
{
  g_autoptr (GDataInputStream) out
      = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));

  for (;;)
    {
      g_autofree char *line = g_data_input_stream_read_line (out, NULL, NULL, NULL);

      g_assert_nonnull (line);
      if (g_str_has_prefix (line, "ACCEPT"))
        break;
    }
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (out), FALSE);
}

/* `status`: "V", "R" with the date and reason, or NULL for an empty list. */
static Responder *
responder_new (const World *world, guint16 port, const TestCertificate *signer,
               const TestCertificate *person, const char *status)
{
  g_autofree char *number = g_strdup_printf ("%u", port);
  g_autofree char *index = scratch (world, "index.txt");
  g_autofree char *line = status != NULL ? g_strdup_printf ("%s\t%s\tunknown\t/CN=Alice\n", status,
                                                            ll_key_get_serial (person->key))
                                         : g_strdup ("");
  g_autofree char *certificate = write_certificate (world, "responder.pem", signer);
  g_autofree char *key = scratch (world, "responder.key");
  const char *argv[] = { "timeout",  "60",        "openssl", "ocsp", "-index",
                         index,      "-port",     number,    "-CA",  world->policy->anchors_file,
                         "-rsigner", certificate, "-rkey",   key,    "-nmin",
                         "60",       NULL };
  Responder *responder = g_new0 (Responder, 1);
  g_autoptr (GError) error = NULL;

  write_key (world, "responder.key", signer);
  g_assert_true (g_file_set_contents (index, line, -1, NULL));
  responder->port = port;
  responder->process
      = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE,
                           &error);
  g_assert_no_error (error);
  wait_until_it_listens (responder->process);
  return responder;
}

static void
responder_free (Responder *responder)
{
  g_subprocess_send_signal (responder->process, SIGTERM); /* “timeout” hands it on */
  g_subprocess_wait (responder->process, NULL, NULL);
  g_object_unref (responder->process);
  g_free (responder);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Responder, responder_free)

/* A certificate by the root that may sign answers. */
static TestCertificate *
make_delegate (const TestCertificate *issuer, const char *use)
{
  TestCertificateSpec spec
      = { .subject = "CN=Responder/O=Test",
          .issuer = issuer,
          .extensions = { "basicConstraints", "critical,CA:FALSE", "keyUsage",
                          "critical,digitalSignature", "extendedKeyUsage", use } };

  return test_certificate_new (&spec);
}

typedef enum
{
  SIGNED_BY_ISSUER,
  SIGNED_BY_DELEGATE,
  SIGNED_BY_WRONG_USE, /* under the root, but for mail */
  SIGNED_BY_OTHER,     /* a root of the same name */
} OcspSigner;

typedef struct
{
  const char *name;
  const char *status;
  OcspSigner signer;
  LlRevocationWord word;
  LlReason reason;
  const char *algorithm;
} OcspCase;

static const OcspCase ocsp_cases[] = {
  { "good by the issuer", "V\t301231235959Z\t", SIGNED_BY_ISSUER, GOOD, "P-256" },
  { "good by an RSA issuer", "V\t301231235959Z\t", SIGNED_BY_ISSUER, GOOD, "rsa2048" },
  { "revoked by the issuer", "R\t301231235959Z\t260301000000Z,keyCompromise", SIGNED_BY_ISSUER,
    REVOKED, "P-256" },
  { "good by a delegate", "V\t301231235959Z\t", SIGNED_BY_DELEGATE, GOOD, "P-256" },
  { "revoked by a delegate", "R\t301231235959Z\t260301000000Z,superseded", SIGNED_BY_DELEGATE,
    REVOKED, "P-256" },
  { "signed by a certificate for mail", "V\t301231235959Z\t", SIGNED_BY_WRONG_USE,
    UNKNOWN (WRONG_SIGNER), "P-256" },
  { "signed by another root of the same name", "R\t301231235959Z\t260301000000Z", SIGNED_BY_OTHER,
    UNKNOWN (WRONG_SIGNER), "P-256" },
  { "a certificate that the responder does not know", NULL, SIGNED_BY_ISSUER, UNKNOWN (BAD_ANSWER),
    "P-256" },
};

static TestCertificate *
make_signer (const World *world, OcspSigner signer)
{
  switch (signer)
    {
    case SIGNED_BY_DELEGATE:
      return make_delegate (world->root, "OCSPSigning");
    case SIGNED_BY_WRONG_USE:
      return make_delegate (world->root, "emailProtection");
    case SIGNED_BY_ISSUER:
    case SIGNED_BY_OTHER:
    default:
      return NULL;
    }
}

static void
test_ocsp (gconstpointer data)
{
  const OcspCase *the_case = data;
  g_autoptr (World) world = world_new_with (the_case->algorithm);
  g_autoptr (TestCertificate) delegate = make_signer (world, the_case->signer);
  const TestCertificate *signer = delegate != NULL                      ? delegate
                                  : the_case->signer == SIGNED_BY_OTHER ? world->other
                                                                        : world->root;
  guint16 port = free_port ();
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u/", port);
  g_autoptr (TestCertificate) person = make_person (world, NULL, url);
  g_autoptr (Responder) responder = responder_new (world, port, signer, person, the_case->status);
  g_autoptr (LlKeyOpinion) opinion = NULL;

  world->policy->revocation = LL_REVOCATION_ONLINE;
  opinion = judge_with (world, person, NULL, NULL);
  assert_answer (opinion, the_case->word, the_case->reason, "ocsp");
  if (the_case->word == LL_REVOCATION_UNKNOWN)
    return;
  g_assert_cmpstr (answer_of (opinion)->from, ==, url);

  /* with the responder gone, the kept answer counts while its time lasts, in soft mode too */
  responder_free (g_steal_pointer (&responder));
  g_clear_pointer (&opinion, ll_key_opinion_free);
  world->policy->revocation = LL_REVOCATION_SOFT;
  opinion = judge_with (world, person, NULL, NULL);
  assert_answer (opinion, the_case->word, the_case->reason, "ocsp");
}

static void
test_responder_is_down (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (TestCertificate) both = make_person (world, world->crl_url, "http://127.0.0.1:1/");
  g_autoptr (TestCertificate) only = make_person (world, NULL, "http://127.0.0.1:1/");
  g_autoptr (LlKeyOpinion) opinion = NULL;

  world->policy->revocation = LL_REVOCATION_REQUIRE;
  serve (world, make_crl (world, -1, 7, NULL, -1));
  opinion = judge_with (world, both, NULL, NULL);
  assert_answer (opinion, GOOD, "crl");
  g_clear_pointer (&opinion, ll_key_opinion_free);
  opinion = judge_with (world, only, NULL, NULL);
  assert_answer (opinion, UNKNOWN (UNREACHABLE), NULL);
  assert_time (opinion, LL_ANSWER_NOT_CHECKED, LL_REASON_REVOCATION_UNREACHABLE);
}

static void
test_crl_is_down (void)
{
  g_autoptr (World) world = world_new ();
  guint16 port = free_port ();
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u", port);
  g_autoptr (TestCertificate) both = make_person (world, world->crl_url, url);
  g_autoptr (Responder) responder
      = responder_new (world, port, world->root, both, "V\t301231235959Z\t");
  g_autoptr (LlKeyOpinion) opinion = NULL;

  world->policy->revocation = LL_REVOCATION_REQUIRE;
  serve (world, make_crl (world, -9, -2, NULL, -1));
  opinion = judge_with (world, both, NULL, NULL);
  assert_answer (opinion, GOOD, "ocsp");
  assert_time (opinion, LL_ANSWER_YES, LL_REASON_NONE);
}

/* --- encryption ------------------------------------------------------------------------------- */

static LlReason
object_to (const World *world, const TestCertificate *person)
{
  g_autoptr (LlTrust) trust = ll_trust_new (world->policy, world->store, NULL);
  g_autoptr (LlCandidate) candidate
      = ll_candidate_new (person->key,
                          ll_trust_judge_recipient (trust, person->key, "alice@example.org"));
  LlResolveQuestion question
      = { .use = LL_USE_ENCRYPT, .at = world->now, .by_fingerprint = TRUE, .always_trust = TRUE };

  return ll_resolver_object (candidate, &question);
}

static void
test_recipient (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (TestCertificate) nowhere = make_person (world, "http://127.0.0.1:1/ca.crl", NULL);

  g_assert_cmpstr (ll_reason_name (object_to (world, world->person)), ==, "none");
  world->policy->revocation = LL_REVOCATION_ONLINE;
  g_assert_cmpstr (ll_reason_name (object_to (world, nowhere)), ==, "none");
  world->policy->revocation = LL_REVOCATION_REQUIRE;
  g_assert_cmpstr (ll_reason_name (object_to (world, nowhere)), ==, "revocation-unreachable");
  serve (world, make_crl (world, -1, 7, world->person->key, 5));
  g_assert_cmpstr (ll_reason_name (object_to (world, world->person)), ==, "key-revoked");
  world->policy->revocation = LL_REVOCATION_SOFT;
  g_assert_cmpstr (ll_reason_name (object_to (world, world->person)), ==, "key-revoked");
}

/* --- main ------------------------------------------------------------------------------------- */

#define ADD_CASES(prefix, cases, function)                                                         \
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)                                                 \
    {                                                                                              \
      g_autofree char *path = g_strconcat (prefix, cases[i].name, NULL);                           \
      g_test_add_data_func (path, &cases[i], function);                                            \
    }

int
main (int argc, char **argv)
{
  g_autofree char *cache = g_dir_make_tmp ("ll-cache-XXXXXX", NULL);
  g_autofree char *command = g_strconcat ("rm -rf ", cache, NULL);
  int status;

  g_setenv ("XDG_CACHE_HOME", cache, TRUE);
  g_test_init (&argc, &argv, NULL);
  ADD_CASES ("/revocation/file/", file_cases, test_file);
  g_test_add_func ("/revocation/file/that is none is an error", test_file_is_none);
  g_test_add_func ("/revocation/message/a CRL that came along counts (CM-10)", test_message);
  g_test_add_func ("/revocation/message/of two of the same second the higher number counts",
                   test_same_second);
  g_test_add_func ("/revocation/message/a forged newer CRL hides nothing",
                   test_forged_hides_nothing);
  g_test_add_func ("/revocation/message/an older CRL hides nothing (SC-13)",
                   test_stale_hides_nothing);
  g_test_add_func ("/revocation/message/a hold can be lifted", test_hold_is_lifted);
  g_test_add_func ("/revocation/http/soft asks nobody", test_soft_asks_nobody);
  g_test_add_func ("/revocation/http/no request to the local network, unless it is allowed (SC-25)",
                   test_local_is_not_asked);
  g_test_add_func ("/revocation/http/online fetches once, and soft knows it then",
                   test_online_good);
  g_test_add_func ("/revocation/http/online finds the revocation", test_online_revoked);
  ADD_CASES ("/revocation/http/", trouble_cases, test_trouble);
  g_test_add_func ("/revocation/http/a certificate may name nobody", test_no_source);
  g_test_add_func ("/revocation/http/no request for a path that ends nowhere (SC-25)",
                   test_untrusted_asks_nobody);
  g_test_add_func ("/revocation/http/no request for a list of keys", test_list_asks_nobody);
  g_test_add_func ("/revocation/http/a server that hangs is given up", test_hanging);
  g_test_add_func ("/revocation/http/a server that hangs can be cancelled", test_cancelled);
  g_test_add_func ("/revocation/http/a fetch is bounded, and of the network alone", test_fetch);
  g_test_add_data_func ("/revocation/dirmngr/its cache knows a good one", GINT_TO_POINTER (FALSE),
                        test_dirmngr_cache);
  g_test_add_data_func ("/revocation/dirmngr/its cache knows a revoked one", GINT_TO_POINTER (TRUE),
                        test_dirmngr_cache);
  g_test_add_func ("/revocation/dirmngr/soft does not start it for nothing",
                   test_soft_starts_nothing);
  g_test_add_func ("/revocation/dirmngr/names are written as libksba does", test_ksba_name);
  ADD_CASES ("/revocation/ocsp/", ocsp_cases, test_ocsp);
  g_test_add_func ("/revocation/ocsp/with the responder down the CRL counts",
                   test_responder_is_down);
  g_test_add_func ("/revocation/ocsp/with an expired CRL the responder counts", test_crl_is_down);
  g_test_add_func ("/revocation/recipient/revoked is refused, unknown when it must be known",
                   test_recipient);
  status = g_test_run ();
  if (system (command) != 0)
    g_warning ("%s is left over", cache);
  return status;
}
