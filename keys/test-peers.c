/* What is remembered of peers: only what is newer (SM-29), and whatever happens to the program. */
#include <config.h>

#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "keys/peers.h"

#define DAY (24 * 60 * 60)

typedef struct
{
  char *directory; /* of the test */
  char *path;      /* of the file, in a directory that is not there yet */
  LlPeers *peers;
  gint64 now;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->directory = g_dir_make_tmp ("ll-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->directory, "data", "letterlock", "peers.sqlite", NULL);
  fixture->peers = ll_peers_new (fixture->path);
  fixture->now = ll_clock_now ();
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      remove_tree (child);
    }
  g_remove (path);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ll_peers_free (fixture->peers);
  remove_tree (fixture->directory);
  g_free (fixture->directory);
  g_free (fixture->path);
}

static void
reopen (Fixture *fixture)
{
  ll_peers_free (fixture->peers);
  fixture->peers = ll_peers_new (fixture->path);
}

/* `capabilities` is any text here: this room does not read them. */
static LlLearnt
learn (LlPeers *peers, const char *address, const char *signer, const char *capabilities,
       gint64 signed_at)
{
  g_autoptr (GBytes) bytes
      = capabilities != NULL ? g_bytes_new (capabilities, strlen (capabilities)) : NULL;
  LlPeer news = {
    .address = (char *)address,
    .signer = (char *)signer,
    .capabilities = bytes,
    .signed_at = signed_at,
  };
  g_autoptr (GError) error = NULL;
  LlLearnt learnt;

  g_assert_true (ll_peers_learn (peers, &news, &learnt, &error));
  g_assert_no_error (error);
  return learnt;
}

static LlPeer *
find (LlPeers *peers, const char *address)
{
  g_autoptr (GError) error = NULL;
  LlPeer *peer = ll_peers_find (peers, address, &error);

  g_assert_no_error (error);
  return peer;
}

static void
assert_capabilities (const LlPeer *peer, const char *expected)
{
  g_assert_nonnull (peer->capabilities);
  g_assert_cmpmem (g_bytes_get_data (peer->capabilities, NULL),
                   g_bytes_get_size (peer->capabilities), expected, strlen (expected));
}

/* --- rules ------------------------------------------------------------------------------------ */

static void
test_remembers (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LlPeer) bob = NULL;
  g_autoptr (LlPeer) carol = NULL;

  g_assert_null (find (fixture->peers, "bob@example.org"));
  g_assert_false (g_file_test (fixture->path, G_FILE_TEST_EXISTS)); /* asking makes no file */
  g_assert_cmpint (learn (fixture->peers, "Bob@Example.org", "AA", "gcm", fixture->now), ==,
                   LL_LEARNT_TIME | LL_LEARNT_CERTIFICATE | LL_LEARNT_CAPABILITIES);
  reopen (fixture);
  bob = find (fixture->peers, "bob@EXAMPLE.org");
  g_assert_nonnull (bob);
  g_assert_cmpstr (bob->address, ==, "bob@example.org");
  g_assert_cmpstr (bob->signer, ==, "AA");
  g_assert_null (bob->encryption);
  g_assert_cmpint (bob->signed_at, ==, fixture->now);
  g_assert_cmpint (bob->capabilities_at, ==, fixture->now);
  g_assert_cmpint (bob->learnt_at, >=, fixture->now);
  assert_capabilities (bob, "gcm");
  carol = find (fixture->peers, "carol@example.org");
  g_assert_null (carol);
}

static void
test_same_domain (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LlPeer) peer = NULL;

  learn (fixture->peers, "jo@xn--mnchen-3ya.example", "AA", NULL, fixture->now);
  peer = find (fixture->peers, "Jo@münchen.example");
  g_assert_nonnull (peer);
}

static void
test_newer_wins (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LlPeer) bob = NULL;

  learn (fixture->peers, "bob@example.org", "AA", "new", fixture->now - DAY);
  g_assert_cmpint (learn (fixture->peers, "bob@example.org", "BB", "old", fixture->now - 2 * DAY),
                   ==, LL_LEARNT_NOTHING);
  g_assert_cmpint (learn (fixture->peers, "bob@example.org", "BB", "same", fixture->now - DAY), ==,
                   LL_LEARNT_NOTHING);
  g_assert_cmpint (learn (fixture->peers, "bob@example.org", "BB", "no time", 0), ==,
                   LL_LEARNT_NOTHING);
  bob = find (fixture->peers, "bob@example.org");
  assert_capabilities (bob, "new");
  g_assert_cmpstr (bob->signer, ==, "AA");
  g_clear_pointer (&bob, ll_peer_free);

  g_assert_cmpint (learn (fixture->peers, "bob@example.org", "AA", "newest", fixture->now), ==,
                   LL_LEARNT_TIME | LL_LEARNT_CAPABILITIES);
  g_assert_cmpint (learn (fixture->peers, "bob@example.org", "AA", "newest", fixture->now + 1), ==,
                   LL_LEARNT_TIME);
  bob = find (fixture->peers, "bob@example.org");
  assert_capabilities (bob, "newest");
  g_assert_cmpint (bob->signed_at, ==, fixture->now + 1);
}

static void
test_future (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpint (learn (fixture->peers, "bob@example.org", "AA", "gcm",
                          fixture->now + 2 * 365 * DAY),
                   ==, LL_LEARNT_NOTHING);
  g_assert_null (find (fixture->peers, "bob@example.org"));
  /* a clock may be a little wrong */
  g_assert_cmpint (learn (fixture->peers, "bob@example.org", "AA", "gcm", fixture->now + 600), !=,
                   LL_LEARNT_NOTHING);
}

static void
test_without_capabilities (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LlPeer) bob = NULL;

  learn (fixture->peers, "bob@example.org", "AA", "gcm", fixture->now - DAY);
  g_assert_cmpint (learn (fixture->peers, "bob@example.org", "BB", NULL, fixture->now), ==,
                   LL_LEARNT_TIME | LL_LEARNT_CERTIFICATE);
  bob = find (fixture->peers, "bob@example.org");
  assert_capabilities (bob, "gcm");
  g_assert_cmpint (bob->capabilities_at, ==, fixture->now - DAY);
  g_assert_cmpint (bob->signed_at, ==, fixture->now);
  g_assert_cmpstr (bob->signer, ==, "BB");
}

static void
test_preference (Fixture *fixture, gconstpointer data)
{
  LlPeer news = { .address = (char *)"bob@example.org",
                  .signer = (char *)"AA",
                  .encryption = (char *)"EE",
                  .signed_at = fixture->now - DAY };
  LlLearnt learnt;
  g_autoptr (LlPeer) bob = NULL;

  g_assert_true (ll_peers_learn (fixture->peers, &news, &learnt, NULL));
  bob = find (fixture->peers, "bob@example.org");
  g_assert_cmpstr (bob->encryption, ==, "EE");
  g_clear_pointer (&bob, ll_peer_free);
  /* taken back by the next signature, which names none */
  g_assert_cmpint (learn (fixture->peers, "bob@example.org", "AA", NULL, fixture->now), ==,
                   LL_LEARNT_TIME | LL_LEARNT_CERTIFICATE);
  bob = find (fixture->peers, "bob@example.org");
  g_assert_null (bob->encryption);
}

static void
test_certificates (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) seen = NULL;
  const LlPeerCertificate *one;

  learn (fixture->peers, "bob@example.org", "AA", NULL, fixture->now - 3 * DAY);
  learn (fixture->peers, "bob@example.org", "BB", NULL, fixture->now - 2 * DAY);
  learn (fixture->peers, "bob@example.org", "AA", NULL, fixture->now - DAY);
  seen = ll_peers_list_certificates (fixture->peers, "bob@example.org", NULL);
  g_assert_cmpuint (seen->len, ==, 2);
  one = g_ptr_array_index (seen, 0);
  g_assert_cmpstr (one->fingerprint, ==, "AA");
  g_assert_cmpint (one->first_at, ==, fixture->now - 3 * DAY);
  g_assert_cmpint (one->last_at, ==, fixture->now - DAY);
}

static void
test_too_long (Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = g_strnfill (LL_LIMIT_CAPABILITIES_BYTES + 1, 'x');
  g_autoptr (LlPeer) bob = NULL;

  g_assert_cmpint (learn (fixture->peers, "bob@example.org", "AA", text, fixture->now), ==,
                   LL_LEARNT_TIME | LL_LEARNT_CERTIFICATE);
  bob = find (fixture->peers, "bob@example.org");
  g_assert_null (bob->capabilities);
}

static gboolean
file_contains (const char *path, const char *needle)
{
  g_autofree char *data = NULL;
  gsize length = 0;

  return g_file_get_contents (path, &data, &length, NULL)
         && memmem (data, length, needle, strlen (needle)) != NULL;
}

static void
test_forgets (Fixture *fixture, gconstpointer data)
{
  g_autofree char *log = g_strconcat (fixture->path, "-wal", NULL);
  guint n = 99;

  g_assert_true (ll_peers_forget (fixture->peers, "bob@example.org", &n, NULL));
  g_assert_cmpuint (n, ==, 0);
  g_assert_false (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
  learn (fixture->peers, "bob@example.org", "AA", "gcm", fixture->now);
  learn (fixture->peers, "carol@example.org", "CC", "gcm", fixture->now);
  learn (fixture->peers, "dave@example.org", "DD", "gcm", fixture->now);
  g_assert_true (ll_peers_forget (fixture->peers, "BOB@example.org", &n, NULL));
  g_assert_cmpuint (n, ==, 1);
  g_assert_null (find (fixture->peers, "bob@example.org"));
  g_assert_false (file_contains (fixture->path, "bob@example.org"));
  g_assert_false (file_contains (log, "bob@example.org"));
  /* an older message can teach it again */
  g_assert_cmpint (learn (fixture->peers, "bob@example.org", "AA", "gcm", fixture->now - DAY), !=,
                   LL_LEARNT_NOTHING);
  g_assert_true (ll_peers_forget (fixture->peers, NULL, &n, NULL));
  g_assert_cmpuint (n, ==, 3);
  g_assert_null (find (fixture->peers, "carol@example.org"));
}

static void
test_no_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LlPeers) none = ll_peers_new (NULL);
  guint n;

  g_assert_cmpint (learn (none, "bob@example.org", "AA", "gcm", fixture->now), ==,
                   LL_LEARNT_NOTHING);
  g_assert_null (find (none, "bob@example.org"));
  g_assert_true (ll_peers_forget (none, NULL, &n, NULL));
}

/* --- the file --------------------------------------------------------------------------------- */

static void
test_private (Fixture *fixture, gconstpointer data)
{
  g_autofree char *directory = g_path_get_dirname (fixture->path);
  mode_t umask_before = umask (0);
  GStatBuf found;

  learn (fixture->peers, "bob@example.org", "AA", "gcm", fixture->now);
  umask (umask_before);
  g_assert_cmpint (g_stat (fixture->path, &found), ==, 0);
  g_assert_cmpint (found.st_mode & 0777, ==, 0600);
  g_assert_cmpint (g_stat (directory, &found), ==, 0);
  g_assert_cmpint (found.st_mode & 0777, ==, 0700);
}

/* Learns without end, each time something newer; tells of each by an octet. */
static void
learn_without_end (const char *path, gint64 from, int tell)
{
  g_autoptr (LlPeers) peers = ll_peers_new (path);

  for (gint64 time = from + 1;; time++)
    {
      LlPeer news
          = { .address = (char *)"bob@example.org", .signer = (char *)"AA", .signed_at = time };
      LlLearnt learnt;

      if (!ll_peers_learn (peers, &news, &learnt, NULL) || write (tell, "", 1) != 1)
        _exit (1);
    }
}

/* A killed program: while it begins the file, and while it writes, at any moment. */
static void
test_killed (Fixture *fixture, gconstpointer data)
{
  gint64 newest = 0;

  for (guint round = 0; round < 12; round++)
    {
      g_autoptr (LlPeer) peer = NULL;
      int ends[2];
      char told;
      pid_t child;

      g_assert_cmpint (pipe (ends), ==, 0);
      child = fork ();
      if (child == 0)
        learn_without_end (fixture->path, newest, ends[1]);
      if (round % 2 == 1)
        g_assert_cmpint (read (ends[0], &told, 1), ==, 1);
      g_usleep (500 + round * 700);
      g_assert_cmpint (kill (child, SIGKILL), ==, 0);
      g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
      close (ends[0]);
      close (ends[1]);
      reopen (fixture);
      peer = find (fixture->peers, "bob@example.org"); /* asserts that there is no error */
      g_assert_cmpint (peer != NULL ? peer->signed_at : 0, >=, newest + round % 2);
      newest = peer != NULL ? peer->signed_at : 0;
    }
  g_assert_cmpint (newest, >=, 6);
  learn (fixture->peers, "bob@example.org", "AA", "gcm", fixture->now);
}

/* Two programs that begin the same file and write at once: nothing is lost. */
static void
test_two_writers (Fixture *fixture, gconstpointer data)
{
  pid_t children[2];

  for (guint who = 0; who < G_N_ELEMENTS (children); who++)
    {
      children[who] = fork ();
      if (children[who] != 0)
        continue;
      for (guint i = 0; i < 60; i++)
        {
          g_autoptr (LlPeers) peers = ll_peers_new (fixture->path);
          g_autofree char *address = g_strdup_printf ("peer%u-%u@example.org", who, i);
          LlPeer news = { .address = address, .signer = (char *)"AA", .signed_at = fixture->now };
          LlLearnt learnt;
          if (!ll_peers_learn (peers, &news, &learnt, NULL) || learnt == LL_LEARNT_NOTHING)
            _exit (1);
        }
      _exit (0);
    }
  for (guint who = 0; who < G_N_ELEMENTS (children); who++)
    {
      int status;
      g_assert_cmpint (waitpid (children[who], &status, 0), ==, children[who]);
      g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
    }
  for (guint who = 0; who < G_N_ELEMENTS (children); who++)
    for (guint i = 0; i < 60; i++)
      {
        g_autofree char *address = g_strdup_printf ("peer%u-%u@example.org", who, i);
        g_autoptr (LlPeer) peer = find (fixture->peers, address);
        g_assert_nonnull (peer);
      }
}

/* Whatever is asked or told, the answer is the same, and nothing is changed. */
static void
assert_refused (Fixture *fixture, const char *says)
{
  LlPeer news
      = { .address = (char *)"bob@example.org", .signer = (char *)"AA", .signed_at = fixture->now };
  g_autofree char *before = NULL, *after = NULL;
  gsize length_before, length_after;
  LlLearnt learnt;
  guint n;

  g_assert_true (g_file_get_contents (fixture->path, &before, &length_before, NULL));
  reopen (fixture);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) find_error = NULL, learn_error = NULL, forget_error = NULL;

      g_assert_null (ll_peers_find (fixture->peers, "bob@example.org", &find_error));
      g_assert_error (find_error, LL_ERROR, LL_ERROR_BAD_DATA);
      g_assert_nonnull (strstr (find_error->message, fixture->path));
      g_assert_nonnull (strstr (find_error->message, says));
      g_assert_false (ll_peers_learn (fixture->peers, &news, &learnt, &learn_error));
      g_assert_error (learn_error, LL_ERROR, LL_ERROR_BAD_DATA);
      g_assert_cmpint (learnt, ==, LL_LEARNT_NOTHING);
      g_assert_false (ll_peers_forget (fixture->peers, NULL, &n, &forget_error));
      g_assert_error (forget_error, LL_ERROR, LL_ERROR_BAD_DATA);
    }
  g_assert_true (g_file_get_contents (fixture->path, &after, &length_after, NULL));
  g_assert_cmpmem (before, length_before, after, length_after);
}

static void
run_sql (const char *path, const char *sql)
{
  sqlite3 *database = NULL;

  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (database, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (database);
}

static void
test_newer_schema (Fixture *fixture, gconstpointer data)
{
  learn (fixture->peers, "bob@example.org", "AA", "gcm", fixture->now);
  reopen (fixture);
  run_sql (fixture->path, "PRAGMA user_version = 99");
  assert_refused (fixture, "newer Letterlock");
}

static void
test_somebody_elses (Fixture *fixture, gconstpointer data)
{
  g_autofree char *directory = g_path_get_dirname (fixture->path);

  g_mkdir_with_parents (directory, 0700);
  run_sql (fixture->path, "CREATE TABLE peer (whatever)");
  assert_refused (fixture, "not made by Letterlock");
}

static void
test_not_a_database (Fixture *fixture, gconstpointer data)
{
  g_autofree char *directory = g_path_get_dirname (fixture->path);

  g_mkdir_with_parents (directory, 0700);
  g_assert_true (
      g_file_set_contents (fixture->path, "This is a letter, and not a file of ours.\n", -1, NULL));
  assert_refused (fixture, "damaged");
}

/* Every octet after the first page's header is overwritten: the file is ours, and says nothing. */
static void
test_damaged (Fixture *fixture, gconstpointer data)
{
  g_autofree char *contents = NULL;
  gsize length;

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *address = g_strdup_printf ("peer%u@example.org", i);
      learn (fixture->peers, address, "AA", "gcm", fixture->now);
    }
  reopen (fixture);
  g_assert_true (g_file_get_contents (fixture->path, &contents, &length, NULL));
  g_assert_cmpuint (length, >, 8192);
  memset (contents + 100, 0xA5, length - 100);
  g_assert_true (g_file_set_contents (fixture->path, contents, (gssize)length, NULL));
  assert_refused (fixture, "damaged");
}

/* An empty file is what a program leaves that was killed while it began one. */
static void
test_empty_file (Fixture *fixture, gconstpointer data)
{
  g_autofree char *directory = g_path_get_dirname (fixture->path);
  g_autoptr (LlPeer) bob = NULL;

  g_mkdir_with_parents (directory, 0700);
  g_assert_true (g_file_set_contents (fixture->path, "", 0, NULL));
  g_assert_null (find (fixture->peers, "bob@example.org"));
  learn (fixture->peers, "bob@example.org", "AA", "gcm", fixture->now);
  bob = find (fixture->peers, "bob@example.org");
  g_assert_nonnull (bob);
}

/* A file where the directory should be cannot be written by root either. */
static void
test_no_directory (Fixture *fixture, gconstpointer data)
{
  g_autofree char *blocked = g_build_filename (fixture->directory, "data", NULL);
  LlPeer news
      = { .address = (char *)"bob@example.org", .signer = (char *)"AA", .signed_at = fixture->now };
  g_autoptr (GError) error = NULL;
  LlLearnt learnt;

  g_assert_true (g_file_set_contents (blocked, "", 0, NULL));
  g_assert_null (find (fixture->peers, "bob@example.org"));
  g_assert_false (ll_peers_learn (fixture->peers, &news, &learnt, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_OUTPUT);
}

/* What is known can be read where nothing can be written. */
static void
test_read_only (Fixture *fixture, gconstpointer data)
{
  g_autofree char *directory = g_path_get_dirname (fixture->path);
  g_autofree char *above = g_path_get_dirname (directory);
  g_autoptr (LlPeer) bob = NULL;

  learn (fixture->peers, "bob@example.org", "AA", "gcm", fixture->now);
  reopen (fixture);
  g_assert_cmpint (g_chmod (above, 0755), ==, 0);
  g_assert_cmpint (g_chmod (fixture->path, 0400), ==, 0);
  g_assert_cmpint (g_chmod (directory, 0500), ==, 0);
  if (geteuid () == 0) /* whom no mode keeps out: as somebody else, who may look in */
    {
      int status;
      pid_t child = fork ();

      if (child == 0)
        {
          if (chown (fixture->path, 65534, 65534) != 0 || chown (directory, 65534, 65534) != 0
              || g_chmod (fixture->directory, 0755) != 0 || setgid (65534) != 0
              || setuid (65534) != 0)
            _exit (2);
          bob = ll_peers_find (fixture->peers, "bob@example.org", NULL);
          _exit (bob != NULL ? 0 : 1);
        }
      g_assert_cmpint (waitpid (child, &status, 0), ==, child);
      g_assert_true (WIFEXITED (status));
      g_assert_cmpint (WEXITSTATUS (status), ==, 0);
    }
  else
    {
      bob = find (fixture->peers, "bob@example.org");
      g_assert_nonnull (bob);
    }
  g_assert_cmpint (g_chmod (directory, 0700), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test) g_test_add (name, Fixture, NULL, set_up, test, tear_down)
  ADD ("/peers/what a signature taught is remembered, and asking makes no file", test_remembers);
  ADD ("/peers/a domain is the same in both of its spellings", test_same_domain);
  ADD ("/peers/only a newer signing time wins (SM-29)", test_newer_wins);
  ADD ("/peers/a signature from two years ahead teaches nothing (SM-29)", test_future);
  ADD ("/peers/a newer signature without capabilities leaves the known ones",
       test_without_capabilities);
  ADD ("/peers/the preferred certificate is remembered, and taken back (SM-30)", test_preference);
  ADD ("/peers/certificates are listed with the first and the last signature", test_certificates);
  ADD ("/peers/a list of capabilities that is too long is not remembered", test_too_long);
  ADD ("/peers/what is forgotten is gone, from the file too", test_forgets);
  ADD ("/peers/without a file nothing is remembered", test_no_file);
  ADD ("/peers/the file and its directory are private, whatever the umask", test_private);
  ADD ("/peers/a writer that is killed at any moment leaves a good file", test_killed);
  ADD ("/peers/two writers that begin the file at once lose nothing", test_two_writers);
  ADD ("/peers/a file of a newer Letterlock is left alone, and said to be", test_newer_schema);
  ADD ("/peers/a file of somebody else is left alone, and said to be", test_somebody_elses);
  ADD ("/peers/a file that is no database is left alone, and said to be", test_not_a_database);
  ADD ("/peers/a damaged file is left alone, and said to be", test_damaged);
  ADD ("/peers/an empty file is filled", test_empty_file);
  ADD ("/peers/where nothing can be written, nothing is learnt", test_no_directory);
  ADD ("/peers/what is known can be read where nothing can be written", test_read_only);
  return g_test_run ();
}
