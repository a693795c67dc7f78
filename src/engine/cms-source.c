#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "bridge/spool.h"
#include "engine/cms-source-private.h"

#define CHUNK_BYTES (256 * 1024)

struct _LlCmsSource
{
  GInputStream *in;
  GCancellable *cancellable;
  goffset start;       /* where the object begins in `in`, if that can seek */
  LlCmsReader *reader; /* of this pass */
  LlCmsReader *seen;   /* of the pass that looked ahead; or NULL */

  LlSpool *ciphertext; /* where `in` cannot seek, after looking ahead */
  GInputStream *kept;  /* out of it */
};

static gboolean
can_seek (const LlCmsSource *self)
{
  return G_IS_SEEKABLE (self->in) && g_seekable_can_seek (G_SEEKABLE (self->in));
}

LlCmsSource *
ll_cms_source_open (GInputStream *in, GCancellable *cancellable, GError **error)
{
  g_autoptr (LlCmsSource) self = g_new0 (LlCmsSource, 1);

  self->in = g_object_ref (in);
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->start = can_seek (self) ? g_seekable_tell (G_SEEKABLE (in)) : 0;
  self->reader = ll_cms_reader_open (in, cancellable, error);
  return self->reader != NULL ? g_steal_pointer (&self) : NULL;
}

void
ll_cms_source_free (LlCmsSource *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->reader, ll_cms_reader_free);
  g_clear_pointer (&self->seen, ll_cms_reader_free);
  g_clear_object (&self->kept);
  g_clear_object (&self->ciphertext);
  g_clear_object (&self->in);
  g_clear_object (&self->cancellable);
  g_free (self);
}

const LlCmsParts *
ll_cms_source_get_parts (const LlCmsSource *self)
{
  return ll_cms_reader_get_parts (self->seen != NULL ? self->seen : self->reader);
}

GBytes *
ll_cms_source_get_recipients (const LlCmsSource *self)
{
  return ll_cms_reader_get_recipients (self->reader);
}

/* ---- reading again ---- */

static gboolean
keep_ciphertext (LlCmsSource *self, GError **error)
{
  g_autoptr (LlSpool) spool = ll_spool_new (LL_SPOOL_PUBLIC);
  g_autofree guint8 *chunk = g_malloc (CHUNK_BYTES);
  gssize n;

  while ((n = ll_cms_reader_read (self->reader, chunk, CHUNK_BYTES, error)) > 0)
    if (!g_output_stream_write_all (G_OUTPUT_STREAM (spool), chunk, (gsize)n, NULL,
                                    self->cancellable, error))
      return FALSE;
  if (n < 0 || !ll_cms_reader_finish (self->reader, error))
    return FALSE;
  self->ciphertext = g_steal_pointer (&spool);
  return TRUE;
}

gboolean
ll_cms_source_rewind (LlCmsSource *self, GError **error)
{
  if (self->ciphertext != NULL)
    {
      g_clear_object (&self->kept);
      self->kept = ll_spool_open (self->ciphertext, error);
      return self->kept != NULL;
    }
  g_return_val_if_fail (self->seen != NULL, FALSE);
  g_clear_pointer (&self->reader, ll_cms_reader_free);
  if (!g_seekable_seek (G_SEEKABLE (self->in), self->start, G_SEEK_SET, self->cancellable, error))
    return FALSE;
  self->reader = ll_cms_reader_open (self->in, self->cancellable, error);
  return self->reader != NULL;
}

gboolean
ll_cms_source_look_ahead (LlCmsSource *self, GError **error)
{
  if (self->seen != NULL || self->ciphertext != NULL)
    return TRUE;
  if (!can_seek (self))
    return keep_ciphertext (self, error) && ll_cms_source_rewind (self, error);
  if (!ll_cms_reader_finish (self->reader, error))
    return FALSE;
  self->seen = g_steal_pointer (&self->reader);
  return ll_cms_source_rewind (self, error);
}

/* ---- the content ---- */

gssize
ll_cms_source_read (LlCmsSource *self, guint8 *buffer, gsize size, GError **error)
{
  gsize filled = 0;

  while (filled < size)
    {
      gssize n = self->kept != NULL
                     ? g_input_stream_read (self->kept, buffer + filled, size - filled,
                                            self->cancellable, error)
                     : ll_cms_reader_read (self->reader, buffer + filled, size - filled, error);
      if (n < 0)
        return -1;
      if (n == 0)
        break;
      filled += (gsize)n;
    }
  return (gssize)filled;
}

static gboolean
same_bytes (GBytes *one, GBytes *other)
{
  return one == NULL || other == NULL ? one == other : g_bytes_equal (one, other);
}

gboolean
ll_cms_source_finish (LlCmsSource *self, GError **error)
{
  if (self->kept != NULL)
    return TRUE;
  if (!ll_cms_reader_finish (self->reader, error))
    return FALSE;
  if (self->seen == NULL)
    return TRUE;

  const LlCmsParts *now = ll_cms_reader_get_parts (self->reader),
                   *before = ll_cms_reader_get_parts (self->seen);
  if (same_bytes (now->content_algorithm, before->content_algorithm)
      && same_bytes (now->authenticated, before->authenticated)
      && same_bytes (now->mac, before->mac))
    return TRUE;
  g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                       _ ("The S/MIME (CMS) object has changed while it was read."));
  return FALSE;
}
