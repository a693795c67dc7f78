/* x509-crl-signer.c - what enters: a CRL and a path; what leaves: whether somebody under the anchor
 * of the path has signed it, and whether it can be about a certificate of the path. What it says
 * is not looked at.
 */
#include <config.h>

#include <openssl/err.h>

#include "bridge/openssl-glue.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-crl-private.h"
#include "provider/provider.h"

X509 *
ll_crl_certificate_at (GPtrArray *keys, guint index)
{
  return ll_x509_cert_get (g_ptr_array_index (keys, index));
}

static X509 *
anchor_of (const LlX509RevocationQuestion *question)
{
  return ll_crl_certificate_at (question->chain, question->chain->len - 1);
}

static void
push_keys (LlX509Borrowed *stack, GPtrArray *keys)
{
  for (guint i = 0; keys != NULL && i < keys->len; i++)
    sk_X509_push (stack, ll_crl_certificate_at (keys, i));
}

/* What may stand between a CRL's issuer and the anchor. */
LlX509Borrowed *
ll_crl_between (const LlX509RevocationQuestion *question, GPtrArray *certificates)
{
  LlX509Borrowed *stack = sk_X509_new_null ();

  push_keys (stack, question->chain);
  push_keys (stack, question->extra);
  push_keys (stack, certificates);
  return stack;
}

X509_STORE *
ll_crl_store_of (const LlX509RevocationQuestion *question)
{
  X509_STORE *store = X509_STORE_new ();

  X509_STORE_add_cert (store, anchor_of (question));
  return store;
}

gboolean
ll_crl_is_weak (const X509_CRL *crl)
{
  int digest = NID_undef;

  OBJ_find_sigid_algs (X509_CRL_get_signature_nid (crl), &digest, NULL);
  return digest == NID_md5 || digest == NID_sha1 || digest == NID_md2 || digest == NID_md4;
}

static gboolean
has_signed (X509 *certificate, LlCrl *crl)
{
  EVP_PKEY *key = X509_get0_pubkey (certificate);

  if (crl->signer != NULL && X509_cmp (crl->signer, certificate) == 0)
    return TRUE;
  if (key == NULL
      || X509_NAME_cmp (X509_get_subject_name (certificate), X509_CRL_get_issuer (crl->crl)) != 0
      || X509_CRL_verify (crl->crl, key) != 1)
    return FALSE;
  X509_free (crl->signer);
  X509_up_ref (certificate);
  crl->signer = certificate;
  return TRUE;
}

static gboolean
leads_to_anchor (X509 *certificate, GPtrArray *certificates,
                 const LlX509RevocationQuestion *question, gint64 time)
{
  g_autoptr (X509_STORE) store = ll_crl_store_of (question);
  g_autoptr (LlX509Borrowed) stack = ll_crl_between (question, certificates);
  g_autoptr (X509_STORE_CTX) context = X509_STORE_CTX_new_ex (ll_provider_context (NULL), NULL);
  X509_VERIFY_PARAM *parameters;

  if (!X509_STORE_CTX_init (context, store, certificate, stack))
    return FALSE;
  parameters = X509_STORE_CTX_get0_param (context);
  X509_VERIFY_PARAM_set_flags (parameters, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time (parameters, (time_t)time);
  return X509_verify_cert (context) == 1;
}

static gboolean
signed_by_one_of (GPtrArray *keys, LlCrl *crl, const LlX509RevocationQuestion *question,
                  gint64 time)
{
  for (guint i = 0; keys != NULL && i < keys->len; i++)
    if (has_signed (ll_crl_certificate_at (keys, i), crl)
        && leads_to_anchor (ll_crl_certificate_at (keys, i), keys, question, time))
      return TRUE;
  return FALSE;
}

/* Whether somebody under the anchor of the path has signed it; what that issuer may speak of is
 * OpenSSL's question. */
gboolean
ll_crl_is_genuine (LlCrl *crl, const LlX509RevocationQuestion *question, gint64 time)
{
  gboolean genuine = FALSE;

  if (ll_crl_is_weak (crl->crl)) /* SC-19 */
    return FALSE;
  for (guint i = 1; i < question->chain->len && !genuine; i++)
    genuine = has_signed (ll_crl_certificate_at (question->chain, i), crl);
  genuine = genuine || signed_by_one_of (question->extra, crl, question, time);
  /* the keybox is only looked into when nobody else has signed it */
  if (!genuine && question->store != NULL)
    genuine
        = signed_by_one_of (ll_key_store_certificates (question->store, NULL), crl, question, time);
  ERR_clear_error ();
  return genuine;
}

static gboolean
names_issuer (X509 *certificate, const X509_NAME *name)
{
  CRL_DIST_POINTS *points = X509_get_ext_d2i (certificate, NID_crl_distribution_points, NULL, NULL);
  gboolean found = FALSE;

  for (int i = 0; points != NULL && i < sk_DIST_POINT_num (points); i++)
    {
      const GENERAL_NAMES *issuers = sk_DIST_POINT_value (points, i)->CRLissuer;

      for (int j = 0; issuers != NULL && j < sk_GENERAL_NAME_num (issuers); j++)
        {
          const GENERAL_NAME *issuer = sk_GENERAL_NAME_value (issuers, j);

          found
              |= issuer->type == GEN_DIRNAME && X509_NAME_cmp (issuer->d.directoryName, name) == 0;
        }
    }
  CRL_DIST_POINTS_free (points);
  return found;
}

/* Whether it can say something about the certificate: its issuer's, or of one whom the certificate
 * names (an indirect CRL). */
gboolean
ll_crl_is_about (const LlCrl *crl, X509 *certificate)
{
  const X509_NAME *name = X509_CRL_get_issuer (crl->crl);

  return X509_NAME_cmp (X509_get_issuer_name (certificate), name) == 0
         || names_issuer (certificate, name);
}

gboolean
ll_crl_is_about_path (const LlCrl *crl, const LlX509RevocationQuestion *question)
{
  for (guint i = 0; i + 1 < question->chain->len; i++)
    if (ll_crl_is_about (crl, ll_crl_certificate_at (question->chain, i)))
      return TRUE;
  return FALSE;
}
