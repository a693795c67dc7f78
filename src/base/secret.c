#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "base/secret.h"

typedef struct
{
  guint8 *data;
  gsize length;
} Secret;

static void
secret_free (gpointer data)
{
  Secret *secret = data;
  if (secret->data != NULL)
    explicit_bzero (secret->data, secret->length);
  g_free (secret->data);
  g_free (secret);
}

GBytes *
ll_secret_bytes_new_take (gpointer data, gsize length)
{
  Secret *secret = g_new (Secret, 1);
  *secret = (Secret){ data, length };
  return g_bytes_new_with_free_func (data, length, secret_free, secret);
}

#define LL_TYPE_SECRET_SINK (ll_secret_sink_get_type ())
G_DECLARE_FINAL_TYPE (LlSecretSink, ll_secret_sink, LL, SECRET_SINK, GOutputStream)

struct _LlSecretSink
{
  GOutputStream parent;
  guint8 *data;
  gsize length, allocated, limit;
  gboolean full;
  gboolean refused;
};

G_DEFINE_FINAL_TYPE (LlSecretSink, ll_secret_sink, G_TYPE_OUTPUT_STREAM)

static void
sink_grow (LlSecretSink *self, gsize needed)
{
  gsize size = MAX (MAX (needed, self->allocated * 2), 4096);
  guint8 *data = g_malloc (size);

  if (self->length > 0)
    memcpy (data, self->data, self->length);
  if (self->data != NULL)
    explicit_bzero (self->data, self->length);
  g_free (self->data);
  self->data = data;
  self->allocated = size;
}

static gssize
sink_write (GOutputStream *stream, const void *buffer, gsize count, GCancellable *cancellable,
            GError **error)
{
  LlSecretSink *self = LL_SECRET_SINK (stream);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;
  if (count > self->limit - self->length)
    {
      self->full = TRUE;
      self->refused = TRUE;
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("The content is larger than the limit of %zu bytes."), self->limit);
      return -1;
    }
  if (self->length + count > self->allocated)
    sink_grow (self, self->length + count);
  if (count > 0)
    memcpy (self->data + self->length, buffer, count);
  self->length += count;
  return (gssize)count;
}

static void
ll_secret_sink_finalize (GObject *object)
{
  LlSecretSink *self = LL_SECRET_SINK (object);

  if (self->data != NULL)
    explicit_bzero (self->data, self->length);
  g_free (self->data);
  G_OBJECT_CLASS (ll_secret_sink_parent_class)->finalize (object);
}

static void
ll_secret_sink_class_init (LlSecretSinkClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ll_secret_sink_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = sink_write;
}

static void
ll_secret_sink_init (LlSecretSink *self)
{
}

GOutputStream *
ll_secret_sink_new (gsize limit)
{
  LlSecretSink *self = g_object_new (LL_TYPE_SECRET_SINK, NULL);
  self->limit = limit;
  return G_OUTPUT_STREAM (self);
}

gboolean
ll_secret_sink_has_refused (GOutputStream *sink)
{
  return LL_SECRET_SINK (sink)->refused;
}

gboolean
ll_secret_sink_is_full (GOutputStream *sink)
{
  return LL_SECRET_SINK (sink)->full;
}

void
ll_secret_sink_expect (GOutputStream *sink, gsize length)
{
  LlSecretSink *self = LL_SECRET_SINK (sink);

  length = MIN (length, self->limit);
  if (length > self->allocated)
    sink_grow (self, length);
}

GBytes *
ll_secret_sink_steal (GOutputStream *sink)
{
  LlSecretSink *self = LL_SECRET_SINK (sink);
  gsize length = self->length;

  self->length = self->allocated = self->limit = 0;
  return ll_secret_bytes_new_take (g_steal_pointer (&self->data), length);
}
