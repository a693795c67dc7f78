#include <config.h>

#include <gpgme.h>
#include <string.h>

#include "base/hex.h"
#include "base/limits.h"
#include "base/output.h"
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
read_list (const char *directory)
{
  g_autofree char *path = NULL;
  g_autoptr (GBytes) bytes = NULL;
  const char *text;
  gsize length;

  if (directory == NULL)
    return NULL;
  path = g_build_filename (directory, "trustlist.txt", NULL);
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

/* As gpg-agent does: the system's list counts where the user's includes it, or when the user has
 * none. */
LlTrustlist *
ll_trustlist_new (void)
{
  g_autofree char *system = NULL, *own = NULL;

  gpgme_check_version (NULL);
  system = read_list (gpgme_get_dirinfo ("sysconfdir"));
  own = read_list (home_directory ());
  if (own == NULL)
    own = g_strdup (system != NULL ? system : "");
  return ll_trustlist_new_from_text (own, system);
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
