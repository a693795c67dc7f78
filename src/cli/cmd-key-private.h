/* cmd-key-private.h - what the files of “letterlock key” share. */
#pragma once

#include "bridge/json-glue.h"
#include "cli/command.h"

G_BEGIN_DECLS

/* One line from a descriptor that the user named (-1: none, and NULL), wiped when it goes. */
gboolean ll_cmd_key_read_passphrase (int fd, GBytes **passphrase, GError **error);

/* The commands that have files of their own. */
int ll_cmd_key_export (const LlCommand *command, int argc, char **argv, GError **error);
int ll_cmd_key_forget (const LlCommand *command, int argc, char **argv, GError **error);

/* What is remembered of the people whose keys are shown (of LlPeer). */
void ll_cmd_key_add_peers (JsonBuilder *builder, LlSession *session, GPtrArray *peers);
void ll_cmd_key_append_peers (GString *out, LlSession *session, GPtrArray *peers);

G_END_DECLS
