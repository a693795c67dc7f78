/* An OCSP response that came inside a signed message (RFC 5940 section 2.1), from its octets to the
 * opinion of the signer (CM-10). */
#include <config.h>

#include <openssl/ocsp.h>

#include "engine/engine.h"
#include "engine/signers.h"
#include "engine/test-craft.h"

#define DAY 86400L

G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_RESPONSE, OCSP_RESPONSE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_BASICRESP, OCSP_BASICRESP_free)

typedef struct
{
  const char *name;
  gboolean revoked, forged, of_another, other_format;
  int next_update; /* in days */
  LlRevocationWord word;
  LlAnswer time;
  LlReason reason;
  const char *source;
} Case;

static const Case cases[] = {
  { "that calls the signer good is an answer", FALSE, FALSE, FALSE, FALSE, 1, LL_REVOCATION_GOOD,
    LL_ANSWER_YES, LL_REASON_NONE, "ocsp-in-message" },
  { "that calls the signer revoked revokes", TRUE, FALSE, FALSE, FALSE, 1, LL_REVOCATION_REVOKED,
    LL_ANSWER_NO, LL_REASON_KEY_REVOKED, "ocsp-in-message" },
  { "that is too old is no answer", FALSE, FALSE, FALSE, FALSE, -1, LL_REVOCATION_UNKNOWN,
    LL_ANSWER_YES, LL_REASON_REVOCATION_NOT_CHECKED, "ocsp-in-message" },
  { "that is forged says nothing good", FALSE, TRUE, FALSE, FALSE, 1, LL_REVOCATION_UNKNOWN,
    LL_ANSWER_YES, LL_REASON_REVOCATION_NOT_CHECKED, NULL },
  { "that is forged revokes nothing", TRUE, TRUE, FALSE, FALSE, 1, LL_REVOCATION_UNKNOWN,
    LL_ANSWER_YES, LL_REASON_REVOCATION_NOT_CHECKED, NULL },
  { "about another certificate says nothing", TRUE, FALSE, TRUE, FALSE, 1, LL_REVOCATION_UNKNOWN,
    LL_ANSWER_YES, LL_REASON_REVOCATION_NOT_CHECKED, NULL },
  { "in a format that nobody knows is passed over", TRUE, FALSE, FALSE, TRUE, 1,
    LL_REVOCATION_UNKNOWN, LL_ANSWER_YES, LL_REASON_REVOCATION_NOT_CHECKED, NULL },
};

static GByteArray *
make_response (const Case *the_case, const LlTestCert *issuer, const LlTestCert *signer,
               const LlTestCert *about)
{
  g_autoptr (OCSP_BASICRESP) basic = OCSP_BASICRESP_new ();
  g_autoptr (ASN1_TIME) from = X509_gmtime_adj (NULL, -2 * DAY);
  g_autoptr (ASN1_TIME) until = X509_gmtime_adj (NULL, the_case->next_update * DAY);
  OCSP_CERTID *id = OCSP_cert_to_id (NULL, about->certificate, issuer->certificate);

  g_assert_nonnull (OCSP_basic_add1_status (basic, id,
                                            the_case->revoked ? V_OCSP_CERTSTATUS_REVOKED
                                                              : V_OCSP_CERTSTATUS_GOOD,
                                            OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                                            the_case->revoked ? from : NULL, from, until));
  OCSP_CERTID_free (id);
  g_assert_true (OCSP_basic_sign (basic, signer->certificate, signer->key, EVP_sha256 (), NULL, 0));
  g_autoptr (OCSP_RESPONSE) response
      = OCSP_response_create (OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  g_autoptr (GBytes) octets = LL_DER (response, OCSP_RESPONSE);
  return der_bytes (g_bytes_get_data (octets, NULL), g_bytes_get_size (octets));
}

/* A SignedData with OtherRevocationInfoFormat. */
static GBytes *
make_message (const LlTestCert *signer, GByteArray *response, gboolean other_format)
{
  const guint8 id[] = { 0x06, 8, 0x2b, 6, 1, 5, 5, 7, 16, other_format ? 99 : 2 };
  GByteArray *info = der (0xa1, der_bytes (id, sizeof id), response, NULL);
  GByteArray *body
      = der (0x30, der_integer (1), der (0x31, craft_algorithm (NID_sha256), NULL),
             der (0x30, der_pkcs (DER_DATA), der (0xa0, der_string (0x04, CONTENT), NULL), NULL),
             der (0xa0, craft_certificate (signer), NULL), der (0xa1, info, NULL),
             der (0x31, craft_signer_info ((Craft){ .signer = signer }), NULL), NULL);

  return der_take (der (0x30, der_pkcs (1, 7, 2), der (0xa0, body, NULL), NULL));
}

static LlFacts *
verify (LlEngine *engine, GBytes *object)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GError) error = NULL;
  LlFacts *facts = NULL;

  engine->klass->verify (engine, in, NULL, NULL, &facts, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (facts->crls->len, ==, 0);
  return facts;
}

static void
check (const Case *the_case, LlTestHome *home, const LlTestCert *root, GBytes *object)
{
  g_autoptr (LlPolicy) policy = ll_policy_new ();

  policy->system_anchors = FALSE;
  policy->anchors_file = ll_test_home_write (home, "root.pem", root->pem, -1);
  g_autoptr (LlKeyStore) store = ll_key_store_new (policy);
  g_autoptr (LlTrust) trust = ll_trust_new (policy, store, NULL);
  g_autoptr (LlEngine) engine = ll_engine_smime_new (policy, store);
  g_autoptr (LlFacts) facts = verify (engine, object);
  g_autoptr (GPtrArray) signers = ll_signers_judge (trust, facts, "alice@example.org");

  g_assert_cmpuint (facts->ocsps->len, ==, the_case->other_format ? 0 : 1);
  g_assert_cmpuint (signers->len, ==, 1);
  const LlSigner *signer = g_ptr_array_index (signers, 0);
  g_assert_cmpint (signer->facts->integrity, ==, LL_INTEGRITY_HOLDS);
  g_assert_cmpuint (signer->opinion->revocations->len, ==, 1);
  const LlRevocation *answer = g_ptr_array_index (signer->opinion->revocations, 0);
  g_assert_cmpint (answer->word, ==, the_case->word);
  g_assert_cmpstr (answer->source, ==, the_case->source);
  g_assert_cmpint (signer->opinion->time.answer, ==, the_case->time);
  g_assert_cmpstr (ll_reason_name (signer->opinion->time.reason), ==,
                   ll_reason_name (the_case->reason));
}

static void
test_case (gconstpointer data)
{
  const Case *the_case = data;
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  LlTestCertSpec root_spec = { .name = "Root", .authority = TRUE };
  g_autoptr (LlTestCert) root = ll_test_cert_new (&root_spec);
  g_autoptr (LlTestCert) impostor = ll_test_cert_new (&root_spec);
  g_autoptr (LlTestCert) alice = ll_test_cert_new (
      &(LlTestCertSpec){ .name = "Alice", .address = "alice@example.org", .issuer = root });
  g_autoptr (LlTestCert) bob = ll_test_cert_new (
      &(LlTestCertSpec){ .name = "Bob", .address = "bob@example.org", .issuer = root });
  GByteArray *response = make_response (the_case, root, the_case->forged ? impostor : root,
                                        the_case->of_another ? bob : alice);
  g_autoptr (GBytes) object = make_message (alice, response, the_case->other_format);

  check (the_case, home, root, object);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/ocsp in a message/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  return g_test_run ();
}
