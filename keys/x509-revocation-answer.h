/* x509-revocation-answer.h - a question about revocation, and the answer to it: plain values.
 *
 * Whoever answers is another room: keys/x509-revocation and what it asks.
 */
#pragma once

#include "base/reason.h"
#include "keys/key-store.h"

G_BEGIN_DECLS

typedef enum
{
  LL_REVOCATION_UNKNOWN,
  LL_REVOCATION_GOOD,
  LL_REVOCATION_REVOKED,
} LlRevocationWord;

typedef struct
{
  LlRevocationWord word;
  LlReason reason;    /* why it is UNKNOWN: REVOCATION_...; KEY_REVOKED when revoked; else NONE */
  const char *source; /* "crl", "crl-file", "crl-in-message", "ocsp", "ocsp-in-message",
                         or NULL; static */
  char *from;         /* the URL or file that the answer came from, or NULL */
  gint64 this_update, next_update; /* of the answer; 0: not known */
  gint64 revoked_at;               /* also set when it was revoked after the time judged at */
  const char *revocation_reason;   /* "keyCompromise" ... as in RFC 5280, or NULL; static */
} LlRevocation;

/* "unknown", "good", "revoked". */
const char *ll_revocation_word_name (LlRevocationWord word);

void ll_revocation_free (LlRevocation *revocation);

typedef struct
{
  GPtrArray *chain;  /* of LlKey: the path, leaf first, its anchor last */
  GPtrArray *extra;  /* of LlKey, or NULL: from the message; may have signed a CRL */
  LlKeyStore *store; /* or NULL: its certificates too, if nobody else has signed it */
  GPtrArray *crls;   /* of GBytes, or NULL: CRLs from the message (CM-10) */
  GPtrArray *ocsps;  /* of GBytes, or NULL: OCSP responses from the message (CM-10) */
  gint64 at;         /* the time to judge at */
  gboolean offline;  /* ask no server, whatever the mode */
} LlX509RevocationQuestion;

G_END_DECLS
