/* canonical.h - octets made fit to be signed (SM-13, SM-14, PM-03). */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* How well some octets travel as they are. */
typedef enum
{
  LL_FIT_SIGN, /* 7-bit, lines at most 998, no blank at a line's end, no "From " at its start */
  LL_FIT_TRANSPORT, /* 7-bit with lines at most 998, but a relay may change blanks or "From " */
  LL_FIT_NOT,       /* 8-bit, NUL, bare CR, or a longer line: must be encoded */
} LlFit;

/* Looks at text whose lines end in CRLF or LF. Linear. */
LlFit ll_canonical_get_fit (const char *data, gsize length);

/* Appends with every line end CRLF; a bare CR stays. */
void ll_canonical_append (GString *out, const char *data, gsize length);

/* Appends as base64 in lines of 76 characters that end in CRLF (RFC 2045 section 6.8). */
void ll_canonical_append_base64 (GString *out, const guint8 *data, gsize length);

/* Appends as quoted-printable (RFC 2045 section 6.7): CRLF stays a line end; blanks at a line's
 * end, a "From " and a "--" at its start are encoded too. */
void ll_canonical_append_quoted_printable (GString *out, const guint8 *data, gsize length);

G_END_DECLS
