/* engine.c - what all engines share: the end of an engine and of a result. The work is in the
 * tables of functions.
 */
#include <config.h>

#include "engine/engine.h"

void
ll_seal_result_free (LlSealResult *result)
{
  if (result == NULL)
    return;
  g_free (result->micalg);
  g_free (result->cipher);
  g_free (result);
}

void
ll_engine_free (LlEngine *engine)
{
  if (engine != NULL)
    engine->klass->free (engine);
}
