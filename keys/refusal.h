/* refusal.h - words for a plan that could not be made: who has no key that can be used, what speaks
 * against each key that was found, and what to do next.
 *
 * In: reasons, which the resolver gave. It weighs nothing and looks nothing up.
 */
#pragma once

#include "base/policy.h"
#include "base/reason.h"
#include "keys/key.h"

G_BEGIN_DECLS

typedef struct _LlRefusal LlRefusal;

LlRefusal *ll_refusal_new (void);

void ll_refusal_free (LlRefusal *refusal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlRefusal, ll_refusal_free)

/* There is no key at all: `who` is an address, a fingerprint, or NULL for the user. */
void ll_refusal_add_missing (LlRefusal *refusal, LlProtocol protocol, const char *who,
                             gboolean to_sign);

/* There is this key, and this against it. */
void ll_refusal_add_key (LlRefusal *refusal, const char *who, const LlKey *key, LlReason reason);

/* They listed nothing that is not weak (SM-11). */
void ll_refusal_add_weak (LlRefusal *refusal, const char *who);

/* The heading, a line for each that was added, and the advice that fits them. (transfer full) */
char *ll_refusal_to_text (const LlRefusal *refusal, const char *heading);

G_END_DECLS
