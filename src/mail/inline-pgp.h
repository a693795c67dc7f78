/* inline-pgp.h - OpenPGP armor inside of text: found, and told apart from what stands around it.
 *
 * What enters: the decoded octets of a text part. What leaves: where blocks begin and end. Nothing
 * is opened. A block in the middle of other text says nothing of that text (E2E-18, AT-16).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  LL_INLINE_MESSAGE, /* BEGIN PGP MESSAGE: encrypted, or signed, as the packets say */
  LL_INLINE_SIGNED,  /* BEGIN PGP SIGNED MESSAGE: cleartext signature */
} LlInlineKind;

typedef struct
{
  LlInlineKind kind;
  gsize start, end;  /* from the BEGIN line to after the END line */
  gboolean complete; /* the END line is there */
} LlInlineBlock;

/* Of LlInlineBlock, in order. *alone: there is exactly one, it is complete, and nothing but blanks
 * stands outside of it. (transfer full) */
GArray *ll_inline_find (const char *text, gsize length, gboolean *alone);

/* The name in the block's Charset: line, or NULL. (transfer full) (nullable) */
char *ll_inline_dup_charset (const char *block, gsize length);

G_END_DECLS
