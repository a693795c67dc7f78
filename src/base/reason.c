#include <config.h>

#include "base/reason.h"

const char *
ll_reason_name (LlReason reason)
{
  static const char *const names[] = {
#define LL_REASON_NAME(id, name) [LL_REASON_##id] = name,
    LL_REASONS (LL_REASON_NAME)
#undef LL_REASON_NAME
  };

  g_return_val_if_fail ((gsize)reason < G_N_ELEMENTS (names), "none");
  return names[reason];
}
