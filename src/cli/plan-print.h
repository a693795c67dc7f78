/* plan-print.h - a plan as text for people and as JSON: who signs, who can read it and why they are
 * believed to be who they are, which cipher and who decided it.
 */
#pragma once

#include "bridge/json-glue.h"
#include "keys/plan.h"

G_BEGIN_DECLS

/* The members of letterlock.plan/1 (doc/json.md), into an object that is open. `cipher` is what the
 * engine said that it was in the end, or NULL. */
void ll_plan_print_members (JsonBuilder *builder, const LlPlan *plan, const char *cipher);

/* The same as a whole document. (transfer full) */
char *ll_plan_to_json (const LlPlan *plan);

/* A few lines. (transfer full) */
char *ll_plan_to_text (const LlPlan *plan);

/* Which of several keys of one's own signs: a line, or NULL when there was no choice. (transfer
 * full) (nullable) */
char *ll_plan_signer_to_text (const LlPlan *plan);

G_END_DECLS
