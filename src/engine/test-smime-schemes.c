/* Which signature algorithms hold, with which keys and which parameters: every one that this
 * OpenSSL can make, signed here and verified by the engine. No agent, no keybox.
 */
#include <config.h>

#include <openssl/obj_mac.h>
#include <openssl/rsa.h>

#include "base/limits.h"
#include "engine/engine.h"
#include "engine/test-craft.h"
#include "keys/x509-path.h"

static LlTestCert *authority, *alice;
static LlEngine *engine;

/* ---- asking ---- */

static GByteArray *
more_digests (void)
{
  return der_join (craft_algorithm (NID_sha384), craft_algorithm (NID_sha3_256),
                   craft_algorithm (NID_sha3_512), craft_algorithm (NID_shake256),
                   craft_algorithm (NID_shake128), NULL);
}

static LlFacts *
verify (GBytes *object)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GError) error = NULL;
  LlFacts *facts = NULL;

  engine->klass->verify (engine, in, NULL, NULL, &facts, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (facts->signatures->len, ==, 1);
  return facts;
}

static LlFacts *
verify_craft (Craft craft)
{
  const LlTestCert *signer = craft.signer != NULL ? craft.signer : alice;
  GByteArray *certificates
      = der_join (craft_certificate (signer), craft_certificate (authority), NULL);
  g_autoptr (GBytes) object = craft_signed_data_with (more_digests (), NULL, CONTENT, certificates,
                                                      craft_signer_info (craft));
  return verify (object);
}

static void
check (Craft craft, LlIntegrity integrity, LlReason reason, const char *algorithm)
{
  g_autoptr (LlFacts) facts = verify_craft (craft);
  const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);

  g_assert_cmpstr (ll_reason_name (signature->reason), ==, ll_reason_name (reason));
  g_assert_cmpint (signature->integrity, ==, integrity);
  if (algorithm != NULL)
    g_assert_cmpstr (signature->algorithm, ==, algorithm);
}

#define HOLDS(algorithm, ...)                                                                      \
  check ((Craft){ __VA_ARGS__ }, LL_INTEGRITY_HOLDS, LL_REASON_NONE, algorithm)
#define BROKEN(reason, ...)                                                                        \
  check ((Craft){ __VA_ARGS__ }, LL_INTEGRITY_BROKEN, LL_REASON_##reason, NULL)
#define UNCHECKED(reason, ...)                                                                     \
  check ((Craft){ __VA_ARGS__ }, LL_INTEGRITY_NOT_CHECKED, LL_REASON_##reason, NULL)

static LlTestCert *
person (const char *algorithm)
{
  return ll_test_cert_new (
      &(LlTestCertSpec){ .name = algorithm, .algorithm = algorithm, .issuer = authority });
}

/* A certificate for any key, also such as the support room does not make. */
static LlTestCert
certify (EVP_PKEY *key)
{
  X509 *certificate = X509_dup (alice->certificate);

  g_assert_true (X509_set_pubkey (certificate, key) == 1);
  g_assert_true (X509_sign (certificate, authority->key, EVP_sha256 ()) > 0);
  return (LlTestCert){ .certificate = certificate, .key = key };
}

static void
uncertify (LlTestCert *cert)
{
  X509_free (cert->certificate);
  EVP_PKEY_free (cert->key);
}

/* ---- SM-18: RSA, ECDSA ---- */

static void
rsa_holds_with_every_digest (void)
{
  static const char *const digests[] = { "SHA256", "SHA384", "SHA512", "SHA3-256", "SHA3-512" };

  for (guint i = 0; i < G_N_ELEMENTS (digests); i++)
    {
      HOLDS ("RSA", .digest = digests[i]);
      HOLDS ("RSA-PSS", .digest = digests[i], .pss_digest = digests[i], .pss_salt = 32);
    }
}

static void
ecdsa_holds_on_every_curve (void)
{
  static const char *const curves[]
      = { "P-256", "P-384", "P-521", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1" };
  static const char *const digests[] = { "SHA256", "SHA384", "SHA512" };

  for (guint i = 0; i < G_N_ELEMENTS (curves); i++)
    {
      g_autoptr (LlTestCert) curve = person (curves[i]);
      for (guint j = 0; j < G_N_ELEMENTS (digests); j++)
        HOLDS ("ECDSA", .signer = curve, .digest = digests[j]);
      check ((Craft){ .signer = curve, .without_attributes = TRUE }, LL_INTEGRITY_HOLDS,
             LL_REASON_NO_SIGNED_ATTRIBUTES, "ECDSA");
      BROKEN (BAD_SIGNATURE, .signer = curve, .break_value = TRUE);
    }
}

/* A signature algorithm and a key that do not belong together. */
static void
an_algorithm_for_another_kind_of_key_breaks (void)
{
  g_autoptr (LlTestCert) curve = person ("P-256");

  BROKEN (BAD_SIGNATURE, .signature_algorithm = craft_algorithm (NID_ecdsa_with_SHA256));
  BROKEN (BAD_SIGNATURE, .signer = curve,
          .signature_algorithm = craft_algorithm (NID_sha256WithRSAEncryption));
  BROKEN (BAD_SIGNATURE, .digest = "SHA512", .signature_algorithm = craft_algorithm (NID_ED25519));
}

/* ---- AL-07, AL-12: RSASSA-PSS ---- */

static void
the_salt_is_the_one_that_the_parameters_say (void)
{
  static const int salts[] = { 0, 20, 32, 48, 222 };

  for (guint i = 0; i < G_N_ELEMENTS (salts); i++)
    HOLDS ("RSA-PSS", .pss_digest = "SHA256", .pss_salt = salts[i]);
  BROKEN (BAD_SIGNATURE, .pss_digest = "SHA256", .pss_salt = 32,
          .signature_algorithm = craft_pss_algorithm ("SHA256", "SHA256", 20));
  BROKEN (MALFORMED, .signature_algorithm = craft_pss_algorithm ("SHA256", "SHA256", -1));
  BROKEN (MALFORMED, .signature_algorithm = craft_pss_algorithm ("SHA256", "SHA256", 100000));
}

static void
the_mask_has_the_digest_of_the_content (void)
{
  BROKEN (DIGEST_ALGORITHM_MISMATCH, .pss_digest = "SHA1", .pss_salt = 32);
  BROKEN (DIGEST_ALGORITHM_MISMATCH, .pss_digest = "SHA512", .pss_salt = 32);
}

/* A certificate that says of an RSA key that it is for RSASSA-PSS alone; with the parameters of an
 * algorithm, or without any. The key at hand knows nothing of it, so that it makes all it can. */
static LlTestCert
certify_for_pss (EVP_PKEY *key, GByteArray *parameters)
{
  X509 *certificate = X509_dup (alice->certificate);
  X509_PUBKEY *place = X509_get_X509_PUBKEY (certificate);
  ASN1_STRING *sequence = NULL;
  guint8 *octets = NULL;
  int length = i2d_PublicKey (key, &octets);

  if (parameters != NULL)
    {
      g_autoptr (GByteArray) owned = parameters;
      const guint8 *at = owned->data;
      g_autoptr (X509_ALGOR) algorithm = d2i_X509_ALGOR (NULL, &at, owned->len);
      g_assert_nonnull (algorithm);
      sequence = ASN1_STRING_dup (algorithm->parameter->value.sequence);
    }
  g_assert_true (X509_PUBKEY_set0_param (place, OBJ_nid2obj (NID_rsassaPss),
                                         sequence != NULL ? V_ASN1_SEQUENCE : V_ASN1_UNDEF,
                                         sequence, octets, length)
                 == 1);
  g_assert_true (X509_sign (certificate, authority->key, EVP_sha256 ()) > 0);
  return (LlTestCert){ .certificate = certificate, .key = key };
}

static void
a_key_for_pss_alone_makes_nothing_else (void)
{
  LlTestCert any = certify_for_pss (EVP_PKEY_dup (alice->key), NULL);

  HOLDS ("RSA-PSS", .signer = &any, .pss_digest = "SHA256", .pss_salt = 32);
  HOLDS ("RSA-PSS", .signer = &any, .digest = "SHA512", .pss_digest = "SHA512", .pss_salt = 20);
  BROKEN (BAD_SIGNATURE, .signer = &any);
  uncertify (&any);
}

static void
the_parameters_of_a_key_for_pss_are_limits (void)
{
  LlTestCert limited
      = certify_for_pss (EVP_PKEY_dup (alice->key), craft_pss_algorithm ("SHA256", "SHA256", 32));

  HOLDS ("RSA-PSS", .signer = &limited, .pss_digest = "SHA256", .pss_salt = 32);
  HOLDS ("RSA-PSS", .signer = &limited, .pss_digest = "SHA256", .pss_salt = 40);
  BROKEN (DIGEST_ALGORITHM_MISMATCH, .signer = &limited, .pss_digest = "SHA256", .pss_salt = 31);
  BROKEN (DIGEST_ALGORITHM_MISMATCH, .signer = &limited, .digest = "SHA512", .pss_digest = "SHA512",
          .pss_salt = 64);
  uncertify (&limited);
}

/* ---- AL-05: EdDSA, RFC 8419 ---- */

static void
ed25519_holds_with_sha512_and_nothing_else (void)
{
  g_autoptr (LlTestCert) edwards = person ("ED25519");

  HOLDS ("EdDSA", .signer = edwards);
  BROKEN (BAD_SIGNATURE, .signer = edwards, .break_value = TRUE);
  BROKEN (DIGEST_ALGORITHM_MISMATCH, .signer = edwards, .digest = "SHA256");
  BROKEN (MALFORMED, .signer = edwards,
          .signature_algorithm = der (0x30, craft_oid (NID_ED25519), craft_null (), NULL));
}

static void
ed448_holds_with_shake256 (void)
{
  g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, "ED448");
  LlTestCert edwards = certify (g_steal_pointer (&key));
  const guint8 with_length[] = { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 18 };
  const guint8 bits[] = { 2, 0 };

  HOLDS ("EdDSA", .signer = &edwards, .digest = "SHAKE256");
  HOLDS ("EdDSA", .signer = &edwards, .digest = "SHAKE256",
         .digest_algorithm
         = der (0x30, der (0x06, der_bytes (with_length, sizeof with_length), NULL),
                der (0x02, der_bytes (bits, sizeof bits), NULL), NULL));
  BROKEN (DIGEST_ALGORITHM_MISMATCH, .signer = &edwards, .digest = "SHA512");
  uncertify (&edwards);
}

/* Without signed attributes the content itself is signed, and has to be held for it. */
static void
what_signs_the_content_itself_holds_up_to_a_limit (void)
{
  g_autoptr (LlTestCert) edwards = person ("ED25519");
  g_autofree char *large = g_strnfill (LL_LIMIT_CMS_KEPT_BYTES + 1, 'x');

  for (guint more = 0; more < 2; more++)
    {
      large[LL_LIMIT_CMS_KEPT_BYTES] = more ? 'x' : '\0';
      Craft craft = { .signer = edwards, .without_attributes = TRUE, .signed_content = large };
      g_autoptr (GBytes) object
          = craft_signed_data (NULL, large, craft_certificate (edwards), craft_signer_info (craft));
      g_autoptr (LlFacts) facts = verify (object);
      const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);
      g_assert_cmpint (signature->integrity, ==,
                       more ? LL_INTEGRITY_NOT_CHECKED : LL_INTEGRITY_HOLDS);
      g_assert_cmpint (signature->reason, ==,
                       more ? LL_REASON_UNSUPPORTED_ALGORITHM : LL_REASON_NO_SIGNED_ATTRIBUTES);
    }
}

/* ---- PQ-03, PQ-07, PQ-08: post-quantum, from OpenSSL 3.5 on ---- */

static void
post_quantum_signatures_hold (void)
{
  static const struct
  {
    const char *algorithm, *weaker; /* a digest that is too weak for it, or NULL */
  } cases[] = { { "ML-DSA-44", NULL },
                { "ML-DSA-65", "SHA256" },
                { "ML-DSA-87", "SHA384" },
                { "SLH-DSA-SHA2-128f", NULL },
                { "SLH-DSA-SHAKE-192f", "SHA256" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, cases[i].algorithm);
      if (key == NULL)
        return g_test_skip ("this OpenSSL has no post-quantum signatures");
      LlTestCert signer = certify (g_steal_pointer (&key));
      HOLDS (cases[i].algorithm, .signer = &signer);
      BROKEN (BAD_SIGNATURE, .signer = &signer, .break_value = TRUE);
      if (cases[i].weaker != NULL)
        BROKEN (DIGEST_ALGORITHM_MISMATCH, .signer = &signer, .digest = cases[i].weaker);
      check ((Craft){ .signer = &signer, .without_attributes = TRUE, .digest = "SHA256" },
             LL_INTEGRITY_HOLDS, LL_REASON_NO_SIGNED_ATTRIBUTES, cases[i].algorithm);
      uncertify (&signer);
    }
}

/* Alice's certificate with an ML-DSA-65 key in it, as an old OpenSSL cannot make it. */
static X509 *
with_ml_dsa_key (void)
{
  X509 *certificate = X509_dup (alice->certificate);
  g_autoptr (ASN1_OBJECT) oid = OBJ_txt2obj ("2.16.840.1.101.3.4.3.18", 1);
  guint8 *octets = OPENSSL_zalloc (1952);

  g_assert_true (X509_PUBKEY_set0_param (X509_get_X509_PUBKEY (certificate), OBJ_dup (oid),
                                         V_ASN1_UNDEF, NULL, octets, 1952)
                 == 1);
  g_assert_true (X509_sign (certificate, authority->key, EVP_sha256 ()) > 0);
  return certificate;
}

static void
an_older_openssl_says_that_it_is_too_old (void)
{
  static const guint8 oid[] = { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 18 };
  g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, "ML-DSA-65");
  g_autoptr (X509) certificate = with_ml_dsa_key ();
  LlTestCert signer = { .certificate = certificate, .key = alice->key };
  GByteArray *algorithm = der (0x30, der (0x06, der_bytes (oid, sizeof oid), NULL), NULL);

  if (key != NULL)
    BROKEN (BAD_SIGNATURE, .signer = &signer, .digest = "SHA512", .signature_algorithm = algorithm);
  else
    check ((Craft){ .signer = &signer, .digest = "SHA512", .signature_algorithm = algorithm },
           LL_INTEGRITY_NOT_CHECKED, LL_REASON_NEWER_OPENSSL, "ML-DSA-65");
}

/* ---- CM-05: what is signed is DER, whatever was sent ---- */

static void
attributes_are_verified_in_der_however_they_came (void)
{
  GByteArray *type = craft_attribute (CONTENT_TYPE, der_pkcs (DER_DATA));
  GByteArray *digest
      = craft_attribute (MESSAGE_DIGEST, craft_digest ("SHA256", CONTENT, strlen (CONTENT)));
  g_autoptr (GByteArray) sorted
      = der_join (der_bytes (type->data, type->len), der_bytes (digest->data, digest->len), NULL);
  g_autoptr (GByteArray) reversed = der_join (digest, type, NULL);

#define COPY(array) der_bytes ((array)->data, (array)->len)
  /* in DER, and sent in another order, in indefinite length, and in both */
  HOLDS ("RSA", .first_attributes = COPY (sorted),
         .sent_attributes = der (0xa0, COPY (reversed), NULL));
  HOLDS ("RSA", .first_attributes = COPY (sorted),
         .sent_attributes = ber (0xa0, COPY (sorted), NULL));
  HOLDS ("RSA", .first_attributes = COPY (sorted),
         .sent_attributes = ber (0xa0, COPY (reversed), NULL));
  /* signed in the order in which they were sent, as some programs do */
  HOLDS ("RSA", .first_attributes = COPY (reversed));
  /* anything else was not signed */
  BROKEN (BAD_SIGNATURE, .first_attributes = COPY (sorted),
          .sent_attributes
          = der (0xa0, COPY (sorted), craft_attribute (NOBODY_KNOWS_THIS, craft_null ()), NULL));
}

/* ---- what signers say about themselves ---- */

static const LlSignatureFacts *
first_of (const LlFacts *facts)
{
  return g_ptr_array_index (facts->signatures, 0);
}

/* SM-29, SM-32 */
static void
capabilities_are_given_as_they_were_signed (void)
{
  GByteArray *list = der (0x30, craft_algorithm (NID_aes_256_gcm), NULL);
  g_autoptr (GByteArray) expected = COPY (list);
  g_autoptr (LlFacts) facts
      = verify_craft ((Craft){ .attributes = craft_attribute (CAPABILITIES, list) });
  GBytes *capabilities = first_of (facts)->capabilities;
  g_assert_nonnull (capabilities);
  g_assert_cmpmem (g_bytes_get_data (capabilities, NULL), g_bytes_get_size (capabilities),
                   expected->data, expected->len);

  g_autoptr (LlFacts) broken = verify_craft ((Craft){
      .attributes = craft_attribute (CAPABILITIES, COPY (expected)), .break_value = TRUE });
  g_assert_null (first_of (broken)->capabilities);
}

/* SM-30: in each of the three forms. */
static void
the_preferred_certificate_is_found (void)
{
  const ASN1_OCTET_STRING *id = X509_get0_subject_key_id (authority->certificate);
  g_autoptr (GByteArray) name = craft_issuer_and_serial (authority->certificate);
  GByteArray *forms[] = {
    der_join (g_byte_array_ref (name), NULL),
    der (0x30, der (0x04, der_bytes (ASN1_STRING_get0_data (id), ASN1_STRING_length (id)), NULL),
         NULL),
    der (0x82, der_bytes (ASN1_STRING_get0_data (id), ASN1_STRING_length (id)), NULL),
  };
  forms[0]->data[0] = 0xa0;
  forms[1]->data[0] = 0xa1;

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_autoptr (LlFacts) facts = verify_craft (
          (Craft){ .attributes = craft_attribute (ENCRYPTION_PREFERENCE, forms[i]) });
      g_assert_cmpint (first_of (facts)->integrity, ==, LL_INTEGRITY_HOLDS);
      g_assert_nonnull (first_of (facts)->encryption_key);
      g_assert_cmpstr (ll_key_get_gnupg_fingerprint (first_of (facts)->encryption_key), ==,
                       authority->fingerprint);
    }

  g_autoptr (LlFacts) nobody = verify_craft ((Craft){
      .attributes = craft_attribute (ENCRYPTION_PREFERENCE, der_string (0x82, "nobody")) });
  g_assert_null (first_of (nobody)->encryption_key);
  g_autoptr (LlFacts) nonsense = verify_craft (
      (Craft){ .attributes = craft_attribute (ENCRYPTION_PREFERENCE, craft_null ()) });
  g_assert_cmpint (first_of (nonsense)->integrity, ==, LL_INTEGRITY_HOLDS);
  g_assert_null (first_of (nonsense)->encryption_key);
}

static GByteArray *
cert_id (const char *digest, X509 *certificate)
{
  g_autoptr (GBytes) bytes = LL_DER (certificate, X509);
  return der (0x30, craft_digest (digest, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)),
              NULL);
}

/* ES-08: what the signer lists is handed on, to whoever builds the path. */
static void
listed_certificates_are_handed_on (void)
{
  GByteArray *list = der (0x30,
                          der (0x30, cert_id ("SHA256", alice->certificate),
                               cert_id ("SHA256", authority->certificate), NULL),
                          NULL);
  g_autoptr (LlFacts) facts
      = verify_craft ((Craft){ .attributes = craft_attribute (SIGNING_CERTIFICATE_V2, list) });
  const GPtrArray *listed = first_of (facts)->listed_certificates;
  g_assert_nonnull (listed);
  g_assert_cmpuint (listed->len, ==, 2);
  const LlListedCertificate *second = g_ptr_array_index (listed, 1);
  g_autoptr (GBytes) bytes = LL_DER (authority->certificate, X509);
  g_autoptr (GByteArray) expected
      = craft_digest ("SHA256", g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_assert_cmpmem (g_bytes_get_data (second->hash, NULL), g_bytes_get_size (second->hash),
                   expected->data + 2, expected->len - 2);
}

/* CM-18: a countersignature is counted, and says nothing about the signature. */
static void
countersignatures_are_counted_and_raise_nothing (void)
{
  g_autoptr (GByteArray) counter = craft_signer_info ((Craft){ .signer = authority });
  GByteArray *two
      = der (0x30, COUNTERSIGNATURE, der (0x31, COPY (counter), COPY (counter), NULL), NULL);
  g_autoptr (LlFacts) facts = verify_craft ((Craft){ .unsigned_attributes = two });
  g_assert_cmpuint (facts->signatures->len, ==, 1);
  g_assert_cmpint (first_of (facts)->integrity, ==, LL_INTEGRITY_HOLDS);
  g_assert_cmpuint (first_of (facts)->countersignatures, ==, 2);

  g_autoptr (LlFacts) broken = verify_craft (
      (Craft){ .unsigned_attributes = craft_attribute (COUNTERSIGNATURE, COPY (counter)),
               .break_value = TRUE });
  g_assert_cmpint (first_of (broken)->integrity, ==, LL_INTEGRITY_BROKEN);
  g_assert_cmpuint (first_of (broken)->countersignatures, ==, 1);
}

/* ES-03, ES-04, ES-09, CM-18: labels and receipts are never acted upon, unsigned ones not even
 * looked at; signed ones stand there once. */
static void
labels_and_receipts_change_nothing (void)
{
  GByteArray *oids[] = { RECEIPT_REQUEST, SECURITY_LABEL, SIGNING_CERTIFICATE_V2 };

  for (guint i = 0; i < G_N_ELEMENTS (oids); i++)
    {
      HOLDS ("RSA", .unsigned_attributes = craft_attribute (COPY (oids[i]), craft_null ()));
      BROKEN (ATTRIBUTE_CARDINALITY,
              .attributes = der_join (craft_attribute (COPY (oids[i]), craft_null ()),
                                      craft_attribute (COPY (oids[i]), craft_null ()), NULL));
      g_byte_array_unref (oids[i]);
    }
  HOLDS ("RSA", .attributes = craft_attribute (RECEIPT_REQUEST, craft_null ()));
  HOLDS ("RSA", .attributes = craft_attribute (SECURITY_LABEL, craft_null ()));
}

/* CM-10: CRLs of the message are handed on, a bounded number; other revocation information is not.
 */
static void
revocation_lists_are_handed_on (void)
{
  g_autoptr (GByteArray) list = der_string (0x30, "as if it were a CRL");
  GByteArray *infos = der_join (der_repeat (list, LL_LIMIT_CMS_CRLS + 5),
                                der_string (0xa1, "as if it were an OCSP response"), NULL);
  GByteArray *body
      = der (0x30, der_integer (1), der (0x31, craft_algorithm (NID_sha256), NULL),
             der (0x30, der_pkcs (DER_DATA), der (0xa0, der_string (0x04, CONTENT), NULL), NULL),
             der (0xa0, craft_certificate (alice), NULL), der (0xa1, infos, NULL),
             der (0x31, craft_signer_info ((Craft){ 0 }), NULL), NULL);
  g_autoptr (GBytes) object
      = der_take (der (0x30, der_pkcs (1, 7, 2), der (0xa0, body, NULL), NULL));
  g_autoptr (LlFacts) facts = verify (object);

  g_assert_cmpint (first_of (facts)->integrity, ==, LL_INTEGRITY_HOLDS);
  g_assert_cmpuint (facts->crls->len, ==, LL_LIMIT_CMS_CRLS);
  GBytes *first = g_ptr_array_index (facts->crls, 0);
  g_assert_cmpmem (g_bytes_get_data (first, NULL), g_bytes_get_size (first), list->data, list->len);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  authority = ll_test_cert_new (&(LlTestCertSpec){ .name = "Test Authority", .authority = TRUE });
  alice = person ("rsa2048");
  craft_default_signer = alice;
  engine = ll_engine_smime_new (NULL, NULL);

#define CASE(function) g_test_add_func ("/smime-schemes/" #function, function)
  CASE (rsa_holds_with_every_digest);
  CASE (ecdsa_holds_on_every_curve);
  CASE (an_algorithm_for_another_kind_of_key_breaks);
  CASE (the_salt_is_the_one_that_the_parameters_say);
  CASE (the_mask_has_the_digest_of_the_content);
  CASE (a_key_for_pss_alone_makes_nothing_else);
  CASE (the_parameters_of_a_key_for_pss_are_limits);
  CASE (ed25519_holds_with_sha512_and_nothing_else);
  CASE (ed448_holds_with_shake256);
  CASE (what_signs_the_content_itself_holds_up_to_a_limit);
  CASE (post_quantum_signatures_hold);
  CASE (an_older_openssl_says_that_it_is_too_old);
  CASE (attributes_are_verified_in_der_however_they_came);
  CASE (capabilities_are_given_as_they_were_signed);
  CASE (the_preferred_certificate_is_found);
  CASE (listed_certificates_are_handed_on);
  CASE (countersignatures_are_counted_and_raise_nothing);
  CASE (labels_and_receipts_change_nothing);
  CASE (revocation_lists_are_handed_on);
  int status = g_test_run ();

  ll_engine_free (engine);
  ll_test_cert_free (alice);
  ll_test_cert_free (authority);
  return status;
}
