/* trust-private.h - what the rooms of "trust" share: keys/trust for both technologies and OpenPGP,
 * keys/trust-smime for certificates. */
#pragma once

#include "keys/anchors.h"
#include "keys/trust.h"
#include "keys/x509-path.h"

G_BEGIN_DECLS

struct _LlTrust
{
  LlPolicy *policy;
  LlKeyStore *store; /* borrowed */
  LlAnchors *anchors;
};

static inline LlAxis
ll_axis (LlAnswer answer, LlReason reason)
{
  return (LlAxis){ .answer = answer, .reason = reason };
}

/* Trust and time of a certificate; also binding, where the user has pinned it for an address. */
void ll_trust_judge_smime (LlKeyOpinion *opinion, LlTrust *trust, LlKey *key,
                           const LlTrustMaterial *material, LlPurpose purpose);

G_END_DECLS
