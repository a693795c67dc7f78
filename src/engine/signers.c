/* signers.c - what enters: the facts of a layer and the house's trust. What leaves: for each
 * signature, its facts beside the opinion of its key. It does not weigh one against the other; the
 * verdict does.
 */
#include <config.h>

#include "engine/signers.h"

void
ll_signer_free (LlSigner *signer)
{
  if (signer == NULL)
    return;
  g_clear_pointer (&signer->opinion, ll_key_opinion_free);
  g_free (signer);
}

GPtrArray *
ll_signers_judge (LlTrust *trust, const LlFacts *facts, const char *address)
{
  g_autoptr (GPtrArray) signers = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_signer_free);

  g_return_val_if_fail (facts != NULL, NULL);
  for (guint i = 0; i < facts->signatures->len; i++)
    {
      const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, i);
      LlSigner *signer = g_new0 (LlSigner, 1);

      signer->facts = signature;
      if (signature->key != NULL)
        {
          LlTrustMaterial material = { .address = address,
                                       .certificates = facts->certificates,
                                       .crls = facts->crls,
                                       .ocsps = facts->ocsps,
                                       .listed = signature->listed_certificates };

          signer->opinion = ll_trust_judge_signature (trust, signature->key, &material);
        }
      g_ptr_array_add (signers, signer);
    }
  return g_steal_pointer (&signers);
}
