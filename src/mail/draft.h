/* draft.h - a message about to be sealed: taken apart into the header section that stays outside
 * and the MIME entity that goes inside, and put together again.
 *
 * The entity is made fit to sign (SM-13, SM-14, PM-03): CRLF, 7-bit, no trailing blanks, no line
 * that begins with "From ", no line over 998 octets, by re-encoding leaves in quoted-printable or
 * base64. What every leaf decodes to stays the same octet for octet. Leaves stay where they are and
 * are encoded each time the entity is read: it may be larger than memory.
 */
#pragma once

#include "mail/message.h"
#include "mail/rope.h"

G_BEGIN_DECLS

typedef struct
{
  char *header;      /* the fields that are not structural (RFC 9787 section 1.1.1), CRLF,
                        without Bcc and without MIME-Version */
  LlRope *entity;    /* Content-* fields, empty line, body; canonical and 7-bit */
  char *author;      /* the From address, or NULL */
  char **recipients; /* To and Cc, no duplicates; NULL-terminated */
  gboolean has_bcc;
  gboolean incompressible; /* most of the entity is base64 or already compressed */
} LlDraft;

void ll_draft_free (LlDraft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlDraft, ll_draft_free)

/* LL_ERROR_BAD_DATA when the message's structure is ambiguous, has NUL octets, or cannot be made
 * 7-bit without changing what is inside a signature (says which part), and the errors of the
 * message's source. (transfer full) */
LlDraft *ll_draft_new (LlMessage *message, GCancellable *cancellable, GError **error);

/* The other way: the header of `outer` with the structural fields replaced by those of `payload`,
 * then its body; inner fields win where the payload has them (HP-27). For mail decrypt.
 * (transfer full) */
LlRope *ll_draft_open (const LlPart *outer, const LlPart *payload);

/* The same, with `body` in place of the payload's. (transfer full) */
LlRope *ll_draft_open_with (const LlPart *outer, const LlPart *payload, LlSource *body);

G_END_DECLS
