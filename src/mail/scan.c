/* Finds out which octets of a message belong to which part.
 *
 * What enters: the octets. What leaves: the tree of parts with their offsets. One pass over the
 * lines, a stack of at most LL_LIMIT_DEPTH open parts, no recursion. A line is compared with the
 * boundaries of the open multiparts only, so time is linear in the size of the message.
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

typedef struct
{
  LlMessage *message;
  const char *data;
  gsize length;
  gsize at; /* the line to be read next */
  LlPart *open[LL_LIMIT_DEPTH + 1];
  guint depth; /* how many are open */
  LlReason limit;
} Scan;

typedef struct
{
  gsize start;
  gsize end;  /* without the line end */
  gsize next; /* the line after */
} Line;

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

static gboolean
peek_line (const Scan *scan, Line *line)
{
  const char *newline;

  if (scan->at >= scan->length)
    return FALSE;
  newline = memchr (scan->data + scan->at, '\n', scan->length - scan->at);
  line->start = scan->at;
  line->end = newline != NULL ? (gsize)(newline - scan->data) : scan->length;
  line->next = newline != NULL ? line->end + 1 : line->end;
  if (newline != NULL && line->end > line->start && scan->data[line->end - 1] == '\r')
    line->end--;
  return TRUE;
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

static Match
match_boundary (const LlPart *part, const char *text, gsize length)
{
  gsize size = strlen (part->boundary);

  if (length < size + 2 || memcmp (text + 2, part->boundary, size) != 0)
    return NO_MATCH;
  text += size + 2;
  length -= size + 2;
  if (is_blank_run (text, length))
    return DELIMITER;
  if (length >= 2 && text[0] == '-' && text[1] == '-')
    return is_blank_run (text + 2, length - 2) ? CLOSING : PREFIX;
  return PREFIX;
}

/* Which open multipart the line delimits, innermost first; -1 for none. A line that is only
 * prefixed by a boundary is no delimiter for us, but RFC 2046 section 5.1.1 lets it be one for
 * others. */
static int
find_boundary (Scan *scan, const Line *line, Match *match)
{
  const char *text = scan->data + line->start;
  gsize length = line->end - line->start;
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

/* A bare CR is a line end to some: it matters when a boundary follows it. */
static void
check_bare_cr (Scan *scan, const Line *line)
{
  const char *text = scan->data + line->start;
  gsize length = line->end - line->start;
  const char *cr;

  while ((cr = memchr (text, '\r', length)) != NULL)
    {
      gsize rest = length - (gsize)(cr + 1 - text);
      for (guint i = 0; i < scan->depth; i++)
        if (scan->open[i]->boundary != NULL && rest > 2 && cr[1] == '-' && cr[2] == '-'
            && match_boundary (scan->open[i], cr + 1, rest) != NO_MATCH)
          mark (scan->open[i]);
      text = cr + 1;
      length = rest;
    }
}

static gboolean
is_identity (const LlPart *part)
{
  return part->encoding != GMIME_CONTENT_ENCODING_BASE64
         && part->encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
         && part->encoding != GMIME_CONTENT_ENCODING_UUENCODE;
}

static void
close_part (LlPart *part, gsize end)
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
pop_to (Scan *scan, guint depth, gsize end)
{
  while (scan->depth > depth)
    close_part (scan->open[--scan->depth], end);
}

static gboolean
push_part (Scan *scan, gsize start, GError **error)
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
name_length (const Scan *scan, const Line *line)
{
  const char *text = scan->data + line->start;
  gsize length = line->end - line->start;
  gsize n = 0, blanks = 0;

  while (n < length && text[n] > ' ' && text[n] < 0x7F && text[n] != ':')
    n++;
  while (n + blanks < length && (text[n + blanks] == ' ' || text[n + blanks] == '\t'))
    blanks++;
  return n > 0 && n + blanks < length && text[n + blanks] == ':' ? n : 0;
}

/* Fields that a reader would act on, if it took a doubtful line for a field. */
static gboolean
is_weighty (const Scan *scan, const Line *line, gsize length)
{
  static const char *const names[]
      = { "mime-version", "from", "sender", "to", "cc", "subject", "date", "reply-to" };
  const char *text = scan->data + line->start;

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
  gsize at = scan->at;
  Line line;

  while (scan->at - at < MAX_LOOK_AHEAD && peek_line (scan, &line))
    {
      gsize length = name_length (scan, &line);
      if (line.end == line.start)
        break;
      if (length > 0 && is_weighty (scan, &line, length))
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
is_from_line (const Scan *scan, const Line *line, const char *start)
{
  gsize length = strlen (start);
  const char *end = scan->data + line->end;
  const char *rest = scan->data + line->start + length;

  if (line->end - line->start < length || memcmp (rest - length, start, length) != 0)
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
         && (is_from_line (scan, &line, "From ") || is_from_line (scan, &line, ">From ")))
    part->start = scan->at = line.next;
}

static gboolean
take_field (Scan *scan, LlPart *part, const Line *line, gsize length, gboolean odd_fold,
            GError **error)
{
  const char *text = scan->data + line->start;

  if (++part->n_fields > LL_LIMIT_HEADER_FIELDS)
    return refuse (scan, LL_REASON_LIMIT_HEADERS, error,
                   _ ("A header section has more than %u fields, which is the limit."),
                   LL_LIMIT_HEADER_FIELDS);
  /* "Content-Type :" is a field to some readers only; so is what follows a line of blanks, which
   * some take for the end of the header */
  if (is_weighty (scan, line, length))
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
      const char *text = scan->data + line.start;
      gsize length = line.end - line.start;
      gsize name = name_length (scan, &line);

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
  if (peek_line (scan, &line) && line.end == line.start)
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
  const char *data = part->message->data;
  g_autofree char *value = NULL;

  for (guint i = 0; i < 3; i++)
    {
      if (field->name_length != strlen (names[i])
          || g_ascii_strncasecmp (data + field->name, names[i], field->name_length) != 0)
        continue;
      if (++counts[i] > 1)
        return;
      value = ll_unfold (data + field->value, field->end - field->value);
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
  gsize position = part->start;
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

/* Where a part ends whose next line is a delimiter: the line end before it belongs to the
 * delimiter (RFC 2046 section 5.1.1). */
static gsize
end_before (const Scan *scan, gsize line)
{
  gsize end = line;

  if (end > 0 && scan->data[end - 1] == '\n')
    end--;
  if (end < line && end > 0 && scan->data[end - 1] == '\r')
    end--;
  return end;
}

/* Acts on a delimiter of open[index]. TRUE in *child when a new part has begun. */
static gboolean
meet_boundary (Scan *scan, guint index, Match match, const Line *line, gboolean *child,
               GError **error)
{
  LlPart *multipart = scan->open[index];

  *child = FALSE;
  scan->at = line->next;
  if (multipart->closed)
    {
      mark (multipart); /* a delimiter after the closing one */
      return TRUE;
    }
  pop_to (scan, index + 1, end_before (scan, line->start));
  if (match == CLOSING)
    {
      multipart->closed = TRUE;
      return TRUE;
    }
  *child = TRUE;
  return push_part (scan, line->next, error);
}

/* Reads the body of the innermost open part, and on through what follows it, up to the start of
 * another part. TRUE in *more when there is one. */
static gboolean
scan_body (Scan *scan, gboolean *more, GError **error)
{
  Match match = NO_MATCH;
  Line line;

  *more = FALSE;
  while (peek_line (scan, &line))
    {
      const char *text = scan->data + line.start;
      gsize length = line.end - line.start;
      int index = find_boundary (scan, &line, &match);

      if (index >= 0)
        {
          if (!meet_boundary (scan, (guint)index, match, &line, more, error))
            return FALSE;
          if (*more)
            return TRUE;
          continue;
        }
      if (length > 0)
        {
          check_bare_cr (scan, &line);
          if (memchr (text, '\0', length) != NULL)
            scan->open[scan->depth - 1]->has_nul = TRUE;
        }
      scan->at = line.next;
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
  pop_to (scan, 0, scan->length);
  return TRUE;
}

gboolean
ll_message_scan (LlMessage *message, LlReason *limit, GError **error)
{
  Scan scan = { .message = message, .data = message->data, .length = message->length };
  gboolean done = scan_parts (&scan, error);

  /* what was read until a limit goes as it came */
  if (!done)
    pop_to (&scan, 0, scan.length);
  if (limit != NULL)
    *limit = scan.limit;
  return done;
}
