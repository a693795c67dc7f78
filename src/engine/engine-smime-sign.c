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
#include <openssl/rsa.h>

#include "base/clock.h"
#include "base/text.h"
#include "engine/cms-attributes-write-private.h"
#include "engine/cms-flow-private.h"
#include "engine/cms-names.h"
#include "engine/engine-smime-private.h"
#include "keys/x509-cert-private.h"
#include "provider/provider.h"

#define CHAIN_MAX 10
#define STRICT_RSA_BITS 3000 /* BR-11 */
#define STRICT_EC_BITS 250

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

typedef struct
{
  const LlSealRequest *request;
  CMS_ContentInfo *cms;
  LlKey *key;
  X509 *certificate;
  EVP_PKEY *public_key;
  gboolean first;  /* of several signers */
  GString *micalg; /* of all of them */
} Signer;

static gboolean
is_rsa (const Signer *self)
{
  return EVP_PKEY_is_a (self->public_key, "RSA") || EVP_PKEY_is_a (self->public_key, "RSA-PSS");
}

/* What an id-RSASSA-PSS certificate binds its key to (RFC 4055 section 3.1), or NULL. */
static RSA_PSS_PARAMS *
read_constraints (const Signer *self)
{
  X509_ALGOR *algorithm = NULL;

  X509_PUBKEY_get0_param (NULL, NULL, NULL, &algorithm, X509_get_X509_PUBKEY (self->certificate));
  if (OBJ_obj2nid (algorithm->algorithm) != NID_rsassaPss || algorithm->parameter == NULL
      || algorithm->parameter->type != V_ASN1_SEQUENCE)
    return NULL;
  return ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (RSA_PSS_PARAMS), algorithm->parameter);
}

/* The digest: what the certificate demands (AL-12), what the algorithm has (AL-05), what the user
 * wants, or else one that is as strong as the key (SM-01). */
static const char *
choose_digest (const Signer *self, const RSA_PSS_PARAMS *constraints)
{
  int bits = EVP_PKEY_get_bits (self->public_key);

  if (constraints != NULL)
    return OBJ_nid2sn (constraints->hashAlgorithm != NULL
                           ? OBJ_obj2nid (constraints->hashAlgorithm->algorithm)
                           : NID_sha1);
  if (EVP_PKEY_is_a (self->public_key, "ED25519"))
    return "SHA512";
  if (self->request->style.digest != LL_DIGEST_CHOOSE)
    return ll_digest_name (self->request->style.digest);
  if (!EVP_PKEY_is_a (self->public_key, "EC") || bits <= 256)
    return "SHA256";
  return bits <= 384 ? "SHA384" : "SHA512";
}

/* A key on a card signs in the old way where that is allowed: not every card has PSS. */
static gboolean
wants_pss (const Signer *self)
{
  const LlSealStyle *style = &self->request->style;

  if (!is_rsa (self))
    return FALSE;
  return EVP_PKEY_is_a (self->public_key, "RSA-PSS") || style->strict
         || (style->pss && !ll_smime_is_on_card (self->key));
}

/* AL-01: the salt is as long as the digest, unless the certificate demands more. */
static gboolean
set_pss (CMS_SignerInfo *si, const EVP_MD *md, const RSA_PSS_PARAMS *constraints)
{
  EVP_PKEY_CTX *context = CMS_SignerInfo_get0_pkey_ctx (si);
  long salt = EVP_MD_get_size (md), least = 0;

  if (constraints != NULL)
    least = constraints->saltLength != NULL ? ASN1_INTEGER_get (constraints->saltLength) : 20;
  return context != NULL && EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PSS_PADDING) > 0
         && EVP_PKEY_CTX_set_rsa_pss_saltlen (context, (int)MAX (salt, least)) > 0;
}

/* The algorithm as it will be in the end. OpenSSL sets it as late as it signs, which is too late
 * for the beginning of a stream and for CMSAlgorithmProtection. */
static gboolean
settle_algorithm (CMS_SignerInfo *si)
{
  EVP_PKEY_CTX *context = CMS_SignerInfo_get0_pkey_ctx (si);
  guint8 der[256];
  OSSL_PARAM params[]
      = { OSSL_PARAM_construct_octet_string (OSSL_SIGNATURE_PARAM_ALGORITHM_ID, der, sizeof der),
          OSSL_PARAM_construct_end () };
  const guint8 *at = der;
  X509_ALGOR *algorithm = NULL;

  if (EVP_PKEY_CTX_get_params (context, params) <= 0)
    return FALSE;
  g_autoptr (X509_ALGOR) made = d2i_X509_ALGOR (NULL, &at, (long)params[0].return_size);
  CMS_SignerInfo_get0_algs (si, NULL, NULL, NULL, &algorithm);
  return made != NULL && X509_ALGOR_copy (algorithm, made) == 1;
}

/* SC-14, BR-11 */
static gboolean
check_certificate (const Signer *self, const char *title, GError **error)
{
  uint32_t usage = X509_get_key_usage (self->certificate);
  int least = is_rsa (self) ? STRICT_RSA_BITS : STRICT_EC_BITS;

  if ((usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
    g_set_error (error, LL_ERROR, LL_ERROR_CANNOT_SIGN,
                 _ ("The certificate of “%s” is not meant for signatures."), title);
  else if (self->request->style.strict && EVP_PKEY_get_bits (self->public_key) < least)
    g_set_error (error, LL_ERROR, LL_ERROR_CANNOT_SIGN,
                 _ ("The key of “%s” has %d bits, which is too short for the profile “%s”."), title,
                 EVP_PKEY_get_bits (self->public_key), "bsi");
  else
    return TRUE;
  return FALSE;
}

static CMS_SignerInfo *
add_signer_info (const Signer *self, EVP_PKEY *private_key, const EVP_MD *md,
                 const RSA_PSS_PARAMS *constraints)
{
  gboolean by_key_id
      = self->request->style.key_id && X509_get0_subject_key_id (self->certificate) != NULL;
  gboolean pss = wants_pss (self);
  guint flags = CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP | (by_key_id ? CMS_USE_KEYID : 0)
                | (pss ? CMS_KEY_PARAM : 0);
  CMS_SignerInfo *si = CMS_add1_signer (self->cms, self->certificate, private_key, md, flags);
  X509_ALGOR *algorithm = NULL;

  if (si == NULL || (pss && (!set_pss (si, md, constraints) || !settle_algorithm (si))))
    return NULL;
  CMS_SignerInfo_get0_algs (si, NULL, NULL, NULL, &algorithm);
  if (EVP_PKEY_is_a (self->public_key, "ED25519")) /* AL-05: no parameters */
    X509_ALGOR_set0 (algorithm, OBJ_nid2obj (NID_ED25519), V_ASN1_UNDEF, NULL);
  return si;
}

/* SM-07: whoever answers has the certificate to write to in the message, and is told so. */
static gboolean
add_attributes (const Signer *self, CMS_SignerInfo *si)
{
  LlKey *preferred = self->first ? self->request->encryption_key : NULL;
  LlCmsSigned what = { .certificate = self->certificate, .time = ll_clock_now () };

  if (preferred != NULL)
    what.preferred = ll_x509_cert_get (preferred);
  if (ll_smime_is_on_card (preferred != NULL ? preferred : self->key))
    what.incapable = LL_CAPABILITY_OAEP;
  return ll_cms_attributes_write (si, &what);
}

static void
note_micalg (const Signer *self, const EVP_MD *md)
{
  const LlCmsDigest *digest = ll_cms_digest_find (EVP_MD_get_type (md));
  g_auto (GStrv) words = g_strsplit (self->micalg->str, ",", -1);

  if (digest != NULL && !g_strv_contains ((const char *const *)words, digest->micalg))
    g_string_append_printf (self->micalg, "%s%s", self->micalg->len > 0 ? "," : "", digest->micalg);
}

static gboolean
add_signer (const Signer *self, GError **error)
{
  g_autofree char *title = ll_text_safe (ll_key_get_title (self->key), -1);
  g_autofree char *prompt
      = g_strdup_printf (_ ("The key of “%s” is needed to sign a message."), title);
  g_autoptr (RSA_PSS_PARAMS) constraints = NULL;

  if (!check_certificate (self, title, error))
    return FALSE;
  g_autoptr (EVP_PKEY) private_key = ll_provider_key_new (self->certificate, prompt, error);
  if (private_key == NULL)
    return FALSE;

  constraints = read_constraints (self);
  g_autoptr (EVP_MD) md
      = EVP_MD_fetch (ll_provider_context (NULL), choose_digest (self, constraints), NULL);
  CMS_SignerInfo *si = md != NULL ? add_signer_info (self, private_key, md, constraints) : NULL;
  if (si == NULL || !add_attributes (self, si))
    return ll_openssl_set_error (error, LL_ERROR_CANNOT_SIGN,
                                 _ ("The certificate of “%s” cannot be used to sign"), title);
  note_micalg (self, md);
  return TRUE;
}

/* ---- certificates ---- */

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

/* Two signers may share certificates: OpenSSL refuses a second copy, which is as well. */
static void
add_certificate (CMS_ContentInfo *cms, X509 *certificate)
{
  ERR_set_mark ();
  CMS_add1_cert (cms, certificate);
  ERR_pop_to_mark ();
}

/* SC-02: the chain up to, but without, its root. */
static void
add_chain (LlSmimeEngine *self, CMS_ContentInfo *cms, LlKey *key)
{
  GPtrArray *certificates = ll_key_store_certificates (self->store, NULL);
  X509 *certificate = ll_x509_cert_get (key);

  add_certificate (cms, certificate);
  for (guint i = 0; i < CHAIN_MAX; i++)
    {
      if (X509_check_issued (certificate, certificate) == X509_V_OK)
        return;
      certificate = find_issuer (certificate, certificates);
      if (certificate == NULL || X509_check_issued (certificate, certificate) == X509_V_OK)
        return;
      add_certificate (cms, certificate);
    }
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
      Signer signer = { .request = request,
                        .cms = cms,
                        .key = key,
                        .certificate = ll_x509_cert_get (key),
                        .public_key = X509_get0_pubkey (ll_x509_cert_get (key)),
                        .first = i == 0,
                        .micalg = micalg };
      if (!add_signer (&signer, error))
        return NULL;
      add_chain (self, cms, key);
    }
  if (request->encryption_key != NULL)
    add_chain (self, cms, request->encryption_key);
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
