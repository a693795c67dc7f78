/* What the S/MIME engine says of signatures: objects made here octet by octet and signed in this
 * process, so that each rule is broken alone. No agent, no keybox.
 */
#include <config.h>

#include <openssl/rsa.h>

#include "base/error.h"
#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "engine/engine.h"
#include "engine/test-craft.h"
#include "tests/support.h"

/* The people of these tests. */
static LlTestHome *home;
static LlTestCert *authority, *alice, *bob, *small, *tiny, *curve;
static LlEngine *engine;

/* ---- asking ---- */

static LlFacts *
verify_with (GBytes *object, const char *content, char **released)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GInputStream) beside
      = content != NULL ? g_memory_input_stream_new_from_data (content, strlen (content), NULL)
                        : NULL;
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (GError) error = NULL;
  LlFacts *facts = NULL;

  engine->klass->verify (engine, in, beside, content != NULL ? NULL : out, &facts, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (facts);
  g_assert_true (facts->is_signed);
  if (released != NULL)
    *released = g_strndup (g_memory_output_stream_get_data (G_MEMORY_OUTPUT_STREAM (out)),
                           g_memory_output_stream_get_data_size (G_MEMORY_OUTPUT_STREAM (out)));
  return facts;
}

/* What is said of an opaque message with this one signerInfo. */
static void
check (Craft craft, LlIntegrity integrity, LlReason reason)
{
  const LlTestCert *signer = craft.signer != NULL ? craft.signer : alice;
  g_autoptr (GBytes) object
      = craft_signed_data (craft.content_type, CONTENT, craft_certificate (signer),
                           craft_signer_info (craft));
  g_autofree char *released = NULL;
  g_autoptr (LlFacts) facts = verify_with (object, NULL, &released);
  g_assert_cmpuint (facts->signatures->len, ==, 1);
  const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);

  g_assert_cmpstr (ll_reason_name (signature->reason), ==, ll_reason_name (reason));
  g_assert_cmpint (signature->integrity, ==, integrity);
  g_assert_cmpstr (released, ==, CONTENT);
  if (integrity == LL_INTEGRITY_HOLDS)
    {
      g_assert_nonnull (signature->key);
      g_assert_cmpstr (ll_key_get_gnupg_fingerprint (signature->key), ==, signer->fingerprint);
      g_assert_cmpstr (signature->fingerprint, ==, ll_key_get_fingerprint (signature->key));
    }
}

#define HOLDS(...) check ((Craft){ __VA_ARGS__ }, LL_INTEGRITY_HOLDS, LL_REASON_NONE)
#define HOLDS_BUT(reason, ...)                                                                     \
  check ((Craft){ __VA_ARGS__ }, LL_INTEGRITY_HOLDS, LL_REASON_##reason)
#define BROKEN(reason, ...) check ((Craft){ __VA_ARGS__ }, LL_INTEGRITY_BROKEN, LL_REASON_##reason)
#define UNCHECKED(reason, ...)                                                                     \
  check ((Craft){ __VA_ARGS__ }, LL_INTEGRITY_NOT_CHECKED, LL_REASON_##reason)

/* ---- SM-18, AL-13: algorithms and keys ---- */

static void
rsa_and_ecdsa_signatures_hold (void)
{
  HOLDS (.signer = alice);
  HOLDS (.signer = alice, .digest = "SHA512");
  HOLDS (.signer = curve);
}

static void
a_weak_digest_holds_but_is_named (void)
{
  HOLDS_BUT (WEAK_DIGEST, .digest = "SHA1");
  HOLDS_BUT (WEAK_DIGEST, .digest = "MD5");
}

static LlTestCert *
person (const char *name, const char *address, const char *algorithm_name)
{
  LlTestCertSpec spec
      = { .name = name, .address = address, .algorithm = algorithm_name, .issuer = authority };
  return ll_test_cert_new (&spec);
}

/* SM-28 */
static void
a_small_key_is_named_and_a_tiny_one_breaks (void)
{
  HOLDS_BUT (WEAK_KEY, .signer = small);
  BROKEN (WEAK_KEY, .signer = tiny);
}

/* SM-28: with an exponent of 1 everybody signs. */
static void
a_key_that_anybody_can_sign_with_breaks (void)
{
  g_autoptr (LlTestCert) nobody = person ("Nobody", "nobody@example.org", "rsa-void");

  BROKEN (WEAK_KEY, .signer = nobody);
}

static void
an_unknown_algorithm_is_not_checked (void)
{
  UNCHECKED (UNSUPPORTED_ALGORITHM, .signature_algorithm = der (0x30, NOBODY_KNOWS_THIS, NULL));
  UNCHECKED (UNSUPPORTED_ALGORITHM, .digest_algorithm = der (0x30, NOBODY_KNOWS_THIS, NULL));
}

/* RFC 8419. OpenSSL 3.0 knows EdDSA, but not in CMS: then it is not checked, never broken. */
static void
eddsa_holds_or_is_not_supported (void)
{
  g_autoptr (LlTestCert) edwards = ll_test_cert_new (
      &(LlTestCertSpec){ .name = "Edwards", .algorithm = "ED25519", .issuer = authority });
  Craft craft = { .signer = edwards,
                  .digest = "SHA512",
                  .signature_algorithm = craft_algorithm (NID_ED25519) };
  g_autoptr (GBytes) object
      = craft_signed_data (NULL, CONTENT, craft_certificate (edwards), craft_signer_info (craft));
  g_autoptr (LlFacts) facts = verify_with (object, NULL, NULL);
  const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);

  g_assert_cmpstr (signature->algorithm, ==, "EdDSA");
  if (signature->integrity == LL_INTEGRITY_HOLDS)
    return;
  g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_NOT_CHECKED);
  g_assert_cmpint (signature->reason, ==, LL_REASON_UNSUPPORTED_ALGORITHM);
}

/* AL-07: the parameters of RSASSA-PSS are looked at before the key is. */
static void
odd_parameters_of_pss_break (void)
{
#define HASH(nid) der (0xa0, craft_algorithm (nid), NULL)
#define MASK(nid) der (0xa1, der (0x30, craft_oid (NID_mgf1), craft_algorithm (nid), NULL), NULL)
#define PSS(...) der (0x30, craft_oid (NID_rsassaPss), der (0x30, __VA_ARGS__, NULL), NULL)
  BROKEN (MALFORMED, .signature_algorithm = craft_algorithm (NID_rsassaPss));
  BROKEN (DIGEST_ALGORITHM_MISMATCH,
          .signature_algorithm = PSS (HASH (NID_sha512), MASK (NID_sha512)));
  BROKEN (DIGEST_ALGORITHM_MISMATCH,
          .signature_algorithm = PSS (HASH (NID_sha256), MASK (NID_sha1)));
  UNCHECKED (UNSUPPORTED_ALGORITHM,
             .signature_algorithm
             = PSS (HASH (NID_sha256), MASK (NID_sha256), der (0xa3, der_integer (2), NULL)));
  BROKEN (BAD_SIGNATURE, .signature_algorithm = PSS (HASH (NID_sha256), MASK (NID_sha256)));
}

/* SM-34 */
static void
a_huge_modulus_is_refused_before_the_mathematics (void)
{
  g_autoptr (BIGNUM) n = BN_new ();
  g_autoptr (BIGNUM) e = BN_new ();
  g_autoptr (OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new ();
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, "RSA", NULL);
  g_autoptr (EVP_PKEY) key = NULL;

  g_assert_true (BN_rand (n, LL_LIMIT_RSA_BITS + 16, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD));
  g_assert_true (BN_set_word (e, 65537));
  g_assert_true (OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_N, n));
  g_assert_true (OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_E, e));
  g_autoptr (OSSL_PARAM) params = OSSL_PARAM_BLD_to_param (builder);
  g_assert_true (EVP_PKEY_fromdata_init (context) == 1);
  g_assert_true (EVP_PKEY_fromdata (context, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
  g_autoptr (X509) certificate = X509_dup (alice->certificate);
  g_assert_true (X509_set_pubkey (certificate, key) == 1);
  g_assert_true (X509_sign (certificate, authority->key, EVP_sha256 ()) > 0);
  LlTestCert huge = { .certificate = certificate, .key = alice->key };

  gint64 started = g_get_monotonic_time ();
  UNCHECKED (UNSUPPORTED_ALGORITHM, .signer = &huge);
  g_assert_cmpint (g_get_monotonic_time () - started, <, 100 * 1000);
}

/* ---- digest and value ---- */

static void
a_changed_content_and_a_changed_value_are_told_apart (void)
{
  BROKEN (DIGEST_MISMATCH, .signed_content = "Content-Type: text/plain\r\n\r\nHullo\r\n");
  BROKEN (BAD_SIGNATURE, .break_value = TRUE);
  BROKEN (BAD_SIGNATURE, .signer = curve, .break_value = TRUE);
}

/* CM-12 */
static void
content_and_attributes_have_the_same_digest (void)
{
  BROKEN (DIGEST_ALGORITHM_MISMATCH,
          .signature_algorithm = craft_algorithm (NID_sha512WithRSAEncryption));
  HOLDS (.signature_algorithm = craft_algorithm (NID_sha256WithRSAEncryption));
}

/* RFC 5652 section 5.1 */
static void
a_digest_that_the_message_does_not_list_breaks (void)
{
  BROKEN (MALFORMED, .digest = "SHA384");
}

/* ---- CM-11, SM-32: attributes ---- */

static void
content_type_and_message_digest_stand_there_once (void)
{
  BROKEN (ATTRIBUTE_CARDINALITY,
          .first_attributes = craft_attribute (CONTENT_TYPE, der_pkcs (DER_DATA)));
  BROKEN (ATTRIBUTE_CARDINALITY,
          .first_attributes
          = craft_attribute (MESSAGE_DIGEST, craft_digest ("SHA256", CONTENT, strlen (CONTENT))));
  BROKEN (ATTRIBUTE_CARDINALITY, .attributes = craft_default_attributes ("SHA256", CONTENT));
  BROKEN (ATTRIBUTE_CARDINALITY, .first_attributes = g_byte_array_new ());
}

static void
the_content_type_is_the_one_that_was_signed (void)
{
  BROKEN (CONTENT_TYPE_MISMATCH,
          .first_attributes
          = der_join (craft_attribute (CONTENT_TYPE, TIME_STAMP_INFO),
                      craft_attribute (MESSAGE_DIGEST,
                                       craft_digest ("SHA256", CONTENT, strlen (CONTENT))),
                      NULL));
  BROKEN (CONTENT_TYPE_MISMATCH, .content_type = TIME_STAMP_INFO);
}

static void
known_attributes_come_once_with_one_value_and_unknown_ones_as_they_like (void)
{
  GByteArray *time = der_string (0x17, "260101000000Z");

  HOLDS (.attributes = craft_attribute (NOBODY_KNOWS_THIS, craft_null ()));
  HOLDS (.attributes = der_join (craft_attribute (NOBODY_KNOWS_THIS, craft_null ()),
                                 craft_attribute (NOBODY_KNOWS_THIS, craft_null ()), NULL));
  BROKEN (ATTRIBUTE_CARDINALITY,
          .attributes = der_join (craft_attribute (SIGNING_TIME, g_byte_array_ref (time)),
                                  craft_attribute (SIGNING_TIME, g_byte_array_ref (time)), NULL));
  BROKEN (ATTRIBUTE_CARDINALITY,
          .attributes
          = der (0x30, SIGNING_TIME,
                 der (0x31, g_byte_array_ref (time), g_byte_array_ref (time), NULL), NULL));
  BROKEN (ATTRIBUTE_CARDINALITY,
          .attributes = der (0x30, SIGNING_TIME, der (0x31, g_byte_array_new (), NULL), NULL));
  BROKEN (ATTRIBUTE_CARDINALITY,
          .unsigned_attributes
          = craft_attribute (CAPABILITIES, der (0x30, g_byte_array_new (), NULL)));
  g_byte_array_unref (time);
}

/* SM-08, CM-18 */
static void
the_signing_time_is_read_in_both_forms_and_only_where_it_is_signed (void)
{
  const struct
  {
    guint8 tag;
    const char *text;
    gint64 time;
    gboolean is_unsigned;
  } cases[] = { { 0x17, "491231235959Z", 2524607999, FALSE },
                { 0x18, "20500101000000Z", 2524608000, FALSE },
                { 0x17, "700101000001Z", 1, FALSE },
                { 0x17, "never", 0, FALSE },
                { 0x17, "260101000000Z", 0, TRUE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GByteArray *time = craft_attribute (SIGNING_TIME, der_string (cases[i].tag, cases[i].text));
      Craft craft = { .attributes = cases[i].is_unsigned ? NULL : time,
                      .unsigned_attributes = cases[i].is_unsigned ? time : NULL };
      g_autoptr (GBytes) object
          = craft_signed_data (NULL, CONTENT, craft_certificate (alice), craft_signer_info (craft));
      g_autoptr (LlFacts) facts = verify_with (object, NULL, NULL);
      const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);
      g_assert_cmpint (signature->signing_time, ==, cases[i].time);
    }
}

/* CM-01 */
static void
algorithm_protection_is_compared (void)
{
#define PROTECT(digest, signature)                                                                 \
  craft_attribute (PROTECTION, der (0x30, craft_algorithm (digest),                                \
                                    der (0xa1, craft_oid (signature), craft_null (), NULL), NULL))
  HOLDS (.attributes = PROTECT (NID_sha256, NID_rsaEncryption));
  BROKEN (ALGORITHM_PROTECTION, .attributes = PROTECT (NID_sha1, NID_rsaEncryption));
  BROKEN (ALGORITHM_PROTECTION, .attributes = PROTECT (NID_sha256, NID_sha256WithRSAEncryption));
  BROKEN (ALGORITHM_PROTECTION, .attributes = craft_attribute (PROTECTION, craft_null ()));
}

/* ---- ES-05, ES-06, ES-07: the certificate that was signed for ---- */

static GByteArray *
certificate_hash (const char *digest, X509 *certificate)
{
  g_autoptr (GBytes) bytes = LL_DER (certificate, X509);
  return craft_digest (digest, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* `v2`: with the default algorithm, which is left out. */
static GByteArray *
names (const LlTestCert *cert, gboolean v2)
{
  return craft_attribute (v2 ? SIGNING_CERTIFICATE_V2 : SIGNING_CERTIFICATE,
                          der (0x30,
                               der (0x30,
                                    der (0x30,
                                         certificate_hash (v2 ? "SHA256" : "SHA1",
                                                           cert->certificate),
                                         NULL),
                                    NULL),
                               NULL));
}

static void
the_signing_certificate_attribute_decides (void)
{
  HOLDS (.attributes = names (alice, TRUE));
  HOLDS (.attributes = names (alice, FALSE));
  HOLDS (.attributes
         = craft_attribute (SIGNING_CERTIFICATE_V2,
                            der (0x30,
                                 der (0x30,
                                      der (0x30, craft_algorithm (NID_sha512),
                                           certificate_hash ("SHA512", alice->certificate), NULL),
                                      NULL),
                                 NULL)));
  BROKEN (SIGNING_CERTIFICATE_MISMATCH, .attributes = names (bob, TRUE));
  BROKEN (SIGNING_CERTIFICATE_MISMATCH,
          .attributes = der_join (names (bob, FALSE), names (alice, TRUE), NULL));
  BROKEN (SIGNING_CERTIFICATE_MISMATCH,
          .attributes = craft_attribute (SIGNING_CERTIFICATE_V2, craft_null ()));
  BROKEN (ATTRIBUTE_CARDINALITY,
          .attributes = der_join (names (alice, TRUE), names (alice, TRUE), NULL));
}

/* A certificate for the same name and key, with another serial number. */
static X509 *
reissue (const LlTestCert *cert)
{
  X509 *again = X509_dup (cert->certificate);

  ASN1_INTEGER_set (X509_get_serialNumber (again), 77);
  g_assert_true (X509_sign (again, authority->key, EVP_sha256 ()) > 0);
  return again;
}

static void
a_reissued_certificate_does_not_stand_in_for_the_one_signed_for (void)
{
  g_autoptr (X509) again = reissue (alice);
  LlTestCert reissued = { .certificate = again, .key = alice->key };
  Craft craft = { .signer = &reissued, .attributes = names (alice, TRUE) };
  g_autoptr (GBytes) both = craft_signed_data (NULL, CONTENT,
                                               der_join (craft_certificate (&reissued),
                                                         craft_certificate (alice), NULL),
                                               craft_signer_info (craft));
  g_autoptr (LlFacts) facts = verify_with (both, NULL, NULL);
  const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);
  g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_HOLDS);
  g_assert_cmpstr (ll_key_get_gnupg_fingerprint (signature->key), ==, alice->fingerprint);

  BROKEN (SIGNING_CERTIFICATE_MISMATCH, .signer = &reissued, .attributes = names (alice, TRUE));
}

/* ---- CM-13: without signed attributes ---- */

static void
without_signed_attributes_it_holds_with_a_reason (void)
{
  HOLDS_BUT (NO_SIGNED_ATTRIBUTES, .without_attributes = TRUE);
  HOLDS_BUT (WEAK_DIGEST, .without_attributes = TRUE, .digest = "SHA1");
  BROKEN (BAD_SIGNATURE, .without_attributes = TRUE, .signed_content = "something else");
  BROKEN (ATTRIBUTE_CARDINALITY, .without_attributes = TRUE, .content_type = TIME_STAMP_INFO);
}

/* Somebody's signed attributes as the content of another message: the same octets are signed. */
static void
attributes_do_not_pass_as_content (void)
{
  g_autoptr (GByteArray) first = craft_default_attributes ("SHA256", CONTENT);
  g_autoptr (GByteArray) as_set = der (0x31, der_bytes (first->data, first->len), NULL);
  g_autoptr (GByteArray) stolen = craft_sign (&(Craft){ 0 }, as_set);
  GByteArray *info = der (0x30, der_integer (1), craft_issuer_and_serial (alice->certificate),
                          craft_algorithm (NID_sha256),
                          der (0x30, craft_oid (NID_rsaEncryption), craft_null (), NULL),
                          der (0x04, g_byte_array_ref (stolen), NULL), NULL);
  g_autoptr (GBytes) object = der_take (
      der (0x30, der_pkcs (1, 7, 2),
           der (0xa0,
                der (0x30, der_integer (1), der (0x31, craft_algorithm (NID_sha256), NULL),
                     der (0x30, der_pkcs (DER_DATA),
                          der (0xa0, der (0x04, g_byte_array_ref (as_set), NULL), NULL), NULL),
                     der (0xa0, craft_certificate (alice), NULL), der (0x31, info, NULL), NULL),
                NULL),
           NULL));
  g_autoptr (LlFacts) facts = verify_with (object, NULL, NULL);
  const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);
  g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_BROKEN);
  g_assert_cmpint (signature->reason, ==, LL_REASON_NO_SIGNED_ATTRIBUTES);
}

/* ---- structure ---- */

/* SM-33 */
static void
a_content_inside_a_detached_signature_is_neither_believed_nor_released (void)
{
  g_autoptr (GBytes) object = craft_signed_data (NULL, CONTENT, craft_certificate (alice),
                                                 craft_signer_info ((Craft){ 0 }));
  const char *beside[] = { CONTENT, "something else" };

  for (guint i = 0; i < G_N_ELEMENTS (beside); i++)
    {
      g_autoptr (LlFacts) facts = verify_with (object, beside[i], NULL);
      const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);
      g_assert_cmpint (facts->signed_reason, ==, LL_REASON_CONTENT_IN_DETACHED);
      g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_BROKEN);
      g_assert_cmpint (signature->reason, ==, LL_REASON_CONTENT_IN_DETACHED);
    }
}

static void
a_detached_signature_is_over_what_stands_beside (void)
{
  g_autoptr (GBytes) object
      = craft_signed_data (NULL, NULL, craft_certificate (alice), craft_signer_info ((Craft){ 0 }));
  g_autoptr (LlFacts) right = verify_with (object, CONTENT, NULL);
  g_autoptr (LlFacts) wrong = verify_with (object, CONTENT "\r\n", NULL);
  const LlSignatureFacts *signature = g_ptr_array_index (right->signatures, 0);
  g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_HOLDS);
  signature = g_ptr_array_index (wrong->signatures, 0);
  g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_BROKEN);
  g_assert_cmpint (signature->reason, ==, LL_REASON_DIGEST_MISMATCH);

  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GError) error = NULL;
  LlFacts *facts = NULL;
  g_assert_false (engine->klass->verify (engine, in, NULL, NULL, &facts, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
}

/* CM-14 */
static void
without_signers_there_is_a_claim_but_no_signature (void)
{
  g_autoptr (GBytes) object
      = craft_signed_data (NULL, CONTENT, craft_certificate (alice), g_byte_array_new ());
  g_autofree char *released = NULL;
  g_autoptr (LlFacts) facts = verify_with (object, NULL, &released);
  g_assert_cmpuint (facts->signatures->len, ==, 0);
  g_assert_cmpint (facts->signed_reason, ==, LL_REASON_NO_SIGNERS);
  g_assert_cmpstr (released, ==, CONTENT);
  g_assert_cmpuint (facts->certificates->len, ==, 1);
}

static void
a_content_that_is_not_data_is_named (void)
{
  Craft craft = { .first_attributes
                  = der_join (craft_attribute (CONTENT_TYPE, TIME_STAMP_INFO),
                              craft_attribute (MESSAGE_DIGEST,
                                               craft_digest ("SHA256", CONTENT, strlen (CONTENT))),
                              NULL) };
  g_autoptr (GBytes) object
      = craft_signed_data (TIME_STAMP_INFO, CONTENT, craft_certificate (alice),
                           craft_signer_info (craft));
  g_autoptr (LlFacts) facts = verify_with (object, NULL, NULL);
  const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);
  g_assert_cmpint (facts->signed_reason, ==, LL_REASON_NOT_CONTENT_DATA);
  g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_HOLDS);
}

/* CM-15 */
static void
each_signer_is_judged_alone (void)
{
  GByteArray *infos = der_join (craft_signer_info ((Craft){ .signer = alice }),
                                craft_signer_info ((Craft){ .signer = bob, .break_value = TRUE }),
                                der_string (0x30, "not a signerInfo"),
                                craft_signer_info ((Craft){ .signer = curve }), NULL);
  GByteArray *certificates = der_join (craft_certificate (alice), craft_certificate (bob),
                                       craft_certificate (curve), NULL);
  g_autoptr (GBytes) object = craft_signed_data (NULL, CONTENT, certificates, infos);
  g_autoptr (LlFacts) facts = verify_with (object, NULL, NULL);
  const LlReason reasons[]
      = { LL_REASON_NONE, LL_REASON_BAD_SIGNATURE, LL_REASON_MALFORMED, LL_REASON_NONE };

  g_assert_cmpuint (facts->signatures->len, ==, G_N_ELEMENTS (reasons));
  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    {
      const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, i);
      g_assert_cmpint (signature->reason, ==, reasons[i]);
      g_assert_cmpint (signature->integrity, ==,
                       reasons[i] == LL_REASON_NONE ? LL_INTEGRITY_HOLDS : LL_INTEGRITY_BROKEN);
    }
  const LlSignatureFacts *second = g_ptr_array_index (facts->signatures, 1);
  g_assert_cmpstr (ll_key_get_gnupg_fingerprint (second->key), ==, bob->fingerprint);
}

static void
too_many_signers_or_certificates_are_not_judged (void)
{
  g_autoptr (GByteArray) info = craft_signer_info ((Craft){ 0 });
  g_autoptr (GByteArray) certificate = craft_certificate (alice);
  g_autoptr (GBytes) signers = craft_signed_data (NULL, CONTENT, g_byte_array_ref (certificate),
                                                  der_repeat (info, LL_LIMIT_SIGNERS + 1));
  g_autoptr (LlFacts) facts = verify_with (signers, NULL, NULL);
  g_assert_cmpint (facts->signed_reason, ==, LL_REASON_LIMIT_SIGNERS);
  g_assert_cmpuint (facts->signatures->len, ==, 0);

  g_autoptr (GBytes) certificates
      = craft_signed_data (NULL, CONTENT, der_repeat (certificate, LL_LIMIT_CERTIFICATES + 1),
                           g_byte_array_ref (info));
  g_autoptr (LlFacts) others = verify_with (certificates, NULL, NULL);
  g_assert_cmpint (others->signed_reason, ==, LL_REASON_LIMIT_CERTIFICATES);
  g_assert_cmpuint (others->signatures->len, ==, 0);
}

/* ---- who signed ---- */

static void
without_the_certificate_the_signer_is_named_but_not_checked (void)
{
  g_autoptr (GBytes) object
      = craft_signed_data (NULL, CONTENT, NULL, craft_signer_info ((Craft){ 0 }));
  g_autoptr (LlFacts) facts = verify_with (object, NULL, NULL);
  const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);
  g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_NOT_CHECKED);
  g_assert_cmpint (signature->reason, ==, LL_REASON_NO_PUBLIC_KEY);
  g_assert_null (signature->key);
  g_assert_nonnull (strstr (signature->signer_hint, "CN=Test Authority"));
}

/* SC-05 */
static void
certificates_that_nobody_can_read_are_passed_over (void)
{
  g_autoptr (GBytes) object
      = craft_signed_data (NULL, CONTENT,
                           der_join (der_string (0xa1, "attribute certificate"),
                                     der_string (0x30, "no certificate"), craft_certificate (alice),
                                     NULL),
                           craft_signer_info ((Craft){ 0 }));
  g_autoptr (LlFacts) facts = verify_with (object, NULL, NULL);
  const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);
  g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_HOLDS);
  g_assert_cmpuint (facts->certificates->len, ==, 1);
}

/* Bob's certificate with Alice's subject key identifier. */
static X509 *
with_key_id_of (const LlTestCert *cert, const LlTestCert *other)
{
  X509 *copy = X509_dup (cert->certificate);
  const ASN1_OCTET_STRING *id = X509_get0_subject_key_id (other->certificate);
  int at = X509_get_ext_by_NID (copy, NID_subject_key_identifier, -1);

  g_assert_nonnull (id);
  if (at >= 0)
    X509_EXTENSION_free (X509_delete_ext (copy, at));
  g_assert_true (X509_add1_ext_i2d (copy, NID_subject_key_identifier, (void *)id, 0, 0) == 1);
  g_assert_true (X509_sign (copy, authority->key, EVP_sha256 ()) > 0);
  return copy;
}

/* SM-19 */
static void
every_certificate_with_the_key_identifier_is_tried (void)
{
  g_autoptr (X509) twin = with_key_id_of (bob, alice);
  LlTestCert impostor = { .certificate = twin, .key = bob->key };
  const ASN1_OCTET_STRING *id = X509_get0_subject_key_id (alice->certificate);
  Craft craft
      = { .signer_id
          = der (0x80, der_bytes (ASN1_STRING_get0_data (id), ASN1_STRING_length (id)), NULL) };
  GByteArray *info = craft_signer_info (craft);
  g_autoptr (GBytes) object
      = craft_signed_data (NULL, CONTENT,
                           der_join (craft_certificate (&impostor), craft_certificate (&impostor),
                                     craft_certificate (alice), NULL),
                           g_byte_array_ref (info));
  g_autoptr (LlFacts) facts = verify_with (object, NULL, NULL);
  const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);
  g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_HOLDS);
  g_assert_cmpstr (ll_key_get_gnupg_fingerprint (signature->key), ==, alice->fingerprint);

  g_autoptr (GBytes) alone = craft_signed_data (NULL, CONTENT, craft_certificate (&impostor), info);
  g_autoptr (LlFacts) bad = verify_with (alone, NULL, NULL);
  signature = g_ptr_array_index (bad->signatures, 0);
  g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_BROKEN);
  g_assert_cmpint (signature->reason, ==, LL_REASON_BAD_SIGNATURE);
}

/* VM-08: a message does not have as many verifications as it likes. */
static void
not_any_number_of_certificates_is_tried (void)
{
  g_autoptr (X509) twin = with_key_id_of (bob, alice);
  LlTestCert impostor = { .certificate = twin, .key = bob->key };
  const ASN1_OCTET_STRING *id = X509_get0_subject_key_id (alice->certificate);

  for (guint n = LL_LIMIT_SIGNER_TRIES - 1; n <= LL_LIMIT_SIGNER_TRIES; n++)
    {
      Craft craft
          = { .signer_id
              = der (0x80, der_bytes (ASN1_STRING_get0_data (id), ASN1_STRING_length (id)), NULL) };
      GByteArray *certificates = craft_certificate (alice);
      for (guint i = 0; i < n; i++)
        certificates = der_join (craft_certificate (&impostor), certificates, NULL);
      g_autoptr (GBytes) object
          = craft_signed_data (NULL, CONTENT, certificates, craft_signer_info (craft));
      g_autoptr (LlFacts) facts = verify_with (object, NULL, NULL);
      const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);
      gboolean tried = n < LL_LIMIT_SIGNER_TRIES;
      g_assert_cmpint (signature->integrity, ==,
                       tried ? LL_INTEGRITY_HOLDS : LL_INTEGRITY_NOT_CHECKED);
      g_assert_cmpint (signature->reason, ==,
                       tried ? LL_REASON_NONE : LL_REASON_LIMIT_CERTIFICATES);
    }
}

/* ---- SM-21: what kind of thing it is ---- */

static LlBlobKind
identify (GBytes *object)
{
  return engine->klass->identify (engine, object);
}

static void
the_bytes_tell_what_they_are (void)
{
  g_autoptr (GByteArray) info = craft_signer_info ((Craft){ 0 });
  g_autoptr (GBytes) opaque = craft_signed_data (NULL, CONTENT, NULL, g_byte_array_ref (info));
  g_autoptr (GBytes) detached = craft_signed_data (NULL, NULL, NULL, g_byte_array_ref (info));
  g_autoptr (GBytes) certificates
      = craft_signed_data (NULL, NULL, craft_certificate (alice), g_byte_array_new ());
  g_autoptr (GBytes) beginning = g_bytes_new_from_bytes (detached, 0, 100);
  g_autoptr (GBytes) compressed
      = der_take (der (0x30, der_pkcs (1, 9, 16, 1, 9),
                       der (0xa0,
                            der (0x30, der_integer (0), der (0x30, der_pkcs (1, 9, 16, 3, 8), NULL),
                                 der (0x30, der_pkcs (DER_DATA), NULL), NULL),
                            NULL),
                       NULL));
  g_autoptr (GBytes) other
      = der_take (der (0x30, der_pkcs (DER_DATA), der (0xa0, der_integer (0), NULL), NULL));
  g_autoptr (GBytes) nothing = g_bytes_new (NULL, 0);

  g_assert_cmpint (identify (opaque), ==, LL_BLOB_SIGNED);
  g_assert_cmpint (identify (detached), ==, LL_BLOB_DETACHED);
  g_assert_cmpint (identify (certificates), ==, LL_BLOB_CERTIFICATES);
  g_assert_cmpint (identify (beginning), ==, LL_BLOB_DETACHED);
  g_assert_cmpint (identify (compressed), ==, LL_BLOB_COMPRESSED);
  g_assert_cmpint (identify (other), ==, LL_BLOB_UNKNOWN);
  g_assert_cmpint (identify (nothing), ==, LL_BLOB_UNKNOWN);
}

/* ---- damage ---- */

static void
no_changed_octet_of_the_content_holds (void)
{
  g_autoptr (GBytes) object
      = craft_signed_data (NULL, NULL, craft_certificate (alice), craft_signer_info ((Craft){ 0 }));
  gsize length = strlen (CONTENT);

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *changed = g_strdup (CONTENT);
      changed[i % length] ^= 1 + i / length;
      g_autoptr (LlFacts) facts = verify_with (object, changed, NULL);
      const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);
      g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_BROKEN);
      g_assert_cmpint (signature->reason, ==, LL_REASON_DIGEST_MISMATCH);
    }
}

/* Whatever octet of the object is changed: no crash, and what still holds has the same content. */
static void
no_changed_octet_of_the_object_makes_another_content_hold (void)
{
  g_autoptr (GBytes) object = craft_signed_data (NULL, CONTENT, craft_certificate (curve),
                                                 craft_signer_info ((Craft){ .signer = curve }));
  gsize size = g_bytes_get_size (object);

  for (gsize at = 0; at < size; at++)
    {
      guint8 *changed = g_memdup2 (g_bytes_get_data (object, NULL), size);
      changed[at] ^= 1 << (at % 8);
      g_autoptr (GBytes) bad = g_bytes_new_take (changed, size);
      g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (bad);
      g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
      g_autoptr (LlFacts) facts = NULL;
      if (!engine->klass->verify (engine, in, NULL, out, &facts, NULL, NULL))
        continue;
      for (guint i = 0; i < facts->signatures->len; i++)
        {
          const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, i);
          GMemoryOutputStream *memory = G_MEMORY_OUTPUT_STREAM (out);
          if (signature->integrity == LL_INTEGRITY_HOLDS)
            g_assert_cmpmem (g_memory_output_stream_get_data (memory),
                             g_memory_output_stream_get_data_size (memory), CONTENT,
                             strlen (CONTENT));
        }
    }
}

static void
an_object_cut_anywhere_is_an_error (void)
{
  g_autoptr (GBytes) object = craft_signed_data (NULL, CONTENT, craft_certificate (alice),
                                                 craft_signer_info ((Craft){ 0 }));

  for (gsize length = 0; length < g_bytes_get_size (object); length++)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (object, 0, length);
      g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (cut);
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = NULL;
      g_assert_false (engine->klass->verify (engine, in, NULL, NULL, &facts, NULL, &error));
      g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
      g_assert_null (facts);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  home = ll_test_home_new ();
  authority = ll_test_cert_new (&(LlTestCertSpec){ .name = "Test Authority", .authority = TRUE });
  alice = person ("Alice", "alice@example.org", "rsa2048");
  bob = person ("Bob", "bob@example.org", "rsa2048");
  small = person ("Small", "small@example.org", "rsa1024");
  tiny = person ("Tiny", "tiny@example.org", "rsa768");
  curve = person ("Curve", "curve@example.org", "P-256");
  engine = ll_engine_smime_new (NULL, NULL);
  craft_default_signer = alice;

#define CASE(function) g_test_add_func ("/smime-verify/" #function, function)
  CASE (rsa_and_ecdsa_signatures_hold);
  CASE (a_weak_digest_holds_but_is_named);
  CASE (a_small_key_is_named_and_a_tiny_one_breaks);
  CASE (a_key_that_anybody_can_sign_with_breaks);
  CASE (an_unknown_algorithm_is_not_checked);
  CASE (eddsa_holds_or_is_not_supported);
  CASE (odd_parameters_of_pss_break);
  CASE (a_huge_modulus_is_refused_before_the_mathematics);
  CASE (a_changed_content_and_a_changed_value_are_told_apart);
  CASE (content_and_attributes_have_the_same_digest);
  CASE (a_digest_that_the_message_does_not_list_breaks);
  CASE (content_type_and_message_digest_stand_there_once);
  CASE (the_content_type_is_the_one_that_was_signed);
  CASE (known_attributes_come_once_with_one_value_and_unknown_ones_as_they_like);
  CASE (the_signing_time_is_read_in_both_forms_and_only_where_it_is_signed);
  CASE (algorithm_protection_is_compared);
  CASE (the_signing_certificate_attribute_decides);
  CASE (a_reissued_certificate_does_not_stand_in_for_the_one_signed_for);
  CASE (without_signed_attributes_it_holds_with_a_reason);
  CASE (attributes_do_not_pass_as_content);
  CASE (a_content_inside_a_detached_signature_is_neither_believed_nor_released);
  CASE (a_detached_signature_is_over_what_stands_beside);
  CASE (without_signers_there_is_a_claim_but_no_signature);
  CASE (a_content_that_is_not_data_is_named);
  CASE (each_signer_is_judged_alone);
  CASE (too_many_signers_or_certificates_are_not_judged);
  CASE (without_the_certificate_the_signer_is_named_but_not_checked);
  CASE (certificates_that_nobody_can_read_are_passed_over);
  CASE (every_certificate_with_the_key_identifier_is_tried);
  CASE (not_any_number_of_certificates_is_tried);
  CASE (the_bytes_tell_what_they_are);
  CASE (no_changed_octet_of_the_content_holds);
  CASE (no_changed_octet_of_the_object_makes_another_content_hold);
  CASE (an_object_cut_anywhere_is_an_error);
  int status = g_test_run ();

  ll_engine_free (engine);
  ll_test_cert_free (alice);
  ll_test_cert_free (bob);
  ll_test_cert_free (small);
  ll_test_cert_free (tiny);
  ll_test_cert_free (curve);
  ll_test_cert_free (authority);
  ll_test_home_free (home);
  return status;
}
