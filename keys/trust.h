/* trust.h - whether a key is to be believed for an address at a time, and why.
 *
 * Three of the verdict's axes are answered here, each with a reason and its evidence: binding,
 * trust and time. Only for revocation, and only when the policy says so, a server is asked.
 */
#pragma once

#include "base/reason.h"
#include "keys/decisions.h"
#include "keys/key-store.h"
#include "keys/x509-path.h"
#include "keys/x509-revocation.h"

G_BEGIN_DECLS

/* One axis of a verdict: the answer and, unless it is yes, the reason. */
typedef enum
{
  LL_ANSWER_NOT_CHECKED, /* could not be checked, or there was nothing to check */
  LL_ANSWER_YES,
  LL_ANSWER_NO,
} LlAnswer;

typedef struct
{
  LlAnswer answer;
  LlReason reason; /* why it is NO or NOT_CHECKED; may also qualify a YES */
} LlAxis;

typedef struct _LlTrust LlTrust;

/* With the trust anchors of keys/anchors for S/MIME. `store` is borrowed and must outlive it.
 * Error: those of ll_anchors_new(). (transfer full) */
LlTrust *ll_trust_new (const LlPolicy *policy, LlKeyStore *store, GError **error);
void ll_trust_free (LlTrust *trust);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlTrust, ll_trust_free)

/* What ends a question to a server before its time: for all that is judged from now on. Nullable.
 */
void ll_trust_set_cancellable (LlTrust *trust, GCancellable *cancellable);

typedef struct
{
  LlAxis binding;         /* does the key belong to the address */
  LlAxis trust;           /* why we believe it */
  LlAxis time;            /* valid and not revoked, judged at `at` */
  char *address;          /* the address in the key that matched, or the key's first; or NULL */
  char *trust_source;     /* "ultimate", "web-of-trust", "anchors-file", "decision", "pinned",
                             "trustlist.txt", "system", or NULL */
  GPtrArray *chain;       /* S/MIME: of LlKey, leaf first, as far as it could be built; else NULL */
  LlDecision decision;    /* S/MIME: what the user decided about this very certificate */
  gint64 judged_at;       /* the time used */
  GPtrArray *revocations; /* S/MIME: of LlRevocation, one for each certificate of `chain` but the
                             last, when the chain ends at an anchor; else NULL (SC-25) */
  gboolean revocation_checked; /* all of these are good or revoked */
} LlKeyOpinion;

/* The last certificate of the chain, when all that is missing is that the user trusts it: what
 * “key trust --authority” would name. Borrowed; NULL otherwise. */
LlKey *ll_key_opinion_get_untrusted_root (const LlKeyOpinion *opinion);

void ll_key_opinion_free (LlKeyOpinion *opinion);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlKeyOpinion, ll_key_opinion_free)

/* What to think of `key` as the signer of something whose author claims to be `address` (NULL: no
 * address to bind to, for files: binding is NOT_CHECKED). `extra` are certificates from the message
 * that may complete a path, never anchor it (of LlKey, or NULL). For lists and the user's own keys:
 * asks no server. Never fails: what could not be done is NOT_CHECKED with a reason.
 * (transfer full) */
LlKeyOpinion *ll_trust_judge (LlTrust *trust, LlKey *key, const char *address, GPtrArray *extra);

/* What a message brings that bears on the key of a signature; any of it may be NULL. */
typedef struct
{
  const char *address;     /* as for ll_trust_judge() */
  GPtrArray *certificates; /* of LlKey: may complete a path, never anchor it */
  GPtrArray *crls;         /* of GBytes: CRLs (CM-10) */
  GPtrArray *ocsps;        /* of GBytes: OCSP responses (CM-10) */
  GPtrArray *listed;       /* of LlListedCertificate: when there are two or more, only these may
                              stand in the path, beside the anchor (ES-08) */
} LlTrustMaterial;

/* The same as ll_trust_judge(), with all that a signed message may bring. (transfer full) */
LlKeyOpinion *ll_trust_judge_signature (LlTrust *trust, LlKey *key,
                                        const LlTrustMaterial *material);

/* The same for a key that a message is to be encrypted to: its key usage is looked at for that
 * (SC-01). (transfer full) */
LlKeyOpinion *ll_trust_judge_recipient (LlTrust *trust, LlKey *key, const char *address);

/* The same for the certificate of an authority that is looked at by itself: whether what it issues
 * would be believed. `material` as for signatures. (transfer full) */
LlKeyOpinion *ll_trust_judge_authority (LlTrust *trust, LlKey *key,
                                        const LlTrustMaterial *material);

/* The same for a key that somebody offers to be written to, with `extra` as for ll_trust_judge();
 * asks no server. (transfer full) */
LlKeyOpinion *ll_trust_judge_offered (LlTrust *trust, LlKey *key, const char *address,
                                      GPtrArray *extra);

G_END_DECLS
