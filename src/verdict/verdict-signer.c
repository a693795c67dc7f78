/* verdict-signer.c - one signature by itself: four axes and what comes of them.
 *
 * In: what the engine found and what the keys say of the signer. Out: integrity, binding, trust and
 * time, each with its reason. It knows nothing of layers, nor of other signers (CM-15).
 */
#include <config.h>

#include "verdict/verdict.h"
#include "verdict/weights.h"

static LlAxis
axis (LlAnswer answer, LlReason reason)
{
  return (LlAxis){ answer, reason };
}

/* A NO or NOT_CHECKED without a reason would break VM-06. */
static LlAxis
with_reason (LlAxis found, LlReason otherwise)
{
  if (found.answer != LL_ANSWER_YES && found.reason == LL_REASON_NONE)
    found.reason = otherwise;
  return found;
}

static LlAxis
judge_integrity (const LlSignatureFacts *facts)
{
  static const LlAnswer answers[] = {
    [LL_INTEGRITY_NOT_CHECKED] = LL_ANSWER_NOT_CHECKED,
    [LL_INTEGRITY_HOLDS] = LL_ANSWER_YES,
    [LL_INTEGRITY_BROKEN] = LL_ANSWER_NO,
  };
  LlAxis found = axis (answers[facts->integrity], facts->reason);

  if (found.answer == LL_ANSWER_NO)
    return with_reason (found, LL_REASON_BAD_SIGNATURE);
  if (found.answer == LL_ANSWER_NOT_CHECKED)
    return with_reason (found, LL_REASON_ENGINE_ERROR);

  /* it holds: what the engine says of the time belongs to another axis, and whatever else it says
   * (a weak digest, a weak key: SM-28, OP-10) takes away what holding means */
  if (found.reason == LL_REASON_NONE || ll_weight_axis (found.reason) == LL_OF_TIME)
    return axis (LL_ANSWER_YES, LL_REASON_NONE);
  if (found.reason == LL_REASON_NO_SIGNED_ATTRIBUTES) /* CM-13: allowed, and said */
    return found;
  return axis (LL_ANSWER_NO, found.reason);
}

static LlAxis
judge_binding (const LlEvidence *evidence, const LlSigner *signer)
{
  LlAxis found;

  if (evidence->is_file)
    return axis (LL_ANSWER_NOT_CHECKED, LL_REASON_NOT_CHECKED);
  /* TR-05, AT-17: no author, or two, and no key in the world can be theirs */
  if (evidence->author == NULL)
    return with_reason (axis (LL_ANSWER_NO, evidence->author_reason), LL_REASON_FROM_MISSING);
  if (signer->opinion == NULL)
    return axis (LL_ANSWER_NOT_CHECKED, LL_REASON_NO_PUBLIC_KEY);

  found = with_reason (signer->opinion->binding, LL_REASON_FROM_MISMATCH);
  /* SC-06: who only sent it is not who wrote it, but is worth its own word */
  if (found.reason == LL_REASON_FROM_MISMATCH && evidence->sender != NULL
      && signer->facts->key != NULL && ll_key_has_address (signer->facts->key, evidence->sender))
    found.reason = LL_REASON_SENDER_OF_RECORD;
  return found;
}

static LlAxis
judge_trust (const LlSigner *signer)
{
  if (signer->opinion == NULL)
    return axis (LL_ANSWER_NOT_CHECKED, LL_REASON_NO_PUBLIC_KEY);
  return with_reason (signer->opinion->trust, LL_REASON_UNTRUSTED);
}

/* The subkey that made the signature, when we have it. */
static const LlSubkey *
signing_subkey (const LlSignatureFacts *facts)
{
  GPtrArray *subkeys = facts->key != NULL ? ll_key_get_subkeys (facts->key) : NULL;

  for (guint i = 0; subkeys != NULL && facts->fingerprint != NULL && i < subkeys->len; i++)
    {
      const LlSubkey *subkey = g_ptr_array_index (subkeys, i);
      if (g_strcmp0 (subkey->fingerprint, facts->fingerprint) == 0)
        return subkey;
    }
  return NULL;
}

/* What the signing subkey's own dates say at `now` (OP-14). */
static LlReason
subkey_reason (const LlSubkey *subkey, const LlSignatureFacts *facts, gint64 now)
{
  if (subkey->revoked)
    return LL_REASON_KEY_REVOKED;
  if (subkey->expires != 0 && subkey->expires <= now)
    return LL_REASON_KEY_EXPIRED;
  if (facts->signing_time != 0
      && subkey->created > facts->signing_time + LL_VERDICT_CLOCK_SKEW_SECONDS)
    return LL_REASON_SIGNED_BEFORE_KEY;
  return LL_REASON_NONE;
}

/* The engine looks at its own clock. Judged as of another time (--at), an expiry that we can
 * compute ourselves counts only if it had come by then; a revocation always counts. */
static gboolean
engine_is_early (const LlEvidence *evidence, const LlSignatureFacts *facts)
{
  if (!evidence->judged_at_set)
    return FALSE;
  if (facts->reason == LL_REASON_SIGNATURE_EXPIRED)
    return facts->expires > evidence->judged_at;
  if (facts->reason == LL_REASON_KEY_EXPIRED)
    return facts->key != NULL;
  return FALSE;
}

static LlAxis
judge_time (const LlEvidence *evidence, const LlSigner *signer)
{
  const LlSignatureFacts *facts = signer->facts;
  const LlSubkey *subkey = signing_subkey (facts);
  gint64 now = evidence->judged_at;
  LlReason reason = subkey != NULL ? subkey_reason (subkey, facts, now) : LL_REASON_NONE;

  if (signer->opinion == NULL)
    return axis (LL_ANSWER_NOT_CHECKED, LL_REASON_NO_PUBLIC_KEY);
  if (signer->opinion->time.answer == LL_ANSWER_NO)
    return with_reason (signer->opinion->time, LL_REASON_NOT_CHECKED);

  /* each check may lower what the key's own validity says, none can raise it */
  if (reason == LL_REASON_NONE && ll_weight_axis (facts->reason) == LL_OF_TIME
      && !engine_is_early (evidence, facts))
    reason = facts->reason;
  if (reason == LL_REASON_NONE && facts->expires != 0 && facts->expires <= now)
    reason = LL_REASON_SIGNATURE_EXPIRED;
  if (reason == LL_REASON_NONE && facts->signing_time > now + LL_VERDICT_CLOCK_SKEW_SECONDS)
    reason = LL_REASON_SIGNED_IN_FUTURE;
  if (reason != LL_REASON_NONE)
    return axis (LL_ANSWER_NO, reason);
  return with_reason (signer->opinion->time, LL_REASON_NOT_CHECKED);
}

void
ll_verdict_judge_signer (const LlEvidence *evidence, const LlSigner *signer,
                         LlSignerVerdict *verdict)
{
  verdict->integrity = judge_integrity (signer->facts);
  verdict->binding = judge_binding (evidence, signer);
  verdict->trust = judge_trust (signer);
  verdict->time = judge_time (evidence, signer);

  const LlAxis *needed[] = {
    &verdict->integrity,
    &verdict->trust,
    &verdict->time,
    evidence->is_file ? NULL : &verdict->binding,
  };
  verdict->is_good = TRUE;
  verdict->reason = LL_REASON_NONE;
  for (guint i = 0; i < G_N_ELEMENTS (needed); i++)
    {
      if (needed[i] == NULL || needed[i]->answer == LL_ANSWER_YES)
        continue;
      verdict->is_good = FALSE;
      if (verdict->reason == LL_REASON_NONE
          || ll_weight_of (needed[i]->reason) < ll_weight_of (verdict->reason))
        verdict->reason = needed[i]->reason;
    }
}
