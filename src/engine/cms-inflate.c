#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/error.h"
#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "engine/cms-inflate-private.h"
#include "engine/engine-smime-private.h"

#define BUFFER_BYTES (16 * 1024)

struct _LlCmsInflate
{
  GInputStream parent_instance;

  LlCmsReader *reader; /* borrowed */
  GConverter *inflater;
  guint8 buffer[BUFFER_BYTES]; /* compressed octets that have not been used yet */
  gsize start, end;
  guint64 n_in, n_out;
  gboolean source_ended, ended;
};

G_DECLARE_FINAL_TYPE (LlCmsInflate, ll_cms_inflate, LL, CMS_INFLATE, GInputStream)
G_DEFINE_FINAL_TYPE (LlCmsInflate, ll_cms_inflate, G_TYPE_INPUT_STREAM)

static gboolean
fail_damaged (GError **error)
{
  g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                       _ ("The compressed S/MIME (CMS) data are damaged."));
  return FALSE;
}

/* Makes more compressed octets stand in the buffer, or learns that there are none. */
static gboolean
fill (LlCmsInflate *self, GError **error)
{
  gsize rest = self->end - self->start;

  memmove (self->buffer, self->buffer + self->start, rest);
  self->start = 0;
  self->end = rest;
  gssize n = ll_cms_reader_read (self->reader, self->buffer + rest, BUFFER_BYTES - rest, error);
  if (n < 0)
    return FALSE;
  self->source_ended = n == 0;
  self->end += (gsize)n;
  self->n_in += (guint64)n;
  return TRUE;
}

static gboolean
is_within_limits (const LlCmsInflate *self, GError **error)
{
  if (self->n_out <= LL_LIMIT_INFLATED_BYTES || self->n_out / LL_LIMIT_INFLATED_RATIO <= self->n_in)
    return TRUE;
  g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
               _ ("The compressed S/MIME (CMS) data grow to more than %d times their size: they "
                  "are made to fill up memory rather than to be read."),
               LL_LIMIT_INFLATED_RATIO);
  return FALSE;
}

/* Nothing may follow the compressed octets. */
static gboolean
end_here (LlCmsInflate *self, GError **error)
{
  self->ended = TRUE;
  if (self->start < self->end)
    return fail_damaged (error);
  return fill (self, error) && (self->end == 0 || fail_damaged (error));
}

/* One step of the inflater: -1 on error; 0 may also mean that it wants more. */
static gssize
step (LlCmsInflate *self, void *out, gsize size, GError **error)
{
  g_autoptr (GError) local = NULL;
  gsize n_read = 0, n_written = 0;
  GConverterResult result
      = g_converter_convert (self->inflater, self->buffer + self->start, self->end - self->start,
                             out, size,
                             self->source_ended ? G_CONVERTER_INPUT_AT_END : G_CONVERTER_NO_FLAGS,
                             &n_read, &n_written, &local);

  self->start += n_read;
  self->n_out += n_written;
  if (result == G_CONVERTER_ERROR)
    {
      gboolean wants_more = g_error_matches (local, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT);
      gboolean can_have = !self->source_ended && self->end - self->start < BUFFER_BYTES;
      gboolean more = wants_more && can_have ? fill (self, error) : fail_damaged (error);
      return more ? 0 : -1;
    }
  if (result == G_CONVERTER_FINISHED && !end_here (self, error))
    return -1;
  return is_within_limits (self, error) ? (gssize)n_written : -1;
}

static gssize
inflate_read (GInputStream *stream, void *out, gsize size, GCancellable *cancellable,
              GError **error)
{
  LlCmsInflate *self = LL_CMS_INFLATE (stream);
  gssize n = 0;

  if (size == 0)
    return 0;
  while (n == 0 && !self->ended)
    {
      if (self->start == self->end && !self->source_ended && !fill (self, error))
        return -1;
      n = step (self, out, size, error);
    }
  return n;
}

static void
inflate_finalize (GObject *object)
{
  LlCmsInflate *self = LL_CMS_INFLATE (object);

  g_clear_object (&self->inflater);
  explicit_bzero (self->buffer, sizeof self->buffer);
  G_OBJECT_CLASS (ll_cms_inflate_parent_class)->finalize (object);
}

static void
ll_cms_inflate_class_init (LlCmsInflateClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = inflate_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = inflate_read;
}

static void
ll_cms_inflate_init (LlCmsInflate *self)
{
  self->inflater = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB));
}

/* RFC 3274 section 2: zlib is the only one there is. */
static gboolean
is_zlib (const LlCmsParts *parts)
{
  g_autoptr (X509_ALGOR) algorithm = ll_smime_parse_algorithm (parts->content_algorithm);

  return algorithm != NULL && OBJ_obj2nid (algorithm->algorithm) == NID_zlib_compression;
}

GInputStream *
ll_cms_inflate_new (LlCmsReader *reader, GError **error)
{
  const LlCmsParts *parts = ll_cms_reader_get_parts (reader);
  LlCmsInflate *self;

  g_return_val_if_fail (parts->kind == LL_CMS_COMPRESSED, NULL);
  if (!is_zlib (parts))
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
                           _ ("The S/MIME (CMS) data are compressed in a way that is not known; "
                              "only zlib is."));
      return NULL;
    }
  if (!parts->has_content)
    {
      fail_damaged (error);
      return NULL;
    }
  self = g_object_new (ll_cms_inflate_get_type (), NULL);
  self->reader = reader;
  return G_INPUT_STREAM (self);
}
