/* cms-attributes-write.c - the signed attributes of our own signatures, one function each. */
#include <config.h>

#include <openssl/ess.h>

#include "bridge/openssl-glue.h"
#include "engine/cms-attributes-write-private.h"
#include "engine/der-writer-private.h"

#define OID_ALGORITHM_PROTECTION "1.2.840.113549.1.9.52"
#define OID_KEY_PREFERENCE "1.2.840.113549.1.9.16.2.11"

/* Attribute, RFC 5652 section 5.3, with one value. */
static gboolean
add (CMS_SignerInfo *si, const char *type, GBytes *value)
{
  g_autoptr (GByteArray) set = g_byte_array_new ();
  g_autoptr (GByteArray) all = g_byte_array_new ();

  ll_der_add_bytes (set, value);
  ll_der_wrap (set, LL_DER_SET);
  ll_der_add_oid (all, type);
  g_byte_array_append (all, set->data, set->len);
  ll_der_wrap (all, LL_DER_SEQUENCE);
  const guint8 *at = all->data;
  g_autoptr (X509_ATTRIBUTE) attribute = d2i_X509_ATTRIBUTE (NULL, &at, (long)all->len);
  return attribute != NULL && CMS_signed_add1_attr (si, attribute) == 1;
}

/* SM-08: UTCTime through 2049, GeneralizedTime from 2050 on, which is what ASN1_TIME_set() does. */
static gboolean
add_time (CMS_SignerInfo *si, gint64 time)
{
  g_autoptr (ASN1_TIME) value = ASN1_TIME_set (NULL, time);
  g_autoptr (GBytes) der = value != NULL ? LL_DER (value, ASN1_TIME) : NULL;

  return der != NULL && add (si, "1.2.840.113549.1.9.5", der);
}

static gboolean
add_capabilities (CMS_SignerInfo *si, LlCapabilityFlags incapable)
{
  g_autoptr (GBytes) der = ll_capabilities_ours (incapable);

  return der != NULL && add (si, "1.2.840.113549.1.9.15", der);
}

/* RFC 8551 section 2.5.3: issuerAndSerialNumber [0] IMPLICIT. */
static gboolean
add_preference (CMS_SignerInfo *si, const X509 *certificate)
{
  g_autoptr (GBytes) issuer = LL_DER (X509_get_issuer_name (certificate), X509_NAME);
  g_autoptr (GBytes) serial = LL_DER (X509_get0_serialNumber (certificate), ASN1_INTEGER);
  g_autoptr (GByteArray) value = g_byte_array_new ();

  ll_der_add_bytes (value, issuer);
  ll_der_add_bytes (value, serial);
  ll_der_wrap (value, LL_DER_CONTEXT_CONSTRUCTED (0));
  g_autoptr (GBytes) der = g_bytes_new (value->data, value->len);
  return add (si, OID_KEY_PREFERENCE, der);
}

/* ES-01: SHA-256, which DER leaves out as the default, with issuer and serial number. */
static gboolean
add_signing_certificate (CMS_SignerInfo *si, const X509 *certificate)
{
  ESS_SIGNING_CERT_V2 *names
      = OSSL_ESS_signing_cert_v2_new_init (EVP_sha256 (), certificate, NULL, 1);
  g_autoptr (GBytes) der = names != NULL ? LL_DER (names, ESS_SIGNING_CERT_V2) : NULL;

  ESS_SIGNING_CERT_V2_free (names);
  return der != NULL && add (si, "1.2.840.113549.1.9.16.2.47", der);
}

/* RFC 6211 section 2: digestAlgorithm, and signatureAlgorithm [1] IMPLICIT. */
static gboolean
add_protection (CMS_SignerInfo *si)
{
  X509_ALGOR *digest = NULL, *signature = NULL;
  g_autoptr (GByteArray) value = g_byte_array_new ();

  CMS_SignerInfo_get0_algs (si, NULL, NULL, &digest, &signature);
  g_autoptr (GBytes) one = LL_DER (digest, X509_ALGOR);
  g_autoptr (GBytes) other = LL_DER (signature, X509_ALGOR);
  if (one == NULL || other == NULL)
    return FALSE;
  ll_der_add_bytes (value, other);
  value->data[0] = LL_DER_CONTEXT_CONSTRUCTED (1);
  gsize length;
  const guint8 *data = g_bytes_get_data (one, &length);
  g_byte_array_prepend (value, data, (guint)length);
  ll_der_wrap (value, LL_DER_SEQUENCE);
  g_autoptr (GBytes) der = g_bytes_new (value->data, value->len);
  return add (si, OID_ALGORITHM_PROTECTION, der);
}

gboolean
ll_cms_attributes_write (CMS_SignerInfo *si, const LlCmsSigned *what)
{
  return add_time (si, what->time) && add_capabilities (si, what->incapable)
         && (what->preferred == NULL || add_preference (si, what->preferred))
         && add_signing_certificate (si, what->certificate) && add_protection (si);
}
