/* call-dirmngr.c - what enters: a URL, or the name of a certificate; what leaves: octets from the
 * network, or what dirmngr's cache of CRLs knows. It believes nothing that it hands on, and goes to
 * the network in one function only, ll_dirmngr_fetch().
 *
 * ISVALID answers from the cache, and asks back for the certificate (SENDCERT) before it would load
 * a CRL: who sends none stays off the network. CHECKCRL and CHECKOCSP would go there by
 * themselves. The list of the cache, crls.d/DIR.txt, tells whether to ask at all, and how old a CRL
 * is, which ISVALID does not.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/text.h"
#include "bridge/agent-link.h"
#include "bridge/call-dirmngr.h"

#define MAX_URL_BYTES 900 /* one line of the protocol, with its command */
#define MAX_LIST_BYTES (4 * 1024 * 1024)

/* --- fetching --------------------------------------------------------------------------------- */

static gboolean
is_fetchable (const char *url)
{
  if (g_ascii_strncasecmp (url, "http://", 7) != 0 && g_ascii_strncasecmp (url, "https://", 8) != 0)
    return FALSE;
  for (const char *c = url; *c != '\0'; c++)
    if (!g_ascii_isgraph (*c))
      return FALSE;
  return strlen (url) <= MAX_URL_BYTES;
}

gboolean
ll_dirmngr_has_proxy (void)
{
  static const char *const options[] = { "use-tor", "http-proxy", "honor-http-proxy" };
  g_autofree char *home = ll_daemon_find_directory ("homedir");
  g_autofree char *unescaped = home != NULL ? g_uri_unescape_string (home, NULL) : NULL;
  g_autofree char *path
      = unescaped != NULL ? g_build_filename (unescaped, "dirmngr.conf", NULL) : NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (path == NULL || !g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);

      line += g_str_has_prefix (line, "--") ? 2 : 0;
      for (gsize k = 0; k < G_N_ELEMENTS (options); k++)
        if (g_str_has_prefix (line, options[k]))
          return TRUE;
    }
  return FALSE;
}

static void
set_fetch_error (gpg_error_t problem, const char *url, guint seconds, GError **error)
{
  g_autofree char *safe = ll_text_safe (url, -1);

  switch (gpg_err_code (problem))
    {
    case GPG_ERR_CANCELED:
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Cancelled."));
      return;
    case GPG_ERR_TOO_LARGE:
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA, _ ("What lies at “%s” is too large."), safe);
      return;
    case GPG_ERR_TIMEOUT:
      g_set_error (error, LL_ERROR, LL_ERROR_FAILED,
                   _ ("The server of “%s” did not answer within %u seconds."), safe, seconds);
      return;
    default:
      g_set_error (error, LL_ERROR, LL_ERROR_FAILED, _ ("“%s” cannot be fetched: %s."), safe,
                   gpg_strerror (problem));
      return;
    }
}

GBytes *
ll_dirmngr_fetch (const char *url, gsize limit, guint seconds, GCancellable *cancellable,
                  GError **error)
{
  g_autoptr (LlAgentLink) link = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *command = NULL;
  LlAgentTalk talk = { .pace = LL_AGENT_QUICK,
                       .data = &bytes,
                       .seconds = seconds > 0 ? seconds : LL_FETCH_SECONDS,
                       .limit = limit };
  gpg_error_t problem;

  if (!is_fetchable (url))
    {
      g_autofree char *safe = ll_text_safe (url, -1);

      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("“%s” is not fetched: only http and https addresses are."), safe);
      return NULL;
    }
  link = ll_agent_link_open_to (LL_DAEMON_DIRMNGR, TRUE, cancellable, error);
  if (link == NULL)
    return NULL;
  command = g_strconcat ("KS_FETCH ", url, NULL);
  problem = ll_agent_link_say (link, command, &talk);
  if (problem == 0)
    return g_steal_pointer (&bytes);
  set_fetch_error (problem, url, talk.seconds, error);
  return NULL;
}

/* --- the cache -------------------------------------------------------------------------------- */

void
ll_dirmngr_answer_clear (LlDirmngrAnswer *answer)
{
  g_clear_pointer (&answer->reason, g_free);
  g_clear_pointer (&answer->url, g_free);
  *answer = (LlDirmngrAnswer){ 0 };
}

/* "20261130T020411", in UTC; 0 for anything else. */
static gint64
parse_time (const char *text)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = text != NULL ? g_date_time_new_from_iso8601 (text, utc) : NULL;

  return time != NULL ? g_date_time_to_unix (time) : 0;
}

static char *
hash_issuer (const char *issuer)
{
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA1, issuer, -1);

  return g_ascii_strup (digest, -1);
}

/* Fields of a line: how the root was checked, the issuer's hash, the issuer, the URL, thisUpdate,
 * nextUpdate ... each with “%3A” for a colon. */
static gboolean
read_list_line (const char *line, const char *hash, LlDirmngrAnswer *answer)
{
  g_auto (GStrv) fields = g_strsplit (line, ":", -1);

  if (g_strv_length (fields) < 6 || strlen (fields[0]) != 1 || strchr ("cui", fields[0][0]) == NULL
      || g_ascii_strcasecmp (fields[1], hash) != 0)
    return FALSE;
  answer->url = g_uri_unescape_string (fields[3], NULL);
  answer->this_update = parse_time (fields[4]);
  answer->next_update = parse_time (fields[5]);
  return TRUE;
}

/* Whether a CRL of that issuer is in the cache on disk; its dates and its URL. */
static gboolean
look_into_list (const char *hash, LlDirmngrAnswer *answer)
{
  const char *home = g_getenv ("GNUPGHOME");
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  gsize length = 0;

  /* gpgconf would say the same, but is slow to start for each letter that is read */
  path = home != NULL ? g_build_filename (home, "crls.d", "DIR.txt", NULL)
                      : g_build_filename (g_get_home_dir (), ".gnupg", "crls.d", "DIR.txt", NULL);
  if (!g_file_get_contents (path, &text, &length, NULL) || length > MAX_LIST_BYTES)
    return FALSE;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (read_list_line (lines[i], hash, answer))
      return TRUE;
  return FALSE;
}

/* dirmngr asks who believes in a root that it does not know itself. Everything else gets an empty
 * answer: with the certificate (SENDCERT) dirmngr would go to the network. */
static GBytes *
on_inquire (const char *line, gpointer user_data)
{
  const LlDirmngrQuestion *question = user_data;
  g_auto (GStrv) words = g_strsplit (line, " ", 3);
  gboolean believed = g_strcmp0 (words[0], "ISTRUSTED") == 0 && words[1] != NULL
                      && g_ascii_strcasecmp (words[1], question->fingerprint) == 0;

  return g_bytes_new_static ("1", believed ? 1 : 0);
}

/* LISTCRLS, read line by line: it can be long. */
typedef struct
{
  const char *hash, *serial;
  gboolean in_crl, found;
  GString *line;
  LlDirmngrAnswer *answer;
} Listing;

/* "  211D1E..:<tab> reasons( superseded) rdate: 20261123T020411" */
static void
take_entry (Listing *listing, const char *line)
{
  const char *reasons = strstr (line, "reasons("), *date = strstr (line, "rdate:");

  while (*line == ' ')
    line++;
  if (g_ascii_strncasecmp (line, listing->serial, strlen (listing->serial)) != 0
      || line[strlen (listing->serial)] != ':' || date == NULL)
    return;
  listing->found = TRUE;
  listing->answer->revoked_at = parse_time (g_strstrip ((char *)date + strlen ("rdate:")));
  if (reasons != NULL && strchr (reasons, ')') != NULL)
    {
      reasons += strlen ("reasons(");
      listing->answer->reason = g_strndup (reasons, (gsize)(strchr (reasons, ')') - reasons));
      g_strstrip (listing->answer->reason);
    }
}

static void
on_list_line (Listing *listing, char *line)
{
  if (strstr (line, "Issuer Hash:") != NULL)
    listing->in_crl = strstr (line, listing->hash) != NULL;
  else if (g_str_has_prefix (line, "End CRL dump"))
    listing->in_crl = FALSE;
  else if (listing->in_crl && !listing->found)
    take_entry (listing, line);
}

static void
on_list_data (gconstpointer data, gsize length, gpointer user_data)
{
  Listing *listing = user_data;
  const char *text = data;

  for (gsize i = 0; i < length; i++)
    if (text[i] == '\n')
      {
        on_list_line (listing, listing->line->str);
        g_string_truncate (listing->line, 0);
      }
    else if (listing->line->len < LL_LIMIT_TEXT_CHARACTERS)
      g_string_append_c (listing->line, text[i]);
}

/* When and why it was revoked; what cannot be found out stays unknown. */
static void
find_revocation (LlAgentLink *link, const LlDirmngrQuestion *question, const char *hash,
                 LlDirmngrAnswer *answer)
{
  g_autoptr (GString) line = g_string_new (NULL);
  Listing listing = { .hash = hash, .serial = question->serial, .line = line, .answer = answer };
  LlAgentTalk talk = { .receive = on_list_data, .user_data = &listing };

  (void)ll_agent_link_say (link, "LISTCRLS", &talk);
}

gboolean
ll_dirmngr_ask_cache (const LlDirmngrQuestion *question, LlDirmngrAnswer *answer,
                      GCancellable *cancellable, GError **error)
{
  g_autofree char *hash = hash_issuer (question->issuer);
  g_autofree char *command = g_strconcat ("ISVALID ", hash, ".", question->serial, NULL);
  g_autoptr (LlAgentLink) link = NULL;
  LlAgentTalk talk = { .inquire = on_inquire, .user_data = (gpointer)question };

  *answer = (LlDirmngrAnswer){ 0 };
  if (!look_into_list (hash, answer))
    return TRUE;
  link = ll_agent_link_open_to (LL_DAEMON_DIRMNGR, TRUE, cancellable, error);
  if (link == NULL)
    return FALSE;
  switch (gpg_err_code (ll_agent_link_say (link, command, &talk)))
    {
    case GPG_ERR_NO_ERROR:
      answer->word = LL_DIRMNGR_GOOD;
      return TRUE;
    case GPG_ERR_CERT_REVOKED:
      answer->word = LL_DIRMNGR_REVOKED;
      find_revocation (link, question, hash, answer);
      return TRUE;
    case GPG_ERR_CANCELED:
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Cancelled."));
      return FALSE;
    default:
      return TRUE;
    }
}

char *
ll_dirmngr_get_version (gboolean may_launch, GCancellable *cancellable, GError **error)
{
  g_autoptr (LlAgentLink) link
      = ll_agent_link_open_to (LL_DAEMON_DIRMNGR, may_launch, cancellable, error);
  g_autoptr (GBytes) bytes = NULL;
  LlAgentTalk talk = { .data = &bytes };
  gpg_error_t problem;

  if (link == NULL)
    return NULL;
  problem = ll_agent_link_say (link, "GETINFO version", &talk);
  if (problem == 0)
    return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_set_error (error, LL_ERROR, LL_ERROR_FAILED, _ ("dirmngr does not answer: %s."),
               gpg_strerror (problem));
  return NULL;
}
