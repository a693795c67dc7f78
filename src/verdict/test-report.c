/* test-report.c - the words, the text and the JSON of a verdict. */
#include <config.h>

#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>

#include "verdict/report-private.h"
#include "verdict/test-evidence.h"

static const TestSignature good_signature = TEST_GOOD;

/* Everything that ends a line, turns the direction, fakes a quotation or a colour. */
#define HOSTILE                                                                                    \
  "x”\nSigned by its sender, "                                                                   \
  "“bank@example.org”\r\n\033[32mGOOD\033[0m\342\200\256lave\342\200\254"                      \
  "\342\200\213\342\200\250\001\177"

/* --- words --- */

static void
test_every_reason_has_words (void)
{
  g_autoptr (GHashTable) sentences = g_hash_table_new (g_str_hash, g_str_equal);

  for (int reason = 0; reason < LL_N_REASONS; reason++)
    {
      const char *sentence = ll_wording_reason (reason);
      g_assert_cmpuint (strlen (sentence), >, 10);
      g_assert_true (g_hash_table_add (sentences, (gpointer)sentence));
      g_assert_false (strstr (sentence, "no words yet") != NULL);
      g_assert_true (ll_wording_advice (reason) == NULL || *ll_wording_advice (reason) != '\0');
    }
}

static guint
count_of (const char *text, const char *what)
{
  guint n = 0;
  for (const char *p = strstr (text, what); p != NULL; p = strstr (p + 1, what))
    n++;
  return n;
}

/* One line, no controls, no bidi tricks. */
static void
assert_inert (const char *text, gboolean one_line)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      g_assert_false (g_unichar_iscntrl (c) && (one_line || c != '\n'));
      g_assert_false ((c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E));
    }
}

static void
test_quotation (void)
{
  g_autofree char *quoted = ll_wording_quote (HOSTILE);
  g_autofree char *nothing = ll_wording_quote (NULL);
  g_autofree char *percent = ll_wording_quote ("100 %s %n");

  assert_inert (quoted, TRUE);
  g_assert_cmpuint (count_of (quoted, "“"), ==, 1);
  g_assert_cmpuint (count_of (quoted, "”"), ==, 1);
  g_assert_true (g_str_has_prefix (quoted, "“") && g_str_has_suffix (quoted, "”"));
  g_assert_cmpstr (nothing, ==, "“”");
  g_assert_cmpstr (percent, ==, "“100 %s %n”");
}

/* A good word only for a good status. */
static void
test_headlines (void)
{
  static const struct
  {
    const char *shape;
    LlReason errant;
    const char *headline;
  } cases[] = {
    { "S", LL_REASON_NONE, "Signed by its sender, “alice@example.org”, and unchanged since." },
    { "ES", LL_REASON_NONE, "Encrypted, and signed by its sender, “alice@example.org”." },
    { "BES", LL_REASON_NONE,
      "Encrypted, and signed by “alice@example.org”, but read the caution." },
    { "E", LL_REASON_NONE, "This message was encrypted, but nothing shows who wrote it." },
    { "F", LL_REASON_NONE, "This message is encrypted and could not be opened." },
    { "", LL_REASON_NONE, "This message is neither signed nor encrypted." },
    { "B", LL_REASON_NONE, "This message has no signature that can be relied on." },
    { "", LL_REASON_ERRANT_SIGNATURE, "Only a part of this message is signed." },
    { "", LL_REASON_LIST_FOOTER, "Only a part of this message is signed." },
    { "", LL_REASON_INLINE_ENCRYPTION, "Only a part of this message is encrypted." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
      g_autoptr (LlVerdict) verdict = NULL;
      g_autofree char *headline = NULL;

      test_add_shape (evidence, cases[i].shape, &good_signature);
      if (cases[i].errant != LL_REASON_NONE)
        test_add_errant (evidence, cases[i].errant, &good_signature);
      verdict = ll_verdict_new (evidence);
      headline = ll_wording_headline (evidence, verdict);
      g_assert_cmpstr (headline, ==, cases[i].headline);
    }
}

/* --- text --- */

static LlEvidence *
evidence_with (const char *strange, LlKey **key)
{
  LlEvidence *evidence = test_evidence_new (FALSE);
  TestSignature signature = TEST_GOOD;

  *key = test_key_new (strange, TEST_AUTHOR);
  signature.key = *key;
  signature.address = strange;
  g_free (evidence->subject);
  g_free (evidence->author_text);
  evidence->subject = g_strdup (strange);
  evidence->author_text = g_strdup (strange);
  evidence->judged_at_set = TRUE;
  test_add_shape (evidence, "OES", &signature);
  test_add_errant (evidence, LL_REASON_FORWARDED, &signature);
  return evidence;
}

typedef char *(*Writer) (const LlEvidence *evidence, const LlVerdict *verdict);

/* Rule 5 of the house, IA-05: a hostile string leaves the lines of the report as they are. */
static void
test_hostile_text (gconstpointer data)
{
  Writer write = (Writer)data;
  g_autoptr (LlKey) key_a = NULL, key_b = NULL;
  g_autoptr (LlEvidence) hostile = evidence_with (HOSTILE, &key_a);
  g_autoptr (LlEvidence) harmless = evidence_with ("x", &key_b);
  g_autoptr (LlVerdict) verdict_a = ll_verdict_new (hostile);
  g_autoptr (LlVerdict) verdict_b = ll_verdict_new (harmless);
  g_autofree char *text_a = write (hostile, verdict_a), *text_b = write (harmless, verdict_b);
  g_auto (GStrv) lines_a = g_strsplit (text_a, "\n", -1), lines_b = g_strsplit (text_b, "\n", -1);

  assert_inert (text_a, FALSE);
  g_assert_cmpuint (g_strv_length (lines_a), ==, g_strv_length (lines_b));
  for (guint i = 0; lines_a[i] != NULL; i++)
    {
      const char *quote = strstr (lines_b[i], "“x”");
      /* up to the stranger's words both are the same, and nothing of ours follows them */
      if (quote == NULL)
        g_assert_cmpstr (lines_a[i], ==, lines_b[i]);
      else
        {
          g_assert_true (strncmp (lines_a[i], lines_b[i], (gsize)(quote - lines_b[i])) == 0);
          g_assert_cmpstr (quote, ==, "“x”");
          g_assert_true (g_str_has_suffix (lines_a[i], "”"));
        }
    }
}

static void
test_text_names_its_evidence (void)
{
  static const char *const expected[] = {
    "Fingerprint: “0123456789ABCDEF0123456789ABCDEF01234567”",
    "Method: EdDSA, SHA-512",
    "Trusted because: people whom you trust",
    "Judged as of:",
    "Signed at, as the signer says:",
    "1. OpenPGP signature: not good",
    "2. OpenPGP encryption: opened",
    "3. OpenPGP signature: good",
  };
  g_autoptr (LlKey) key = NULL;
  g_autoptr (LlEvidence) evidence = evidence_with ("Alice", &key);
  g_autoptr (LlVerdict) verdict = ll_verdict_new (evidence);
  g_autofree char *text = ll_report_to_text (evidence, verdict);

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_nonnull (strstr (text, expected[i]));
}

/* --- JSON --- */

static JsonNode *
report_of (const LlEvidence *evidence, gboolean tree)
{
  g_autoptr (LlVerdict) verdict = ll_verdict_new (evidence);
  g_autofree char *json = ll_report_to_json (evidence, verdict, tree);
  g_autoptr (GError) error = NULL;
  JsonNode *node = json_from_string (json, &error);

  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (json, "}\n"));
  return node;
}

/* The value at "layers.0.signature.good", as JSON. */
static char *
value_at (JsonNode *root, const char *path)
{
  g_auto (GStrv) steps = g_strsplit (path, ".", -1);
  JsonNode *node = root;

  for (guint i = 0; steps[i] != NULL; i++)
    {
      g_assert_nonnull (node);
      if (JSON_NODE_HOLDS_ARRAY (node))
        node = json_array_get_element (json_node_get_array (node), (guint)atoi (steps[i]));
      else
        node = json_object_get_member (json_node_get_object (node), steps[i]);
    }
  return node != NULL ? json_to_string (node, FALSE) : g_strdup ("absent");
}

typedef struct
{
  const char *path, *value;
} Golden;

static void
assert_golden (JsonNode *root, const Golden *golden, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *value = value_at (root, golden[i].path);
      if (g_strcmp0 (value, golden[i].value) != 0)
        g_test_message ("at %s", golden[i].path);
      g_assert_cmpstr (value, ==, golden[i].value);
    }
}

static void
test_json_of_a_good_message (void)
{
  static const Golden golden[] = {
    { "schema", "\"letterlock.report/1\"" },
    { "kind", "\"message\"" },
    { "status", "\"signed-encrypted\"" },
    { "good", "true" },
    { "reason", "\"another-signer-failed\"" },
    { "reasons", "[\"another-signer-failed\"]" },
    { "cautions", "[\"another-signer-failed\"]" },
    { "axes.integrity", "{\"value\":\"yes\",\"reason\":\"none\"}" },
    { "axes.binding.value", "\"yes\"" },
    { "axes.trust.value", "\"yes\"" },
    { "axes.time.value", "\"yes\"" },
    { "axes.transport", "{\"value\":\"not-checked\",\"reason\":\"not-checked\"}" },
    { "encrypted", "true" },
    { "signed_claim", "true" },
    { "judged_at", "\"2026-09-21T14:13:20Z\"" },
    { "judged_at_set", "false" },
    { "author", "\"alice@example.org\"" },
    { "author_reason", "\"none\"" },
    { "from", "\"Alice <alice@example.org>\"" },
    { "sender", "null" },
    { "subject", "\"Lunch\"" },
    { "date", "\"2026-09-21T14:11:50Z\"" },
    { "signer.good", "true" },
    { "signer.fingerprint", "\"0123456789ABCDEF0123456789ABCDEF01234567\"" },
    { "signer.algorithm", "\"EdDSA\"" },
    { "signer.digest", "\"SHA-512\"" },
    { "signer.signing_time", "\"2026-09-21T14:12:20Z\"" },
    { "signer.expires", "null" },
    { "signer.trust_source", "\"web-of-trust\"" },
    { "signer.revocation_checked", "false" },
    { "layers.0.kind", "\"signed\"" },
    { "layers.0.encryption", "null" },
    { "layers.0.signature.good", "false" },
    { "layers.0.signature.reason", "\"bad-signature\"" },
    { "layers.0.signature.credited", "false" },
    { "layers.1.kind", "\"encrypted\"" },
    { "layers.1.encryption.opened", "true" },
    { "layers.1.signature", "null" },
    { "layers.2.signature.credited", "true" },
    { "layers.2.signature.signers.0.axes.binding.value", "\"yes\"" },
    { "errant", "[]" },
    { "payload", "absent" },
  };
  g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
  g_autoptr (JsonNode) root = NULL;

  test_add_shape (evidence, "BES", &good_signature);
  root = report_of (evidence, FALSE);
  assert_golden (root, golden, G_N_ELEMENTS (golden));
}

static void
test_json_of_plain_mail (void)
{
  static const Golden golden[] = {
    { "status", "\"none\"" },
    { "good", "false" },
    { "reason", "\"errant-signature\"" },
    { "reasons", "[\"errant-signature\"]" },
    { "cautions", "[]" },
    { "axes.integrity", "{\"value\":\"not-checked\",\"reason\":\"not-signed\"}" },
    { "encrypted", "false" },
    { "signer", "null" },
    { "layers", "[]" },
    { "errant.0.kind", "\"errant-signature\"" },
    { "errant.0.path", "\"1.2\"" },
    { "errant.0.signers.0.good", "true" },
  };
  g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
  g_autoptr (JsonNode) root = NULL;

  test_add_errant (evidence, LL_REASON_ERRANT_SIGNATURE, &good_signature);
  root = report_of (evidence, FALSE);
  assert_golden (root, golden, G_N_ELEMENTS (golden));
}

static void
test_json_of_a_file (void)
{
  static const Golden golden[] = {
    { "kind", "\"file\"" },
    { "status", "\"signed\"" },
    { "file", "\"a.txt\"" },
    { "author", "absent" },
    { "axes.binding", "{\"value\":\"not-checked\",\"reason\":\"not-checked\"}" },
    { "layers.0.form", "\"file\"" },
  };
  g_autoptr (LlEvidence) evidence = test_evidence_new (TRUE);
  g_autoptr (JsonNode) root = NULL;

  evidence->file_name = g_strdup ("a.txt");
  test_add_shape (evidence, "S", &good_signature);
  root = report_of (evidence, TRUE);
  assert_golden (root, golden, G_N_ELEMENTS (golden));
}

/* E2E-25, SM-27: no signature in the right place, no name in the report. */
static void
test_json_without_signature_names_nobody (void)
{
  static const Golden golden[] = {
    { "status", "\"encrypted-unverified\"" },
    { "signer", "null" },
    { "reason", "\"signature-outside-encryption\"" },
  };
  g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
  g_autoptr (JsonNode) root = NULL;

  test_add_shape (evidence, "SE", &good_signature);
  root = report_of (evidence, FALSE);
  assert_golden (root, golden, G_N_ELEMENTS (golden));
}

static void assert_strings_inert (JsonArray *array, guint index, JsonNode *node, gpointer data);

static void
assert_member_inert (JsonObject *object, const char *name, JsonNode *node, gpointer data)
{
  if (!g_str_equal (name, "text")) /* has lines, and a test of its own */
    assert_strings_inert (NULL, 0, node, data);
}

static void
assert_strings_inert (JsonArray *array, guint index, JsonNode *node, gpointer data)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    json_object_foreach_member (json_node_get_object (node), assert_member_inert, data);
  else if (JSON_NODE_HOLDS_ARRAY (node))
    json_array_foreach_element (json_node_get_array (node), assert_strings_inert, data);
  else if (json_node_get_value_type (node) == G_TYPE_STRING)
    assert_inert (json_node_get_string (node), TRUE);
}

static void
test_json_is_inert (void)
{
  g_autoptr (LlKey) key = NULL;
  g_autoptr (LlEvidence) evidence = evidence_with (HOSTILE, &key);
  g_autoptr (JsonNode) root = report_of (evidence, TRUE);

  assert_strings_inert (NULL, 0, root, NULL);
}

/* The fields come in one order, so that reports can be compared as text. */
static void
test_json_order (void)
{
  static const char *const order[]
      = { "schema",        "kind",         "status",    "good",          "reason",
          "headline",      "text",         "reasons",   "cautions",      "axes",
          "encrypted",     "signed_claim", "judged_at", "judged_at_set", "author",
          "author_reason", "from",         "sender",    "subject",       "subject_protected",
          "date",          "signer",       "layers",    "errant",        "learnt",
          "payload" };
  g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GList) members = NULL;
  guint i = 0;

  root = report_of (evidence, TRUE);
  members = json_object_get_members (json_node_get_object (root));
  g_assert_cmpuint (g_list_length (members), ==, G_N_ELEMENTS (order));
  for (GList *l = members; l != NULL; l = l->next, i++)
    g_assert_cmpstr (l->data, ==, order[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/wording/every reason has a sentence of its own", test_every_reason_has_words);
  g_test_add_func ("/wording/nothing gets out of a quotation", test_quotation);
  g_test_add_func ("/wording/each status has its headline", test_headlines);
  g_test_add_data_func ("/text/a hostile string changes no line of the text", ll_report_to_text,
                        test_hostile_text);
  g_test_add_data_func ("/text/a hostile string changes no line of the tree", ll_report_to_tree,
                        test_hostile_text);
  g_test_add_func ("/text/a claim names its evidence", test_text_names_its_evidence);
  g_test_add_func ("/json/a good message", test_json_of_a_good_message);
  g_test_add_func ("/json/plain mail with a signed part", test_json_of_plain_mail);
  g_test_add_func ("/json/a file", test_json_of_a_file);
  g_test_add_func ("/json/without a signature nobody is named",
                   test_json_without_signature_names_nobody);
  g_test_add_func ("/json/no string in it can do anything", test_json_is_inert);
  g_test_add_func ("/json/the fields have one order", test_json_order);
  return g_test_run ();
}
