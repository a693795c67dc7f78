/* lesson.c - what enters: evidence and its verdict. What leaves: what is worth remembering of the
 * signer, if anything. */
#include <config.h>

#include "verdict/lesson.h"

/* No more than these are taken over: people have one or two. */
#define MAX_SAME_NAME 2

void
ll_lesson_free (LlLesson *lesson)
{
  if (lesson == NULL)
    return;
  g_free (lesson->address);
  g_clear_pointer (&lesson->signer, ll_key_unref);
  g_clear_pointer (&lesson->preferred, ll_key_unref);
  g_clear_pointer (&lesson->capabilities, g_bytes_unref);
  g_clear_pointer (&lesson->chain, g_ptr_array_unref);
  g_clear_pointer (&lesson->same_name, g_ptr_array_unref);
  g_clear_pointer (&lesson->imported, g_ptr_array_unref);
  g_free (lesson);
}

gboolean
ll_lesson_is_news (const LlLesson *lesson)
{
  return (lesson->learnt & LL_LEARNT_CAPABILITIES) != 0 || lesson->imported->len > 0;
}

/* The second step of SM-30: whoever signs with a certificate that is for nothing else, and names no
 * other, sends the other one along. */
static void
add_same_name (LlLesson *lesson, const LlFacts *facts, gint64 at)
{
  if (lesson->preferred != NULL || ll_key_can_encrypt (lesson->signer, at))
    return;
  for (guint i = 0; i < facts->certificates->len && lesson->same_name->len < MAX_SAME_NAME; i++)
    {
      LlKey *key = g_ptr_array_index (facts->certificates, i);
      if (g_strcmp0 (ll_key_get_subject (key), ll_key_get_subject (lesson->signer)) == 0
          && ll_key_has_address (key, lesson->address) && ll_key_can_encrypt (key, at))
        g_ptr_array_add (lesson->same_name, ll_key_ref (key));
    }
}

static LlLesson *
draw (const LlEvidence *evidence, const LlLayerVerdict *layer)
{
  const LlSignatureFacts *facts = layer->signer->facts;
  LlLesson *lesson = g_new0 (LlLesson, 1);

  lesson->address = g_strdup (evidence->author);
  lesson->signer = ll_key_ref (facts->key);
  lesson->preferred = facts->encryption_key != NULL ? ll_key_ref (facts->encryption_key) : NULL;
  lesson->capabilities = facts->capabilities != NULL ? g_bytes_ref (facts->capabilities) : NULL;
  lesson->signed_at = facts->signing_time;
  if (layer->signer->opinion->chain != NULL)
    lesson->chain = g_ptr_array_ref (layer->signer->opinion->chain);
  lesson->same_name = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  lesson->came_along = layer->facts->certificates;
  lesson->imported = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  add_same_name (lesson, layer->facts, evidence->judged_at);
  return lesson;
}

GPtrArray *
ll_lessons_draw (const LlEvidence *evidence, const LlVerdict *verdict)
{
  g_autoptr (GPtrArray) lessons = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_lesson_free);

  g_return_val_if_fail (evidence != NULL && verdict != NULL, NULL);
  if (evidence->is_file || evidence->judged_at_set || evidence->author == NULL
      || !ll_verdict_is_good (verdict))
    return g_steal_pointer (&lessons);
  for (guint i = 0; i < verdict->layers->len; i++)
    {
      const LlLayerVerdict *layer = &g_array_index (verdict->layers, LlLayerVerdict, i);

      if (layer->is_credited && layer->judged.is_good && layer->signer != NULL
          && layer->signer->facts->protocol == LL_PROTOCOL_SMIME
          && layer->signer->facts->key != NULL && layer->signer->opinion != NULL)
        g_ptr_array_add (lessons, draw (evidence, layer));
    }
  return g_steal_pointer (&lessons);
}
