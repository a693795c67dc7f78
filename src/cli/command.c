/* command.c - what every command shares: the common options, the policy they make, cancellation,
 * and printing that notices a full disk. It knows no command by name. */
#include <config.h>

#include <errno.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/settings.h"
#include "base/text.h"
#include "cli/command-private.h"
#include "cli/open-options.h"
#include "keys/peers.h"

static struct
{
  LlPolicy *policy;
  GCancellable *cancellable;
  gboolean json, quiet, always_trust, fetch_issuers;
  char **crls;
  char *revocation;
  char *at, *anchors, *gpg_program, *home, *profile;
  int signal_pipe[2];
} shared;

static const GOptionEntry common_entries[] = {
  { "json", 0, 0, G_OPTION_ARG_NONE, &shared.json, N_ ("Answer in JSON, for scripts"), NULL },
  { "at", 0, 0, G_OPTION_ARG_STRING, &shared.at, N_ ("Judge keys and signatures as of this time"),
    N_ ("TIME") },
  { "anchors", 0, 0, G_OPTION_ARG_FILENAME, &shared.anchors,
    N_ ("Trust the S/MIME root certificates in this PEM file"), N_ ("FILE") },
  { "revocation", 0, 0, G_OPTION_ARG_STRING, &shared.revocation,
    N_ ("S/MIME: ask whether certificates were revoked: soft, online, require"), N_ ("HOW") },
  { "fetch-issuers", 0, 0, G_OPTION_ARG_NONE, &shared.fetch_issuers,
    N_ ("S/MIME: fetch missing certificates of authorities from the network"), NULL },
  { "crl", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &shared.crls,
    N_ ("S/MIME: read this list of revoked certificates; may be repeated"), N_ ("FILE") },
  { "profile", 0, 0, G_OPTION_ARG_STRING, &shared.profile,
    N_ ("S/MIME: keep to the rules of this profile: bsi"), N_ ("NAME") },
  { "always-trust", 0, 0, G_OPTION_ARG_NONE, &shared.always_trust,
    N_ ("Encrypt to OpenPGP keys that nobody has certified"), NULL },
  { "homedir", 0, 0, G_OPTION_ARG_FILENAME, &shared.home,
    N_ ("Use this GnuPG home instead of the usual one"), N_ ("DIRECTORY") },
  { "gpg-program", 0, 0, G_OPTION_ARG_FILENAME, &shared.gpg_program, N_ ("Run this program as gpg"),
    N_ ("PROGRAM") },
  { "quiet", 'q', 0, G_OPTION_ARG_NONE, &shared.quiet, N_ ("No progress and no remarks"), NULL },
  G_OPTION_ENTRY_NULL,
};

/* --- cancellation ----------------------------------------------------------------------------- */

static void
on_signal (int number)
{
  int saved_errno = errno;
  char byte = (char)number;
  gssize ignored = write (shared.signal_pipe[1], &byte, 1);
  (void)ignored;
  errno = saved_errno;
}

static gpointer
wait_for_signal (gpointer data)
{
  char byte;

  while (read (shared.signal_pipe[0], &byte, 1) < 0 && errno == EINTR)
    ;
  g_cancellable_cancel (shared.cancellable);
  return NULL;
}

/* The first signal cancels in an orderly way; a second one ends the program at once. */
void
ll_command_init (void)
{
  struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

  shared.cancellable = g_cancellable_new ();
  signal (SIGPIPE, SIG_IGN);
  if (pipe (shared.signal_pipe) != 0)
    return;
  g_thread_unref (g_thread_new ("signals", wait_for_signal, NULL));
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  sigaction (SIGHUP, &action, NULL);
}

GCancellable *
ll_command_get_cancellable (void)
{
  return shared.cancellable;
}

/* --- options ---------------------------------------------------------------------------------- */

static gboolean
read_profile (LlPolicy *policy, GError **error)
{
  g_autofree char *name = NULL;

  if (shared.profile == NULL)
    return TRUE;
  policy->strict = g_str_equal (shared.profile, "bsi");
  if (policy->strict)
    return TRUE;
  name = ll_text_safe (shared.profile, -1);
  g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
               _ ("“%s” is not a profile. There is: %s."), name, "bsi");
  return FALSE;
}

static gboolean
read_revocation (LlPolicy *policy, GError **error)
{
  g_autofree char *word = NULL;

  if (shared.crls != NULL)
    {
      g_strfreev (policy->crl_files);
      policy->crl_files = g_strdupv (shared.crls);
    }
  if (shared.revocation == NULL
      || ll_revocation_mode_parse (shared.revocation, &policy->revocation))
    return TRUE;
  word = ll_text_safe (shared.revocation, -1);
  g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
               _ ("“%s” is not a way to ask for revocation. There are: %s."), word,
               "soft, online, require");
  return FALSE;
}

static gboolean
make_policy (GError **error)
{
  g_autofree char *settings = ll_settings_path ();
  g_autoptr (LlPolicy) policy = ll_policy_new ();

  if (!ll_settings_load (settings, policy, error))
    return FALSE;
  if (shared.at != NULL && !ll_clock_parse (shared.at, &policy->at, error))
    return FALSE;
  if (!read_profile (policy, error) || !read_revocation (policy, error))
    return FALSE;
  if (shared.anchors != NULL)
    {
      g_free (policy->anchors_file);
      policy->anchors_file = g_strdup (shared.anchors);
    }
  if (shared.gpg_program != NULL)
    {
      g_free (policy->gpg_program);
      policy->gpg_program = g_strdup (shared.gpg_program);
    }
  policy->peers_file = ll_peers_path ();
  if (shared.always_trust)
    policy->always_trust = TRUE;
  if (shared.fetch_issuers)
    policy->fetch_issuers = TRUE;
  ll_open_options_apply (policy);
  if (shared.home != NULL)
    g_setenv ("GNUPGHOME", shared.home, TRUE);
  if (g_strcmp0 (g_getenv ("GPG_TTY"), "") == 0)
    g_unsetenv ("GPG_TTY"); /* gpgsm refuses to work with an empty one */
  g_clear_pointer (&shared.policy, ll_policy_free);
  shared.policy = g_steal_pointer (&policy);
  return TRUE;
}

char *
ll_command_full_name (const LlCommand *command)
{
  return command->group != NULL ? g_strconcat (command->group, " ", command->name, NULL)
                                : g_strdup (command->name);
}

static GOptionContext *
make_context (const LlCommand *command, const GOptionEntry *entries)
{
  GOptionContext *context
      = g_option_context_new (*command->arguments != '\0' ? _ (command->arguments) : NULL);
  g_autofree char *examples = g_strconcat (_ ("Examples:"), "\n", command->examples, NULL);
  GOptionGroup *own = g_option_group_new ("command", _ ("Options:"),
                                          _ ("Show the options of this command"), NULL, NULL);
  GOptionGroup *common = g_option_group_new ("common", _ ("Options of every command:"),
                                             _ ("Show the options of every command"), NULL, NULL);

  g_option_context_set_summary (context, _ (command->summary));
  g_option_context_set_description (context, examples);
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_group_set_translation_domain (own, GETTEXT_PACKAGE);
  if (entries != NULL)
    g_option_group_add_entries (own, entries);
  g_option_context_add_group (context, own); /* first what makes this command different */
  g_option_group_add_entries (common, common_entries);
  g_option_group_set_translation_domain (common, GETTEXT_PACKAGE);
  g_option_context_add_group (context, common);
  g_option_context_set_help_enabled (context, FALSE);
  return context;
}

static gboolean
wants_help (int argc, char **argv)
{
  for (int i = 1; i < argc && !g_str_equal (argv[i], "--"); i++)
    if (g_str_equal (argv[i], "--help") || g_str_equal (argv[i], "-h"))
      return TRUE;
  return FALSE;
}

gboolean
ll_command_parse (const LlCommand *command, const GOptionEntry *entries, int *argc, char ***argv,
                  GError **error)
{
  g_autoptr (GOptionContext) context = make_context (command, entries);
  g_autoptr (GError) local = NULL;
  g_autofree char *name = ll_command_full_name (command);
  g_autofree char *program = g_strconcat ("letterlock ", name, NULL);

  g_set_prgname (program);
  if (wants_help (*argc, *argv))
    {
      g_autofree char *help = g_option_context_get_help (context, FALSE, NULL);
      if (!ll_command_print (help, error))
        return FALSE;
      exit (0);
    }
  if (!g_option_context_parse (context, argc, argv, &local))
    {
      g_set_error (error, LL_ERROR,
                   g_error_matches (local, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE)
                       ? LL_ERROR_MISSING_ARGUMENT
                       : LL_ERROR_UNSUPPORTED_OPTION,
                   _ ("%s. “%s --help” lists the options."), local->message, program);
      return FALSE;
    }
  if (*argc > 1 && g_str_equal ((*argv)[1], "--"))
    {
      memmove (&(*argv)[1], &(*argv)[2], sizeof (char *) * (gsize)(*argc - 1));
      (*argc)--;
    }
  return make_policy (error);
}

const LlPolicy *
ll_command_get_policy (void)
{
  return shared.policy;
}

gboolean
ll_command_wants_json (void)
{
  return shared.json;
}

gboolean
ll_command_is_quiet (void)
{
  return shared.quiet;
}

/* GnuPG makes its usual home by itself, but none that was named. What it says then (“End of file”)
 * does not tell anybody what to do. */
static gboolean
check_home (GError **error)
{
  const char *home = g_getenv ("GNUPGHOME");
  g_autofree char *usual = g_build_filename (g_get_home_dir (), ".gnupg", NULL);
  g_autofree char *safe = ll_text_safe (home, -1);
  g_autofree char *quoted = NULL;

  if (home == NULL || *home == '\0' || g_str_equal (home, usual)
      || g_file_test (home, G_FILE_TEST_IS_DIR))
    return TRUE;
  quoted = g_shell_quote (safe);
  g_set_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT,
               _ ("There is no GnuPG home at “%s”. Name another one, or make it with “mkdir -m "
                  "700 %s”."),
               safe, quoted);
  return FALSE;
}

LlSession *
ll_command_open_session (GError **error)
{
  LlSession *session;

  if (!check_home (error))
    return NULL;
  session = ll_session_new (shared.policy, error);
  if (session != NULL)
    ll_trust_set_cancellable (session->trust, shared.cancellable);
  return session;
}

/* --- printing --------------------------------------------------------------------------------- */

void
ll_command_complain (const GError *error)
{
  /* what libraries put into an error may be a stranger's, and a terminal obeys what it reads */
  g_autofree char *safe = ll_text_safe_lines (error->message, -1);

  fprintf (stderr, "letterlock: %s\n", safe);
}

gboolean
ll_command_print (const char *text, GError **error)
{
  if (fputs (text, stdout) != EOF && fflush (stdout) == 0)
    return TRUE;
  g_set_error (error, LL_ERROR, LL_ERROR_OUTPUT, _ ("Standard output cannot be written: %s"),
               g_strerror (errno));
  return FALSE;
}
