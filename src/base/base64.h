/* base64.h - decodes base64 as it comes, fast (RFC 2045 section 6.8).
 *
 * What enters: text in pieces of any length, in lines of any length or in one. What leaves: octets.
 * Characters that are no base64 are passed over, as mail readers do. It checks nothing: whether the
 * octets make sense is for those who asked for them.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Zeroed to begin with. */
typedef struct
{
  guint32 bits; /* of a group of four that is not complete */
  guint count;  /* characters of it, also padding */
  guint pads;
} LlBase64;

/* Room that `length` characters need at most, whatever came before. */
#define LL_BASE64_ROOM(length) (((length) + 3) / 4 * 3 + 3)

/* Decodes; gives the number of octets written. `out` must not be `text`. */
gsize ll_base64_decode (LlBase64 *state, const char *text, gsize length, guint8 *out);

G_END_DECLS
