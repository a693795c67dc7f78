/* cms-digests-private.h - several digests of one content in one pass.
 *
 * Which ones is what the message lists (RFC 5652 section 5.1), never what MIME says (SM-23).
 */
#pragma once

#include <openssl/evp.h>

#include <glib.h>

G_BEGIN_DECLS

typedef struct _LlCmsDigests LlCmsDigests;

/* For each AlgorithmIdentifier (of GBytes) that we take; others are left out. (transfer full) */
LlCmsDigests *ll_cms_digests_new (GPtrArray *algorithms);
void ll_cms_digests_free (LlCmsDigests *digests);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlCmsDigests, ll_cms_digests_free)

void ll_cms_digests_update (LlCmsDigests *digests, const guint8 *data, gsize length);

/* The running digest, or NULL when it is not among them. Borrowed. */
EVP_MD_CTX *ll_cms_digests_get (const LlCmsDigests *digests, int nid);

/* TRUE when the digest of what came so far is this. */
gboolean ll_cms_digests_match (const LlCmsDigests *digests, int nid, const guint8 *value,
                               gsize length);

/* CM-13: TRUE when the content is, octet for octet, a DER SET of attributes. Then a signature over
 * it may have been made over somebody's signed attributes, not over a content. */
gboolean ll_cms_digests_content_is_attributes (const LlCmsDigests *digests);

G_END_DECLS
