/* cmd-key-peers.c - letterlock key forget, and what letterlock key show tells of the people whose
 * keys they are. */
#include <config.h>

#include <glib/gi18n.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/cmd-key-private.h"
#include "ops/op-peers.h"
#include "verdict/report.h"

static gboolean forget_all;

static const GOptionEntry entries[] = {
  { "all", 0, 0, G_OPTION_ARG_NONE, &forget_all, N_ ("Forget what was learnt of everybody"), NULL },
  G_OPTION_ENTRY_NULL,
};

/* --- JSON ------------------------------------------------------------------------------------- */

static void
add_ciphers (JsonBuilder *builder, const LlPeer *peer)
{
  LlCapabilities read;

  json_builder_set_member_name (builder, "can_read");
  if (peer->capabilities == NULL || !ll_capabilities_read (peer->capabilities, &read))
    {
      json_builder_add_null_value (builder);
      return;
    }
  json_builder_begin_array (builder);
  for (guint i = 0; i < read.n_ciphers; i++)
    json_builder_add_string_value (builder, ll_cipher_name (read.ciphers[i]));
  json_builder_end_array (builder);
}

static void
add_certificates (JsonBuilder *builder, GPtrArray *certificates)
{
  ll_json_begin_array (builder, "certificates");
  for (guint i = 0; certificates != NULL && i < certificates->len; i++)
    {
      const LlPeerCertificate *certificate = g_ptr_array_index (certificates, i);
      json_builder_begin_object (builder);
      ll_json_add_text (builder, "fingerprint", certificate->fingerprint);
      ll_json_add_time (builder, "first_signed", certificate->first_at);
      ll_json_add_time (builder, "last_signed", certificate->last_at);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

void
ll_cmd_key_add_peers (JsonBuilder *builder, LlSession *session, GPtrArray *peers)
{
  ll_json_begin_array (builder, "peers");
  for (guint i = 0; i < peers->len; i++)
    {
      const LlPeer *peer = g_ptr_array_index (peers, i);
      g_autoptr (GPtrArray) certificates
          = ll_peers_list_certificates (session->peers, peer->address, NULL);

      json_builder_begin_object (builder);
      ll_json_add_text (builder, "address", peer->address);
      add_ciphers (builder, peer);
      ll_json_add_time (builder, "can_read_signed", peer->capabilities_at);
      ll_json_add_text (builder, "signer", peer->signer);
      ll_json_add_text (builder, "preferred", peer->encryption);
      ll_json_add_time (builder, "signing_time", peer->signed_at);
      ll_json_add_time (builder, "learnt", peer->learnt_at);
      add_certificates (builder, certificates);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

/* --- text ------------------------------------------------------------------------------------- */

static void
append_row (GString *out, const char *label, const char *value)
{
  if (value != NULL)
    g_string_append_printf (out, "  %s %s\n", label, value);
}

static void
append_time (GString *out, const char *label, gint64 time)
{
  g_autofree char *text = time > 0 ? ll_clock_to_text (time) : NULL;

  append_row (out, label, text);
}

static void
append_ciphers (GString *out, const LlPeer *peer)
{
  g_autofree char *text = NULL;
  LlCapabilities read;

  if (peer->capabilities == NULL || !ll_capabilities_read (peer->capabilities, &read))
    return;
  text = ll_wording_capabilities (&read);
  append_row (out, _ ("Their program:"), text);
  append_time (out, _ ("As signed at:"), peer->capabilities_at);
}

void
ll_cmd_key_append_peers (GString *out, LlSession *session, GPtrArray *peers)
{
  for (guint i = 0; i < peers->len; i++)
    {
      const LlPeer *peer = g_ptr_array_index (peers, i);
      g_autoptr (GPtrArray) certificates
          = ll_peers_list_certificates (session->peers, peer->address, NULL);
      g_autofree char *quoted = ll_wording_quote (peer->address);

      g_string_append_printf (out, "%s %s\n", _ ("Learnt from signed mail of"), quoted);
      append_ciphers (out, peer);
      append_row (out, _ ("Signs with:"), peer->signer);
      append_row (out, _ ("Wants to be written to with:"), peer->encryption);
      append_time (out, _ ("Newest signature:"), peer->signed_at);
      append_time (out, _ ("Read here on:"), peer->learnt_at);
      for (guint c = 1; certificates != NULL && c < certificates->len; c++)
        append_row (out, _ ("Signed before with:"),
                    ((const LlPeerCertificate *)g_ptr_array_index (certificates, c))->fingerprint);
    }
}

/* --- forget ----------------------------------------------------------------------------------- */

static char *
forgotten_to_json (guint n)
{
  g_autoptr (JsonBuilder) builder = ll_json_new ("letterlock.keys/1");

  ll_json_add_number (builder, "forgotten", n);
  return ll_json_finish (builder);
}

int
ll_cmd_key_forget (const LlCommand *command, int argc, char **argv, GError **error)
{
  g_autoptr (LlSession) session = NULL;
  g_autofree char *json = NULL;
  guint n = 0;

  if (!ll_command_parse (command, entries, &argc, &argv, error))
    return -1;
  if (argc != (forget_all ? 1 : 2))
    {
      g_set_error_literal (error, LL_ERROR,
                           argc < 2 ? LL_ERROR_MISSING_ARGUMENT : LL_ERROR_UNSUPPORTED_OPTION,
                           _ ("Name one address, or say --all."));
      return -1;
    }
  session = ll_command_open_session (error);
  if (session == NULL || !ll_op_peers_forget (session, forget_all ? NULL : argv[1], &n, error))
    return -1;
  json = ll_command_wants_json () ? forgotten_to_json (n) : NULL;
  return json == NULL || ll_command_print (json, error) ? 0 : -1;
}
