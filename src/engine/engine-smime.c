/* engine-smime.c - the S/MIME engine: OpenSSL CMS, with private keys in gpg-agent.
 *
 * What enters and leaves is told in engine.h. Here are the table, the look at the first bytes, and
 * the small things that its rooms share. What it does not do: MIME, trust, and the network.
 */
#include <config.h>

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "base/hex.h"
#include "bridge/openssl-glue.h"
#include "engine/engine-smime-private.h"
#include "keys/x509-cert.h"
#include "keys/x509-name-private.h"
#include "provider/provider.h"

#define SEEN_CERTIFICATES 256
#define SEEN_BYTES (16 * 1024)      /* larger ones are not kept */
#define BEGINNING_BYTES (64 * 1024) /* as much as is looked at of what may be longer */

/* The recipients alone may be longer than the beginning that is looked at. What is shorter than
 * that is all there is. */
static gboolean
begins_encrypted (GBytes *bytes)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (bytes);
  LlCmsKind kind = g_bytes_get_size (bytes) >= BEGINNING_BYTES ? ll_cms_reader_look_at_kind (in)
                                                               : LL_CMS_OTHER;

  return kind == LL_CMS_ENVELOPED || kind == LL_CMS_AUTH_ENVELOPED;
}

/* SM-21: by the bytes alone. A beginning is enough, but what has no content can only be told from
 * a list of certificates when all of it is there. */
static LlBlobKind
identify (LlEngine *engine, GBytes *bytes)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (LlCmsReader) reader = ll_cms_reader_open (in, NULL, NULL);
  const LlCmsParts *parts = reader != NULL ? ll_cms_reader_get_parts (reader) : NULL;

  if (parts == NULL)
    return begins_encrypted (bytes) ? LL_BLOB_ENCRYPTED : LL_BLOB_UNKNOWN;
  if (parts->kind == LL_CMS_OTHER)
    return LL_BLOB_UNKNOWN;
  if (parts->kind == LL_CMS_COMPRESSED)
    return LL_BLOB_COMPRESSED;
  if (parts->kind != LL_CMS_SIGNED)
    return LL_BLOB_ENCRYPTED;
  if (parts->has_content)
    return LL_BLOB_SIGNED;
  if (ll_cms_reader_finish (reader, NULL) && parts->signer_infos->len == 0
      && parts->certificates->len > 0)
    return LL_BLOB_CERTIFICATES;
  return LL_BLOB_DETACHED;
}

static void
smime_free (LlEngine *engine)
{
  LlSmimeEngine *self = (LlSmimeEngine *)engine;

  g_hash_table_unref (self->seen);
  g_clear_pointer (&self->file_keys, g_ptr_array_unref);
  g_free (self);
}

GError *
ll_smime_take_agent_error (GCancellable *cancellable)
{
  g_autoptr (GError) error = ll_provider_take_agent_error ();

  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || g_cancellable_is_cancelled (cancellable))
    return g_steal_pointer (&error);
  return g_error_new_literal (LL_ERROR, LL_ERROR_KEY_LOCKED, error->message);
}

gboolean
ll_smime_is_on_card (const LlKey *key)
{
  GPtrArray *subkeys = ll_key_get_subkeys (key);

  return subkeys->len > 0 && ((const LlSubkey *)g_ptr_array_index (subkeys, 0))->on_card;
}

static const LlEngineClass smime_class = {
  .protocol = LL_PROTOCOL_SMIME,
  .sign = ll_smime_sign,
  .encrypt = ll_smime_encrypt,
  .decrypt = ll_smime_decrypt,
  .verify = ll_smime_verify,
  .identify = identify,
  .free = smime_free,
};

LlEngine *
ll_engine_smime_new (const LlPolicy *policy, LlKeyStore *store)
{
  LlSmimeEngine *self = g_new0 (LlSmimeEngine, 1);

  self->engine.klass = &smime_class;
  self->policy = policy;
  self->store = store;
  self->seen = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref,
                                      (GDestroyNotify)ll_key_unref);
  return &self->engine;
}

/* ---- shared by the rooms ---- */

/* Half of the time that a small signed message takes went into parsing the same certificates. */
LlKey *
ll_smime_take_certificate (LlSmimeEngine *self, GBytes *der)
{
  LlKey *key = g_hash_table_lookup (self->seen, der);

  if (key != NULL)
    return ll_key_ref (key);
  key = ll_x509_cert_new (der, NULL);
  if (key == NULL || g_bytes_get_size (der) > SEEN_BYTES)
    return key;
  if (g_hash_table_size (self->seen) >= SEEN_CERTIFICATES)
    g_hash_table_remove_all (self->seen);
  g_hash_table_insert (self->seen, g_bytes_ref (der), ll_key_ref (key));
  return key;
}

CMS_ContentInfo *
ll_smime_parse (GBytes *object)
{
  OSSL_LIB_CTX *context = ll_provider_context (NULL);
  CMS_ContentInfo *cms = context != NULL ? CMS_ContentInfo_new_ex (context, NULL) : NULL;
  gsize length;
  const guint8 *at = g_bytes_get_data (object, &length);

  /* On failure OpenSSL frees the object and clears the pointer. */
  if (cms != NULL && d2i_CMS_ContentInfo (&cms, &at, (long)length) == NULL)
    {
      ERR_clear_error ();
      return NULL;
    }
  return cms;
}

X509_ALGOR *
ll_smime_parse_algorithm (GBytes *element)
{
  gsize length;
  const guint8 *at = g_bytes_get_data (element, &length);
  X509_ALGOR *algorithm = d2i_X509_ALGOR (NULL, &at, (long)length);

  if (algorithm == NULL)
    ERR_clear_error ();
  return algorithm;
}

char *
ll_smime_hint (const ASN1_OCTET_STRING *key_id, const X509_NAME *issuer, const ASN1_INTEGER *serial)
{
  if (key_id != NULL)
    {
      g_autofree char *hex
          = ll_hex_encode (ASN1_STRING_get0_data (key_id), ASN1_STRING_length (key_id));
      return g_strdup_printf ("subject key identifier %s", hex);
    }
  g_autofree char *name = issuer != NULL ? ll_x509_name_to_text (issuer) : g_strdup ("?");
  g_autofree char *hex
      = serial != NULL ? ll_hex_encode (ASN1_STRING_get0_data (serial), ASN1_STRING_length (serial))
                       : g_strdup ("?");
  return g_strdup_printf ("%s, serial number %s", name, hex);
}

gboolean
ll_smime_has_key_id (X509 *certificate, const ASN1_OCTET_STRING *key_id)
{
  const ASN1_OCTET_STRING *own = X509_get0_subject_key_id (certificate);
  guint8 hash[EVP_MAX_MD_SIZE];
  unsigned int length = 0;

  if (own != NULL)
    return ASN1_OCTET_STRING_cmp (own, key_id) == 0;
  return ASN1_STRING_length (key_id) == 20
         && X509_pubkey_digest (certificate, EVP_sha1 (), hash, &length) == 1
         && memcmp (hash, ASN1_STRING_get0_data (key_id), length) == 0;
}
