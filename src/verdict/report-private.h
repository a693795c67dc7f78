/* report-private.h - what the text and the tree share. */
#pragma once

#include "bridge/json-glue.h"
#include "verdict/report.h"

G_BEGIN_DECLS

/* "  LABEL VALUE" and a line end. VALUE is ours, or has been through ll_wording_quote(). */
void ll_report_line (GString *out, guint depth, const char *label, const char *value);
/* The same with a stranger's text as value; nothing at all when it is NULL. */
void ll_report_quoted (GString *out, guint depth, const char *label, const char *text);
/* The same with a time; nothing at all for 0. */
void ll_report_time (GString *out, guint depth, const char *label, gint64 time);

/* The evidence for a signer, a line for each item (VM-04). */
void ll_report_signer (GString *out, guint depth, const LlEvidence *evidence,
                       const LlSigner *signer);

/* What is known of the revocation of its certificates: lines, and the array "revocations". */
void ll_report_revocations (GString *out, guint depth, const LlKeyOpinion *opinion);
void ll_report_add_revocations (JsonBuilder *builder, const LlKeyOpinion *opinion);

/* "S/MIME signature", "OpenPGP encryption, AES-256-GCM": what a layer is. (transfer full) */
char *ll_report_layer_title (const LlLayerVerdict *layer);
/* "holds", "could not be opened" and the like: how the layer fares. Static. */
const char *ll_report_layer_state (const LlLayerVerdict *layer);

G_END_DECLS
