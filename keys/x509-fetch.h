/* x509-fetch.h - certificates of authorities that nobody sent, from where the certificates below
 * them say that they are (RFC 5280 section 4.2.2.1).
 *
 * What enters: a certificate whose issuer is missing. What leaves: candidates, of which nothing is
 * believed. It goes to the network, by dirmngr, and so is only asked when the user allows it
 * (policy->fetch_issuers). It keeps nothing beyond its own life.
 */
#pragma once

#include <gio/gio.h>

#include "base/policy.h"
#include "keys/key.h"

G_BEGIN_DECLS

typedef struct _LlX509Fetch LlX509Fetch;

/* (transfer full) */
LlX509Fetch *ll_x509_fetch_new (const LlPolicy *policy);
void ll_x509_fetch_free (LlX509Fetch *fetch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlX509Fetch, ll_x509_fetch_free)

/* Those that bear the name of the issuer of `child`; each address is asked once, and no more than
 * LL_LIMIT_ISSUER_FETCHES in the life of `fetch`. (transfer full, of LlKey) */
GPtrArray *ll_x509_fetch_issuers (LlX509Fetch *fetch, const LlKey *child,
                                  GCancellable *cancellable);

G_END_DECLS
