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

/* The algorithm, or NULL when it is not among them. Borrowed. */
const EVP_MD *ll_cms_digests_get_md (const LlCmsDigests *digests, int nid);

/* The digest of what came so far, into EVP_MAX_MD_SIZE octets: its length, or 0. */
gsize ll_cms_digests_final (const LlCmsDigests *digests, int nid, guint8 *value);

/* The digest of some other octets by the same algorithm; as above. */
gsize ll_cms_digests_hash (const LlCmsDigests *digests, int nid, GBytes *octets, guint8 *value);

/* TRUE when the digest of what came so far is this. */
gboolean ll_cms_digests_match (const LlCmsDigests *digests, int nid, const guint8 *value,
                               gsize length);

/* All that came, for what signs octets rather than a digest; NULL when it was more than
 * LL_LIMIT_CMS_KEPT_BYTES. (transfer full) (nullable) */
GBytes *ll_cms_digests_dup_content (const LlCmsDigests *digests);

/* CM-13: TRUE when the content is, octet for octet, a DER SET of attributes. Then a signature over
 * it may have been made over somebody's signed attributes, not over a content. */
gboolean ll_cms_digests_content_is_attributes (const LlCmsDigests *digests);

G_END_DECLS
