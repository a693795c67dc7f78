#include <config.h>

#include <string.h>

#include "base/limits.h"
#include "base/text.h"

#define REPLACEMENT 0xFFFD

/* Bidirectional controls, zero-width characters and line separators: invisible, yet able to change
 * what the eye reads (IA-05, AT-11). */
static gboolean
is_deceiving (gunichar c)
{
  return (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E)
         || (c >= 0x2060 && c <= 0x206F) || c == 0x061C || c == 0x00AD || c == 0xFEFF
         || (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F)
         || !g_unichar_isdefined (c);
}

static void
append_safe (GString *out, gunichar c)
{
  if (c == '\t' || c == ' ')
    g_string_append_c (out, ' ');
  else if (g_unichar_iscntrl (c) || is_deceiving (c))
    g_string_append_unichar (out, REPLACEMENT);
  else
    g_string_append_unichar (out, c);
}

char *
ll_text_safe (const char *text, gssize length)
{
  g_autofree char *valid = NULL;
  GString *out;
  guint n = 0;

  if (text == NULL)
    return g_strdup ("");
  if (length < 0)
    length = (gssize)strlen (text);

  /* a UTF-8 character has at most 4 bytes: look no further than can be shown */
  length = MIN (length, (gssize)4 * LL_LIMIT_TEXT_CHARACTERS + 4);
  valid = g_utf8_make_valid (text, length);
  out = g_string_new (NULL);
  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      if (++n > LL_LIMIT_TEXT_CHARACTERS)
        {
          g_string_append (out, "…");
          break;
        }
      append_safe (out, g_utf8_get_char (p));
    }
  return g_string_free (out, FALSE);
}

char *
ll_text_safe_lines (const char *text, gssize length)
{
  g_autofree char *valid = NULL;
  GString *out;

  if (text == NULL)
    return g_strdup ("");
  if (length < 0)
    length = (gssize)strlen (text);

  valid = g_utf8_make_valid (text, length);
  out = g_string_sized_new ((gsize)length + 1);
  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (c == '\r')
        {
          if (p[1] != '\n')
            g_string_append_c (out, '\n');
        }
      else if (c == '\n' || c == '\t')
        g_string_append_c (out, (char)c);
      else
        append_safe (out, c);
    }
  return g_string_free (out, FALSE);
}

gboolean
ll_text_is_address (const char *text)
{
  const char *at;

  if (text == NULL)
    return FALSE;
  at = strchr (text, '@');
  if (at == NULL || at == text || at[1] == '\0' || strchr (at + 1, '@') != NULL)
    return FALSE;
  if (!g_utf8_validate (text, -1, NULL))
    return FALSE;
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (c <= ' ' || c == 0x7F || strchr ("<>()[],;:\\\"", (int)(c < 0x80 ? c : 'x')) != NULL
          || g_unichar_iscntrl (c) || g_unichar_isspace (c) || is_deceiving (c))
        return FALSE;
    }
  return TRUE;
}

/* SC-08 for ASCII; IA-07 for the others: octet for octet, no folding and no normalisation. */
static gboolean
same_local_part (const char *a, gsize length_a, const char *b, gsize length_b)
{
  if (length_a != length_b)
    return FALSE;
  for (gsize i = 0; i < length_a; i++)
    if ((guchar)a[i] >= 0x80 || (guchar)b[i] >= 0x80)
      return memcmp (a, b, length_a) == 0;
  return g_ascii_strncasecmp (a, b, length_a) == 0;
}

/* IA-10: IDNA without mappings beyond small letters. GLib would turn one letter into another on the
 * way (a ligature, a sharp s); a name that needs that is no name. (transfer full) (nullable) */
static char *
domain_to_ascii (const char *domain)
{
  g_autofree char *lower = g_utf8_strdown (domain, -1);
  g_autofree char *folded = NULL, *mapped = NULL;

  if (g_str_is_ascii (domain))
    return g_steal_pointer (&lower);
  folded = g_utf8_casefold (lower, -1);
  mapped = folded != NULL ? g_utf8_normalize (folded, -1, G_NORMALIZE_NFKC) : NULL;
  return mapped != NULL && strcmp (mapped, lower) == 0 ? g_hostname_to_ascii (lower) : NULL;
}

gboolean
ll_text_same_address (const char *a, const char *b)
{
  g_autofree char *domain_a = NULL, *domain_b = NULL;
  const char *at_a, *at_b;

  if (!ll_text_is_address (a) || !ll_text_is_address (b))
    return FALSE;

  at_a = strchr (a, '@');
  at_b = strchr (b, '@');
  if (!same_local_part (a, (gsize)(at_a - a), b, (gsize)(at_b - b)))
    return FALSE;
  domain_a = domain_to_ascii (at_a + 1);
  domain_b = domain_to_ascii (at_b + 1);
  return domain_a != NULL && domain_b != NULL && g_ascii_strcasecmp (domain_a, domain_b) == 0;
}

char *
ll_text_address_of_user_id (const char *user_id)
{
  g_autofree char *inside = NULL;
  const char *open, *close;

  if (user_id == NULL)
    return NULL;
  open = strrchr (user_id, '<');
  if (open == NULL)
    return ll_text_is_address (user_id) ? g_strdup (user_id) : NULL;

  /* exactly one angle form, and it is the end (OP-17) */
  close = strchr (open, '>');
  if (close == NULL || close[1] != '\0' || strchr (user_id, '<') != open
      || strchr (user_id, '>') != close)
    return NULL;
  inside = g_strndup (open + 1, (gsize)(close - open - 1));
  return ll_text_is_address (inside) ? g_steal_pointer (&inside) : NULL;
}
