/* cms-signer-private.h - judges one signerInfo of a SignedData, by itself (CM-15).
 *
 * What enters: the signerInfo, the digests of the content, the certificates that came along and the
 * key store. What leaves: whether the mathematics holds, with which certificate, and why not. It
 * does not ask whether the certificate is to be believed: that is keys/trust.
 */
#pragma once

#include "engine/cms-digests-private.h"
#include "engine/cms-reader.h"
#include "engine/facts.h"
#include "keys/key-store.h"

G_BEGIN_DECLS

typedef struct
{
  const LlCmsReader *reader;
  const LlCmsDigests *digests;
  GPtrArray *certificates;      /* of LlKey, from the message */
  LlKeyStore *store;            /* may be NULL */
  gboolean content_in_detached; /* SM-33 */
} LlCmsCase;

/* (transfer full) */
LlSignatureFacts *ll_cms_signer_judge (const LlCmsCase *the_case, GBytes *signer_info);

G_END_DECLS
