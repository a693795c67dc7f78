#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/output.h"
#include "keys/anchors.h"
#include "keys/system-anchors.h"
#include "keys/trustlist.h"
#include "keys/x509-pem.h"

typedef enum
{
  SOURCE_NONE,
  SOURCE_FILE,
  SOURCE_DECISION,
  SOURCE_TRUSTLIST,
  SOURCE_SYSTEM,
} Source;

static const char *const source_names[] = {
  [SOURCE_NONE] = NULL,           [SOURCE_FILE] = "anchors-file",
  [SOURCE_DECISION] = "decision", [SOURCE_TRUSTLIST] = "trustlist.txt",
  [SOURCE_SYSTEM] = "system",
};

struct _LlAnchors
{
  LlPolicy *policy;
  LlKeyStore *store; /* borrowed */

  GPtrArray *file_keys; /* of LlKey: policy->anchors_file */
  LlX509Anchors *of_file;
  LlDecisions *decisions;

  /* NULL until they are asked for. */
  LlTrustlist *trustlist;
  LlSystemAnchors *system;
  GHashTable *sources;  /* SHA-256 fingerprint -> Source; the first that names it counts */
  GPtrArray *user_keys; /* of LlKey: file, decisions, trustlist */
  LlX509Anchors *of_user;
  LlX509Anchors *all; /* and the system's */
  LlX509Pool *keybox;
  GPtrArray *keybox_keys; /* what `all` and `keybox` were made of */
};

static GPtrArray *
read_anchors_file (const char *path, GError **error)
{
  g_autoptr (GBytes) pem = ll_input_read (path, LL_LIMIT_KEY_FILE_BYTES, NULL, error);
  g_autoptr (GPtrArray) keys = pem != NULL ? ll_x509_pem_read (pem, NULL, error) : NULL;

  if (keys == NULL)
    {
      if (pem == NULL)
        g_prefix_error_literal (error, _ ("Trust anchors: "));
      else
        g_prefix_error (error, _ ("The trust anchors in “%s” cannot be read: "), path);
      return NULL;
    }
  if (keys->len == 0)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("There is no certificate in “%s”: trust anchors are given in PEM form."),
                   path);
      return NULL;
    }
  return g_steal_pointer (&keys);
}

LlAnchors *
ll_anchors_new (const LlPolicy *policy, LlKeyStore *store, GError **error)
{
  g_autoptr (LlAnchors) anchors = g_new0 (LlAnchors, 1);
  g_autofree char *path = ll_decisions_path ();

  anchors->policy = ll_policy_copy (policy);
  anchors->store = store;
  anchors->file_keys = policy->anchors_file != NULL
                           ? read_anchors_file (policy->anchors_file, error)
                           : g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  if (anchors->file_keys == NULL)
    return NULL;
  anchors->decisions = ll_decisions_load (path, error);
  return anchors->decisions != NULL ? g_steal_pointer (&anchors) : NULL;
}

static void
forget_keybox (LlAnchors *anchors)
{
  g_clear_pointer (&anchors->all, ll_x509_anchors_free);
  g_clear_pointer (&anchors->of_user, ll_x509_anchors_free);
  g_clear_pointer (&anchors->user_keys, g_ptr_array_unref);
  g_clear_pointer (&anchors->sources, g_hash_table_unref);
  g_clear_pointer (&anchors->keybox, ll_x509_pool_free);
  g_clear_pointer (&anchors->keybox_keys, g_ptr_array_unref);
}

void
ll_anchors_free (LlAnchors *anchors)
{
  if (anchors == NULL)
    return;
  forget_keybox (anchors);
  ll_x509_anchors_free (anchors->of_file);
  ll_system_anchors_free (anchors->system);
  ll_trustlist_free (anchors->trustlist);
  ll_decisions_free (anchors->decisions);
  g_clear_pointer (&anchors->file_keys, g_ptr_array_unref);
  ll_policy_free (anchors->policy);
  g_free (anchors);
}

static const LlTrustlist *
get_trustlist (LlAnchors *anchors)
{
  if (anchors->trustlist == NULL)
    anchors->trustlist = ll_trustlist_new ();
  return anchors->trustlist;
}

LlX509Anchors *
ll_anchors_of_file (LlAnchors *anchors)
{
  if (anchors->of_file == NULL && anchors->file_keys->len > 0)
    anchors->of_file = ll_x509_anchors_new (anchors->file_keys);
  return anchors->of_file;
}

/* The first source that names a certificate is the one that is told. */
static void
add (LlAnchors *anchors, GPtrArray *keys, LlKey *key, Source source)
{
  if (g_hash_table_contains (anchors->sources, ll_key_get_fingerprint (key)))
    return;
  g_hash_table_insert (anchors->sources, g_strdup (ll_key_get_fingerprint (key)),
                       GINT_TO_POINTER (source));
  g_ptr_array_add (keys, ll_key_ref (key));
}

static void
add_all (LlAnchors *anchors, GPtrArray *keys, GPtrArray *more, Source source)
{
  for (guint i = 0; i < more->len; i++)
    add (anchors, keys, g_ptr_array_index (more, i), source);
}

/* What was made of the keybox lives as long as the store's own reading of it. */
static GPtrArray *
get_keybox_keys (LlAnchors *anchors)
{
  GPtrArray *keys = ll_key_store_certificates (anchors->store, NULL);

  if (keys != anchors->keybox_keys)
    {
      forget_keybox (anchors);
      anchors->keybox_keys = keys != NULL ? g_ptr_array_ref (keys) : NULL;
    }
  return keys;
}

LlX509Pool *
ll_anchors_keybox (LlAnchors *anchors)
{
  GPtrArray *keys = get_keybox_keys (anchors);

  if (anchors->keybox == NULL && keys != NULL)
    anchors->keybox = ll_x509_pool_new (keys, G_MAXUINT);
  return anchors->keybox;
}

/* Only certificates that the user has at home become anchors by being named, never one that a
 * message brought (SC-12). */
static void
add_from_keybox (LlAnchors *anchors, GPtrArray *keys)
{
  GPtrArray *certificates = anchors->keybox_keys;

  for (guint i = 0; certificates != NULL && i < certificates->len; i++)
    {
      LlKey *key = g_ptr_array_index (certificates, i);

      if (ll_decisions_get (anchors->decisions, ll_key_get_fingerprint (key))
          == LL_DECISION_AUTHORITY)
        add (anchors, keys, key, SOURCE_DECISION);
      else if (ll_trustlist_ask (get_trustlist (anchors), ll_key_get_gnupg_fingerprint (key))
               == LL_TRUSTLIST_TRUSTED)
        add (anchors, keys, key, SOURCE_TRUSTLIST);
    }
}

static gpointer
copy_key (gconstpointer key, gpointer data)
{
  return ll_key_ref ((LlKey *)key);
}

static void
make_user_anchors (LlAnchors *anchors)
{
  anchors->user_keys = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  anchors->sources = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  add_all (anchors, anchors->user_keys, anchors->file_keys, SOURCE_FILE);
  add_from_keybox (anchors, anchors->user_keys);
  anchors->of_user = ll_x509_anchors_new (anchors->user_keys);
}

LlX509Anchors *
ll_anchors_of_user (LlAnchors *anchors)
{
  get_keybox_keys (anchors);
  if (anchors->of_user == NULL)
    make_user_anchors (anchors);
  return anchors->of_user;
}

LlX509Anchors *
ll_anchors_all (LlAnchors *anchors)
{
  g_autoptr (GPtrArray) keys = NULL;
  GPtrArray *of_system;

  ll_anchors_of_user (anchors);
  if (anchors->all != NULL || !anchors->policy->system_anchors)
    return anchors->all;
  if (anchors->system == NULL)
    anchors->system = ll_system_anchors_new (NULL);
  of_system = ll_system_anchors_certificates (anchors->system);
  if (of_system->len == 0)
    return NULL;
  keys = g_ptr_array_copy (anchors->user_keys, copy_key, NULL);
  g_ptr_array_set_free_func (keys, (GDestroyNotify)ll_key_unref);
  add_all (anchors, keys, of_system, SOURCE_SYSTEM);
  anchors->all = ll_x509_anchors_new (keys);
  return anchors->all;
}

const char *
ll_anchors_source (LlAnchors *anchors, const LlKey *anchor)
{
  for (guint i = 0; i < anchors->file_keys->len; i++)
    if (g_str_equal (ll_key_get_fingerprint (g_ptr_array_index (anchors->file_keys, i)),
                     ll_key_get_fingerprint (anchor)))
      return source_names[SOURCE_FILE];
  if (anchors->sources == NULL)
    return NULL;
  return source_names[GPOINTER_TO_INT (
      g_hash_table_lookup (anchors->sources, ll_key_get_fingerprint (anchor)))];
}

/* The user's own word stands above the system's. */
static gboolean
ends_at_users_word (LlAnchors *anchors, GPtrArray *chain)
{
  const LlKey *last = g_ptr_array_index (chain, chain->len - 1);
  const char *source = ll_anchors_source (anchors, last);

  return (source != NULL && source != source_names[SOURCE_SYSTEM])
         || ll_decisions_get (anchors->decisions, ll_key_get_fingerprint (last)) == LL_DECISION_PIN;
}

LlReason
ll_anchors_objection (LlAnchors *anchors, GPtrArray *chain)
{
  for (guint i = 0; i < chain->len; i++)
    {
      LlKey *key = g_ptr_array_index (chain, i);

      if (ll_decisions_get (anchors->decisions, ll_key_get_fingerprint (key)) == LL_DECISION_REFUSE
          || ll_trustlist_ask (get_trustlist (anchors), ll_key_get_gnupg_fingerprint (key))
                 == LL_TRUSTLIST_REFUSED)
        return LL_REASON_NEVER_TRUSTED;
    }
  if (anchors->system == NULL || ends_at_users_word (anchors, chain))
    return LL_REASON_NONE;
  for (guint i = 0; i < chain->len; i++)
    if (ll_system_anchors_distrusts (anchors->system, g_ptr_array_index (chain, i)))
      return LL_REASON_DISTRUSTED;
  return LL_REASON_NONE;
}

const LlDecisions *
ll_anchors_decisions (const LlAnchors *anchors)
{
  return anchors->decisions;
}
