#include <config.h>

#include <string.h>

#include "base/hex.h"

char *
ll_hex_encode (const guint8 *data, gsize length)
{
  static const char digits[] = "0123456789ABCDEF";
  char *hex = g_malloc (length * 2 + 1);

  for (gsize i = 0; i < length; i++)
    {
      hex[2 * i] = digits[data[i] >> 4];
      hex[2 * i + 1] = digits[data[i] & 15];
    }
  hex[2 * length] = '\0';
  return hex;
}

GBytes *
ll_hex_decode (const char *hex)
{
  gsize length = strlen (hex);
  g_autofree guint8 *data = NULL;

  if (length % 2 != 0)
    return NULL;
  data = g_malloc (length / 2 + 1);
  for (gsize i = 0; i < length; i++)
    {
      int digit = g_ascii_xdigit_value (hex[i]);
      if (digit < 0)
        return NULL;
      data[i / 2] = (guint8)(i % 2 == 0 ? digit << 4 : data[i / 2] | digit);
    }
  return g_bytes_new_take (g_steal_pointer (&data), length / 2);
}

gboolean
ll_hex_is_fingerprint (const char *text, char **canonical)
{
  g_autoptr (GString) digits = g_string_new (NULL);

  if (text == NULL)
    return FALSE;
  if (g_ascii_strncasecmp (text, "0x", 2) == 0)
    text += 2;
  for (; *text != '\0'; text++)
    {
      if (*text == ' ' || *text == ':')
        continue;
      if (!g_ascii_isxdigit (*text) || digits->len > 64)
        return FALSE;
      g_string_append_c (digits, g_ascii_toupper (*text));
    }
  if (digits->len != 40 && digits->len != 64)
    return FALSE;
  if (canonical != NULL)
    *canonical = g_strdup (digits->str);
  return TRUE;
}
