/* text.h - a stranger's string made safe to show.
 *
 * What enters: bytes from a message, a key or a certificate. What leaves: valid UTF-8 without
 * control characters, bidirectional overrides, zero-width or unassigned characters that could make
 * it look like something else (IA-05, AT-11), and of bounded length. Not markup: whoever puts it
 * into a label must not parse it as markup.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One line. `length` in bytes, or -1 if NUL-terminated. Longer than LL_LIMIT_TEXT_CHARACTERS is cut
 * and ends in "…". NULL gives "". (transfer full) */
char *ll_text_safe (const char *text, gssize length);

/* The same for a body: keeps LF and TAB, turns CRLF and CR into LF. No length bound but the
 * input's. (transfer full) */
char *ll_text_safe_lines (const char *text, gssize length);

/* TRUE when both are the same mail address: local-part compared ignoring ASCII case only (octets
 * otherwise), domain ignoring ASCII case after conversion to A-labels (SC-08, HP-32, IA-07).
 * FALSE when either is NULL or is not an addr-spec. */
gboolean ll_text_same_address (const char *a, const char *b);

/* The addr-spec inside a user ID such as "Alice <alice@example.org>", parsed strictly: NULL when
 * there is none, or more than one candidate (OP-17). (transfer full) (nullable) */
char *ll_text_address_of_user_id (const char *user_id);

/* TRUE when the string is a plain addr-spec: one "@", no blanks, controls, angle brackets. */
gboolean ll_text_is_address (const char *text);

G_END_DECLS
