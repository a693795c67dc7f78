/* cms-recipient-write.c - KeyTransRecipientInfo and KeyAgreeRecipientInfo, octet by octet: OpenSSL
 * has neither RFC 8418 nor a way to give several ciphers the same key. */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/error.h"
#include "base/text.h"
#include "bridge/openssl-glue.h"
#include "engine/cms-kdf-private.h"
#include "engine/cms-recipient-write-private.h"
#include "engine/der-writer-private.h"
#include "keys/x509-cert-private.h"
#include "provider/provider.h"

#define OID_RSA "1.2.840.113549.1.1.1"
#define OID_OAEP "1.2.840.113549.1.1.7"
#define OID_EC_KEY "1.2.840.10045.2.1"
#define OID_X25519 "1.3.101.110"
#define OID_STDDH_SHA256 "1.3.132.1.11.1"
#define OID_STDDH_HKDF_SHA256 "1.2.840.113549.1.9.16.3.19"

#define STRICT_RSA_BITS 3000 /* BR-11 */
#define STRICT_EC_BITS 250
#define SECRET_MAX 80 /* P-521 has 66 */

typedef struct
{
  X509 *certificate;
  EVP_PKEY *key; /* its public key */
  const guint8 *content_key;
  gsize length;
  const ASN1_OCTET_STRING *key_id; /* NULL: by issuer and serial number */
  gboolean oaep;
  RSA_OAEP_PARAMS *oaep_params; /* as the certificate has them, or NULL: SHA-256 */
} Recipient;

/* ---- the certificate ---- */

/* AL-02: id-RSAES-OAEP says that the key is for OAEP alone, and perhaps how (RFC 4055 section 4.1).
 */
static gboolean
read_oaep (Recipient *self)
{
  X509_ALGOR *algorithm = NULL;

  if (!ll_provider_is_oaep_only (self->certificate))
    return TRUE;
  self->oaep = TRUE;
  X509_PUBKEY_get0_param (NULL, NULL, NULL, &algorithm, X509_get_X509_PUBKEY (self->certificate));
  if (algorithm->parameter == NULL || algorithm->parameter->type != V_ASN1_SEQUENCE)
    return TRUE;
  self->oaep_params
      = ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (RSA_OAEP_PARAMS), algorithm->parameter);
  return self->oaep_params != NULL;
}

/* SC-01: what the certificate's key usage allows; absent allows all. */
static gboolean
may_encrypt (const Recipient *self)
{
  uint32_t usage = X509_get_key_usage (self->certificate);

  if (EVP_PKEY_is_a (self->key, "RSA"))
    return (usage & KU_KEY_ENCIPHERMENT) != 0;
  return (EVP_PKEY_is_a (self->key, "EC") || EVP_PKEY_is_a (self->key, "X25519"))
         && (usage & KU_KEY_AGREEMENT) != 0;
}

static gboolean
is_strong_enough (const Recipient *self)
{
  return EVP_PKEY_get_bits (self->key)
         >= (EVP_PKEY_is_a (self->key, "RSA") ? STRICT_RSA_BITS : STRICT_EC_BITS);
}

/* ---- the identifier ---- */

static GBytes *
issuer_and_serial (X509 *certificate)
{
  g_autoptr (GBytes) issuer = LL_DER (X509_get_issuer_name (certificate), X509_NAME);
  g_autoptr (GBytes) serial = LL_DER (X509_get0_serialNumber (certificate), ASN1_INTEGER);
  GByteArray *all = g_byte_array_new ();

  ll_der_add_bytes (all, issuer);
  ll_der_add_bytes (all, serial);
  ll_der_wrap (all, LL_DER_SEQUENCE);
  return g_byte_array_free_to_bytes (all);
}

/* RecipientIdentifier, and KeyAgreeRecipientIdentifier, where the key identifier is a structure. */
static void
add_identifier (GByteArray *into, const Recipient *self, gboolean agreement)
{
  if (self->key_id == NULL)
    {
      g_autoptr (GBytes) name = issuer_and_serial (self->certificate);
      ll_der_add_bytes (into, name);
      return;
    }
  g_autoptr (GByteArray) id = g_byte_array_new ();
  ll_der_add (id, agreement ? LL_DER_OCTET_STRING : LL_DER_CONTEXT (0),
              ASN1_STRING_get0_data (self->key_id), (gsize)ASN1_STRING_length (self->key_id));
  if (agreement)
    ll_der_wrap (id, LL_DER_CONTEXT_CONSTRUCTED (0));
  g_byte_array_append (into, id->data, id->len);
}

/* ---- RSA ---- */

/* RFC 3560: SHA-256 for both, or what the certificate demands. */
static gboolean
set_oaep (EVP_PKEY_CTX *context, const RSA_OAEP_PARAMS *params)
{
  const EVP_MD *hash = EVP_sha256 (), *mask = EVP_sha256 ();

  if (params != NULL)
    {
      hash = params->hashFunc != NULL ? EVP_get_digestbyobj (params->hashFunc->algorithm)
                                      : EVP_sha1 ();
      mask = EVP_sha1 ();
      if (params->maskGenFunc != NULL)
        {
          g_autoptr (X509_ALGOR) inner = ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (X509_ALGOR),
                                                                    params->maskGenFunc->parameter);
          mask = inner != NULL ? EVP_get_digestbyobj (inner->algorithm) : NULL;
        }
      if (params->pSourceFunc != NULL)
        return FALSE; /* a label that is the certificate's: nobody has such a one */
    }
  return hash != NULL && mask != NULL
         && EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_OAEP_PADDING) > 0
         && EVP_PKEY_CTX_set_rsa_oaep_md (context, hash) > 0
         && EVP_PKEY_CTX_set_rsa_mgf1_md (context, mask) > 0;
}

static GBytes *
transport_key (const Recipient *self)
{
  g_autoptr (EVP_PKEY_CTX) context
      = EVP_PKEY_CTX_new_from_pkey (ll_provider_context (NULL), self->key, NULL);
  size_t size = (size_t)EVP_PKEY_get_size (self->key);
  g_autofree guint8 *encrypted = g_malloc0 (size);

  if (context == NULL || EVP_PKEY_encrypt_init (context) <= 0)
    return NULL;
  gboolean padded = self->oaep ? set_oaep (context, self->oaep_params)
                               : EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PADDING) > 0;
  if (!padded || EVP_PKEY_encrypt (context, encrypted, &size, self->content_key, self->length) <= 0)
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&encrypted), size);
}

static void
add_oaep_algorithm (GByteArray *into, const Recipient *self)
{
  static const guint8 sha256[]
      = { 0x30, 0x2f, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
          0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a,
          0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60,
          0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00 };
  g_autoptr (GByteArray) algorithm = g_byte_array_new ();

  ll_der_add_oid (algorithm, OID_OAEP);
  if (self->oaep_params != NULL)
    {
      g_autoptr (GBytes) params = LL_DER (self->oaep_params, RSA_OAEP_PARAMS);
      ll_der_add_bytes (algorithm, params);
    }
  else
    g_byte_array_append (algorithm, sha256, sizeof sha256);
  ll_der_wrap (algorithm, LL_DER_SEQUENCE);
  g_byte_array_append (into, algorithm->data, algorithm->len);
}

static void
add_rsa_algorithm (GByteArray *into)
{
  g_autoptr (GByteArray) algorithm = g_byte_array_new ();

  ll_der_add_oid (algorithm, OID_RSA);
  ll_der_add (algorithm, 0x05, NULL, 0); /* RFC 3370 section 4.2.1: NULL */
  ll_der_wrap (algorithm, LL_DER_SEQUENCE);
  g_byte_array_append (into, algorithm->data, algorithm->len);
}

/* KeyTransRecipientInfo: version 0 by issuer, 2 by key identifier. */
static GBytes *
write_transport (const Recipient *self, guint *version)
{
  g_autoptr (GBytes) encrypted = transport_key (self);
  gsize length;

  if (encrypted == NULL)
    return NULL;
  GByteArray *info = g_byte_array_new ();
  const guint8 *data = g_bytes_get_data (encrypted, &length);
  *version = self->key_id != NULL ? 2 : 0;
  ll_der_add_small (info, (guint8)*version);
  add_identifier (info, self, FALSE);
  if (self->oaep)
    add_oaep_algorithm (info, self);
  else
    add_rsa_algorithm (info);
  ll_der_add (info, LL_DER_OCTET_STRING, data, length);
  ll_der_wrap (info, LL_DER_SEQUENCE);
  return g_byte_array_free_to_bytes (info);
}

/* ---- key agreement ---- */

/* AL-03: a key of the recipient's curve, for this message and this recipient alone. */
static EVP_PKEY *
new_ephemeral (const Recipient *self)
{
  g_autoptr (EVP_PKEY_CTX) context
      = EVP_PKEY_CTX_new_from_pkey (ll_provider_context (NULL), self->key, NULL);
  g_autoptr (EVP_PKEY) key = NULL;

  if (context == NULL || EVP_PKEY_keygen_init (context) <= 0
      || EVP_PKEY_keygen (context, &key) <= 0)
    return NULL;
  if (EVP_PKEY_is_a (key, "EC")
      && EVP_PKEY_set_utf8_string_param (key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                         "uncompressed")
             != 1)
    return NULL;
  return g_steal_pointer (&key);
}

static gboolean
agree (const Recipient *self, EVP_PKEY *ephemeral, guint8 secret[SECRET_MAX], gsize *length)
{
  g_autoptr (EVP_PKEY_CTX) context
      = EVP_PKEY_CTX_new_from_pkey (ll_provider_context (NULL), ephemeral, NULL);

  *length = SECRET_MAX;
  return context != NULL && EVP_PKEY_derive_init (context) > 0
         && EVP_PKEY_derive_set_peer (context, self->key) > 0
         && EVP_PKEY_derive (context, secret, length) > 0;
}

/* SM-04: the wrap is as strong as the content's cipher. Without parameters (RFC 3565). */
static X509_ALGOR *
wrap_algorithm (gsize length)
{
  int nid = length == 16   ? NID_id_aes128_wrap
            : length == 24 ? NID_id_aes192_wrap
                           : NID_id_aes256_wrap;
  X509_ALGOR *algorithm = X509_ALGOR_new ();

  X509_ALGOR_set0 (algorithm, OBJ_nid2obj (nid), V_ASN1_UNDEF, NULL);
  return algorithm;
}

static gboolean
wrap_key (const Recipient *self, EVP_PKEY *ephemeral, const X509_ALGOR *wrap, guint8 *wrapped)
{
  /* AL-04 */
  LlCmsKdf kdf = EVP_PKEY_is_a (self->key, "X25519") ? LL_CMS_KDF_HKDF : LL_CMS_KDF_X963;
  guint8 secret[SECRET_MAX], kek[LL_CMS_KEK_MAX];
  gsize length = 0;
  gboolean done
      = agree (self, ephemeral, secret, &length)
        && ll_cms_kdf_agreement (kdf, "SHA256", secret, length, wrap, NULL, kek, self->length)
        && ll_cms_key_wrap (kek, self->length, self->content_key, self->length, wrapped);

  explicit_bzero (secret, sizeof secret);
  explicit_bzero (kek, sizeof kek);
  return done;
}

/* [0] EXPLICIT OriginatorIdentifierOrKey: originatorKey [1] IMPLICIT (RFC 5753 section 3.1.1). */
static gboolean
add_originator (GByteArray *into, EVP_PKEY *ephemeral)
{
  g_autoptr (GByteArray) originator = g_byte_array_new ();
  g_autoptr (GByteArray) bits = g_byte_array_new ();
  guint8 *point = NULL, unused_bits = 0;
  size_t length = EVP_PKEY_get1_encoded_public_key (ephemeral, &point);

  if (length == 0)
    return FALSE;
  ll_der_add_oid (originator, EVP_PKEY_is_a (ephemeral, "EC") ? OID_EC_KEY : OID_X25519);
  ll_der_wrap (originator, LL_DER_SEQUENCE);
  g_byte_array_append (bits, &unused_bits, 1);
  g_byte_array_append (bits, point, (guint)length);
  OPENSSL_free (point);
  ll_der_wrap (bits, LL_DER_BIT_STRING);
  g_byte_array_append (originator, bits->data, bits->len);
  ll_der_wrap (originator, LL_DER_CONTEXT_CONSTRUCTED (1));
  ll_der_wrap (originator, LL_DER_CONTEXT_CONSTRUCTED (0));
  g_byte_array_append (into, originator->data, originator->len);
  return TRUE;
}

static void
add_agreement_algorithm (GByteArray *into, const Recipient *self, const X509_ALGOR *wrap)
{
  g_autoptr (GByteArray) algorithm = g_byte_array_new ();
  g_autoptr (GBytes) parameters = LL_DER (wrap, X509_ALGOR);

  ll_der_add_oid (algorithm,
                  EVP_PKEY_is_a (self->key, "X25519") ? OID_STDDH_HKDF_SHA256 : OID_STDDH_SHA256);
  ll_der_add_bytes (algorithm, parameters);
  ll_der_wrap (algorithm, LL_DER_SEQUENCE);
  g_byte_array_append (into, algorithm->data, algorithm->len);
}

/* KeyAgreeRecipientInfo, [1] IMPLICIT in RecipientInfo, always version 3. */
static GBytes *
write_agreement (const Recipient *self, guint *version)
{
  g_autoptr (EVP_PKEY) ephemeral = new_ephemeral (self);
  g_autoptr (X509_ALGOR) wrap = wrap_algorithm (self->length);
  g_autoptr (GByteArray) info = g_byte_array_new ();
  g_autoptr (GByteArray) keys = g_byte_array_new ();
  guint8 wrapped[LL_CMS_KEK_MAX + 8];

  *version = 3;
  ll_der_add_small (info, 3);
  if (ephemeral == NULL || !add_originator (info, ephemeral)
      || !wrap_key (self, ephemeral, wrap, wrapped))
    return NULL;
  add_agreement_algorithm (info, self, wrap);
  add_identifier (keys, self, TRUE);
  ll_der_add (keys, LL_DER_OCTET_STRING, wrapped, self->length + 8);
  ll_der_wrap (keys, LL_DER_SEQUENCE); /* RecipientEncryptedKey */
  ll_der_wrap (keys, LL_DER_SEQUENCE); /* and the list, of one */
  g_byte_array_append (info, keys->data, keys->len);
  ll_der_wrap (info, LL_DER_CONTEXT_CONSTRUCTED (1));
  return g_byte_array_free_to_bytes (g_steal_pointer (&info));
}

/* ---- ---- */

static gboolean
check (const Recipient *self, const char *title, const LlSealStyle *style, GError **error)
{
  if (self->key == NULL || !may_encrypt (self))
    g_set_error (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT,
                 _ ("The certificate of “%s” is not meant for encryption."), title);
  else if (style->strict && !is_strong_enough (self))
    g_set_error (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT,
                 _ ("The key of “%s” has %d bits, which is too short for the profile “%s”."), title,
                 EVP_PKEY_get_bits (self->key), "bsi");
  else
    return TRUE;
  ERR_clear_error ();
  return FALSE;
}

gboolean
ll_recipient_write (LlKey *key, const guint8 *content_key, gsize length, const LlSealStyle *style,
                    LlRecipientWritten *written, GError **error)
{
  X509 *certificate = ll_x509_cert_get (key);
  g_autofree char *title = ll_text_safe (ll_key_get_title (key), -1);
  Recipient self = { .certificate = certificate,
                     .content_key = content_key,
                     .length = length,
                     .key_id = style->key_id ? X509_get0_subject_key_id (certificate) : NULL,
                     .oaep = style->oaep || style->strict };
  g_autoptr (EVP_PKEY) public = read_oaep (&self) ? ll_provider_public_key (certificate) : NULL;
  gboolean usable;

  self.key = public;
  usable = check (&self, title, style, error);
  if (usable)
    written->info = EVP_PKEY_is_a (self.key, "RSA") ? write_transport (&self, &written->version)
                                                    : write_agreement (&self, &written->version);
  RSA_OAEP_PARAMS_free (self.oaep_params);
  if (usable && written->info == NULL)
    return ll_openssl_set_error (error, LL_ERROR_CANNOT_ENCRYPT,
                                 _ ("Nothing can be encrypted to the certificate of “%s”"), title);
  return usable;
}
