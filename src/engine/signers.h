/* signers.h - facts + keys + trust = what is known of each signer. Facts are not weighed here. */
#pragma once

#include "engine/facts.h"
#include "keys/trust.h"

G_BEGIN_DECLS

typedef struct
{
  const LlSignatureFacts *facts; /* borrowed from the LlFacts it came from */
  LlKeyOpinion *opinion;         /* NULL when the key is not at hand */
} LlSigner;

void ll_signer_free (LlSigner *signer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlSigner, ll_signer_free)

/* One LlSigner per signature of `facts`, in order. `address` is the author's, or NULL when there is
 * none that can be bound to. (transfer full, of LlSigner) */
GPtrArray *ll_signers_judge (LlTrust *trust, const LlFacts *facts, const char *address);

G_END_DECLS
