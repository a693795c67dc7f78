/* What the S/MIME engine writes, octet by octet where a standard says so, and that it reads all of
 * it again. With real keys in a real gpg-agent. tests/interop/algorithms.sh is the same with peers.
 */
#include <config.h>

#include <string.h>

#include "base/error.h"
#include "bridge/openssl-glue.h"
#include "engine/engine.h"
#include "keys/x509-cert.h"
#include "tests/support.h"

#define SHORT_BYTES 3000
#define LONG_BYTES 600000

typedef struct
{
  LlTestCert *cert;
  LlKey *key;
} Person;

static LlTestHome *home;
static LlTestCert *authority;
static LlKeyStore *store;
static LlEngine *engine;
static Person rsa, strong, pss, p256, p384, encrypts;
static GBytes *contents[2]; /* short: DER; long: it streams */

/* ---- verbs ---- */

static GPtrArray *
keys_of (const Person *one, const Person *two)
{
  GPtrArray *keys = g_ptr_array_new ();

  g_ptr_array_add (keys, one->key);
  if (two != NULL)
    g_ptr_array_add (keys, two->key);
  return keys;
}

typedef gboolean (*SealVerb) (LlEngine *, const LlSealRequest *, GInputStream *, GOutputStream *,
                              LlSealResult **, GCancellable *, GError **);

static GBytes *
seal (SealVerb verb, const LlSealRequest *request, GBytes *content, LlSealResult **result,
      GError **error)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (content);
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();

  if (!verb (engine, request, in, out, result, NULL, error))
    return NULL;
  g_assert_true (g_output_stream_close (out, NULL, NULL));
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (out));
}

static GBytes *
encrypt (const Person *to, LlCipher cipher, LlSealStyle style, GBytes *content)
{
  g_autoptr (GPtrArray) recipients = keys_of (to, NULL);
  LlSealRequest request = { .recipients = recipients, .cipher = cipher, .style = style };
  g_autoptr (LlSealResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GBytes *object = seal (engine->klass->encrypt, &request, content, &result, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (result->cipher, ==, ll_cipher_name (cipher));
  return object;
}

static GBytes *
sign (const Person *one, const Person *two, LlSealStyle style, gboolean detached, GBytes *content,
      char **micalg)
{
  g_autoptr (GPtrArray) signers = keys_of (one, two);
  LlSealRequest request = { .signers = signers, .detached = detached, .style = style };
  g_autoptr (LlSealResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GBytes *object = seal (engine->klass->sign, &request, content, &result, &error);

  g_assert_no_error (error);
  if (micalg != NULL)
    *micalg = g_strdup (result->micalg);
  return object;
}

static void
assert_opens (GBytes *object, GBytes *content, LlCipher cipher)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (LlFacts) facts = NULL;
  g_autoptr (GError) error = NULL;

  engine->klass->decrypt (engine, in, out, &facts, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_DONE);
  g_assert_cmpstr (facts->cipher, ==, ll_cipher_name (cipher));
  g_assert_true (facts->has_integrity == ll_cipher_is_aead (cipher));
  g_assert_true (g_output_stream_close (out, NULL, NULL));
  g_autoptr (GBytes) plain = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (out));
  g_assert_true (g_bytes_equal (plain, content));
}

static LlFacts *
verify (GBytes *object, GBytes *content)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GInputStream) beside
      = content != NULL ? g_memory_input_stream_new_from_bytes (content) : NULL;
  g_autoptr (GOutputStream) out = content == NULL ? g_memory_output_stream_new_resizable () : NULL;
  LlFacts *facts = NULL;
  g_autoptr (GError) error = NULL;

  engine->klass->verify (engine, in, beside, out, &facts, NULL, &error);
  g_assert_no_error (error);
  return facts;
}

static void
assert_all_hold (const LlFacts *facts, guint n)
{
  g_assert_cmpuint (facts->signatures->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, i);
      g_assert_cmpstr (ll_reason_name (signature->reason), ==, ll_reason_name (LL_REASON_NONE));
      g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_HOLDS);
    }
}

/* ---- octets ---- */

/* How often they are in it; `hex` without blanks. */
static guint
count (GBytes *object, const char *hex)
{
  g_autoptr (GByteArray) part = g_byte_array_new ();
  gsize length;
  const guint8 *at = g_bytes_get_data (object, &length), *end = at + length;
  guint n = 0;

  for (; *hex != '\0'; hex += 2)
    {
      guint8 octet = (guint8)(g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]));
      g_byte_array_append (part, &octet, 1);
    }
  while ((at = memmem (at, (gsize)(end - at), part->data, part->len)) != NULL)
    {
      n++;
      at++;
    }
  return n;
}

#define assert_has(object, hex) g_assert_cmpuint (count (object, hex), ==, 1)
#define assert_has_not(object, hex) g_assert_cmpuint (count (object, hex), ==, 0)

#define RSA_NULL "300d06092a864886f70d0101010500"
#define OAEP_SHA256                                                                                \
  "303c06092a864886f70d010107302fa00f300d06096086480165030402010500a11c301a06092a864886f70d010108" \
  "300d06096086480165030402010500"
#define PSS_SHA256                                                                                 \
  "06092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d01010830"   \
  "0d06096086480165030402010500a203020120"
#define STDDH_SHA256 "301506062b8104010b01300b0609608648016503040"

/* ---- encrypting ---- */

static void
every_cipher_is_written_and_read (void)
{
  Person *const people[] = { &rsa, &p256, &p384 };

  for (guint cipher = LL_CIPHER_CHOOSE + 1; cipher < LL_N_CIPHERS; cipher++)
    for (guint p = 0; p < G_N_ELEMENTS (people); p++)
      for (guint c = 0; c < G_N_ELEMENTS (contents); c++)
        {
          LlSealStyle style = { .oaep = c == 1, .key_id = c == 0 };
          g_autoptr (GBytes) object = encrypt (people[p], (LlCipher)cipher, style, contents[c]);
          assert_opens (object, contents[c], (LlCipher)cipher);
        }
}

/* X.690: definite lengths where all is known, indefinite ones where it streams. */
static void
short_objects_are_der_and_long_ones_stream (void)
{
  for (guint c = 0; c < G_N_ELEMENTS (contents); c++)
    {
      g_autoptr (GBytes) object
          = encrypt (&rsa, LL_CIPHER_AES_256_GCM, (LlSealStyle){ 0 }, contents[c]);
      const guint8 *data = g_bytes_get_data (object, NULL);
      g_assert_cmpuint (data[0], ==, 0x30);
      g_assert_cmpuint (data[1], ==, c == 0 ? 0x82 : 0x80);
    }
}

/* CM-03, RFC 9709: the outer algorithm has the inner one as its parameters. */
static void
a_derived_key_is_written_and_read (void)
{
  static const LlCipher ciphers[] = { LL_CIPHER_AES_128_CBC, LL_CIPHER_AES_256_GCM };

  for (guint i = 0; i < G_N_ELEMENTS (ciphers); i++)
    for (guint c = 0; c < G_N_ELEMENTS (contents); c++)
      {
        g_autoptr (GBytes) object
            = encrypt (&p256, ciphers[i], (LlSealStyle){ .derived_key = TRUE }, contents[c]);
        assert_has (object, i == 0 ? "060b2a864886f70d010910031f301d060960864801650304010204"
                                   : "060b2a864886f70d010910031f301e060960864801650304012e30");
        assert_opens (object, contents[c], ciphers[i]);
      }
}

/* A piece that just fills the buffer, and nothing at all. */
static void
contents_of_every_length_come_back (void)
{
  static const gsize lengths[] = { 0, 1, 15, 16, 17, 262143, 262144, 262145, 524288 };
  static const LlCipher ciphers[] = { LL_CIPHER_AES_256_CBC, LL_CIPHER_AES_256_GCM };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    for (guint c = 0; c < G_N_ELEMENTS (ciphers); c++)
      {
        g_autofree guint8 *data = g_malloc0 (lengths[i] + 1);
        g_autoptr (GBytes) content = g_bytes_new (data, lengths[i]);
        g_autoptr (GBytes) object = encrypt (&p256, ciphers[c], (LlSealStyle){ 0 }, content);
        assert_opens (object, content, ciphers[c]);
      }
}

/* CM-02: a nonce of 12 octets, and the tag's length, 16, said. */
static void
gcm_parameters_are_those_of_rfc_5084 (void)
{
  g_autoptr (GBytes) object
      = encrypt (&rsa, LL_CIPHER_AES_256_GCM, (LlSealStyle){ 0 }, contents[0]);
  g_autoptr (GBytes) chacha
      = encrypt (&rsa, LL_CIPHER_CHACHA20_POLY1305, (LlSealStyle){ 0 }, contents[0]);
  gsize length;
  const guint8 *data = g_bytes_get_data (object, &length);
  const guint8 *tag = data + length - 18;

  assert_has (object, "301e060960864801650304012e3011040c");
  g_assert_cmpmem (tag, 2, "\x04\x10", 2);
  /* SM-06: id-data; authEnvelopedData, version 0 */
  assert_has (object, "06092a864886f70d010701301e");
  assert_has (object, "060b2a864886f70d0109100117a082");
  /* RFC 8103 section 3: the nonce alone */
  assert_has (chacha, "301b060b2a864886f70d0109100312040c");
}

/* AL-03, CM-02: nothing that was made for one message is in another one. */
static void
two_messages_share_no_key (void)
{
  g_autoptr (GBytes) one = encrypt (&p256, LL_CIPHER_AES_256_GCM, (LlSealStyle){ 0 }, contents[0]);
  g_autoptr (GBytes) other
      = encrypt (&p256, LL_CIPHER_AES_256_GCM, (LlSealStyle){ 0 }, contents[0]);
  static const guint8 point[] = { 0x03, 0x42, 0x00, 0x04 }; /* BIT STRING, uncompressed */
  gsize length, other_length;
  const guint8 *data = g_bytes_get_data (one, &length);
  const guint8 *other_data = g_bytes_get_data (other, &other_length);
  const guint8 *at = memmem (data, length, point, sizeof point);
  const guint8 *other_at = memmem (other_data, other_length, point, sizeof point);

  g_assert_true (at != NULL && other_at != NULL);
  g_assert_cmpint (memcmp (at, other_at, 68), !=, 0);
  /* version 3, originatorKey [1] in [0], id-ecPublicKey without parameters (RFC 5753) */
  assert_has (one, "020103a051a14f300906072a8648ce3d0201034200");
}

/* SM-04, AL-04: the wrap is as long as the content's key, without parameters. */
static void
the_key_wrap_is_as_strong_as_the_cipher (void)
{
  static const struct
  {
    LlCipher cipher;
    const char *algorithm;
  } cases[] = {
    { LL_CIPHER_AES_128_CBC, STDDH_SHA256 "105" },
    { LL_CIPHER_AES_192_GCM, STDDH_SHA256 "119" },
    { LL_CIPHER_AES_256_CBC, STDDH_SHA256 "12d" },
    { LL_CIPHER_CHACHA20_POLY1305, STDDH_SHA256 "12d" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) object = encrypt (&p256, cases[i].cipher, (LlSealStyle){ 0 }, contents[0]);
      assert_has (object, cases[i].algorithm);
    }
}

/* AL-02 */
static void
rsa_takes_oaep_only_when_it_is_wanted (void)
{
  g_autoptr (GBytes) plain = encrypt (&rsa, LL_CIPHER_AES_256_CBC, (LlSealStyle){ 0 }, contents[0]);
  g_autoptr (GBytes) oaep
      = encrypt (&rsa, LL_CIPHER_AES_256_CBC, (LlSealStyle){ .oaep = TRUE }, contents[0]);

  assert_has (plain, RSA_NULL);
  assert_has_not (plain, OAEP_SHA256);
  assert_has (oaep, OAEP_SHA256);
  assert_has_not (oaep, RSA_NULL);
}

/* RFC 4055 section 4.1: the key is for OAEP alone. */
static void
an_oaep_certificate_gets_nothing_else (void)
{
  g_autoptr (GBytes) der = LL_DER (rsa.cert->certificate, X509);
  gsize length;
  const guint8 *data = g_bytes_get_data (der, &length);
  g_autofree guint8 *copy = g_memdup2 (data, length);
  static const guint8 rsa_encryption[]
      = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
  guint8 *at = memmem (copy, length, rsa_encryption, sizeof rsa_encryption);

  g_assert_nonnull (at);
  at[10] = 7; /* id-RSAES-OAEP */
  g_autoptr (GBytes) changed = g_bytes_new (copy, length);
  g_autoptr (GError) error = NULL;
  g_autoptr (LlKey) key = ll_x509_cert_new (changed, &error);
  g_assert_no_error (error);
  Person person = { NULL, key };
  g_autoptr (GBytes) object
      = encrypt (&person, LL_CIPHER_AES_256_GCM, (LlSealStyle){ 0 }, contents[0]);
  assert_has (object, OAEP_SHA256);
  assert_has_not (object, RSA_NULL);
}

/* RFC 5652 sections 6.1 and 6.2: versions follow from how the recipients are named. */
static void
recipients_are_named_as_it_is_wanted (void)
{
  g_autoptr (GBytes) by_issuer
      = encrypt (&rsa, LL_CIPHER_AES_256_CBC, (LlSealStyle){ 0 }, contents[0]);
  g_autoptr (GBytes) by_key_id
      = encrypt (&rsa, LL_CIPHER_AES_256_CBC, (LlSealStyle){ .key_id = TRUE }, contents[0]);
  g_autoptr (GBytes) agreed
      = encrypt (&p256, LL_CIPHER_AES_256_CBC, (LlSealStyle){ .key_id = TRUE }, contents[0]);

  assert_has (by_issuer, "0201003182");
  assert_has_not (by_issuer, "0201028014");
  assert_has (by_key_id, "0201028014");
  assert_has (agreed, "a0160414");
}

static void
strangers_to_encryption_are_refused (void)
{
  g_autoptr (GPtrArray) recipients = keys_of (&pss, NULL);
  LlSealRequest request = { .recipients = recipients, .cipher = LL_CIPHER_AES_256_GCM };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) object = seal (engine->klass->encrypt, &request, contents[0], NULL, &error);

  g_assert_null (object);
  g_assert_error (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT);
}

/* ---- signing ---- */

/* AL-01, CM-01: the same octets in the SignerInfo and in CMSAlgorithmProtection. */
static void
pss_parameters_are_those_of_rfc_4055 (void)
{
  for (guint c = 0; c < G_N_ELEMENTS (contents); c++)
    for (guint detached = 0; detached < 2; detached++)
      {
        g_autofree char *micalg = NULL;
        g_autoptr (GBytes) object
            = sign (&rsa, NULL, (LlSealStyle){ .pss = TRUE }, detached, contents[c], &micalg);
        g_autoptr (LlFacts) facts = verify (object, detached ? contents[c] : NULL);
        g_assert_cmpuint (count (object, PSS_SHA256), ==, 2);
        g_assert_cmpuint (count (object, "a141" PSS_SHA256), ==, 1);
        g_assert_cmpstr (micalg, ==, "sha-256");
        assert_all_hold (facts, 1);
      }
}

static void
a_pss_certificate_signs_with_pss (void)
{
  g_autoptr (GBytes) object = sign (&pss, NULL, (LlSealStyle){ 0 }, TRUE, contents[0], NULL);
  g_autoptr (LlFacts) facts = verify (object, contents[0]);

  g_assert_cmpuint (count (object, PSS_SHA256), >=, 2);
  assert_all_hold (facts, 1);
}

/* SM-01, SM-17 */
static void
the_digest_is_the_one_that_is_wanted (void)
{
  static const struct
  {
    const Person *signer;
    LlDigest wanted;
    const char *micalg;
  } cases[] = {
    { &rsa, LL_DIGEST_CHOOSE, "sha-256" },  { &rsa, LL_DIGEST_SHA384, "sha-384" },
    { &rsa, LL_DIGEST_SHA512, "sha-512" },  { &p256, LL_DIGEST_CHOOSE, "sha-256" },
    { &p256, LL_DIGEST_SHA512, "sha-512" }, { &p384, LL_DIGEST_CHOOSE, "sha-384" },
    { &p384, LL_DIGEST_SHA256, "sha-256" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *micalg = NULL;
      g_autoptr (GBytes) object
          = sign (cases[i].signer, NULL, (LlSealStyle){ .digest = cases[i].wanted }, TRUE,
                  contents[0], &micalg);
      g_autoptr (LlFacts) facts = verify (object, contents[0]);
      g_assert_cmpstr (micalg, ==, cases[i].micalg);
      assert_all_hold (facts, 1);
    }
}

static void
several_people_sign_one_message (void)
{
  for (guint detached = 0; detached < 2; detached++)
    {
      g_autofree char *micalg = NULL;
      g_autoptr (GBytes) object
          = sign (&p384, &rsa, (LlSealStyle){ .pss = TRUE }, detached, contents[1], &micalg);
      g_autoptr (LlFacts) facts = verify (object, detached ? contents[1] : NULL);
      g_assert_cmpstr (micalg, ==, "sha-384,sha-256");
      assert_all_hold (facts, 2);
    }
}

static void
signers_are_named_as_it_is_wanted (void)
{
  g_autoptr (GBytes) object
      = sign (&rsa, NULL, (LlSealStyle){ .key_id = TRUE }, TRUE, contents[0], NULL);
  g_autoptr (LlFacts) facts = verify (object, contents[0]);

  assert_has (object, "0201038014"); /* SignerInfo version 3, [0] */
  assert_all_hold (facts, 1);
}

/* SM-07, SM-30: the certificate to write to is named and enclosed, when it is another one. */
static void
the_certificate_to_write_to_is_named (void)
{
  g_autoptr (GPtrArray) signers = keys_of (&p256, &rsa);
  LlSealRequest request = { .signers = signers, .detached = TRUE, .encryption_key = encrypts.key };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) object = seal (engine->klass->sign, &request, contents[0], NULL, &error);
  g_autoptr (GBytes) without = sign (&p256, NULL, (LlSealStyle){ 0 }, TRUE, contents[0], NULL);
  g_autoptr (LlFacts) facts = NULL;

  g_assert_no_error (error);
  /* once: the other signer has preferences of their own */
  assert_has (object, "060b2a864886f70d010910020b31");
  assert_has_not (without, "060b2a864886f70d010910020b");
  facts = verify (object, contents[0]);
  assert_all_hold (facts, 2);
  LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);
  if (signature->encryption_key == NULL)
    signature = g_ptr_array_index (facts->signatures, 1);
  g_assert_nonnull (signature->encryption_key);
  g_assert_cmpstr (ll_key_get_fingerprint (signature->encryption_key), ==,
                   ll_key_get_fingerprint (encrypts.key));
}

/* The agent signs no more than 2048 octets with Ed25519: signedAttrs are far below. */
static void
the_signed_attributes_stay_short (void)
{
  g_autoptr (GPtrArray) signers = keys_of (&p256, NULL);
  LlSealRequest request = { .signers = signers, .detached = TRUE, .encryption_key = encrypts.key };
  g_autoptr (GBytes) object = seal (engine->klass->sign, &request, contents[0], NULL, NULL);
  const guint8 *data = g_bytes_get_data (object, NULL);
  g_autoptr (CMS_ContentInfo) cms
      = d2i_CMS_ContentInfo (NULL, &data, (long)g_bytes_get_size (object));
  CMS_SignerInfo *si = sk_CMS_SignerInfo_value (CMS_get0_SignerInfos (cms), 0);
  gsize total = 0;

  for (int i = 0; i < CMS_signed_get_attr_count (si); i++)
    total += (gsize)i2d_X509_ATTRIBUTE (CMS_signed_get_attr (si, i), NULL);
  g_assert_cmpint (CMS_signed_get_attr_count (si), ==, 7); /* SM-07: one of each */
  g_assert_cmpuint (total, <, 1024);
}

static void
a_certificate_that_is_not_for_it_does_not_sign (void)
{
  g_autoptr (GPtrArray) signers = keys_of (&encrypts, NULL);
  LlSealRequest request = { .signers = signers, .detached = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) object = seal (engine->klass->sign, &request, contents[0], NULL, &error);

  g_assert_null (object);
  g_assert_error (error, LL_ERROR, LL_ERROR_CANNOT_SIGN); /* SC-14 */
}

/* ---- the strict profile ---- */

/* BR-11 */
static void
the_strict_profile_chooses_or_refuses (void)
{
  LlSealStyle strict = { .strict = TRUE };
  g_autoptr (GPtrArray) short_key = keys_of (&rsa, NULL);
  g_autoptr (GPtrArray) long_key = keys_of (&strong, NULL);
  LlSealRequest refused[] = {
    { .recipients = short_key, .cipher = LL_CIPHER_AES_256_GCM, .style = strict },
    { .recipients = long_key, .cipher = LL_CIPHER_AES_256_CBC, .style = strict },
    { .signers = short_key, .detached = TRUE, .style = strict },
  };

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) object
          = seal (refused[i].signers != NULL ? engine->klass->sign : engine->klass->encrypt,
                  &refused[i], contents[0], NULL, &error);
      g_assert_null (object);
      int code = refused[i].signers != NULL ? LL_ERROR_CANNOT_SIGN : LL_ERROR_CANNOT_ENCRYPT;
      g_assert_error (error, LL_ERROR, code);
      g_assert_nonnull (strstr (error->message, "bsi"));
    }
  g_autoptr (GBytes) sealed = encrypt (&strong, LL_CIPHER_AES_256_GCM, strict, contents[0]);
  g_autoptr (GBytes) signature = sign (&strong, NULL, strict, TRUE, contents[0], NULL);
  assert_has (sealed, OAEP_SHA256);
  g_assert_cmpuint (count (signature, PSS_SHA256), ==, 2);
}

/* ---- ---- */

static void
make_person (Person *person, const char *name, const char *algorithm, const char *usage)
{
  g_autofree char *address = g_strdup_printf ("%s@example.org", name);
  LlTestCertSpec spec = { .name = name,
                          .address = address,
                          .algorithm = algorithm,
                          .key_usage = usage,
                          .issuer = authority };
  g_autoptr (GBytes) der = NULL;

  person->cert = ll_test_cert_new (&spec);
  ll_test_cert_import (home, person->cert, TRUE);
  der = LL_DER (person->cert->certificate, X509);
  person->key = ll_x509_cert_new (der, NULL);
  g_assert_nonnull (person->key);
}

static void
clear_person (Person *person)
{
  ll_test_cert_free (person->cert);
  ll_key_unref (person->key);
}

static void
fixture_set_up (LlPolicy *policy)
{
  static const gsize lengths[] = { SHORT_BYTES, LONG_BYTES };
  LlTestCertSpec spec = { .name = "Authority", .authority = TRUE };

  home = ll_test_home_new ();
  authority = ll_test_cert_new (&spec);
  ll_test_cert_import (home, authority, FALSE);
  ll_test_cert_trust (home, authority);
  make_person (&rsa, "Rie", "rsa2048", NULL);
  make_person (&strong, "Sota", "rsa3072", NULL);
  make_person (&pss, "Paul", "rsa-pss2048", "digitalSignature");
  make_person (&p256, "Emi", "P-256", NULL);
  make_person (&p384, "Ken", "P-384", NULL);
  make_person (&encrypts, "Emi", "P-256", "keyAgreement");
  store = ll_key_store_new (policy);
  engine = ll_engine_smime_new (policy, store);
  for (guint c = 0; c < G_N_ELEMENTS (contents); c++)
    {
      g_autoptr (GByteArray) data = g_byte_array_new ();
      for (guint i = 0; data->len < lengths[c]; i++)
        g_byte_array_append (data, (const guint8 *)&i, 3);
      g_byte_array_set_size (data, (guint)lengths[c]);
      contents[c] = g_byte_array_free_to_bytes (g_steal_pointer (&data));
    }
}

static void
fixture_tear_down (void)
{
  Person *const people[] = { &rsa, &strong, &pss, &p256, &p384, &encrypts };

  ll_engine_free (engine);
  ll_key_store_free (store);
  for (guint i = 0; i < G_N_ELEMENTS (people); i++)
    clear_person (people[i]);
  for (guint c = 0; c < G_N_ELEMENTS (contents); c++)
    g_bytes_unref (contents[c]);
  ll_test_cert_free (authority);
  ll_test_home_free (home);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    GTestFunc test;
  } tests[] = {
    { "every cipher is written and read", every_cipher_is_written_and_read },
    { "short objects are DER and long ones stream", short_objects_are_der_and_long_ones_stream },
    { "a derived key is written and read", a_derived_key_is_written_and_read },
    { "contents of every length come back", contents_of_every_length_come_back },
    { "GCM parameters are those of RFC 5084", gcm_parameters_are_those_of_rfc_5084 },
    { "two messages share no key", two_messages_share_no_key },
    { "the key wrap is as strong as the cipher", the_key_wrap_is_as_strong_as_the_cipher },
    { "RSA takes OAEP only when it is wanted", rsa_takes_oaep_only_when_it_is_wanted },
    { "an OAEP certificate gets nothing else", an_oaep_certificate_gets_nothing_else },
    { "recipients are named as it is wanted", recipients_are_named_as_it_is_wanted },
    { "certificates that cannot encrypt are refused", strangers_to_encryption_are_refused },
    { "PSS parameters are those of RFC 4055", pss_parameters_are_those_of_rfc_4055 },
    { "a PSS certificate signs with PSS", a_pss_certificate_signs_with_pss },
    { "the digest is the one that is wanted", the_digest_is_the_one_that_is_wanted },
    { "several people sign one message", several_people_sign_one_message },
    { "signers are named as it is wanted", signers_are_named_as_it_is_wanted },
    { "the certificate to write to is named", the_certificate_to_write_to_is_named },
    { "the signed attributes stay short", the_signed_attributes_stay_short },
    { "a certificate that is not for it does not sign",
      a_certificate_that_is_not_for_it_does_not_sign },
    { "the strict profile chooses or refuses", the_strict_profile_chooses_or_refuses },
  };
  g_autoptr (LlPolicy) policy = ll_policy_new ();
  int status;

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/smime-make/", tests[i].name, NULL);
      g_test_add_func (path, tests[i].test);
    }
  fixture_set_up (policy);
  status = g_test_run ();
  fixture_tear_down ();
  return status;
}
