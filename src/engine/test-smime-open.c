/* Envelopes that no program at hand writes, made here octet by octet with OpenSSL's ciphers alone,
 * and opened with real keys in a real gpg-agent. Each rule is also broken once.
 */
#include <config.h>

#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "engine/engine.h"
#include "engine/test-der.h"
#include "tests/support.h"

#define TEXT "Content-Type: text/plain\r\n\r\nThe secret words.\r\n"
#define MAX_OCTETS 4096

static LlTestHome *home;
static LlPolicy *policy;
static LlTestCert *authority, *rsa, *other, *curve, *montgomery, *brainpool;
static LlKeyStore *store;
static LlEngine *engine;

static const guint8 content_key[32] = "a key that is only for this test";

/* ---- opening ---- */

static LlFacts *
open_stream (GInputStream *in, GBytes **plain, GError **error)
{
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  LlFacts *facts = NULL;

  engine->klass->decrypt (engine, in, out, &facts, NULL, error);
  g_assert_true (g_output_stream_close (out, NULL, NULL));
  *plain = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (out));
  return facts;
}

static LlFacts *
open_object (GBytes *object, GBytes **plain)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GError) error = NULL;
  LlFacts *facts = open_stream (in, plain, &error);

  g_assert_no_error (error);
  return facts;
}

static LlFacts *
assert_opens (GBytes *object)
{
  g_autoptr (GBytes) plain = NULL;
  LlFacts *facts = open_object (object, &plain);

  g_assert_cmpstr (ll_reason_name (facts->decryption_reason), !=, "decryption-failed");
  g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_DONE);
  g_assert_cmpmem (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), TEXT, strlen (TEXT));
  return facts;
}

static void
assert_stays_shut (GBytes *object, LlReason reason)
{
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (LlFacts) facts = open_object (object, &plain);

  g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_FAILED);
  g_assert_cmpstr (ll_reason_name (facts->decryption_reason), ==, ll_reason_name (reason));
}

/* ---- contents ---- */

static GByteArray *
oid (const char *dotted)
{
  ASN1_OBJECT *object = OBJ_txt2obj (dotted, 1);
  guint8 *encoded = NULL;
  int length = i2d_ASN1_OBJECT (object, &encoded);
  GByteArray *element = der_bytes (encoded, (gsize)length);

  OPENSSL_free (encoded);
  ASN1_OBJECT_free (object);
  return element;
}

static GByteArray *
octets (gconstpointer data, gsize length)
{
  return der (0x04, der_bytes (data, length), NULL);
}

/* How a content is sealed. */
typedef struct
{
  const char *cipher;     /* OpenSSL's name */
  const char *oid;        /* in CMS */
  gsize nonce, tag, said; /* lengths; `said` 0: as the tag, -1: not said */
  const guint8 *key;      /* NULL: content_key */
  GByteArray *attributes; /* authenticated ones, each whole; or NULL */
  gboolean aead, plain_nonce, derived, indefinite;
} Sealing;

typedef struct
{
  GByteArray *algorithm, *ciphertext, *tag;
} Sealed;

static GByteArray *
cipher_algorithm (const Sealing *how, const guint8 *nonce)
{
  GByteArray *iv = octets (nonce, how->nonce);

  if (!how->aead || how->plain_nonce)
    return der (0x30, oid (how->oid), iv, NULL);
  if (how->said == (gsize)-1)
    return der (0x30, oid (how->oid), der (0x30, iv, NULL), NULL);
  return der (0x30, oid (how->oid),
              der (0x30, iv, der_integer ((guint8)(how->said != 0 ? how->said : how->tag)), NULL),
              NULL);
}

/* RFC 9709, written down here once more. */
static void
derive_content_key (const GByteArray *inner, gsize length, guint8 *key)
{
  g_autoptr (EVP_KDF) kdf = EVP_KDF_fetch (NULL, "HKDF", NULL);
  g_autoptr (EVP_KDF_CTX) context = EVP_KDF_CTX_new (kdf);
  OSSL_PARAM params[] = {
    OSSL_PARAM_construct_utf8_string ("digest", (char *)"SHA256", 0),
    OSSL_PARAM_construct_octet_string ("key", (void *)content_key, length),
    OSSL_PARAM_construct_octet_string ("salt", (char *)"The Cryptographic Message Syntax", 32),
    OSSL_PARAM_construct_octet_string ("info", inner->data, inner->len),
    OSSL_PARAM_construct_end (),
  };

  g_assert_cmpint (EVP_KDF_derive (context, key, length, params), ==, 1);
}

static Sealed
seal (const Sealing *how)
{
  g_autoptr (EVP_CIPHER) cipher = EVP_CIPHER_fetch (NULL, how->cipher, NULL);
  g_autoptr (EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new ();
  guint8 nonce[128], text[256], tag[16], key[32];
  int n, last;
  Sealed sealed = { NULL };

  g_assert_nonnull (cipher);
  for (gsize i = 0; i < sizeof nonce; i++)
    nonce[i] = (guint8)(i + 1);
  memcpy (key, how->key != NULL ? how->key : content_key, sizeof key);
  sealed.algorithm = cipher_algorithm (how, nonce);
  if (how->derived)
    {
      derive_content_key (sealed.algorithm, (gsize)EVP_CIPHER_get_key_length (cipher), key);
      sealed.algorithm = der (0x30, der_pkcs (1, 9, 16, 3, 31), sealed.algorithm, NULL);
    }
  g_assert_true (EVP_EncryptInit_ex2 (context, cipher, NULL, NULL, NULL));
  if (how->aead)
    g_assert_true (EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_SET_IVLEN, (int)how->nonce, NULL));
  g_assert_true (EVP_EncryptInit_ex2 (context, NULL, key, nonce, NULL));
  if (how->attributes != NULL)
    {
      g_autoptr (GByteArray) set
          = der (0x31, der_bytes (how->attributes->data, how->attributes->len), NULL);
      g_assert_true (EVP_EncryptUpdate (context, NULL, &n, set->data, (int)set->len));
    }
  g_assert_true (EVP_EncryptUpdate (context, text, &n, (const guint8 *)TEXT, (int)strlen (TEXT)));
  g_assert_true (EVP_EncryptFinal_ex (context, text + n, &last));
  if (how->aead)
    g_assert_true (EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_GET_TAG, 16, tag));
  sealed.ciphertext = der_bytes (text, (gsize)(n + last));
  sealed.tag = octets (tag, how->tag);
  return sealed;
}

/* The object around recipients, which are one or several RecipientInfos. */
static GBytes *
envelope (const Sealing *how, GByteArray *recipients)
{
  Sealed sealed = seal (how);
  GByteArray *content
      = how->indefinite
            ? ber (0xa0, der (0x04, der_bytes (sealed.ciphertext->data, 5), NULL),
                   octets (sealed.ciphertext->data + 5, sealed.ciphertext->len - 5), NULL)
            : der (0x80, der_bytes (sealed.ciphertext->data, sealed.ciphertext->len), NULL);
  GByteArray *info = der (0x30, der_pkcs (DER_DATA), sealed.algorithm, content, NULL);
  GByteArray *body
      = der_join (der_integer (how->aead ? 0 : 2), der (0x31, recipients, NULL), info, NULL);

  g_byte_array_unref (sealed.ciphertext);
  if (how->aead && how->attributes != NULL)
    body
        = der_join (body, der (0xa1, der_bytes (how->attributes->data, how->attributes->len), NULL),
                    NULL);
  if (how->aead)
    body = der_join (body, sealed.tag, NULL);
  else
    g_byte_array_unref (sealed.tag);
  GByteArray *type = how->aead ? der_pkcs (1, 9, 16, 1, 23) : der_pkcs (1, 7, 3);
  return der_take (how->indefinite
                       ? ber (0x30, type, ber (0xa0, der (0x30, body, NULL), NULL), NULL)
                       : der (0x30, type, der (0xa0, der (0x30, body, NULL), NULL), NULL));
}

static const Sealing gcm = {
  .cipher = "AES-256-GCM", .oid = "2.16.840.1.101.3.4.1.46", .nonce = 12, .tag = 16, .aead = TRUE
};
static const Sealing cbc
    = { .cipher = "AES-256-CBC", .oid = "2.16.840.1.101.3.4.1.42", .nonce = 16 };
static const Sealing chacha = { .cipher = "ChaCha20-Poly1305",
                                .oid = "1.2.840.113549.1.9.16.3.18",
                                .nonce = 12,
                                .tag = 16,
                                .aead = TRUE,
                                .plain_nonce = TRUE };

/* ---- recipients ---- */

static GByteArray *
issuer_and_serial (const LlTestCert *cert)
{
  g_autoptr (GBytes) issuer = LL_DER (X509_get_issuer_name (cert->certificate), X509_NAME);
  g_autoptr (GBytes) serial = LL_DER (X509_get_serialNumber (cert->certificate), ASN1_INTEGER);

  return der (0x30, der_bytes (g_bytes_get_data (issuer, NULL), g_bytes_get_size (issuer)),
              der_bytes (g_bytes_get_data (serial, NULL), g_bytes_get_size (serial)), NULL);
}

static GByteArray *
transport (const LlTestCert *cert, const guint8 *key, gsize length)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new (X509_get0_pubkey (cert->certificate), NULL);
  guint8 encrypted[1024];
  size_t n = sizeof encrypted;

  g_assert_true (EVP_PKEY_encrypt_init (context) == 1);
  g_assert_true (EVP_PKEY_encrypt (context, encrypted, &n, key, length) == 1);
  return der (0x30, der_integer (0), issuer_and_serial (cert),
              der (0x30, der_pkcs (1, 1, 1), der_string (0x05, ""), NULL), octets (encrypted, n),
              NULL);
}

static GByteArray *
to_rsa (const LlTestCert *cert)
{
  return transport (cert, content_key, sizeof content_key);
}

/* A key agreement (RFC 5753, RFC 8418). */
typedef struct
{
  const LlTestCert *cert;
  const char *scheme, *digest;
  const char *wrap, *wrap_cipher;
  gsize kek;
  const char *ukm; /* or NULL */
  gboolean hkdf, null_parameters, zero_point, by_key_id;
  gboolean break_wrapped;
} Agreement;

static EVP_PKEY *
make_ephemeral (EVP_PKEY *like)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new (like, NULL);
  EVP_PKEY *key = NULL;

  g_assert_true (EVP_PKEY_keygen_init (context) == 1);
  g_assert_true (EVP_PKEY_keygen (context, &key) == 1);
  return key;
}

static gsize
agree (EVP_PKEY *ephemeral, EVP_PKEY *public, guint8 *secret, gsize size)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new (ephemeral, NULL);

  g_assert_true (EVP_PKEY_derive_init (context) == 1);
  g_assert_true (EVP_PKEY_derive_set_peer (context, public) == 1);
  g_assert_true (EVP_PKEY_derive (context, secret, &size) == 1);
  return size;
}

/* ECC-CMS-SharedInfo. */
static GByteArray *
shared_info (const Agreement *how, const GByteArray *wrap)
{
  const guint8 bits[4] = { 0, 0, (guint8)(how->kek * 8 >> 8), (guint8)(how->kek * 8) };

  return der (0x30, der_bytes (wrap->data, wrap->len),
              how->ukm != NULL ? der (0xa0, octets (how->ukm, strlen (how->ukm)), NULL)
                               : g_byte_array_new (),
              der (0xa2, octets (bits, sizeof bits), NULL), NULL);
}

static void
derive_kek (const Agreement *how, const GByteArray *wrap, const guint8 *secret, gsize length,
            guint8 *kek)
{
  g_autoptr (GByteArray) info = shared_info (how, wrap);
  g_autoptr (EVP_KDF) kdf = EVP_KDF_fetch (NULL, how->hkdf ? "HKDF" : "X963KDF", NULL);
  g_autoptr (EVP_KDF_CTX) context = EVP_KDF_CTX_new (kdf);
  OSSL_PARAM params[] = {
    OSSL_PARAM_construct_utf8_string ("digest", (char *)how->digest, 0),
    OSSL_PARAM_construct_octet_string ("key", (void *)secret, length),
    OSSL_PARAM_construct_octet_string ("info", info->data, info->len),
    how->hkdf && how->ukm != NULL
        ? OSSL_PARAM_construct_octet_string ("salt", (void *)how->ukm, strlen (how->ukm))
        : OSSL_PARAM_construct_end (),
    OSSL_PARAM_construct_end (),
  };

  g_assert_cmpint (EVP_KDF_derive (context, kek, how->kek, params), ==, 1);
}

static GByteArray *
wrap_key (const char *cipher_name, const guint8 *kek)
{
  g_autoptr (EVP_CIPHER) cipher = EVP_CIPHER_fetch (NULL, cipher_name, NULL);
  g_autoptr (EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new ();
  guint8 wrapped[64];
  int n = 0, last = 0;

  EVP_CIPHER_CTX_set_flags (context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  g_assert_true (EVP_EncryptInit_ex2 (context, cipher, kek, NULL, NULL));
  g_assert_true (EVP_EncryptUpdate (context, wrapped, &n, content_key, sizeof content_key));
  g_assert_true (EVP_EncryptFinal_ex (context, wrapped + n, &last));
  return der_bytes (wrapped, (gsize)(n + last));
}

static GByteArray *
originator_key (EVP_PKEY *ephemeral, gboolean zero)
{
  g_autofree guint8 *point = NULL;
  guint8 nothing[256] = { 0 };
  gsize length = EVP_PKEY_get1_encoded_public_key (ephemeral, &point);
  GByteArray *algorithm = EVP_PKEY_is_a (ephemeral, "X25519")
                              ? der (0x30, oid ("1.3.101.110"), NULL)
                              : der (0x30, oid ("1.2.840.10045.2.1"), NULL);
  g_autoptr (GByteArray) bits = der_bytes (nothing, 1);

  g_byte_array_append (bits, zero ? nothing : point, length);
  GByteArray *key
      = der (0xa1, algorithm, der (0x03, der_bytes (bits->data, bits->len), NULL), NULL);
  OPENSSL_free (g_steal_pointer (&point));
  return der (0xa0, key, NULL);
}

static GByteArray *
agreement_id (const Agreement *how)
{
  const ASN1_OCTET_STRING *id = X509_get0_subject_key_id (how->cert->certificate);

  if (!how->by_key_id)
    return issuer_and_serial (how->cert);
  g_assert_nonnull (id);
  return der (0xa0, octets (ASN1_STRING_get0_data (id), (gsize)ASN1_STRING_length (id)), NULL);
}

static GByteArray *
to_agreement (const Agreement *how)
{
  EVP_PKEY *public = X509_get0_pubkey (how->cert->certificate);
  g_autoptr (EVP_PKEY) ephemeral = make_ephemeral (public);
  g_autoptr (GByteArray) wrap = how->null_parameters
                                    ? der (0x30, oid (how->wrap), der_string (0x05, ""), NULL)
                                    : der (0x30, oid (how->wrap), NULL);
  guint8 secret[80] = { 0 }, kek[32];
  gsize length = agree (ephemeral, public, secret, sizeof secret);

  if (how->zero_point)
    memset (secret, 0, length);
  derive_kek (how, wrap, secret, length, kek);
  g_autoptr (GByteArray) wrapped = wrap_key (how->wrap_cipher, kek);
  wrapped->data[3] ^= how->break_wrapped ? 0x10 : 0;
  return der (0xa1, der_integer (3), originator_key (ephemeral, how->zero_point),
              how->ukm != NULL ? der (0xa1, octets (how->ukm, strlen (how->ukm)), NULL)
                               : g_byte_array_new (),
              der (0x30, oid (how->scheme), der_bytes (wrap->data, wrap->len), NULL),
              der (0x30, der (0x30, agreement_id (how), octets (wrapped->data, wrapped->len), NULL),
                   NULL),
              NULL);
}

#define AES128_WRAP "2.16.840.1.101.3.4.1.5", "AES-128-WRAP", 16
#define AES256_WRAP "2.16.840.1.101.3.4.1.45", "AES-256-WRAP", 32
#define STDDH_SHA256 "1.3.132.1.11.1", "SHA256"
#define COFACTOR_SHA512 "1.3.132.1.14.3", "SHA512"
#define HKDF_SHA256 "1.2.840.113549.1.9.16.3.19", "SHA256"
#define HKDF_SHA384 "1.2.840.113549.1.9.16.3.20", "SHA384"
#define HKDF_SHA512 "1.2.840.113549.1.9.16.3.21", "SHA512"

/* ---- key agreement ---- */

static void
assert_agreement_opens (const Agreement *how, const char *key_wrap)
{
  g_autoptr (GBytes) object = envelope (&gcm, to_agreement (how));
  g_autoptr (LlFacts) facts = assert_opens (object);
  const LlRecipientFacts *recipient = g_ptr_array_index (facts->recipients, 0);

  g_assert_true (recipient->is_ours);
  g_assert_cmpstr (recipient->algorithm, ==, "ECDH");
  g_assert_cmpstr (recipient->key_wrap, ==, key_wrap);
  g_assert_cmpuint (ll_facts_get_strength (facts), ==,
                    g_str_equal (key_wrap, "AES-128") ? 128 : 256);
}

/* AL-09: parameters absent or NULL, with and without UKM; AL-10; SM-03, SM-04. */
static void
test_agreements (void)
{
  LlTestCert *const certs[] = { curve, brainpool, montgomery };

  for (gsize i = 0; i < G_N_ELEMENTS (certs); i++)
    for (int bits = 0; bits < 8; bits++)
      {
        const char *ukm = bits & 1 ? "user keying material" : NULL;
        gboolean null = (bits & 2) != 0, by_key_id = (bits & 4) != 0;
        assert_agreement_opens (&(Agreement){ certs[i], STDDH_SHA256, AES256_WRAP, ukm,
                                              .null_parameters = null, .by_key_id = by_key_id },
                                "AES-256");
        assert_agreement_opens (&(Agreement){ certs[i], COFACTOR_SHA512, AES128_WRAP, ukm,
                                              .null_parameters = null },
                                "AES-128");
      }
}

/* AL-10 */
static void
test_x25519_with_hkdf (void)
{
  for (int bits = 0; bits < 4; bits++)
    {
      const char *ukm
          = bits & 1 ? "sixty-four octets of it would be as many as the digest has" : NULL;
      gboolean null = (bits & 2) != 0;
      assert_agreement_opens (&(Agreement){ montgomery, HKDF_SHA256, AES256_WRAP, ukm, .hkdf = TRUE,
                                            .null_parameters = null },
                              "AES-256");
      assert_agreement_opens (&(Agreement){ montgomery, HKDF_SHA384, AES128_WRAP, ukm, .hkdf = TRUE,
                                            .null_parameters = null },
                              "AES-128");
      assert_agreement_opens (&(Agreement){ montgomery, HKDF_SHA512, AES256_WRAP, ukm, .hkdf = TRUE,
                                            .null_parameters = null },
                              "AES-256");
    }
}

/* AL-14: whoever chooses the secret himself could seal for anybody. */
static void
test_zero_points (void)
{
  Agreement how = { montgomery, HKDF_SHA256, AES256_WRAP, .hkdf = TRUE, .zero_point = TRUE };
  g_autoptr (GBytes) object = envelope (&gcm, to_agreement (&how));
  Agreement off_curve = { curve, STDDH_SHA256, AES256_WRAP, .zero_point = TRUE };
  g_autoptr (GBytes) second = envelope (&gcm, to_agreement (&off_curve));
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = open_stream (in, &plain, &error);

  /* the agent refuses such a point by itself, where it looks */
  g_assert_true (facts == NULL || facts->decryption == LL_DECRYPTION_FAILED);
  assert_stays_shut (second, LL_REASON_DECRYPTION_FAILED);
}

/* ---- RSA ---- */

static void
test_oaep (void)
{
  static const char *const options[][3] = {
    { "rsa_oaep_md:sha1", NULL, NULL },
    { "rsa_oaep_md:sha256", "rsa_mgf1_md:sha1", NULL },
    { "rsa_oaep_md:sha512", "rsa_mgf1_md:sha256", "rsa_oaep_label:4c6574746572" },
  };
  g_autofree char *pem = ll_test_home_write (home, "rsa.pem", rsa->pem, -1);
  g_autoptr (GBytes) content = g_bytes_new (TEXT, strlen (TEXT));

  for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
    {
      g_autoptr (GPtrArray) argv = g_ptr_array_new ();
      g_autoptr (GBytes) object = NULL;
      const char *const begin[] = { "openssl",
                                    "cms",
                                    "-encrypt",
                                    "-binary",
                                    "-outform",
                                    "DER",
                                    "-aes-256-gcm",
                                    "-recip",
                                    pem,
                                    "-keyopt",
                                    "rsa_padding_mode:oaep" };
      for (gsize k = 0; k < G_N_ELEMENTS (begin); k++)
        g_ptr_array_add (argv, (char *)begin[k]);
      for (gsize k = 0; k < 3 && options[i][k] != NULL; k++)
        {
          g_ptr_array_add (argv, (char *)"-keyopt");
          g_ptr_array_add (argv, (char *)options[i][k]);
        }
      g_ptr_array_add (argv, NULL);
      g_assert_cmpint (ll_test_run_status (content, &object, NULL,
                                           (const char *const *)argv->pdata),
                       ==, 0);
      g_autoptr (LlFacts) facts = assert_opens (object);
      const LlRecipientFacts *recipient = g_ptr_array_index (facts->recipients, 0);
      g_assert_cmpstr (recipient->algorithm, ==, "RSA-OAEP");
      g_assert_null (recipient->key_wrap);
    }
}

/* SM-35: a key of the wrong length is a wrong key, and a wrong key is a damaged content. */
static void
test_bad_keys_are_like_bad_contents (void)
{
  const guint8 wrong[32] = "another key, of the right length";
  g_autoptr (GBytes) length = envelope (&gcm, transport (rsa, content_key, 16));
  g_autoptr (GBytes) key = envelope (&gcm, transport (rsa, wrong, sizeof wrong));
  GByteArray *bad = to_rsa (rsa);
  bad->data[bad->len - 10] ^= 1;
  g_autoptr (GBytes) padding = envelope (&gcm, bad);
  Agreement how = { curve, STDDH_SHA256, AES256_WRAP, .break_wrapped = TRUE };
  g_autoptr (GBytes) wrapped = envelope (&gcm, to_agreement (&how));

  assert_stays_shut (length, LL_REASON_DECRYPTION_FAILED);
  assert_stays_shut (key, LL_REASON_DECRYPTION_FAILED);
  assert_stays_shut (padding, LL_REASON_DECRYPTION_FAILED);
  assert_stays_shut (wrapped, LL_REASON_DECRYPTION_FAILED);
}

/* ---- several recipients ---- */

/* CM-06: the one that opens may stand anywhere, and what the others gave does not come out. */
static void
test_every_key_of_ours_is_tried (void)
{
  const guint8 wrong[32] = "another key, of the right length";
  Agreement broken = { curve, STDDH_SHA256, AES256_WRAP, .break_wrapped = TRUE };
  Agreement right = { montgomery, STDDH_SHA256, AES256_WRAP, NULL };
  const Sealing *const contents[] = { &gcm, &cbc };

  for (gsize i = 0; i < G_N_ELEMENTS (contents); i++)
    {
      g_autoptr (GBytes) second
          = envelope (contents[i],
                      der_join (transport (rsa, wrong, sizeof wrong), to_rsa (other), NULL));
      g_autoptr (GBytes) third
          = envelope (contents[i], der_join (to_agreement (&broken), to_rsa (rsa), NULL));
      g_autoptr (GBytes) last
          = envelope (contents[i],
                      der_join (transport (rsa, wrong, sizeof wrong), to_agreement (&right), NULL));
      g_autoptr (GBytes) none
          = envelope (contents[i], der_join (transport (rsa, wrong, sizeof wrong),
                                             transport (other, wrong, sizeof wrong), NULL));
      g_autoptr (LlFacts) one = assert_opens (second);
      g_autoptr (LlFacts) two = assert_opens (third);
      g_autoptr (LlFacts) three = assert_opens (last);
      g_assert_cmpuint (one->recipients->len, ==, 2);
      assert_stays_shut (none, LL_REASON_DECRYPTION_FAILED);
    }
}

/* VM-08, SM-35: nobody gets any number of tries out of one message. And however many recipients
 * there are, the beginning tells what it is. */
static void
test_tries_are_bounded (void)
{
  const guint8 wrong[32] = "another key, of the right length";
  g_autoptr (GByteArray) one = transport (rsa, wrong, sizeof wrong);
  GByteArray *few = g_byte_array_new (), *many = g_byte_array_new ();

  for (guint i = 0; i < 300; i++)
    {
      if (i + 1 < LL_LIMIT_RECIPIENT_TRIES)
        g_byte_array_append (few, one->data, one->len);
      g_byte_array_append (many, one->data, one->len);
    }
  g_autoptr (GBytes) opens = envelope (&cbc, der_join (few, to_rsa (rsa), NULL));
  g_autoptr (GBytes) shut = envelope (&cbc, der_join (many, to_rsa (rsa), NULL));
  g_autoptr (GBytes) beginning = g_bytes_new_from_bytes (shut, 0, 64 * 1024);
  g_autoptr (LlFacts) facts = assert_opens (opens);

  assert_stays_shut (shut, LL_REASON_DECRYPTION_FAILED);
  g_assert_cmpint (engine->klass->identify (engine, beginning), ==, LL_BLOB_ENCRYPTED);
}

static void
test_other_kinds_are_listed (void)
{
  GByteArray *shared
      = der (0xa2, der_integer (4), der (0x30, octets ("key", 3), NULL),
             der (0x30, oid ("2.16.840.1.101.3.4.1.45"), NULL), octets ("?", 1), NULL);
  GByteArray *password = der (0xa3, der_integer (0), der (0x30, der_pkcs (1, 9, 16, 3, 9), NULL),
                              octets ("?", 1), NULL);
  GByteArray *strange = der (0xa4, der_pkcs (1, 99, 1), der (0x30, NULL), NULL);
  g_autoptr (GByteArray) others = der_join (shared, password, strange, NULL);
  g_autoptr (GBytes) object
      = envelope (&gcm, der_join (der_bytes (others->data, others->len), to_rsa (rsa), NULL));
  g_autoptr (GBytes) alone = envelope (&gcm, der_bytes (others->data, others->len));
  g_autoptr (LlFacts) facts = assert_opens (object);
  static const char *const hints[] = { "shared key", "password", "other" };

  for (guint i = 0; i < G_N_ELEMENTS (hints); i++)
    {
      const LlRecipientFacts *recipient = g_ptr_array_index (facts->recipients, i);
      g_assert_cmpstr (recipient->hint, ==, hints[i]);
      g_assert_false (recipient->is_ours);
    }
  assert_stays_shut (alone, LL_REASON_UNSUPPORTED_ALGORITHM);
}

/* AL-11: 3DES that only wraps the key is 3DES all the same. */
static void
test_3des_wrap_wants_consent (void)
{
  Agreement how = { curve,       STDDH_SHA256, "1.2.840.113549.1.9.16.3.6",
                    "DES3-WRAP", 24,           .null_parameters = TRUE };
  g_autoptr (GBytes) object = envelope (&cbc, to_agreement (&how));

  assert_stays_shut (object, LL_REASON_WEAK_REFUSED);
  policy->allow_weak = TRUE;
  g_autoptr (LlFacts) facts = assert_opens (object);
  policy->allow_weak = FALSE;
  g_assert_cmpint (facts->decryption_reason, ==, LL_REASON_WEAK_ENCRYPTION);
}

/* ---- ciphers ---- */

/* CM-08 */
static void
test_nonces_and_tags_of_any_length (void)
{
  static const gsize nonces[] = { 1, 7, 8, 12, 13, 16, 60, 128 };

  for (gsize i = 0; i < G_N_ELEMENTS (nonces); i++)
    for (gsize tag = 12; tag <= 16; tag++)
      {
        Sealing how = gcm;
        how.nonce = nonces[i];
        how.tag = tag;
        g_autoptr (GBytes) object = envelope (&how, to_rsa (rsa));
        g_autoptr (LlFacts) facts = assert_opens (object);
        g_assert_cmpint (facts->decryption_reason, ==, LL_REASON_NONE);
      }

  Sealing how = gcm;
  how.tag = 12;
  how.said = (gsize)-1; /* RFC 5084: then it is 12 */
  g_autoptr (GBytes) unsaid = envelope (&how, to_rsa (rsa));
  g_autoptr (LlFacts) facts = assert_opens (unsaid);
  how.tag = 16;
  g_autoptr (GBytes) too_long = envelope (&how, to_rsa (rsa));
  assert_stays_shut (too_long, LL_REASON_DECRYPTION_FAILED);
  how.tag = how.said = 11;
  g_autoptr (GBytes) too_short = envelope (&how, to_rsa (rsa));
  assert_stays_shut (too_short, LL_REASON_DECRYPTION_FAILED);
  how.tag = 16;
  how.said = 12;
  g_autoptr (GBytes) other_length = envelope (&how, to_rsa (rsa));
  assert_stays_shut (other_length, LL_REASON_DECRYPTION_FAILED);
}

/* SM-05, CM-03: other ciphers, and derived keys. */
static void
test_other_ciphers (void)
{
  const Sealing *const contents[] = { &gcm, &cbc, &chacha };
  static const char *const names[] = { "AES-256-GCM", "AES-256-CBC", "ChaCha20-Poly1305" };

  for (gsize i = 0; i < G_N_ELEMENTS (contents); i++)
    for (int derived = 0; derived < 2; derived++)
      {
        Sealing how = *contents[i];
        how.derived = derived != 0;
        g_autoptr (GBytes) object = envelope (&how, to_rsa (rsa));
        g_autoptr (LlFacts) facts = assert_opens (object);
        g_assert_cmpstr (facts->cipher, ==, names[i]);
        g_assert_true (facts->has_integrity == how.aead);
      }
}

/* CM-19 */
static void
test_relabelled (void)
{
  Sealed sealed = seal (&gcm);
  g_autoptr (GBytes) object
      = der_take (der (0x30, der_pkcs (1, 7, 3),
                       der (0xa0,
                            der (0x30, der_integer (0), der (0x31, to_rsa (rsa), NULL),
                                 der (0x30, der_pkcs (DER_DATA), sealed.algorithm,
                                      der (0x80, sealed.ciphertext, NULL), NULL),
                                 NULL),
                            NULL),
                       NULL));
  g_byte_array_unref (sealed.tag);
  assert_stays_shut (object, LL_REASON_DECRYPTION_FAILED);
}

/* ---- streams ---- */

static GInputStream *
through_a_pipe (GBytes *object)
{
  int fds[2];
  gsize length;
  const guint8 *data = g_bytes_get_data (object, &length);

  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, NULL));
  g_assert_cmpint (write (fds[1], data, length), ==, (gssize)length);
  close (fds[1]);
  return g_unix_input_stream_new (fds[0], TRUE);
}

static GByteArray *
attribute (const char *text)
{
  return der (0x30, der_pkcs (1, 9, 16, 2, 99), der (0x31, der_string (0x0c, text), NULL), NULL);
}

/* CM-07: the attributes stand behind the content, also where nothing can be read twice. */
static void
test_attributes_from_anywhere (void)
{
  for (int bits = 0; bits < 8; bits++)
    {
      g_autoptr (GByteArray) attributes = attribute ("hello");
      Sealing how = bits & 1 ? chacha : gcm;
      how.attributes = attributes;
      how.indefinite = (bits & 2) != 0;
      g_autoptr (GBytes) object = envelope (&how, to_rsa (rsa));
      gsize length;
      g_autofree guint8 *bent
          = g_memdup2 (g_bytes_get_data (object, &length), g_bytes_get_size (object));
      length = g_bytes_get_size (object);
      guint8 *hello = memmem (bent, length, "hello", 5);
      *hello ^= 1;
      g_autoptr (GBytes) wrong = g_bytes_new (bent, length);
      for (int pipe = 0; pipe < 2; pipe++)
        {
          g_autoptr (GInputStream) in
              = pipe ? through_a_pipe (object) : g_memory_input_stream_new_from_bytes (object);
          g_autoptr (GInputStream) wrong_in
              = pipe ? through_a_pipe (wrong) : g_memory_input_stream_new_from_bytes (wrong);
          g_autoptr (GBytes) plain = NULL;
          g_autoptr (GBytes) wrong_plain = NULL;
          g_autoptr (LlFacts) facts = open_stream (in, &plain, NULL);
          g_autoptr (LlFacts) wrong_facts = open_stream (wrong_in, &wrong_plain, NULL);
          g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_DONE);
          g_assert_cmpmem (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), TEXT,
                           strlen (TEXT));
          g_assert_cmpint (wrong_facts->decryption, ==, LL_DECRYPTION_FAILED);
          g_assert_cmpint (wrong_facts->decryption_reason, ==, LL_REASON_DECRYPTION_FAILED);
        }
    }
}

/* Several keys to try, and no way back in the stream. */
static void
test_several_keys_from_a_pipe (void)
{
  const guint8 wrong[32] = "another key, of the right length";
  g_autoptr (GBytes) object
      = envelope (&cbc, der_join (transport (rsa, wrong, sizeof wrong), to_rsa (other), NULL));
  g_autoptr (GInputStream) in = through_a_pipe (object);
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (LlFacts) facts = open_stream (in, &plain, NULL);

  g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_DONE);
  g_assert_cmpmem (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), TEXT, strlen (TEXT));
}

/* Not well-formed: an error, not a failure to decrypt. */
static void
test_malformed_recipients (void)
{
  GByteArray *const bad[] = {
    der (0x30, der_integer (0), NULL),
    der (0xa1, der_integer (3), NULL),
    der_bytes ((const guint8[]){ 0x30, 0x03, 0x02, 0x01, 0x00, 0x05, 0x00 }, 7),
    g_byte_array_new (),
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GBytes) object = envelope (&gcm, bad[i]);
      g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
      g_autoptr (GBytes) plain = NULL;
      g_autoptr (GError) error = NULL;
      g_assert_null (open_stream (in, &plain, &error));
      g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
      g_assert_cmpuint (g_bytes_get_size (plain), ==, 0);
    }
}

/* ---- ML-KEM ---- */

static const struct
{
  const char *name, *oid, *wrap, *wrap_cipher;
  gsize kek;
} kems[] = {
  { "ML-KEM-512", "2.16.840.1.101.3.4.4.1", AES128_WRAP },
  { "ML-KEM-768", "2.16.840.1.101.3.4.4.2", AES256_WRAP },
  { "ML-KEM-1024", "2.16.840.1.101.3.4.4.3", AES256_WRAP },
};

static GByteArray *
two_octets (gsize number)
{
  return der_integer ((guint8)number);
}

/* RFC 9629 section 3; `said` is the length that the KEK is said to have. */
static GByteArray *
to_kem (EVP_PKEY *key, gsize which, gsize said, gboolean with_ukm)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new (key, NULL);
  guint8 ciphertext[2000], secret[64], kek[32];
  size_t length = sizeof ciphertext, secret_length = sizeof secret;
  GByteArray *ukm = with_ukm ? der (0xa0, octets ("ukm", 3), NULL) : g_byte_array_new ();
  g_autoptr (GByteArray) wrap = der (0x30, oid (kems[which].wrap), NULL);

  g_assert_true (EVP_PKEY_encapsulate_init (context, NULL) == 1);
  g_assert_true (EVP_PKEY_encapsulate (context, ciphertext, &length, secret, &secret_length) == 1);
  g_autoptr (GByteArray) info = der (0x30, der_bytes (wrap->data, wrap->len), two_octets (said),
                                     der_bytes (ukm->data, ukm->len), NULL);
  g_autoptr (EVP_KDF) kdf = EVP_KDF_fetch (NULL, "HKDF", NULL);
  g_autoptr (EVP_KDF_CTX) deriving = EVP_KDF_CTX_new (kdf);
  OSSL_PARAM params[] = {
    OSSL_PARAM_construct_utf8_string ("digest", (char *)"SHA256", 0),
    OSSL_PARAM_construct_octet_string ("key", secret, secret_length),
    OSSL_PARAM_construct_octet_string ("info", info->data, info->len),
    OSSL_PARAM_construct_end (),
  };
  g_assert_cmpint (EVP_KDF_derive (deriving, kek, kems[which].kek, params), ==, 1);
  g_autoptr (GByteArray) wrapped = wrap_key (kems[which].wrap_cipher, kek);
  return der (0xa4, der_pkcs (1, 9, 16, 13, 3),
              der (0x30, der_integer (0), der (0x80, der_bytes ("whose key", 9), NULL),
                   der (0x30, oid (kems[which].oid), NULL), octets (ciphertext, length),
                   der (0x30, der_pkcs (1, 9, 16, 3, 28), NULL), two_octets (said), ukm,
                   der (0x30, oid (kems[which].wrap), NULL), octets (wrapped->data, wrapped->len),
                   NULL),
              NULL);
}

static char *
write_protected (EVP_PKEY *key, const char *name, const char *passphrase)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  char *text = NULL;

  g_assert_true (
      PEM_write_bio_PKCS8PrivateKey (bio, key, passphrase != NULL ? EVP_aes_256_cbc () : NULL,
                                     passphrase, passphrase != NULL ? (int)strlen (passphrase) : 0,
                                     NULL, NULL));
  long length = BIO_get_mem_data (bio, &text);
  return ll_test_home_write (home, name, text, length);
}

/* A new engine, which has asked for no passphrase yet. */
static void
use_key_file (const char *path)
{
  g_strfreev (policy->key_files);
  policy->key_files = NULL;
  if (path != NULL)
    {
      const char *const files[] = { path, NULL };
      policy->key_files = g_strdupv ((char **)files);
    }
  ll_engine_free (engine);
  engine = ll_engine_smime_new (policy, store);
}

/* PQ-04, PQ-05, PQ-06 */
static void
test_ml_kem (void)
{
  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_ANSWERS, "open sesame");
  for (gsize i = 0; i < G_N_ELEMENTS (kems); i++)
    {
      g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, kems[i].name);
      if (key == NULL)
        {
          g_test_skip ("this OpenSSL knows no ML-KEM");
          return;
        }
      g_autofree char *path = write_protected (key, kems[i].name, "open sesame");
      guint asked = ll_test_home_count_pinentry (home);
      use_key_file (path);
      for (int ukm = 0; ukm < 2; ukm++)
        {
          g_autoptr (GBytes) object = envelope (&gcm, to_kem (key, i, kems[i].kek, ukm));
          g_autoptr (LlFacts) facts = assert_opens (object);
          const LlRecipientFacts *recipient = g_ptr_array_index (facts->recipients, 0);
          g_assert_cmpstr (recipient->algorithm, ==, kems[i].name);
          g_assert_true (recipient->is_ours);
        }
      g_assert_cmpuint (ll_test_home_count_pinentry (home), ==, asked + 1);
      g_autoptr (GBytes) wrong = envelope (&gcm, to_kem (key, i, kems[i].kek - 8, FALSE));
      assert_stays_shut (wrong, LL_REASON_NO_SECRET_KEY);
      g_autoptr (GBytes) both
          = envelope (&gcm, der_join (to_kem (key, i, kems[i].kek - 8, FALSE), to_rsa (rsa), NULL));
      g_autoptr (LlFacts) by_other = assert_opens (both);
      use_key_file (NULL);
      assert_stays_shut (wrong, LL_REASON_NO_SECRET_KEY);
    }
}

/* RFC 9936 appendix C.1: to the key whose seed is the octets 0 to 63. */
static const char rfc9936_example[]
    = "MIID4gYLKoZIhvcNAQkQARegggPRMIIDzQIBADGCA3ikggN0BgsqhkiG9w0BCRAN"
      "AzCCA2MCAQCAFFmXiMN67UAO5AXRsqM2arF9gkpRMAsGCWCGSAFlAwQEAQSCAwA+"
      "pA/GygkOLIr3bicnqzjgZS2VFZhv4YaCf+hOWW5CG4X9RZzHiZc3LJ3jHRkbOcHV"
      "o+tt21aq3t52XMOQ/bvC+IyxdWgdQgG4HM38sk/vE68vWhq8+NivOE8CoBCm6Rnx"
      "mHpemxwOLT8H9YqfpTnOhswUmRChaSwMpM4Ozk7u0uZpnLl2MyRS3koutcph97CB"
      "Mww0eY73EqJOWcM86h8fnm1PvzdDo4RnQwARM29i2HB5K4Zr780dGzZb7RlSZz06"
      "Wwwgs4a079HPY/03a9R8zEasTdjsZrBHxMlaz/HP0CikGbAC/aG2F8umHS6Rz+j/"
      "+8uP/U1fatixWMIZ423FFAXcDAsjSXmsZY5yvd8bZ3O5ayrj5NB76GBIBAwBZ0Nv"
      "qDnnUpsAzJq1Wi8l22PMn1V1lOaRwR5VPUo+vHYPXxnl/hRIOLTH0VkdqbXUZ0lP"
      "2crFLMVQQGA5nb23IpjrmkwBewB4b9x9nXqletu4thw03h4oiyq3KBcdzhQ80WlT"
      "+YTBrtVZ5WuqDOZY0yzOQvRAdQTNelea0O+bdxNeqjm2+To6LlmXgH8GNhyD9OZ/"
      "jj+c9oMWARUU9dhaGBzq1xTNSUDk66wB1mUo2jL4nOoEKOjrytz4qhiMn2LoWxlX"
      "ZVt/4rjXlzt6cia2bZO/eyMvPc9lPIS07PGpkg2xlJrXULVGpVUqIOVJCXGbjAwH"
      "BW/LfldK0qMuyVAB3ehEgb530DntW/dCYuzzmB8bANM2apwuBhxH4kGgYcYklWDS"
      "uERqSAw4woupidn2itxLuvKiC0fkkjEoxyNC1Zf9olneC4PCBW1rd+eZsxkySqUL"
      "HWWcKlYCm3RTxfO6UkPZ+nSdkXxA2dEB5FO8ixDkKnwIkyPAJveD4QC5+m5wFEJN"
      "pvo3kryVfughnQFrdz8o/tzJYqSFq6/+wCMoGXHimqaJg57P0mGekih80jDbJqJQ"
      "fMUA6xx6UpO1/pF64pvxrTUBJPijEWNSFLQR259n07hb1xUBhTfqRbQfQbTGYFEw"
      "DQYLKoZIhvcNAQkQAxwCARAwCwYJYIZIAWUDBAEFBBjAUOQ5L5wU3QrCIgID8xfX"
      "AflPndknePUwOgYJKoZIhvcNAQcBMB4GCWCGSAFlAwQBBjARBAxcpXRouBvwO42n"
      "GGwCARCADZTIaJqZ0sOOGS+muggEEFzxeGxXx0ArVPyTwwpKRTM=";

static EVP_PKEY *
make_seeded_key (void)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, kems[0].name, NULL);
  guint8 seed[64];
  OSSL_PARAM params[] = { OSSL_PARAM_construct_octet_string ("seed", seed, sizeof seed),
                          OSSL_PARAM_construct_end () };
  EVP_PKEY *key = NULL;

  for (guint8 i = 0; i < sizeof seed; i++)
    seed[i] = i;
  if (context == NULL)
    return NULL;
  g_assert_true (EVP_PKEY_keygen_init (context) == 1);
  g_assert_true (EVP_PKEY_CTX_set_params (context, params) == 1);
  g_assert_true (EVP_PKEY_generate (context, &key) == 1);
  return key;
}

static void
test_ml_kem_of_the_rfc (void)
{
  g_autoptr (EVP_PKEY) key = make_seeded_key ();
  gsize length;
  guint8 *octets_of_it = g_base64_decode (rfc9936_example, &length);
  g_autoptr (GBytes) object = g_bytes_new_take (octets_of_it, length);
  g_autoptr (GBytes) plain = NULL;

  if (key == NULL)
    {
      g_test_skip ("this OpenSSL knows no ML-KEM");
      return;
    }
  g_autofree char *path = write_protected (key, "seeded.pem", "open sesame");
  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_ANSWERS, "open sesame");
  use_key_file (path);
  g_autoptr (LlFacts) facts = open_object (object, &plain);
  g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_DONE);
  g_assert_cmpstr (facts->cipher, ==, "AES-128-GCM");
  g_assert_cmpuint (ll_facts_get_strength (facts), ==, 128);
  g_assert_cmpmem (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), "Hello, world!", 13);
  use_key_file (NULL);
}

static void
assert_key_file_refused (const char *path, GBytes *object, LlError code, const char *word)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (GError) error = NULL;

  use_key_file (path);
  g_autoptr (LlFacts) facts = open_stream (in, &plain, &error);
  if (code == LL_ERROR_UNSUPPORTED_ALGORITHM)
    g_assert_cmpint (facts->decryption_reason, ==, LL_REASON_UNSUPPORTED_ALGORITHM);
  else
    {
      g_assert_error (error, LL_ERROR, (int)code);
      g_assert_nonnull (strstr (error->message, word));
    }
  use_key_file (NULL);
}

/* A recipient of this kind, which nobody can open. */
static GByteArray *
to_unknown_kem (void)
{
  return der (0xa4, der_pkcs (1, 9, 16, 13, 3),
              der (0x30, der_integer (0), der (0x80, der_bytes ("whose key", 9), NULL),
                   der (0x30, oid (kems[1].oid), NULL), octets ("?", 1),
                   der (0x30, der_pkcs (1, 9, 16, 3, 28), NULL), der_integer (32),
                   der (0x30, oid (kems[1].wrap), NULL), octets ("?", 1), NULL),
              NULL);
}

static void
test_files_are_not_for_other_keys (void)
{
  g_autoptr (GBytes) object = envelope (&gcm, to_unknown_kem ());
  g_autofree char *open = write_protected (rsa->key, "open.pem", NULL);
  g_autofree char *shut = write_protected (rsa->key, "shut.pem", "open sesame");
  g_autofree char *noise = ll_test_home_write (home, "noise.pem", "noise", -1);

  assert_key_file_refused (open, object, LL_ERROR_BAD_DATA, "passphrase");
  assert_key_file_refused (noise, object, LL_ERROR_BAD_DATA, "noise.pem");
  assert_key_file_refused ("/nonexistent", object, LL_ERROR_MISSING_INPUT, "nonexistent");
  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_ANSWERS, "open sesame");
  assert_key_file_refused (shut, object, LL_ERROR_UNSUPPORTED_ALGORITHM, NULL);
  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_ANSWERS, "wrong");
  assert_key_file_refused (shut, object, LL_ERROR_KEY_LOCKED, "shut.pem");
  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_CANCELS, NULL);
}

/* ---- the stage ---- */

static LlTestCert *
make (const char *name, const char *algorithm)
{
  LlTestCert *cert = ll_test_cert_new (&(LlTestCertSpec){
      .name = name, .address = "x@example.org", .algorithm = algorithm, .issuer = authority });

  ll_test_cert_import (home, cert, TRUE);
  return cert;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  home = ll_test_home_new ();
  policy = ll_policy_new ();
  authority = ll_test_cert_new (&(LlTestCertSpec){ .name = "Test Authority", .authority = TRUE });
  ll_test_cert_import (home, authority, FALSE);
  rsa = make ("Rsa", "rsa2048");
  other = make ("Other", "rsa2048");
  curve = make ("Curve", "P-256");
  brainpool = make ("Brainpool", "brainpoolP256r1");
  montgomery = make ("Montgomery", "X25519");
  store = ll_key_store_new (policy);
  engine = ll_engine_smime_new (policy, store);

#define CASE(sentence, function) g_test_add_func ("/smime-open/" sentence, function)
  CASE ("agreements of all kinds open", test_agreements);
  CASE ("X25519 with HKDF opens", test_x25519_with_hkdf);
  CASE ("a point that gives nothing away is refused", test_zero_points);
  CASE ("OAEP with any digest and label opens", test_oaep);
  CASE ("a bad key is like a bad content", test_bad_keys_are_like_bad_contents);
  CASE ("every key of ours is tried", test_every_key_of_ours_is_tried);
  CASE ("tries are bounded, and many recipients are known by their beginning",
        test_tries_are_bounded);
  CASE ("recipients of other kinds are listed", test_other_kinds_are_listed);
  CASE ("a key wrapped with 3DES wants consent", test_3des_wrap_wants_consent);
  CASE ("nonces and tags of any length open", test_nonces_and_tags_of_any_length);
  CASE ("ChaCha20 and derived keys open", test_other_ciphers);
  CASE ("a cipher under another label stays shut", test_relabelled);
  CASE ("attributes are authenticated from files and pipes", test_attributes_from_anywhere);
  CASE ("several keys are tried on a pipe", test_several_keys_from_a_pipe);
  CASE ("malformed recipients are an error", test_malformed_recipients);
  CASE ("ML-KEM opens with a key in a file", test_ml_kem);
  CASE ("the example of RFC 9936 opens", test_ml_kem_of_the_rfc);
  CASE ("files are not for keys that gpg-agent can keep", test_files_are_not_for_other_keys);
  int status = g_test_run ();

  ll_engine_free (engine);
  ll_key_store_free (store);
  ll_policy_free (policy);
  LlTestCert *const certs[] = { rsa, other, curve, brainpool, montgomery, authority };
  for (gsize i = 0; i < G_N_ELEMENTS (certs); i++)
    ll_test_cert_free (certs[i]);
  ll_test_home_free (home);
  return status;
}
