/* headers.h - which header fields to believe: those outside, or those that the sender protected.
 *
 * Reading only. Composing protected headers (RFC 9788 section 5) is not done yet.
 */
#pragma once

#include "mail/layers.h"

G_BEGIN_DECLS

typedef struct
{
  char *subject;          /* to show, decoded, not made safe; or NULL */
  char *from_text;        /* the From field to show, decoded, not made safe; or NULL */
  char *author;           /* the one address that a signature can be bound to; or NULL */
  LlReason author_reason; /* why there is no author */
  char *sender;           /* the address of the Sender field, when there is exactly one; or NULL */
  gint64 date;            /* 0: none, or unreadable */
  gboolean is_protected;  /* subject and date come from inside */
} LlHeaders;

void ll_headers_free (LlHeaders *headers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlHeaders, ll_headers_free)

/* Reads the fields of the opened envelope.
 *
 * Fields inside count when the payload's root says hp="clear" or hp="cipher" (RFC 9788
 * section 4.1), the older protected-headers="v1" (HP-39), or is a message/rfc822 that only carries
 * the fields (RFC 8551 section 3.1, HP-38); anywhere else they are ignored (HP-25). When the
 * authors inside and outside differ, there is none: the mail program around us shows the outer one
 * (HP-44). (transfer full) */
LlHeaders *ll_headers_read (const LlEnvelope *envelope);

/* The part of the payload that has the protected fields, or NULL when none are protected. Borrowed.
 */
LlPart *ll_headers_find_protected (const LlEnvelope *envelope);

/* The same for a payload that is known to be the payload of an envelope that may be credited.
 * Borrowed. */
LlPart *ll_headers_get_protected (const LlPart *payload);

/* TRUE for MIME-Version and every Content-* (E2E-11). */
gboolean ll_headers_is_structural (const char *name);

G_END_DECLS
