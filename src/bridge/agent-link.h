/* agent-link.h - a line to gpg-agent or dirmngr: kept open, given up when it is dead.
 *
 * For call-agent and call-dirmngr alone; others speak to the daemons through call-agent.h and
 * call-dirmngr.h. Nothing here knows what the commands mean.
 */
#pragma once

#include <gio/gio.h>
#include <gpg-error.h>

#include "bridge/daemon-socket.h"

G_BEGIN_DECLS

typedef struct _LlAgentLink LlAgentLink;

/* A line that nobody else uses until it is closed: one of the idle ones, or a new one. Starts the
 * agent when there is none. Errors: LL_ERROR_KEY_LOCKED (no agent, it does not answer within
 * LL_AGENT_TIMEOUT_SECONDS), G_IO_ERROR_CANCELLED. `cancellable` counts until the line is closed.
 * (transfer full) */
LlAgentLink *ll_agent_link_open (GCancellable *cancellable, GError **error);

/* The same for any daemon; without `may_launch` a daemon that is not running is an error. For
 * dirmngr LL_ERROR_FAILED stands in the place of LL_ERROR_KEY_LOCKED. (transfer full) */
LlAgentLink *ll_agent_link_open_to (LlDaemon daemon, gboolean may_launch, GCancellable *cancellable,
                                    GError **error);

/* Keeps the line for the next one who asks, or drops it if it is of no more use. */
void ll_agent_link_close (LlAgentLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlAgentLink, ll_agent_link_close)

/* What the agent asks back during a command, and its answer; `keyword` NULL ends a table. */
typedef struct
{
  const char *keyword; /* "CIPHERTEXT" */
  GBytes *bytes;
} LlAgentAnswer;

typedef enum
{
  LL_AGENT_QUICK,  /* the daemon answers by itself: given up when its time is up */
  LL_AGENT_PERSON, /* a person may have to be asked: waits until it is cancelled */
} LlAgentPace;

/* Called for each status line, with its keyword and what follows. */
typedef void (*LlAgentStatusFunc) (const char *keyword, const char *rest, gpointer user_data);

/* Called for an inquiry that is not in the table, with its whole line. NULL ends the command with
 * an error. (transfer full) (nullable) */
typedef GBytes *(*LlAgentInquireFunc) (const char *line, gpointer user_data);

/* Called for each piece of data as it comes. */
typedef void (*LlAgentDataFunc) (gconstpointer data, gsize length, gpointer user_data);

typedef struct
{
  LlAgentPace pace;
  const LlAgentAnswer *answers; /* or NULL */
  LlAgentStatusFunc status;     /* or NULL */
  gpointer user_data;           /* for status, inquire and receive */
  GBytes **data;                /* what the agent sent, wiped when it goes; or NULL */
  guint seconds;                /* for QUICK; 0: LL_AGENT_TIMEOUT_SECONDS */
  gsize limit;                  /* of `data` in octets; 0: what a key needs */
  LlAgentInquireFunc inquire;   /* or NULL */
  LlAgentDataFunc receive;      /* instead of `data`, or NULL */
} LlAgentTalk;

/* Says one command and waits for its end. 0, or the agent's error; GPG_ERR_CANCELED when the
 * cancellable did it, GPG_ERR_EOF when the agent went away, GPG_ERR_TOO_LARGE when it
 * sent more than the limit, GPG_ERR_TIMEOUT with
 * GPG_ERR_SOURCE_USER_1 when it did not answer in time. `talk` may be NULL for a quick command. */
gpg_error_t ll_agent_link_say (LlAgentLink *link, const char *command, const LlAgentTalk *talk);

G_END_DECLS
