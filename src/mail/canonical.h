/* canonical.h - octets made fit to be signed (SM-13, SM-14, PM-03). */
#pragma once

#include "mail/filter.h"

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

/* The same of a stream, read to its end or until it is NOT. A stream that fails is NOT. */
LlFit ll_canonical_get_fit_of_stream (GInputStream *in, GCancellable *cancellable);

/* Every line end CRLF; a bare CR stays. (transfer full) */
LlFilter *ll_canonical_filter_new (void);

/* Appends with every line end CRLF; a bare CR stays. */
void ll_canonical_append (GString *out, const char *data, gsize length);

G_END_DECLS
