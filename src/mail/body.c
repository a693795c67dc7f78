/* body.c - what enters: the payload of a message. What leaves: its text. It opens no layer, follows
 * no link and keeps no markup. */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "mail/body.h"

#define MAX_ENTITY 12
#define MAX_TAG 1024
#define MAX_LEGACY_DISPLAYS 8

typedef struct
{
  GString *text;
  gboolean is_encrypted;
  gsize room; /* octets of content that may still be shown (VM-08) */
} Page;

static void append_part (Page *page, const LlPart *part);

/* --- HTML ------------------------------------------------------------------------------------- */

/* Elements whose content is not text for people. */
static const char *const silent_elements[]
    = { "script", "style", "head", "title", "template", "noscript", "object", "svg", NULL };

/* Elements that begin a new line. */
static const char *const block_elements[]
    = { "p",          "div",     "br",      "tr",     "li",     "ul",   "ol", "table",
        "h1",         "h2",      "h3",      "h4",     "h5",     "h6",   "hr", "pre",
        "blockquote", "section", "article", "header", "footer", "form", NULL };

/* Where the tag that begins at `tag` ends; quoted attribute values may hold ">". */
static const char *
end_of_tag (const char *tag)
{
  char quote = '\0';

  /* not g_str_has_prefix(), which measures the whole text in newer versions of GLib */
  if (strncmp (tag, "<!--", 4) == 0)
    {
      const char *end = strstr (tag + 4, "-->");
      return end != NULL ? end + 3 : tag + strlen (tag);
    }
  for (tag++; *tag != '\0'; tag++)
    if (quote != '\0')
      quote = *tag == quote ? '\0' : quote;
    else if (*tag == '"' || *tag == '\'')
      quote = *tag;
    else if (*tag == '>')
      return tag + 1;
  return tag;
}

static char *
element_name (const char *tag, gboolean *closing)
{
  gsize length = 0;

  *closing = tag[1] == '/';
  tag += *closing ? 2 : 1;
  while (g_ascii_isalnum (tag[length]))
    length++;
  return g_ascii_strdown (tag, (gssize)length);
}

/* Past the end of a silent element that was opened before `html`. */
static const char *
skip_element (const char *html, const char *name)
{
  for (const char *p = strchr (html, '<'); p != NULL; p = strchr (p + 1, '<'))
    {
      gboolean closing;
      g_autofree char *found = element_name (p, &closing);
      if (closing && g_str_equal (found, name))
        return end_of_tag (p);
    }
  return html + strlen (html);
}

/* HP-36: the class among the words of a class attribute. */
static gboolean
is_legacy_display_div (const char *tag, const char *end)
{
  static const char word[] = "header-protection-legacy-display";
  const char *found = g_strstr_len (tag, end - tag, word);
  const char *attribute = g_strstr_len (tag, end - tag, "class");
  char before, after;

  if (found == NULL || attribute == NULL || attribute > found)
    return FALSE;
  before = found[-1];
  after = found[strlen (word)];
  return strchr ("\"'= \t\r\n", before) != NULL && strchr ("\"' \t\r\n/>", after) != NULL;
}

/* Past the "</div>" of a div that was opened before `html`; NULL when it is never closed, so that
 * it does not swallow the body (HP-36). */
static const char *
skip_div (const char *html)
{
  guint depth = 1;

  for (const char *p = strchr (html, '<'); p != NULL; p = strchr (p, '<'))
    {
      gboolean closing;
      g_autofree char *found = element_name (p, &closing);
      p = g_ascii_isalpha (p[1]) || p[1] == '/' || p[1] == '!' ? end_of_tag (p) : p + 1;
      if (!g_str_equal (found, "div"))
        continue;
      if (!closing)
        depth++;
      else if (--depth == 0)
        return p;
    }
  return NULL;
}

/* Where the tag ends, if it is of a length that a mail program would write. */
static const char *
end_of_short_tag (const char *tag)
{
  return memchr (tag, '>', strnlen (tag, MAX_TAG));
}

/* Looks at the first few such elements only, because one that is never closed costs a look through
 * all of the text. */
static char *
drop_legacy_display (const char *html)
{
  GString *out = g_string_sized_new (strlen (html));
  const char *tag;
  guint n = 0;

  while (n < MAX_LEGACY_DISPLAYS && (tag = strchr (html, '<')) != NULL)
    {
      const char *end = end_of_short_tag (tag);
      const char *after = NULL;

      if (end != NULL && g_ascii_strncasecmp (tag, "<div", 4) == 0
          && is_legacy_display_div (tag, end))
        {
          after = skip_div (end);
          n++;
        }
      g_string_append_len (out, html, (after != NULL ? tag : tag + 1) - html);
      html = after != NULL ? after : tag + 1;
    }
  g_string_append (out, html);
  return g_string_free (out, FALSE);
}

static const char *
append_tag (GString *out, const char *tag)
{
  const char *end = end_of_tag (tag);
  gboolean closing;
  g_autofree char *name = element_name (tag, &closing);

  if (!closing && g_strv_contains (silent_elements, name) && end[-1] == '>' && end[-2] != '/')
    return skip_element (end, name);
  if (g_strv_contains (block_elements, name) && out->len > 0 && out->str[out->len - 1] != '\n')
    g_string_append_c (out, '\n');
  return end;
}

static gunichar
read_numeric_entity (const char *digits)
{
  gboolean hex = *digits == 'x' || *digits == 'X';
  guint64 code = g_ascii_strtoull (digits + hex, NULL, hex ? 16 : 10);
  return code > 0 && code <= 0x10FFFF && g_unichar_validate ((gunichar)code) ? (gunichar)code
                                                                             : 0xFFFD;
}

static const char *
append_entity (GString *out, const char *entity)
{
  static const struct
  {
    const char *name;
    gunichar character;
  } entities[]
      = { { "&amp;", '&' },       { "&lt;", '<' },    { "&gt;", '>' },       { "&quot;", '"' },
          { "&apos;", '\'' },     { "&nbsp;", ' ' },  { "&ndash;", 0x2013 }, { "&mdash;", 0x2014 },
          { "&hellip;", 0x2026 }, { "&copy;", 0xA9 }, { "&euro;", 0x20AC },  { "&yen;", 0xA5 } };
  gsize length = 0;

  while (length < MAX_ENTITY && strchr ("; \n<", entity[length]) == NULL) /* stops at NUL too */
    length++;
  for (gsize i = 0; i < G_N_ELEMENTS (entities); i++)
    if (strncmp (entity, entities[i].name, strlen (entities[i].name)) == 0)
      {
        g_string_append_unichar (out, entities[i].character);
        return entity + strlen (entities[i].name);
      }
  if (entity[1] == '#' && entity[length] == ';')
    {
      g_string_append_unichar (out, read_numeric_entity (entity + 2));
      return entity + length + 1;
    }
  g_string_append_c (out, '&');
  return entity + 1;
}

char *
ll_body_html_to_text (const char *html)
{
  GString *out = g_string_sized_new (strlen (html));

  while (*html != '\0')
    if (*html == '<' && (g_ascii_isalpha (html[1]) || html[1] == '/' || html[1] == '!'))
      html = append_tag (out, html);
    else if (*html == '&')
      html = append_entity (out, html);
    else if (g_ascii_isspace (*html))
      {
        if (out->len > 0 && !g_ascii_isspace (out->str[out->len - 1]))
          g_string_append_c (out, ' ');
        html++;
      }
    else
      g_string_append_c (out, *html++);
  return g_string_free (out, FALSE);
}

/* --- parts ------------------------------------------------------------------------------------ */

static void
append_paragraph (Page *page, const char *text)
{
  g_autofree char *safe = ll_text_safe_lines (text, -1);

  if (page->text->len > 0 && page->text->str[page->text->len - 1] != '\n')
    g_string_append_c (page->text, '\n');
  g_string_append (page->text, safe);
}

static void
append_note (Page *page, const char *what, const LlPart *part)
{
  g_autofree char *type
      = g_strconcat (ll_part_get_type (part), "/", ll_part_get_subtype (part), NULL);
  const char *name = ll_part_get_file_name (part);
  g_autofree char *safe = ll_text_safe (name != NULL && *name != '\0' ? name : type, -1);
  g_autofree char *size = g_format_size (ll_part_count_content (part));
  g_autofree char *named = g_strdup_printf ("“%s”, %s", safe, size);
  /* TRANSLATORS: what stands in the place of a part: [Attachment: “photo.jpg”, 12 kB] */
  g_autofree char *note = g_strdup_printf (_ ("[%s: %s]"), what, named);

  append_paragraph (page, note);
  g_string_append_c (page->text, '\n');
}

/* HP-35: through the first blank line. */
static const char *
skip_legacy_display (const char *text)
{
  const char *unix_end = strstr (text, "\n\n");
  const char *crlf_end = strstr (text, "\r\n\r\n");

  if (crlf_end != NULL && (unix_end == NULL || crlf_end < unix_end))
    return crlf_end + 4;
  return unix_end != NULL ? unix_end + 2 : text;
}

static gboolean
has_legacy_display (const Page *page, const LlPart *part)
{
  return page->is_encrypted
         && g_strcmp0 (ll_part_get_parameter (part, "hp-legacy-display"), "1") == 0;
}

static void
append_cut (Page *page)
{
  g_autofree char *size = g_format_size_full (LL_LIMIT_SHOWN_BYTES, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *note
      = g_strdup_printf (_ ("[The text goes on: no more than %s is shown]"), size);

  append_paragraph (page, note);
  g_string_append_c (page->text, '\n');
}

static void
append_text (Page *page, const LlPart *part)
{
  gboolean is_cut = FALSE;
  g_autofree char *text = ll_part_dup_text_within (part, &page->room, &is_cut);
  gboolean legacy = has_legacy_display (page, part);
  g_autofree char *html = NULL;
  g_autofree char *plain = NULL;

  if (!ll_part_is_type (part, "text", "html"))
    append_paragraph (page, legacy ? skip_legacy_display (text) : text);
  else
    {
      html = legacy ? drop_legacy_display (text) : g_steal_pointer (&text);
      plain = ll_body_html_to_text (html);
      append_paragraph (page, plain);
    }
  if (is_cut)
    append_cut (page);
}

/* The older scheme put the fields into a part of their own before the body (HP-39). */
static gboolean
is_legacy_display_part (const Page *page, const LlPart *part)
{
  const LlPart *parent = ll_part_get_parent (part);

  return page->is_encrypted && parent != NULL && ll_part_get_child (parent, 0) == part
         && g_strcmp0 (ll_part_get_parameter (part, "protected-headers"), "v1") == 0
         && (ll_part_is_type (part, "text", "rfc822-headers")
             || ll_part_is_type (part, "text", "plain"));
}

static const LlPart *
choose_alternative (const LlPart *part)
{
  guint n = ll_part_get_n_children (part);

  for (guint i = 0; i < n; i++)
    if (ll_part_is_type (ll_part_get_child (part, i), "text", "plain"))
      return ll_part_get_child (part, i);
  return n > 0 ? ll_part_get_child (part, n - 1) : NULL;
}

static void
append_children (Page *page, const LlPart *part)
{
  for (guint i = 0; i < ll_part_get_n_children (part); i++)
    append_part (page, ll_part_get_child (part, i));
}

static gboolean
is_encrypted_part (const LlPart *part)
{
  return ll_part_is_type (part, "multipart", "encrypted")
         || ll_part_is_type (part, "application", "pkcs7-mime")
         || ll_part_is_type (part, "application", "x-pkcs7-mime");
}

static void
append_part (Page *page, const LlPart *part)
{
  const LlPart *chosen;

  if (is_encrypted_part (part))
    append_note (page, _ ("A part with protection of its own, not opened"), part);
  else if (ll_part_is_type (part, "multipart", "alternative"))
    {
      chosen = choose_alternative (part);
      if (chosen != NULL)
        append_part (page, chosen);
    }
  else if (ll_part_is_type (part, "multipart", "*"))
    append_children (page, part);
  else if (ll_part_is_type (part, "message", "rfc822"))
    append_note (page, _ ("Attached message"), part);
  else if (is_legacy_display_part (page, part))
    return;
  else if (ll_part_is_type (part, "text", "*") && !ll_part_is_attachment (part))
    append_text (page, part);
  else
    append_note (page, _ ("Attachment"), part);
}

char *
ll_body_dup_text (const LlPart *payload, gboolean is_encrypted)
{
  Page page = { g_string_new (NULL), is_encrypted, LL_LIMIT_SHOWN_BYTES };

  /* RFC 8551 wrapping: the message inside is the message (HP-38) */
  if (ll_part_is_type (payload, "message", "rfc822") && ll_part_get_parent (payload) == NULL
      && ll_part_get_n_children (payload) == 1)
    payload = ll_part_get_child (payload, 0);
  append_part (&page, payload);
  return g_string_free (page.text, FALSE);
}
