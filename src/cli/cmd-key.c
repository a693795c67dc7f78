/* cmd-key.c - letterlock key list | show | import | generate; export is in cmd-key-export.c. */
#include <config.h>

#include <errno.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/cmd-key-private.h"
#include "cli/cmd-key-trust.h"
#include "cli/command.h"
#include "cli/key-print.h"
#include "ops/op-keys.h"
#include "ops/op-peers.h"

typedef struct
{
  gboolean openpgp, smime, secret, no_protection, file, check;
  char *name, *algorithm, *expires;
  int passphrase_fd;
} Options;

static Options options = { .passphrase_fd = -1 };

/* clang-format off */
#define PROTOCOL_ENTRIES \
  { "openpgp", 0, 0, G_OPTION_ARG_NONE, &options.openpgp, N_ ("OpenPGP only"), NULL }, \
  { "smime", 0, 0, G_OPTION_ARG_NONE, &options.smime, N_ ("S/MIME only"), NULL }

static const GOptionEntry list_entries[] = {
  PROTOCOL_ENTRIES,
  { "check", 0, 0, G_OPTION_ARG_NONE, &options.check,
    N_ ("Also tell whether each is believed and valid"), NULL },
  { "secret", 0, 0, G_OPTION_ARG_NONE, &options.secret, N_ ("Your own keys only"), NULL },
  G_OPTION_ENTRY_NULL };

static const GOptionEntry show_entries[] = {
  PROTOCOL_ENTRIES,
  { "secret", 0, 0, G_OPTION_ARG_NONE, &options.secret, N_ ("Your own keys only"), NULL },
  { "file", 0, 0, G_OPTION_ARG_NONE, &options.file,
    N_ ("S/MIME: the first certificate in this file, without importing it"), NULL },
  G_OPTION_ENTRY_NULL };

static const GOptionEntry import_entries[] = {
  { "passphrase-fd", 0, 0, G_OPTION_ARG_INT, &options.passphrase_fd,
    N_ ("Read the passphrase of the files from this file descriptor"), N_ ("N") },
  G_OPTION_ENTRY_NULL };

static const GOptionEntry generate_entries[] = {
  { "name", 0, 0, G_OPTION_ARG_STRING, &options.name, N_ ("The name that goes with the address"),
    N_ ("NAME") },
  { "algorithm", 0, 0, G_OPTION_ARG_STRING, &options.algorithm,
    N_ ("ed25519, rsa3072 or rsa4096; with --smime rsa3072, rsa4096 or nistp256"), N_ ("ALGORITHM") },
  { "expires", 0, 0, G_OPTION_ARG_STRING, &options.expires,
    N_ ("How long it lives, in days; “never”; two years if not said"), N_ ("DAYS") },
  { "smime", 0, 0, G_OPTION_ARG_NONE, &options.smime,
    N_ ("A self-signed S/MIME certificate, for trying things out only"), NULL },
  { "no-protection", 0, 0, G_OPTION_ARG_NONE, &options.no_protection,
    N_ ("No passphrase: whoever has the file has the key (for tests)"), NULL },
  G_OPTION_ENTRY_NULL };
/* clang-format on */

static LlProtocol
chosen_protocol (void)
{
  if (options.openpgp == options.smime)
    return LL_PROTOCOL_UNKNOWN;
  return options.openpgp ? LL_PROTOCOL_OPENPGP : LL_PROTOCOL_SMIME;
}

static gboolean
check_arguments (int argc, int at_least, int at_most, const char *what, GError **error)
{
  if (argc - 1 >= at_least && argc - 1 <= at_most)
    return TRUE;
  g_set_error_literal (error, LL_ERROR,
                       argc - 1 < at_least ? LL_ERROR_MISSING_ARGUMENT
                                           : LL_ERROR_UNSUPPORTED_OPTION,
                       what);
  return FALSE;
}

/* --- list, show ------------------------------------------------------------------------------- */

/* How much is told of each key. */
typedef enum
{
  FORM_LINES,
  FORM_CHECKED, /* and what to think of it */
  FORM_WHOLE,
} Form;

static LlKeyOpinion *
judge (LlSession *session, LlKey *key, Form form)
{
  if (form == FORM_LINES)
    return NULL;
  return form == FORM_WHOLE ? ll_op_keys_judge_among (session, key, NULL)
                            : ll_op_keys_judge (session, key);
}

static char *
list_to_json (LlSession *session, GPtrArray *keys, GPtrArray *peers, Form form)
{
  g_autoptr (JsonBuilder) builder = ll_json_new ("letterlock.keys/1");

  ll_json_begin_array (builder, "keys");
  for (guint i = 0; i < keys->len; i++)
    {
      LlKey *key = g_ptr_array_index (keys, i);
      g_autoptr (LlKeyOpinion) opinion = judge (session, key, form);
      ll_key_print_json (builder, key, opinion);
    }
  json_builder_end_array (builder);
  if (peers != NULL)
    ll_cmd_key_add_peers (builder, session, peers);
  return ll_json_finish (builder);
}

static char *
list_to_text (LlSession *session, GPtrArray *keys, GPtrArray *peers, Form form)
{
  GString *out = g_string_new (NULL);
  gint64 at = ll_policy_time (session->policy);

  for (guint i = 0; i < keys->len; i++)
    {
      LlKey *key = g_ptr_array_index (keys, i);
      g_autoptr (LlKeyOpinion) opinion = judge (session, key, form);
      if (form == FORM_WHOLE)
        ll_key_print_whole (out, key, opinion, at);
      else
        ll_key_print_line (out, key, at);
      if (form == FORM_CHECKED)
        ll_key_print_opinion (out, opinion);
    }
  if (keys->len == 0)
    g_string_append (out, _ ("There are no keys yet. “letterlock key generate ADDRESS” makes one, "
                             "“letterlock key import FILE” brings some.\n"));
  if (peers != NULL)
    ll_cmd_key_append_peers (out, session, peers);
  return g_string_free (out, FALSE);
}

/* A file that cannot be used is said, and keeps nobody from looking at keys. */
static GPtrArray *
find_peers (LlSession *session, const char *what, GPtrArray *keys)
{
  g_autoptr (GError) local = NULL;
  GPtrArray *peers = ll_op_peers_find (session, what, keys, &local);

  if (local != NULL && !ll_command_is_quiet ())
    ll_command_complain (local);
  return peers != NULL ? peers : g_ptr_array_new ();
}

static int
print_keys (LlSession *session, const char *what, Form form, GError **error)
{
  g_autoptr (GPtrArray) peers = NULL;
  g_autoptr (GPtrArray) keys
      = ll_op_keys_list (session, chosen_protocol (), what,
                         options.secret ? LL_KEYS_SECRET_ONLY : LL_KEYS_ANY, error);
  g_autofree char *text = NULL;

  if (keys == NULL)
    return -1;
  if (form == FORM_WHOLE)
    peers = find_peers (session, what, keys);
  text = ll_command_wants_json () ? list_to_json (session, keys, peers, form)
                                  : list_to_text (session, keys, peers, form);
  return ll_command_print (text, error) ? 0 : -1;
}

static int
run_list (const LlCommand *command, int argc, char **argv, GError **error)
{
  g_autoptr (LlSession) session = NULL;

  if (!ll_command_parse (command, list_entries, &argc, &argv, error)
      || !check_arguments (argc, 0, 1, _ ("One address or fingerprint at a time, please."), error))
    return -1;
  session = ll_command_open_session (error);
  return session != NULL
             ? print_keys (session, argv[1], options.check ? FORM_CHECKED : FORM_LINES, error)
             : -1;
}

/* The first certificate of a file; what follows it may be a part of its path. */
static int
print_file (LlSession *session, const char *path, GError **error)
{
  g_autoptr (GPtrArray) certificates
      = ll_op_keys_read_certificates (path, ll_command_get_cancellable (), error);
  g_autoptr (LlKeyOpinion) opinion = NULL;
  g_autoptr (JsonBuilder) builder = NULL;
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *json = NULL;
  LlKey *key;

  if (certificates == NULL)
    return -1;
  key = g_ptr_array_index (certificates, 0);
  opinion = ll_op_keys_judge_among (session, key, certificates);
  if (!ll_command_wants_json ())
    {
      ll_key_print_whole (out, key, opinion, ll_policy_time (session->policy));
      return ll_command_print (out->str, error) ? 0 : -1;
    }
  builder = ll_json_new ("letterlock.keys/1");
  ll_json_begin_array (builder, "keys");
  ll_key_print_json (builder, key, opinion);
  json_builder_end_array (builder);
  json = ll_json_finish (builder);
  return ll_command_print (json, error) ? 0 : -1;
}

static int
run_show (const LlCommand *command, int argc, char **argv, GError **error)
{
  g_autoptr (LlSession) session = NULL;

  if (!ll_command_parse (command, show_entries, &argc, &argv, error)
      || !check_arguments (argc, 1, 1, _ ("Which key? Name an address or a fingerprint."), error))
    return -1;
  session = ll_command_open_session (error);
  if (session == NULL)
    return -1;
  return options.file ? print_file (session, argv[1], error)
                      : print_keys (session, argv[1], FORM_WHOLE, error);
}

/* --- import ----------------------------------------------------------------------------------- */

gboolean
ll_cmd_key_read_passphrase (int fd, GBytes **passphrase, GError **error)
{
  g_autofree char *line = NULL;
  const gsize limit = 1024;
  gsize length = 0;
  gssize n = 0;

  *passphrase = NULL;
  if (fd < 0)
    return TRUE;
  line = g_malloc0 (limit + 1);
  while (length < limit && (n = read (fd, line + length, 1)) == 1 && line[length] != '\n')
    length++;
  if (n < 0)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT,
                   _ ("The passphrase cannot be read from file descriptor %d: %s"), fd,
                   g_strerror (errno));
      return FALSE;
    }
  *passphrase = ll_secret_bytes_new_take (g_steal_pointer (&line), length);
  return TRUE;
}

static void
add_import_json (JsonBuilder *builder, const char *path, const LlImportResult *result)
{
  const struct
  {
    const char *name;
    guint number;
  } numbers[] = {
    { "considered", result->considered }, { "imported", result->imported },
    { "updated", result->updated },       { "unchanged", result->unchanged },
    { "rejected", result->rejected },     { "secret", result->secret_considered },
  };

  ll_json_begin_object (builder, NULL);
  ll_json_add_text (builder, "file", path);
  ll_json_add_word (builder, "protocol", ll_protocol_name (result->protocol));
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    ll_json_add_number (builder, numbers[i].name, numbers[i].number);
  ll_json_begin_array (builder, "fingerprints");
  for (guint i = 0; i < result->fingerprints->len; i++)
    json_builder_add_string_value (builder, g_ptr_array_index (result->fingerprints, i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

/* The keys themselves, as “letterlock key list” would show them now. */
static void
print_imported (LlSession *session, const LlImportResult *result)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; i < result->fingerprints->len; i++)
    g_ptr_array_add (names, g_ptr_array_index (result->fingerprints, i));
  g_ptr_array_add (names, NULL);
  if (!ll_key_store_prefetch (session->store, result->protocol, (const char *const *)names->pdata,
                              NULL))
    return;
  for (guint i = 0; i < result->fingerprints->len; i++)
    {
      g_autoptr (GPtrArray) keys
          = ll_key_store_find (session->store, result->protocol,
                               g_ptr_array_index (result->fingerprints, i), LL_KEYS_ANY, NULL);
      for (guint k = 0; keys != NULL && k < keys->len; k++)
        ll_key_print_line (out, g_ptr_array_index (keys, k), ll_policy_time (session->policy));
    }
  fputs (out->str, stdout);
}

static void
print_import (LlSession *session, const char *path, const LlImportResult *result)
{
  g_autofree char *safe = ll_text_safe (path, -1);

  /* TRANSLATORS: file, OpenPGP or S/MIME, then four numbers of keys */
  printf (_ ("%s: %s, %u new, %u updated, %u known already, %u refused\n"), safe,
          ll_protocol_title (result->protocol), result->imported, result->updated,
          result->unchanged, result->rejected);
  if (result->secret_considered > 0)
    printf (_ ("  with a private key, which gpg-agent keeps\n"));
  print_imported (session, result);
}

static void
add_import_error_json (JsonBuilder *builder, const char *path, const GError *error)
{
  ll_json_begin_object (builder, NULL);
  ll_json_add_text (builder, "file", path);
  ll_json_add_word (builder, "error", ll_error_get_name (error));
  ll_json_add_word (builder, "message", error->message);
  json_builder_end_object (builder);
}

/* FALSE with the error, which names the file. */
static gboolean
import_one (LlSession *session, JsonBuilder *builder, const char *path, GBytes *passphrase,
            GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (LlImportResult) result
      = ll_op_keys_import (session, path, passphrase, ll_command_get_cancellable (), &local);
  g_autofree char *safe
      = g_str_equal (path, "-") ? g_strdup (_ ("standard input")) : ll_text_safe (path, -1);

  if (result != NULL)
    {
      add_import_json (builder, path, result);
      if (!ll_command_wants_json ())
        print_import (session, path, result);
      return TRUE;
    }
  if (!g_error_matches (local, LL_ERROR, LL_ERROR_MISSING_INPUT)) /* that names it */
    g_prefix_error (&local, "%s: ", safe);
  add_import_error_json (builder, path, local);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* One bad file does not keep the others out; the first trouble decides how the command ends. Who
 * cancels means all of it. Gives the exit status, or -1 with the error when there is one file. */
static int
import_all (LlSession *session, JsonBuilder *builder, char **paths, GBytes *passphrase,
            GError **error)
{
  int status = 0;

  if (paths[0] == NULL || paths[1] == NULL)
    return import_one (session, builder, paths[0] != NULL ? paths[0] : "-", passphrase, error) ? 0
                                                                                               : -1;
  for (; *paths != NULL; paths++)
    {
      g_autoptr (GError) local = NULL;

      if (import_one (session, builder, *paths, passphrase, &local))
        continue;
      ll_command_complain (local);
      if (status == 0)
        status = ll_error_exit_status (local);
      if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return ll_error_exit_status (local);
    }
  return status;
}

static int
run_import (const LlCommand *command, int argc, char **argv, GError **error)
{
  g_autoptr (LlSession) session = NULL;
  g_autoptr (GBytes) passphrase = NULL;
  g_autoptr (JsonBuilder) builder = ll_json_new ("letterlock.keys/1");
  g_autofree char *json = NULL;
  int status;

  if (!ll_command_parse (command, import_entries, &argc, &argv, error)
      || !ll_cmd_key_read_passphrase (options.passphrase_fd, &passphrase, error))
    return -1;
  session = ll_command_open_session (error);
  if (session == NULL)
    return -1;
  ll_json_begin_array (builder, "files");
  status = import_all (session, builder, argv + 1, passphrase, error);
  if (status < 0)
    return -1;
  json_builder_end_array (builder);
  json = ll_json_finish (builder);
  return !ll_command_wants_json () || ll_command_print (json, error) ? status : -1;
}

/* --- generate --------------------------------------------------------------------------------- */

static gboolean
parse_expiry (gint64 *expires, GError **error)
{
  guint64 days = 2 * 365;

  if (g_strcmp0 (options.expires, "never") == 0)
    days = 0;
  else if (options.expires != NULL
           && !g_ascii_string_to_unsigned (options.expires, 10, 1, 36500, &days, NULL))
    {
      g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                   _ ("“%s” is not a number of days from 1 to 36500, and not “never”."),
                   options.expires);
      return FALSE;
    }
  *expires = days > 0 ? ll_clock_now () + (gint64)days * 24 * 60 * 60 : 0;
  return TRUE;
}

static char *
new_key_text (LlKey *key)
{
  GString *out = g_string_new (NULL);

  ll_key_print_line (out, key, ll_clock_now ());
  return g_string_free (out, FALSE);
}

static char *
new_key_json (LlSession *session, LlKey *key)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();

  g_ptr_array_add (keys, key);
  return list_to_json (session, keys, NULL, FORM_LINES);
}

static int
run_generate (const LlCommand *command, int argc, char **argv, GError **error)
{
  g_autoptr (LlSession) session = NULL;
  g_autoptr (LlKey) key = NULL;
  g_autofree char *text = NULL;
  LlGenerateRequest request = { 0 };

  if (!ll_command_parse (command, generate_entries, &argc, &argv, error)
      || !check_arguments (argc, 1, 1, _ ("For which address?"), error)
      || !parse_expiry (&request.expires, error))
    return -1;
  session = ll_command_open_session (error);
  if (session == NULL)
    return -1;
  request.policy = session->policy;
  request.protocol = options.smime ? LL_PROTOCOL_SMIME : LL_PROTOCOL_OPENPGP;
  request.address = argv[1];
  request.name = options.name;
  request.algorithm = options.algorithm;
  request.not_protected = options.no_protection;
  request.cancellable = ll_command_get_cancellable ();
  key = ll_generate (session->store, &request, error);
  if (key == NULL)
    return -1;
  text = ll_command_wants_json () ? new_key_json (session, key) : new_key_text (key);
  return ll_command_print (text, error) ? 0 : -1;
}

const LlCommand ll_commands_key[] = {
  { "key", "list", N_ ("[ADDRESS|FINGERPRINT]"), N_ ("List keys and certificates"),
    "  letterlock key list\n"
    "  letterlock key list --smime --secret",
    run_list },
  { "key", "show", N_ ("ADDRESS|FINGERPRINT"), N_ ("Show all that is known of a key"),
    "  letterlock key show alice@example.org\n"
    "  letterlock key show --json 9A3AFE6C60065A148FD4B58A7E6ABE924645CC60\n"
    "  letterlock key show --file bank.pem",
    run_show },
  { "key", "import", N_ ("[FILE…]"), N_ ("Import keys, certificates and PKCS #12 files"),
    "  letterlock key import bob.asc\n"
    "  letterlock key import my-certificate.p12",
    run_import },
  { "key", "export", N_ ("ADDRESS|FINGERPRINT"), N_ ("Export keys and certificates"),
    "  letterlock key export alice@example.org >alice.asc\n"
    "  letterlock key export --secret -o alice.p12 alice@example.org",
    ll_cmd_key_export },
  { "key", "generate", N_ ("ADDRESS"), N_ ("Make a new key"),
    "  letterlock key generate --name \"Alice Example\" alice@example.org\n"
    "  letterlock key generate --algorithm rsa3072 --expires 365 alice@example.org",
    run_generate },
  { "key", "trust", N_ ("FINGERPRINT [ADDRESS]"), N_ ("Decide about an S/MIME certificate"),
    "  letterlock key trust --authority 4A2C…\n"
    "  letterlock key trust --pin 9F31… bank@example.org",
    ll_command_key_trust },
  { "key", "forget", N_ ("ADDRESS"), N_ ("Forget what signed mail taught of somebody"),
    "  letterlock key forget bob@example.org\n"
    "  letterlock key forget --all",
    ll_cmd_key_forget },
  { NULL },
};
