/* What enters: the octets of a message. What leaves: its parts, their header fields and contents.
 * Nothing is decrypted or verified here, and nothing is ever written back. Fields are looked for in
 * the octets each time they are asked for, so that a message full of fields costs no memory.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "mail/address.h"
#include "mail/canonical.h"
#include "mail/message-private.h"
#include "mail/transfer.h"

/* --- the message --- */

LlPart *
ll_part_new (LlMessage *message, LlPart *parent, guint64 start)
{
  LlPart *part = g_new0 (LlPart, 1);

  part->message = message;
  part->parent = parent;
  part->start = part->header_end = part->body = part->end = start;
  part->type = g_strdup ("text");
  part->subtype = g_strdup ("plain");
  part->encoding = GMIME_CONTENT_ENCODING_7BIT;
  return part;
}

static void
part_free (LlPart *part)
{
  /* no deeper than LL_LIMIT_DEPTH */
  for (guint i = 0; part->children != NULL && i < part->children->len; i++)
    part_free (part->children->pdata[i]);
  g_clear_pointer (&part->children, g_ptr_array_unref);
  g_strfreev (part->names);
  g_strfreev (part->values);
  g_free (part->type);
  g_free (part->subtype);
  g_clear_pointer (&part->content, ll_content_field_free);
  g_free (part->boundary);
  g_free (part->file_name);
  g_free (part);
}

static void
drop_held (LlMessage *message)
{
  if (message->held != NULL)
    explicit_bzero (message->held, message->held_length);
  g_clear_pointer (&message->held, g_free);
  message->held_part = NULL;
  message->held_length = 0;
}

LlMessage *
ll_message_new_inner (LlSource *source, gsize step, LlReason *limit, GError **error)
{
  g_autoptr (LlMessage) message = g_new0 (LlMessage, 1);

  g_atomic_ref_count_init (&message->references);
  message->source = ll_source_ref (source);
  if (!ll_message_scan (message, step, limit, error) || !ll_source_check (source, error))
    return NULL;
  return g_steal_pointer (&message);
}

LlMessage *
ll_message_new_source (LlSource *source, GError **error)
{
  g_return_val_if_fail (source != NULL, NULL);

  if (ll_source_get_size (source) == 0)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA, _ ("The message is empty."));
      return NULL;
    }
  return ll_message_new_inner (source, LL_SCAN_STEP, NULL, error);
}

LlMessage *
ll_message_new (GBytes *bytes, GError **error)
{
  g_autoptr (LlSource) source = NULL;

  g_return_val_if_fail (bytes != NULL, NULL);

  source = ll_source_new (bytes);
  return ll_message_new_source (source, error);
}

LlMessage *
ll_message_ref (LlMessage *message)
{
  g_atomic_ref_count_inc (&message->references);
  return message;
}

void
ll_message_unref (LlMessage *message)
{
  if (!g_atomic_ref_count_dec (&message->references))
    return;
  g_clear_pointer (&message->root, part_free);
  drop_held (message);
  ll_source_unref (message->source);
  g_free (message);
}

LlSource *
ll_message_get_source (const LlMessage *message)
{
  return message->source;
}

LlPart *
ll_message_get_root (const LlMessage *message)
{
  return message->root;
}

guint
ll_message_get_n_parts (const LlMessage *message)
{
  return message->n_parts;
}

/* --- header fields --- */

/* The header section: in the message where that is in memory, otherwise a copy that is good until
 * another part's is asked for. */
static const char *
peek_header (const LlPart *part, gsize *length)
{
  LlMessage *message = part->message;
  const char *all = ll_source_peek (message->source);

  *length = (gsize)(part->header_end - part->start);
  if (all != NULL)
    return all + part->start;
  if (message->held_part != part || message->held_length < *length)
    {
      drop_held (message);
      message->held = g_malloc (*length + 1);
      message->held_length = ll_source_read (message->source, part->start, message->held, *length);
      message->held_part = part;
    }
  *length = MIN (*length, message->held_length);
  return message->held;
}

/* The end of the line at `position`, without its line end; *next is the line after. */
static gsize
line_end (const char *data, gsize length, gsize position, gsize *next)
{
  const char *newline = memchr (data + position, '\n', length - position);
  gsize end = newline != NULL ? (gsize)(newline - data) : length;

  *next = newline != NULL ? end + 1 : end;
  if (end > position && data[end - 1] == '\r')
    end--;
  return end;
}

gboolean
ll_part_next_field (const LlPart *part, gsize *position, LlFieldRange *field)
{
  gsize length, end, next;
  const char *data = peek_header (part, &length);
  const char *colon;

  if (*position >= length)
    return FALSE;
  field->name = data + *position;
  end = line_end (data, length, *position, &next);
  colon = memchr (field->name, ':', end - *position);
  if (colon == NULL)
    return FALSE; /* the header section was cut short by the end of its part */
  field->value = colon + 1;
  field->name_length = (gsize)(colon - field->name);
  while (field->name_length > 0 && field->name[field->name_length - 1] <= ' ')
    field->name_length--;
  while (next < length && (data[next] == ' ' || data[next] == '\t'))
    end = line_end (data, length, next, &next);
  field->value_length = end - (gsize)(field->value - data);
  *position = next;
  return TRUE;
}

char *
ll_unfold (const char *value, gsize length)
{
  GString *out = g_string_sized_new (length + 1);

  for (gsize i = 0; i < length; i++)
    {
      if (value[i] == '\n' || value[i] == '\0'
          || (value[i] == '\r' && (i + 1 == length || value[i + 1] == '\n')))
        continue;
      g_string_append_c (out, value[i] == '\r' || value[i] == '\t' ? ' ' : value[i]);
    }
  return g_strstrip (g_string_free (out, FALSE));
}

static void
make_fields (LlPart *part)
{
  gsize position = 0;
  LlFieldRange field;

  if (part->names != NULL)
    return;
  part->names = g_new0 (char *, part->n_fields + 1);
  part->values = g_new0 (char *, part->n_fields + 1);
  for (guint i = 0; i < part->n_fields && ll_part_next_field (part, &position, &field); i++)
    {
      part->names[i] = g_strndup (field.name, field.name_length);
      part->values[i] = g_strndup (field.value, field.value_length);
    }
}

guint
ll_part_get_n_fields (const LlPart *part)
{
  make_fields ((LlPart *)part);
  return g_strv_length (part->names);
}

const char *
ll_part_get_field_name (const LlPart *part, guint index)
{
  make_fields ((LlPart *)part);
  g_return_val_if_fail (index < part->n_fields, NULL);
  return part->names[index];
}

const char *
ll_part_get_field_value (const LlPart *part, guint index)
{
  make_fields ((LlPart *)part);
  g_return_val_if_fail (index < part->n_fields, NULL);
  return part->values[index];
}

/* The next field of that name at or after *position. */
static gboolean
find_field (const LlPart *part, const char *name, gsize *position, LlFieldRange *field)
{
  gsize length = strlen (name);

  while (ll_part_next_field (part, position, field))
    if (field->name_length == length && g_ascii_strncasecmp (field->name, name, length) == 0)
      return TRUE;
  return FALSE;
}

char *
ll_part_dup_field (const LlPart *part, const char *name)
{
  gsize position = 0;
  LlFieldRange field;

  if (!find_field (part, name, &position, &field))
    return NULL;
  return ll_unfold (field.value, field.value_length);
}

/* Fields whose value is a list of addresses (RFC 5322 section 3.6). */
static gboolean
is_address_field (const char *name)
{
  static const char *const names[]
      = { "From",        "Sender",        "Reply-To",  "To",        "Cc",        "Bcc",
          "Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Bcc" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strcasecmp (name, names[i]) == 0)
      return TRUE;
  return FALSE;
}

char *
ll_part_dup_field_text (const LlPart *part, const char *name)
{
  g_autofree char *value = ll_part_dup_field (part, name);

  if (value == NULL)
    return NULL;
  return is_address_field (name) ? ll_address_field_text (value) : ll_gmime_decode_words (value);
}

guint
ll_part_count_fields (const LlPart *part, const char *name)
{
  gsize position = 0;
  LlFieldRange field;
  guint n = 0;

  while (find_field (part, name, &position, &field))
    n++;
  return n;
}

/* --- type and place --- */

const char *
ll_part_get_type (const LlPart *part)
{
  return part->type;
}

const char *
ll_part_get_subtype (const LlPart *part)
{
  return part->subtype;
}

gboolean
ll_part_is_type (const LlPart *part, const char *type, const char *subtype)
{
  return (g_str_equal (type, "*") || g_str_equal (type, part->type))
         && (g_str_equal (subtype, "*") || g_str_equal (subtype, part->subtype));
}

const char *
ll_part_get_parameter (const LlPart *part, const char *name)
{
  return part->content != NULL ? ll_content_field_get (part->content, name) : NULL;
}

const char *
ll_part_get_file_name (const LlPart *part)
{
  return part->file_name;
}

gboolean
ll_part_is_attachment (const LlPart *part)
{
  return part->is_attachment;
}

LlPart *
ll_part_get_parent (const LlPart *part)
{
  return part->parent;
}

guint
ll_part_get_n_children (const LlPart *part)
{
  return part->children != NULL ? part->children->len : 0;
}

LlPart *
ll_part_get_child (const LlPart *part, guint index)
{
  g_return_val_if_fail (index < ll_part_get_n_children (part), NULL);
  return part->children->pdata[index];
}

LlReason
ll_part_get_ambiguity (const LlPart *part)
{
  return part->ambiguity;
}

static LlReason
ambiguity_below (const LlPart *part)
{
  LlReason reason = part->ambiguity;

  for (guint i = 0; reason == LL_REASON_NONE && i < ll_part_get_n_children (part); i++)
    reason = ambiguity_below (part->children->pdata[i]);
  return reason;
}

LlReason
ll_part_get_tree_ambiguity (const LlPart *part)
{
  for (const LlPart *above = part->parent; above != NULL; above = above->parent)
    if (above->ambiguity != LL_REASON_NONE)
      return above->ambiguity;
  return ambiguity_below (part);
}

/* --- octets --- */

LlSource *
ll_part_dup_entity (const LlPart *part)
{
  return ll_source_new_range (part->message->source, part->start, part->end);
}

LlSource *
ll_part_dup_body (const LlPart *part)
{
  return ll_source_new_range (part->message->source, part->body, part->end);
}

guint64
ll_part_get_body_size (const LlPart *part)
{
  return part->end - part->body;
}

GInputStream *
ll_part_open_canonical (const LlPart *part)
{
  g_autoptr (LlSource) entity = ll_part_dup_entity (part);
  g_autoptr (GInputStream) in = ll_source_open (entity);

  return ll_filter_open (ll_canonical_filter_new (), in);
}

GInputStream *
ll_part_open_content (const LlPart *part)
{
  g_autoptr (LlSource) body = ll_part_dup_body (part);
  g_autoptr (GInputStream) in = ll_source_open (body);
  LlFilter *decoder = ll_transfer_decoder_new (part->encoding);

  return decoder != NULL ? ll_filter_open (decoder, in) : g_steal_pointer (&in);
}

GBytes *
ll_part_dup_content_head (const LlPart *part, gsize limit, gboolean *is_cut)
{
  g_autoptr (GInputStream) in = NULL;
  GBytes *head;

  /* what is in memory and stands for itself is not copied */
  if (ll_source_peek (part->message->source) != NULL && ll_part_get_body_size (part) <= limit
      && part->encoding <= GMIME_CONTENT_ENCODING_BINARY)
    {
      *is_cut = FALSE;
      return ll_source_dup_bytes (part->message->source, part->body, part->end);
    }
  in = ll_part_open_content (part);
  *is_cut = FALSE;
  head = ll_stream_read_head (in, limit, is_cut, NULL, NULL);
  return head != NULL ? head : g_bytes_new_static ("", 0);
}

GBytes *
ll_part_dup_content (const LlPart *part, gsize limit, GError **error)
{
  gboolean is_cut = FALSE;
  g_autoptr (GBytes) content = ll_part_dup_content_head (part, limit, &is_cut);

  if (is_cut)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("A part of the message is larger than %zu bytes, which is the limit."),
                   limit);
      return NULL;
    }
  return g_steal_pointer (&content);
}

guint64
ll_part_count_content (const LlPart *part)
{
  g_autoptr (GInputStream) in = NULL;
  gint64 size;

  if (part->encoding <= GMIME_CONTENT_ENCODING_BINARY)
    return ll_part_get_body_size (part);
  in = ll_part_open_content (part);
  size = ll_stream_drain (in, NULL, NULL);
  return size > 0 ? (guint64)size : 0;
}

char *
ll_part_dup_text (const LlPart *part)
{
  gsize room = LL_LIMIT_SHOWN_BYTES;
  gboolean is_cut = FALSE;

  return ll_part_dup_text_within (part, &room, &is_cut);
}

char *
ll_part_dup_text_within (const LlPart *part, gsize *room, gboolean *is_cut)
{
  g_autoptr (GBytes) content = ll_part_dup_content_head (part, *room, is_cut);
  gsize length;
  const char *data = g_bytes_get_data (content, &length);

  *room -= length;
  return ll_gmime_to_utf8 (data, length, ll_part_get_parameter (part, "charset"));
}

/* --- addresses --- */

static GPtrArray *
collect_addresses (const LlPart *part, const char *name, guint limit, gboolean *has_group,
                   gboolean *truncated)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (g_free);
  gsize position = 0;
  LlFieldRange field;

  while (find_field (part, name, &position, &field))
    {
      g_autofree char *value = ll_unfold (field.value, field.value_length);
      g_autoptr (LlMailboxes) mailboxes = ll_mailboxes_parse (value, limit - all->len);

      *has_group = *has_group || mailboxes->has_group;
      *truncated = *truncated || mailboxes->truncated;
      g_ptr_array_extend (all, mailboxes->addresses, (GCopyFunc)(void (*) (void))g_strdup, NULL);
    }
  return all;
}

GPtrArray *
ll_part_dup_addresses (const LlPart *part, const char *name)
{
  gboolean has_group = FALSE, truncated = FALSE;

  return collect_addresses (part, name, LL_LIMIT_FROM_ADDRESSES, &has_group, &truncated);
}

GPtrArray *
ll_part_dup_all_addresses (const LlPart *part, const char *name, guint limit)
{
  gboolean has_group = FALSE, truncated = FALSE;
  g_autoptr (GPtrArray) all = collect_addresses (part, name, limit, &has_group, &truncated);

  return truncated ? NULL : g_steal_pointer (&all);
}

char *
ll_part_dup_author (const LlPart *part, LlReason *reason)
{
  gboolean has_group = FALSE, truncated = FALSE;
  g_autoptr (GPtrArray) all
      = collect_addresses (part, "From", LL_LIMIT_FROM_ADDRESSES, &has_group, &truncated);
  LlReason why = LL_REASON_NONE;

  /* a group has a name that is no author (RFC 6854); two mailboxes are two authors (TR-05) */
  if (ll_part_count_fields (part, "From") > 1 || all->len > 1 || truncated || has_group)
    why = LL_REASON_FROM_AMBIGUOUS;
  else if (all->len == 0 || *(const char *)all->pdata[0] == '\0')
    why = LL_REASON_FROM_MISSING;
  if (reason != NULL)
    *reason = why;
  return why == LL_REASON_NONE ? g_strdup (all->pdata[0]) : NULL;
}
