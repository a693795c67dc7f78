/* transfer.h - transfer encodings (RFC 2045 section 6) while they stream by.
 *
 * Decoding skips what does not belong, as mail readers do. Padding ends a quantum and decoding goes
 * on after it; the result does not depend on how the octets come.
 */
#pragma once

#include "bridge/gmime-glue.h"
#include "mail/filter.h"

G_BEGIN_DECLS

/* Undoes an encoding; NULL for one that changes nothing. (transfer full) (nullable) */
LlFilter *ll_transfer_decoder_new (GMimeContentEncoding encoding);

/* Base64 in lines of 76 characters that end in CRLF (section 6.8). (transfer full) */
LlFilter *ll_transfer_base64_new (void);

/* Quoted-printable (section 6.7): CRLF stays a line end; blanks at a line's end, a "From ", a "-"
 * and a "." at its start are encoded too. (transfer full) */
LlFilter *ll_transfer_quoted_printable_new (void);

G_END_DECLS
