/* rope.h - octets made of pieces: some are text that was just written, others stand in a source and
 * are changed on their way. It is put together once and read as often as needed, each time from the
 * beginning; only the text is in memory. So a letter of any size is signed first and written then.
 */
#pragma once

#include "bridge/source.h"

G_BEGIN_DECLS

typedef struct _LlRope LlRope;

/* Opens a piece. (transfer full) */
typedef GInputStream *(*LlRopeOpen) (gpointer data);

/* (transfer full) */
LlRope *ll_rope_new (void);
LlRope *ll_rope_ref (LlRope *rope);
void ll_rope_unref (LlRope *rope);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlRope, ll_rope_unref)

void ll_rope_append (LlRope *rope, const char *text);
void ll_rope_append_octets (LlRope *rope, const void *data, gsize length);
void ll_rope_append_source (LlRope *rope, LlSource *source);
void ll_rope_append_rope (LlRope *rope, LlRope *other);
/* Takes `data`. */
void ll_rope_append_stream (LlRope *rope, LlRopeOpen open, gpointer data, GDestroyNotify free);

/* All pieces, one after the other. (transfer full) */
GInputStream *ll_rope_open (LlRope *rope);

/* All of it in memory, wiped when it goes. (transfer full) */
GBytes *ll_rope_dup_bytes (LlRope *rope, GError **error);

G_END_DECLS
