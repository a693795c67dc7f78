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

typedef enum
{
  FIELDS_STRUCTURAL = 1 << 0, /* MIME-Version is left out of these: the wrapping writes its own */
  FIELDS_OTHER = 1 << 1,
} Fields;

static gboolean
is_wanted (const char *name, Fields fields)
{
  if (g_ascii_strcasecmp (name, "MIME-Version") == 0)
    return FALSE;
  return (fields & (ll_headers_is_structural (name) ? FIELDS_STRUCTURAL : FIELDS_OTHER)) != 0;
}

static gboolean
is_bcc (const char *name)
{
  return g_ascii_strcasecmp (name, "Bcc") == 0 || g_ascii_strcasecmp (name, "Resent-Bcc") == 0;
}

static void
append_fields (GString *out, const LlPart *part, Fields fields, gboolean seven_bit,
               const char *without)
{
  for (guint i = 0; i < ll_part_get_n_fields (part); i++)
    {
      const char *name = ll_part_get_field_name (part, i);
      if (is_wanted (name, fields) && !is_bcc (name)
          && (without == NULL || g_ascii_strcasecmp (name, without) != 0))
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

static char *
transfer_encoding (const LlPart *part)
{
  g_autofree char *value = ll_part_dup_field (part, "Content-Transfer-Encoding");
  return value != NULL ? g_ascii_strdown (g_strstrip (value), -1) : g_strdup ("7bit");
}

static gboolean
is_encoded (const char *encoding)
{
  return g_str_equal (encoding, "base64") || g_str_equal (encoding, "quoted-printable")
         || strstr (encoding, "uuencode") != NULL;
}

/* The octets that the leaf stands for; text has CRLF line ends (SM-13) unless it is declared
 * binary. */
static GBytes *
leaf_content (Writer *writer, const LlPart *part, const char *encoding)
{
  g_autoptr (GBytes) content = ll_part_dup_content (part, LL_LIMIT_MESSAGE_BYTES, &writer->error);
  g_autoptr (GString) canonical = NULL;
  gsize length;
  const char *data;

  if (content == NULL || is_encoded (encoding) || g_str_equal (encoding, "binary"))
    return g_steal_pointer (&content);
  data = g_bytes_get_data (content, &length);
  canonical = g_string_sized_new (length + length / 32);
  ll_canonical_append (canonical, data, length);
  length = canonical->len;
  return g_bytes_new_take (g_string_free (g_steal_pointer (&canonical), FALSE), length);
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
write_encoded (Writer *writer, const LlPart *part, Fields fields, const char *encoding)
{
  g_autoptr (GBytes) content = leaf_content (writer, part, encoding);
  const guint8 *data;
  gsize length;
  gboolean readable;

  if (content == NULL)
    return FALSE;
  data = g_bytes_get_data (content, &length);
  readable = suits_quoted_printable (part, data, length);
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
write_leaf (Writer *writer, const LlPart *part, Fields fields)
{
  g_autofree char *encoding = transfer_encoding (part);
  g_autoptr (GBytes) body = ll_part_dup_body (part);
  gsize length;
  const char *data = g_bytes_get_data (body, &length);

  if (g_str_equal (encoding, "binary") || ll_canonical_get_fit (data, length) != LL_FIT_SIGN)
    return write_encoded (writer, part, fields, encoding);
  if (g_str_equal (encoding, "base64"))
    writer->encoded += length;
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
  const char *boundary = ll_part_get_parameter (part, "boundary");

  append_fields (writer->out, part, fields, TRUE, "Content-Transfer-Encoding");
  g_string_append (writer->out, "\r\n");
  for (guint i = 0; i < ll_part_get_n_children (part); i++)
    {
      g_string_append_printf (writer->out, "--%s\r\n", boundary);
      if (!write_part (writer, ll_part_get_child (part, i), FIELDS_STRUCTURAL | FIELDS_OTHER))
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
  if (ll_part_count_fields (inner, "MIME-Version") > 0)
    g_string_append (writer->out, "MIME-Version: 1.0\r\n");
  return write_part (writer, inner, FIELDS_STRUCTURAL | FIELDS_OTHER);
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

static void
collect_recipients (const LlPart *root, const char *name, GPtrArray *recipients)
{
  g_autoptr (GPtrArray) addresses = ll_part_dup_addresses (root, name);

  for (guint i = 0; i < addresses->len; i++)
    {
      const char *address = g_ptr_array_index (addresses, i);
      gboolean known = FALSE;
      for (guint j = 0; j < recipients->len && !known; j++)
        known = ll_text_same_address (g_ptr_array_index (recipients, j), address);
      if (!known)
        g_ptr_array_add (recipients, g_strdup (address));
    }
}

static char **
dup_recipients (const LlPart *root)
{
  GPtrArray *recipients = g_ptr_array_new ();

  collect_recipients (root, "To", recipients);
  collect_recipients (root, "Cc", recipients);
  g_ptr_array_add (recipients, NULL);
  return (char **)g_ptr_array_free (recipients, FALSE);
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

static gboolean
check_structure (LlPart *root, GError **error)
{
  LlReason reason = ll_part_get_tree_ambiguity (root);

  if (reason == LL_REASON_NONE)
    return TRUE;
  g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
               _ ("The message can be read in two ways (%s), so that it cannot be known what would "
                  "be sealed. Mend it first: “letterlock mail inspect” shows its parts."),
               ll_reason_name (reason));
  return FALSE;
}

LlDraft *
ll_draft_new (LlMessage *message, GError **error)
{
  g_autoptr (LlDraft) draft = g_new0 (LlDraft, 1);
  LlPart *root = ll_message_get_root (message);
  Writer writer = { 0 };
  gsize length;

  if (!check_structure (root, error))
    return NULL;
  writer.out = g_string_sized_new (g_bytes_get_size (ll_message_get_bytes (message)) + 4096);
  if (ll_part_count_fields (root, "Content-Type") == 0)
    g_string_append (writer.out, "Content-Type: text/plain\r\n");
  if (!write_part (&writer, root, FIELDS_STRUCTURAL))
    {
      g_string_free (writer.out, TRUE);
      g_propagate_error (error, writer.error);
      return NULL;
    }
  length = writer.out->len;
  draft->incompressible = writer.encoded * 2 > length;
  draft->entity = g_bytes_new_take (g_string_free (writer.out, FALSE), length);
  draft->header = dup_outer_header (root);
  draft->author = ll_part_dup_author (root, NULL);
  draft->recipients = dup_recipients (root);
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

static void
append_outer_fields (GString *out, const LlPart *outer, const LlPart *inner)
{
  for (guint i = 0; i < ll_part_get_n_fields (outer); i++)
    {
      const char *name = ll_part_get_field_name (outer, i);
      if (is_wanted (name, FIELDS_OTHER)
          && (inner == NULL || ll_part_count_fields (inner, name) == 0))
        append_field (out, name, ll_part_get_field_value (outer, i), FALSE);
    }
}

static gboolean
protects_fields (const LlPart *payload)
{
  const char *hp = ll_part_get_parameter (payload, "hp");
  const char *legacy = ll_part_get_parameter (payload, "protected-headers");

  return (hp != NULL && (g_str_equal (hp, "clear") || g_str_equal (hp, "cipher")))
         || g_strcmp0 (legacy, "v1") == 0;
}

GBytes *
ll_draft_open (const LlPart *outer, const LlPart *payload)
{
  GString *out = g_string_new (NULL);
  const LlPart *inner = protects_fields (payload) ? payload : NULL;
  g_autoptr (GBytes) body = ll_part_dup_body (payload);
  gsize length;
  const char *data = g_bytes_get_data (body, &length);

  append_outer_fields (out, outer, inner);
  if (inner != NULL)
    append_fields (out, inner, FIELDS_OTHER, FALSE, "HP-Outer");
  g_string_append (out, "MIME-Version: 1.0\r\n");
  append_fields (out, payload, FIELDS_STRUCTURAL, FALSE, NULL);
  g_string_append (out, "\r\n");
  g_string_append_len (out, data, (gssize)length);
  length = out->len;
  return g_bytes_new_take (g_string_free (out, FALSE), length);
}
