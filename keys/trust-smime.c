/* trust-smime.c - what enters: a certificate and what a message brought. What leaves: whether a
 * path leads from it to an anchor, and whether it is valid at the time. It builds no paths itself
 * (keys/x509-path) and knows no anchors itself (keys/anchors).
 */
#include <config.h>

#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "keys/trust-private.h"
#include "keys/x509-cert-private.h"
#include "provider/provider.h"

/* What costs least is asked first: the anchors of the file need no look into the keybox, and those
 * that the user named need none into the system's list. */
static LlX509Path *
build_path (LlTrust *trust, LlKey *key, LlX509PathQuestion *question)
{
  LlX509Path *path = NULL;

  for (guint step = 0; step < 3; step++)
    {
      question->anchors = step == 0   ? ll_anchors_of_file (trust->anchors)
                          : step == 1 ? ll_anchors_of_user (trust->anchors)
                                      : ll_anchors_all (trust->anchors);
      if (question->anchors == NULL)
        continue;
      question->certificates = step > 0 ? ll_anchors_keybox (trust->anchors) : NULL;
      ll_x509_path_free (path);
      path = ll_x509_path_build (key, question);
      /* what the certificate itself may not do, no other anchor makes good */
      if (path->reason == LL_REASON_NONE || path->reason == LL_REASON_KEY_USAGE)
        break;
    }
  return path;
}

/* The certificates of authorities that are missing, from the network. Whatever comes is kept only
 * when the path then ends at an anchor (SC-25): else the path stays as it was. Takes the path. */
static LlX509Path *
complete_path (LlTrust *trust, LlKey *key, LlX509PathQuestion *question, LlX509Path *path)
{
  g_autoptr (GPtrArray) material = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  g_autoptr (LlX509Path) longer = NULL;
  const LlX509Path *last = path;
  guint length;

  if (trust->fetch == NULL)
    trust->fetch = ll_x509_fetch_new (trust->policy);
  do
    {
      g_autoptr (GPtrArray) found = NULL;

      length = last->chain->len;
      found = ll_x509_fetch_issuers (trust->fetch, g_ptr_array_index (last->chain, length - 1),
                                     trust->cancellable);
      if (found->len == 0)
        break;
      g_ptr_array_extend_and_steal (material, g_steal_pointer (&found));
      for (guint i = 0; longer == NULL && question->extra != NULL && i < question->extra->len; i++)
        g_ptr_array_add (material, ll_key_ref (g_ptr_array_index (question->extra, i)));
      question->extra = material;
      ll_x509_path_free (longer);
      last = longer = build_path (trust, key, question);
    }
  while (longer->reason == LL_REASON_ISSUER_MISSING && longer->chain->len > length);
  if (longer == NULL || longer->reason != LL_REASON_NONE)
    return path;
  ll_x509_path_free (path);
  return g_steal_pointer (&longer);
}

static LlX509Path *
find_path (LlTrust *trust, LlKey *key, LlX509PathQuestion *question, LlAskFor ask)
{
  LlX509Path *path = build_path (trust, key, question);

  if (path->reason != LL_REASON_ISSUER_MISSING || !trust->policy->fetch_issuers
      || ask == LL_ASK_FOR_LIST)
    return path;
  return complete_path (trust, key, question, path);
}

/* SC-07: a certificate that the user pinned needs no path; it is still looked at for what it may be
 * used for, and for its time. A pin for addresses counts for these alone. */
static gboolean
is_pinned (LlTrust *trust, const LlKey *key, const char *address)
{
  const LlDecisions *decisions = ll_anchors_decisions (trust->anchors);
  const char *fingerprint = ll_key_get_fingerprint (key);
  g_auto (GStrv) addresses = NULL;

  if (ll_decisions_get (decisions, fingerprint) != LL_DECISION_PIN)
    return FALSE;
  addresses = ll_decisions_addresses (decisions, fingerprint);
  return address == NULL || addresses == NULL || addresses[0] == NULL
         || ll_decisions_is_pinned_for (decisions, fingerprint, address);
}

static LlX509Path *
pinned_path (LlKey *key, LlX509PathQuestion *question)
{
  g_autoptr (GPtrArray) itself = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  g_autoptr (LlX509Anchors) anchors = NULL;

  g_ptr_array_add (itself, ll_key_ref (key));
  anchors = ll_x509_anchors_new (itself);
  question->anchors = anchors;
  return ll_x509_path_build (key, question);
}

/* A pin says whose certificate it is, and not that nobody else got hold of its key: where a path
 * leads to an anchor after all, its issuer may revoke it. The authorities on the way do not matter:
 * nothing is believed because of them. The path as it is pinned, with those who can revoke it. */
static LlX509Path *
find_revokers (LlTrust *trust, LlKey *key, LlX509PathQuestion *question, const LlX509Path *pinned,
               LlAskFor ask)
{
  g_autoptr (LlX509Path) path = find_path (trust, key, question, ask);

  if (path->reason != LL_REASON_NONE)
    return NULL;
  path->time_reason = pinned->time_reason;
  return g_steal_pointer (&path);
}

static void
judge_pinned_revocation (LlKeyOpinion *opinion, LlTrust *trust, LlX509PathQuestion *question,
                         const LlX509Path *pinned, const LlTrustMaterial *material, LlAskFor ask)
{
  LlKey *key = g_ptr_array_index (pinned->chain, 0);
  g_autoptr (LlX509Path) path = find_revokers (trust, key, question, pinned, ask);

  ll_trust_judge_revocation (opinion, trust, path != NULL ? path : pinned, material, 1, ask);
}

/* The user's own mapping of a certificate that names no address (SC-07). */
static void
bind_by_pin (LlKeyOpinion *opinion, LlTrust *trust, const LlKey *key, const char *address)
{
  if (opinion->binding.answer != LL_ANSWER_NO
      || opinion->binding.reason != LL_REASON_NO_ADDRESS_IN_KEY
      || !ll_decisions_is_pinned_for (ll_anchors_decisions (trust->anchors),
                                      ll_key_get_fingerprint (key), address))
    return;
  opinion->binding = ll_axis (LL_ANSWER_YES, LL_REASON_NONE);
  g_free (opinion->address);
  opinion->address = g_strdup (address);
}

/* BR-11: RSA from 3000 bits, curves from 256. */
static gboolean
is_below_profile (GPtrArray *chain)
{
  for (guint i = 0; i < chain->len; i++)
    {
      g_autoptr (EVP_PKEY) key
          = ll_provider_public_key (ll_x509_cert_get (g_ptr_array_index (chain, i)));
      gboolean rsa = key != NULL && (EVP_PKEY_is_a (key, "RSA") || EVP_PKEY_is_a (key, "RSA-PSS"));

      if (key == NULL || EVP_PKEY_get_bits (key) < (rsa ? LL_PROFILE_RSA_BITS : LL_PROFILE_EC_BITS))
        return TRUE;
    }
  return FALSE;
}

void
ll_trust_judge_smime (LlKeyOpinion *opinion, LlTrust *trust, LlKey *key,
                      const LlTrustMaterial *material, LlPurpose purpose, LlAskFor ask)
{
  LlX509PathQuestion question = { .extra = material->certificates,
                                  .listed = material->listed,
                                  .purpose = purpose,
                                  .at = ll_policy_time (trust->policy) };
  gboolean pinned = is_pinned (trust, key, material->address);
  g_autoptr (LlX509Path) path
      = pinned ? pinned_path (key, &question) : find_path (trust, key, &question, ask);
  LlReason objection = ll_anchors_objection (trust->anchors, path->chain);

  bind_by_pin (opinion, trust, key, material->address);
  opinion->decision
      = ll_decisions_get (ll_anchors_decisions (trust->anchors), ll_key_get_fingerprint (key));
  opinion->chain = g_ptr_array_ref (path->chain);
  if (objection != LL_REASON_NONE)
    opinion->trust = ll_axis (LL_ANSWER_NO, objection);
  else if (path->reason != LL_REASON_NONE)
    opinion->trust = ll_axis (LL_ANSWER_NO, path->reason);
  else
    {
      opinion->trust
          = ll_axis (LL_ANSWER_YES, trust->policy->strict && is_below_profile (path->chain)
                                        ? LL_REASON_BELOW_PROFILE
                                        : LL_REASON_NONE);
      opinion->trust_source
          = g_strdup (pinned ? "pinned" : ll_anchors_source (trust->anchors, path->anchor));
    }
  if (pinned)
    judge_pinned_revocation (opinion, trust, &question, path, material, ask);
  else
    ll_trust_judge_revocation (opinion, trust, path, material, G_MAXUINT, ask);
}
