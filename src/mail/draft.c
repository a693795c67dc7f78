/* draft.c - what enters: a message that somebody wrote. What leaves: its outer header, and the
 * entity to be signed or encrypted, fit for any transport. It chooses no key and makes no layer. */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "bridge/gmime-glue.h"
#include "mail/canonical.h"
#include "mail/draft.h"
#include "mail/headers.h"
#include "mail/message-private.h"
#include "mail/transfer.h"

void
ll_draft_free (LlDraft *draft)
{
  if (draft == NULL)
    return;
  g_free (draft->header);
  g_clear_pointer (&draft->entity, ll_rope_unref);
  g_free (draft->author);
  g_strfreev (draft->recipients);
  g_free (draft);
}

/* --- header fields ---------------------------------------------------------------------------- */

static gboolean
is_seven_bit (const char *text)
{
  for (; *text != '\0'; text++)
    if ((guchar)*text >= 0x80)
      return FALSE;
  return TRUE;
}

/* A field whose raw 8-bit octets have no place in signed content: parameters become RFC 2231,
 * anything else encoded words. What it says stays the same. */
static char *
seven_bit_value (const char *name, const char *value)
{
  g_autofree char *unfolded = g_strstrip (g_strdup (value));
  g_autofree char *utf8 = NULL;

  if (g_ascii_strcasecmp (name, "Content-Type") == 0)
    {
      g_autoptr (GMimeContentType) type = g_mime_content_type_parse (NULL, unfolded);
      return g_mime_content_type_encode (type, NULL);
    }
  if (g_ascii_strcasecmp (name, "Content-Disposition") == 0)
    {
      g_autoptr (GMimeContentDisposition) disposition
          = g_mime_content_disposition_parse (NULL, unfolded);
      return g_mime_content_disposition_encode (disposition, NULL);
    }
  utf8 = ll_gmime_decode_words (unfolded);
  return ll_gmime_encode_words (utf8);
}

/* Blanks at the ends of header lines mean nothing, and do not survive every relay (PM-03). */
static void
append_trimmed_lines (GString *out, const char *text, gsize length)
{
  g_autoptr (GString) canonical = g_string_sized_new (length + 16);

  ll_canonical_append (canonical, text, length);
  for (const char *line = canonical->str; *line != '\0';)
    {
      const char *end = strstr (line, "\r\n");
      const char *next = end != NULL ? end + 2 : line + strlen (line);
      const char *last = end != NULL ? end : next;
      while (last > line && (last[-1] == ' ' || last[-1] == '\t'))
        last--;
      if (last > line || line == canonical->str)
        {
          g_string_append_len (out, line, last - line);
          g_string_append (out, "\r\n");
        }
      line = next;
    }
}

static void
append_field (GString *out, const char *name, const char *value, gboolean seven_bit)
{
  g_autofree char *encoded
      = seven_bit && !is_seven_bit (value) ? seven_bit_value (name, value) : NULL;
  g_autofree char *field = NULL;

  if (encoded != NULL)
    field = g_strdup_printf ("%s: %s", name, g_strstrip (encoded));
  else
    field = g_strdup_printf ("%s:%s", name, value);
  append_trimmed_lines (out, field, strlen (field));
}

/* Which fields of a part to write. */
typedef enum
{
  FIELDS_STRUCTURAL, /* of the whole entity; MIME-Version is the wrapping's to write */
  FIELDS_OTHER,      /* of the outer header; never a Bcc */
  FIELDS_ALL,        /* of what is inside: as it is */
} Fields;

static gboolean
is_bcc (const char *name)
{
  return g_ascii_strcasecmp (name, "Bcc") == 0 || g_ascii_strcasecmp (name, "Resent-Bcc") == 0;
}

static gboolean
is_wanted (const char *name, Fields fields)
{
  if (fields == FIELDS_ALL)
    return TRUE;
  if (g_ascii_strcasecmp (name, "MIME-Version") == 0 || is_bcc (name))
    return FALSE;
  return ll_headers_is_structural (name) == (fields == FIELDS_STRUCTURAL);
}

static void
append_fields (GString *out, const LlPart *part, Fields fields, gboolean seven_bit,
               const char *without)
{
  for (guint i = 0; i < ll_part_get_n_fields (part); i++)
    {
      const char *name = ll_part_get_field_name (part, i);
      if (is_wanted (name, fields) && (without == NULL || g_ascii_strcasecmp (name, without) != 0))
        append_field (out, name, ll_part_get_field_value (part, i), seven_bit);
    }
}

/* --- the entity ------------------------------------------------------------------------------- */

typedef struct
{
  LlRope *rope;
  guint64 total, encoded; /* octets of leaves; of those that are base64 or compressed already */
  gboolean unfit;         /* a header line that cannot be signed was written */
  GCancellable *cancellable;
  GError *error;
} Writer;

static gboolean write_part (Writer *writer, LlPart *part, Fields fields);

static char *
name_of (const LlPart *part)
{
  const char *file_name = ll_part_get_file_name (part);
  g_autofree char *type
      = g_strconcat (ll_part_get_type (part), "/", ll_part_get_subtype (part), NULL);
  return ll_text_safe (file_name != NULL ? file_name : type, -1);
}

static gboolean
refuse (Writer *writer, const LlPart *part, const char *why)
{
  g_autofree char *name = name_of (part);

  if (writer->error == NULL)
    g_set_error (&writer->error, LL_ERROR, LL_ERROR_BAD_DATA, "“%s”: %s", name, why);
  return FALSE;
}

/* --- leaves ----------------------------------------------------------------------------------- */

/* What a leaf becomes on its way out. */
typedef enum
{
  LEAF_CANONICAL,
  LEAF_BASE64,
  LEAF_QUOTED_PRINTABLE,
} LeafForm;

typedef struct
{
  LlSource *body; /* owned */
  GMimeContentEncoding encoding;
  LeafForm form;
} Leaf;

static void
leaf_free (gpointer data)
{
  Leaf *leaf = data;
  ll_source_unref (leaf->body);
  g_free (leaf);
}

static Leaf *
leaf_new (const LlPart *part, LeafForm form)
{
  Leaf *leaf = g_new0 (Leaf, 1);

  leaf->body = ll_part_dup_body (part);
  leaf->encoding = part->encoding;
  leaf->form = form;
  return leaf;
}

/* Takes `in`. */
static GInputStream *
through (LlFilter *filter, GInputStream *in)
{
  g_autoptr (GInputStream) owned = in;

  return filter != NULL ? ll_filter_open (filter, in) : g_steal_pointer (&owned);
}

/* The octets that the leaf stands for; text has CRLF line ends (SM-13) unless it is declared
 * binary. A line end of quoted-printable is a CRLF however the file has it. */
static GInputStream *
open_content (const Leaf *leaf)
{
  GInputStream *in = ll_source_open (leaf->body);

  if (leaf->encoding != GMIME_CONTENT_ENCODING_BINARY
      && leaf->encoding != GMIME_CONTENT_ENCODING_BASE64
      && leaf->encoding != GMIME_CONTENT_ENCODING_UUENCODE)
    in = through (ll_canonical_filter_new (), in);
  return through (ll_transfer_decoder_new (leaf->encoding), in);
}

static GInputStream *
leaf_open (gpointer data)
{
  const Leaf *leaf = data;

  switch (leaf->form)
    {
    case LEAF_BASE64:
      return through (ll_transfer_base64_new (), open_content (leaf));
    case LEAF_QUOTED_PRINTABLE:
      return through (ll_transfer_quoted_printable_new (), open_content (leaf));
    default:
      return through (ll_canonical_filter_new (), ll_source_open (leaf->body));
    }
}

/* How a stream of octets looks, for the choice of an encoding. */
typedef struct
{
  guint64 total, strange;
  gboolean is_text; /* no NUL, no line end but CRLF */
  guint8 last;
} Look;

static void
look_at (Look *look, const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      if (data[i] == '\0' || (look->last == '\r') != (data[i] == '\n'))
        look->is_text = FALSE;
      look->strange += data[i] >= 0x80 || (data[i] < 32 && !g_ascii_isspace (data[i]));
      look->last = data[i];
    }
  look->total += length;
}

/* Quoted-printable keeps mostly-ASCII text readable; it cannot hold NUL or bare line ends safely.
 */
static gboolean
suits_quoted_printable (const LlPart *part, GCancellable *cancellable)
{
  g_autofree guint8 *chunk = NULL;
  g_autoptr (GInputStream) in = NULL;
  Look look = { .is_text = TRUE };
  Leaf *leaf;
  gssize n = 0;

  if (!ll_part_is_type (part, "text", "*"))
    return FALSE;
  leaf = leaf_new (part, LEAF_QUOTED_PRINTABLE);
  in = open_content (leaf);
  leaf_free (leaf);
  chunk = g_malloc (LL_FILTER_CHUNK);
  while (look.is_text
         && (n = g_input_stream_read (in, chunk, LL_FILTER_CHUNK, cancellable, NULL)) > 0)
    look_at (&look, chunk, (gsize)n);
  explicit_bzero (chunk, LL_FILTER_CHUNK);
  return n >= 0 && look.is_text && look.last != '\r' && look.strange * 6 < look.total;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void
write_text (Writer *writer, const char *text)
{
  if (ll_canonical_get_fit (text, strlen (text)) == LL_FIT_NOT)
    writer->unfit = TRUE;
  ll_rope_append (writer->rope, text);
}

static void
write_leaf_as (Writer *writer, const LlPart *part, LeafForm form)
{
  ll_rope_append_stream (writer->rope, leaf_open, leaf_new (part, form), leaf_free);
  writer->total += ll_part_get_body_size (part);
}

/* The fields of a part, with another transfer encoding where one is given, and the empty line. */
static void
write_fields (Writer *writer, const LlPart *part, Fields fields, const char *without,
              const char *encoding)
{
  g_autoptr (GString) text = g_string_new (NULL);

  append_fields (text, part, fields, TRUE, without);
  if (encoding != NULL)
    g_string_append_printf (text, "Content-Transfer-Encoding: %s\r\n", encoding);
  g_string_append (text, "\r\n");
  write_text (writer, text->str);
}

static gboolean
write_encoded (Writer *writer, const LlPart *part, Fields fields)
{
  gboolean readable = suits_quoted_printable (part, writer->cancellable);

  write_fields (writer, part, fields, "Content-Transfer-Encoding",
                readable ? "quoted-printable" : "base64");
  write_leaf_as (writer, part, readable ? LEAF_QUOTED_PRINTABLE : LEAF_BASE64);
  if (!readable)
    writer->encoded += ll_part_get_body_size (part);
  return TRUE;
}

static gboolean
write_as_is (Writer *writer, const LlPart *part, Fields fields)
{
  write_fields (writer, part, fields, NULL, NULL);
  write_leaf_as (writer, part, LEAF_CANONICAL);
  return TRUE;
}

static gboolean
write_seven_bit (Writer *writer, const LlPart *part, Fields fields)
{
  write_fields (writer, part, fields, "Content-Transfer-Encoding", "7bit");
  write_leaf_as (writer, part, LEAF_CANONICAL);
  return TRUE;
}

static LlFit
get_fit (const Writer *writer, LlSource *source)
{
  const char *data = ll_source_peek (source);
  g_autoptr (GInputStream) in = NULL;

  if (data != NULL)
    return ll_canonical_get_fit (data, (gsize)ll_source_get_size (source));
  in = ll_source_open (source);
  return ll_canonical_get_fit_of_stream (in, writer->cancellable);
}

/* A multipart in which no part was found, and messages in pieces, have no content of their own to
 * encode (RFC 2045 section 6.4, RFC 2046 section 5.2). */
static gboolean
may_be_encoded (const LlPart *part)
{
  return !ll_part_is_type (part, "multipart", "*") && !ll_part_is_type (part, "message", "partial")
         && !ll_part_is_type (part, "message", "external-body");
}

static gboolean
write_leaf (Writer *writer, const LlPart *part, Fields fields)
{
  g_autoptr (LlSource) body = ll_part_dup_body (part);
  LlFit fit = get_fit (writer, body);

  if (!may_be_encoded (part))
    return fit != LL_FIT_NOT
               ? write_as_is (writer, part, fields)
               : refuse (writer, part,
                         _ ("this part is not 7-bit, and its type may not be encoded. "
                            "Attach it as a file instead."));
  if (part->encoding == GMIME_CONTENT_ENCODING_BINARY || fit != LL_FIT_SIGN)
    return write_encoded (writer, part, fields);
  if (part->encoding == GMIME_CONTENT_ENCODING_BASE64)
    writer->encoded += ll_part_get_body_size (part);
  /* 7-bit is what it is, whatever it says */
  if (part->encoding == GMIME_CONTENT_ENCODING_8BIT || part->unknown_encoding)
    return write_seven_bit (writer, part, fields);
  return write_as_is (writer, part, fields);
}

/* What is inside a signature or an encryption is never altered. */
static gboolean
is_sealed (const LlPart *part)
{
  return ll_part_is_type (part, "multipart", "signed")
         || ll_part_is_type (part, "multipart", "encrypted");
}

static gboolean
write_sealed (Writer *writer, const LlPart *part, Fields fields)
{
  g_autoptr (LlSource) entity = ll_part_dup_entity (part);

  if (get_fit (writer, entity) == LL_FIT_NOT)
    return refuse (writer, part,
                   _ ("this part is signed or encrypted already and cannot be made 7-bit without "
                      "breaking it. Attach it as a file instead."));
  writer->encoded += ll_source_get_size (entity) / 2;
  return write_as_is (writer, part, fields);
}

static gboolean
write_multipart (Writer *writer, const LlPart *part, Fields fields)
{
  g_autofree char *delimiter = g_strdup_printf ("--%s\r\n", part->boundary);
  g_autofree char *closing = g_strdup_printf ("--%s--\r\n", part->boundary);

  write_fields (writer, part, fields, "Content-Transfer-Encoding", NULL);
  for (guint i = 0; i < ll_part_get_n_children (part); i++)
    {
      write_text (writer, delimiter);
      if (!write_part (writer, ll_part_get_child (part, i), FIELDS_ALL))
        return FALSE;
      write_text (writer, "\r\n");
    }
  write_text (writer, closing);
  return TRUE;
}

static gboolean
write_nested (Writer *writer, const LlPart *part, Fields fields)
{
  write_fields (writer, part, fields, "Content-Transfer-Encoding", NULL);
  return write_part (writer, ll_part_get_child (part, 0), FIELDS_ALL);
}

static gboolean
write_part (Writer *writer, LlPart *part, Fields fields)
{
  if (is_sealed (part))
    return write_sealed (writer, part, fields);
  if (ll_part_is_type (part, "multipart", "*") && ll_part_get_n_children (part) > 0)
    return write_multipart (writer, part, fields);
  if (ll_part_is_type (part, "message", "*") && ll_part_get_n_children (part) == 1)
    return write_nested (writer, part, fields);
  return write_leaf (writer, part, fields);
}

/* --- taking a message apart ------------------------------------------------------------------- */

static gboolean
is_known (GPtrArray *recipients, const char *address)
{
  for (guint i = 0; i < recipients->len; i++)
    if (ll_text_same_address (recipients->pdata[i], address))
      return TRUE;
  return FALSE;
}

/* All of them, or none: a recipient who is silently left out could not read the letter. */
static gboolean
collect_recipients (const LlPart *root, const char *name, GPtrArray *recipients, GError **error)
{
  g_autoptr (GPtrArray) addresses = ll_part_dup_all_addresses (root, name, LL_LIMIT_RECIPIENTS);

  if (addresses == NULL || recipients->len + addresses->len > LL_LIMIT_RECIPIENTS)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("The message has more than %u recipients, which is the limit."),
                   LL_LIMIT_RECIPIENTS);
      return FALSE;
    }
  for (guint i = 0; i < addresses->len; i++)
    if (!is_known (recipients, addresses->pdata[i]))
      g_ptr_array_add (recipients, g_strdup (addresses->pdata[i]));
  return TRUE;
}

static char **
dup_recipients (const LlPart *root, GError **error)
{
  g_autoptr (GPtrArray) recipients = g_ptr_array_new_with_free_func (g_free);

  if (!collect_recipients (root, "To", recipients, error)
      || !collect_recipients (root, "Cc", recipients, error))
    return NULL;
  g_ptr_array_add (recipients, NULL);
  return (char **)g_ptr_array_steal (recipients, NULL);
}

static gboolean
has_bcc (const LlPart *root)
{
  for (guint i = 0; i < ll_part_get_n_fields (root); i++)
    if (is_bcc (ll_part_get_field_name (root, i)))
      {
        g_autofree char *value = g_strstrip (g_strdup (ll_part_get_field_value (root, i)));
        if (*value != '\0')
          return TRUE;
      }
  return FALSE;
}

static char *
dup_outer_header (const LlPart *root)
{
  GString *header = g_string_new (NULL);

  append_fields (header, root, FIELDS_OTHER, FALSE, NULL);
  return g_string_free (header, FALSE);
}

/* Every multipart of the letter itself has its end; what is forwarded in it may be as it came. */
static gboolean
is_complete (const LlPart *part)
{
  if (!ll_part_is_type (part, "multipart", "*"))
    return TRUE;
  for (guint i = 0; i < ll_part_get_n_children (part); i++)
    if (!is_complete (ll_part_get_child (part, i)))
      return FALSE;
  return part->closed;
}

/* Cut off on its way to us, it would be sealed as if it were whole. */
static gboolean
check_end (LlMessage *message, GError **error)
{
  if (is_complete (ll_message_get_root (message)))
    return TRUE;
  g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                       _ ("The message is cut off: a multipart in it has no closing boundary. "
                          "Write "
                          "it out again, whole."));
  return FALSE;
}

static gboolean
has_nul (LlSource *source)
{
  g_autoptr (GInputStream) in = ll_source_open (source);
  g_autofree char *chunk = g_malloc (LL_FILTER_CHUNK);
  const char *found = NULL;
  gssize n;

  while (found == NULL && (n = g_input_stream_read (in, chunk, LL_FILTER_CHUNK, NULL, NULL)) > 0)
    found = memchr (chunk, '\0', (gsize)n);
  explicit_bzero (chunk, LL_FILTER_CHUNK);
  return found != NULL;
}

static gboolean
check_structure (LlMessage *message, GError **error)
{
  LlReason reason = ll_part_get_tree_ambiguity (ll_message_get_root (message));

  if (reason == LL_REASON_NONE)
    return check_end (message, error);
  if (has_nul (ll_message_get_source (message)))
    g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                         _ ("The message has a NUL character in its text or header, where some "
                            "mail "
                            "programs stop reading. Remove it, or attach the text as a file."));
  else
    g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                 _ ("The message can be read in two ways (%s), so that it cannot be known what "
                    "would be sealed. Mend it first: “letterlock mail inspect” shows its parts."),
                 ll_reason_name (reason));
  return FALSE;
}

static gboolean
write_entity (Writer *writer, LlPart *root, GError **error)
{
  if (ll_part_count_fields (root, "Content-Type") == 0)
    write_text (writer, "Content-Type: text/plain\r\n");
  if (write_part (writer, root, FIELDS_STRUCTURAL) && writer->unfit)
    refuse (writer, root, _ ("a header line of this part is too long or not 7-bit."));
  if (writer->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&writer->error));
  return FALSE;
}

LlDraft *
ll_draft_new (LlMessage *message, GCancellable *cancellable, GError **error)
{
  g_autoptr (LlDraft) draft = g_new0 (LlDraft, 1);
  LlPart *root = ll_message_get_root (message);
  Writer writer = { .cancellable = cancellable };

  if (!check_structure (message, error))
    return NULL;
  draft->recipients = dup_recipients (root, error);
  if (draft->recipients == NULL)
    return NULL;
  writer.rope = draft->entity = ll_rope_new ();
  if (!write_entity (&writer, root, error)
      || g_cancellable_set_error_if_cancelled (cancellable, error)
      || !ll_source_check (ll_message_get_source (message), error))
    return NULL;
  draft->incompressible = writer.encoded * 2 > writer.total;
  draft->header = dup_outer_header (root);
  draft->author = ll_part_dup_author (root, NULL);
  draft->has_bcc = has_bcc (root);
  return g_steal_pointer (&draft);
}

/* --- the other way ---------------------------------------------------------------------------- */

/* What relays write, and what a mail program may take for a word on trust (E2E-21): inside of a
 * message these are only a stranger's words. */
static gboolean
is_transport_field (const char *name)
{
  static const char *const prefixes[] = { "Received",     "Return-Path", "Authentication-Results",
                                          "ARC-",         "DKIM-",       "X-Letterlock",
                                          "Delivered-To", "HP-Outer",    "X-Spam-" };

  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if (g_ascii_strncasecmp (name, prefixes[i], strlen (prefixes[i])) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_overridden (const char *name, const LlPart *inner)
{
  return inner != NULL && !is_transport_field (name) && ll_part_count_fields (inner, name) > 0;
}

static void
append_outer_fields (GString *out, const LlPart *outer, const LlPart *inner)
{
  for (guint i = 0; i < ll_part_get_n_fields (outer); i++)
    {
      const char *name = ll_part_get_field_name (outer, i);
      if (is_wanted (name, FIELDS_OTHER) && !is_overridden (name, inner)
          && g_ascii_strcasecmp (name, "HP-Outer") != 0)
        append_field (out, name, ll_part_get_field_value (outer, i), FALSE);
    }
}

static void
append_inner_fields (GString *out, const LlPart *inner)
{
  for (guint i = 0; i < ll_part_get_n_fields (inner); i++)
    {
      const char *name = ll_part_get_field_name (inner, i);
      if (is_wanted (name, FIELDS_OTHER) && !is_transport_field (name))
        append_field (out, name, ll_part_get_field_value (inner, i), FALSE);
    }
}

/* The header has the line ends of the body, so that the file has one kind. */
static void
match_line_ends (GString *header, LlSource *body)
{
  g_autoptr (GBytes) head = ll_source_dup_bytes (body, 0, LL_FILTER_CHUNK);
  gsize length;
  const char *data = g_bytes_get_data (head, &length);
  const char *newline = length > 0 ? memchr (data, '\n', length) : NULL;

  if (newline != NULL && (newline == data || newline[-1] != '\r'))
    g_string_replace (header, "\r\n", "\n", 0);
}

static LlRope *
open_with (const LlPart *outer, const LlPart *inner, const LlPart *shown, LlSource *body)
{
  g_autoptr (GString) header = g_string_new (NULL);
  LlRope *rope = ll_rope_new ();

  append_outer_fields (header, outer, inner);
  if (inner != NULL)
    append_inner_fields (header, inner);
  g_string_append (header, "MIME-Version: 1.0\r\n");
  append_fields (header, shown, FIELDS_STRUCTURAL, FALSE, NULL);
  g_string_append (header, "\r\n");
  match_line_ends (header, body);
  ll_rope_append (rope, header->str);
  ll_rope_append_source (rope, body);
  return rope;
}

LlRope *
ll_draft_open (const LlPart *outer, const LlPart *payload)
{
  const LlPart *inner = ll_headers_get_protected (payload);
  const LlPart *shown = inner != NULL ? inner : payload;
  g_autoptr (LlSource) body = ll_part_dup_body (shown);

  return open_with (outer, inner, shown, body);
}

LlRope *
ll_draft_open_with (const LlPart *outer, const LlPart *payload, LlSource *body)
{
  return open_with (outer, NULL, payload, body);
}
