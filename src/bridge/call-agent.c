/* call-agent.c - what enters: keygrips, digests and ciphertexts; what leaves: gpg-agent's answers
 * as S-expressions, and its errors as ours. It does not pad, unpad or hash.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/text.h"
#include "bridge/call-agent-private.h"
#include "bridge/sexp.h"

#define KEYGRIP_DIGITS 40
#define MAX_PROMPT_BYTES 200 /* so that it fits one line of the protocol when escaped */
#define MAX_DIGEST_BYTES 64

/* Errors. */

static LlError
code_for_purpose (LlAgentPurpose purpose)
{
  switch (purpose)
    {
    case LL_AGENT_TO_SIGN:
      return LL_ERROR_CANNOT_SIGN;
    case LL_AGENT_TO_DECRYPT:
      return LL_ERROR_CANNOT_DECRYPT;
    default:
      return LL_ERROR_FAILED;
    }
}

static void
set_locked (GError **error, const char *message)
{
  g_set_error_literal (error, LL_ERROR, LL_ERROR_KEY_LOCKED, message);
}

static gboolean
set_locked_error (gpg_error_t problem, GError **error)
{
  switch (gpg_err_code (problem))
    {
    case GPG_ERR_BAD_PASSPHRASE:
      set_locked (error, _ ("The passphrase was wrong. Try again."));
      return TRUE;
    case GPG_ERR_BAD_PIN:
      set_locked (error, _ ("The PIN was wrong. Try again; a card allows few wrong PINs."));
      return TRUE;
    case GPG_ERR_PIN_BLOCKED:
      set_locked (error, _ ("The card's PIN is blocked. Unblock it with “gpg --card-edit”."));
      return TRUE;
    case GPG_ERR_NO_PASSPHRASE:
    case GPG_ERR_NO_PIN:
      set_locked (error, _ ("The key needs a passphrase, and none was given."));
      return TRUE;
    case GPG_ERR_NO_PIN_ENTRY:
    case GPG_ERR_PIN_ENTRY:
    case GPG_ERR_ASS_CONNECT_FAILED:
      set_locked (error, _ ("The key needs a passphrase, but the program that asks for it, "
                            "pinentry, cannot be started. Install a pinentry, set GPG_TTY in a "
                            "terminal, or run “letterlock doctor”."));
      return TRUE;
    case GPG_ERR_TIMEOUT:
      set_locked (error, gpg_err_source (problem) == GPG_ERR_SOURCE_USER_1
                             ? _ ("gpg-agent stopped answering. Try “gpgconf --kill gpg-agent”, "
                                  "then again.")
                             : _ ("Nobody answered when the passphrase was asked for. Try again."));
      return TRUE;
    case GPG_ERR_EOF:
    case GPG_ERR_NO_AGENT:
      if (gpg_err_source (problem) == GPG_ERR_SOURCE_PINENTRY)
        set_locked (error, _ ("The program that asks for the passphrase, pinentry, ended without "
                              "an answer. Try again, or run “letterlock doctor”."));
      else
        set_locked (error,
                    _ ("gpg-agent went away during the work. Try again; if it happens again, "
                       "run “letterlock doctor”."));
      return TRUE;
    default:
      if (gpg_err_source (problem) != GPG_ERR_SOURCE_PINENTRY)
        return FALSE;
      /* a terminal that is none, most of the time */
      g_set_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED,
                   _ ("The key needs a passphrase, but pinentry, the program that asks for it, "
                      "cannot ask here (%s). In a terminal, say “export GPG_TTY=$(tty)” first; "
                      "“letterlock doctor” tells which pinentry there is."),
                   gpg_strerror (problem));
      return TRUE;
    }
}

static void
set_key_error (gpg_error_t problem, const LlAgentUse *use, GError **error)
{
  LlError code = code_for_purpose (use->purpose);

  switch (gpg_err_code (problem))
    {
    case GPG_ERR_NO_SECKEY:
    case GPG_ERR_NOT_FOUND:
    case GPG_ERR_NO_KEY:
    case GPG_ERR_ENOENT:
      g_set_error (error, LL_ERROR, (gint)code,
                   _ ("gpg-agent has no private key %s. Import it with “letterlock key import”."),
                   use->keygrip);
      return;
    case GPG_ERR_CARD_NOT_PRESENT:
    case GPG_ERR_CARD_REMOVED:
    case GPG_ERR_NO_SCDAEMON:
      g_set_error_literal (error, LL_ERROR, (gint)code,
                           _ ("The private key is on a card that cannot be reached. Insert the "
                              "card and try again."));
      return;
    case GPG_ERR_UNUSABLE_SECKEY: /* for export: what the agent has is only the card's name */
      g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
                           _ ("The private key is on a card or token, which does not give it "
                              "away."));
      return;
    case GPG_ERR_NOT_SUPPORTED:
    case GPG_ERR_UNSUPPORTED_ALGORITHM:
    case GPG_ERR_UNKNOWN_OPTION:
    case GPG_ERR_ASS_PARAMETER:
    case GPG_ERR_DIGEST_ALGO:
    case GPG_ERR_UNKNOWN_CURVE:
      g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
                   _ ("gpg-agent cannot do this with the key: %s."), gpg_strerror (problem));
      return;
    case GPG_ERR_CARD:
    case GPG_ERR_BAD_DATA:
    case GPG_ERR_INV_DATA:
    case GPG_ERR_INV_VALUE:
    case GPG_ERR_DECRYPT_FAILED:
    case GPG_ERR_ENCODING_PROBLEM:
    case GPG_ERR_WRONG_SECKEY:
      /* A card says the same of bad padding and of what it cannot do; see provider-decrypt.c. */
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("The private key did not accept the data: %s."), gpg_strerror (problem));
      return;
    default:
      g_set_error (error, LL_ERROR, (gint)code, _ ("gpg-agent refused: %s."),
                   gpg_strerror (problem));
    }
}

/* A person with several keys has several passphrases: which one it was. */
static void
name_key (const LlAgentUse *use, GError **error)
{
  g_autofree char *safe = use->name != NULL ? ll_text_safe (use->name, -1) : NULL;

  if (safe != NULL)
    g_prefix_error (error, _ ("The key of “%s”: "), safe);
}

/* The agent asks for a missing card by pinentry, and calls it cancelled when there is none. */
static gboolean
was_card (gpg_error_t problem, const LlAgentUse *use)
{
  LlAgentKeyPlace place = LL_AGENT_KEY_MISSING;

  /* our own cancellable names no source: then nobody is to be asked any more */
  return gpg_err_source (problem) != GPG_ERR_SOURCE_UNKNOWN
         && ll_agent_find_key (use->keygrip, &place, NULL, NULL) && place == LL_AGENT_KEY_ON_CARD;
}

static void
set_cancelled (gpg_error_t problem, const LlAgentUse *use, GError **error)
{
  g_autofree char *safe = use->name != NULL ? ll_text_safe (use->name, -1) : NULL;

  if (safe == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Cancelled."));
  else if (was_card (problem, use))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                 _ ("The key of “%s” is on a card or token that was not inserted, or whose PIN was "
                    "not given. Try again with the card, and enter its PIN."),
                 safe);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                 _ ("The key of “%s” stays locked: its passphrase was not given. Try again, "
                    "and enter it."),
                 safe);
}

gboolean
ll_agent_set_error (gpg_error_t problem, const LlAgentUse *use, GError **error)
{
  switch (gpg_err_code (problem))
    {
    case GPG_ERR_CANCELED:
    case GPG_ERR_FULLY_CANCELED:
    case GPG_ERR_NOT_CONFIRMED:
      set_cancelled (problem, use, error);
      break;
    default:
      if (!set_locked_error (problem, error))
        set_key_error (problem, use, error);
      name_key (use, error);
    }
  return FALSE;
}

const LlAgentUse ll_agent_to_manage = { "", NULL, LL_AGENT_TO_MANAGE };

/* Using one key. */

gboolean
ll_agent_is_keygrip (const char *text)
{
  return text != NULL && strlen (text) == KEYGRIP_DIGITS
         && strspn (text, "0123456789ABCDEFabcdef") == KEYGRIP_DIGITS;
}

/* As the agent wants a text: blanks as "+". The agent replaces "%C", "%c" and "%F" by things of its
 * own and leaves the other escapes to pinentry, so that none of those three may be written. */
static char *
escape_prompt (const char *prompt)
{
  GString *escaped = g_string_new (NULL);
  const char *end;

  if (!g_utf8_validate (prompt, -1, &end))
    prompt = "?";
  for (const char *c = prompt; *c != '\0' && c - prompt < MAX_PROMPT_BYTES;
       c = g_utf8_next_char (c))
    if (*c == ' ')
      g_string_append_c (escaped, '+');
    else if (*c == '+' || *c == '%' || g_ascii_iscntrl (*c))
      g_string_append_printf (escaped, "%%%02X", (guint)(guchar)*c);
    else
      g_string_append_len (escaped, c, g_utf8_next_char (c) - c);
  return g_string_free (escaped, FALSE);
}

LlAgentLink *
ll_agent_open_with_key (const LlAgentUse *use, const char *verb, GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (LlAgentLink) link = ll_agent_link_open (cancellable, error);
  g_autofree char *command = NULL;
  gpg_error_t problem = 0;

  if (link == NULL)
    return NULL;
  if (verb != NULL)
    {
      command = g_strconcat (verb, " ", use->keygrip, NULL);
      problem = ll_agent_link_say (link, command, NULL);
    }
  if (problem == 0 && use->prompt != NULL)
    {
      g_autofree char *prompt = escape_prompt (use->prompt);
      g_autofree char *description = g_strconcat ("SETKEYDESC ", prompt, NULL);
      problem = ll_agent_link_say (link, description, NULL);
    }
  if (problem == 0)
    return g_steal_pointer (&link);
  ll_agent_set_error (problem, use, error);
  return NULL;
}

static GBytes *
sign_now (LlAgentLink *link, const LlAgentUse *use, GError **error)
{
  GBytes *signature = NULL;
  LlAgentTalk talk = { .pace = LL_AGENT_PERSON, .data = &signature };
  gpg_error_t problem = ll_agent_link_say (link, "PKSIGN", &talk);

  if (problem != 0)
    ll_agent_set_error (problem, use, error);
  return signature;
}

GBytes *
ll_agent_sign_digest (const LlAgentUse *use, const char *hash, const guint8 *digest, gsize length,
                      GCancellable *cancellable, GError **error)
{
  g_autoptr (LlAgentLink) link = NULL;
  g_autofree char *hex = NULL;
  g_autofree char *command = NULL;
  gpg_error_t problem;

  g_return_val_if_fail (ll_agent_is_keygrip (use->keygrip) && length <= MAX_DIGEST_BYTES + 2, NULL);
  link = ll_agent_open_with_key (use, "SIGKEY", cancellable, error);
  if (link == NULL)
    return NULL;
  hex = ll_hex_encode (digest, length);
  command = g_strdup_printf ("SETHASH --hash=%s %s", hash, hex);
  problem = ll_agent_link_say (link, command, NULL);
  if (problem == 0)
    return sign_now (link, use, error);
  ll_agent_set_error (problem, use, error);
  return NULL;
}

GBytes *
ll_agent_sign_data (const LlAgentUse *use, const guint8 *data, gsize length,
                    GCancellable *cancellable, GError **error)
{
  g_autoptr (LlAgentLink) link = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new (data, length);
  LlAgentAnswer answers[] = { { "TBSDATA", bytes }, { NULL } };
  LlAgentTalk talk = { .answers = answers };
  gpg_error_t problem;

  g_return_val_if_fail (ll_agent_is_keygrip (use->keygrip), NULL);
  link = ll_agent_open_with_key (use, "SIGKEY", cancellable, error);
  if (link == NULL)
    return NULL;
  problem = ll_agent_link_say (link, "SETHASH --inquire", &talk);
  if (problem == 0)
    return sign_now (link, use, error);
  ll_agent_set_error (problem, use, error);
  return NULL;
}

static void
on_padding_status (const char *keyword, const char *rest, gpointer user_data)
{
  gboolean *removed = user_data;

  if (g_str_equal (keyword, "PADDING"))
    *removed = *rest == '0';
}

GBytes *
ll_agent_decrypt (const LlAgentUse *use, GBytes *ciphertext, gboolean *padding_removed,
                  GCancellable *cancellable, GError **error)
{
  g_autoptr (LlAgentLink) link = NULL;
  g_autoptr (GBytes) answer = NULL;
  LlAgentAnswer answers[] = { { "CIPHERTEXT", ciphertext }, { NULL } };
  gboolean removed = FALSE;
  LlAgentTalk talk = { .pace = LL_AGENT_PERSON,
                       .answers = answers,
                       .status = on_padding_status,
                       .user_data = &removed,
                       .data = &answer };
  gpg_error_t problem;

  g_return_val_if_fail (ll_agent_is_keygrip (use->keygrip) && ciphertext != NULL, NULL);
  link = ll_agent_open_with_key (use, "SETKEY", cancellable, error);
  if (link == NULL)
    return NULL;
  problem = ll_agent_link_say (link, "PKDECRYPT", &talk);
  if (padding_removed != NULL)
    *padding_removed = removed;
  if (problem == 0)
    return ll_sexp_value (answer, error);
  ll_agent_set_error (problem, use, error);
  return NULL;
}

/* What keys there are. "KEYINFO <keygrip> <type> ...": D is a file, T a card. */

static void
on_key_status (const char *keyword, const char *rest, gpointer user_data)
{
  GHashTable *keys = user_data;
  LlAgentKeyPlace place = LL_AGENT_KEY_MISSING;

  if (!g_str_equal (keyword, "KEYINFO") || strlen (rest) < KEYGRIP_DIGITS + 2)
    return;
  if (rest[KEYGRIP_DIGITS + 1] == 'D')
    place = LL_AGENT_KEY_ON_DISK;
  else if (rest[KEYGRIP_DIGITS + 1] == 'T')
    place = LL_AGENT_KEY_ON_CARD;
  if (place != LL_AGENT_KEY_MISSING)
    g_hash_table_insert (keys, g_ascii_strup (rest, KEYGRIP_DIGITS), GINT_TO_POINTER (place));
}

static GHashTable *
ask_keyinfo (const char *what, GCancellable *cancellable, GError **error)
{
  g_autoptr (LlAgentLink) link = ll_agent_link_open (cancellable, error);
  g_autoptr (GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *command = g_strconcat ("KEYINFO ", what, NULL);
  LlAgentTalk talk = { .status = on_key_status, .user_data = keys };
  gpg_error_t problem;

  if (link == NULL)
    return NULL;
  problem = ll_agent_link_say (link, command, &talk);
  switch (gpg_err_code (problem))
    {
    case GPG_ERR_NO_ERROR:
    case GPG_ERR_NOT_FOUND:
    case GPG_ERR_NO_SECKEY:
    case GPG_ERR_ENOENT: /* no directory of keys yet */
      return g_steal_pointer (&keys);
    default:
      ll_agent_set_error (problem, &ll_agent_to_manage, error);
      return NULL;
    }
}

gboolean
ll_agent_find_key (const char *keygrip, LlAgentKeyPlace *place, GCancellable *cancellable,
                   GError **error)
{
  g_autoptr (GHashTable) keys = NULL;
  g_autofree char *upper = NULL;

  g_return_val_if_fail (ll_agent_is_keygrip (keygrip), FALSE);
  keys = ask_keyinfo (keygrip, cancellable, error);
  if (keys == NULL)
    return FALSE;
  upper = g_ascii_strup (keygrip, -1);
  *place = (LlAgentKeyPlace)GPOINTER_TO_INT (g_hash_table_lookup (keys, upper));
  return TRUE;
}

GHashTable *
ll_agent_list_keys (GCancellable *cancellable, GError **error)
{
  return ask_keyinfo ("--list", cancellable, error);
}

/* Trust anchors. Each line: the fingerprint, a blank, and "S", "P" or "*". */

static void
append_trusted (GArray *list, const char *line)
{
  LlAgentTrusted trusted = { 0 };

  if (strlen (line) < KEYGRIP_DIGITS + 2
      || strspn (line, "0123456789ABCDEFabcdef") != KEYGRIP_DIGITS)
    return;
  for (gsize i = 0; i < KEYGRIP_DIGITS; i++)
    trusted.fingerprint[i] = g_ascii_toupper (line[i]);
  trusted.for_smime = line[KEYGRIP_DIGITS + 1] == 'S' || line[KEYGRIP_DIGITS + 1] == '*';
  g_array_append_val (list, trusted);
}

GArray *
ll_agent_list_trusted (GCancellable *cancellable, GError **error)
{
  g_autoptr (LlAgentLink) link = ll_agent_link_open (cancellable, error);
  g_autoptr (GBytes) answer = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  LlAgentTalk talk = { .data = &answer };
  gpg_error_t problem;
  GArray *list;

  if (link == NULL)
    return NULL;
  problem = ll_agent_link_say (link, "LISTTRUSTED", &talk);
  if (problem != 0 && gpg_err_code (problem) != GPG_ERR_ENOENT)
    {
      ll_agent_set_error (problem, &ll_agent_to_manage, error);
      return NULL;
    }
  list = g_array_new (FALSE, TRUE, sizeof (LlAgentTrusted));
  if (answer == NULL || g_bytes_get_size (answer) == 0)
    return list;
  text = g_strndup (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    append_trusted (list, *line);
  return list;
}

static GBytes *
ask_passphrase (const char *options, const char *problem, const char *description,
                GCancellable *cancellable, GError **error)
{
  g_autoptr (LlAgentLink) link = ll_agent_link_open (cancellable, error);
  g_autofree char *what = escape_prompt (description);
  g_autofree char *why = problem != NULL ? escape_prompt (problem) : g_strdup ("X");
  g_autofree char *command
      = g_strdup_printf ("GET_PASSPHRASE --data %sX %s X %s", options, why, what);
  GBytes *passphrase = NULL;
  LlAgentTalk talk = { .pace = LL_AGENT_PERSON, .data = &passphrase };
  gpg_error_t code;

  if (link == NULL)
    return NULL;
  code = ll_agent_link_say (link, command, &talk);
  if (code != 0)
    ll_agent_set_error (code, &ll_agent_to_manage, error);
  else if (passphrase == NULL)
    passphrase = g_bytes_new (NULL, 0);
  return passphrase;
}

GBytes *
ll_agent_ask_passphrase (const char *description, const char *problem, GCancellable *cancellable,
                         GError **error)
{
  return ask_passphrase ("", problem, description, cancellable, error);
}

GBytes *
ll_agent_ask_new_passphrase (const char *description, const char *problem,
                             GCancellable *cancellable, GError **error)
{
  return ask_passphrase ("--repeat=1 ", problem, description, cancellable, error);
}

char *
ll_agent_get_version (GCancellable *cancellable, GError **error)
{
  g_autoptr (LlAgentLink) link = ll_agent_link_open (cancellable, error);
  g_autoptr (GBytes) answer = NULL;
  LlAgentTalk talk = { .data = &answer };
  gpg_error_t problem;

  if (link == NULL)
    return NULL;
  problem = ll_agent_link_say (link, "GETINFO version", &talk);
  if (problem == 0)
    return g_strndup (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
  ll_agent_set_error (problem, &ll_agent_to_manage, error);
  return NULL;
}
