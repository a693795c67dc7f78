/* verdict.h - evidence in, verdict out; pure, a table.
 *
 * One overall status per message (VM-01), five axes (VM-02), a reason for every negative (VM-06).
 */
#pragma once

#include "verdict/evidence.h"

G_BEGIN_DECLS

typedef enum
{
  LL_STATUS_NONE, /* no protection that can be vouched for; see the reasons */
  LL_STATUS_SIGNED,
  LL_STATUS_ENCRYPTED_UNVERIFIED,
  LL_STATUS_SIGNED_ENCRYPTED,
  LL_STATUS_CANNOT_DECRYPT,
} LlStatus;

/* "none", "signed", "encrypted-unverified", "signed-encrypted", "cannot-decrypt". */
const char *ll_status_name (LlStatus status);

typedef struct
{
  LlStatus status;
  LlAxis integrity, binding, trust, time, transport;
  LlReason reason; /* the first thing to say when the status is not as good as it could be */
  GArray *reasons; /* of LlReason: every negative and every caution, in order of weight */
  const LlSigner
      *signer;        /* the signer that the status rests on, or the most telling one; nullable */
  gboolean encrypted; /* some envelope layer was encrypted and opened */
  gboolean signed_claim; /* something claims a signature (envelope, errant or inline) */
} LlVerdict;

/* Borrows from `evidence`, which must outlive the verdict. (transfer full) */
LlVerdict *ll_verdict_new (const LlEvidence *evidence);
void ll_verdict_free (LlVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlVerdict, ll_verdict_free)

/* TRUE when a signature is acceptable: status signed or signed-encrypted. */
gboolean ll_verdict_is_good (const LlVerdict *verdict);

G_END_DECLS
