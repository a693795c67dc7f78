/* See content-field.h. Our own rather than GMime's, because a reader that wants to know whether
 * others could disagree must see the duplicates, the comments and the junk that GMime tidies away.
 */
#include <config.h>

#include <string.h>

#include "bridge/gmime-glue.h"
#include "mail/content-field.h"

#define MAX_PARAMETERS 64
#define MAX_SECTIONS 1000
#define MAX_FIELD_LENGTH 65536

/* One parameter as written: "filename*0*=utf-8''a%20b" has section 0 and is extended. */
typedef struct
{
  char *name;
  char *value;
  int section; /* -1: none */
  gboolean extended;
} RawParameter;

typedef struct
{
  const char *at;
  gboolean comment;   /* a comment was seen */
  gboolean malformed; /* junk was skipped */
} Cursor;

static void
raw_parameter_free (gpointer data)
{
  RawParameter *raw = data;
  g_free (raw->name);
  g_free (raw->value);
  g_free (raw);
}

static void
parameter_free (gpointer data)
{
  LlParameter *parameter = data;
  g_free (parameter->name);
  g_free (parameter->value);
  g_free (parameter);
}

void
ll_content_field_free (LlContentField *field)
{
  g_free (field->value);
  g_ptr_array_unref (field->parameters);
  g_free (field);
}

static void
skip_comment (Cursor *cursor)
{
  guint depth = 0;

  cursor->comment = TRUE;
  for (; *cursor->at != '\0'; cursor->at++)
    {
      if (*cursor->at == '\\' && cursor->at[1] != '\0')
        cursor->at++;
      else if (*cursor->at == '(')
        depth++;
      else if (*cursor->at == ')' && --depth == 0)
        {
          cursor->at++;
          return;
        }
    }
  cursor->malformed = TRUE;
}

static void
skip_blanks (Cursor *cursor)
{
  while (*cursor->at != '\0')
    {
      if (*cursor->at == '(')
        skip_comment (cursor);
      else if (strchr (" \t\r\n", *cursor->at) != NULL)
        cursor->at++;
      else
        return;
    }
}

/* Up to a blank, a comment or one of `ends`. */
static char *
take_token (Cursor *cursor, const char *ends)
{
  gsize length = 0;

  while (cursor->at[length] != '\0' && strchr (" \t\r\n(", cursor->at[length]) == NULL
         && strchr (ends, cursor->at[length]) == NULL)
    length++;
  cursor->at += length;
  return g_strndup (cursor->at - length, length);
}

static char *
take_quoted (Cursor *cursor)
{
  GString *out = g_string_new (NULL);

  for (cursor->at++; *cursor->at != '\0'; cursor->at++)
    {
      if (*cursor->at == '"')
        {
          cursor->at++;
          return g_string_free (out, FALSE);
        }
      if (*cursor->at == '\\' && cursor->at[1] != '\0')
        cursor->at++;
      g_string_append_c (out, *cursor->at);
    }
  cursor->malformed = TRUE;
  return g_string_free (out, FALSE);
}

/* A value that is not quoted although it has blanks, such as a file name: all up to the ";". */
static char *
take_value (Cursor *cursor)
{
  const char *start = cursor->at;
  g_autofree char *token = NULL;
  gsize length;

  if (*cursor->at == '"')
    return take_quoted (cursor);
  token = take_token (cursor, ";");
  skip_blanks (cursor);
  if (*cursor->at == ';' || *cursor->at == '\0')
    return g_steal_pointer (&token);
  cursor->malformed = TRUE;
  length = strcspn (start, ";");
  cursor->at = start + length;
  return g_strstrip (g_strndup (start, length));
}

/* "filename*1*" -> "filename", section 1, extended. */
static void
split_name (RawParameter *raw)
{
  char *star = strchr (raw->name, '*');
  char *end;

  if (star == NULL)
    return;
  *star++ = '\0';
  if (*star == '\0')
    {
      raw->extended = TRUE;
      return;
    }
  raw->section = (int)MIN (g_ascii_strtoull (star, &end, 10), MAX_SECTIONS);
  raw->extended = *end == '*';
}

static RawParameter *
take_parameter (Cursor *cursor)
{
  RawParameter *raw;
  g_autofree char *name = NULL;

  skip_blanks (cursor);
  name = take_token (cursor, "=;");
  skip_blanks (cursor);
  if (*cursor->at != '=')
    {
      if (*name != '\0' || (*cursor->at != ';' && *cursor->at != '\0'))
        cursor->malformed = TRUE;
      return NULL;
    }
  cursor->at++;
  skip_blanks (cursor);
  raw = g_new0 (RawParameter, 1);
  raw->name = g_ascii_strdown (name, -1);
  raw->section = -1;
  split_name (raw);
  raw->value = take_value (cursor);
  return raw;
}

static GPtrArray *
take_parameters (Cursor *cursor)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (raw_parameter_free);

  while (TRUE)
    {
      RawParameter *raw;
      skip_blanks (cursor);
      if (*cursor->at != ';' && *cursor->at != '\0')
        {
          cursor->malformed = TRUE; /* junk between a value and the next ";" */
          cursor->at += strcspn (cursor->at, ";");
        }
      if (*cursor->at == '\0')
        return list;
      cursor->at++;
      if (list->len == MAX_PARAMETERS)
        {
          cursor->malformed = TRUE;
          return list;
        }
      raw = take_parameter (cursor);
      if (raw != NULL)
        g_ptr_array_add (list, raw);
    }
}

static void
append_percent_decoded (GString *out, const char *text)
{
  for (; *text != '\0'; text++)
    {
      if (*text == '%' && g_ascii_isxdigit (text[1]) && g_ascii_isxdigit (text[2]))
        {
          g_string_append_c (out, (char)(g_ascii_xdigit_value (text[1]) * 16
                                         + g_ascii_xdigit_value (text[2])));
          text += 2;
        }
      else
        g_string_append_c (out, *text);
    }
}

/* Adds one section; the first extended one begins with charset'language' (IA-02). */
static void
append_section (GString *out, const RawParameter *raw, char **charset)
{
  const char *value = raw->value;

  if (!raw->extended)
    {
      g_string_append (out, value);
      return;
    }
  if (raw->section <= 0)
    {
      const char *first = strchr (value, '\'');
      const char *second = first != NULL ? strchr (first + 1, '\'') : NULL;
      if (second != NULL && *charset == NULL)
        {
          *charset = g_strndup (value, (gsize)(first - value));
          value = second + 1;
        }
    }
  append_percent_decoded (out, value);
}

/* The raw parameter of that name and section; `extended` picks name*= over name=. */
static const RawParameter *
find_section (GPtrArray *list, const char *name, int section)
{
  const RawParameter *found = NULL;

  for (guint i = 0; i < list->len; i++)
    {
      const RawParameter *raw = list->pdata[i];
      if (raw->section != section || !g_str_equal (raw->name, name))
        continue;
      if (found == NULL || (raw->extended && !found->extended))
        found = raw;
    }
  return found;
}

/* name*= before name*0= before name=, as RFC 6266 and most readers have it. */
static char *
join_value (GPtrArray *list, const char *name)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *charset = NULL;
  const RawParameter *raw = find_section (list, name, -1);

  if (raw != NULL && (raw->extended || find_section (list, name, 0) == NULL))
    append_section (out, raw, &charset);
  else
    for (int i = 0; i < MAX_PARAMETERS && (raw = find_section (list, name, i)) != NULL; i++)
      append_section (out, raw, &charset);
  if (charset == NULL)
    return g_strdup (out->str);
  return ll_gmime_to_utf8 (out->str, out->len, *charset != '\0' ? charset : NULL);
}

static guint
count_name (GPtrArray *list, const char *name, int section)
{
  guint n = 0;

  for (guint i = 0; i < list->len; i++)
    {
      const RawParameter *raw = list->pdata[i];
      if (raw->section == section && g_str_equal (raw->name, name))
        n++;
    }
  return n;
}

/* Parameters that decide what is inside what, or what is protected (IA-06). */
static gboolean
is_structural (const char *name)
{
  static const char *const names[] = { "boundary", "protocol", "hp", "protected-headers" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (name, names[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_ascii (const char *text)
{
  for (; *text != '\0'; text++)
    if ((guchar)*text >= 0x80 || g_ascii_iscntrl (*text))
      return FALSE;
  return TRUE;
}

static gboolean
is_name_ambiguous (GPtrArray *list, const char *name, const char *value)
{
  guint plain = count_name (list, name, -1);
  guint first = count_name (list, name, 0);

  return plain > 1 || first > 1 || (plain > 0 && first > 0) || !is_ascii (value);
}

static void
join_parameters (LlContentField *field, GPtrArray *list)
{
  for (guint i = 0; i < list->len; i++)
    {
      const RawParameter *raw = list->pdata[i];
      LlParameter *parameter;

      if (ll_content_field_get (field, raw->name) != NULL)
        continue;
      parameter = g_new (LlParameter, 1);
      parameter->name = g_strdup (raw->name);
      parameter->value = join_value (list, raw->name);
      g_ptr_array_add (field->parameters, parameter);
      if (is_structural (raw->name) && is_name_ambiguous (list, raw->name, parameter->value))
        field->ambiguous = TRUE;
    }
}

/* "Multipart / Signed" -> "multipart/signed". */
static char *
take_media_value (Cursor *cursor)
{
  g_autofree char *first = NULL, *second = NULL, *both = NULL;

  skip_blanks (cursor);
  first = take_token (cursor, "/;");
  skip_blanks (cursor);
  if (*cursor->at != '/')
    return g_ascii_strdown (first, -1);
  cursor->at++;
  skip_blanks (cursor);
  second = take_token (cursor, ";");
  both = g_strconcat (first, "/", second, NULL);
  return g_ascii_strdown (both, -1);
}

/* Types under which a cryptographic layer could be credited: junk and comments in the field matter
 * there and nowhere else (AT-25). */
static gboolean
is_sensitive (const char *value)
{
  return g_str_has_prefix (value, "multipart/") || strstr (value, "pkcs7") != NULL
         || strstr (value, "pgp-") != NULL;
}

LlContentField *
ll_content_field_parse (const char *text)
{
  LlContentField *field = g_new0 (LlContentField, 1);
  g_autofree char *start = g_strndup (text, MAX_FIELD_LENGTH);
  g_autoptr (GPtrArray) list = NULL;
  Cursor cursor = { .at = start };

  field->parameters = g_ptr_array_new_with_free_func (parameter_free);
  field->value = take_media_value (&cursor);
  list = take_parameters (&cursor);
  join_parameters (field, list);
  if (is_sensitive (field->value)
      && (cursor.comment || cursor.malformed || strlen (text) > MAX_FIELD_LENGTH))
    field->ambiguous = TRUE;
  return field;
}

const char *
ll_content_field_get (const LlContentField *field, const char *name)
{
  for (guint i = 0; i < field->parameters->len; i++)
    {
      const LlParameter *parameter = field->parameters->pdata[i];
      if (g_str_equal (parameter->name, name))
        return parameter->value;
    }
  return NULL;
}
