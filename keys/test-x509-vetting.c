/* What issuers say that they have looked at, and the rules that they set themselves. */
#include <config.h>

#include "keys/test-certificates.h"
#include "keys/x509-vetting.h"

#define DAY G_GINT64_CONSTANT (86400)
#define BIT(lint) (1U << LL_LINT_##lint)

/* How a good certificate is spoilt; NULL and 0: not at all. */
typedef struct
{
  const char *name;
  guint32 lints;
  const char *policy, *subject, *algorithm, *digest, *usage, *extended, *alternative, *basic;
  gboolean without_crl, without_authority_key;
  gint64 from, until;
} LintCase;

static const LintCase lint_cases[] = {
  { "a certificate that keeps the rules has no remark", 0 },
  { "a multipurpose one may have more uses", 0, "2.23.140.1.5.4.2", .algorithm = "rsa2048",
    .usage = "digitalSignature,keyEncipherment,dataEncipherment",
    .extended = "emailProtection,clientAuth" },
  { "two kinds of vetting are one too many (BR-04)", BIT (SEVERAL_POLICIES),
    "2.23.140.1.5.4.3,2.23.140.1.5.1.3" },
  { "without an address of a CRL there is a remark (BR-04)", BIT (NO_CRL_ADDRESS),
    .without_crl = TRUE },
  { "an EC key does not encipher keys (BR-04)", BIT (KEY_USAGE), .usage = "keyEncipherment" },
  { "without key usage there is a remark (BR-04)", BIT (KEY_USAGE), .usage = "-" },
  { "dataEncipherment is not strict (BR-05)", BIT (KEY_USAGE), .algorithm = "rsa2048",
    .usage = "keyEncipherment,dataEncipherment" },
  { "Ed25519 only signs (BR-05)", BIT (KEY_USAGE), .algorithm = "ED25519",
    .usage = "digitalSignature,keyAgreement" },
  { "Ed25519 may sign (BR-05)", 0, .algorithm = "ED25519", .usage = "digitalSignature" },
  { "servers are another matter than mail (BR-04)", BIT (EXTENDED_KEY_USAGE), "2.23.140.1.5.4.2",
    .extended = "emailProtection,serverAuth" },
  { "any use is too many (BR-04)", BIT (EXTENDED_KEY_USAGE), "2.23.140.1.5.4.2",
    .extended = "emailProtection,anyExtendedKeyUsage" },
  { "strict is for mail alone (BR-05)", BIT (EXTENDED_KEY_USAGE),
    .extended = "emailProtection,clientAuth" },
  { "without the issuer's key there is a remark (BR-04)", BIT (NO_AUTHORITY_KEY),
    .without_authority_key = TRUE },
  { "an address there must be (BR-04)", BIT (NO_MAILBOX), .alternative = "-" },
  { "a person is no authority (BR-04)", BIT (IS_AUTHORITY), .basic = "critical,CA:TRUE" },
  { "825 days are enough (BR-06)", 0, .from = TEST_NOW, .until = TEST_NOW + 825 * DAY - 1 },
  { "826 days are too many (BR-06)", BIT (LIFE_TOO_LONG), .from = TEST_NOW,
    .until = TEST_NOW + 825 * DAY },
  { "legacy rules have ended (BR-06)", BIT (LEGACY_TOO_LATE), "2.23.140.1.5.4.1" },
  { "while they held, 1185 days were fine (BR-06)", 0, "2.23.140.1.5.4.1", .from = 1752537600 - DAY,
    .until = 1752537600 - DAY + 1185 * DAY - 1 },
  { "an address in the subject alone is a remark (BR-07)", BIT (ADDRESS_IN_SUBJECT),
    .subject = "CN=Alice/emailAddress=eve@example.org" },
  { "also as the common name (BR-07)", BIT (ADDRESS_IN_SUBJECT), .subject = "CN=eve@example.org" },
  { "repeated in the alternative name it is none (BR-07)", 0,
    .subject = "CN=alice@example.org/emailAddress=alice@example.org" },
  { "RSA of 1024 bits is too short (BR-08)", BIT (KEY_KIND), .algorithm = "rsa1024",
    .usage = "digitalSignature" },
  { "RSA of 2056 bits will do (BR-08)", 0, .algorithm = "rsa2056", .usage = "digitalSignature" },
  { "RSA of 2050 bits will not (BR-08)", BIT (KEY_KIND), .algorithm = "rsa2050",
    .usage = "digitalSignature" },
  { "SHA-1 is not in the rules (BR-09)", BIT (ALGORITHM_ENCODING), .digest = "SHA1" },
};

static void
add (TestCertificateSpec *spec, guint *n, const char *name, const char *value)
{
  if (g_str_equal (value, "-"))
    return;
  spec->extensions[(*n)++] = name;
  spec->extensions[(*n)++] = value;
}

static const char *
either (const char *value, const char *otherwise)
{
  return value != NULL ? value : otherwise;
}

static TestCertificate *
make (const LintCase *the_case, const TestCertificate *issuer)
{
  TestCertificateSpec spec = { .subject = either (the_case->subject, "CN=Alice"),
                               .algorithm = the_case->algorithm,
                               .digest = the_case->digest,
                               .issuer = issuer,
                               .from = the_case->from,
                               .until = the_case->until };
  guint n = 0;

  add (&spec, &n, "certificatePolicies", either (the_case->policy, "2.23.140.1.5.4.3"));
  add (&spec, &n, "basicConstraints", either (the_case->basic, "critical,CA:FALSE"));
  add (&spec, &n, "keyUsage", either (the_case->usage, "digitalSignature,keyAgreement"));
  add (&spec, &n, "extendedKeyUsage", either (the_case->extended, "emailProtection"));
  add (&spec, &n, "subjectAltName", either (the_case->alternative, "email:alice@example.org"));
  add (&spec, &n, "authorityKeyIdentifier", the_case->without_authority_key ? "-" : "keyid");
  add (&spec, &n, "crlDistributionPoints",
       the_case->without_crl ? "-" : "URI:http://crl.example.org/one.crl");
  return test_certificate_new (&spec);
}

static void
test_lints (gconstpointer data)
{
  g_autoptr (TestCertificate) authority = test_certificate_new_authority ("Authority", NULL);
  g_autoptr (TestCertificate) made = make (data, authority);
  g_autoptr (LlX509Vetting) vetting = ll_x509_vetting_new (made->key);

  for (LlLint lint = 0; lint < LL_N_LINTS; lint++)
    if ((vetting->lints ^ ((const LintCase *)data)->lints) & (1U << lint))
      g_error ("%s: %s", ll_lint_name (lint),
               vetting->lints & (1U << lint) ? "there, and should not be" : "missing");
}

/* BR-01: twelve identifiers, and none. */
static void
test_identifiers (void)
{
  for (guint kind = 1; kind <= 4; kind++)
    for (guint generation = 1; generation <= 3; generation++)
      {
        g_autofree char *policy = g_strdup_printf ("2.23.140.1.5.%u.%u", kind, generation);
        LintCase the_case = { .policy = policy };
        g_autoptr (TestCertificate) made = make (&the_case, NULL);
        g_autoptr (LlX509Vetting) vetting = ll_x509_vetting_new (made->key);

        g_assert_cmpuint (vetting->vetted, ==, LL_VETTED_NOT_TOLD + kind);
        g_assert_cmpuint (vetting->generation, ==, LL_GENERATION_NONE + generation);
      }
  static const char *const none[] = { "-",
                                      "2.23.140.1.5.5.1",
                                      "2.23.140.1.5.1.4",
                                      "2.23.140.1.5.1",
                                      "2.23.140.1.2.2",
                                      "2.23.140.1.5.1.1.1" };
  for (gsize i = 0; i < G_N_ELEMENTS (none); i++)
    {
      LintCase the_case = { .policy = none[i] };
      g_autoptr (TestCertificate) made = make (&the_case, NULL);
      g_autoptr (LlX509Vetting) vetting = ll_x509_vetting_new (made->key);

      g_assert_cmpuint (vetting->vetted, ==, LL_VETTED_NOT_TOLD);
      g_assert_cmpuint (vetting->lints, ==, 0);
    }
}

typedef struct
{
  const char *name, *policy, *subject;
  const char *shown, *organisation, *title;
  gboolean pseudonym;
} NameCase;

static const NameCase name_cases[] = {
  { "of a mailbox no name is shown (BR-02)", "2.23.140.1.5.1.3", "CN=Your Bank/O=Bank", NULL, NULL,
    "alice@example.org", FALSE },
  { "of an organisation its name and identifier (BR-03)", "2.23.140.1.5.2.3",
    "CN=Help Desk/O=Bank/organizationIdentifier=NTRDE-1", "Bank", "Bank (NTRDE-1)", "Bank", FALSE },
  { "of a sponsored person both (BR-03)", "2.23.140.1.5.3.3",
    "CN=Boss/GN=Ada/SN=Example/O=Bank/organizationIdentifier=NTRDE-1", "Ada Example",
    "Bank (NTRDE-1)", "Ada Example", FALSE },
  { "of an individual the common name, where there is nothing better (BR-03)", "2.23.140.1.5.4.3",
    "CN=Ada Example/O=Bank", "Ada Example", NULL, "Ada Example", FALSE },
  { "a pseudonym is one (BR-03)", "2.23.140.1.5.4.3", "CN=Ada Example/pseudonym=Countess",
    "Countess", NULL, "Countess", TRUE },
  { "where nothing is told, the common name stands as ever", "-", "CN=Your Bank/O=Bank", NULL, NULL,
    "Your Bank", FALSE },
};

static void
test_names (gconstpointer data)
{
  const NameCase *the_case = data;
  LintCase spec = { .policy = the_case->policy, .subject = the_case->subject };
  g_autoptr (TestCertificate) made = make (&spec, NULL);
  g_autoptr (LlX509Vetting) vetting = ll_x509_vetting_new (made->key);

  g_assert_cmpstr (vetting->name, ==, the_case->shown);
  g_assert_cmpstr (vetting->organisation, ==, the_case->organisation);
  g_assert_cmpint (vetting->pseudonym, ==, the_case->pseudonym);
  g_assert_cmpstr (ll_key_get_title (made->key), ==, the_case->title);
}

/* BR-07: who claims to keep the rules has no address in the subject. */
static void
test_subject_is_not_bound (void)
{
  LintCase claims = { .subject = "CN=Alice/emailAddress=alice@example.org", .alternative = "-" };
  LintCase silent
      = { .subject = "CN=Alice/emailAddress=alice@example.org", .alternative = "-", .policy = "-" };
  g_autoptr (TestCertificate) one = make (&claims, NULL);
  g_autoptr (TestCertificate) other = make (&silent, NULL);

  g_assert_false (ll_key_has_address (one->key, "alice@example.org"));
  g_assert_true (ll_key_has_address (other->key, "alice@example.org"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (lint_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/x509-vetting/", lint_cases[i].name, NULL);

      g_test_add_data_func (path, &lint_cases[i], test_lints);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (name_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/x509-vetting/", name_cases[i].name, NULL);

      g_test_add_data_func (path, &name_cases[i], test_names);
    }
  g_test_add_func ("/x509-vetting/twelve identifiers say what was vetted (BR-01)",
                   test_identifiers);
  g_test_add_func ("/x509-vetting/an address in the subject is not bound (BR-07)",
                   test_subject_is_not_bound);
  return g_test_run ();
}
