/* cms-source-private.h - an encrypted CMS object whose content can be read more than once.
 *
 * What enters: a stream. What leaves: what cms-reader gives. Once is enough nearly always, and then
 * nothing is kept; but the attributes of an AuthEnvelopedData stand behind the content, and its
 * cipher wants them before (RFC 5083 section 2.1), and a second private key may have to be tried.
 * A stream that can seek is read again; of one that cannot, the ciphertext is kept in a spool.
 */
#pragma once

#include "engine/cms-reader.h"

G_BEGIN_DECLS

typedef struct _LlCmsSource LlCmsSource;

/* Reads up to the content; errors as ll_cms_reader_open(). (transfer full) */
LlCmsSource *ll_cms_source_open (GInputStream *in, GCancellable *cancellable, GError **error);
void ll_cms_source_free (LlCmsSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlCmsSource, ll_cms_source_free)

/* Borrowed. Complete after ll_cms_source_look_ahead() or ll_cms_source_finish(). */
const LlCmsParts *ll_cms_source_get_parts (const LlCmsSource *source);

GBytes *ll_cms_source_get_recipients (const LlCmsSource *source);

/* Learns what stands behind the content, which is not read yet: from now on it can be rewound. Once
 * is enough. */
gboolean ll_cms_source_look_ahead (LlCmsSource *source, GError **error);

/* The content from its beginning again. */
gboolean ll_cms_source_rewind (LlCmsSource *source, GError **error);

/* Fills `buffer`, but at the end of the content; -1 on error. */
gssize ll_cms_source_read (LlCmsSource *source, guint8 *buffer, gsize size, GError **error);

/* Passes over the rest. LL_ERROR_BAD_DATA also when it is not any more what looking ahead saw. */
gboolean ll_cms_source_finish (LlCmsSource *source, GError **error);

G_END_DECLS
