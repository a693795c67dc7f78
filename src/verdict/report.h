/* report.h - a verdict as versioned JSON (report-json.c, doc/json.md) and as text for people
 * (report-text.c); the sentences are in wording.c, the only translated room below the doors.
 * Everything a stranger wrote passes base/text on its way here.
 */
#pragma once

#include "verdict/verdict.h"

G_BEGIN_DECLS

#define LL_REPORT_SCHEMA "letterlock.report/1"

/* One JSON object, pretty-printed, ending in a newline. With `tree`, the parts of the payload too
 * (mail inspect). (transfer full) */
char *ll_report_to_json (const LlEvidence *evidence, const LlVerdict *verdict, gboolean tree);

/* A few lines for people: a headline, who, why, what to do. (transfer full) */
char *ll_report_to_text (const LlEvidence *evidence, const LlVerdict *verdict);

/* The tree of layers and parts, what each signature covers, algorithms, keys, times (mail inspect).
 * (transfer full) */
char *ll_report_to_tree (const LlEvidence *evidence, const LlVerdict *verdict);

/* A sentence for a reason, in the user's language. Static. */
const char *ll_wording_reason (LlReason reason);
/* The headline for a verdict. (transfer full) */
char *ll_wording_headline (const LlEvidence *evidence, const LlVerdict *verdict);

G_END_DECLS
