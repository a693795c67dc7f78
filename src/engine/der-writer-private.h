/* der-writer-private.h - a few octets of DER at a time, into a byte array. For the small structures
 * around a content that streams; what OpenSSL has a type for is encoded by OpenSSL.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define LL_DER_INTEGER 0x02
#define LL_DER_BIT_STRING 0x03
#define LL_DER_OCTET_STRING 0x04
#define LL_DER_OID 0x06
#define LL_DER_SEQUENCE 0x30
#define LL_DER_SET 0x31
#define LL_DER_CONTEXT(n) (0x80 | (n))             /* primitive */
#define LL_DER_CONTEXT_CONSTRUCTED(n) (0xa0 | (n)) /* constructed */

/* Tag and length of something that has `length` octets. */
void ll_der_add_header (GByteArray *into, guint8 tag, guint64 length);

/* One element with its octets. */
void ll_der_add (GByteArray *into, guint8 tag, gconstpointer data, gsize length);

/* A non-negative INTEGER below 128: a version, a length. */
void ll_der_add_small (GByteArray *into, guint8 number);

/* An object identifier by its dotted number, which must be a right one. */
void ll_der_add_oid (GByteArray *into, const char *dotted);

/* Elements that are there already; `bytes` stays the caller's. */
void ll_der_add_bytes (GByteArray *into, GBytes *bytes);

/* Puts everything so far into one element with this tag. */
void ll_der_wrap (GByteArray *all, guint8 tag);

G_END_DECLS
