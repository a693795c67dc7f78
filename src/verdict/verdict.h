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

/* Times nearer to each other than this are the same: clocks go wrong, and a mail is dated some
 * moments before it is signed. Signing time and Date further apart: DATE_GAP (SM-26). */
#define LL_VERDICT_DATE_GAP_SECONDS (60 * 60)
/* A signature from further in the future than this, or older than its key by more, does not count.
 * A day, because a wrong time zone is a mistake and not an attack. */
#define LL_VERDICT_CLOCK_SKEW_SECONDS (24 * 60 * 60)

/* One signer, weighed: four axes and what comes of them. */
typedef struct
{
  LlAxis integrity, binding, trust, time;
  gboolean is_good; /* every axis is YES; for a file binding does not count */
  LlReason reason;  /* the heaviest reason why it is not good, or NONE */
} LlSignerVerdict;

/* One layer, weighed. `signer` is the good one, or the one that came furthest; NULL for none. */
typedef struct
{
  const LlLayerEvidence *evidence; /* borrowed */
  const LlFacts *facts;            /* borrowed */
  const LlSigner *signer;          /* borrowed */
  LlSignerVerdict judged;          /* of `signer` */
  LlReason reason;                 /* why its signature is not good, or NONE */
  gboolean is_signed;              /* claims a signature */
  gboolean is_broken;              /* the mathematics of some signature in it does not hold */
  gboolean is_good;                /* its signature is good, taken by itself */
  gboolean is_credited;            /* the status of the message rests on its signature */
  gboolean is_encrypted;
  gboolean is_opened;
} LlLayerVerdict;

typedef struct
{
  LlStatus status;
  LlAxis integrity, binding, trust, time, transport;
  LlReason reason;  /* the first thing to say when the status is not as good as it could be */
  GArray *reasons;  /* of LlReason: negatives, then cautions, then notes, each by weight */
  GArray *cautions; /* of LlReason: those that must be said together with a good status */
  GArray *layers;   /* of LlLayerVerdict, one for each of the evidence's, in the same order */
  const LlSigner
      *signer;        /* the signer that the status rests on, or the most telling one; nullable */
  gboolean encrypted; /* some envelope layer was encrypted and opened */
  gboolean signed_claim; /* something claims a signature (envelope, errant or inline) */
} LlVerdict;

/* Borrows from `evidence`, which must outlive the verdict. (transfer full) */
LlVerdict *ll_verdict_new (const LlEvidence *evidence);
void ll_verdict_free (LlVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlVerdict, ll_verdict_free)

/* One signer by itself, as ll_verdict_new() weighs it. */
void ll_verdict_judge_signer (const LlEvidence *evidence, const LlSigner *signer,
                              LlSignerVerdict *verdict);

/* TRUE when a signature is acceptable: status signed or signed-encrypted. */
gboolean ll_verdict_is_good (const LlVerdict *verdict);

G_END_DECLS
