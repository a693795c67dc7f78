/* engine-smime-open.c - decrypts, S/MIME.
 *
 * What enters: an EnvelopedData or AuthEnvelopedData, of LL_LIMIT_CMS_OPEN_BYTES at most. What
 * leaves: the recipients as facts and, only when padding or tag are right, the plaintext: it is
 * made in wiped memory in the place of the ciphertext and released whole. Whatever goes wrong with
 * key, padding or tag is one and the same failure (SM-35); only trouble with gpg-agent is told
 * apart.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "bridge/openssl-glue.h"
#include "engine/cms-names.h"
#include "engine/engine-smime-private.h"
#include "keys/x509-cert-private.h"
#include "provider/provider.h"

#define CHUNK_BYTES (64 * 1024)
#define GCM_TAG_DEFAULT 12 /* RFC 5084 section 3.2 */
#define GCM_TAG_MAX 16

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

    typedef struct
{
  const LlCmsParts *parts;
  GBytes *object; /* the envelope without its content */
  const LlCmsCipher *cipher;
  LlFacts *facts;
  GPtrArray *ours;          /* of LlKey, borrowed from the facts */
  gboolean has_other_kinds; /* recipients by password or shared key */
  GCancellable *cancellable;
} Envelope;

/* ---- the envelope ---- */

static GBytes *
collect_content (LlCmsReader *reader, GCancellable *cancellable, GError **error)
{
  g_autoptr (GOutputStream) sink = ll_secret_sink_new (LL_LIMIT_CMS_OPEN_BYTES);
  g_autofree guint8 *chunk = g_malloc (CHUNK_BYTES);
  gssize n;

  while ((n = ll_cms_reader_read (reader, chunk, CHUNK_BYTES, error)) > 0)
    if (!g_output_stream_write_all (sink, chunk, n, NULL, cancellable, error))
      return NULL;
  return n == 0 ? ll_secret_sink_steal (sink) : NULL;
}

/* CM-08: the tag has the length that the parameters say, 12 to 16. */
static gboolean
tag_length_is_right (const X509_ALGOR *algorithm, gsize length)
{
  GcmParameters *parameters
      = algorithm->parameter != NULL && algorithm->parameter->type == V_ASN1_SEQUENCE
            ? ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (GcmParameters), algorithm->parameter)
            : NULL;
  if (parameters == NULL)
    return FALSE;

  long said = parameters->tag_length != NULL ? ASN1_INTEGER_get (parameters->tag_length)
                                             : GCM_TAG_DEFAULT;
  ASN1_item_free ((ASN1_VALUE *)parameters, ASN1_ITEM_rptr (GcmParameters));
  return said >= GCM_TAG_DEFAULT && said <= GCM_TAG_MAX && length == (gsize)said;
}

/* The cipher, and whether it belongs into this kind of envelope at all: an AEAD cipher without its
 * tag, or a tag on a cipher that makes none, is how a message is rewritten to leak (CM-19). */
static LlReason
read_cipher (Envelope *envelope)
{
  const LlCmsParts *parts = envelope->parts;
  g_autoptr (X509_ALGOR) algorithm = ll_smime_parse_algorithm (parts->content_algorithm);
  char dotted[80];

  if (algorithm == NULL)
    return LL_REASON_DECRYPTION_FAILED;
  envelope->cipher = ll_cms_cipher_find (OBJ_obj2nid (algorithm->algorithm));
  if (envelope->cipher == NULL)
    {
      OBJ_obj2txt (dotted, sizeof dotted, algorithm->algorithm, 0);
      envelope->facts->cipher = g_strdup (dotted);
      return LL_REASON_UNSUPPORTED_ALGORITHM;
    }
  envelope->facts->cipher = g_strdup (envelope->cipher->name);
  envelope->facts->has_integrity = envelope->cipher->aead;
  if (envelope->cipher->aead != (parts->kind == LL_CMS_AUTH_ENVELOPED))
    return LL_REASON_DECRYPTION_FAILED;
  if (envelope->cipher->aead && !tag_length_is_right (algorithm, g_bytes_get_size (parts->mac)))
    return LL_REASON_DECRYPTION_FAILED;
  return LL_REASON_NONE;
}

/* ---- recipients ---- */

typedef int (*Matches) (gpointer recipient, X509 *certificate);

static int
transport_matches (gpointer recipient, X509 *certificate)
{
  return CMS_RecipientInfo_ktri_cert_cmp (recipient, certificate) == 0;
}

static int
agreement_matches (gpointer recipient, X509 *certificate)
{
  return CMS_RecipientEncryptedKey_cert_cmp (recipient, certificate) == 0;
}

/* One recipient; of the certificates that it may be, one whose key we hold is taken first. */
static void
add_recipient (Envelope *envelope, GPtrArray *certificates, gpointer recipient, Matches matches,
               char *hint, const X509_ALGOR *algorithm)
{
  LlRecipientFacts *facts = ll_recipient_facts_new ();

  facts->hint = hint;
  if (algorithm != NULL)
    facts->algorithm = g_strdup (ll_cms_algorithm_name (OBJ_obj2nid (algorithm->algorithm)));
  for (guint i = 0; matches != NULL && i < certificates->len && !facts->is_ours; i++)
    {
      LlKey *key = g_ptr_array_index (certificates, i);
      if (!matches (recipient, ll_x509_cert_get (key)))
        continue;
      g_clear_pointer (&facts->key, ll_key_unref);
      facts->key = ll_key_ref (key);
      facts->is_ours = ll_key_has_secret (key);
    }
  if (facts->is_ours)
    g_ptr_array_add (envelope->ours, facts->key);
  g_ptr_array_add (envelope->facts->recipients, facts);
}

static void
add_transport (Envelope *envelope, GPtrArray *certificates, CMS_RecipientInfo *info)
{
  ASN1_OCTET_STRING *key_id = NULL;
  X509_NAME *issuer = NULL;
  ASN1_INTEGER *serial = NULL;
  X509_ALGOR *algorithm = NULL;

  CMS_RecipientInfo_ktri_get0_signer_id (info, &key_id, &issuer, &serial);
  CMS_RecipientInfo_ktri_get0_algs (info, NULL, NULL, &algorithm);
  add_recipient (envelope, certificates, info, transport_matches,
                 ll_smime_hint (key_id, issuer, serial), algorithm);
}

/* One RecipientInfo of this kind may be for many (RFC 5652 section 6.2.2). */
static void
add_agreement (Envelope *envelope, GPtrArray *certificates, CMS_RecipientInfo *info)
{
  STACK_OF (CMS_RecipientEncryptedKey) *keys = CMS_RecipientInfo_kari_get0_reks (info);
  X509_ALGOR *algorithm = NULL;

  CMS_RecipientInfo_kari_get0_alg (info, &algorithm, NULL);
  for (int i = 0; i < sk_CMS_RecipientEncryptedKey_num (keys); i++)
    {
      CMS_RecipientEncryptedKey *key = sk_CMS_RecipientEncryptedKey_value (keys, i);
      ASN1_OCTET_STRING *key_id = NULL;
      X509_NAME *issuer = NULL;
      ASN1_INTEGER *serial = NULL;
      CMS_RecipientEncryptedKey_get0_id (key, &key_id, NULL, NULL, &issuer, &serial);
      add_recipient (envelope, certificates, key, agreement_matches,
                     ll_smime_hint (key_id, issuer, serial), algorithm);
      if (envelope->facts->recipients->len > LL_LIMIT_RECIPIENTS)
        return;
    }
}

static void
add_other (Envelope *envelope, CMS_RecipientInfo *info)
{
  int type = CMS_RecipientInfo_type (info);
  const char *hint = type == CMS_RECIPINFO_PASS  ? "password"
                     : type == CMS_RECIPINFO_KEK ? "shared key"
                                                 : "other";
  envelope->has_other_kinds = TRUE;
  add_recipient (envelope, NULL, NULL, NULL, g_strdup (hint), NULL);
}

static gboolean
list_recipients (Envelope *envelope, GPtrArray *certificates, GError **error)
{
  g_autoptr (CMS_ContentInfo) cms = ll_smime_parse (envelope->object);
  STACK_OF (CMS_RecipientInfo) *infos = cms != NULL ? CMS_get0_RecipientInfos (cms) : NULL;

  if (infos == NULL)
    return ll_openssl_set_error (error, LL_ERROR_BAD_DATA,
                                 _ ("This is not a well-formed S/MIME (CMS) object"));
  for (int i = 0; i < sk_CMS_RecipientInfo_num (infos)
                  && envelope->facts->recipients->len <= LL_LIMIT_RECIPIENTS;
       i++)
    {
      CMS_RecipientInfo *info = sk_CMS_RecipientInfo_value (infos, i);
      if (CMS_RecipientInfo_type (info) == CMS_RECIPINFO_TRANS)
        add_transport (envelope, certificates, info);
      else if (CMS_RecipientInfo_type (info) == CMS_RECIPINFO_AGREE)
        add_agreement (envelope, certificates, info);
      else
        add_other (envelope, info);
    }
  if (envelope->facts->recipients->len <= LL_LIMIT_RECIPIENTS)
    return TRUE;
  g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
               _ ("The message is encrypted to more recipients than the limit of %d."),
               LL_LIMIT_RECIPIENTS);
  return FALSE;
}

/* ---- opening ---- */

/* RFC 5083 section 2.2: the tag also covers the attributes, as a DER SET OF. They must come in DER;
 * otherwise the tag will not fit, and that is that. */
static gboolean
feed_attributes (EVP_CIPHER_CTX *context, GBytes *attributes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (attributes, &length);
  g_autofree guint8 *set = g_memdup2 (data, length);
  int n;

  set[0] = V_ASN1_SET | V_ASN1_CONSTRUCTED;
  return EVP_CipherUpdate (context, NULL, &n, set, (int)length) == 1;
}

static gboolean
feed_tag (EVP_CIPHER_CTX *context, GBytes *mac)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (mac, &length);

  return EVP_CIPHER_CTX_ctrl (context, EVP_CTRL_AEAD_SET_TAG, (int)length, (void *)data) == 1;
}

/* Turns the ciphertext into plaintext where it stands. The length, or -1. */
static gssize
run_cipher (const Envelope *envelope, CMS_ContentInfo *cms, guint8 *data, gsize length)
{
  g_autoptr (BIO) nothing = BIO_new (BIO_s_mem ());
  BIO *chain = CMS_dataInit (cms, nothing);
  EVP_CIPHER_CTX *context = NULL;
  int n = 0, rest = 0;

  if (chain == NULL)
    return -1;
  g_steal_pointer (&nothing);
  g_autoptr (BIO) owner = chain;
  if (BIO_get_cipher_ctx (owner, &context) <= 0)
    return -1;
  if (envelope->cipher->aead && !feed_tag (context, envelope->parts->mac))
    return -1;
  if (envelope->parts->authenticated != NULL
      && !feed_attributes (context, envelope->parts->authenticated))
    return -1;
  if (length > 0 && EVP_CipherUpdate (context, data, &n, data, (int)length) != 1)
    return -1;
  if (EVP_CipherFinal_ex (context, data + n, &rest) != 1)
    return -1;
  return n + rest;
}

/* One of our keys. The length of the plaintext, or -1; `trouble` only for what the agent said. The
 * certificate is always given, so that OpenSSL goes on with a random key where the decrypted one is
 * bad (RFC 3218, SM-35). */
static gssize
open_with (const Envelope *envelope, LlKey *key, guint8 *data, gsize length, GError **trouble)
{
  X509 *certificate = ll_x509_cert_get (key);
  g_autofree char *title = ll_text_safe (ll_key_get_title (key), -1);
  g_autofree char *prompt
      = g_strdup_printf (_ ("The key of “%s” is needed to decrypt a message."), title);
  g_autoptr (EVP_PKEY) private_key = ll_provider_key_new (certificate, prompt, trouble);
  if (private_key == NULL)
    return -1;

  g_autoptr (CMS_ContentInfo) cms = ll_smime_parse (envelope->object);
  g_autoptr (GError) stale = ll_provider_take_agent_error ();
  ll_provider_set_cancellable (envelope->cancellable);
  gboolean unwrapped = CMS_decrypt_set1_pkey (cms, private_key, certificate) == 1;
  ll_provider_set_cancellable (NULL);
  GError *agent_error = ll_smime_take_agent_error (envelope->cancellable);
  if (agent_error != NULL)
    {
      g_propagate_error (trouble, agent_error);
      return -1;
    }
  gssize plain = unwrapped ? run_cipher (envelope, cms, data, length) : -1;
  ERR_clear_error ();
  return plain;
}

/* CM-06: every recipient that is ours is tried. -1 with `error` when the agent would not. */
static gssize
open_with_ours (const Envelope *envelope, guint8 *data, gsize length, GError **error)
{
  g_autoptr (GError) first_trouble = NULL;
  gssize plain = -1;

  for (guint i = 0; i < envelope->ours->len && plain < 0; i++)
    {
      g_autoptr (GError) trouble = NULL;
      gboolean is_last = i + 1 == envelope->ours->len;
      /* Trying destroys the ciphertext. */
      g_autoptr (GBytes) kept
          = is_last ? NULL : ll_secret_bytes_new_take (g_memdup2 (data, length), length);
      plain = open_with (envelope, g_ptr_array_index (envelope->ours, i), data, length, &trouble);
      if (g_error_matches (trouble, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        {
          g_propagate_error (error, g_steal_pointer (&trouble));
          return -1;
        }
      if (first_trouble == NULL)
        first_trouble = g_steal_pointer (&trouble);
      if (plain < 0 && kept != NULL && length > 0)
        memcpy (data, g_bytes_get_data (kept, NULL), length);
    }
  if (plain < 0 && first_trouble != NULL)
    g_propagate_error (error, g_steal_pointer (&first_trouble));
  return plain;
}

static void
settle (LlFacts *facts, LlDecryption decryption, LlReason reason)
{
  facts->decryption = decryption;
  facts->decryption_reason = reason;
}

/* The agent's word that is news about the message, not trouble with the work. */
static LlReason
reason_of (const GError *trouble)
{
  if (g_error_matches (trouble, LL_ERROR, LL_ERROR_CANNOT_DECRYPT))
    return LL_REASON_NO_SECRET_KEY; /* the certificate is here, its private key is not */
  if (g_error_matches (trouble, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM))
    return LL_REASON_UNSUPPORTED_ALGORITHM;
  return LL_REASON_NONE;
}

static gboolean
open_envelope (Envelope *envelope, GBytes *content, GOutputStream *out, GError **error)
{
  LlFacts *facts = envelope->facts;
  g_autoptr (GError) trouble = NULL;
  gsize length;
  /* Ours alone, from the sink. */
  guint8 *data = (guint8 *)g_bytes_get_data (content, &length);

  if (envelope->ours->len == 0)
    {
      settle (facts, LL_DECRYPTION_FAILED,
              envelope->has_other_kinds ? LL_REASON_UNSUPPORTED_ALGORITHM
                                        : LL_REASON_NO_SECRET_KEY);
      return TRUE;
    }
  gssize plain = open_with_ours (envelope, data, length, &trouble);
  if (trouble != NULL && reason_of (trouble) == LL_REASON_NONE)
    {
      g_propagate_error (error, g_steal_pointer (&trouble));
      return FALSE;
    }
  if (plain < 0)
    {
      settle (facts, LL_DECRYPTION_FAILED,
              trouble != NULL ? reason_of (trouble) : LL_REASON_DECRYPTION_FAILED);
      return TRUE;
    }
  settle (facts, LL_DECRYPTION_DONE,
          envelope->cipher->weak   ? LL_REASON_WEAK_ENCRYPTION /* AL-11 */
          : envelope->cipher->aead ? LL_REASON_NONE
                                   : LL_REASON_NO_INTEGRITY); /* CM-16 */
  return g_output_stream_write_all (out, data, plain, NULL, envelope->cancellable, error);
}

/* ---- the verb ---- */

/* Old ciphers live in a provider of their own; without it they are just not supported. */
static void
load_legacy (const LlCmsCipher *cipher)
{
  static gsize loaded;

  if (cipher == NULL || !cipher->legacy || !g_once_init_enter (&loaded))
    return;
  OSSL_PROVIDER_try_load (ll_provider_context (NULL), "legacy", 1);
  ERR_clear_error ();
  g_once_init_leave (&loaded, 1);
}

static gboolean
is_encrypted (const LlCmsParts *parts, GError **error)
{
  if (parts->kind != LL_CMS_ENVELOPED && parts->kind != LL_CMS_AUTH_ENVELOPED)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                         _ ("This S/MIME (CMS) object is not encrypted."));
  else if (!parts->has_content)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                         _ ("The encrypted content is missing from the S/MIME (CMS) object."));
  else
    return TRUE;
  return FALSE;
}

static gboolean
decrypt_envelope (LlSmimeEngine *self, LlCmsReader *reader, Envelope *envelope, GOutputStream *out,
                  GError **error)
{
  g_autoptr (GBytes) content = collect_content (reader, envelope->cancellable, error);
  if (content == NULL || !ll_cms_reader_finish (reader, error))
    return FALSE;
  GPtrArray *certificates = ll_key_store_certificates (self->store, error);
  if (certificates == NULL)
    return FALSE;

  g_autoptr (GBytes) object = ll_cms_reader_enveloped_object (reader);
  g_autoptr (GPtrArray) ours = g_ptr_array_new ();
  envelope->object = object;
  envelope->ours = ours;
  envelope->facts->has_trailing_bytes = envelope->parts->has_trailing_bytes;
  if (!list_recipients (envelope, certificates, error)
      || (ours->len == 0 && !ll_key_store_knows_secret (self->store, error)))
    return FALSE;
  LlReason reason = read_cipher (envelope);
  if (reason != LL_REASON_NONE)
    {
      settle (envelope->facts, LL_DECRYPTION_FAILED, reason);
      return TRUE;
    }
  load_legacy (envelope->cipher);
  return open_envelope (envelope, content, out, error);
}

gboolean
ll_smime_decrypt (LlEngine *engine, GInputStream *in, GOutputStream *out, LlFacts **facts,
                  GCancellable *cancellable, GError **error)
{
  if (ll_provider_context (error) == NULL)
    return FALSE;

  g_autoptr (LlFacts) found = ll_facts_new (LL_PROTOCOL_SMIME);
  g_autoptr (LlCmsReader) reader = ll_cms_reader_open (in, cancellable, error);
  if (reader == NULL)
    return FALSE;
  Envelope envelope
      = { .parts = ll_cms_reader_get_parts (reader), .facts = found, .cancellable = cancellable };
  if (envelope.parts->kind == LL_CMS_COMPRESSED)
    settle (found, LL_DECRYPTION_FAILED, LL_REASON_UNSUPPORTED_ALGORITHM);
  else if (!is_encrypted (envelope.parts, error)
           || !decrypt_envelope ((LlSmimeEngine *)engine, reader, &envelope, out, error))
    return FALSE;
  *facts = g_steal_pointer (&found);
  return TRUE;
}
