/* op-peers.h - look at what good signatures taught, and forget it. */
#pragma once

#include "ops/session.h"

G_BEGIN_DECLS

/* What is known of an address, or of the owners of `keys` when `what` is a fingerprint. An empty
 * array is not an error. (transfer full, of LlPeer) */
GPtrArray *ll_op_peers_find (LlSession *session, const char *what, GPtrArray *keys, GError **error);

/* Forgets an address, or everybody with NULL. Keys and certificates stay where they are.
 * LL_ERROR_MISSING_INPUT when nothing is known. */
gboolean ll_op_peers_forget (LlSession *session, const char *address, guint *n, GError **error);

G_END_DECLS
