/* What was judged is what is shown: a message on the disk that changes in between shows nothing.
 */
#include <config.h>

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "ops/op-read.h"
#include "tests/support.h"

#define HEADER "From: alice@example.org\r\nSubject: large\r\n\r\nThese are the first words.\r\n"
#define LINE "One line of many.\r\n"

/* Too large to be kept in memory. */
static char *
make_letter (const LlTestHome *home)
{
  g_autoptr (GString) text = g_string_new (HEADER);
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (home->path, "letter.eml", NULL);

  while (text->len <= LL_SOURCE_MEMORY_BYTES)
    g_string_append (text, LINE);
  g_file_set_contents (path, text->str, (gssize)text->len, &error);
  g_assert_no_error (error);
  return path;
}

static void
put_other_words (const char *path)
{
  int fd = g_open (path, O_WRONLY, 0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (pwrite (fd, "Other", strlen ("Other"), strlen (HEADER) - 28), ==,
                   strlen ("Other"));
  g_assert_cmpint (close (fd), ==, 0);
}

static void
test_change (void)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autoptr (LlPolicy) policy = ll_policy_new ();
  g_autofree char *path = make_letter (home);
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlSession) session = ll_session_new (policy, &error);
  g_autoptr (LlSource) source = ll_source_new_path (path, NULL, &error);
  g_autoptr (LlReading) reading = ll_op_read (session, source, NULL, &error);

  g_assert_no_error (error);
  before = ll_op_read_body (reading, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (before, "These are the first words."));
  put_other_words (path);
  after = ll_op_read_body (reading, &error);
  g_assert_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT);
  g_assert_null (after);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/op-read/nothing is shown of a message that changed after it was judged",
                   test_change);
  return g_test_run ();
}
