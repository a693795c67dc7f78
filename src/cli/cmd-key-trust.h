/* cmd-key-trust.h - letterlock key trust: its row stands in the table of cmd-key.c. */
#pragma once

#include "cli/command.h"

G_BEGIN_DECLS

int ll_command_key_trust (const LlCommand *command, int argc, char **argv, GError **error);

G_END_DECLS
