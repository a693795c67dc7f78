/* x509-vetting.h - what the issuer of a certificate says that it has looked at: the mailbox, an
 * organisation, a person.
 *
 * What enters: a certificate. What leaves: the kind of vetting by the policy identifiers of the
 * CA/B Forum's S/MIME Baseline Requirements (BR-01), the name that may be shown by it (BR-02,
 * BR-03), and remarks where the certificate does not keep the rules that it claims (BR-04 to
 * BR-09). It does NOT ask whether the issuer is to be believed, and its remarks never make a
 * signature bad.
 */
#pragma once

#include "keys/key.h"
#include "keys/x509-policy.h"

G_BEGIN_DECLS

/* X(ENUM, "name"): what does not keep the rules. The names are part of the JSON schema. */
#define LL_LINTS(X)                                                                                \
  X (SEVERAL_POLICIES, "several-policies")                                                         \
  X (NO_CRL_ADDRESS, "no-http-crl-address")                                                        \
  X (KEY_USAGE, "key-usage-not-for-key")                                                           \
  X (EXTENDED_KEY_USAGE, "extended-key-usage")                                                     \
  X (NO_AUTHORITY_KEY, "no-authority-key-identifier")                                              \
  X (NO_MAILBOX, "no-mailbox-in-alternative-name")                                                 \
  X (IS_AUTHORITY, "is-an-authority")                                                              \
  X (LIFE_TOO_LONG, "life-too-long")                                                               \
  X (LEGACY_TOO_LATE, "legacy-too-late")                                                           \
  X (ADDRESS_IN_SUBJECT, "address-only-in-subject")                                                \
  X (KEY_KIND, "key-kind")                                                                         \
  X (ALGORITHM_ENCODING, "algorithm-encoding")

typedef enum
{
#define LL_LINT_ENUM(id, name) LL_LINT_##id,
  LL_LINTS (LL_LINT_ENUM)
#undef LL_LINT_ENUM
      LL_N_LINTS
} LlLint;

typedef struct
{
  LlVetted vetted;
  LlGeneration generation;
  char *name;         /* as vetted; NULL for MAILBOX and where there is none (BR-02, BR-03) */
  gboolean pseudonym; /* `name` is one */
  char *organisation; /* O and its registered identifier; NULL for MAILBOX and INDIVIDUAL */
  guint32 lints;      /* a bit for each LlLint; 0 unless the certificate claims a policy */
} LlX509Vetting;

/* Nothing of a key that is not a certificate, and of one that claims no reserved policy but its
 * kind. (transfer full) */
LlX509Vetting *ll_x509_vetting_new (const LlKey *certificate);
void ll_x509_vetting_free (LlX509Vetting *vetting);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlX509Vetting, ll_x509_vetting_free)

/* "not-told", "mailbox", "organisation", "sponsor", "individual"; "none", "legacy",
 * "multipurpose", "strict"; the names above. */
const char *ll_vetted_name (LlVetted vetted);
const char *ll_generation_name (LlGeneration generation);
const char *ll_lint_name (LlLint lint);

G_END_DECLS
