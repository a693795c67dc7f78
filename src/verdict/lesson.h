/* lesson.h - what a message teaches of the person who signed it, and what came of it.
 *
 * Evidence and verdict in, lessons out; pure. Nothing is remembered here: ops/learn does that, as
 * the last step of reading, if the policy says so.
 */
#pragma once

#include "keys/peers.h"
#include "verdict/verdict.h"

G_BEGIN_DECLS

typedef struct
{
  char *address;         /* the author's, to whom the signature belongs */
  LlKey *signer;         /* the certificate that signed */
  LlKey *preferred;      /* the one that they want to be written to (SM-30); or NULL */
  GBytes *capabilities;  /* what they can read, DER; or NULL */
  gint64 signed_at;      /* as signed; 0: not stated */
  GPtrArray *chain;      /* of LlKey: the signer's, leaf first, with its anchor; or NULL */
  GPtrArray *same_name;  /* of LlKey: without a preference, certificates in the message that have
                            the signer's name and can be encrypted to (SM-30) */
  GPtrArray *came_along; /* of LlKey: all that the message brought; borrowed */
  LlLearnt learnt;       /* what was new; filled in by ops/learn */
  GPtrArray *imported;   /* of LlKey: certificates that were not in the keybox; the same */
} LlLesson;

void ll_lesson_free (LlLesson *lesson);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlLesson, ll_lesson_free)

/* TRUE when something came of it that is worth a word: more than a newer time. */
gboolean ll_lesson_is_news (const LlLesson *lesson);

/* SM-29, E2E-28: one lesson for each S/MIME signature on which a good status rests, that is: its
 * mathematics hold, its certificate is the author's, is believed, and is valid now. Nothing is
 * learnt from a signature in the payload, from a file, which has no author, or when the judgement
 * was as of another time than now. (transfer full, of LlLesson) */
GPtrArray *ll_lessons_draw (const LlEvidence *evidence, const LlVerdict *verdict);

G_END_DECLS
