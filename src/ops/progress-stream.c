/* progress-stream.c - what enters: a stream and someone who wants to know. What leaves: the same
 * octets. It does not buffer, and seeks where the other one can. */
#include <config.h>

#include <errno.h>

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

static void ll_progress_stream_seekable_init (GSeekableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LlProgressStream, ll_progress_stream, G_TYPE_FILTER_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_SEEKABLE,
                                                      ll_progress_stream_seekable_init))

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

/* NULL: it cannot seek. */
static GSeekable *
base_seekable (GSeekable *self)
{
  GInputStream *base = g_filter_input_stream_get_base_stream (G_FILTER_INPUT_STREAM (self));

  return G_IS_SEEKABLE (base) && g_seekable_can_seek (G_SEEKABLE (base)) ? G_SEEKABLE (base) : NULL;
}

static goffset
progress_tell (GSeekable *seekable)
{
  GSeekable *base = base_seekable (seekable);
  return base != NULL ? g_seekable_tell (base) : 0;
}

static gboolean
progress_can_seek (GSeekable *seekable)
{
  return base_seekable (seekable) != NULL;
}

/* What is read again is told again. */
static gboolean
progress_seek (GSeekable *seekable, goffset offset, GSeekType type, GCancellable *cancellable,
               GError **error)
{
  GSeekable *base = base_seekable (seekable);

  if (base == NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, g_strerror (ESPIPE));
      return FALSE;
    }
  if (!g_seekable_seek (base, offset, type, cancellable, error))
    return FALSE;
  LL_PROGRESS_STREAM (seekable)->done = (guint64)g_seekable_tell (base);
  return TRUE;
}

static gboolean
progress_can_truncate (GSeekable *seekable)
{
  return FALSE;
}

static gboolean
progress_truncate (GSeekable *seekable, goffset offset, GCancellable *cancellable, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, g_strerror (ENOTSUP));
  return FALSE;
}

static void
ll_progress_stream_seekable_init (GSeekableIface *iface)
{
  iface->tell = progress_tell;
  iface->can_seek = progress_can_seek;
  iface->seek = progress_seek;
  iface->can_truncate = progress_can_truncate;
  iface->truncate_fn = progress_truncate;
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
