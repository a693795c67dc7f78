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
#include "mail/message-private.h"

/* --- the message --- */

LlPart *
ll_part_new (LlMessage *message, LlPart *parent, gsize start)
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

LlMessage *
ll_message_new_inner (GBytes *bytes, LlReason *limit, GError **error)
{
  g_autoptr (LlMessage) message = g_new0 (LlMessage, 1);

  g_atomic_ref_count_init (&message->references);
  message->bytes = g_bytes_ref (bytes);
  message->data = g_bytes_get_data (bytes, &message->length);
  if (message->length == 0)
    message->data = "";
  if (message->length > LL_LIMIT_MESSAGE_BYTES)
    {
      if (limit != NULL)
        *limit = LL_REASON_LIMIT_SIZE;
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("The message is larger than %u bytes, which is the limit."),
                   LL_LIMIT_MESSAGE_BYTES);
      return NULL;
    }
  if (!ll_message_scan (message, limit, error))
    return NULL;
  return g_steal_pointer (&message);
}

LlMessage *
ll_message_new (GBytes *bytes, GError **error)
{
  g_return_val_if_fail (bytes != NULL, NULL);

  if (g_bytes_get_size (bytes) == 0)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA, _ ("The message is empty."));
      return NULL;
    }
  return ll_message_new_inner (bytes, NULL, error);
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
  g_bytes_unref (message->bytes);
  g_free (message);
}

GBytes *
ll_message_get_bytes (const LlMessage *message)
{
  return message->bytes;
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

/* The end of the line at `position`, without its line end; *next is the line after. */
static gsize
line_end (const LlPart *part, gsize position, gsize *next)
{
  const char *data = part->message->data;
  const char *newline = memchr (data + position, '\n', part->header_end - position);
  gsize end = newline != NULL ? (gsize)(newline - data) : part->header_end;

  *next = newline != NULL ? end + 1 : end;
  if (end > position && data[end - 1] == '\r')
    end--;
  return end;
}

gboolean
ll_part_next_field (const LlPart *part, gsize *position, LlFieldRange *field)
{
  const char *data = part->message->data;
  const char *colon;
  gsize next;

  if (*position >= part->header_end)
    return FALSE;
  field->name = *position;
  field->end = line_end (part, *position, &next);
  colon = memchr (data + field->name, ':', field->end - field->name);
  if (colon == NULL)
    return FALSE; /* the header section was cut short by the end of its part */
  field->value = (gsize)(colon + 1 - data);
  field->name_length = (gsize)(colon - data) - field->name;
  while (field->name_length > 0 && data[field->name + field->name_length - 1] <= ' ')
    field->name_length--;
  while (next < part->header_end && (data[next] == ' ' || data[next] == '\t'))
    field->end = line_end (part, next, &next);
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
  const char *data = part->message->data;
  gsize position = part->start;
  LlFieldRange field;

  if (part->names != NULL)
    return;
  part->names = g_new0 (char *, part->n_fields + 1);
  part->values = g_new0 (char *, part->n_fields + 1);
  for (guint i = 0; i < part->n_fields && ll_part_next_field (part, &position, &field); i++)
    {
      part->names[i] = g_strndup (data + field.name, field.name_length);
      part->values[i] = g_strndup (data + field.value, field.end - field.value);
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
    if (field->name_length == length
        && g_ascii_strncasecmp (part->message->data + field->name, name, length) == 0)
      return TRUE;
  return FALSE;
}

char *
ll_part_dup_field (const LlPart *part, const char *name)
{
  gsize position = part->start;
  LlFieldRange field;

  if (!find_field (part, name, &position, &field))
    return NULL;
  return ll_unfold (part->message->data + field.value, field.end - field.value);
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
  gsize position = part->start;
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

static GBytes *
slice (const LlPart *part, gsize start, gsize end)
{
  if (end <= start)
    return g_bytes_new_static ("", 0);
  return g_bytes_new_from_bytes (part->message->bytes, start, end - start);
}

GBytes *
ll_part_dup_entity (const LlPart *part)
{
  return slice (part, part->start, part->end);
}

GBytes *
ll_part_dup_body (const LlPart *part)
{
  return slice (part, part->body, part->end);
}

GBytes *
ll_part_dup_canonical_entity (const LlPart *part)
{
  return ll_canonical_bytes (part->message->data + part->start, part->end - part->start);
}

GBytes *
ll_canonical_bytes (const char *data, gsize length)
{
  const char *end = data + length;
  const char *newline;
  gsize bare = 0;
  char *out, *to;

  for (const char *p = data; (newline = memchr (p, '\n', (gsize)(end - p))) != NULL;
       p = newline + 1)
    if (newline == data || newline[-1] != '\r')
      bare++;
  out = to = g_malloc (length + bare + 1);
  for (const char *p = data; p < end; p = newline)
    {
      newline = memchr (p, '\n', (gsize)(end - p));
      newline = newline != NULL ? newline + 1 : end;
      memcpy (to, p, (gsize)(newline - p));
      to += newline - p;
      if (newline[-1] == '\n' && (newline - data < 2 || newline[-2] != '\r'))
        {
          to[-1] = '\r';
          *to++ = '\n';
        }
    }
  return ll_secret_bytes_new_take (out, (gsize)(to - out));
}

GBytes *
ll_part_dup_content (const LlPart *part, gsize limit, GError **error)
{
  g_autoptr (GBytes) content = NULL;

  switch (part->encoding)
    {
    case GMIME_CONTENT_ENCODING_BASE64:
    case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
    case GMIME_CONTENT_ENCODING_UUENCODE:
      content = ll_gmime_decode (part->encoding, part->message->data + part->body,
                                 part->end - part->body);
      break;
    default:
      content = ll_part_dup_body (part);
      break;
    }
  if (g_bytes_get_size (content) > limit)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("A part of the message is larger than %zu bytes, which is the limit."),
                   limit);
      return NULL;
    }
  return g_steal_pointer (&content);
}

char *
ll_part_dup_text (const LlPart *part)
{
  gsize room = G_MAXSIZE;
  gboolean is_cut = FALSE;

  return ll_part_dup_text_within (part, &room, &is_cut);
}

char *
ll_part_dup_text_within (const LlPart *part, gsize *room, gboolean *is_cut)
{
  g_autoptr (GBytes) content = ll_part_dup_content (part, G_MAXSIZE, NULL);
  gsize length;
  const char *data = g_bytes_get_data (content, &length);

  *is_cut = length > *room;
  length = MIN (length, *room);
  *room -= length;
  return ll_gmime_to_utf8 (data, length, ll_part_get_parameter (part, "charset"));
}

/* --- addresses --- */

static GPtrArray *
collect_addresses (const LlPart *part, const char *name, guint limit, gboolean *has_group,
                   gboolean *truncated)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (g_free);
  gsize position = part->start;
  LlFieldRange field;

  while (find_field (part, name, &position, &field))
    {
      g_autofree char *value
          = ll_unfold (part->message->data + field.value, field.end - field.value);
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
