/* The S/MIME engine on mail that others wrote (LETTERLOCK_CORPORA): what each signature says, and
 * what opens with the keys that come along. The engine alone: MIME is taken apart here, roughly.
 */
#include <config.h>

#include <openssl/pem.h>
#include <string.h>

#include "bridge/openssl-glue.h"
#include "bridge/sexp.h"
#include "engine/engine.h"
#include "tests/support.h"

static LlTestHome *home;
static LlKeyStore *store;
static LlEngine *engine;
static const char *corpora;

/* ---- rough MIME ---- */

/* The mail with CRLF throughout. */
static GString *
load (const char *name)
{
  g_autofree char *path = g_build_filename (corpora, name, NULL);
  g_autoptr (GError) error = NULL;
  char *data = NULL;
  gsize length;

  g_file_get_contents (path, &data, &length, &error);
  g_assert_no_error (error);
  GString *mail = g_string_new_len (data, (gssize)length);
  g_string_replace (mail, "\r\n", "\n", 0);
  g_string_replace (mail, "\n", "\r\n", 0);
  g_free (data);
  return mail;
}

static GBytes *
base64_body (const char *entity, const char *end)
{
  const char *body = g_strstr_len (entity, end - entity, "\r\n\r\n");
  g_autofree char *text = g_strndup (body, (gsize)(end - body));
  gsize length;
  guchar *data = g_base64_decode (text, &length);

  return g_bytes_new_take (data, length);
}

static char *
boundary_of (const GString *mail)
{
  const char *start = strcasestr (mail->str, "boundary=") + strlen ("boundary=");
  gboolean quoted = *start == '"';

  start += quoted;
  return g_strdup_printf ("\r\n--%.*s", (int)strcspn (start, quoted ? "\"" : ";\r\n"), start);
}

/* The object of a message, and what it signs when that stands beside it. */
static GBytes *
take_apart (const GString *mail, GBytes **content)
{
  const char *header_end = strstr (mail->str, "\r\n\r\n");
  g_autofree char *header = g_strndup (mail->str, (gsize)(header_end - mail->str));

  *content = NULL;
  if (strcasestr (header, "multipart/signed") == NULL)
    return base64_body (mail->str, mail->str + mail->len);
  g_autofree char *boundary = boundary_of (mail);
  const char *first = strstr (header_end, boundary);
  const char *second = strstr (first + 1, boundary);
  const char *third = strstr (second + 1, boundary);
  first += strlen (boundary) + strlen ("\r\n");
  *content = g_bytes_new (first, (gsize)(second - first));
  return base64_body (second, third);
}

/* ---- signatures ---- */

typedef struct
{
  const char *file;
  LlReason signed_reason;
  LlReason reasons[3]; /* one for each signature */
  guint n_signatures;
} SignedCase;

#define ONE(file, reason)                                                                          \
  {                                                                                                \
    file, LL_REASON_NONE, { LL_REASON_##reason }, 1                                                \
  }

static const SignedCase signed_cases[] = {
  ONE ("thunderbird-smime/alice.dsig.SHA1.multipart.eml", WEAK_DIGEST),
  ONE ("thunderbird-smime/alice.dsig.SHA1.multipart.bad.eml", DIGEST_MISMATCH),
  ONE ("thunderbird-smime/alice.dsig.SHA256.multipart.eml", NONE),
  ONE ("thunderbird-smime/alice.dsig.SHA256.multipart.bad.eml", DIGEST_MISMATCH),
  ONE ("thunderbird-smime/alice.dsig.SHA384.multipart.eml", NONE),
  ONE ("thunderbird-smime/alice.dsig.SHA384.multipart.bad.eml", DIGEST_MISMATCH),
  ONE ("thunderbird-smime/alice.dsig.SHA512.multipart.eml", NONE),
  ONE ("thunderbird-smime/alice.dsig.SHA512.multipart.bad.eml", DIGEST_MISMATCH),
  ONE ("thunderbird-smime/alice.html.sig.SHA256.opaque.eml", NONE),
  ONE ("thunderbird-smime/alice.html.sig.SHA1.opaque.eml", WEAK_DIGEST),
  ONE ("thunderbird-smime/alice.env.dsig.SHA256.multipart.eml", DIGEST_MISMATCH),
  ONE ("thunderbird-smime/alice.plain.sig.SHA256.opaque.dave.dsig.SHA256.multipart.eml", NONE),
  ONE ("johnny-fired/valid/manager-smime.eml", NONE),
  /* CM-15: the manager's old signature beside Eve's own */
  { "johnny-fired/c2_multiple-signerInfos/multiple_signerInfos_append_johnny.eml",
    LL_REASON_NONE,
    { LL_REASON_NONE, LL_REASON_DIGEST_MISMATCH },
    2 },
  { "johnny-fired/c2_multiple-signerInfos/multiple_signerInfos_prepend_johnny.eml",
    LL_REASON_NONE,
    { LL_REASON_DIGEST_MISMATCH, LL_REASON_NONE },
    2 },
  /* CM-14 */
  { "johnny-fired/no_certificates/no_signerInfos_no_certificates_detached.eml",
    LL_REASON_NO_SIGNERS,
    { LL_REASON_NONE },
    0 },
  ONE ("cms-modern/pkcs7-empty-digest-set.eml", MALFORMED),
};

static LlFacts *
verify (const char *name)
{
  g_autoptr (GString) mail = load (name);
  g_autoptr (GBytes) content = NULL;
  g_autoptr (GBytes) object = take_apart (mail, &content);
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GInputStream) beside
      = content != NULL ? g_memory_input_stream_new_from_bytes (content) : NULL;
  g_autoptr (GError) error = NULL;
  LlFacts *facts = NULL;

  engine->klass->verify (engine, in, beside, NULL, &facts, NULL, &error);
  g_assert_no_error (error);
  return facts;
}

static void
signatures_of_others_say_what_they_should (void)
{
  if (corpora == NULL)
    return g_test_skip ("LETTERLOCK_CORPORA is not there");

  for (guint i = 0; i < G_N_ELEMENTS (signed_cases); i++)
    {
      const SignedCase *expected = &signed_cases[i];
      g_autoptr (LlFacts) facts = verify (expected->file);
      g_test_message ("%s", expected->file);
      g_assert_cmpint (facts->signed_reason, ==, expected->signed_reason);
      g_assert_cmpuint (facts->signatures->len, ==, expected->n_signatures);
      for (guint j = 0; j < expected->n_signatures; j++)
        {
          const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, j);
          gboolean holds = expected->reasons[j] == LL_REASON_NONE
                           || expected->reasons[j] == LL_REASON_WEAK_DIGEST;
          g_assert_cmpstr (ll_reason_name (signature->reason), ==,
                           ll_reason_name (expected->reasons[j]));
          g_assert_cmpint (signature->integrity, ==,
                           holds ? LL_INTEGRITY_HOLDS : LL_INTEGRITY_BROKEN);
        }
    }
}

/* ---- ciphertexts ---- */

static const struct
{
  const char *file, *cipher, *marker;
} encrypted_cases[] = {
  { "thunderbird-smime/alice.dsig.SHA256.multipart.env.eml", "AES-128-CBC",
    "This is a test message from Alice to Bob." },
  { "thunderbird-smime/interop/fran-oaep-sha256hash-sha256mgf_ossl.env", "AES-256-CBC",
    "This is a test message to Fran." },
  { "thunderbird-smime/interop/fran-ec_ossl-aes256-sha512.env", "AES-256-CBC",
    "This is a test message to Fran." },
  { "cms-modern/test_encrypted_ecdh.eml", "AES-256-CBC", "OpenSSL-generated test fixture" },
};

static void
ciphertexts_of_others_open (void)
{
  if (corpora == NULL)
    return g_test_skip ("LETTERLOCK_CORPORA is not there");

  for (guint i = 0; i < G_N_ELEMENTS (encrypted_cases); i++)
    {
      g_autoptr (GString) mail = load (encrypted_cases[i].file);
      g_autoptr (GBytes) content = NULL;
      g_autoptr (GBytes) object = take_apart (mail, &content);
      g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
      g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = NULL;

      g_test_message ("%s", encrypted_cases[i].file);
      engine->klass->decrypt (engine, in, out, &facts, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (facts->cipher, ==, encrypted_cases[i].cipher);
      g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_DONE);
      g_assert_cmpint (facts->decryption_reason, ==, LL_REASON_NO_INTEGRITY); /* CM-16 */
      GMemoryOutputStream *memory = G_MEMORY_OUTPUT_STREAM (out);
      g_assert_nonnull (memmem (g_memory_output_stream_get_data (memory),
                                g_memory_output_stream_get_data_size (memory),
                                encrypted_cases[i].marker, strlen (encrypted_cases[i].marker)));
    }
}

/* A recipient by password or shared key: said, not tried. */
static void
other_kinds_of_recipients_are_not_supported (void)
{
  const char *files[] = { "gnupg-cms/pwri-sample.gcm.p7m", "gnupg-cms/pwri-sample.cbc-2.p7m",
                          "cms-modern/bad_authenveloped_attrs.pem" };

  if (corpora == NULL)
    return g_test_skip ("LETTERLOCK_CORPORA is not there");
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (corpora, files[i], NULL);
      g_autoptr (GFile) file = g_file_new_for_path (path);
      g_autoptr (GFileInputStream) in = g_file_read (file, NULL, NULL);
      g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = NULL;
      engine->klass->decrypt (engine, G_INPUT_STREAM (in), out, &facts, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_FAILED);
      g_assert_cmpint (facts->decryption_reason, ==, LL_REASON_UNSUPPORTED_ALGORITHM);
      g_assert_cmpuint (g_memory_output_stream_get_data_size (G_MEMORY_OUTPUT_STREAM (out)), ==, 0);
    }
}

/* ---- the stage ---- */

static void
import (const char *certificate_name, const char *key_name)
{
  g_autofree char *certificate_path = g_build_filename (corpora, certificate_name, NULL);
  g_autofree char *key_path = g_build_filename (corpora, key_name, NULL);
  g_autoptr (BIO) certificate_file = BIO_new_file (certificate_path, "r");
  g_autoptr (BIO) key_file = BIO_new_file (key_path, "r");
  LlTestCert cert = { .certificate = PEM_read_bio_X509 (certificate_file, NULL, NULL, NULL),
                      .key = PEM_read_bio_PrivateKey (key_file, NULL, NULL, NULL) };

  g_autoptr (BIO) memory = BIO_new (BIO_s_mem ());
  char *text;

  g_assert_true (cert.certificate != NULL && cert.key != NULL);
  g_assert_true (PEM_write_bio_X509 (memory, cert.certificate));
  long length = BIO_get_mem_data (memory, &text);
  g_autofree char *pem = g_strndup (text, (gsize)length);
  g_autofree char *keygrip = ll_sexp_keygrip (cert.key, NULL);
  cert.pem = pem;
  cert.keygrip = keygrip;
  ll_test_cert_import (home, &cert, TRUE);
  X509_free (cert.certificate);
  EVP_PKEY_free (cert.key);
}

int
main (int argc, char **argv)
{
  g_autoptr (LlPolicy) policy = ll_policy_new ();

  g_test_init (&argc, &argv, NULL);
  home = ll_test_home_new ();
  corpora = g_getenv ("LETTERLOCK_CORPORA");
  if (corpora != NULL && !g_file_test (corpora, G_FILE_TEST_IS_DIR))
    corpora = NULL;
  if (corpora != NULL)
    {
      import ("thunderbird-smime/keys/Bob.pem", "thunderbird-smime/keys/Bob.pem");
      import ("thunderbird-smime/keys/Fran.pem", "thunderbird-smime/keys/Fran.pem");
      import ("thunderbird-smime/keys/Fran-ec.pem", "thunderbird-smime/keys/Fran-ec.pem");
      import ("cms-modern/keys/test_p256.pem", "cms-modern/keys/test_p256.key");
    }
  store = ll_key_store_new (policy);
  engine = ll_engine_smime_new (policy, store);

#define CASE(function) g_test_add_func ("/smime-corpora/" #function, function)
  CASE (signatures_of_others_say_what_they_should);
  CASE (ciphertexts_of_others_open);
  CASE (other_kinds_of_recipients_are_not_supported);
  int status = g_test_run ();

  ll_engine_free (engine);
  ll_key_store_free (store);
  ll_test_home_free (home);
  return status;
}
