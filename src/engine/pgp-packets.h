/* pgp-packets.h - the packets of an OpenPGP message as they pass by: their kinds and their order,
 * without a look inside (RFC 9580 section 4).
 *
 * gpg is told to open a message, and it is lenient about what stands around it. Whether there is
 * exactly one message (OP-27), and of which kind, is decided here. It decrypts and verifies
 * nothing.
 */
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

typedef enum
{
  LL_PGP_PKESK = 1, /* session key for a public key */
  LL_PGP_SIGNATURE = 2,
  LL_PGP_SKESK = 3, /* session key for a passphrase */
  LL_PGP_ONE_PASS = 4,
  LL_PGP_SECRET_KEY = 5,
  LL_PGP_PUBLIC_KEY = 6,
  LL_PGP_SECRET_SUBKEY = 7,
  LL_PGP_COMPRESSED = 8,
  LL_PGP_ENCRYPTED_BARE = 9, /* without integrity protection (OP-23) */
  LL_PGP_MARKER = 10,
  LL_PGP_LITERAL = 11,
  LL_PGP_TRUST = 12,
  LL_PGP_USER_ID = 13,
  LL_PGP_PUBLIC_SUBKEY = 14,
  LL_PGP_ATTRIBUTE = 17,
  LL_PGP_ENCRYPTED = 18, /* with integrity protection */
  LL_PGP_MDC = 19,
  LL_PGP_ENCRYPTED_AEAD = 20, /* LibrePGP */
  LL_PGP_PADDING = 21,
} LlPgpTag;

/* What has been seen. */
typedef struct
{
  int first; /* the first packet's tag, markers and padding apart; 0: none */
  int data;  /* the tag of the encrypted data packet; 0: none */
  guint n_pkesk, n_skesk, n_signatures, n_one_pass, n_others;
  gboolean malformed; /* what stands there is not a packet, or has an impossible place */
  gboolean trailing;  /* something follows the encrypted data, or the end of the text */
  gboolean truncated; /* after ll_pgp_scan_end(): it ends inside a packet */
} LlPgpPackets;

typedef struct
{
  LlPgpPackets packets;
  /* Private: where we are. */
  guint8 header[6];
  guint n_header; /* octets of a header gathered */
  guint64 rest;   /* octets of the body still to pass */
  int tag;
  gboolean in_body, partial, to_the_end;
} LlPgpScan;

/* `scan` begins as all zero. Feed the message in pieces of any size. */
void ll_pgp_scan_feed (LlPgpScan *scan, const guint8 *data, gsize length);
void ll_pgp_scan_end (LlPgpScan *scan);

/* What the packets at the beginning of binary data make (SM-21): UNKNOWN unless version numbers and
 * lengths make sense. */
LlBlobKind ll_pgp_packets_identify (const guint8 *data, gsize length);

G_END_DECLS
