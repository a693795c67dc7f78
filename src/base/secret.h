/* secret.h - memory for plaintext and session keys, wiped when it goes (CM-21).
 *
 * A sink is an output stream into memory whose buffer is wiped when it grows, and when it goes.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Bytes that wipe `data` when the last reference goes. Takes `data`, which must come from
 * g_malloc(). (transfer full) */
GBytes *ll_secret_bytes_new_take (gpointer data, gsize length);

/* An output stream into wiped memory that refuses to hold more than `limit` octets (the write fails
 * with LL_ERROR_BAD_DATA, telling the number). (transfer full) */
GOutputStream *ll_secret_sink_new (gsize limit);

/* About so many octets will come: room for them is made at once, rather than by copying again and
 * again. Never more than the limit, and no promise. */
void ll_secret_sink_expect (GOutputStream *sink, gsize length);

/* TRUE when a write was refused because of the limit. */
gboolean ll_secret_sink_has_refused (GOutputStream *sink);

/* TRUE when a write was refused because of the limit. */
gboolean ll_secret_sink_is_full (GOutputStream *sink);

/* What was written, as wiped bytes; the sink is empty and closed afterwards. (transfer full) */
GBytes *ll_secret_sink_steal (GOutputStream *sink);

G_END_DECLS
