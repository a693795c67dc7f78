/* plan.c - what enters: who shall sign and who shall read. What leaves: keys for all of them, or a
 * refusal that names everyone without one. Half a plan does not exist (rule 1). */
#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/text.h"
#include "keys/plan-peers-private.h"
#include "keys/plan.h"
#include "keys/refusal.h"

typedef struct
{
  LlKeyStore *store;
  LlTrust *trust;
  const LlPolicy *policy;
  const LlPlanRequest *request;
  LlProtocol protocol;
  gint64 at;
  LlRefusal *refusal; /* of every technology that was tried */
} Planner;

void
ll_plan_free (LlPlan *plan)
{
  if (plan == NULL)
    return;
  g_clear_pointer (&plan->signer, ll_key_unref);
  g_clear_pointer (&plan->more_signers, g_ptr_array_unref);
  g_clear_pointer (&plan->encryption_key, ll_key_unref);
  g_clear_pointer (&plan->cipher_because, ll_key_unref);
  g_clear_pointer (&plan->recipients, g_ptr_array_unref);
  g_clear_pointer (&plan->recipient_names, g_ptr_array_unref);
  g_clear_pointer (&plan->recipient_opinions, g_ptr_array_unref);
  g_clear_error (&plan->peers_error);
  g_free (plan);
}

static LlPlan *
plan_new (LlProtocol protocol)
{
  LlPlan *plan = g_new0 (LlPlan, 1);

  plan->protocol = protocol;
  plan->recipients = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  plan->recipient_names = g_ptr_array_new_with_free_func (g_free);
  plan->recipient_opinions = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_opinion_free);
  return plan;
}

static GPtrArray *
find_candidates (const Planner *planner, const char *who, LlUse use, GError **error)
{
  g_autoptr (GPtrArray) keys
      = ll_key_store_find (planner->store, planner->protocol, who,
                           use == LL_USE_SIGN ? LL_KEYS_SECRET_ONLY : LL_KEYS_ANY, error);
  g_autoptr (GPtrArray) candidates = NULL;

  if (keys == NULL)
    return NULL;
  candidates = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_candidate_free);
  for (guint i = 0; i < keys->len; i++)
    {
      LlKey *key = g_ptr_array_index (keys, i);
      const char *address = ll_text_is_address (who) ? who : NULL;
      LlKeyOpinion *opinion = use == LL_USE_SIGN
                                  ? ll_trust_judge (planner->trust, key, address, NULL)
                                  : ll_trust_judge_recipient (planner->trust, key, address);
      g_ptr_array_add (candidates, ll_candidate_new (key, opinion));
    }
  return g_steal_pointer (&candidates);
}

static LlResolveQuestion
make_question (const Planner *planner, const char *who, LlUse use)
{
  return (LlResolveQuestion){
    .use = use,
    .at = planner->at,
    .by_fingerprint = ll_hex_is_fingerprint (who, NULL),
    .always_trust = planner->policy->always_trust,
  };
}

/* No key, or each key that was found with what speaks against it. */
static void
add_refusal (const Planner *planner, const char *who, GPtrArray *candidates,
             const LlResolveQuestion *question)
{
  if (candidates->len == 0)
    ll_refusal_add_missing (planner->refusal, planner->protocol, who, question->use == LL_USE_SIGN);
  for (guint i = 0; i < candidates->len; i++)
    {
      const LlCandidate *candidate = g_ptr_array_index (candidates, i);
      ll_refusal_add_key (planner->refusal, who, candidate->key,
                          ll_resolver_object (candidate, question));
    }
}

/* The best candidate, or NULL with a line in the refusal; NULL with `error` when the store failed.
 * `n_usable` gets how many would have done. (transfer full) (nullable) */
static LlCandidate *
choose (const Planner *planner, LlPlan *plan, const char *who, LlUse use, guint *n_usable,
        GError **error)
{
  g_autoptr (GPtrArray) candidates = find_candidates (planner, who, use, error);
  g_autoptr (LlPeer) peer = NULL;
  LlResolveQuestion question;
  const LlCandidate *best;
  guint place = 0;

  if (candidates == NULL)
    return NULL;
  question = make_question (planner, who, use);
  if (use == LL_USE_ENCRYPT && planner->protocol == LL_PROTOCOL_SMIME && ll_text_is_address (who))
    peer = ll_plan_find_peer (planner->request->peers, who, &plan->peers_error);
  if (peer != NULL)
    ll_plan_prefer (peer, candidates, &question);
  *n_usable = ll_resolver_count (candidates, &question);
  best = ll_resolver_choose (candidates, &question);
  if (best != NULL && g_ptr_array_find (candidates, best, &place))
    return g_ptr_array_steal_index (candidates, place);
  add_refusal (planner, who, candidates, &question);
  return NULL;
}

static gboolean
is_same (const LlKey *one, const LlKey *other)
{
  return g_str_equal (ll_key_get_fingerprint (one), ll_key_get_fingerprint (other));
}

static gboolean
has_key (GPtrArray *keys, const LlKey *key)
{
  for (guint i = 0; i < keys->len; i++)
    if (is_same (g_ptr_array_index (keys, i), key))
      return TRUE;
  return FALSE;
}

/* Takes `opinion`, which may be NULL. */
static void
add_recipient (LlPlan *plan, LlKey *key, const char *name, LlKeyOpinion *opinion)
{
  g_autoptr (LlKeyOpinion) owned = opinion;

  if (has_key (plan->recipients, key))
    return;
  g_ptr_array_add (plan->recipients, ll_key_ref (key));
  g_ptr_array_add (plan->recipient_names, g_strdup (name));
  g_ptr_array_add (plan->recipient_opinions, g_steal_pointer (&owned));
}

static const char *
who_signs (const LlPlanRequest *request)
{
  return request->as != NULL ? request->as : request->from;
}

static gboolean
refuse (const Planner *planner, LlError code, GError **error)
{
  g_autofree char *text
      = ll_refusal_to_text (planner->refusal, planner->request->encrypt
                                                  ? _ ("Not everybody has a key that can be used:")
                                                  : _ ("There is no key to sign with:"));

  g_set_error_literal (error, LL_ERROR, (gint)code, text);
  return FALSE;
}

/* Everybody who was named signs, or nobody does (rule 1). */
static gboolean
add_more_signers (const Planner *planner, LlPlan *plan, GError **error)
{
  plan->more_signers = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  for (const char *const *who = planner->request->also_as; who != NULL && *who != NULL; who++)
    {
      guint n_usable;
      g_autoptr (LlCandidate) best = choose (planner, plan, *who, LL_USE_SIGN, &n_usable, error);
      if (best == NULL)
        return FALSE;
      if (!is_same (best->key, plan->signer) && !has_key (plan->more_signers, best->key))
        g_ptr_array_add (plan->more_signers, ll_key_ref (best->key));
    }
  return TRUE;
}

static gboolean
choose_signer (const Planner *planner, LlPlan *plan, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (LlCandidate) best = NULL;

  if (!planner->request->sign)
    return TRUE;
  best
      = choose (planner, plan, who_signs (planner->request), LL_USE_SIGN, &plan->n_signers, &local);
  plan->signer = best != NULL ? ll_key_ref (best->key) : NULL;
  if (plan->signer != NULL && add_more_signers (planner, plan, &local))
    return TRUE;
  if (local == NULL)
    return refuse (planner, LL_ERROR_CANNOT_SIGN, error);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
choose_recipients (const Planner *planner, LlPlan *plan, GError **error)
{
  gboolean all = TRUE;

  for (const char *const *who = planner->request->recipients; *who != NULL; who++)
    {
      g_autoptr (GError) local = NULL;
      guint n_usable;
      g_autoptr (LlCandidate) best
          = choose (planner, plan, *who, LL_USE_ENCRYPT, &n_usable, &local);
      if (local != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      if (best != NULL)
        add_recipient (plan, best->key, *who, g_steal_pointer (&best->opinion));
      all = all && best != NULL;
    }
  return all || refuse (planner, LL_ERROR_CANNOT_ENCRYPT, error);
}

/* The key to write to whoever signs, or asked: `signer` when it can, else the best other one of the
 * same address. NULL without error when there is none. */
static LlKey *
find_own_key (const Planner *planner, LlKey *signer, GError **error)
{
  g_autoptr (GPtrArray) own = NULL;
  LlResolveQuestion question = { LL_USE_ENCRYPT, planner->at, TRUE, TRUE };
  g_autoptr (GPtrArray) candidates
      = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_candidate_free);
  const char *who = who_signs (planner->request);
  const LlCandidate *best;

  if (signer != NULL && ll_key_can_encrypt (signer, planner->at))
    return ll_key_ref (signer);
  if (signer != NULL && ll_key_get_address (signer) != NULL)
    who = ll_key_get_address (signer);
  if (who == NULL)
    return NULL;
  own = ll_key_store_find (planner->store, planner->protocol, who, LL_KEYS_SECRET_ONLY, error);
  for (guint i = 0; own != NULL && i < own->len; i++)
    g_ptr_array_add (candidates, ll_candidate_new (g_ptr_array_index (own, i), NULL));
  best = ll_resolver_choose (candidates, &question);
  return best != NULL ? ll_key_ref (best->key) : NULL;
}

/* E2E-06: what was sent stays readable. Not having a key of one's own to encrypt to is no reason to
 * fail; the plan says so. */
static gboolean
add_own_key (const Planner *planner, LlPlan *plan, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (LlKey) own = NULL;

  if (!planner->policy->encrypt_to_self)
    return TRUE;
  own = find_own_key (planner, plan->signer, &local);
  if (local != NULL)
    return g_propagate_error (error, g_steal_pointer (&local)), FALSE;
  plan->to_self = own != NULL;
  if (own != NULL)
    add_recipient (plan, own, "", NULL);
  return TRUE;
}

/* SM-07: whoever answers learns from the signature which certificate to write to. */
static gboolean
choose_preference (const Planner *planner, LlPlan *plan, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (LlKey) own = find_own_key (planner, plan->signer, &local);

  if (local != NULL)
    return g_propagate_error (error, g_steal_pointer (&local)), FALSE;
  if (own != NULL && !is_same (own, plan->signer))
    plan->encryption_key = g_steal_pointer (&own);
  return TRUE;
}

/* Everybody at once, rather than one after the other. */
static gboolean
look_up_all (const Planner *planner, GError **error)
{
  g_autoptr (GPtrArray) who = g_ptr_array_new ();

  for (const char *const *name = planner->request->recipients;
       planner->request->encrypt && *name != NULL; name++)
    g_ptr_array_add (who, (gpointer)*name);
  if (who_signs (planner->request) != NULL)
    g_ptr_array_add (who, (gpointer)who_signs (planner->request));
  g_ptr_array_add (who, NULL);
  return ll_key_store_prefetch (planner->store, planner->protocol, (const char *const *)who->pdata,
                                error);
}

/* SM-10: the user's word, by option or settings, then what everybody can read. The strict profile
 * is such a word, too (BR-11). */
static gboolean
choose_cipher (const Planner *planner, LlPlan *plan, GError **error)
{
  const LlPlanRequest *request = planner->request;
  LlCipher wanted = request->cipher != LL_CIPHER_CHOOSE ? request->cipher : planner->policy->cipher;
  LlCipherChoice choice;

  if (wanted == LL_CIPHER_CHOOSE && planner->policy->strict)
    wanted = LL_CIPHER_AES_256_GCM;
  if (!request->encrypt || planner->protocol != LL_PROTOCOL_SMIME)
    return TRUE;
  choice = ll_plan_choose_cipher (request->peers, plan->recipients, plan->recipient_names, wanted,
                                  &plan->peers_error);
  plan->cipher = choice.cipher;
  plan->cipher_reason = choice.reason;
  plan->readable = choice.readable;
  if (choice.reason == LL_CIPHER_PEER_WEAK)
    {
      ll_refusal_add_weak (planner->refusal,
                           g_ptr_array_index (plan->recipient_names, choice.because));
      return refuse (planner, LL_ERROR_CANNOT_ENCRYPT, error);
    }
  if (choice.reason == LL_CIPHER_PEER_UNKNOWN || choice.reason == LL_CIPHER_PEER_CANNOT)
    plan->cipher_because = ll_key_ref (g_ptr_array_index (plan->recipients, choice.because));
  return TRUE;
}

static LlPlan *
plan_for (Planner *planner, LlProtocol protocol, GError **error)
{
  g_autoptr (LlPlan) plan = plan_new (protocol);

  planner->protocol = protocol;
  if (!look_up_all (planner, error))
    return NULL;
  if (planner->request->encrypt && !choose_recipients (planner, plan, error))
    return NULL;
  if (!choose_signer (planner, plan, error))
    return NULL;
  if (planner->request->encrypt && !add_own_key (planner, plan, error))
    return NULL;
  if (plan->signer != NULL && protocol == LL_PROTOCOL_SMIME
      && !choose_preference (planner, plan, error))
    return NULL;
  if (!choose_cipher (planner, plan, error))
    return NULL;
  return g_steal_pointer (&plan);
}

static gboolean
is_refusal (const GError *error)
{
  return g_error_matches (error, LL_ERROR, LL_ERROR_CANNOT_SIGN)
         || g_error_matches (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT);
}

LlPlan *
ll_plan_make (LlKeyStore *store, LlTrust *trust, const LlPolicy *policy,
              const LlPlanRequest *request, GError **error)
{
  g_autoptr (LlRefusal) refusal = ll_refusal_new ();
  Planner planner = { store, trust, policy, request, LL_PROTOCOL_UNKNOWN, 0, refusal };
  g_autoptr (GError) openpgp_error = NULL;
  g_autoptr (GError) smime_error = NULL;
  LlPlan *plan;

  g_return_val_if_fail (store != NULL && trust != NULL && policy != NULL && request != NULL, NULL);
  planner.at = ll_policy_time (policy);
  if (request->protocol != LL_PROTOCOL_UNKNOWN)
    return plan_for (&planner, request->protocol, error);

  plan = plan_for (&planner, LL_PROTOCOL_OPENPGP, &openpgp_error);
  if (plan != NULL)
    return plan;
  plan = plan_for (&planner, LL_PROTOCOL_SMIME, &smime_error);
  if (plan != NULL)
    return plan;
  if (is_refusal (openpgp_error))
    {
      /* the second one names those of both; without a key to sign with, more is missing than a
       * recipient's */
      if (is_refusal (smime_error) && openpgp_error->code == LL_ERROR_CANNOT_SIGN)
        smime_error->code = LL_ERROR_CANNOT_SIGN;
      g_propagate_error (error, g_steal_pointer (&smime_error));
    }
  else
    g_propagate_error (error, g_steal_pointer (&openpgp_error));
  return NULL;
}
