/* pgp-packets.c - what enters: the octets of an OpenPGP message, in pieces. What leaves: which
 * packets they are. Bodies pass unread.
 */
#include <config.h>

#include <string.h>

#include "engine/pgp-packets.h"

#define TYPE_BIT 0x80
#define NEW_FORMAT_BIT 0x40

static gboolean
is_encrypted_data (int tag)
{
  return tag == LL_PGP_ENCRYPTED || tag == LL_PGP_ENCRYPTED_BARE || tag == LL_PGP_ENCRYPTED_AEAD;
}

/* --- headers ---------------------------------------------------------------------------------- */

/* The length of one packet, or of the next piece of one. */
typedef struct
{
  guint64 length;
  gboolean partial;    /* more pieces follow */
  gboolean to_the_end; /* old format, indeterminate: as far as there is data */
} Length;

/* RFC 9580 section 4.2.1. 0: more octets are needed; otherwise how many were used. */
static guint
parse_new_length (const guint8 *p, guint n, Length *length)
{
  *length = (Length){ 0 };
  if (n < 1)
    return 0;
  if (p[0] < 192)
    {
      length->length = p[0];
      return 1;
    }
  if (p[0] >= 224 && p[0] < 255)
    {
      length->length = (guint64)1 << (p[0] & 0x1F);
      length->partial = TRUE;
      return 1;
    }
  if (p[0] < 224)
    {
      if (n < 2)
        return 0;
      length->length = ((guint64)(p[0] - 192) << 8) + p[1] + 192;
      return 2;
    }
  if (n < 5)
    return 0;
  length->length = (guint64)p[1] << 24 | (guint64)p[2] << 16 | (guint64)p[3] << 8 | p[4];
  return 5;
}

/* RFC 9580 section 4.2.2. */
static guint
parse_old_length (guint8 first, const guint8 *p, guint n, Length *length)
{
  guint octets = 1u << (first & 3);

  *length = (Length){ 0 };
  if ((first & 3) == 3)
    {
      length->to_the_end = TRUE;
      return 1; /* the header octet alone */
    }
  if (n < octets)
    return 0;
  for (guint i = 0; i < octets; i++)
    length->length = length->length << 8 | p[i];
  return 1 + octets;
}

/* 0: more octets are needed; otherwise the length of the header. */
static guint
parse_header (const guint8 *p, guint n, int *tag, Length *length)
{
  guint used;

  if (n < 1)
    return 0;
  if ((p[0] & NEW_FORMAT_BIT) == 0)
    {
      *tag = p[0] >> 2 & 0x0F;
      return parse_old_length (p[0], p + 1, n - 1, length);
    }
  *tag = p[0] & 0x3F;
  used = parse_new_length (p + 1, n - 1, length);
  return used == 0 ? 0 : used + 1;
}

/* --- the order of packets --------------------------------------------------------------------- */

static void
count_packet (LlPgpPackets *packets, int tag)
{
  switch (tag)
    {
    case LL_PGP_PKESK:
      packets->n_pkesk++;
      break;
    case LL_PGP_SKESK:
      packets->n_skesk++;
      break;
    case LL_PGP_SIGNATURE:
      packets->n_signatures++;
      break;
    case LL_PGP_ONE_PASS:
      packets->n_one_pass++;
      break;
    default:
      packets->n_others += !is_encrypted_data (tag);
      break;
    }
}

static void
see_packet (LlPgpPackets *packets, int tag)
{
  if (tag == 0)
    packets->malformed = TRUE; /* reserved, never to be used */
  /* RFC 9580 sections 5.8 and 5.14: these mean nothing wherever they stand */
  if (tag == LL_PGP_MARKER || tag == LL_PGP_PADDING)
    return;

  if (packets->data != 0)
    packets->trailing = TRUE;
  else if (is_encrypted_data (tag))
    {
      packets->data = tag;
      if (packets->n_signatures + packets->n_one_pass + packets->n_others > 0)
        packets->malformed = TRUE;
    }
  if (packets->first == 0)
    packets->first = tag;
  count_packet (packets, tag);
}

/* --- the walk --------------------------------------------------------------------------------- */

static void
begin_body (LlPgpScan *scan, const Length *length)
{
  scan->rest = length->length;
  scan->partial = length->partial;
  scan->to_the_end = length->to_the_end;
  scan->in_body = scan->rest > 0 || scan->partial || scan->to_the_end;
  scan->n_header = 0;
}

/* Takes one octet of a header, or of the length of a next piece. */
static void
feed_header (LlPgpScan *scan, guint8 octet)
{
  Length length;
  guint used;

  if (scan->n_header == 0 && !scan->partial && (octet & TYPE_BIT) == 0)
    {
      scan->packets.malformed = TRUE;
      scan->packets.trailing |= scan->packets.data != 0;
      return;
    }
  scan->header[scan->n_header++] = octet;
  if (scan->partial)
    used = parse_new_length (scan->header, scan->n_header, &length);
  else
    used = parse_header (scan->header, scan->n_header, &scan->tag, &length);
  if (used == 0)
    return;
  if (!scan->partial)
    see_packet (&scan->packets, scan->tag);
  begin_body (scan, &length);
}

void
ll_pgp_scan_feed (LlPgpScan *scan, const guint8 *data, gsize length)
{
  while (length > 0 && !scan->packets.malformed)
    {
      gsize step;

      if (!scan->in_body)
        {
          feed_header (scan, *data++);
          length--;
          continue;
        }
      if (scan->to_the_end)
        return;
      step = (gsize)MIN (scan->rest, (guint64)length);
      data += step;
      length -= step;
      scan->rest -= step;
      /* after a partial piece the length of the next one follows */
      scan->in_body = scan->rest > 0;
    }
}

void
ll_pgp_scan_end (LlPgpScan *scan)
{
  scan->packets.truncated
      = !scan->to_the_end && (scan->in_body || scan->n_header > 0 || scan->partial);
}

/* --- what it is ------------------------------------------------------------------------------- */

/* The versions that a packet's first octet may tell, so that not every binary file whose first bit
 * is set looks like OpenPGP. */
static gboolean
version_is_known (int tag, guint8 version)
{
  switch (tag)
    {
    case LL_PGP_PKESK:
      return version == 2 || version == 3 || version == 6;
    case LL_PGP_SKESK:
      return version >= 4 && version <= 6;
    case LL_PGP_SIGNATURE:
      return version >= 2 && version <= 6;
    case LL_PGP_ONE_PASS:
      return version == 3 || version == 6;
    case LL_PGP_SECRET_KEY:
    case LL_PGP_PUBLIC_KEY:
      return version >= 2 && version <= 6;
    case LL_PGP_COMPRESSED:
      return version <= 3;
    case LL_PGP_ENCRYPTED:
      return version == 1 || version == 2;
    case LL_PGP_ENCRYPTED_AEAD:
      return version == 1;
    default:
      return tag == LL_PGP_ENCRYPTED_BARE;
    }
}

static LlBlobKind
kind_of_signature (const guint8 *data, gsize length)
{
  LlPgpScan scan = { 0 };

  /* an old way to sign puts the signature before the content (RFC 9580 section 10.3) */
  ll_pgp_scan_feed (&scan, data, length);
  return scan.packets.n_others + scan.packets.n_one_pass > 0 ? LL_BLOB_SIGNED : LL_BLOB_DETACHED;
}

static LlBlobKind
kind_of_first (int tag, const guint8 *data, gsize length)
{
  switch (tag)
    {
    case LL_PGP_PKESK:
    case LL_PGP_SKESK:
    case LL_PGP_ENCRYPTED:
    case LL_PGP_ENCRYPTED_BARE:
    case LL_PGP_ENCRYPTED_AEAD:
      return LL_BLOB_ENCRYPTED;
    case LL_PGP_ONE_PASS:
    case LL_PGP_COMPRESSED: /* as gpg writes signed messages */
      return LL_BLOB_SIGNED;
    case LL_PGP_SIGNATURE:
      return kind_of_signature (data, length);
    case LL_PGP_SECRET_KEY:
    case LL_PGP_PUBLIC_KEY:
      return LL_BLOB_CERTIFICATES;
    default:
      return LL_BLOB_UNKNOWN;
    }
}

LlBlobKind
ll_pgp_packets_identify (const guint8 *data, gsize length)
{
  gsize at = 0;

  while (at < length)
    {
      Length body;
      int tag;
      guint used = (data[at] & TYPE_BIT) == 0
                       ? 0
                       : parse_header (data + at, (guint)MIN (length - at, 6), &tag, &body);

      if (used == 0)
        return LL_BLOB_UNKNOWN;
      if (tag != LL_PGP_MARKER && tag != LL_PGP_PADDING)
        return at + used < length && version_is_known (tag, data[at + used])
                   ? kind_of_first (tag, data, length)
                   : LL_BLOB_UNKNOWN;
      if (body.partial || body.to_the_end || body.length > length - at - used)
        return LL_BLOB_UNKNOWN;
      at += used + (gsize)body.length;
    }
  return LL_BLOB_UNKNOWN;
}
