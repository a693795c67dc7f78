/* gmime-glue.h - what we take from GMime, once: transfer encodings, encoded words, character sets
 * and dates. Its parser and its cryptographic contexts are not used: which octets belong to which
 * part is settled by mail/scan, and keys are the engines' work.
 */
#pragma once

#include <gio/gio.h>
#include <gmime/gmime.h>

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GMimeContentType, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GMimeContentDisposition, g_object_unref)

/* Undoes base64, quoted-printable or uuencode. Octets that do not belong are skipped, as mail
 * readers do. The result is wiped when it goes. (transfer full) */
GBytes *ll_gmime_decode (GMimeContentEncoding encoding, const void *data, gsize length);

/* Text in `charset` (NULL or unknown: guessed) as UTF-8; what cannot be decoded becomes U+FFFD and
 * NUL too. (transfer full) */
char *ll_gmime_to_utf8 (const char *data, gsize length, const char *charset);

/* An unfolded header value as UTF-8: encoded words (RFC 2047) decoded, raw 8-bit and raw
 * ISO-2022-JP guessed. May hold control characters afterwards (IA-05). (transfer full) */
char *ll_gmime_decode_words (const char *value);

/* The other way for one unstructured value: ASCII with encoded words, not folded (IA-01).
 * (transfer full) */
char *ll_gmime_encode_words (const char *text);

/* The time of a Date field; 0 when it cannot be read. */
gint64 ll_gmime_parse_date (const char *value);

G_END_DECLS
