/* evidence.h - all that the lower floors found out about one message or file, gathered and frozen.
 * Plain data, filled by ops/, weighed by verdict.h alone.
 */
#pragma once

#include "engine/signers.h"
#include "mail/layers.h"

G_BEGIN_DECLS

typedef struct
{
  const LlLayer *layer; /* borrowed from the envelope; NULL for a file, which is one layer */
  GPtrArray *signers;   /* of LlSigner; empty when the layer has no signature */
} LlLayerEvidence;

typedef struct
{
  const LlErrant *errant; /* borrowed */
  GPtrArray *signers;     /* of LlSigner, for errant signatures that were checked; or empty */
} LlErrantEvidence;

typedef struct
{
  gboolean is_file;       /* a file, not a message: there is no author to bind to */
  char *file_name;        /* files only: as the user named it; or NULL */
  LlEnvelope *envelope;   /* owned; NULL for a file */
  LlFacts *file_facts;    /* owned; files only */
  GPtrArray *layers;      /* of LlLayerEvidence, outermost first */
  GPtrArray *errant;      /* of LlErrantEvidence */
  char *author;           /* the address a signature is bound to, or NULL */
  char *author_text;      /* the From field as shown to people, decoded, not made safe; or NULL */
  char *sender;           /* the Sender field's address, when there is exactly one; or NULL */
  LlReason author_reason; /* why `author` is NULL */
  char *subject;          /* the Subject to show, decoded, not made safe; or NULL */
  gboolean subject_protected; /* it came from inside the envelope */
  gint64 date;                /* the Date field; 0: none */
  gint64 judged_at;           /* the time of judgement */
  gboolean judged_at_set;     /* --at was given */
  GPtrArray *lessons;         /* of LlLesson: what was learnt once the verdict was given; weighs
                                 nothing, and is only told */
} LlEvidence;

LlEvidence *ll_evidence_new (void);
void ll_evidence_free (LlEvidence *evidence);
LlLayerEvidence *ll_layer_evidence_new (const LlLayer *layer,
                                        GPtrArray *signers); /* takes signers */
LlErrantEvidence *ll_errant_evidence_new (const LlErrant *errant, GPtrArray *signers);

/* What the engine said of a layer: the layer's facts, or for a file the file's. Borrowed. */
const LlFacts *ll_layer_evidence_get_facts (const LlEvidence *evidence,
                                            const LlLayerEvidence *layer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlEvidence, ll_evidence_free)

G_END_DECLS
