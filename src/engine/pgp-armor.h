/* pgp-armor.h - ASCII armor put on and taken off outside gpg, whose own armor costs more than the
 * encryption (RFC 9580 section 6), and the packets counted on the way in.
 *
 * What is not one plain armored block is passed to gpg as it is: gpg has the last word on it.
 */
#pragma once

#include "engine/pgp-packets.h"

G_BEGIN_DECLS

/* A stream that writes armor of `kind` ("MESSAGE", "SIGNATURE") to `base`. ll_pgp_armor_finish()
 * writes the end; the stream is not to be written to after it. (transfer full) */
GOutputStream *ll_pgp_armor_new (GOutputStream *base, const char *kind);
gboolean ll_pgp_armor_finish (GOutputStream *armor, GCancellable *cancellable, GError **error);

/* A stream of binary packets out of `base`, which may be binary or armored. Reading fails with
 * LL_ERROR_BAD_DATA in the middle of armor that is damaged or cut off. A wrong checksum is not an
 * error (OP-06). Encrypted data without integrity protection ends the stream before its first octet
 * (OP-23), so that no gpg is ever tempted. (transfer full) */
GInputStream *ll_pgp_input_new (GInputStream *base);

/* What kind of armor it wears: "MESSAGE", "SIGNATURE" ...; "" when binary; NULL when it is neither
 * and passes as it is. Reads the beginning. Borrowed. */
gboolean ll_pgp_input_open (GInputStream *input, const char **armor, GCancellable *cancellable,
                            GError **error);

/* The packets that have passed; complete when the stream has been read to its end. All zero when it
 * passes as it is. Borrowed. */
const LlPgpPackets *ll_pgp_input_get_packets (GInputStream *input);

/* What the first octets of binary or armored data are. */
LlBlobKind ll_pgp_identify (const guint8 *data, gsize length);

G_END_DECLS
