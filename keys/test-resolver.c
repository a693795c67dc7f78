/* test-resolver.c - the choice of keys, with keys made by hand. */
#include <config.h>

#include "keys/key-private.h"
#include "keys/resolver.h"

#define NOW 1000000

typedef struct
{
  const char *fingerprint;
  gint64 created, expires;
  gboolean revoked, disabled, cannot;
  LlAnswer trust;
  LlReason trust_reason, binding_reason;
  const char *algorithm; /* NULL: ed25519 */
} Sample;

static LlCandidate *
make_candidate (LlProtocol protocol, const Sample *sample)
{
  g_autoptr (LlKey) key = ll_key_new (protocol);
  LlKeyOpinion *opinion = g_new0 (LlKeyOpinion, 1);
  LlSubkey *subkey = ll_key_add_subkey (key);

  key->fingerprint = g_strdup (sample->fingerprint);
  key->created = sample->created;
  key->expires = sample->expires;
  key->revoked = sample->revoked;
  key->disabled = sample->disabled;
  subkey->fingerprint = g_strdup (sample->fingerprint);
  subkey->algorithm = g_strdup (sample->algorithm != NULL ? sample->algorithm : "ed25519");
  subkey->created = sample->created;
  subkey->can_encrypt = subkey->can_sign = !sample->cannot;
  ll_key_freeze (key);
  opinion->trust = (LlAxis){ sample->trust, sample->trust_reason };
  opinion->time = (LlAxis){ LL_ANSWER_YES, LL_REASON_NONE };
  opinion->binding
      = (LlAxis){ sample->binding_reason != LL_REASON_NONE ? LL_ANSWER_NO : LL_ANSWER_NOT_CHECKED,
                  sample->binding_reason };
  return ll_candidate_new (key, opinion);
}

static const LlResolveQuestion to_encrypt = { .use = LL_USE_ENCRYPT, .at = NOW };

static void
test_every_objection_has_its_reason (void)
{
  /* SC-01, SC-11, OP-05, OP-12 */
  static const struct
  {
    Sample sample;
    LlReason reason;
  } cases[] = {
    { { "A", 1, 0, .trust = LL_ANSWER_YES }, LL_REASON_NONE },
    { { "A", 1, 0, .revoked = TRUE, .trust = LL_ANSWER_YES }, LL_REASON_KEY_REVOKED },
    { { "A", 1, 0, .disabled = TRUE, .trust = LL_ANSWER_YES }, LL_REASON_NEVER_TRUSTED },
    { { "A", 1, NOW, .trust = LL_ANSWER_YES }, LL_REASON_KEY_EXPIRED },
    { { "A", NOW + 1, 0, .trust = LL_ANSWER_YES }, LL_REASON_NOT_YET_VALID },
    { { "A", 1, 0, .cannot = TRUE, .trust = LL_ANSWER_YES }, LL_REASON_KEY_USAGE },
    { { "A", 1, 0, .trust = LL_ANSWER_NO, .trust_reason = LL_REASON_VALIDITY_UNKNOWN },
      LL_REASON_VALIDITY_UNKNOWN },
    { { "A", 1, 0, .trust = LL_ANSWER_NOT_CHECKED }, LL_REASON_UNTRUSTED },
    { { "A", 1, 0, .trust = LL_ANSWER_YES, .binding_reason = LL_REASON_UID_INVALID },
      LL_REASON_UID_INVALID },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LlCandidate) candidate = make_candidate (LL_PROTOCOL_OPENPGP, &cases[i].sample);
      g_assert_cmpstr (ll_reason_name (ll_resolver_object (candidate, &to_encrypt)), ==,
                       ll_reason_name (cases[i].reason));
    }
}

static void
test_the_user_may_vouch_for_an_openpgp_key_but_not_for_a_path (void)
{
  static const Sample unknown
      = { "A", 1, 0, .trust = LL_ANSWER_NO, .trust_reason = LL_REASON_VALIDITY_UNKNOWN };
  static const Sample never
      = { "A", 1, 0, .trust = LL_ANSWER_NO, .trust_reason = LL_REASON_NEVER_TRUSTED };
  static const Sample no_path
      = { "A", 1, 0, .trust = LL_ANSWER_NO, .trust_reason = LL_REASON_ROOT_NOT_TRUSTED };
  g_autoptr (LlCandidate) key = make_candidate (LL_PROTOCOL_OPENPGP, &unknown);
  g_autoptr (LlCandidate) refused = make_candidate (LL_PROTOCOL_OPENPGP, &never);
  g_autoptr (LlCandidate) certificate = make_candidate (LL_PROTOCOL_SMIME, &no_path);
  LlResolveQuestion named = to_encrypt, always = to_encrypt;

  named.by_fingerprint = TRUE;
  always.always_trust = TRUE;
  g_assert_cmpint (ll_resolver_object (key, &named), ==, LL_REASON_NONE);
  g_assert_cmpint (ll_resolver_object (key, &always), ==, LL_REASON_NONE);
  g_assert_cmpint (ll_resolver_object (refused, &always), ==, LL_REASON_NEVER_TRUSTED);
  g_assert_cmpint (ll_resolver_object (certificate, &named), ==, LL_REASON_ROOT_NOT_TRUSTED);
  g_assert_cmpint (ll_resolver_object (certificate, &always), ==, LL_REASON_ROOT_NOT_TRUSTED);
}

static const LlResolveQuestion to_sign = { .use = LL_USE_SIGN, .at = NOW };

static void
test_ones_own_key_signs_without_anybodys_word (void)
{
  static const struct
  {
    Sample sample;
    LlReason reason;
  } cases[] = {
    { { "A", 1, 0, .trust = LL_ANSWER_NO, .trust_reason = LL_REASON_SELF_SIGNED }, LL_REASON_NONE },
    { { "A", 1, 0, .trust = LL_ANSWER_NO, .trust_reason = LL_REASON_EXTENDED_KEY_USAGE },
      LL_REASON_EXTENDED_KEY_USAGE }, /* SC-15 */
    { { "A", 1, 0, .trust = LL_ANSWER_YES, .binding_reason = LL_REASON_UID_INVALID },
      LL_REASON_UID_INVALID }, /* SC-03 */
    { { "A", 1, 0, .revoked = TRUE, .trust = LL_ANSWER_YES }, LL_REASON_KEY_REVOKED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LlCandidate) candidate = make_candidate (LL_PROTOCOL_SMIME, &cases[i].sample);
      g_assert_cmpstr (ll_reason_name (ll_resolver_object (candidate, &to_sign)), ==,
                       ll_reason_name (cases[i].reason));
    }
}

/* SC-23: a chain that holds counts more than a longer life. */
static void
test_a_trusted_certificate_signs_rather_than_an_untrusted_one (void)
{
  static const Sample trusted = { "B", 1, NOW + 10, .trust = LL_ANSWER_YES };
  static const Sample longer
      = { "A", 1, NOW + 99, .trust = LL_ANSWER_NO, .trust_reason = LL_REASON_SELF_SIGNED };
  g_autoptr (GPtrArray) candidates
      = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_candidate_free);

  g_ptr_array_add (candidates, make_candidate (LL_PROTOCOL_SMIME, &longer));
  g_ptr_array_add (candidates, make_candidate (LL_PROTOCOL_SMIME, &trusted));
  g_assert_cmpstr (ll_key_get_fingerprint (ll_resolver_choose (candidates, &to_sign)->key), ==,
                   "B");
}

static void
test_the_same_key_is_chosen_in_any_order (void)
{
  /* SC-23 */
  static const Sample samples[] = {
    { "D", 5, NOW + 10, .trust = LL_ANSWER_YES },
    { "C", 5, 0, .trust = LL_ANSWER_YES },
    { "B", 5, 0, .trust = LL_ANSWER_YES },
    { "A", 4, 0, .trust = LL_ANSWER_YES },
    { "0", 9, 0, .revoked = TRUE, .trust = LL_ANSWER_YES },
  };
  const guint n = G_N_ELEMENTS (samples);

  for (guint first = 0; first < n; first++)
    {
      g_autoptr (GPtrArray) candidates
          = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_candidate_free);
      const LlCandidate *best;
      for (guint i = 0; i < n; i++)
        g_ptr_array_add (candidates, make_candidate (LL_PROTOCOL_SMIME, &samples[(first + i) % n]));
      best = ll_resolver_choose (candidates, &to_encrypt);
      g_assert_nonnull (best);
      g_assert_cmpstr (ll_key_get_fingerprint (best->key), ==, "B");
    }
}

/* RFC 8419: a signature that the other side can check comes first. */
static void
test_a_certificate_signs_rather_with_an_algorithm_that_many_can_check (void)
{
  static const Sample rare = { "A", 9, 0, .trust = LL_ANSWER_YES };
  static const Sample usual = { "B", 1, NOW + 9, .trust = LL_ANSWER_YES, .algorithm = "rsa3072" };
  g_autoptr (GPtrArray) candidates
      = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_candidate_free);
  g_autoptr (GPtrArray) alone = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_candidate_free);

  g_ptr_array_add (candidates, make_candidate (LL_PROTOCOL_SMIME, &rare));
  g_ptr_array_add (candidates, make_candidate (LL_PROTOCOL_SMIME, &usual));
  g_ptr_array_add (alone, make_candidate (LL_PROTOCOL_SMIME, &rare));
  g_assert_cmpstr (ll_key_get_fingerprint (ll_resolver_choose (candidates, &to_sign)->key), ==,
                   "B");
  g_assert_cmpstr (ll_key_get_fingerprint (ll_resolver_choose (alone, &to_sign)->key), ==, "A");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/resolver/every objection has its reason", test_every_objection_has_its_reason);
  g_test_add_func ("/resolver/the user may vouch for an OpenPGP key but not for a path",
                   test_the_user_may_vouch_for_an_openpgp_key_but_not_for_a_path);
  g_test_add_func ("/resolver/one's own key signs without anybody's word",
                   test_ones_own_key_signs_without_anybodys_word);
  g_test_add_func ("/resolver/a trusted certificate signs rather than an untrusted one",
                   test_a_trusted_certificate_signs_rather_than_an_untrusted_one);
  g_test_add_func ("/resolver/a certificate signs rather with an algorithm that many can check",
                   test_a_certificate_signs_rather_with_an_algorithm_that_many_can_check);
  g_test_add_func ("/resolver/the same key is chosen in any order",
                   test_the_same_key_is_chosen_in_any_order);
  return g_test_run ();
}
