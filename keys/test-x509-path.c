/* Paths from a certificate to an anchor: each rule by a chain that breaks it alone. */
#include <config.h>

#include "base/limits.h"
#include "bridge/openssl-glue.h"
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
  const char *root_basic, *alternative;
  gboolean without_authority, without_anchor, root_from_message, second_authority, wrong_key;
} PathCase;

/* SmtpUTF8Mailbox älice@example.org (RFC 9598 section 3): an otherName in a GeneralNames. */
#define UTF8_MAILBOX                                                                               \
  "DER:30:22:A0:20:06:08:2B:06:01:05:05:07:08:09:A0:14:0C:12:C3:A4:6C:69:63:65:40:65:78:61:6D:70:" \
  "6C:65:2E:6F:72:67"

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
  { "an authority on a small curve is a weak chain (SC-19)", LL_REASON_WEAK_CHAIN, GOOD, 3,
    .authority_algorithm = "secp192k1" },
  { "an authority with RSA of 2048 bits is not", GOOD, GOOD, 3, .authority_algorithm = "rsa2048" },
  { "an authority with an RSA-PSS key signs with PSS", GOOD, GOOD, 3,
    .authority_algorithm = "RSA-PSS" },

  { "a constraint on the domain holds for UTF-8 addresses too (IA-09)", LL_REASON_NAME_CONSTRAINTS,
    GOOD, 3, .authority_extra = { "nameConstraints", "critical,permitted;email:example.com" },
    .alternative = UTF8_MAILBOX },
  { "a UTF-8 address inside it is fine (IA-09)", GOOD, GOOD, 3,
    .authority_extra = { "nameConstraints", "critical,permitted;email:example.org" },
    .alternative = UTF8_MAILBOX },
  { "an excluded domain is refused for UTF-8 addresses too (IA-09)", LL_REASON_NAME_CONSTRAINTS,
    GOOD, 3, .authority_extra = { "nameConstraints", "critical,excluded;email:example.org" },
    .alternative = UTF8_MAILBOX },
  { "an authority that may have none below it has none (RFC 5280 section 4.2.1.9)",
    LL_REASON_PATH_LENGTH, GOOD, 4, .root_basic = "critical,CA:TRUE,pathlen:0",
    .second_authority = TRUE },
  { "a policy that is required and missing ends the path (RFC 5280 section 6.1.5)",
    LL_REASON_PATH_INVALID, GOOD, 3,
    .authority_extra = { "policyConstraints", "critical,requireExplicitPolicy:0" } },
  { "a signature by another key of that name is refused", LL_REASON_CHAIN_SIGNATURE, GOOD, 3,
    .wrong_key = TRUE },
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
        "subjectAltName",
        the_case->alternative != NULL ? the_case->alternative : "email:alice@example.org",
        the_case->person_extra[0], the_case->person_extra[1] },
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
          .extensions = { "basicConstraints",
                          the_case->root_basic != NULL ? the_case->root_basic : "critical,CA:TRUE",
                          "keyUsage", "keyCertSign" } };
  g_autoptr (TestCertificate) root = test_certificate_new (&root_spec);
  g_autoptr (TestCertificate) authority = make_authority (the_case, root);
  g_autoptr (TestCertificate) other = the_case->second_authority
                                          ? test_certificate_new_authority ("Below", authority)
                                      : the_case->wrong_key ? make_authority (the_case, root)
                                                            : NULL;
  g_autoptr (TestCertificate) person = make_person (the_case, other != NULL ? other : authority);
  g_autoptr (GPtrArray) anchor_keys = list_of (the_case->without_anchor ? NULL : root->key, NULL);
  g_autoptr (LlX509Anchors) anchors = ll_x509_anchors_new (anchor_keys);
  g_autoptr (GPtrArray) extra = list_of (the_case->without_authority ? NULL : authority->key,
                                         the_case->root_from_message ? root->key : NULL);
  LlX509PathQuestion question
      = { .anchors = anchors, .extra = extra, .purpose = the_case->purpose, .at = TEST_NOW };
  g_autoptr (LlX509Path) path = NULL;

  if (the_case->second_authority)
    g_ptr_array_add (extra, ll_key_ref (other->key));
  path = ll_x509_path_build (person->key, &question);
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

static TestCertificate *
cross_sign (const TestCertificate *authority, const TestCertificate *root)
{
  TestCertificateSpec spec = { .subject = "O=Test/CN=Authority",
                               .issuer = root,
                               .private_key = authority->private_key,
                               .extensions = { "basicConstraints", "critical,CA:TRUE", "keyUsage",
                                               "keyCertSign", "subjectKeyIdentifier", "hash" } };

  return test_certificate_new (&spec);
}

/* SC-22: one authority has been certified by two roots, and only one of these is trusted; whatever
 * the order, and with its wrong turn one step longer. */
static void
test_cross_signed (void)
{
  g_autoptr (TestCertificate) trusted = test_certificate_new_authority ("Root", NULL);
  g_autoptr (TestCertificate) stranger = test_certificate_new_authority ("Stranger", NULL);
  g_autoptr (TestCertificate) between = test_certificate_new_authority ("Between", stranger);
  g_autoptr (TestCertificate) wrong = test_certificate_new_authority ("Authority", between);
  g_autoptr (TestCertificate) right = cross_sign (wrong, trusted);
  g_autoptr (TestCertificate) person = test_certificate_new_person ("alice@example.org", wrong);
  g_autoptr (GPtrArray) anchor_keys = list_of (trusted->key, NULL);
  g_autoptr (LlX509Anchors) anchors = ll_x509_anchors_new (anchor_keys);
  LlKey *orders[][2] = { { wrong->key, right->key }, { right->key, wrong->key } };

  for (gsize i = 0; i < G_N_ELEMENTS (orders); i++)
    {
      g_autoptr (GPtrArray) extra = list_of (orders[i][0], orders[i][1]);
      LlX509PathQuestion question = { .anchors = anchors, .extra = extra, .at = TEST_NOW };
      g_autoptr (LlX509Path) path = NULL;

      g_ptr_array_add (extra, ll_key_ref (between->key));
      g_ptr_array_add (extra, ll_key_ref (stranger->key));
      path = ll_x509_path_build (person->key, &question);
      g_assert_cmpint (path->reason, ==, GOOD);
      g_assert_cmpuint (path->chain->len, ==, 3);
      g_assert_true (g_ptr_array_index (path->chain, 1) == right->key);
      g_assert_true (path->anchor == trusted->key);
    }
}

static LlListedCertificate *
listed (const LlKey *key)
{
  gsize length;
  gconstpointer der = g_bytes_get_data (ll_key_get_der (key), &length);
  guint8 hash[32];
  gsize hash_length = sizeof hash;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GBytes) bytes = NULL;

  g_checksum_update (checksum, der, (gssize)length);
  g_checksum_get_digest (checksum, hash, &hash_length);
  bytes = g_bytes_new (hash, hash_length);
  return ll_listed_certificate_new ("SHA-256", bytes);
}

/* ES-08, RFC 5035 section 3: further certificates in the list say which authorities count. */
static void
test_listed (void)
{
  g_autoptr (TestCertificate) root = test_certificate_new_authority ("Root", NULL);
  g_autoptr (TestCertificate) authority = test_certificate_new_authority ("Authority", root);
  g_autoptr (TestCertificate) other = cross_sign (authority, root);
  g_autoptr (TestCertificate) person = test_certificate_new_person ("alice@example.org", authority);
  g_autoptr (GPtrArray) anchor_keys = list_of (root->key, NULL);
  g_autoptr (LlX509Anchors) anchors = ll_x509_anchors_new (anchor_keys);
  g_autoptr (GPtrArray) extra = list_of (authority->key, NULL);
  g_autoptr (GPtrArray) certificates
      = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_listed_certificate_free);
  LlX509PathQuestion question
      = { .anchors = anchors, .extra = extra, .listed = certificates, .at = TEST_NOW };
  g_autoptr (LlX509Path) alone = NULL, within = NULL, without = NULL;

  g_ptr_array_add (certificates, listed (person->key));
  alone = ll_x509_path_build (person->key, &question);
  g_assert_cmpint (alone->reason, ==, GOOD); /* one entry limits nothing */

  g_ptr_array_add (certificates, listed (other->key));
  without = ll_x509_path_build (person->key, &question);
  g_assert_cmpint (without->reason, ==, LL_REASON_NOT_LISTED);
  g_assert_null (without->anchor);

  g_ptr_array_add (extra, ll_key_ref (other->key));
  within = ll_x509_path_build (person->key, &question);
  g_assert_cmpint (within->reason, ==, GOOD);
  g_assert_true (g_ptr_array_index (within->chain, 1) == other->key);
}

static EVP_PKEY *
huge_public_key (void)
{
  g_autoptr (BIGNUM) n = BN_new ();
  g_autoptr (BIGNUM) e = BN_new ();
  g_autoptr (OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new ();
  g_autoptr (OSSL_PARAM) params = NULL;
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, "RSA", NULL);
  EVP_PKEY *key = NULL;

  g_assert_true (BN_rand (n, 16384, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD));
  BN_set_word (e, 65537);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_N, n);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_E, e);
  params = OSSL_PARAM_BLD_to_param (builder);
  g_assert_cmpint (EVP_PKEY_fromdata_init (context), >, 0);
  g_assert_cmpint (EVP_PKEY_fromdata (context, &key, EVP_PKEY_PUBLIC_KEY, params), >, 0);
  return key;
}

/* SM-34: a key that is only there to keep us busy is refused before any of it is used. */
static void
test_huge_key (void)
{
  g_autoptr (TestCertificate) root = test_certificate_new_authority ("Root", NULL);
  g_autoptr (EVP_PKEY) huge = huge_public_key ();
  TestCertificateSpec spec
      = { .subject = "O=Test/CN=Authority",
          .issuer = root,
          .private_key = huge,
          .extensions = { "basicConstraints", "critical,CA:TRUE", "keyUsage", "keyCertSign" } };
  g_autoptr (TestCertificate) authority = test_certificate_new (&spec);
  g_autoptr (TestCertificate) same_name = test_certificate_new_authority ("Authority", root);
  g_autoptr (TestCertificate) person = test_certificate_new_person ("alice@example.org", same_name);
  g_autoptr (GPtrArray) anchor_keys = list_of (root->key, NULL);
  g_autoptr (LlX509Anchors) anchors = ll_x509_anchors_new (anchor_keys);
  g_autoptr (GPtrArray) extra = list_of (authority->key, NULL);
  LlX509PathQuestion question = { .anchors = anchors, .extra = extra, .at = TEST_NOW };
  gint64 start = g_get_monotonic_time ();
  g_autoptr (LlX509Path) path = ll_x509_path_build (person->key, &question);

  g_assert_cmpint (path->reason, ==, LL_REASON_KEY_TOO_LARGE);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 100000);
}

/* SC-04: a crowd of authorities that all bear the right name costs little, and does not hide the
 * one with the right key. */
static void
test_impostors (void)
{
  g_autoptr (TestCertificate) root = test_certificate_new_authority ("Root", NULL);
  g_autoptr (TestCertificate) authority = test_certificate_new_authority ("Authority", root);
  g_autoptr (TestCertificate) person = test_certificate_new_person ("alice@example.org", authority);
  g_autoptr (GPtrArray) anchor_keys = list_of (root->key, NULL);
  g_autoptr (LlX509Anchors) anchors = ll_x509_anchors_new (anchor_keys);
  g_autoptr (GPtrArray) crowd = list_of (NULL, NULL);
  LlX509PathQuestion question = { .anchors = anchors, .extra = crowd, .at = TEST_NOW };
  g_autoptr (LlX509Path) path = NULL;
  gint64 start;

  for (guint i = 0; i < LL_LIMIT_CERTIFICATES - 1; i++)
    {
      g_autoptr (TestCertificate) impostor = test_certificate_new_authority ("Authority", root);

      g_ptr_array_add (crowd, ll_key_ref (impostor->key));
    }
  g_ptr_array_add (crowd, ll_key_ref (authority->key));
  start = g_get_monotonic_time ();
  path = ll_x509_path_build (person->key, &question);
  g_assert_cmpint (path->reason, ==, GOOD);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 2 * G_USEC_PER_SEC);
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
  g_test_add_func ("/x509-path/of two roots of an authority the trusted one counts (SC-22)",
                   test_cross_signed);
  g_test_add_func ("/x509-path/only listed authorities count, where several are listed (ES-08)",
                   test_listed);
  g_test_add_func ("/x509-path/a huge key is refused at once (SM-34)", test_huge_key);
  g_test_add_func ("/x509-path/many authorities of one name do not hide the right one (SC-04)",
                   test_impostors);
  g_test_add_func ("/x509-path/authorities that vouch for each other lead nowhere", test_circle);
  return g_test_run ();
}
