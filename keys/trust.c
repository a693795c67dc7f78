/* trust.c - what enters: a key, the address that a message claims, certificates that came along.
 * What leaves: three answers with their reasons. It does NOT look at signatures, does not decide
 * what a message is worth (verdict/), and asks no server: revocation stays unchecked and is said to
 * be.
 */
#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/output.h"
#include "base/text.h"
#include "keys/openpgp-keyring-private.h"
#include "keys/trust.h"
#include "keys/trustlist.h"
#include "keys/x509-path.h"
#include "keys/x509-pem.h"

struct _LlTrust
{
  LlPolicy *policy;
  LlKeyStore *store; /* borrowed */

  GPtrArray *file_keys; /* of LlKey: policy->anchors_file */
  LlX509Anchors *file_anchors;
  LlTrustlist *trustlist;     /* NULL until an S/MIME key is judged */
  LlX509Anchors *all_anchors; /* those of the file and the trusted ones of the keybox; the same */
};

static GPtrArray *
read_anchors_file (const char *path, GError **error)
{
  g_autoptr (GBytes) pem = ll_input_read (path, LL_LIMIT_KEY_FILE_BYTES, NULL, error);
  g_autoptr (GPtrArray) keys = pem != NULL ? ll_x509_pem_read (pem, NULL, error) : NULL;

  if (keys == NULL)
    {
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

LlTrust *
ll_trust_new (const LlPolicy *policy, LlKeyStore *store, GError **error)
{
  g_autoptr (GPtrArray) keys = NULL;
  LlTrust *trust;

  keys = policy->anchors_file != NULL
             ? read_anchors_file (policy->anchors_file, error)
             : g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  if (keys == NULL)
    return NULL;
  trust = g_new0 (LlTrust, 1);
  trust->policy = ll_policy_copy (policy);
  trust->store = store;
  trust->file_keys = g_steal_pointer (&keys);
  return trust;
}

void
ll_trust_free (LlTrust *trust)
{
  if (trust == NULL)
    return;
  ll_policy_free (trust->policy);
  g_ptr_array_unref (trust->file_keys);
  ll_x509_anchors_free (trust->file_anchors);
  ll_x509_anchors_free (trust->all_anchors);
  ll_trustlist_free (trust->trustlist);
  g_free (trust);
}

void
ll_key_opinion_free (LlKeyOpinion *opinion)
{
  if (opinion == NULL)
    return;
  g_free (opinion->address);
  g_free (opinion->trust_source);
  g_clear_pointer (&opinion->chain, g_ptr_array_unref);
  g_free (opinion);
}

/* --- binding ---------------------------------------------------------------------------------- */

static LlAxis
answer (LlAnswer value, LlReason reason)
{
  return (LlAxis){ .answer = value, .reason = reason };
}

/* The user ID with that address that counts most: a good one before a revoked or invalid one, then
 * the one with the highest validity. NULL: any address. */
static const LlUserId *
best_user_id (const LlKey *key, const char *address)
{
  GPtrArray *ids = ll_key_get_user_ids (key);
  const LlUserId *best = NULL;

  for (guint i = 0; i < ids->len; i++)
    {
      const LlUserId *id = g_ptr_array_index (ids, i);
      gboolean dead = id->revoked || id->invalid;

      if (address != NULL && !ll_text_same_address (id->address, address))
        continue;
      if (best == NULL || (best->revoked || best->invalid) > dead
          || ((best->revoked || best->invalid) == dead && id->validity > best->validity))
        best = id;
    }
  return best;
}

/* Why no user ID of the key has the address. */
static LlReason
why_not_bound (const LlKey *key)
{
  GPtrArray *ids = ll_key_get_user_ids (key);
  gboolean dead = FALSE;

  if (ll_key_get_address (key) != NULL)
    return LL_REASON_FROM_MISMATCH;
  for (guint i = 0; i < ids->len; i++)
    {
      const LlUserId *id = g_ptr_array_index (ids, i);

      dead |= id->revoked || id->invalid;
    }
  return dead ? LL_REASON_UID_INVALID : LL_REASON_NO_ADDRESS_IN_KEY; /* SC-20, SC-07 */
}

static void
judge_binding (LlKeyOpinion *opinion, const LlKey *key, const char *address)
{
  const LlUserId *id = address != NULL ? best_user_id (key, address) : NULL;
  const char *shown = id != NULL ? id->address : ll_key_get_address (key);

  opinion->address = g_strdup (shown);
  if (address == NULL)
    opinion->binding = answer (LL_ANSWER_NOT_CHECKED, LL_REASON_NONE);
  else if (id == NULL)
    opinion->binding = answer (LL_ANSWER_NO, why_not_bound (key));
  else if (id->revoked || id->invalid)
    opinion->binding = answer (LL_ANSWER_NO, LL_REASON_UID_INVALID);
  else
    opinion->binding = answer (LL_ANSWER_YES, LL_REASON_NONE);
}

/* --- OpenPGP ---------------------------------------------------------------------------------- */

/* gpg does not compute the validity of an expired key; that the key is the user's own, it still
 * says. */
static LlValidity
validity_of (const LlKey *key, const LlUserId *id)
{
  gpgme_key_t gpgme = ll_openpgp_key_get (key);

  if (id == NULL)
    return LL_VALIDITY_UNKNOWN;
  if (id->validity == LL_VALIDITY_UNKNOWN && gpgme != NULL && gpgme->expired
      && gpgme->owner_trust == GPGME_VALIDITY_ULTIMATE)
    return LL_VALIDITY_ULTIMATE;
  return id->validity;
}

static void
judge_openpgp_trust (LlKeyOpinion *opinion, const LlKey *key, const char *address)
{
  const LlUserId *id = best_user_id (key, address);

  /* a key that is not the author's is believed, or not, for who it says it is */
  if (id == NULL)
    id = best_user_id (key, NULL);
  switch (validity_of (key, id))
    {
    case LL_VALIDITY_ULTIMATE:
      opinion->trust = answer (LL_ANSWER_YES, LL_REASON_NONE);
      opinion->trust_source = g_strdup ("ultimate");
      break;
    case LL_VALIDITY_FULL:
      opinion->trust = answer (LL_ANSWER_YES, LL_REASON_NONE);
      opinion->trust_source = g_strdup ("web-of-trust");
      break;
    case LL_VALIDITY_MARGINAL:
      opinion->trust = answer (LL_ANSWER_NO, LL_REASON_MARGINAL);
      break;
    case LL_VALIDITY_NEVER:
      opinion->trust = answer (LL_ANSWER_NO, LL_REASON_NEVER_TRUSTED);
      break;
    case LL_VALIDITY_UNKNOWN:
    case LL_VALIDITY_UNDEFINED:
    default:
      opinion->trust = answer (LL_ANSWER_NO, LL_REASON_VALIDITY_UNKNOWN);
      break;
    }
}

static void
judge_openpgp_time (LlKeyOpinion *opinion, const LlKey *key)
{
  gint64 expires = ll_key_get_expires (key);

  if (ll_key_is_revoked (key))
    opinion->time = answer (LL_ANSWER_NO, LL_REASON_KEY_REVOKED);
  else if (ll_key_get_created (key) > opinion->judged_at)
    opinion->time = answer (LL_ANSWER_NO, LL_REASON_NOT_YET_VALID);
  else if (expires != 0 && expires < opinion->judged_at)
    opinion->time = answer (LL_ANSWER_NO, LL_REASON_KEY_EXPIRED);
  else
    opinion->time = answer (LL_ANSWER_YES, LL_REASON_NONE);
}

/* --- S/MIME ----------------------------------------------------------------------------------- */

static const LlTrustlist *
get_trustlist (LlTrust *trust)
{
  if (trust->trustlist == NULL)
    trust->trustlist = ll_trustlist_new ();
  return trust->trustlist;
}

static LlX509Anchors *
get_file_anchors (LlTrust *trust)
{
  if (trust->file_anchors == NULL)
    trust->file_anchors = ll_x509_anchors_new (trust->file_keys);
  return trust->file_anchors;
}

/* Only certificates that the user has at home become anchors by being listed, never one that a
 * message brought (SC-12). */
static LlX509Anchors *
get_all_anchors (LlTrust *trust)
{
  g_autoptr (GPtrArray) keys = NULL;
  GPtrArray *certificates;

  if (trust->all_anchors != NULL)
    return trust->all_anchors;
  keys = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  for (guint i = 0; i < trust->file_keys->len; i++)
    g_ptr_array_add (keys, ll_key_ref (g_ptr_array_index (trust->file_keys, i)));
  certificates = ll_key_store_certificates (trust->store, NULL);
  for (guint i = 0; certificates != NULL && i < certificates->len; i++)
    {
      LlKey *key = g_ptr_array_index (certificates, i);

      if (ll_trustlist_ask (get_trustlist (trust), ll_key_get_gnupg_fingerprint (key))
          == LL_TRUSTLIST_TRUSTED)
        g_ptr_array_add (keys, ll_key_ref (key));
    }
  trust->all_anchors = ll_x509_anchors_new (keys);
  return trust->all_anchors;
}

/* The path from the anchors of the file alone costs no look into the keybox; only when there is
 * none is the keybox asked. */
static LlX509Path *
build_path (LlTrust *trust, LlKey *key, GPtrArray *extra, LlPurpose purpose)
{
  LlX509PathQuestion question
      = { .extra = extra, .purpose = purpose, .at = ll_policy_time (trust->policy) };
  g_autoptr (LlX509Path) path = NULL;

  if (trust->file_keys->len > 0)
    {
      question.anchors = get_file_anchors (trust);
      path = ll_x509_path_build (key, &question);
      if (path->reason == LL_REASON_NONE)
        return g_steal_pointer (&path);
      ll_x509_path_free (g_steal_pointer (&path));
    }
  question.anchors = get_all_anchors (trust);
  question.certificates = ll_key_store_certificates (trust->store, NULL);
  return ll_x509_path_build (key, &question);
}

static gboolean
chain_is_refused (LlTrust *trust, GPtrArray *chain)
{
  for (guint i = 0; i < chain->len; i++)
    if (ll_trustlist_ask (get_trustlist (trust),
                          ll_key_get_gnupg_fingerprint (g_ptr_array_index (chain, i)))
        == LL_TRUSTLIST_REFUSED)
      return TRUE;
  return FALSE;
}

static const char *
source_of (const LlTrust *trust, const LlKey *anchor)
{
  for (guint i = 0; i < trust->file_keys->len; i++)
    if (g_str_equal (ll_key_get_fingerprint (g_ptr_array_index (trust->file_keys, i)),
                     ll_key_get_fingerprint (anchor)))
      return "anchors-file";
  return "trustlist.txt";
}

static void
judge_smime (LlKeyOpinion *opinion, LlTrust *trust, LlKey *key, GPtrArray *extra, LlPurpose purpose)
{
  g_autoptr (LlX509Path) path = build_path (trust, key, extra, purpose);

  opinion->chain = g_ptr_array_ref (path->chain);
  if (chain_is_refused (trust, path->chain))
    opinion->trust = answer (LL_ANSWER_NO, LL_REASON_NEVER_TRUSTED);
  else if (path->reason != LL_REASON_NONE)
    opinion->trust = answer (LL_ANSWER_NO, path->reason);
  else
    {
      opinion->trust = answer (LL_ANSWER_YES, LL_REASON_NONE);
      opinion->trust_source = g_strdup (source_of (trust, path->anchor));
    }
  if (path->time_reason != LL_REASON_NONE)
    opinion->time = answer (LL_ANSWER_NO, path->time_reason);
  else
    opinion->time = answer (LL_ANSWER_YES, LL_REASON_REVOCATION_NOT_CHECKED); /* VM-03 */
}

static LlKeyOpinion *
judge (LlTrust *trust, LlKey *key, const char *address, GPtrArray *extra, LlPurpose purpose)
{
  LlKeyOpinion *opinion = g_new0 (LlKeyOpinion, 1);

  opinion->judged_at = ll_policy_time (trust->policy);
  judge_binding (opinion, key, address);
  if (ll_key_get_protocol (key) == LL_PROTOCOL_SMIME)
    judge_smime (opinion, trust, key, extra, purpose);
  else
    {
      judge_openpgp_trust (opinion, key, address);
      judge_openpgp_time (opinion, key);
    }
  return opinion;
}

LlKeyOpinion *
ll_trust_judge (LlTrust *trust, LlKey *key, const char *address, GPtrArray *extra)
{
  return judge (trust, key, address, extra, LL_PURPOSE_SIGN);
}

LlKeyOpinion *
ll_trust_judge_recipient (LlTrust *trust, LlKey *key, const char *address)
{
  return judge (trust, key, address, NULL, LL_PURPOSE_ENCRYPT);
}
