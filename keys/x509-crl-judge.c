/* x509-crl-judge.c - what enters: CRLs and a path; what leaves: what the CRLs say of each
 * certificate.
 *
 * OpenSSL decides which CRL covers which certificate (distribution points, indirect CRLs, deltas,
 * reasons: RFC 5280 section 6.3.3). What is decided here is which CRLs it gets to see: those alone
 * whose signature leads to the anchor of the path, so that a forged one cannot stand before a
 * genuine one, and those that are fresh before those that are not.
 */
#include <config.h>

#include <openssl/err.h>

#include "bridge/openssl-glue.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-crl-private.h"
#include "keys/x509-revocation-answer-private.h"
#include "provider/provider.h"

typedef struct
{
  const LlCrl *good;    /* the newest that does not list it */
  const LlCrl *revoked; /* the one that does */
  gint64 revoked_at;
  const char *revocation_reason;
  LlReason trouble;
} Seen;

typedef struct
{
  GPtrArray *crls; /* of LlCrl, borrowed */
  gboolean stale;  /* only what they list counts, not what they are silent about */
  Seen *seen;      /* one for each certificate of the path */
} Pass;

static X509_STORE_CTX_cert_crl_fn openssl_cert_crl;

static const LlCrl *
find_crl (const Pass *pass, const X509_CRL *crl)
{
  for (guint i = 0; i < pass->crls->len; i++)
    {
      const LlCrl *candidate = g_ptr_array_index (pass->crls, i);

      if (candidate->crl == crl)
        return candidate;
    }
  return NULL;
}

static void
note_entry (Seen *seen, const LlCrl *crl, X509_REVOKED *entry)
{
  ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i (entry, NID_crl_reason, NULL, NULL);
  ASN1_GENERALIZEDTIME *since = X509_REVOKED_get_ext_d2i (entry, NID_invalidity_date, NULL, NULL);
  gint64 invalid = ll_revocation_time (since);

  seen->revoked = crl;
  seen->revoked_at = ll_revocation_time (X509_REVOKED_get0_revocationDate (entry));
  if (invalid != 0 && invalid < seen->revoked_at) /* RFC 5280 section 5.3.2 */
    seen->revoked_at = invalid;
  seen->revocation_reason
      = reason != NULL ? ll_revocation_reason_name (ASN1_ENUMERATED_get (reason)) : NULL;
  ASN1_ENUMERATED_free (reason);
  ASN1_GENERALIZEDTIME_free (since);
}

/* OpenSSL has found the CRL for a certificate: what it says is put down beside its own judgement.
 */
static int
on_certificate (X509_STORE_CTX *context, X509_CRL *crl, X509 *certificate)
{
  Pass *pass = X509_STORE_CTX_get_app_data (context);
  const LlCrl *found;
  X509_REVOKED *entry = NULL;
  Seen *seen;
  int listed;

  /* the path of a CRL's issuer is OpenSSL's own affair */
  if (pass == NULL || X509_STORE_CTX_get0_parent_ctx (context) != NULL)
    return openssl_cert_crl (context, crl, certificate);
  seen = &pass->seen[X509_STORE_CTX_get_error_depth (context)];
  found = find_crl (pass, crl);
  listed = X509_CRL_get0_by_cert (crl, &entry, certificate);
  if (listed == 1 && found != NULL)
    note_entry (seen, found, entry);
  else if (found != NULL && (seen->good == NULL || seen->good->this_update < found->this_update))
    seen->good = found;
  return openssl_cert_crl (context, crl, certificate);
}

static LlReason
trouble_of (int code)
{
  switch (code)
    {
    case X509_V_ERR_UNABLE_TO_GET_CRL:
      return LL_REASON_REVOCATION_NOT_CHECKED;
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
      return LL_REASON_REVOCATION_WRONG_SIGNER;
    case X509_V_ERR_CERT_REVOKED:      /* noted where it was found */
    case X509_V_ERR_CRL_HAS_EXPIRED:   /* the CRLs of this pass were chosen by their time */
    case X509_V_ERR_CRL_NOT_YET_VALID: /* the same, and clocks differ a little */
      return LL_REASON_NONE;
    default:
      return LL_REASON_REVOCATION_BAD_ANSWER;
    }
}

static int
on_verify (int ok, X509_STORE_CTX *context)
{
  int code = X509_STORE_CTX_get_error (context);
  Pass *pass = X509_STORE_CTX_get_app_data (context);
  LlReason trouble;

  if (ok)
    return 1;
  /* In the path of a CRL's issuer: that nobody knows whether the issuer was revoked is no fault of
   * the CRL (RFC 5280 section 6.3.3 does not ask), nor that the CRL about the issuer is an indirect
   * one, whose path OpenSSL does not follow; that path was verified before. All else is. */
  if (X509_STORE_CTX_get0_parent_ctx (context) != NULL)
    return code == X509_V_ERR_UNABLE_TO_GET_CRL || code == X509_V_ERR_CRL_PATH_VALIDATION_ERROR;
  trouble = trouble_of (code);
  if (pass != NULL && trouble != LL_REASON_NONE)
    pass->seen[X509_STORE_CTX_get_error_depth (context)].trouble = trouble;
  return 1;
}

static LlX509Stack *
chain_of (const LlX509RevocationQuestion *question)
{
  LlX509Stack *stack = sk_X509_new_null ();

  for (guint i = 0; i < question->chain->len; i++)
    {
      X509_up_ref (ll_crl_certificate_at (question->chain, i));
      sk_X509_push (stack, ll_crl_certificate_at (question->chain, i));
    }
  return stack;
}

/* The path is judged already: OpenSSL is asked about its revocation and nothing else. */
static void
run (Pass *pass, const LlX509RevocationQuestion *question, gint64 time)
{
  g_autoptr (X509_STORE) store = ll_crl_store_of (question);
  g_autoptr (LlX509Borrowed) stack = ll_crl_between (question, NULL);
  g_autoptr (X509_STORE_CTX) context = X509_STORE_CTX_new_ex (ll_provider_context (NULL), NULL);
  STACK_OF (X509_CRL) *crls = sk_X509_CRL_new_null ();
  X509_VERIFY_PARAM *parameters;

  for (guint i = 0; i < pass->crls->len; i++)
    {
      const LlCrl *crl = g_ptr_array_index (pass->crls, i);

      sk_X509_CRL_push (crls, crl->crl);
      sk_X509_push (stack, crl->signer);
    }
  X509_STORE_set_cert_crl (store, on_certificate);
  if (X509_STORE_CTX_init (context, store, ll_crl_certificate_at (question->chain, 0), stack))
    {
      parameters = X509_STORE_CTX_get0_param (context);
      X509_VERIFY_PARAM_set_flags (parameters, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL
                                                   | X509_V_FLAG_EXTENDED_CRL_SUPPORT
                                                   | X509_V_FLAG_USE_DELTAS
                                                   | X509_V_FLAG_PARTIAL_CHAIN);
      X509_VERIFY_PARAM_set_time (parameters, (time_t)time);
      X509_STORE_CTX_set0_crls (context, crls);
      X509_STORE_CTX_set_verify_cb (context, on_verify);
      X509_STORE_CTX_set_app_data (context, pass);
      X509_STORE_CTX_set0_verified_chain (context, chain_of (question));
      X509_STORE_CTX_get_check_revocation (context) (context);
    }
  sk_X509_CRL_free (crls);
  ERR_clear_error ();
}

/* --- answers ---------------------------------------------------------------------------------- */

static LlRevocation *
answer_from (const LlCrl *crl)
{
  LlRevocation *answer = g_new0 (LlRevocation, 1);

  if (crl == NULL)
    return answer;
  answer->source = crl->source;
  answer->from = g_strdup (crl->from);
  answer->this_update = crl->this_update;
  answer->next_update = crl->next_update;
  return answer;
}

/* What one pass saw of one certificate. NULL: nothing. */
static LlRevocation *
answer_of (const Pass *pass, const Seen *seen, LlKey *key, gint64 at)
{
  LlRevocation *answer = answer_from (seen->revoked != NULL ? seen->revoked : seen->good);

  if (seen->revoked != NULL)
    {
      answer->revoked_at = seen->revoked_at;
      answer->revocation_reason = seen->revocation_reason;
    }
  if (seen->revoked != NULL && ll_revocation_counts (seen->revoked_at, seen->revocation_reason, at))
    {
      answer->word = LL_REVOCATION_REVOKED;
      answer->reason = LL_REASON_KEY_REVOKED;
    }
  else if (seen->trouble != LL_REASON_NONE)
    answer->reason = seen->trouble;
  else if (seen->revoked == NULL && seen->good == NULL)
    answer->reason = LL_REASON_REVOCATION_NOT_CHECKED;
  else if (pass->stale)
    answer->reason = LL_REASON_REVOCATION_EXPIRED;
  else if (seen->revoked == NULL && ll_key_get_expires (key) != 0
           && answer->this_update > ll_key_get_expires (key))
    answer->reason = LL_REASON_REVOCATION_EXPIRED; /* silent about what has expired */
  else
    answer->word = LL_REVOCATION_GOOD;
  return answer;
}

/* Of two that were made in the same second the later number comes first, whatever order they came
 * in: OpenSSL takes the first (RFC 5280 section 5.2.3). */
static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  const LlCrl *one = *(LlCrl *const *)a, *other = *(LlCrl *const *)b;
  g_autoptr (ASN1_INTEGER) left = X509_CRL_get_ext_d2i (one->crl, NID_crl_number, NULL, NULL);
  g_autoptr (ASN1_INTEGER) right = X509_CRL_get_ext_d2i (other->crl, NID_crl_number, NULL, NULL);

  if (left == NULL || right == NULL)
    return (left == NULL) - (right == NULL);
  return ASN1_INTEGER_cmp (right, left);
}

static void
judge_with (GPtrArray *crls, gboolean stale, const LlX509RevocationQuestion *question, gint64 time,
            GPtrArray *answers)
{
  g_autofree Seen *seen = g_new0 (Seen, question->chain->len);
  Pass pass = { .crls = crls, .stale = stale, .seen = seen };

  if (crls->len == 0)
    return;
  g_ptr_array_sort (crls, compare_numbers);
  run (&pass, question, time);
  for (guint i = 0; i < answers->len; i++)
    ll_revocation_weigh (g_ptr_array_index (answers, i),
                         answer_of (&pass, &seen[i], g_ptr_array_index (question->chain, i),
                                    question->at));
}

/* A CRL that nobody under the anchor has signed says nothing, but that it was there is told. */
static void
note_wrong_signer (const LlCrl *crl, const LlX509RevocationQuestion *question, GPtrArray *answers)
{
  for (guint i = 0; i < answers->len; i++)
    if (ll_crl_is_about (crl, ll_crl_certificate_at (question->chain, i)))
      {
        LlRevocation *answer = answer_from (crl);

        answer->reason = ll_crl_is_weak (crl->crl) ? LL_REASON_REVOCATION_BAD_ANSWER
                                                   : LL_REASON_REVOCATION_WRONG_SIGNER;
        ll_revocation_weigh (g_ptr_array_index (answers, i), answer);
      }
}

static gsize
learn_cert_crl (void)
{
  g_autoptr (X509_STORE) store = X509_STORE_new ();
  g_autoptr (X509_STORE_CTX) context = X509_STORE_CTX_new ();

  if (X509_STORE_CTX_init (context, store, NULL, NULL))
    openssl_cert_crl = X509_STORE_CTX_get_cert_crl (context);
  return TRUE;
}

void
ll_crl_judge (GPtrArray *crls, const LlX509RevocationQuestion *question, gint64 now,
              GPtrArray *answers)
{
  static gsize ready;
  g_autoptr (GPtrArray) fresh = g_ptr_array_new (), then = g_ptr_array_new ();
  g_autoptr (GPtrArray) stale = g_ptr_array_new ();

  if (g_once_init_enter (&ready))
    g_once_init_leave (&ready, learn_cert_crl ());
  for (guint i = 0; i < crls->len; i++)
    {
      LlCrl *crl = g_ptr_array_index (crls, i);

      if (!ll_crl_is_about_path (crl, question))
        continue;
      if (!ll_crl_is_genuine (crl, question, MIN (now, question->at)))
        note_wrong_signer (crl, question, answers);
      else if (ll_crl_is_fresh (crl, now))
        g_ptr_array_add (fresh, crl);
      else if (ll_crl_is_fresh (crl, question->at))
        g_ptr_array_add (then, crl);
      else
        g_ptr_array_add (stale, crl);
    }
  /* what is known now includes what was known then */
  judge_with (fresh, FALSE, question, now, answers);
  judge_with (then, FALSE, question, question->at, answers);
  judge_with (stale, TRUE, question, question->at, answers);
}
