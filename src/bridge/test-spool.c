/* test-spool.c - what goes in comes out, from any place; nothing readable is on the disk. */
#include <config.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "bridge/spool.h"

#define LARGE (5 * 1024 * 1024 + 321)

static guint8
octet_at (gsize i)
{
  return (guint8)(i * 2654435761u >> 13);
}

static LlSpool *
fill (LlSpoolKind kind, gsize length, gsize step)
{
  LlSpool *spool = ll_spool_new (kind);
  g_autofree guint8 *chunk = g_malloc (step);
  g_autoptr (GError) error = NULL;

  for (gsize at = 0; at < length;)
    {
      gsize n = MIN (step, length - at);
      for (gsize i = 0; i < n; i++)
        chunk[i] = octet_at (at + i);
      g_output_stream_write_all (G_OUTPUT_STREAM (spool), chunk, n, NULL, NULL, &error);
      g_assert_no_error (error);
      at += n;
    }
  return spool;
}

static void
assert_octets (GInputStream *in, gsize from, gsize length)
{
  g_autofree guint8 *data = g_malloc (length + 1);
  g_autoptr (GError) error = NULL;
  gsize n;

  g_input_stream_read_all (in, data, length, &n, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, length);
  for (gsize i = 0; i < length; i++)
    if (data[i] != octet_at (from + i))
      g_error ("octet %zu is wrong", from + i);
}

static void
test_whole (gconstpointer data)
{
  static const gsize lengths[] = { 0, 1, 4096, 1024 * 1024, 1024 * 1024 + 1, LARGE };
  LlSpoolKind kind = GPOINTER_TO_INT (data);

  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    for (gsize step = 1000; step < 3000000; step *= 50)
      {
        g_autoptr (LlSpool) spool = fill (kind, lengths[i], step);
        g_autoptr (GInputStream) in = ll_spool_open (spool, NULL);
        guint8 more;
        g_assert_cmpint (ll_spool_get_length (spool), ==, lengths[i]);
        assert_octets (in, 0, lengths[i]);
        g_assert_cmpint (g_input_stream_read (in, &more, 1, NULL, NULL), ==, 0);
      }
}

static void
test_seek (gconstpointer data)
{
  g_autoptr (LlSpool) spool = fill (GPOINTER_TO_INT (data), LARGE, 65536);
  g_autoptr (GInputStream) in = ll_spool_open (spool, NULL);
  g_autoptr (GInputStream) second = ll_spool_open (spool, NULL);
  GSeekable *seekable = G_SEEKABLE (in);

  g_assert_true (g_seekable_can_seek (seekable));
  for (gsize i = 0; i < 50; i++)
    {
      gsize at = i * 104729 % (LARGE - 500);
      g_assert_true (g_seekable_seek (seekable, at, G_SEEK_SET, NULL, NULL));
      assert_octets (in, at, 100 + i);
      g_assert_cmpint (g_seekable_tell (seekable), ==, at + 100 + i);
    }
  assert_octets (second, 0, 3000); /* has a place of its own */
  g_assert_cmpint (g_input_stream_skip (second, 77, NULL, NULL), ==, 77);
  assert_octets (second, 3077, 3000);
  g_assert_true (g_seekable_seek (seekable, -10, G_SEEK_END, NULL, NULL));
  assert_octets (in, LARGE - 10, 10);
  g_assert_false (g_seekable_seek (seekable, 1, G_SEEK_END, NULL, NULL));
  g_assert_false (g_seekable_seek (seekable, -1, G_SEEK_SET, NULL, NULL));
}

static void
test_range (void)
{
  g_autoptr (LlSpool) spool = fill (LL_SPOOL_SECRET, LARGE, 65536);
  g_autoptr (GInputStream) in = ll_spool_open_range (spool, 1234567, 4321, NULL);
  g_autoptr (LlSpool) copy = NULL;
  g_autoptr (GInputStream) again = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  g_clear_object (&spool); /* the stream keeps it */
  copy = ll_spool_new_from_stream (LL_SPOOL_PUBLIC, in, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (ll_spool_get_length (copy), ==, 4321);
  again = ll_spool_open (copy, NULL);
  assert_octets (again, 1234567, 4321);
  g_assert_null (ll_spool_get_bytes (copy, 4320, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  bytes = ll_spool_get_bytes (copy, 4321, NULL);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 4321);
}

static void
test_copy (void)
{
  g_autoptr (LlSpool) spool = fill (LL_SPOOL_SECRET, LARGE, 65536);
  g_autoptr (LlSpool) other = ll_spool_new (LL_SPOOL_PUBLIC);
  g_autoptr (GInputStream) in = NULL;

  g_assert_true (ll_spool_copy (spool, G_OUTPUT_STREAM (other), NULL, NULL));
  in = ll_spool_open (other, NULL);
  assert_octets (in, 0, LARGE);
}

/* The file of a spool, found by what this process has open. */
static char *
read_own_file (const char *directory)
{
  g_autoptr (GDir) fds = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (fds)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);
      struct stat info;
      char *content = NULL;
      gsize length;
      if (target == NULL || !g_str_has_prefix (target, directory) || stat (path, &info) != 0)
        continue;
      g_assert_cmpint (info.st_mode & 0777, ==, 0600);
      g_assert_cmpint (info.st_nlink, ==, 0);
      g_assert_true (g_file_get_contents (path, &content, &length, NULL));
      g_assert_cmpuint (length, ==, LARGE);
      return content;
    }
  g_assert_not_reached ();
}

/* CM-21 */
static void
test_disk (void)
{
  g_autofree char *directory = g_dir_make_tmp ("ll-XXXXXX", NULL);

  g_setenv ("TMPDIR", directory, TRUE);
  for (int kind = LL_SPOOL_SECRET; kind <= LL_SPOOL_PUBLIC; kind++)
    {
      g_autoptr (LlSpool) spool = fill (kind, LARGE, 65536);
      g_autoptr (GInputStream) in = ll_spool_open (spool, NULL);
      g_autofree char *content = read_own_file (directory);
      gsize same = 0;
      for (gsize i = 0; i < LARGE; i++)
        same += (guint8)content[i] == octet_at (i);
      if (kind == LL_SPOOL_PUBLIC)
        g_assert_cmpuint (same, ==, LARGE);
      else
        g_assert_cmpuint (same, <, LARGE / 100); /* 1 in 256 by chance */
      assert_octets (in, 0, LARGE);
    }
  g_unsetenv ("TMPDIR");
  g_assert_cmpint (rmdir (directory), ==, 0); /* nothing is left */
}

static void
test_no_room (void)
{
  g_autoptr (LlSpool) spool = ll_spool_new (LL_SPOOL_SECRET);
  g_autofree guint8 *chunk = g_malloc0 (LARGE);
  g_autoptr (GError) error = NULL;

  g_setenv ("TMPDIR", "/nonexistent", TRUE);
  g_assert_false (
      g_output_stream_write_all (G_OUTPUT_STREAM (spool), chunk, LARGE, NULL, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_OUTPUT);
  g_unsetenv ("TMPDIR");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/spool/a secret of any size comes back", GINT_TO_POINTER (LL_SPOOL_SECRET),
                        test_whole);
  g_test_add_data_func ("/spool/what is no secret comes back", GINT_TO_POINTER (LL_SPOOL_PUBLIC),
                        test_whole);
  g_test_add_data_func ("/spool/a secret is read from any place", GINT_TO_POINTER (LL_SPOOL_SECRET),
                        test_seek);
  g_test_add_data_func ("/spool/what is no secret is read from any place",
                        GINT_TO_POINTER (LL_SPOOL_PUBLIC), test_seek);
  g_test_add_func ("/spool/a part is read by itself, and copied", test_range);
  g_test_add_func ("/spool/all of it is copied", test_copy);
  g_test_add_func ("/spool/the file has no name, and no plaintext", test_disk);
  g_test_add_func ("/spool/without room for a file, it says so", test_no_room);
  return g_test_run ();
}
