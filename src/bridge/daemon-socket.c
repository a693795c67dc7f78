/* daemon-socket.c - what enters: which daemon; what leaves: where it listens, and a descriptor that
 * is connected to it. It does not speak.
 */
#include <config.h>

#include <assuan.h>
#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "bridge/daemon-socket.h"

static const struct
{
  const char *name, *socket;
  LlError error;
} daemons[] = {
  [LL_DAEMON_AGENT] = { "gpg-agent", "agent-socket", LL_ERROR_KEY_LOCKED },
  [LL_DAEMON_DIRMNGR] = { "dirmngr", "dirmngr-socket", LL_ERROR_FAILED },
};

const char *
ll_daemon_get_name (LlDaemon daemon)
{
  return daemons[daemon].name;
}

/* What gpgconf said, for one GNUPGHOME: name of the directory -> path. */
static GMutex mutex;
static char *known_home;
static GHashTable *known;

static char *
run_gpgconf (const char *option, const char *argument)
{
  const char *argv[] = { "gpgconf", option, argument, NULL };
  g_autofree char *output = NULL;
  int status = 0;

  if (!g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
                     NULL, NULL, &output, NULL, &status, NULL)
      || !g_spawn_check_wait_status (status, NULL))
    return NULL;
  return g_steal_pointer (&output);
}

char *
ll_daemon_find_directory (const char *which)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  const char *home = g_getenv ("GNUPGHOME");
  char *path;

  if (known == NULL)
    known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (g_strcmp0 (home, known_home) != 0)
    {
      g_hash_table_remove_all (known);
      g_free (known_home);
      known_home = g_strdup (home);
    }
  path = g_hash_table_lookup (known, which);
  if (path != NULL)
    return g_strdup (path);
  path = run_gpgconf ("--list-dirs", which);
  if (path == NULL || *g_strchomp (path) == '\0')
    {
      g_free (path);
      return NULL;
    }
  g_hash_table_insert (known, g_strdup (which), path);
  return g_strdup (path);
}

char *
ll_daemon_find_socket (LlDaemon daemon, GError **error)
{
  char *path = ll_daemon_find_directory (daemons[daemon].socket);

  if (path == NULL)
    g_set_error (error, LL_ERROR, (gint)daemons[daemon].error,
                 _ ("%s cannot be found, because “gpgconf” cannot be run. Install GnuPG, or run "
                    "“letterlock doctor”."),
                 daemons[daemon].name);
  return path;
}

static int
connect_once (const char *path)
{
  struct sockaddr_un address = { 0 };
  int fd, redirected = 0;

  /* libassuan follows the redirection that a socket file may hold (GNUPGHOME on a file system
   * without sockets) */
  if (assuan_sock_set_sockaddr_un (path, (struct sockaddr *)&address, &redirected) != 0)
    return -1;
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  if (connect (fd, (struct sockaddr *)&address, sizeof address) == 0)
    return fd;
  {
    int saved = errno;
    close (fd);
    errno = saved;
  }
  return -1;
}

int
ll_daemon_connect (LlDaemon daemon, const char *path, gboolean may_launch, GError **error)
{
  const char *name = daemons[daemon].name;
  int fd = connect_once (path);

  if (fd < 0 && may_launch)
    {
      g_free (run_gpgconf ("--launch", name));
      fd = connect_once (path);
    }
  if (fd < 0)
    g_set_error (error, LL_ERROR, (gint)daemons[daemon].error,
                 _ ("%s cannot be reached at “%s” and cannot be started: %s. Try “gpgconf "
                    "--launch %s”, or run “letterlock doctor”."),
                 name, path, g_strerror (errno), name);
  return fd;
}
