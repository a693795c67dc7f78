#include <config.h>

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/text.h"
#include "keys/decisions.h"

struct _LlDecisions
{
  char *path;
  GKeyFile *file; /* a group for each fingerprint */
};

static const char *const decision_names[] = {
  [LL_DECISION_NONE] = "none",
  [LL_DECISION_AUTHORITY] = "authority",
  [LL_DECISION_PIN] = "pin",
  [LL_DECISION_REFUSE] = "refuse",
};

const char *
ll_decision_name (LlDecision decision)
{
  return decision_names[decision];
}

char *
ll_decisions_path (void)
{
  return g_build_filename (g_get_user_data_dir (), "letterlock", "decisions", NULL);
}

/* A word that is none of ours. */
static LlDecision
parse_decision (const char *word)
{
  for (gsize i = 1; i < G_N_ELEMENTS (decision_names); i++)
    if (g_strcmp0 (word, decision_names[i]) == 0)
      return i;
  return LL_DECISION_NONE;
}

/* A pin for addresses that cannot be read would be one for all that the certificate names. */
static gboolean
addresses_are_readable (const LlDecisions *decisions, const char *group)
{
  g_auto (GStrv) addresses = ll_decisions_addresses (decisions, group);

  return addresses != NULL || !g_key_file_has_key (decisions->file, group, "addresses", NULL);
}

/* Every group must be a fingerprint with a decision: what was meant by another is not known, and a
 * refusal must not get lost by a slip of the pen. */
static gboolean
check (const LlDecisions *decisions, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (decisions->file, NULL);

  for (guint i = 0; groups[i] != NULL; i++)
    {
      g_autofree char *word = g_key_file_get_string (decisions->file, groups[i], "decision", NULL);
      g_autofree char *digits = NULL;

      if (!ll_hex_is_fingerprint (groups[i], &digits) || strlen (digits) != 64
          || strcmp (digits, groups[i]) != 0)
        {
          g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                       _ ("%s: “%s” is not a SHA-256 fingerprint in capital letters."),
                       decisions->path, groups[i]);
          return FALSE;
        }
      if (parse_decision (word) == LL_DECISION_NONE)
        {
          g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                       _ ("%s: the decision about %s must be authority, pin or refuse."),
                       decisions->path, groups[i]);
          return FALSE;
        }
      if (!addresses_are_readable (decisions, groups[i]))
        {
          g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                       _ ("%s: the addresses for which %s is pinned cannot be read."),
                       decisions->path, groups[i]);
          return FALSE;
        }
    }
  return TRUE;
}

LlDecisions *
ll_decisions_load (const char *path, GError **error)
{
  g_autoptr (LlDecisions) decisions = g_new0 (LlDecisions, 1);
  g_autoptr (GError) local = NULL;

  decisions->path = g_strdup (path);
  decisions->file = g_key_file_new ();
  if (!g_key_file_load_from_file (decisions->file, path, G_KEY_FILE_KEEP_COMMENTS, &local)
      && !g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT)
      && !g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOTDIR))
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("Your decisions about certificates in %s cannot be read: %s"), path,
                   local->message);
      return NULL;
    }
  return check (decisions, error) ? g_steal_pointer (&decisions) : NULL;
}

void
ll_decisions_free (LlDecisions *decisions)
{
  if (decisions == NULL)
    return;
  g_free (decisions->path);
  g_key_file_unref (decisions->file);
  g_free (decisions);
}

LlDecision
ll_decisions_get (const LlDecisions *decisions, const char *fingerprint)
{
  g_autofree char *word = g_key_file_get_string (decisions->file, fingerprint, "decision", NULL);

  return parse_decision (word);
}

char **
ll_decisions_addresses (const LlDecisions *decisions, const char *fingerprint)
{
  return g_key_file_get_string_list (decisions->file, fingerprint, "addresses", NULL, NULL);
}

gboolean
ll_decisions_is_pinned_for (const LlDecisions *decisions, const char *fingerprint,
                            const char *address)
{
  g_auto (GStrv) addresses = NULL;

  if (address == NULL || ll_decisions_get (decisions, fingerprint) != LL_DECISION_PIN)
    return FALSE;
  addresses = ll_decisions_addresses (decisions, fingerprint);
  for (guint i = 0; addresses != NULL && addresses[i] != NULL; i++)
    if (ll_text_same_address (addresses[i], address))
      return TRUE;
  return FALSE;
}

gboolean
ll_decisions_has (const LlDecisions *decisions, LlDecision decision)
{
  g_auto (GStrv) groups = g_key_file_get_groups (decisions->file, NULL);

  for (guint i = 0; groups[i] != NULL; i++)
    if (ll_decisions_get (decisions, groups[i]) == decision)
      return TRUE;
  return FALSE;
}

static void
add_address (LlDecisions *decisions, const char *fingerprint, const char *address)
{
  g_auto (GStrv) before = ll_decisions_addresses (decisions, fingerprint);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();

  for (guint i = 0; before != NULL && before[i] != NULL; i++)
    g_ptr_array_add (addresses, before[i]);
  g_ptr_array_add (addresses, (gpointer)address);
  g_key_file_set_string_list (decisions->file, fingerprint, "addresses",
                              (const char *const *)addresses->pdata, addresses->len);
}

void
ll_decisions_set (LlDecisions *decisions, const char *fingerprint, LlDecision decision,
                  const char *address, const char *subject)
{
  g_autofree char *when = ll_clock_to_text (ll_clock_now ());
  g_autofree char *safe = ll_text_safe (subject, -1);

  if (decision != LL_DECISION_PIN || ll_decisions_get (decisions, fingerprint) != LL_DECISION_PIN)
    g_key_file_remove_group (decisions->file, fingerprint, NULL);
  if (decision == LL_DECISION_NONE)
    return;
  g_key_file_set_string (decisions->file, fingerprint, "decision", ll_decision_name (decision));
  g_key_file_set_string (decisions->file, fingerprint, "subject", safe);
  g_key_file_set_string (decisions->file, fingerprint, "decided", when);
  if (address != NULL && !ll_decisions_is_pinned_for (decisions, fingerprint, address))
    add_address (decisions, fingerprint, address);
}

gboolean
ll_decisions_save (const LlDecisions *decisions, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (decisions->path);
  gsize length = 0;
  g_autofree char *text = g_key_file_to_data (decisions->file, &length, NULL);
  g_autoptr (GError) local = NULL;

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_FAILED, _ ("The folder %s cannot be made: %s"), folder,
                   g_strerror (errno));
      return FALSE;
    }
  if (g_file_set_contents_full (decisions->path, text, (gssize)length,
                                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                &local))
    return TRUE;
  g_set_error (error, LL_ERROR, LL_ERROR_FAILED,
               _ ("Your decision cannot be kept in %s: %s. Nothing has changed."), decisions->path,
               local->message);
  return FALSE;
}
