/* test-padding.c - the paddings of RFC 8017 against OpenSSL's own, and every way to break them. */
#include <config.h>

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>

#include "bridge/openssl-glue.h"
#include "provider/padding.h"

#define BITS 1024
#define SIZE 128

static EVP_PKEY *
test_key (gsize bits)
{
  static EVP_PKEY *key;
  static gsize key_bits;

  if (key_bits != bits)
    {
      EVP_PKEY_free (key);
      key = EVP_PKEY_Q_keygen (NULL, NULL, "RSA", bits);
      key_bits = bits;
      g_assert_nonnull (key);
    }
  return key;
}

/* The encoded message that OpenSSL makes: encrypted with its padding, decrypted without. */
static void
openssl_encode (int padding, const char *hash, const char *mgf_hash, const char *label,
                const guint8 *message, gsize length, guint8 *encoded)
{
  EVP_PKEY *key = test_key (BITS);
  g_autoptr (EVP_PKEY_CTX) seal = EVP_PKEY_CTX_new (key, NULL);
  g_autoptr (EVP_PKEY_CTX) open = EVP_PKEY_CTX_new (key, NULL);
  guint8 ciphertext[SIZE];
  size_t n = sizeof ciphertext;

  g_assert_cmpint (EVP_PKEY_encrypt_init (seal), ==, 1);
  g_assert_cmpint (EVP_PKEY_CTX_set_rsa_padding (seal, padding), ==, 1);
  if (hash != NULL)
    g_assert_cmpint (EVP_PKEY_CTX_set_rsa_oaep_md_name (seal, hash, NULL), ==, 1);
  if (mgf_hash != NULL)
    g_assert_cmpint (EVP_PKEY_CTX_set_rsa_mgf1_md_name (seal, mgf_hash, NULL), ==, 1);
  if (label != NULL)
    g_assert_cmpint (EVP_PKEY_CTX_set0_rsa_oaep_label (seal, OPENSSL_strdup (label),
                                                       (int)strlen (label)),
                     ==, 1);
  g_assert_cmpint (EVP_PKEY_encrypt (seal, ciphertext, &n, message, length), ==, 1);
  g_assert_cmpint (EVP_PKEY_decrypt_init (open), ==, 1);
  g_assert_cmpint (EVP_PKEY_CTX_set_rsa_padding (open, RSA_NO_PADDING), ==, 1);
  n = SIZE;
  g_assert_cmpint (EVP_PKEY_decrypt (open, encoded, &n, ciphertext, sizeof ciphertext), ==, 1);
  g_assert_cmpuint (n, ==, SIZE);
}

static void
test_pkcs1_all_lengths (void)
{
  guint8 message[SIZE], encoded[SIZE], decoded[SIZE];
  gsize length;

  for (gsize n = 0; n <= SIZE - 11; n++)
    {
      RAND_bytes (message, sizeof message);
      openssl_encode (RSA_PKCS1_PADDING, NULL, NULL, NULL, message, n, encoded);
      g_assert_true (ll_padding_decode_pkcs1 (encoded, SIZE, decoded, &length));
      g_assert_cmpmem (decoded, length, message, n);
    }
}

static void
test_pkcs1_broken (void)
{
  guint8 good[SIZE], encoded[SIZE], decoded[SIZE];
  gsize length;

  memset (good, 0x55, sizeof good);
  good[0] = 0;
  good[1] = 2;
  good[10] = 0; /* eight octets of padding: the least */
  g_assert_true (ll_padding_decode_pkcs1 (good, SIZE, decoded, &length));
  g_assert_cmpuint (length, ==, SIZE - 11);
  /* each of the first octets matters, and the zero that ends the padding may not come earlier */
  for (gsize i = 0; i < 10; i++)
    {
      memcpy (encoded, good, SIZE);
      encoded[i] = i == 0 ? 1 : i == 1 ? 1 : 0;
      g_assert_false (ll_padding_decode_pkcs1 (encoded, SIZE, decoded, &length));
    }
  /* no zero at all */
  memcpy (encoded, good, SIZE);
  encoded[10] = 0x55;
  g_assert_false (ll_padding_decode_pkcs1 (encoded, SIZE, decoded, &length));
  /* the zero as the very last octet: an empty message */
  encoded[SIZE - 1] = 0;
  g_assert_true (ll_padding_decode_pkcs1 (encoded, SIZE, decoded, &length));
  g_assert_cmpuint (length, ==, 0);
  g_assert_false (ll_padding_decode_pkcs1 (good, 10, decoded, &length));
}

typedef struct
{
  const char *title, *hash, *mgf_hash, *label;
} OaepCase;

static const OaepCase oaep_cases[] = {
  { "SHA-1", "SHA1", NULL, NULL },
  { "SHA-256", "SHA256", NULL, NULL },
  { "SHA-384 and MGF1 with SHA-1", "SHA384", "SHA1", NULL },
  { "a label", "SHA256", "SHA256", "label" },
};

static void
test_oaep_all_lengths (gconstpointer data)
{
  const OaepCase *test = data;
  g_autoptr (EVP_MD) hash = EVP_MD_fetch (NULL, test->hash, NULL);
  g_autoptr (EVP_MD) mgf
      = EVP_MD_fetch (NULL, test->mgf_hash != NULL ? test->mgf_hash : test->hash, NULL);
  const guint8 *label = (const guint8 *)test->label;
  gsize label_length = test->label != NULL ? strlen (test->label) : 0, length;
  guint8 message[SIZE], encoded[SIZE], decoded[SIZE];

  for (gsize n = 0; n <= SIZE - 2 * (gsize)EVP_MD_get_size (hash) - 2; n++)
    {
      RAND_bytes (message, sizeof message);
      openssl_encode (RSA_PKCS1_OAEP_PADDING, test->hash, test->mgf_hash, test->label, message, n,
                      encoded);
      g_assert_true (
          ll_padding_decode_oaep (encoded, SIZE, hash, mgf, label, label_length, decoded, &length));
      g_assert_cmpmem (decoded, length, message, n);
      /* another label, and any octet changed */
      g_assert_false (ll_padding_decode_oaep (encoded, SIZE, hash, mgf, (const guint8 *)"x", 1,
                                              decoded, &length));
      encoded[n % SIZE] ^= 0x80;
      g_assert_false (
          ll_padding_decode_oaep (encoded, SIZE, hash, mgf, label, label_length, decoded, &length));
    }
}

/* Moduli whose length is one more, or one less, than a whole octet too. */
static void
test_pss (void)
{
  static const struct
  {
    gsize bits, salt;
    const char *hash, *mgf_hash;
  } cases[] = { { 1024, 32, "SHA256", "SHA256" }, { 1024, 0, "SHA256", "SHA256" },
                { 1024, 94, "SHA256", "SHA1" },   { 1025, 20, "SHA1", "SHA1" },
                { 1026, 32, "SHA256", "SHA256" }, { 1031, 48, "SHA384", "SHA384" } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      EVP_PKEY *key = test_key (cases[i].bits);
      g_autoptr (EVP_MD) hash = EVP_MD_fetch (NULL, cases[i].hash, NULL);
      g_autoptr (EVP_MD) mgf = EVP_MD_fetch (NULL, cases[i].mgf_hash, NULL);
      g_autoptr (EVP_PKEY_CTX) raw = EVP_PKEY_CTX_new (key, NULL);
      g_autoptr (EVP_PKEY_CTX) checker = EVP_PKEY_CTX_new (key, NULL);
      guint8 digest[64], encoded[160], signature[160];
      size_t size = (cases[i].bits + 7) / 8, n = sizeof signature;

      RAND_bytes (digest, sizeof digest);
      g_assert_true (
          ll_padding_encode_pss (encoded, cases[i].bits, digest, hash, mgf, cases[i].salt));
      g_assert_cmpint (EVP_PKEY_decrypt_init (raw), ==, 1);
      g_assert_cmpint (EVP_PKEY_CTX_set_rsa_padding (raw, RSA_NO_PADDING), ==, 1);
      g_assert_cmpint (EVP_PKEY_decrypt (raw, signature, &n, encoded, size), ==, 1);
      g_assert_cmpint (EVP_PKEY_verify_init (checker), ==, 1);
      g_assert_cmpint (EVP_PKEY_CTX_set_rsa_padding (checker, RSA_PKCS1_PSS_PADDING), ==, 1);
      g_assert_cmpint (EVP_PKEY_CTX_set_signature_md (checker, hash), ==, 1);
      g_assert_cmpint (EVP_PKEY_CTX_set_rsa_mgf1_md (checker, mgf), ==, 1);
      g_assert_cmpint (EVP_PKEY_CTX_set_rsa_pss_saltlen (checker, (int)cases[i].salt), ==, 1);
      g_assert_cmpint (EVP_PKEY_verify (checker, signature, n, digest,
                                        (size_t)EVP_MD_get_size (hash)),
                       ==, 1);
    }
}

static void
test_pss_too_short (void)
{
  g_autoptr (EVP_MD) hash = EVP_MD_fetch (NULL, "SHA512", NULL);
  guint8 digest[64] = { 0 }, encoded[SIZE];

  g_assert_false (ll_padding_encode_pss (encoded, BITS, digest, hash, hash, 63));
  g_assert_true (ll_padding_encode_pss (encoded, BITS, digest, hash, hash, 62));
  g_assert_false (ll_padding_encode_pss (encoded, BITS, digest, hash, hash, G_MAXSIZE));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/padding/v1.5 messages of every length are found", test_pkcs1_all_lengths);
  g_test_add_func ("/padding/broken v1.5 padding is refused", test_pkcs1_broken);
  for (gsize i = 0; i < G_N_ELEMENTS (oaep_cases); i++)
    {
      g_autofree char *name
          = g_strdup_printf ("/padding/OAEP messages of every length are found, with %s",
                             oaep_cases[i].title);
      g_test_add_data_func (name, &oaep_cases[i], test_oaep_all_lengths);
    }
  g_test_add_func ("/padding/OpenSSL verifies what PSS encoding makes", test_pss);
  g_test_add_func ("/padding/a key too short for PSS is refused", test_pss_too_short);
  return g_test_run ();
}
