/* engine-smime-make.c - signs and encrypts, S/MIME.
 *
 * What enters: bytes as they are to be signed or sealed, and the certificates to do it with. What
 * leaves: CMS in DER or, where the content is long, in BER while it streams by; in PEM on request.
 * When anything fails, what stands in `out` is half a message and the caller drops it. Which
 * certificates are right for whom was settled before, by the plan.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include <openssl/err.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "bridge/openssl-glue.h"
#include "engine/cms-attributes-private.h"
#include "engine/cms-names.h"
#include "engine/engine-smime-private.h"
#include "keys/x509-cert-private.h"
#include "provider/provider.h"

#define CHUNK_BYTES (64 * 1024)
#define CHAIN_MAX 10

/* ---- streams ---- */

/* Where the object goes, and what goes into it. */
typedef struct
{
  CMS_ContentInfo *cms;
  GInputStream *in;
  GCancellable *cancellable;
  guint8 *chunk;
  gsize filled; /* octets in the chunk */
  gboolean ended;
} Flow;

static gboolean
next_chunk (Flow *flow, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (flow->cancellable, error)
      || !g_input_stream_read_all (flow->in, flow->chunk, CHUNK_BYTES, &flow->filled,
                                   flow->cancellable, error))
    return FALSE;
  flow->ended = flow->filled < CHUNK_BYTES;
  return TRUE;
}

/* Puts the first chunk and all that follow into the chain. FALSE without error when the chain does
 * not take them. */
static gboolean
pour (Flow *flow, BIO *chain, GError **error)
{
  size_t written = 0;

  while (flow->filled > 0)
    {
      if (BIO_write_ex (chain, flow->chunk, flow->filled, &written) != 1 || written != flow->filled)
        return FALSE;
      if (flow->ended)
        break;
      if (!next_chunk (flow, error))
        return FALSE;
    }
  return BIO_flush (chain) == 1;
}

/* Long contents: the object is written while the content is read. */
static gboolean
write_streaming (Flow *flow, BIO *sink, GError **error)
{
  BIO *chain = BIO_new_CMS (sink, flow->cms);
  gboolean poured = chain != NULL && pour (flow, chain, error);

  /* Down to the sink, which is the caller's. */
  while (chain != NULL && chain != sink)
    {
      BIO *top = chain;
      chain = BIO_pop (chain);
      BIO_free (top);
    }
  return poured;
}

/* Short or detached contents: the object is complete before it is written, in DER. */
static gboolean
write_whole (Flow *flow, BIO *sink, GError **error)
{
  g_autoptr (BIO) chain = CMS_dataInit (flow->cms, NULL);
  ASN1_OCTET_STRING **content = NULL;
  guint8 *der = NULL;

  if (chain == NULL || !pour (flow, chain, error) || CMS_dataFinal (flow->cms, chain) != 1)
    return FALSE;
  int length = i2d_CMS_ContentInfo (flow->cms, &der);
  gboolean written = length > 0 && BIO_write (sink, der, length) == length && BIO_flush (sink) == 1;
  content = CMS_get0_content (flow->cms);
  if (content != NULL && *content != NULL)
    OPENSSL_cleanse ((*content)->data, (*content)->length); /* CM-21 */
  OPENSSL_clear_free (der, MAX (length, 0));
  return written;
}

static gboolean
write_armored (Flow *flow, BIO *sink, gboolean stream, GError **error)
{
  BIO *base64 = BIO_new (BIO_f_base64 ());
  gboolean written = BIO_printf (sink, "-----BEGIN CMS-----\n") > 0;

  BIO_push (base64, sink);
  written = written && (stream ? write_streaming : write_whole) (flow, base64, error)
            && BIO_flush (base64) == 1;
  BIO_pop (base64);
  BIO_free (base64);
  return written && BIO_printf (sink, "-----END CMS-----\n") > 0 && BIO_flush (sink) == 1;
}

/* Why it failed, from whoever knows best: the stream that was read, the agent, the stream that was
 * written, OpenSSL. */
static void
explain (BIO *sink, LlError code, const char *message, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) from_agent = ll_smime_take_agent_error (cancellable);
  g_autoptr (GError) from_sink = ll_bio_take_error (sink);

  if (error != NULL && *error != NULL)
    ERR_clear_error ();
  else if (from_agent != NULL)
    g_propagate_error (error, g_steal_pointer (&from_agent));
  else if (from_sink != NULL)
    g_propagate_error (error, g_steal_pointer (&from_sink));
  else
    {
      ll_openssl_set_error (error, code, "%s", message);
      return;
    }
  ERR_clear_error ();
}

typedef struct
{
  LlError code;
  const char *message;
} Failure;

static gboolean
write_object (CMS_ContentInfo *cms, const LlSealRequest *request, GInputStream *in,
              GOutputStream *out, const Failure *failure, GCancellable *cancellable, GError **error)
{
  g_autofree guint8 *chunk = g_malloc (CHUNK_BYTES);
  g_autoptr (BIO) sink = ll_bio_new_output (out, cancellable);
  g_autoptr (GError) local = NULL;
  g_autoptr (GError) stale = ll_provider_take_agent_error ();
  Flow flow = { .cms = cms, .in = in, .cancellable = cancellable, .chunk = chunk };

  ERR_clear_error ();
  gboolean written = next_chunk (&flow, &local);
  gboolean stream = !flow.ended && CMS_is_detached (cms) != 1;
  ll_provider_set_cancellable (cancellable);
  if (written && request->armor)
    written = write_armored (&flow, sink, stream, &local);
  else if (written)
    written = (stream ? write_streaming : write_whole) (&flow, sink, &local);
  ll_provider_set_cancellable (NULL);
  explicit_bzero (chunk, CHUNK_BYTES);
  if (written)
    return TRUE;
  explain (sink, failure->code, failure->message, cancellable, &local);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* ---- signing ---- */

/* A digest as strong as the key (SM-01). */
static const char *
digest_name_for (EVP_PKEY *key)
{
  if (EVP_PKEY_get_base_id (key) != EVP_PKEY_EC || EVP_PKEY_get_bits (key) <= 256)
    return "SHA256";
  return EVP_PKEY_get_bits (key) <= 384 ? "SHA384" : "SHA512";
}

static gboolean
add_signer (CMS_ContentInfo *cms, LlKey *key, GString *micalg, GError **error)
{
  X509 *certificate = ll_x509_cert_get (key);
  g_autofree char *title = ll_text_safe (ll_key_get_title (key), -1);
  g_autofree char *prompt
      = g_strdup_printf (_ ("The key of “%s” is needed to sign a message."), title);
  g_autoptr (EVP_PKEY) private_key = ll_provider_key_new (certificate, prompt, error);
  if (private_key == NULL)
    return FALSE;

  const char *name = digest_name_for (X509_get0_pubkey (certificate));
  g_autoptr (EVP_MD) md = EVP_MD_fetch (ll_provider_context (NULL), name, NULL);
  CMS_SignerInfo *si = CMS_add1_signer (cms, certificate, private_key, md,
                                        CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP);
  if (si == NULL || !ll_cms_attributes_add (si, certificate, ll_clock_now ()))
    return ll_openssl_set_error (error, LL_ERROR_CANNOT_SIGN,
                                 _ ("The certificate of “%s” cannot be used to sign"), title);

  const char *word = ll_cms_digest_find (EVP_MD_get_type (md))->micalg;
  g_auto (GStrv) words = g_strsplit (micalg->str, ",", -1);
  if (!g_strv_contains ((const char *const *)words, word))
    g_string_append_printf (micalg, "%s%s", micalg->len > 0 ? "," : "", word);
  return TRUE;
}

static X509 *
find_issuer (X509 *certificate, GPtrArray *certificates)
{
  for (guint i = 0; certificates != NULL && i < certificates->len; i++)
    {
      X509 *issuer = ll_x509_cert_get (g_ptr_array_index (certificates, i));
      if (X509_check_issued (issuer, certificate) == X509_V_OK)
        return issuer;
    }
  return NULL;
}

/* SC-02: the chain up to, but without, its root. OpenSSL has put in the signer's own. */
static gboolean
add_chain (LlSmimeEngine *self, CMS_ContentInfo *cms, LlKey *key)
{
  GPtrArray *certificates = ll_key_store_certificates (self->store, NULL);
  X509 *certificate = ll_x509_cert_get (key);

  for (guint i = 0; i < CHAIN_MAX; i++)
    {
      if (X509_check_issued (certificate, certificate) == X509_V_OK)
        return TRUE;
      certificate = find_issuer (certificate, certificates);
      if (certificate == NULL || X509_check_issued (certificate, certificate) == X509_V_OK)
        return TRUE;
      /* Two signers may share issuers: OpenSSL refuses a second copy, which is as well. */
      ERR_set_mark ();
      CMS_add1_cert (cms, certificate);
      ERR_pop_to_mark ();
    }
  return TRUE;
}

static CMS_ContentInfo *
new_signed (LlSmimeEngine *self, const LlSealRequest *request, GString *micalg, GError **error)
{
  unsigned int flags
      = CMS_PARTIAL | CMS_BINARY | CMS_STREAM | (request->detached ? CMS_DETACHED : 0);
  g_autoptr (CMS_ContentInfo) cms
      = CMS_sign_ex (NULL, NULL, NULL, NULL, flags, ll_provider_context (NULL), NULL);
  if (cms == NULL)
    return ll_openssl_set_error (error, LL_ERROR_FAILED, _ ("No S/MIME signature can be begun")),
           NULL;
  for (guint i = 0; i < request->signers->len; i++)
    {
      LlKey *key = g_ptr_array_index (request->signers, i);
      if (!add_signer (cms, key, micalg, error) || !add_chain (self, cms, key))
        return NULL;
    }
  return g_steal_pointer (&cms);
}

/* OpenSSL does not pass on every failure at the end of a stream. */
static gboolean
all_signed (CMS_ContentInfo *cms)
{
  STACK_OF (CMS_SignerInfo) *infos = CMS_get0_SignerInfos (cms);

  for (int i = 0; i < sk_CMS_SignerInfo_num (infos); i++)
    if (ASN1_STRING_length (CMS_SignerInfo_get0_signature (sk_CMS_SignerInfo_value (infos, i)))
        == 0)
      return FALSE;
  return sk_CMS_SignerInfo_num (infos) > 0;
}

gboolean
ll_smime_sign (LlEngine *engine, const LlSealRequest *request, GInputStream *in, GOutputStream *out,
               LlSealResult **result, GCancellable *cancellable, GError **error)
{
  const Failure failure = { LL_ERROR_CANNOT_SIGN, _ ("The message could not be signed") };

  if (request->signers == NULL || request->signers->len == 0)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_CANNOT_SIGN,
                           _ ("There is no certificate to sign with."));
      return FALSE;
    }
  if (ll_provider_context (error) == NULL)
    return FALSE;

  g_autoptr (GString) micalg = g_string_new (NULL);
  g_autoptr (CMS_ContentInfo) cms = new_signed ((LlSmimeEngine *)engine, request, micalg, error);
  if (cms == NULL || !write_object (cms, request, in, out, &failure, cancellable, error))
    return FALSE;
  if (!all_signed (cms))
    return ll_openssl_set_error (error, failure.code, "%s", failure.message);
  if (result != NULL)
    {
      *result = g_new0 (LlSealResult, 1);
      (*result)->micalg = g_string_free (g_steal_pointer (&micalg), FALSE);
    }
  return TRUE;
}

/* ---- encrypting ---- */

/* SC-01: what the certificate's key usage allows; absent allows all. */
static gboolean
may_encrypt (X509 *certificate)
{
  EVP_PKEY *key = X509_get0_pubkey (certificate);
  uint32_t usage = X509_get_key_usage (certificate);

  if (key == NULL)
    return FALSE;
  if (EVP_PKEY_get_base_id (key) == EVP_PKEY_RSA)
    return (usage & KU_KEY_ENCIPHERMENT) != 0;
  return EVP_PKEY_get_base_id (key) == EVP_PKEY_EC && (usage & KU_KEY_AGREEMENT) != 0;
}

/* AL-04: ECDH derives with SHA-256; OpenSSL takes SHA-1 by itself. The key wrap follows the size of
 * the content's key (SM-04), which OpenSSL does. */
static gboolean
set_agreement (CMS_RecipientInfo *info)
{
  EVP_PKEY_CTX *context = CMS_RecipientInfo_get0_pkey_ctx (info);

  return context != NULL && EVP_PKEY_CTX_set_ecdh_kdf_md (context, EVP_sha256 ()) > 0;
}

static gboolean
add_recipient (CMS_ContentInfo *cms, LlKey *key, GError **error)
{
  X509 *certificate = ll_x509_cert_get (key);
  g_autofree char *title = ll_text_safe (ll_key_get_title (key), -1);

  if (!may_encrypt (certificate))
    {
      g_set_error (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT,
                   _ ("The certificate of “%s” is not meant for encryption."), title);
      return FALSE;
    }
  CMS_RecipientInfo *info = CMS_add1_recipient_cert (cms, certificate, 0);
  if (info == NULL
      || (CMS_RecipientInfo_type (info) == CMS_RECIPINFO_AGREE && !set_agreement (info)))
    return ll_openssl_set_error (error, LL_ERROR_CANNOT_ENCRYPT,
                                 _ ("Nothing can be encrypted to the certificate of “%s”"), title);
  return TRUE;
}

static gboolean
check_request (const LlSealRequest *request, GError **error)
{
  if (request->signers != NULL && request->signers->len > 0)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                         _ ("S/MIME signs and encrypts in two layers, not in one."));
  else if (request->symmetric)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                         _ ("S/MIME cannot encrypt with a passphrase here. Use OpenPGP for that."));
  else if (request->recipients == NULL || request->recipients->len == 0)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT,
                         _ ("There is no recipient to encrypt to."));
  else
    return TRUE;
  return FALSE;
}

gboolean
ll_smime_encrypt (LlEngine *engine, const LlSealRequest *request, GInputStream *in,
                  GOutputStream *out, LlSealResult **result, GCancellable *cancellable,
                  GError **error)
{
  const Failure failure = { LL_ERROR_CANNOT_ENCRYPT, _ ("The message could not be encrypted") };
  const char *name = ll_cipher_name (request->cipher != LL_CIPHER_CHOOSE ? request->cipher
                                                                         : LL_CIPHER_AES_256_CBC);
  OSSL_LIB_CTX *context = ll_provider_context (error);

  if (context == NULL || !check_request (request, error))
    return FALSE;

  g_autoptr (EVP_CIPHER) cipher = EVP_CIPHER_fetch (context, name, NULL);
  g_autoptr (CMS_ContentInfo) cms
      = CMS_encrypt_ex (NULL, NULL, cipher, CMS_PARTIAL | CMS_BINARY | CMS_STREAM, context, NULL);
  if (cms == NULL)
    return ll_openssl_set_error (error, failure.code, "%s", failure.message);
  for (guint i = 0; i < request->recipients->len; i++)
    if (!add_recipient (cms, g_ptr_array_index (request->recipients, i), error))
      return FALSE;
  if (!write_object (cms, request, in, out, &failure, cancellable, error))
    return FALSE;
  if (result != NULL)
    {
      *result = g_new0 (LlSealResult, 1);
      (*result)->cipher = g_strdup (name);
    }
  return TRUE;
}
