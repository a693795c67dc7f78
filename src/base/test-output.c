/* test-output.c - all of a result, or nothing. */
#include <config.h>

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/output.h"

typedef struct
{
  char *directory;
  char *path;
} Place;

static void
place_set_up (Place *place, gconstpointer data)
{
  place->directory = g_dir_make_tmp ("ll-XXXXXX", NULL);
  place->path = g_build_filename (place->directory, "result", NULL);
}

static void
place_tear_down (Place *place, gconstpointer data)
{
  g_unlink (place->path);
  g_assert_cmpint (g_rmdir (place->directory), ==, 0); /* nothing else is left */
  g_free (place->directory);
  g_free (place->path);
}

static void
put (LlOutput *output, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (ll_output_get_stream (output), text, strlen (text), NULL, NULL,
                             &error);
  g_assert_no_error (error);
}

static void
assert_contents (const char *path, const char *expected)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static void
write_file (const char *path, const char *text)
{
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
test_commit (Place *place, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LlOutput) output = ll_output_new (place->path, FALSE, 0600, &error);
  struct stat info;

  g_assert_no_error (error);
  put (output, "whole");
  g_assert_false (g_file_test (place->path, G_FILE_TEST_EXISTS));
  ll_output_commit (output, &error);
  g_assert_no_error (error);
  assert_contents (place->path, "whole");
  g_assert_cmpint (stat (place->path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
}

static void
test_mode (Place *place, gconstpointer data)
{
  mode_t old = umask (027);
  g_autoptr (LlOutput) output = ll_output_new (place->path, FALSE, 0666, NULL);
  struct stat info;

  g_assert_true (ll_output_commit (output, NULL));
  umask (old);
  g_assert_cmpint (stat (place->path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0640);
}

static void
test_dropped (Place *place, gconstpointer data)
{
  g_autoptr (LlOutput) output = ll_output_new (place->path, FALSE, 0600, NULL);

  put (output, "half");
  g_clear_pointer (&output, ll_output_free);
  g_assert_false (g_file_test (place->path, G_FILE_TEST_EXISTS));
}

static void
test_exists (Place *place, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  write_file (place->path, "old");
  g_assert_null (ll_output_new (place->path, FALSE, 0600, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_OUTPUT_EXISTS);
  assert_contents (place->path, "old");
}

static void
test_appears_meanwhile (Place *place, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LlOutput) output = ll_output_new (place->path, FALSE, 0600, &error);

  put (output, "new");
  write_file (place->path, "someone else's");
  g_assert_false (ll_output_commit (output, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_OUTPUT_EXISTS);
  assert_contents (place->path, "someone else's");
}

static void
test_force (Place *place, gconstpointer data)
{
  g_autoptr (LlOutput) output = NULL;

  write_file (place->path, "old");
  output = ll_output_new (place->path, TRUE, 0600, NULL);
  put (output, "half");
  g_clear_pointer (&output, ll_output_free);
  assert_contents (place->path, "old");

  output = ll_output_new (place->path, TRUE, 0600, NULL);
  put (output, "new");
  g_assert_true (ll_output_commit (output, NULL));
  assert_contents (place->path, "new");
}

static void
test_symbolic_link (Place *place, gconstpointer data)
{
  g_autofree char *link_name = g_build_filename (place->directory, "link", NULL);
  g_autoptr (LlOutput) output = NULL;

  write_file (place->path, "old");
  g_assert_cmpint (symlink (place->path, link_name), ==, 0);
  output = ll_output_new (link_name, TRUE, 0600, NULL);
  put (output, "new");
  g_assert_true (ll_output_commit (output, NULL));
  assert_contents (place->path, "new");
  g_assert_true (g_file_test (link_name, G_FILE_TEST_IS_SYMLINK));
  g_unlink (link_name);
}

static void
test_bad_places (Place *place, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *below = g_build_filename (place->path, "x", NULL);

  g_assert_null (ll_output_new (place->directory, TRUE, 0600, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_OUTPUT);
  g_clear_error (&error);
  g_assert_null (ll_output_new (below, FALSE, 0600, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_OUTPUT);
}

static void
test_full_disk (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LlOutput) output = NULL;

  if (!g_file_test ("/dev/full", G_FILE_TEST_EXISTS))
    {
      g_test_skip ("there is no /dev/full");
      return;
    }
  output = ll_output_new ("/dev/full", FALSE, 0600, &error);
  g_assert_no_error (error);
  g_assert_false (
      g_output_stream_write_all (ll_output_get_stream (output), "x", 1, NULL, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_OUTPUT);
  g_clear_error (&error);
  g_assert_false (ll_output_commit (output, &error)); /* also for who did not look */
  g_assert_error (error, LL_ERROR, LL_ERROR_OUTPUT);
}

static void
test_closed_pipe (Place *place, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LlOutput) output = NULL;
  int reader;

  g_assert_cmpint (mkfifo (place->path, 0600), ==, 0);
  reader = open (place->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  output = ll_output_new (place->path, FALSE, 0600, &error);
  g_assert_no_error (error);
  close (reader);
  g_assert_false (
      g_output_stream_write_all (ll_output_get_stream (output), "x", 1, NULL, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_OUTPUT);
}

static void
test_cancelled (Place *place, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (LlOutput) output = ll_output_new (place->path, FALSE, 0600, NULL);

  g_cancellable_cancel (cancellable);
  g_assert_false (
      g_output_stream_write_all (ll_output_get_stream (output), "x", 1, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_input (Place *place, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  g_assert_null (ll_input_open (place->path, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT);
  g_clear_error (&error);
  g_assert_null (ll_input_open (place->directory, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT);
  g_clear_error (&error);

  write_file (place->path, "12345");
  bytes = ll_input_read (place->path, 5, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "12345", 5);
  g_assert_null (ll_input_read (place->path, 4, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  g_assert_nonnull (strstr (error->message, "4"));
}

static void
test_unreadable (Place *place, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  write_file (place->path, "secret");
  g_assert_cmpint (g_chmod (place->path, 0), ==, 0);
  if (access (place->path, R_OK) == 0)
    {
      g_test_skip ("this user may read everything");
      return;
    }
  g_assert_null (ll_input_open (place->path, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define CASE(name, function)                                                                       \
  g_test_add ("/output/" name, Place, NULL, place_set_up, function, place_tear_down)
  CASE ("a committed file is there whole, and only then", test_commit);
  CASE ("the finished file has the mode asked for under the umask", test_mode);
  CASE ("a dropped file leaves nothing behind", test_dropped);
  CASE ("an existing file is refused", test_exists);
  CASE ("a file that appears meanwhile is not overwritten", test_appears_meanwhile);
  CASE ("force replaces a file, but only when the new one is whole", test_force);
  CASE ("force follows a symbolic link", test_symbolic_link);
  CASE ("a directory or a missing directory is refused", test_bad_places);
  CASE ("a closed pipe is an error and not a death", test_closed_pipe);
  CASE ("a cancelled write says so", test_cancelled);
  CASE ("input is opened, bounded, and refused with a reason", test_input);
  CASE ("an unreadable input is refused", test_unreadable);
#undef CASE
  g_test_add_func ("/output/a full disk is told at the write and at the commit", test_full_disk);
  return g_test_run ();
}
