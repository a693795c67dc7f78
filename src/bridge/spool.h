/* spool.h - a private store that is written once and read as often as one likes.
 *
 * What enters: octets, as an output stream. What leaves: the same octets, as seekable input
 * streams, any number of them at a time. Small contents stay in memory that is locked where the
 * system lets us, kept out of core dumps and wiped; what grows beyond that goes to a file without a
 * name. A secret is encrypted there with a key that this memory alone holds, so that no plaintext
 * is ever in a temporary file (CM-21) and nothing can be read from the disk afterwards.
 *
 * It stands on the floor of the bridges, because the cipher is OpenSSL's. It gives no integrity:
 * whoever can write to a file without a name can read our memory as well.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  LL_SPOOL_SECRET, /* plaintext, or what may become one: encrypted on its way to the disk */
  LL_SPOOL_PUBLIC, /* ciphertext, or what has been on the disk anyway: as it is */
} LlSpoolKind;

/* A spool is the output stream that it is written with. Written by one thread; once it has been
 * opened for reading, it takes no more. Errors: LL_ERROR_OUTPUT when the disk has no room. */
#define LL_TYPE_SPOOL (ll_spool_get_type ())
G_DECLARE_FINAL_TYPE (LlSpool, ll_spool, LL, SPOOL, GOutputStream)

/* (transfer full) */
LlSpool *ll_spool_new (LlSpoolKind kind);

/* All of `in`, read to its end. (transfer full) */
LlSpool *ll_spool_new_from_stream (LlSpoolKind kind, GInputStream *in, GCancellable *cancellable,
                                   GError **error);

/* How much has been written. */
gint64 ll_spool_get_length (LlSpool *spool);

/* Ends the writing, and gives a seekable stream (GSeekable) over all of it, or over `length` octets
 * from `offset` on (-1: to the end). Each stream has a place of its own, keeps the spool alive, and
 * may be read in a thread of its own. Reads go to the disk as they are asked for: put a
 * GBufferedInputStream around it for small ones. (transfer full) */
GInputStream *ll_spool_open (LlSpool *spool, GError **error);
GInputStream *ll_spool_open_range (LlSpool *spool, gint64 offset, gint64 length, GError **error);

/* Ends the writing, and writes all of it to `out`. */
gboolean ll_spool_copy (LlSpool *spool, GOutputStream *out, GCancellable *cancellable,
                        GError **error);

/* Ends the writing, and gives all of it as bytes that are wiped when they go; LL_ERROR_BAD_DATA
 * when it is more than `limit`. (transfer full) */
GBytes *ll_spool_get_bytes (LlSpool *spool, gsize limit, GError **error);

G_END_DECLS
