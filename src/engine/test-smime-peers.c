/* The S/MIME engine with real keys in a real gpg-agent, against openssl and gpgsm, in both
 * directions; and what it does with damaged ciphertext.
 */
#include <config.h>

#include <fcntl.h>
#include <gio/gunixoutputstream.h>
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "bridge/call-agent.h"
#include "bridge/openssl-glue.h"
#include "engine/engine.h"
#include "engine/test-der.h"
#include "keys/capabilities.h"
#include "keys/x509-cert.h"
#include "tests/support.h"

#define TEXT "Content-Type: text/plain; charset=ISO-2022-JP\r\n\r\n\033$B0E9f\033(B\r\n"
#define BIG_BYTES 200000

/* A person: certificate and key in the throw-away home, and in files for openssl. */
typedef struct
{
  LlTestCert *cert;
  LlKey *key;
  char *pem, *private_pem;
} Person;

static LlPolicy *policy;
static LlTestHome *home;
static LlTestCert *authority, *middle;
static char *authority_pem;
static LlKeyStore *store;
static LlEngine *engine;
static Person rsa, curve, curve384, curve521, second, stranger;
static GBytes *contents[3]; /* empty, short, long enough to be streamed */
static Person *const people[] = { &rsa, &curve };

/* ---- verbs ---- */

static GBytes *
take_output (GOutputStream *out)
{
  g_assert_true (g_output_stream_close (out, NULL, NULL));
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (out));
}

/* One key or two. (transfer full) */
static GPtrArray *
keys_of (const Person *one, const Person *two)
{
  GPtrArray *keys = g_ptr_array_new ();

  g_ptr_array_add (keys, one->key);
  if (two != NULL)
    g_ptr_array_add (keys, two->key);
  return keys;
}

static GBytes *
sign (const LlSealRequest *request, GBytes *content, char **micalg)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (content);
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (LlSealResult) result = NULL;
  g_autoptr (GError) error = NULL;

  engine->klass->sign (engine, request, in, out, &result, NULL, &error);
  g_assert_no_error (error);
  if (micalg != NULL)
    *micalg = g_strdup (result->micalg);
  return take_output (out);
}

static GBytes *
sign_by (const Person *person, GBytes *content, gboolean detached, char **micalg)
{
  g_autoptr (GPtrArray) signers = keys_of (person, NULL);
  LlSealRequest request = { .signers = signers, .detached = detached };
  return sign (&request, content, micalg);
}

static GBytes *
encrypt_to (const Person *one, const Person *two, gboolean aead, GBytes *content)
{
  g_autoptr (GPtrArray) recipients = keys_of (one, two);
  LlSealRequest request = { .recipients = recipients,
                            .cipher = aead ? LL_CIPHER_AES_256_GCM : LL_CIPHER_AES_256_CBC };
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (content);
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (LlSealResult) result = NULL;
  g_autoptr (GError) error = NULL;

  engine->klass->encrypt (engine, &request, in, out, &result, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (result->cipher, ==, aead ? "AES-256-GCM" : "AES-256-CBC");
  return take_output (out);
}

/* As every caller does it: what did not hold is dropped (engine.h). */
static LlFacts *
decrypt (GBytes *object, GBytes **plain, GError **error)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  LlFacts *facts = NULL;

  if (engine->klass->decrypt (engine, in, out, &facts, NULL, error))
    g_assert_nonnull (facts);
  else
    g_assert_null (facts);
  *plain = take_output (out);
  if (facts == NULL || facts->decryption != LL_DECRYPTION_DONE)
    {
      g_bytes_unref (*plain);
      *plain = g_bytes_new (NULL, 0);
    }
  return facts;
}

static void
assert_opens (GBytes *object, GBytes *content, const char *cipher, LlReason reason)
{
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = decrypt (object, &plain, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (ll_reason_name (facts->decryption_reason), ==, ll_reason_name (reason));
  g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_DONE);
  g_assert_cmpstr (facts->cipher, ==, cipher);
  g_assert_true (facts->has_integrity == (strstr (cipher, "GCM") != NULL));
  g_assert_true (g_bytes_equal (plain, content));
}

/* `content` NULL: opaque, and what is released must be `expected`. */
static void
assert_holds (GBytes *object, GBytes *content, GBytes *expected, const Person *person,
              LlReason reason)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GInputStream) beside
      = content != NULL ? g_memory_input_stream_new_from_bytes (content) : NULL;
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (LlFacts) facts = NULL;
  g_autoptr (GError) error = NULL;

  engine->klass->verify (engine, in, beside, content != NULL ? NULL : out, &facts, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (facts->is_signed);
  g_assert_cmpint (facts->signed_reason, ==, LL_REASON_NONE);
  g_assert_cmpuint (facts->signatures->len, ==, 1);
  const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);
  g_assert_cmpstr (ll_reason_name (signature->reason), ==, ll_reason_name (reason));
  g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_HOLDS);
  g_assert_cmpstr (ll_key_get_gnupg_fingerprint (signature->key), ==, person->cert->fingerprint);
  g_autoptr (GBytes) released = take_output (out);
  if (content == NULL)
    g_assert_true (g_bytes_equal (released, expected));
}

/* ---- openssl ---- */

static char *
file (const char *name, GBytes *bytes)
{
  return ll_test_home_write (home, name, g_bytes_get_data (bytes, NULL),
                             (gssize)g_bytes_get_size (bytes));
}

static void
assert_openssl_verifies (GBytes *object, GBytes *content, gboolean detached, const char *form,
                         const Person *person)
{
  g_autofree char *message = file ("message", object);
  g_autofree char *beside = file ("content", content);
  g_autofree char *signer = g_build_filename (home->scratch, "signer.pem", NULL);
  g_autoptr (GBytes) output
      = ll_test_run (NULL, "openssl", "cms", "-verify", "-binary", "-inform", form, "-in", message,
                     "-CAfile", authority_pem, "-signer", signer, detached ? "-content" : NULL,
                     beside, NULL);
  g_autoptr (GBytes) said = ll_test_home_read (home, "signer.pem");

  g_assert_true (g_bytes_equal (output, content));
  g_assert_nonnull (memmem (g_bytes_get_data (said, NULL), g_bytes_get_size (said),
                            person->cert->pem, strlen (person->cert->pem)));
}

static void
we_sign_and_openssl_verifies (void)
{
  for (guint p = 0; p < G_N_ELEMENTS (people); p++)
    for (guint c = 0; c < G_N_ELEMENTS (contents); c++)
      for (guint detached = 0; detached < 2; detached++)
        {
          g_autofree char *micalg = NULL;
          g_autoptr (GBytes) object = sign_by (people[p], contents[c], detached, &micalg);
          g_assert_cmpstr (micalg, ==, "sha-256"); /* SM-17 */
          assert_openssl_verifies (object, contents[c], detached, "DER", people[p]);
          assert_holds (object, detached ? contents[c] : NULL, contents[c], people[p],
                        LL_REASON_NONE);
        }
}

/* SM-01: a digest as strong as the curve. gpgsm 2.2 cannot take P-521. */
static void
larger_curves_take_larger_digests (void)
{
  const struct
  {
    const Person *person;
    const char *micalg;
  } cases[] = { { &curve384, "sha-384" }, { &curve521, "sha-512" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *micalg = NULL;
      g_autoptr (GBytes) object = sign_by (cases[i].person, contents[1], TRUE, &micalg);
      g_autoptr (GBytes) sealed = encrypt_to (cases[i].person, NULL, TRUE, contents[1]);
      g_assert_cmpstr (micalg, ==, cases[i].micalg);
      assert_openssl_verifies (object, contents[1], TRUE, "DER", cases[i].person);
      assert_holds (object, contents[1], contents[1], cases[i].person, LL_REASON_NONE);
      assert_opens (sealed, contents[1], "AES-256-GCM", LL_REASON_NONE);
    }
}

static void
openssl_signs_and_we_verify (void)
{
  const struct
  {
    const char *options[5];
    gboolean rsa_only;
    LlReason reason;
  } cases[] = { { { "-binary" }, FALSE, LL_REASON_NONE },
                { { "-binary", "-stream" }, FALSE, LL_REASON_NONE },
                { { "-binary", "-keyid" }, FALSE, LL_REASON_NONE },
                { { "-binary", "-cades" }, FALSE, LL_REASON_NONE },
                { { "-binary", "-md", "sha512" }, FALSE, LL_REASON_NONE },
                { { "-binary", "-md", "sha1" }, FALSE, LL_REASON_WEAK_DIGEST },
                { { "-binary", "-noattr" }, FALSE, LL_REASON_NO_SIGNED_ATTRIBUTES },
                { { "-binary", "-nocerts" }, FALSE, LL_REASON_NONE },
                { { "-binary", "-keyopt", "rsa_padding_mode:pss" }, TRUE, LL_REASON_NONE } };

  for (guint p = 0; p < G_N_ELEMENTS (people); p++)
    for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
      for (guint detached = 0; detached < 2; detached++)
        {
          const Person *person = people[p];
          const char *const *options = cases[i].options;
          g_autoptr (GPtrArray) argv = g_ptr_array_new ();
          /* openssl's -stream puts the content in, detached or not */
          if ((cases[i].rsa_only && person != &rsa)
              || (detached && g_strcmp0 (options[1], "-stream") == 0))
            continue;
          const char *start[] = { "openssl", "cms",       "-sign",  "-outform",         "DER",
                                  "-signer", person->pem, "-inkey", person->private_pem };
          for (guint n = 0; n < G_N_ELEMENTS (start); n++)
            g_ptr_array_add (argv, (char *)start[n]);
          for (guint n = 0; options[n] != NULL; n++)
            g_ptr_array_add (argv, (char *)options[n]);
          if (!detached)
            g_ptr_array_add (argv, (char *)"-nodetach");
          g_ptr_array_add (argv, NULL);
          g_autoptr (GBytes) object = NULL;
          int status
              = ll_test_run_status (contents[2], &object, NULL, (const char *const *)argv->pdata);
          g_assert_cmpint (status, ==, 0);
          assert_holds (object, detached ? contents[2] : NULL, contents[2], person,
                        cases[i].reason);
        }
}

static void
we_encrypt_and_openssl_decrypts (void)
{
  for (guint p = 0; p < G_N_ELEMENTS (people); p++)
    for (guint c = 0; c < G_N_ELEMENTS (contents); c++)
      for (guint aead = 0; aead < 2; aead++)
        {
          const Person *person = people[p];
          g_autoptr (GBytes) object = encrypt_to (person, &second, aead, contents[c]);
          g_autofree char *message = file ("message", object);
          g_autoptr (GBytes) plain
              = ll_test_run (NULL, "openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in",
                             message, "-recip", person->pem, "-inkey", person->private_pem, NULL);
          g_assert_true (g_bytes_equal (plain, contents[c]));
          assert_opens (object, contents[c], aead ? "AES-256-GCM" : "AES-256-CBC",
                        aead ? LL_REASON_NONE : LL_REASON_NO_INTEGRITY);
        }
}

static void
openssl_encrypts_and_we_decrypt (void)
{
  const struct
  {
    const char *cipher, *name, *option, *value;
    LlReason reason;
  } cases[] = {
    { "-aes-128-cbc", "AES-128-CBC", NULL, NULL, LL_REASON_NO_INTEGRITY },
    { "-aes-256-cbc", "AES-256-CBC", "-stream", NULL, LL_REASON_NO_INTEGRITY },
    { "-aes-256-cbc", "AES-256-CBC", "-keyid", NULL, LL_REASON_NO_INTEGRITY },
    { "-aes-128-gcm", "AES-128-GCM", NULL, NULL, LL_REASON_NONE },
    { "-aes-256-gcm", "AES-256-GCM", "-stream", NULL, LL_REASON_NONE },
    { "-des3", "3DES-CBC", NULL, NULL, LL_REASON_WEAK_ENCRYPTION },
  };

  for (guint p = 0; p < G_N_ELEMENTS (people); p++)
    for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
      {
        const char *option = cases[i].option != NULL ? cases[i].option : "-binary";
        g_autoptr (GBytes) object
            = ll_test_run (contents[2], "openssl", "cms", "-encrypt", "-binary", option, "-outform",
                           "DER", cases[i].cipher, people[p]->pem, NULL);
        policy->allow_weak = cases[i].reason == LL_REASON_WEAK_ENCRYPTION;
        assert_opens (object, contents[2], cases[i].name, cases[i].reason);
        policy->allow_weak = FALSE;
      }
}

/* AL-11 */
static void
old_ciphers_are_not_opened_without_consent (void)
{
  g_autoptr (GBytes) object = ll_test_run (contents[1], "openssl", "cms", "-encrypt", "-binary",
                                           "-outform", "DER", "-des3", rsa.pem, NULL);
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (LlFacts) facts = decrypt (object, &plain, NULL);

  g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_FAILED);
  g_assert_cmpint (facts->decryption_reason, ==, LL_REASON_WEAK_REFUSED);
  g_assert_cmpstr (facts->cipher, ==, "3DES-CBC");
  g_assert_cmpuint (g_bytes_get_size (plain), ==, 0);
}

/* AL-08 */
static void
openssl_encrypts_with_oaep_and_we_decrypt (void)
{
  g_autoptr (GBytes) object
      = ll_test_run (contents[1], "openssl", "cms", "-encrypt", "-binary", "-outform", "DER",
                     "-aes-256-gcm", "-recip", rsa.pem, "-keyopt", "rsa_padding_mode:oaep",
                     "-keyopt", "rsa_oaep_md:sha256", NULL);
  assert_opens (object, contents[1], "AES-256-GCM", LL_REASON_NONE);
}

static void
pem_goes_both_ways (void)
{
  g_autoptr (GPtrArray) signers = keys_of (&rsa, NULL);

  for (guint c = 0; c < G_N_ELEMENTS (contents); c++)
    {
      LlSealRequest request = { .signers = signers, .armor = TRUE };
      g_autoptr (GBytes) object = sign (&request, contents[c], NULL);
      assert_openssl_verifies (object, contents[c], FALSE, "PEM", &rsa);
      assert_holds (object, NULL, contents[c], &rsa, LL_REASON_NONE);
      g_autofree char *message = file ("message", object);
      g_autoptr (GBytes) said = ll_test_run (NULL, "gpgsm", "--batch", "--verify", message, NULL);
    }
}

/* ---- gpgsm ---- */

static void
we_sign_and_gpgsm_verifies (void)
{
  for (guint p = 0; p < G_N_ELEMENTS (people); p++)
    for (guint c = 1; c < G_N_ELEMENTS (contents); c++)
      for (guint detached = 0; detached < 2; detached++)
        {
          g_autoptr (GBytes) object = sign_by (people[p], contents[c], detached, NULL);
          g_autofree char *message = file ("message", object);
          g_autofree char *beside = file ("content", contents[c]);
          g_autofree char *released = g_build_filename (home->scratch, "released", NULL);
          g_autoptr (GBytes) status
              = detached ? ll_test_run (NULL, "gpgsm", "--batch", "--status-fd", "1", "--verify",
                                        message, beside, NULL)
                         : ll_test_run (NULL, "gpgsm", "--batch", "--yes", "--status-fd", "1",
                                        "--output", released, "--verify", message, NULL);
          g_autofree char *good = g_strdup_printf ("GOODSIG %s", people[p]->cert->fingerprint);
          g_assert_nonnull (g_strstr_len (g_bytes_get_data (status, NULL),
                                          (gssize)g_bytes_get_size (status), good));
          if (detached)
            continue;
          g_autoptr (GBytes) content = ll_test_home_read (home, "released");
          g_assert_true (g_bytes_equal (content, contents[c]));
        }
}

static void
gpgsm_signs_and_we_verify (void)
{
  for (guint p = 0; p < G_N_ELEMENTS (people); p++)
    for (guint detached = 0; detached < 2; detached++)
      {
        g_autoptr (GBytes) object = ll_test_run (contents[1], "gpgsm", "--batch", "--local-user",
                                                 people[p]->cert->fingerprint,
                                                 detached ? "--detach-sign" : "--sign", NULL);
        assert_holds (object, detached ? contents[1] : NULL, contents[1], people[p],
                      LL_REASON_NONE);
      }
}

/* gpgsm 2.2 has no ECDH, and no gpgsm reads AES-GCM from others. */
static void
we_encrypt_and_gpgsm_decrypts (void)
{
  for (guint c = 1; c < G_N_ELEMENTS (contents); c++)
    {
      g_autoptr (GBytes) object = encrypt_to (&rsa, NULL, FALSE, contents[c]);
      g_autoptr (GBytes) plain = ll_test_run (object, "gpgsm", "--batch", "--decrypt", NULL);
      g_assert_true (g_bytes_equal (plain, contents[c]));
    }
}

static void
gpgsm_encrypts_and_we_decrypt (void)
{
  const char *ciphers[] = { "AES", "AES256" };
  const char *names[] = { "AES-128-CBC", "AES-256-CBC" };

  for (guint i = 0; i < G_N_ELEMENTS (ciphers); i++)
    {
      g_autoptr (GBytes) object
          = ll_test_run (contents[2], "gpgsm", "--batch", "--cipher-algo", ciphers[i],
                         "--recipient", rsa.cert->fingerprint, "--encrypt", NULL);
      assert_opens (object, contents[2], names[i], LL_REASON_NO_INTEGRITY);
    }
}

/* ---- what our objects look like ---- */

static gboolean
contains (GBytes *object, const guint8 *part, gsize length)
{
  return memmem (g_bytes_get_data (object, NULL), g_bytes_get_size (object), part, length) != NULL;
}

#define ASSERT_CONTAINS(object, ...)                                                               \
  g_assert_true (contains (object, (const guint8[]){ __VA_ARGS__ },                                \
                           sizeof ((const guint8[]){ __VA_ARGS__ })))

/* SM-07, SM-09, ES-01, CM-01 */
static void
our_signatures_carry_the_attributes_that_they_should (void)
{
  g_autoptr (GBytes) object = sign_by (&rsa, contents[1], TRUE, NULL);

  /* SMIMECapabilities, whose octets test-capabilities knows: a list in a set of one */
  g_autoptr (GBytes) capabilities = ll_capabilities_ours (0);
  g_autoptr (GByteArray) set = g_byte_array_new ();
  der_put_header (set, 0x31, g_bytes_get_size (capabilities));
  g_byte_array_append (set, g_bytes_get_data (capabilities, NULL), g_bytes_get_size (capabilities));
  g_assert_true (contains (object, set->data, set->len));
  /* signingCertificateV2; its hash follows at once, SHA-256 being the default */
  ASSERT_CONTAINS (object, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 47);
  g_autoptr (GBytes) der = LL_DER (rsa.cert->certificate, X509);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 hash[34] = { 0x04, 0x20 };
  gsize length = 32;
  g_checksum_update (checksum, g_bytes_get_data (der, NULL), (gssize)g_bytes_get_size (der));
  g_checksum_get_digest (checksum, hash + 2, &length);
  g_assert_true (contains (object, hash, sizeof hash));
  /* CMSAlgorithmProtection: sha256, and [1] rsaEncryption with NULL */
  ASSERT_CONTAINS (object, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 52, 0x31, 0x1e,
                   0x30, 0x1c, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 0xa1,
                   0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0x00);
}

/* SC-02 */
static void
the_chain_goes_along_without_its_root (void)
{
  g_autoptr (GBytes) object = sign_by (&second, contents[1], FALSE, NULL);
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (LlFacts) facts = NULL;
  g_autoptr (GError) error = NULL;

  engine->klass->verify (engine, in, NULL, NULL, &facts, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (facts->certificates->len, ==, 2);
  for (guint i = 0; i < facts->certificates->len; i++)
    g_assert_cmpstr (ll_key_get_gnupg_fingerprint (g_ptr_array_index (facts->certificates, i)), !=,
                     authority->fingerprint);
}

static void
two_signers_are_two_signatures (void)
{
  g_autoptr (GPtrArray) signers = keys_of (&rsa, &curve);
  LlSealRequest request = { .signers = signers };
  g_autofree char *micalg = NULL;
  g_autoptr (GBytes) object = sign (&request, contents[1], &micalg);
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (LlFacts) facts = NULL;

  g_assert_cmpstr (micalg, ==, "sha-256");
  g_assert_true (engine->klass->verify (engine, in, NULL, NULL, &facts, NULL, NULL));
  g_assert_cmpuint (facts->signatures->len, ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, i);
      g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_HOLDS);
    }
}

/* AL-04, SM-04: stdDH-sha256kdf with aes256-wrap; AL-03: a fresh key each time. CM-02: 12 octets of
 * nonce, 16 of tag, which is said. SM-06: id-data inside. */
static void
our_envelopes_use_the_algorithms_that_they_should (void)
{
  g_autoptr (GBytes) object = encrypt_to (&curve, NULL, TRUE, contents[1]);
  g_autoptr (GBytes) again = encrypt_to (&curve, NULL, TRUE, contents[1]);

  ASSERT_CONTAINS (object, 0x30, 0x15, 0x06, 0x06, 0x2b, 0x81, 0x04, 1, 11, 1, 0x30, 0x0b, 0x06,
                   0x09, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 0x2d);
  ASSERT_CONTAINS (object, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1, 0x30, 0x1e,
                   0x06, 0x09, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 0x2e, 0x30, 0x11, 0x04, 0x0c);
  g_assert_false (g_bytes_equal (object, again));
}

/* ---- recipients ---- */

static void
recipients_are_listed_and_ours_is_found_among_them (void)
{
  g_autoptr (GBytes) object
      = ll_test_run (contents[1], "openssl", "cms", "-encrypt", "-binary", "-outform", "DER",
                     "-aes-256-gcm", stranger.pem, rsa.pem, curve.pem, NULL);
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = decrypt (object, &plain, &error);
  const struct
  {
    const Person *person;
    const char *algorithm;
    gboolean ours;
  } expected[] = { { &stranger, "RSA", FALSE }, { &rsa, "RSA", TRUE }, { &curve, "ECDH", TRUE } };

  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (plain, contents[1]));
  g_assert_cmpuint (facts->recipients->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      /* A SET OF: openssl sorts it. */
      gboolean found = FALSE;
      for (guint j = 0; j < facts->recipients->len; j++)
        {
          const LlRecipientFacts *recipient = g_ptr_array_index (facts->recipients, j);
          g_autofree char *serial
              = g_strdup_printf ("serial number %s", ll_key_get_serial (expected[i].person->key));
          if (strstr (recipient->hint, serial) == NULL)
            continue;
          found = TRUE;
          g_assert_cmpstr (recipient->algorithm, ==, expected[i].algorithm);
          g_assert_true (recipient->is_ours == expected[i].ours);
        }
      g_assert_true (found);
    }
}

static void
without_a_key_of_ours_nothing_opens (void)
{
  g_autoptr (GBytes) object = ll_test_run (contents[1], "openssl", "cms", "-encrypt", "-binary",
                                           "-outform", "DER", "-aes-256-gcm", stranger.pem, NULL);
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = decrypt (object, &plain, &error);

  g_assert_no_error (error);
  g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_FAILED);
  g_assert_cmpint (facts->decryption_reason, ==, LL_REASON_NO_SECRET_KEY);
  g_assert_cmpuint (g_bytes_get_size (plain), ==, 0);
}

/* ---- damage ---- */

static GBytes *
flip (GBytes *object, gsize at, guint8 mask)
{
  gsize size = g_bytes_get_size (object);
  guint8 *changed = g_memdup2 (g_bytes_get_data (object, NULL), size);

  changed[at] ^= mask;
  return g_bytes_new_take (changed, size);
}

/* One octet changed anywhere: nothing comes out, whether by an error or by facts. */
static void
assert_stays_shut (GBytes *object)
{
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = decrypt (object, &plain, &error);

  g_assert_cmpuint (g_bytes_get_size (plain), ==, 0);
  if (facts == NULL)
    g_assert_nonnull (error);
  else
    g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_FAILED);
}

static void
no_changed_octet_of_an_aead_ciphertext_opens (void)
{
  for (guint p = 0; p < G_N_ELEMENTS (people); p++)
    {
      g_autoptr (GBytes) object = encrypt_to (people[p], NULL, TRUE, contents[2]);
      gsize size = g_bytes_get_size (object);
      for (guint i = 0; i < 100; i++)
        {
          /* the ciphertext and the tag stand at the end */
          gsize at = size - 1 - i * ((BIG_BYTES - 100) / 100);
          g_autoptr (GBytes) bad = flip (object, at, 1 << (i % 8));
          assert_stays_shut (bad);
        }
    }
}

/* A bad encrypted key, bad padding or a bad tag. Without integrity one in 256 has a padding that
 * looks right: then it is not the content. */
static void
assert_fails_like_all (GBytes *object, gboolean aead)
{
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = decrypt (object, &plain, &error);

  g_assert_no_error (error);
  if (!aead && facts->decryption == LL_DECRYPTION_DONE)
    {
      g_assert_cmpint (facts->decryption_reason, ==, LL_REASON_NO_INTEGRITY);
      g_assert_false (g_bytes_equal (plain, contents[1]));
      return;
    }
  g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_FAILED);
  g_assert_cmpint (facts->decryption_reason, ==, LL_REASON_DECRYPTION_FAILED);
  g_assert_cmpuint (g_bytes_get_size (plain), ==, 0);
}

/* SM-35 */
static void
every_failure_to_decrypt_looks_the_same (void)
{
  const guint8 encrypted_key[] = { 0x04, 0x82, 0x01, 0x80 }; /* 384 octets for RSA-3072 */

  for (guint aead = 0; aead < 2; aead++)
    {
      g_autoptr (GBytes) object = encrypt_to (&rsa, NULL, aead, contents[1]);
      const guint8 *data = g_bytes_get_data (object, NULL);
      gsize size = g_bytes_get_size (object);
      const guint8 *key = memmem (data, size, encrypted_key, sizeof encrypted_key);
      g_assert_nonnull (key);
      g_autoptr (GBytes) bad_key = flip (object, (gsize)(key - data) + 100, 0x55);
      g_autoptr (GBytes) bad_end = flip (object, size - 1, 0x55);
      assert_fails_like_all (bad_key, aead);
      assert_fails_like_all (bad_end, aead);
    }
}

static void
a_ciphertext_cut_anywhere_is_an_error (void)
{
  g_autoptr (GBytes) object = encrypt_to (&rsa, &curve, TRUE, contents[1]);

  for (gsize length = 0; length < g_bytes_get_size (object); length += 7)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (object, 0, length);
      g_autoptr (GBytes) plain = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = decrypt (cut, &plain, &error);
      g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
      g_assert_cmpuint (g_bytes_get_size (plain), ==, 0);
    }
}

/* CM-19, CM-08: the same octets under another name. */
static void
an_aead_envelope_relabelled_stays_shut (void)
{
  g_autoptr (GBytes) object = encrypt_to (&rsa, NULL, TRUE, contents[1]);
  const guint8 *data = g_bytes_get_data (object, NULL);
  gsize size = g_bytes_get_size (object);
  const guint8 gcm[] = { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 0x2e };
  const guint8 tag_length[] = { 0x02, 0x01, 0x10, 0x80 };
  const guint8 *oid = memmem (data, size, gcm, sizeof gcm);
  const guint8 *said = memmem (data, size, tag_length, sizeof tag_length);

  g_assert_nonnull (oid);
  g_assert_nonnull (said);
  g_autoptr (GBytes) as_cbc = flip (object, (gsize)(oid - data) + sizeof gcm - 1, 0x2e ^ 0x2a);
  assert_stays_shut (as_cbc);
  g_autoptr (GBytes) short_tag = flip (object, (gsize)(said - data) + 2, 0x10 ^ 0x0c);
  assert_stays_shut (short_tag);
}

static GByteArray *
element_of (GBytes *bytes)
{
  return der_bytes (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static GByteArray *
attribute (const char *text)
{
  return der (0x30, der_pkcs (1, 99, 1), der (0x31, der_string (0x0c, text), NULL), NULL);
}

static GByteArray *
encrypted_key (const Person *person, const guint8 *key, gsize length)
{
  EVP_PKEY *public_key = X509_get0_pubkey (person->cert->certificate);
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new (public_key, NULL);
  guint8 encrypted[1024];
  size_t n = sizeof encrypted;

  g_assert_true (EVP_PKEY_encrypt_init (context) == 1);
  g_assert_true (EVP_PKEY_encrypt (context, encrypted, &n, key, length) == 1);
  return der (0x04, der_bytes (encrypted, n), NULL);
}

static GByteArray *
recipient_info (const Person *person, const guint8 *key, gsize length)
{
  X509 *certificate = person->cert->certificate;
  g_autoptr (GBytes) issuer = LL_DER (X509_get_issuer_name (certificate), X509_NAME);
  g_autoptr (GBytes) serial = LL_DER (X509_get_serialNumber (certificate), ASN1_INTEGER);

  return der (0x30, der_integer (0), der (0x30, element_of (issuer), element_of (serial), NULL),
              der (0x30, der_pkcs (1, 1, 1), der_string (0x05, ""), NULL),
              encrypted_key (person, key, length), NULL);
}

/* An AuthEnvelopedData as openssl does not write it: AES-256-GCM whose tag also covers an
 * attribute. `sealed` is the attribute's text under the tag, `shown` the one in the message. */
static GBytes *
seal_with_attribute (const Person *person, const char *sealed, const char *shown)
{
  const guint8 aes_256_gcm[] = { 0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 0x2e };
  const guint8 key[32] = "a key that is only for this test", nonce[12] = { 1 };
  g_autoptr (EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new ();
  g_autoptr (GByteArray) covered = der (0x31, attribute (sealed), NULL);
  guint8 text[sizeof TEXT - 1], tag[16];
  int n;

  g_assert_true (EVP_EncryptInit_ex (context, EVP_aes_256_gcm (), NULL, key, nonce));
  g_assert_true (EVP_EncryptUpdate (context, NULL, &n, covered->data, (int)covered->len));
  g_assert_true (EVP_EncryptUpdate (context, text, &n, (const guint8 *)TEXT, (int)sizeof text));
  g_assert_true (EVP_EncryptFinal_ex (context, text + n, &n));
  g_assert_true (EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_GET_TAG, sizeof tag, tag));
  return der_take (
      der (0x30, der_pkcs (1, 9, 16, 1, 23),
           der (0xa0,
                der (0x30, der_integer (0),
                     der (0x31, recipient_info (person, key, sizeof key), NULL),
                     der (0x30, der_pkcs (DER_DATA),
                          der (0x30, der_bytes (aes_256_gcm, sizeof aes_256_gcm),
                               der (0x30, der (0x04, der_bytes (nonce, sizeof nonce), NULL),
                                    der_integer (16), NULL),
                               NULL),
                          der (0x80, der_bytes (text, sizeof text), NULL), NULL),
                     der (0xa1, attribute (shown), NULL),
                     der (0x04, der_bytes (tag, sizeof tag), NULL), NULL),
                NULL),
           NULL));
}

/* CM-07, RFC 5083 section 2.2 */
static void
the_tag_covers_the_attributes (void)
{
  g_autoptr (GBytes) right = seal_with_attribute (&rsa, "hello", "hello");
  g_autoptr (GBytes) wrong = seal_with_attribute (&rsa, "hello", "iello");

  assert_opens (right, contents[1], "AES-256-GCM", LL_REASON_NONE);
  assert_stays_shut (wrong);
}

/* ---- requests that cannot be met ---- */

static void
assert_refused (gboolean to_sign, const LlSealRequest *request, LlError code)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (contents[1]);
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (GError) error = NULL;
  LlSealResult *result = NULL;

  g_assert_false ((to_sign ? engine->klass->sign : engine->klass->encrypt) (engine, request, in,
                                                                            out, &result, NULL,
                                                                            &error));
  g_assert_error (error, LL_ERROR, (gint)code);
  g_assert_null (result);
}

static void
impossible_requests_are_refused (void)
{
  g_autoptr (GPtrArray) keys = keys_of (&rsa, NULL);
  g_autoptr (LlTestCert) only_signs = ll_test_cert_new (
      &(LlTestCertSpec){ .name = "Signs", .key_usage = "digitalSignature", .issuer = authority });
  g_autoptr (GBytes) der = LL_DER (only_signs->certificate, X509);
  g_autoptr (LlKey) signing_key = ll_x509_cert_new (der, NULL);
  g_autoptr (GPtrArray) signing = g_ptr_array_new ();
  g_ptr_array_add (signing, signing_key);

  assert_refused (TRUE, &(LlSealRequest){ 0 }, LL_ERROR_CANNOT_SIGN);
  assert_refused (FALSE, &(LlSealRequest){ 0 }, LL_ERROR_CANNOT_ENCRYPT);
  assert_refused (FALSE, &(LlSealRequest){ .recipients = keys, .signers = keys },
                  LL_ERROR_UNSUPPORTED_OPTION);
  assert_refused (FALSE, &(LlSealRequest){ .recipients = keys, .symmetric = TRUE },
                  LL_ERROR_UNSUPPORTED_OPTION);
  /* SC-01 */
  assert_refused (FALSE, &(LlSealRequest){ .recipients = signing }, LL_ERROR_CANNOT_ENCRYPT);
}

/* ---- the agent ---- */

/* Short contents fail at their end, long ones after half of the object is written. */
static void
without_the_private_key_nothing_is_signed (void)
{
  g_autoptr (GPtrArray) signers = keys_of (&stranger, NULL);
  LlSealRequest request = { .signers = signers };

  for (guint c = 0; c < G_N_ELEMENTS (contents); c++)
    {
      g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (contents[c]);
      g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
      g_autoptr (LlSealResult) result = NULL;
      g_autoptr (GError) error = NULL;
      g_assert_false (engine->klass->sign (engine, &request, in, out, &result, NULL, &error));
      g_assert_nonnull (error);
      g_assert_null (result);
    }
}

static void
a_cancelled_operation_says_so (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GPtrArray) signers = keys_of (&rsa, NULL);
  LlSealRequest request = { .signers = signers };
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (contents[2]);
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_false (engine->klass->sign (engine, &request, in, out, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Whatever the form: a stream that breaks is an error, not a shorter message. */
static void
streams_that_break_are_errors (void)
{
  g_autoptr (GPtrArray) keys = keys_of (&rsa, NULL);

  for (guint form = 0; form < 8; form++)
    {
      gboolean to_sign = form & 1;
      LlSealRequest request = { .signers = to_sign ? keys : NULL,
                                .recipients = to_sign ? NULL : keys,
                                .armor = (form & 2) != 0,
                                .detached = (form & 4) != 0 };
      g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (contents[2]);
      g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
      g_autoptr (GOutputStream) full
          = g_unix_output_stream_new (open ("/dev/full", O_WRONLY | O_CLOEXEC), TRUE);
      g_autoptr (GError) error = NULL;
      g_assert_false ((to_sign ? engine->klass->sign : engine->klass->encrypt) (engine, &request,
                                                                                in, full, NULL,
                                                                                NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
      g_clear_error (&error);

      g_assert_true (g_input_stream_close (in, NULL, NULL));
      g_assert_false ((to_sign ? engine->klass->sign : engine->klass->encrypt) (engine, &request,
                                                                                in, out, NULL, NULL,
                                                                                &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
    }
}

/* The key of this person behind a passphrase that nobody has cached. */
static void
lock_key (const Person *person)
{
  g_autofree char *name = g_strconcat (person->cert->keygrip, ".key", NULL);
  g_autofree char *path = g_build_filename (home->path, "private-keys-v1.d", name, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_unlink (path), ==, 0);
  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_ANSWERS, "horse battery");
  g_assert_true (ll_agent_import_key (person->cert->key, NULL, NULL, &error));
  g_assert_no_error (error);
  ll_test_home_kill_agent (home);
}

/* Both verbs fail with this error, and nothing is opened. */
static void
assert_agent_refuses (const Person *person, GQuark domain, int code)
{
  g_autoptr (GPtrArray) signers = keys_of (person, NULL);
  LlSealRequest request = { .signers = signers };
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (contents[2]);
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (GBytes) object = encrypt_to (person, NULL, FALSE, contents[1]);
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = decrypt (object, &plain, &error);

  g_assert_error (error, domain, code);
  g_assert_cmpuint (g_bytes_get_size (plain), ==, 0);
  g_clear_error (&error);
  g_assert_false (engine->klass->sign (engine, &request, in, out, NULL, NULL, &error));
  g_assert_error (error, domain, code);
}

/* The agent's trouble comes out, although OpenSSL hides it. */
static void
what_the_agent_refuses_is_told (void)
{
  lock_key (&second);
  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_CANCELS, NULL);
  assert_agent_refuses (&second, LL_ERROR, LL_ERROR_KEY_LOCKED);
  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_MISSING, NULL);
  assert_agent_refuses (&second, LL_ERROR, LL_ERROR_KEY_LOCKED);

  /* the other recipient's key is not locked */
  g_autoptr (GBytes) both = encrypt_to (&second, &rsa, TRUE, contents[1]);
  assert_opens (both, contents[1], "AES-256-GCM", LL_REASON_NONE);

  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_ANSWERS, "horse battery");
  g_autoptr (GBytes) object = encrypt_to (&second, NULL, TRUE, contents[1]);
  assert_opens (object, contents[1], "AES-256-GCM", LL_REASON_NONE);
  g_autofree char *prompt = ll_test_home_get_prompt (home);
  g_assert_nonnull (strstr (prompt, "Second"));
}

/* The store still knows of a private key, but it has gone. */
static void
a_private_key_that_has_gone_is_no_secret_key (void)
{
  g_autofree char *name = g_strconcat (second.cert->keygrip, ".key", NULL);
  g_autofree char *path = g_build_filename (home->path, "private-keys-v1.d", name, NULL);
  g_autoptr (GBytes) object = encrypt_to (&second, NULL, TRUE, contents[1]);
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_unlink (path), ==, 0);
  ll_test_home_kill_agent (home);
  g_autoptr (LlFacts) facts = decrypt (object, &plain, &error);
  g_assert_no_error (error);
  g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_FAILED);
  g_assert_cmpint (facts->decryption_reason, ==, LL_REASON_NO_SECRET_KEY);
}

/* ---- the stage ---- */

static void
person_init (Person *person, const char *name, const char *algorithm, const LlTestCert *issuer,
             gboolean import)
{
  LlTestCertSpec spec
      = { .name = name, .address = "x@example.org", .algorithm = algorithm, .issuer = issuer };
  g_autofree char *pem_name = g_strconcat (name, ".pem", NULL);
  g_autofree char *key_name = g_strconcat (name, ".key", NULL);
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  char *text = NULL;

  person->cert = ll_test_cert_new (&spec);
  if (import)
    ll_test_cert_import (home, person->cert, TRUE);
  person->pem = ll_test_home_write (home, pem_name, person->cert->pem, -1);
  g_assert_true (PEM_write_bio_PrivateKey (bio, person->cert->key, NULL, NULL, 0, NULL, NULL));
  long length = BIO_get_mem_data (bio, &text);
  person->private_pem = ll_test_home_write (home, key_name, text, length);
}

static void
person_find (Person *person)
{
  g_autoptr (GBytes) der = LL_DER (person->cert->certificate, X509);
  g_autoptr (GError) error = NULL;

  person->key = ll_key_store_get (store, LL_PROTOCOL_SMIME, person->cert->fingerprint, &error);
  g_assert_no_error (error);
  if (person->key == NULL)
    person->key = ll_x509_cert_new (der, NULL);
}

static void
person_clear (Person *person)
{
  ll_key_unref (person->key);
  ll_test_cert_free (person->cert);
  g_free (person->pem);
  g_free (person->private_pem);
}

static void
set_up (void)
{
  guint8 *big = g_malloc (BIG_BYTES);

  home = ll_test_home_new ();
  authority = ll_test_cert_new (&(LlTestCertSpec){ .name = "Test Authority", .authority = TRUE });
  middle = ll_test_cert_new (
      &(LlTestCertSpec){ .name = "Middle", .authority = TRUE, .issuer = authority });
  authority_pem = ll_test_home_write (home, "authority.pem", authority->pem, -1);
  ll_test_cert_import (home, authority, FALSE);
  ll_test_cert_import (home, middle, FALSE);
  ll_test_cert_trust (home, authority);
  person_init (&rsa, "Rsa", "rsa3072", authority, TRUE);
  person_init (&curve, "Curve", "P-256", authority, TRUE);
  person_init (&curve384, "Curve384", "P-384", authority, TRUE);
  person_init (&curve521, "Curve521", "P-521", authority, TRUE);
  person_init (&second, "Second", "rsa2048", middle, TRUE);
  person_init (&stranger, "Stranger", "rsa2048", authority, FALSE);
  store = ll_key_store_new (policy);
  person_find (&rsa);
  person_find (&curve);
  person_find (&curve384);
  person_find (&curve521);
  person_find (&second);
  person_find (&stranger);
  g_assert_true (ll_key_has_secret (rsa.key) && ll_key_has_secret (curve.key));
  engine = ll_engine_smime_new (policy, store);
  for (guint i = 0; i < BIG_BYTES; i++)
    big[i] = (guint8)(i * 7 + i / 256);
  contents[0] = g_bytes_new (NULL, 0);
  contents[1] = g_bytes_new (TEXT, strlen (TEXT));
  contents[2] = g_bytes_new_take (big, BIG_BYTES);
}

static void
tear_down (void)
{
  ll_engine_free (engine);
  ll_key_store_free (store);
  ll_policy_free (policy);
  person_clear (&rsa);
  person_clear (&curve);
  person_clear (&curve384);
  person_clear (&curve521);
  person_clear (&second);
  person_clear (&stranger);
  ll_test_cert_free (middle);
  ll_test_cert_free (authority);
  g_free (authority_pem);
  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    g_bytes_unref (contents[i]);
  ll_test_home_free (home);
}

int
main (int argc, char **argv)
{
  policy = ll_policy_new ();
  g_test_init (&argc, &argv, NULL);
  set_up ();
#define CASE(function) g_test_add_func ("/smime-peers/" #function, function)
  CASE (we_sign_and_openssl_verifies);
  CASE (larger_curves_take_larger_digests);
  CASE (openssl_signs_and_we_verify);
  CASE (we_encrypt_and_openssl_decrypts);
  CASE (openssl_encrypts_and_we_decrypt);
  CASE (old_ciphers_are_not_opened_without_consent);
  CASE (openssl_encrypts_with_oaep_and_we_decrypt);
  CASE (pem_goes_both_ways);
  CASE (we_sign_and_gpgsm_verifies);
  CASE (gpgsm_signs_and_we_verify);
  CASE (we_encrypt_and_gpgsm_decrypts);
  CASE (gpgsm_encrypts_and_we_decrypt);
  CASE (our_signatures_carry_the_attributes_that_they_should);
  CASE (the_chain_goes_along_without_its_root);
  CASE (two_signers_are_two_signatures);
  CASE (our_envelopes_use_the_algorithms_that_they_should);
  CASE (recipients_are_listed_and_ours_is_found_among_them);
  CASE (without_a_key_of_ours_nothing_opens);
  CASE (no_changed_octet_of_an_aead_ciphertext_opens);
  CASE (every_failure_to_decrypt_looks_the_same);
  CASE (a_ciphertext_cut_anywhere_is_an_error);
  CASE (an_aead_envelope_relabelled_stays_shut);
  CASE (the_tag_covers_the_attributes);
  CASE (impossible_requests_are_refused);
  CASE (without_the_private_key_nothing_is_signed);
  CASE (streams_that_break_are_errors);
  CASE (a_cancelled_operation_says_so);
  CASE (what_the_agent_refuses_is_told);
  CASE (a_private_key_that_has_gone_is_no_secret_key);
  int status = g_test_run ();

  tear_down ();
  return status;
}
