#include <config.h>

#include <glib/gstdio.h>

#include "keys/fetched.h"

#define FORGOTTEN_SECONDS (90 * 86400) /* nobody asks for it any more */

static char *
directory (void)
{
  return g_build_filename (g_get_user_cache_dir (), "letterlock", "revocation", NULL);
}

/* A stranger's URL is no file name: its digest is. */
static char *
path_of (const char *url)
{
  g_autofree char *folder = directory ();
  g_autofree char *name = g_compute_checksum_for_string (G_CHECKSUM_SHA256, url, -1);

  return g_build_filename (folder, name, NULL);
}

gint64
ll_fetched_time (const char *url)
{
  g_autofree char *path = path_of (url);
  GStatBuf status;

  return g_stat (path, &status) == 0 ? (gint64)status.st_mtime : 0;
}

GBytes *
ll_fetched_look (const char *url, gsize limit)
{
  g_autofree char *path = path_of (url);
  GStatBuf status;
  char *contents = NULL;
  gsize length = 0;

  if (g_stat (path, &status) != 0 || !S_ISREG (status.st_mode)
      || (guint64)status.st_size > (guint64)limit
      || !g_file_get_contents (path, &contents, &length, NULL))
    return NULL;
  return g_bytes_new_take (contents, length);
}

static void
tidy (const char *folder)
{
  g_autoptr (GDir) files = g_dir_open (folder, 0, NULL);
  const char *name;
  gint64 before = g_get_real_time () / G_USEC_PER_SEC - FORGOTTEN_SECONDS;

  while (files != NULL && (name = g_dir_read_name (files)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      GStatBuf status;

      if (g_stat (path, &status) == 0 && (gint64)status.st_mtime < before)
        g_unlink (path);
    }
}

void
ll_fetched_keep (const char *url, GBytes *bytes)
{
  g_autofree char *folder = directory ();
  g_autofree char *path = path_of (url);
  gsize size = 0;
  const char *data = g_bytes_get_data (bytes, &size);

  if (g_mkdir_with_parents (folder, 0700) != 0)
    return;
  (void)g_file_set_contents_full (path, data, (gssize)size, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                  NULL);
  tidy (folder);
}
