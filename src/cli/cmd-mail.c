/* cmd-mail.c - letterlock mail sign | encrypt | decrypt | verify | show | inspect. */
#include <config.h>

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/output.h"
#include "base/text.h"
#include "bridge/json-glue.h"
#include "cli/command.h"
#include "bridge/spool.h"
#include "cli/open-options.h"
#include "cli/plan-print.h"
#include "cli/seal-options.h"
#include "mail/filter.h"
#include "ops/op-read.h"
#include "ops/op-write.h"
#include "verdict/report.h"

/* What the options of all six commands can say; each command lists those that it has. */
typedef struct
{
  char *output;
  char **recipients;
  gboolean force, opaque, no_sign, openpgp, smime, no_learn;
} Options;

static Options options;

#define OUTPUT_ENTRIES                                                                             \
  { "output",                                                                                      \
    'o',                                                                                           \
    0,                                                                                             \
    G_OPTION_ARG_FILENAME,                                                                         \
    &options.output,                                                                               \
    N_ ("Write the message to this file instead of standard output"),                              \
    N_ ("FILE") },                                                                                 \
  {                                                                                                \
    "force", 0, 0, G_OPTION_ARG_NONE, &options.force, N_ ("Replace the file if it exists"), NULL   \
  }

#define SEAL_ENTRIES                                                                               \
  OUTPUT_ENTRIES,                                                                                  \
      { "as",                                                                                      \
        0,                                                                                         \
        0,                                                                                         \
        G_OPTION_ARG_STRING_ARRAY,                                                                 \
        &ll_seal_options.as,                                                                       \
        N_ ("Sign with this key instead of the one for the From address; may be repeated"),        \
        N_ ("ADDRESS|FINGERPRINT") },                                                              \
      { "openpgp", 0, 0, G_OPTION_ARG_NONE, &options.openpgp, N_ ("Use OpenPGP"), NULL },          \
      { "smime", 0, 0, G_OPTION_ARG_NONE, &options.smime, N_ ("Use S/MIME"), NULL },               \
  {                                                                                                \
    "opaque", 0, 0, G_OPTION_ARG_NONE, &options.opaque,                                            \
        N_ ("S/MIME: put the content inside the signature (not readable without S/MIME)"), NULL    \
  }

/* clang-format off */
static const GOptionEntry sign_entries[] = { SEAL_ENTRIES, LL_SIGN_OPTIONS, G_OPTION_ENTRY_NULL };

static const GOptionEntry encrypt_entries[] = {
  SEAL_ENTRIES, LL_SIGN_OPTIONS, LL_ENCRYPT_OPTIONS,
  { "recipient", 'r', 0, G_OPTION_ARG_STRING_ARRAY, &options.recipients,
    N_ ("Encrypt to this key instead of To and Cc; may be repeated"), N_ ("ADDRESS|FINGERPRINT") },
  { "no-sign", 0, 0, G_OPTION_ARG_NONE, &options.no_sign,
    N_ ("Do not sign: readers cannot tell who wrote it"), NULL },
  G_OPTION_ENTRY_NULL };

#define READ_ENTRIES \
  LL_OPEN_OPTIONS, \
  { "no-learn", 0, 0, G_OPTION_ARG_NONE, &options.no_learn, \
    N_ ("Do not remember the signer's certificate, nor what they can read"), NULL }

static const GOptionEntry decrypt_entries[] = { OUTPUT_ENTRIES, READ_ENTRIES, G_OPTION_ENTRY_NULL };
static const GOptionEntry read_entries[] = { READ_ENTRIES, G_OPTION_ENTRY_NULL };
/* clang-format on */

/* --- what they share -------------------------------------------------------------------------- */

static LlSource *
open_message (int argc, char **argv, GError **error)
{
  if (argc > 2)
    {
      g_autofree char *safe = ll_text_safe (argv[2], -1);
      g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                   _ ("One message at a time, please: “%s” is one too many."), safe);
      return NULL;
    }
  return ll_source_new_path (argc > 1 ? argv[1] : NULL, ll_command_get_cancellable (), error);
}

/* With --json, standard output carries the JSON, so that the message needs a file. */
static gboolean
check_output (GError **error)
{
  if (!ll_command_wants_json () || (options.output != NULL && !g_str_equal (options.output, "-")))
    return TRUE;
  g_set_error_literal (error, LL_ERROR, LL_ERROR_MISSING_ARGUMENT,
                       _ ("With --json the message needs a file of its own: name it with "
                          "--output."));
  return FALSE;
}

/* Where a message goes while it is made, and from where it is published as a whole: the file-to-be,
 * or a spool where what is written can be seen at once. */
typedef struct
{
  LlOutput *output;
  LlSpool *spool; /* or NULL */
} Result;

static void
result_clear (Result *result)
{
  g_clear_object (&result->spool);
  g_clear_pointer (&result->output, ll_output_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Result, result_clear)

static gboolean
result_open (Result *result, guint mode, GError **error)
{
  result->output = ll_output_new (options.output, options.force, mode, error);
  if (result->output == NULL)
    return FALSE;
  if (!ll_output_is_staged (result->output))
    result->spool = ll_spool_new (LL_SPOOL_SECRET);
  return TRUE;
}

static GOutputStream *
result_get_stream (Result *result)
{
  return result->spool != NULL ? G_OUTPUT_STREAM (result->spool)
                               : ll_output_get_stream (result->output);
}

static gboolean
result_publish (Result *result, GError **error)
{
  g_autoptr (GInputStream) in = NULL;

  if (result->spool != NULL)
    {
      in = ll_spool_open (result->spool, error);
      if (in == NULL
          || !ll_stream_copy (in, ll_output_get_stream (result->output),
                              ll_command_get_cancellable (), error))
        return FALSE;
    }
  return ll_output_commit (result->output, error);
}

/* --- sign, encrypt ---------------------------------------------------------------------------- */

/* letterlock.seal/1, doc/json.md */
static char *
seal_to_json (const LlWriteRequest *request, const LlWritten *written)
{
  g_autoptr (JsonBuilder) builder = ll_json_new ("letterlock.seal/1");

  ll_json_add_boolean (builder, "signed", request->sign);
  ll_json_add_boolean (builder, "encrypted", request->encrypt);
  ll_plan_print_members (builder, written->plan, written->cipher);
  ll_json_add_text (builder, "output", options.output);
  return ll_json_finish (builder);
}

static gboolean
choose_protocol (LlProtocol *protocol, GError **error)
{
  if (options.openpgp && options.smime)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                           _ ("--openpgp and --smime exclude each other."));
      return FALSE;
    }
  *protocol = options.openpgp                   ? LL_PROTOCOL_OPENPGP
              : options.smime || options.opaque ? LL_PROTOCOL_SMIME
                                                : LL_PROTOCOL_UNKNOWN;
  if (*protocol == LL_PROTOCOL_OPENPGP && options.opaque)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                           _ ("--opaque is for S/MIME only."));
      return FALSE;
    }
  return TRUE;
}

static void
remark_on (LlSession *session, const LlWriteRequest *request, const LlPlan *plan)
{
  LlSealStyle style = ll_session_get_style (session, &request->style, plan);
  g_autofree char *remark = request->sign ? ll_seal_options_remark (plan, &style) : NULL;

  if (remark != NULL && !ll_command_is_quiet ())
    fprintf (stderr, "letterlock: %s\n", remark);
}

static int
seal (const LlCommand *command, LlWriteRequest *request, int argc, char **argv, GError **error)
{
  g_autoptr (LlSession) session = NULL;
  g_autoptr (LlSource) source = NULL;
  g_autoptr (LlWritten) written = NULL;
  g_auto (Result) result = { NULL };
  g_autofree char *json = NULL;

  if (!choose_protocol (&request->protocol, error)
      || !ll_seal_options_read (&request->protocol, &request->cipher, &request->style, error)
      || (!ll_seal_options.plan && !check_output (error)))
    return -1;
  request->plan_only = ll_seal_options.plan;
  request->as = ll_seal_options_as ();
  request->also_as = ll_seal_options_also_as ();
  request->opaque = options.opaque;
  request->recipients = (const char *const *)options.recipients;

  session = ll_command_open_session (error);
  if (session == NULL)
    return -1;
  ll_session_prepare (session);
  source = open_message (argc, argv, error);
  if (source == NULL || (!request->plan_only && !result_open (&result, 0666, error)))
    return -1;
  written = ll_op_write (session, source, request,
                         request->plan_only ? NULL : result_get_stream (&result),
                         ll_command_get_cancellable (), error);
  if (written == NULL)
    return -1;
  ll_seal_options_tell (written->plan);
  if (request->plan_only)
    return ll_seal_options_print_plan (written->plan, error) ? 0 : -1;
  if (!result_publish (&result, error))
    return -1;
  remark_on (session, request, written->plan);
  json = ll_command_wants_json () ? seal_to_json (request, written) : NULL;
  return json == NULL || ll_command_print (json, error) ? 0 : -1;
}

static int
run_sign (const LlCommand *command, int argc, char **argv, GError **error)
{
  LlWriteRequest request = { .sign = TRUE };

  return ll_command_parse (command, sign_entries, &argc, &argv, error)
             ? seal (command, &request, argc, argv, error)
             : -1;
}

static int
run_encrypt (const LlCommand *command, int argc, char **argv, GError **error)
{
  LlWriteRequest request = { .encrypt = TRUE };

  if (!ll_command_parse (command, encrypt_entries, &argc, &argv, error))
    return -1;
  request.sign = !options.no_sign;
  return seal (command, &request, argc, argv, error);
}

/* --- decrypt, verify, show, inspect ----------------------------------------------------------- */

/* 0: an acceptable signature, or, when none was asked for, nothing stands in the way; as the
 * Stateless OpenPGP CLI has it. */
static int
verify_status (const LlVerdict *verdict)
{
  if (verdict->status == LL_STATUS_CANNOT_DECRYPT)
    return 29;
  return ll_verdict_is_good (verdict) ? 0 : 3;
}

static LlReading *
read_and_judge (const LlCommand *command, const GOptionEntry *entries, int argc, char **argv,
                LlSession **session, GError **error)
{
  g_autoptr (LlSource) source = NULL;
  LlReading *reading;

  if (!ll_command_parse (command, entries, &argc, &argv, error)
      || (entries == decrypt_entries && !check_output (error)))
    return NULL;
  source = open_message (argc, argv, error);
  if (source == NULL)
    return NULL;
  *session = ll_command_open_session (error);
  if (*session == NULL)
    return NULL;
  if (options.no_learn)
    (*session)->policy->learn = FALSE;
  reading = ll_op_read (*session, source, ll_command_get_cancellable (), error);
  if (reading != NULL && reading->learn_error != NULL && !ll_command_is_quiet ())
    ll_command_complain (reading->learn_error);
  return reading;
}

static gboolean
write_cleartext (LlSession *session, LlReading *reading, GError **error)
{
  GCancellable *cancellable = ll_command_get_cancellable ();
  g_autoptr (LlRope) cleartext = ll_op_read_cleartext (session, reading, cancellable, error);
  g_autoptr (GInputStream) in = cleartext != NULL ? ll_rope_open (cleartext) : NULL;
  g_auto (Result) result = { NULL };

  return in != NULL && result_open (&result, 0600, error)
         && ll_stream_copy (in, result_get_stream (&result), cancellable, error)
         && ll_reading_check (reading, error) && result_publish (&result, error);
}

static int
run_decrypt (const LlCommand *command, int argc, char **argv, GError **error)
{
  g_autoptr (LlSession) session = NULL;
  g_autoptr (LlReading) reading
      = read_and_judge (command, decrypt_entries, argc, argv, &session, error);
  g_autofree char *report = NULL;

  if (reading == NULL || !write_cleartext (session, reading, error))
    return -1;
  if (ll_command_wants_json ())
    {
      report = ll_report_to_json (reading->evidence, reading->verdict, FALSE);
      return ll_command_print (report, error) ? 0 : -1;
    }
  if (!ll_command_is_quiet ())
    {
      report = ll_wording_headline (reading->evidence, reading->verdict);
      fprintf (stderr, "letterlock: %s\n", report);
    }
  return 0;
}

static int
run_verify (const LlCommand *command, int argc, char **argv, GError **error)
{
  g_autoptr (LlSession) session = NULL;
  g_autoptr (LlReading) reading
      = read_and_judge (command, read_entries, argc, argv, &session, error);
  g_autofree char *report = NULL;

  if (reading == NULL)
    return -1;
  report = ll_command_wants_json () ? ll_report_to_json (reading->evidence, reading->verdict, FALSE)
                                    : ll_report_to_text (reading->evidence, reading->verdict);
  return ll_command_print (report, error) ? verify_status (reading->verdict) : -1;
}

/* The report, and as two more members the text report and the body. */
static char *
show_to_json (const LlReading *reading, const char *body)
{
  g_autofree char *report = ll_report_to_json (reading->evidence, reading->verdict, FALSE);
  g_autoptr (JsonNode) root = json_from_string (report, NULL);
  g_autofree char *details = ll_report_to_text (reading->evidence, reading->verdict);
  g_autofree char *text = NULL;
  JsonObject *object = json_node_get_object (root);

  json_object_set_string_member (object, "text", details);
  if (body != NULL)
    json_object_set_string_member (object, "body", body);
  else
    json_object_set_null_member (object, "body");
  text = json_to_string (root, TRUE);
  return g_strconcat (text, "\n", NULL);
}

/* Rule 5: the message's text stands below a line and is indented, so that nothing in it can look
 * like our own words. */
static char *
show_to_text (const LlReading *reading, const char *body)
{
  g_autofree char *report = ll_report_to_text (reading->evidence, reading->verdict);
  GString *text = g_string_new (report);

  if (body == NULL)
    return g_string_free (text, FALSE);
  g_string_append (text, _ ("\nThe message says:\n"));
  while (*body != '\0')
    {
      gsize length = strcspn (body, "\n");

      g_string_append (text, "  │ ");
      g_string_append_len (text, body, (gssize)length);
      g_string_append_c (text, '\n');
      body += length + (body[length] == '\n');
    }
  return g_string_free (text, FALSE);
}

static int
run_show (const LlCommand *command, int argc, char **argv, GError **error)
{
  g_autoptr (LlSession) session = NULL;
  g_autoptr (LlReading) reading
      = read_and_judge (command, read_entries, argc, argv, &session, error);
  g_autofree char *body = NULL, *text = NULL;
  g_autoptr (GError) changed = NULL;

  if (reading == NULL)
    return -1;
  body = ll_op_read_body (reading, &changed);
  if (changed != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&changed));
      return -1;
    }
  text = ll_command_wants_json () ? show_to_json (reading, body) : show_to_text (reading, body);
  if (!ll_command_print (text, error))
    return -1;
  return reading->verdict->status == LL_STATUS_CANNOT_DECRYPT ? 29 : 0;
}

static int
run_inspect (const LlCommand *command, int argc, char **argv, GError **error)
{
  g_autoptr (LlSession) session = NULL;
  g_autoptr (LlReading) reading
      = read_and_judge (command, read_entries, argc, argv, &session, error);
  g_autofree char *report = NULL;

  if (reading == NULL)
    return -1;
  report = ll_command_wants_json () ? ll_report_to_json (reading->evidence, reading->verdict, TRUE)
                                    : ll_report_to_tree (reading->evidence, reading->verdict);
  if (!ll_reading_check (reading, error))
    return -1;
  return ll_command_print (report, error) ? 0 : -1;
}

const LlCommand ll_commands_mail[] = {
  { "mail", "sign", N_ ("[FILE]"), N_ ("Sign a message"),
    "  letterlock mail sign letter.eml > signed.eml\n"
    "  letterlock mail sign --smime --as alice@example.org -o signed.eml letter.eml",
    run_sign },
  { "mail", "encrypt", N_ ("[FILE]"), N_ ("Sign and encrypt a message"),
    "  letterlock mail encrypt letter.eml > sealed.eml\n"
    "  letterlock mail encrypt --smime --aead -r bob@example.org -o sealed.eml letter.eml",
    run_encrypt },
  { "mail", "decrypt", N_ ("[FILE]"), N_ ("Decrypt a message, and write it in clear"),
    "  letterlock mail decrypt sealed.eml > letter.eml\n"
    "  letterlock mail decrypt --json -o letter.eml sealed.eml",
    run_decrypt },
  { "mail", "verify", N_ ("[FILE]"), N_ ("Say what a message's signature is worth"),
    "  letterlock mail verify from-my-bank.eml\n"
    "  letterlock mail verify --json --anchors roots.pem < from-my-bank.eml",
    run_verify },
  { "mail", "show", N_ ("[FILE]"), N_ ("Show a message as safe text, with its verdict"),
    "  letterlock mail show sealed.eml\n"
    "  letterlock mail show --at 2024-05-01 old.eml | less",
    run_show },
  { "mail", "inspect", N_ ("[FILE]"),
    N_ ("Show the layers, parts, algorithms and keys of a message"),
    "  letterlock mail inspect sealed.eml\n"
    "  letterlock mail inspect --json sealed.eml",
    run_inspect },
  { NULL },
};
