/* x509-policy-private.h - the same, read from a certificate: for keys/ alone.
 *
 * What enters: a parsed certificate. What leaves: the kind of vetting that it claims, and the name
 * that goes with it. It judges nothing (keys/x509-vetting has the remarks).
 */
#pragma once

#include <openssl/x509.h>

#include "keys/x509-policy.h"

G_BEGIN_DECLS

/* What kind of vetting a certificate claims; NOT_TOLD when none. `generation` and `n_policies` (how
 * many reserved policies there are) may be NULL. */
LlVetted ll_x509_policy_vetted (X509 *certificate, LlGeneration *generation, guint *n_policies);

/* The name that the kind of vetting lets be shown: none for MAILBOX. `pseudonym` may be NULL.
 * (transfer full) (nullable) */
char *ll_x509_policy_dup_name (X509 *certificate, LlVetted vetted, gboolean *pseudonym);

G_END_DECLS
