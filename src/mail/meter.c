#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "mail/meter.h"

struct _LlMeter
{
  GOutputStream parent;
  GOutputStream *out;
  guint64 limit, count;
  gboolean refused;
};

G_DEFINE_FINAL_TYPE (LlMeter, ll_meter, G_TYPE_OUTPUT_STREAM)

static gssize
meter_write (GOutputStream *stream, const void *buffer, gsize count, GCancellable *cancellable,
             GError **error)
{
  LlMeter *self = LL_METER (stream);
  gssize n = (gssize)count;

  if (count > self->limit - self->count)
    {
      g_autofree char *limit = g_format_size_full (self->limit, G_FORMAT_SIZE_LONG_FORMAT);

      self->refused = TRUE;
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("The content is larger than the limit of %s."), limit);
      return -1;
    }
  if (self->out != NULL)
    n = g_output_stream_write (self->out, buffer, count, cancellable, error);
  if (n > 0)
    self->count += (guint64)n;
  return n;
}

static void
ll_meter_finalize (GObject *object)
{
  g_clear_object (&LL_METER (object)->out);
  G_OBJECT_CLASS (ll_meter_parent_class)->finalize (object);
}

static void
ll_meter_class_init (LlMeterClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ll_meter_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = meter_write;
}

static void
ll_meter_init (LlMeter *self)
{
}

LlMeter *
ll_meter_new (GOutputStream *out, guint64 limit)
{
  LlMeter *self = g_object_new (LL_TYPE_METER, NULL);

  self->out = out != NULL ? g_object_ref (out) : NULL;
  self->limit = limit;
  return self;
}

guint64
ll_meter_get_count (LlMeter *meter)
{
  return meter->count;
}

gboolean
ll_meter_has_refused (LlMeter *meter)
{
  return meter->refused;
}
