/* trust-private.h - what the rooms of "trust" share: keys/trust for both technologies and OpenPGP,
 * keys/trust-smime for certificates. */
#pragma once

#include "keys/anchors.h"
#include "keys/trust.h"
#include "keys/x509-fetch.h"
#include "keys/x509-path.h"
#include "keys/x509-revocation.h"

G_BEGIN_DECLS

struct _LlTrust
{
  LlPolicy *policy;
  LlKeyStore *store; /* borrowed */
  LlAnchors *anchors;
  LlX509Fetch *fetch; /* NULL until something is fetched */
  LlX509Revocation *revocation;
  GCancellable *cancellable; /* or NULL */
};

static inline LlAxis
ll_axis (LlAnswer answer, LlReason reason)
{
  return (LlAxis){ .answer = answer, .reason = reason };
}

/* Who asks: it decides how far the question of revocation goes. */
typedef enum
{
  LL_ASK_FOR_LIST, /* a list of keys, or the user's own: no server is asked */
  LL_ASK_FOR_USE,  /* a message depends on it: as far as the policy says */
} LlAskFor;

/* Sets the time of `opinion` and its answers about revocation: of the first `n` certificates of the
 * path, those of the others are dropped. */
void ll_trust_judge_revocation (LlKeyOpinion *opinion, LlTrust *trust, const LlX509Path *path,
                                const LlTrustMaterial *material, guint n, LlAskFor ask);

/* Trust and time of a certificate; also binding, where the user has pinned it for an address. */
void ll_trust_judge_smime (LlKeyOpinion *opinion, LlTrust *trust, LlKey *key,
                           const LlTrustMaterial *material, LlPurpose purpose, LlAskFor ask);

G_END_DECLS
