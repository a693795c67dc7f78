/* cms-claims-private.h - what signers say about themselves in a signature that holds: what they can
 * read, which certificate they want to be written to, which certificates their path may hold.
 *
 * Who believes them must know first whose signature it is; that is not known here.
 */
#pragma once

#include <openssl/cms.h>

#include "engine/facts.h"
#include "keys/key-store.h"

G_BEGIN_DECLS

/* Fills `facts` from the signed attributes. A preferred certificate is looked for among
 * `certificates` (of LlKey, from the message), then in `store` (nullable). */
void ll_cms_claims_read (const CMS_SignerInfo *si, GPtrArray *certificates, LlKeyStore *store,
                         LlSignatureFacts *facts);

/* How many countersignatures the unsigned attributes hold; none of them is checked, and they raise
 * nothing (CM-18). */
guint ll_cms_claims_count_countersignatures (const CMS_SignerInfo *si);

G_END_DECLS
