#include <config.h>

#include <openssl/objects.h>
#include <openssl/rsa.h>

#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "engine/cms-scheme-private.h"
#include "provider/provider.h"

#define ARC "2.16.840.1.101.3.4.3." /* NIST's signature algorithms */

/* The ones that sign octets themselves, by object identifier: an older OpenSSL has no number for
 * the newer ones. The digests are those of RFC 8419 section 3, RFC 9882 section 3.3 and RFC 9814
 * section 4: none that is weaker than the key. */
static const struct
{
  const char *oid;
  LlCmsScheme scheme;
} pure[] = {
#define EDWARDS(key, bytes, nid)                                                                   \
  {                                                                                                \
    .name = "EdDSA", .key_type = key, .is_pure = TRUE, .digest_bytes = bytes, .digest_nid = nid    \
  }
#define NEW(key, bytes)                                                                            \
  {                                                                                                \
    .name = key, .key_type = key, .is_pure = TRUE, .is_new = TRUE, .digest_bytes = bytes           \
  }
  { "1.3.101.112", EDWARDS ("ED25519", 64, NID_sha512) },
  { "1.3.101.113", EDWARDS ("ED448", 64, NID_shake256) },
  { ARC "17", NEW ("ML-DSA-44", 32) },
  { ARC "18", NEW ("ML-DSA-65", 48) },
  { ARC "19", NEW ("ML-DSA-87", 64) },
  { ARC "20", NEW ("SLH-DSA-SHA2-128s", 32) },
  { ARC "21", NEW ("SLH-DSA-SHA2-128f", 32) },
  { ARC "22", NEW ("SLH-DSA-SHA2-192s", 48) },
  { ARC "23", NEW ("SLH-DSA-SHA2-192f", 48) },
  { ARC "24", NEW ("SLH-DSA-SHA2-256s", 64) },
  { ARC "25", NEW ("SLH-DSA-SHA2-256f", 64) },
  { ARC "26", NEW ("SLH-DSA-SHAKE-128s", 32) },
  { ARC "27", NEW ("SLH-DSA-SHAKE-128f", 32) },
  { ARC "28", NEW ("SLH-DSA-SHAKE-192s", 48) },
  { ARC "29", NEW ("SLH-DSA-SHAKE-192f", 48) },
  { ARC "30", NEW ("SLH-DSA-SHAKE-256s", 64) },
  { ARC "31", NEW ("SLH-DSA-SHAKE-256f", 64) },
#undef EDWARDS
#undef NEW
};

static const LlCmsScheme *
find_pure (const ASN1_OBJECT *oid)
{
  char dotted[64];

  if (OBJ_obj2txt (dotted, sizeof dotted, oid, 1) <= 0)
    return NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (pure); i++)
    if (g_str_equal (pure[i].oid, dotted))
      return &pure[i].scheme;
  return NULL;
}

/* AL-05, PQ-07: no parameters at all. Without signed attributes the digest is not used, and is not
 * looked at (PQ-08). */
static LlReason
check_pure (const LlCmsScheme *scheme, const X509_ALGOR *algorithm, const LlCmsDigest *digest,
            gboolean has_attributes)
{
  if (algorithm->parameter != NULL)
    return LL_REASON_MALFORMED;
  if (!has_attributes)
    return LL_REASON_NONE;
  if (scheme->digest_nid != NID_undef && scheme->digest_nid != digest->nid)
    return LL_REASON_DIGEST_ALGORITHM_MISMATCH;
  return !digest->weak && digest->bytes >= scheme->digest_bytes
             ? LL_REASON_NONE
             : LL_REASON_DIGEST_ALGORITHM_MISMATCH;
}

/* The digest of MGF1, or NID_undef when it is not MGF1 at all. */
static int
mask_of (const RSA_PSS_PARAMS *pss)
{
  const X509_ALGOR *generator = pss->maskGenAlgorithm;
  if (generator == NULL)
    return NID_sha1;

  const ASN1_TYPE *parameter = generator->parameter;
  g_autoptr (X509_ALGOR) inner
      = parameter != NULL && parameter->type == V_ASN1_SEQUENCE
            ? ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (X509_ALGOR), parameter)
            : NULL;
  if (OBJ_obj2nid (generator->algorithm) != NID_mgf1 || inner == NULL)
    return NID_undef;
  return OBJ_obj2nid (inner->algorithm);
}

/* AL-07: RFC 4056 section 3. MGF1 with another hash than the content's is against our policy. */
static LlReason
read_pss (LlCmsScheme *scheme, const X509_ALGOR *algorithm, const LlCmsDigest *digest)
{
  g_autoptr (RSA_PSS_PARAMS) pss
      = algorithm->parameter != NULL && algorithm->parameter->type == V_ASN1_SEQUENCE
            ? ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (RSA_PSS_PARAMS), algorithm->parameter)
            : NULL;
  if (pss == NULL)
    return LL_REASON_MALFORMED;
  long salt = pss->saltLength != NULL ? ASN1_INTEGER_get (pss->saltLength) : 20;
  if (salt < 0 || salt > LL_LIMIT_RSA_BITS / 8)
    return LL_REASON_MALFORMED;
  if (pss->trailerField != NULL && ASN1_INTEGER_get (pss->trailerField) != 1)
    return LL_REASON_UNSUPPORTED_ALGORITHM;

  int hash = pss->hashAlgorithm != NULL ? OBJ_obj2nid (pss->hashAlgorithm->algorithm) : NID_sha1;
  int mask = mask_of (pss);
  if (mask == NID_undef)
    return LL_REASON_UNSUPPORTED_ALGORITHM;
  if (hash != digest->nid || mask != hash)
    return LL_REASON_DIGEST_ALGORITHM_MISMATCH;
  scheme->padding = RSA_PKCS1_PSS_PADDING;
  scheme->mask = OBJ_nid2sn (mask);
  scheme->salt = (int)salt;
  return LL_REASON_NONE;
}

static const char *
key_type_of (int key_nid)
{
  switch (key_nid)
    {
    case NID_rsaEncryption:
    case NID_rsassaPss:
      return "RSA";
    case NID_X9_62_id_ecPublicKey:
      return "EC";
    case NID_dsa:
    case NID_dsa_2:
      return "DSA";
    default:
      return NULL;
    }
}

LlReason
ll_cms_scheme_read (LlCmsScheme *scheme, const X509_ALGOR *algorithm, const LlCmsDigest *digest,
                    gboolean has_attributes)
{
  const LlCmsScheme *found = find_pure (algorithm->algorithm);
  int nid = OBJ_obj2nid (algorithm->algorithm), own_digest = NID_undef, key = nid;

  *scheme = (LlCmsScheme){ NULL };
  if (found != NULL)
    {
      *scheme = *found;
      return digest != NULL ? check_pure (scheme, algorithm, digest, has_attributes)
                            : LL_REASON_UNSUPPORTED_ALGORITHM;
    }
  OBJ_find_sigid_algs (nid, &own_digest, &key);
  scheme->name = ll_cms_algorithm_name (nid);
  scheme->key_type = key_type_of (key);
  scheme->padding = RSA_PKCS1_PADDING;
  if (digest == NULL || scheme->name == NULL || scheme->key_type == NULL)
    return LL_REASON_UNSUPPORTED_ALGORITHM;
  if (nid == NID_rsassaPss)
    return read_pss (scheme, algorithm, digest);
  /* CM-12: the signature algorithm's own digest, where it names one, is the content's digest. */
  return own_digest == NID_undef || own_digest == digest->nid ? LL_REASON_NONE
                                                              : LL_REASON_DIGEST_ALGORITHM_MISMATCH;
}

gboolean
ll_cms_scheme_is_missing (const ASN1_OBJECT *key_algorithm)
{
  const LlCmsScheme *scheme = find_pure (key_algorithm);
  if (scheme == NULL || !scheme->is_new)
    return FALSE;

  EVP_SIGNATURE *method = EVP_SIGNATURE_fetch (ll_provider_context (NULL), scheme->key_type, NULL);
  gboolean missing = method == NULL;
  EVP_SIGNATURE_free (method);
  return missing;
}
