#include <config.h>

#include <string.h>

#include "mail/inline-pgp.h"

static const struct
{
  const char *begin, *end;
  LlInlineKind kind;
} markers[] = {
  { "-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----", LL_INLINE_MESSAGE },
  { "-----BEGIN PGP MESSAGE, PART", "-----END PGP MESSAGE, PART", LL_INLINE_MESSAGE },
  { "-----BEGIN PGP SIGNED MESSAGE-----", "-----END PGP SIGNATURE-----", LL_INLINE_SIGNED },
};

typedef struct
{
  const char *text;
  gsize length;
  gsize at;
} Lines;

/* The next line without indentation; FALSE at the end. */
static gboolean
next_line (Lines *lines, const char **line, gsize *length, gsize *start)
{
  const char *newline;
  gsize next;

  if (lines->at >= lines->length)
    return FALSE;
  *start = lines->at;
  newline = memchr (lines->text + lines->at, '\n', lines->length - lines->at);
  next = newline != NULL ? (gsize)(newline - lines->text) + 1 : lines->length;
  *line = lines->text + lines->at;
  *length = next - lines->at;
  while (*length > 0 && (**line == ' ' || **line == '\t'))
    {
      (*line)++;
      (*length)--;
    }
  lines->at = next;
  return TRUE;
}

static gboolean
starts (const char *line, gsize length, const char *marker)
{
  gsize size = strlen (marker);
  return length >= size && memcmp (line, marker, size) == 0;
}

static int
find_marker (const char *line, gsize length)
{
  for (guint i = 0; i < G_N_ELEMENTS (markers); i++)
    if (starts (line, length, markers[i].begin))
      return (int)i;
  return -1;
}

/* Reads on to the end of the block that began with marker `index`. A new BEGIN line ends an
 * unfinished block. */
static void
finish_block (Lines *lines, guint index, LlInlineBlock *block)
{
  const char *line;
  gsize length, start;

  while (next_line (lines, &line, &length, &start))
    {
      if (starts (line, length, markers[index].end))
        {
          block->complete = TRUE;
          break;
        }
      if (find_marker (line, length) >= 0)
        {
          lines->at = start;
          break;
        }
    }
  block->end = lines->at;
}

static gboolean
is_blank (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isspace (text[i]))
      return FALSE;
  return TRUE;
}

GArray *
ll_inline_find (const char *text, gsize length, gboolean *alone)
{
  GArray *blocks = g_array_new (FALSE, FALSE, sizeof (LlInlineBlock));
  Lines lines = { text, length, 0 };
  const char *line;
  gsize size, start;

  while (next_line (&lines, &line, &size, &start))
    {
      int index = find_marker (line, size);
      LlInlineBlock block = { 0 };

      if (index < 0)
        continue;
      block.kind = markers[index].kind;
      block.start = start;
      finish_block (&lines, (guint)index, &block);
      g_array_append_val (blocks, block);
    }
  *alone = FALSE;
  if (blocks->len == 1)
    {
      const LlInlineBlock *only = &g_array_index (blocks, LlInlineBlock, 0);
      *alone = only->complete && is_blank (text, only->start)
               && is_blank (text + only->end, length - only->end);
    }
  return blocks;
}

char *
ll_inline_dup_charset (const char *block, gsize length)
{
  Lines lines = { block, length, 0 };
  const char *line;
  gsize size, start;

  for (guint i = 0; i < 20 && next_line (&lines, &line, &size, &start); i++)
    {
      if (i > 0 && is_blank (line, size))
        return NULL;
      if (size > 8 && g_ascii_strncasecmp (line, "Charset:", 8) == 0)
        return g_strstrip (g_strndup (line + 8, size - 8));
    }
  return NULL;
}
