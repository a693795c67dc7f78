/* What enters: octets and header values of a stranger's message. What leaves: octets and UTF-8. It
 * does not make text safe to show (base/text does) and knows nothing of message structure. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "base/secret.h"
#include "bridge/gmime-glue.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define MAX_CHARSET_NAME 40

static void
init_once (void)
{
  static gsize done;

  if (g_once_init_enter (&done))
    {
      g_mime_init ();
      g_once_init_leave (&done, 1);
    }
}

GBytes *
ll_gmime_decode (GMimeContentEncoding encoding, const void *data, gsize length)
{
  GMimeEncoding state;
  g_autofree char *out = NULL;
  gsize n;

  if (length == 0)
    return g_bytes_new_static ("", 0);
  init_once ();
  g_mime_encoding_init_decode (&state, encoding);
  out = g_malloc (g_mime_encoding_outlen (&state, length) + 1);
  n = g_mime_encoding_flush (&state, data, length, out);
  return ll_secret_bytes_new_take (g_steal_pointer (&out), n);
}

/* A charset name comes from the message and goes to iconv: letters, digits and a few signs only,
 * so that it can neither name a file nor ask for a transliteration. */
static gboolean
is_charset_name (const char *name)
{
  gsize length = strlen (name);

  if (length == 0 || length > MAX_CHARSET_NAME)
    return FALSE;
  return strspn (name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:+")
         == length;
}

/* No charset, or one that says nothing: look at the octets. */
static const char *
guess_charset (const char *data, gsize length)
{
  static const char *const candidates[] = { "EUC-JP", "CP932" };

  if (memchr (data, 0x1B, length) != NULL
      && (memmem (data, length, "\x1B$B", 3) != NULL || memmem (data, length, "\x1B$@", 3) != NULL))
    return "ISO-2022-JP";
  if (g_utf8_validate_len (data, length, NULL))
    return "UTF-8";
  for (guint i = 0; i < G_N_ELEMENTS (candidates); i++)
    {
      g_autofree char *text
          = g_convert (data, (gssize)length, "UTF-8", candidates[i], NULL, NULL, NULL);
      if (text != NULL)
        return candidates[i];
    }
  return "WINDOWS-1252";
}

/* Converts all that can be, with U+FFFD for each octet that cannot. */
static void
convert (iconv_t converter, const char *data, gsize length, GString *out)
{
  char buffer[4096];
  char *in = (char *)data;
  gsize left = length;

  while (left > 0)
    {
      char *to = buffer;
      gsize room = sizeof buffer;
      gsize result = iconv (converter, &in, &left, &to, &room);
      int code = errno;

      g_string_append_len (out, buffer, to - buffer);
      if (result != (gsize)-1 || code == E2BIG)
        continue;
      g_string_append (out, REPLACEMENT);
      if (code == EINVAL) /* the text ends within a character */
        return;
      in++;
      left--;
    }
}

/* Names under which mail labels a larger set than the standard one of that name. */
static const char *
widen_charset (const char *charset)
{
  static const char *const wider[][2] = {
    { "shift_jis", "CP932" }, { "shift-jis", "CP932" },      { "sjis", "CP932" },
    { "x-sjis", "CP932" },    { "ks_c_5601-1987", "CP949" }, { "gb2312", "GBK" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wider); i++)
    if (g_ascii_strcasecmp (charset, wider[i][0]) == 0)
      return wider[i][1];
  return charset;
}

char *
ll_gmime_to_utf8 (const char *data, gsize length, const char *charset)
{
  g_autoptr (GString) out = NULL;
  iconv_t converter = (iconv_t)-1;

  if (length == 0)
    return g_strdup ("");
  init_once ();
  if (charset == NULL || !is_charset_name (charset) || g_ascii_strcasecmp (charset, "us-ascii") == 0
      || g_ascii_strcasecmp (charset, "ascii") == 0)
    charset = guess_charset (data, length);

  if (g_ascii_strcasecmp (charset, "utf-8") != 0)
    converter = g_mime_iconv_open ("UTF-8", widen_charset (charset));
  if (converter == (iconv_t)-1)
    return g_utf8_make_valid (data, (gssize)length);
  out = g_string_sized_new (length + length / 2);
  convert (converter, data, length, out);
  g_mime_iconv_close (converter);
  return g_utf8_make_valid (out->str, (gssize)out->len);
}

/* "=?charset?B?" at `text`: the whole word as groups of a match. */
static GRegex *
base64_word_regex (void)
{
  static gsize once = 0;
  static GRegex *regex;

  if (!g_once_init_enter (&once))
    return regex;
  regex = g_regex_new ("=\\?([^?\\s]+)\\?[Bb]\\?([A-Za-z0-9+/]*=*)\\?=", G_REGEX_RAW, 0, NULL);
  g_once_init_leave (&once, 1);
  return regex;
}

static void
append_base64_word (GString *out, const char *charset, const GString *octets)
{
  g_autofree char *encoded = g_base64_encode ((const guchar *)octets->str, octets->len);
  g_string_append_printf (out, "=?%s?B?%s?=", charset, encoded);
}

static gboolean
is_blank (const char *text, gsize length)
{
  return strspn (text, " \t\r\n") >= length;
}

/* GMime reads neighbouring base64 words of one character set as one run, and stops at the first
 * padding. Joined here into one word, they are read to the end, and a character that was split
 * between two of them too (RFC 2047 section 6.2 ignores the blanks between). (transfer full) */
static char *
join_base64_words (const char *value)
{
  g_autoptr (GMatchInfo) match = NULL;
  g_autoptr (GString) octets = g_string_new (NULL);
  g_autofree char *charset = NULL;
  GString *out = g_string_new (NULL);
  int position = 0;

  g_regex_match (base64_word_regex (), value, 0, &match);
  for (; g_match_info_matches (match); g_match_info_next (match, NULL))
    {
      g_autofree char *found_charset = g_match_info_fetch (match, 1);
      g_autofree char *base64 = g_match_info_fetch (match, 2);
      gsize length = 0;
      int start = 0, end = 0;
      g_match_info_fetch_pos (match, 0, &start, &end);
      if (charset == NULL || g_ascii_strcasecmp (charset, found_charset) != 0
          || !is_blank (value + position, (gsize)(start - position)))
        {
          if (charset != NULL)
            append_base64_word (out, charset, octets);
          g_string_append_len (out, value + position, start - position);
          g_string_truncate (octets, 0);
          g_free (charset);
          charset = g_steal_pointer (&found_charset);
        }
      if (*base64 != '\0')
        g_base64_decode_inplace (base64, &length);
      g_string_append_len (octets, base64, (gssize)length);
      position = end;
    }
  if (charset != NULL)
    append_base64_word (out, charset, octets);
  g_string_append (out, value + position);
  return g_string_free (out, FALSE);
}

char *
ll_gmime_decode_words (const char *value)
{
  static const char *fallback[] = { "utf-8", "cp932", "iso-8859-1", NULL };
  GMimeParserOptions *options;
  g_autofree char *joined = NULL;
  g_autofree char *text = NULL;

  init_once ();
  if (strstr (value, "=?") == NULL)
    return ll_gmime_to_utf8 (value, strlen (value), NULL);
  options = g_mime_parser_options_new ();
  g_mime_parser_options_set_fallback_charsets (options, fallback);
  joined = join_base64_words (value);
  text = g_mime_utils_header_decode_text (options, joined);
  g_mime_parser_options_free (options);
  return g_utf8_make_valid (text != NULL ? text : "", -1);
}

char *
ll_gmime_encode_words (const char *text)
{
  init_once ();
  return g_mime_utils_header_encode_text (NULL, text, NULL);
}

gint64
ll_gmime_parse_date (const char *value)
{
  g_autoptr (GDateTime) date = NULL;

  init_once ();
  date = g_mime_utils_header_decode_date (value);
  return date != NULL ? g_date_time_to_unix (date) : 0;
}
