/* key-store.c - what enters: an address, a fingerprint or a key ID. What leaves: Keys, remembered
 * for the next time. It does NOT judge them. Each distinct question costs at most one gpg process,
 * and all questions about certificates together one gpgsm.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/text.h"
#include "bridge/gpgme-glue.h"
#include "keys/key-store.h"
#include "keys/openpgp-keyring.h"
#include "keys/x509-store.h"

struct _LlKeyStore
{
  LlPolicy *policy;
  LlOpenpgpKeyring *keyring; /* NULL until it is needed */

  /* What was found. Invalidated by ll_key_store_forget() alone. */
  GHashTable *openpgp_answers; /* question -> GPtrArray of LlKey, perhaps empty */
  GPtrArray *openpgp_all;      /* NULL: not asked for yet */
  GPtrArray *certificates;     /* NULL: not read yet */
  GError *agent_error;         /* why none of them is known to be ours, or NULL */
};

LlKeyStore *
ll_key_store_new (const LlPolicy *policy)
{
  LlKeyStore *store = g_new0 (LlKeyStore, 1);

  store->policy = ll_policy_copy (policy);
  store->openpgp_answers
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  return store;
}

void
ll_key_store_forget (LlKeyStore *store)
{
  g_hash_table_remove_all (store->openpgp_answers);
  g_clear_pointer (&store->openpgp_all, g_ptr_array_unref);
  g_clear_pointer (&store->certificates, g_ptr_array_unref);
  g_clear_error (&store->agent_error);
}

void
ll_key_store_free (LlKeyStore *store)
{
  if (store == NULL)
    return;
  ll_key_store_forget (store);
  g_hash_table_unref (store->openpgp_answers);
  ll_openpgp_keyring_free (store->keyring);
  ll_policy_free (store->policy);
  g_free (store);
}

/* TRUE for the digits by which a message or a person names a key: a fingerprint or a key ID. */
static gboolean
is_key_name (const char *text)
{
  gsize length = strlen (text);

  return (length == 8 || length == 16 || length == 32 || length == 40 || length == 64)
         && strspn (text, "0123456789ABCDEF") == length;
}

/* The tail of a fingerprint is a key ID (RFC 9580 section 5.5.4); the head is for version 6. */
static gboolean
fingerprint_matches (const char *fingerprint, const char *name)
{
  gsize whole = strlen (fingerprint), part = strlen (name);

  if (part == whole)
    return strcmp (fingerprint, name) == 0;
  if (part >= 40 || part > whole)
    return FALSE;
  return strcmp (fingerprint + whole - part, name) == 0
         || (whole == 64 && strncmp (fingerprint, name, part) == 0);
}

static gboolean
key_has_name (const LlKey *key, const char *name)
{
  GPtrArray *subkeys = ll_key_get_subkeys (key);

  if (fingerprint_matches (ll_key_get_gnupg_fingerprint (key), name))
    return TRUE;
  for (guint i = 0; i < subkeys->len; i++)
    {
      const LlSubkey *subkey = g_ptr_array_index (subkeys, i);

      if (fingerprint_matches (subkey->fingerprint, name))
        return TRUE;
    }
  return FALSE;
}

/* Also when the user ID is revoked: whoever asks wants to know why the key will not do. */
static gboolean
key_mentions_address (const LlKey *key, const char *address)
{
  GPtrArray *ids = ll_key_get_user_ids (key);

  for (guint i = 0; i < ids->len; i++)
    {
      const LlUserId *id = g_ptr_array_index (ids, i);

      if (ll_text_same_address (id->address, address))
        return TRUE;
    }
  return FALSE;
}

static gboolean
key_matches (const LlKey *key, const char *what)
{
  return what == NULL
         || (is_key_name (what) ? key_has_name (key, what) : key_mentions_address (key, what));
}

static void
add_matching (GPtrArray *out, GPtrArray *keys, const char *what, LlKeyFilter filter)
{
  for (guint i = 0; i < keys->len; i++)
    {
      LlKey *key = g_ptr_array_index (keys, i);

      if (key_matches (key, what) && (!(filter & LL_KEYS_SECRET_ONLY) || ll_key_has_secret (key)))
        g_ptr_array_add (out, ll_key_ref (key));
    }
}

static LlOpenpgpKeyring *
get_keyring (LlKeyStore *store, GError **error)
{
  if (store->keyring == NULL)
    store->keyring = ll_openpgp_keyring_new (store->policy, error);
  return store->keyring;
}

/* "<address>" is gpg's exact match; a domain with letters beyond ASCII is looked for in both its
 * spellings. A fingerprint or key ID stands for itself. */
static void
append_patterns (GPtrArray *patterns, const char *what)
{
  g_autofree char *folded = g_ascii_strdown (what, -1);
  const char *at = strchr (folded, '@');
  g_autofree char *ascii = at != NULL ? g_hostname_to_ascii (at + 1) : NULL;
  g_autofree char *unicode = at != NULL ? g_hostname_to_unicode (at + 1) : NULL;
  int local = at != NULL ? (int)(at - folded) : 0;

  if (at == NULL)
    {
      g_ptr_array_add (patterns, g_strdup (what));
      return;
    }
  g_ptr_array_add (patterns, g_strdup_printf ("<%s>", folded));
  if (ascii != NULL && strcmp (ascii, at + 1) != 0)
    g_ptr_array_add (patterns, g_strdup_printf ("<%.*s@%s>", local, folded, ascii));
  if (unicode != NULL && strcmp (unicode, at + 1) != 0)
    g_ptr_array_add (patterns, g_strdup_printf ("<%.*s@%s>", local, folded, unicode));
}

/* Under which an answer is remembered. (transfer full) */
static char *
question_for (const char *what)
{
  return is_key_name (what) ? g_strdup (what) : g_ascii_strdown (what, -1);
}

/* One run of gpg, remembered. Borrowed. */
static GPtrArray *
ask_gpg (LlKeyStore *store, const char *question, const char *const *patterns, GError **error)
{
  GPtrArray *answer = g_hash_table_lookup (store->openpgp_answers, question);

  if (answer != NULL)
    return answer;
  if (get_keyring (store, error) == NULL)
    return NULL;
  answer = ll_openpgp_keyring_list (store->keyring, patterns, error);
  if (answer != NULL)
    g_hash_table_insert (store->openpgp_answers, g_strdup (question), answer);
  return answer;
}

/* The keys among which `what` is, by as few questions as can be. Borrowed. */
static GPtrArray *
openpgp_candidates (LlKeyStore *store, const char *what, GError **error)
{
  g_autoptr (GPtrArray) patterns = NULL;
  g_autofree char *question = NULL;

  if (store->openpgp_all != NULL)
    return store->openpgp_all;
  if (what == NULL)
    {
      GPtrArray *all = ask_gpg (store, "", NULL, error);

      store->openpgp_all = all != NULL ? g_ptr_array_ref (all) : NULL;
      return all;
    }
  patterns = g_ptr_array_new_with_free_func (g_free);
  append_patterns (patterns, what);
  g_ptr_array_add (patterns, NULL);
  question = question_for (what);
  return ask_gpg (store, question, (const char *const *)patterns->pdata, error);
}

GPtrArray *
ll_key_store_certificates (LlKeyStore *store, GError **error)
{
  if (store->certificates == NULL)
    {
      g_clear_error (&store->agent_error);
      store->certificates = ll_x509_store_load (&store->agent_error, error);
    }
  return store->certificates;
}

gboolean
ll_key_store_knows_secret (LlKeyStore *store, GError **error)
{
  if (ll_key_store_certificates (store, error) == NULL)
    return FALSE;
  if (store->agent_error == NULL)
    return TRUE;
  if (error != NULL)
    *error = g_error_copy (store->agent_error);
  return FALSE;
}

/* Without a technology asked for, one whose engine is not installed has no keys. */
static gboolean
wants (LlProtocol asked, LlProtocol protocol)
{
  if (asked != LL_PROTOCOL_UNKNOWN)
    return asked == protocol;
  gpgme_check_version (NULL);
  return gpgme_engine_check_version (protocol == LL_PROTOCOL_OPENPGP ? GPGME_PROTOCOL_OPENPGP
                                                                     : GPGME_PROTOCOL_CMS)
         == GPG_ERR_NO_ERROR;
}

/* What people write, as what is looked for: digits of a fingerprint, or a bare address. NULL when
 * it is neither. */
static char *
normalise (const char *what)
{
  char *digits = NULL;

  if (ll_hex_is_fingerprint (what, &digits))
    return digits;
  return ll_text_address_of_user_id (what);
}

static GPtrArray *
find (LlKeyStore *store, LlProtocol protocol, const char *what, LlKeyFilter filter, GError **error)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);

  if (wants (protocol, LL_PROTOCOL_OPENPGP))
    {
      GPtrArray *keys = openpgp_candidates (store, what, error);

      if (keys == NULL)
        return NULL;
      add_matching (found, keys, what, filter);
    }
  if (wants (protocol, LL_PROTOCOL_SMIME))
    {
      GPtrArray *keys = ll_key_store_certificates (store, error);

      if (keys == NULL)
        return NULL;
      if (filter & LL_KEYS_SECRET_ONLY && protocol == LL_PROTOCOL_SMIME
          && !ll_key_store_knows_secret (store, error))
        return NULL;
      add_matching (found, keys, what, filter);
    }
  return g_steal_pointer (&found);
}

GPtrArray *
ll_key_store_find (LlKeyStore *store, LlProtocol protocol, const char *what, LlKeyFilter filter,
                   GError **error)
{
  g_autofree char *name = what != NULL ? normalise (what) : NULL;

  if (what != NULL && name == NULL)
    return g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  return find (store, protocol, name, filter, error);
}

/* What of a list was not asked before, normalised. (transfer full, of char*) */
static GPtrArray *
open_questions (LlKeyStore *store, const char *const *whats)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  for (; *whats != NULL; whats++)
    {
      g_autofree char *name = normalise (*whats);
      g_autofree char *question = name != NULL ? question_for (name) : NULL;
      if (question != NULL && !g_hash_table_contains (store->openpgp_answers, question))
        g_ptr_array_add (names, g_steal_pointer (&name));
    }
  return names;
}

gboolean
ll_key_store_prefetch (LlKeyStore *store, LlProtocol protocol, const char *const *whats,
                       GError **error)
{
  g_autoptr (GPtrArray) names = open_questions (store, whats);
  g_autoptr (GPtrArray) patterns = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) keys = NULL;

  /* certificates are all read at once anyway, and for one name there is nothing to gain */
  if (!wants (protocol, LL_PROTOCOL_OPENPGP) || store->openpgp_all != NULL || names->len < 2)
    return TRUE;
  for (guint i = 0; i < names->len; i++)
    append_patterns (patterns, g_ptr_array_index (names, i));
  g_ptr_array_add (patterns, NULL);
  if (get_keyring (store, error) == NULL)
    return FALSE;
  keys = ll_openpgp_keyring_list (store->keyring, (const char *const *)patterns->pdata, error);
  if (keys == NULL)
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      GPtrArray *answer = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
      add_matching (answer, keys, name, LL_KEYS_ANY);
      g_hash_table_insert (store->openpgp_answers, question_for (name), answer);
    }
  return TRUE;
}

/* A key that some earlier answer already held. (transfer full) (nullable) */
static LlKey *
recall (LlKeyStore *store, const char *name)
{
  GHashTableIter iterator;
  gpointer answer;

  g_hash_table_iter_init (&iterator, store->openpgp_answers);
  while (g_hash_table_iter_next (&iterator, NULL, &answer))
    {
      GPtrArray *keys = answer;

      for (guint i = 0; i < keys->len; i++)
        if (key_has_name (g_ptr_array_index (keys, i), name))
          return ll_key_ref (g_ptr_array_index (keys, i));
    }
  return NULL;
}

LlKey *
ll_key_store_get (LlKeyStore *store, LlProtocol protocol, const char *fingerprint, GError **error)
{
  g_autofree char *name = g_ascii_strup (fingerprint, -1);
  g_autoptr (GPtrArray) found = NULL;
  LlKey *key = NULL;

  if (!is_key_name (name))
    return NULL;
  if (protocol != LL_PROTOCOL_SMIME)
    key = recall (store, name);
  if (key != NULL)
    return key;
  found = find (store, protocol, name, LL_KEYS_ANY, error);
  return found != NULL && found->len > 0 ? ll_key_ref (g_ptr_array_index (found, 0)) : NULL;
}

void
ll_key_store_add (LlKeyStore *store, LlKey *certificate)
{
  g_return_if_fail (store != NULL && certificate != NULL);
  if (store->certificates != NULL) /* else it is found when they are read */
    g_ptr_array_add (store->certificates, ll_key_ref (certificate));
}

gboolean
ll_key_store_can_add (LlKeyStore *store)
{
  const char *home = g_getenv ("GNUPGHOME");

  g_return_val_if_fail (store != NULL, FALSE);
  gpgme_check_version (NULL);
  if (home == NULL || *home == '\0')
    home = gpgme_get_dirinfo ("homedir");
  return home != NULL && g_file_test (home, G_FILE_TEST_IS_DIR)
         && g_access (home, W_OK | X_OK) == 0;
}
