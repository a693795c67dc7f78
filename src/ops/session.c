/* session.c - what enters: a policy. What leaves: stores and engines, opened in the order in which
 * they lean on each other, and closed the other way round. It does no work of its own. */
#include <config.h>

#include "bridge/gpgme-glue.h"
#include "ops/session.h"

LlSession *
ll_session_new (const LlPolicy *policy, GError **error)
{
  g_autoptr (LlSession) session = g_new0 (LlSession, 1);

  g_return_val_if_fail (policy != NULL, NULL);
  session->policy = ll_policy_copy (policy);
  session->store = ll_key_store_new (session->policy);
  session->trust = ll_trust_new (session->policy, session->store, error);
  if (session->trust == NULL)
    return NULL;
  session->peers = ll_peers_new (session->policy->peers_file);
  session->openpgp = ll_engine_openpgp_new (session->policy, session->store);
  session->smime = ll_engine_smime_new (session->policy, session->store);
  return g_steal_pointer (&session);
}

void
ll_session_free (LlSession *session)
{
  if (session == NULL)
    return;
  g_clear_pointer (&session->openpgp, ll_engine_free);
  g_clear_pointer (&session->smime, ll_engine_free);
  g_clear_pointer (&session->peers, ll_peers_free);
  g_clear_pointer (&session->trust, ll_trust_free);
  g_clear_pointer (&session->store, ll_key_store_free);
  g_clear_pointer (&session->policy, ll_policy_free);
  g_free (session);
}

void
ll_session_prepare (LlSession *session)
{
  g_return_if_fail (session != NULL);
  ll_gpgme_prepare ();
}

LlEngine *
ll_session_get_engine (LlSession *session, LlProtocol protocol)
{
  g_return_val_if_fail (session != NULL, NULL);
  return protocol == LL_PROTOCOL_SMIME ? session->smime : session->openpgp;
}

LlSealStyle
ll_session_get_style (const LlSession *session, const LlSealStyle *wanted, const LlPlan *plan)
{
  LlSealStyle style = ll_seal_style_join (&session->policy->style, wanted);

  style.strict = style.strict || session->policy->strict;
  if (plan != NULL && (plan->readable & LL_CAPABILITY_OAEP) != 0)
    style.oaep = TRUE;
  if (plan != NULL && (plan->readable & LL_CAPABILITY_CEK_HKDF) != 0)
    style.derived_key = TRUE;
  return style;
}
