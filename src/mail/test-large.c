/* test-large.c - what is too large for memory is read just as what is not: pieces of any size give
 * the same octets, and the same message is the same tree wherever its octets are. */
#include <config.h>

#include <string.h>

#include "base/limits.h"
#include "mail/canonical.h"
#include "mail/inline-pgp.h"
#include "mail/message-private.h"
#include "mail/rope.h"
#include "mail/transfer.h"

/* --- filters ---------------------------------------------------------------------------------- */

typedef LlFilter *(*NewFilter) (void);

static LlFilter *
new_base64_decoder (void)
{
  return ll_transfer_decoder_new (GMIME_CONTENT_ENCODING_BASE64);
}

static LlFilter *
new_quoted_decoder (void)
{
  return ll_transfer_decoder_new (GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
}

static LlFilter *
new_uu_decoder (void)
{
  return ll_transfer_decoder_new (GMIME_CONTENT_ENCODING_UUENCODE);
}

static LlFilter *
new_range (void)
{
  return ll_filter_range_new (5, 40);
}

static GBytes *
run_whole (NewFilter new_filter, const char *data, gsize length)
{
  g_autoptr (LlFilter) filter = new_filter ();
  return ll_filter_bytes (filter, data, length);
}

/* In pieces of `step` octets, through a sink. */
static GBytes *
run_in_steps (NewFilter new_filter, const char *data, gsize length, gsize step)
{
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (GOutputStream) sink = ll_filter_sink (new_filter (), out);

  for (gsize at = 0; at < length; at += step)
    g_assert_true (
        g_output_stream_write_all (sink, data + at, MIN (step, length - at), NULL, NULL, NULL));
  g_assert_true (g_output_stream_close (sink, NULL, NULL));
  g_assert_false (g_output_stream_is_closed (out));
  g_output_stream_close (out, NULL, NULL);
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (out));
}

static const NewFilter new_filters[] = { ll_canonical_filter_new,
                                         ll_transfer_base64_new,
                                         ll_transfer_quoted_printable_new,
                                         new_base64_decoder,
                                         new_quoted_decoder,
                                         new_uu_decoder,
                                         new_range };

static void
assert_filters_agree (const char *data, gsize length)
{
  static const gsize steps[] = { 1, 2, 3, 5, 57, 61 };

  for (guint f = 0; f < G_N_ELEMENTS (new_filters); f++)
    {
      g_autoptr (GBytes) whole = run_whole (new_filters[f], data, length);
      for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
        {
          g_autoptr (GBytes) pieces = run_in_steps (new_filters[f], data, length, steps[i]);
          g_assert_cmpmem (g_bytes_get_data (whole, NULL), g_bytes_get_size (whole),
                           g_bytes_get_data (pieces, NULL), g_bytes_get_size (pieces));
        }
    }
}

/* Text of the pieces that matter to filters and to the scan of messages. */
static GString *
random_text (GRand *rand, guint n)
{
  static const char *const pieces[] = { "\r\n",
                                        "\n",
                                        "\r",
                                        "--",
                                        "-",
                                        "--b",
                                        "--b--",
                                        "--c",
                                        "b",
                                        " ",
                                        "\t",
                                        "=",
                                        "=3D",
                                        "QUJD",
                                        "QQ==",
                                        "From ",
                                        "From: a@x.example",
                                        ".",
                                        "\xc3\xbc",
                                        "a line of text",
                                        "\n--b\n",
                                        "\r\n--b\r\n",
                                        "\n\n",
                                        "\r\n\r\n",
                                        "\n--c--\n",
                                        "Content-Type: multipart/mixed; boundary=b\n\n",
                                        "Content-Type: multipart/signed; boundary=c\r\n\r\n",
                                        "Content-Type: message/rfc822\n\n",
                                        "Content-Transfer-Encoding: base64\n",
                                        "begin 644 x\n#86)C\n`\nend\n",
                                        "-----BEGIN PGP MESSAGE-----\n",
                                        "-----END PGP MESSAGE-----\n" };
  GString *text = g_string_new (NULL);

  while (n-- > 0)
    if (g_rand_int_range (rand, 0, 40) == 0)
      g_string_append_c (text, '\0');
    else
      g_string_append (text, pieces[g_rand_int_range (rand, 0, G_N_ELEMENTS (pieces))]);
  return text;
}

static void
test_filters (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (20261123);

  for (guint i = 0; i < 300; i++)
    {
      g_autoptr (GString) text = random_text (rand, 60);
      assert_filters_agree (text->str, text->len);
    }
}

static void
test_base64 (void)
{
  static const char *const cases[][2] = {
    { "QUJDRA==", "ABCD" },
    { "QUJDRA", "ABCD" }, /* as if it were padded */
    { "QUJDREU", "ABCDE" },
    { "QUI=\r\nQ0Q=", "ABCD" }, /* goes on after padding */
    { "Q U\nJ!D", "ABC" },
    { "", "" },
    { "=", "" },
    { "Q", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) decoded
          = run_whole (new_base64_decoder, cases[i][0], strlen (cases[i][0]));
      g_assert_cmpmem (g_bytes_get_data (decoded, NULL), g_bytes_get_size (decoded), cases[i][1],
                       strlen (cases[i][1]));
    }
}

static void
test_base64_there_and_back (void)
{
  guint8 data[1000];

  for (gsize i = 0; i < sizeof data; i++)
    data[i] = (guint8)(i * 2654435761u >> 9);
  for (gsize length = 0; length < 300; length++)
    {
      g_autoptr (GBytes) encoded = run_whole (ll_transfer_base64_new, (char *)data, length);
      g_autoptr (GBytes) decoded = run_whole (new_base64_decoder, g_bytes_get_data (encoded, NULL),
                                              g_bytes_get_size (encoded));
      g_autofree char *plain = g_base64_encode (data, length);
      g_autofree char *text
          = g_strndup (g_bytes_get_data (encoded, NULL), g_bytes_get_size (encoded));
      g_auto (GStrv) lines = g_strsplit (text, "\r\n", -1);
      g_autofree char *joined = g_strjoinv ("", lines);
      g_assert_cmpstr (joined, ==, plain);
      for (guint i = 0; lines[i] != NULL && lines[i + 1] != NULL && *lines[i + 1] != '\0'; i++)
        g_assert_cmpuint (strlen (lines[i]), ==, 76);
      g_assert_cmpmem (g_bytes_get_data (decoded, NULL), g_bytes_get_size (decoded), data, length);
    }
}

/* A stream that gives one octet at a time. */
static void
test_fit (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  static const gsize lengths[] = { 996, 997, 998, 999, 1000, 1001 };

  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (GString) text = random_text (rand, i % 20);
      g_autoptr (GInputStream) in = NULL;
      if (i < 2 * G_N_ELEMENTS (lengths))
        {
          g_string_set_size (text, lengths[i / 2]);
          memset (text->str, 'x', text->len);
          g_string_append (text, i % 2 ? "\r\n" : "");
        }
      in = g_memory_input_stream_new_from_data (text->str, (gssize)text->len, NULL);
      g_assert_cmpint (ll_canonical_get_fit_of_stream (in, NULL), ==,
                       ll_canonical_get_fit (text->str, text->len));
    }
}

/* --- messages --------------------------------------------------------------------------------- */

static void
describe_part (const LlPart *part, guint depth, GString *out)
{
  g_autofree char *subject = ll_part_dup_field (part, "Subject");
  g_autoptr (GBytes) content = ll_part_dup_content (part, G_MAXSIZE / 8, NULL);
  g_autofree char *digest = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, content);

  g_string_append_printf (out,
                          "%u %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
                          " %" G_GUINT64_FORMAT " %s/%s %u fields %d %d %s %s\n",
                          depth, part->start, part->header_end, part->body, part->end, part->type,
                          part->subtype, ll_part_get_n_fields (part), part->ambiguity,
                          part->has_nul, subject != NULL ? subject : "-", digest);
  g_assert_cmpuint (ll_part_count_content (part), ==, g_bytes_get_size (content));
  for (guint i = 0; i < ll_part_get_n_children (part); i++)
    describe_part (ll_part_get_child (part, i), depth + 1, out);
}

static char *
describe_source (LlSource *source, gsize step)
{
  g_autoptr (GError) error = NULL;
  LlReason limit = LL_REASON_NONE;
  g_autoptr (LlMessage) message = ll_message_new_inner (source, step, &limit, &error);
  GString *out = g_string_new (NULL);

  if (message == NULL)
    g_string_append_printf (out, "%s %s", ll_reason_name (limit), error->message);
  else
    describe_part (ll_message_get_root (message), 0, out);
  return g_string_free (out, FALSE);
}

static void
assert_same_tree (const char *data, gsize length, gsize first_step)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, length);
  g_autoptr (LlSource) memory = ll_source_new (bytes);
  g_autoptr (LlSource) away = ll_source_new_away (bytes);
  g_autofree char *expected = describe_source (memory, LL_SCAN_STEP);

  for (gsize step = first_step; step < 10000; step = step * 5 + 2)
    {
      g_autofree char *found = describe_source (away, step);
      g_assert_cmpstr (found, ==, expected);
    }
}

static void
test_borders (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (4711);

  for (guint i = 0; i < 1500; i++)
    {
      g_autoptr (GString) text = random_text (rand, 10 + i % 300);
      if (i % 2 == 0)
        g_string_prepend (text, "Content-Type: multipart/mixed; boundary=b\n\n");
      assert_same_tree (text->str, text->len, 1);
    }
}

/* A delimiter, and things that look like one, at every place near the border of a window. */
static void
test_every_border (void)
{
  static const char *const lines[]
      = { "\n--b\n", "\r\n--b\r\n", "\r--b\n", "\n--b--\n", "\n--b  \n", "\n--bx\n", "\n--\n" };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    for (guint offset = 0; offset < 40; offset++)
      {
        g_autoptr (GString) text
            = g_string_new ("Content-Type: multipart/mixed; boundary=b\n\n--b\n\n");
        while (text->len < 3 * 1260 + offset)
          g_string_append_c (text, 'x');
        g_string_append (text, lines[i]);
        g_string_append (text, "\nmore\n--b--\n");
        assert_same_tree (text->str, text->len, 1);
      }
}

static void
test_long_lines (void)
{
  g_autoptr (GString) text = g_string_new ("Content-Type: multipart/mixed; boundary=b\n\n--b\n\n");
  g_autofree char *blanks = g_strnfill (1000, ' ');

  for (guint i = 0; i < 200000; i++)
    g_string_append (text, "0123456789");
  g_string_append_printf (text, "\r--b\n--b%s\n\n--b %s\n--b--", blanks, blanks);
  assert_same_tree (text->str, text->len, 4096);
  g_string_prepend_len (text, text->str, text->len);
  g_string_prepend (text, "X: y\n");
  assert_same_tree (text->str, text->len, 4096);
}

/* A header section over the limit is refused in both ways, and one under it is read. */
static void
test_long_headers (void)
{
  static const gsize lengths[]
      = { LL_LIMIT_HEADER_BYTES - 20, LL_LIMIT_HEADER_BYTES + 20, 2 * LL_LIMIT_HEADER_BYTES };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    for (guint colon = 0; colon < 2; colon++)
      {
        g_autoptr (GString) text = g_string_new (colon ? "X: " : "From ");
        while (text->len < lengths[i])
          g_string_append (text, "0123456789");
        g_string_append (text, "\nSubject: x\n\nbody\n");
        assert_same_tree (text->str, text->len, 4096);
      }
}

/* Every message of the corpora, wherever its octets are. */
static void
test_corpora (void)
{
  const char *corpora = g_getenv ("LETTERLOCK_CORPORA");
  g_autoptr (GDir) families = corpora != NULL ? g_dir_open (corpora, 0, NULL) : NULL;
  const char *family, *name;
  guint n = 0;

  if (families == NULL)
    {
      g_test_skip ("the corpora are not here (LETTERLOCK_CORPORA)");
      return;
    }
  while ((family = g_dir_read_name (families)) != NULL)
    {
      g_autofree char *folder = g_build_filename (corpora, family, NULL);
      g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
      while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *path = g_build_filename (folder, name, NULL);
          g_autofree char *data = NULL;
          gsize length;
          if (!g_str_has_suffix (name, ".eml") || !g_file_get_contents (path, &data, &length, NULL))
            continue;
          assert_same_tree (data, length, 61);
          n++;
        }
    }
  g_test_message ("%u messages", n);
  g_assert_cmpuint (n, >, 0);
}

/* --- inline OpenPGP, ropes -------------------------------------------------------------------- */

static void
test_inline (void)
{
  g_autoptr (GString) text = g_string_new (" \n\t-----BEGIN PGP MESSAGE-----\nCharset: x\n\n");
  g_autoptr (GInputStream) in = NULL;
  g_autoptr (GArray) blocks = NULL;
  gboolean alone = FALSE;
  gsize end;

  for (guint i = 0; i < 5000; i++)
    g_string_append (text, "0123456789abcdef0123456789abcdef\n");
  g_string_append (text, "-----END PGP MESSAGE-----\n");
  end = text->len;
  g_string_append (text, " \r\n");
  in = g_memory_input_stream_new_from_data (text->str, (gssize)text->len, NULL);
  blocks = ll_inline_find (in, &alone);
  g_assert_cmpuint (blocks->len, ==, 1);
  g_assert_true (alone);
  g_assert_cmpuint (g_array_index (blocks, LlInlineBlock, 0).start, ==, 2);
  g_assert_cmpuint (g_array_index (blocks, LlInlineBlock, 0).end, ==, end);
}

static void
test_rope (void)
{
  g_autoptr (LlRope) rope = ll_rope_new ();
  g_autoptr (LlRope) inner = ll_rope_new ();
  g_autoptr (GBytes) bytes = g_bytes_new_static ("source", 6);
  g_autoptr (LlSource) source = ll_source_new_away (bytes);

  ll_rope_append (inner, "one ");
  ll_rope_append_source (inner, source);
  ll_rope_append (rope, "[");
  ll_rope_append_rope (rope, inner);
  ll_rope_append (rope, "]");
  ll_rope_append (rope, "!");
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GBytes) all = ll_rope_dup_bytes (rope, NULL);
      g_assert_cmpmem (g_bytes_get_data (all, NULL), g_bytes_get_size (all), "[one source]!", 13);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/large/filters do not see where pieces end", test_filters);
  g_test_add_func ("/large/base64 is undone as mail readers do", test_base64);
  g_test_add_func ("/large/base64 there and back is the same", test_base64_there_and_back);
  g_test_add_func ("/large/a stream is as fit as its octets", test_fit);
  g_test_add_func ("/large/borders of windows are not seen", test_borders);
  g_test_add_func ("/large/delimiters are found at every border", test_every_border);
  g_test_add_func ("/large/lines longer than a window are passed over", test_long_lines);
  g_test_add_func ("/large/long headers meet the same limit", test_long_headers);
  g_test_add_func ("/large/real messages are the same from memory and from a disk", test_corpora);
  g_test_add_func ("/large/inline OpenPGP is found in a stream", test_inline);
  g_test_add_func ("/large/a rope is read as often as needed", test_rope);
  return g_test_run ();
}
