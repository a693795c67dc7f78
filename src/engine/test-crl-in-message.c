/* A CRL that came inside a signed message, from its octets to the opinion of the signer (CM-10). */
#include <config.h>

#include "bridge/openssl-glue.h"
#include "engine/engine.h"
#include "engine/signers.h"
#include "tests/support.h"

#define DAY 86400L

static GBytes *
make_crl (const LlTestCert *issuer, const LlTestCert *signer, const LlTestCert *revoked)
{
  g_autoptr (X509_CRL) crl = X509_CRL_new ();
  g_autoptr (ASN1_TIME) from = X509_gmtime_adj (NULL, -DAY), until = X509_gmtime_adj (NULL, DAY);

  X509_CRL_set_version (crl, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name (crl, X509_get_subject_name (issuer->certificate));
  X509_CRL_set1_lastUpdate (crl, from);
  X509_CRL_set1_nextUpdate (crl, until);
  if (revoked != NULL)
    {
      X509_REVOKED *entry = X509_REVOKED_new ();

      X509_REVOKED_set_serialNumber (entry, X509_get_serialNumber (revoked->certificate));
      X509_REVOKED_set_revocationDate (entry, from);
      g_assert_true (X509_CRL_add0_revoked (crl, entry));
    }
  g_assert_true (X509_CRL_sign (crl, signer->key, EVP_sha256 ()));
  return LL_DER (crl, X509_CRL);
}

static GBytes *
sign (const LlTestCert *signer, GBytes *crl)
{
  g_autoptr (BIO) content = BIO_new_mem_buf ("words", -1);
  g_autoptr (CMS_ContentInfo) cms
      = CMS_sign (signer->certificate, signer->key, NULL, content, CMS_BINARY);
  const guint8 *der = g_bytes_get_data (crl, NULL);
  g_autoptr (X509_CRL) parsed = d2i_X509_CRL (NULL, &der, (long)g_bytes_get_size (crl));

  g_assert_nonnull (cms);
  g_assert_true (CMS_add1_crl (cms, parsed));
  return LL_DER (cms, CMS_ContentInfo);
}

typedef struct
{
  const char *name;
  gboolean revoked, forged;
  LlRevocationWord word;
  LlAnswer time;
  LlReason reason;
} Case;

static const Case cases[] = {
  { "that does not list the signer is good", FALSE, FALSE, LL_REVOCATION_GOOD, LL_ANSWER_YES,
    LL_REASON_NONE },
  { "that lists the signer revokes", TRUE, FALSE, LL_REVOCATION_REVOKED, LL_ANSWER_NO,
    LL_REASON_KEY_REVOKED },
  { "that somebody else has signed says nothing good", FALSE, TRUE, LL_REVOCATION_UNKNOWN,
    LL_ANSWER_YES, LL_REASON_REVOCATION_NOT_CHECKED },
  { "that somebody else has signed revokes nothing", TRUE, TRUE, LL_REVOCATION_UNKNOWN,
    LL_ANSWER_YES, LL_REASON_REVOCATION_NOT_CHECKED },
};

static LlFacts *
verify (LlEngine *engine, GBytes *object)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (GError) error = NULL;
  LlFacts *facts = NULL;

  engine->klass->verify (engine, in, NULL, out, &facts, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (facts->crls->len, ==, 1);
  return facts;
}

static void
test_case (gconstpointer data)
{
  const Case *the_case = data;
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  LlTestCertSpec root_spec = { .name = "Root", .authority = TRUE };
  g_autoptr (LlTestCert) root = ll_test_cert_new (&root_spec);
  g_autoptr (LlTestCert) impostor = ll_test_cert_new (&root_spec);
  LlTestCertSpec spec = { .name = "Alice", .address = "alice@example.org", .issuer = root };
  g_autoptr (LlTestCert) alice = ll_test_cert_new (&spec);
  g_autoptr (GBytes) crl
      = make_crl (root, the_case->forged ? impostor : root, the_case->revoked ? alice : NULL);
  g_autoptr (GBytes) object = sign (alice, crl);
  g_autoptr (LlPolicy) policy = ll_policy_new ();
  g_autoptr (LlKeyStore) store = NULL;
  g_autoptr (LlTrust) trust = NULL;
  g_autoptr (LlEngine) engine = NULL;
  g_autoptr (LlFacts) facts = NULL;
  g_autoptr (GPtrArray) signers = NULL;

  policy->system_anchors = FALSE;
  policy->anchors_file = ll_test_home_write (home, "root.pem", root->pem, -1);
  store = ll_key_store_new (policy);
  trust = ll_trust_new (policy, store, NULL);
  engine = ll_engine_smime_new (policy, store);
  facts = verify (engine, object);
  signers = ll_signers_judge (trust, facts, "alice@example.org");
  g_assert_cmpuint (signers->len, ==, 1);
  const LlKeyOpinion *opinion = ((LlSigner *)g_ptr_array_index (signers, 0))->opinion;
  g_assert_cmpuint (opinion->revocations->len, ==, 1);
  const LlRevocation *answer = g_ptr_array_index (opinion->revocations, 0);

  g_assert_cmpint (answer->word, ==, the_case->word);
  g_assert_cmpstr (answer->source, ==, "crl-in-message");
  g_assert_cmpint (opinion->time.answer, ==, the_case->time);
  g_assert_cmpstr (ll_reason_name (opinion->time.reason), ==, ll_reason_name (the_case->reason));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/crl in a message/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  return g_test_run ();
}
