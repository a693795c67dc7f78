/* source.h - octets that can be read as often as one likes, from any place.
 *
 * What enters: bytes in memory, a regular file, or a spool. What leaves: ranges of them, looked at
 * in place or as streams. A message of any size is a source; nothing of it need be in memory.
 * A source and its ranges are immutable values, used by one thread at a time.
 *
 * A file on the disk may change while it is read. Then nothing that was found out about it holds:
 * reads fail from there on, and ll_source_check() says so. It parses nothing.
 */
#pragma once

#include <gio/gio.h>

#include "bridge/spool.h"

G_BEGIN_DECLS

/* What is no larger is kept in memory, where it is fastest. */
#define LL_SOURCE_MEMORY_BYTES (1024 * 1024)

typedef struct _LlSource LlSource;

/* (transfer full) */
LlSource *ll_source_new (GBytes *bytes);

/* A file, or standard input for "-" or NULL: a small one and what a pipe gives is taken in, in
 * memory or in a secret spool; a large regular file is read in place. Errors: those of
 * ll_input_open(), and of a spool. (transfer full) */
LlSource *ll_source_new_path (const char *path, GCancellable *cancellable, GError **error);

/* All that the spool holds; its writing ends. (transfer full) */
LlSource *ll_source_new_spool (LlSpool *spool, GError **error);

/* The same octets, but never in place: for tests of the other ways. (transfer full) */
LlSource *ll_source_new_away (GBytes *bytes);

/* A part of it: octets [start, end). (transfer full) */
LlSource *ll_source_new_range (LlSource *source, guint64 start, guint64 end);

LlSource *ll_source_ref (LlSource *source);
void ll_source_unref (LlSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlSource, ll_source_unref)

guint64 ll_source_get_size (const LlSource *source);

/* All octets where they are, or NULL when they are not in memory. Borrowed. */
const char *ll_source_peek (const LlSource *source);

/* Copies up to `size` octets from `start` on; fewer at the end, and none after a failure, which
 * ll_source_check() tells. */
gsize ll_source_read (LlSource *source, guint64 start, void *buffer, gsize size);

/* Octets [start, end), sharing memory where that is possible, wiped otherwise. (transfer full) */
GBytes *ll_source_dup_bytes (LlSource *source, guint64 start, guint64 end);

/* All of it as a stream with a place of its own. (transfer full) */
GInputStream *ll_source_open (LlSource *source);

/* FALSE when some octets could not be read, or a file is not what it was: nothing that was made of
 * this source may be published. */
gboolean ll_source_check (LlSource *source, GError **error);

G_END_DECLS
