/* hex.h - octets as hexadecimal digits, and back. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Upper-case digits, two per octet. (transfer full) */
char *ll_hex_encode (const guint8 *data, gsize length);

/* NULL unless `hex` is an even number of hexadecimal digits. (transfer full) (nullable) */
GBytes *ll_hex_decode (const char *hex);

/* TRUE when `text` (an optional 0x before it, blanks and colons between) is a fingerprint of 40 or
 * 64 digits; `canonical` gets the upper-case digits. (transfer full) */
gboolean ll_hex_is_fingerprint (const char *text, char **canonical);

G_END_DECLS
