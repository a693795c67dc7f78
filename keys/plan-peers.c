/* plan-peers.c - what enters: a plan, and what is remembered of its recipients. What leaves: the
 * certificate that each of them prefers, and the cipher that all of them can read. */
#include <config.h>

#include "base/text.h"
#include "keys/plan-peers-private.h"

LlPeer *
ll_plan_find_peer (LlPlan *plan, LlPeers *peers, const char *address)
{
  g_autoptr (GError) local = NULL;
  LlPeer *peer;

  if (peers == NULL || address == NULL)
    return NULL;
  peer = ll_peers_find (peers, address, &local);
  if (local != NULL && plan->peers_error == NULL)
    plan->peers_error = g_steal_pointer (&local);
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
find_owner (LlPlan *plan, LlPeers *peers, const LlKey *key, const char *name)
{
  GPtrArray *ids = ll_key_get_user_ids (key);

  if (ll_text_is_address (name))
    return ll_plan_find_peer (plan, peers, name);
  for (guint i = 0; i < ids->len; i++)
    {
      const LlUserId *id = g_ptr_array_index (ids, i);
      LlPeer *peer = ll_plan_find_peer (plan, peers, id->address);
      if (peer != NULL)
        return peer;
    }
  return NULL;
}

static LlCipherReader
make_reader (LlPlan *plan, LlPeers *peers, const LlKey *key, const char *name)
{
  LlCipherReader reader = { .kind = LL_READER_UNKNOWN };
  g_autoptr (LlPeer) peer = NULL;

  /* Only the copy for ourselves is read by this program for certain: at an address of ours that
   * the user named, another one may be reading. */
  if (*name == '\0')
    reader.kind = LL_READER_OURS;
  else
    peer = find_owner (plan, peers, key, name);
  if (peer != NULL && peer->capabilities != NULL
      && ll_capabilities_read (peer->capabilities, &reader.capabilities))
    reader.kind = LL_READER_LISTED;
  return reader;
}

gboolean
ll_plan_choose_cipher (LlPlan *plan, LlPeers *peers, LlCipher wanted, LlRefusal *refusal)
{
  g_autofree LlCipherReader *readers = g_new0 (LlCipherReader, plan->recipients->len);
  LlCipherChoice choice;

  for (guint i = 0; wanted == LL_CIPHER_CHOOSE && i < plan->recipients->len; i++)
    readers[i] = make_reader (plan, peers, g_ptr_array_index (plan->recipients, i),
                              g_ptr_array_index (plan->recipient_names, i));
  choice = ll_cipher_choose (readers, plan->recipients->len, wanted);
  plan->cipher = choice.cipher;
  plan->cipher_reason = choice.reason;
  if (choice.reason == LL_CIPHER_PEER_WEAK)
    ll_refusal_add_weak (refusal, g_ptr_array_index (plan->recipient_names, choice.because));
  if (choice.reason != LL_CIPHER_BEST && choice.reason != LL_CIPHER_WANTED)
    plan->cipher_because = ll_key_ref (g_ptr_array_index (plan->recipients, choice.because));
  return choice.reason != LL_CIPHER_PEER_WEAK;
}
