#include <config.h>

#include <string.h>

#include "base/secret.h"
#include "mail/filter.h"

LlFilter *
ll_filter_new (const LlFilterClass *klass)
{
  LlFilter *filter = g_malloc0 (klass->size);
  filter->klass = klass;
  return filter;
}

void
ll_filter_free (LlFilter *filter)
{
  explicit_bzero (filter, filter->klass->size);
  g_free (filter);
}

typedef struct
{
  LlFilter filter;
  guint64 at, start, end;
} Range;

static gsize
take_range (LlFilter *filter, const guint8 *data, gsize length, gboolean last, guint8 *to)
{
  Range *self = (Range *)filter;
  guint64 from = CLAMP (self->start, self->at, self->at + length);
  guint64 until = CLAMP (self->end, from, self->at + length);
  gsize n = (gsize)(until - from);

  if (n > 0)
    memcpy (to, data + (from - self->at), n);
  self->at += length;
  return n;
}

static const LlFilterClass range_class = { sizeof (Range), 1, take_range };

LlFilter *
ll_filter_range_new (guint64 start, guint64 end)
{
  LlFilter *filter = ll_filter_new (&range_class);
  Range *self = (Range *)filter;

  self->start = start;
  self->end = end;
  return filter;
}

static gsize
room_for (const LlFilter *filter, gsize length)
{
  return length * filter->klass->grow + LL_FILTER_SLACK;
}

/* --- reading ---------------------------------------------------------------------------------- */

#define LL_TYPE_FILTER_SOURCE (ll_filter_source_get_type ())
G_DECLARE_FINAL_TYPE (LlFilterSource, ll_filter_source, LL, FILTER_SOURCE, GInputStream)

struct _LlFilterSource
{
  GInputStream parent;
  LlFilter *filter;
  GInputStream *in;
  guint8 *raw, *out;
  gsize start, end;         /* of what waits in `out` */
  gsize raw_used, out_used; /* to be wiped */
  gboolean ended;
  guint64 count;
};

G_DEFINE_FINAL_TYPE (LlFilterSource, ll_filter_source, G_TYPE_INPUT_STREAM)

static gboolean
source_fill (LlFilterSource *self, GCancellable *cancellable, GError **error)
{
  gssize n = g_input_stream_read (self->in, self->raw, LL_FILTER_CHUNK, cancellable, error);

  if (n < 0)
    return FALSE;
  self->ended = n == 0;
  self->start = 0;
  self->end = self->filter->klass->run (self->filter, self->raw, (gsize)n, self->ended, self->out);
  self->raw_used = MAX (self->raw_used, (gsize)n);
  self->out_used = MAX (self->out_used, self->end);
  return TRUE;
}

static gssize
source_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
             GError **error)
{
  LlFilterSource *self = LL_FILTER_SOURCE (stream);

  while (self->start == self->end && !self->ended)
    if (!source_fill (self, cancellable, error))
      return -1;
  count = MIN (count, self->end - self->start);
  memcpy (buffer, self->out + self->start, count);
  self->start += count;
  self->count += count;
  return (gssize)count;
}

static void
ll_filter_source_finalize (GObject *object)
{
  LlFilterSource *self = LL_FILTER_SOURCE (object);

  explicit_bzero (self->raw, self->raw_used);
  explicit_bzero (self->out, self->out_used);
  g_free (self->raw);
  g_free (self->out);
  ll_filter_free (self->filter);
  g_clear_object (&self->in);
  G_OBJECT_CLASS (ll_filter_source_parent_class)->finalize (object);
}

static void
ll_filter_source_class_init (LlFilterSourceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ll_filter_source_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = source_read;
}

static void
ll_filter_source_init (LlFilterSource *self)
{
}

GInputStream *
ll_filter_open (LlFilter *filter, GInputStream *in)
{
  LlFilterSource *self = g_object_new (LL_TYPE_FILTER_SOURCE, NULL);

  self->filter = filter;
  self->in = g_object_ref (in);
  self->raw = g_malloc (LL_FILTER_CHUNK);
  self->out = g_malloc (room_for (filter, LL_FILTER_CHUNK));
  return G_INPUT_STREAM (self);
}

guint64
ll_filter_get_count (GInputStream *stream)
{
  return LL_FILTER_SOURCE (stream)->count;
}

/* --- writing ---------------------------------------------------------------------------------- */

#define LL_TYPE_FILTER_SINK (ll_filter_sink_get_type ())
G_DECLARE_FINAL_TYPE (LlFilterSink, ll_filter_sink, LL, FILTER_SINK, GOutputStream)

struct _LlFilterSink
{
  GOutputStream parent;
  LlFilter *filter;
  GOutputStream *out;
  guint8 *changed;
  gsize used;       /* to be wiped */
  gboolean dropped; /* nobody closed it: something failed */
};

G_DEFINE_FINAL_TYPE (LlFilterSink, ll_filter_sink, G_TYPE_OUTPUT_STREAM)

static gboolean
sink_run (LlFilterSink *self, const void *data, gsize length, gboolean last,
          GCancellable *cancellable, GError **error)
{
  gsize n = self->filter->klass->run (self->filter, data, length, last, self->changed);

  self->used = MAX (self->used, n);
  return g_output_stream_write_all (self->out, self->changed, n, NULL, cancellable, error);
}

static gssize
sink_write (GOutputStream *stream, const void *buffer, gsize count, GCancellable *cancellable,
            GError **error)
{
  count = MIN (count, LL_FILTER_CHUNK);
  return sink_run (LL_FILTER_SINK (stream), buffer, count, FALSE, cancellable, error)
             ? (gssize)count
             : -1;
}

static gboolean
sink_close (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  LlFilterSink *self = LL_FILTER_SINK (stream);

  return self->dropped || sink_run (self, "", 0, TRUE, cancellable, error);
}

static void
ll_filter_sink_finalize (GObject *object)
{
  LlFilterSink *self = LL_FILTER_SINK (object);

  explicit_bzero (self->changed, self->used);
  g_free (self->changed);
  ll_filter_free (self->filter);
  g_clear_object (&self->out);
  G_OBJECT_CLASS (ll_filter_sink_parent_class)->finalize (object);
}

/* An unclosed stream closes itself when it goes; the rest of something that failed is not wanted.
 */
static void
ll_filter_sink_dispose (GObject *object)
{
  LL_FILTER_SINK (object)->dropped = TRUE;
  G_OBJECT_CLASS (ll_filter_sink_parent_class)->dispose (object);
}

static void
ll_filter_sink_class_init (LlFilterSinkClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ll_filter_sink_dispose;
  G_OBJECT_CLASS (klass)->finalize = ll_filter_sink_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = sink_write;
  G_OUTPUT_STREAM_CLASS (klass)->close_fn = sink_close;
}

static void
ll_filter_sink_init (LlFilterSink *self)
{
}

GOutputStream *
ll_filter_sink (LlFilter *filter, GOutputStream *out)
{
  LlFilterSink *self = g_object_new (LL_TYPE_FILTER_SINK, NULL);

  self->filter = filter;
  self->out = g_object_ref (out);
  self->changed = g_malloc (room_for (filter, LL_FILTER_CHUNK));
  return G_OUTPUT_STREAM (self);
}

/* --- whole ------------------------------------------------------------------------------------ */

GBytes *
ll_filter_bytes (LlFilter *filter, const void *data, gsize length)
{
  guint8 *out = g_malloc (room_for (filter, length));
  gsize n = filter->klass->run (filter, data, length, TRUE, out);

  return ll_secret_bytes_new_take (out, n);
}

gint64
ll_stream_drain (GInputStream *in, GCancellable *cancellable, GError **error)
{
  g_autofree guint8 *chunk = g_malloc (LL_FILTER_CHUNK);
  gint64 total = 0;
  gssize n;

  while ((n = g_input_stream_read (in, chunk, LL_FILTER_CHUNK, cancellable, error)) > 0)
    total += n;
  explicit_bzero (chunk, LL_FILTER_CHUNK);
  return n < 0 ? -1 : total;
}

GBytes *
ll_stream_read_head (GInputStream *in, gsize limit, gboolean *is_cut, GCancellable *cancellable,
                     GError **error)
{
  gsize allocated = MIN (limit, LL_FILTER_CHUNK) + 1, filled = 0, n = 0;
  guint8 *data = g_malloc (allocated);

  while (g_input_stream_read_all (in, data + filled, allocated - filled, &n, cancellable, error))
    {
      gsize larger = MIN (limit, allocated * 4) + 1;
      filled += n;
      if (filled < allocated || filled > limit)
        {
          if (is_cut != NULL)
            *is_cut = filled > limit;
          return ll_secret_bytes_new_take (data, MIN (filled, limit));
        }
      guint8 *moved = g_malloc (larger);
      memcpy (moved, data, filled);
      explicit_bzero (data, filled);
      g_free (data);
      data = moved;
      allocated = larger;
    }
  explicit_bzero (data, allocated);
  g_free (data);
  return NULL;
}

gboolean
ll_stream_copy (GInputStream *in, GOutputStream *out, GCancellable *cancellable, GError **error)
{
  g_autofree guint8 *chunk = g_malloc (LL_FILTER_CHUNK);
  gssize n;

  do
    {
      n = g_input_stream_read (in, chunk, LL_FILTER_CHUNK, cancellable, error);
      if (n > 0 && !g_output_stream_write_all (out, chunk, (gsize)n, NULL, cancellable, error))
        n = -1;
    }
  while (n > 0);
  explicit_bzero (chunk, LL_FILTER_CHUNK);
  return n == 0;
}
