/* report.h - a verdict as versioned JSON (report-json.c, doc/json.md) and as text for people
 * (report-text.c); the sentences are in wording.c, the only translated room below the doors.
 * Everything a stranger wrote passes base/text on its way here.
 */
#pragma once

#include "keys/capabilities.h"
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
/* What a person can do about it, or NULL. Static. */
const char *ll_wording_advice (LlReason reason);
/* The headline for a verdict. (transfer full) */
char *ll_wording_headline (const LlEvidence *evidence, const LlVerdict *verdict);
/* Why the key is believed, from LlKeyOpinion's trust_source. (transfer full) */
char *ll_wording_trust_source (const char *source);

/* What somebody's program can read, as it said: "can read AES-256-GCM, AES-256-CBC".
 * (transfer full) */
char *ll_wording_capabilities (const LlCapabilities *capabilities);

/* A stranger's words, made safe and set between the quotation marks of the user's language, which
 * are nowhere inside: what stands within them can never look like Letterlock's own words.
 * (transfer full) */
char *ll_wording_quote (const char *text);

/* The name under which a signer is shown: the author's address when the key is theirs, else an
 * address or title from the key, else the hint; never a display name of the message (AT-18). Not
 * made safe. (transfer full) (nullable) */
char *ll_wording_signer (const LlEvidence *evidence, const LlSigner *signer);

G_END_DECLS
