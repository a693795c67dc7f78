/* output.c - where a result goes: all of it, or nothing.
 *
 * Enters: a path and a stream of octets. Leaves: the finished file under its name, or nothing. The
 * unfinished file has no name at all where the file system can do that (O_TMPFILE), so that not
 * even a killed process leaves it behind; elsewhere it is a hidden file beside the final name. It
 * does not look at what is written.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <gio/gfiledescriptorbased.h>
#include <gio/gunixinputstream.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/output.h"
#include "base/secret.h"
#include "base/text.h"

/* A file name made safe to print. */
static char *
name_for_people (const char *path)
{
  g_autofree char *utf8 = g_filename_display_name (path);
  return ll_text_safe (utf8, -1);
}

/* --- the stream: write(2) with our errors ---------------------------------------------------- */

#define LL_TYPE_FD_STREAM (ll_fd_stream_get_type ())
G_DECLARE_FINAL_TYPE (LlFdStream, ll_fd_stream, LL, FD_STREAM, GOutputStream)

struct _LlFdStream
{
  GOutputStream parent;
  int fd;          /* borrowed from the LlOutput; -1 after it went */
  char *name;      /* for messages */
  gboolean failed; /* a write failed: the whole is not there */
};

G_DEFINE_FINAL_TYPE (LlFdStream, ll_fd_stream, G_TYPE_OUTPUT_STREAM)

static gboolean
set_write_error (GError **error, const char *name, int code)
{
  g_set_error (error, LL_ERROR, LL_ERROR_OUTPUT, _ ("“%s” cannot be written: %s"), name,
               g_strerror (code));
  return FALSE;
}

static gssize
fd_stream_write (GOutputStream *stream, const void *buffer, gsize count, GCancellable *cancellable,
                 GError **error)
{
  LlFdStream *self = LL_FD_STREAM (stream);
  gssize n = -1;
  int code = EBADF;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;
  if (self->fd >= 0)
    {
      do
        n = write (self->fd, buffer, count);
      while (n < 0 && errno == EINTR && !g_cancellable_is_cancelled (cancellable));
      code = errno;
    }
  if (n < 0)
    {
      self->failed = TRUE;
      set_write_error (error, self->name, code);
    }
  return n;
}

static void
ll_fd_stream_finalize (GObject *object)
{
  g_free (LL_FD_STREAM (object)->name);
  G_OBJECT_CLASS (ll_fd_stream_parent_class)->finalize (object);
}

static void
ll_fd_stream_class_init (LlFdStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ll_fd_stream_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = fd_stream_write;
}

static void
ll_fd_stream_init (LlFdStream *self)
{
  self->fd = -1;
}

/* --- the output ------------------------------------------------------------------------------ */

struct _LlOutput
{
  LlFdStream *stream;
  int fd;
  char *path;      /* the final name; NULL for standard output and for devices and pipes */
  char *directory; /* of `path` */
  char *temporary; /* the name of the unfinished file; NULL while it has none */
  gboolean force;
  guint mode;
};

/* A reader that went away is an error to report (EPIPE), not a reason to die. */
static void
ignore_broken_pipes (void)
{
  static gsize once = 0;
  struct sigaction action;

  if (!g_once_init_enter (&once))
    return;
  if (sigaction (SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
    {
      action.sa_handler = SIG_IGN;
      sigaction (SIGPIPE, &action, NULL);
    }
  g_once_init_leave (&once, 1);
}

static gboolean
is_standard (const char *path)
{
  return path == NULL || strcmp (path, "-") == 0;
}

/* A name in the directory that nothing has yet; the caller creates it exclusively. */
static char *
unused_name (const char *directory)
{
  g_autofree char *base
      = g_strdup_printf (".letterlock-%08x%08x", g_random_int (), g_random_int ());
  return g_build_filename (directory, base, NULL);
}

static gboolean
open_unfinished (LlOutput *self)
{
#ifdef O_TMPFILE
  /* it gets its name through /proc */
  if (access ("/proc/self/fd", X_OK) == 0)
    self->fd = open (self->directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (self->fd >= 0)
    return TRUE;
#endif
  self->temporary = unused_name (self->directory);
  self->fd = open (self->temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (self->fd < 0)
    g_clear_pointer (&self->temporary, g_free);
  return self->fd >= 0;
}

/* Devices and pipes are written to as they are: there is no name to put in place. */
static gboolean
open_special (LlOutput *self, const char *path)
{
  self->fd = open (path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  return self->fd >= 0;
}

static gboolean
open_file (LlOutput *self, const char *path)
{
  /* what a symbolic link points to is replaced, not the link */
  char *target = realpath (path, NULL);

  self->path = g_strdup (target != NULL ? target : path);
  free (target);
  self->directory = g_path_get_dirname (self->path);
  return open_unfinished (self);
}

static gboolean
open_path (LlOutput *self, const char *path, GError **error)
{
  g_autofree char *name = name_for_people (path);
  struct stat info;
  gboolean there, opened;

  there = stat (path, &info) == 0;
  if (there && S_ISDIR (info.st_mode))
    {
      g_set_error (error, LL_ERROR, LL_ERROR_OUTPUT,
                   _ ("“%s” is a directory. Name a file to write to."), name);
      return FALSE;
    }
  if (!(there && !S_ISREG (info.st_mode)) && !self->force && lstat (path, &info) == 0)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_OUTPUT_EXISTS,
                   _ ("“%s” exists already. Remove it, write to another name, or use --force."),
                   name);
      return FALSE;
    }
  opened = there && !S_ISREG (info.st_mode) ? open_special (self, path) : open_file (self, path);
  return opened || set_write_error (error, name, errno);
}

LlOutput *
ll_output_new (const char *path, gboolean force, guint mode, GError **error)
{
  g_autoptr (LlOutput) self = g_new0 (LlOutput, 1);

  ignore_broken_pipes ();
  self->fd = -1;
  self->force = force;
  self->mode = mode;
  if (is_standard (path))
    {
      self->fd = fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
      if (self->fd < 0)
        {
          set_write_error (error, _ ("standard output"), errno);
          return NULL;
        }
    }
  else if (!open_path (self, path, error))
    return NULL;

  self->stream = g_object_new (LL_TYPE_FD_STREAM, NULL);
  self->stream->fd = self->fd;
  self->stream->name
      = is_standard (path) ? g_strdup (_ ("standard output")) : name_for_people (path);
  return g_steal_pointer (&self);
}

GOutputStream *
ll_output_get_stream (LlOutput *output)
{
  g_return_val_if_fail (output != NULL, NULL);
  return G_OUTPUT_STREAM (output->stream);
}

gboolean
ll_output_is_staged (const LlOutput *output)
{
  g_return_val_if_fail (output != NULL, FALSE);
  return output->path != NULL;
}

/* Gives the nameless file a name; the kernel refuses one that is taken. */
static gboolean
link_nameless (LlOutput *self, const char *name)
{
  g_autofree char *source = g_strdup_printf ("/proc/self/fd/%d", self->fd);
  return linkat (AT_FDCWD, source, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
}

static gboolean
put_in_place (LlOutput *self)
{
  if (self->temporary == NULL && !self->force)
    return link_nameless (self, self->path);
  if (self->temporary == NULL)
    {
      g_autofree char *name = unused_name (self->directory);
      if (!link_nameless (self, name))
        return FALSE;
      self->temporary = g_steal_pointer (&name);
    }
  if (self->force ? rename (self->temporary, self->path) != 0
                  : link (self->temporary, self->path) != 0)
    return FALSE;
  if (!self->force)
    unlink (self->temporary);
  g_clear_pointer (&self->temporary, g_free);
  return TRUE;
}

static guint
mode_under_umask (guint mode)
{
  mode_t mask = umask (077);
  umask (mask);
  return mode & ~mask;
}

static gboolean
finish_file (LlOutput *self, GError **error)
{
  /* when an older file is replaced, a crash must not leave an empty one in its place */
  gboolean synced = !self->force || fdatasync (self->fd) == 0;

  if (!synced || fchmod (self->fd, mode_under_umask (self->mode)) != 0 || !put_in_place (self))
    {
      if (errno != EEXIST)
        return set_write_error (error, self->stream->name, errno);
      g_set_error (error, LL_ERROR, LL_ERROR_OUTPUT_EXISTS,
                   _ ("“%s” has come into being meanwhile. Remove it, or use --force."),
                   self->stream->name);
      return FALSE;
    }
  return TRUE;
}

static int
close_descriptor (LlOutput *self)
{
  int fd = self->fd;

  self->fd = -1;
  if (self->stream != NULL)
    self->stream->fd = -1;
  return fd < 0 ? 0 : close (fd);
}

gboolean
ll_output_commit (LlOutput *output, GError **error)
{
  g_return_val_if_fail (output != NULL && output->fd >= 0, FALSE);

  if (output->stream->failed)
    return set_write_error (error, output->stream->name, EIO);
  if (output->path != NULL && !finish_file (output, error))
    return FALSE;
  if (close_descriptor (output) != 0)
    {
      int code = errno;
      /* only now the disk says no: what stands there is not the result */
      if (output->path != NULL)
        unlink (output->path);
      return set_write_error (error, output->stream->name, code);
    }
  return TRUE;
}

void
ll_output_free (LlOutput *output)
{
  if (output == NULL)
    return;
  close_descriptor (output);
  if (output->temporary != NULL)
    unlink (output->temporary);
  g_clear_object (&output->stream);
  g_free (output->path);
  g_free (output->directory);
  g_free (output->temporary);
  g_free (output);
}

/* --- input ----------------------------------------------------------------------------------- */

/* A regular file, which can be read again from any place; GUnixInputStream cannot. */
#define LL_TYPE_FILE_INPUT (ll_file_input_get_type ())
G_DECLARE_FINAL_TYPE (LlFileInput, ll_file_input, LL, FILE_INPUT, GInputStream)

struct _LlFileInput
{
  GInputStream parent;
  int fd;
  gboolean close_fd;
};

static void ll_file_input_seekable_init (GSeekableIface *iface);
static void ll_file_input_descriptor_init (GFileDescriptorBasedIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LlFileInput, ll_file_input, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_SEEKABLE, ll_file_input_seekable_init)
                                   G_IMPLEMENT_INTERFACE (G_TYPE_FILE_DESCRIPTOR_BASED,
                                                          ll_file_input_descriptor_init))

static gboolean
set_read_error (GError **error, int code)
{
  g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (code), g_strerror (code));
  return FALSE;
}

static gssize
file_input_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
                 GError **error)
{
  gssize n;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;
  do
    n = read (LL_FILE_INPUT (stream)->fd, buffer, MIN (count, G_MAXINT));
  while (n < 0 && errno == EINTR);
  if (n < 0)
    set_read_error (error, errno);
  return n;
}

static goffset
file_input_tell (GSeekable *seekable)
{
  return MAX (lseek (LL_FILE_INPUT (seekable)->fd, 0, SEEK_CUR), 0);
}

static gboolean
file_input_can_seek (GSeekable *seekable)
{
  return TRUE;
}

static gboolean
file_input_seek (GSeekable *seekable, goffset offset, GSeekType type, GCancellable *cancellable,
                 GError **error)
{
  int whence = type == G_SEEK_SET ? SEEK_SET : type == G_SEEK_CUR ? SEEK_CUR : SEEK_END;

  return lseek (LL_FILE_INPUT (seekable)->fd, offset, whence) >= 0 || set_read_error (error, errno);
}

static gboolean
file_input_can_truncate (GSeekable *seekable)
{
  return FALSE;
}

static gboolean
file_input_truncate (GSeekable *seekable, goffset offset, GCancellable *cancellable, GError **error)
{
  return set_read_error (error, ENOTSUP);
}

static void
ll_file_input_seekable_init (GSeekableIface *iface)
{
  iface->tell = file_input_tell;
  iface->can_seek = file_input_can_seek;
  iface->seek = file_input_seek;
  iface->can_truncate = file_input_can_truncate;
  iface->truncate_fn = file_input_truncate;
}

static int
file_input_get_fd (GFileDescriptorBased *based)
{
  return LL_FILE_INPUT (based)->fd;
}

static void
ll_file_input_descriptor_init (GFileDescriptorBasedIface *iface)
{
  iface->get_fd = file_input_get_fd;
}

static void
ll_file_input_finalize (GObject *object)
{
  LlFileInput *self = LL_FILE_INPUT (object);

  if (self->close_fd)
    close (self->fd);
  G_OBJECT_CLASS (ll_file_input_parent_class)->finalize (object);
}

static void
ll_file_input_class_init (LlFileInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ll_file_input_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = file_input_read;
}

static void
ll_file_input_init (LlFileInput *self)
{
}

static GInputStream *
file_input_new (int fd, gboolean close_fd)
{
  LlFileInput *self = g_object_new (LL_TYPE_FILE_INPUT, NULL);

  self->fd = fd;
  self->close_fd = close_fd;
  return G_INPUT_STREAM (self);
}

static gboolean
set_input_error (GError **error, const char *name, const char *why)
{
  g_set_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT, _ ("“%s” cannot be read: %s"), name, why);
  return FALSE;
}

GInputStream *
ll_input_open (const char *path, GError **error)
{
  gboolean standard = is_standard (path);
  g_autofree char *name = standard ? g_strdup (_ ("standard input")) : name_for_people (path);
  int fd = standard ? STDIN_FILENO : open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  struct stat info;

  if (fd < 0 || fstat (fd, &info) != 0)
    {
      set_input_error (error, name, g_strerror (errno));
      return NULL;
    }
  if (S_ISDIR (info.st_mode))
    {
      set_input_error (error, name, _ ("it is a directory"));
      if (!standard)
        close (fd);
      return NULL;
    }
  return S_ISREG (info.st_mode) ? file_input_new (fd, !standard)
                                : g_unix_input_stream_new (fd, !standard);
}

GBytes *
ll_input_read (const char *path, gsize limit, GCancellable *cancellable, GError **error)
{
  g_autoptr (GInputStream) in = ll_input_open (path, error);
  g_autoptr (GOutputStream) sink = NULL;
  g_autoptr (GError) local = NULL;
  GStatBuf status;

  if (in == NULL)
    return NULL;
  sink = ll_secret_sink_new (limit);
  if (!is_standard (path) && g_stat (path, &status) == 0 && status.st_size > 0)
    ll_secret_sink_expect (sink, (gsize)status.st_size);
  if (g_output_stream_splice (sink, in, G_OUTPUT_STREAM_SPLICE_NONE, cancellable, &local) >= 0)
    return ll_secret_sink_steal (sink);

  if (local->domain == LL_ERROR || g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_steal_pointer (&local));
  else
    set_input_error (error, is_standard (path) ? _ ("standard input") : path, local->message);
  return NULL;
}
