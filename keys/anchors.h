/* anchors.h - where paths of certificates may end, and who said so.
 *
 * What enters: policy->anchors_file, the user's decisions, gpgsm's trustlist.txt with the keybox,
 * and the system's list. What leaves: sets of anchors, each anchor with its source, and objections:
 * what must not be in a path. It does NOT build paths. A certificate that a message brought never
 * becomes an anchor here (SC-12).
 */
#pragma once

#include "base/reason.h"
#include "keys/decisions.h"
#include "keys/key-store.h"
#include "keys/x509-path.h"

G_BEGIN_DECLS

typedef struct _LlAnchors LlAnchors;

/* `store` is borrowed and must outlive it. Error: LL_ERROR_MISSING_INPUT / LL_ERROR_BAD_DATA for
 * the anchors file, LL_ERROR_BAD_DATA for the file of decisions. (transfer full) */
LlAnchors *ll_anchors_new (const LlPolicy *policy, LlKeyStore *store, GError **error);
void ll_anchors_free (LlAnchors *anchors);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlAnchors, ll_anchors_free)

/* Those of policy->anchors_file alone; NULL when there are none. Costs no look into the keybox.
 * Borrowed. */
LlX509Anchors *ll_anchors_of_file (LlAnchors *anchors);

/* Those that the user named: the file, the decisions, gpgsm's list. Borrowed. */
LlX509Anchors *ll_anchors_of_user (LlAnchors *anchors);

/* Those of the user and those of the system, which is read only now. NULL when the system names
 * none, or is not to be asked. Borrowed. */
LlX509Anchors *ll_anchors_all (LlAnchors *anchors);

/* The certificates of the keybox, to look for issuers among; NULL when it cannot be read. The pool
 * and the anchors are made anew when the store has read the keybox again. Borrowed. */
LlX509Pool *ll_anchors_keybox (LlAnchors *anchors);

/* "anchors-file", "decision", "trustlist.txt" or "system". */
const char *ll_anchors_source (LlAnchors *anchors, const LlKey *anchor);

/* Why a path with these certificates is not believed, whatever it leads to: NEVER_TRUSTED when the
 * user refused one of them; DISTRUSTED when the system did, and it is not a path to what the user
 * named: the user's own word stands above the system's. Else NONE. */
LlReason ll_anchors_objection (LlAnchors *anchors, GPtrArray *chain);

/* What the user decided. Borrowed. */
const LlDecisions *ll_anchors_decisions (const LlAnchors *anchors);

G_END_DECLS
