/* Finds out which octets of a message belong to which part.
 *
 * What enters: the octets, through a window that moves over them. What leaves: the tree of parts
 * with their offsets. One pass, a stack of at most LL_LIMIT_DEPTH open parts, no recursion. Header
 * sections are read line by line; bodies are only searched for "--" at the start of a line, which
 * is compared with the boundaries of the open multiparts, so that time is linear in the size of the
 * message and memory does not depend on it.
 *
 * Malformed mail is read in one way, always the same, and where that way could be another
 * reader's other way, the part is marked (VM-07, AT-25, IA-06). Plain mail is full of small faults;
 * marks are set only for those that move the border of a part or change what its type is.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "mail/message-private.h"

#define MAX_BOUNDARY 250
#define MAX_LOOK_AHEAD 65536
#define MAX_PADDING 1000 /* blanks after a boundary, before the line's end */
#define MAX_DELIMITER (2 + MAX_BOUNDARY + 2 + MAX_PADDING + 2)
#define MAX_LINE (LL_LIMIT_HEADER_BYTES + MAX_LOOK_AHEAD) /* longer ones are taken in pieces */
#define LOOK_BACK 2 /* octets before a line that decide where the part before it ends */

/* A piece of the source that is in memory: all of it, or a copy of some. */
typedef struct
{
  LlSource *source; /* borrowed */
  guint64 size;     /* of the source */
  gsize step;
  const char *data;
  guint64 start; /* of the piece, in the source */
  gsize length;
  char *buffer; /* owned; NULL when all is in memory */
  gsize allocated;
} Window;

typedef struct
{
  LlMessage *message;
  Window window;
  guint64 at; /* the line to be read next */
  LlPart *open[LL_LIMIT_DEPTH + 1];
  guint depth; /* how many are open */
  LlReason limit;
} Scan;

typedef struct
{
  const char *text; /* in the window: good until it moves */
  gsize length;     /* without the line end */
  guint64 next;     /* the line after */
} Line;

/* --- the window --- */

static void
window_open (Window *window, LlSource *source, gsize step)
{
  window->source = source;
  window->size = ll_source_get_size (source);
  window->step = MAX (step, 1);
  window->data = ll_source_peek (source);
  if (window->data != NULL)
    window->length = (gsize)window->size;
}

static void
window_close (Window *window)
{
  if (window->buffer != NULL)
    explicit_bzero (window->buffer, window->allocated);
  g_clear_pointer (&window->buffer, g_free);
}

static void
window_grow (Window *window, gsize needed)
{
  char *larger = g_malloc (needed);

  if (window->length > 0)
    memcpy (larger, window->buffer, window->length);
  window_close (window);
  window->data = window->buffer = larger;
  window->allocated = needed;
}

/* Makes [start, ...) the window, with at least `needed` octets or all that are left. What is there
 * already is kept. */
static void
window_move (Window *window, guint64 start, gsize needed)
{
  gsize kept = 0;

  if (start >= window->start && start < window->start + window->length)
    kept = (gsize)(window->start + window->length - start);
  if (kept > 0)
    memmove (window->buffer, window->data + (start - window->start), kept);
  window->start = start;
  window->length = kept;
  if (window->allocated < needed + window->step)
    window_grow (window, needed + window->step);
  window->length += ll_source_read (window->source, start + kept, window->buffer + kept,
                                    window->allocated - kept);
}

/* The octets from `at` on: at least `needed` of them where so many are left. */
static const char *
see (Scan *scan, guint64 at, gsize needed, gsize *length)
{
  Window *window = &scan->window;
  guint64 left = at < window->size ? window->size - at : 0;

  needed = (gsize)MIN (needed, left);
  if (at < window->start || at + needed > window->start + window->length)
    window_move (window, at - MIN (at, LOOK_BACK), needed + LOOK_BACK);
  *length = 0;
  if (at >= window->start + window->length)
    return "";
  *length = (gsize)(window->start + window->length - at);
  return window->data + (at - window->start);
}

/* One octet just before what see() gave. */
static char
octet_at (const Scan *scan, guint64 at)
{
  const Window *window = &scan->window;

  return at >= window->start && at < window->start + window->length
             ? window->data[at - window->start]
             : '\0';
}

/* --- lines --- */

static gboolean
refuse (Scan *scan, LlReason limit, GError **error, const char *format, guint number)
{
  scan->limit = limit;
  /* the formats are translated literals of this file with one %u */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA, format, number);
#pragma GCC diagnostic pop
  return FALSE;
}

/* The line at scan->at, looked for in at most `limit` octets; a longer one is cut there. */
static gboolean
peek_line_within (Scan *scan, gsize limit, Line *line)
{
  const char *newline;
  gsize length;

  for (gsize needed = 1024;; needed *= 4)
    {
      line->text = see (scan, scan->at, MIN (needed, limit), &length);
      length = MIN (length, limit);
      newline = memchr (line->text, '\n', length);
      if (newline != NULL || length < needed)
        break;
    }
  if (length == 0)
    return FALSE;
  line->length = newline != NULL ? (gsize)(newline - line->text) : length;
  line->next = scan->at + line->length + (newline != NULL ? 1 : 0);
  if (newline != NULL && line->length > 0 && line->text[line->length - 1] == '\r')
    line->length--;
  return TRUE;
}

static gboolean
peek_line (Scan *scan, Line *line)
{
  return peek_line_within (scan, MAX_LINE, line);
}

static void
mark (LlPart *part)
{
  part->ambiguity = LL_REASON_AMBIGUOUS_STRUCTURE;
}

/* How `text` ("--" and so on, `length` octets) relates to a boundary. */
typedef enum
{
  NO_MATCH,
  PREFIX, /* the boundary and then something else */
  DELIMITER,
  CLOSING,
} Match;

static gboolean
is_blank_run (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
      return FALSE;
  return TRUE;
}

/* More blanks than MAX_PADDING do not belong to a delimiter. */
static gboolean
is_padding (const char *text, gsize length)
{
  return length <= MAX_PADDING && is_blank_run (text, length);
}

static Match
match_boundary (const LlPart *part, const char *text, gsize length)
{
  gsize size = strlen (part->boundary);

  if (length < size + 2 || memcmp (text + 2, part->boundary, size) != 0)
    return NO_MATCH;
  text += size + 2;
  length -= size + 2;
  if (is_padding (text, length))
    return DELIMITER;
  if (length >= 2 && text[0] == '-' && text[1] == '-')
    return is_padding (text + 2, length - 2) ? CLOSING : PREFIX;
  return PREFIX;
}

/* Which open multipart the line delimits, innermost first; -1 for none. A line that is only
 * prefixed by a boundary is no delimiter for us, but RFC 2046 section 5.1.1 lets it be one for
 * others. */
static int
find_boundary (Scan *scan, const Line *line, Match *match)
{
  const char *text = line->text;
  gsize length = line->length;
  LlPart *prefixed = NULL;

  if (length < 3 || text[0] != '-' || text[1] != '-')
    return -1;
  for (guint i = scan->depth; i-- > 0;)
    {
      if (scan->open[i]->boundary == NULL)
        continue;
      *match = match_boundary (scan->open[i], text, length);
      if (*match == PREFIX && prefixed == NULL)
        prefixed = scan->open[i];
      if (*match >= DELIMITER)
        return (int)i;
    }
  if (prefixed != NULL)
    mark (prefixed);
  return -1;
}

/* A bare CR is a line end to some: it matters when a boundary follows it. `text` is what does. */
static void
check_bare_cr (Scan *scan, const char *text, gsize length)
{
  for (guint i = 0; i < scan->depth; i++)
    if (scan->open[i]->boundary != NULL && match_boundary (scan->open[i], text, length) != NO_MATCH)
      mark (scan->open[i]);
}

static gboolean
is_identity (const LlPart *part)
{
  return part->encoding != GMIME_CONTENT_ENCODING_BASE64
         && part->encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
         && part->encoding != GMIME_CONTENT_ENCODING_UUENCODE;
}

static void
close_part (LlPart *part, guint64 end)
{
  part->end = MAX (end, part->start);
  part->header_end = MIN (part->header_end, part->end);
  part->body = MIN (part->body, part->end);
  /* a reader that stops at NUL sees less than we do; binary objects may well have it */
  if (part->has_nul && part->encoding != GMIME_CONTENT_ENCODING_BINARY
      && (ll_part_is_type (part, "text", "*") || ll_part_is_type (part, "multipart", "*")
          || ll_part_is_type (part, "message", "*") || !is_identity (part)))
    mark (part);
  /* where a layer could be credited, its end must be there (AT-25) */
  if (!part->closed
      && (ll_part_is_type (part, "multipart", "signed")
          || ll_part_is_type (part, "multipart", "encrypted")))
    mark (part);
}

static void
pop_to (Scan *scan, guint depth, guint64 end)
{
  while (scan->depth > depth)
    close_part (scan->open[--scan->depth], end);
}

static gboolean
push_part (Scan *scan, guint64 start, GError **error)
{
  LlPart *parent = scan->depth > 0 ? scan->open[scan->depth - 1] : NULL;
  LlPart *part;

  if (scan->depth > LL_LIMIT_DEPTH)
    return refuse (scan, LL_REASON_LIMIT_DEPTH, error,
                   _ ("The message has parts nested more than %u deep, which is the limit."),
                   LL_LIMIT_DEPTH);
  if (scan->message->n_parts >= LL_LIMIT_PARTS)
    return refuse (scan, LL_REASON_LIMIT_PARTS, error,
                   _ ("The message has more than %u parts, which is the limit."), LL_LIMIT_PARTS);
  scan->message->n_parts++;
  part = ll_part_new (scan->message, parent, start);
  if (parent == NULL)
    scan->message->root = part;
  else
    {
      if (parent->children == NULL)
        parent->children = g_ptr_array_new ();
      g_ptr_array_add (parent->children, part);
    }
  scan->open[scan->depth++] = part;
  return TRUE;
}

/* --- header sections --- */

/* The length of a field name at the line's start, 0 when the line is not a field. The name may be
 * followed by blanks (obsolete syntax, RFC 5322 section 4.5). */
static gsize
name_length (const Line *line)
{
  const char *text = line->text;
  gsize length = line->length;
  gsize n = 0, blanks = 0;

  while (n < length && text[n] > ' ' && text[n] < 0x7F && text[n] != ':')
    n++;
  while (n + blanks < length && (text[n + blanks] == ' ' || text[n + blanks] == '\t'))
    blanks++;
  return n > 0 && n + blanks < length && text[n + blanks] == ':' ? n : 0;
}

/* Fields that a reader would act on, if it took a doubtful line for a field. */
static gboolean
is_weighty (const char *text, gsize length)
{
  static const char *const names[]
      = { "mime-version", "from", "sender", "to", "cc", "subject", "date", "reply-to" };

  if (length >= 8 && g_ascii_strncasecmp (text, "content-", 8) == 0)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strlen (names[i]) == length && g_ascii_strncasecmp (text, names[i], length) == 0)
      return TRUE;
  return FALSE;
}

/* The header ended at a line that is no field and not empty either. Another reader may skip that
 * line and go on: mark the part if it would find something there (AT-25). */
static void
check_rest_of_header (Scan *scan, LlPart *part)
{
  guint64 at = scan->at;
  Line line;

  while (scan->at - at < MAX_LOOK_AHEAD && peek_line (scan, &line))
    {
      gsize length = name_length (&line);
      if (line.length == 0)
        break;
      if (length > 0 && is_weighty (line.text, length))
        {
          mark (part);
          break;
        }
      scan->at = line.next;
    }
  scan->at = at;
}

/* "From : a@example.org" is a field with a blank before its colon (RFC 5322 section 4.5.8), which
 * another reader shows as the author (TR-05); it must not be passed over. */
static gboolean
is_from_line (const Line *line, const char *start)
{
  gsize length = strlen (start);
  const char *end = line->text + line->length;
  const char *rest = line->text + length;

  if (line->length < length || line->length > MAX_LOOK_AHEAD
      || memcmp (rest - length, start, length) != 0)
    return FALSE;
  while (rest < end && (*rest == ' ' || *rest == '\t'))
    rest++;
  return rest == end || *rest != ':';
}

/* The mbox separator before a message is not part of it; nor are those that some programs leave
 * after its first line. */
static void
skip_from_line (Scan *scan, LlPart *part)
{
  Line line;

  if (part->parent != NULL && !ll_part_is_type (part->parent, "message", "*"))
    return;
  while (peek_line (scan, &line)
         && (is_from_line (&line, "From ") || is_from_line (&line, ">From ")))
    part->start = scan->at = line.next;
}

static gboolean
take_field (Scan *scan, LlPart *part, const Line *line, gsize length, gboolean odd_fold,
            GError **error)
{
  const char *text = line->text;

  if (++part->n_fields > LL_LIMIT_HEADER_FIELDS)
    return refuse (scan, LL_REASON_LIMIT_HEADERS, error,
                   _ ("A header section has more than %u fields, which is the limit."),
                   LL_LIMIT_HEADER_FIELDS);
  /* "Content-Type :" is a field to some readers only; so is what follows a line of blanks, which
   * some take for the end of the header */
  if (is_weighty (text, length))
    {
      if (text[length] != ':')
        mark (part);
      part->odd_fields = part->odd_fields || odd_fold;
    }
  return TRUE;
}

/* Reads the header of the innermost open part. Ends after the empty line, or before a boundary or
 * before a line that is not a field. */
static gboolean
scan_header (Scan *scan, GError **error)
{
  LlPart *part = scan->open[scan->depth - 1];
  gboolean odd_fold = FALSE;
  Match match;
  Line line;

  skip_from_line (scan, part);
  while (peek_line (scan, &line))
    {
      const char *text = line.text;
      gsize length = line.length;
      gsize name = name_length (&line);
      gboolean is_fold = name == 0 && part->n_fields > 0 && (*text == ' ' || *text == '\t');

      if (length == 0)
        break;
      if (find_boundary (scan, &line, &match) >= 0)
        {
          if (part->n_fields > 0)
            mark (part);
          break;
        }
      if (name == 0 && !is_fold)
        {
          check_rest_of_header (scan, part);
          break;
        }
      if (line.next - part->start > LL_LIMIT_HEADER_BYTES)
        return refuse (scan, LL_REASON_LIMIT_HEADERS, error,
                       _ ("A header section is larger than %u bytes, which is the limit."),
                       LL_LIMIT_HEADER_BYTES);
      if (memchr (text, '\0', length) != NULL || memchr (text, '\r', length) != NULL)
        mark (part);
      if (name > 0 && !take_field (scan, part, &line, name, odd_fold, error))
        return FALSE;
      odd_fold = odd_fold || (is_fold && is_blank_run (text, length));
      scan->at = line.next;
    }
  part->header_end = part->body = scan->at;
  if (peek_line (scan, &line) && line.length == 0)
    part->body = scan->at = line.next;
  return TRUE;
}

/* --- what the header says of the structure --- */

static void
set_media_type (LlPart *part)
{
  gboolean in_digest
      = part->parent != NULL && ll_part_is_type (part->parent, "multipart", "digest");
  const char *value = part->content != NULL ? part->content->value : NULL;
  const char *slash = value != NULL ? strchr (value, '/') : NULL;

  g_free (part->type);
  g_free (part->subtype);
  if (slash != NULL && slash > value && slash[1] != '\0')
    {
      part->type = g_strndup (value, (gsize)(slash - value));
      part->subtype = g_strdup (slash + 1);
      return;
    }
  /* RFC 2045 section 5.2, RFC 2046 section 5.1.5 */
  part->type = g_strdup (in_digest && value == NULL ? "message" : "text");
  part->subtype = g_strdup (in_digest && value == NULL ? "rfc822" : "plain");
  if (value != NULL && g_str_has_prefix (value, "multipart"))
    mark (part);
}

static void
set_encoding (LlPart *part, const char *value)
{
  static const struct
  {
    const char *name;
    GMimeContentEncoding encoding;
  } encodings[] = {
    { "7bit", GMIME_CONTENT_ENCODING_7BIT },
    { "8bit", GMIME_CONTENT_ENCODING_8BIT },
    { "binary", GMIME_CONTENT_ENCODING_BINARY },
    { "base64", GMIME_CONTENT_ENCODING_BASE64 },
    { "quoted-printable", GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE },
    { "x-uuencode", GMIME_CONTENT_ENCODING_UUENCODE },
    { "uuencode", GMIME_CONTENT_ENCODING_UUENCODE },
    { "x-uue", GMIME_CONTENT_ENCODING_UUENCODE },
  };
  gsize length = strcspn (value, " \t(;");

  part->has_encoding = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (encodings); i++)
    if (strlen (encodings[i].name) == length
        && g_ascii_strncasecmp (value, encodings[i].name, length) == 0)
      {
        part->encoding = encodings[i].encoding;
        return;
      }
  part->unknown_encoding = TRUE;
}

static void
set_disposition (LlPart *part, const char *value)
{
  g_autoptr (LlContentField) field = ll_content_field_parse (value);
  const char *name = ll_content_field_get (field, "filename");

  part->is_attachment = g_str_equal (field->value, "attachment");
  if (name != NULL && part->file_name == NULL)
    part->file_name = g_strdup (name);
}

static char *
decode_file_name (const char *name)
{
  /* encoded words do not belong here, yet many programs put them (RFC 2231 section 1) */
  return ll_gmime_decode_words (name);
}

static void
note_field (LlPart *part, const LlFieldRange *field, guint counts[3])
{
  static const char *const names[]
      = { "content-type", "content-transfer-encoding", "content-disposition" };
  g_autofree char *value = NULL;

  for (guint i = 0; i < 3; i++)
    {
      if (field->name_length != strlen (names[i])
          || g_ascii_strncasecmp (field->name, names[i], field->name_length) != 0)
        continue;
      if (++counts[i] > 1)
        return;
      value = ll_unfold (field->value, field->value_length);
      if (i == 0)
        part->content = ll_content_field_parse (value);
      else if (i == 1)
        set_encoding (part, value);
      else
        set_disposition (part, value);
      return;
    }
}

static void
set_boundary (Scan *scan, LlPart *part)
{
  const char *boundary = ll_part_get_parameter (part, "boundary");

  if (boundary == NULL || *boundary == '\0' || strlen (boundary) > MAX_BOUNDARY)
    {
      mark (part); /* a multipart that cannot be taken apart: a leaf to us */
      return;
    }
  for (guint i = 0; i + 1 < scan->depth; i++)
    if (g_strcmp0 (scan->open[i]->boundary, boundary) == 0)
      {
        mark (part);
        mark (scan->open[i]);
      }
  part->boundary = g_strchomp (g_strdup (boundary));
  if (*part->boundary == '\0')
    g_clear_pointer (&part->boundary, g_free);
}

static void
read_structure (Scan *scan, LlPart *part)
{
  guint counts[3] = { 0 };
  gsize position = 0;
  LlFieldRange field;
  gboolean is_layer;

  while (ll_part_next_field (part, &position, &field))
    note_field (part, &field, counts);
  set_media_type (part);
  if (part->file_name == NULL && part->content != NULL)
    part->file_name = g_strdup (ll_content_field_get (part->content, "name"));
  if (part->file_name != NULL)
    {
      char *decoded = decode_file_name (part->file_name);
      g_free (part->file_name);
      part->file_name = decoded;
    }
  is_layer = ll_part_is_type (part, "multipart", "signed")
             || ll_part_is_type (part, "multipart", "encrypted");
  if (part->odd_fields && !ll_part_is_type (part, "text", "*"))
    mark (part);
  /* two of them: two structures (VM-07). An encoded multipart (RFC 2045 section 6.4 forbids it)
   * holds other parts for who decodes it; KMail wrote such, and signed them, so that it counts
   * only where the parts are what is signed */
  if (counts[0] > 1 || counts[1] > 1 || (part->content != NULL && part->content->ambiguous)
      || (is_layer && (!is_identity (part) || part->unknown_encoding)))
    mark (part);
  if (ll_part_is_type (part, "multipart", "*"))
    set_boundary (scan, part);
}

static gboolean
has_nested_message (const LlPart *part)
{
  /* message/partial and message/external-body are never put together (AT-26) */
  return is_identity (part)
         && (ll_part_is_type (part, "message", "rfc822")
             || ll_part_is_type (part, "message", "global"));
}

/* --- bodies --- */

/* Where a part ends whose next line, at `line`, is a delimiter: the line end before it belongs to
 * the delimiter (RFC 2046 section 5.1.1). */
static guint64
end_before (const Scan *scan, guint64 line)
{
  guint64 end = line;

  if (end > 0 && octet_at (scan, end - 1) == '\n')
    end--;
  if (end < line && end > 0 && octet_at (scan, end - 1) == '\r')
    end--;
  return end;
}

/* Acts on a delimiter of open[index]. TRUE in *child when a new part has begun. */
static gboolean
meet_boundary (Scan *scan, guint index, Match match, const Line *line, gboolean *child,
               GError **error)
{
  LlPart *multipart = scan->open[index];
  guint64 end = end_before (scan, scan->at);

  *child = FALSE;
  scan->at = line->next;
  if (multipart->closed)
    {
      mark (multipart); /* a delimiter after the closing one */
      return TRUE;
    }
  pop_to (scan, index + 1, end);
  if (match == CLOSING)
    {
      multipart->closed = TRUE;
      return TRUE;
    }
  *child = TRUE;
  return push_part (scan, line->next, error);
}

/* The next "--" after `from` that begins a line; after a bare CR it may do so for others. NULL when
 * there is none; *clear is where nothing is left to be seen in what comes before. */
static const char *
find_dashes (Scan *scan, const char *from, const char *end, gboolean is_last, const char **clear)
{
  const char *dashes = from;

  while (end - dashes > 1
         && (dashes = memmem (dashes + 1, (gsize)(end - dashes - 1), "--", 2)) != NULL)
    {
      if (dashes[-1] == '\n')
        return dashes;
      if (dashes[-1] != '\r')
        continue;
      *clear = dashes - 1; /* looked at again when the whole boundary is in the window */
      if (!is_last && end - dashes < MAX_BOUNDARY + 2)
        return NULL;
      check_bare_cr (scan, dashes, (gsize)(end - dashes));
    }
  *clear = is_last ? end : end - LOOK_BACK;
  return NULL;
}

/* Passes over octets that are no delimiter. TRUE when a line that could be one begins at scan->at.
 */
static gboolean
pass_octets (Scan *scan)
{
  gsize length;
  const char *text = see (scan, scan->at, MAX_DELIMITER, &length);
  gboolean is_last = scan->at + length == scan->window.size;
  const char *clear = text;
  const char *dashes;

  if (length <= LOOK_BACK && !is_last)
    {
      scan->at = scan->window.size; /* it cannot be read: the source tells why */
      return FALSE;
    }
  dashes = find_dashes (scan, text, text + length, is_last, &clear);
  if (dashes != NULL)
    clear = dashes;
  if (memchr (text, '\0', (gsize)(clear - text)) != NULL)
    scan->open[scan->depth - 1]->has_nul = TRUE;
  scan->at += (guint64)(clear - text);
  return dashes != NULL;
}

/* Reads the body of the innermost open part, and on through what follows it, up to the start of
 * another part. TRUE in *more when there is one. */
static gboolean
scan_body (Scan *scan, gboolean *more, GError **error)
{
  gboolean at_line = TRUE;
  Match match = NO_MATCH;
  Line line;

  *more = FALSE;
  while (scan->at < scan->window.size)
    {
      int index = -1;

      if (at_line && peek_line_within (scan, MAX_DELIMITER, &line))
        index = find_boundary (scan, &line, &match);
      if (index >= 0)
        {
          if (!meet_boundary (scan, (guint)index, match, &line, more, error))
            return FALSE;
          if (*more)
            return TRUE;
          continue;
        }
      at_line = pass_octets (scan);
    }
  return TRUE;
}

static gboolean
scan_parts (Scan *scan, GError **error)
{
  gboolean more = TRUE;

  if (!push_part (scan, 0, error))
    return FALSE;
  while (more)
    {
      LlPart *part = scan->open[scan->depth - 1];

      if (!scan_header (scan, error))
        return FALSE;
      read_structure (scan, part);
      if (has_nested_message (part))
        {
          if (!push_part (scan, scan->at, error))
            return FALSE;
        }
      else if (!scan_body (scan, &more, error))
        return FALSE;
    }
  pop_to (scan, 0, scan->window.size);
  return TRUE;
}

gboolean
ll_message_scan (LlMessage *message, gsize step, LlReason *limit, GError **error)
{
  Scan scan = { .message = message };
  gboolean done;

  window_open (&scan.window, message->source, step);
  done = scan_parts (&scan, error);
  /* what was read until a limit goes as it came */
  if (!done)
    pop_to (&scan, 0, scan.window.size);
  window_close (&scan.window);
  if (limit != NULL)
    *limit = scan.limit;
  return done;
}
