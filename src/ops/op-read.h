/* op-read.h - read a message: open its layers, gather the evidence, give the verdict. */
#pragma once

#include "mail/rope.h"
#include "ops/session.h"
#include "verdict/verdict.h"

G_BEGIN_DECLS

typedef struct
{
  LlEvidence *evidence;
  LlVerdict *verdict;
  GError *learn_error; /* why what it taught could not be remembered; or NULL */
} LlReading;

void ll_reading_free (LlReading *reading);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlReading, ll_reading_free)

/* Reads a message of any size. It opens no network connection. What a good S/MIME signature teaches
 * of its signer is remembered as the last step, if the policy says so, and told in the evidence.
 * Errors are those of ll_message_new() and ll_layers_peel(). (transfer full) */
LlReading *ll_op_read (LlSession *session, LlSource *source, GCancellable *cancellable,
                       GError **error);

/* The cleartext message of a reading, for `mail decrypt`: the outer header with the payload in
 * place of the layers. It carries no word of trust (E2E-21). A message whose whole body is an
 * inline OpenPGP ciphertext is opened here, because this is an explicit request (E2E-18);
 * ciphertext that is only a part of a message is not. It is read from the reading's sources: when
 * it has been copied, ll_reading_check() says whether it holds. Errors: LL_ERROR_CANNOT_DECRYPT
 * with the reason; LL_ERROR_BAD_DATA when nothing is encrypted. (transfer full) */
LlRope *ll_op_read_cleartext (LlSession *session, LlReading *reading, GCancellable *cancellable,
                              GError **error);

/* What the message says, as safe text, for `mail show`: read once more from the reading's sources.
 * NULL with an error when it is not what was judged any more; without one when there is nothing to
 * show. (transfer full) (nullable) */
char *ll_op_read_body (const LlReading *reading, GError **error);

/* FALSE when some of what was read is not as it was: nothing that was made of it may be published.
 */
gboolean ll_reading_check (const LlReading *reading, GError **error);

G_END_DECLS
