/* policy.h - the user's choices, as a plain value that is passed down; nothing below the doors
 * reads settings or the environment by itself.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  gint64 at;          /* judge as of this time; 0: now */
  char *anchors_file; /* PEM file of trust anchors for S/MIME, or NULL */
  char *gpg_program;  /* the gpg to run, or NULL for GPGME's choice */
  gboolean encrypt_to_self;
  gboolean always_trust; /* OpenPGP: encrypt to keys whose validity is not established */
} LlPolicy;

/* The defaults. (transfer full) */
LlPolicy *ll_policy_new (void);
LlPolicy *ll_policy_copy (const LlPolicy *policy);
void ll_policy_free (LlPolicy *policy);

/* The time to judge at: policy->at, or now. */
gint64 ll_policy_time (const LlPolicy *policy);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlPolicy, ll_policy_free)

G_END_DECLS
