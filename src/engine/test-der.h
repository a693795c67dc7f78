/* test-der.h - a small writer of BER for tests, so that they can make what no library makes. Parts
 * are GByteArray and are used up by what they are put into.
 */
#pragma once

#include <glib.h>
#include <string.h>

#define DER_DATA 1, 7, 1 /* the last arcs of id-data, below 1.2.840.113549 */

static inline GByteArray *
der_bytes (gconstpointer data, gsize length)
{
  return g_byte_array_append (g_byte_array_new (), data, length);
}

static inline void
der_put_header (GByteArray *into, guint8 tag, gsize length)
{
  guint8 header[6] = { tag };
  guint n = 1;

  if (length < 0x80)
    header[n++] = length;
  else
    {
      guint octets = length > 0xffffff ? 4 : length > 0xffff ? 3 : length > 0xff ? 2 : 1;
      header[n++] = 0x80 | octets;
      while (octets-- > 0)
        header[n++] = length >> (8 * octets);
    }
  g_byte_array_append (into, header, n);
}

/* Several parts, one after the other; a NULL-terminated list. */
static inline GByteArray *
der_join_valist (va_list parts)
{
  GByteArray *all = g_byte_array_new ();

  for (GByteArray *part = va_arg (parts, GByteArray *); part != NULL;
       part = va_arg (parts, GByteArray *))
    {
      g_byte_array_append (all, part->data, part->len);
      g_byte_array_unref (part);
    }
  return all;
}

static inline GByteArray *G_GNUC_NULL_TERMINATED
der_join (GByteArray *first, ...)
{
  va_list parts;
  g_autoptr (GByteArray) rest = NULL;

  va_start (parts, first);
  rest = der_join_valist (parts);
  va_end (parts);
  return g_byte_array_append (first, rest->data, rest->len);
}

/* An element around the parts. */
static inline GByteArray *G_GNUC_NULL_TERMINATED
der (guint8 tag, ...)
{
  va_list parts;
  GByteArray *whole = g_byte_array_new ();
  g_autoptr (GByteArray) body = NULL;

  va_start (parts, tag);
  body = der_join_valist (parts);
  va_end (parts);
  der_put_header (whole, tag, body->len);
  return g_byte_array_append (whole, body->data, body->len);
}

/* The same with indefinite length. */
static inline GByteArray *G_GNUC_NULL_TERMINATED
ber (guint8 tag, ...)
{
  va_list parts;
  GByteArray *whole = der_bytes ((const guint8[]){ tag, 0x80 }, 2);
  g_autoptr (GByteArray) body = NULL;

  va_start (parts, tag);
  body = der_join_valist (parts);
  va_end (parts);
  g_byte_array_append (whole, body->data, body->len);
  return g_byte_array_append (whole, (const guint8[]){ 0, 0 }, 2);
}

static inline GByteArray *
der_string (guint8 tag, const char *text)
{
  return der (tag, der_bytes (text, strlen (text)), NULL);
}

static inline GByteArray *
der_integer (guint8 number)
{
  return der (0x02, der_bytes (&number, 1), NULL);
}

/* An object identifier of RSA's arc, 1.2.840.113549: the arcs after it, each below 128. */
#define der_pkcs(...)                                                                              \
  der (0x06,                                                                                       \
       der_bytes ((const guint8[]){ 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, __VA_ARGS__ },             \
                  sizeof ((const guint8[]){ 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, __VA_ARGS__ })),   \
       NULL)

static inline GByteArray *
der_repeat (const GByteArray *part, guint times)
{
  GByteArray *all = g_byte_array_new ();

  for (guint i = 0; i < times; i++)
    g_byte_array_append (all, part->data, part->len);
  return all;
}

static inline GBytes *
der_take (GByteArray *array)
{
  return g_byte_array_free_to_bytes (array);
}
