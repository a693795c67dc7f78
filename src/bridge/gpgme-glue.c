/* gpgme-glue.c - what enters: GPGME's objects and codes, GIO streams; what leaves: contexts,
 * GErrors and GPGME data. It knows no algorithm and weighs nothing.
 */
#include <config.h>

#include <errno.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>

#include "base/text.h"
#include "bridge/gpgme-glue.h"

#define IO_BUFFER_BYTES "65536" /* GPGME's own 512 octets to 4 KiB cost up to half of the speed */

/* --- the library ------------------------------------------------------------------------------ */

static void
set_up_once (void)
{
  static gsize once = 0;

  if (!g_once_init_enter (&once))
    return;
  gpgme_check_version (NULL);
  /* pinentry shall speak the user's language */
  gpgme_set_locale (NULL, LC_CTYPE, setlocale (LC_CTYPE, NULL));
  gpgme_set_locale (NULL, LC_MESSAGES, setlocale (LC_MESSAGES, NULL));
  g_once_init_leave (&once, 1);
}

void
ll_gpgme_prepare (void)
{
  set_up_once ();
  gpgme_engine_check_version (GPGME_PROTOCOL_OPENPGP);
}

/* Which gpg to run is set for the whole library: set for a context, GPGME would start that program
 * once more each time to ask its version. Every session of a process has the same policy. */
static gpgme_error_t
choose_program (const char *program)
{
  static GMutex mutex;
  static char *chosen;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  gpgme_error_t code;

  if (g_strcmp0 (program, chosen) == 0)
    return 0;
  code = gpgme_set_engine_info (GPGME_PROTOCOL_OPENPGP, program, NULL);
  /* GPGME takes any name, and later finds no keys by a program that is not there */
  if (code == 0)
    code = gpgme_engine_check_version (GPGME_PROTOCOL_OPENPGP);
  if (code != 0)
    return code;
  g_free (chosen);
  chosen = g_strdup (program);
  return 0;
}

LlGpgmeContext *
ll_gpgme_context_new (gpgme_protocol_t protocol, const LlPolicy *policy, GError **error)
{
  g_autoptr (LlGpgmeContext) context = NULL;
  const char *program = NULL;
  gpgme_error_t code;

  set_up_once ();
  if (protocol == GPGME_PROTOCOL_OPENPGP && policy != NULL)
    program = policy->gpg_program;

  code = protocol == GPGME_PROTOCOL_OPENPGP ? choose_program (program) : 0;
  if (code == 0)
    code = gpgme_new (&context);
  if (code == 0)
    code = gpgme_set_protocol (context, protocol);
  if (code != 0)
    {
      ll_gpgme_set_error (error, code, LL_ERROR_FAILED, NULL, _ ("%s cannot be used"),
                          program != NULL                      ? program
                          : protocol == GPGME_PROTOCOL_OPENPGP ? "gpg"
                                                               : "gpgsm");
      return NULL;
    }
  /* nothing that is opened makes a network access (rule 3) */
  gpgme_set_offline (context, 1);
  gpgme_set_ctx_flag (context, "auto-key-retrieve", "0");
  return g_steal_pointer (&context);
}

/* --- errors ----------------------------------------------------------------------------------- */

gboolean
ll_gpgme_is_locked (gpgme_error_t code)
{
  /* whatever keeps pinentry from asking, such as a terminal that is none */
  if (code != 0 && gpgme_err_source (code) == GPG_ERR_SOURCE_PINENTRY)
    return TRUE;
  switch (gpgme_err_code (code))
    {
    case GPG_ERR_BAD_PASSPHRASE:
    case GPG_ERR_NO_PASSPHRASE:
    case GPG_ERR_CANCELED:
    case GPG_ERR_FULLY_CANCELED:
    case GPG_ERR_PIN_ENTRY:
    case GPG_ERR_NO_PIN_ENTRY:
    case GPG_ERR_PIN_BLOCKED:
    case GPG_ERR_BAD_PIN:
    case GPG_ERR_AGENT:
    case GPG_ERR_NO_AGENT:
    case GPG_ERR_CARD:
    case GPG_ERR_CARD_REMOVED:
    case GPG_ERR_CARD_NOT_PRESENT:
    case GPG_ERR_TIMEOUT:
      return TRUE;
    default:
      return FALSE;
    }
}

static LlError
error_code (gpgme_error_t code, LlError otherwise)
{
  switch (gpgme_err_code (code))
    {
    case GPG_ERR_UNUSABLE_SECKEY:
      return LL_ERROR_CANNOT_SIGN;
    case GPG_ERR_UNUSABLE_PUBKEY:
    case GPG_ERR_NO_PUBKEY:
      return LL_ERROR_CANNOT_ENCRYPT;
    case GPG_ERR_UNSUPPORTED_ALGORITHM:
    case GPG_ERR_PUBKEY_ALGO:
    case GPG_ERR_DIGEST_ALGO:
    case GPG_ERR_CIPHER_ALGO:
      return LL_ERROR_UNSUPPORTED_ALGORITHM;
    default:
      return otherwise;
    }
}

/* Each as itself. The passphrase may be a key's or the message's own, so that none is named. */
static void
set_locked (GError **error, gpgme_error_t code, const char *what, const char *why)
{
  switch (gpgme_err_code (code))
    {
    case GPG_ERR_CANCELED:
    case GPG_ERR_FULLY_CANCELED:
    case GPG_ERR_NO_PASSPHRASE:
      g_set_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED,
                   _ ("%s: the passphrase was not given. Try again, and enter it."), what);
      return;
    case GPG_ERR_BAD_PASSPHRASE:
      g_set_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED,
                   _ ("%s: the passphrase was wrong. Try again."), what);
      return;
    case GPG_ERR_BAD_PIN:
      g_set_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED,
                   _ ("%s: the PIN was wrong. Try again; a card allows few wrong PINs."), what);
      return;
    case GPG_ERR_PIN_BLOCKED:
      g_set_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED,
                   _ ("%s: the card's PIN is blocked. Unblock it with “gpg --card-edit”."), what);
      return;
    case GPG_ERR_CARD_REMOVED:
    case GPG_ERR_CARD_NOT_PRESENT:
      g_set_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED,
                   _ ("%s: the private key is on a card that cannot be reached. Insert the card "
                      "and try again."),
                   what);
      return;
    default:
      g_set_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED,
                   _ ("%s: the passphrase could not be asked for (%s). “letterlock doctor” tells "
                      "whether gpg-agent and pinentry are there."),
                   what, why);
    }
}

gboolean
ll_gpgme_set_error (GError **error, gpgme_error_t code, LlError otherwise,
                    GCancellable *cancellable, const char *format, ...)
{
  g_autofree char *what = NULL, *why = NULL;
  char buffer[256] = "";
  va_list arguments;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  gpgme_strerror_r (code, buffer, sizeof buffer);
  why = ll_text_safe (buffer, -1);
  if (ll_gpgme_is_locked (code) && gpgme_err_code_to_errno (gpgme_err_code (code)) != 0)
    g_set_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED,
                 _ ("%s: pinentry, the program that asks for the passphrase, cannot ask here (%s). "
                    "In a terminal, say “export GPG_TTY=$(tty)” first; “letterlock doctor” tells "
                    "which pinentry there is."),
                 what, why);
  else if (ll_gpgme_is_locked (code))
    set_locked (error, code, what, why);
  else if (gpgme_err_code (code) == GPG_ERR_INV_ENGINE
           || gpgme_err_code (code) == GPG_ERR_ENGINE_TOO_OLD)
    g_set_error (error, LL_ERROR, LL_ERROR_FAILED,
                 _ ("%s: %s. Is GnuPG installed? “letterlock doctor” tells what is missing."), what,
                 why);
  else if (gpgme_err_code (code) == GPG_ERR_EOF)
    g_set_error (error, LL_ERROR, (gint)otherwise,
                 _ ("%s: GnuPG ended without an answer. Can its home be written to, and gpg-agent "
                    "be "
                    "started? “letterlock doctor” tells what is missing."),
                 what);
  else
    g_set_error (error, LL_ERROR, (gint)error_code (code, otherwise), "%s: %s.", what, why);
  return FALSE;
}

/* --- streams ---------------------------------------------------------------------------------- */

struct _LlGpgmeStream
{
  GInputStream *input;
  GOutputStream *output;
  GCancellable *cancellable;
  gpgme_data_t data;
  guint64 count;
  gboolean failed;
  GError *error; /* the first one */
};

static ssize_t
stream_fail (LlGpgmeStream *self, GError *error)
{
  if (self->failed)
    g_error_free (error);
  else
    self->error = error;
  self->failed = TRUE;
  errno = EIO;
  return -1;
}

static ssize_t
stream_read (void *handle, void *buffer, size_t size)
{
  LlGpgmeStream *self = handle;
  GError *error = NULL;
  gssize n;

  if (self->failed)
    {
      errno = EIO;
      return -1;
    }
  n = g_input_stream_read (self->input, buffer, size, self->cancellable, &error);
  if (n < 0)
    return stream_fail (self, error);
  self->count += (guint64)n;
  return n;
}

static ssize_t
stream_write (void *handle, const void *buffer, size_t size)
{
  LlGpgmeStream *self = handle;
  GError *error = NULL;
  gsize done = 0;

  if (self->failed)
    {
      errno = EIO;
      return -1;
    }
  if (!g_output_stream_write_all (self->output, buffer, size, &done, self->cancellable, &error))
    return stream_fail (self, error);
  self->count += done;
  return (ssize_t)size;
}

LlGpgmeStream *
ll_gpgme_stream_new (GInputStream *input, GOutputStream *output, GCancellable *cancellable)
{
  static struct gpgme_data_cbs reader = { .read = stream_read };
  static struct gpgme_data_cbs writer = { .write = stream_write };
  LlGpgmeStream *self = g_new0 (LlGpgmeStream, 1);

  g_return_val_if_fail ((input == NULL) != (output == NULL), NULL);
  g_set_object (&self->input, input);
  g_set_object (&self->output, output);
  g_set_object (&self->cancellable, cancellable);
  set_up_once ();
  if (gpgme_data_new_from_cbs (&self->data, input != NULL ? &reader : &writer, self) != 0)
    g_error ("out of memory"); /* as GLib does */
  gpgme_data_set_flag (self->data, "io-buffer-size", IO_BUFFER_BYTES);
  return self;
}

void
ll_gpgme_stream_free (LlGpgmeStream *stream)
{
  if (stream == NULL)
    return;
  gpgme_data_release (stream->data);
  g_clear_object (&stream->input);
  g_clear_object (&stream->output);
  g_clear_object (&stream->cancellable);
  g_clear_error (&stream->error);
  g_free (stream);
}

gpgme_data_t
ll_gpgme_stream_get_data (LlGpgmeStream *stream)
{
  return stream->data;
}

guint64
ll_gpgme_stream_get_count (const LlGpgmeStream *stream)
{
  return stream->count;
}

gboolean
ll_gpgme_stream_take_error (LlGpgmeStream *stream, GError **error)
{
  if (stream == NULL || stream->error == NULL)
    return FALSE;
  g_propagate_error (error, g_steal_pointer (&stream->error));
  return TRUE;
}

/* --- waiting ---------------------------------------------------------------------------------- */

/* A descriptor that GPGME waits for. */
typedef struct
{
  int fd;
  gboolean reads;
  gpgme_io_cb_t ready;
  void *ready_data;
} Watch;

struct _LlGpgmeLoop
{
  gpgme_ctx_t context;
  GCancellable *cancellable;
  GPtrArray *watches; /* of Watch */
  gboolean done;
  gpgme_error_t result;
};

static gpgme_error_t
loop_add (void *data, int fd, int reads, gpgme_io_cb_t ready, void *ready_data, void **tag)
{
  LlGpgmeLoop *self = data;
  Watch *watch = g_new0 (Watch, 1);

  *watch = (Watch){ fd, reads != 0, ready, ready_data };
  g_ptr_array_add (self->watches, watch);
  *tag = g_new0 (gpointer, 2);
  ((gpointer *)*tag)[0] = self;
  ((gpointer *)*tag)[1] = watch;
  return 0;
}

static void
loop_remove (void *tag)
{
  gpointer *pair = tag;

  g_ptr_array_remove (((LlGpgmeLoop *)pair[0])->watches, pair[1]);
  g_free (tag);
}

static void
loop_event (void *data, gpgme_event_io_t type, void *type_data)
{
  LlGpgmeLoop *self = data;
  struct gpgme_io_event_done_data *done = type_data;

  if (type != GPGME_EVENT_DONE)
    return;
  self->done = TRUE;
  self->result = done->err != 0 ? done->err : done->op_err;
}

LlGpgmeLoop *
ll_gpgme_loop_new (gpgme_ctx_t context, GCancellable *cancellable)
{
  LlGpgmeLoop *self = g_new0 (LlGpgmeLoop, 1);
  struct gpgme_io_cbs callbacks = { .add = loop_add,
                                    .add_priv = self,
                                    .remove = loop_remove,
                                    .event = loop_event,
                                    .event_priv = self };

  self->context = context;
  g_set_object (&self->cancellable, cancellable);
  self->watches = g_ptr_array_new_with_free_func (g_free);
  gpgme_set_io_cbs (context, &callbacks);
  return self;
}

void
ll_gpgme_loop_free (LlGpgmeLoop *loop)
{
  if (loop == NULL)
    return;
  if (loop->watches->len > 0)
    gpgme_cancel (loop->context);
  gpgme_set_io_cbs (loop->context, NULL);
  g_clear_pointer (&loop->watches, g_ptr_array_unref);
  g_clear_object (&loop->cancellable);
  g_free (loop);
}

/* What GPGME waits for, and at the end the cancellable, if it has a descriptor. */
static GArray *
loop_gather (LlGpgmeLoop *self, GPollFD *cancelled)
{
  GArray *fds = g_array_new (FALSE, TRUE, sizeof (GPollFD));

  for (guint i = 0; i < self->watches->len; i++)
    {
      const Watch *watch = g_ptr_array_index (self->watches, i);
      GPollFD fd = { watch->fd, watch->reads ? G_IO_IN : G_IO_OUT, 0 };
      g_array_append_val (fds, fd);
    }
  if (cancelled != NULL)
    g_array_append_val (fds, *cancelled);
  return fds;
}

static const Watch *
loop_find (LlGpgmeLoop *self, const GPollFD *ready)
{
  for (guint i = 0; i < self->watches->len; i++)
    {
      const Watch *watch = g_ptr_array_index (self->watches, i);
      if (watch->fd == ready->fd && watch->reads == ((ready->events & G_IO_IN) != 0))
        return watch;
    }
  return NULL;
}

static void
loop_turn (LlGpgmeLoop *self, GPollFD *cancelled)
{
  g_autoptr (GArray) fds = loop_gather (self, cancelled);
  guint n_watches = self->watches->len;

  if (g_poll ((GPollFD *)(gpointer)fds->data, fds->len, -1) <= 0)
    return; /* interrupted by a signal */
  for (guint i = 0; i < n_watches && !self->done; i++)
    {
      GPollFD ready = g_array_index (fds, GPollFD, i);
      /* what ran before may have taken it away */
      const Watch *watch = ready.revents != 0 ? loop_find (self, &ready) : NULL;
      if (watch != NULL)
        watch->ready (watch->ready_data, watch->fd);
    }
}

gpgme_error_t
ll_gpgme_loop_run (LlGpgmeLoop *loop, gpgme_error_t started)
{
  GPollFD cancelled;
  gboolean has_fd;

  if (started != 0)
    return started;
  has_fd = g_cancellable_make_pollfd (loop->cancellable, &cancelled);
  while (!loop->done && loop->watches->len > 0)
    {
      if (g_cancellable_is_cancelled (loop->cancellable))
        {
          gpgme_cancel (loop->context);
          loop->result = gpgme_error (GPG_ERR_CANCELED);
          break;
        }
      loop_turn (loop, has_fd ? &cancelled : NULL);
    }
  if (has_fd)
    g_cancellable_release_fd (loop->cancellable);
  return loop->result;
}
