/* test-source.c - the same octets from memory, from a file and from a spool. */
#include <config.h>

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "bridge/source.h"

#define LARGE (3 * 1024 * 1024 + 17)

static GBytes *
new_octets (gsize length)
{
  guint8 *data = g_malloc (length);

  for (gsize i = 0; i < length; i++)
    data[i] = (guint8)(i * 2654435761u >> 11);
  return g_bytes_new_take (data, length);
}

static void
assert_stream (LlSource *source, const guint8 *expected, gsize length)
{
  g_autoptr (GInputStream) in = ll_source_open (source);
  g_autofree guint8 *data = g_malloc (length + 1);
  g_autoptr (GError) error = NULL;
  gsize n;

  g_input_stream_read_all (in, data, length + 1, &n, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (data, n, expected, length);
}

static void
assert_source (LlSource *source, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  g_autoptr (LlSource) range = ll_source_new_range (source, 1000, length - 5);
  g_autoptr (LlSource) inner = ll_source_new_range (range, 7, 2000);
  g_autoptr (GBytes) copy = ll_source_dup_bytes (inner, 1, 11);
  guint8 few[16];

  g_assert_cmpuint (ll_source_get_size (source), ==, length);
  assert_stream (source, data, length);
  assert_stream (range, data + 1000, length - 1005);
  assert_stream (inner, data + 1007, 1993);
  g_assert_cmpmem (g_bytes_get_data (copy, NULL), g_bytes_get_size (copy), data + 1008, 10);
  g_assert_cmpuint (ll_source_read (inner, 1990, few, sizeof few), ==, 3);
  g_assert_cmpuint (ll_source_read (inner, 1993, few, sizeof few), ==, 0);
  if (ll_source_peek (inner) != NULL)
    g_assert_cmpmem (ll_source_peek (inner), 1993, data + 1007, 1993);
  g_assert_true (ll_source_check (inner, NULL));
}

static void
test_kinds (void)
{
  g_autoptr (GBytes) bytes = new_octets (LARGE);
  g_autoptr (LlSource) memory = ll_source_new (bytes);
  g_autoptr (LlSource) away = ll_source_new_away (bytes);
  g_autoptr (LlSpool) spool = ll_spool_new (LL_SPOOL_SECRET);
  g_autoptr (LlSource) spooled = NULL;

  g_output_stream_write_all (G_OUTPUT_STREAM (spool), g_bytes_get_data (bytes, NULL), LARGE, NULL,
                             NULL, NULL);
  spooled = ll_source_new_spool (spool, NULL);
  g_assert_nonnull (ll_source_peek (memory));
  g_assert_null (ll_source_peek (away));
  g_assert_null (ll_source_peek (spooled));
  assert_source (memory, bytes);
  assert_source (away, bytes);
  assert_source (spooled, bytes);
}

static void
test_files (void)
{
  static const gsize lengths[] = { 5000, LARGE };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autofree char *path = g_strdup ("/tmp/ll-source-XXXXXX");
      g_autoptr (GBytes) bytes = new_octets (lengths[i]);
      g_autoptr (LlSource) source = NULL;
      g_autoptr (GError) error = NULL;

      close (g_mkstemp (path));
      g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize)lengths[i], NULL);
      source = ll_source_new_path (path, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpint (ll_source_peek (source) != NULL, ==, lengths[i] == 5000);
      assert_source (source, bytes);
      g_unlink (path);
      assert_source (source, bytes); /* it is ours as long as we have it open */
    }
}

static void
test_changed (void)
{
  g_autofree char *path = g_strdup ("/tmp/ll-source-XXXXXX");
  g_autoptr (GBytes) bytes = new_octets (LARGE);
  g_autoptr (LlSource) source = NULL, range = NULL;
  g_autoptr (GInputStream) in = NULL;
  g_autoptr (GError) error = NULL, second = NULL;
  guint8 octet;

  close (g_mkstemp (path));
  g_file_set_contents (path, g_bytes_get_data (bytes, NULL), LARGE, NULL);
  source = ll_source_new_path (path, NULL, NULL);
  range = ll_source_new_range (source, LARGE - 10, LARGE);
  g_assert_true (ll_source_check (source, NULL));
  g_assert_cmpint (truncate (path, LARGE - 20), ==, 0);
  in = ll_source_open (range);
  g_assert_cmpint (g_input_stream_read (in, &octet, 1, NULL, &second), ==, -1);
  g_assert_error (second, LL_ERROR, LL_ERROR_MISSING_INPUT);
  g_assert_cmpuint (ll_source_read (source, 0, &octet, 1), ==, 0);
  g_assert_false (ll_source_check (source, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT);
  g_unlink (path);
}

static void
test_touched (void)
{
  g_autofree char *path = g_strdup ("/tmp/ll-source-XXXXXX");
  g_autoptr (GBytes) bytes = new_octets (LARGE);
  g_autoptr (LlSource) source = NULL;
  g_autoptr (GError) error = NULL;

  close (g_mkstemp (path));
  g_file_set_contents (path, g_bytes_get_data (bytes, NULL), LARGE, NULL);
  source = ll_source_new_path (path, NULL, NULL);
  g_usleep (20000);
  g_assert_cmpint (truncate (path, LARGE + 1), ==, 0);
  g_assert_false (ll_source_check (source, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT);
  g_unlink (path);
}

static void
test_missing (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ll_source_new_path ("/nonexistent/letter", NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/source/memory and spools give the same octets", test_kinds);
  g_test_add_func ("/source/small and large files give the same octets", test_files);
  g_test_add_func ("/source/a file that becomes shorter is not read on", test_changed);
  g_test_add_func ("/source/a file that is written to is not what it was", test_touched);
  g_test_add_func ("/source/what is not there is told", test_missing);
  return g_test_run ();
}
