/* key-store.c - what enters: an address, a fingerprint or a key ID. What leaves: Keys, remembered
 * for the next time. It does NOT judge them. Each distinct question costs at most one gpg process,
 * and all questions about certificates together one gpgsm.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

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

/* One run of gpg, remembered. Borrowed. */
static GPtrArray *
ask_gpg (LlKeyStore *store, const char *question, const char *const *patterns, GError **error)
{
  GPtrArray *answer = g_hash_table_lookup (store->openpgp_answers, question);

  if (answer != NULL)
    return answer;
  if (store->keyring == NULL)
    store->keyring = ll_openpgp_keyring_new (store->policy, error);
  if (store->keyring == NULL)
    return NULL;
  answer = ll_openpgp_keyring_list (store->keyring, patterns, error);
  if (answer != NULL)
    g_hash_table_insert (store->openpgp_answers, g_strdup (question), answer);
  return answer;
}

/* "<address>" is gpg's exact match; a domain with letters beyond ASCII is looked for in both its
 * spellings. */
static GPtrArray *
ask_gpg_for_address (LlKeyStore *store, const char *address, GError **error)
{
  g_autofree char *folded = g_ascii_strdown (address, -1);
  const char *at = strchr (folded, '@');
  g_autofree char *ascii = g_hostname_to_ascii (at + 1);
  g_autofree char *unicode = g_hostname_to_unicode (at + 1);
  g_autofree char *as_is = g_strdup_printf ("<%s>", folded);
  g_autofree char *in_ascii
      = g_strdup_printf ("<%.*s@%s>", (int)(at - folded), folded, ascii != NULL ? ascii : at + 1);
  g_autofree char *in_unicode = g_strdup_printf ("<%.*s@%s>", (int)(at - folded), folded,
                                                 unicode != NULL ? unicode : at + 1);
  const char *patterns[4] = { as_is };
  gsize n = 1;

  if (strcmp (as_is, in_ascii) != 0)
    patterns[n++] = in_ascii;
  if (strcmp (as_is, in_unicode) != 0)
    patterns[n++] = in_unicode;
  return ask_gpg (store, folded, patterns, error);
}

/* The keys among which `what` is, by as few questions as can be. Borrowed. */
static GPtrArray *
openpgp_candidates (LlKeyStore *store, const char *what, GError **error)
{
  const char *const pattern[] = { what, NULL };

  if (store->openpgp_all != NULL)
    return store->openpgp_all;
  if (what == NULL)
    {
      GPtrArray *all = ask_gpg (store, "", NULL, error);

      store->openpgp_all = all != NULL ? g_ptr_array_ref (all) : NULL;
      return all;
    }
  if (!is_key_name (what))
    return ask_gpg_for_address (store, what, error);
  return ask_gpg (store, what, pattern, error);
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
