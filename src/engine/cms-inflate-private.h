/* cms-inflate-private.h - what a CompressedData holds, as a stream (RFC 3274, CM-09).
 *
 * What enters: a reader that stands at the content of a CompressedData. What leaves: the inflated
 * octets, as they are asked for; nothing is held but a small buffer. Compression proves nothing and
 * hides nothing: it is no cryptographic layer. It is bounded, by LL_LIMIT_INFLATED_BYTES and beyond
 * that by LL_LIMIT_INFLATED_RATIO. We never compress.
 */
#pragma once

#include "engine/cms-reader.h"

G_BEGIN_DECLS

/* The stream borrows `reader`, which must outlive it. Reading it to its end reads the content to
 * its end. Errors, when it is opened or read: LL_ERROR_UNSUPPORTED_ALGORITHM (not zlib),
 * LL_ERROR_BAD_DATA (damaged, something after the compressed octets, over a limit), or those of the
 * reader. (transfer full) */
GInputStream *ll_cms_inflate_new (LlCmsReader *reader, GError **error);

G_END_DECLS
