/* op-keys.c - what enters: a question about keys, or a file of them. What leaves: keys, and an
 * account of what was brought in. It trusts nothing by itself. */
#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/output.h"
#include "base/text.h"
#include "ops/op-keys.h"

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  const LlKey *x = *(LlKey *const *)a, *y = *(LlKey *const *)b;

  if (ll_key_has_secret (x) != ll_key_has_secret (y))
    return ll_key_has_secret (x) ? -1 : 1;
  return g_utf8_collate (ll_key_get_title (x), ll_key_get_title (y));
}

GPtrArray *
ll_op_keys_list (LlSession *session, LlProtocol protocol, const char *what, LlKeyFilter filter,
                 GError **error)
{
  g_autoptr (GPtrArray) keys = ll_key_store_find (session->store, protocol, what, filter, error);

  if (keys == NULL)
    return NULL;
  if (what != NULL && keys->len == 0)
    {
      g_autofree char *safe = ll_text_safe (what, -1);
      g_set_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT,
                   _ ("There is no key for “%s”. Name a whole address or a whole fingerprint; "
                      "“letterlock key list” shows all keys."),
                   safe);
      return NULL;
    }
  g_ptr_array_sort (keys, compare_keys);
  return g_steal_pointer (&keys);
}

LlKeyOpinion *
ll_op_keys_judge (LlSession *session, LlKey *key)
{
  return ll_trust_judge (session->trust, key, ll_key_get_address (key), NULL);
}

LlImportResult *
ll_op_keys_import (LlSession *session, const char *path, GBytes *passphrase,
                   GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) bytes = ll_input_read (path, LL_LIMIT_KEY_FILE_BYTES, cancellable, error);
  LlImportRequest request = { session->policy, path, passphrase, cancellable };
  LlImportResult *result;

  if (bytes == NULL)
    return NULL;
  result = ll_import (bytes, &request, error);
  ll_key_store_forget (session->store);
  return result;
}
