/* main.c - the door for people and scripts: finds the command, runs it, tells how it ended. */
#include <config.h>

#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "bridge/json-glue.h"
#include "cli/command-private.h"

static const LlCommand *const tables[]
    = { ll_commands_mail, ll_commands_file, ll_commands_key, ll_commands_doctor, ll_commands_demo };

static const struct
{
  const char *group;
  const char *heading;
} headings[] = {
  { "mail", N_ ("Mail messages") },
  { "file", N_ ("Files") },
  { "key", N_ ("Keys and certificates") },
  { NULL, N_ ("Set-up") },
};

static void
append_group (GString *help, const char *group)
{
  for (gsize t = 0; t < G_N_ELEMENTS (tables); t++)
    for (const LlCommand *c = tables[t]; c->name != NULL; c++)
      if (g_strcmp0 (c->group, group) == 0)
        {
          g_autofree char *name = ll_command_full_name (c);
          g_string_append_printf (help, "  %-14s %s\n", name, _ (c->summary));
        }
}

static char *
make_help (const char *group)
{
  GString *help = g_string_new (NULL);

  g_string_append (help, _ ("Usage: letterlock COMMAND [OPTION…] [FILE]\n"));
  g_string_append (help, _ ("Seals letters: signs, encrypts, decrypts and verifies mail and files, "
                            "OpenPGP and S/MIME.\n"));
  for (gsize i = 0; i < G_N_ELEMENTS (headings); i++)
    if (group == NULL || g_strcmp0 (group, headings[i].group) == 0)
      {
        g_string_append_printf (help, "\n%s:\n", _ (headings[i].heading));
        append_group (help, headings[i].group);
      }
  g_string_append (help, _ ("\n“letterlock COMMAND --help” tells a command's options and shows "
                            "examples. “letterlock --version” tells the version.\n"));
  return g_string_free (help, FALSE);
}

/* --- finding the command ---------------------------------------------------------------------- */

static guint
edit_distance (const char *a, const char *b)
{
  gsize n = strlen (b);
  g_autofree guint *row = g_new (guint, n + 1);

  for (gsize j = 0; j <= n; j++)
    row[j] = (guint)j;
  for (gsize i = 0; a[i] != '\0'; i++)
    {
      guint diagonal = row[0];
      row[0] = (guint)i + 1;
      for (gsize j = 1; j <= n; j++)
        {
          guint above = row[j];
          guint change = diagonal + (a[i] != b[j - 1]);
          row[j] = MIN (MIN (above, row[j - 1]) + 1, change);
          diagonal = above;
        }
    }
  return row[n];
}

static char *
nearest_command (const char *words)
{
  g_autofree char *best = NULL;
  guint best_distance = G_MAXUINT;

  for (gsize t = 0; t < G_N_ELEMENTS (tables); t++)
    for (const LlCommand *c = tables[t]; c->name != NULL; c++)
      {
        g_autofree char *name = ll_command_full_name (c);
        guint distance = MIN (edit_distance (words, name), edit_distance (words, c->name) + 1);
        if (distance >= best_distance)
          continue;
        best_distance = distance;
        g_free (best);
        best = g_steal_pointer (&name);
      }
  /* a slip of the fingers, not another word */
  return best_distance <= 1 + strlen (words) / 5 ? g_steal_pointer (&best) : NULL;
}

static gboolean
is_group (const char *word)
{
  for (gsize i = 0; i < G_N_ELEMENTS (headings); i++)
    if (headings[i].group != NULL && g_str_equal (word, headings[i].group))
      return TRUE;
  return FALSE;
}

static const LlCommand *
find_command (int argc, char **argv, int *n_words)
{
  for (gsize t = 0; t < G_N_ELEMENTS (tables); t++)
    for (const LlCommand *c = tables[t]; c->name != NULL; c++)
      {
        *n_words = c->group != NULL ? 2 : 1;
        if (argc <= *n_words)
          continue;
        if (c->group != NULL && !g_str_equal (c->group, argv[1]))
          continue;
        if (g_str_equal (c->name, argv[*n_words]))
          return c;
      }
  return NULL;
}

static void
set_unknown_command (int argc, char **argv, GError **error)
{
  g_autofree char *words
      = g_strjoin (" ", argv[1], argc > 2 && is_group (argv[1]) ? argv[2] : NULL, NULL);
  g_autofree char *safe = ll_text_safe (words, -1);
  g_autofree char *nearest = nearest_command (safe);

  if (nearest != NULL)
    g_set_error (error, LL_ERROR, LL_ERROR_UNKNOWN_COMMAND,
                 _ ("There is no command “%s”. Did you mean “letterlock %s”?"), safe, nearest);
  else
    g_set_error (error, LL_ERROR, LL_ERROR_UNKNOWN_COMMAND,
                 _ ("There is no command “%s”. “letterlock --help” lists them."), safe);
}

/* --- running ---------------------------------------------------------------------------------- */

static void
print_error_json (const GError *error)
{
  g_autoptr (JsonBuilder) builder = ll_json_new ("letterlock.error/1");
  g_autofree char *text = NULL;

  ll_json_add_word (builder, "error", ll_error_get_name (error));
  ll_json_add_word (builder, "message", error->message);
  ll_json_add_number (builder, "exit_status", ll_error_exit_status (error));
  text = ll_json_finish (builder);
  fputs (text, stdout);
}

static int
report_error (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    fprintf (stderr, "letterlock: %s\n", _ ("Cancelled. Nothing was written."));
  else
    ll_command_complain (error);
  if (ll_command_wants_json () && error->code != LL_ERROR_OUTPUT)
    print_error_json (error);
  return ll_error_exit_status (error);
}

static int
run_command (const LlCommand *command, int n_words, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status = command->run (command, argc - n_words, argv + n_words, &error);

  if (error != NULL)
    return report_error (error);
  return status;
}

static int
print_help (const char *group)
{
  g_autofree char *help = make_help (group);
  g_autoptr (GError) error = NULL;
  return ll_command_print (help, &error) ? 0 : report_error (error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  const LlCommand *command;
  int n_words = 0;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  ll_command_init ();

  if (argc == 3 && g_str_equal (argv[1], "help") && is_group (argv[2]))
    return print_help (argv[2]);
  if (argc == 2
      && (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h")
          || g_str_equal (argv[1], "help")))
    return print_help (NULL);
  if (argc >= 2 && is_group (argv[1])
      && (argc == 2 || g_str_equal (argv[2], "--help") || g_str_equal (argv[2], "-h")))
    return argc == 2 ? (fprintf (stderr, "letterlock: %s\n", _ ("Which command?")),
                        print_help (argv[1]), 19)
                     : print_help (argv[1]);
  if (argc == 2 && g_str_equal (argv[1], "--version"))
    return printf ("letterlock %s\n", PACKAGE_VERSION) > 0 ? 0 : 1;
  if (argc < 2)
    return print_help (NULL), 19;

  command = find_command (argc, argv, &n_words);
  if (command == NULL)
    {
      set_unknown_command (argc, argv, &error);
      return report_error (error);
    }
  return run_command (command, n_words, argc, argv);
}
