/* evidence.c - all that was found out about one message or file, gathered and frozen.
 *
 * In: what ops/ gives it. Out: the same, owned in one place. It weighs nothing (verdict.c does) and
 * makes nothing safe to show (the reports do).
 */
#include <config.h>

#include "verdict/evidence.h"

static void
layer_evidence_free (LlLayerEvidence *evidence)
{
  g_clear_pointer (&evidence->signers, g_ptr_array_unref);
  g_free (evidence);
}

static void
errant_evidence_free (LlErrantEvidence *evidence)
{
  g_clear_pointer (&evidence->signers, g_ptr_array_unref);
  g_free (evidence);
}

LlEvidence *
ll_evidence_new (void)
{
  LlEvidence *evidence = g_new0 (LlEvidence, 1);
  evidence->layers = g_ptr_array_new_with_free_func ((GDestroyNotify)layer_evidence_free);
  evidence->errant = g_ptr_array_new_with_free_func ((GDestroyNotify)errant_evidence_free);
  return evidence;
}

void
ll_evidence_free (LlEvidence *evidence)
{
  if (evidence == NULL)
    return;

  /* the layers and signers borrow from the envelope and the facts: they go first */
  g_ptr_array_unref (evidence->layers);
  g_ptr_array_unref (evidence->errant);
  g_clear_pointer (&evidence->envelope, ll_envelope_free);
  g_clear_pointer (&evidence->file_facts, ll_facts_free);
  g_clear_pointer (&evidence->lessons, g_ptr_array_unref);
  g_free (evidence->file_name);
  g_free (evidence->author);
  g_free (evidence->author_text);
  g_free (evidence->sender);
  g_free (evidence->subject);
  g_free (evidence);
}

static GPtrArray *
signers_or_empty (GPtrArray *signers)
{
  return signers != NULL ? signers
                         : g_ptr_array_new_with_free_func ((GDestroyNotify)ll_signer_free);
}

LlLayerEvidence *
ll_layer_evidence_new (const LlLayer *layer, GPtrArray *signers)
{
  LlLayerEvidence *evidence = g_new0 (LlLayerEvidence, 1);
  evidence->layer = layer;
  evidence->signers = signers_or_empty (signers);
  return evidence;
}

LlErrantEvidence *
ll_errant_evidence_new (const LlErrant *errant, GPtrArray *signers)
{
  LlErrantEvidence *evidence = g_new0 (LlErrantEvidence, 1);
  evidence->errant = errant;
  evidence->signers = signers_or_empty (signers);
  return evidence;
}

const LlFacts *
ll_layer_evidence_get_facts (const LlEvidence *evidence, const LlLayerEvidence *layer)
{
  return layer->layer != NULL ? layer->layer->facts : evidence->file_facts;
}
