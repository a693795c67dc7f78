/* learn.c - what enters: a message that was read, and its verdict. What leaves: a line in the
 * peers' file, and new certificates in the keybox, where Kleopatra and gpgsm find them too. It
 * judges nothing: only what the verdict found good comes here (SM-29, E2E-28). */
#include <config.h>

#include <unistd.h>

#include "base/error.h"
#include "keys/import.h"
#include "ops/learn.h"

/* --- certificates ----------------------------------------------------------------------------- */

/* TRUE for an anchor, or whatever else vouches for itself: it is at home already, or has no
 * business there (SC-12). */
static gboolean
is_root (const LlKey *key)
{
  return g_strcmp0 (ll_key_get_subject (key), ll_key_get_issuer (key)) == 0;
}

static gboolean
has_key (GPtrArray *keys, const LlKey *key)
{
  for (guint i = 0; i < keys->len; i++)
    if (g_str_equal (ll_key_get_fingerprint (g_ptr_array_index (keys, i)),
                     ll_key_get_fingerprint (key)))
      return TRUE;
  return FALSE;
}

static void
add_new (GPtrArray *wanted, LlKey *key, GPtrArray *at_home)
{
  if (!has_key (at_home, key) && !has_key (wanted, key))
    g_ptr_array_add (wanted, ll_key_ref (key));
}

/* Issuers first: gpgsm checks a certificate when it has its issuer's. */
static void
add_chain (GPtrArray *wanted, GPtrArray *chain, GPtrArray *at_home)
{
  for (guint i = chain != NULL ? chain->len : 0; i > 1; i--)
    if (!is_root (g_ptr_array_index (chain, i - 1)))
      add_new (wanted, g_ptr_array_index (chain, i - 1), at_home);
}

/* The certificate to write to may come from another authority than the one that signs. Whoever
 * signs may offer their own, and not somebody else's, nor one that nobody believes. */
static void
add_to_write_to (LlSession *session, const LlLesson *lesson, LlKey *key, GPtrArray *wanted,
                 GPtrArray *at_home)
{
  g_autoptr (LlKeyOpinion) opinion = NULL;

  if (is_root (key) || has_key (at_home, key) || has_key (wanted, key))
    return;
  opinion = ll_trust_judge_offered (session->trust, key, lesson->address, lesson->came_along);
  if (opinion->binding.answer != LL_ANSWER_YES || opinion->trust.answer != LL_ANSWER_YES)
    return;
  add_chain (wanted, opinion->chain, at_home);
  add_new (wanted, key, at_home);
}

/* Those that the keybox does not have. (transfer full, of LlKey) */
static GPtrArray *
find_new (LlSession *session, const LlLesson *lesson, GError **error)
{
  g_autoptr (GPtrArray) wanted = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  GPtrArray *at_home = ll_key_store_certificates (session->store, error);

  if (at_home == NULL)
    return NULL;
  add_chain (wanted, lesson->chain, at_home);
  add_new (wanted, lesson->signer, at_home);
  if (lesson->preferred != NULL)
    add_to_write_to (session, lesson, lesson->preferred, wanted, at_home);
  for (guint i = 0; i < lesson->same_name->len; i++)
    add_to_write_to (session, lesson, g_ptr_array_index (lesson->same_name, i), wanted, at_home);
  return g_steal_pointer (&wanted);
}

/* One run of gpgsm for all of them. */
static gboolean
import_new (LlSession *session, LlLesson *lesson, GCancellable *cancellable, GError **error)
{
  LlImportRequest request = { .policy = session->policy, .cancellable = cancellable };
  g_autoptr (GPtrArray) wanted = NULL;
  g_autoptr (LlImportResult) result = NULL;

  wanted = find_new (session, lesson, error);
  if (wanted == NULL || wanted->len == 0)
    return wanted != NULL;
  result = ll_import_certificates (wanted, &request, error);
  if (result == NULL)
    return FALSE;
  for (guint i = 0; i < wanted->len; i++)
    {
      LlKey *key = g_ptr_array_index (wanted, i);
      if (!g_ptr_array_find_with_equal_func (result->fingerprints,
                                             ll_key_get_gnupg_fingerprint (key), g_str_equal, NULL))
        continue;
      ll_key_store_add (session->store, key);
      g_ptr_array_add (lesson->imported, ll_key_ref (key));
    }
  return TRUE;
}

/* --- lessons ---------------------------------------------------------------------------------- */

/* The certificate first: were the program to end in between, the next message would teach both. */
static gboolean
apply (LlSession *session, LlLesson *lesson, GCancellable *cancellable, GError **error)
{
  LlPeer news = {
    .address = lesson->address,
    .signer = (char *)ll_key_get_fingerprint (lesson->signer),
    .encryption
    = lesson->preferred != NULL ? (char *)ll_key_get_fingerprint (lesson->preferred) : NULL,
    .capabilities = lesson->capabilities,
    .signed_at = lesson->signed_at,
  };
  LlLearnt expected;

  if (!ll_peers_compare (session->peers, &news, &expected, error))
    return FALSE;
  if ((expected & LL_LEARNT_CERTIFICATE) != 0)
    {
      if (!ll_key_store_can_add (session->store))
        return TRUE; /* another time, when there is a place for it */
      if (!import_new (session, lesson, cancellable, error))
        return FALSE;
    }
  return expected == LL_LEARNT_NOTHING
         || ll_peers_learn (session->peers, &news, &lesson->learnt, error);
}

GPtrArray *
ll_learn (LlSession *session, const LlEvidence *evidence, const LlVerdict *verdict,
          GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) lessons = NULL;
  g_autoptr (GError) local = NULL;

  g_return_val_if_fail (session != NULL && evidence != NULL && verdict != NULL, NULL);
  if (!session->policy->learn || session->policy->peers_file == NULL)
    return g_ptr_array_new_with_free_func ((GDestroyNotify)ll_lesson_free);
  lessons = ll_lessons_draw (evidence, verdict);
  for (guint i = 0; local == NULL && i < lessons->len; i++)
    apply (session, g_ptr_array_index (lessons, i), cancellable, &local);
  if (local != NULL && !g_error_matches (local, LL_ERROR, LL_ERROR_OUTPUT))
    g_propagate_error (error, g_steal_pointer (&local));
  return g_steal_pointer (&lessons);
}
