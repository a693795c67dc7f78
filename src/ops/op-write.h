/* op-write.h - seal a message: draft, plan, wrap, assemble. Fails closed: nothing comes out unless
 * everything that was asked for could be done (rule 1). */
#pragma once

#include "bridge/source.h"
#include "keys/plan.h"
#include "ops/session.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean sign;
  gboolean encrypt;
  LlProtocol protocol;           /* LL_PROTOCOL_UNKNOWN: whichever has the keys */
  const char *as;                /* address or fingerprint to sign as; NULL: the From address */
  const char *const *also_as;    /* who signs besides; or NULL */
  const char *const *recipients; /* NULL: To and Cc of the message */
  gboolean opaque;               /* S/MIME signed-data instead of multipart/signed */
  LlCipher cipher;               /* S/MIME; CHOOSE: the plan does */
  gboolean plan_only;            /* make the plan, and write nothing: `out` may be NULL */
  LlSealStyle style;             /* S/MIME; what the policy says is added */
} LlWriteRequest;

typedef struct
{
  LlPlan *plan;
  char *cipher; /* what it was encrypted with, or NULL */
} LlWritten;

void ll_written_free (LlWritten *written);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlWritten, ll_written_free)

/* Writes the sealed message to `out`: ready to send, CRLF. When that fails, what stands in `out` is
 * a part, which the caller drops. Errors: those of ll_draft_new(), ll_plan_make() and
 * ll_layers_wrap(); LL_ERROR_UNSUPPORTED_OPTION for a message with a Bcc field. (transfer full) */
LlWritten *ll_op_write (LlSession *session, LlSource *source, const LlWriteRequest *request,
                        GOutputStream *out, GCancellable *cancellable, GError **error);

G_END_DECLS
