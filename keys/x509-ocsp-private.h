/* x509-ocsp-private.h - asking one responder about one certificate (RFC 6960).
 *
 * For keys/x509-revocation alone. It makes questions and reads answers; others fetch them.
 */
#pragma once

#include <openssl/x509.h>

#include "keys/x509-revocation-answer.h"

G_BEGIN_DECLS

typedef struct
{
  char *responder; /* as the certificate names it */
  char *url;       /* the same with the question in it, for a GET (RFC 6960 appendix A.1) */
} LlOcspQuestion;

/* NULL when the certificate names no responder that can be asked. No nonce: so that a responder may
 * answer from its store (RFC 5019 section 4). (transfer full) (nullable) */
LlOcspQuestion *ll_ocsp_question_new (X509 *certificate, X509 *issuer);
void ll_ocsp_question_free (LlOcspQuestion *question);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlOcspQuestion, ll_ocsp_question_free)

typedef struct
{
  LlKey *key, *issuer;
  const char *responder;
  gint64 now; /* of the clock */
  gint64 at;  /* the time to judge at */
} LlOcspContext;

/* What the answer says. Signed by the issuer, or by one whom the issuer has certified to sign such
 * answers (section 4.2.2.2); anything else is WRONG_SIGNER. (transfer full) */
LlRevocation *ll_ocsp_read (GBytes *der, const LlOcspContext *context);

G_END_DECLS
