#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/secret.h"
#include "bridge/openssl-glue.h"
#include "bridge/spool.h"

#define MEMORY_BYTES (1024 * 1024) /* kept without a file */
#define BUFFER_BYTES (256 * 1024)  /* written to the file at once */
#define KEY_BYTES 32
#define BLOCK_BYTES 16

struct _LlSpool
{
  GOutputStream parent;
  LlSpoolKind kind;
  gboolean ended;
  gint64 length;

  /* Up to MEMORY_BYTES the content; then what goes to the file next, as it will stand there. The
   * key follows it. */
  guint8 *memory;
  gsize filled;

  int fd;         /* -1: all is in memory */
  gint64 flushed; /* in the file */
  EVP_CIPHER_CTX *cipher;
};

G_DEFINE_FINAL_TYPE (LlSpool, ll_spool, G_TYPE_OUTPUT_STREAM)

/* --- memory ----------------------------------------------------------------------------------- */

/* Pages come to be when they are touched, and are locked then, as far as RLIMIT_MEMLOCK goes. */
static guint8 *
memory_new (void)
{
  gsize size = MEMORY_BYTES + KEY_BYTES;
  guint8 *memory = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (memory == MAP_FAILED)
    g_error ("out of memory");
  if (mlock2 (memory, size, MLOCK_ONFAULT) != 0)
    g_debug ("a spool is not locked into memory: %s", g_strerror (errno));
  madvise (memory, size, MADV_DONTDUMP);
  return memory;
}

static guint8 *
key_of (LlSpool *self)
{
  return self->memory + MEMORY_BYTES;
}

/* --- the file --------------------------------------------------------------------------------- */

static gboolean
set_file_error (GError **error, int code)
{
  g_set_error (error, LL_ERROR, LL_ERROR_OUTPUT,
               _ ("A temporary file cannot be used: %s. Set TMPDIR to a directory with room."),
               g_strerror (code));
  return FALSE;
}

/* /tmp is often memory, and small; /var/tmp is for what is large. */
static const char *
directory_for_spools (void)
{
  const char *chosen = g_getenv ("TMPDIR");

  if (chosen != NULL && *chosen != '\0')
    return chosen;
  return g_access ("/var/tmp", W_OK | X_OK) == 0 ? "/var/tmp" : g_get_tmp_dir ();
}

static gboolean
open_file (LlSpool *self, GError **error)
{
  const char *directory = directory_for_spools ();

  self->fd = open (directory, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (self->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT))
    {
      g_autofree char *name = g_build_filename (directory, "letterlock-XXXXXX", NULL);
      self->fd = g_mkstemp_full (name, O_RDWR | O_CLOEXEC, 0600);
      if (self->fd >= 0)
        g_unlink (name);
    }
  return self->fd >= 0 || set_file_error (error, errno);
}

static gboolean
flush_memory (LlSpool *self, GError **error)
{
  for (gsize done = 0; done < self->filled;)
    {
      gssize n = pwrite (self->fd, self->memory + done, self->filled - done, self->flushed);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return set_file_error (error, n < 0 ? errno : ENOSPC);
      done += (gsize)n;
      self->flushed += n;
    }
  self->filled = 0;
  return TRUE;
}

/* AES-256 in counter mode, the counter being the number of the block: each key belongs to one
 * spool, and each of its octets is written once, so that no key stream is used twice. */
static EVP_CIPHER_CTX *
cipher_at (LlSpool *self, gint64 position)
{
  g_autoptr (EVP_CIPHER_CTX) cipher = EVP_CIPHER_CTX_new ();
  guint8 counter[BLOCK_BYTES] = { 0 }, skipped[BLOCK_BYTES] = { 0 };
  guint64 block = GUINT64_TO_BE ((guint64)position / BLOCK_BYTES);
  int n;

  memcpy (counter + BLOCK_BYTES - sizeof block, &block, sizeof block);
  if (cipher == NULL
      || EVP_EncryptInit_ex2 (cipher, EVP_aes_256_ctr (), key_of (self), counter, NULL) != 1
      || EVP_EncryptUpdate (cipher, skipped, &n, skipped, (int)(position % BLOCK_BYTES)) != 1)
    return NULL;
  return g_steal_pointer (&cipher);
}

static gboolean
apply (EVP_CIPHER_CTX *cipher, guint8 *to, const guint8 *from, gsize length, GError **error)
{
  int n;

  if (cipher == NULL || EVP_EncryptUpdate (cipher, to, &n, from, (int)length) == 1)
    return TRUE;
  return ll_openssl_set_error (error, LL_ERROR_FAILED, _ ("A temporary file cannot be encrypted"));
}

/* What has been kept in memory so far goes out, and the file takes over. */
static gboolean
move_to_file (LlSpool *self, GError **error)
{
  if (self->kind == LL_SPOOL_SECRET)
    {
      if (RAND_priv_bytes (key_of (self), KEY_BYTES) == 1)
        self->cipher = cipher_at (self, 0);
      if (self->cipher == NULL)
        return ll_openssl_set_error (error, LL_ERROR_FAILED,
                                     _ ("A temporary file cannot be encrypted"));
    }
  return apply (self->cipher, self->memory, self->memory, self->filled, error)
         && open_file (self, error) && flush_memory (self, error);
}

/* --- writing ---------------------------------------------------------------------------------- */

static gssize
spool_write (GOutputStream *stream, const void *buffer, gsize count, GCancellable *cancellable,
             GError **error)
{
  LlSpool *self = LL_SPOOL (stream);

  g_return_val_if_fail (!self->ended, -1);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;
  if (self->fd < 0 && count > MEMORY_BYTES - self->filled && !move_to_file (self, error))
    return -1;
  if (self->fd < 0)
    memcpy (self->memory + self->filled, buffer, count);
  else
    {
      count = MIN (count, BUFFER_BYTES - self->filled);
      if (self->cipher == NULL)
        memcpy (self->memory + self->filled, buffer, count);
      else if (!apply (self->cipher, self->memory + self->filled, buffer, count, error))
        return -1;
    }
  self->filled += count;
  self->length += (gint64)count;
  if (self->fd >= 0 && self->filled == BUFFER_BYTES && !flush_memory (self, error))
    return -1;
  return (gssize)count;
}

static void
ll_spool_finalize (GObject *object)
{
  LlSpool *self = LL_SPOOL (object);

  /* only what was touched: to wipe the rest would bring it into being */
  explicit_bzero (self->memory,
                  self->fd >= 0 ? MEMORY_BYTES : (gsize)MIN (self->length, MEMORY_BYTES));
  explicit_bzero (key_of (self), KEY_BYTES);
  munmap (self->memory, MEMORY_BYTES + KEY_BYTES);
  EVP_CIPHER_CTX_free (self->cipher);
  if (self->fd >= 0)
    close (self->fd);
  G_OBJECT_CLASS (ll_spool_parent_class)->finalize (object);
}

static void
ll_spool_class_init (LlSpoolClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ll_spool_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = spool_write;
}

static void
ll_spool_init (LlSpool *self)
{
  self->fd = -1;
  self->memory = memory_new ();
}

LlSpool *
ll_spool_new (LlSpoolKind kind)
{
  LlSpool *self = g_object_new (LL_TYPE_SPOOL, NULL);
  self->kind = kind;
  return self;
}

LlSpool *
ll_spool_new_from_stream (LlSpoolKind kind, GInputStream *in, GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (LlSpool) self = ll_spool_new (kind);
  g_autofree guint8 *chunk = g_malloc (BUFFER_BYTES);
  gssize n;

  while ((n = g_input_stream_read (in, chunk, BUFFER_BYTES, cancellable, error)) > 0)
    if (!g_output_stream_write_all (G_OUTPUT_STREAM (self), chunk, (gsize)n, NULL, cancellable,
                                    error))
      {
        n = -1;
        break;
      }
  if (kind == LL_SPOOL_SECRET)
    explicit_bzero (chunk, BUFFER_BYTES);
  return n == 0 ? g_steal_pointer (&self) : NULL;
}

gint64
ll_spool_get_length (LlSpool *spool)
{
  g_return_val_if_fail (LL_IS_SPOOL (spool), 0);
  return spool->length;
}

/* --- reading ---------------------------------------------------------------------------------- */

#define LL_TYPE_SPOOL_READER (ll_spool_reader_get_type ())
G_DECLARE_FINAL_TYPE (LlSpoolReader, ll_spool_reader, LL, SPOOL_READER, GInputStream)

struct _LlSpoolReader
{
  GInputStream parent;
  LlSpool *spool;
  gint64 start, end; /* the window, in the spool */
  gint64 position;   /* in the spool */
  EVP_CIPHER_CTX *cipher;
  gint64 cipher_position; /* what the cipher stands at */
};

static void ll_spool_reader_seekable_init (GSeekableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LlSpoolReader, ll_spool_reader, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_SEEKABLE,
                                                      ll_spool_reader_seekable_init))

static gssize
read_file (LlSpoolReader *self, guint8 *buffer, gsize count, GError **error)
{
  LlSpool *spool = self->spool;
  gssize n;

  do
    n = pread (spool->fd, buffer, count, self->position);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    {
      set_file_error (error, n < 0 ? errno : EIO);
      return -1;
    }
  if (spool->kind == LL_SPOOL_PUBLIC)
    return n;
  if (self->cipher == NULL || self->cipher_position != self->position)
    {
      EVP_CIPHER_CTX_free (self->cipher);
      self->cipher = cipher_at (spool, self->position);
    }
  if (self->cipher == NULL || !apply (self->cipher, buffer, buffer, (gsize)n, error))
    return -1;
  self->cipher_position = self->position + n;
  return n;
}

static gssize
reader_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
             GError **error)
{
  LlSpoolReader *self = LL_SPOOL_READER (stream);
  gint64 left = self->end - self->position;
  gssize n;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;
  count = MIN (count, (gsize)MIN (MAX (left, 0), (gint64)(G_MAXINT / 2)));
  if (count == 0)
    return 0;
  if (self->spool->fd >= 0)
    n = read_file (self, buffer, count, error);
  else
    {
      memcpy (buffer, self->spool->memory + self->position, count);
      n = (gssize)count;
    }
  if (n > 0)
    self->position += n;
  return n;
}

static gssize
reader_skip (GInputStream *stream, gsize count, GCancellable *cancellable, GError **error)
{
  LlSpoolReader *self = LL_SPOOL_READER (stream);
  gint64 left = MAX (self->end - self->position, 0);

  count = MIN (count, (gsize)MIN (left, (gint64)G_MAXSSIZE));
  self->position += (gint64)count;
  return (gssize)count;
}

static goffset
reader_tell (GSeekable *seekable)
{
  LlSpoolReader *self = LL_SPOOL_READER (seekable);
  return self->position - self->start;
}

static gboolean
reader_can_seek (GSeekable *seekable)
{
  return TRUE;
}

static gboolean
reader_seek (GSeekable *seekable, goffset offset, GSeekType type, GCancellable *cancellable,
             GError **error)
{
  LlSpoolReader *self = LL_SPOOL_READER (seekable);
  gint64 base = type == G_SEEK_SET ? self->start : type == G_SEEK_CUR ? self->position : self->end;

  if (offset < self->start - base || offset > self->end - base)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           _ ("There is nothing at this place."));
      return FALSE;
    }
  self->position = base + offset;
  return TRUE;
}

static gboolean
reader_can_truncate (GSeekable *seekable)
{
  return FALSE;
}

static gboolean
reader_truncate (GSeekable *seekable, goffset offset, GCancellable *cancellable, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                       _ ("This stream can only be read."));
  return FALSE;
}

static void
ll_spool_reader_seekable_init (GSeekableIface *iface)
{
  iface->tell = reader_tell;
  iface->can_seek = reader_can_seek;
  iface->seek = reader_seek;
  iface->can_truncate = reader_can_truncate;
  iface->truncate_fn = reader_truncate;
}

static void
ll_spool_reader_finalize (GObject *object)
{
  LlSpoolReader *self = LL_SPOOL_READER (object);

  EVP_CIPHER_CTX_free (self->cipher);
  g_clear_object (&self->spool);
  G_OBJECT_CLASS (ll_spool_reader_parent_class)->finalize (object);
}

static void
ll_spool_reader_class_init (LlSpoolReaderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ll_spool_reader_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = reader_read;
  G_INPUT_STREAM_CLASS (klass)->skip = reader_skip;
}

static void
ll_spool_reader_init (LlSpoolReader *self)
{
}

GInputStream *
ll_spool_open_range (LlSpool *spool, gint64 offset, gint64 length, GError **error)
{
  g_return_val_if_fail (LL_IS_SPOOL (spool), NULL);
  g_return_val_if_fail (offset >= 0 && offset <= spool->length, NULL);
  g_return_val_if_fail (length >= -1 && length <= spool->length - offset, NULL);

  if (spool->fd >= 0 && !spool->ended && !flush_memory (spool, error))
    return NULL;
  spool->ended = TRUE;

  LlSpoolReader *self = g_object_new (LL_TYPE_SPOOL_READER, NULL);
  self->spool = g_object_ref (spool);
  self->start = self->position = offset;
  self->end = length < 0 ? spool->length : offset + length;
  return G_INPUT_STREAM (self);
}

GInputStream *
ll_spool_open (LlSpool *spool, GError **error)
{
  return ll_spool_open_range (spool, 0, -1, error);
}

gboolean
ll_spool_copy (LlSpool *spool, GOutputStream *out, GCancellable *cancellable, GError **error)
{
  g_autoptr (GInputStream) in = ll_spool_open (spool, error);
  g_autofree guint8 *chunk = g_malloc (BUFFER_BYTES);
  gssize n = -1;

  while (in != NULL && (n = g_input_stream_read (in, chunk, BUFFER_BYTES, cancellable, error)) > 0)
    if (!g_output_stream_write_all (out, chunk, (gsize)n, NULL, cancellable, error))
      {
        n = -1;
        break;
      }
  if (spool->kind == LL_SPOOL_SECRET)
    explicit_bzero (chunk, BUFFER_BYTES);
  return n == 0;
}

GBytes *
ll_spool_get_bytes (LlSpool *spool, gsize limit, GError **error)
{
  g_autoptr (GInputStream) in = ll_spool_open (spool, error);
  gsize length = (gsize)ll_spool_get_length (spool);

  if (in == NULL)
    return NULL;
  if (length > limit)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("The content is larger than the limit of %zu bytes."), limit);
      return NULL;
    }
  g_autoptr (GBytes) bytes = ll_secret_bytes_new_take (g_malloc (MAX (length, 1)), length);
  if (!g_input_stream_read_all (in, (gpointer)g_bytes_get_data (bytes, NULL), length, NULL, NULL,
                                error))
    return NULL;
  return g_steal_pointer (&bytes);
}
