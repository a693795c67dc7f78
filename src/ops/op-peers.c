/* op-peers.c - what enters: an address. What leaves: what is remembered of it, or nothing any more.
 */
#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "base/text.h"
#include "ops/op-peers.h"

static gboolean
knows (GPtrArray *found, const char *address)
{
  for (guint i = 0; i < found->len; i++)
    if (ll_text_same_address (((const LlPeer *)g_ptr_array_index (found, i))->address, address))
      return TRUE;
  return FALSE;
}

static gboolean
add_peer (LlSession *session, const char *address, GPtrArray *found, GError **error)
{
  g_autoptr (GError) local = NULL;
  LlPeer *peer;

  if (address == NULL || knows (found, address))
    return TRUE;
  peer = ll_peers_find (session->peers, address, &local);
  if (local != NULL)
    return g_propagate_error (error, g_steal_pointer (&local)), FALSE;
  if (peer != NULL)
    g_ptr_array_add (found, peer);
  return TRUE;
}

GPtrArray *
ll_op_peers_find (LlSession *session, const char *what, GPtrArray *keys, GError **error)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_peer_free);
  g_autofree char *address = ll_text_address_of_user_id (what);

  if (address != NULL)
    return add_peer (session, address, found, error) ? g_steal_pointer (&found) : NULL;
  for (guint i = 0; i < keys->len; i++)
    {
      const LlKey *key = g_ptr_array_index (keys, i);
      GPtrArray *ids = ll_key_get_user_ids (key);
      for (guint u = 0; ll_key_get_protocol (key) == LL_PROTOCOL_SMIME && u < ids->len; u++)
        if (!add_peer (session, ((const LlUserId *)g_ptr_array_index (ids, u))->address, found,
                       error))
          return NULL;
    }
  return g_steal_pointer (&found);
}

gboolean
ll_op_peers_forget (LlSession *session, const char *address, guint *n, GError **error)
{
  g_autofree char *bare = address != NULL ? ll_text_address_of_user_id (address) : NULL;
  g_autofree char *safe = ll_text_safe (address, -1);

  if (address != NULL && bare == NULL)
    g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION, _ ("“%s” is not an address."), safe);
  else if (!ll_peers_forget (session->peers, bare, n, error))
    return FALSE;
  else if (*n == 0 && address != NULL)
    g_set_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT,
                 _ ("Nothing has been learnt of “%s”. “letterlock key show ADDRESS” tells what is "
                    "known."),
                 safe);
  else
    return TRUE;
  return FALSE;
}
