#include <config.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <string.h>

#include "bridge/openssl-glue.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-crl-private.h"
#include "keys/x509-ocsp-private.h"
#include "keys/x509-revocation-answer-private.h"

#define CLOCK_SKEW_SECONDS 300
#define LIFETIME_SECONDS 86400 /* of an answer that does not say how long it counts */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_REQUEST, OCSP_REQUEST_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_RESPONSE, OCSP_RESPONSE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_BASICRESP, OCSP_BASICRESP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_CERTID, OCSP_CERTID_free)

/* --- the question ----------------------------------------------------------------------------- */

static char *
find_responder (X509 *certificate)
{
  STACK_OF (OPENSSL_STRING) *urls = X509_get1_ocsp (certificate);
  char *found = NULL;

  for (int i = 0; found == NULL && i < sk_OPENSSL_STRING_num (urls); i++)
    {
      const char *url = sk_OPENSSL_STRING_value (urls, i);

      if (g_ascii_strncasecmp (url, "http://", 7) == 0
          || g_ascii_strncasecmp (url, "https://", 8) == 0)
        found = g_strdup (url);
    }
  X509_email_free (urls);
  return found;
}

static GBytes *
make_request (X509 *certificate, X509 *issuer)
{
  g_autoptr (OCSP_REQUEST) request = OCSP_REQUEST_new ();
  OCSP_CERTID *id = OCSP_cert_to_id (NULL, certificate, issuer);

  if (id == NULL || OCSP_request_add0_id (request, id) == NULL)
    {
      OCSP_CERTID_free (id);
      return NULL;
    }
  return LL_DER (request, OCSP_REQUEST);
}

LlOcspQuestion *
ll_ocsp_question_new (X509 *certificate, X509 *issuer)
{
  g_autofree char *responder = find_responder (certificate);
  g_autoptr (GBytes) request = responder != NULL ? make_request (certificate, issuer) : NULL;
  g_autofree char *base64 = NULL, *escaped = NULL;
  LlOcspQuestion *question;

  ERR_clear_error ();
  if (request == NULL)
    return NULL;
  base64 = g_base64_encode (g_bytes_get_data (request, NULL), g_bytes_get_size (request));
  escaped = g_uri_escape_string (base64, NULL, FALSE);
  question = g_new0 (LlOcspQuestion, 1);
  question->url
      = g_strconcat (responder, g_str_has_suffix (responder, "/") ? "" : "/", escaped, NULL);
  question->responder = g_steal_pointer (&responder);
  return question;
}

void
ll_ocsp_question_free (LlOcspQuestion *question)
{
  if (question == NULL)
    return;
  g_free (question->responder);
  g_free (question->url);
  g_free (question);
}

/* --- the answer ------------------------------------------------------------------------------- */

static gboolean
is_weak (const OCSP_BASICRESP *basic)
{
  const X509_ALGOR *algorithm = OCSP_resp_get0_tbs_sigalg (basic);
  const ASN1_OBJECT *object = NULL;
  int digest = NID_undef;

  X509_ALGOR_get0 (&object, NULL, NULL, algorithm);
  OBJ_find_sigid_algs (OBJ_obj2nid (object), &digest, NULL);
  return digest == NID_md5 || digest == NID_sha1;
}

static gboolean
is_signed_rightly (OCSP_BASICRESP *basic, X509 *issuer, gint64 now)
{
  g_autoptr (X509_STORE) store = X509_STORE_new ();
  g_autoptr (LlX509Borrowed) certificates = sk_X509_new_null ();
  X509_VERIFY_PARAM *parameters = X509_STORE_get0_param (store);

  sk_X509_push (certificates, issuer);
  X509_STORE_add_cert (store, issuer);
  X509_VERIFY_PARAM_set_flags (parameters, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time (parameters, (time_t)now);
  return OCSP_basic_verify (basic, certificates, store, OCSP_TRUSTOTHER) == 1;
}

/* Whether it counts now: RFC 6960 section 4.2.2.1. */
static gboolean
is_fresh (const LlRevocation *answer, gint64 now)
{
  return answer->this_update != 0 && answer->this_update <= now + CLOCK_SKEW_SECONDS
         && answer->next_update >= now;
}

static void
take_status (LlRevocation *answer, int status, const LlOcspContext *context)
{
  gint64 expires = ll_key_get_expires (context->key);

  if (status == V_OCSP_CERTSTATUS_REVOKED
      && ll_revocation_counts (answer->revoked_at, answer->revocation_reason, context->at))
    {
      answer->word = LL_REVOCATION_REVOKED;
      answer->reason = LL_REASON_KEY_REVOKED;
    }
  else if (!is_fresh (answer, context->now))
    answer->reason = LL_REASON_REVOCATION_EXPIRED;
  else if (status == V_OCSP_CERTSTATUS_GOOD && expires != 0 && answer->this_update > expires)
    answer->reason = LL_REASON_REVOCATION_EXPIRED; /* responders forget what has expired */
  else if (status == V_OCSP_CERTSTATUS_UNKNOWN)
    answer->reason = LL_REASON_REVOCATION_BAD_ANSWER;
  else
    answer->word = LL_REVOCATION_GOOD;
}

static void
read_status (LlRevocation *answer, OCSP_BASICRESP *basic, OCSP_CERTID *id,
             const LlOcspContext *context)
{
  int status = -1, reason = -1;
  ASN1_GENERALIZEDTIME *revoked = NULL, *this_update = NULL, *next_update = NULL;

  if (!OCSP_resp_find_status (basic, id, &status, &reason, &revoked, &this_update, &next_update))
    {
      answer->reason = LL_REASON_REVOCATION_BAD_ANSWER; /* it is about another certificate */
      return;
    }
  answer->this_update = ll_revocation_time (this_update);
  answer->next_update = next_update != NULL ? ll_revocation_time (next_update)
                                            : answer->this_update + LIFETIME_SECONDS;
  if (status == V_OCSP_CERTSTATUS_REVOKED)
    {
      answer->revoked_at = ll_revocation_time (revoked);
      answer->revocation_reason = ll_revocation_reason_name (reason);
    }
  take_status (answer, status, context);
}

LlRevocation *
ll_ocsp_read (GBytes *der, const LlOcspContext *context)
{
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (der, &size);
  g_autoptr (OCSP_RESPONSE) response = d2i_OCSP_RESPONSE (NULL, &data, (long)size);
  g_autoptr (OCSP_BASICRESP) basic = NULL;
  X509 *issuer = ll_x509_cert_get (context->issuer);
  g_autoptr (OCSP_CERTID) id = OCSP_cert_to_id (NULL, ll_x509_cert_get (context->key), issuer);
  LlRevocation *answer = g_new0 (LlRevocation, 1);

  answer->source = "ocsp";
  answer->from = g_strdup (context->responder);
  if (response != NULL && OCSP_response_status (response) == OCSP_RESPONSE_STATUS_SUCCESSFUL)
    basic = OCSP_response_get1_basic (response);
  if (basic == NULL || id == NULL || is_weak (basic))
    answer->reason = LL_REASON_REVOCATION_BAD_ANSWER;
  else if (!is_signed_rightly (basic, issuer, context->now))
    answer->reason = LL_REASON_REVOCATION_WRONG_SIGNER;
  else
    read_status (answer, basic, id, context);
  ERR_clear_error ();
  return answer;
}
