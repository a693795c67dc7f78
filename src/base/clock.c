#include <config.h>

#include <glib/gi18n.h>

#include "base/clock.h"
#include "base/error.h"

gint64
ll_clock_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static GDateTime *
parse_date (const char *text)
{
  g_autofree char *full = NULL;
  g_autoptr (GTimeZone) local = g_time_zone_new_local ();

  /* a bare day means its beginning in UTC, so that a script gets the same answer everywhere */
  if (g_regex_match_simple ("^\\d{4}-\\d\\d-\\d\\d$", text, 0, 0))
    full = g_strconcat (text, "T00:00:00Z", NULL);
  else if (g_regex_match_simple ("^\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d$", text, 0, 0))
    full = g_strconcat (text, ":00", NULL);
  else
    full = g_strdup (text);
  return g_date_time_new_from_iso8601 (full, local);
}

gboolean
ll_clock_parse (const char *text, gint64 *time, GError **error)
{
  g_autoptr (GDateTime) date = NULL;

  g_return_val_if_fail (text != NULL && time != NULL, FALSE);
  if (g_str_equal (text, "now"))
    {
      *time = ll_clock_now ();
      return TRUE;
    }
  if (text[0] == '@' && g_ascii_string_to_signed (text + 1, 10, 1, 253402300799, time, NULL))
    return TRUE;
  date = parse_date (text);
  if (date == NULL || g_date_time_to_unix (date) <= 0)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                   _ ("“%s” is not a time. Write it like 2026-11-22 or 2026-11-22T10:00:00Z."),
                   text);
      return FALSE;
    }
  *time = g_date_time_to_unix (date);
  return TRUE;
}

char *
ll_clock_to_iso (gint64 time)
{
  g_autoptr (GDateTime) date = time > 0 ? g_date_time_new_from_unix_utc (time) : NULL;
  return date != NULL ? g_date_time_format (date, "%Y-%m-%dT%H:%M:%SZ") : NULL;
}

char *
ll_clock_to_text (gint64 time)
{
  g_autoptr (GDateTime) date = time > 0 ? g_date_time_new_from_unix_local (time) : NULL;
  if (date == NULL)
    return g_strdup (_ ("unknown time"));
  /* TRANSLATORS: a date and time for people, as in g_date_time_format() */
  return g_date_time_format (date, _ ("%-d %B %Y, %H:%M %Z"));
}
