#include <config.h>

#include <openssl/err.h>

#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "engine/cms-attributes-private.h"
#include "engine/cms-claims-private.h"
#include "engine/cms-signer-private.h"
#include "engine/cms-value-private.h"
#include "engine/engine-smime-private.h"
#include "engine/cms-names-private.h"
#include "keys/x509-cert-private.h"

typedef struct
{
  const LlCmsCase *the_case;
  CMS_ContentInfo *cms;
  CMS_SignerInfo *si;
  const LlCmsDigest *digest; /* NULL: not one that we take */
  LlReason scheme_reason;    /* why the signature algorithm cannot be right, or NONE */
  LlCmsValue value;
  GBytes *as_they_came; /* the attributes in another order, or NULL */
  LlSignatureFacts *facts;
} Signer;

static void
settle (Signer *signer, LlIntegrity integrity, LlReason reason)
{
  signer->facts->integrity = integrity;
  signer->facts->reason = reason;
}

/* What the signerInfo says of itself. */
static void
describe (Signer *signer)
{
  gboolean has_attributes = ll_cms_attributes_present (signer->si);
  X509_ALGOR *digest, *signature;

  CMS_SignerInfo_get0_algs (signer->si, NULL, NULL, &digest, &signature);
  signer->digest = ll_cms_digest_of (digest);
  signer->scheme_reason
      = ll_cms_scheme_read (&signer->value.scheme, signature, signer->digest, has_attributes);
  signer->value.digest = signer->digest;
  signer->value.octets = CMS_SignerInfo_get0_signature (signer->si);
  signer->value.content = signer->the_case->digests;
  if (signer->digest != NULL)
    signer->facts->digest = g_strdup (signer->digest->name);
  signer->facts->algorithm = g_strdup (signer->value.scheme.name);
  signer->facts->countersignatures = ll_cms_claims_count_countersignatures (signer->si);
  signer->facts->signing_time = ll_cms_attributes_time (signer->si);
}

/* ---- what can be said without a key ---- */

static LlReason
check_content (const Signer *signer)
{
  const LlCmsCase *the_case = signer->the_case;

  gboolean has_attributes = ll_cms_attributes_present (signer->si);
  /* RFC 5652 section 5.1: a digest that the message does not list was not computed. Nor is it used
   * for what signs the content itself (PQ-08). */
  if (ll_cms_digests_get_md (the_case->digests, signer->digest->nid) == NULL
      && (has_attributes || !signer->value.scheme.is_pure))
    return LL_REASON_MALFORMED;
  if (has_attributes)
    {
      const ASN1_OCTET_STRING *said = ll_cms_attributes_digest (signer->si);
      return ll_cms_digests_match (the_case->digests, signer->digest->nid,
                                   ASN1_STRING_get0_data (said), ASN1_STRING_length (said))
                 ? LL_REASON_NONE
                 : LL_REASON_DIGEST_MISMATCH;
    }
  /* CM-13: no signed attributes only for id-data, and never where the content may be some. */
  if (!ll_cms_reader_get_parts (the_case->reader)->content_is_data)
    return LL_REASON_ATTRIBUTE_CARDINALITY;
  return ll_cms_digests_content_is_attributes (the_case->digests) ? LL_REASON_NO_SIGNED_ATTRIBUTES
                                                                  : LL_REASON_NONE;
}

/* FALSE when the answer is clear already. */
static gboolean
passes_without_key (Signer *signer)
{
  LlReason reason = LL_REASON_NONE;

  if (signer->the_case->content_in_detached)
    reason = LL_REASON_CONTENT_IN_DETACHED;
  else if (signer->scheme_reason == LL_REASON_UNSUPPORTED_ALGORITHM)
    reason = signer->scheme_reason;
  if (reason == LL_REASON_NONE)
    reason = ll_cms_attributes_check (signer->si, CMS_get0_eContentType (signer->cms));
  if (reason == LL_REASON_NONE)
    reason = signer->scheme_reason;
  if (reason == LL_REASON_NONE)
    reason = check_content (signer);
  if (reason != LL_REASON_NONE)
    settle (signer,
            reason == LL_REASON_UNSUPPORTED_ALGORITHM ? LL_INTEGRITY_NOT_CHECKED
                                                      : LL_INTEGRITY_BROKEN,
            reason);
  return reason == LL_REASON_NONE;
}

/* ---- with a key ---- */

static gboolean
is_named (const Signer *signer, X509 *certificate)
{
  ASN1_OCTET_STRING *key_id = NULL;

  CMS_SignerInfo_get0_signer_id (signer->si, &key_id, NULL, NULL);
  if (key_id != NULL)
    return ll_smime_has_key_id (certificate, key_id);
  return CMS_SignerInfo_cert_cmp (signer->si, certificate) == 0;
}

/* The signature value against one certificate's key: NONE when it holds. Signed attributes are
 * signed in DER (CM-05); where they came in another order, some programs have signed them so. */
static LlReason
check_value_with (Signer *signer, X509 *certificate)
{
  EVP_PKEY *key = X509_get0_pubkey (certificate);
  if (key == NULL)
    {
      ASN1_OBJECT *algorithm = NULL;
      X509_PUBKEY_get0_param (&algorithm, NULL, NULL, NULL, X509_get_X509_PUBKEY (certificate));
      ERR_clear_error ();
      return ll_cms_scheme_is_missing (algorithm) ? LL_REASON_NEWER_OPENSSL
                                                  : LL_REASON_UNSUPPORTED_ALGORITHM;
    }

  LlReason reason = ll_cms_value_check (&signer->value, key);
  if (reason != LL_REASON_BAD_SIGNATURE || signer->as_they_came == NULL)
    return reason;
  LlCmsValue other = signer->value;
  other.attributes = signer->as_they_came;
  return ll_cms_value_check (&other, key);
}

/* Tries the certificates of the list that the signer names (SM-19), but not any number of them: a
 * key identifier can name hundreds, and each costs a verification (VM-08). The first whose key
 * fits, or NULL; `reason` gets why those that were named did not. */
static LlKey *
find_signer (Signer *signer, GPtrArray *certificates, LlReason *reason)
{
  guint n_tries = 0;

  for (guint i = 0; certificates != NULL && i < certificates->len; i++)
    {
      LlKey *key = g_ptr_array_index (certificates, i);
      X509 *certificate = ll_x509_cert_get (key);
      if (!is_named (signer, certificate))
        continue;
      if (n_tries++ == LL_LIMIT_SIGNER_TRIES)
        {
          *reason = LL_REASON_LIMIT_CERTIFICATES;
          return NULL;
        }
      *reason = check_value_with (signer, certificate);
      if (*reason == LL_REASON_NONE)
        return key;
    }
  return NULL;
}

/* ES-06: the certificate that the signer signed for, among those with the same key. */
static LlKey *
find_signed_for (const Signer *signer, LlKey *found, GPtrArray *certificates)
{
  EVP_PKEY *public_key = X509_get0_pubkey (ll_x509_cert_get (found));

  for (guint i = 0; certificates != NULL && i < certificates->len; i++)
    {
      LlKey *key = g_ptr_array_index (certificates, i);
      X509 *certificate = ll_x509_cert_get (key);
      EVP_PKEY *other = X509_get0_pubkey (certificate);
      if (other != NULL && EVP_PKEY_eq (other, public_key) == 1
          && ll_cms_attributes_name_certificate (signer->si, certificate))
        return key;
    }
  return NULL;
}

/* With HOLDS: what still weakens it, the worst first. */
static void
settle_strength (Signer *signer, EVP_PKEY *key)
{
  LlKeyStrength strength = ll_x509_key_strength (key);

  if (strength == LL_KEY_HOPELESS)
    settle (signer, LL_INTEGRITY_BROKEN, LL_REASON_WEAK_KEY);
  else if (signer->digest->weak)
    settle (signer, LL_INTEGRITY_HOLDS, LL_REASON_WEAK_DIGEST);
  else if (strength == LL_KEY_WEAK)
    settle (signer, LL_INTEGRITY_HOLDS, LL_REASON_WEAK_KEY);
  else if (!ll_cms_attributes_present (signer->si))
    settle (signer, LL_INTEGRITY_HOLDS, LL_REASON_NO_SIGNED_ATTRIBUTES);
  else
    settle (signer, LL_INTEGRITY_HOLDS, LL_REASON_NONE);
}

static void
check_value (Signer *signer)
{
  const LlCmsCase *the_case = signer->the_case;
  g_autoptr (GBytes) attributes = ll_cms_attributes_encode (signer->si, FALSE);
  g_autoptr (GBytes) as_they_came = ll_cms_attributes_encode (signer->si, TRUE);
  signer->value.attributes = attributes;
  signer->as_they_came = as_they_came;

  LlReason reason = LL_REASON_NO_PUBLIC_KEY;
  LlKey *found = find_signer (signer, the_case->certificates, &reason);

  if (found == NULL && the_case->store != NULL)
    {
      GPtrArray *stored = ll_key_store_certificates (the_case->store, NULL);
      found = find_signer (signer, stored, &reason);
    }
  if (found == NULL)
    {
      gboolean broken
          = reason == LL_REASON_BAD_SIGNATURE || reason == LL_REASON_DIGEST_ALGORITHM_MISMATCH;
      settle (signer, broken ? LL_INTEGRITY_BROKEN : LL_INTEGRITY_NOT_CHECKED, reason);
      return;
    }

  LlKey *meant = found;
  if (!ll_cms_attributes_name_certificate (signer->si, ll_x509_cert_get (found)))
    {
      meant = find_signed_for (signer, found, the_case->certificates);
      if (meant == NULL && the_case->store != NULL)
        meant = find_signed_for (signer, found, ll_key_store_certificates (the_case->store, NULL));
    }
  signer->facts->key = ll_key_ref (meant != NULL ? meant : found);
  if (meant == NULL)
    settle (signer, LL_INTEGRITY_BROKEN, LL_REASON_SIGNING_CERTIFICATE_MISMATCH);
  else
    settle_strength (signer, X509_get0_pubkey (ll_x509_cert_get (meant)));
}

/* Who it claims to be, also when it does not hold: the certificate that the signer names. */
static LlKey *
find_named (const Signer *signer)
{
  GPtrArray *certificates = signer->the_case->certificates;

  for (guint i = 0; i < certificates->len; i++)
    if (is_named (signer, ll_x509_cert_get (g_ptr_array_index (certificates, i))))
      return ll_key_ref (g_ptr_array_index (certificates, i));
  return NULL;
}

static void
name_signer (Signer *signer)
{
  ASN1_OCTET_STRING *key_id = NULL;
  X509_NAME *issuer = NULL;
  ASN1_INTEGER *serial = NULL;

  if (signer->facts->key == NULL)
    signer->facts->key = find_named (signer);
  if (signer->facts->key != NULL)
    {
      signer->facts->fingerprint = g_strdup (ll_key_get_fingerprint (signer->facts->key));
      return;
    }
  CMS_SignerInfo_get0_signer_id (signer->si, &key_id, &issuer, &serial);
  signer->facts->signer_hint = ll_smime_hint (key_id, issuer, serial);
}

LlSignatureFacts *
ll_cms_signer_judge (const LlCmsCase *the_case, GBytes *signer_info)
{
  g_autoptr (LlSignatureFacts) facts = ll_signature_facts_new (LL_PROTOCOL_SMIME);
  g_autoptr (GBytes) object = ll_cms_reader_signed_object (the_case->reader, signer_info);
  g_autoptr (CMS_ContentInfo) cms = ll_smime_parse (object);
  STACK_OF (CMS_SignerInfo) *infos = cms != NULL ? CMS_get0_SignerInfos (cms) : NULL;
  Signer signer = { .the_case = the_case, .cms = cms, .facts = facts };

  if (sk_CMS_SignerInfo_num (infos) != 1)
    {
      settle (&signer, LL_INTEGRITY_BROKEN, LL_REASON_MALFORMED);
      return g_steal_pointer (&facts);
    }
  signer.si = sk_CMS_SignerInfo_value (infos, 0);
  describe (&signer);
  if (passes_without_key (&signer))
    check_value (&signer);
  name_signer (&signer);
  if (facts->integrity == LL_INTEGRITY_HOLDS)
    ll_cms_claims_read (signer.si, the_case->certificates, the_case->store, facts);
  return g_steal_pointer (&facts);
}
