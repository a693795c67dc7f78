/* plan-peers-private.h - what a plan asks of keys/peers: for keys/plan alone. */
#pragma once

#include "keys/plan.h"
#include "keys/refusal.h"
#include "keys/resolver.h"

G_BEGIN_DECLS

/* SM-30: puts into `question` which of the `candidates` for an address its owner wants to be
 * written to. What it points to belongs to `peer`, which the caller gives back, and to the
 * candidates. */
void ll_plan_prefer (const LlPeer *peer, GPtrArray *candidates, LlResolveQuestion *question);

/* SM-10: fills in the plan's cipher, its reason and whose doing it is. FALSE when somebody can read
 * nothing but what is weak (SM-11): then it is a line in the refusal. */
gboolean ll_plan_choose_cipher (LlPlan *plan, LlPeers *peers, LlCipher wanted, LlRefusal *refusal);

/* What is remembered of an address. That nothing can be looked up is noted in the plan, once, and
 * no reason to fail. (transfer full) (nullable) */
LlPeer *ll_plan_find_peer (LlPlan *plan, LlPeers *peers, const char *address);

G_END_DECLS
