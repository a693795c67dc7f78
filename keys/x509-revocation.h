/* x509-revocation.h - whether the certificates of a path have been revoked (RFC 5280 section 6.3).
 *
 * What enters: a path that ends at an anchor, CRLs at hand, a time. What leaves: for each
 * certificate of the path but the anchor, a word, where it comes from and how old it is. Only in
 * the modes "online" and "require" the network is asked, and only for a path that ends at an anchor
 * (SC-25): callers ask for no other. An answer that could not be had is never good and never
 * revoked. It does NOT build paths and does not weigh what an answer means for a message.
 *
 * An answer is only believed when its signature leads to the anchor of the path. Of two answers the
 * newer counts (SC-13), but a revocation that is not a mere hold is never taken back.
 *
 * Judged as of an earlier time (SC-18): a certificate that was revoked later counts as revoked all
 * the same, unless the reason is one that says nothing against what was signed before: superseded,
 * affiliationChanged, cessationOfOperation, privilegeWithdrawn. A list made after the certificate
 * expired shows nothing when it is silent about it, for authorities drop expired certificates.
 */
#pragma once

#include <gio/gio.h>

#include "base/policy.h"
#include "keys/x509-revocation-answer.h"

G_BEGIN_DECLS

/* What remembers answers: CRLs from files, and what was fetched before. */
typedef struct _LlX509Revocation LlX509Revocation;

/* Reads policy->crl_files. Error: LL_ERROR_MISSING_INPUT, LL_ERROR_BAD_DATA. (transfer full) */
LlX509Revocation *ll_x509_revocation_new (const LlPolicy *policy, GError **error);
void ll_x509_revocation_free (LlX509Revocation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlX509Revocation, ll_x509_revocation_free)

/* Never fails: what could not be found out is UNKNOWN with a reason.
 * (transfer full, of LlRevocation, one for each certificate of the path but the last) */
GPtrArray *ll_x509_revocation_ask (LlX509Revocation *self, const LlX509RevocationQuestion *question,
                                   GCancellable *cancellable);

G_END_DECLS
