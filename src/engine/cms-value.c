#include <config.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "bridge/openssl-glue.h"
#include "engine/cms-value-private.h"
#include "keys/x509-cert-private.h"
#include "provider/provider.h"

/* A key for RSASSA-PSS alone makes nothing else; any other RSA key may make it too. */
static gboolean
key_fits (const LlCmsScheme *scheme, EVP_PKEY *key)
{
  if (EVP_PKEY_is_a (key, scheme->key_type))
    return TRUE;
  return scheme->padding == RSA_PKCS1_PSS_PADDING && EVP_PKEY_is_a (key, "RSA-PSS");
}

/* AL-12: OpenSSL refuses to set what a key for RSASSA-PSS alone does not allow (RFC 4055 section
 * 3.3). */
static gboolean
set_parameters (const LlCmsScheme *scheme, EVP_PKEY_CTX *context, const EVP_MD *md)
{
  gboolean is_rsa = g_str_equal (scheme->key_type, "RSA");

  if (is_rsa && EVP_PKEY_CTX_set_rsa_padding (context, scheme->padding) <= 0)
    return FALSE;
  if (EVP_PKEY_CTX_set_signature_md (context, md) <= 0)
    return FALSE;
  if (!is_rsa || scheme->padding != RSA_PKCS1_PSS_PADDING)
    return TRUE;
  return EVP_PKEY_CTX_set_rsa_mgf1_md_name (context, scheme->mask, NULL) > 0
         && EVP_PKEY_CTX_set_rsa_pss_saltlen (context, scheme->salt) > 0;
}

static LlReason
check_hash (const LlCmsValue *value, EVP_PKEY *key)
{
  g_autoptr (EVP_PKEY_CTX) context
      = EVP_PKEY_CTX_new_from_pkey (ll_provider_context (NULL), key, NULL);
  guint8 hash[EVP_MAX_MD_SIZE];
  const EVP_MD *md = ll_cms_digests_get_md (value->content, value->digest->nid);
  gsize length
      = value->attributes != NULL
            ? ll_cms_digests_hash (value->content, value->digest->nid, value->attributes, hash)
            : ll_cms_digests_final (value->content, value->digest->nid, hash);

  if (length == 0 || context == NULL || EVP_PKEY_verify_init (context) <= 0)
    return LL_REASON_UNSUPPORTED_ALGORITHM;
  if (!set_parameters (&value->scheme, context, md))
    return EVP_PKEY_is_a (key, "RSA-PSS") ? LL_REASON_DIGEST_ALGORITHM_MISMATCH
                                          : LL_REASON_UNSUPPORTED_ALGORITHM;
  return EVP_PKEY_verify (context, value->octets->data, (gsize)value->octets->length, hash, length)
                 == 1
             ? LL_REASON_NONE
             : LL_REASON_BAD_SIGNATURE;
}

/* OpenSSL 3.0 has EdDSA, but not in CMS: here it does not matter. */
static LlReason
check_octets (const LlCmsValue *value, EVP_PKEY *key)
{
  g_autoptr (GBytes) octets = value->attributes != NULL
                                  ? g_bytes_ref (value->attributes)
                                  : ll_cms_digests_dup_content (value->content);
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  gsize length;

  if (octets == NULL
      || EVP_DigestVerifyInit_ex (context, NULL, NULL, ll_provider_context (NULL), NULL, key, NULL)
             != 1)
    return LL_REASON_UNSUPPORTED_ALGORITHM;
  const guint8 *data = g_bytes_get_data (octets, &length);
  return EVP_DigestVerify (context, value->octets->data, (gsize)value->octets->length,
                           data != NULL ? data : (const guint8 *)"", length)
                 == 1
             ? LL_REASON_NONE
             : LL_REASON_BAD_SIGNATURE;
}

LlReason
ll_cms_value_check (const LlCmsValue *value, EVP_PKEY *key)
{
  LlReason reason = LL_REASON_BAD_SIGNATURE;

  if (ll_x509_key_is_huge (key)) /* before any mathematics */
    return LL_REASON_UNSUPPORTED_ALGORITHM;
  if (key_fits (&value->scheme, key))
    reason = value->scheme.is_pure ? check_octets (value, key) : check_hash (value, key);
  ERR_clear_error ();
  return reason;
}
