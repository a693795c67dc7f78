#include <config.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>

#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "engine/cms-attributes-private.h"
#include "engine/cms-claims-private.h"
#include "engine/engine-smime-private.h"
#include "keys/x509-cert-private.h"

/* SMIMEEncryptionKeyPreference, RFC 8551 section 2.5.3. */
typedef struct
{
  X509_NAME *issuer;
  ASN1_INTEGER *serial;
} IssuerAndSerial;

typedef struct
{
  ASN1_OCTET_STRING *key_id;
  ASN1_GENERALIZEDTIME *date;
  ASN1_TYPE *other;
} RecipientKeyId;

enum
{
  PREFERS_ISSUER_AND_SERIAL,
  PREFERS_RECIPIENT_KEY,
  PREFERS_KEY_ID,
};

typedef struct
{
  int type;
  union
  {
    IssuerAndSerial *named;
    RecipientKeyId *recipient;
    ASN1_OCTET_STRING *key_id;
  } d;
} Preference;

/* clang-format off */
ASN1_SEQUENCE (IssuerAndSerial) = {
  ASN1_SIMPLE (IssuerAndSerial, issuer, X509_NAME),
  ASN1_SIMPLE (IssuerAndSerial, serial, ASN1_INTEGER)
} static_ASN1_SEQUENCE_END (IssuerAndSerial)

ASN1_SEQUENCE (RecipientKeyId) = {
  ASN1_SIMPLE (RecipientKeyId, key_id, ASN1_OCTET_STRING),
  ASN1_OPT (RecipientKeyId, date, ASN1_GENERALIZEDTIME),
  ASN1_OPT (RecipientKeyId, other, ASN1_ANY)
} static_ASN1_SEQUENCE_END (RecipientKeyId)

ASN1_CHOICE (Preference) = {
  ASN1_IMP (Preference, d.named, IssuerAndSerial, PREFERS_ISSUER_AND_SERIAL),
  ASN1_IMP (Preference, d.recipient, RecipientKeyId, PREFERS_RECIPIENT_KEY),
  ASN1_IMP (Preference, d.key_id, ASN1_OCTET_STRING, PREFERS_KEY_ID)
} static_ASN1_CHOICE_END (Preference)
      /* clang-format on */

      static Preference
      * read_preference (const CMS_SignerInfo *si)
{
  const ASN1_TYPE *value
      = ll_cms_attributes_value (si, OBJ_nid2obj (NID_id_smime_aa_encrypKeyPref), -1);
  g_autoptr (GBytes) der = value != NULL ? LL_DER (value, ASN1_TYPE) : NULL;
  gsize length = 0;
  const guint8 *at = der != NULL ? g_bytes_get_data (der, &length) : NULL;
  ASN1_VALUE *preference
      = at != NULL ? ASN1_item_d2i (NULL, &at, (long)length, ASN1_ITEM_rptr (Preference)) : NULL;

  ERR_clear_error ();
  return (Preference *)preference;
}

static gboolean
is_preferred (const Preference *preference, X509 *certificate)
{
  switch (preference->type)
    {
    case PREFERS_ISSUER_AND_SERIAL:
      return X509_NAME_cmp (preference->d.named->issuer, X509_get_issuer_name (certificate)) == 0
             && ASN1_INTEGER_cmp (preference->d.named->serial, X509_get0_serialNumber (certificate))
                    == 0;
    case PREFERS_RECIPIENT_KEY:
      return ll_smime_has_key_id (certificate, preference->d.recipient->key_id);
    case PREFERS_KEY_ID:
      return ll_smime_has_key_id (certificate, preference->d.key_id);
    default:
      return FALSE;
    }
}

static LlKey *
find_preferred (const Preference *preference, GPtrArray *certificates)
{
  for (guint i = 0; certificates != NULL && i < certificates->len; i++)
    {
      LlKey *key = g_ptr_array_index (certificates, i);
      if (is_preferred (preference, ll_x509_cert_get (key)))
        return ll_key_ref (key);
    }
  return NULL;
}

/* SM-32: it stands there once, with one value, or the signature would not hold. */
static GBytes *
read_capabilities (const CMS_SignerInfo *si)
{
  const ASN1_TYPE *value
      = ll_cms_attributes_value (si, OBJ_nid2obj (NID_SMIMECapabilities), V_ASN1_SEQUENCE);
  const ASN1_STRING *der = value != NULL ? value->value.sequence : NULL;

  if (der == NULL || ASN1_STRING_length (der) > LL_LIMIT_CAPABILITIES_BYTES)
    return NULL;
  return g_bytes_new (ASN1_STRING_get0_data (der), (gsize)ASN1_STRING_length (der));
}

void
ll_cms_claims_read (const CMS_SignerInfo *si, GPtrArray *certificates, LlKeyStore *store,
                    LlSignatureFacts *facts)
{
  Preference *preference = read_preference (si);

  facts->capabilities = read_capabilities (si);
  facts->listed_certificates = ll_cms_attributes_dup_listed (si);
  if (preference == NULL)
    return;
  facts->encryption_key = find_preferred (preference, certificates);
  if (facts->encryption_key == NULL && store != NULL)
    facts->encryption_key = find_preferred (preference, ll_key_store_certificates (store, NULL));
  ASN1_item_free ((ASN1_VALUE *)preference, ASN1_ITEM_rptr (Preference));
}

guint
ll_cms_claims_count_countersignatures (const CMS_SignerInfo *si)
{
  guint count = 0;

  for (int i = -1; (i = CMS_unsigned_get_attr_by_NID (si, NID_pkcs9_countersignature, i)) >= 0;)
    count += (guint)X509_ATTRIBUTE_count (CMS_unsigned_get_attr (si, i));
  return count;
}
