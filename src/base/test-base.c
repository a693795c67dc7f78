/* test-base.c - tables of cases for the ground floor. */
#include <config.h>

#include <glib/gstdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/reason.h"
#include "base/secret.h"
#include "base/settings.h"
#include "base/text.h"

static void
test_strange_text_is_made_harmless (void)
{
  /* IA-05, AT-11, IA-03 */
  static const struct
  {
    const char *in, *out;
  } cases[] = {
    { "plain", "plain" },
    { "日本語", "日本語" },
    { "a\r\nBcc: x", "a\uFFFD\uFFFDBcc: x" },
    { "tab\there", "tab here" },
    { "\x1b[31mred", "\uFFFD[31mred" },
    { "gpj.\u202Eexe", "gpj.\uFFFDexe" },
    { "zero\u200Bwidth", "zero\uFFFDwidth" },
    { "bad\xff\xfe", "bad\uFFFD\uFFFD" },
    { "", "" },
  };
  g_autofree char *from_null = ll_text_safe (NULL, -1);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *safe = ll_text_safe (cases[i].in, -1);
      g_assert_cmpstr (safe, ==, cases[i].out);
    }
  g_assert_cmpstr (from_null, ==, "");
}

static void
test_long_text_is_cut (void)
{
  g_autofree char *huge = g_strnfill (10 * LL_LIMIT_TEXT_CHARACTERS, 'x');
  g_autofree char *safe = ll_text_safe (huge, -1);

  g_assert_cmpint (g_utf8_strlen (safe, -1), ==, LL_LIMIT_TEXT_CHARACTERS + 1);
  g_assert_true (g_str_has_suffix (safe, "…"));
}

static void
test_body_text_keeps_its_lines (void)
{
  g_autofree char *safe = ll_text_safe_lines ("a\r\nb\rc\n\td\x07", -1);
  g_assert_cmpstr (safe, ==, "a\nb\nc\n\td\uFFFD");
}

static void
test_addresses_are_compared_as_the_standards_say (void)
{
  /* SC-08, HP-32, IA-07, IA-08 */
  static const struct
  {
    const char *a, *b;
    gboolean same;
  } cases[] = {
    { "alice@example.org", "ALICE@Example.ORG", TRUE },
    { "Bob@BÜCHER.example", "bob@xn--bcher-kva.example", TRUE },
    { "alice@example.org", "alice@example.org.evil", FALSE },
    { "alice@example.org", "alice2@example.org", FALSE },
    { "n\u00e9@example.org", "ne\u0301@example.org", FALSE },    /* NFC and NFD */
    { "É@example.org", "é@example.org", FALSE },                 /* no folding outside ASCII */
    { "né.Bob@example.org", "né.bob@example.org", FALSE },       /* none beside it either: IA-07 */
    { "bob@stra\u00dfe.example", "bob@strasse.example", FALSE }, /* no mapping: IA-10 */
    { "bob@\uFB00.example", "bob@ff.example", FALSE },
    { "alice", "alice", FALSE },
    { "alice@bank.example@evil.example", "alice@bank.example@evil.example", FALSE },
    { NULL, "alice@example.org", FALSE },
    { "", "", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (ll_text_same_address (cases[i].a, cases[i].b), ==, cases[i].same);
}

static void
test_a_user_id_gives_its_one_address (void)
{
  /* OP-17 */
  static const struct
  {
    const char *user_id, *address;
  } cases[] = {
    { "Alice <alice@example.org>", "alice@example.org" },
    { "alice@example.org", "alice@example.org" },
    { "alice@bank.example <eve@evil.example>", "eve@evil.example" },
    { "<a@b.example> <c@d.example>", NULL },
    { "Alice <alice@example.org> Smith", NULL },
    { "Alice <alice@bank@evil>", NULL },
    { "Alice", NULL },
    { "<>", NULL },
    { NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *address = ll_text_address_of_user_id (cases[i].user_id);
      g_assert_cmpstr (address, ==, cases[i].address);
    }
}

static void
test_hexadecimal_goes_there_and_back (void)
{
  g_autoptr (GBytes) bytes = ll_hex_decode ("00fFa5");
  g_autofree char *hex = NULL;
  g_autofree char *canonical = NULL;

  g_assert_nonnull (bytes);
  hex = ll_hex_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_assert_cmpstr (hex, ==, "00FFA5");
  g_assert_null (ll_hex_decode ("0"));
  g_assert_null (ll_hex_decode ("0g"));

  g_assert_true (
      ll_hex_is_fingerprint ("0x9A3A FE6C 6006 5A14 8FD4  B58A 7E6A BE92 4645 CC60", &canonical));
  g_assert_cmpstr (canonical, ==, "9A3AFE6C60065A148FD4B58A7E6ABE924645CC60");
  g_assert_false (
      ll_hex_is_fingerprint ("7E6ABE924645CC60", NULL)); /* OP-22: a key ID is not one */
  g_assert_false (ll_hex_is_fingerprint ("alice@example.org", NULL));
}

static void
test_times_are_read_and_written (void)
{
  static const struct
  {
    const char *text;
    gint64 time;
  } cases[] = {
    { "1970-01-02", 86400 },
    { "2026-11-22T10:00:00Z", 1795341600 },
    { "2026-11-22T19:00:00+09:00", 1795341600 },
    { "@86400", 86400 },
  };
  static const char *const wrong[] = { "", "yesterday", "2026-13-01", "@", "@-5", "1969-12-31" };
  g_autofree char *iso = ll_clock_to_iso (1795341600);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 time = 0;
      g_assert_true (ll_clock_parse (cases[i].text, &time, &error));
      g_assert_no_error (error);
      g_assert_cmpint (time, ==, cases[i].time);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 time = 0;
      g_assert_false (ll_clock_parse (wrong[i], &time, &error));
      g_assert_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION);
    }
  g_assert_cmpstr (iso, ==, "2026-11-22T10:00:00Z");
  g_assert_null (ll_clock_to_iso (0));
}

static void
test_a_sink_holds_what_was_written_up_to_its_limit (void)
{
  g_autoptr (GOutputStream) sink = ll_secret_sink_new (10000);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  char block[100];
  gsize size;

  memset (block, 'x', sizeof block);
  for (int i = 0; i < 100; i++)
    g_assert_true (g_output_stream_write_all (sink, block, sizeof block, NULL, NULL, NULL));
  g_assert_false (g_output_stream_write_all (sink, "y", 1, NULL, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  g_assert_nonnull (strstr (error->message, "10000"));

  bytes = ll_secret_sink_steal (sink);
  size = g_bytes_get_size (bytes);
  g_assert_cmpuint (size, ==, 10000);
  for (gsize i = 0; i < size; i++)
    g_assert_cmpint (((const char *)g_bytes_get_data (bytes, NULL))[i], ==, 'x');
}

static void
test_settings_change_the_policy_and_errors_name_the_entry (void)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "ll-settings-XXXXXX", NULL);
  g_autoptr (LlPolicy) policy = ll_policy_new ();
  g_autoptr (GError) error = NULL;
  int fd = g_mkstemp (path);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (ll_settings_load ("/nonexistent/letterlock.conf", policy, &error));
  g_assert_true (policy->encrypt_to_self);

  g_file_set_contents (path, "[smime]\nanchors=/etc/roots.pem\n[encrypt]\nto-self=false\n", -1,
                       NULL);
  g_assert_true (ll_settings_load (path, policy, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (policy->anchors_file, ==, "/etc/roots.pem");
  g_assert_false (policy->encrypt_to_self);

  g_file_set_contents (path, "[encrypt]\nto-self=perhaps\n", -1, NULL);
  g_assert_false (ll_settings_load (path, policy, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  g_assert_nonnull (strstr (error->message, "to-self"));
  g_unlink (path);
}

static void
test_settings_that_nobody_reads_are_errors (void)
{
  static const struct
  {
    const char *text, *told;
  } cases[] = {
    { "[smime]\nrevocaton=require\n", "“revocaton” in [smime]" },
    { "[smine]\nlearn=false\n", "[smine]" },
    { "[encrypt]\nlearn=false\n", "“learn” in [encrypt]" },
  };
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "ll-settings-XXXXXX", NULL);
  int fd = g_mkstemp (path);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LlPolicy) policy = ll_policy_new ();
      g_autoptr (GError) error = NULL;

      g_file_set_contents (path, cases[i].text, -1, NULL);
      g_assert_false (ll_settings_load (path, policy, &error));
      g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
      g_assert_nonnull (strstr (error->message, cases[i].told));
    }
  g_unlink (path);
}

static void
test_settings_know_the_home_of_the_user (void)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "ll-settings-XXXXXX", NULL);
  g_autofree char *roots = g_build_filename (g_get_home_dir (), "roots.pem", NULL);
  g_autofree char *list = g_build_filename (g_get_home_dir (), "b.crl", NULL);
  g_autoptr (LlPolicy) policy = ll_policy_new ();
  g_autoptr (GError) error = NULL;
  int fd = g_mkstemp (path);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_file_set_contents (path, "[smime]\nanchors = ~/roots.pem\ncrls = /a.crl; ~/b.crl\n", -1, NULL);
  g_assert_true (ll_settings_load (path, policy, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (policy->anchors_file, ==, roots);
  g_assert_cmpstr (policy->crl_files[0], ==, "/a.crl");
  g_assert_cmpstr (policy->crl_files[1], ==, list);
  g_unlink (path);
}

static void
test_names_and_exit_statuses_are_all_there_and_distinct (void)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) cancelled = g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "x");
  g_autoptr (GError) locked = g_error_new (LL_ERROR, LL_ERROR_KEY_LOCKED, "x");

  for (int reason = 0; reason < LL_N_REASONS; reason++)
    g_assert_true (g_hash_table_add (names, (gpointer)ll_reason_name ((LlReason)reason)));
  g_hash_table_remove_all (names);
  for (int code = 0; code <= LL_ERROR_OUTPUT; code++)
    g_assert_true (g_hash_table_add (names, (gpointer)ll_error_name ((LlError)code)));
  g_assert_cmpint (ll_error_exit_status (locked), ==, 67);
  g_assert_cmpint (ll_error_exit_status (cancelled), ==, 130);
  g_assert_cmpstr (ll_error_get_name (cancelled), ==, "cancelled");
}

/* The same octets, whatever the lines and however it comes. */
static void
test_base64_is_decoded_in_pieces (void)
{
  guint8 octets[1000], out[LL_BASE64_ROOM (2000)];

  for (gsize i = 0; i < sizeof octets; i++)
    octets[i] = (guint8)(i * 37 + (i >> 3));
  for (gsize length = 0; length < 20; length++)
    for (gsize line = 1; line < 90; line += 7)
      for (gsize step = 1; step < 2000; step = step * 3 + 1)
        {
          gsize whole = sizeof octets - length, n = 0;
          g_autofree char *text = g_base64_encode (octets, whole);
          g_autoptr (GString) lines = g_string_new (" ");
          LlBase64 state = { 0 };
          for (const char *c = text; *c != '\0'; c += MIN (line, strlen (c)))
            {
              g_string_append_len (lines, c, (gssize)MIN (line, strlen (c)));
              g_string_append (lines, "\r\n");
            }
          for (gsize at = 0; at < lines->len; at += step)
            n += ll_base64_decode (&state, lines->str + at, MIN (step, lines->len - at), out + n);
          g_assert_cmpmem (out, n, octets, whole);
        }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base64/base64 is decoded in pieces", test_base64_is_decoded_in_pieces);
  g_test_add_func ("/text/strange text is made harmless", test_strange_text_is_made_harmless);
  g_test_add_func ("/text/long text is cut", test_long_text_is_cut);
  g_test_add_func ("/text/body text keeps its lines", test_body_text_keeps_its_lines);
  g_test_add_func ("/text/addresses are compared as the standards say",
                   test_addresses_are_compared_as_the_standards_say);
  g_test_add_func ("/text/a user ID gives its one address", test_a_user_id_gives_its_one_address);
  g_test_add_func ("/hex/hexadecimal goes there and back", test_hexadecimal_goes_there_and_back);
  g_test_add_func ("/clock/times are read and written", test_times_are_read_and_written);
  g_test_add_func ("/secret/a sink holds what was written up to its limit",
                   test_a_sink_holds_what_was_written_up_to_its_limit);
  g_test_add_func ("/settings/settings change the policy and errors name the entry",
                   test_settings_change_the_policy_and_errors_name_the_entry);
  g_test_add_func ("/settings/settings that nobody reads are errors",
                   test_settings_that_nobody_reads_are_errors);
  g_test_add_func ("/settings/settings know the home of the user",
                   test_settings_know_the_home_of_the_user);
  g_test_add_func ("/error/names and exit statuses are all there and distinct",
                   test_names_and_exit_statuses_are_all_there_and_distinct);
  return g_test_run ();
}
