/* verdict.c - evidence in, verdict out.
 *
 * What enters: everything the lower floors found out, and the time to judge at. What leaves: one
 * status for the whole message (VM-01), four axes with a reason each (VM-02, VM-06), and the list
 * of all that speaks against it or must be said beside it. Pure: it opens nothing, asks nobody and
 * does not look at a clock; the same evidence always gives the same verdict.
 *
 * What it does NOT do: it does not find layers (mail/layers), does not check a signature (engine)
 * and does not believe or disbelieve a key (keys/trust). doc/verdict.md tells the rules in prose.
 */
#include <config.h>

#include "verdict/verdict.h"
#include "verdict/weights.h"

/* The whole of status, as a table; the first row that fits answers. -1 fits both. */
static const struct
{
  int unopened;  /* an encrypted layer stayed shut */
  int blocked;   /* ambiguous, or over a limit: nothing may be credited (VM-07, VM-08) */
  int encrypted; /* a layer with sound encryption was opened (E2E-26) */
  int good;      /* the credited signature is good */
  LlStatus status;
} statuses[] = {
  { TRUE, -1, -1, -1, LL_STATUS_CANNOT_DECRYPT },
  { FALSE, TRUE, -1, -1, LL_STATUS_NONE },
  { FALSE, FALSE, TRUE, TRUE, LL_STATUS_SIGNED_ENCRYPTED },
  { FALSE, FALSE, TRUE, FALSE, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { FALSE, FALSE, FALSE, TRUE, LL_STATUS_SIGNED },
  { FALSE, FALSE, FALSE, FALSE, LL_STATUS_NONE },
};

static const char *const status_names[] = {
  [LL_STATUS_NONE] = "none",
  [LL_STATUS_SIGNED] = "signed",
  [LL_STATUS_ENCRYPTED_UNVERIFIED] = "encrypted-unverified",
  [LL_STATUS_SIGNED_ENCRYPTED] = "signed-encrypted",
  [LL_STATUS_CANNOT_DECRYPT] = "cannot-decrypt",
};

const char *
ll_status_name (LlStatus status)
{
  g_return_val_if_fail (status < G_N_ELEMENTS (status_names), "none");
  return status_names[status];
}

static LlAxis
axis (LlAnswer answer, LlReason reason)
{
  return (LlAxis){ answer, reason };
}

/* How far a signer came. Mathematics outweighs all the rest together: whoever did not sign is never
 * preferred to who did, whatever name the signature bears (AT-13). */
static guint
score_of (const LlSignerVerdict *judged)
{
  return (judged->integrity.answer == LL_ANSWER_YES ? 8 : 0)
         + (judged->binding.answer == LL_ANSWER_YES ? 4 : 0)
         + (judged->trust.answer == LL_ANSWER_YES ? 2 : 0)
         + (judged->time.answer == LL_ANSWER_YES ? 1 : 0);
}

/* --- one layer --- */

/* CM-15: each signer is weighed alone, identities are never merged, and a co-signer that fails
 * takes the layer down with it. */
static void
judge_signers (const LlEvidence *evidence, LlLayerVerdict *layer)
{
  GPtrArray *signers = layer->evidence->signers;
  guint n_broken = 0;

  for (guint i = 0; i < signers->len; i++)
    {
      const LlSigner *signer = g_ptr_array_index (signers, i);
      LlSignerVerdict judged;

      ll_verdict_judge_signer (evidence, signer, &judged);
      n_broken += signer->facts->integrity == LL_INTEGRITY_BROKEN;
      if (layer->signer == NULL || score_of (&judged) > score_of (&layer->judged))
        {
          layer->signer = signer;
          layer->judged = judged;
        }
    }

  layer->is_broken = n_broken > 0;
  if (layer->signer == NULL)
    layer->reason = layer->facts->signed_reason != LL_REASON_NONE ? layer->facts->signed_reason
                                                                  : LL_REASON_NO_SIGNERS;
  else if (n_broken > 0 && n_broken < signers->len)
    layer->reason = LL_REASON_SIGNER_FAILED;
  else
    layer->reason = layer->judged.reason;
  /* an engine that has something against the whole layer is believed (CM-14, SM-33) */
  if (layer->reason == LL_REASON_NONE)
    layer->reason = layer->facts->signed_reason;
  layer->is_good = layer->reason == LL_REASON_NONE;
}

static LlLayerVerdict
judge_layer (const LlEvidence *evidence, const LlLayerEvidence *found)
{
  LlLayerVerdict layer = { .evidence = found };
  LlLayerKind kind = found->layer != NULL ? found->layer->kind : LL_LAYER_SIGNED;

  layer.facts = ll_layer_evidence_get_facts (evidence, found);
  layer.is_encrypted = layer.facts->decryption != LL_DECRYPTION_NONE || kind == LL_LAYER_ENCRYPTED;
  layer.is_opened = layer.facts->decryption == LL_DECRYPTION_DONE;
  layer.is_signed = layer.facts->is_signed || found->signers->len > 0
                    || (found->layer != NULL && kind == LL_LAYER_SIGNED);
  if (layer.is_signed)
    judge_signers (evidence, &layer);
  return layer;
}

/* --- the message --- */

static LlLayerVerdict *
layer_at (const LlVerdict *verdict, guint index)
{
  return &g_array_index (verdict->layers, LlLayerVerdict, index);
}

/* The first layer whose signature can speak for the payload: a signature outside the innermost
 * encryption signed a ciphertext, and says nothing of who wrote what is in it (ES-02). */
static guint
first_speaking (const LlVerdict *verdict)
{
  guint first = 0;
  for (guint i = 0; i < verdict->layers->len; i++)
    if (layer_at (verdict, i)->is_encrypted)
      first = i;
  return first;
}

/* The layer that the status rests on: the innermost signature (RFC 9787). When that one holds and
 * is merely someone else's, the next one outward may be the author's: who signs a signed message
 * signs its content as well. Never past a signature that does not hold. */
static LlLayerVerdict *
resting_layer (const LlVerdict *verdict)
{
  LlLayerVerdict *innermost = NULL;
  guint first = first_speaking (verdict);

  for (guint i = verdict->layers->len; i > first; i--)
    {
      LlLayerVerdict *layer = layer_at (verdict, i - 1);
      if (!layer->is_signed)
        continue;
      if (innermost == NULL)
        innermost = layer;
      if (layer->is_good)
        return layer;
      if (layer->is_broken || layer->judged.integrity.answer != LL_ANSWER_YES)
        return innermost;
    }
  return innermost;
}

typedef struct
{
  const LlEvidence *evidence;
  LlVerdict *verdict;
  LlLayerVerdict *resting; /* nullable */
  gboolean good;           /* the resting layer's signature is good and may be credited */
  guint8 marks[LL_N_REASONS];
} Weighing;

static void
mark (Weighing *weighing, LlReason reason, LlMark strength)
{
  if (reason != LL_REASON_NONE && weighing->marks[reason] < (guint8)strength)
    weighing->marks[reason] = (guint8)strength;
}

/* What the reason is beside a good signature. */
static void
mark_beside (Weighing *weighing, LlReason reason)
{
  mark (weighing, reason, ll_weight_beside_good (reason));
}

/* Against the status, or beside it when it is good all the same. */
static void
mark_by_status (Weighing *weighing, LlReason reason)
{
  if (weighing->good)
    mark_beside (weighing, reason);
  else
    mark (weighing, reason, LL_MARK_NEGATIVE);
}

static void
mark_axes (Weighing *weighing)
{
  const LlVerdict *verdict = weighing->verdict;
  const LlAxis *axes[] = {
    &verdict->integrity,
    weighing->evidence->is_file ? NULL : &verdict->binding,
    &verdict->trust,
    &verdict->time,
  };

  for (guint i = 0; i < G_N_ELEMENTS (axes); i++)
    if (axes[i] != NULL && axes[i]->answer == LL_ANSWER_YES)
      mark_beside (weighing, axes[i]->reason);
    else if (axes[i] != NULL)
      mark_by_status (weighing, axes[i]->reason);
}

static void
mark_encryption (Weighing *weighing, const LlLayerVerdict *layer)
{
  LlReason reason = layer->facts->decryption_reason;

  if (layer->is_encrypted && !layer->is_opened)
    mark (weighing, reason != LL_REASON_NONE ? reason : LL_REASON_DECRYPTION_FAILED,
          LL_MARK_NEGATIVE);
  else if (reason == LL_REASON_NO_INTEGRITY)
    /* CM-16: anyone could have bent it, unless a good signature inside says otherwise */
    mark (weighing, reason, weighing->good ? LL_MARK_NONE : LL_MARK_CAUTION);
  else if (layer->is_opened)
    mark_by_status (weighing, reason);
}

/* A signature that the status does not rest on. */
static void
mark_other_signature (Weighing *weighing, const LlLayerVerdict *layer)
{
  if (weighing->resting == NULL)
    mark_by_status (weighing, LL_REASON_OUTER_SIGNATURE);
  if (!layer->is_broken)
    return;
  /* never hidden behind the good one */
  if (weighing->good)
    mark (weighing, LL_REASON_SIGNER_FAILED, LL_MARK_CAUTION);
  else
    mark (weighing, layer->reason, LL_MARK_NEGATIVE);
}

static void
mark_broken_signers (Weighing *weighing, const LlLayerVerdict *layer)
{
  GPtrArray *signers = layer->evidence->signers;

  for (guint i = 0; i < signers->len; i++)
    {
      const LlSigner *signer = g_ptr_array_index (signers, i);
      LlSignerVerdict judged;

      ll_verdict_judge_signer (weighing->evidence, signer, &judged);
      if (signer->facts->integrity == LL_INTEGRITY_BROKEN)
        mark_by_status (weighing, judged.integrity.reason);
    }
}

static void
mark_layers (Weighing *weighing)
{
  GArray *layers = weighing->verdict->layers;

  for (guint i = 0; i < layers->len; i++)
    {
      const LlLayerVerdict *layer = layer_at (weighing->verdict, i);
      mark_encryption (weighing, layer);
      if (layer->evidence->layer != NULL)
        mark_beside (weighing, layer->evidence->layer->note);
      if (layer->is_signed && layer != weighing->resting)
        mark_other_signature (weighing, layer);
    }

  if (weighing->resting != NULL)
    {
      mark_by_status (weighing, weighing->resting->reason);
      mark_axes (weighing);
      mark_broken_signers (weighing, weighing->resting);
    }
}

static gboolean
has_signed_layer (const LlVerdict *verdict)
{
  for (guint i = 0; i < verdict->layers->len; i++)
    if (layer_at (verdict, i)->is_signed)
      return TRUE;
  return FALSE;
}

static gboolean
claims_signature (const LlEvidence *evidence, const LlVerdict *verdict)
{
  if (has_signed_layer (verdict))
    return TRUE;
  for (guint i = 0; i < evidence->errant->len; i++)
    {
      LlReason kind = ((LlErrantEvidence *)g_ptr_array_index (evidence->errant, i))->errant->kind;
      if (kind == LL_REASON_ERRANT_SIGNATURE || kind == LL_REASON_INLINE_SIGNATURE
          || kind == LL_REASON_LIST_FOOTER)
        return TRUE;
    }
  return FALSE;
}

/* SM-26: the Date field is nobody's word until someone signs it; far from the signing time it may
 * be an old letter sent again. */
static gboolean
dates_differ (const Weighing *weighing)
{
  gint64 date = weighing->evidence->date, signed_at;

  if (!weighing->good || weighing->evidence->is_file || date == 0)
    return FALSE;
  signed_at = weighing->resting->signer->facts->signing_time;
  return signed_at != 0
         && (date > signed_at + LL_VERDICT_DATE_GAP_SECONDS
             || signed_at > date + LL_VERDICT_DATE_GAP_SECONDS);
}

static void
mark_message (Weighing *weighing)
{
  const LlEvidence *evidence = weighing->evidence;

  if (evidence->envelope != NULL)
    {
      mark (weighing, evidence->envelope->ambiguity, LL_MARK_NEGATIVE);
      mark (weighing, evidence->envelope->limit, LL_MARK_NEGATIVE);
    }
  for (guint i = 0; i < evidence->errant->len; i++)
    {
      const LlErrantEvidence *errant = g_ptr_array_index (evidence->errant, i);
      /* a forwarded message says nothing of this one, good or bad (E2E-19) */
      if (errant->errant->kind == LL_REASON_FORWARDED)
        mark (weighing, errant->errant->kind, LL_MARK_NOTE);
      else
        mark_by_status (weighing, errant->errant->kind);
    }
  if (dates_differ (weighing))
    mark (weighing, LL_REASON_DATE_GAP, LL_MARK_CAUTION);
  if (!weighing->verdict->signed_claim && weighing->verdict->status != LL_STATUS_CANNOT_DECRYPT)
    mark (weighing, LL_REASON_NOT_SIGNED, LL_MARK_NEGATIVE);
}

static void
list_reasons (Weighing *weighing)
{
  LlVerdict *verdict = weighing->verdict;

  for (LlMark strength = LL_MARK_NEGATIVE; strength > LL_MARK_NONE; strength--)
    for (guint i = 0; ll_weight_nth (i) != LL_REASON_NONE; i++)
      {
        LlReason reason = ll_weight_nth (i);
        if (weighing->marks[reason] != (guint8)strength)
          continue;
        g_array_append_val (verdict->reasons, reason);
        if (strength == LL_MARK_CAUTION)
          g_array_append_val (verdict->cautions, reason);
        if (strength > LL_MARK_NOTE && verdict->reason == LL_REASON_NONE)
          verdict->reason = reason;
      }
}

static LlStatus
status_of (const LlEvidence *evidence, const LlVerdict *verdict, gboolean good)
{
  gboolean unopened = FALSE, encrypted = FALSE;
  gboolean blocked = evidence->envelope != NULL
                     && (evidence->envelope->ambiguity != LL_REASON_NONE
                         || evidence->envelope->limit != LL_REASON_NONE);

  for (guint i = 0; i < verdict->layers->len; i++)
    {
      const LlLayerVerdict *layer = layer_at (verdict, i);
      unopened |= layer->is_encrypted && !layer->is_opened;
      encrypted |= layer->is_opened && layer->facts->decryption_reason != LL_REASON_WEAK_ENCRYPTION;
    }
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    if ((statuses[i].unopened == -1 || statuses[i].unopened == unopened)
        && (statuses[i].blocked == -1 || statuses[i].blocked == blocked)
        && (statuses[i].encrypted == -1 || statuses[i].encrypted == encrypted)
        && (statuses[i].good == -1 || statuses[i].good == good))
      return statuses[i].status;
  g_return_val_if_reached (LL_STATUS_NONE);
}

/* The axes are those of the signer that the status rests on, lowered by what is wrong with the
 * layer as a whole. Without a signature in the right place there is nothing to check, and no
 * identity either (E2E-25, SM-27). */
static void
set_axes (LlVerdict *verdict, const LlLayerVerdict *resting, LlReason absent)
{
  LlReason reason = resting != NULL ? resting->reason : absent;
  LlAxis nothing = axis (LL_ANSWER_NOT_CHECKED, reason);

  verdict->transport = axis (LL_ANSWER_NOT_CHECKED, LL_REASON_NOT_CHECKED);
  if (resting == NULL || resting->signer == NULL)
    {
      verdict->integrity = verdict->binding = verdict->trust = verdict->time = nothing;
      return;
    }
  verdict->signer = resting->signer;
  verdict->integrity = resting->judged.integrity;
  verdict->binding = resting->judged.binding;
  verdict->trust = resting->judged.trust;
  verdict->time = resting->judged.time;
  if (reason != resting->judged.reason)
    verdict->integrity = axis (LL_ANSWER_NO, reason);
}

LlVerdict *
ll_verdict_new (const LlEvidence *evidence)
{
  Weighing weighing = { .evidence = evidence };
  LlVerdict *verdict;
  LlReason absent;

  g_return_val_if_fail (evidence != NULL, NULL);
  weighing.verdict = verdict = g_new0 (LlVerdict, 1);
  verdict->reasons = g_array_new (FALSE, FALSE, sizeof (LlReason));
  verdict->cautions = g_array_new (FALSE, FALSE, sizeof (LlReason));
  verdict->layers = g_array_new (FALSE, TRUE, sizeof (LlLayerVerdict));

  /* each layer by itself */
  for (guint i = 0; i < evidence->layers->len; i++)
    {
      LlLayerVerdict layer = judge_layer (evidence, g_ptr_array_index (evidence->layers, i));
      g_array_append_val (verdict->layers, layer);
      verdict->encrypted |= layer.is_opened;
    }
  verdict->signed_claim = claims_signature (evidence, verdict);

  /* the layer that speaks for the payload, and the status */
  weighing.resting = resting_layer (verdict);
  verdict->status
      = status_of (evidence, verdict, weighing.resting != NULL && weighing.resting->is_good);
  weighing.good = ll_verdict_is_good (verdict);
  if (weighing.good)
    weighing.resting->is_credited = TRUE;

  /* the axes, and all there is to say */
  absent = has_signed_layer (verdict) ? LL_REASON_OUTER_SIGNATURE : LL_REASON_NOT_SIGNED;
  set_axes (verdict, weighing.resting, absent);
  mark_layers (&weighing);
  mark_message (&weighing);
  list_reasons (&weighing);
  return verdict;
}

void
ll_verdict_free (LlVerdict *verdict)
{
  if (verdict == NULL)
    return;

  g_array_unref (verdict->reasons);
  g_array_unref (verdict->cautions);
  g_array_unref (verdict->layers);
  g_free (verdict);
}

gboolean
ll_verdict_is_good (const LlVerdict *verdict)
{
  return verdict->status == LL_STATUS_SIGNED || verdict->status == LL_STATUS_SIGNED_ENCRYPTED;
}
