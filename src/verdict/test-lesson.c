/* What a message teaches, and from which messages nothing is learnt (SM-29, E2E-28). */
#include <config.h>

#include <string.h>

#include "keys/key-private.h"
#include "verdict/lesson.h"
#include "verdict/test-evidence.h"

static const TestSignature good = TEST_GOOD;

static LlKey *
certificate (const char *fingerprint, const char *subject, gboolean encrypts)
{
  LlKey *key = ll_key_new (LL_PROTOCOL_SMIME);
  LlUserId *user_id = ll_key_add_user_id (key);
  LlSubkey *subkey = ll_key_add_subkey (key);

  key->fingerprint = g_strdup (fingerprint);
  key->subject = g_strdup (subject);
  key->issuer = g_strdup ("CN=CA");
  key->created = TEST_NOW - 1000000;
  user_id->text = g_strdup (TEST_AUTHOR);
  user_id->address = g_strdup (TEST_AUTHOR);
  subkey->fingerprint = g_strdup (fingerprint);
  subkey->created = key->created;
  subkey->can_sign = TRUE;
  subkey->can_encrypt = encrypts;
  return ll_key_freeze (key);
}

/* The fake engine is OpenPGP's; here every signature is S/MIME's, with capabilities. */
static void
make_smime (LlEvidence *evidence)
{
  for (guint i = 0; i < evidence->layers->len; i++)
    {
      const LlLayerEvidence *layer = g_ptr_array_index (evidence->layers, i);
      LlFacts *facts = (LlFacts *)ll_layer_evidence_get_facts (evidence, layer);
      facts->protocol = LL_PROTOCOL_SMIME;
      for (guint s = 0; s < facts->signatures->len; s++)
        {
          LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, s);
          signature->protocol = LL_PROTOCOL_SMIME;
          signature->capabilities = g_bytes_new_static ("list", 4);
        }
    }
}

static GPtrArray *
draw (LlEvidence *evidence)
{
  g_autoptr (LlVerdict) verdict = NULL;

  make_smime (evidence);
  verdict = ll_verdict_new (evidence);
  return ll_lessons_draw (evidence, verdict);
}

/* One message of a shape, signed as `signature` says, teaches so much. */
static void
assert_lessons (const char *shape, const TestSignature *signature, guint expected)
{
  g_autoptr (LlKey) key = certificate ("AA", "CN=Alice", TRUE);
  g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
  TestSignature signed_by = *signature;
  g_autoptr (GPtrArray) lessons = NULL;

  signed_by.key = key;
  test_add_shape (evidence, shape, &signed_by);
  lessons = draw (evidence);
  g_assert_cmpuint (lessons->len, ==, expected);
}

static void
test_good (void)
{
  g_autoptr (LlKey) key = certificate ("AA", "CN=Alice", TRUE);
  g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
  g_autoptr (GPtrArray) lessons = NULL;
  TestSignature signed_by = good;
  const LlLesson *lesson;

  signed_by.key = key;
  test_add_shape (evidence, "S", &signed_by);
  lessons = draw (evidence);
  g_assert_cmpuint (lessons->len, ==, 1);
  lesson = g_ptr_array_index (lessons, 0);
  g_assert_cmpstr (lesson->address, ==, TEST_AUTHOR);
  g_assert_cmpstr (ll_key_get_fingerprint (lesson->signer), ==, "AA");
  g_assert_null (lesson->preferred);
  g_assert_cmpint (lesson->signed_at, ==, TEST_NOW - 60);
  g_assert_cmpuint (g_bytes_get_size (lesson->capabilities), ==, 4);
  g_assert_false (ll_lesson_is_news (lesson)); /* nothing has come of it yet */
}

static void
test_shapes (void)
{
  assert_lessons ("S", &good, 1);
  assert_lessons ("ES", &good, 1);
  assert_lessons ("SES", &good, 1); /* triple wrap */
  assert_lessons ("", &good, 0);
  assert_lessons ("E", &good, 0);
  /* a signature outside the encryption is perhaps of somebody who never saw the content */
  assert_lessons ("SE", &good, 0);
  assert_lessons ("B", &good, 0);
  assert_lessons ("O", &good, 0);
  assert_lessons ("F", &good, 0);
}

static void
test_bad_signatures (void)
{
  static const TestSignature bad[] = {
    { LL_INTEGRITY_BROKEN, LL_REASON_BAD_SIGNATURE, TEST_YES, TEST_YES, TEST_YES },
    { LL_INTEGRITY_NOT_CHECKED, LL_REASON_UNSUPPORTED_ALGORITHM, TEST_YES, TEST_YES, TEST_YES },
    { LL_INTEGRITY_HOLDS, LL_REASON_WEAK_DIGEST, TEST_YES, TEST_YES, TEST_YES },
    { LL_INTEGRITY_HOLDS, LL_REASON_NONE, TEST_NO (FROM_MISMATCH), TEST_YES, TEST_YES },
    { LL_INTEGRITY_HOLDS, LL_REASON_NONE, TEST_YES, TEST_NO (ROOT_NOT_TRUSTED), TEST_YES },
    { LL_INTEGRITY_HOLDS, LL_REASON_NONE, TEST_YES, TEST_YES, TEST_NO (KEY_EXPIRED) },
    { LL_INTEGRITY_HOLDS, LL_REASON_NONE, TEST_YES, TEST_YES, TEST_NO (KEY_REVOKED) },
    { LL_INTEGRITY_HOLDS, LL_REASON_NONE, TEST_YES, TEST_YES, TEST_YES,
      .signing_time = TEST_NOW + 2 * 365 * 24 * 60 * 60 },
    { LL_INTEGRITY_HOLDS, LL_REASON_NONE, TEST_YES, TEST_YES, TEST_YES, .key_missing = TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_lessons ("S", &bad[i], 0);
}

/* E2E-28: what hangs in the payload teaches nothing, however good it is by itself. */
static void
test_errant (void)
{
  g_autoptr (LlKey) key = certificate ("AA", "CN=Alice", TRUE);
  TestSignature signed_by = good;
  static const LlReason kinds[] = { LL_REASON_ERRANT_SIGNATURE, LL_REASON_FORWARDED };

  signed_by.key = key;
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
      g_autoptr (GPtrArray) lessons = NULL;

      test_add_errant (evidence, kinds[i], &signed_by);
      lessons = draw (evidence);
      g_assert_cmpuint (lessons->len, ==, 0);
    }
}

static void
test_not_of_now (void)
{
  g_autoptr (LlKey) key = certificate ("AA", "CN=Alice", TRUE);
  g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
  g_autoptr (LlEvidence) file = test_evidence_new (TRUE);
  g_autoptr (GPtrArray) lessons = NULL, of_file = NULL;
  TestSignature signed_by = good;

  signed_by.key = key;
  test_add_shape (evidence, "S", &signed_by);
  evidence->judged_at_set = TRUE;
  lessons = draw (evidence);
  g_assert_cmpuint (lessons->len, ==, 0);
  test_add_shape (file, "S", &signed_by);
  of_file = draw (file);
  g_assert_cmpuint (of_file->len, ==, 0);
}

/* SM-30: the preference that was signed; else what has the same name and can be encrypted to. */
static void
test_other_certificate (gconstpointer data)
{
  gboolean preferred = GPOINTER_TO_INT (data);
  g_autoptr (LlKey) key = certificate ("AA", "CN=Alice", FALSE);
  g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
  g_autoptr (GPtrArray) lessons = NULL;
  TestSignature signed_by = good;
  LlFacts *facts;
  const LlLesson *lesson;

  signed_by.key = key;
  facts = test_add_layer (evidence, LL_LAYER_SIGNED, LL_DECRYPTION_NONE, LL_REASON_NONE);
  test_add_signature (evidence, &signed_by);
  g_ptr_array_add (facts->certificates, certificate ("AA", "CN=Alice", FALSE));
  g_ptr_array_add (facts->certificates, certificate ("BB", "CN=Somebody else", TRUE));
  g_ptr_array_add (facts->certificates, certificate ("CC", "CN=Alice", TRUE));
  if (preferred)
    ((LlSignatureFacts *)g_ptr_array_index (facts->signatures, 0))->encryption_key
        = certificate ("BB", "CN=Somebody else", TRUE);
  lessons = draw (evidence);
  g_assert_cmpuint (lessons->len, ==, 1);
  lesson = g_ptr_array_index (lessons, 0);
  g_assert_cmpuint (lesson->same_name->len, ==, preferred ? 0 : 1);
  if (preferred)
    g_assert_cmpstr (ll_key_get_fingerprint (lesson->preferred), ==, "BB");
  else
    g_assert_cmpstr (ll_key_get_fingerprint (g_ptr_array_index (lesson->same_name, 0)), ==, "CC");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lesson/a good signature teaches certificate, capabilities and time",
                   test_good);
  g_test_add_func ("/lesson/only the signature on which the status rests teaches anything",
                   test_shapes);
  g_test_add_func ("/lesson/a signature that is not good in every way teaches nothing (SM-29)",
                   test_bad_signatures);
  g_test_add_func ("/lesson/what is attached or forwarded teaches nothing (E2E-28)", test_errant);
  g_test_add_func ("/lesson/nothing is learnt as of another time, nor from a file",
                   test_not_of_now);
  g_test_add_data_func ("/lesson/the preferred certificate comes along (SM-30)",
                        GINT_TO_POINTER (TRUE), test_other_certificate);
  g_test_add_data_func ("/lesson/without a preference, the one of the same name comes along "
                        "(SM-30)",
                        GINT_TO_POINTER (FALSE), test_other_certificate);
  return g_test_run ();
}
