/* Derivation and wrapping of keys, by the standards' own numbers. */
#include <config.h>

#include <string.h>

#include "base/hex.h"
#include "engine/cms-kdf-private.h"

static GByteArray *
octets_of (const char *hex)
{
  GByteArray *array = g_byte_array_new ();

  for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2)
    {
      guint8 octet = (guint8)(g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]));
      g_byte_array_append (array, &octet, 1);
    }
  return array;
}

static void
assert_octets (const guint8 *got, gsize length, const char *hex)
{
  g_autoptr (GByteArray) expected = octets_of (hex);

  g_assert_cmpmem (got, length, expected->data, expected->len);
}

/* RFC 3394 sections 4.1, 4.3 and 4.6. */
static void
test_wrap (void)
{
  static const struct
  {
    const char *kek, *key, *wrapped;
  } cases[] = {
    { "000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
      "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5" },
    { "000102030405060708090a0b0c0d0e0f1011121314151617", "00112233445566778899aabbccddeeff",
      "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d" },
    { "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
      "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) kek = octets_of (cases[i].kek);
      g_autoptr (GByteArray) key = octets_of (cases[i].key);
      guint8 wrapped[72], back[72];

      g_assert_true (ll_cms_key_wrap (kek->data, kek->len, key->data, key->len, wrapped));
      assert_octets (wrapped, key->len + 8, cases[i].wrapped);
      g_assert_true (ll_cms_key_unwrap (kek->data, kek->len, wrapped, key->len + 8, back));
      g_assert_cmpmem (back, key->len, key->data, key->len);
      wrapped[3] ^= 1;
      g_assert_false (ll_cms_key_unwrap (kek->data, kek->len, wrapped, key->len + 8, back));
      g_assert_false (ll_cms_key_unwrap (kek->data, 15, wrapped, key->len + 8, back));
      g_assert_false (ll_cms_key_unwrap (kek->data, kek->len, wrapped, 9, back));
    }
}

/* RFC 5869 appendices A.1 and A.3. */
static void
test_hkdf (void)
{
  g_autoptr (GByteArray) secret = octets_of ("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
  g_autoptr (GByteArray) salt = octets_of ("000102030405060708090a0b0c");
  g_autoptr (GByteArray) info = octets_of ("f0f1f2f3f4f5f6f7f8f9");
  guint8 key[42];

  g_assert_true (ll_cms_hkdf ("SHA256", secret->data, secret->len, salt->data, salt->len,
                              info->data, info->len, key, sizeof key));
  assert_octets (key, sizeof key,
                 "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185"
                 "865");
  g_assert_true (
      ll_cms_hkdf ("SHA256", secret->data, secret->len, NULL, 0, NULL, 0, key, sizeof key));
  assert_octets (key, sizeof key,
                 "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a9"
                 "6c8");
}

/* X9.63 with one block is the digest of secret, counter and info: made by hand here, so that the
 * octets of ECC-CMS-SharedInfo are seen (RFC 5753 section 7.2, AL-09). */
static void
test_shared_info (gconstpointer data)
{
  gboolean with_null = GPOINTER_TO_INT (data);
  g_autoptr (GByteArray) hashed = octets_of ("0102030405060708"
                                             "00000001");
  g_autoptr (GByteArray) info = octets_of (with_null ? "3021"
                                                       "300d060960864801650304012d0500"
                                                       "a0080406616263646566"
                                                       "a206040400000100"
                                                     : "301f"
                                                       "300b060960864801650304012d"
                                                       "a0080406616263646566"
                                                       "a206040400000100");
  g_autoptr (X509_ALGOR) wrap = X509_ALGOR_new ();
  g_autoptr (ASN1_OCTET_STRING) ukm = ASN1_OCTET_STRING_new ();
  guint8 expected[32], kek[32];

  X509_ALGOR_set0 (wrap, OBJ_nid2obj (NID_id_aes256_wrap), with_null ? V_ASN1_NULL : V_ASN1_UNDEF,
                   NULL);
  ASN1_OCTET_STRING_set (ukm, (const guint8 *)"abcdef", 6);
  g_byte_array_append (hashed, info->data, info->len);
  g_assert_true (EVP_Digest (hashed->data, hashed->len, expected, NULL, EVP_sha256 (), NULL));
  g_assert_true (ll_cms_kdf_agreement (LL_CMS_KDF_X963, "SHA256", hashed->data, 8, wrap, ukm, kek,
                                       sizeof kek));
  g_assert_cmpmem (kek, sizeof kek, expected, sizeof expected);
}

/* RFC 9709 appendix B.1. */
static void
test_content_key (void)
{
  g_autoptr (GByteArray) key = octets_of ("c702e7d0a9e064b09ba55245fb733cf3");
  g_autoptr (GByteArray) inner
      = octets_of ("301b0609608648016503040106300e040c5c79058ba2f43447639d29e2");
  g_autoptr (GBytes) algorithm = g_bytes_new (inner->data, inner->len);
  guint8 derived[16];

  g_assert_true (ll_cms_kdf_content_key (key->data, key->len, algorithm, derived));
  assert_octets (derived, sizeof derived, "2124ffb29fac4e0fbbc7d5d87492bff3");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kdf/AES key wrap is that of RFC 3394", test_wrap);
  g_test_add_func ("/kdf/HKDF is that of RFC 5869", test_hkdf);
  g_test_add_data_func ("/kdf/the shared info of a wrap without parameters",
                        GINT_TO_POINTER (FALSE), test_shared_info);
  g_test_add_data_func ("/kdf/the shared info of a wrap with a NULL", GINT_TO_POINTER (TRUE),
                        test_shared_info);
  g_test_add_func ("/kdf/the content key of RFC 9709", test_content_key);
  return g_test_run ();
}
