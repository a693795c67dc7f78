/* key-print.h - a key as text for people and as JSON; for the key commands. */
#pragma once

#include "bridge/json-glue.h"
#include "keys/trust.h"

G_BEGIN_DECLS

/* One object of letterlock.keys/1 (doc/json.md). */
void ll_key_print_json (JsonBuilder *builder, const LlKey *key, const LlKeyOpinion *opinion);

/* Two lines for a list. */
void ll_key_print_line (GString *out, const LlKey *key, gint64 at);

/* Whether and why it is believed, a line each. NULL: nothing. */
void ll_key_print_opinion (GString *out, const LlKeyOpinion *opinion);

/* All that is known. */
void ll_key_print_whole (GString *out, const LlKey *key, const LlKeyOpinion *opinion, gint64 at);

G_END_DECLS
