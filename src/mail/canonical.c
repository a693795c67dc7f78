/* canonical.c - what enters: octets. What leaves: octets that no relay changes. It knows nothing of
 * MIME structure. */
#include <config.h>

#include <string.h>

#include "mail/canonical.h"

#define MAX_LINE 998 /* RFC 5322 section 2.1.1, without CRLF */
#define ENCODED_LINE 76

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

LlFit
ll_canonical_get_fit (const char *data, gsize length)
{
  const char *end = data + length;
  LlFit worst = LL_FIT_SIGN;

  if (length == 0)
    return LL_FIT_SIGN;
  if (!is_seven_bit (data, length) || memchr (data, '\0', length) != NULL)
    return LL_FIT_NOT;
  while (data < end && worst != LL_FIT_NOT)
    {
      const char *newline = memchr (data, '\n', (gsize)(end - data));
      const char *next = newline != NULL ? newline + 1 : end;
      const char *line_end = newline != NULL ? newline : end;
      if (newline != NULL && line_end > data && line_end[-1] == '\r')
        line_end--;
      worst = MAX (worst, line_fit (data, (gsize)(line_end - data)));
      data = next;
    }
  return worst;
}

void
ll_canonical_append (GString *out, const char *data, gsize length)
{
  const char *end = data + length;

  while (data < end)
    {
      const char *newline = memchr (data, '\n', (gsize)(end - data));
      const char *line_end = newline != NULL ? newline : end;
      if (newline != NULL && line_end > data && line_end[-1] == '\r')
        line_end--;
      g_string_append_len (out, data, line_end - data);
      if (newline == NULL)
        return;
      g_string_append_len (out, "\r\n", 2);
      data = newline + 1;
    }
}

void
ll_canonical_append_base64 (GString *out, const guint8 *data, gsize length)
{
  char line[ENCODED_LINE + 2];
  const gsize step = ENCODED_LINE / 4 * 3;

  for (gsize i = 0; i < length; i += step)
    {
      int state = 0, save = 0;
      gsize n = g_base64_encode_step (data + i, MIN (step, length - i), FALSE, line, &state, &save);
      n += g_base64_encode_close (FALSE, line + n, &state, &save);
      g_string_append_len (out, line, (gssize)n);
      g_string_append_len (out, "\r\n", 2);
    }
}

static gboolean
is_line_end (const guint8 *data, gsize length, gsize i)
{
  return i >= length || (i + 1 < length && data[i] == '\r' && data[i + 1] == '\n');
}

static gboolean
must_encode (const guint8 *data, gsize length, gsize i, gboolean at_start)
{
  guint8 c = data[i];

  if (c == ' ' || c == '\t')
    return is_line_end (data, length, i + 1);
  if (c < 33 || c > 126 || c == '=')
    return TRUE;
  if (at_start && c == 'F')
    return length - i >= 5 && memcmp (data + i, "From ", 5) == 0;
  return at_start && (c == '-' || c == '.');
}

void
ll_canonical_append_quoted_printable (GString *out, const guint8 *data, gsize length)
{
  static const char digits[] = "0123456789ABCDEF";
  gsize column = 0, i = 0;

  while (i < length)
    {
      gboolean encode;
      gsize width;
      if (i + 1 < length && data[i] == '\r' && data[i + 1] == '\n')
        {
          g_string_append_len (out, "\r\n", 2);
          column = 0;
          i += 2;
          continue;
        }
      encode = must_encode (data, length, i, column == 0);
      width = encode ? 3 : 1;
      if (column + width > ENCODED_LINE - 1)
        {
          g_string_append_len (out, "=\r\n", 3);
          column = 0;
          continue;
        }
      if (encode)
        g_string_append_printf (out, "=%c%c", digits[data[i] >> 4], digits[data[i] & 15]);
      else
        g_string_append_c (out, (char)data[i]);
      column += width;
      i++;
    }
}
