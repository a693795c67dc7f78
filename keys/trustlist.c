#include <config.h>

#include <gpgme.h>
#include <string.h>

#include "base/hex.h"
#include "base/limits.h"
#include "base/output.h"
#include "bridge/call-agent.h"
#include "keys/trustlist.h"

struct _LlTrustlist
{
  GHashTable *words; /* fingerprint -> LlTrustlistWord; the first line about one counts */
  guint n_trusted;
};

/* One line: "[!]FINGERPRINT FLAG [options]"; colons may stand in the fingerprint. What cannot be
 * read trusts nobody. */
static void
read_line (LlTrustlist *list, const char *line)
{
  gboolean refused = *line == '!';
  g_auto (GStrv) words = NULL;
  g_autofree char *fingerprint = NULL;
  gboolean for_smime;

  for (line += refused ? 1 : 0; g_ascii_isspace (*line); line++)
    ;
  words = g_strsplit_set (line, " \t", -1);
  if (words[0] == NULL || !ll_hex_is_fingerprint (words[0], &fingerprint)
      || g_hash_table_contains (list->words, fingerprint))
    return;
  for_smime = words[1] != NULL && (g_str_equal (words[1], "S") || g_str_equal (words[1], "*"));
  if (!refused && !for_smime)
    return;
  list->n_trusted += refused ? 0 : 1;
  g_hash_table_insert (list->words, g_steal_pointer (&fingerprint),
                       GINT_TO_POINTER (refused ? LL_TRUSTLIST_REFUSED : LL_TRUSTLIST_TRUSTED));
}

static void
read_text (LlTrustlist *list, const char *text, const char *included)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);

      if (*line == '\0' || *line == '#')
        continue;
      if (!g_str_equal (line, "include-default"))
        read_line (list, line);
      else if (included != NULL)
        read_text (list, included, NULL);
    }
}

LlTrustlist *
ll_trustlist_new_from_text (const char *text, const char *included)
{
  LlTrustlist *list = g_new0 (LlTrustlist, 1);

  list->words = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  read_text (list, text, included);
  return list;
}

/* NULL when it is not there. */
static char *
read_file (const char *directory, const char *name)
{
  g_autofree char *path = NULL;
  g_autoptr (GBytes) bytes = NULL;
  const char *text;
  gsize length;

  if (directory == NULL)
    return NULL;
  path = g_build_filename (directory, name, NULL);
  bytes = ll_input_read (path, LL_LIMIT_KEY_FILE_BYTES, NULL, NULL);
  if (bytes == NULL)
    return NULL;
  text = g_bytes_get_data (bytes, &length);
  return g_strndup (text, length);
}

/* GPGME remembers the home that it saw first. */
static const char *
home_directory (void)
{
  const char *home = g_getenv ("GNUPGHOME");

  return home != NULL && *home != '\0' ? home : gpgme_get_dirinfo ("homedir");
}

/* TRUE when gpg-agent has been told to read other lists than the usual ones: then only it knows
 * what counts. Without such an option the files are read here, because an agent that runs for long
 * does not see that they have changed. */
static gboolean
agent_has_own_rules (const char *directory)
{
  g_autofree char *text = read_file (directory, "gpg-agent.conf");
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);

      line += g_str_has_prefix (line, "--") ? 2 : 0;
      if (g_str_has_prefix (line, "no-user-trustlist")
          || g_str_has_prefix (line, "sys-trustlist-name"))
        return TRUE;
    }
  return FALSE;
}

/* Takes the agent's word for who is trusted, and keeps who is refused. */
static void
ask_agent (LlTrustlist *list)
{
  g_autoptr (GArray) trusted = ll_agent_list_trusted (NULL, NULL);
  GHashTableIter iterator;
  gpointer word;

  g_hash_table_iter_init (&iterator, list->words);
  while (g_hash_table_iter_next (&iterator, NULL, &word))
    if (GPOINTER_TO_INT (word) == LL_TRUSTLIST_TRUSTED)
      g_hash_table_iter_remove (&iterator);
  list->n_trusted = 0;
  for (guint i = 0; trusted != NULL && i < trusted->len; i++)
    {
      const LlAgentTrusted *one = &g_array_index (trusted, LlAgentTrusted, i);
      g_autofree char *line = g_strdup_printf ("%s S", one->fingerprint);

      if (one->for_smime)
        read_line (list, line);
    }
}

/* As gpg-agent does: the system's list counts where the user's includes it, or when the user has
 * none. */
LlTrustlist *
ll_trustlist_new (void)
{
  g_autofree char *system = NULL, *own = NULL;
  LlTrustlist *list;

  gpgme_check_version (NULL);
  system = read_file (gpgme_get_dirinfo ("sysconfdir"), "trustlist.txt");
  own = read_file (home_directory (), "trustlist.txt");
  if (own == NULL)
    own = g_strdup (system != NULL ? system : "");
  list = ll_trustlist_new_from_text (own, system);
  if (agent_has_own_rules (home_directory ())
      || agent_has_own_rules (gpgme_get_dirinfo ("sysconfdir")))
    ask_agent (list);
  return list;
}

void
ll_trustlist_free (LlTrustlist *list)
{
  if (list == NULL)
    return;
  g_hash_table_unref (list->words);
  g_free (list);
}

LlTrustlistWord
ll_trustlist_ask (const LlTrustlist *list, const char *fingerprint)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (list->words, fingerprint));
}

gboolean
ll_trustlist_is_empty (const LlTrustlist *list)
{
  return list->n_trusted == 0;
}
