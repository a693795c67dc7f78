/* test-verdict.c - the whole truth table of the court, and the known attacks as rows of data. */
#include <config.h>

#include <string.h>

#include "keys/key-private.h"
#include "verdict/test-evidence.h"
#include "verdict/weights.h"

#define N_BLOCKS 3

static const TestSignature good_signature = TEST_GOOD;

static gboolean
lists (const GArray *reasons, LlReason reason)
{
  for (guint i = 0; i < reasons->len; i++)
    if (g_array_index (reasons, LlReason, i) == reason)
      return TRUE;
  return FALSE;
}

/* What must be so of every verdict there is. */
static void
assert_sound (const LlEvidence *evidence, const LlVerdict *verdict)
{
  const LlAxis axes[]
      = { verdict->integrity, verdict->binding, verdict->trust, verdict->time, verdict->transport };

  /* VM-06: no negative without a reason, and none twice */
  for (guint i = 0; i < G_N_ELEMENTS (axes); i++)
    g_assert_true (axes[i].answer == LL_ANSWER_YES || axes[i].reason != LL_REASON_NONE);
  for (guint i = 0; i < verdict->reasons->len; i++)
    for (guint j = i + 1; j < verdict->reasons->len; j++)
      g_assert_cmpint (g_array_index (verdict->reasons, LlReason, i), !=,
                       g_array_index (verdict->reasons, LlReason, j));
  for (guint i = 0; i < verdict->cautions->len; i++)
    g_assert_true (lists (verdict->reasons, g_array_index (verdict->cautions, LlReason, i)));

  /* VM-02: what servers say is never mixed in */
  g_assert_cmpint (verdict->transport.answer, ==, LL_ANSWER_NOT_CHECKED);

  if (ll_verdict_is_good (verdict))
    {
      g_assert_cmpint (verdict->integrity.answer, ==, LL_ANSWER_YES);
      g_assert_cmpint (verdict->trust.answer, ==, LL_ANSWER_YES);
      g_assert_cmpint (verdict->time.answer, ==, LL_ANSWER_YES);
      g_assert_true (evidence->is_file || verdict->binding.answer == LL_ANSWER_YES);
      g_assert_nonnull (verdict->signer);
      g_assert_cmpuint (verdict->reason != LL_REASON_NONE, ==, verdict->cautions->len > 0);
    }
  else
    {
      g_assert_cmpuint (verdict->reasons->len, >, 0);
      g_assert_cmpint (verdict->reason, ==, g_array_index (verdict->reasons, LlReason, 0));
    }
}

/* Each shape of a message, its status when the signature under test is good, and when it is not. */
static const struct
{
  const char *shape; /* test-evidence.h */
  LlStatus good, bad;
} shapes[] = {
  { "", LL_STATUS_NONE, LL_STATUS_NONE },
  { "S", LL_STATUS_SIGNED, LL_STATUS_NONE },
  { "E", LL_STATUS_ENCRYPTED_UNVERIFIED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { "C", LL_STATUS_ENCRYPTED_UNVERIFIED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { "M", LL_STATUS_SIGNED_ENCRYPTED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { "ES", LL_STATUS_SIGNED_ENCRYPTED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { "CS", LL_STATUS_SIGNED_ENCRYPTED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { "EM", LL_STATUS_SIGNED_ENCRYPTED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { "EES", LL_STATUS_SIGNED_ENCRYPTED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  /* a signature outside the encryption does not sign the plaintext */
  { "SE", LL_STATUS_ENCRYPTED_UNVERIFIED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { "SSE", LL_STATUS_ENCRYPTED_UNVERIFIED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { "ESE", LL_STATUS_ENCRYPTED_UNVERIFIED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { "ME", LL_STATUS_ENCRYPTED_UNVERIFIED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { "BE", LL_STATUS_ENCRYPTED_UNVERIFIED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  /* triple wrap: the author is the inner signer (ES-02) */
  { "SES", LL_STATUS_SIGNED_ENCRYPTED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { "OES", LL_STATUS_SIGNED_ENCRYPTED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { "BES", LL_STATUS_SIGNED_ENCRYPTED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { "SEO", LL_STATUS_ENCRYPTED_UNVERIFIED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { "SEB", LL_STATUS_ENCRYPTED_UNVERIFIED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  /* signatures around signatures */
  { "OS", LL_STATUS_SIGNED, LL_STATUS_NONE },
  { "SO", LL_STATUS_SIGNED, LL_STATUS_NONE },
  { "BS", LL_STATUS_SIGNED, LL_STATUS_NONE },
  { "SB", LL_STATUS_NONE, LL_STATUS_NONE },
  { "SBO", LL_STATUS_NONE, LL_STATUS_NONE },
  { "EOS", LL_STATUS_SIGNED_ENCRYPTED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  { "ESO", LL_STATUS_SIGNED_ENCRYPTED, LL_STATUS_ENCRYPTED_UNVERIFIED },
  /* what stays shut */
  { "F", LL_STATUS_CANNOT_DECRYPT, LL_STATUS_CANNOT_DECRYPT },
  { "SF", LL_STATUS_CANNOT_DECRYPT, LL_STATUS_CANNOT_DECRYPT },
  { "EF", LL_STATUS_CANNOT_DECRYPT, LL_STATUS_CANNOT_DECRYPT },
  { "MF", LL_STATUS_CANNOT_DECRYPT, LL_STATUS_CANNOT_DECRYPT },
  /* weak encryption earns nothing (E2E-26) */
  { "W", LL_STATUS_NONE, LL_STATUS_NONE },
  { "WS", LL_STATUS_SIGNED, LL_STATUS_NONE },
  { "SW", LL_STATUS_NONE, LL_STATUS_NONE },
  { "WE", LL_STATUS_ENCRYPTED_UNVERIFIED, LL_STATUS_ENCRYPTED_UNVERIFIED },
};

static const struct
{
  LlIntegrity integrity;
  LlReason reason;
  gboolean holds;
} integrities[] = {
  { LL_INTEGRITY_HOLDS, LL_REASON_NONE, TRUE },
  { LL_INTEGRITY_HOLDS, LL_REASON_NO_SIGNED_ATTRIBUTES, TRUE },
  { LL_INTEGRITY_HOLDS, LL_REASON_WEAK_DIGEST, FALSE },
  { LL_INTEGRITY_HOLDS, LL_REASON_WEAK_KEY, FALSE },
  { LL_INTEGRITY_HOLDS, LL_REASON_SIGNATURE_TYPE, FALSE },
  { LL_INTEGRITY_HOLDS, LL_REASON_KEY_EXPIRED, FALSE },
  { LL_INTEGRITY_HOLDS, LL_REASON_KEY_REVOKED, FALSE },
  { LL_INTEGRITY_HOLDS, LL_REASON_SIGNATURE_EXPIRED, FALSE },
  { LL_INTEGRITY_BROKEN, LL_REASON_DIGEST_MISMATCH, FALSE },
  { LL_INTEGRITY_BROKEN, LL_REASON_NONE, FALSE },
  { LL_INTEGRITY_NOT_CHECKED, LL_REASON_NO_PUBLIC_KEY, FALSE },
  { LL_INTEGRITY_NOT_CHECKED, LL_REASON_NONE, FALSE },
};

static const LlAxis axis_values[] = {
  TEST_YES,
  { LL_ANSWER_YES, LL_REASON_REVOCATION_NOT_CHECKED },
  TEST_NO (NONE),
  TEST_UNCHECKED (NONE),
};

/* One cell of the table, against a rule that is written here a second time, plainly. */
static void
check_cell (guint shape, const TestSignature *signature, gboolean signature_is_good, guint blocked,
            gboolean is_file)
{
  static const LlReason blocks[N_BLOCKS]
      = { LL_REASON_NONE, LL_REASON_AMBIGUOUS_STRUCTURE, LL_REASON_LIMIT_DEPTH };
  g_autoptr (LlEvidence) evidence = test_evidence_new (is_file);
  g_autoptr (LlVerdict) verdict = NULL;
  LlStatus expected = signature_is_good ? shapes[shape].good : shapes[shape].bad;

  test_add_shape (evidence, shapes[shape].shape, signature);
  if (blocks[blocked] != LL_REASON_NONE)
    {
      *(blocked == 1 ? &evidence->envelope->ambiguity : &evidence->envelope->limit)
          = blocks[blocked];
      if (expected != LL_STATUS_CANNOT_DECRYPT)
        expected = LL_STATUS_NONE;
    }
  verdict = ll_verdict_new (evidence);
  if (verdict->status != expected)
    g_test_message ("shape %s, integrity %d, reason %s, block %u, file %d", shapes[shape].shape,
                    signature->integrity, ll_reason_name (signature->reason), blocked, is_file);
  g_assert_cmpstr (ll_status_name (verdict->status), ==, ll_status_name (expected));
  assert_sound (evidence, verdict);
  if (blocks[blocked] != LL_REASON_NONE)
    g_assert_true (lists (verdict->reasons, blocks[blocked]));
}

static void
check_axes (guint shape, guint integrity, LlAxis binding, LlAxis trust, LlAxis time)
{
  TestSignature signature
      = { integrities[integrity].integrity, integrities[integrity].reason, binding, trust, time };
  gboolean believed = integrities[integrity].holds && trust.answer == LL_ANSWER_YES
                      && time.answer == LL_ANSWER_YES;
  gboolean bound = binding.answer == LL_ANSWER_YES;

  for (guint blocked = 0; blocked < N_BLOCKS; blocked++)
    check_cell (shape, &signature, believed && bound, blocked, FALSE);
  /* a file is one layer, and has no author to bind to */
  if (strlen (shapes[shape].shape) == 1)
    check_cell (shape, &signature, believed, 0, TRUE);
}

static void
test_table (void)
{
  const guint n = G_N_ELEMENTS (axis_values);

  for (guint shape = 0; shape < G_N_ELEMENTS (shapes); shape++)
    for (guint integrity = 0; integrity < G_N_ELEMENTS (integrities); integrity++)
      for (guint i = 0; i < n * n * n; i++)
        check_axes (shape, integrity, axis_values[i % n], axis_values[i / n % n],
                    axis_values[i / n / n]);
}

/* --- the attacks, as data (AT-12 to AT-18) --- */

static const TestSignature by_eve = { LL_INTEGRITY_HOLDS, LL_REASON_NONE, TEST_NO (FROM_MISMATCH),
                                      TEST_YES,           TEST_YES,       "eve@example.org" };
static const TestSignature pretending_to_be_alice
    = { LL_INTEGRITY_BROKEN, LL_REASON_BAD_SIGNATURE, TEST_YES, TEST_YES, TEST_YES };
static const TestSignature changed
    = { LL_INTEGRITY_BROKEN, LL_REASON_DIGEST_MISMATCH, TEST_YES, TEST_YES, TEST_YES };
static const TestSignature beside_content
    = { LL_INTEGRITY_BROKEN, LL_REASON_CONTENT_IN_DETACHED, TEST_YES, TEST_YES, TEST_YES };
static const TestSignature unknown_key
    = { LL_INTEGRITY_NOT_CHECKED, LL_REASON_NO_PUBLIC_KEY, .key_missing = TRUE };
static const TestSignature self_signed
    = { LL_INTEGRITY_HOLDS, LL_REASON_NONE, TEST_YES, TEST_NO (SELF_SIGNED), TEST_YES };
static const TestSignature expired
    = { LL_INTEGRITY_HOLDS, LL_REASON_NONE, TEST_YES, TEST_YES, TEST_NO (KEY_EXPIRED) };
static const TestSignature without_address = {
  LL_INTEGRITY_HOLDS, LL_REASON_NONE, TEST_NO (NO_ADDRESS_IN_KEY), TEST_YES, TEST_YES,
};
static const TestSignature weak
    = { LL_INTEGRITY_HOLDS, LL_REASON_WEAK_DIGEST, TEST_YES, TEST_YES, TEST_YES };

static const struct
{
  const char *name;
  const TestSignature *signatures[3]; /* of one layer; none: the message has no layer */
  LlReason errant;
  const TestSignature *errant_signature;
  LlReason author_reason; /* not NONE: there is no author */
  LlReason signed_reason; /* not NONE: a signature layer without a signature */
  LlStatus status;
  LlReason reason;
} attacks[] = {
  { "a plain signed message is signed", { &good_signature }, .status = LL_STATUS_SIGNED },
  { "c1: a detached signature with content of its own is not good",
    { &beside_content },
    .reason = LL_REASON_CONTENT_IN_DETACHED },
  { "c2: a second signer appended in the author's name takes the layer down",
    { &by_eve, &pretending_to_be_alice },
    .reason = LL_REASON_SIGNER_FAILED },
  { "c2: a second signer prepended in the author's name takes the layer down",
    { &pretending_to_be_alice, &by_eve },
    .reason = LL_REASON_SIGNER_FAILED },
  { "c2: a broken co-signer makes the author's own good signature not good",
    { &good_signature, &pretending_to_be_alice },
    .reason = LL_REASON_SIGNER_FAILED },
  { "c2: an unknown co-signer leaves the author's good signature alone",
    { &unknown_key, &good_signature },
    .status = LL_STATUS_SIGNED },
  { "c3: signed data without signers is not signed", .signed_reason = LL_REASON_NO_SIGNERS,
    .reason = LL_REASON_NO_SIGNERS },
  { "c3: signed data that is not mail is not signed", .signed_reason = LL_REASON_NOT_CONTENT_DATA,
    .reason = LL_REASON_NOT_CONTENT_DATA },
  { "c4: a self-signed certificate is not trusted",
    { &self_signed },
    .reason = LL_REASON_SELF_SIGNED },
  { "m1 to m4: a signed part inside unsigned mail gives the mail no status",
    .errant = LL_REASON_ERRANT_SIGNATURE, .errant_signature = &good_signature,
    .reason = LL_REASON_ERRANT_SIGNATURE },
  { "m1: an inline signature gives the mail no status", .errant = LL_REASON_INLINE_SIGNATURE,
    .errant_signature = &good_signature, .reason = LL_REASON_INLINE_SIGNATURE },
  { "a list footer leaves only a part signed", .errant = LL_REASON_LIST_FOOTER,
    .errant_signature = &good_signature, .reason = LL_REASON_LIST_FOOTER },
  { "a forwarded signed message does not sign the mail round it", .errant = LL_REASON_FORWARDED,
    .errant_signature = &good_signature, .reason = LL_REASON_NOT_SIGNED },
  { "an encrypted part gives the mail no status", .errant = LL_REASON_ERRANT_ENCRYPTION,
    .reason = LL_REASON_ERRANT_ENCRYPTION },
  { "i1: somebody else's good signature is a mismatch",
    { &by_eve },
    .reason = LL_REASON_FROM_MISMATCH },
  { "i2: without a From address no signature is bound",
    { &good_signature },
    .author_reason = LL_REASON_FROM_MISSING,
    .reason = LL_REASON_FROM_MISSING },
  { "i3: with two authors no signature is bound",
    { &good_signature },
    .author_reason = LL_REASON_FROM_AMBIGUOUS,
    .reason = LL_REASON_FROM_AMBIGUOUS },
  { "a changed body is not signed", { &changed }, .reason = LL_REASON_DIGEST_MISMATCH },
  { "an unknown key is not good", { &unknown_key }, .reason = LL_REASON_NO_PUBLIC_KEY },
  { "an expired key is not good", { &expired }, .reason = LL_REASON_KEY_EXPIRED },
  { "a key without an address is never bound by its name",
    { &without_address },
    .reason = LL_REASON_NO_ADDRESS_IN_KEY },
  { "a weak digest is not good", { &weak }, .reason = LL_REASON_WEAK_DIGEST },
  { "plain mail is not signed", .reason = LL_REASON_NOT_SIGNED },
};

static void
test_attack (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
  g_autoptr (LlVerdict) verdict = NULL;

  if (attacks[i].signatures[0] != NULL || attacks[i].signed_reason != LL_REASON_NONE)
    {
      LlFacts *facts
          = test_add_layer (evidence, LL_LAYER_SIGNED, LL_DECRYPTION_NONE, LL_REASON_NONE);
      facts->is_signed = TRUE;
      facts->signed_reason = attacks[i].signed_reason;
    }
  for (guint j = 0; attacks[i].signatures[j] != NULL; j++)
    test_add_signature (evidence, attacks[i].signatures[j]);
  if (attacks[i].errant != LL_REASON_NONE)
    test_add_errant (evidence, attacks[i].errant, attacks[i].errant_signature);
  if (attacks[i].author_reason != LL_REASON_NONE)
    {
      g_clear_pointer (&evidence->author, g_free);
      evidence->author_reason = attacks[i].author_reason;
    }

  verdict = ll_verdict_new (evidence);
  g_assert_cmpstr (ll_status_name (verdict->status), ==, ll_status_name (attacks[i].status));
  g_assert_cmpstr (ll_reason_name (verdict->reason), ==, ll_reason_name (attacks[i].reason));
  assert_sound (evidence, verdict);
}

/* AT-13: whoever only pretends to have signed is not the signer that is shown. */
static void
test_identity_is_never_the_forged_one (void)
{
  for (guint order = 0; order < 2; order++)
    {
      g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
      g_autoptr (LlVerdict) verdict = NULL;

      test_add_layer (evidence, LL_LAYER_SIGNED, LL_DECRYPTION_NONE, LL_REASON_NONE);
      test_add_signature (evidence, order == 0 ? &by_eve : &pretending_to_be_alice);
      test_add_signature (evidence, order == 0 ? &pretending_to_be_alice : &by_eve);
      verdict = ll_verdict_new (evidence);
      g_assert_cmpint (verdict->signer->facts->integrity, ==, LL_INTEGRITY_HOLDS);
      g_assert_true (lists (verdict->reasons, LL_REASON_FROM_MISMATCH));
      g_assert_true (lists (verdict->reasons, LL_REASON_BAD_SIGNATURE));
    }
}

/* VM-06: five kinds of trouble, five reasons. */
static void
test_reasons_are_distinct (void)
{
  static const TestSignature *const kinds[] = { &changed, &unknown_key, &by_eve, &weak };
  LlReason seen[G_N_ELEMENTS (kinds)];

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
      g_autoptr (LlVerdict) verdict = NULL;
      test_add_shape (evidence, "S", kinds[i]);
      verdict = ll_verdict_new (evidence);
      seen[i] = verdict->reason;
      g_assert_cmpint (seen[i], !=, LL_REASON_MALFORMED);
      for (guint j = 0; j < i; j++)
        g_assert_cmpint (seen[i], !=, seen[j]);
    }
}

static LlVerdict *
weigh_shape (const char *shape, LlEvidence **evidence)
{
  *evidence = test_evidence_new (FALSE);
  test_add_shape (*evidence, shape, &good_signature);
  return ll_verdict_new (*evidence);
}

static void
test_outer_failure_is_a_caution (void)
{
  g_autoptr (LlEvidence) evidence = NULL;
  g_autoptr (LlVerdict) verdict = weigh_shape ("BES", &evidence);
  const LlLayerVerdict *outer = &g_array_index (verdict->layers, LlLayerVerdict, 0);

  g_assert_true (ll_verdict_is_good (verdict));
  g_assert_true (lists (verdict->cautions, LL_REASON_SIGNER_FAILED));
  g_assert_true (outer->is_broken);
  g_assert_cmpint (outer->reason, ==, LL_REASON_BAD_SIGNATURE);
  g_assert_true (g_array_index (verdict->layers, LlLayerVerdict, 2).is_credited);
}

static void
test_outer_signature_gives_no_identity (void)
{
  static const char *const without_author[] = { "E", "SE", "C", "ESE" };

  for (guint i = 0; i < G_N_ELEMENTS (without_author); i++)
    {
      g_autoptr (LlEvidence) evidence = NULL;
      g_autoptr (LlVerdict) verdict = weigh_shape (without_author[i], &evidence);
      g_assert_null (verdict->signer);
      g_assert_cmpint (verdict->integrity.answer, ==, LL_ANSWER_NOT_CHECKED);
    }
}

static void
test_malleable_encryption (void)
{
  g_autoptr (LlEvidence) bare = NULL, inside = NULL;
  g_autoptr (LlVerdict) alone = weigh_shape ("C", &bare);
  g_autoptr (LlVerdict) with_signature = weigh_shape ("CS", &inside);

  g_assert_true (lists (alone->cautions, LL_REASON_NO_INTEGRITY));
  g_assert_false (lists (with_signature->reasons, LL_REASON_NO_INTEGRITY));
}

static void
test_date_gap (void)
{
  static const struct
  {
    gint64 gap;
    gboolean caution;
  } gaps[] = {
    { 0, FALSE },
    { LL_VERDICT_DATE_GAP_SECONDS, FALSE },
    { -LL_VERDICT_DATE_GAP_SECONDS, FALSE },
    { LL_VERDICT_DATE_GAP_SECONDS + 1, TRUE },
    { -LL_VERDICT_DATE_GAP_SECONDS - 1, TRUE },
    { 365 * 86400, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (gaps); i++)
    {
      g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
      g_autoptr (LlVerdict) verdict = NULL;
      test_add_shape (evidence, "S", &good_signature);
      evidence->date = TEST_NOW - 60 + gaps[i].gap;
      verdict = ll_verdict_new (evidence);
      g_assert_true (ll_verdict_is_good (verdict));
      g_assert_cmpuint (lists (verdict->cautions, LL_REASON_DATE_GAP), ==, gaps[i].caution);
    }
}

static void
test_sender_of_record (void)
{
  g_autoptr (LlKey) key = test_key_new ("Eve <eve@example.org>", "eve@example.org");
  g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
  g_autoptr (LlVerdict) verdict = NULL;
  TestSignature signature = by_eve;

  signature.key = key;
  evidence->sender = g_strdup ("eve@example.org");
  test_add_shape (evidence, "S", &signature);
  verdict = ll_verdict_new (evidence);
  g_assert_false (ll_verdict_is_good (verdict));
  g_assert_cmpint (verdict->reason, ==, LL_REASON_SENDER_OF_RECORD);
}

/* OP-14: the subkey that signed has dates of its own. */
static void
test_subkey_dates (void)
{
  static const struct
  {
    gint64 created, expires;
    gboolean revoked;
    LlReason reason;
  } cases[] = {
    { TEST_NOW - 1000, 0, FALSE, LL_REASON_NONE },
    { TEST_NOW - 1000, TEST_NOW + 10, FALSE, LL_REASON_NONE },
    { TEST_NOW - 1000, TEST_NOW - 10, FALSE, LL_REASON_KEY_EXPIRED },
    { TEST_NOW - 1000, 0, TRUE, LL_REASON_KEY_REVOKED },
    { TEST_NOW + 3 * 86400, 0, FALSE, LL_REASON_SIGNED_BEFORE_KEY },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LlKey) key = test_key_new ("Alice", TEST_AUTHOR);
      g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
      g_autoptr (LlVerdict) verdict = NULL;
      TestSignature signature = TEST_GOOD;
      LlSubkey *subkey = g_ptr_array_index (key->subkeys, 0);

      subkey->created = cases[i].created;
      subkey->expires = cases[i].expires;
      subkey->revoked = cases[i].revoked;
      signature.key = key;
      test_add_shape (evidence, "S", &signature);
      verdict = ll_verdict_new (evidence);
      g_assert_cmpstr (ll_reason_name (verdict->time.reason), ==, ll_reason_name (cases[i].reason));
      g_assert_cmpuint (ll_verdict_is_good (verdict), ==, cases[i].reason == LL_REASON_NONE);
    }
}

static void
test_signature_times (void)
{
  static const struct
  {
    gint64 signing_time, expires;
    LlReason engine;
    gboolean at_set;
    LlReason reason;
  } cases[] = {
    { TEST_NOW + 3600, 0, LL_REASON_NONE, FALSE, LL_REASON_NONE },
    { TEST_NOW + 2 * 86400, 0, LL_REASON_NONE, FALSE, LL_REASON_SIGNED_IN_FUTURE },
    { TEST_NOW - 60, TEST_NOW - 10, LL_REASON_NONE, FALSE, LL_REASON_SIGNATURE_EXPIRED },
    { TEST_NOW - 60, TEST_NOW + 10, LL_REASON_NONE, FALSE, LL_REASON_NONE },
    { TEST_NOW - 60, TEST_NOW + 10, LL_REASON_SIGNATURE_EXPIRED, TRUE, LL_REASON_NONE },
    { TEST_NOW - 60, TEST_NOW + 10, LL_REASON_SIGNATURE_EXPIRED, FALSE,
      LL_REASON_SIGNATURE_EXPIRED },
    { TEST_NOW - 60, 0, LL_REASON_KEY_REVOKED, TRUE, LL_REASON_KEY_REVOKED },
    { TEST_NOW - 60, 0, LL_REASON_KEY_EXPIRED, FALSE, LL_REASON_KEY_EXPIRED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
      g_autoptr (LlVerdict) verdict = NULL;
      TestSignature signature = TEST_GOOD;

      signature.signing_time = cases[i].signing_time;
      signature.expires = cases[i].expires;
      signature.reason = cases[i].engine;
      evidence->judged_at_set = cases[i].at_set;
      test_add_shape (evidence, "S", &signature);
      verdict = ll_verdict_new (evidence);
      g_assert_cmpint (verdict->integrity.answer, ==, LL_ANSWER_YES);
      g_assert_cmpstr (ll_reason_name (verdict->time.reason), ==, ll_reason_name (cases[i].reason));
    }
}

/* The engine's clock is not the one that was asked for; the key's own dates are. */
static void
test_expiry_at_another_time (void)
{
  g_autoptr (LlKey) key = test_key_new ("Alice", TEST_AUTHOR);
  g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
  g_autoptr (LlVerdict) verdict = NULL;
  TestSignature signature = TEST_GOOD;

  ((LlSubkey *)g_ptr_array_index (key->subkeys, 0))->expires = TEST_NOW + 10;
  signature.key = key;
  signature.reason = LL_REASON_KEY_EXPIRED;
  evidence->judged_at_set = TRUE;
  test_add_shape (evidence, "S", &signature);
  verdict = ll_verdict_new (evidence);
  g_assert_true (ll_verdict_is_good (verdict));
}

/* A good signature over content that has encrypted or signed things in it stays good, and says so.
 */
static void
test_errant_inside_good (void)
{
  g_autoptr (LlEvidence) evidence = test_evidence_new (FALSE);
  g_autoptr (LlVerdict) verdict = NULL;

  test_add_shape (evidence, "S", &good_signature);
  test_add_errant (evidence, LL_REASON_FORWARDED, &by_eve);
  test_add_errant (evidence, LL_REASON_ERRANT_ENCRYPTION, NULL);
  verdict = ll_verdict_new (evidence);
  g_assert_true (ll_verdict_is_good (verdict));
  g_assert_cmpuint (verdict->cautions->len, ==, 1);
  g_assert_true (lists (verdict->cautions, LL_REASON_ERRANT_ENCRYPTION));
  g_assert_true (lists (verdict->reasons, LL_REASON_FORWARDED));
}

/* A reason without a weight would be forgotten by every report. */
static void
test_every_reason_has_a_weight (void)
{
  guint n = 0;

  while (ll_weight_nth (n) != LL_REASON_NONE)
    n++;
  g_assert_cmpuint (n, ==, LL_N_REASONS - 1);
  for (int reason = 1; reason < LL_N_REASONS; reason++)
    {
      g_assert_cmpuint (ll_weight_of (reason), <, n);
      g_assert_cmpint (ll_weight_beside_good (reason), !=, LL_MARK_NONE);
    }
}

static void
test_same_evidence_same_verdict (void)
{
  g_autoptr (LlEvidence) evidence = NULL;
  g_autoptr (LlVerdict) first = weigh_shape ("BES", &evidence);
  g_autoptr (LlVerdict) second = ll_verdict_new (evidence);

  g_assert_cmpint (first->status, ==, second->status);
  g_assert_cmpmem (first->reasons->data, first->reasons->len * sizeof (LlReason),
                   second->reasons->data, second->reasons->len * sizeof (LlReason));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/verdict/every cell of the truth table has its status", test_table);
  for (guint i = 0; i < G_N_ELEMENTS (attacks); i++)
    {
      g_autofree char *path = g_strdup_printf ("/verdict/attack/%s", attacks[i].name);
      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_attack);
    }
  g_test_add_func ("/verdict/the identity is never the forged one",
                   test_identity_is_never_the_forged_one);
  g_test_add_func ("/verdict/different troubles have different reasons", test_reasons_are_distinct);
  g_test_add_func ("/verdict/a failing outer signature is a caution",
                   test_outer_failure_is_a_caution);
  g_test_add_func ("/verdict/encryption alone gives no identity",
                   test_outer_signature_gives_no_identity);
  g_test_add_func ("/verdict/malleable encryption is said unless signed inside",
                   test_malleable_encryption);
  g_test_add_func ("/verdict/a gap between Date and signing time is a caution", test_date_gap);
  g_test_add_func ("/verdict/a key of the Sender is not the author's", test_sender_of_record);
  g_test_add_func ("/verdict/the signing subkey's own dates count", test_subkey_dates);
  g_test_add_func ("/verdict/the signature's own times count", test_signature_times);
  g_test_add_func ("/verdict/another time of judgement overrules the engine's clock",
                   test_expiry_at_another_time);
  g_test_add_func ("/verdict/errant things inside a good signature leave it good",
                   test_errant_inside_good);
  g_test_add_func ("/verdict/every reason has a weight", test_every_reason_has_a_weight);
  g_test_add_func ("/verdict/the same evidence gives the same verdict",
                   test_same_evidence_same_verdict);
  return g_test_run ();
}
