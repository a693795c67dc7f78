/* session.h - the house keys: policy, stores and engines of one run, opened once. */
#pragma once

#include "engine/engine.h"
#include "keys/peers.h"
#include "keys/plan.h"
#include "keys/trust.h"

G_BEGIN_DECLS

typedef struct
{
  LlPolicy *policy;
  LlKeyStore *store;
  LlTrust *trust;
  LlPeers *peers;
  LlEngine *openpgp;
  LlEngine *smime;
} LlSession;

/* Copies the policy. Errors: those of ll_trust_new(). (transfer full) */
LlSession *ll_session_new (const LlPolicy *policy, GError **error);
void ll_session_free (LlSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlSession, ll_session_free)

/* Gets ready for work that needs the engines for certain: to be called before a message is read,
 * for a small process starts programs faster than a large one. */
void ll_session_prepare (LlSession *session);

/* The engine for a technology. Borrowed. */
LlEngine *ll_session_get_engine (LlSession *session, LlProtocol protocol);

/* How S/MIME is made: as the policy says, as this request wants it, and as the recipients said that
 * they can read it. `plan` may be NULL. */
LlSealStyle ll_session_get_style (const LlSession *session, const LlSealStyle *wanted,
                                  const LlPlan *plan);

G_END_DECLS
