/* test-draft.c - what goes into a sealed letter comes out the same, and is fit to be signed. */
#include <config.h>

#include <string.h>

#include "base/error.h"
#include "mail/body.h"
#include "mail/canonical.h"
#include "mail/draft.h"

static LlMessage *
parse (const char *data, gssize length)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, length < 0 ? strlen (data) : (gsize)length);
  g_autoptr (GError) error = NULL;
  LlMessage *message = ll_message_new (bytes, &error);

  g_assert_no_error (error);
  return message;
}

static LlDraft *
draft_of (const char *data, gssize length)
{
  g_autoptr (LlMessage) message = parse (data, length);
  g_autoptr (GError) error = NULL;
  LlDraft *draft = ll_draft_new (message, NULL, &error);

  g_assert_no_error (error);
  return draft;
}

static char *
text_of (LlRope *rope)
{
  g_autoptr (GBytes) bytes = ll_rope_dup_bytes (rope, NULL);
  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
assert_fit (GBytes *entity)
{
  gsize length;
  const char *data = g_bytes_get_data (entity, &length);

  g_assert_cmpint (ll_canonical_get_fit (data, length), ==, LL_FIT_SIGN);
  for (gsize i = 0; i < length; i++)
    if (data[i] == '\n')
      g_assert_true (i > 0 && data[i - 1] == '\r');
}

static void
collect_leaves (LlPart *part, GPtrArray *leaves)
{
  guint n = ll_part_get_n_children (part);

  if (n == 0)
    g_ptr_array_add (leaves, part);
  for (guint i = 0; i < n; i++)
    collect_leaves (ll_part_get_child (part, i), leaves);
}

/* What a leaf decodes to; for text, with the line ends of the wire. */
static GBytes *
decoded (LlPart *leaf)
{
  g_autoptr (GBytes) content = ll_part_dup_content (leaf, G_MAXSIZE, NULL);
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *encoding = ll_part_dup_field (leaf, "Content-Transfer-Encoding");
  gsize length;
  const char *data = g_bytes_get_data (content, &length);

  if (encoding != NULL
      && (g_ascii_strcasecmp (encoding, "base64") == 0
          || g_ascii_strcasecmp (encoding, "binary") == 0))
    return g_steal_pointer (&content);
  ll_canonical_append (out, data, length);
  return g_bytes_new (out->str, out->len);
}

static void
assert_same_leaves (const char *before, gssize length)
{
  g_autoptr (LlMessage) original = parse (before, length);
  g_autoptr (LlDraft) draft = draft_of (before, length);
  g_autoptr (LlMessage) entity = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GPtrArray) a = g_ptr_array_new (), b = g_ptr_array_new ();

  bytes = ll_rope_dup_bytes (draft->entity, NULL);
  assert_fit (bytes);
  entity = ll_message_new (bytes, NULL);
  g_assert_nonnull (entity);
  collect_leaves (ll_message_get_root (original), a);
  collect_leaves (ll_message_get_root (entity), b);
  g_assert_cmpuint (a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++)
    {
      LlPart *x = g_ptr_array_index (a, i), *y = g_ptr_array_index (b, i);
      g_autoptr (GBytes) before_bytes = decoded (x), after_bytes = decoded (y);
      gsize n, m;
      const char *p = g_bytes_get_data (before_bytes, &n), *q = g_bytes_get_data (after_bytes, &m);
      g_assert_cmpmem (p, n, q, m);
      g_assert_cmpstr (ll_part_get_file_name (x), ==, ll_part_get_file_name (y));
      g_assert_cmpstr (ll_part_get_subtype (x), ==, ll_part_get_subtype (y));
    }
}

#define HEADER                                                                                     \
  "From: Alice <alice@example.org>\nTo: bob@example.org\nSubject: x\nMIME-Version: 1.0\n"

static void
test_every_leaf_decodes_to_the_same_octets (void)
{
  /* SM-13, SM-14, PM-03 */
  static const char *const messages[] = {
    HEADER "\nplain\n",
    HEADER "\n",
    HEADER "\nFrom here on\ntrailing blank \ntab\t\n.dot\n",
    HEADER "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$3$s$K$A$O\x1b(B\n",
    HEADER "Content-Type: text/plain; charset=shift_jis\nContent-Transfer-Encoding: 8bit\n"
           "\n\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd\n",
    HEADER
    "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGr\xc3\xbc\xc3\x9f"
    "e aus einem langen, sonst gew\xc3\xb6hnlichen Satz.\n",
    HEADER "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n"
           "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
           "Content-Disposition: attachment; filename*=UTF-8''%E6%9B%B8%E9%A1%9E.bin\n\nAAECAwQF\n"
           "--b\nContent-Type: message/rfc822\n\nSubject: inner\nContent-Type: text/plain; "
           "charset=utf-8\n\n\xe3\x81\x82\n--b--\n",
    HEADER
    "Content-Type: application/octet-stream; name=\"a.bin\"\nContent-Transfer-Encoding: binary\n"
    "\nA\nB\r\nC\rD",
  };
  g_autoptr (GString) long_line = g_string_new (HEADER "\n");

  for (gsize i = 0; i < G_N_ELEMENTS (messages); i++)
    assert_same_leaves (messages[i], -1);
  for (int i = 0; i < 3000; i++)
    g_string_append (long_line, "word ");
  g_string_append (long_line, "end\n");
  assert_same_leaves (long_line->str, -1);
}

static void
test_a_real_mailbox_survives (gconstpointer family)
{
  const char *corpora = g_getenv ("LETTERLOCK_CORPORA");
  g_autofree char *folder = corpora != NULL ? g_build_filename (corpora, family, NULL) : NULL;
  g_autofree char *table = folder != NULL ? g_build_filename (folder, "cases.tsv", NULL) : NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n = 0, n_cut = 0;

  if (table == NULL || !g_file_get_contents (table, &text, NULL, NULL))
    {
      g_test_skip ("the corpora are not here (LETTERLOCK_CORPORA)");
      return;
    }
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 1; lines[i] != NULL && *lines[i] != '\0'; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], "\t", 2);
      g_autofree char *path = g_build_filename (folder, fields[0], NULL);
      g_autofree char *data = NULL;
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (LlMessage) message = NULL;
      g_autoptr (LlDraft) draft = NULL;
      g_autoptr (GError) error = NULL;
      gsize length;
      if (!g_file_get_contents (path, &data, &length, NULL))
        continue;
      bytes = g_bytes_new (data, length);
      message = ll_message_new (bytes, NULL);
      if (message == NULL
          || ll_part_get_tree_ambiguity (ll_message_get_root (message)) != LL_REASON_NONE)
        continue;
      draft = ll_draft_new (message, NULL, &error);
      if (draft == NULL)
        {
          /* what was cut off is refused, and nothing else */
          g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
          g_assert_nonnull (strstr (error->message, "cut off"));
          n_cut++;
          continue;
        }
      assert_same_leaves (data, (gssize)length);
      n++;
    }
  g_test_message ("%s: %u messages, and %u that were cut off", (const char *)family, n, n_cut);
  g_assert_cmpuint (n, >=, 9);
  g_assert_cmpuint (n_cut, <=, 7); /* seven of mime-structure have no closing boundary */
}

static void
test_bcc_and_structure_stay_out_of_the_outer_header (void)
{
  g_autoptr (LlDraft) draft
      = draft_of ("From: a@example.org\nTo: b@example.org, B <B@example.org>\nCc: g: "
                  "c@example.org;\n"
                  "Bcc: d@example.org\nSubject: s\nContent-Type: text/plain\nContent-Foo: 1\n\nx\n",
                  -1);

  g_assert_true (draft->has_bcc);
  g_assert_cmpstr (draft->author, ==, "a@example.org");
  g_assert_cmpuint (g_strv_length (draft->recipients), ==, 2);
  g_assert_cmpstr (draft->recipients[1], ==, "c@example.org");
  g_assert_null (strstr (draft->header, "d@example.org"));
  g_assert_null (strstr (draft->header, "Content-"));
  g_assert_true (g_str_has_prefix (draft->header, "From: a@example.org\r\n"));
}

static void
test_no_recipient_is_lost (void)
{
  g_autoptr (GString) text = g_string_new ("From: a@example.org\nTo: ");
  g_autoptr (LlDraft) draft = NULL;
  g_autoptr (LlMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 900; i++)
    g_string_append_printf (text, "r%u@example.org,\n ", i);
  g_string_append (text, "Nobody\n\nx\n");
  draft = draft_of (text->str, -1);
  g_assert_cmpuint (g_strv_length (draft->recipients), ==, 901);
  g_assert_cmpstr (draft->recipients[899], ==, "r899@example.org");
  /* what is no address stays in the list, so that whoever seals must refuse it (rule 1) */
  g_assert_cmpstr (draft->recipients[900], ==, "");

  g_string_insert (text, 0, "Cc: x@example.org\n");
  for (guint i = 0; i < 100; i++)
    g_string_insert (text, 4, "more@example.org,");
  message = parse (text->str, -1);
  g_assert_null (ll_draft_new (message, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  g_assert_nonnull (strstr (error->message, "1000"));
}

/* What is inside stays as it stands, whatever would be left out outside. */
static void
test_a_nested_message_keeps_its_fields (void)
{
  g_autoptr (LlDraft) draft
      = draft_of ("From: a@example.org\nContent-Type: message/rfc822\n\nBcc: x@example.org\n"
                  "MIME-Version: 1.0\nSubject: inner\n\nFrom here\n",
                  -1);
  g_autofree char *entity = text_of (draft->entity);

  g_assert_cmpstr (entity, ==,
                   "Content-Type: message/rfc822\r\n\r\nBcc: x@example.org\r\n"
                   "MIME-Version: 1.0\r\nSubject: inner\r\n"
                   "Content-Transfer-Encoding: quoted-printable\r\n\r\n=46rom here\r\n");
}

static void
test_what_cannot_be_known_is_refused (void)
{
  /* VM-07; and what may not be encoded */
  static const char *const messages[] = {
    HEADER "Content-Type: text/plain\nContent-Type: text/html\n\nx\n",
    HEADER "Content-Type: multipart/mixed; boundary=b\n\nno part, \xc3\xbc\n",
    HEADER "Content-Type: message/partial; id=x\n\n\xc3\xbc\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      g_autoptr (LlMessage) message = parse (messages[i], -1);
      g_autoptr (GError) error = NULL;
      g_assert_null (ll_draft_new (message, NULL, &error));
      g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
    }
}

static void
test_what_is_sealed_already_is_never_altered (void)
{
  static const char fit[] = HEADER "Content-Type: multipart/mixed; "
                                   "boundary=m\n\n--m\nContent-Type: multipart/signed; boundary=s\n"
                                   "\n--s\n\ntext with a blank \n--s\nContent-Type: "
                                   "application/pgp-signature\n\nx\n--s--\n--m--\n";
  static const char unfit[] = HEADER
      "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/signed; "
      "boundary=s\n"
      "\n--s\n\n\xc3\xbc\n--s\nContent-Type: application/pgp-signature\n\nx\n--s--\n--m--\n";
  g_autoptr (LlDraft) draft = draft_of (fit, -1);
  g_autoptr (LlMessage) message = parse (unfit, -1);
  g_autoptr (GError) error = NULL;
  g_autofree char *entity = text_of (draft->entity);

  g_assert_nonnull (strstr (entity, "\r\ntext with a blank \r\n"));
  g_assert_null (ll_draft_new (message, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
}

static void
test_opening_puts_the_payload_into_the_outer_header (void)
{
  g_autoptr (LlMessage) outer
      = parse ("From: a@example.org\r\nSubject: ...\r\nContent-Type: multipart/encrypted\r\n\r\n",
               -1);
  g_autoptr (LlMessage) inner = parse ("Content-Type: text/plain; protected-headers=v1\r\n"
                                       "Subject: the real one\r\n\r\nbody\r\n",
                                       -1);
  g_autoptr (LlRope) opened
      = ll_draft_open (ll_message_get_root (outer), ll_message_get_root (inner));
  g_autofree char *text = text_of (opened);

  g_assert_cmpstr (text, ==,
                   "From: a@example.org\r\nSubject: the real one\r\nMIME-Version: 1.0\r\n"
                   "Content-Type: text/plain; protected-headers=v1\r\n\r\nbody\r\n");
}

/* HP-27, HP-38, E2E-21 */
static void
test_opening_believes_the_right_fields (void)
{
  static const struct
  {
    const char *payload, *opened;
  } cases[] = {
    { "Content-Type: text/plain\n\nbody\n",
      "From: a@example.org\nSubject: outside\nReceived: here\nMIME-Version: 1.0\n"
      "Content-Type: text/plain\n\nbody\n" },
    { "Subject: inside\nContent-Type: text/plain\n\nbody\n",
      "From: a@example.org\nSubject: outside\nReceived: here\nMIME-Version: 1.0\n"
      "Content-Type: text/plain\n\nbody\n" },
    { "Subject: inside\nReceived: forged\nAuthentication-Results: forged\nHP-Outer: Subject: x\n"
      "Content-Type: text/plain; hp=cipher\n\nbody\n",
      "From: a@example.org\nReceived: here\nSubject: inside\nMIME-Version: 1.0\n"
      "Content-Type: text/plain; hp=cipher\n\nbody\n" },
    { "Content-Type: message/rfc822\n\nSubject: inside\nContent-Type: text/html\n\nbody\n",
      "From: a@example.org\nReceived: here\nSubject: inside\nMIME-Version: 1.0\n"
      "Content-Type: text/html\n\nbody\n" },
  };
  g_autoptr (LlMessage) outer
      = parse ("From: a@example.org\nSubject: outside\nReceived: here\nHP-Outer: x\n\n", -1);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LlMessage) inner = parse (cases[i].payload, -1);
      g_autoptr (LlRope) opened
          = ll_draft_open (ll_message_get_root (outer), ll_message_get_root (inner));
      g_autofree char *text = text_of (opened);
      g_assert_cmpstr (text, ==, cases[i].opened);
    }
}

static void
test_html_becomes_text_without_its_tricks (void)
{
  /* AT-07, AT-08 */
  static const struct
  {
    const char *html, *text;
  } cases[] = {
    { "<p>Hello <b>there</b></p>", "Hello there\n" },
    { "a<script>evil()</script>b", "ab" },
    { "a<style>x{}</style >b", "ab" },
    { "<!-- <p>hidden --> -->x", "-->x" },
    { "1 &lt; 2 &amp;&#x41; &bogus;", "1 < 2 &A &bogus;" },
    { "<a title=\">\" href='x'>link</a>", "link" },
    { "unclosed <img src=\"http://evil.example/", "unclosed " },
    { "<script>never ends", "" },
    { "2 < 3", "2 < 3" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = ll_body_html_to_text (cases[i].html);
      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
test_a_body_names_what_it_does_not_show (void)
{
  /* E2E-17, SM-25 */
  g_autoptr (LlMessage) message
      = parse (HEADER "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nfirst\n--b\n"
                      "Content-Type: application/pkcs7-mime; name=smime.p7m\n\nc2VjcmV0\n--b\n"
                      "Content-Type: image/png; name=\"..\\\\x.png\"\n\n\n--b--\n",
               -1);
  g_autofree char *text = ll_body_dup_text (ll_message_get_root (message), FALSE);

  g_assert_nonnull (strstr (text, "first"));
  g_assert_null (strstr (text, "c2VjcmV0"));
  g_assert_nonnull (strstr (text, "smime.p7m"));
  g_assert_nonnull (strstr (text, "x.png"));
}

/* HP-34, HP-35, HP-36, HP-39 */
static void
test_legacy_display_is_left_out_of_encrypted_mail (void)
{
  static const struct
  {
    const char *message, *encrypted, *plain;
  } cases[] = {
    { "Content-Type: text/plain; hp-legacy-display=1\n\nSubject: s\n\nbody\n", "body\n",
      "Subject: s\n\nbody\n" },
    { "Content-Type: text/html; hp-legacy-display=1\n\n"
      "<div class=\"x header-protection-legacy-display\"><div>Subject: s</div></div><p>body</p>",
      "body\n", "Subject: s\nbody\n" },
    { "Content-Type: text/html; hp-legacy-display=1\n\n"
      "<div class='header-protection-legacy-display'>Subject: s<p>body</p>",
      "Subject: s\nbody\n", "Subject: s\nbody\n" },
    { "Content-Type: text/html; hp-legacy-display=1\n\n"
      "<div class='no-header-protection-legacy-display'>text</div>",
      "text\n", "text\n" },
    { "Content-Type: text/html\n\n<div class=header-protection-legacy-display>text</div>", "text\n",
      "text\n" },
    { "Content-Type: multipart/mixed; boundary=b; protected-headers=v1\n\n--b\n"
      "Content-Type: text/rfc822-headers; protected-headers=v1\n\nSubject: s\n\n--b\n\nbody\n"
      "--b--\n",
      "body", "Subject: s\nbody" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LlMessage) message = parse (cases[i].message, -1);
      g_autofree char *encrypted = ll_body_dup_text (ll_message_get_root (message), TRUE);
      g_autofree char *plain = ll_body_dup_text (ll_message_get_root (message), FALSE);
      g_assert_cmpstr (encrypted, ==, cases[i].encrypted);
      g_assert_cmpstr (plain, ==, cases[i].plain);
    }
}

/* AT-27 in spirit: megabytes of unfinished markup do not take quadratic time. */
static void
test_hostile_html_takes_linear_time (void)
{
  static const char *const pieces[]
      = { "&",  "<",    "<div class=header-protection-legacy-display>", "<script", "<a \"", "<!--",
          "&#", "<div>" };
  gint64 start = g_get_monotonic_time ();

  for (gsize i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autoptr (GString) text = g_string_new ("Content-Type: text/html; hp-legacy-display=1\n\n");
      g_autoptr (LlMessage) message = NULL;
      g_autofree char *shown = NULL;
      while (text->len < 1024 * 1024)
        g_string_append (text, pieces[i]);
      message = parse (text->str, (gssize)text->len);
      shown = ll_body_dup_text (ll_message_get_root (message), TRUE);
    }
  g_assert_cmpint (g_get_monotonic_time () - start, <, 30 * G_USEC_PER_SEC);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/draft/every leaf decodes to the same octets",
                   test_every_leaf_decodes_to_the_same_octets);
  g_test_add_data_func ("/draft/Japanese mail survives", "japanese-mail",
                        test_a_real_mailbox_survives);
  g_test_add_data_func ("/draft/odd structures survive", "mime-structure",
                        test_a_real_mailbox_survives);
  g_test_add_func ("/draft/Bcc and structure stay out of the outer header",
                   test_bcc_and_structure_stay_out_of_the_outer_header);
  g_test_add_func ("/draft/no recipient is lost", test_no_recipient_is_lost);
  g_test_add_func ("/draft/a nested message keeps its fields",
                   test_a_nested_message_keeps_its_fields);
  g_test_add_func ("/draft/what cannot be known is refused", test_what_cannot_be_known_is_refused);
  g_test_add_func ("/draft/what is sealed already is never altered",
                   test_what_is_sealed_already_is_never_altered);
  g_test_add_func ("/draft/opening puts the payload into the outer header",
                   test_opening_puts_the_payload_into_the_outer_header);
  g_test_add_func ("/draft/opening believes the right fields",
                   test_opening_believes_the_right_fields);
  g_test_add_func ("/body/HTML becomes text without its tricks",
                   test_html_becomes_text_without_its_tricks);
  g_test_add_func ("/body/a body names what it does not show",
                   test_a_body_names_what_it_does_not_show);
  g_test_add_func ("/body/legacy display is left out of encrypted mail",
                   test_legacy_display_is_left_out_of_encrypted_mail);
  g_test_add_func ("/body/hostile HTML takes linear time", test_hostile_html_takes_linear_time);
  return g_test_run ();
}
