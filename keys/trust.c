/* trust.c - what enters: a key, the address that a message claims, certificates that came along.
 * What leaves: three answers with their reasons. It does NOT look at signatures, does not decide
 * what a message is worth (verdict/), and asks no server itself (keys/x509-revocation).
 */
#include <config.h>

#include "base/text.h"
#include "keys/openpgp-keyring-private.h"
#include "keys/trust-private.h"

LlTrust *
ll_trust_new (const LlPolicy *policy, LlKeyStore *store, GError **error)
{
  g_autoptr (LlAnchors) anchors = ll_anchors_new (policy, store, error);
  g_autoptr (LlX509Revocation) revocation = NULL;
  LlTrust *trust;

  if (anchors == NULL)
    return NULL;
  revocation = ll_x509_revocation_new (policy, error);
  if (revocation == NULL)
    return NULL;
  trust = g_new0 (LlTrust, 1);
  trust->policy = ll_policy_copy (policy);
  trust->store = store;
  trust->anchors = g_steal_pointer (&anchors);
  trust->revocation = g_steal_pointer (&revocation);
  return trust;
}

void
ll_trust_free (LlTrust *trust)
{
  if (trust == NULL)
    return;
  ll_anchors_free (trust->anchors);
  ll_x509_fetch_free (trust->fetch);
  ll_x509_revocation_free (trust->revocation);
  g_clear_object (&trust->cancellable);
  ll_policy_free (trust->policy);
  g_free (trust);
}

void
ll_trust_set_cancellable (LlTrust *trust, GCancellable *cancellable)
{
  g_set_object (&trust->cancellable, cancellable);
}

void
ll_key_opinion_free (LlKeyOpinion *opinion)
{
  if (opinion == NULL)
    return;
  g_free (opinion->address);
  g_free (opinion->trust_source);
  g_clear_pointer (&opinion->chain, g_ptr_array_unref);
  g_clear_pointer (&opinion->revocations, g_ptr_array_unref);
  g_free (opinion);
}

LlKey *
ll_key_opinion_get_untrusted_root (const LlKeyOpinion *opinion)
{
  LlKey *last = NULL;

  if (opinion->trust.answer != LL_ANSWER_NO || opinion->trust.reason != LL_REASON_ROOT_NOT_TRUSTED
      || opinion->chain == NULL || opinion->chain->len < 2)
    return NULL;
  last = g_ptr_array_index (opinion->chain, opinion->chain->len - 1);
  return g_strcmp0 (ll_key_get_subject (last), ll_key_get_issuer (last)) == 0 ? last : NULL;
}

/* --- binding ---------------------------------------------------------------------------------- */

/* The user ID with that address that counts most: a good one before a revoked or invalid one, then
 * the one with the highest validity. NULL: any address. */
static const LlUserId *
best_user_id (const LlKey *key, const char *address)
{
  GPtrArray *ids = ll_key_get_user_ids (key);
  const LlUserId *best = NULL;

  for (guint i = 0; i < ids->len; i++)
    {
      const LlUserId *id = g_ptr_array_index (ids, i);
      gboolean dead = id->revoked || id->invalid;

      if (address != NULL && !ll_text_same_address (id->address, address))
        continue;
      if (best == NULL || (best->revoked || best->invalid) > dead
          || ((best->revoked || best->invalid) == dead && id->validity > best->validity))
        best = id;
    }
  return best;
}

/* Why no user ID of the key has the address. */
static LlReason
why_not_bound (const LlKey *key)
{
  GPtrArray *ids = ll_key_get_user_ids (key);
  gboolean dead = FALSE;

  if (ll_key_get_address (key) != NULL)
    return LL_REASON_FROM_MISMATCH;
  for (guint i = 0; i < ids->len; i++)
    {
      const LlUserId *id = g_ptr_array_index (ids, i);

      dead |= id->revoked || id->invalid;
    }
  return dead ? LL_REASON_UID_INVALID : LL_REASON_NO_ADDRESS_IN_KEY; /* SC-20, SC-07 */
}

static void
judge_binding (LlKeyOpinion *opinion, const LlKey *key, const char *address)
{
  const LlUserId *id = address != NULL ? best_user_id (key, address) : NULL;
  const char *shown = id != NULL ? id->address : ll_key_get_address (key);

  opinion->address = g_strdup (shown);
  if (address == NULL)
    opinion->binding = ll_axis (LL_ANSWER_NOT_CHECKED, LL_REASON_NONE);
  else if (id == NULL)
    opinion->binding = ll_axis (LL_ANSWER_NO, why_not_bound (key));
  else if (id->revoked || id->invalid)
    opinion->binding = ll_axis (LL_ANSWER_NO, LL_REASON_UID_INVALID);
  else
    opinion->binding = ll_axis (LL_ANSWER_YES, LL_REASON_NONE);
}

/* --- OpenPGP ---------------------------------------------------------------------------------- */

/* gpg does not compute the validity of an expired key; that the key is the user's own, it still
 * says. */
static LlValidity
validity_of (const LlKey *key, const LlUserId *id)
{
  gpgme_key_t gpgme = ll_openpgp_key_get (key);

  if (id == NULL)
    return LL_VALIDITY_UNKNOWN;
  if (id->validity == LL_VALIDITY_UNKNOWN && gpgme != NULL && gpgme->expired
      && gpgme->owner_trust == GPGME_VALIDITY_ULTIMATE)
    return LL_VALIDITY_ULTIMATE;
  return id->validity;
}

static void
judge_openpgp_trust (LlKeyOpinion *opinion, const LlKey *key, const char *address)
{
  const LlUserId *id = best_user_id (key, address);

  /* a key that is not the author's is believed, or not, for who it says it is */
  if (id == NULL)
    id = best_user_id (key, NULL);
  switch (validity_of (key, id))
    {
    case LL_VALIDITY_ULTIMATE:
      opinion->trust = ll_axis (LL_ANSWER_YES, LL_REASON_NONE);
      opinion->trust_source = g_strdup ("ultimate");
      break;
    case LL_VALIDITY_FULL:
      opinion->trust = ll_axis (LL_ANSWER_YES, LL_REASON_NONE);
      opinion->trust_source = g_strdup ("web-of-trust");
      break;
    case LL_VALIDITY_MARGINAL:
      opinion->trust = ll_axis (LL_ANSWER_NO, LL_REASON_MARGINAL);
      break;
    case LL_VALIDITY_NEVER:
      opinion->trust = ll_axis (LL_ANSWER_NO, LL_REASON_NEVER_TRUSTED);
      break;
    case LL_VALIDITY_UNKNOWN:
    case LL_VALIDITY_UNDEFINED:
    default:
      opinion->trust = ll_axis (LL_ANSWER_NO, LL_REASON_VALIDITY_UNKNOWN);
      break;
    }
}

static void
judge_openpgp_time (LlKeyOpinion *opinion, const LlKey *key)
{
  gint64 expires = ll_key_get_expires (key);

  if (ll_key_is_revoked (key))
    opinion->time = ll_axis (LL_ANSWER_NO, LL_REASON_KEY_REVOKED);
  else if (ll_key_get_created (key) > opinion->judged_at)
    opinion->time = ll_axis (LL_ANSWER_NO, LL_REASON_NOT_YET_VALID);
  else if (expires != 0 && expires < opinion->judged_at)
    opinion->time = ll_axis (LL_ANSWER_NO, LL_REASON_KEY_EXPIRED);
  else
    opinion->time = ll_axis (LL_ANSWER_YES, LL_REASON_NONE);
}

/* --- both --------------------------------------------------------------------------------------
 */

static LlKeyOpinion *
judge (LlTrust *trust, LlKey *key, const LlTrustMaterial *material, LlPurpose purpose, LlAskFor ask)
{
  LlKeyOpinion *opinion = g_new0 (LlKeyOpinion, 1);

  opinion->judged_at = ll_policy_time (trust->policy);
  judge_binding (opinion, key, material->address);
  if (ll_key_get_protocol (key) == LL_PROTOCOL_SMIME)
    ll_trust_judge_smime (opinion, trust, key, material, purpose, ask);
  else
    {
      judge_openpgp_trust (opinion, key, material->address);
      judge_openpgp_time (opinion, key);
    }
  return opinion;
}

LlKeyOpinion *
ll_trust_judge (LlTrust *trust, LlKey *key, const char *address, GPtrArray *extra)
{
  LlTrustMaterial material = { .address = address, .certificates = extra };

  return judge (trust, key, &material, LL_PURPOSE_SIGN, LL_ASK_FOR_LIST);
}

LlKeyOpinion *
ll_trust_judge_signature (LlTrust *trust, LlKey *key, const LlTrustMaterial *material)
{
  return judge (trust, key, material, LL_PURPOSE_SIGN, LL_ASK_FOR_USE);
}

LlKeyOpinion *
ll_trust_judge_recipient (LlTrust *trust, LlKey *key, const char *address)
{
  LlTrustMaterial material = { .address = address };

  return judge (trust, key, &material, LL_PURPOSE_ENCRYPT, LL_ASK_FOR_USE);
}

LlKeyOpinion *
ll_trust_judge_authority (LlTrust *trust, LlKey *key, const LlTrustMaterial *material)
{
  return judge (trust, key, material, LL_PURPOSE_CERTIFY, LL_ASK_FOR_LIST);
}

LlKeyOpinion *
ll_trust_judge_offered (LlTrust *trust, LlKey *key, const char *address, GPtrArray *extra)
{
  LlTrustMaterial material = { .address = address, .certificates = extra };

  return judge (trust, key, &material, LL_PURPOSE_ENCRYPT, LL_ASK_FOR_LIST);
}
