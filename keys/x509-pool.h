/* x509-pool.h - certificates by the name of their subject: where paths look for issuers.
 *
 * What enters: certificates, once. What leaves: those that may have issued another. Names are
 * compared by their canonical encoding (RFC 5280 section 7.1, SC-20), never as text. It does NOT
 * check any signature.
 */
#pragma once

#include "keys/key.h"

G_BEGIN_DECLS

typedef struct _LlX509Pool LlX509Pool;

/* `certificates` of LlKey, or NULL; no more than `limit` of them are looked at. (transfer full) */
LlX509Pool *ll_x509_pool_new (GPtrArray *certificates, guint limit);
void ll_x509_pool_free (LlX509Pool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlX509Pool, ll_x509_pool_free)

/* Appends to `found` (of LlKey, borrowed) those whose subject is the issuer of `key`. `pool` may be
 * NULL. */
void ll_x509_pool_find_issuers (const LlX509Pool *pool, const LlKey *key, GPtrArray *found);

/* TRUE when this very certificate is in the pool. */
gboolean ll_x509_pool_has (const LlX509Pool *pool, const LlKey *key);

G_END_DECLS
