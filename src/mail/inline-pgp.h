/* inline-pgp.h - OpenPGP armor inside of text: found, and told apart from what stands around it.
 *
 * What enters: the decoded octets of a text part. What leaves: where blocks begin and end. Nothing
 * is opened. A block in the middle of other text says nothing of that text (E2E-18, AT-16).
 */
#pragma once

#include "mail/message.h"

G_BEGIN_DECLS

typedef enum
{
  LL_INLINE_MESSAGE, /* BEGIN PGP MESSAGE: encrypted, or signed, as the packets say */
  LL_INLINE_SIGNED,  /* BEGIN PGP SIGNED MESSAGE: cleartext signature */
} LlInlineKind;

typedef struct
{
  LlInlineKind kind;
  guint64 start, end; /* from the BEGIN line to after the END line */
  gboolean complete;  /* the END line is there */
} LlInlineBlock;

/* Of LlInlineBlock, in order: no more than LL_LIMIT_PARTS of them. *alone: there is exactly one, it
 * is complete, and nothing but blanks stands outside of it. Reads `text` to its end.
 * (transfer full) */
GArray *ll_inline_find (GInputStream *text, gboolean *alone);

/* A block of the part's content. (transfer full) */
GInputStream *ll_inline_open (const LlPart *part, const LlInlineBlock *block);

/* The name in the block's Charset: line, or NULL. (transfer full) (nullable) */
char *ll_inline_dup_charset (GInputStream *block);

G_END_DECLS
