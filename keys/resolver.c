#include <config.h>

#include <string.h>

#include "keys/resolver.h"

LlCandidate *
ll_candidate_new (LlKey *key, LlKeyOpinion *opinion)
{
  LlCandidate *candidate = g_new (LlCandidate, 1);

  *candidate = (LlCandidate){ ll_key_ref (key), opinion };
  return candidate;
}

void
ll_candidate_free (LlCandidate *candidate)
{
  if (candidate == NULL)
    return;
  g_clear_pointer (&candidate->key, ll_key_unref);
  g_clear_pointer (&candidate->opinion, ll_key_opinion_free);
  g_free (candidate);
}

/* What the key says of itself. */
static LlReason
object_to_key (const LlKey *key, const LlResolveQuestion *question)
{
  gint64 expires = ll_key_get_expires (key);

  if (ll_key_is_revoked (key))
    return LL_REASON_KEY_REVOKED;
  if (ll_key_is_disabled (key))
    return LL_REASON_NEVER_TRUSTED;
  if (expires > 0 && expires <= question->at)
    return LL_REASON_KEY_EXPIRED;
  if (ll_key_get_created (key) > question->at)
    return LL_REASON_NOT_YET_VALID;
  if (question->use == LL_USE_SIGN ? !ll_key_can_sign (key, question->at)
                                   : !ll_key_can_encrypt (key, question->at))
    return LL_REASON_KEY_USAGE;
  return LL_REASON_NONE;
}

/* OpenPGP validity is a question of who vouches, which the user may answer alone; a certificate
 * without a path has nobody, and is refused whatever the user named. */
static LlReason
object_to_opinion (const LlCandidate *candidate, const LlResolveQuestion *question)
{
  const LlKeyOpinion *opinion = candidate->opinion;

  if (opinion == NULL)
    return LL_REASON_NONE;
  if (opinion->binding.answer == LL_ANSWER_NO)
    return opinion->binding.reason;
  if (question->use == LL_USE_SIGN)
    return opinion->trust.reason == LL_REASON_EXTENDED_KEY_USAGE ? opinion->trust.reason
                                                                 : LL_REASON_NONE;
  /* not checked: the policy requires an answer about revocation, and there is none */
  if (opinion->time.answer == LL_ANSWER_NO
      || (opinion->time.answer == LL_ANSWER_NOT_CHECKED && opinion->revocations != NULL))
    return opinion->time.reason;
  if (opinion->trust.answer == LL_ANSWER_YES)
    return LL_REASON_NONE;
  if (ll_key_get_protocol (candidate->key) == LL_PROTOCOL_OPENPGP
      && opinion->trust.reason != LL_REASON_NEVER_TRUSTED
      && (question->by_fingerprint || question->always_trust))
    return LL_REASON_NONE;
  return opinion->trust.reason != LL_REASON_NONE ? opinion->trust.reason : LL_REASON_UNTRUSTED;
}

LlReason
ll_resolver_object (const LlCandidate *candidate, const LlResolveQuestion *question)
{
  LlReason reason = object_to_key (candidate->key, question);
  return reason != LL_REASON_NONE ? reason : object_to_opinion (candidate, question);
}

static gint64
end_of_life (const LlKey *key)
{
  gint64 expires = ll_key_get_expires (key);
  return expires > 0 ? expires : G_MAXINT64;
}

static gboolean
is_trusted (const LlCandidate *candidate)
{
  return candidate->opinion != NULL && candidate->opinion->trust.answer == LL_ANSWER_YES;
}

/* SM-30: what its owner asked for, then the key-management certificate of the same name. */
static int
preference (const LlKey *key, const LlResolveQuestion *question)
{
  if (question->preferred != NULL
      && g_str_equal (ll_key_get_fingerprint (key), question->preferred))
    return 2;
  return question->subject != NULL && g_strcmp0 (ll_key_get_subject (key), question->subject) == 0;
}

/* Few mail programs can check Ed25519 in S/MIME (RFC 8419), and only newer gpg-agents can make it:
 * it is taken when nothing else is there, or when it is named. */
static gboolean
is_rare (const LlKey *key, const LlResolveQuestion *question)
{
  const LlSubkey *subkey = g_ptr_array_index (ll_key_get_subkeys (key), 0);

  return question->use == LL_USE_SIGN && ll_key_get_protocol (key) == LL_PROTOCOL_SMIME
         && g_strcmp0 (subkey->algorithm, "ed25519") == 0;
}

static gboolean
is_better (const LlCandidate *one, const LlCandidate *other, const LlResolveQuestion *question)
{
  const LlKey *a = one->key, *b = other->key;

  if (is_trusted (one) != is_trusted (other))
    return is_trusted (one);
  if (preference (a, question) != preference (b, question))
    return preference (a, question) > preference (b, question);
  if (is_rare (a, question) != is_rare (b, question))
    return is_rare (b, question);
  if (end_of_life (a) != end_of_life (b))
    return end_of_life (a) > end_of_life (b);
  if (ll_key_get_created (a) != ll_key_get_created (b))
    return ll_key_get_created (a) > ll_key_get_created (b);
  return strcmp (ll_key_get_fingerprint (a), ll_key_get_fingerprint (b)) < 0;
}

const LlCandidate *
ll_resolver_choose (GPtrArray *candidates, const LlResolveQuestion *question)
{
  const LlCandidate *best = NULL;

  for (guint i = 0; i < candidates->len; i++)
    {
      const LlCandidate *candidate = g_ptr_array_index (candidates, i);
      if (ll_resolver_object (candidate, question) == LL_REASON_NONE
          && (best == NULL || is_better (candidate, best, question)))
        best = candidate;
    }
  return best;
}

guint
ll_resolver_count (GPtrArray *candidates, const LlResolveQuestion *question)
{
  guint n = 0;

  for (guint i = 0; i < candidates->len; i++)
    n += ll_resolver_object (g_ptr_array_index (candidates, i), question) == LL_REASON_NONE;
  return n;
}
