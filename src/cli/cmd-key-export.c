/* cmd-key-export.c - letterlock key export: parse options, call op-keys, say what was written. */
#include <config.h>

#include <glib/gi18n.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/cmd-key-private.h"
#include "cli/key-print.h"
#include "ops/op-keys.h"

typedef struct
{
  gboolean openpgp, smime, secret, pem, der, legacy, force;
  char *output;
  int passphrase_fd;
} Options;

static Options options = { .passphrase_fd = -1 };

/* clang-format off */
static const GOptionEntry entries[] = {
  { "openpgp", 0, 0, G_OPTION_ARG_NONE, &options.openpgp, N_ ("OpenPGP only"), NULL },
  { "smime", 0, 0, G_OPTION_ARG_NONE, &options.smime, N_ ("S/MIME only"), NULL },
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
    N_ ("Write the result to this file (“-” is standard output)"), N_ ("FILE") },
  { "force", 0, 0, G_OPTION_ARG_NONE, &options.force, N_ ("Replace files that exist"), NULL },
  { "der", 0, 0, G_OPTION_ARG_NONE, &options.der, N_ ("One certificate, in DER"), NULL },
  { "secret", 0, 0, G_OPTION_ARG_NONE, &options.secret,
    N_ ("S/MIME: with the private key, as PKCS #12"), NULL },
  { "pem", 0, 0, G_OPTION_ARG_NONE, &options.pem,
    N_ ("With --secret: the encrypted key and the certificates in PEM"), NULL },
  { "legacy", 0, 0, G_OPTION_ARG_NONE, &options.legacy,
    N_ ("With --secret: Triple DES and SHA-1, for old programs"), NULL },
  { "passphrase-fd", 0, 0, G_OPTION_ARG_INT, &options.passphrase_fd,
    N_ ("Read the passphrase of the files from this file descriptor"), N_ ("N") },
  G_OPTION_ENTRY_NULL };
/* clang-format on */

static gboolean
set_refused (GError **error, const char *message)
{
  g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION, message);
  return FALSE;
}

static gboolean
is_standard_output (void)
{
  return options.output == NULL || g_str_equal (options.output, "-");
}

static gboolean
check_options (int argc, GError **error)
{
  if (argc != 2)
    {
      g_set_error_literal (error, LL_ERROR,
                           argc < 2 ? LL_ERROR_MISSING_ARGUMENT : LL_ERROR_UNSUPPORTED_OPTION,
                           _ ("Which key? Name an address or a fingerprint."));
      return FALSE;
    }
  if ((options.pem || options.legacy) && !options.secret)
    return set_refused (error, _ ("“--pem” and “--legacy” go with “--secret”."));
  if (options.secret && options.openpgp)
    return set_refused (error, _ ("Private OpenPGP keys are not exported here. “gpg "
                                  "--export-secret-keys” does that."));
  if ((options.pem && options.legacy) || (options.der && options.secret))
    return set_refused (error, _ ("A private key has one form: PKCS #12, or with “--pem” PEM."));
  if (is_standard_output () && ll_command_wants_json ())
    return set_refused (error, _ ("“--json” needs “--output FILE” for the key itself."));
  if (is_standard_output () && (options.der || (options.secret && !options.pem))
      && isatty (STDOUT_FILENO))
    return set_refused (error, _ ("The result is not text. Name a file with “--output FILE”."));
  return TRUE;
}

static void
print_written (LlSession *session, GPtrArray *keys)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *safe = ll_text_safe (options.output, -1);

  g_string_append_printf (out, _ ("Written to “%s”:\n"), safe);
  for (guint i = 0; i < keys->len; i++)
    ll_key_print_line (out, g_ptr_array_index (keys, i), ll_policy_time (session->policy));
  if (options.secret)
    g_string_append (out, _ ("Whoever has this file and its passphrase has the key. Remove it "
                             "when it has arrived.\n"));
  fputs (out->str, stdout);
}

static gboolean
print_json (GPtrArray *keys, GError **error)
{
  g_autoptr (JsonBuilder) builder = ll_json_new ("letterlock.keys/1");
  g_autofree char *json = NULL;

  ll_json_begin_array (builder, "keys");
  for (guint i = 0; i < keys->len; i++)
    ll_key_print_json (builder, g_ptr_array_index (keys, i), NULL);
  json_builder_end_array (builder);
  ll_json_add_text (builder, "output", options.output);
  json = ll_json_finish (builder);
  return ll_command_print (json, error);
}

static LlProtocol
chosen_protocol (void)
{
  if (options.openpgp == options.smime)
    return LL_PROTOCOL_UNKNOWN;
  return options.openpgp ? LL_PROTOCOL_OPENPGP : LL_PROTOCOL_SMIME;
}

int
ll_cmd_key_export (const LlCommand *command, int argc, char **argv, GError **error)
{
  g_autoptr (LlSession) session = NULL;
  g_autoptr (GBytes) passphrase = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  LlKeysExport request = { 0 };

  if (!ll_command_parse (command, entries, &argc, &argv, error) || !check_options (argc, error)
      || !ll_cmd_key_read_passphrase (options.passphrase_fd, &passphrase, error))
    return -1;
  session = ll_command_open_session (error);
  if (session == NULL)
    return -1;
  request.protocol = chosen_protocol ();
  request.what = argv[1];
  request.output = options.output;
  request.force = options.force;
  request.form = options.der                      ? LL_EXPORT_DER
                 : options.secret && !options.pem ? LL_EXPORT_PKCS12
                                                  : LL_EXPORT_PEM;
  request.secret = options.secret;
  request.legacy = options.legacy;
  request.passphrase = passphrase;
  request.cancellable = ll_command_get_cancellable ();
  keys = ll_op_keys_export (session, &request, error);
  if (keys == NULL)
    return -1;
  if (ll_command_wants_json ())
    return print_json (keys, error) ? 0 : -1;
  if (!is_standard_output () && !ll_command_is_quiet ())
    print_written (session, keys);
  return 0;
}
