/* resolver.h - which of several keys, and why not the others. Pure: candidates in, a choice out.
 *
 * What it does not do: it looks nothing up and judges no path; the candidates come with the opinion
 * that trust has of them.
 */
#pragma once

#include "base/policy.h"
#include "keys/trust.h"

G_BEGIN_DECLS

typedef struct
{
  LlKey *key;            /* owned */
  LlKeyOpinion *opinion; /* owned; NULL: nobody was asked, and the key speaks for itself */
} LlCandidate;

LlCandidate *ll_candidate_new (LlKey *key, LlKeyOpinion *opinion); /* takes opinion */
void ll_candidate_free (LlCandidate *candidate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlCandidate, ll_candidate_free)

typedef enum
{
  LL_USE_SIGN,
  LL_USE_ENCRYPT,
} LlUse;

typedef struct
{
  LlUse use;
  gint64 at;
  gboolean by_fingerprint; /* the user named this very key: its validity is their decision */
  gboolean always_trust;   /* OpenPGP: validity does not matter */
  const char *preferred;   /* S/MIME: fingerprint of the certificate that its owner wants to be
                              written to (SM-30); or NULL */
  const char *subject;     /* S/MIME: of the certificate that the owner signs with; or NULL */
} LlResolveQuestion;

/* Why a candidate cannot be used; NONE when it can. Revoked and disabled keys, keys that are not
 * valid at the time, keys that cannot do it (SC-01, OP-12), keys that do not belong to the address
 * (any more); to encrypt to: certificates without a valid path (SC-11), OpenPGP keys of unknown
 * validity. One's own key signs without anybody's word, unless it is not made for mail (SC-15). */
LlReason ll_resolver_object (const LlCandidate *candidate, const LlResolveQuestion *question);

/* The usable candidate that is trusted, then the one that its owner prefers, then one with the name
 * that its owner signs with (SM-30), then the one with the longest life ahead, then the newest,
 * then the smallest fingerprint: always the same one (SC-23). NULL when none is usable. Borrowed.
 */
const LlCandidate *ll_resolver_choose (GPtrArray *candidates, const LlResolveQuestion *question);

/* How many are usable. */
guint ll_resolver_count (GPtrArray *candidates, const LlResolveQuestion *question);

G_END_DECLS
