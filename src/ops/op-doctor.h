/* op-doctor.h - looks whether everything that Letterlock leans on is there and works. */
#pragma once

#include <gio/gio.h>

#include "base/policy.h"

G_BEGIN_DECLS

typedef enum
{
  LL_HEALTH_GOOD,
  LL_HEALTH_NOTE, /* works, but something is worth knowing */
  LL_HEALTH_BAD,  /* something that is needed does not work */
} LlHealth;

typedef struct
{
  const char *id; /* stable name for scripts: "agent", "pinentry", "home" ... Static. */
  LlHealth health;
  char *finding; /* what was found, in the user's language */
  char *advice;  /* what to do about it, or NULL */
} LlDiagnosis;

/* Everything, in the order in which one leans on the other. Starts gpg-agent if it is not running,
 * as any use of a key would; opens no network connection. Never fails. (transfer full, of
 * LlDiagnosis) */
GPtrArray *ll_op_doctor (const LlPolicy *policy, GCancellable *cancellable);

/* TRUE when nothing is LL_HEALTH_BAD. */
gboolean ll_op_doctor_is_well (GPtrArray *diagnoses);

G_END_DECLS
