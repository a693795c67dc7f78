#include <config.h>

#include <string.h>

#include "base/limits.h"
#include "mail/filter.h"
#include "mail/inline-pgp.h"

#define MAX_MARKER 48
#define MAX_ARMOR_HEADER (16 * 1024)

static const struct
{
  const char *begin, *end;
  LlInlineKind kind;
} markers[] = {
  { "-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----", LL_INLINE_MESSAGE },
  { "-----BEGIN PGP MESSAGE, PART", "-----END PGP MESSAGE, PART", LL_INLINE_MESSAGE },
  { "-----BEGIN PGP SIGNED MESSAGE-----", "-----END PGP SIGNATURE-----", LL_INLINE_SIGNED },
};

/* The line that is being read, and what the lines before it were. */
typedef struct
{
  GArray *blocks;
  int open;              /* the marker of the block that we are in, or -1 */
  gboolean outside;      /* something that is not blank stands outside of blocks */
  guint64 start, at;     /* of the line, and in the text */
  char line[MAX_MARKER]; /* its beginning, without indentation */
  gsize length;
  gboolean is_blank;
} Finder;

static gboolean
starts (const Finder *finder, const char *marker)
{
  gsize size = strlen (marker);
  return finder->length >= size && memcmp (finder->line, marker, size) == 0;
}

static int
find_marker (const Finder *finder)
{
  for (guint i = 0; i < G_N_ELEMENTS (markers); i++)
    if (starts (finder, markers[i].begin))
      return (int)i;
  return -1;
}

static void
close_block (Finder *finder, guint64 end, gboolean complete)
{
  LlInlineBlock *block = &g_array_index (finder->blocks, LlInlineBlock, finder->blocks->len - 1);

  block->end = end;
  block->complete = complete;
  finder->open = -1;
}

/* A new BEGIN line ends an unfinished block. A body of nothing but BEGIN lines is no reason for a
 * list of a million. */
static void
open_block (Finder *finder, int marker)
{
  LlInlineBlock block = { .kind = markers[marker].kind, .start = finder->start };

  if (finder->open >= 0)
    close_block (finder, finder->start, FALSE);
  if (finder->blocks->len >= LL_LIMIT_PARTS)
    return;
  g_array_append_val (finder->blocks, block);
  finder->open = marker;
}

static void
end_line (Finder *finder)
{
  int marker = find_marker (finder);

  if (finder->open >= 0 && starts (finder, markers[finder->open].end))
    close_block (finder, finder->at, TRUE);
  else if (marker >= 0)
    open_block (finder, marker);
  else if (finder->open < 0 && !finder->is_blank)
    finder->outside = TRUE;
  finder->start = finder->at;
  finder->length = 0;
  finder->is_blank = TRUE;
}

/* A piece of a line, without its end. Blanks before a marker do not count. */
static void
take_piece (Finder *finder, const char *text, gsize length)
{
  gsize i = 0, n;

  while (i < length && finder->length == 0 && (text[i] == ' ' || text[i] == '\t'))
    i++;
  n = MIN (length - i, MAX_MARKER - finder->length);
  memcpy (finder->line + finder->length, text + i, n);
  finder->length += n;
  for (; finder->is_blank && i < length; i++)
    finder->is_blank = g_ascii_isspace (text[i]);
}

static void
take_text (Finder *finder, const char *text, gsize length)
{
  const char *end = text + length;

  while (text < end)
    {
      const char *newline = memchr (text, '\n', (gsize)(end - text));
      const char *stop = newline != NULL ? newline : end;

      take_piece (finder, text, (gsize)(stop - text));
      finder->at += (guint64)(stop - text) + (newline != NULL);
      if (newline != NULL)
        end_line (finder);
      text = newline != NULL ? newline + 1 : end;
    }
}

GArray *
ll_inline_find (GInputStream *text, gboolean *alone)
{
  g_autofree char *chunk = g_malloc (LL_FILTER_CHUNK);
  Finder finder = { .blocks = g_array_new (FALSE, FALSE, sizeof (LlInlineBlock)),
                    .open = -1,
                    .is_blank = TRUE };
  gssize n;

  while ((n = g_input_stream_read (text, chunk, LL_FILTER_CHUNK, NULL, NULL)) > 0)
    take_text (&finder, chunk, (gsize)n);
  if (finder.at > finder.start)
    end_line (&finder);
  if (finder.open >= 0)
    close_block (&finder, finder.at, FALSE);
  explicit_bzero (chunk, LL_FILTER_CHUNK);
  *alone = finder.blocks->len == 1 && !finder.outside
           && g_array_index (finder.blocks, LlInlineBlock, 0).complete;
  return finder.blocks;
}

GInputStream *
ll_inline_open (const LlPart *part, const LlInlineBlock *block)
{
  g_autoptr (GInputStream) content = ll_part_open_content (part);

  return ll_filter_open (ll_filter_range_new (block->start, block->end), content);
}

char *
ll_inline_dup_charset (GInputStream *block)
{
  g_autoptr (GBytes) head = ll_stream_read_head (block, MAX_ARMOR_HEADER, NULL, NULL, NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  gsize length;
  const char *data;

  if (head == NULL)
    return NULL;
  data = g_bytes_get_data (head, &length);
  text = g_strndup (data, length);
  lines = g_strsplit (text, "\n", 21);
  for (guint i = 0; i < 20 && lines[i] != NULL; i++)
    {
      char *line = g_strstrip (lines[i]);
      if (i > 0 && *line == '\0')
        return NULL;
      if (g_ascii_strncasecmp (line, "Charset:", 8) == 0)
        return g_strdup (g_strstrip (line + 8));
    }
  return NULL;
}
