/* progress-stream.h - an input stream that tells how much of it has been read. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Called after each block, with the octets read so far. */
typedef void (*LlProgress) (guint64 done, gpointer data);

/* Reads from `base` and tells; `progress` may be NULL. (transfer full) */
GInputStream *ll_progress_stream_new (GInputStream *base, LlProgress progress, gpointer data);

G_END_DECLS
