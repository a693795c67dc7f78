/* system-anchors.h - which certificates the system trusts for mail, and which it distrusts.
 *
 * What enters: the lists of p11-kit's trust modules. What leaves: certificates that a list trusts
 * for mail in so many words, and an answer about each that is distrusted. A list that names no
 * purposes (Debian's ca-certificates is one) was made for web servers: it gives no anchor. It does
 * NOT know the user's own decisions.
 */
#pragma once

#include "keys/key.h"

G_BEGIN_DECLS

typedef struct _LlSystemAnchors LlSystemAnchors;

/* `paths`: NULL, or a list for tests (bridge/trust-module.h). A list that cannot be read gives no
 * anchors. (transfer full) */
LlSystemAnchors *ll_system_anchors_new (const char *paths);
void ll_system_anchors_free (LlSystemAnchors *system);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlSystemAnchors, ll_system_anchors_free)

/* Of LlKey. Borrowed. */
GPtrArray *ll_system_anchors_certificates (const LlSystemAnchors *system);

/* TRUE when a list says that the certificate is not to be used for mail. */
gboolean ll_system_anchors_distrusts (const LlSystemAnchors *system, const LlKey *certificate);

G_END_DECLS
