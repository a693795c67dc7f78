/* Paths from a certificate to an anchor: each rule by a chain that breaks it alone. */
#include <config.h>

#include "base/limits.h"
#include "keys/test-certificates.h"
#include "keys/x509-path.h"

/* How the chain root > authority > person is spoilt. */
typedef struct
{
  const char *name;
  LlReason reason, time_reason;
  guint length; /* of the chain */

  /* What differs from the good chain; NULL or 0: nothing. */
  const char *authority_digest, *authority_algorithm, *person_digest, *root_algorithm;
  const char *authority_usage, *person_usage, *authority_extended, *person_extended;
  const char *authority_basic;
  const char *authority_extra[2], *person_extra[2];
  const char *address;
  gint64 authority_until, person_from, person_until, root_until;
  LlPurpose purpose;
  gboolean without_authority, without_anchor, root_from_message;
} PathCase;

#define GOOD LL_REASON_NONE

static const PathCase path_cases[] = {
  { "a good chain is good", GOOD, GOOD, 3 },
  { "without the authority's certificate the issuer is missing", LL_REASON_ISSUER_MISSING, GOOD, 1,
    .without_authority = TRUE },
  { "a root that only the message brings stays untrusted (SC-12)", LL_REASON_ROOT_NOT_TRUSTED, GOOD,
    3, .without_anchor = TRUE, .root_from_message = TRUE },
  { "without a root at all the issuer is missing", LL_REASON_ISSUER_MISSING, GOOD, 2,
    .without_anchor = TRUE },

  { "an expired certificate of a good path is only expired (SC-18)", GOOD, LL_REASON_KEY_EXPIRED, 3,
    .person_until = TEST_NOW - 1 },
  { "the last second still counts", GOOD, GOOD, 3, .person_until = TEST_NOW },
  { "a certificate of tomorrow is not yet valid", GOOD, LL_REASON_NOT_YET_VALID, 3,
    .person_from = TEST_NOW + 86400 },
  { "an expired authority makes the time bad", GOOD, LL_REASON_KEY_EXPIRED, 3,
    .authority_until = TEST_NOW - 1 },
  { "an expired root makes the time bad", GOOD, LL_REASON_KEY_EXPIRED, 3,
    .root_until = TEST_NOW - 1 },
  { "expired and untrusted are two findings", LL_REASON_ISSUER_MISSING, LL_REASON_KEY_EXPIRED, 1,
    .without_authority = TRUE, .person_until = TEST_NOW - 1 },

  { "a leaf without digitalSignature does not sign (SC-14)", LL_REASON_KEY_USAGE, GOOD, 3,
    .person_usage = "keyAgreement" },
  { "and may be encrypted to (SC-01)", GOOD, GOOD, 3, .person_usage = "keyAgreement",
    .purpose = LL_PURPOSE_ENCRYPT },
  { "a leaf that only signs is not encrypted to (SC-01)", LL_REASON_KEY_USAGE, GOOD, 3,
    .person_usage = "digitalSignature", .purpose = LL_PURPOSE_ENCRYPT },
  { "a server's certificate is not for mail (SC-15)", LL_REASON_EXTENDED_KEY_USAGE, GOOD, 3,
    .person_extended = "serverAuth" },
  { "emailProtection among others is enough (SC-15)", GOOD, GOOD, 3,
    .person_extended = "clientAuth,emailProtection" },
  { "anyExtendedKeyUsage is enough (SC-15)", GOOD, GOOD, 3,
    .person_extended = "anyExtendedKeyUsage" },
  { "an authority for servers is not one for mail (SC-15)", LL_REASON_EXTENDED_KEY_USAGE, GOOD, 3,
    .authority_extended = "serverAuth" },

  { "an authority that is none issues nothing (SC-16)", LL_REASON_NOT_AN_AUTHORITY, GOOD, 3,
    .authority_basic = "critical,CA:FALSE" },
  { "an authority without keyCertSign issues nothing (SC-16)", LL_REASON_NOT_AN_AUTHORITY, GOOD, 3,
    .authority_usage = "digitalSignature" },
  { "an unknown critical extension ends the path (SC-16)", LL_REASON_CRITICAL_EXTENSION, GOOD, 3,
    .person_extra = { "1.2.3.4.5", "critical,DER:05:00" } },
  { "an unknown extension that is not critical is passed over (SC-16)", GOOD, GOOD, 3,
    .person_extra = { "1.2.3.4.5", "DER:05:00" } },
  { "an address outside the permitted names is refused (SC-16)", LL_REASON_NAME_CONSTRAINTS, GOOD,
    3, .authority_extra = { "nameConstraints", "critical,permitted;email:example.com" } },
  { "an address inside the permitted names is fine (SC-16)", GOOD, GOOD, 3,
    .authority_extra = { "nameConstraints", "critical,permitted;email:example.org" } },
  { "an excluded address is refused (SC-16)", LL_REASON_NAME_CONSTRAINTS, GOOD, 3,
    .authority_extra = { "nameConstraints", "critical,excluded;email:alice@example.org" } },

  { "a certificate signed with SHA-1 is a weak chain (SC-19)", LL_REASON_WEAK_CHAIN, GOOD, 3,
    .person_digest = "SHA1" },
  { "an authority signed with SHA-1 is a weak chain (SC-19)", LL_REASON_WEAK_CHAIN, GOOD, 3,
    .authority_digest = "SHA1" },
  { "an authority signed with MD5 is a weak chain (SC-19)", LL_REASON_WEAK_CHAIN, GOOD, 3,
    .authority_digest = "MD5", .root_algorithm = "rsa2048" },
  { "an authority with RSA of 1024 bits is a weak chain (SC-19)", LL_REASON_WEAK_CHAIN, GOOD, 3,
    .authority_algorithm = "rsa1024" },
  { "an authority with RSA of 2048 bits is not", GOOD, GOOD, 3, .authority_algorithm = "rsa2048" },
};

static TestCertificate *
make_authority (const PathCase *the_case, const TestCertificate *root)
{
  TestCertificateSpec spec = {
    .subject = "O=Test/CN=Authority",
    .algorithm = the_case->authority_algorithm,
    .digest = the_case->authority_digest,
    .issuer = root,
    .until = the_case->authority_until,
    .extensions
    = { "basicConstraints",
        the_case->authority_basic != NULL ? the_case->authority_basic : "critical,CA:TRUE",
        "keyUsage",
        the_case->authority_usage != NULL ? the_case->authority_usage : "critical,keyCertSign" },
  };
  guint n = 4;

  if (the_case->authority_extended != NULL)
    {
      spec.extensions[n++] = "extendedKeyUsage";
      spec.extensions[n++] = the_case->authority_extended;
    }
  spec.extensions[n++] = the_case->authority_extra[0];
  spec.extensions[n++] = the_case->authority_extra[1];
  return test_certificate_new (&spec);
}

static TestCertificate *
make_person (const PathCase *the_case, const TestCertificate *authority)
{
  TestCertificateSpec spec = {
    .subject = "CN=Alice",
    .digest = the_case->person_digest,
    .issuer = authority,
    .from = the_case->person_from,
    .until = the_case->person_until,
    .extensions
    = { "keyUsage",
        the_case->person_usage != NULL ? the_case->person_usage : "digitalSignature,keyAgreement",
        "extendedKeyUsage",
        the_case->person_extended != NULL ? the_case->person_extended : "emailProtection",
        "subjectAltName", "email:alice@example.org", the_case->person_extra[0],
        the_case->person_extra[1] },
  };

  return test_certificate_new (&spec);
}

static GPtrArray *
list_of (LlKey *first, LlKey *second)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);

  if (first != NULL)
    g_ptr_array_add (list, ll_key_ref (first));
  if (second != NULL)
    g_ptr_array_add (list, ll_key_ref (second));
  return list;
}

static void
test_path (gconstpointer data)
{
  const PathCase *the_case = data;
  TestCertificateSpec root_spec
      = { .subject = "CN=Root",
          .algorithm = the_case->root_algorithm,
          .until = the_case->root_until,
          .extensions = { "basicConstraints", "critical,CA:TRUE", "keyUsage", "keyCertSign" } };
  g_autoptr (TestCertificate) root = test_certificate_new (&root_spec);
  g_autoptr (TestCertificate) authority = make_authority (the_case, root);
  g_autoptr (TestCertificate) person = make_person (the_case, authority);
  g_autoptr (GPtrArray) anchor_keys = list_of (the_case->without_anchor ? NULL : root->key, NULL);
  g_autoptr (LlX509Anchors) anchors = ll_x509_anchors_new (anchor_keys);
  g_autoptr (GPtrArray) extra = list_of (the_case->without_authority ? NULL : authority->key,
                                         the_case->root_from_message ? root->key : NULL);
  LlX509PathQuestion question
      = { .anchors = anchors, .extra = extra, .purpose = the_case->purpose, .at = TEST_NOW };
  g_autoptr (LlX509Path) path = ll_x509_path_build (person->key, &question);

  g_assert_cmpstr (ll_reason_name (path->reason), ==, ll_reason_name (the_case->reason));
  g_assert_cmpstr (ll_reason_name (path->time_reason), ==, ll_reason_name (the_case->time_reason));
  g_assert_cmpuint (path->chain->len, ==, the_case->length);
  g_assert_true (g_ptr_array_index (path->chain, 0) == person->key);
  if (path->reason == GOOD)
    g_assert_true (path->anchor == root->key);
}

/* An anchor may be any certificate: the leaf itself, or an authority below a root. */
static void
test_pinned (void)
{
  g_autoptr (TestCertificate) root = test_certificate_new_authority ("Root", NULL);
  g_autoptr (TestCertificate) person = test_certificate_new_person ("alice@example.org", root);
  g_autoptr (TestCertificate) alone = test_certificate_new_person ("bob@example.org", NULL);
  g_autoptr (GPtrArray) both = list_of (person->key, alone->key);
  g_autoptr (GPtrArray) none = list_of (NULL, NULL);
  g_autoptr (LlX509Anchors) anchors = ll_x509_anchors_new (both);
  g_autoptr (LlX509Anchors) nothing = ll_x509_anchors_new (none);
  LlX509PathQuestion question = { .anchors = anchors, .at = TEST_NOW };
  g_autoptr (LlX509Path) pinned = ll_x509_path_build (person->key, &question);
  g_autoptr (LlX509Path) self = ll_x509_path_build (alone->key, &question);
  g_autoptr (LlX509Path) unknown = NULL;

  g_assert_cmpint (pinned->reason, ==, GOOD);
  g_assert_cmpuint (pinned->chain->len, ==, 1);
  g_assert_cmpint (self->reason, ==, GOOD);

  question.anchors = nothing;
  unknown = ll_x509_path_build (alone->key, &question);
  g_assert_cmpint (unknown->reason, ==, LL_REASON_SELF_SIGNED);
}

/* SC-22: an authority that renewed its certificate has two with the same name and key. */
static void
test_renewed_authority (void)
{
  g_autoptr (TestCertificate) root = test_certificate_new_authority ("Root", NULL);
  g_autoptr (TestCertificate) fresh = test_certificate_new_authority ("Authority", root);
  TestCertificateSpec spec
      = { .subject = "O=Test/CN=Authority",
          .issuer = root,
          .private_key = fresh->private_key,
          .until = TEST_NOW - 1,
          .extensions = { "basicConstraints", "critical,CA:TRUE", "keyUsage", "keyCertSign" } };
  g_autoptr (TestCertificate) old = test_certificate_new (&spec);
  g_autoptr (TestCertificate) person = test_certificate_new_person ("alice@example.org", fresh);
  g_autoptr (GPtrArray) anchor_keys = list_of (root->key, NULL);
  g_autoptr (LlX509Anchors) anchors = ll_x509_anchors_new (anchor_keys);
  g_autoptr (GPtrArray) old_first = list_of (old->key, fresh->key);
  g_autoptr (GPtrArray) fresh_first = list_of (fresh->key, old->key);
  LlX509PathQuestion question = { .anchors = anchors, .extra = old_first, .at = TEST_NOW };
  g_autoptr (LlX509Path) one = ll_x509_path_build (person->key, &question);
  g_autoptr (LlX509Path) two = NULL;

  question.extra = fresh_first;
  two = ll_x509_path_build (person->key, &question);
  g_assert_cmpint (one->reason, ==, GOOD);
  g_assert_cmpint (one->time_reason, ==, GOOD);
  g_assert_cmpint (two->time_reason, ==, GOOD);
}

/* SC-04: any number of unrelated certificates, in any order. */
static void
test_crowd (void)
{
  g_autoptr (TestCertificate) root = test_certificate_new_authority ("Root", NULL);
  g_autoptr (TestCertificate) authority = test_certificate_new_authority ("Authority", root);
  g_autoptr (TestCertificate) person = test_certificate_new_person ("alice@example.org", authority);
  g_autoptr (GPtrArray) anchor_keys = list_of (root->key, NULL);
  g_autoptr (LlX509Anchors) anchors = ll_x509_anchors_new (anchor_keys);
  g_autoptr (GPtrArray) crowd = list_of (NULL, NULL);
  LlX509PathQuestion question = { .anchors = anchors, .extra = crowd, .at = TEST_NOW };
  g_autoptr (LlX509Path) within = NULL;
  g_autoptr (LlX509Path) beyond = NULL;

  for (guint i = 0; i < LL_LIMIT_CERTIFICATES - 1; i++)
    {
      g_autoptr (TestCertificate) stranger = test_certificate_new_person ("x@example.org", NULL);

      g_ptr_array_add (crowd, ll_key_ref (stranger->key));
    }
  g_ptr_array_add (crowd, ll_key_ref (authority->key));
  within = ll_x509_path_build (person->key, &question);
  g_assert_cmpint (within->reason, ==, GOOD);

  /* one more before it, and it is not looked at any more */
  g_ptr_array_insert (crowd, 0, ll_key_ref (g_ptr_array_index (crowd, 1)));
  beyond = ll_x509_path_build (person->key, &question);
  g_assert_cmpint (beyond->reason, ==, LL_REASON_ISSUER_MISSING);
}

/* Two authorities that vouch for each other, and a chain without end. */
static void
test_circle (void)
{
  g_autoptr (TestCertificate) one = test_certificate_new_authority ("One", NULL);
  g_autoptr (TestCertificate) two = test_certificate_new_authority ("Two", one);
  TestCertificateSpec spec
      = { .subject = "O=Test/CN=One",
          .issuer = two,
          .private_key = one->private_key,
          .extensions = { "basicConstraints", "critical,CA:TRUE", "keyUsage", "keyCertSign" } };
  g_autoptr (TestCertificate) back = test_certificate_new (&spec);
  g_autoptr (TestCertificate) person = test_certificate_new_person ("alice@example.org", two);
  g_autoptr (GPtrArray) none = list_of (NULL, NULL);
  g_autoptr (LlX509Anchors) anchors = ll_x509_anchors_new (none);
  g_autoptr (GPtrArray) extra = list_of (back->key, two->key);
  LlX509PathQuestion question = { .anchors = anchors, .extra = extra, .at = TEST_NOW };
  g_autoptr (LlX509Path) path = ll_x509_path_build (person->key, &question);

  g_assert_cmpint (path->reason, !=, GOOD);
  g_assert_null (path->anchor);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (path_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/x509-path/", path_cases[i].name, NULL);

      g_test_add_data_func (path, &path_cases[i], test_path);
    }
  g_test_add_func ("/x509-path/an anchor may be the certificate itself", test_pinned);
  g_test_add_func ("/x509-path/of two certificates of an authority the valid one counts (SC-22)",
                   test_renewed_authority);
  g_test_add_func ("/x509-path/unrelated certificates do no harm, up to the limit (SC-04)",
                   test_crowd);
  g_test_add_func ("/x509-path/authorities that vouch for each other lead nowhere", test_circle);
  return g_test_run ();
}
