/* agent-link.c - what enters: commands; what leaves: the daemon's answers. libassuan reads and
 * writes; this room keeps lines open (daemon-socket finds and starts the daemon) and makes sure
 * that nobody waits for ever: libassuan has no timeouts, so the socket is shut down under it when
 * time is up or when the operation is cancelled. A cancelled line is not used again.
 */
#include <config.h>

#include <assuan.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "bridge/agent-link.h"
#include "bridge/guard.h"

#define MAX_ANSWER_BYTES (4 * 1024 * 1024) /* what the agent may send in one answer */
#define MAX_IDLE_LINES 4
#define MAX_ENVIRONMENT_VALUE 512
#define OUR_SOURCE GPG_ERR_SOURCE_USER_2 /* of errors that libassuan finds on our side */

struct _LlAgentLink
{
  assuan_context_t assuan;
  int fd; /* a second descriptor of the socket, to shut it down by: libassuan may have closed its
             own */
  char *socket;
  LlDaemon daemon;
  GCancellable *cancellable;
  gulong cancel_id;
  gboolean broken;
  gint cancelled; /* atomic */
  gint pinentry;  /* atomic; the process that asks the person now, or 0 */
};

/* One command. */

typedef struct
{
  LlAgentLink *link;
  const LlAgentTalk *talk;
  guint8 *data;
  gsize length, allocated;
} Exchange;

static void
wipe (guint8 *data, gsize length)
{
  if (data != NULL)
    explicit_bzero (data, length);
  g_free (data);
}

static gpg_error_t
on_data (void *user_data, const void *buffer, size_t length)
{
  Exchange *exchange = user_data;

  gsize limit = exchange->talk != NULL && exchange->talk->limit > 0 ? exchange->talk->limit
                                                                    : MAX_ANSWER_BYTES;

  if (exchange->talk != NULL && exchange->talk->receive != NULL)
    {
      exchange->talk->receive (buffer, length, exchange->talk->user_data);
      return 0;
    }
  if (length > limit - exchange->length)
    return gpg_err_make (OUR_SOURCE, GPG_ERR_TOO_LARGE);
  if (exchange->length + length > exchange->allocated)
    {
      gsize size = MAX (exchange->length + length, exchange->allocated * 2 + 4096);
      guint8 *data = g_malloc (size);
      if (exchange->length > 0)
        memcpy (data, exchange->data, exchange->length);
      wipe (exchange->data, exchange->length);
      exchange->data = data;
      exchange->allocated = size;
    }
  if (length > 0)
    memcpy (exchange->data + exchange->length, buffer, length);
  exchange->length += length;
  return 0;
}

static gboolean
starts_with_word (const char *line, const char *word)
{
  gsize length = strlen (word);
  return strncmp (line, word, length) == 0 && (line[length] == '\0' || line[length] == ' ');
}

/* An agent that loses its client leaves pinentry on the screen until it times out; so we close it,
 * in the way in which the agent itself would. */
static void
close_pinentry (LlAgentLink *link)
{
  pid_t process = (pid_t)g_atomic_int_get (&link->pinentry);

  if (process > 1)
    kill (process, SIGINT);
}

static void
note_pinentry (LlAgentLink *link, const char *line)
{
  g_atomic_int_set (&link->pinentry, (gint)g_ascii_strtoll (line, NULL, 10));
  if (g_atomic_int_get (&link->cancelled))
    close_pinentry (link);
}

static gpg_error_t
send_bytes (LlAgentLink *link, GBytes *bytes)
{
  return assuan_send_data (link->assuan, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static gpg_error_t
on_inquire (void *user_data, const char *line)
{
  Exchange *exchange = user_data;
  const LlAgentAnswer *answer = exchange->talk != NULL ? exchange->talk->answers : NULL;

  if (starts_with_word (line, "PINENTRY_LAUNCHED"))
    {
      note_pinentry (exchange->link, line + strlen ("PINENTRY_LAUNCHED"));
      return 0;
    }
  for (; answer != NULL && answer->keyword != NULL; answer++)
    if (starts_with_word (line, answer->keyword))
      return send_bytes (exchange->link, answer->bytes);
  if (exchange->talk != NULL && exchange->talk->inquire != NULL)
    {
      g_autoptr (GBytes) bytes = exchange->talk->inquire (line, exchange->talk->user_data);

      if (bytes != NULL)
        return send_bytes (exchange->link, bytes);
    }
  return gpg_err_make (OUR_SOURCE, GPG_ERR_ASS_UNKNOWN_INQUIRE);
}

static gpg_error_t
on_status (void *user_data, const char *line)
{
  Exchange *exchange = user_data;
  gsize length = strcspn (line, " ");
  g_autofree char *keyword = g_strndup (line, length);

  if (exchange->talk != NULL && exchange->talk->status != NULL)
    exchange->talk->status (keyword, line + length + (line[length] == ' '),
                            exchange->talk->user_data);
  return 0;
}

/* Whether the line itself failed, rather than the command: the agent's own errors name other
 * sources. */
static gboolean
is_line_error (gpg_error_t problem)
{
  return gpg_err_source (problem) == OUR_SOURCE;
}

gpg_error_t
ll_agent_link_say (LlAgentLink *link, const char *command, const LlAgentTalk *talk)
{
  Exchange exchange = { link, talk, NULL, 0, 0 };
  gboolean quick = talk == NULL || talk->pace == LL_AGENT_QUICK, rang = FALSE;
  gpg_error_t problem;
  LlPipeGuard guard;
  LlAlarm alarm;

  if (link->broken)
    return gpg_error (GPG_ERR_EOF);
  if (quick)
    ll_alarm_start (&alarm, link->fd,
                    talk != NULL && talk->seconds > 0 ? talk->seconds : LL_AGENT_TIMEOUT_SECONDS);
  ll_pipe_guard_enter (&guard);
  problem = assuan_transact (link->assuan, command, on_data, &exchange, on_inquire, &exchange,
                             on_status, &exchange);
  ll_pipe_guard_leave (&guard);
  g_atomic_int_set (&link->pinentry, 0);
  if (quick)
    rang = ll_alarm_stop (&alarm);
  if (problem != 0 && is_line_error (problem))
    {
      gboolean too_large = gpg_err_code (problem) == GPG_ERR_TOO_LARGE;

      link->broken = TRUE;
      problem = gpg_error (too_large ? GPG_ERR_TOO_LARGE : GPG_ERR_EOF);
    }
  if (rang)
    problem = gpg_err_make (GPG_ERR_SOURCE_USER_1, GPG_ERR_TIMEOUT);
  if (g_atomic_int_get (&link->cancelled))
    problem = gpg_error (GPG_ERR_CANCELED);
  if (problem == 0 && talk != NULL && talk->data != NULL)
    *talk->data = ll_secret_bytes_new_take (g_steal_pointer (&exchange.data), exchange.length);
  wipe (exchange.data, exchange.length);
  return problem;
}

/* Opening. */

static void
say_option (LlAgentLink *link, const char *name, const char *value)
{
  g_autofree char *command = NULL;

  if (value == NULL || *value == '\0' || strlen (value) > MAX_ENVIRONMENT_VALUE)
    return;
  for (const char *c = value; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      return;
  command = g_strdup_printf ("OPTION %s=%s", name, value);
  /* an agent that does not know an option does without it */
  (void)ll_agent_link_say (link, command, NULL);
}

/* Tells the agent where the person is, so that pinentry comes up in front of them. */
static void
say_environment (LlAgentLink *link)
{
  static const char *const variables[] = { "GPG_TTY",
                                           "TERM",
                                           "DISPLAY",
                                           "XAUTHORITY",
                                           "WAYLAND_DISPLAY",
                                           "XMODIFIERS",
                                           "GTK_IM_MODULE",
                                           "QT_IM_MODULE",
                                           "XDG_SESSION_TYPE",
                                           "INSIDE_EMACS",
                                           "DBUS_SESSION_BUS_ADDRESS",
                                           "PINENTRY_USER_DATA" };
  const char *tty = g_getenv ("GPG_TTY");

  (void)ll_agent_link_say (link, "OPTION allow-pinentry-notify", NULL);
  if (tty == NULL || *tty == '\0')
    tty = isatty (STDIN_FILENO) ? ttyname (STDIN_FILENO) : NULL;
  say_option (link, "ttyname", tty);
  say_option (link, "ttytype", g_getenv ("TERM"));
  say_option (link, "display", g_getenv ("DISPLAY"));
  say_option (link, "xauthority", g_getenv ("XAUTHORITY"));
  say_option (link, "lc-ctype", setlocale (LC_CTYPE, NULL));
  say_option (link, "lc-messages", setlocale (LC_MESSAGES, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (variables); i++)
    if (g_getenv (variables[i]) != NULL)
      {
        g_autofree char *assignment
            = g_strconcat (variables[i], "=", g_getenv (variables[i]), NULL);
        say_option (link, "putenv", assignment);
      }
}

static void
link_free (LlAgentLink *link)
{
  LlPipeGuard guard;

  ll_pipe_guard_enter (&guard);
  if (link->assuan != NULL)
    assuan_release (link->assuan);
  ll_pipe_guard_leave (&guard);
  if (link->fd >= 0)
    close (link->fd);
  g_free (link->socket);
  g_free (link);
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  LlAgentLink *link = user_data;

  g_atomic_int_set (&link->cancelled, TRUE);
  close_pinentry (link);
  shutdown (link->fd, SHUT_RDWR);
}

static void
link_watch (LlAgentLink *link, GCancellable *cancellable)
{
  if (cancellable == NULL)
    return;
  link->cancellable = g_object_ref (cancellable);
  link->cancel_id = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), link, NULL);
}

static void
link_unwatch (LlAgentLink *link)
{
  if (link->cancel_id != 0)
    g_cancellable_disconnect (link->cancellable, link->cancel_id);
  link->cancel_id = 0;
  g_clear_object (&link->cancellable);
}

static gpg_error_t
greet_on (LlAgentLink *link, int fd)
{
  assuan_log_cb_t log;
  void *log_data;
  gpg_error_t problem;

  assuan_get_log_cb (&log, &log_data);
  problem = assuan_new_ext (&link->assuan, OUR_SOURCE, assuan_get_malloc_hooks (), log, log_data);
  if (problem != 0)
    {
      close (fd);
      return problem;
    }
  assuan_begin_confidential (link->assuan);
  /* takes the descriptor, also when it fails */
  return assuan_socket_connect_fd (link->assuan, fd, 0);
}

static void
set_silent (LlDaemon daemon, GError **error)
{
  const char *name = ll_daemon_get_name (daemon);

  g_set_error (error, LL_ERROR, daemon == LL_DAEMON_AGENT ? LL_ERROR_KEY_LOCKED : LL_ERROR_FAILED,
               _ ("%s did not answer within %d seconds. Try “gpgconf --kill %s”, then again."),
               name, LL_AGENT_TIMEOUT_SECONDS, name);
}

static void
set_rude (LlDaemon daemon, gpg_error_t problem, GError **error)
{
  const char *name = ll_daemon_get_name (daemon);

  g_set_error (error, LL_ERROR, daemon == LL_DAEMON_AGENT ? LL_ERROR_KEY_LOCKED : LL_ERROR_FAILED,
               _ ("%s did not greet us: %s. Try “gpgconf --kill %s”, then again."), name,
               gpg_strerror (problem), name);
}

static gboolean
greet (LlAgentLink *link, int fd, GError **error)
{
  gpg_error_t problem;
  LlPipeGuard guard;
  LlAlarm alarm;
  gboolean rang;

  ll_alarm_start (&alarm, link->fd, LL_AGENT_TIMEOUT_SECONDS);
  ll_pipe_guard_enter (&guard);
  problem = greet_on (link, fd);
  ll_pipe_guard_leave (&guard);
  rang = ll_alarm_stop (&alarm);
  if (problem == 0)
    return TRUE;
  if (g_cancellable_set_error_if_cancelled (link->cancellable, error))
    return FALSE;
  if (rang)
    set_silent (link->daemon, error);
  else
    set_rude (link->daemon, problem, error);
  return FALSE;
}

/* The lines that wait for their next use. */

static GMutex idle_mutex;
static GQueue idle = G_QUEUE_INIT;

static gboolean
is_alive (LlAgentLink *link)
{
  struct pollfd poll_fd = { link->fd, POLLIN, 0 };

  /* an idle agent says nothing: anything to read is the end of the line */
  return poll (&poll_fd, 1, 0) == 0;
}

static LlAgentLink *
take_idle (const char *socket)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&idle_mutex);
  LlAgentLink *link;

  while ((link = g_queue_pop_tail (&idle)) != NULL)
    {
      if (g_str_equal (link->socket, socket) && is_alive (link))
        return link;
      link_free (link);
    }
  return NULL;
}

static LlAgentLink *
open_new (LlDaemon daemon, const char *socket, gboolean may_launch, GCancellable *cancellable,
          GError **error)
{
  LlAgentLink *link;
  int fd = ll_daemon_connect (daemon, socket, may_launch, error);

  if (fd < 0)
    return NULL;
  link = g_new0 (LlAgentLink, 1);
  link->fd = fcntl (fd, F_DUPFD_CLOEXEC, 0);
  link->socket = g_strdup (socket);
  link->daemon = daemon;
  link_watch (link, cancellable);
  if (!greet (link, fd, error))
    {
      link_unwatch (link);
      link_free (link);
      return NULL;
    }
  if (daemon == LL_DAEMON_AGENT)
    say_environment (link);
  return link;
}

/* An idle line that still answers; NULL without error when a new one should be opened. */
static LlAgentLink *
reuse_idle (const char *socket, GCancellable *cancellable, GError **error)
{
  LlAgentLink *link = take_idle (socket);
  gpg_error_t problem;
  LlDaemon daemon;

  if (link == NULL)
    return NULL;
  daemon = link->daemon;
  link_watch (link, cancellable);
  problem = ll_agent_link_say (link, "RESET", NULL);
  if (problem == 0)
    return link;
  link_unwatch (link);
  link_free (link);
  if (gpg_err_code (problem) == GPG_ERR_TIMEOUT)
    set_silent (daemon, error);
  return NULL;
}

LlAgentLink *
ll_agent_link_open_to (LlDaemon daemon, gboolean may_launch, GCancellable *cancellable,
                       GError **error)
{
  g_autofree char *socket = NULL;
  g_autoptr (GError) silent = NULL;
  LlAgentLink *link;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  socket = ll_daemon_find_socket (daemon, error);
  if (socket == NULL)
    return NULL;
  link = reuse_idle (socket, cancellable, &silent);
  if (link != NULL)
    return link;
  if (silent == NULL)
    return open_new (daemon, socket, may_launch, cancellable, error);
  g_propagate_error (error, g_steal_pointer (&silent));
  return NULL;
}

LlAgentLink *
ll_agent_link_open (GCancellable *cancellable, GError **error)
{
  return ll_agent_link_open_to (LL_DAEMON_AGENT, TRUE, cancellable, error);
}

void
ll_agent_link_close (LlAgentLink *link)
{
  link_unwatch (link);
  if (!link->broken && !g_atomic_int_get (&link->cancelled))
    {
      g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&idle_mutex);
      if (g_queue_get_length (&idle) < MAX_IDLE_LINES)
        {
          g_queue_push_tail (&idle, link);
          return;
        }
    }
  link_free (link);
}
