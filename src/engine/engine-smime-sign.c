/* engine-smime-sign.c - signs, S/MIME.
 *
 * What enters: bytes as they are to be signed, and the certificates to do it with. What leaves: CMS
 * in DER or, where the content is long and inside, in BER while it streams by. Which certificates
 * are right for whom was settled before, by the plan.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include <openssl/err.h>

#include "base/clock.h"
#include "base/text.h"
#include "engine/cms-attributes-private.h"
#include "engine/cms-flow-private.h"
#include "engine/cms-names.h"
#include "engine/engine-smime-private.h"
#include "keys/x509-cert-private.h"
#include "provider/provider.h"

#define CHAIN_MAX 10

/* ---- streams ---- */

/* Puts the first chunk and all that follow into the chain. FALSE without error when the chain does
 * not take them. */
static gboolean
pour (LlCmsFlow *flow, BIO *chain, GError **error)
{
  size_t written = 0;

  while (flow->filled > 0)
    {
      if (BIO_write_ex (chain, flow->chunk, flow->filled, &written) != 1 || written != flow->filled)
        return FALSE;
      if (flow->ended)
        break;
      if (!ll_cms_flow_next (flow, error))
        return FALSE;
    }
  return BIO_flush (chain) == 1;
}

/* Long contents: the object is written while the content is read. */
static gboolean
write_streaming (CMS_ContentInfo *cms, LlCmsFlow *flow, BIO *sink, GError **error)
{
  BIO *chain = BIO_new_CMS (sink, cms);
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
write_whole (CMS_ContentInfo *cms, LlCmsFlow *flow, BIO *sink, GError **error)
{
  g_autoptr (BIO) chain = CMS_dataInit (cms, NULL);
  ASN1_OCTET_STRING **content = NULL;
  guint8 *der = NULL;

  if (chain == NULL || !pour (flow, chain, error) || CMS_dataFinal (cms, chain) != 1)
    return FALSE;
  int length = i2d_CMS_ContentInfo (cms, &der);
  gboolean written = length > 0 && BIO_write (sink, der, length) == length;
  content = CMS_get0_content (cms);
  if (content != NULL && *content != NULL)
    OPENSSL_cleanse ((*content)->data, (*content)->length); /* CM-21 */
  OPENSSL_clear_free (der, MAX (length, 0));
  return written;
}

static gboolean
write_signed (gpointer object, LlCmsFlow *flow, BIO *sink, GError **error)
{
  CMS_ContentInfo *cms = object;
  gboolean stream = !flow->ended && CMS_is_detached (cms) != 1;

  return (stream ? write_streaming : write_whole) (cms, flow, sink, error);
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
  const LlCmsJob job = {
    .in = in,
    .out = out,
    .armor = request->armor,
    .code = LL_ERROR_CANNOT_SIGN,
    .message = _ ("The message could not be signed"),
    .cancellable = cancellable,
  };

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
  if (cms == NULL || !ll_cms_flow_run (&job, write_signed, cms, error))
    return FALSE;
  if (!all_signed (cms))
    return ll_openssl_set_error (error, job.code, "%s", job.message);
  if (result != NULL)
    {
      *result = g_new0 (LlSealResult, 1);
      (*result)->micalg = g_string_free (g_steal_pointer (&micalg), FALSE);
    }
  return TRUE;
}
