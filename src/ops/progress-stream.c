/* progress-stream.c - what enters: a stream and someone who wants to know. What leaves: the same
 * octets. It neither buffers nor seeks. */
#include <config.h>

#include "ops/progress-stream.h"

#define LL_TYPE_PROGRESS_STREAM (ll_progress_stream_get_type ())
G_DECLARE_FINAL_TYPE (LlProgressStream, ll_progress_stream, LL, PROGRESS_STREAM, GFilterInputStream)

struct _LlProgressStream
{
  GFilterInputStream parent;
  LlProgress progress;
  gpointer data;
  guint64 done;
};

G_DEFINE_FINAL_TYPE (LlProgressStream, ll_progress_stream, G_TYPE_FILTER_INPUT_STREAM)

static gssize
progress_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
               GError **error)
{
  LlProgressStream *self = LL_PROGRESS_STREAM (stream);
  GInputStream *base = g_filter_input_stream_get_base_stream (G_FILTER_INPUT_STREAM (stream));
  gssize n = g_input_stream_read (base, buffer, count, cancellable, error);

  if (n > 0)
    self->done += (guint64)n;
  if (n > 0 && self->progress != NULL)
    self->progress (self->done, self->data);
  return n;
}

static void
ll_progress_stream_class_init (LlProgressStreamClass *klass)
{
  G_INPUT_STREAM_CLASS (klass)->read_fn = progress_read;
}

static void
ll_progress_stream_init (LlProgressStream *self)
{
}

GInputStream *
ll_progress_stream_new (GInputStream *base, LlProgress progress, gpointer data)
{
  LlProgressStream *self = g_object_new (LL_TYPE_PROGRESS_STREAM, "base-stream", base, NULL);

  self->progress = progress;
  self->data = data;
  return G_INPUT_STREAM (self);
}
