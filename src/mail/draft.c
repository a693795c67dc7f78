/* draft.c - what enters: a message that somebody wrote. What leaves: its outer header, and the
 * entity to be signed or encrypted, fit for any transport. It chooses no key and makes no layer. */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "bridge/gmime-glue.h"
#include "mail/canonical.h"
#include "mail/draft.h"
#include "mail/headers.h"
#include "mail/message-private.h"

void
ll_draft_free (LlDraft *draft)
{
  if (draft == NULL)
    return;
  g_free (draft->header);
  g_clear_pointer (&draft->entity, g_bytes_unref);
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
  GString *out;
  gsize encoded; /* octets that are base64 or compressed already */
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

/* The octets that the leaf stands for; text has CRLF line ends (SM-13) unless it is declared
 * binary. A line end of quoted-printable is a CRLF however the file has it. */
static GBytes *
leaf_content (const LlPart *part)
{
  g_autoptr (GBytes) body = ll_part_dup_body (part);
  g_autoptr (GBytes) canonical = NULL;
  gsize length;
  const char *data = g_bytes_get_data (body, &length);

  if (part->encoding == GMIME_CONTENT_ENCODING_BINARY)
    return g_steal_pointer (&body);
  if (part->encoding == GMIME_CONTENT_ENCODING_BASE64
      || part->encoding == GMIME_CONTENT_ENCODING_UUENCODE)
    return ll_gmime_decode (part->encoding, data, length);
  canonical = ll_canonical_bytes (data, length);
  if (part->encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE)
    return g_steal_pointer (&canonical);
  data = g_bytes_get_data (canonical, &length);
  return ll_gmime_decode (part->encoding, data, length);
}

/* Quoted-printable keeps mostly-ASCII text readable; it cannot hold NUL or bare line ends safely.
 */
static gboolean
suits_quoted_printable (const LlPart *part, const guint8 *data, gsize length)
{
  gsize strange = 0;

  if (!ll_part_is_type (part, "text", "*"))
    return FALSE;
  for (gsize i = 0; i < length; i++)
    {
      gboolean line_end = data[i] == '\r' && i + 1 < length && data[i + 1] == '\n';
      if (data[i] == '\0' || (data[i] == '\r' && !line_end)
          || (data[i] == '\n' && (i == 0 || data[i - 1] != '\r')))
        return FALSE;
      strange += data[i] >= 0x80 || (data[i] < 32 && !g_ascii_isspace (data[i]));
    }
  return strange * 6 < length;
}

static gboolean
write_encoded (Writer *writer, const LlPart *part, Fields fields)
{
  g_autoptr (GBytes) content = leaf_content (part);
  gsize length;
  const guint8 *data = g_bytes_get_data (content, &length);
  gboolean readable = suits_quoted_printable (part, data, length);

  append_fields (writer->out, part, fields, TRUE, "Content-Transfer-Encoding");
  g_string_append_printf (writer->out, "Content-Transfer-Encoding: %s\r\n\r\n",
                          readable ? "quoted-printable" : "base64");
  if (readable)
    ll_canonical_append_quoted_printable (writer->out, data, length);
  else
    {
      ll_canonical_append_base64 (writer->out, data, length);
      writer->encoded += length;
    }
  return TRUE;
}

static gboolean
write_as_is (Writer *writer, const LlPart *part, Fields fields)
{
  g_autoptr (GBytes) body = ll_part_dup_body (part);
  gsize length;
  const char *data = g_bytes_get_data (body, &length);

  append_fields (writer->out, part, fields, TRUE, NULL);
  g_string_append (writer->out, "\r\n");
  ll_canonical_append (writer->out, data, length);
  return TRUE;
}

static gboolean
write_seven_bit (Writer *writer, const LlPart *part, Fields fields)
{
  g_autoptr (GBytes) body = ll_part_dup_body (part);
  gsize length;
  const char *data = g_bytes_get_data (body, &length);

  append_fields (writer->out, part, fields, TRUE, "Content-Transfer-Encoding");
  g_string_append (writer->out, "Content-Transfer-Encoding: 7bit\r\n\r\n");
  ll_canonical_append (writer->out, data, length);
  return TRUE;
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
  g_autoptr (GBytes) body = ll_part_dup_body (part);
  gsize length;
  const char *data = g_bytes_get_data (body, &length);
  LlFit fit = ll_canonical_get_fit (data, length);

  if (!may_be_encoded (part))
    return fit != LL_FIT_NOT
               ? write_as_is (writer, part, fields)
               : refuse (writer, part,
                         _ ("this part is not 7-bit, and its type may not be encoded. "
                            "Attach it as a file instead."));
  if (part->encoding == GMIME_CONTENT_ENCODING_BINARY || fit != LL_FIT_SIGN)
    return write_encoded (writer, part, fields);
  if (part->encoding == GMIME_CONTENT_ENCODING_BASE64)
    writer->encoded += length;
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
  g_autoptr (GBytes) entity = ll_part_dup_entity (part);
  gsize length;
  const char *data = g_bytes_get_data (entity, &length);

  if (ll_canonical_get_fit (data, length) == LL_FIT_NOT)
    return refuse (writer, part,
                   _ ("this part is signed or encrypted already and cannot be made 7-bit without "
                      "breaking it. Attach it as a file instead."));
  writer->encoded += length / 2;
  return write_as_is (writer, part, fields);
}

static gboolean
write_multipart (Writer *writer, const LlPart *part, Fields fields)
{
  const char *boundary = part->boundary;

  append_fields (writer->out, part, fields, TRUE, "Content-Transfer-Encoding");
  g_string_append (writer->out, "\r\n");
  for (guint i = 0; i < ll_part_get_n_children (part); i++)
    {
      g_string_append_printf (writer->out, "--%s\r\n", boundary);
      if (!write_part (writer, ll_part_get_child (part, i), FIELDS_ALL))
        return FALSE;
      g_string_append (writer->out, "\r\n");
    }
  g_string_append_printf (writer->out, "--%s--\r\n", boundary);
  return TRUE;
}

static gboolean
write_nested (Writer *writer, const LlPart *part, Fields fields)
{
  LlPart *inner = ll_part_get_child (part, 0);

  append_fields (writer->out, part, fields, TRUE, "Content-Transfer-Encoding");
  g_string_append (writer->out, "\r\n");
  return write_part (writer, inner, FIELDS_ALL);
}

static gboolean
write_part (Writer *writer, LlPart *part, Fields fields)
{
  gsize start = writer->out->len;
  gboolean done;

  if (is_sealed (part))
    done = write_sealed (writer, part, fields);
  else if (ll_part_is_type (part, "multipart", "*") && ll_part_get_n_children (part) > 0)
    done = write_multipart (writer, part, fields);
  else if (ll_part_is_type (part, "message", "*") && ll_part_get_n_children (part) == 1)
    done = write_nested (writer, part, fields);
  else
    done = write_leaf (writer, part, fields);
  if (done
      && ll_canonical_get_fit (writer->out->str + start, writer->out->len - start) == LL_FIT_NOT
      && ll_part_get_parent (part) == NULL)
    return refuse (writer, part, _ ("a header line of this part is too long or not 7-bit."));
  return done;
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
check_structure (LlMessage *message, GError **error)
{
  LlReason reason = ll_part_get_tree_ambiguity (ll_message_get_root (message));

  if (reason == LL_REASON_NONE)
    return check_end (message, error);
  if (memchr (message->data, '\0', message->length) != NULL)
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

/* What we could not read again is not written. */
static gboolean
check_size (const GString *entity, GError **error)
{
  if (entity->len <= LL_LIMIT_MESSAGE_BYTES)
    return TRUE;
  g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
               _ ("Made fit to be sealed, the message is larger than %u bytes, which is the "
                  "limit."),
               LL_LIMIT_MESSAGE_BYTES);
  return FALSE;
}

static gboolean
write_entity (Writer *writer, LlPart *root, GError **error)
{
  if (ll_part_count_fields (root, "Content-Type") == 0)
    g_string_append (writer->out, "Content-Type: text/plain\r\n");
  if (!write_part (writer, root, FIELDS_STRUCTURAL))
    {
      g_propagate_error (error, g_steal_pointer (&writer->error));
      return FALSE;
    }
  return check_size (writer->out, error);
}

LlDraft *
ll_draft_new (LlMessage *message, GError **error)
{
  g_autoptr (LlDraft) draft = g_new0 (LlDraft, 1);
  LlPart *root = ll_message_get_root (message);
  Writer writer = { 0 };
  gsize length;

  if (!check_structure (message, error))
    return NULL;
  draft->recipients = dup_recipients (root, error);
  if (draft->recipients == NULL)
    return NULL;
  writer.out = g_string_sized_new (message->length + 4096);
  if (!write_entity (&writer, root, error))
    {
      g_string_free (writer.out, TRUE);
      return NULL;
    }
  length = writer.out->len;
  draft->incompressible = writer.encoded * 2 > length;
  draft->entity = ll_secret_bytes_new_take (g_string_free (writer.out, FALSE), length);
  draft->header = dup_outer_header (root);
  draft->author = ll_part_dup_author (root, NULL);
  draft->has_bcc = has_bcc (root);
  return g_steal_pointer (&draft);
}

GBytes *
ll_draft_assemble (const LlDraft *draft, GBytes *wrapped)
{
  gsize length, header_length = strlen (draft->header);
  const char *data = g_bytes_get_data (wrapped, &length);
  GString *out = g_string_sized_new (header_length + length + 1);

  g_string_append_len (out, draft->header, (gssize)header_length);
  g_string_append_len (out, data, (gssize)length);
  length = out->len;
  return g_bytes_new_take (g_string_free (out, FALSE), length);
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
append_in_style (GString *out, GString *header, const char *body, gsize length)
{
  const char *newline = memchr (body, '\n', length);

  if (newline != NULL && (newline == body || newline[-1] != '\r'))
    g_string_replace (header, "\r\n", "\n", 0);
  g_string_append_len (out, header->str, (gssize)header->len);
}

GBytes *
ll_draft_open (const LlPart *outer, const LlPart *payload)
{
  const LlPart *inner = ll_headers_get_protected (payload);
  const LlPart *shown = inner != NULL ? inner : payload;
  g_autoptr (GString) header = g_string_new (NULL);
  g_autoptr (GBytes) body = ll_part_dup_body (shown);
  gsize length;
  const char *data = g_bytes_get_data (body, &length);
  GString *out = g_string_sized_new (length + 8192);

  append_outer_fields (header, outer, inner);
  if (inner != NULL)
    append_inner_fields (header, inner);
  g_string_append (header, "MIME-Version: 1.0\r\n");
  append_fields (header, shown, FIELDS_STRUCTURAL, FALSE, NULL);
  g_string_append (header, "\r\n");
  append_in_style (out, header, data, length);
  g_string_append_len (out, data, (gssize)length);
  length = out->len;
  return ll_secret_bytes_new_take (g_string_free (out, FALSE), length);
}
