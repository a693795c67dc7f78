/* command-private.h - what main.c alone needs of command.c. */
#pragma once

#include "cli/command.h"

G_BEGIN_DECLS

/* Once, before any command runs: signals and cancellation. */
void ll_command_init (void);

/* "mail verify". (transfer full) */
char *ll_command_full_name (const LlCommand *command);

G_END_DECLS
