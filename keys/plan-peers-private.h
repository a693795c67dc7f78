/* plan-peers-private.h - what a plan asks of keys/peers: for keys/plan alone.
 *
 * That nothing can be looked up is no reason to fail: `trouble` keeps the first error, for a
 * remark.
 */
#pragma once

#include "keys/cipher-choice.h"
#include "keys/peers.h"
#include "keys/resolver.h"

G_BEGIN_DECLS

/* What is remembered of an address. (transfer full) (nullable) */
LlPeer *ll_plan_find_peer (LlPeers *peers, const char *address, GError **trouble);

/* SM-30: puts into `question` which of the `candidates` for an address its owner wants to be
 * written to. What it points to belongs to `peer` and to the candidates. */
void ll_plan_prefer (const LlPeer *peer, GPtrArray *candidates, LlResolveQuestion *question);

/* SM-10: the cipher for these keys (of LlKey) of people whom the user called `names` (of char*). */
LlCipherChoice ll_plan_choose_cipher (LlPeers *peers, GPtrArray *keys, GPtrArray *names,
                                      LlCipher wanted, GError **trouble);

G_END_DECLS
