/* clock.h - the time, replaceable in tests; times are seconds since 1970-01-01 UTC. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Now. */
gint64 ll_clock_now (void);

/* Reads "2026-11-22", "2026-11-22T10:00:00Z", "2026-11-22 10:00" (local time without a zone),
 * "@SECONDS" or "now". Error: LL_ERROR_UNSUPPORTED_OPTION. */
gboolean ll_clock_parse (const char *text, gint64 *time, GError **error);

/* "2026-11-22T10:00:00Z": for JSON. 0 and negative give NULL. (transfer full) (nullable) */
char *ll_clock_to_iso (gint64 time);

/* As people of the user's language write it, in local time. (transfer full) */
char *ll_clock_to_text (gint64 time);

G_END_DECLS
