/* x509-vetting-private.h - the same for a certificate that is not a Key yet: for keys/ alone. */
#pragma once

#include <openssl/x509.h>

#include "keys/x509-vetting.h"

G_BEGIN_DECLS

/* What kind of vetting a certificate claims; NOT_TOLD when none. `generation` and `n_policies` (how
 * many reserved policies there are) may be NULL. */
LlVetted ll_x509_vetting_of (X509 *certificate, LlGeneration *generation, guint *n_policies);

/* The name that the kind of vetting lets be shown: none for MAILBOX. `pseudonym` may be NULL.
 * (transfer full) (nullable) */
char *ll_x509_vetting_dup_name (X509 *certificate, LlVetted vetted, gboolean *pseudonym);

G_END_DECLS
