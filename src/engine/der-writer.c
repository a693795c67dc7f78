/* der-writer.c - tags, lengths, octets. */
#include <config.h>

#include "bridge/openssl-glue.h"
#include "engine/der-writer-private.h"

#define HEADER_MAX 10

static guint
write_header (guint8 header[HEADER_MAX], guint8 tag, guint64 length)
{
  guint n = 0, octets = 0;

  header[n++] = tag;
  if (length < 0x80)
    {
      header[n++] = (guint8)length;
      return n;
    }
  for (guint64 rest = length; rest > 0; rest >>= 8)
    octets++;
  header[n++] = (guint8)(0x80 | octets);
  while (octets-- > 0)
    header[n++] = (guint8)(length >> (8 * octets));
  return n;
}

void
ll_der_add_header (GByteArray *into, guint8 tag, guint64 length)
{
  guint8 header[HEADER_MAX];

  g_byte_array_append (into, header, write_header (header, tag, length));
}

void
ll_der_add (GByteArray *into, guint8 tag, gconstpointer data, gsize length)
{
  ll_der_add_header (into, tag, length);
  g_byte_array_append (into, data, (guint)length);
}

void
ll_der_add_small (GByteArray *into, guint8 number)
{
  ll_der_add (into, LL_DER_INTEGER, &number, 1);
}

void
ll_der_add_oid (GByteArray *into, const char *dotted)
{
  g_autoptr (ASN1_OBJECT) oid = OBJ_txt2obj (dotted, 1);

  g_return_if_fail (oid != NULL);
  ll_der_add (into, LL_DER_OID, OBJ_get0_data (oid), OBJ_length (oid));
}

void
ll_der_add_bytes (GByteArray *into, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  g_byte_array_append (into, data, (guint)length);
}

void
ll_der_wrap (GByteArray *all, guint8 tag)
{
  guint8 header[HEADER_MAX];

  g_byte_array_prepend (all, header, write_header (header, tag, all->len));
}
