/* Mutated CMS objects: nothing crashes, nothing hangs, and nothing that was altered is accepted.
 *
 * Each input is one of the objects below with a few octets changed, cut out, put in or swapped with
 * those of another object. It is identified, then verified or decrypted; keys are in a real
 * gpg-agent. What is accepted has to be what was signed or, where the cipher authenticates,
 * encrypted.
 *
 *   LETTERLOCK_FUZZ=N         that many inputs, instead of a short run
 *   LETTERLOCK_FUZZ_SEED=N    another row of mutations
 *   LETTERLOCK_FUZZ_KEEP=FILE keeps the input of the moment, to be looked at after a crash
 */
#include <config.h>

#include <stdlib.h>
#include <unistd.h>

#include <openssl/obj_mac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "engine/engine.h"
#include "engine/test-craft.h"

#define SHORT_RUN 2000
#define SECONDS_PER_INPUT 20 /* under sanitizers, beside other work */
#define TAG_BYTES 16

typedef enum
{
  OPAQUE,
  DETACHED,
  AUTHENTICATED, /* encrypted so that a change is noticed */
  MALLEABLE,     /* encrypted so that it is not (CM-16) */
} SeedKind;

typedef struct
{
  const char *name;
  SeedKind kind;
  GBytes *object;
} Seed;

static LlTestHome *home;
static LlKeyStore *store;
static LlEngine *engine;
static GArray *seeds;        /* of Seed */
static GPtrArray *originals; /* of GBytes: all contents that were ever signed or sealed */
static const char *keep;
static guint n_accepted, n_refused;

/* ---- objects ---- */

static void
add (const char *name, SeedKind kind, GBytes *object)
{
  Seed seed = { name, kind, object };

  g_assert_nonnull (object);
  g_array_append_val (seeds, seed);
}

static GByteArray *
as_array (GBytes *bytes)
{
  return der_bytes (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
add_crafted (const char *name, Craft craft)
{
  GByteArray *more = der_join (craft_algorithm (NID_sha384), craft_algorithm (NID_shake256), NULL);
  g_autoptr (GByteArray) info = craft_signer_info (craft);
  g_autofree char *detached = g_strconcat (name, ", detached", NULL);

  add (name, OPAQUE,
       craft_signed_data_with (more, NULL, CONTENT, craft_certificate (craft.signer),
                               g_byte_array_ref (info)));
  add (g_intern_string (detached), DETACHED,
       craft_signed_data (NULL, NULL, craft_certificate (craft.signer), g_byte_array_ref (info)));
}

/* As OpenSSL writes a stream: in indefinite length. */
static GBytes *
write_stream (CMS_ContentInfo *cms, int flags)
{
  g_autoptr (BIO) out = BIO_new (BIO_s_mem ());
  g_autoptr (BIO) in = BIO_new_mem_buf (CONTENT, -1);
  char *data;

  g_assert_nonnull (cms);
  g_assert_true (i2d_CMS_bio_stream (out, cms, in, flags) == 1);
  long length = BIO_get_mem_data (out, &data);
  return g_bytes_new (data, (gsize)length);
}

static void
add_streamed_signature (const char *name, const LlTestCert *signer)
{
  int flags = CMS_BINARY | CMS_STREAM | CMS_PARTIAL;
  g_autoptr (CMS_ContentInfo) cms = CMS_sign (signer->certificate, signer->key, NULL, NULL, flags);

  add (name, OPAQUE, write_stream (cms, flags));
}

static void
add_envelope (const char *name, SeedKind kind, const EVP_CIPHER *cipher,
              const LlTestCert *recipient, gboolean streamed)
{
  int flags = CMS_BINARY | (streamed ? CMS_STREAM : 0);
  STACK_OF (X509) *certificates = sk_X509_new_null ();
  g_autoptr (BIO) in = BIO_new_mem_buf (CONTENT, -1);

  sk_X509_push (certificates, recipient->certificate);
  g_autoptr (CMS_ContentInfo) cms = CMS_encrypt (certificates, in, cipher, flags);
  g_assert_nonnull (cms);
  add (name, kind, streamed ? write_stream (cms, flags) : LL_DER (cms, CMS_ContentInfo));
  sk_X509_free (certificates);
}

static GByteArray *
key_transport (const LlTestCert *recipient, const guint8 *key, gsize size)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new (recipient->key, NULL);
  guint8 wrapped[512];
  size_t length = sizeof wrapped;

  g_assert_true (EVP_PKEY_encrypt_init (context) > 0
                 && EVP_PKEY_encrypt (context, wrapped, &length, key, size) > 0);
  return der (0x30, der_integer (0), craft_issuer_and_serial (recipient->certificate),
              der (0x30, craft_oid (NID_rsaEncryption), craft_null (), NULL),
              der (0x04, der_bytes (wrapped, length), NULL), NULL);
}

/* AuthEnvelopedData whose tag covers attributes as well (RFC 5083 section 2.2). */
static void
add_with_authenticated_attributes (const LlTestCert *recipient)
{
  g_autoptr (EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new ();
  g_autoptr (GByteArray) attributes = craft_attribute (CONTENT_TYPE, der_pkcs (DER_DATA));
  g_autoptr (GByteArray) as_set = der (0x31, der_bytes (attributes->data, attributes->len), NULL);
  guint8 key[32], nonce[12], tag[TAG_BYTES], sealed[sizeof CONTENT];
  int n, length = strlen (CONTENT);

  g_assert_true (RAND_bytes (key, sizeof key) == 1 && RAND_bytes (nonce, sizeof nonce) == 1);
  g_assert_true (EVP_EncryptInit_ex (context, EVP_aes_256_gcm (), NULL, key, nonce)
                 && EVP_EncryptUpdate (context, NULL, &n, as_set->data, (int)as_set->len)
                 && EVP_EncryptUpdate (context, sealed, &n, (const guint8 *)CONTENT, length)
                 && EVP_EncryptFinal_ex (context, sealed + n, &n)
                 && EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag));
  GByteArray *algorithm = der (0x30, craft_oid (NID_aes_256_gcm),
                               der (0x30, der (0x04, der_bytes (nonce, sizeof nonce), NULL),
                                    der_integer (TAG_BYTES), NULL),
                               NULL);
  GByteArray *content = der (0x30, der_pkcs (DER_DATA), algorithm,
                             der (0x80, der_bytes (sealed, (gsize)length), NULL), NULL);
  GByteArray *body
      = der (0x30, der_integer (0), der (0x31, key_transport (recipient, key, sizeof key), NULL),
             content, der (0xa1, der_bytes (attributes->data, attributes->len), NULL),
             der (0x04, der_bytes (tag, sizeof tag), NULL), NULL);
  add ("AES-GCM, RSA, attributes", AUTHENTICATED,
       der_take (der (0x30, der_pkcs (1, 9, 16, 1, 23), der (0xa0, body, NULL), NULL)));
}

static void
add_compressed (const LlTestCert *signer)
{
  g_autoptr (GBytes) content = g_bytes_new_static (CONTENT, strlen (CONTENT));
  g_autoptr (GBytes) signed_object
      = craft_signed_data (NULL, CONTENT, craft_certificate (signer),
                           craft_signer_info ((Craft){ .signer = signer }));
  add ("compressed", OPAQUE, craft_compress (content));
  add ("compressed around signed", OPAQUE, craft_compress (signed_object));
}

static void
add_texts (void)
{
  for (guint i = 0, n = seeds->len; i < n; i += 2)
    {
      const Seed *seed = &g_array_index (seeds, Seed, i);
      gsize length;
      gconstpointer data = g_bytes_get_data (seed->object, &length);
      char *text = g_base64_encode (data, length);
      g_autofree char *name = g_strconcat (seed->name, ", base64", NULL);
      SeedKind kind = seed->kind;
      add (g_intern_string (name), kind, g_bytes_new_take (text, strlen (text)));
    }
}

static LlTestCert *
person (const char *name, const char *algorithm, const LlTestCert *authority)
{
  return ll_test_cert_new (
      &(LlTestCertSpec){ .name = name, .algorithm = algorithm, .issuer = authority });
}

static void
make_seeds (void)
{
  g_autoptr (LlTestCert) authority
      = ll_test_cert_new (&(LlTestCertSpec){ .name = "Authority", .authority = TRUE });
  g_autoptr (LlTestCert) alice = person ("Alice", "rsa2048", authority);
  g_autoptr (LlTestCert) curve = person ("Curve", "P-256", authority);
  g_autoptr (LlTestCert) edwards = person ("Edwards", "ED25519", authority);

  craft_default_signer = alice;
  ll_test_cert_import (home, alice, TRUE);
  ll_test_cert_import (home, curve, TRUE);
  g_ptr_array_add (originals, g_bytes_new_static (CONTENT, strlen (CONTENT)));
  add_crafted ("RSA", (Craft){ .signer = alice });
  add_crafted ("PSS", (Craft){ .signer = alice, .pss_digest = "SHA256", .pss_salt = 32 });
  add_crafted ("ECDSA", (Craft){ .signer = curve });
  add_crafted ("Ed25519", (Craft){ .signer = edwards });
  add_crafted ("ECDSA, no attributes", (Craft){ .signer = curve, .without_attributes = TRUE });
  add_crafted ("Ed25519, no attributes", (Craft){ .signer = edwards, .without_attributes = TRUE });
  add_streamed_signature ("RSA, indefinite", alice);
  add_streamed_signature ("ECDSA, indefinite", curve);
  add ("certificates only", OPAQUE,
       craft_signed_data (NULL, NULL, craft_certificate (alice), g_byte_array_new ()));
  add_compressed (curve);
  add_envelope ("AES-CBC, RSA", MALLEABLE, EVP_aes_128_cbc (), alice, FALSE);
  add_envelope ("AES-CBC, RSA, indefinite", MALLEABLE, EVP_aes_256_cbc (), alice, TRUE);
  add_envelope ("AES-CBC, ECDH", MALLEABLE, EVP_aes_256_cbc (), curve, FALSE);
  add_envelope ("AES-GCM, RSA", AUTHENTICATED, EVP_aes_256_gcm (), alice, FALSE);
  add_envelope ("AES-GCM, ECDH", AUTHENTICATED, EVP_aes_128_gcm (), curve, FALSE);
  add_envelope ("AES-GCM, ECDH, indefinite", AUTHENTICATED, EVP_aes_256_gcm (), curve, TRUE);
  add_with_authenticated_attributes (alice);
  add_texts ();
}

/* ---- mutations ---- */

static guint
below (GRand *rand, guint n)
{
  return n > 0 ? (guint)g_rand_int_range (rand, 0, (gint32)n) : 0;
}

/* One change somewhere. */
static void
mutate_once (GRand *rand, GByteArray *data)
{
  static const guint8 telling[] = { 0x00, 0x01, 0x7f, 0x80, 0x81, 0x84, 0x87, 0xff,
                                    0x02, 0x04, 0x05, 0x24, 0x30, 0x31, 0xa0, 0xa1 };
  guint at = below (rand, data->len), some = 1 + below (rand, 40), more = 1 + below (rand, 60);
  guint length = MIN (some, data->len - at);
  const Seed *other = &g_array_index (seeds, Seed, below (rand, seeds->len));
  gsize size = g_bytes_get_size (other->object);
  guint from = below (rand, (guint)size);
  const guint8 *piece = (const guint8 *)g_bytes_get_data (other->object, NULL) + from;
  guint piece_length = MIN (more, (guint)size - from);

  if (data->len == 0)
    return;
  switch (below (rand, 9))
    {
    case 0:
    case 1:
      data->data[at] ^= (guint8)(1u << below (rand, 8));
      break;
    case 2:
      data->data[at] = telling[below (rand, sizeof telling)];
      break;
    case 3: /* one more or one less: lengths and numbers */
      data->data[at] += below (rand, 2) ? 1 : 0xff;
      break;
    case 4:
      g_byte_array_remove_range (data, at, length);
      break;
    case 5: /* the same once more, at the end */
      g_byte_array_set_size (data, data->len + length);
      memmove (data->data + data->len - length, data->data + at, length);
      break;
    case 6:
      memcpy (data->data + at, piece, MIN (piece_length, data->len - at));
      break;
    case 7: /* a piece of another object put in */
      g_byte_array_set_size (data, data->len + piece_length);
      memmove (data->data + at + piece_length, data->data + at, data->len - piece_length - at);
      memcpy (data->data + at, piece, piece_length);
      break;
    default:
      g_byte_array_set_size (data, below (rand, 4) == 0 ? at : data->len);
      break;
    }
}

static GBytes *
mutate (GRand *rand, const Seed *seed)
{
  GByteArray *data = as_array (seed->object);

  for (guint times = 1 + below (rand, 4); times > 0; times--)
    mutate_once (rand, data);
  return g_byte_array_free_to_bytes (data);
}

/* ---- what is accepted ---- */

static gboolean
is_original (GBytes *content)
{
  for (guint i = 0; i < originals->len; i++)
    if (g_bytes_equal (originals->pdata[i], content))
      return TRUE;
  return FALSE;
}

static gboolean
any_holds (const LlFacts *facts)
{
  for (guint i = 0; i < facts->signatures->len; i++)
    if (((LlSignatureFacts *)facts->signatures->pdata[i])->integrity == LL_INTEGRITY_HOLDS)
      return TRUE;
  return FALSE;
}

static GBytes *
steal (GOutputStream *out)
{
  g_output_stream_close (out, NULL, NULL);
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (out));
}

/* FALSE: something altered has been accepted. */
static gboolean
verify_is_right (GBytes *input, const char *content)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (input);
  g_autoptr (GInputStream) beside
      = content != NULL ? g_memory_input_stream_new_from_data (content, -1, NULL) : NULL;
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (LlFacts) facts = NULL;
  g_autoptr (GError) error = NULL;

  if (!engine->klass->verify (engine, in, beside, content != NULL ? NULL : out, &facts, NULL,
                              &error)
      || !any_holds (facts))
    {
      n_refused++;
      return TRUE;
    }
  n_accepted++;
  g_autoptr (GBytes) released = steal (out);
  return content != NULL ? g_str_equal (content, CONTENT) : is_original (released);
}

static gboolean
decrypt_is_right (GBytes *input)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (input);
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (LlFacts) facts = NULL;
  g_autoptr (GError) error = NULL;

  if (!engine->klass->decrypt (engine, in, out, &facts, NULL, &error)
      || facts->decryption != LL_DECRYPTION_DONE)
    {
      n_refused++;
      return TRUE;
    }
  n_accepted++;
  g_autoptr (GBytes) released = steal (out);
  return !facts->has_integrity || is_original (released);
}

/* Both verbs, as a mislabelled object would meet them; the one that it is for always. */
static gboolean
is_right (GRand *rand, const Seed *seed, GBytes *input)
{
  gboolean encrypted = seed->kind == AUTHENTICATED || seed->kind == MALLEABLE;

  engine->klass->identify (engine, input);
  if (encrypted != (below (rand, 20) == 0))
    return decrypt_is_right (input);
  if (seed->kind == DETACHED)
    return verify_is_right (input, below (rand, 2) ? CONTENT : CONTENT "\r\n");
  return verify_is_right (input, NULL);
}

static void
nothing_altered_is_accepted (void)
{
  const char *number = g_getenv ("LETTERLOCK_FUZZ"), *row = g_getenv ("LETTERLOCK_FUZZ_SEED");
  guint inputs = number != NULL ? (guint)atoi (number) : SHORT_RUN;
  guint first = row != NULL ? (guint)atoi (row) : 1;
  gint64 slowest = 0;

  for (guint i = 0; i < inputs; i++)
    {
      g_autoptr (GRand) rand = g_rand_new_with_seed (first * 1000003u + i);
      const Seed *seed = &g_array_index (seeds, Seed, i % seeds->len);
      g_autoptr (GBytes) input = mutate (rand, seed);
      gint64 started = g_get_monotonic_time ();

      if (keep != NULL)
        g_file_set_contents (keep, g_bytes_get_data (input, NULL), (gssize)g_bytes_get_size (input),
                             NULL);
      alarm (SECONDS_PER_INPUT);
      if (!is_right (rand, seed, input))
        {
          g_autofree char *text
              = g_base64_encode (g_bytes_get_data (input, NULL), g_bytes_get_size (input));
          g_error ("input %u, from “%s”, was altered and accepted: %s", i, seed->name, text);
        }
      alarm (0);
      slowest = MAX (slowest, g_get_monotonic_time () - started);
      if (i % 10000 == 9999)
        g_test_message ("%u inputs", i + 1);
    }
  g_test_message ("%u inputs from %u objects: %u accepted, all of them with the content that was "
                  "signed or sealed, or where nothing could tell; %u refused; the slowest took "
                  "%.3f s",
                  inputs, seeds->len, n_accepted, n_refused, (double)slowest / G_USEC_PER_SEC);
}

/* What the mutations start from is all right. */
static void
what_is_not_altered_is_accepted (void)
{
  for (guint i = 0; i < seeds->len; i++)
    {
      const Seed *seed = &g_array_index (seeds, Seed, i);
      guint before = n_accepted;
      gboolean claims_nothing = g_str_has_prefix (seed->name, "certificates")
                                || g_str_equal (seed->name, "compressed")
                                || g_str_equal (seed->name, "compressed, base64");

      gboolean is_right
          = seed->kind == AUTHENTICATED || seed->kind == MALLEABLE
                ? decrypt_is_right (seed->object)
                : verify_is_right (seed->object, seed->kind == DETACHED ? CONTENT : NULL);

      g_test_message ("%s", seed->name);
      g_assert_true (is_right);
      g_assert_cmpuint (n_accepted, ==, before + (claims_nothing ? 0 : 1));
    }
  n_accepted = n_refused = 0;
}

static void
seed_clear (gpointer data)
{
  g_bytes_unref (((Seed *)data)->object);
}

int
main (int argc, char **argv)
{
  g_autoptr (LlPolicy) policy = ll_policy_new ();

  g_test_init (&argc, &argv, NULL);
  home = ll_test_home_new ();
  keep = g_getenv ("LETTERLOCK_FUZZ_KEEP");
  seeds = g_array_new (FALSE, FALSE, sizeof (Seed));
  g_array_set_clear_func (seeds, seed_clear);
  originals = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  make_seeds ();
  store = ll_key_store_new (policy);
  engine = ll_engine_smime_new (policy, store);

#define CASE(function) g_test_add_func ("/smime-fuzz/" #function, function)
  CASE (what_is_not_altered_is_accepted);
  CASE (nothing_altered_is_accepted);
  int status = g_test_run ();

  ll_engine_free (engine);
  ll_key_store_free (store);
  g_array_unref (seeds);
  g_ptr_array_unref (originals);
  ll_test_home_free (home);
  return status;
}
