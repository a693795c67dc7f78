#include <config.h>

#include <openssl/obj_mac.h>
#include <openssl/rsa.h>

#include "engine/test-craft.h"

const LlTestCert *craft_default_signer;

static int
digest_nid (const char *name)
{
  return EVP_MD_get_type (EVP_get_digestbyname (name));
}

GByteArray *
craft_null (void)
{
  return der_string (0x05, "");
}

GByteArray *
craft_oid (int nid)
{
  g_autoptr (GBytes) oid = LL_DER (OBJ_nid2obj (nid), ASN1_OBJECT);
  return der_bytes (g_bytes_get_data (oid, NULL), g_bytes_get_size (oid));
}

GByteArray *
craft_algorithm (int nid)
{
  return der (0x30, craft_oid (nid), NULL);
}

GByteArray *
craft_attribute (GByteArray *oid, GByteArray *value)
{
  return der (0x30, oid, der (0x31, value, NULL), NULL);
}

GByteArray *
craft_digest (const char *name, gconstpointer data, gsize length)
{
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  guint8 value[EVP_MAX_MD_SIZE];
  unsigned int n = g_str_has_suffix (name, "256") ? 64 : 32; /* of SHAKE, as RFC 8702 has it */

  g_assert_true (EVP_DigestInit_ex (context, EVP_get_digestbyname (name), NULL)
                 && EVP_DigestUpdate (context, data, length));
  g_assert_true (g_str_has_prefix (name, "SHAKE") ? EVP_DigestFinalXOF (context, value, n)
                                                  : EVP_DigestFinal_ex (context, value, &n));
  return der (0x04, der_bytes (value, n), NULL);
}

GByteArray *
craft_certificate (const LlTestCert *cert)
{
  g_autoptr (GBytes) bytes = LL_DER (cert->certificate, X509);
  return der_bytes (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

GByteArray *
craft_issuer_and_serial (X509 *certificate)
{
  g_autoptr (GBytes) issuer = LL_DER (X509_get_issuer_name (certificate), X509_NAME);
  g_autoptr (GBytes) serial = LL_DER (X509_get_serialNumber (certificate), ASN1_INTEGER);

  return der (0x30, der_bytes (g_bytes_get_data (issuer, NULL), g_bytes_get_size (issuer)),
              der_bytes (g_bytes_get_data (serial, NULL), g_bytes_get_size (serial)), NULL);
}

GByteArray *
craft_pss_algorithm (const char *digest, const char *mask, int salt)
{
  g_autoptr (ASN1_INTEGER) number = ASN1_INTEGER_new ();
  g_assert_true (ASN1_INTEGER_set (number, salt));
  g_autoptr (GBytes) integer = LL_DER (number, ASN1_INTEGER);

  return der (0x30, craft_oid (NID_rsassaPss),
              der (0x30, der (0xa0, craft_algorithm (digest_nid (digest)), NULL),
                   der (0xa1,
                        der (0x30, craft_oid (NID_mgf1), craft_algorithm (digest_nid (mask)), NULL),
                        NULL),
                   der (0xa2,
                        der_bytes (g_bytes_get_data (integer, NULL), g_bytes_get_size (integer)),
                        NULL),
                   NULL),
              NULL);
}

static gboolean
is_pure (EVP_PKEY *key)
{
  return !EVP_PKEY_is_a (key, "RSA") && !EVP_PKEY_is_a (key, "RSA-PSS")
         && !EVP_PKEY_is_a (key, "EC");
}

static const char *
digest_for (const Craft *craft, const LlTestCert *signer)
{
  if (craft->digest != NULL)
    return craft->digest;
  return is_pure (signer->key) ? "SHA512" : "SHA256";
}

GByteArray *
craft_sign (const Craft *craft, const GByteArray *data)
{
  const LlTestCert *signer = craft->signer != NULL ? craft->signer : craft_default_signer;
  const char *digest = is_pure (signer->key) ? NULL : digest_for (craft, signer);
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  EVP_PKEY_CTX *more = NULL;
  size_t length = 0;

  g_assert_true (EVP_DigestSignInit_ex (context, &more, digest, NULL, NULL, signer->key, NULL)
                 == 1);
  if (craft->pss_digest != NULL)
    g_assert_true (EVP_PKEY_CTX_set_rsa_padding (more, RSA_PKCS1_PSS_PADDING) > 0
                   && EVP_PKEY_CTX_set_rsa_mgf1_md_name (more, craft->pss_digest, NULL) > 0
                   && EVP_PKEY_CTX_set_rsa_pss_saltlen (more, craft->pss_salt) > 0);
  g_assert_true (EVP_DigestSign (context, NULL, &length, data->data, data->len) == 1);
  g_autofree guint8 *value = g_malloc (length);
  g_assert_true (EVP_DigestSign (context, value, &length, data->data, data->len) == 1);
  return der_bytes (value, length);
}

static GByteArray *
signature_algorithm_for (const Craft *craft, const LlTestCert *signer)
{
  int nid = NID_undef, digest = digest_nid (digest_for (craft, signer));

  if (craft->pss_digest != NULL)
    return craft_pss_algorithm (digest_for (craft, signer), craft->pss_digest, craft->pss_salt);
  if (EVP_PKEY_is_a (signer->key, "RSA") || EVP_PKEY_is_a (signer->key, "RSA-PSS"))
    return der (0x30, craft_oid (NID_rsaEncryption), craft_null (), NULL);
  if (EVP_PKEY_is_a (signer->key, "EC"))
    g_assert_true (OBJ_find_sigid_by_algs (&nid, digest, NID_X9_62_id_ecPublicKey));
  else
    nid = OBJ_txt2nid (EVP_PKEY_get0_type_name (signer->key)); /* a long name for ML-DSA */
  return craft_algorithm (nid);
}

GByteArray *
craft_default_attributes (const char *digest, const char *content)
{
  return der_join (craft_attribute (CONTENT_TYPE, der_pkcs (DER_DATA)),
                   craft_attribute (MESSAGE_DIGEST,
                                    craft_digest (digest, content, strlen (content))),
                   NULL);
}

GByteArray *
craft_signer_info (Craft craft)
{
  const LlTestCert *signer = craft.signer != NULL ? craft.signer : craft_default_signer;
  const char *digest = digest_for (&craft, signer);
  const char *content = craft.signed_content != NULL ? craft.signed_content : CONTENT;
  g_autoptr (GByteArray) attributes = craft.first_attributes != NULL
                                          ? craft.first_attributes
                                          : craft_default_attributes (digest, content);
  GByteArray *sid = craft.signer_id, *sent = craft.sent_attributes;

  if (craft.attributes != NULL)
    attributes = der_join (g_steal_pointer (&attributes), craft.attributes, NULL);
  if (sid == NULL)
    sid = craft_issuer_and_serial (signer->certificate);
  g_autoptr (GByteArray) to_sign
      = craft.without_attributes ? der_bytes (content, strlen (content))
                                 : der (0x31, der_bytes (attributes->data, attributes->len), NULL);
  GByteArray *value = craft_sign (&craft, to_sign);
  if (craft.break_value)
    value->data[value->len / 2] ^= 1;
  if (sent == NULL)
    sent = craft.without_attributes
               ? g_byte_array_new ()
               : der (0xa0, der_bytes (attributes->data, attributes->len), NULL);
  return der (0x30, der_integer (1), sid,
              craft.digest_algorithm != NULL ? craft.digest_algorithm
                                             : craft_algorithm (digest_nid (digest)),
              sent,
              craft.signature_algorithm != NULL ? craft.signature_algorithm
                                                : signature_algorithm_for (&craft, signer),
              der (0x04, value, NULL),
              craft.unsigned_attributes != NULL ? der (0xa1, craft.unsigned_attributes, NULL)
                                                : g_byte_array_new (),
              NULL);
}

GBytes *
craft_signed_data_with (GByteArray *digests, GByteArray *content_type, const char *content,
                        GByteArray *certificates, GByteArray *signer_infos)
{
  GByteArray *algorithms = der (0x31, craft_algorithm (NID_sha256), craft_algorithm (NID_sha1),
                                craft_algorithm (NID_sha512), craft_algorithm (NID_md5),
                                digests != NULL ? digests : g_byte_array_new (), NULL);
  GByteArray *encapsulated
      = der (0x30, content_type != NULL ? content_type : der_pkcs (DER_DATA),
             content != NULL ? der (0xa0, der_string (0x04, content), NULL) : g_byte_array_new (),
             NULL);

  return der_take (
      der (0x30, der_pkcs (1, 7, 2),
           der (0xa0,
                der (0x30, der_integer (1), algorithms, encapsulated,
                     certificates != NULL ? der (0xa0, certificates, NULL) : g_byte_array_new (),
                     der (0x31, signer_infos, NULL), NULL),
                NULL),
           NULL));
}

GBytes *
craft_signed_data (GByteArray *content_type, const char *content, GByteArray *certificates,
                   GByteArray *signer_infos)
{
  return craft_signed_data_with (NULL, content_type, content, certificates, signer_infos);
}

GByteArray *
craft_deflate (GBytes *bytes)
{
  g_autoptr (GConverter) deflater
      = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 9));
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (GInputStream) deflated = g_converter_input_stream_new (in, deflater);
  GByteArray *all = g_byte_array_new ();
  guint8 some[4096];
  gssize n;

  while ((n = g_input_stream_read (deflated, some, sizeof some, NULL, NULL)) > 0)
    g_byte_array_append (all, some, (guint)n);
  g_assert_cmpint (n, ==, 0);
  return all;
}

GBytes *
craft_compressed_data (GByteArray *algorithm, GByteArray *octets)
{
  return der_take (der (0x30, COMPRESSED_DATA,
                        der (0xa0,
                             der (0x30, der_integer (0), der (0x30, algorithm, NULL),
                                  der (0x30, der_pkcs (DER_DATA),
                                       der (0xa0, der (0x04, octets, NULL), NULL), NULL),
                                  NULL),
                             NULL),
                        NULL));
}

GBytes *
craft_compress (GBytes *bytes)
{
  return craft_compressed_data (ZLIB, craft_deflate (bytes));
}
