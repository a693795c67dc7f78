/* trust-revocation.c - what enters: a path, judged. What leaves: the time axis of an opinion: the
 * dates of the certificates and whether one of them was revoked. It asks keys/x509-revocation and
 * nobody else.
 */
#include <config.h>

#include "keys/trust-private.h"

/* The heaviest of what is unknown, in the order of how much it tells. */
static LlReason
why_unknown (GPtrArray *revocations)
{
  static const LlReason by_weight[]
      = { LL_REASON_REVOCATION_WRONG_SIGNER, LL_REASON_REVOCATION_BAD_ANSWER,
          LL_REASON_REVOCATION_UNREACHABLE,  LL_REASON_REVOCATION_EXPIRED,
          LL_REASON_REVOCATION_NOT_CHECKED,  LL_REASON_REVOCATION_NO_SOURCE };

  for (gsize i = 0; i < G_N_ELEMENTS (by_weight); i++)
    for (guint j = 0; j < revocations->len; j++)
      {
        const LlRevocation *answer = g_ptr_array_index (revocations, j);

        if (answer->word == LL_REVOCATION_UNKNOWN && answer->reason == by_weight[i])
          return by_weight[i];
      }
  return LL_REASON_NONE;
}

static gboolean
is_revoked (GPtrArray *revocations)
{
  for (guint i = 0; revocations != NULL && i < revocations->len; i++)
    if (((LlRevocation *)g_ptr_array_index (revocations, i))->word == LL_REVOCATION_REVOKED)
      return TRUE;
  return FALSE;
}

/* Where nobody was asked, that an old list lies about is no news; a list that the user named is
 * another thing. */
static LlReason
as_said_offline (GPtrArray *revocations, LlReason reason)
{
  for (guint i = 0; i < revocations->len; i++)
    {
      const LlRevocation *answer = g_ptr_array_index (revocations, i);

      if (answer->reason == reason && g_strcmp0 (answer->source, "crl-file") == 0)
        return reason;
    }
  return LL_REASON_REVOCATION_NOT_CHECKED;
}

/* What is unknown is never revoked, and good only as far as the policy says. */
static LlAxis
axis_of (const LlTrust *trust, GPtrArray *revocations, LlAskFor ask)
{
  LlReason reason = why_unknown (revocations);

  if (is_revoked (revocations))
    return ll_axis (LL_ANSWER_NO, LL_REASON_KEY_REVOKED);
  if (reason == LL_REASON_NONE)
    return ll_axis (LL_ANSWER_YES, LL_REASON_NONE);
  if (ask == LL_ASK_FOR_LIST || trust->policy->revocation == LL_REVOCATION_SOFT)
    return ll_axis (LL_ANSWER_YES, as_said_offline (revocations, reason)); /* VM-03 */
  if (trust->policy->revocation == LL_REVOCATION_REQUIRE)
    return ll_axis (LL_ANSWER_NOT_CHECKED, reason);
  return ll_axis (LL_ANSWER_YES, reason);
}

static GPtrArray *
ask_about (LlTrust *trust, const LlX509Path *path, const LlTrustMaterial *material, LlAskFor ask)
{
  LlX509RevocationQuestion question = { .chain = path->chain,
                                        .extra = material->certificates,
                                        .store = trust->store,
                                        .crls = material->crls,
                                        .ocsps = material->ocsps,
                                        .at = ll_policy_time (trust->policy),
                                        .offline = ask == LL_ASK_FOR_LIST };

  return ll_x509_revocation_ask (trust->revocation, &question, trust->cancellable);
}

/* An anchor is believed by itself: a path that is nothing but an anchor has nobody who could revoke
 * it. A path that ends nowhere makes nobody ask (SC-25). */
void
ll_trust_judge_revocation (LlKeyOpinion *opinion, LlTrust *trust, const LlX509Path *path,
                           const LlTrustMaterial *material, guint n, LlAskFor ask)
{
  gboolean anchored = opinion->trust.answer == LL_ANSWER_YES && path->chain->len > 1;

  if (anchored)
    opinion->revocations = ask_about (trust, path, material, ask);
  if (opinion->revocations != NULL && opinion->revocations->len > n)
    g_ptr_array_set_size (opinion->revocations, (int)n);
  opinion->revocation_checked = anchored && why_unknown (opinion->revocations) == LL_REASON_NONE;
  if (path->time_reason != LL_REASON_NONE && !is_revoked (opinion->revocations))
    opinion->time = ll_axis (LL_ANSWER_NO, path->time_reason);
  else if (anchored)
    opinion->time = axis_of (trust, opinion->revocations, ask);
  else
    opinion->time = ll_axis (LL_ANSWER_YES, LL_REASON_REVOCATION_NOT_CHECKED); /* VM-03 */
}
