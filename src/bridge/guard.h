/* guard.h - what keeps a talk with a daemon from going on for ever, or from ending the process.
 *
 * libassuan has no time-outs and writes to sockets that may be gone.
 */
#pragma once

#include <glib.h>
#include <signal.h>

G_BEGIN_DECLS

/* A clock that shuts a socket down when time is up. */
typedef struct
{
  GMutex mutex;
  GCond condition;
  GThread *thread;
  int fd;
  gint64 deadline;
  gboolean over, rang;
} LlAlarm;

void ll_alarm_start (LlAlarm *self, int fd, guint seconds);
/* TRUE when time was up. */
gboolean ll_alarm_stop (LlAlarm *self);

/* A write to a daemon that is gone must not end the process. */
typedef struct
{
  sigset_t old;
  gboolean was_pending;
} LlPipeGuard;

void ll_pipe_guard_enter (LlPipeGuard *guard);
void ll_pipe_guard_leave (LlPipeGuard *guard);

G_END_DECLS
