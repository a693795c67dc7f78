/* x509-revocation-answer-private.h - what all sources of answers about revocation share. */
#pragma once

#include <openssl/asn1.h>

#include "keys/x509-revocation-answer.h"

G_BEGIN_DECLS

/* The rule for revocations that came after the time judged at, see x509-revocation.h. */
gboolean ll_revocation_counts (gint64 revoked_at, const char *reason, gint64 at);

/* "keyCompromise" for 1 and so on (RFC 5280 section 5.3.1); NULL for a number that has no name. */
const char *ll_revocation_reason_name (long number);

/* Takes the better of two answers about one certificate; `found` is taken over. */
void ll_revocation_weigh (LlRevocation *known, LlRevocation *found);

/* Seconds since 1970; 0 when there is none or it cannot be read. */
gint64 ll_revocation_time (const ASN1_TIME *time);

G_END_DECLS
