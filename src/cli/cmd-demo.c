/* cmd-demo.c - letterlock demo: two invented people, one letter, both technologies.
 *
 * In: nothing. Out: a story on standard output, told by the very commands that people type; each
 * runs as this program in a process of its own. Everything lives in a new directory with a GnuPG
 * home in it, which is removed at the end, also after Ctrl-C; nobody's own keys, settings or mail
 * are touched. It does no work of its own: what it shows is what the commands do.
 */
#include <config.h>

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/command.h"

/* GnuPG's sockets may have at most 107 octets in their names, so that $TMPDIR is no place. */
#define HOME_TEMPLATE "/tmp/ll-XXXXXX"
#define PEEK_LINES 3
#define ARGUMENTS_MAX 12

typedef enum
{
  STEP_PART,   /* a heading */
  STEP_RUN,    /* a command, with its output */
  STEP_LETTER, /* writes the letter and shows its head */
  STEP_PEEK,   /* what a stranger on the way sees of `file` */
  STEP_CHANGE, /* `file` with one octet changed, as `result` */
  STEP_SAME,   /* `file` carries the attachment of the letter */
} StepKind;

typedef struct
{
  StepKind kind;
  const char *say;
  const char *arguments[ARGUMENTS_MAX]; /* for STEP_RUN */
  const char *file, *result;
  gboolean fails; /* the command is to say no */
} Step;

/* A format: the date goes in. */
static const char letter_head[] = "From: Kaeru <kaeru@example.org>\r\n"
                                  "To: Tsubame <tsubame@example.org>\r\n"
                                  "Subject: =?iso-2022-jp?B?GyRCOnkkTkpYJGobKEI=?=\r\n"
                                  "Date: %s\r\n"
                                  "Message-ID: <spring@example.org>\r\n"
                                  "MIME-Version: 1.0\r\n"
                                  "Content-Type: multipart/mixed; boundary=\"petal\"\r\n"
                                  "\r\n";

static const char letter_text[]
    = "--petal\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: 8bit\r\n"
      "\r\n"
      "つばめさん、桜が咲きました。写真を送ります。\r\n"
      "Dear Tsubame, the cherry trees are in bloom; here is a picture.\r\n"
      "\r\n"
      "かえる\r\n"
      "--petal\r\n"
      "Content-Type: image/png\r\n"
      "Content-Transfer-Encoding: base64\r\n"
      "Content-Disposition: attachment; filename*=utf-8''%E6%A1%9C.png\r\n"
      "\r\n";

/* A cherry blossom, 24 by 24. */
static const char *const picture[] = {
  "iVBORw0KGgoAAAANSUhEUgAAABgAAAAYCAMAAADXqc3KAAAAVFBMVEUAAAD3lM33l833mM33ms33",
  "m833nM33nc33n833oM33oc33o833pM33mc33os33ps33qM33pc33qs33rM33ls33q833rc33r833",
  "sM33s833tM3WeDxQkj5iAAAAHHRSTlMA////////////////////////////////////qXetUQAA",
  "ALNJREFUeNqtkckOwyAMREkAQ1gKIYSt//+fdRUlzVKpOfQdZyR7PCbkBl33Ve4p0l91xgHh7GII",
  "OSBSnHWptEG0knvVgnwY5xFnHhLsGoaiPvowIcGP6NAlXmRCGT+nXEpOszdKsLjk5FK7kEptrZYU",
  "nJZ8SU1hMH7K9YnUPHkzAN0Zpb2NVu4Y5DpqO+S4fFfHKe5mnA/8VQmeyOBTIrDdU3oLa+1gD8+K",
  "FB+FyzijkfybF/GsD2fdD/jzAAAAAElFTkSuQmCC",
};

static const Step steps[] = {
  { STEP_PART, N_ ("Two invented people, and a letter") },
  { STEP_RUN,
    N_ ("Kaeru and Tsubame each make an OpenPGP key. (--no-protection leaves out the passphrase;\n"
        "you would not.)"),
    { "letterlock", "key", "generate", "--no-protection", "--name", "Kaeru",
      "kaeru@example.org" } },
  { STEP_RUN,
    NULL,
    { "letterlock", "key", "generate", "--no-protection", "--name", "Tsubame",
      "tsubame@example.org" } },
  { STEP_RUN,
    N_ ("And a certificate each, for S/MIME. Real ones come from a certification authority; these\n"
        "two vouch for themselves, and roots.pem says that we believe them."),
    { "letterlock", "key", "generate", "--smime", "--no-protection", "--name", "Kaeru",
      "kaeru@example.org" } },
  { STEP_RUN,
    NULL,
    { "letterlock", "key", "generate", "--smime", "--no-protection", "--name", "Tsubame",
      "tsubame@example.org" } },
  { STEP_RUN, NULL, { "gpgsm", "--quiet", "--armor", "--export", "--output", "roots.pem" } },
  { STEP_LETTER, N_ ("Kaeru writes to Tsubame, in Japanese and with a picture: letter.eml") },

  { STEP_PART, N_ ("OpenPGP") },
  { STEP_RUN,
    N_ ("Kaeru signs the letter and encrypts it to Tsubame."),
    { "letterlock", "mail", "encrypt", "--openpgp", "-o", "openpgp.eml", "letter.eml" } },
  { STEP_PEEK, N_ ("What a stranger on the way sees of the content:"), .file = "openpgp.eml" },
  { STEP_RUN, N_ ("Tsubame opens it."), { "letterlock", "mail", "show", "openpgp.eml" } },
  { STEP_RUN, NULL, { "letterlock", "mail", "decrypt", "-q", "-o", "opened.eml", "openpgp.eml" } },
  { STEP_SAME, N_ ("The picture came back octet for octet."), .file = "opened.eml" },
  { STEP_CHANGE, N_ ("And if somebody changes a single letter of it on the way?"),
    .file = "openpgp.eml", .result = "changed.eml" },
  { STEP_RUN, NULL, { "letterlock", "mail", "verify", "changed.eml" }, .fails = TRUE },

  { STEP_PART, N_ ("S/MIME") },
  { STEP_RUN,
    N_ ("The same letter with certificates, by authenticated encryption (AES-256-GCM)."),
    { "letterlock", "mail", "encrypt", "--aead", "--anchors", "roots.pem", "-o", "smime.eml",
      "letter.eml" } },
  { STEP_PEEK, N_ ("What a stranger on the way sees of the content:"), .file = "smime.eml" },
  { STEP_RUN,
    N_ ("Tsubame opens it."),
    { "letterlock", "mail", "show", "--anchors", "roots.pem", "smime.eml" } },
  { STEP_RUN,
    NULL,
    { "letterlock", "mail", "decrypt", "-q", "--force", "-o", "opened.eml", "smime.eml" } },
  { STEP_SAME, N_ ("The picture came back octet for octet."), .file = "opened.eml" },
  { STEP_CHANGE, N_ ("And if somebody changes a single letter of it on the way?"),
    .file = "smime.eml", .result = "changed.eml" },
  { STEP_RUN,
    NULL,
    { "letterlock", "mail", "verify", "--anchors", "roots.pem", "changed.eml" },
    .fails = TRUE },
};

/* --- the stage -------------------------------------------------------------------------------- */

typedef struct
{
  char *directory;
  char *program; /* this one */
  GSubprocessLauncher *launcher;
  const char *bold, *dim, *plain; /* for a terminal, or empty */
} Stage;

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) directory = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    directory = g_dir_open (path, 0, NULL);
  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      remove_tree (child);
    }
  g_remove (path);
}

/* Ends what GnuPG started in this home, and nothing else. */
static void
end_daemons (Stage *stage)
{
  static const char *const endings[][4]
      = { { "gpgconf", "--kill", "all", NULL }, { "gpgconf", "--remove-socketdir", NULL } };

  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      g_autoptr (GSubprocess) process
          = g_subprocess_launcher_spawnv (stage->launcher, endings[i], NULL);
      if (process != NULL)
        g_subprocess_communicate (process, NULL, NULL, NULL, NULL, NULL);
    }
}

static void
stage_free (Stage *stage)
{
  if (stage->launcher != NULL)
    end_daemons (stage);
  /* a daemon that is just ending may still remove its socket, between our look and our own try */
  for (int i = 0; stage->directory != NULL && i < 5; i++)
    {
      remove_tree (stage->directory);
      if (!g_file_test (stage->directory, G_FILE_TEST_EXISTS))
        break;
      g_usleep (G_USEC_PER_SEC / 10);
    }
  g_clear_object (&stage->launcher);
  g_free (stage->directory);
  g_free (stage->program);
  g_free (stage);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Stage, stage_free)

static gboolean
make_home (Stage *stage, GError **error)
{
  g_autofree char *directory = g_strdup (HOME_TEMPLATE);
  g_autofree char *home = NULL;

  if (g_mkdtemp (directory) == NULL)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_OUTPUT,
                   _ ("No directory for the demo can be made in /tmp: %s"), g_strerror (errno));
      return FALSE;
    }
  stage->directory = g_steal_pointer (&directory);
  home = g_build_filename (stage->directory, "gnupg", NULL);
  if (g_mkdir (home, 0700) != 0)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_OUTPUT, _ ("“%s” cannot be made: %s"), home,
                   g_strerror (errno));
      return FALSE;
    }
  stage->launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                               | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_subprocess_launcher_set_cwd (stage->launcher, stage->directory);
  g_subprocess_launcher_setenv (stage->launcher, "GNUPGHOME", home, TRUE);
  g_subprocess_launcher_setenv (stage->launcher, "XDG_CONFIG_HOME", stage->directory, TRUE);
  g_subprocess_launcher_setenv (stage->launcher, "XDG_DATA_HOME", stage->directory, TRUE);
  return TRUE;
}

static Stage *
stage_new (GError **error)
{
  g_autoptr (Stage) stage = g_new0 (Stage, 1);
  gboolean colours = isatty (STDOUT_FILENO) && g_getenv ("NO_COLOR") == NULL;

  stage->program = g_file_read_link ("/proc/self/exe", NULL);
  if (stage->program == NULL)
    stage->program = g_strdup ("letterlock");
  stage->bold = colours ? "\033[1m" : "";
  stage->dim = colours ? "\033[2m" : "";
  stage->plain = colours ? "\033[0m" : "";
  return make_home (stage, error) ? g_steal_pointer (&stage) : NULL;
}

static char *
stage_path (Stage *stage, const char *name)
{
  return g_build_filename (stage->directory, name, NULL);
}

/* --- telling ---------------------------------------------------------------------------------- */

static gboolean tell (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
tell (GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list list;

  va_start (list, format);
  text = g_strdup_vprintf (format, list);
  va_end (list);
  return ll_command_print (text, error);
}

/* Indented, so that the story and what the commands say stay apart. */
static gboolean
tell_lines (const char *text, int limit, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (int i = 0; lines[i] != NULL && (limit < 0 || i < limit); i++)
    if ((lines[i + 1] != NULL || *lines[i] != '\0')
        && !tell (error, *lines[i] != '\0' ? "    %s\n" : "%s\n", g_strchomp (lines[i])))
      return FALSE;
  return TRUE;
}

static char *
command_line (const char *const *arguments)
{
  GString *line = g_string_new (arguments[0]);

  for (gsize i = 1; arguments[i] != NULL; i++)
    g_string_append_printf (line, " %s", arguments[i]);
  return g_string_free (line, FALSE);
}

/* --- the steps -------------------------------------------------------------------------------- */

static gboolean
finish_run (GSubprocess *process, const Step *step, GError **error)
{
  if (g_subprocess_get_if_exited (process)
      && (g_subprocess_get_exit_status (process) != 0) == step->fails)
    return TRUE;
  if (step->fails)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_FAILED,
                         _ ("This should have been refused, and was not. Please report it: "
                            "README.md says how."));
  else
    g_set_error_literal (error, LL_ERROR, LL_ERROR_FAILED,
                         _ ("The demo stops here, because the command above failed. “letterlock "
                            "doctor” tells what is missing."));
  return FALSE;
}

static gboolean
run_step (Stage *stage, const Step *step, GError **error)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autofree char *line = command_line (step->arguments);
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *output = NULL;

  if (!tell (error, "  %s$ %s%s\n", stage->bold, line, stage->plain))
    return FALSE;
  g_ptr_array_add (argv, g_str_equal (step->arguments[0], "letterlock")
                             ? stage->program
                             : (gpointer)step->arguments[0]);
  for (gsize i = 1; step->arguments[i] != NULL; i++)
    g_ptr_array_add (argv, (gpointer)step->arguments[i]);
  g_ptr_array_add (argv, NULL);
  process = g_subprocess_launcher_spawnv (stage->launcher, (const char *const *)argv->pdata, error);
  if (process == NULL)
    return FALSE;
  if (!g_subprocess_communicate_utf8 (process, NULL, ll_command_get_cancellable (), &output, NULL,
                                      error))
    {
      g_subprocess_send_signal (process, SIGTERM);
      g_subprocess_wait (process, NULL, NULL);
      return FALSE;
    }
  if (g_cancellable_set_error_if_cancelled (ll_command_get_cancellable (), error))
    return FALSE;
  return tell_lines (output, -1, error) && finish_run (process, step, error);
}

/* RFC 5322 section 3.3: English, whatever the user's language. (transfer full) */
static char *
dup_mail_date (void)
{
  static const char *const months[]
      = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  return g_strdup_printf ("%d %s %d %02d:%02d:%02d +0000", g_date_time_get_day_of_month (now),
                          months[g_date_time_get_month (now) - 1], g_date_time_get_year (now),
                          g_date_time_get_hour (now), g_date_time_get_minute (now),
                          g_date_time_get_second (now));
}

static gboolean
letter_step (Stage *stage, const Step *step, GError **error)
{
  g_autofree char *path = stage_path (stage, "letter.eml");
  g_autofree char *date = dup_mail_date ();
  g_autofree char *text = NULL;
  GString *letter = g_string_new (NULL);

  g_string_append_printf (letter, letter_head, date);
  g_string_append (letter, letter_text);
  for (gsize i = 0; i < G_N_ELEMENTS (picture); i++)
    g_string_append_printf (letter, "%s\r\n", picture[i]);
  g_string_append (letter, "--petal--\r\n");
  text = g_string_free (letter, FALSE);
  return g_file_set_contents (path, text, -1, error)
         && tell_lines ("Kaeru → Tsubame\n桜の便り\n\n"
                        "つばめさん、桜が咲きました。写真を送ります。\n"
                        "Dear Tsubame, the cherry trees are in bloom; here is a picture.\n"
                        "[桜.png]\n",
                        -1, error);
}

/* The first lines of ciphertext: those of the longest run of base64 in the file. */
static char *
ciphertext_start (char *content)
{
  char *best = NULL, *start = content;

  for (char *line = content; *line != '\0'; line += strcspn (line, "\n") + 1)
    {
      gsize length = strspn (line, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "+/");
      if (length < 60)
        start = NULL;
      else if (start == NULL)
        best = start = line;
      if (line[strcspn (line, "\n")] == '\0')
        break;
    }
  return best;
}

static gboolean
peek_step (Stage *stage, const Step *step, GError **error)
{
  g_autofree char *path = stage_path (stage, step->file);
  g_autofree char *content = NULL;
  const char *start;

  if (!g_file_get_contents (path, &content, NULL, error))
    return FALSE;
  start = ciphertext_start (content);
  if (start == NULL || strstr (content, picture[3]) != NULL)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_FAILED, _ ("“%s” is not encrypted."), step->file);
      return FALSE;
    }
  return tell (error, "%s", stage->dim) && tell_lines (start, PEEK_LINES, error)
         && tell (error, "    …%s\n", stage->plain);
}

static gboolean
change_step (Stage *stage, const Step *step, GError **error)
{
  g_autofree char *from = stage_path (stage, step->file);
  g_autofree char *to = stage_path (stage, step->result);
  g_autofree char *content = NULL;
  gsize length;
  char *start;

  if (!g_file_get_contents (from, &content, &length, error))
    return FALSE;
  start = ciphertext_start (content);
  g_return_val_if_fail (start != NULL, FALSE);
  start += (length - (gsize)(start - content)) / 2;
  while (!g_ascii_isalpha (*start))
    start++;
  *start = *start == 'A' ? 'B' : 'A';
  return g_file_set_contents (to, content, (gssize)length, error);
}

static gboolean
same_step (Stage *stage, const Step *step, GError **error)
{
  g_autofree char *path = stage_path (stage, step->file);
  g_autofree char *content = NULL;
  const char *place;

  if (!g_file_get_contents (path, &content, NULL, error))
    return FALSE;
  place = content;
  for (gsize i = 0; i < G_N_ELEMENTS (picture) && place != NULL; i++)
    place = strstr (place, picture[i]);
  if (place != NULL)
    return TRUE;
  g_set_error (error, LL_ERROR, LL_ERROR_FAILED,
               _ ("The picture in “%s” is not the one that was sent. Please report it: README.md "
                  "says how."),
               step->file);
  return FALSE;
}

static gboolean
perform (Stage *stage, const Step *step, GError **error)
{
  static gboolean (*const kinds[]) (Stage *, const Step *, GError **) = {
    [STEP_RUN] = run_step,       [STEP_LETTER] = letter_step, [STEP_PEEK] = peek_step,
    [STEP_CHANGE] = change_step, [STEP_SAME] = same_step,
  };

  if (step->kind == STEP_PART)
    return tell (error, "\n%s── %s ──%s\n", stage->bold, _ (step->say), stage->plain);
  if (step->kind == STEP_SAME)
    return same_step (stage, step, error) && tell (error, "✓ %s\n", _ (step->say));
  if (step->say != NULL && !tell (error, "\n%s\n", _ (step->say)))
    return FALSE;
  return kinds[step->kind](stage, step, error);
}

/* --- the command ------------------------------------------------------------------------------ */

static int
run_demo (const LlCommand *command, int argc, char **argv, GError **error)
{
  g_autoptr (Stage) stage = NULL;

  if (!ll_command_parse (command, NULL, &argc, &argv, error))
    return -1;
  if (argc > 1 || ll_command_wants_json ())
    {
      g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                   _ ("The demo is a story for people; it takes no arguments and no --json."));
      return -1;
    }
  stage = stage_new (error);
  if (stage == NULL
      || !tell (error,
                _ ("A letter is sealed and opened again, in %s,\n"
                   "which is removed at the end. Your own keys and mail are not touched.\n"),
                stage->directory))
    return -1;
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    if (!perform (stage, &steps[i], error))
      return -1;
  return tell (error,
               _ ("\nThe same with your own keys: %sletterlock mail encrypt letter.eml > "
                  "sealed.eml%s\n"),
               stage->bold, stage->plain)
             ? 0
             : -1;
}

const LlCommand ll_commands_demo[] = {
  { NULL, "demo", "", N_ ("Seal and open a letter between two invented people, to see it work"),
    "  letterlock demo\n"
    "  letterlock demo | less",
    run_demo },
  { NULL },
};
