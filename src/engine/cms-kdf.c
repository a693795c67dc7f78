/* cms-kdf.c - the derivations of RFC 5753, RFC 8418 and RFC 9709, and AES key wrap. */
#include <config.h>

#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>

#include "engine/cms-kdf-private.h"
#include "provider/provider.h"

#define CONTENT_KEY_SALT "The Cryptographic Message Syntax" /* RFC 9709 section 2 */

/* ECC-CMS-SharedInfo, RFC 5753 section 7.2. */
typedef struct
{
  X509_ALGOR *key_info;
  ASN1_OCTET_STRING *ukm, *bits;
} SharedInfo;

/* clang-format off */
ASN1_SEQUENCE (SharedInfo) = {
  ASN1_SIMPLE (SharedInfo, key_info, X509_ALGOR),
  ASN1_EXP_OPT (SharedInfo, ukm, ASN1_OCTET_STRING, 0),
  ASN1_EXP (SharedInfo, bits, ASN1_OCTET_STRING, 2)
} static_ASN1_SEQUENCE_END (SharedInfo)
      /* clang-format on */

      static GBytes
      * shared_info (const X509_ALGOR *wrap, const ASN1_OCTET_STRING *ukm, gsize length)
{
  guint32 bits = GUINT32_TO_BE ((guint32)length * 8);
  g_autoptr (ASN1_OCTET_STRING) count = ASN1_OCTET_STRING_new ();
  SharedInfo info = { (X509_ALGOR *)wrap, (ASN1_OCTET_STRING *)ukm, count };
  guint8 *der = NULL;

  ASN1_OCTET_STRING_set (count, (const guint8 *)&bits, sizeof bits);
  int size = ASN1_item_i2d ((const ASN1_VALUE *)&info, &der, ASN1_ITEM_rptr (SharedInfo));
  GBytes *bytes = size > 0 ? g_bytes_new (der, (gsize)size) : NULL;
  OPENSSL_free (der);
  return bytes;
}

static gboolean
derive (const char *name, OSSL_PARAM *params, guint8 *key, gsize length)
{
  g_autoptr (EVP_KDF) kdf = EVP_KDF_fetch (ll_provider_context (NULL), name, NULL);
  g_autoptr (EVP_KDF_CTX) context = kdf != NULL ? EVP_KDF_CTX_new (kdf) : NULL;
  gboolean derived = context != NULL && EVP_KDF_derive (context, key, length, params) == 1;

  if (!derived)
    ERR_clear_error ();
  return derived;
}

static OSSL_PARAM
octets (const char *name, const guint8 *data, gsize length)
{
  return OSSL_PARAM_construct_octet_string (name, (void *)data, length);
}

gboolean
ll_cms_hkdf (const char *digest, const guint8 *secret, gsize secret_length, const guint8 *salt,
             gsize salt_length, const guint8 *info, gsize info_length, guint8 *key, gsize length)
{
  /* No salt is as many zeros as the digest has (RFC 5869 section 2.2), which is what HMAC makes of
   * none. */
  OSSL_PARAM params[]
      = { OSSL_PARAM_construct_utf8_string (OSSL_KDF_PARAM_DIGEST, (char *)digest, 0),
          octets (OSSL_KDF_PARAM_KEY, secret, secret_length),
          octets (OSSL_KDF_PARAM_INFO, info, info_length), OSSL_PARAM_construct_end (),
          OSSL_PARAM_construct_end () };

  if (salt_length > 0)
    params[3] = octets (OSSL_KDF_PARAM_SALT, salt, salt_length);
  return derive ("HKDF", params, key, length);
}

static gboolean
x963 (const char *digest, const guint8 *secret, gsize secret_length, GBytes *info, guint8 *key,
      gsize length)
{
  gsize info_length;
  const guint8 *data = g_bytes_get_data (info, &info_length);
  OSSL_PARAM params[]
      = { OSSL_PARAM_construct_utf8_string (OSSL_KDF_PARAM_DIGEST, (char *)digest, 0),
          octets (OSSL_KDF_PARAM_KEY, secret, secret_length),
          octets (OSSL_KDF_PARAM_INFO, data, info_length), OSSL_PARAM_construct_end () };

  return derive ("X963KDF", params, key, length);
}

gboolean
ll_cms_kdf_agreement (LlCmsKdf kdf, const char *digest, const guint8 *secret, gsize secret_length,
                      const X509_ALGOR *wrap, const ASN1_OCTET_STRING *ukm, guint8 *kek,
                      gsize length)
{
  g_autoptr (GBytes) info = length <= LL_CMS_KEK_MAX ? shared_info (wrap, ukm, length) : NULL;
  gsize info_length;

  if (info == NULL)
    return FALSE;
  if (kdf == LL_CMS_KDF_X963)
    return x963 (digest, secret, secret_length, info, kek, length);
  const guint8 *data = g_bytes_get_data (info, &info_length);
  const guint8 *salt = ukm != NULL ? ASN1_STRING_get0_data (ukm) : NULL;
  return ll_cms_hkdf (digest, secret, secret_length, salt,
                      ukm != NULL ? (gsize)ASN1_STRING_length (ukm) : 0, data, info_length, kek,
                      length);
}

gboolean
ll_cms_kdf_content_key (const guint8 *key, gsize length, GBytes *inner, guint8 *derived)
{
  gsize info_length;
  const guint8 *info = g_bytes_get_data (inner, &info_length);

  return ll_cms_hkdf ("SHA256", key, length, (const guint8 *)CONTENT_KEY_SALT,
                      sizeof CONTENT_KEY_SALT - 1, info, info_length, derived, length);
}

/* ---- key wrap ---- */

static EVP_CIPHER_CTX *
start_wrap (const guint8 *kek, gsize kek_length, gboolean encrypt)
{
  const char *name = kek_length == 16   ? "AES-128-WRAP"
                     : kek_length == 24 ? "AES-192-WRAP"
                     : kek_length == 32 ? "AES-256-WRAP"
                                        : NULL;
  g_autoptr (EVP_CIPHER) cipher
      = name != NULL ? EVP_CIPHER_fetch (ll_provider_context (NULL), name, NULL) : NULL;
  g_autoptr (EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new ();

  EVP_CIPHER_CTX_set_flags (context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  if (cipher == NULL || EVP_CipherInit_ex2 (context, cipher, kek, NULL, encrypt, NULL) != 1)
    return NULL;
  return g_steal_pointer (&context);
}

gboolean
ll_cms_key_wrap (const guint8 *kek, gsize kek_length, const guint8 *key, gsize key_length,
                 guint8 *wrapped)
{
  g_autoptr (EVP_CIPHER_CTX) context = start_wrap (kek, kek_length, TRUE);
  int length = 0;

  return context != NULL && key_length >= 16 && key_length % 8 == 0
         && EVP_CipherUpdate (context, wrapped, &length, key, (int)key_length) == 1
         && length == (int)key_length + 8;
}

gboolean
ll_cms_key_unwrap (const guint8 *kek, gsize kek_length, const guint8 *wrapped, gsize wrapped_length,
                   guint8 *key)
{
  g_autoptr (EVP_CIPHER_CTX) context = start_wrap (kek, kek_length, FALSE);
  int length = 0;
  gboolean unwrapped
      = context != NULL && wrapped_length >= 24 && wrapped_length <= 64 && wrapped_length % 8 == 0
        && EVP_CipherUpdate (context, key, &length, wrapped, (int)wrapped_length) == 1
        && length == (int)wrapped_length - 8;

  if (!unwrapped)
    ERR_clear_error ();
  return unwrapped;
}
