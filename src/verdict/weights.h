/* weights.h - what every reason weighs against the others, and what it is beside a good signature.
 * One table; see doc/verdict.md for the order in prose.
 */
#pragma once

#include "base/reason.h"

G_BEGIN_DECLS

/* How much a reason counts in one verdict. */
typedef enum
{
  LL_MARK_NONE,     /* it does not apply */
  LL_MARK_NOTE,     /* in the list, for who wants to know */
  LL_MARK_CAUTION,  /* said together with the status */
  LL_MARK_NEGATIVE, /* this is why the status is not better */
} LlMark;

/* Which axis answers for a reason. */
typedef enum
{
  LL_OF_MESSAGE, /* no single signer's */
  LL_OF_INTEGRITY,
  LL_OF_BINDING,
  LL_OF_TRUST,
  LL_OF_TIME,
} LlAxisName;

/* All reasons but LL_REASON_NONE, the heaviest first; NONE when `index` is past the end. */
LlReason ll_weight_nth (guint index);

/* Smaller is heavier; G_MAXUINT for LL_REASON_NONE. */
guint ll_weight_of (LlReason reason);
LlAxisName ll_weight_axis (LlReason reason);

/* What the reason is when the status is good all the same. */
LlMark ll_weight_beside_good (LlReason reason);

G_END_DECLS
