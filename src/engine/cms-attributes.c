#include <config.h>

#include <string.h>
#include <time.h>

#include <openssl/asn1t.h>
#include <openssl/ess.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "engine/cms-attributes-private.h"
#include "keys/x509-path.h"
#include "provider/provider.h"

#define OID_ALGORITHM_PROTECTION "1.2.840.113549.1.9.52"

/* ---- structures that OpenSSL has no public type for ---- */

/* CMSAlgorithmProtection, RFC 6211 section 2. */
typedef struct
{
  X509_ALGOR *digest, *signature, *mac;
} Protection;

/* ESSCertID and ESSCertIDv2, RFC 5035 sections 4 and 5: the first has no algorithm. */
typedef struct
{
  X509_ALGOR *algorithm;
  ASN1_OCTET_STRING *hash;
  ASN1_STRING *issuer_serial;
} CertId;

typedef struct stack_st_CertId CertIdStack;

typedef struct
{
  CertIdStack *ids;
  ASN1_STRING *policies;
} SigningCertificate;

/* clang-format off */
ASN1_SEQUENCE (Protection) = {
  ASN1_SIMPLE (Protection, digest, X509_ALGOR),
  ASN1_IMP_OPT (Protection, signature, X509_ALGOR, 1),
  ASN1_IMP_OPT (Protection, mac, X509_ALGOR, 2)
} static_ASN1_SEQUENCE_END (Protection)

ASN1_SEQUENCE (CertId) = {
  ASN1_OPT (CertId, algorithm, X509_ALGOR),
  ASN1_SIMPLE (CertId, hash, ASN1_OCTET_STRING),
  ASN1_OPT (CertId, issuer_serial, ASN1_SEQUENCE)
} static_ASN1_SEQUENCE_END (CertId)

ASN1_SEQUENCE (SigningCertificate) = {
  ASN1_SEQUENCE_OF (SigningCertificate, ids, CertId),
  ASN1_OPT (SigningCertificate, policies, ASN1_SEQUENCE)
} static_ASN1_SEQUENCE_END (SigningCertificate)
      /* clang-format on */

      static ASN1_OBJECT
      * algorithm_protection_oid (void)
{
  static ASN1_OBJECT *oid;

  if (g_once_init_enter (&oid))
    g_once_init_leave (&oid, OBJ_txt2obj (OID_ALGORITHM_PROTECTION, 1));
  return oid;
}

/* ---- reading ---- */

gboolean
ll_cms_attributes_present (const CMS_SignerInfo *si)
{
  return CMS_signed_get_attr_count (si) >= 0;
}

/* DER's order of a SET OF: octet by octet, the shorter one first (X.690 section 11.6). */
static int
compare_encodings (gconstpointer a, gconstpointer b)
{
  return g_bytes_compare (*(GBytes *const *)a, *(GBytes *const *)b);
}

static GPtrArray *
encode_each (const CMS_SignerInfo *si)
{
  GPtrArray *encoded = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  for (int i = 0; i < CMS_signed_get_attr_count (si); i++)
    {
      GBytes *one = LL_DER (CMS_signed_get_attr (si, i), X509_ATTRIBUTE);
      if (one != NULL)
        g_ptr_array_add (encoded, one);
    }
  return encoded;
}

static gboolean
is_sorted (GPtrArray *encoded)
{
  for (guint i = 1; i < encoded->len; i++)
    if (g_bytes_compare (encoded->pdata[i - 1], encoded->pdata[i]) > 0)
      return FALSE;
  return TRUE;
}

static GBytes *
join_as_set (GPtrArray *encoded)
{
  gsize length = 0;

  for (guint i = 0; i < encoded->len; i++)
    length += g_bytes_get_size (encoded->pdata[i]);
  int size = ASN1_object_size (1, (int)length, V_ASN1_SET);
  guint8 *der = g_malloc ((gsize)size), *at = der;
  ASN1_put_object (&at, 1, (int)length, V_ASN1_SET, V_ASN1_UNIVERSAL);
  for (guint i = 0; i < encoded->len; i++)
    {
      gsize n;
      gconstpointer data = g_bytes_get_data (encoded->pdata[i], &n);
      memcpy (at, data, n);
      at += n;
    }
  return g_bytes_new_take (der, (gsize)size);
}

GBytes *
ll_cms_attributes_encode (const CMS_SignerInfo *si, gboolean as_they_came)
{
  if (!ll_cms_attributes_present (si))
    return NULL;

  g_autoptr (GPtrArray) encoded = encode_each (si);
  if (as_they_came)
    return is_sorted (encoded) ? NULL : join_as_set (encoded);
  g_ptr_array_sort (encoded, compare_encodings);
  return join_as_set (encoded);
}

const ASN1_TYPE *
ll_cms_attributes_value (const CMS_SignerInfo *si, const ASN1_OBJECT *oid, int type)
{
  int at = CMS_signed_get_attr_by_OBJ (si, oid, -1);
  X509_ATTRIBUTE *attribute = at >= 0 ? CMS_signed_get_attr (si, at) : NULL;
  ASN1_TYPE *value = X509_ATTRIBUTE_get0_type (attribute, 0);

  return value != NULL && (type < 0 || ASN1_TYPE_get (value) == type) ? value : NULL;
}

/* Attributes of which there may be one, with one value (RFC 5652 section 11, RFC 8551 section 2.5,
 * RFC 2634 section 1.3.4, RFC 5035 section 3, RFC 6211 section 2). */
static gboolean
is_single (const ASN1_OBJECT *oid)
{
  static const int singles[] = { NID_pkcs9_contentType,
                                 NID_pkcs9_messageDigest,
                                 NID_pkcs9_signingTime,
                                 NID_SMIMECapabilities,
                                 NID_id_smime_aa_encrypKeyPref,
                                 NID_id_smime_aa_signingCertificate,
                                 NID_id_smime_aa_signingCertificateV2,
                                 NID_id_smime_aa_receiptRequest,
                                 NID_id_smime_aa_securityLabel,
                                 NID_id_smime_aa_mlExpandHistory,
                                 NID_id_smime_aa_contentHint,
                                 NID_id_smime_aa_contentIdentifier,
                                 NID_id_smime_aa_contentReference,
                                 NID_id_smime_aa_msgSigDigest };
  int nid = OBJ_obj2nid (oid);

  for (gsize i = 0; i < G_N_ELEMENTS (singles); i++)
    if (nid == singles[i])
      return TRUE;
  return OBJ_cmp (oid, algorithm_protection_oid ()) == 0;
}

/* SM-32, ES-07: known attributes once, with one value; of the unknown ones anything. */
static gboolean
cardinality_is_right (const CMS_SignerInfo *si)
{
  for (int i = 0; i < CMS_signed_get_attr_count (si); i++)
    {
      X509_ATTRIBUTE *attribute = CMS_signed_get_attr (si, i);
      const ASN1_OBJECT *oid = X509_ATTRIBUTE_get0_object (attribute);
      if (!is_single (oid))
        continue;
      if (X509_ATTRIBUTE_count (attribute) != 1 || CMS_signed_get_attr_by_OBJ (si, oid, i) >= 0)
        return FALSE;
    }
  return CMS_unsigned_get_attr_by_NID (si, NID_SMIMECapabilities, -1) < 0
         && CMS_unsigned_get_attr_by_NID (si, NID_id_smime_aa_encrypKeyPref, -1) < 0;
}

/* The same algorithm; absent parameters and NULL mean the same. */
static gboolean
same_algorithm (const X509_ALGOR *a, const X509_ALGOR *b)
{
  const ASN1_OBJECT *oid_a, *oid_b;
  int type_a, type_b;
  const void *value_a, *value_b;

  X509_ALGOR_get0 (&oid_a, &type_a, &value_a, a);
  X509_ALGOR_get0 (&oid_b, &type_b, &value_b, b);
  if (OBJ_cmp (oid_a, oid_b) != 0)
    return FALSE;
  gboolean empty_a = type_a == V_ASN1_UNDEF || type_a == V_ASN1_NULL;
  gboolean empty_b = type_b == V_ASN1_UNDEF || type_b == V_ASN1_NULL;
  if (empty_a || empty_b)
    return empty_a && empty_b;
  return X509_ALGOR_cmp (a, b) == 0;
}

/* CM-01: what was signed as the algorithms is what the SignerInfo says (RFC 6211 section 3). */
static gboolean
protection_is_right (CMS_SignerInfo *si)
{
  if (CMS_signed_get_attr_by_OBJ (si, algorithm_protection_oid (), -1) < 0)
    return TRUE;

  const ASN1_TYPE *value
      = ll_cms_attributes_value (si, algorithm_protection_oid (), V_ASN1_SEQUENCE);
  Protection *protection
      = value != NULL ? ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (Protection), value) : NULL;
  X509_ALGOR *digest, *signature;
  CMS_SignerInfo_get0_algs (si, NULL, NULL, &digest, &signature);
  gboolean right = protection != NULL && protection->signature != NULL && protection->mac == NULL
                   && same_algorithm (protection->digest, digest)
                   && same_algorithm (protection->signature, signature);
  ASN1_item_free ((ASN1_VALUE *)protection, ASN1_ITEM_rptr (Protection));
  return right;
}

LlReason
ll_cms_attributes_check (CMS_SignerInfo *si, const ASN1_OBJECT *content_type)
{
  if (!cardinality_is_right (si))
    return LL_REASON_ATTRIBUTE_CARDINALITY;
  if (!ll_cms_attributes_present (si))
    return LL_REASON_NONE;

  /* CM-11: RFC 5652 section 5.3 wants both. */
  const ASN1_TYPE *type
      = ll_cms_attributes_value (si, OBJ_nid2obj (NID_pkcs9_contentType), V_ASN1_OBJECT);
  if (type == NULL || ll_cms_attributes_digest (si) == NULL)
    return LL_REASON_ATTRIBUTE_CARDINALITY;
  if (OBJ_cmp (type->value.object, content_type) != 0)
    return LL_REASON_CONTENT_TYPE_MISMATCH;
  return protection_is_right (si) ? LL_REASON_NONE : LL_REASON_ALGORITHM_PROTECTION;
}

const ASN1_OCTET_STRING *
ll_cms_attributes_digest (const CMS_SignerInfo *si)
{
  const ASN1_TYPE *value
      = ll_cms_attributes_value (si, OBJ_nid2obj (NID_pkcs9_messageDigest), V_ASN1_OCTET_STRING);
  return value != NULL ? value->value.octet_string : NULL;
}

gint64
ll_cms_attributes_time (const CMS_SignerInfo *si)
{
  const ASN1_TYPE *value = ll_cms_attributes_value (si, OBJ_nid2obj (NID_pkcs9_signingTime), -1);
  struct tm tm;

  if (value == NULL || (value->type != V_ASN1_UTCTIME && value->type != V_ASN1_GENERALIZEDTIME)
      || ASN1_TIME_to_tm (value->value.asn1_string, &tm) != 1)
    return 0;
  return timegm (&tm);
}

/* The hash algorithm of an ESSCertID; `fallback` when it names none. */
static EVP_MD *
hash_of (const CertId *id, const char *fallback)
{
  char name[80];

  if (id->algorithm == NULL)
    return EVP_MD_fetch (ll_provider_context (NULL), fallback, NULL);
  if (OBJ_obj2txt (name, sizeof name, id->algorithm->algorithm, 1) <= 0)
    return NULL;
  return EVP_MD_fetch (ll_provider_context (NULL), name, NULL);
}

static gboolean
first_id_is (const SigningCertificate *names, const X509 *certificate, const char *fallback)
{
  const CertId *first = OPENSSL_sk_value ((OPENSSL_STACK *)names->ids, 0);
  EVP_MD *md = first != NULL ? hash_of (first, fallback) : NULL;
  guint8 hash[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  gboolean same = md != NULL && X509_digest (certificate, md, hash, &length) == 1
                  && first->hash->length == (int)length
                  && memcmp (first->hash->data, hash, length) == 0;
  EVP_MD_free (md);
  return same;
}

static gboolean
names_certificate (const CMS_SignerInfo *si, int nid, const char *fallback, const X509 *certificate)
{
  if (CMS_signed_get_attr_by_NID (si, nid, -1) < 0)
    return TRUE;

  const ASN1_TYPE *value = ll_cms_attributes_value (si, OBJ_nid2obj (nid), V_ASN1_SEQUENCE);
  SigningCertificate *names
      = value != NULL ? ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (SigningCertificate), value)
                      : NULL;
  gboolean same = names != NULL && first_id_is (names, certificate, fallback);
  ASN1_item_free ((ASN1_VALUE *)names, ASN1_ITEM_rptr (SigningCertificate));
  return same;
}

gboolean
ll_cms_attributes_name_certificate (const CMS_SignerInfo *si, const X509 *certificate)
{
  return names_certificate (si, NID_id_smime_aa_signingCertificate, "SHA1", certificate)
         && names_certificate (si, NID_id_smime_aa_signingCertificateV2, "SHA256", certificate);
}

/* ES-08: RFC 5035 section 3. A hash that nobody knows names no certificate. */
static void
add_listed (const CMS_SignerInfo *si, int nid, const char *fallback, GPtrArray *listed)
{
  const ASN1_TYPE *value = ll_cms_attributes_value (si, OBJ_nid2obj (nid), V_ASN1_SEQUENCE);
  SigningCertificate *names
      = value != NULL ? ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (SigningCertificate), value)
                      : NULL;
  OPENSSL_STACK *ids = names != NULL ? (OPENSSL_STACK *)names->ids : NULL;

  for (int i = 0; i < OPENSSL_sk_num (ids) && i < LL_LIMIT_CERTIFICATES; i++)
    {
      const CertId *id = OPENSSL_sk_value (ids, i);
      g_autoptr (EVP_MD) md = hash_of (id, fallback);
      g_autoptr (GBytes) hash = g_bytes_new (id->hash->data, (gsize)id->hash->length);
      g_ptr_array_add (listed,
                       ll_listed_certificate_new (md != NULL ? EVP_MD_get0_name (md) : "?", hash));
    }
  ASN1_item_free ((ASN1_VALUE *)names, ASN1_ITEM_rptr (SigningCertificate));
}

GPtrArray *
ll_cms_attributes_dup_listed (const CMS_SignerInfo *si)
{
  g_autoptr (GPtrArray) listed
      = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_listed_certificate_free);

  add_listed (si, NID_id_smime_aa_signingCertificateV2, "SHA256", listed);
  if (listed->len == 0)
    add_listed (si, NID_id_smime_aa_signingCertificate, "SHA1", listed);
  return listed->len > 0 ? g_steal_pointer (&listed) : NULL;
}
