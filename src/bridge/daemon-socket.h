/* daemon-socket.h - where GnuPG's daemons are, and how they are started.
 *
 * What enters: which daemon. What leaves: a connected socket. It asks gpgconf and says nothing to
 * the daemon.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  LL_DAEMON_AGENT,   /* gpg-agent */
  LL_DAEMON_DIRMNGR, /* dirmngr */
} LlDaemon;

/* "gpg-agent", "dirmngr". */
const char *ll_daemon_get_name (LlDaemon daemon);

/* What “gpgconf --list-dirs WHICH” says, asked once per GNUPGHOME; NULL when there is no gpgconf.
 * (transfer full) (nullable) */
char *ll_daemon_find_directory (const char *which);

/* The path of its socket. Error: LL_ERROR_KEY_LOCKED (agent) or LL_ERROR_FAILED. (transfer full) */
char *ll_daemon_find_socket (LlDaemon daemon, GError **error);

/* A descriptor, connected; starts the daemon when there is none, if `may_launch`. -1 on error, as
 * above. */
int ll_daemon_connect (LlDaemon daemon, const char *path, gboolean may_launch, GError **error);

G_END_DECLS
