/* fetched.h - what was once fetched from the network about revocation, kept until it is replaced.
 *
 * What enters: a URL. What leaves: what lies there, from our own files or, only when that is asked
 * for, through dirmngr. It does not read what it keeps: who uses it looks at the signature each
 * time, so that a changed file is no more than a lost one. In
 * $XDG_CACHE_HOME/letterlock/revocation.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What is kept of that URL, or NULL. No network. (transfer full) (nullable) */
GBytes *ll_fetched_look (const char *url, gsize limit);

/* When it was last written; 0 when nothing is kept. */
gint64 ll_fetched_time (const char *url);

/* Keeps it; what cannot be written is not kept. Removes what nobody has replaced for long. */
void ll_fetched_keep (const char *url, GBytes *bytes);

G_END_DECLS
