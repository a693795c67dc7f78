/* canonical.c - what enters: octets. What leaves: octets that no relay changes. It knows nothing of
 * MIME structure. */
#include <config.h>

#include <string.h>

#include "mail/canonical.h"

#define MAX_LINE 998 /* RFC 5322 section 2.1.1, without CRLF */

/* --- how fit --- */

/* An unfinished line is kept, as far as it can still be one. */
typedef struct
{
  LlFit worst;
  char line[MAX_LINE + 2];
  gsize pending;
} Judge;

static gboolean
is_seven_bit (const char *data, gsize length)
{
  gsize i = 0;
  guint64 bits = 0, word;

  for (; i + sizeof word <= length; i += sizeof word)
    {
      memcpy (&word, data + i, sizeof word);
      bits |= word;
    }
  for (; i < length; i++)
    bits |= (guint8)data[i];
  return (bits & 0x8080808080808080) == 0;
}

static LlFit
line_fit (const char *line, gsize length)
{
  if (length > MAX_LINE || memchr (line, '\r', length) != NULL)
    return LL_FIT_NOT;
  if (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
    return LL_FIT_TRANSPORT;
  return length >= 5 && memcmp (line, "From ", 5) == 0 ? LL_FIT_TRANSPORT : LL_FIT_SIGN;
}

/* A line that ends in LF or, with it, CR. */
static void
judge_line (Judge *judge, const char *line, gsize length)
{
  if (length > 0 && line[length - 1] == '\r')
    length--;
  judge->worst = MAX (judge->worst, line_fit (line, length));
}

static void
keep (Judge *judge, const char *data, gsize length)
{
  if (length > sizeof judge->line - judge->pending)
    {
      judge->worst = LL_FIT_NOT;
      return;
    }
  memcpy (judge->line + judge->pending, data, length);
  judge->pending += length;
}

static void
judge_octets (Judge *judge, const char *data, gsize length)
{
  const char *end = data + length;

  if (!is_seven_bit (data, length) || memchr (data, '\0', length) != NULL)
    judge->worst = LL_FIT_NOT;
  while (data < end && judge->worst != LL_FIT_NOT)
    {
      const char *newline = memchr (data, '\n', (gsize)(end - data));
      const char *stop = newline != NULL ? newline : end;
      if (newline == NULL || judge->pending > 0)
        keep (judge, data, (gsize)(stop - data));
      if (newline != NULL && judge->pending > 0)
        judge_line (judge, judge->line, judge->pending);
      else if (newline != NULL)
        judge_line (judge, data, (gsize)(stop - data));
      if (newline != NULL)
        judge->pending = 0;
      data = newline != NULL ? newline + 1 : end;
    }
}

static LlFit
judge_end (Judge *judge)
{
  return MAX (judge->worst, line_fit (judge->line, judge->pending));
}

LlFit
ll_canonical_get_fit (const char *data, gsize length)
{
  Judge judge = { .worst = LL_FIT_SIGN };

  if (length > 0)
    judge_octets (&judge, data, length);
  return judge_end (&judge);
}

LlFit
ll_canonical_get_fit_of_stream (GInputStream *in, GCancellable *cancellable)
{
  g_autofree char *chunk = g_malloc (LL_FILTER_CHUNK);
  Judge judge = { .worst = LL_FIT_SIGN };
  LlFit fit;
  gssize n = 0;

  while (judge.worst != LL_FIT_NOT
         && (n = g_input_stream_read (in, chunk, LL_FILTER_CHUNK, cancellable, NULL)) > 0)
    judge_octets (&judge, chunk, (gsize)n);
  fit = n < 0 ? LL_FIT_NOT : judge_end (&judge);
  explicit_bzero (chunk, LL_FILTER_CHUNK);
  explicit_bzero (judge.line, sizeof judge.line);
  return fit;
}

/* --- line ends --- */

typedef struct
{
  LlFilter filter;
  gboolean after_cr;
} Canonical;

static gsize
make_canonical (LlFilter *filter, const guint8 *data, gsize length, gboolean last, guint8 *to)
{
  Canonical *self = (Canonical *)filter;
  const guint8 *end = data + length;
  guint8 *start = to;

  while (data < end)
    {
      const guint8 *newline = memchr (data, '\n', (gsize)(end - data));
      const guint8 *stop = newline != NULL ? newline : end;
      gsize n = (gsize)(stop - data);
      if (n > 0)
        {
          memcpy (to, data, n);
          to += n;
          self->after_cr = stop[-1] == '\r';
        }
      if (newline == NULL)
        break;
      if (!self->after_cr)
        *to++ = '\r';
      *to++ = '\n';
      self->after_cr = FALSE;
      data = newline + 1;
    }
  return (gsize)(to - start);
}

static const LlFilterClass canonical_class = { sizeof (Canonical), 2, make_canonical };

LlFilter *
ll_canonical_filter_new (void)
{
  return ll_filter_new (&canonical_class);
}

void
ll_canonical_append (GString *out, const char *data, gsize length)
{
  g_autoptr (LlFilter) filter = ll_canonical_filter_new ();
  g_autoptr (GBytes) changed = ll_filter_bytes (filter, data, length);
  gsize n;
  const char *text = g_bytes_get_data (changed, &n);

  g_string_append_len (out, text, (gssize)n);
}
