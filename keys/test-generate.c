/* New keys in a real GnuPG home: what they are able to do, and what is refused before anything is
 * made. */
#include <config.h>

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "bridge/openssl-glue.h"
#include "keys/generate.h"
#include "keys/x509-cert-private.h"
#include "tests/support.h"

#define YEAR G_GINT64_CONSTANT (31536000)

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

typedef struct
{
  const char *name;
  LlProtocol protocol;
  const char *algorithm, *primary; /* asked for, and what the first subkey is */
} AlgorithmCase;

static const AlgorithmCase algorithm_cases[] = {
  { "an OpenPGP key is Ed25519 unless said otherwise", LL_PROTOCOL_OPENPGP, NULL, "ed25519" },
  { "an OpenPGP key may be RSA of 3072 bits (OP-21)", LL_PROTOCOL_OPENPGP, "RSA3072", "rsa3072" },
  { "a test certificate is RSA of 3072 bits unless said otherwise", LL_PROTOCOL_SMIME, NULL,
    "rsa3072" },
  { "a test certificate may be P-256", LL_PROTOCOL_SMIME, "nistp256", "nistp256" },
};

static void
test_algorithm (Fixture *fixture, gconstpointer data)
{
  const AlgorithmCase *the_case = data;
  gint64 now = ll_clock_now ();
  LlGenerateRequest request = { .policy = fixture->policy,
                                .protocol = the_case->protocol,
                                .address = "alice@example.org",
                                .name = "Alice \xC3\x84mple",
                                .algorithm = the_case->algorithm,
                                .expires = now + YEAR,
                                .not_protected = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (LlKey) key = ll_generate (fixture->store, &request, &error);
  const LlSubkey *first;

  g_assert_no_error (error);
  first = g_ptr_array_index (ll_key_get_subkeys (key), 0);
  g_assert_cmpstr (first->algorithm, ==, the_case->primary);
  g_assert_cmpstr (ll_key_get_title (key), ==, request.name);
  g_assert_true (ll_key_has_address (key, "alice@example.org"));
  g_assert_true (ll_key_has_secret (key));
  g_assert_true (ll_key_can_sign (key, now + 60));
  g_assert_true (ll_key_can_encrypt (key, now + 60));
  g_assert_cmpint (ABS (ll_key_get_expires (key) - request.expires), <=, 5);
  g_assert_false (ll_key_can_sign (key, now + YEAR + 60));
  g_assert_cmpuint (ll_test_home_count_pinentry (fixture->home), ==, 0);

  if (the_case->protocol == LL_PROTOCOL_SMIME)
    {
      X509 *certificate = ll_x509_cert_get (key);

      g_assert_cmpint (X509_verify (certificate, X509_get0_pubkey (certificate)), ==, 1);
      g_assert_cmpint (X509_check_ca (certificate), ==, 0);
    }
}

static void
test_never (Fixture *fixture, gconstpointer data)
{
  LlGenerateRequest request = { .policy = fixture->policy,
                                .protocol = LL_PROTOCOL_OPENPGP,
                                .address = "alice@example.org",
                                .not_protected = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (LlKey) openpgp = ll_generate (fixture->store, &request, &error);
  g_autoptr (LlKey) smime = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (ll_key_get_expires (openpgp), ==, 0);
  g_assert_cmpstr (ll_key_get_title (openpgp), ==, "alice@example.org");

  request.protocol = LL_PROTOCOL_SMIME;
  request.algorithm = "nistp256";
  smime = ll_generate (fixture->store, &request, &error);
  g_assert_no_error (error);
  g_assert_true (ll_key_can_sign (smime, ll_clock_now () + 1000 * YEAR));
  g_assert_cmpstr (ll_key_get_title (smime), ==, "alice@example.org");
}

/* The passphrase goes from pinentry to the agent; we never see it. */
static void
test_protected (Fixture *fixture, gconstpointer protocol)
{
  LlGenerateRequest request
      = { .policy = fixture->policy,
          .protocol = GPOINTER_TO_INT (protocol),
          .address = "alice@example.org",
          .algorithm = GPOINTER_TO_INT (protocol) == LL_PROTOCOL_SMIME ? "nistp256" : NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (LlKey) key = NULL;

  ll_test_home_set_pinentry (fixture->home, LL_TEST_PINENTRY_ANSWERS, "correct horse 1");
  key = ll_generate (fixture->store, &request, &error);
  g_assert_no_error (error);
  g_assert_true (ll_key_has_secret (key));
  g_assert_cmpuint (ll_test_home_count_pinentry (fixture->home), >=, 1);
}

static void
test_cancelled (Fixture *fixture, gconstpointer protocol)
{
  LlGenerateRequest request = { .policy = fixture->policy,
                                .protocol = GPOINTER_TO_INT (protocol),
                                .address = "alice@example.org" };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = NULL;

  g_assert_null (ll_generate (fixture->store, &request, &error));
  g_assert_nonnull (error);
  g_assert_true (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
                 || g_error_matches (error, LL_ERROR, LL_ERROR_KEY_LOCKED));
  keys = ll_key_store_find (fixture->store, LL_PROTOCOL_UNKNOWN, NULL, LL_KEYS_ANY, NULL);
  g_assert_cmpuint (keys->len, ==, 0);
}

typedef struct
{
  LlProtocol protocol;
  const char *address, *name, *algorithm;
  gint64 expires;
} BadCase;

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  static const BadCase cases[] = {
    { LL_PROTOCOL_OPENPGP, "alice" },
    { LL_PROTOCOL_OPENPGP, "" },
    { LL_PROTOCOL_OPENPGP, "alice@example.org\nKey-Type: RSA" },
    { LL_PROTOCOL_OPENPGP, "Alice <alice@example.org>" },
    { LL_PROTOCOL_OPENPGP, "alice@example.org", "Alice\n%no-protection" },
    { LL_PROTOCOL_OPENPGP, "alice@example.org", "Alice <eve@example.org>" },
    { LL_PROTOCOL_OPENPGP, "alice@example.org", "" },
    { LL_PROTOCOL_OPENPGP, "alice@example.org", "Alice \xE2\x80\xAEgro.live" },
    { LL_PROTOCOL_OPENPGP, "alice@example.org", "Alice \xFF" },
    { LL_PROTOCOL_OPENPGP, "alice@example.org", NULL, "rsa1024" },
    { LL_PROTOCOL_OPENPGP, "alice@example.org", NULL, "nistp256" },
    { LL_PROTOCOL_SMIME, "alice@example.org", NULL, "ed25519" },
    { LL_PROTOCOL_SMIME, "alice@example.org", NULL, "rsa1024" }, /* SM-31 */
    { LL_PROTOCOL_SMIME, "\xC3\xA4lice@example.org" },
    { LL_PROTOCOL_OPENPGP, "alice@example.org", NULL, NULL, 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      LlGenerateRequest request = { .policy = fixture->policy,
                                    .protocol = cases[i].protocol,
                                    .address = cases[i].address,
                                    .name = cases[i].name,
                                    .algorithm = cases[i].algorithm,
                                    .expires = cases[i].expires,
                                    .not_protected = TRUE };
      g_autoptr (GError) error = NULL;

      g_assert_null (ll_generate (fixture->store, &request, &error));
      g_assert_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_null (strchr (error->message, '\n'));
    }
}

#define ADD(name, data, function)                                                                  \
  g_test_add ("/generate/" name, Fixture, GINT_TO_POINTER (data), set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (algorithm_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/generate/", algorithm_cases[i].name, NULL);

      g_test_add (path, Fixture, &algorithm_cases[i], set_up, test_algorithm, tear_down);
    }
  ADD ("a key without an end lives on", 0, test_never);
  ADD ("pinentry asks for the OpenPGP key's passphrase", LL_PROTOCOL_OPENPGP, test_protected);
  ADD ("pinentry asks for the certificate's passphrase", LL_PROTOCOL_SMIME, test_protected);
  ADD ("who cancels makes no OpenPGP key", LL_PROTOCOL_OPENPGP, test_cancelled);
  ADD ("who cancels makes no certificate", LL_PROTOCOL_SMIME, test_cancelled);
  ADD ("what cannot be a name, an address or an algorithm is refused", 0, test_refused);
  return g_test_run ();
}
