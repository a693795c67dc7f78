#include <config.h>

#include "cli/open-options.h"

LlOpenOptions ll_open_options;

void
ll_open_options_apply (LlPolicy *policy)
{
  if (ll_open_options.allow_weak)
    policy->allow_weak = TRUE;
  if (ll_open_options.key_files == NULL)
    return;
  g_strfreev (policy->key_files);
  policy->key_files = g_strdupv (ll_open_options.key_files);
}
