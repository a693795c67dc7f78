#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <gio/gfiledescriptorbased.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/output.h"
#include "base/secret.h"
#include "base/text.h"
#include "bridge/source.h"

/* What ranges of one source share. */
typedef struct
{
  gatomicrefcount references;

  /* One of the three. */
  GBytes *bytes;
  LlSpool *spool;
  GFileDescriptorBased *file;

  gboolean away;        /* bytes that are not to be looked at in place */
  char *name;           /* of the file, made safe */
  struct stat status;   /* of the file when it was opened */
  guint64 base;         /* where in the file we began */
  GInputStream *reader; /* of the spool, for single reads */
  GError *failure;      /* the first one; nothing can be read after it */
} Store;

struct _LlSource
{
  gatomicrefcount references;
  Store *store;
  guint64 start, size;
};

static Store *
store_new (void)
{
  Store *store = g_new0 (Store, 1);
  g_atomic_ref_count_init (&store->references);
  return store;
}

static void
store_unref (Store *store)
{
  if (!g_atomic_ref_count_dec (&store->references))
    return;
  g_clear_pointer (&store->bytes, g_bytes_unref);
  g_clear_object (&store->reader);
  g_clear_object (&store->spool);
  g_clear_object (&store->file);
  g_clear_error (&store->failure);
  g_free (store->name);
  g_free (store);
}

static LlSource *
source_new (Store *store, guint64 start, guint64 size)
{
  LlSource *source = g_new0 (LlSource, 1);

  g_atomic_ref_count_init (&source->references);
  source->store = store;
  source->start = start;
  source->size = size;
  return source;
}

LlSource *
ll_source_ref (LlSource *source)
{
  g_atomic_ref_count_inc (&source->references);
  return source;
}

void
ll_source_unref (LlSource *source)
{
  if (!g_atomic_ref_count_dec (&source->references))
    return;
  store_unref (source->store);
  g_free (source);
}

LlSource *
ll_source_new (GBytes *bytes)
{
  Store *store = store_new ();

  store->bytes = g_bytes_ref (bytes);
  return source_new (store, 0, g_bytes_get_size (bytes));
}

LlSource *
ll_source_new_away (GBytes *bytes)
{
  LlSource *source = ll_source_new (bytes);

  source->store->away = TRUE;
  return source;
}

LlSource *
ll_source_new_spool (LlSpool *spool, GError **error)
{
  gsize length = (gsize)ll_spool_get_length (spool);
  g_autoptr (GInputStream) reader = NULL;
  Store *store;

  if (length <= LL_SOURCE_MEMORY_BYTES)
    {
      g_autoptr (GBytes) bytes = ll_spool_get_bytes (spool, length, error);
      return bytes != NULL ? ll_source_new (bytes) : NULL;
    }
  reader = ll_spool_open (spool, error);
  if (reader == NULL)
    return NULL;
  store = store_new ();
  store->spool = g_object_ref (spool);
  store->reader = g_steal_pointer (&reader);
  return source_new (store, 0, length);
}

LlSource *
ll_source_new_range (LlSource *source, guint64 start, guint64 end)
{
  end = MIN (end, source->size);
  start = MIN (start, end);
  g_atomic_ref_count_inc (&source->store->references);
  return source_new (source->store, source->start + start, end - start);
}

/* --- files ------------------------------------------------------------------------------------ */

/* A regular file, and what of it is still to be read. */
static gboolean
is_file (int fd, struct stat *status, off_t *at)
{
  if (fstat (fd, status) != 0 || !S_ISREG (status->st_mode))
    return FALSE;
  *at = lseek (fd, 0, SEEK_CUR);
  return *at >= 0 && status->st_size >= *at;
}

/* NULL without error when it is not as long as it seemed, as files of the kernel are. */
static LlSource *
read_small (int fd, gsize size)
{
  guint8 *data = g_malloc (size + 1);
  g_autoptr (GBytes) bytes = ll_secret_bytes_new_take (data, size);
  gssize n = pread (fd, data, size + 1, lseek (fd, 0, SEEK_CUR));

  return n == (gssize)size && size > 0 ? ll_source_new (bytes) : NULL;
}

static const char *
name_for_people (const char *path)
{
  return path != NULL && strcmp (path, "-") != 0 ? path : _ ("standard input");
}

/* What a pipe gives can be read once: it is taken in. */
static LlSource *
take_in (GInputStream *in, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (LlSpool) spool = ll_spool_new_from_stream (LL_SPOOL_SECRET, in, cancellable, &local);

  if (spool != NULL)
    return ll_source_new_spool (spool, error);
  if (local->domain == LL_ERROR || g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_steal_pointer (&local));
  else
    {
      g_autofree char *name = ll_text_safe (name_for_people (path), -1);
      g_set_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT, _ ("“%s” cannot be read: %s"), name,
                   local->message);
    }
  return NULL;
}

LlSource *
ll_source_new_path (const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GInputStream) in = ll_input_open (path, error);
  LlSource *small = NULL;
  struct stat status;
  Store *store;
  off_t at = 0;
  gboolean regular;
  int fd;

  if (in == NULL)
    return NULL;
  fd = g_file_descriptor_based_get_fd (G_FILE_DESCRIPTOR_BASED (in));
  regular = is_file (fd, &status, &at);
  if (regular && status.st_size - at <= LL_SOURCE_MEMORY_BYTES)
    small = read_small (fd, (gsize)(status.st_size - at));
  if (small != NULL)
    return small;
  if (!regular || status.st_size - at <= LL_SOURCE_MEMORY_BYTES)
    return take_in (in, path, cancellable, error);
  store = store_new ();
  store->file = G_FILE_DESCRIPTOR_BASED (g_steal_pointer (&in));
  store->status = status;
  store->base = (guint64)at;
  store->name = ll_text_safe (name_for_people (path), -1);
  return source_new (store, 0, (guint64)(status.st_size - at));
}

static void
fail_file (Store *store, const char *why)
{
  if (store->failure == NULL)
    g_set_error (&store->failure, LL_ERROR, LL_ERROR_MISSING_INPUT, _ ("“%s” cannot be read: %s"),
                 store->name, why);
}

static gsize
read_file (Store *store, guint64 at, void *buffer, gsize size)
{
  int fd = g_file_descriptor_based_get_fd (store->file);
  gsize done = 0;

  while (done < size)
    {
      gssize n = pread (fd, (char *)buffer + done, size - done, (off_t)(store->base + at + done));
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        {
          fail_file (store, n < 0 ? g_strerror (errno) : _ ("it became shorter meanwhile."));
          return 0;
        }
      done += (gsize)n;
    }
  return done;
}

static gboolean
is_same_file (const Store *store)
{
  struct stat now;

  return fstat (g_file_descriptor_based_get_fd (store->file), &now) == 0
         && now.st_size == store->status.st_size
         && now.st_mtim.tv_sec == store->status.st_mtim.tv_sec
         && now.st_mtim.tv_nsec == store->status.st_mtim.tv_nsec;
}

gboolean
ll_source_check (LlSource *source, GError **error)
{
  Store *store = source->store;

  if (store->failure == NULL && store->file != NULL && !is_same_file (store))
    g_set_error (&store->failure, LL_ERROR, LL_ERROR_MISSING_INPUT,
                 _ ("“%s” was changed while it was read. Try again when nothing writes to it."),
                 store->name);
  if (store->failure == NULL)
    return TRUE;
  g_propagate_error (error, g_error_copy (store->failure));
  return FALSE;
}

/* --- reading ---------------------------------------------------------------------------------- */

guint64
ll_source_get_size (const LlSource *source)
{
  return source->size;
}

const char *
ll_source_peek (const LlSource *source)
{
  const Store *store = source->store;

  if (store->bytes == NULL || store->away)
    return NULL;
  return source->size > 0 ? (const char *)g_bytes_get_data (store->bytes, NULL) + source->start
                          : "";
}

static gsize
read_spool (Store *store, guint64 at, void *buffer, gsize size)
{
  gsize done = 0;

  if (!g_seekable_seek (G_SEEKABLE (store->reader), (goffset)at, G_SEEK_SET, NULL, &store->failure)
      || !g_input_stream_read_all (store->reader, buffer, size, &done, NULL, &store->failure))
    return 0;
  return done;
}

gsize
ll_source_read (LlSource *source, guint64 start, void *buffer, gsize size)
{
  Store *store = source->store;

  if (start >= source->size || store->failure != NULL)
    return 0;
  size = (gsize)MIN (size, source->size - start);
  start += source->start;
  if (store->file != NULL)
    return read_file (store, start, buffer, size);
  if (store->spool != NULL)
    return read_spool (store, start, buffer, size);
  memcpy (buffer, (const char *)g_bytes_get_data (store->bytes, NULL) + start, size);
  return size;
}

GBytes *
ll_source_dup_bytes (LlSource *source, guint64 start, guint64 end)
{
  char *data;
  gsize size;

  end = MIN (end, source->size);
  if (start >= end)
    return g_bytes_new_static ("", 0);
  size = (gsize)(end - start);
  if (source->store->bytes != NULL)
    return g_bytes_new_from_bytes (source->store->bytes, source->start + start, size);
  data = g_malloc (size);
  size = ll_source_read (source, start, data, size);
  return ll_secret_bytes_new_take (data, size);
}

/* --- as a stream ------------------------------------------------------------------------------ */

#define LL_TYPE_SOURCE_STREAM (ll_source_stream_get_type ())
G_DECLARE_FINAL_TYPE (LlSourceStream, ll_source_stream, LL, SOURCE_STREAM, GInputStream)

struct _LlSourceStream
{
  GInputStream parent;
  LlSource *source;
  guint64 at;
};

G_DEFINE_FINAL_TYPE (LlSourceStream, ll_source_stream, G_TYPE_INPUT_STREAM)

static gssize
stream_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
             GError **error)
{
  LlSourceStream *self = LL_SOURCE_STREAM (stream);
  Store *store = self->source->store;
  gsize n;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;
  n = ll_source_read (self->source, self->at, buffer, count);
  if (store->failure != NULL)
    {
      g_propagate_error (error, g_error_copy (store->failure));
      return -1;
    }
  self->at += n;
  return (gssize)n;
}

static void
ll_source_stream_finalize (GObject *object)
{
  ll_source_unref (LL_SOURCE_STREAM (object)->source);
  G_OBJECT_CLASS (ll_source_stream_parent_class)->finalize (object);
}

static void
ll_source_stream_class_init (LlSourceStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ll_source_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = stream_read;
}

static void
ll_source_stream_init (LlSourceStream *self)
{
}

GInputStream *
ll_source_open (LlSource *source)
{
  LlSourceStream *self;

  if (ll_source_peek (source) != NULL)
    {
      g_autoptr (GBytes) bytes = ll_source_dup_bytes (source, 0, source->size);
      return g_memory_input_stream_new_from_bytes (bytes);
    }
  self = g_object_new (LL_TYPE_SOURCE_STREAM, NULL);
  self->source = ll_source_ref (source);
  return G_INPUT_STREAM (self);
}
