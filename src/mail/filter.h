/* filter.h - octets that are changed while they stream by.
 *
 * A filter is one way to change them: line ends to CRLF, a transfer encoding done or undone. It is
 * told octets bit by bit, and the result does not depend on where the bits are cut. The same filter
 * stands in front of a stream that is read, or behind one that is written; plaintext that it holds
 * is wiped.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _LlFilter LlFilter;

typedef struct
{
  gsize size; /* of the filter's own struct, which begins with an LlFilter */
  guint
      grow; /* how many octets one octet may become, at most; never more than LL_FILTER_GROW_MAX */

  /* Writes what `length` octets become to `to`, which has room for `grow` times as many and
   * LL_FILTER_SLACK more. `last`: there will be no more. How many were written. */
  gsize (*run) (LlFilter *self, const guint8 *data, gsize length, gboolean last, guint8 *to);
} LlFilterClass;

struct _LlFilter
{
  const LlFilterClass *klass;
};

#define LL_FILTER_CHUNK (32 * 1024)
#define LL_FILTER_SLACK 8192

/* All zero but for the class. (transfer full) */
LlFilter *ll_filter_new (const LlFilterClass *klass);
void ll_filter_free (LlFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlFilter, ll_filter_free)

/* What `in` yields, changed. Takes `filter`. (transfer full) */
GInputStream *ll_filter_open (LlFilter *filter, GInputStream *in);

/* How many octets have been read from such a stream. */
guint64 ll_filter_get_count (GInputStream *stream);

/* Only octets [start, end) of what comes. (transfer full) */
LlFilter *ll_filter_range_new (guint64 start, guint64 end);

/* Octets written to it go to `out`, changed; closing it writes the last of them, and leaves `out`
 * open. Takes `filter`. (transfer full) */
GOutputStream *ll_filter_sink (LlFilter *filter, GOutputStream *out);

/* All at once. (transfer full) */
GBytes *ll_filter_bytes (LlFilter *filter, const void *data, gsize length);

/* Reads `in` to its end. How many octets came, -1 on error. */
gint64 ll_stream_drain (GInputStream *in, GCancellable *cancellable, GError **error);

/* Reads all of `in`, or the first `limit` octets. *is_cut (may be NULL) tells whether there are
 * more. NULL on error. (transfer full) */
GBytes *ll_stream_read_head (GInputStream *in, gsize limit, gboolean *is_cut,
                             GCancellable *cancellable, GError **error);

/* All of `in` to `out`, which stays open. */
gboolean ll_stream_copy (GInputStream *in, GOutputStream *out, GCancellable *cancellable,
                         GError **error);

G_END_DECLS
