/* The scanner and the header rooms by tables of cases. */
#include <config.h>

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "mail/filter.h"
#include "mail/message.h"

static LlMessage *
parse (const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;
  LlMessage *message = ll_message_new (bytes, &error);

  g_assert_no_error (error);
  return message;
}

/* "multipart/mixed(text/plain,message/rfc822(text/plain))" */
static void
describe (const LlPart *part, GString *out)
{
  g_string_append_printf (out, "%s/%s", ll_part_get_type (part), ll_part_get_subtype (part));
  if (ll_part_get_n_children (part) == 0)
    return;
  g_string_append_c (out, '(');
  for (guint i = 0; i < ll_part_get_n_children (part); i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      describe (ll_part_get_child (part, i), out);
    }
  g_string_append_c (out, ')');
}

static void
assert_bytes (GBytes *bytes, const char *expected)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  g_assert_cmpmem (data, length, expected, strlen (expected));
  g_bytes_unref (bytes);
}

static void
test_structure (void)
{
  static const struct
  {
    const char *text, *tree;
  } cases[] = {
    { "Subject: x\n\nbody\n", "text/plain" },
    { "just text\nwithout header\n", "text/plain" },
    { "\nbody\n", "text/plain" },
    { "From alice Mon Jan  1 00:00:00 2024\nSubject: x\nContent-Type: text/html\n\nbody\n",
      "text/html" },
    { "Content-Type: Multipart/Mixed; boundary=b\n\n--b\n\none\n--b\nContent-Type: image/png\n\n"
      "two\n--b--\n",
      "multipart/mixed(text/plain,image/png)" },
    { "Content-Type: multipart/mixed; boundary=\"b c\"\r\n\r\npreamble\r\n--b c  \r\n\r\none\r\n"
      "--b c--\r\nepilogue\r\n",
      "multipart/mixed(text/plain)" },
    { "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\none\n--b\n"
      "Content-Type: text/plain\n\ntwo\n--b--\n",
      "multipart/digest(message/rfc822(text/plain),text/plain)" },
    { "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative;\n"
      " boundary=aa\n\n--aa\n\none\n--aa\nContent-Type: text/html\n\ntwo\n--aa--\n--a\n\nthree\n"
      "--a--\n",
      "multipart/mixed(multipart/alternative(text/plain,text/html),text/plain)" },
    /* the inner multipart is ended by the outer boundary */
    { "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; "
      "boundary=c\n\n--c\n\none\n--a\n\ntwo\n--a--\n",
      "multipart/mixed(multipart/mixed(text/plain),text/plain)" },
    { "Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nSubject: x\n\nbody",
      "message/rfc822(message/rfc822(text/plain))" },
    /* never assembled (AT-26) */
    { "Content-Type: message/partial; id=x; number=1\n\nSubject: x\n\nbody", "message/partial" },
    { "Content-Type: message/external-body; access-type=URL\n\nContent-Type: text/plain\n\n",
      "message/external-body" },
    { "Content-Type: garbage\n\nbody", "text/plain" },
    { "Content-Type: multipart/mixed\n\n--b\n\nbody\n--b--\n", "multipart/mixed" },
    { "Content-Type: multipart/mixed; boundary*0=\"a\"; boundary*1=b\n\n--ab\n\nx\n--ab--\n",
      "multipart/mixed(text/plain)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LlMessage) message = parse (cases[i].text);
      g_autoptr (GString) tree = g_string_new (NULL);
      describe (ll_message_get_root (message), tree);
      g_assert_cmpstr (tree->str, ==, cases[i].tree);
    }
}

/* Takes `in`. */
static void
assert_stream (GInputStream *in, const char *expected)
{
  assert_bytes (ll_stream_read_head (in, G_MAXSIZE / 8, NULL, NULL, NULL), expected);
  g_object_unref (in);
}

/* Takes `source`. */
static void
assert_source (LlSource *source, const char *expected)
{
  assert_stream (ll_source_open (source), expected);
  ll_source_unref (source);
}

/* PM-04, RFC 1847 section 2.1: the line end before a boundary is the boundary's. */
static void
test_exact_bytes (void)
{
  g_autoptr (LlMessage) message = parse (
      "Content-Type: multipart/signed; boundary=b\n\nfoo\n--b\nContent-Type: text/plain\r\n"
      "X-Odd :  1\n  folded\n\nline \nlast\r\n\r\n--b\nX: y\n--b\n\n--b--\nend\n");
  LlPart *root = ll_message_get_root (message);
  LlPart *part = ll_part_get_child (root, 0);

  g_assert_cmpuint (ll_part_get_n_children (root), ==, 3);
  assert_source (ll_part_dup_entity (part),
                 "Content-Type: text/plain\r\nX-Odd :  1\n  folded\n\nline \nlast\r\n");
  assert_stream (ll_part_open_canonical (part),
                 "Content-Type: text/plain\r\nX-Odd :  1\r\n  folded\r\n\r\nline \r\nlast\r\n");
  assert_source (ll_part_dup_body (part), "line \nlast\r\n");
  assert_source (ll_part_dup_entity (ll_part_get_child (root, 1)), "X: y");
  assert_source (ll_part_dup_body (ll_part_get_child (root, 1)), "");
  assert_source (ll_part_dup_entity (ll_part_get_child (root, 2)), "");
  g_assert_cmpuint (ll_part_get_n_fields (part), ==, 2);
  g_assert_cmpstr (ll_part_get_field_name (part, 1), ==, "X-Odd");
  g_assert_cmpstr (ll_part_get_field_value (part, 1), ==, "  1\n  folded");
}

static void
test_canonical (void)
{
  static const char *const cases[][2] = {
    { "\n", "\r\n" },
    { "\r\n", "\r\n" },
    { "a\n\n", "a\r\n\r\n" },
    { "a\rb\n", "a\rb\r\n" },
    { "a", "a" },
    { "\n\r\n\n", "\r\n\r\n\r\n" },
    { "a\r\r\n", "a\r\r\n" },
    { "\r\n\n", "\r\n\r\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strconcat ("X: y\r\n\r\n", cases[i][0], NULL);
      g_autofree char *expected = g_strconcat ("X: y\r\n\r\n", cases[i][1], NULL);
      g_autoptr (LlMessage) message = parse (text);
      assert_stream (ll_part_open_canonical (ll_message_get_root (message)), expected);
    }
}

/* VM-07, AT-25, IA-06: what can be read in two ways is marked; ordinary small faults are not. */
static void
test_ambiguity (void)
{
  static const struct
  {
    gboolean ambiguous;
    const char *text;
  } cases[] = {
    { FALSE, "Subject: x\n\nbody" },
    { FALSE, "Message-ID : x y\nX-Foo : 1\n\nbody" },
    { FALSE, "plain text\nsecond: line\n\nthird" },
    { FALSE, "Content-Type: text/plain; charset=utf-8 (Plain text)\n\nbody" },
    { FALSE, "Content-Type: text/plain; name=a b.txt\n\nbody" },
    { FALSE, "Content-Type: text/plain; charset=utf-8; charset=utf-8\n\nbody" },
    { FALSE, "Content-Type: multipart/mixed; boundary=b;\n\n--b\n\nx\n" },
    { FALSE, "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; "
             "boundary=bc\n\n--bc\n\nx\n--bc--\n--b--\n" },
    { TRUE, "Content-Type: text/plain\nContent-Type: multipart/signed; boundary=b\n\nbody" },
    { TRUE, "Content-Type: text/plain\nContent-Type: text/plain\n\nbody" },
    { TRUE, "Content-Transfer-Encoding: 7bit\nContent-transfer-encoding: base64\n\nbody" },
    { TRUE, "Content-Type: multipart/mixed; boundary=a; boundary=b\n\n--b\n\nx\n--b--\n" },
    { TRUE, "Content-Type: multipart/mixed; boundary=a; boundary*=''b\n\n--b\n\nx\n--b--\n" },
    { TRUE, "Content-Type: multipart/signed; boundary=b; protocol=\"x/y\"; protocol=\"x/z\"\n\n"
            "--b\n\nx\n--b\n\n--b--\n" },
    { TRUE, "Content-Type: text/plain; hp=clear; hp=cipher\n\nbody" },
    { TRUE, "Content-Type: multipart/signed (x); boundary=b\n\n--b\n\nx\n--b\n\n--b--\n" },
    { TRUE, "Content-Type: multipart/signed; boundary=b\n\n--b\n\nx\n--b\n\ny\n" },
    { FALSE, "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n"
             "--b\n\nx\n--b--\n" },
    { TRUE, "Content-Type: multipart/signed; boundary=b\nContent-Transfer-Encoding: base64\n\n"
            "--b\n\nx\n--b\n\ny\n--b--\n" },
    { TRUE, "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n--b\n\ny\n" },
    { TRUE, "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b junk\n\ny\n--b--\n" },
    { TRUE, "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\r--b\n\ny\n--b--\n" },
    { TRUE, "Subject: x\rContent-Type: multipart/mixed\n\nbody" },
    { TRUE, "Subject: x\nno field\nContent-Type: text/html\n\nbody" },
    { FALSE, "Subject: x\n \n y\nContent-Type: text/html\n\nbody" },
    { TRUE, "Subject: x\n \nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n" },
    { TRUE, "Content-Type : text/html\n\nbody" },
    { TRUE, "Content-Type: multipart/mixed; boundary=\"b\xC3\xA4\"\n\n--b\n\nx\n--b--\n" },
    { TRUE, "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; "
            "boundary=b\n\n--b\n\nx\n--b--\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LlMessage) message = parse (cases[i].text);
      LlReason reason = ll_part_get_tree_ambiguity (ll_message_get_root (message));
      g_test_message ("%s", cases[i].text);
      g_assert_cmpint (reason, ==,
                       cases[i].ambiguous ? LL_REASON_AMBIGUOUS_STRUCTURE : LL_REASON_NONE);
    }
}

static void
test_nul (void)
{
  static const struct
  {
    const char *head;
    gboolean ambiguous;
  } cases[] = {
    { "Content-Type: text/plain\n\na", TRUE },
    { "Content-Type: application/octet-stream\nContent-Transfer-Encoding: binary\n\na", FALSE },
    { "Content-Type: application/pkcs7-mime\n\na", FALSE },
    { "Subject: x", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) text = g_byte_array_new ();
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (LlMessage) message = NULL;

      g_byte_array_append (text, (const guint8 *)cases[i].head, (guint)strlen (cases[i].head));
      g_byte_array_append (text, (const guint8 *)"\0b\n\nc", 5);
      bytes = g_bytes_new (text->data, text->len);
      message = ll_message_new (bytes, NULL);
      g_assert_nonnull (message);
      g_assert_cmpint (ll_part_get_ambiguity (ll_message_get_root (message)) != LL_REASON_NONE, ==,
                       cases[i].ambiguous);
    }
}

static void
test_parameters (void)
{
  static const struct
  {
    const char *field, *name, *value;
  } cases[] = {
    { "text/plain; charset=utf-8", "charset", "utf-8" },
    { "text/plain; CHARSET = \"utf-8\" ", "charset", "utf-8" },
    { "text/plain", "charset", NULL },
    { "text/plain;;; charset=x;", "charset", "x" },
    { "a/b; protocol*0=\"application/pgp-\"; protocol*1=\"signature\"", "protocol",
      "application/pgp-signature" },
    { "a/b; name*=iso-8859-1'en'%A3%20rates", "name", "£ rates" },
    { "a/b; name*0*=utf-8''%E2%82; name*1*=%AC; name*2=\" x%41\"", "name", "€ x%41" },
    { "a/b; name=plain; name*=utf-8''better", "name", "better" },
    { "a/b; name=\"a\\\"b;c\"; x=y", "name", "a\"b;c" },
    { "a/b; name=two words.txt; x=y", "name", "two words.txt" },
    { "a/b; name=\"unfinished", "name", "unfinished" },
    { "a/b; boundary=----=_Part_1:2?3/4", "boundary", "----=_Part_1:2?3/4" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf ("Content-Type: %s\n\nbody", cases[i].field);
      g_autoptr (LlMessage) message = parse (text);
      g_test_message ("%s", cases[i].field);
      g_assert_cmpstr (ll_part_get_parameter (ll_message_get_root (message), cases[i].name), ==,
                       cases[i].value);
    }
}

static void
test_file_names (void)
{
  static const char *const cases[][2] = {
    { "Content-Disposition: attachment; filename=\"a.pdf\"", "a.pdf" },
    { "Content-Type: a/b; name=x.p7m", "x.p7m" },
    { "Content-Type: a/b; name=x.p7m\nContent-Disposition: inline; filename=y.p7m", "y.p7m" },
    { "Content-Type: a/b; name=\"=?utf-8?B?44GC?=.txt\"", "あ.txt" },
    { "Content-Type: a/b; name=\"=?ISO-2022-JP?B?GyRCJCIbKEI=?=\"", "あ" },
    { "Content-Disposition: attachment; filename=\"\x82\xA0.txt\"", "あ.txt" },
    { "Content-Disposition: attachment; filename*0*=utf-8''%E3%81; filename*1*=%82.txt", "あ.txt" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strconcat (cases[i][0], "\n\nbody", NULL);
      g_autoptr (LlMessage) message = parse (text);
      g_assert_cmpstr (ll_part_get_file_name (ll_message_get_root (message)), ==, cases[i][1]);
    }
}

static void
test_header_text (void)
{
  static const char *const cases[][2] = {
    { "Subject: plain\n folded\n", "plain folded" },
    { "Subject: =?utf-8?q?caf=C3=A9?= =?utf-8?q?_au?= lait\n", "café au lait" },
    { "Subject: =?ISO-2022-JP?B?GyRCJCIbKEI=?=\n", "あ" },
    { "Subject: \x1B$B$\"\x1B(B raw\n", "あ raw" },
    { "Subject: \x82\xA0 raw\n", "あ raw" },
    { "Subject: \xE3\x81\x82 raw\n", "あ raw" },
    { "Subject:\n", "" },
    { "X: y\n", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strconcat (cases[i][0], "\nbody", NULL);
      g_autoptr (LlMessage) message = parse (text);
      g_autofree char *subject = ll_part_dup_field_text (ll_message_get_root (message), "Subject");
      g_assert_cmpstr (subject, ==, cases[i][1]);
    }
}

/* IA-04: an encoded word in a quoted string or in angle brackets stays as it is. */
static void
test_address_text (void)
{
  static const char *const cases[][2] = {
    { "=?utf-8?q?alice=40bank.com?= <eve@x.example>", "alice@bank.com <eve@x.example>" },
    { "\"=?utf-8?q?alice?=\" <eve@x.example>", "\"=?utf-8?q?alice?=\" <eve@x.example>" },
    { "eve <=?utf-8?q?alice?=@x.example>", "eve <=?utf-8?q?alice?=@x.example>" },
    { "=?ISO-2022-JP?B?GyRCJCIbKEI=?= <a@b.example>, b@c.example",
      "あ <a@b.example>, b@c.example" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf ("From: %s\n\nbody", cases[i][0]);
      g_autoptr (LlMessage) message = parse (text);
      g_autofree char *from = ll_part_dup_field_text (ll_message_get_root (message), "From");
      g_assert_cmpstr (from, ==, cases[i][1]);
    }
}

/* TR-05, TR-06, AT-17, AT-18, IA-04 */
static void
test_author (void)
{
  static const struct
  {
    const char *header, *author;
    LlReason reason;
  } cases[] = {
    { "From: alice@example.org", "alice@example.org", LL_REASON_NONE },
    { "From: Alice <alice@example.org>", "alice@example.org", LL_REASON_NONE },
    { "From: \"A, B <x@y.example>\" <alice@example.org>", "alice@example.org", LL_REASON_NONE },
    { "From: alice@example.org (Alice <eve@example.net>)", "alice@example.org", LL_REASON_NONE },
    { "From: (eve@example.net) <alice@example.org> (x)", "alice@example.org", LL_REASON_NONE },
    { "From: manager@example.com     . <eve@example.com>", "eve@example.com", LL_REASON_NONE },
    { "From: eve@example.com <manager@example.com>", "manager@example.com", LL_REASON_NONE },
    { "From: =?utf-8?q?alice=40bank.com?= <eve@example.com>", "eve@example.com", LL_REASON_NONE },
    { "From: John Q. Public <j@example.com>", "j@example.com", LL_REASON_NONE },
    { "From: <@relay.example,@b.example:j@example.com>", "j@example.com", LL_REASON_NONE },
    { "From:\n alice@example.org,", "alice@example.org", LL_REASON_NONE },
    { "From: ", NULL, LL_REASON_FROM_MISSING },
    { "Subject: x", NULL, LL_REASON_FROM_MISSING },
    { "From: The Manager", NULL, LL_REASON_FROM_MISSING },
    { "From: Manager <>", NULL, LL_REASON_FROM_MISSING },
    { "From: a@example.org b@example.org", NULL, LL_REASON_FROM_MISSING },
    { "From: <a@example.org> <b@example.org>", NULL, LL_REASON_FROM_MISSING },
    { "From: <a@example.org> b@example.org", NULL, LL_REASON_FROM_MISSING },
    { "From: a@example.org (unfinished", NULL, LL_REASON_FROM_MISSING },
    { "From: \"unfinished <a@example.org>", NULL, LL_REASON_FROM_MISSING },
    { "From: Eve <a@example.org", NULL, LL_REASON_FROM_MISSING },
    { "From: <a@b@example.org>", NULL, LL_REASON_FROM_MISSING },
    { "From: \"a b\"@example.org", NULL, LL_REASON_FROM_MISSING },
    { "From: a@example.org, b@example.org", NULL, LL_REASON_FROM_AMBIGUOUS },
    { "From: Public, John <j@example.com>", NULL, LL_REASON_FROM_AMBIGUOUS },
    { "From: friends: a@example.org;", NULL, LL_REASON_FROM_AMBIGUOUS },
    { "From: a@example.org\nfrom: a@example.org", NULL, LL_REASON_FROM_AMBIGUOUS },
    { "From: a@example.org\nFrom:", NULL, LL_REASON_FROM_AMBIGUOUS },
    { "From : a@example.org\nFrom: b@example.org", NULL, LL_REASON_FROM_AMBIGUOUS },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strconcat (cases[i].header, "\n\nbody", NULL);
      g_autoptr (LlMessage) message = parse (text);
      LlReason reason;
      g_autofree char *author = ll_part_dup_author (ll_message_get_root (message), &reason);
      g_test_message ("%s", cases[i].header);
      g_assert_cmpstr (author, ==, cases[i].author);
      g_assert_cmpint (reason, ==, cases[i].reason);
    }
}

static void
test_addresses (void)
{
  g_autoptr (LlMessage) message
      = parse ("To: a@x.example, undisclosed: b@x.example, \"C; D\" <c@x.example>;,\n"
               "\t(e@x.example) d@x.example, nobody\nTo: f@x.example\n\nbody");
  g_autoptr (GPtrArray) all = ll_part_dup_addresses (ll_message_get_root (message), "to");
  static const char *const expected[]
      = { "a@x.example", "b@x.example", "c@x.example", "d@x.example", "", "f@x.example" };

  g_assert_cmpuint (all->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < all->len; i++)
    g_assert_cmpstr (all->pdata[i], ==, expected[i]);
}

static void
test_text (void)
{
  static const char *const cases[][2] = {
    { "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1B$B$\"\x1B(B", "あ" },
    { "Content-Type: text/plain; charset=Shift_JIS\nContent-Transfer-Encoding: base64\n\ngqA=\n",
      "あ" },
    { "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: Quoted-Printable\n\n"
      "=E3=81=\n=82",
      "あ" },
    { "Content-Type: text/plain; charset=utf-8\n\na\xFF"
      "b",
      "a\xEF\xBF\xBD"
      "b" },
    { "Content-Type: text/plain; charset=no-such//TRANSLIT\n\nabc", "abc" },
    { "\n\x82\xA0", "あ" },
    { "\n\xE9t\xE9", "été" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LlMessage) message = parse (cases[i][0]);
      g_autofree char *text = ll_part_dup_text (ll_message_get_root (message));
      g_assert_cmpstr (text, ==, cases[i][1]);
    }
}

/* --- hostile sizes (VM-08) --- */

static void
assert_refused (GString *text, const char *number)
{
  g_autoptr (GBytes) bytes = g_string_free_to_bytes (text);
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();
  g_autoptr (LlMessage) message = ll_message_new (bytes, &error);

  g_assert_null (message);
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  g_assert_nonnull (strstr (error->message, number));
  g_assert_cmpint (g_get_monotonic_time () - start, <, 20 * G_USEC_PER_SEC);
}

static void
test_million_parts (void)
{
  GString *text = g_string_new ("Content-Type: multipart/mixed; boundary=b\n\n");

  for (guint i = 0; i < 1000000; i++)
    g_string_append (text, "--b\n\nx\n");
  assert_refused (text, "10000");
}

static void
test_deep_multiparts (void)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < 10000; i++)
    g_string_append_printf (text, "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", i, i);
  assert_refused (text, "64");
}

static void
test_deep_messages (void)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < 10000; i++)
    g_string_append (text, "Content-Type: message/rfc822\n\n");
  assert_refused (text, "64");
}

static void
test_huge_header (void)
{
  GString *text = g_string_new ("Subject: ");

  g_string_set_size (text, 30 * 1024 * 1024);
  memset (text->str + 9, 'x', text->len - 9);
  assert_refused (text, "1048576");
}

static void
test_many_fields (void)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < 100000; i++)
    g_string_append (text, "a:\n");
  assert_refused (text, "2000");
}

/* Near the limits: many open boundaries that are nearly met by every line; many parts each with a
 * header that ends in doubt; a line of 60 MB. All in bounded time. */
static void
test_worst_lines (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (LlMessage) message = NULL;
  g_autofree char *common = g_strnfill (200, 'b');
  gint64 start;

  for (guint i = 0; i < 60; i++)
    g_string_append_printf (text, "Content-Type: multipart/mixed; boundary=%s%u\n\n--%s%u\n",
                            common, i, common, i);
  for (guint i = 0; i < 9000; i++)
    g_string_append_printf (text, "junk\n--%s59\n", common);
  for (guint i = 0; i < 100000; i++)
    g_string_append_printf (text, "--%sx\r--\n", common);
  start = g_get_monotonic_time ();
  bytes = g_bytes_new (text->str, text->len);
  message = ll_message_new (bytes, NULL);
  g_assert_nonnull (message);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 20 * G_USEC_PER_SEC);
}

static void
test_empty (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new (NULL, 0);
  g_autoptr (GError) error = NULL;

  g_assert_null (ll_message_new (bytes, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
}

/* Every prefix of a message, and every octet of it changed, is read without a crash. */
static void
test_mutations (void)
{
  static const char text[]
      = "From: a@b.example\r\nContent-Type: multipart/signed; boundary=\"b\";\r\n"
        " protocol*0=\"x/\"; protocol*1=y (c)\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        "Subject: =?utf-8?q?x?=\r\n\r\nbody\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "AAAA\r\n--b--\r\n";
  static const char octets[] = { '\0', '\r', '\n', '-', '"', '(', ';', '=', '*', '\xFF' };

  for (gsize i = 1; i < sizeof text; i++)
    for (gsize j = 0; j < G_N_ELEMENTS (octets); j++)
      {
        g_autofree char *copy = g_memdup2 (text, sizeof text);
        g_autoptr (GBytes) bytes = NULL;
        g_autoptr (LlMessage) message = NULL;
        g_autoptr (GString) tree = g_string_new (NULL);
        g_autofree char *author = NULL, *body = NULL;

        copy[i - 1] = octets[j];
        bytes = g_bytes_new (copy, j % 2 == 0 ? i : sizeof text - 1);
        message = ll_message_new (bytes, NULL);
        g_assert_nonnull (message);
        describe (ll_message_get_root (message), tree);
        author = ll_part_dup_author (ll_message_get_root (message), NULL);
        body = ll_part_dup_text (ll_message_get_root (message));
        ll_part_get_n_fields (ll_message_get_root (message));
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/message/takes a message apart into its parts", test_structure);
  g_test_add_func ("/message/knows the exact octets of a part", test_exact_bytes);
  g_test_add_func ("/message/makes every line end CRLF", test_canonical);
  g_test_add_func ("/message/marks what can be read in two ways", test_ambiguity);
  g_test_add_func ("/message/marks NUL where a reader could stop at it", test_nul);
  g_test_add_func ("/message/reads parameters and their sections", test_parameters);
  g_test_add_func ("/message/reads file names as they are written in the wild", test_file_names);
  g_test_add_func ("/message/decodes header text", test_header_text);
  g_test_add_func ("/message/decodes no encoded word inside an address", test_address_text);
  g_test_add_func ("/message/names one author or none", test_author);
  g_test_add_func ("/message/finds addresses by grammar", test_addresses);
  g_test_add_func ("/message/gives text in UTF-8", test_text);
  g_test_add_func ("/message/refuses a million parts", test_million_parts);
  g_test_add_func ("/message/refuses 10000 nested multiparts", test_deep_multiparts);
  g_test_add_func ("/message/refuses 10000 nested messages", test_deep_messages);
  g_test_add_func ("/message/refuses an endless header", test_huge_header);
  g_test_add_func ("/message/refuses 100000 header fields", test_many_fields);
  g_test_add_func ("/message/reads the worst lines in bounded time", test_worst_lines);
  g_test_add_func ("/message/refuses empty input", test_empty);
  g_test_add_func ("/message/reads damaged messages without a crash", test_mutations);
  return g_test_run ();
}
