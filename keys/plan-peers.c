/* plan-peers.c - what enters: the recipients of a plan, and what is remembered of them. What
 * leaves: the certificate that each of them prefers, and the cipher that all of them can read. */
#include <config.h>

#include "base/text.h"
#include "keys/plan-peers-private.h"

LlPeer *
ll_plan_find_peer (LlPeers *peers, const char *address, GError **trouble)
{
  g_autoptr (GError) local = NULL;
  LlPeer *peer;

  if (peers == NULL || address == NULL)
    return NULL;
  peer = ll_peers_find (peers, address, &local);
  if (local != NULL && *trouble == NULL)
    *trouble = g_steal_pointer (&local);
  return peer;
}

void
ll_plan_prefer (const LlPeer *peer, GPtrArray *candidates, LlResolveQuestion *question)
{
  question->preferred = peer->encryption;
  for (guint i = 0; i < candidates->len; i++)
    {
      const LlCandidate *candidate = g_ptr_array_index (candidates, i);
      if (g_strcmp0 (ll_key_get_fingerprint (candidate->key), peer->signer) == 0)
        question->subject = ll_key_get_subject (candidate->key);
    }
}

/* Somebody named by a fingerprint is known by the addresses of their certificate. */
static LlPeer *
find_owner (LlPeers *peers, const LlKey *key, const char *name, GError **trouble)
{
  GPtrArray *ids = ll_key_get_user_ids (key);

  if (ll_text_is_address (name))
    return ll_plan_find_peer (peers, name, trouble);
  for (guint i = 0; i < ids->len; i++)
    {
      const LlUserId *id = g_ptr_array_index (ids, i);
      LlPeer *peer = ll_plan_find_peer (peers, id->address, trouble);
      if (peer != NULL)
        return peer;
    }
  return NULL;
}

static LlCipherReader
make_reader (LlPeers *peers, const LlKey *key, const char *name, GError **trouble)
{
  LlCipherReader reader = { .kind = LL_READER_UNKNOWN };
  g_autoptr (LlPeer) peer = NULL;

  /* Only the copy for ourselves is read by this program for certain: at an address of ours that
   * the user named, another one may be reading. */
  if (*name == '\0')
    reader.kind = LL_READER_OURS;
  else
    peer = find_owner (peers, key, name, trouble);
  if (peer != NULL && peer->capabilities != NULL
      && ll_capabilities_read (peer->capabilities, &reader.capabilities))
    reader.kind = LL_READER_LISTED;
  return reader;
}

static gboolean
is_on_card (const LlKey *key)
{
  GPtrArray *subkeys = ll_key_get_subkeys (key);

  return subkeys->len > 0 && ((const LlSubkey *)g_ptr_array_index (subkeys, 0))->on_card;
}

/* What this reader's program can do: ours does what it lists, but no card is sure to do OAEP. */
static LlCapabilityFlags
flags_of (const LlCipherReader *reader, const LlKey *key)
{
  if (reader->kind == LL_READER_OURS)
    return LL_CAPABILITY_CEK_HKDF | (is_on_card (key) ? 0 : LL_CAPABILITY_OAEP);
  return reader->capabilities.flags;
}

LlCipherChoice
ll_plan_choose_cipher (LlPeers *peers, GPtrArray *keys, GPtrArray *names, LlCipher wanted,
                       GError **trouble)
{
  g_autofree LlCipherReader *readers = g_new0 (LlCipherReader, keys->len);
  LlCipherChoice choice;

  for (guint i = 0; wanted == LL_CIPHER_CHOOSE && i < keys->len; i++)
    readers[i]
        = make_reader (peers, g_ptr_array_index (keys, i), g_ptr_array_index (names, i), trouble);
  choice = ll_cipher_choose (readers, keys->len, wanted);
  choice.readable = keys->len > 0 ? LL_CAPABILITY_OAEP | LL_CAPABILITY_CEK_HKDF : 0;
  for (guint i = 0; i < keys->len; i++)
    choice.readable &= flags_of (&readers[i], g_ptr_array_index (keys, i));
  return choice;
}
