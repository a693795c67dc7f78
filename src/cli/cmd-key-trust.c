/* cmd-key-trust.c - letterlock key trust. */
#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/cmd-key-trust.h"
#include "cli/key-print.h"
#include "ops/op-keys.h"
#include "ops/op-trust.h"

static struct
{
  gboolean authority, pin, refuse, forget;
} options;

static const GOptionEntry entries[] = {
  { "authority", 0, 0, G_OPTION_ARG_NONE, &options.authority,
    N_ ("Trust this authority to issue certificates for mail"), NULL },
  { "pin", 0, 0, G_OPTION_ARG_NONE, &options.pin,
    N_ ("Trust this certificate alone, for its own addresses or for ADDRESS"), NULL },
  { "refuse", 0, 0, G_OPTION_ARG_NONE, &options.refuse,
    N_ ("Never trust this certificate, nor any that it issued"), NULL },
  { "forget", 0, 0, G_OPTION_ARG_NONE, &options.forget, N_ ("Forget what was decided before"),
    NULL },
  G_OPTION_ENTRY_NULL,
};

static gboolean
read_request (int argc, char **argv, LlTrustRequest *request, GError **error)
{
  if (options.authority + options.pin + options.refuse + options.forget != 1)
    {
      g_set_error_literal (error, LL_ERROR,
                           options.authority + options.pin + options.refuse + options.forget == 0
                               ? LL_ERROR_MISSING_ARGUMENT
                               : LL_ERROR_UNSUPPORTED_OPTION,
                           _ ("Say one of --authority, --pin, --refuse and --forget."));
      return FALSE;
    }
  if (argc < 2)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_MISSING_ARGUMENT,
                           _ ("Which certificate? Name its fingerprint."));
      return FALSE;
    }
  if (argc > (options.pin ? 3 : 2))
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                           options.pin ? _ ("One fingerprint and one address at a time, please.")
                                       : _ ("One fingerprint at a time, please."));
      return FALSE;
    }
  request->fingerprint = argv[1];
  request->address = argc > 2 ? argv[2] : NULL;
  request->decision = options.authority ? LL_DECISION_AUTHORITY
                      : options.pin     ? LL_DECISION_PIN
                      : options.refuse  ? LL_DECISION_REFUSE
                                        : LL_DECISION_NONE;
  return TRUE;
}

static const char *
sentence (LlDecision decision)
{
  switch (decision)
    {
    case LL_DECISION_AUTHORITY:
      return _ ("You trust this authority to issue certificates for mail:");
    case LL_DECISION_PIN:
      return _ ("You trust this certificate, whoever issued it:");
    case LL_DECISION_REFUSE:
      return _ ("You refuse this certificate and all that it issued:");
    case LL_DECISION_NONE:
    default:
      return _ ("Nothing is decided about this certificate any more:");
    }
}

/* What was decided on, so that a slip shows: the name, and the whole fingerprint. */
static char *
to_text (const LlTrustRequest *request, const LlKey *key, gint64 at)
{
  GString *out = g_string_new (sentence (request->decision));

  g_string_append_c (out, '\n');
  if (key != NULL)
    ll_key_print_line (out, key, at);
  else
    g_string_append_printf (out, "  %s\n", request->fingerprint);
  if (request->address != NULL)
    {
      g_autofree char *safe = ll_text_safe (request->address, -1);
      g_string_append_printf (out, _ ("  for %s\n"), safe);
    }
  return g_string_free (out, FALSE);
}

static char *
to_json (LlSession *session, const LlTrustRequest *request, LlKey *key)
{
  g_autoptr (JsonBuilder) builder = ll_json_new ("letterlock.keys/1");

  ll_json_add_word (builder, "decision", ll_decision_name (request->decision));
  ll_json_begin_array (builder, "keys");
  if (key != NULL)
    {
      g_autoptr (LlKeyOpinion) opinion = ll_op_keys_judge (session, key);
      ll_key_print_json (builder, key, opinion);
    }
  json_builder_end_array (builder);
  return ll_json_finish (builder);
}

int
ll_command_key_trust (const LlCommand *command, int argc, char **argv, GError **error)
{
  g_autoptr (LlSession) session = NULL;
  g_autoptr (LlKey) key = NULL;
  g_autofree char *text = NULL;
  LlTrustRequest request = { 0 };

  if (!ll_command_parse (command, entries, &argc, &argv, error)
      || !read_request (argc, argv, &request, error))
    return -1;
  session = ll_command_open_session (error);
  if (session == NULL || !ll_op_trust_decide (session, &request, &key, error))
    return -1;
  text = ll_command_wants_json () ? to_json (session, &request, key)
                                  : to_text (&request, key, ll_policy_time (session->policy));
  return ll_command_print (text, error) ? 0 : -1;
}
