/* call-agent-private.h - what the files of call-agent share. */
#pragma once

#include "bridge/agent-link.h"
#include "bridge/call-agent.h"

G_BEGIN_DECLS

/* For what concerns no single key. */
extern const LlAgentUse ll_agent_to_manage;

/* The agent's error as ours, by what was to be done. Always FALSE. */
gboolean ll_agent_set_error (gpg_error_t problem, const LlAgentUse *use, GError **error);

/* TRUE for 40 hexadecimal digits. */
gboolean ll_agent_is_keygrip (const char *text);

/* A line on which "`verb` <keygrip>" and the prompt have been said. `verb` NULL: only the prompt.
 * (transfer full) */
LlAgentLink *ll_agent_open_with_key (const LlAgentUse *use, const char *verb,
                                     GCancellable *cancellable, GError **error);

G_END_DECLS
