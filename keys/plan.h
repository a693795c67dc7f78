/* plan.h - who a letter is sealed for and by whom, decided before anything is written.
 *
 * Asks the key store and trust, and lets the resolver choose. It makes no signature and opens no
 * network connection.
 */
#pragma once

#include "base/cipher.h"
#include "base/policy.h"
#include "keys/cipher-choice.h"
#include "keys/peers.h"
#include "keys/trust.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean sign;
  gboolean encrypt;
  LlProtocol protocol;           /* LL_PROTOCOL_UNKNOWN: whichever has a key for everyone */
  const char *as;                /* --as ADDRESS|FINGERPRINT, or NULL */
  const char *const *also_as;    /* who signs besides; NULL-terminated, or NULL */
  const char *from;              /* the author's address, or NULL */
  const char *const *recipients; /* addresses or fingerprints; NULL-terminated, or NULL */
  LlCipher cipher;               /* S/MIME: as the user wants it; CHOOSE: policy, then peers */
  LlPeers *peers;                /* S/MIME: what recipients can read; NULL: nothing is known */
} LlPlanRequest;

typedef struct
{
  LlProtocol protocol;
  LlKey *signer;              /* or NULL */
  guint n_signers;            /* keys of one's own that could have signed; the resolver took one */
  GPtrArray *more_signers;    /* of LlKey, no duplicates: who signs besides; or NULL */
  LlKey *encryption_key;      /* S/MIME: the signer's own certificate to be written to, when it is
                                 another one than `signer` (SM-07); or NULL */
  GPtrArray *recipients;      /* of LlKey, no duplicates; includes our own key when `to_self` */
  GPtrArray *recipient_names; /* of char*, what was asked for, same order, "" for our own */
  GPtrArray *recipient_opinions; /* of LlKeyOpinion, same order; NULL for our own */
  gboolean to_self;
  LlCipher cipher; /* S/MIME: what to encrypt with (SM-10); CHOOSE for OpenPGP */
  LlCipherReason cipher_reason;
  LlCapabilityFlags readable; /* S/MIME: what every recipient's program can do beside the cipher */
  LlKey *cipher_because;      /* the recipient that decided; or NULL */
  GError *peers_error;        /* why it could not be looked up what recipients can read; or NULL */
} LlPlan;

void ll_plan_free (LlPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlPlan, ll_plan_free)

/* Fails closed (rule 1): LL_ERROR_CANNOT_ENCRYPT naming each recipient without a usable key and
 * what was wrong with the keys found; LL_ERROR_CANNOT_SIGN when there is no key to sign with. With
 * protocol UNKNOWN, OpenPGP is preferred when both would do. Certificates must have a valid path
 * (SC-11), OpenPGP keys enough validity unless policy->always_trust or named by fingerprint.
 * Somebody who can read nothing but what is weak is not written to (SM-11), unless the user names a
 * cipher.
 * (transfer full) */
LlPlan *ll_plan_make (LlKeyStore *store, LlTrust *trust, const LlPolicy *policy,
                      const LlPlanRequest *request, GError **error);

G_END_DECLS
