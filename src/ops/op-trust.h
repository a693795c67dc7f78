/* op-trust.h - the user's own decision about a certificate, kept for later. */
#pragma once

#include "ops/session.h"

G_BEGIN_DECLS

typedef struct
{
  const char *fingerprint; /* SHA-256 or SHA-1, as people write it */
  LlDecision decision;     /* NONE: forget what was decided */
  const char *address;     /* PIN: for this address; or NULL, for those in the certificate */
} LlTrustRequest;

/* Finds the certificate, checks that the decision makes sense for it, and keeps it. `key`
 * (nullable) is the certificate, or NULL when it is refused or forgotten without being here.
 *
 * Errors: LL_ERROR_MISSING_INPUT (no such certificate), LL_ERROR_UNSUPPORTED_OPTION (an OpenPGP
 * key, an authority that is none, another's address), LL_ERROR_MISSING_ARGUMENT (a pin that needs
 * an address), LL_ERROR_FAILED (it cannot be kept). */
gboolean ll_op_trust_decide (LlSession *session, const LlTrustRequest *request, LlKey **key,
                             GError **error);

G_END_DECLS
