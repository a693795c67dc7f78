/* transfer.c - what enters: octets, in any pieces. What leaves: the same, encoded or decoded. Of
 * GMime come quoted-printable and uuencode; base64 is our own, because it is what large mail is
 * made of, and because GMime looks for padding only at the end of what it is given. */
#include <config.h>

#include <string.h>

#include "mail/transfer.h"

#define ENCODED_LINE 76
#define MAX_UU_LINE 4096

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* --- base64, undone --------------------------------------------------------------------------- */

#define NOT_BASE64 0x01000000

/* What a character is worth at each of the four places of a quantum. */
static guint32 values[4][256];

static void
init_values (void)
{
  static gsize done;

  if (!g_once_init_enter (&done))
    return;
  for (guint place = 0; place < 4; place++)
    for (guint c = 0; c < 256; c++)
      values[place][c] = NOT_BASE64;
  for (guint place = 0; place < 4; place++)
    for (guint i = 0; i < 64; i++)
      values[place][(guint8)alphabet[i]] = i << (18 - 6 * place);
  g_once_init_leave (&done, 1);
}

typedef struct
{
  LlFilter filter;
  guint32 bits; /* of an unfinished quantum */
  guint n;      /* characters of it */
} Decoder;

/* Whole quanta without anything between them: most of a line, or all of a file without lines. */
static gsize
decode_run (const guint8 *data, gsize length, guint8 **to)
{
  guint8 *out = *to;
  gsize i = 0;

  for (; i + 4 <= length; i += 4)
    {
      guint32 bits = values[0][data[i]] | values[1][data[i + 1]] | values[2][data[i + 2]]
                     | values[3][data[i + 3]];
      if (bits & NOT_BASE64)
        break;
      out[0] = (guint8)(bits >> 16);
      out[1] = (guint8)(bits >> 8);
      out[2] = (guint8)bits;
      out += 3;
    }
  *to = out;
  return i;
}

/* One octet for two characters of a quantum, two for three, three for four. */
static void
finish_quantum (Decoder *self, guint8 **to)
{
  for (guint i = 1; i < self->n; i++)
    *(*to)++ = (guint8)(self->bits >> (24 - 8 * i));
  self->bits = 0;
  self->n = 0;
}

static void
take_character (Decoder *self, guint8 c, guint8 **to)
{
  guint32 value = values[self->n][c];

  if (value != NOT_BASE64)
    {
      self->bits |= value;
      self->n++;
    }
  if (self->n == 4 || c == '=')
    finish_quantum (self, to);
}

static gsize
decode_base64 (LlFilter *filter, const guint8 *data, gsize length, gboolean last, guint8 *to)
{
  Decoder *self = (Decoder *)filter;
  guint8 *start = to;

  for (gsize i = 0; i < length;)
    {
      if (self->n == 0)
        i += decode_run (data + i, length - i, &to);
      if (i < length)
        take_character (self, data[i++], &to);
    }
  if (last)
    finish_quantum (self, &to);
  return (gsize)(to - start);
}

static const LlFilterClass base64_decoder = { sizeof (Decoder), 1, decode_base64 };

/* --- quoted-printable and uuencode, undone ---------------------------------------------------- */

/* GMime looks for uuencode's "begin" within what it is given: it gets whole lines. */
typedef struct
{
  LlFilter filter;
  GMimeEncoding state;
  char line[MAX_UU_LINE];
  gsize pending;
} GmimeDecoder;

static gsize
gmime_step (GmimeDecoder *self, const void *data, gsize length, guint8 *to)
{
  return length > 0 ? g_mime_encoding_step (&self->state, data, length, (char *)to) : 0;
}

static gsize
decode_lines (LlFilter *filter, const guint8 *data, gsize length, gboolean last, guint8 *to)
{
  GmimeDecoder *self = (GmimeDecoder *)filter;
  gsize written = 0;

  for (gsize i = 0; i < length; i++)
    {
      self->line[self->pending++] = (char)data[i];
      if (data[i] != '\n' && self->pending < MAX_UU_LINE)
        continue;
      written += gmime_step (self, self->line, self->pending, to + written);
      self->pending = 0;
    }
  if (last)
    {
      written += gmime_step (self, self->line, self->pending, to + written);
      self->pending = 0;
    }
  return written;
}

static gsize
decode_quoted (LlFilter *filter, const guint8 *data, gsize length, gboolean last, guint8 *to)
{
  return gmime_step ((GmimeDecoder *)filter, data, length, to);
}

static const LlFilterClass uu_decoder = { sizeof (GmimeDecoder), 2, decode_lines };
static const LlFilterClass quoted_decoder = { sizeof (GmimeDecoder), 2, decode_quoted };

LlFilter *
ll_transfer_decoder_new (GMimeContentEncoding encoding)
{
  LlFilter *filter;

  if (encoding == GMIME_CONTENT_ENCODING_BASE64)
    {
      init_values ();
      return ll_filter_new (&base64_decoder);
    }
  if (encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
      && encoding != GMIME_CONTENT_ENCODING_UUENCODE)
    return NULL;
  filter
      = ll_filter_new (encoding == GMIME_CONTENT_ENCODING_UUENCODE ? &uu_decoder : &quoted_decoder);
  g_mime_encoding_init_decode (&((GmimeDecoder *)filter)->state, encoding);
  return filter;
}

/* --- base64 ----------------------------------------------------------------------------------- */

#define LINE_OCTETS (ENCODED_LINE / 4 * 3)

typedef struct
{
  LlFilter filter;
  guint8 line[LINE_OCTETS]; /* of an unfinished line */
  gsize pending;
} Encoder;

static guint8 *
encode_line (const guint8 *data, gsize length, guint8 *to)
{
  for (; length >= 3; data += 3, length -= 3)
    {
      guint32 bits = (guint32)data[0] << 16 | (guint32)data[1] << 8 | data[2];
      to[0] = (guint8)alphabet[bits >> 18];
      to[1] = (guint8)alphabet[bits >> 12 & 63];
      to[2] = (guint8)alphabet[bits >> 6 & 63];
      to[3] = (guint8)alphabet[bits & 63];
      to += 4;
    }
  if (length > 0)
    {
      guint32 bits = (guint32)data[0] << 16 | (length > 1 ? (guint32)data[1] << 8 : 0);
      *to++ = (guint8)alphabet[bits >> 18];
      *to++ = (guint8)alphabet[bits >> 12 & 63];
      *to++ = length > 1 ? (guint8)alphabet[bits >> 6 & 63] : '=';
      *to++ = '=';
    }
  *to++ = '\r';
  *to++ = '\n';
  return to;
}

static gsize
encode_base64 (LlFilter *filter, const guint8 *data, gsize length, gboolean last, guint8 *to)
{
  Encoder *self = (Encoder *)filter;
  guint8 *start = to;

  while (length > 0)
    {
      gsize n = MIN (LINE_OCTETS - self->pending, length);
      const guint8 *line = data;
      if (self->pending > 0 || n < LINE_OCTETS)
        {
          memcpy (self->line + self->pending, data, n);
          line = self->line;
        }
      self->pending += n;
      data += n;
      length -= n;
      if (self->pending < LINE_OCTETS)
        break;
      to = encode_line (line, LINE_OCTETS, to);
      self->pending = 0;
    }
  if (last && self->pending > 0)
    {
      to = encode_line (self->line, self->pending, to);
      self->pending = 0;
    }
  return (gsize)(to - start);
}

static const LlFilterClass base64_encoder = { sizeof (Encoder), 2, encode_base64 };

LlFilter *
ll_transfer_base64_new (void)
{
  return ll_filter_new (&base64_encoder);
}

/* --- quoted-printable ------------------------------------------------------------------------- */

#define LOOK_AHEAD 5 /* of "From " */

typedef struct
{
  LlFilter filter;
  guint8 pending[LOOK_AHEAD]; /* what cannot be judged yet */
  gsize n_pending;
  gsize column;
} Quoter;

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
    return length - i >= LOOK_AHEAD && memcmp (data + i, "From ", LOOK_AHEAD) == 0;
  return at_start && (c == '-' || c == '.');
}

static guint8 *
quote_octet (guint8 c, gboolean encode, guint8 *to)
{
  static const char digits[] = "0123456789ABCDEF";

  if (!encode)
    {
      *to++ = c;
      return to;
    }
  *to++ = '=';
  *to++ = (guint8)digits[c >> 4];
  *to++ = (guint8)digits[c & 15];
  return to;
}

static guint8 *
end_line (Quoter *self, const char *end, guint8 *to)
{
  self->column = 0;
  return (guint8 *)g_stpcpy ((char *)to, end);
}

/* Stops where what follows must be seen first. How many octets were taken. */
static gsize
quote_run (Quoter *self, const guint8 *data, gsize length, gboolean last, guint8 **to)
{
  gsize i = 0;

  while (i < length && (last || length - i > LOOK_AHEAD))
    {
      gboolean encode;
      if (i + 1 < length && data[i] == '\r' && data[i + 1] == '\n')
        {
          *to = end_line (self, "\r\n", *to);
          i += 2;
          continue;
        }
      encode = must_encode (data, length, i, self->column == 0);
      if (self->column + (encode ? 3 : 1) > ENCODED_LINE - 1)
        {
          *to = end_line (self, "=\r\n", *to);
          continue; /* it stands at a line's start now */
        }
      self->column += encode ? 3 : 1;
      *to = quote_octet (data[i++], encode, *to);
    }
  return i;
}

static gsize
encode_quoted (LlFilter *filter, const guint8 *data, gsize length, gboolean last, guint8 *to)
{
  Quoter *self = (Quoter *)filter;
  guint8 *start = to;
  guint8 joint[4 * LOOK_AHEAD];
  gsize taken;

  /* what was left goes together with the beginning of what comes */
  if (self->n_pending > 0)
    {
      gsize n = MIN (length, 2 * LOOK_AHEAD);
      gboolean all = n == length;
      memcpy (joint, self->pending, self->n_pending);
      memcpy (joint + self->n_pending, data, n);
      taken = quote_run (self, joint, self->n_pending + n, last && all, &to);
      if (taken < self->n_pending || all)
        {
          self->n_pending += n - taken;
          memmove (self->pending, joint + taken, self->n_pending);
          return (gsize)(to - start);
        }
      data += taken - self->n_pending;
      length -= taken - self->n_pending;
      self->n_pending = 0;
    }
  taken = quote_run (self, data, length, last, &to);
  self->n_pending = length - taken;
  memcpy (self->pending, data + taken, self->n_pending);
  return (gsize)(to - start);
}

static const LlFilterClass quoted_encoder = { sizeof (Quoter), 4, encode_quoted };

LlFilter *
ll_transfer_quoted_printable_new (void)
{
  return ll_filter_new (&quoted_encoder);
}
