#include <config.h>

#include "base/clock.h"
#include "base/policy.h"

static const char *const revocation_modes[] = {
  [LL_REVOCATION_SOFT] = "soft",
  [LL_REVOCATION_ONLINE] = "online",
  [LL_REVOCATION_REQUIRE] = "require",
};

const char *
ll_revocation_mode_name (LlRevocationMode mode)
{
  return revocation_modes[mode];
}

gboolean
ll_revocation_mode_parse (const char *word, LlRevocationMode *mode)
{
  for (gsize i = 0; i < G_N_ELEMENTS (revocation_modes); i++)
    if (g_strcmp0 (word, revocation_modes[i]) == 0)
      {
        *mode = i;
        return TRUE;
      }
  return FALSE;
}

LlPolicy *
ll_policy_new (void)
{
  LlPolicy *policy = g_new0 (LlPolicy, 1);
  policy->encrypt_to_self = TRUE;
  policy->system_anchors = TRUE;
  policy->learn = TRUE;
  return policy;
}

LlPolicy *
ll_policy_copy (const LlPolicy *policy)
{
  LlPolicy *copy = g_memdup2 (policy, sizeof *policy);
  copy->anchors_file = g_strdup (policy->anchors_file);
  copy->gpg_program = g_strdup (policy->gpg_program);
  copy->crl_files = g_strdupv (policy->crl_files);
  copy->peers_file = g_strdup (policy->peers_file);
  copy->key_files = g_strdupv (policy->key_files);
  return copy;
}

void
ll_policy_free (LlPolicy *policy)
{
  if (policy == NULL)
    return;
  g_free (policy->anchors_file);
  g_free (policy->gpg_program);
  g_strfreev (policy->crl_files);
  g_free (policy->peers_file);
  g_strfreev (policy->key_files);
  g_free (policy);
}

gint64
ll_policy_time (const LlPolicy *policy)
{
  return policy->at > 0 ? policy->at : ll_clock_now ();
}
