#include <config.h>

#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>

#include "base/secret.h"
#include "bridge/openssl-glue.h"
#include "engine/cms-content-private.h"
#include "engine/cms-kdf-private.h"
#include "engine/cms-recipients-private.h"
#include "engine/engine-smime-private.h"
#include "provider/provider.h"

#define ID_CEK_HKDF_SHA256 "1.2.840.113549.1.9.16.3.31"   /* RFC 9709 section 2 */
#define ID_CHACHA20_POLY1305 "1.2.840.113549.1.9.16.3.18" /* RFC 8103 section 1 */
#define GCM_TAG_DEFAULT 12                                /* RFC 5084 section 3.2 */
#define GCM_TAG_MAX 16
#define CHACHA_TAG 16
#define CHACHA_NONCE 12
#define MAX_NONCE 128 /* OpenSSL takes no more */

/* GCMParameters, RFC 5084 section 3.2. */
typedef struct
{
  ASN1_OCTET_STRING *nonce;
  ASN1_INTEGER *tag_length;
} GcmParameters;

/* clang-format off */
ASN1_SEQUENCE (GcmParameters) = {
  ASN1_SIMPLE (GcmParameters, nonce, ASN1_OCTET_STRING),
  ASN1_OPT (GcmParameters, tag_length, ASN1_INTEGER)
} static_ASN1_SEQUENCE_END (GcmParameters)
    /* clang-format on */

    struct _LlContent
{
  const LlCmsCipher *cipher;
  X509_ALGOR *algorithm; /* of the cipher: the inner one, where the key is derived */
  gboolean derived;      /* RFC 9709 */
  EVP_CIPHER *implementation;
  gsize key_length, block, tag_length;

  guint8 nonce[MAX_NONCE];
  gsize nonce_length;

  EVP_CIPHER_CTX *context; /* while it runs */
  guint64 done;
};

/* ---- the algorithm ---- */

/* Old ciphers live in a provider of their own; without it they are just not supported. */
static void
load_legacy (void)
{
  static gsize loaded;

  if (!g_once_init_enter (&loaded))
    return;
  OSSL_PROVIDER_try_load (ll_provider_context (NULL), "legacy", 1);
  ERR_clear_error ();
  g_once_init_leave (&loaded, 1);
}

static gboolean
set_nonce (LlContent *self, const ASN1_OCTET_STRING *nonce)
{
  int length = ASN1_STRING_length (nonce);

  if (length < 1 || length > MAX_NONCE)
    return FALSE;
  memcpy (self->nonce, ASN1_STRING_get0_data (nonce), (gsize)length);
  self->nonce_length = (gsize)length;
  return TRUE;
}

/* CM-08: nonces of any length, tags of 12 to 16 octets. */
static gboolean
read_gcm (LlContent *self, const ASN1_TYPE *parameter)
{
  GcmParameters *gcm = parameter->type == V_ASN1_SEQUENCE
                           ? ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (GcmParameters), parameter)
                           : NULL;
  if (gcm == NULL)
    return FALSE;

  long length = gcm->tag_length != NULL ? ASN1_INTEGER_get (gcm->tag_length) : GCM_TAG_DEFAULT;
  gboolean good
      = set_nonce (self, gcm->nonce) && length >= GCM_TAG_DEFAULT && length <= GCM_TAG_MAX;
  self->tag_length = good ? (gsize)length : 0;
  ASN1_item_free ((ASN1_VALUE *)gcm, ASN1_ITEM_rptr (GcmParameters));
  return good;
}

/* RC2 also says how many bits of the key count (RFC 3370 section 5.2): that is left to OpenSSL. */
static gboolean
read_parameter (LlContent *self)
{
  const ASN1_TYPE *parameter = self->algorithm->parameter;

  if (parameter == NULL)
    return FALSE;
  if (self->cipher->nid == NID_rc2_cbc)
    return parameter->type == V_ASN1_SEQUENCE;
  if (self->cipher->aead && self->cipher->nid != NID_chacha20_poly1305)
    return read_gcm (self, parameter);
  if (parameter->type != V_ASN1_OCTET_STRING || !set_nonce (self, parameter->value.octet_string))
    return FALSE;
  if (self->cipher->nid != NID_chacha20_poly1305)
    return self->nonce_length == self->block;
  self->tag_length = CHACHA_TAG;
  return self->nonce_length == CHACHA_NONCE;
}

static const LlCmsCipher *
find_cipher (const X509_ALGOR *algorithm)
{
  if (ll_algorithm_is (algorithm, ID_CHACHA20_POLY1305))
    return ll_cms_cipher_find (NID_chacha20_poly1305);
  return ll_cms_cipher_find (OBJ_obj2nid (algorithm->algorithm));
}

/* CM-03: the parameter is the algorithm of the cipher. */
static gboolean
step_into_derivation (LlContent *self)
{
  const ASN1_TYPE *parameter = self->algorithm->parameter;

  if (!ll_algorithm_is (self->algorithm, ID_CEK_HKDF_SHA256))
    return TRUE;
  X509_ALGOR *inner = parameter != NULL && parameter->type == V_ASN1_SEQUENCE
                          ? ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (X509_ALGOR), parameter)
                          : NULL;
  if (inner == NULL)
    return FALSE;
  X509_ALGOR_free (self->algorithm);
  self->algorithm = inner;
  self->derived = TRUE;
  return TRUE;
}

static gboolean
fetch (LlContent *self)
{
  if (self->cipher->legacy)
    load_legacy ();
  self->implementation
      = EVP_CIPHER_fetch (ll_provider_context (NULL), OBJ_nid2sn (self->cipher->nid), NULL);
  ERR_clear_error ();
  if (self->implementation == NULL)
    return FALSE;
  self->block = self->cipher->aead ? 0 : (gsize)EVP_CIPHER_get_block_size (self->implementation);
  self->key_length = self->cipher->nid == NID_rc2_cbc
                         ? 0
                         : (gsize)EVP_CIPHER_get_key_length (self->implementation);
  return TRUE;
}

static LlReason
read_algorithm (LlContent *self, LlCmsKind kind, char **name)
{
  char dotted[80];

  if (!step_into_derivation (self))
    return LL_REASON_DECRYPTION_FAILED;
  self->cipher = find_cipher (self->algorithm);
  if (self->cipher == NULL)
    {
      OBJ_obj2txt (dotted, sizeof dotted, self->algorithm->algorithm, 0);
      *name = g_strdup (dotted);
      return LL_REASON_UNSUPPORTED_ALGORITHM;
    }
  *name = g_strdup (self->cipher->name);
  if (self->cipher->aead != (kind == LL_CMS_AUTH_ENVELOPED))
    return LL_REASON_DECRYPTION_FAILED;
  if (!fetch (self))
    return LL_REASON_UNSUPPORTED_ALGORITHM;
  return read_parameter (self) ? LL_REASON_NONE : LL_REASON_DECRYPTION_FAILED;
}

LlContent *
ll_content_new (const LlCmsParts *parts, char **name, LlReason *reason)
{
  g_autoptr (LlContent) self = g_new0 (LlContent, 1);

  self->algorithm = ll_smime_parse_algorithm (parts->content_algorithm);
  *reason = self->algorithm != NULL ? read_algorithm (self, parts->kind, name)
                                    : LL_REASON_DECRYPTION_FAILED;
  ERR_clear_error ();
  return *reason == LL_REASON_NONE ? g_steal_pointer (&self) : NULL;
}

void
ll_content_free (LlContent *self)
{
  X509_ALGOR_free (self->algorithm);
  EVP_CIPHER_free (self->implementation);
  EVP_CIPHER_CTX_free (self->context);
  g_free (self);
}

const LlCmsCipher *
ll_content_get_cipher (const LlContent *self)
{
  return self->cipher;
}

gsize
ll_content_get_key_length (const LlContent *self)
{
  return self->key_length;
}

gsize
ll_content_get_block (const LlContent *self)
{
  return self->block;
}

/* ---- the key ---- */

/* RFC 9709 section 3: another cipher, or another mode, gets another key (CM-03). */
static GBytes *
derive_key (const LlContent *self, GBytes *key)
{
  g_autoptr (GBytes) info = LL_DER (self->algorithm, X509_ALGOR);
  gsize length;
  const guint8 *data = g_bytes_get_data (key, &length);
  g_autoptr (GBytes) derived = ll_secret_bytes_new_take (g_malloc (length), length);

  if (info == NULL
      || !ll_cms_kdf_content_key (data, length, info, (guint8 *)g_bytes_get_data (derived, NULL)))
    return NULL;
  return g_steal_pointer (&derived);
}

/* RFC 5083 section 2.2: the tag also covers the attributes, as a DER SET OF. They must come in DER;
 * otherwise the tag will not fit, and that is that. */
static gboolean
feed_attributes (LlContent *self, GBytes *attributes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (attributes, &length);
  g_autofree guint8 *set = g_memdup2 (data, length);
  int n;

  set[0] = V_ASN1_SET | V_ASN1_CONSTRUCTED;
  return EVP_DecryptUpdate (self->context, NULL, &n, set, (int)length) == 1;
}

static gboolean
set_key (LlContent *self, GBytes *key)
{
  const guint8 *data = g_bytes_get_data (key, NULL);
  gsize length = g_bytes_get_size (key);

  if (EVP_DecryptInit_ex2 (self->context, self->implementation, NULL, NULL, NULL) != 1)
    return FALSE;
  EVP_CIPHER_CTX_set_padding (self->context, 0);
  if (self->cipher->nid == NID_rc2_cbc)
    return EVP_CIPHER_asn1_to_param (self->context, self->algorithm->parameter) > 0
           && EVP_CIPHER_CTX_set_key_length (self->context, (int)length) == 1
           && EVP_DecryptInit_ex2 (self->context, NULL, data, NULL, NULL) == 1;
  if (length != self->key_length)
    return FALSE;
  if (self->cipher->aead
      && EVP_CIPHER_CTX_ctrl (self->context, EVP_CTRL_AEAD_SET_IVLEN, (int)self->nonce_length, NULL)
             != 1)
    return FALSE;
  return EVP_DecryptInit_ex2 (self->context, NULL, data, self->nonce, NULL) == 1;
}

gboolean
ll_content_start (LlContent *self, GBytes *key, GBytes *attributes)
{
  g_autoptr (GBytes) derived = self->derived ? derive_key (self, key) : g_bytes_ref (key);

  EVP_CIPHER_CTX_free (self->context);
  self->context = EVP_CIPHER_CTX_new ();
  self->done = 0;
  gboolean started = derived != NULL && self->context != NULL && set_key (self, derived)
                     && (attributes == NULL || feed_attributes (self, attributes));
  ERR_clear_error ();
  return started;
}

/* ---- the content ---- */

gboolean
ll_content_update (LlContent *self, guint8 *data, gsize length)
{
  int n = 0;

  if (length == 0)
    return TRUE;
  if (self->block > 0 && length % self->block != 0)
    return FALSE;
  self->done += length;
  return EVP_DecryptUpdate (self->context, data, &n, data, (int)length) == 1 && n == (int)length;
}

/* RFC 5652 section 6.3. Every octet of the last block is looked at. */
static gssize
check_padding (const guint8 *last, gsize length, gsize block)
{
  if (length < block)
    return -1;

  const guint8 *tail = last + (length - block);
  guint padding = tail[block - 1];
  guint wrong = padding < 1 || padding > block;
  for (guint i = 0; i < block; i++)
    wrong |= (block - i <= padding) & (tail[i] != padding);
  return wrong ? -1 : (gssize)padding;
}

static gboolean
check_tag (LlContent *self, GBytes *mac)
{
  guint8 nothing[EVP_MAX_BLOCK_LENGTH];
  gsize length = 0;
  const guint8 *data = mac != NULL ? g_bytes_get_data (mac, &length) : NULL;
  int n;

  if (length != self->tag_length)
    return FALSE;
  gboolean holds
      = EVP_CIPHER_CTX_ctrl (self->context, EVP_CTRL_AEAD_SET_TAG, (int)length, (void *)data) == 1
        && EVP_DecryptFinal_ex (self->context, nothing, &n) == 1;
  ERR_clear_error ();
  return holds;
}

gssize
ll_content_finish (LlContent *self, const guint8 *last, gsize length, GBytes *mac)
{
  if (self->cipher->aead)
    return check_tag (self, mac) ? 0 : -1;
  return check_padding (last, length, self->block);
}
