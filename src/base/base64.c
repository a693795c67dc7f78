#include <config.h>

#include "base/base64.h"

#define NONE 0xff
#define PAD 0xfe

/* The value of each character; PAD for "=", NONE for all that is to be passed over. */
static guint8 values[256];

static void
make_values (void)
{
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static gsize made;

  if (!g_once_init_enter (&made))
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    values[i] = NONE;
  for (guint8 i = 0; i < 64; i++)
    values[(guchar)alphabet[i]] = i;
  values['='] = PAD;
  g_once_init_leave (&made, 1);
}

/* One character by itself; what it completes is written. */
static gsize
take (LlBase64 *state, guint8 value, guint8 *out)
{
  gsize n;

  if (value == NONE)
    return 0;
  state->bits = state->bits << 6 | (value == PAD ? 0 : value);
  state->pads += value == PAD;
  if (++state->count < 4)
    return 0;
  n = state->pads < 3 ? 3 - state->pads : 0;
  for (gsize i = 0; i < n; i++)
    out[i] = (guint8)(state->bits >> (16 - 8 * i));
  *state = (LlBase64){ 0 };
  return n;
}

/* Whole groups of four, as long as nothing else comes. */
static gsize
take_groups (const guint8 **text, const guint8 *end, guint8 *out)
{
  const guint8 *in = *text;
  guint8 *start = out;

  for (; end - in >= 4; in += 4, out += 3)
    {
      guint8 a = values[in[0]], b = values[in[1]], c = values[in[2]], d = values[in[3]];
      if ((a | b | c | d) & 0x80)
        break;
      guint32 bits = (guint32)a << 18 | (guint32)b << 12 | (guint32)c << 6 | d;
      out[0] = (guint8)(bits >> 16);
      out[1] = (guint8)(bits >> 8);
      out[2] = (guint8)bits;
    }
  *text = in;
  return (gsize)(out - start);
}

gsize
ll_base64_decode (LlBase64 *state, const char *text, gsize length, guint8 *out)
{
  const guint8 *in = (const guint8 *)text, *end = in + length;
  guint8 *start = out;

  make_values ();
  while (in < end)
    {
      if (state->count == 0)
        out += take_groups (&in, end, out);
      if (in < end)
        out += take (state, values[*in++], out);
    }
  return (gsize)(out - start);
}
