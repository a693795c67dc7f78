#include <config.h>

#include <openssl/err.h>

#include "bridge/openssl-glue.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-pool.h"

struct _LlX509Pool
{
  GHashTable *by_subject; /* hash of the subject's name -> GPtrArray of LlKey */
};

LlX509Pool *
ll_x509_pool_new (GPtrArray *certificates, guint limit)
{
  LlX509Pool *pool = g_new0 (LlX509Pool, 1);

  pool->by_subject = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
  for (guint i = 0; certificates != NULL && i < MIN (certificates->len, limit); i++)
    {
      LlKey *key = g_ptr_array_index (certificates, i);
      gpointer hash = GSIZE_TO_POINTER (X509_subject_name_hash (ll_x509_cert_get (key)));
      GPtrArray *same = g_hash_table_lookup (pool->by_subject, hash);

      if (same == NULL)
        {
          same = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
          g_hash_table_insert (pool->by_subject, hash, same);
        }
      g_ptr_array_add (same, ll_key_ref (key));
    }
  ERR_clear_error ();
  return pool;
}

void
ll_x509_pool_free (LlX509Pool *pool)
{
  if (pool == NULL)
    return;
  g_hash_table_unref (pool->by_subject);
  g_free (pool);
}

void
ll_x509_pool_find_issuers (const LlX509Pool *pool, const LlKey *key, GPtrArray *found)
{
  X509 *x509 = ll_x509_cert_get (key);
  GPtrArray *same;

  if (pool == NULL || g_hash_table_size (pool->by_subject) == 0)
    return;
  same = g_hash_table_lookup (pool->by_subject, GSIZE_TO_POINTER (X509_issuer_name_hash (x509)));
  for (guint i = 0; same != NULL && i < same->len; i++)
    {
      LlKey *candidate = g_ptr_array_index (same, i);

      if (X509_NAME_cmp (X509_get_issuer_name (x509),
                         X509_get_subject_name (ll_x509_cert_get (candidate)))
          == 0)
        g_ptr_array_add (found, candidate);
    }
}

gboolean
ll_x509_pool_has (const LlX509Pool *pool, const LlKey *key)
{
  GPtrArray *same;

  if (pool == NULL || g_hash_table_size (pool->by_subject) == 0)
    return FALSE;
  same = g_hash_table_lookup (pool->by_subject,
                              GSIZE_TO_POINTER (X509_subject_name_hash (ll_x509_cert_get (key))));
  for (guint i = 0; same != NULL && i < same->len; i++)
    if (g_str_equal (ll_key_get_fingerprint (g_ptr_array_index (same, i)),
                     ll_key_get_fingerprint (key)))
      return TRUE;
  return FALSE;
}
