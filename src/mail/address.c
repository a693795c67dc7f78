#include <config.h>

#include <string.h>

#include "base/text.h"
#include "bridge/gmime-glue.h"
#include "mail/address.h"

/* One mailbox while it is read. */
typedef struct
{
  GString *bare;     /* what stands outside angle brackets, without comments and blanks */
  GString *angle;    /* what stands inside them */
  gboolean blank;    /* a blank or comment since the last character of `bare` */
  gboolean gap;      /* `bare` has a blank inside: words, or an address that is none */
  gboolean quoted;   /* `bare` has a quoted string */
  gboolean in_angle; /* "<" was seen, ">" not yet */
  gboolean closed;   /* ">" was seen */
  gboolean broken;   /* not in the grammar */
  gboolean any;      /* anything but blanks was seen */
} Mailbox;

typedef struct
{
  const char *at;
  guint limit;
  gboolean in_group;
  Mailbox box;
  LlMailboxes *result;
} Reader;

void
ll_mailboxes_free (LlMailboxes *mailboxes)
{
  g_ptr_array_unref (mailboxes->addresses);
  g_free (mailboxes);
}

static void
mailbox_reset (Mailbox *box)
{
  GString *bare = box->bare, *angle = box->angle;

  g_string_truncate (bare, 0);
  g_string_truncate (angle, 0);
  *box = (Mailbox){ .bare = bare, .angle = angle };
}

/* obs-route: "@a,@b:user@host" -> "user@host" (RFC 5322 section 4.4). */
static const char *
skip_route (const char *angle)
{
  const char *colon;

  if (*angle != '@')
    return angle;
  colon = strchr (angle, ':');
  return colon != NULL ? colon + 1 : angle;
}

/* Ends the mailbox at hand and notes its address. */
static void
finish_mailbox (Reader *reader)
{
  Mailbox *box = &reader->box;
  const char *address = "";

  if (!box->any)
    {
      mailbox_reset (box); /* an empty element: obs-mbox-list allows it */
      return;
    }
  if (reader->result->addresses->len >= reader->limit)
    reader->result->truncated = TRUE;
  else
    {
      if (!box->broken && box->closed)
        address = skip_route (box->angle->str);
      else if (!box->broken && !box->in_angle && !box->gap && !box->quoted)
        address = box->bare->str;
      g_ptr_array_add (reader->result->addresses,
                       g_strdup (ll_text_is_address (address) ? address : ""));
    }
  mailbox_reset (box);
}

static void
read_comment (Reader *reader)
{
  guint depth = 0;

  for (; *reader->at != '\0'; reader->at++)
    {
      if (*reader->at == '\\' && reader->at[1] != '\0')
        reader->at++;
      else if (*reader->at == '(')
        depth++;
      else if (*reader->at == ')' && --depth == 0)
        {
          reader->at++;
          reader->box.blank = TRUE;
          return;
        }
    }
  reader->box.broken = reader->box.any = TRUE; /* the comment never ends */
}

static void
read_quoted (Reader *reader)
{
  reader->box.any = TRUE;
  if (reader->box.in_angle || reader->box.closed)
    reader->box.broken = TRUE; /* a quoted local-part: legal, but no address we bind to */
  reader->box.quoted = TRUE;
  for (reader->at++; *reader->at != '\0'; reader->at++)
    {
      if (*reader->at == '\\' && reader->at[1] != '\0')
        reader->at++;
      else if (*reader->at == '"')
        {
          reader->at++;
          return;
        }
    }
  reader->box.broken = TRUE;
}

static void
read_character (Reader *reader)
{
  Mailbox *box = &reader->box;
  char c = *reader->at++;

  box->any = TRUE;
  if (box->closed)
    {
      box->broken = TRUE; /* words after the angle brackets */
      return;
    }
  if (box->in_angle)
    {
      if (box->blank && box->angle->len > 0)
        box->broken = TRUE;
      g_string_append_c (box->angle, c);
    }
  else
    {
      if (box->blank && box->bare->len > 0)
        box->gap = TRUE;
      g_string_append_c (box->bare, c);
    }
  box->blank = FALSE;
}

static void
read_angle (Reader *reader)
{
  Mailbox *box = &reader->box;

  box->any = TRUE;
  if (*reader->at == '<')
    {
      if (box->in_angle || box->closed)
        box->broken = TRUE;
      box->in_angle = TRUE;
    }
  else
    {
      if (!box->in_angle)
        box->broken = TRUE;
      box->in_angle = FALSE;
      box->closed = TRUE;
    }
  box->blank = FALSE;
  reader->at++;
}

/* "name:" opens a group unless it stands in an obs-route; ";" closes it. */
static void
read_group_mark (Reader *reader)
{
  Mailbox *box = &reader->box;

  if (*reader->at == ':' && box->in_angle)
    {
      read_character (reader);
      return;
    }
  if (*reader->at == ':' && !reader->in_group && !box->closed && box->any)
    {
      reader->result->has_group = reader->in_group = TRUE;
      mailbox_reset (box);
    }
  else if (*reader->at == ';' && reader->in_group)
    {
      finish_mailbox (reader);
      reader->in_group = FALSE;
    }
  else
    box->broken = box->any = TRUE;
  reader->at++;
}

LlMailboxes *
ll_mailboxes_parse (const char *text, guint limit)
{
  LlMailboxes *result = g_new0 (LlMailboxes, 1);
  Reader reader = { .at = text, .limit = limit, .result = result };

  result->addresses = g_ptr_array_new_with_free_func (g_free);
  reader.box = (Mailbox){ .bare = g_string_new (NULL), .angle = g_string_new (NULL) };
  while (*reader.at != '\0' && !result->truncated)
    {
      char c = *reader.at;
      if (c == '(')
        read_comment (&reader);
      else if (c == '"')
        read_quoted (&reader);
      else if (c == '<' || c == '>')
        read_angle (&reader);
      else if (c == ':' || c == ';')
        read_group_mark (&reader);
      else if (c == ',' && !(reader.box.in_angle && reader.box.angle->str[0] == '@'))
        {
          finish_mailbox (&reader);
          reader.at++;
        }
      else if (strchr (" \t\r\n", c) != NULL)
        {
          reader.box.blank = TRUE;
          reader.at++;
        }
      else
        read_character (&reader);
    }
  finish_mailbox (&reader);
  g_string_free (reader.box.bare, TRUE);
  g_string_free (reader.box.angle, TRUE);
  return result;
}

/* The length of the quoted string or angle part at `text`; 0 when there is none. */
static gsize
fixed_length (const char *text)
{
  const char *p = text;

  if (*p != '"' && *p != '<')
    return 0;
  if (*p == '<')
    {
      p = strchr (p, '>');
      return p != NULL ? (gsize)(p + 1 - text) : strlen (text);
    }
  for (p++; *p != '\0' && *p != '"'; p++)
    if (*p == '\\' && p[1] != '\0')
      p++;
  return (gsize)(p - text) + (*p == '"');
}

char *
ll_address_field_text (const char *text)
{
  GString *out;

  /* raw ISO-2022-JP may hold any ASCII sign as half a character: do not cut it */
  if (strstr (text, "\x1B$") != NULL)
    return ll_gmime_decode_words (text);
  out = g_string_new (NULL);
  while (*text != '\0')
    {
      gsize fixed = fixed_length (text);
      gsize length = fixed > 0 ? fixed : strcspn (text, "\"<");
      g_autofree char *piece = g_strndup (text, length);
      g_autofree char *decoded = NULL;

      if (fixed > 0)
        decoded = ll_gmime_to_utf8 (piece, strlen (piece), NULL);
      else
        decoded = ll_gmime_decode_words (piece);
      /* GMime trims: keep the blank before "<" */
      g_string_append (out, decoded);
      if (fixed == 0 && length > 0 && piece[length - 1] == ' ' && !g_str_has_suffix (out->str, " "))
        g_string_append_c (out, ' ');
      text += length;
    }
  return g_string_free (out, FALSE);
}
