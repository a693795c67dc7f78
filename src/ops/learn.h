/* learn.h - the last step of reading: what good signatures teach is remembered. */
#pragma once

#include "ops/session.h"
#include "verdict/lesson.h"

G_BEGIN_DECLS

/* Draws the lessons of a message and applies them: the peers' file, and for certificates that are
 * new also gpgsm's keybox. Nothing becomes trusted by it, and no network connection is opened. What
 * came of each lesson is written down in it.
 *
 * Never fails: `error` tells when something that was to be remembered could not be, and the message
 * is as good as before. A home that cannot be written is no error. Does nothing unless
 * policy->learn. (transfer full, of LlLesson) */
GPtrArray *ll_learn (LlSession *session, const LlEvidence *evidence, const LlVerdict *verdict,
                     GCancellable *cancellable, GError **error);

G_END_DECLS
