#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "base/error.h"
#include "base/secret.h"
#include "engine/cms-kdf-private.h"
#include "engine/cms-unwrap-private.h"
#include "provider/provider.h"

#define DEFAULT_KEY_LENGTH 16 /* where any length will do (RC2) */
#define MAX_SHARED_BYTES 128
#define MAX_WRAPPED_BYTES 1024

/* ---- tables ---- */

static const LlKeyWrap wraps[] = {
  { "2.16.840.1.101.3.4.1.5", "AES-128", "AES-128-WRAP", 16, FALSE },
  { "2.16.840.1.101.3.4.1.25", "AES-192", "AES-192-WRAP", 24, FALSE },
  { "2.16.840.1.101.3.4.1.45", "AES-256", "AES-256-WRAP", 32, FALSE },
  { "2.16.840.1.101.3.4.1.8", "AES-128", "AES-128-WRAP-PAD", 16, FALSE },
  { "2.16.840.1.101.3.4.1.28", "AES-192", "AES-192-WRAP-PAD", 24, FALSE },
  { "2.16.840.1.101.3.4.1.48", "AES-256", "AES-256-WRAP-PAD", 32, FALSE },
  { "1.2.840.113549.1.9.16.3.6", "3DES", "DES3-WRAP", 24, TRUE },
};

/* Key agreements, by their KDF. The curves that we know have the cofactor 1: the two forms of ECDH
 * are one (AL-09, AL-10). */
static const struct
{
  const char *dotted;
  LlCmsKdf kdf;
  const char *digest;
} schemes[] = {
  { "1.3.133.16.840.63.0.2", LL_CMS_KDF_X963, "SHA1" },
  { "1.3.132.1.11.0", LL_CMS_KDF_X963, "SHA224" },
  { "1.3.132.1.11.1", LL_CMS_KDF_X963, "SHA256" },
  { "1.3.132.1.11.2", LL_CMS_KDF_X963, "SHA384" },
  { "1.3.132.1.11.3", LL_CMS_KDF_X963, "SHA512" },
  { "1.3.133.16.840.63.0.3", LL_CMS_KDF_X963, "SHA1" },
  { "1.3.132.1.14.0", LL_CMS_KDF_X963, "SHA224" },
  { "1.3.132.1.14.1", LL_CMS_KDF_X963, "SHA256" },
  { "1.3.132.1.14.2", LL_CMS_KDF_X963, "SHA384" },
  { "1.3.132.1.14.3", LL_CMS_KDF_X963, "SHA512" },
  { "1.2.840.113549.1.9.16.3.19", LL_CMS_KDF_HKDF, "SHA256" },
  { "1.2.840.113549.1.9.16.3.20", LL_CMS_KDF_HKDF, "SHA384" },
  { "1.2.840.113549.1.9.16.3.21", LL_CMS_KDF_HKDF, "SHA512" },
};

/* PQ-06 */
static const struct
{
  const char *dotted, *name;
} kems[] = {
  { "2.16.840.1.101.3.4.4.1", "ML-KEM-512" },
  { "2.16.840.1.101.3.4.4.2", "ML-KEM-768" },
  { "2.16.840.1.101.3.4.4.3", "ML-KEM-1024" },
};

/* The KDFs of RFC 8619, which a KEM names. */
static const struct
{
  const char *dotted, *digest;
} kdfs[] = {
  { "1.2.840.113549.1.9.16.3.28", "SHA256" },
  { "1.2.840.113549.1.9.16.3.29", "SHA384" },
  { "1.2.840.113549.1.9.16.3.30", "SHA512" },
};

const LlKeyWrap *
ll_unwrap_find_wrap (const LlRecipient *recipient)
{
  for (gsize i = 0; i < G_N_ELEMENTS (wraps); i++)
    if (ll_algorithm_is (recipient->wrap, wraps[i].dotted))
      return &wraps[i];
  return NULL;
}

/* The place in `schemes`, or -1. */
static gssize
find_scheme (const LlRecipient *recipient)
{
  for (gsize i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (ll_algorithm_is (recipient->algorithm, schemes[i].dotted))
      return (gssize)i;
  return -1;
}

const char *
ll_unwrap_name (const LlRecipient *recipient)
{
  switch (recipient->kind)
    {
    case LL_RECIPIENT_TRANSPORT:
      switch (OBJ_obj2nid (recipient->algorithm->algorithm))
        {
        case NID_rsaEncryption:
          return "RSA";
        case NID_rsaesOaep:
          return "RSA-OAEP";
        default:
          return NULL;
        }
    case LL_RECIPIENT_AGREEMENT:
      return find_scheme (recipient) >= 0 ? "ECDH" : NULL;
    case LL_RECIPIENT_KEM:
      for (gsize i = 0; i < G_N_ELEMENTS (kems); i++)
        if (ll_algorithm_is (recipient->algorithm, kems[i].dotted))
          return kems[i].name;
      return NULL;
    default:
      return NULL;
    }
}

static GBytes *
set_unsupported (const X509_ALGOR *algorithm, GError **error)
{
  char dotted[80] = "?";

  if (algorithm != NULL)
    OBJ_obj2txt (dotted, sizeof dotted, algorithm->algorithm, 1);
  g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
               _ ("The content key is encrypted with %s, which is not supported."), dotted);
  return NULL;
}

/* ---- RSA ---- */

/* RFC 4055 section 4.1, with its defaults (AL-08). */
typedef struct
{
  const char *digest, *mgf_digest;
  const ASN1_OCTET_STRING *label; /* or NULL */
  RSA_OAEP_PARAMS *owner;
  X509_ALGOR *mgf_owner;
} Oaep;

static void
oaep_clear (Oaep *oaep)
{
  RSA_OAEP_PARAMS_free (oaep->owner);
  X509_ALGOR_free (oaep->mgf_owner);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Oaep, oaep_clear)

static const char *
digest_of (const X509_ALGOR *algorithm)
{
  return OBJ_nid2sn (OBJ_obj2nid (algorithm->algorithm));
}

static gboolean
read_mgf (Oaep *oaep, const X509_ALGOR *mask)
{
  if (mask == NULL)
    return TRUE;
  if (OBJ_obj2nid (mask->algorithm) != NID_mgf1 || mask->parameter == NULL
      || mask->parameter->type != V_ASN1_SEQUENCE)
    return FALSE;
  oaep->mgf_owner = ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (X509_ALGOR), mask->parameter);
  if (oaep->mgf_owner == NULL)
    return FALSE;
  oaep->mgf_digest = digest_of (oaep->mgf_owner);
  return TRUE;
}

static gboolean
read_label (Oaep *oaep, const X509_ALGOR *source)
{
  if (source == NULL)
    return TRUE;
  if (OBJ_obj2nid (source->algorithm) != NID_pSpecified || source->parameter == NULL
      || source->parameter->type != V_ASN1_OCTET_STRING)
    return FALSE;
  oaep->label = source->parameter->value.octet_string;
  return TRUE;
}

static gboolean
read_oaep (const X509_ALGOR *algorithm, Oaep *oaep)
{
  oaep->digest = oaep->mgf_digest = "SHA1";
  if (algorithm->parameter == NULL || algorithm->parameter->type == V_ASN1_NULL)
    return TRUE;
  if (algorithm->parameter->type == V_ASN1_SEQUENCE)
    oaep->owner
        = ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (RSA_OAEP_PARAMS), algorithm->parameter);
  if (oaep->owner == NULL)
    return FALSE;
  if (oaep->owner->hashFunc != NULL)
    oaep->digest = digest_of (oaep->owner->hashFunc);
  return read_mgf (oaep, oaep->owner->maskGenFunc) && read_label (oaep, oaep->owner->pSourceFunc);
}

static gboolean
set_oaep (EVP_PKEY_CTX *context, const Oaep *oaep)
{
  int mode = RSA_PKCS1_OAEP_PADDING;
  OSSL_PARAM params[5] = { 0 };
  gsize n = 0;

  params[n++] = OSSL_PARAM_construct_int (OSSL_ASYM_CIPHER_PARAM_PAD_MODE, &mode);
  params[n++] = OSSL_PARAM_construct_utf8_string (OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST,
                                                  (char *)oaep->digest, 0);
  params[n++] = OSSL_PARAM_construct_utf8_string (OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST,
                                                  (char *)oaep->mgf_digest, 0);
  if (oaep->label != NULL)
    params[n++] = OSSL_PARAM_construct_octet_string (OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL,
                                                     (void *)ASN1_STRING_get0_data (oaep->label),
                                                     (size_t)ASN1_STRING_length (oaep->label));
  params[n] = OSSL_PARAM_construct_end ();
  return EVP_PKEY_CTX_set_params (context, params) > 0;
}

static gboolean
set_padding (EVP_PKEY_CTX *context, const X509_ALGOR *algorithm)
{
  g_auto (Oaep) oaep = { 0 };

  if (OBJ_obj2nid (algorithm->algorithm) == NID_rsaEncryption)
    return EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PADDING) > 0;
  return OBJ_obj2nid (algorithm->algorithm) == NID_rsaesOaep && read_oaep (algorithm, &oaep)
         && set_oaep (context, &oaep);
}

/* `good` decides, without a branch, which of the two is taken. */
static GBytes *
choose (gboolean good, const guint8 *key, const guint8 *random, gsize length)
{
  guint8 mask = (guint8)(0 - (guint8)(good != FALSE));
  guint8 *chosen = g_malloc (length);

  for (gsize i = 0; i < length; i++)
    chosen[i] = (guint8)((key[i] & mask) | (random[i] & ~mask));
  return ll_secret_bytes_new_take (chosen, length);
}

static GBytes *
unwrap_transport (const LlRecipient *recipient, EVP_PKEY *private_key, gsize key_length,
                  GError **error)
{
  g_autoptr (EVP_PKEY_CTX) context
      = EVP_PKEY_CTX_new_from_pkey (ll_provider_context (NULL), private_key, NULL);
  gsize size = (gsize)EVP_PKEY_get_size (private_key), length = size;
  g_autofree guint8 *message = g_malloc0 (size + EVP_MAX_KEY_LENGTH);
  guint8 random[EVP_MAX_KEY_LENGTH];

  if (context == NULL || EVP_PKEY_decrypt_init (context) <= 0
      || !set_padding (context, recipient->algorithm))
    return set_unsupported (recipient->algorithm, error);
  if (RAND_priv_bytes (random, sizeof random) != 1)
    return NULL;

  gboolean good = EVP_PKEY_decrypt (context, message, &length,
                                    ASN1_STRING_get0_data (recipient->encrypted_key),
                                    (size_t)ASN1_STRING_length (recipient->encrypted_key))
                  > 0;
  gsize wanted = key_length > 0                                  ? key_length
                 : good && length > 0 && length <= sizeof random ? length
                                                                 : DEFAULT_KEY_LENGTH;
  GBytes *key = choose (good & (length == wanted), message, random, wanted);
  explicit_bzero (message, size);
  explicit_bzero (random, sizeof random);
  return key;
}

/* ---- shared secrets ---- */

/* CMSORIforKEMOtherInfo, RFC 9629 section 5. */
typedef struct
{
  X509_ALGOR *wrap;
  ASN1_INTEGER *kek_length;
  ASN1_OCTET_STRING *ukm;
} KemInfo;

/* clang-format off */
ASN1_SEQUENCE (KemInfo) = {
  ASN1_SIMPLE (KemInfo, wrap, X509_ALGOR),
  ASN1_SIMPLE (KemInfo, kek_length, ASN1_INTEGER),
  ASN1_EXP_OPT (KemInfo, ukm, ASN1_OCTET_STRING, 0)
} static_ASN1_SEQUENCE_END (KemInfo)
      /* clang-format on */

      /* RFC 3394: a key that comes out has been checked. */
      static GBytes
      * unwrap_with (const LlKeyWrap *wrap, const guint8 *kek, const ASN1_OCTET_STRING *wrapped)
{
  g_autoptr (EVP_CIPHER) cipher = EVP_CIPHER_fetch (ll_provider_context (NULL), wrap->cipher, NULL);
  g_autoptr (EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new ();
  guint8 key[MAX_WRAPPED_BYTES + EVP_MAX_BLOCK_LENGTH];
  int length = ASN1_STRING_length (wrapped), n = 0, rest = 0;
  GBytes *unwrapped = NULL;

  if (cipher == NULL || context == NULL || length > MAX_WRAPPED_BYTES)
    return NULL;
  EVP_CIPHER_CTX_set_flags (context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  if (EVP_DecryptInit_ex2 (context, cipher, kek, NULL, NULL) == 1
      && EVP_DecryptUpdate (context, key, &n, ASN1_STRING_get0_data (wrapped), length) == 1
      && EVP_DecryptFinal_ex (context, key + n, &rest) == 1 && n + rest > 0)
    unwrapped = ll_secret_bytes_new_take (g_memdup2 (key, (gsize)(n + rest)), (gsize)(n + rest));
  explicit_bzero (key, sizeof key);
  return unwrapped;
}

/* ---- key agreement ---- */

/* The sender's point, on the curve of our key; OpenSSL checks that it is on it (AL-14). */
static EVP_PKEY *
read_peer (const LlRecipient *recipient, EVP_PKEY *ours)
{
  const guint8 *point = ASN1_STRING_get0_data (recipient->originator);
  gsize length = (gsize)ASN1_STRING_length (recipient->originator);
  g_autoptr (EVP_PKEY) peer = NULL;

  if (EVP_PKEY_is_a (ours, "X25519"))
    return EVP_PKEY_new_raw_public_key_ex (ll_provider_context (NULL), "X25519", NULL, point,
                                           length);
  peer = EVP_PKEY_new ();
  if (peer == NULL || !EVP_PKEY_is_a (ours, "EC") || EVP_PKEY_copy_parameters (peer, ours) != 1
      || EVP_PKEY_set1_encoded_public_key (peer, point, length) != 1)
    return NULL;
  return g_steal_pointer (&peer);
}

/* AL-14: all zeros are what a point of small order gives. */
static gboolean
is_zero (const guint8 *secret, gsize length)
{
  guint8 any = 0;

  for (gsize i = 0; i < length; i++)
    any |= secret[i];
  return any == 0;
}

static gboolean
agree (EVP_PKEY *private_key, EVP_PKEY *peer, guint8 *secret, gsize *length)
{
  g_autoptr (EVP_PKEY_CTX) context
      = EVP_PKEY_CTX_new_from_pkey (ll_provider_context (NULL), private_key, NULL);

  return context != NULL && EVP_PKEY_derive_init (context) > 0
         && EVP_PKEY_derive_set_peer (context, peer) > 0
         && EVP_PKEY_derive (context, secret, length) > 0 && !is_zero (secret, *length);
}

static GBytes *
unwrap_agreement (const LlRecipient *recipient, X509 *certificate, EVP_PKEY *private_key,
                  GError **error)
{
  const LlKeyWrap *wrap = ll_unwrap_find_wrap (recipient);
  gssize scheme = find_scheme (recipient);
  guint8 secret[MAX_SHARED_BYTES], kek[LL_CMS_KEK_MAX];
  gsize length = sizeof secret;
  GBytes *key = NULL;

  if (scheme < 0 || wrap == NULL || recipient->originator == NULL)
    return set_unsupported (wrap == NULL && scheme >= 0 ? recipient->wrap : recipient->algorithm,
                            error);
  g_autoptr (EVP_PKEY) peer = read_peer (recipient, X509_get0_pubkey (certificate));
  if (peer != NULL && agree (private_key, peer, secret, &length)
      && ll_cms_kdf_agreement (schemes[scheme].kdf, schemes[scheme].digest, secret, length,
                               recipient->wrap, recipient->ukm, kek, wrap->key_length))
    key = unwrap_with (wrap, kek, recipient->encrypted_key);
  explicit_bzero (secret, sizeof secret);
  explicit_bzero (kek, sizeof kek);
  return key;
}

/* ---- key encapsulation ---- */

static const char *
find_kdf (const LlRecipient *recipient)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kdfs); i++)
    if (ll_algorithm_is (recipient->kdf, kdfs[i].dotted))
      return kdfs[i].digest;
  return NULL;
}

static gboolean
decapsulate (const LlRecipient *recipient, EVP_PKEY *private_key, guint8 *secret, gsize *length)
{
  g_autoptr (EVP_PKEY_CTX) context
      = EVP_PKEY_CTX_new_from_pkey (ll_provider_context (NULL), private_key, NULL);

  return context != NULL && EVP_PKEY_decapsulate_init (context, NULL) > 0
         && EVP_PKEY_decapsulate (context, secret, length,
                                  ASN1_STRING_get0_data (recipient->kem_ciphertext),
                                  (size_t)ASN1_STRING_length (recipient->kem_ciphertext))
                > 0;
}

/* PQ-05 */
static gboolean
derive_kek (const LlRecipient *recipient, const char *digest, const guint8 *secret, gsize length,
            guint8 *kek)
{
  g_autoptr (ASN1_INTEGER) kek_length = ASN1_INTEGER_new ();
  KemInfo info = { recipient->wrap, kek_length, (ASN1_OCTET_STRING *)recipient->ukm };
  guint8 *der = NULL;

  ASN1_INTEGER_set (kek_length, recipient->kek_length);
  int der_length = ASN1_item_i2d ((ASN1_VALUE *)&info, &der, ASN1_ITEM_rptr (KemInfo));
  gboolean derived = der_length > 0
                     && ll_cms_hkdf (digest, secret, length, NULL, 0, der, (gsize)der_length, kek,
                                     (gsize)recipient->kek_length);
  OPENSSL_free (der);
  return derived;
}

static GBytes *
unwrap_kem (const LlRecipient *recipient, EVP_PKEY *private_key, GError **error)
{
  const LlKeyWrap *wrap = ll_unwrap_find_wrap (recipient);
  const char *digest = find_kdf (recipient);
  guint8 secret[MAX_SHARED_BYTES], kek[LL_CMS_KEK_MAX];
  gsize length = sizeof secret;
  GBytes *key = NULL;

  if (wrap == NULL || digest == NULL)
    return set_unsupported (wrap == NULL ? recipient->wrap : recipient->kdf, error);
  if (recipient->kek_length != (long)wrap->key_length)
    return NULL;
  if (decapsulate (recipient, private_key, secret, &length)
      && derive_kek (recipient, digest, secret, length, kek))
    key = unwrap_with (wrap, kek, recipient->encrypted_key);
  explicit_bzero (secret, sizeof secret);
  explicit_bzero (kek, sizeof kek);
  return key;
}

GBytes *
ll_unwrap (const LlRecipient *recipient, X509 *certificate, EVP_PKEY *private_key, gsize key_length,
           GError **error)
{
  GBytes *key = NULL;

  if (ll_unwrap_name (recipient) == NULL)
    return set_unsupported (recipient->algorithm, error);
  switch (recipient->kind)
    {
    case LL_RECIPIENT_TRANSPORT:
      key = unwrap_transport (recipient, private_key, key_length, error);
      break;
    case LL_RECIPIENT_AGREEMENT:
      key = unwrap_agreement (recipient, certificate, private_key, error);
      break;
    case LL_RECIPIENT_KEM:
      key = unwrap_kem (recipient, private_key, error);
      break;
    default:
      break;
    }
  ERR_clear_error ();
  return key;
}
