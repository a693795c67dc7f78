/* command.h - one table row per command, and what commands share. Commands are thin: parse options,
 * call one op, print. Text goes to standard output, trouble to standard error.
 */
#pragma once

#include <gio/gio.h>

#include "ops/session.h"

G_BEGIN_DECLS

typedef struct _LlCommand LlCommand;

struct _LlCommand
{
  const char *group;     /* "mail", "file", "key", or NULL for a command of its own ("doctor") */
  const char *name;      /* "sign" */
  const char *arguments; /* N_("[FILE]"), shown in help */
  const char *summary;   /* N_(): one line, no full stop */
  const char *examples;  /* two real examples, a line each */
  /* Returns the exit status; -1 with `error` set when it failed (main prints it, and answers with
   * ll_error_exit_status()). argv[0] is the command's name. */
  int (*run) (const LlCommand *command, int argc, char **argv, GError **error);
};

/* Tables end with a row whose name is NULL. One for each cmd-*.c. */
extern const LlCommand ll_commands_mail[];
extern const LlCommand ll_commands_file[];
extern const LlCommand ll_commands_key[];
extern const LlCommand ll_commands_doctor[];
extern const LlCommand ll_commands_demo[];

/* Parses the command's own options and those that every command has (--json, --at, --anchors,
 * --gpg-program, --homedir, --quiet, --help). `entries` ends with a G_OPTION_ENTRY_NULL. What is
 * left in argv are the arguments. Errors: LL_ERROR_UNSUPPORTED_OPTION. */
gboolean ll_command_parse (const LlCommand *command, const GOptionEntry *entries, int *argc,
                           char ***argv, GError **error);

/* The settings file, changed by the common options: valid after ll_command_parse(). Borrowed. */
const LlPolicy *ll_command_get_policy (void);
gboolean ll_command_wants_json (void);
gboolean ll_command_is_quiet (void);

/* Triggered by SIGINT and SIGTERM. Borrowed. */
GCancellable *ll_command_get_cancellable (void);

/* A session with that policy. (transfer full) */
LlSession *ll_command_open_session (GError **error);

/* Writes text for people or JSON to standard output; LL_ERROR_OUTPUT when it cannot be written (a
 * full disk, a closed pipe). */
gboolean ll_command_print (const char *text, GError **error);

/* Tells of an error, on standard error. */
void ll_command_complain (const GError *error);

G_END_DECLS
