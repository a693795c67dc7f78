/* guard.c - what enters: a socket and how long a talk may take, or a stretch of code that writes;
 * what leaves: an end in time, and no SIGPIPE.
 */
#include <config.h>

#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#include "bridge/guard.h"

static gpointer
alarm_wait (gpointer data)
{
  LlAlarm *self = data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  while (!self->over && !self->rang)
    if (!g_cond_wait_until (&self->condition, &self->mutex, self->deadline) && !self->over)
      {
        self->rang = TRUE;
        shutdown (self->fd, SHUT_RDWR);
      }
  return NULL;
}

void
ll_alarm_start (LlAlarm *self, int fd, guint seconds)
{
  g_mutex_init (&self->mutex);
  g_cond_init (&self->condition);
  self->fd = fd;
  self->over = self->rang = FALSE;
  self->deadline = g_get_monotonic_time () + seconds * G_TIME_SPAN_SECOND;
  self->thread = g_thread_new ("alarm", alarm_wait, self);
}

gboolean
ll_alarm_stop (LlAlarm *self)
{
  g_mutex_lock (&self->mutex);
  self->over = TRUE;
  g_cond_signal (&self->condition);
  g_mutex_unlock (&self->mutex);
  g_thread_join (self->thread);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->condition);
  return self->rang;
}

void
ll_pipe_guard_enter (LlPipeGuard *guard)
{
  sigset_t pipe_only, pending;

  sigemptyset (&pipe_only);
  sigaddset (&pipe_only, SIGPIPE);
  sigpending (&pending);
  guard->was_pending = sigismember (&pending, SIGPIPE) == 1;
  pthread_sigmask (SIG_BLOCK, &pipe_only, &guard->old);
}

void
ll_pipe_guard_leave (LlPipeGuard *guard)
{
  const struct timespec at_once = { 0, 0 };
  sigset_t pipe_only;

  sigemptyset (&pipe_only);
  sigaddset (&pipe_only, SIGPIPE);
  while (!guard->was_pending && sigtimedwait (&pipe_only, NULL, &at_once) < 0 && errno == EINTR)
    ;
  pthread_sigmask (SIG_SETMASK, &guard->old, NULL);
}
