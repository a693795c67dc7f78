/* cmd-file.c - letterlock file sign | encrypt | decrypt | verify PATH... */
#include <config.h>

#include <glib/gi18n.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "bridge/json-glue.h"
#include "cli/command.h"
#include "cli/open-options.h"
#include "cli/plan-print.h"
#include "cli/seal-options.h"
#include "ops/op-file.h"
#include "verdict/report.h"

typedef struct
{
  char *output, *content;
  char **recipients;
  gboolean force, opaque, armor, symmetric, sign, openpgp, smime;
} Options;

static Options options;

/* clang-format off */
#define OUTPUT_ENTRIES \
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, \
    N_ ("Write the result to this file (“-” is standard output)"), N_ ("FILE") }, \
  { "force", 0, 0, G_OPTION_ARG_NONE, &options.force, N_ ("Replace files that exist"), NULL }

#define PROTOCOL_ENTRIES \
  { "openpgp", 0, 0, G_OPTION_ARG_NONE, &options.openpgp, N_ ("Use OpenPGP"), NULL }, \
  { "smime", 0, 0, G_OPTION_ARG_NONE, &options.smime, N_ ("Use S/MIME"), NULL }

#define SEAL_ENTRIES \
  OUTPUT_ENTRIES, PROTOCOL_ENTRIES, \
  { "as", 0, 0, G_OPTION_ARG_STRING_ARRAY, &ll_seal_options.as, \
    N_ ("Sign with this key; may be repeated"), \
    N_ ("ADDRESS|FINGERPRINT") }, \
  { "armor", 'a', 0, G_OPTION_ARG_NONE, &options.armor, N_ ("Write text instead of binary"), NULL }

static const GOptionEntry sign_entries[] = {
  SEAL_ENTRIES, LL_SIGN_OPTIONS,
  { "opaque", 0, 0, G_OPTION_ARG_NONE, &options.opaque,
    N_ ("Put the content into the signature file"), NULL },
  G_OPTION_ENTRY_NULL };

static const GOptionEntry encrypt_entries[] = {
  SEAL_ENTRIES, LL_SIGN_OPTIONS, LL_ENCRYPT_OPTIONS,
  { "recipient", 'r', 0, G_OPTION_ARG_STRING_ARRAY, &options.recipients,
    N_ ("Encrypt to this key; may be repeated"), N_ ("ADDRESS|FINGERPRINT") },
  { "symmetric", 0, 0, G_OPTION_ARG_NONE, &options.symmetric,
    N_ ("OpenPGP: encrypt with a passphrase"), NULL },
  { "sign", 's', 0, G_OPTION_ARG_NONE, &options.sign, N_ ("Sign inside"), NULL },
  G_OPTION_ENTRY_NULL };

static const GOptionEntry decrypt_entries[] = { OUTPUT_ENTRIES, PROTOCOL_ENTRIES, LL_OPEN_OPTIONS,
                                                G_OPTION_ENTRY_NULL };

static const GOptionEntry verify_entries[] = {
  PROTOCOL_ENTRIES,
  { "content", 0, 0, G_OPTION_ARG_FILENAME, &options.content,
    N_ ("The signed file, when it is not the signature's name without its ending"), N_ ("FILE") },
  G_OPTION_ENTRY_NULL };
/* clang-format on */

/* --- progress --------------------------------------------------------------------------------- */

typedef struct
{
  const char *path;
  gint64 started, shown; /* monotonic microseconds */
} Progress;

/* On a terminal, for anything over a second, five times a second. */
static void
show_progress (guint64 done, gpointer data)
{
  Progress *progress = data;
  gint64 now = g_get_monotonic_time ();
  g_autofree char *size = NULL, *safe = NULL;

  if (now - progress->started < G_USEC_PER_SEC || now - progress->shown < G_USEC_PER_SEC / 5)
    return;
  progress->shown = now;
  size = g_format_size (done);
  safe = ll_text_safe (progress->path, -1);
  fprintf (stderr, "\r\033[K%s: %s", safe, size);
}

static void
progress_begin (Progress *progress, const char *path, LlFileRequest *request)
{
  *progress = (Progress){ path != NULL ? path : "-", g_get_monotonic_time (), 0 };
  if (ll_command_is_quiet () || !isatty (STDERR_FILENO))
    return;
  request->progress = show_progress;
  request->progress_data = progress;
}

static void
progress_end (const Progress *progress)
{
  if (progress->shown != 0)
    fputs ("\r\033[K", stderr);
}

/* --- many files, one run ---------------------------------------------------------------------- */

typedef LlFileResult *(*FileVerb) (LlSession *session, const LlPlan *plan, const char *path,
                                   const LlFileRequest *request, GError **error);

/* letterlock.file/1, doc/json.md: one object for each file. */
static void
add_result (JsonBuilder *builder, const char *path, const LlFileResult *result, const GError *error)
{
  ll_json_begin_object (builder, NULL);
  ll_json_add_text (builder, "input", path);
  ll_json_add_text (builder, "output", result != NULL ? result->output : NULL);
  ll_json_add_word (builder, "error", error != NULL ? ll_error_get_name (error) : NULL);
  if (error != NULL)
    ll_json_add_word (builder, "message", error->message);
  if (result != NULL && result->verdict != NULL)
    {
      g_autofree char *report = ll_report_to_json (result->evidence, result->verdict, FALSE);
      json_builder_set_member_name (builder, "report");
      json_builder_add_value (builder, json_from_string (report, NULL));
    }
  json_builder_end_object (builder);
}

static void
print_result (const LlFileResult *result, const char *path, gboolean several)
{
  g_autofree char *text = NULL;
  g_autofree char *input = ll_text_safe (path, -1);

  if (result->output != NULL && !g_str_equal (result->output, "-") && !ll_command_is_quiet ())
    {
      g_autofree char *output = ll_text_safe (result->output, -1);
      /* TRANSLATORS: an input file and what was made of it */
      fprintf (stderr, _ ("%s → %s\n"), input, output);
    }
  if (result->verdict == NULL)
    return;
  if (result->output != NULL) /* decrypt: the content may be on standard output */
    {
      text = ll_wording_headline (result->evidence, result->verdict);
      if (!ll_command_is_quiet ())
        fprintf (stderr, "letterlock: %s\n", text);
      return;
    }
  text = ll_report_to_text (result->evidence, result->verdict);
  if (several)
    printf ("%s:\n", input);
  fputs (text, stdout);
}

static int
result_status (const LlFileResult *result, const GError *error)
{
  if (error != NULL)
    return ll_error_exit_status (error);
  if (result->verdict != NULL && result->output == NULL)
    return ll_verdict_is_good (result->verdict) ? 0 : 3;
  return 0;
}

/* One failure does not stop the others; the first one decides the exit status. */
static int
run_all (LlSession *session, const LlPlan *plan, FileVerb verb, LlFileRequest *request,
         char **paths, int n_paths, GError **error)
{
  static const char *standard_input[] = { "-" };
  g_autoptr (JsonBuilder) builder = ll_json_new ("letterlock.file/1");
  const char *const *list = n_paths > 0 ? (const char *const *)paths : standard_input;
  int n = MAX (n_paths, 1), status = 0, n_failed = 0;

  ll_json_begin_array (builder, "files");
  for (int i = 0; i < n; i++)
    {
      g_autoptr (GError) local = NULL;
      g_autoptr (LlFileResult) result = NULL;
      Progress progress;
      int one;

      progress_begin (&progress, list[i], request);
      result = verb (session, plan, list[i], request, &local);
      progress_end (&progress);
      one = result_status (result, local);
      n_failed += one != 0;
      status = status != 0 ? status : one;
      add_result (builder, list[i], result, local);
      if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return g_propagate_error (error, g_steal_pointer (&local)), -1;
      if (local != NULL)
        ll_command_complain (local);
      else if (!ll_command_wants_json ())
        print_result (result, list[i], n > 1);
    }
  if (n_failed > 0 && n > 1 && !ll_command_is_quiet ())
    fprintf (stderr, _ ("letterlock: %d of %d files failed\n"), n_failed, n);
  if (ll_command_wants_json ())
    {
      g_autofree char *json = NULL;
      json_builder_end_array (builder);
      if (plan != NULL)
        {
          ll_json_begin_object (builder, "plan");
          ll_plan_print_members (builder, plan, NULL);
          json_builder_end_object (builder);
        }
      json = ll_json_finish (builder);
      if (!ll_command_print (json, error))
        return -1;
    }
  return status;
}

static LlFileResult *
seal_one (LlSession *session, const LlPlan *plan, const char *path, const LlFileRequest *request,
          GError **error)
{
  return ll_op_file_seal (session, plan, path, request, ll_command_get_cancellable (), error);
}

static LlFileResult *
decrypt_one (LlSession *session, const LlPlan *plan, const char *path, const LlFileRequest *request,
             GError **error)
{
  return ll_op_file_decrypt (session, path, request, ll_command_get_cancellable (), error);
}

static LlFileResult *
verify_one (LlSession *session, const LlPlan *plan, const char *path, const LlFileRequest *request,
            GError **error)
{
  return ll_op_file_verify (session, path, options.content, request, ll_command_get_cancellable (),
                            error);
}

/* --- the commands ----------------------------------------------------------------------------- */

static gboolean
check_options (int n_paths, gboolean writes, GError **error)
{
  const char *problem = NULL;

  if (options.openpgp && options.smime)
    problem = _ ("--openpgp and --smime exclude each other.");
  else if (options.smime && options.symmetric)
    problem = _ ("--symmetric is for OpenPGP only.");
  else if (n_paths > 1 && (options.output != NULL || options.content != NULL))
    problem = _ ("--output and --content go with one file only.");
  else if (writes && ll_command_wants_json () && g_strcmp0 (options.output, "-") == 0)
    problem = _ ("With --json the result needs a file of its own: name it with --output.");
  if (problem != NULL)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION, problem);
  return problem == NULL;
}

/* A passphrase alone needs no plan. */
static gboolean
print_plan (const LlPlan *plan, GError **error)
{
  if (plan != NULL)
    return ll_seal_options_print_plan (plan, error);
  g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                       _ ("There is nothing to plan: whoever has the passphrase can read it."));
  return FALSE;
}

static void
remark_on (LlSession *session, const LlFileRequest *request, const LlPlan *plan)
{
  LlSealStyle style = ll_session_get_style (session, &request->style, plan);
  g_autofree char *remark = request->sign ? ll_seal_options_remark (plan, &style) : NULL;
  g_autofree char *signer = ll_plan_signer_to_text (plan);

  if (remark != NULL && !ll_command_is_quiet ())
    fprintf (stderr, "letterlock: %s\n", remark);
  if (signer != NULL && !ll_command_is_quiet () && !ll_command_wants_json ()
      && !ll_seal_options.plan)
    fprintf (stderr, "letterlock: %s\n", signer);
  ll_seal_options_tell (plan);
}

static int
run (const LlCommand *command, const GOptionEntry *entries, LlFileRequest *request, FileVerb verb,
     int argc, char **argv, GError **error)
{
  g_autoptr (LlSession) session = NULL;
  g_autoptr (LlPlan) plan = NULL;
  g_autoptr (GError) local = NULL;
  gboolean seals = request->sign || request->encrypt;

  if (!ll_command_parse (command, entries, &argc, &argv, error)
      || !check_options (argc - 1, verb != verify_one, error))
    return -1;
  request->sign = request->sign || options.sign;
  request->protocol = options.openpgp ? LL_PROTOCOL_OPENPGP
                      : options.smime ? LL_PROTOCOL_SMIME
                                      : LL_PROTOCOL_UNKNOWN;
  if (!ll_seal_options_read (&request->protocol, &request->cipher, &request->style, error))
    return -1;
  if (options.symmetric && request->protocol == LL_PROTOCOL_SMIME)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                           _ ("--symmetric is for OpenPGP only, and other options here are for "
                              "S/MIME only."));
      return -1;
    }
  request->as = ll_seal_options_as ();
  request->also_as = ll_seal_options_also_as ();
  request->recipients = (const char *const *)options.recipients;
  request->opaque = options.opaque;
  request->armor = options.armor;
  request->symmetric = options.symmetric;
  request->force = options.force;
  request->output = options.output;

  session = ll_command_open_session (error);
  if (session == NULL)
    return -1;
  if (seals)
    {
      plan = ll_op_file_plan (session, request, &local);
      if (local != NULL)
        return g_propagate_error (error, g_steal_pointer (&local)), -1;
      if (plan != NULL)
        remark_on (session, request, plan);
      if (ll_seal_options.plan)
        return print_plan (plan, error) ? 0 : -1;
    }
  return run_all (session, plan, verb, request, argv + 1, argc - 1, error);
}

static int
run_sign (const LlCommand *command, int argc, char **argv, GError **error)
{
  LlFileRequest request = { .sign = TRUE };
  return run (command, sign_entries, &request, seal_one, argc, argv, error);
}

static int
run_encrypt (const LlCommand *command, int argc, char **argv, GError **error)
{
  LlFileRequest request = { .encrypt = TRUE };
  return run (command, encrypt_entries, &request, seal_one, argc, argv, error);
}

static int
run_decrypt (const LlCommand *command, int argc, char **argv, GError **error)
{
  LlFileRequest request = { .sign = FALSE };
  return run (command, decrypt_entries, &request, decrypt_one, argc, argv, error);
}

static int
run_verify (const LlCommand *command, int argc, char **argv, GError **error)
{
  LlFileRequest request = { .sign = FALSE };
  return run (command, verify_entries, &request, verify_one, argc, argv, error);
}

const LlCommand ll_commands_file[] = {
  { "file", "sign", N_ ("[PATH…]"), N_ ("Sign files, each with a signature beside it"),
    "  letterlock file sign report.pdf\n"
    "  letterlock file sign --smime --as alice@example.org --pss *.pdf",
    run_sign },
  { "file", "encrypt", N_ ("[PATH…]"), N_ ("Encrypt files for others, or with a passphrase"),
    "  letterlock file encrypt -r bob@example.org --sign --cipher AES-256-GCM report.pdf\n"
    "  letterlock file encrypt --symmetric -o backup.gpg backup.tar",
    run_encrypt },
  { "file", "decrypt", N_ ("[PATH…]"), N_ ("Decrypt files"),
    "  letterlock file decrypt report.pdf.gpg\n"
    "  letterlock file decrypt -o report.pdf from-bob.p7m",
    run_decrypt },
  { "file", "verify", N_ ("[PATH…]"), N_ ("Say what the signature of a file is worth"),
    "  letterlock file verify report.pdf.sig\n"
    "  letterlock file verify --content report.pdf signature.p7s",
    run_verify },
  { NULL },
};
