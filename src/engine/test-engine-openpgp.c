/* test-engine-openpgp.c - the OpenPGP engine against the real gpg, in both directions. */
#include <config.h>

#include <gcrypt.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "engine/engine.h"
#include "engine/pgp-armor.h"
#include "tests/support.h"

static const char TEXT[] = "This is the text.\nIt has two lines.\n";

typedef struct
{
  const char *algorithm;
  LlTestHome *home;
  char *alice, *bob;
  LlPolicy *policy;
  LlKeyStore *store;
  LlEngine *engine;
} World;

static void
world_set_up (World *world, gconstpointer algorithm)
{
  world->algorithm = algorithm != NULL ? algorithm : "ed25519";
  world->home = ll_test_home_new ();
  world->alice
      = ll_test_openpgp_key (world->home, "Alice <alice@example.org>", world->algorithm, NULL);
  world->bob = ll_test_openpgp_key (world->home, "Bob <bob@example.org>", world->algorithm, NULL);
  world->policy = ll_policy_new ();
  world->store = ll_key_store_new (world->policy);
  world->engine = ll_engine_openpgp_new (world->policy, world->store);
}

static void
world_tear_down (World *world, gconstpointer data)
{
  g_clear_pointer (&world->engine, ll_engine_free);
  g_clear_pointer (&world->store, ll_key_store_free);
  g_clear_pointer (&world->policy, ll_policy_free);
  g_clear_pointer (&world->home, ll_test_home_free);
  g_free (world->alice);
  g_free (world->bob);
}

/* The engine with another time of judgement. */
static void
world_set_time (World *world, gint64 at)
{
  ll_engine_free (world->engine);
  ll_key_store_forget (world->store);
  world->policy->at = at;
  world->engine = ll_engine_openpgp_new (world->policy, world->store);
}

/* --- small helpers ---------------------------------------------------------------------------- */

static GPtrArray *
keys_of (World *world, const char *fingerprint)
{
  GPtrArray *keys = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  g_autoptr (GError) error = NULL;
  LlKey *key = ll_key_store_get (world->store, LL_PROTOCOL_OPENPGP, fingerprint, &error);

  g_assert_no_error (error);
  g_assert_nonnull (key);
  g_ptr_array_add (keys, key);
  return keys;
}

static GBytes *
text_bytes (void)
{
  return g_bytes_new_static (TEXT, sizeof TEXT - 1);
}

typedef gboolean (*SealVerb) (LlEngine *engine, const LlSealRequest *request, GInputStream *in,
                              GOutputStream *out, LlSealResult **result, GCancellable *cancellable,
                              GError **error);

static GBytes *
seal (World *world, SealVerb verb, const LlSealRequest *request, GBytes *content,
      LlSealResult **result, GError **error)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (content);
  g_autoptr (GOutputStream) out = ll_secret_sink_new (LL_LIMIT_ALL_LAYERS_BYTES);

  if (!verb (world->engine, request, in, out, result, NULL, error))
    return NULL;
  return ll_secret_sink_steal (out);
}

static LlFacts *
decrypt (World *world, GBytes *message, GBytes **content, GError **error)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (message);
  g_autoptr (GOutputStream) out = ll_secret_sink_new (LL_LIMIT_ALL_LAYERS_BYTES);
  LlFacts *facts = NULL;

  world->engine->klass->decrypt (world->engine, in, out, &facts, NULL, error);
  if (content != NULL)
    *content = ll_secret_sink_steal (out);
  return facts;
}

static LlFacts *
verify (World *world, GBytes *signature, GBytes *content, GBytes **signed_content, GError **error)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (signature);
  g_autoptr (GInputStream) content_in
      = content != NULL ? g_memory_input_stream_new_from_bytes (content) : NULL;
  g_autoptr (GOutputStream) out
      = content == NULL ? ll_secret_sink_new (LL_LIMIT_ALL_LAYERS_BYTES) : NULL;
  LlFacts *facts = NULL;

  world->engine->klass->verify (world->engine, in, content_in, out, &facts, NULL, error);
  if (signed_content != NULL)
    *signed_content = ll_secret_sink_steal (out);
  return facts;
}

static LlSignatureFacts *
only_signature (LlFacts *facts)
{
  g_assert_nonnull (facts);
  g_assert_true (facts->is_signed);
  g_assert_cmpuint (facts->signatures->len, ==, 1);
  return g_ptr_array_index (facts->signatures, 0);
}

static void
assert_good (LlFacts *facts, const char *signer)
{
  LlSignatureFacts *signature = only_signature (facts);

  g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_HOLDS);
  g_assert_cmpstr (ll_reason_name (signature->reason), ==, "none");
  g_assert_nonnull (signature->key);
  g_assert_cmpstr (ll_key_get_fingerprint (signature->key), ==, signer);
  g_assert_cmpint (signature->signing_time, >, 0);
  g_assert_nonnull (signature->algorithm);
  g_assert_nonnull (signature->digest);
}

static void
assert_is_text (GBytes *content)
{
  gsize length;
  const char *data = g_bytes_get_data (content, &length);
  g_assert_cmpmem (data, length, TEXT, sizeof TEXT - 1);
}

static GBytes *
changed (GBytes *bytes, gsize at)
{
  gsize length;
  guint8 *copy = g_memdup2 (g_bytes_get_data (bytes, &length), g_bytes_get_size (bytes));

  copy[at % length] ^= 0x01;
  return g_bytes_new_take (copy, length);
}

static GBytes *
joined (GBytes *a, GBytes *b)
{
  GByteArray *both = g_byte_array_new ();
  g_byte_array_append (both, g_bytes_get_data (a, NULL), (guint)g_bytes_get_size (a));
  g_byte_array_append (both, g_bytes_get_data (b, NULL), (guint)g_bytes_get_size (b));
  return g_byte_array_free_to_bytes (both);
}

/* --- signing ---------------------------------------------------------------------------------- */

static void
test_sign_for_gpg (World *world, gconstpointer data)
{
  g_autoptr (GPtrArray) signers = keys_of (world, world->alice);
  g_autoptr (GBytes) content = text_bytes ();

  for (int armor = 0; armor < 2; armor++)
    {
      LlSealRequest request = { .signers = signers, .detached = TRUE, .armor = armor };
      g_autoptr (GError) error = NULL;
      g_autoptr (LlSealResult) result = NULL;
      g_autoptr (GBytes) signature = NULL, said = NULL;
      g_autofree char *text_file = NULL, *signature_file = NULL;

      signature = seal (world, world->engine->klass->sign, &request, content, &result, &error);
      g_assert_no_error (error);
      g_assert_true (g_str_has_prefix (result->micalg, "pgp-sha")); /* PM-02 */
      g_assert_cmpstr (result->micalg, !=, "pgp-sha1");
      text_file = ll_test_home_write (world->home, "t", TEXT, -1);
      signature_file = ll_test_home_write (world->home, "t.sig", g_bytes_get_data (signature, NULL),
                                           (gssize)g_bytes_get_size (signature));
      said = ll_test_run (NULL, "gpg", "--batch", "--status-fd", "1", "--verify", signature_file,
                          text_file, NULL);
      g_assert_nonnull (
          g_strstr_len (g_bytes_get_data (said, NULL), (gssize)g_bytes_get_size (said), "GOODSIG"));
      g_assert_nonnull (g_strstr_len (g_bytes_get_data (said, NULL),
                                      (gssize)g_bytes_get_size (said), world->alice));
    }
}

static void
test_sign_opaque (World *world, gconstpointer data)
{
  g_autoptr (GPtrArray) signers = keys_of (world, world->alice);
  LlSealRequest request = { .signers = signers, .armor = TRUE };
  g_autoptr (GBytes) content = text_bytes (), message = NULL, read = NULL, ours = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = NULL;

  message = seal (world, world->engine->klass->sign, &request, content, NULL, &error);
  g_assert_no_error (error);
  read = ll_test_run (message, "gpg", "--batch", "-d", NULL);
  assert_is_text (read);
  facts = verify (world, message, NULL, &ours, &error);
  g_assert_no_error (error);
  assert_good (facts, world->alice);
  assert_is_text (ours);
  g_assert_cmpint (world->engine->klass->identify (world->engine, message), ==, LL_BLOB_SIGNED);
}

static void
test_verify_from_gpg (World *world, gconstpointer data)
{
  const char *forms[][3]
      = { { "-b", NULL }, { "-b", "-a" }, { "-s", NULL }, { "-s", "-a" }, { "--clearsign", NULL } };
  g_autoptr (GBytes) content = text_bytes ();

  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      gboolean detached = g_str_equal (forms[i][0], "-b");
      g_autoptr (GBytes) made = ll_test_run (content, "gpg", "--batch", "-u", world->alice,
                                             forms[i][0], forms[i][1], NULL);
      g_autoptr (GBytes) read = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts
          = verify (world, made, detached ? content : NULL, detached ? NULL : &read, &error);

      g_assert_no_error (error);
      assert_good (facts, world->alice);
      if (!detached)
        assert_is_text (read);
      g_assert_cmpint (world->engine->klass->identify (world->engine, made), ==,
                       detached ? LL_BLOB_DETACHED : LL_BLOB_SIGNED);
    }
}

static void
test_changed_content (World *world, gconstpointer data)
{
  g_autoptr (GBytes) content = text_bytes ();
  g_autoptr (GBytes) signature
      = ll_test_run (content, "gpg", "--batch", "-u", world->alice, "-b", NULL);

  for (gsize at = 0; at < sizeof TEXT - 1; at += 7)
    {
      g_autoptr (GBytes) other = changed (content, at);
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = verify (world, signature, other, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpint (only_signature (facts)->integrity, ==, LL_INTEGRITY_BROKEN);
      g_assert_cmpint (only_signature (facts)->reason, ==, LL_REASON_BAD_SIGNATURE);
    }
}

static void
test_changed_signature (World *world, gconstpointer data)
{
  g_autoptr (GBytes) content = text_bytes ();
  g_autoptr (GBytes) made
      = ll_test_run (content, "gpg", "--batch", "-u", world->alice, "-s", "-z", "0", NULL);

  for (gsize at = 0; at < g_bytes_get_size (made); at += 3)
    {
      g_autoptr (GBytes) other = changed (made, at), read = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = verify (world, other, NULL, &read, &error);

      for (guint i = 0; facts != NULL && i < facts->signatures->len; i++)
        {
          LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, i);
          /* the literal packet's format, name and date, and the unhashed part, are not signed: what
           * still holds is a signature over this very text */
          if (signature->integrity == LL_INTEGRITY_HOLDS)
            assert_is_text (read);
        }
    }
}

static void
test_unknown_key (World *world, gconstpointer data)
{
  g_autoptr (GBytes) content = text_bytes ();
  g_autoptr (GBytes) signature
      = ll_test_run (content, "gpg", "--batch", "-u", world->alice, "-b", NULL);
  g_autoptr (GBytes) gone = ll_test_run (NULL, "gpg", "--batch", "--yes",
                                         "--delete-secret-and-public-key", world->alice, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = NULL;

  ll_key_store_forget (world->store);
  facts = verify (world, signature, content, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (only_signature (facts)->integrity, ==, LL_INTEGRITY_NOT_CHECKED);
  g_assert_cmpint (only_signature (facts)->reason, ==, LL_REASON_NO_PUBLIC_KEY);
  g_assert_null (only_signature (facts)->key);
  g_assert_cmpstr (only_signature (facts)->signer_hint, ==, world->alice);
}

static void
test_several_signatures (World *world, gconstpointer data)
{
  g_autoptr (GBytes) content = text_bytes ();
  g_autoptr (GBytes) first
      = ll_test_run (content, "gpg", "--batch", "-u", world->alice, "-b", NULL);
  g_autoptr (GBytes) other_content = changed (content, 0);
  g_autoptr (GBytes) second
      = ll_test_run (other_content, "gpg", "--batch", "-u", world->bob, "-b", NULL);
  g_autoptr (GBytes) both = joined (first, second);
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = verify (world, both, content, NULL, &error);
  LlSignatureFacts *a, *b;

  g_assert_no_error (error);
  g_assert_cmpuint (facts->signatures->len, ==, 2);
  a = g_ptr_array_index (facts->signatures, 0);
  b = g_ptr_array_index (facts->signatures, 1);
  g_assert_cmpint (a->integrity, ==, LL_INTEGRITY_HOLDS);
  g_assert_cmpint (b->integrity, ==, LL_INTEGRITY_BROKEN);
}

static void
test_outdated_digest (World *world, gconstpointer data)
{
  g_autoptr (GBytes) content = text_bytes ();
  g_autoptr (GBytes) signature = ll_test_run (content, "gpg", "--batch", "-u", world->alice, "-b",
                                              "--digest-algo", "SHA1", NULL);
  g_autoptr (GPtrArray) signers = keys_of (world, world->alice);
  LlSealRequest request = { .signers = signers, .detached = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = verify (world, signature, content, NULL, &error);
  g_autofree char *conf = g_build_filename (world->home->path, "gpg.conf", NULL);

  g_assert_no_error (error);
  g_assert_cmpint (only_signature (facts)->reason, ==, LL_REASON_WEAK_DIGEST); /* OP-10 */
  g_assert_cmpstr (only_signature (facts)->digest, ==, "SHA-1");

  g_assert_true (g_file_set_contents (conf, "digest-algo SHA1\n", -1, NULL));
  g_assert_null (seal (world, world->engine->klass->sign, &request, content, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_CANNOT_SIGN);
}

/* --- encrypting ------------------------------------------------------------------------------- */

static void
test_encrypt_for_gpg (World *world, gconstpointer data)
{
  g_autoptr (GPtrArray) signers = keys_of (world, world->alice);
  g_autoptr (GPtrArray) recipients = keys_of (world, world->bob);
  g_autoptr (GBytes) content = text_bytes ();

  for (int round = 0; round < 8; round++)
    {
      LlSealRequest request = { .recipients = recipients,
                                .signers = (round & 1) != 0 ? signers : NULL,
                                .armor = (round & 2) != 0,
                                .incompressible = (round & 4) != 0,
                                .always_trust = TRUE };
      g_autoptr (GError) error = NULL;
      g_autoptr (LlSealResult) result = NULL;
      g_autoptr (GBytes) message = NULL, read = NULL, ours = NULL;
      g_autoptr (LlFacts) facts = NULL;

      message = seal (world, world->engine->klass->encrypt, &request, content, &result, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (result->cipher, ==, "AES256.CFB");
      g_assert_cmpint (world->engine->klass->identify (world->engine, message), ==,
                       LL_BLOB_ENCRYPTED);
      read = ll_test_run (message, "gpg", "--batch", "-d", NULL);
      assert_is_text (read);

      facts = decrypt (world, message, &ours, &error);
      g_assert_no_error (error);
      assert_is_text (ours);
      g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_DONE);
      g_assert_true (facts->has_integrity);
      g_assert_false (facts->symmetric);
      g_assert_cmpuint (facts->recipients->len, ==, 1);
      g_assert_true (((LlRecipientFacts *)g_ptr_array_index (facts->recipients, 0))->is_ours);
      g_assert_cmpint (facts->is_signed, ==, (round & 1) != 0);
      if (facts->is_signed)
        assert_good (facts, world->alice);
    }
}

static void
test_decrypt_from_gpg (World *world, gconstpointer data)
{
  const char *forms[] = { "--no-armor", "--armor", "--hidden-recipient" };
  g_autoptr (GBytes) content = text_bytes ();

  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      gboolean hidden = g_str_equal (forms[i], "--hidden-recipient");
      g_autoptr (GBytes) message
          = hidden ? ll_test_run (content, "gpg", "--batch", "--trust-model", "always", "-e",
                                  "--hidden-recipient", world->bob, NULL)
                   : ll_test_run (content, "gpg", "--batch", "--trust-model", "always", "-se", "-u",
                                  world->alice, "-r", world->bob, forms[i], NULL);
      g_autoptr (GBytes) read = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = decrypt (world, message, &read, &error);

      g_assert_no_error (error);
      g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_DONE);
      assert_is_text (read);
      if (!hidden)
        assert_good (facts, world->alice);
    }
}

static void
test_large_armor (World *world, gconstpointer data)
{
  const gsize sizes[] = { 0, 1, 47, 48, 49, 49151, 49152, 49153, 300000 };
  g_autoptr (GPtrArray) recipients = keys_of (world, world->bob);
  LlSealRequest request
      = { .recipients = recipients, .armor = TRUE, .incompressible = TRUE, .always_trust = TRUE };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      guint8 *noise = g_malloc (sizes[i] + 1);
      g_autoptr (GBytes) content = NULL, message = NULL, by_gpg = NULL, ours = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = NULL;

      for (gsize n = 0; n < sizes[i]; n++)
        noise[n] = (guint8)g_test_rand_int ();
      content = g_bytes_new_take (noise, sizes[i]);
      message = seal (world, world->engine->klass->encrypt, &request, content, NULL, &error);
      g_assert_no_error (error);
      by_gpg = ll_test_run (message, "gpg", "--batch", "-d", NULL);
      g_assert_true (g_bytes_equal (by_gpg, content));
      facts = decrypt (world, message, &ours, &error);
      g_assert_no_error (error);
      g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_DONE);
      g_assert_true (g_bytes_equal (ours, content));
    }
}

/* Bar 4: none of the changes yields a plaintext that counts. */
static void
test_changed_ciphertext (World *world, gconstpointer data)
{
  g_autoptr (GPtrArray) recipients = keys_of (world, world->bob);
  LlSealRequest request = { .recipients = recipients, .always_trust = TRUE };
  g_autoptr (GBytes) content = text_bytes (), message = NULL;

  message = seal (world, world->engine->klass->encrypt, &request, content, NULL, NULL);
  for (gsize at = 0; at < g_bytes_get_size (message); at += 5)
    {
      g_autoptr (GBytes) other = changed (message, at), read = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = decrypt (world, other, &read, &error);

      if (facts == NULL)
        g_assert_nonnull (error);
      /* a changed key ID is a guess for gpg, and nothing of the message is lost */
      else if (facts->decryption == LL_DECRYPTION_DONE)
        assert_is_text (read);
      else if (facts->decryption == LL_DECRYPTION_FAILED)
        g_assert_cmpint (facts->decryption_reason, !=, LL_REASON_NONE);
      else
        g_assert_cmpuint (g_bytes_get_size (read), ==, 0); /* it no longer looks encrypted */
    }
}

static void
test_cut_message (World *world, gconstpointer data)
{
  g_autoptr (GPtrArray) recipients = keys_of (world, world->bob);
  g_autoptr (GBytes) content = text_bytes ();

  for (int armor = 0; armor < 2; armor++)
    {
      LlSealRequest request = { .recipients = recipients, .always_trust = TRUE, .armor = armor };
      g_autoptr (GBytes) message
          = seal (world, world->engine->klass->encrypt, &request, content, NULL, NULL);

      for (gsize length = 0; length + 2 < g_bytes_get_size (message); length += 11)
        {
          g_autoptr (GBytes) cut = g_bytes_new_from_bytes (message, 0, length);
          g_autoptr (GError) error = NULL;
          g_autoptr (LlFacts) facts = decrypt (world, cut, NULL, &error);
          if (facts != NULL)
            g_assert_cmpint (facts->decryption, !=, LL_DECRYPTION_DONE);
          else
            g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
        }
    }
}

/* OP-27: two messages, a message with something behind it, and what is not encrypted at all. */
static void
test_not_one_message (World *world, gconstpointer data)
{
  g_autoptr (GBytes) content = text_bytes ();
  g_autoptr (GBytes) message = ll_test_run (content, "gpg", "--batch", "--trust-model", "always",
                                            "-e", "-r", world->bob, NULL);
  g_autoptr (GBytes) literal = ll_test_run (content, "gpg", "--batch", "--store", NULL);
  g_autoptr (GBytes) signed_only
      = ll_test_run (content, "gpg", "--batch", "-u", world->alice, "-s", NULL);
  g_autoptr (GBytes) twice = joined (message, message), behind = joined (message, literal),
                     before = joined (literal, message);
  struct
  {
    GBytes *bytes;
    LlDecryption expected;
  } cases[] = { { twice, LL_DECRYPTION_FAILED },
                { behind, LL_DECRYPTION_FAILED },
                { before, LL_DECRYPTION_NONE },
                { literal, LL_DECRYPTION_NONE },
                { signed_only, LL_DECRYPTION_NONE } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = decrypt (world, cases[i].bytes, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpint (facts->decryption, ==, cases[i].expected);
      g_assert_cmpuint (facts->signatures->len, ==, 0);
    }
}

static void
test_not_for_us (World *world, gconstpointer data)
{
  g_autoptr (GBytes) content = text_bytes ();
  g_autoptr (GBytes) message = ll_test_run (content, "gpg", "--batch", "--trust-model", "always",
                                            "-e", "-r", world->bob, NULL);
  g_autoptr (GBytes) gone
      = ll_test_run (NULL, "gpg", "--batch", "--yes", "--delete-secret-key", world->bob, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = decrypt (world, message, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_FAILED);
  g_assert_cmpstr (ll_reason_name (facts->decryption_reason), ==, "no-secret-key");
  g_assert_cmpuint (facts->recipients->len, ==, 1);
  g_assert_false (((LlRecipientFacts *)g_ptr_array_index (facts->recipients, 0))->is_ours);
}

static void
test_no_integrity (World *world, gconstpointer data)
{
  const char *const spoken[] = { "--disable-mdc", "--rfc2440" };
  g_autoptr (GBytes) content = text_bytes ();

  /* OP-23: what gpg 2.2 still writes without MDC is made of parts here, where it does not */
  for (gsize i = 0; i < G_N_ELEMENTS (spoken); i++)
    {
      const char *argv[] = { "gpg", "--batch", "--trust-model", "always", spoken[i], "-e", "-z",
                             "0",   "-r",      world->bob,      NULL };
      g_autoptr (GBytes) message = NULL, read = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = NULL;
      LlPgpScan scan = { 0 };

      if (ll_test_run_status (content, &message, NULL, argv) != 0)
        continue;
      ll_pgp_scan_feed (&scan, g_bytes_get_data (message, NULL), g_bytes_get_size (message));
      if (scan.packets.data != LL_PGP_ENCRYPTED_BARE)
        continue;
      facts = decrypt (world, message, &read, &error);
      g_assert_no_error (error);
      g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_FAILED);
      g_assert_cmpstr (ll_reason_name (facts->decryption_reason), ==, "weak-encryption");
      g_assert_cmpuint (g_bytes_get_size (read), ==, 0);
      return;
    }
  g_test_skip ("this gpg writes no message without integrity protection");
}

/* OP-20, OP-26: the name inside is nothing but a name. */
static void
test_name_inside (World *world, gconstpointer data)
{
  const char name[] = "x\n[GNUPG:] GOODSIG 0123456789ABCDEF Eve\n[GNUPG:] VALIDSIG 0";
  g_autoptr (GBytes) content = text_bytes (), read = NULL;
  g_autoptr (GBytes) message = ll_test_run (content, "gpg", "--batch", "--trust-model", "always",
                                            "-e", "-r", world->bob, "--set-filename", name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = decrypt (world, message, &read, &error);

  g_assert_no_error (error);
  g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_DONE);
  g_assert_false (facts->is_signed);
  g_assert_cmpuint (facts->signatures->len, ==, 0);
  assert_is_text (read);
}

static void
test_symmetric (World *world, gconstpointer data)
{
  LlSealRequest request = { .symmetric = TRUE, .armor = TRUE };
  g_autoptr (GBytes) content = text_bytes (), message = NULL, read = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = NULL;

  ll_test_home_set_pinentry (world->home, LL_TEST_PINENTRY_ANSWERS, "correct horse");
  message = seal (world, world->engine->klass->encrypt, &request, content, NULL, &error);
  g_assert_no_error (error);
  ll_test_home_kill_agent (world->home); /* it may remember the passphrase */
  facts = decrypt (world, message, &read, &error);
  g_assert_no_error (error);
  g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_DONE);
  g_assert_true (facts->symmetric);
  assert_is_text (read);
}

/* --- AEAD, made by hand ----------------------------------------------------------------------- */

#define AEAD_CHUNK 64
#define AEAD_TAG 16
#define AEAD_IV 15
#define AEAD_PASSPHRASE "correct horse"

typedef enum
{
  AEAD_INTACT,
  AEAD_LAST_CHUNK_GONE,
  AEAD_END_GONE,
  AEAD_LAST_CHUNK_BENT,
  AEAD_N_CHANGES
} AeadChange;

static void
put_number (GByteArray *to, guint64 number, guint octets)
{
  for (guint i = octets; i > 0; i--)
    {
      guint8 octet = (guint8)(number >> 8 * (i - 1));
      g_byte_array_append (to, &octet, 1);
    }
}

static void
put_packet (GByteArray *to, LlPgpTag tag, const GByteArray *body)
{
  put_number (to, 0xC0u | tag, 1);
  put_number (to, 0xFF, 1);
  put_number (to, body->len, 4);
  g_byte_array_append (to, body->data, body->len);
}

/* One chunk, or with `total` the end: LibrePGP, "OCB Encrypted Data Packet". */
static void
put_chunk (GByteArray *to, gcry_cipher_hd_t cipher, guint64 index, const guint64 *total,
           const guint8 *data, gsize length)
{
  static const guint8 head[] = { 0xD4, 1, 9, 2, 0 };
  g_autoptr (GByteArray) more = g_byte_array_new ();
  guint8 nonce[AEAD_IV] = { 0 }, out[AEAD_CHUNK], tag[AEAD_TAG];

  for (guint i = 0; i < 8; i++)
    nonce[AEAD_IV - 1 - i] = (guint8)(index >> 8 * i);
  g_byte_array_append (more, head, sizeof head);
  put_number (more, index, 8);
  if (total != NULL)
    put_number (more, *total, 8);
  g_assert_cmpint (gcry_cipher_setiv (cipher, nonce, sizeof nonce), ==, 0);
  g_assert_cmpint (gcry_cipher_authenticate (cipher, more->data, more->len), ==, 0);
  gcry_cipher_final (cipher);
  g_assert_cmpint (gcry_cipher_encrypt (cipher, out, length, data, length), ==, 0);
  g_assert_cmpint (gcry_cipher_gettag (cipher, tag, sizeof tag), ==, 0);
  g_byte_array_append (to, out, (guint)length);
  g_byte_array_append (to, tag, sizeof tag);
}

/* A message for AEAD_PASSPHRASE, in chunks of 64 octets, changed in one way. */
static GBytes *
aead_message (const char *text, AeadChange change)
{
  static const guint8 skesk[] = { 4, 9, 0, 8 }; /* AES-256, simple S2K, SHA-256 */
  static const guint8 start[5 + AEAD_IV] = { 1, 9, 2, 0 };
  g_autoptr (GByteArray) literal = g_byte_array_new (), plain = g_byte_array_new (),
                         key_body = g_byte_array_new (), body = g_byte_array_new ();
  GByteArray *message = g_byte_array_new ();
  gcry_cipher_hd_t cipher;
  guint8 key[32];
  guint64 n = 0, total;

  g_byte_array_append (literal, (const guint8 *)"b\0\0\0\0\0", 6);
  g_byte_array_append (literal, (const guint8 *)text, (guint)strlen (text));
  put_packet (plain, LL_PGP_LITERAL, literal);
  total = plain->len;

  gcry_md_hash_buffer (GCRY_MD_SHA256, key, AEAD_PASSPHRASE, strlen (AEAD_PASSPHRASE));
  g_assert_cmpint (gcry_cipher_open (&cipher, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_OCB, 0), ==, 0);
  g_assert_cmpint (gcry_cipher_setkey (cipher, key, sizeof key), ==, 0);
  g_byte_array_append (body, start, 4 + AEAD_IV);
  for (guint at = 0; at < plain->len; at += AEAD_CHUNK, n++)
    {
      guint length = MIN (AEAD_CHUNK, plain->len - at);
      gboolean last = at + length == plain->len;
      if (last && change == AEAD_LAST_CHUNK_GONE)
        break;
      put_chunk (body, cipher, n, NULL, plain->data + at, length);
      if (last && change == AEAD_LAST_CHUNK_BENT)
        body->data[body->len - AEAD_TAG - 3] ^= 1;
    }
  if (change != AEAD_END_GONE)
    put_chunk (body, cipher, n, &total, plain->data, 0);
  gcry_cipher_close (cipher);

  g_byte_array_append (key_body, skesk, sizeof skesk);
  put_packet (message, LL_PGP_SKESK, key_body);
  put_packet (message, LL_PGP_ENCRYPTED_AEAD, body);
  return g_byte_array_free_to_bytes (message);
}

/* OP-25. gpg 2.2 says of all of these that they were decrypted, and that their MDC was good. */
static void
test_aead (World *world, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (int i = 0; i < 2000; i++)
    g_string_append_printf (text, "line %d of a secret text\n", i);
  ll_test_home_set_pinentry (world->home, LL_TEST_PINENTRY_ANSWERS, AEAD_PASSPHRASE);
  for (AeadChange change = AEAD_INTACT; change < AEAD_N_CHANGES; change++)
    {
      g_autoptr (GBytes) message = aead_message (text->str, change), read = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = decrypt (world, message, &read, &error);

      g_assert_cmpint (world->engine->klass->identify (world->engine, message), ==,
                       LL_BLOB_ENCRYPTED);
      if (change != AEAD_INTACT)
        g_assert_true (facts == NULL || facts->decryption == LL_DECRYPTION_FAILED);
      else if (facts->decryption == LL_DECRYPTION_DONE) /* a newer gpg */
        g_assert_cmpmem (g_bytes_get_data (read, NULL), g_bytes_get_size (read), text->str,
                         text->len);
      else
        g_assert_cmpstr (ll_reason_name (facts->decryption_reason), ==, "unsupported-algorithm");
    }
}

/* --- the agent -------------------------------------------------------------------------------- */

static void
test_locked_key (World *world, gconstpointer data)
{
  g_autofree char *carol = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GBytes) content = text_bytes (), message = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = NULL;
  LlTestPinentry refusals[] = { LL_TEST_PINENTRY_CANCELS, LL_TEST_PINENTRY_MISSING };

  ll_test_home_set_pinentry (world->home, LL_TEST_PINENTRY_ANSWERS, "sesame");
  carol = ll_test_openpgp_key (world->home, "Carol <carol@example.org>", "ed25519", "sesame");
  keys = keys_of (world, carol);
  message
      = ll_test_run (content, "gpg", "--batch", "--trust-model", "always", "-e", "-r", carol, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      LlSealRequest request = { .signers = keys, .detached = TRUE };

      ll_test_home_set_pinentry (world->home, refusals[i], NULL);
      ll_test_home_kill_agent (world->home);
      g_assert_null (seal (world, world->engine->klass->sign, &request, content, NULL, &error));
      g_assert_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED);
      g_clear_error (&error);
      g_assert_null (decrypt (world, message, NULL, &error));
      g_assert_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED);
      g_clear_error (&error);
    }
}

static void
test_killed_agent (World *world, gconstpointer data)
{
  g_autoptr (GPtrArray) signers = keys_of (world, world->alice);
  LlSealRequest request = { .signers = signers, .detached = TRUE };
  g_autoptr (GBytes) content = text_bytes (), signature = NULL;
  g_autoptr (GError) error = NULL;

  ll_test_home_kill_agent (world->home);
  signature = seal (world, world->engine->klass->sign, &request, content, NULL, &error);
  g_assert_no_error (error); /* gpg starts another one */
  g_assert_nonnull (signature);
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_usleep (300 * 1000);
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_cancelled (World *world, gconstpointer data)
{
  g_autofree char *carol = NULL;
  g_autoptr (GPtrArray) keys = NULL;
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_data (TEXT, -1, NULL);
  g_autoptr (GOutputStream) out = ll_secret_sink_new (LL_LIMIT_ALL_LAYERS_BYTES);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  LlSealRequest request = { .detached = TRUE };
  GThread *thread;
  gint64 before;

  ll_test_home_set_pinentry (world->home, LL_TEST_PINENTRY_ANSWERS, "sesame");
  carol = ll_test_openpgp_key (world->home, "Carol <carol@example.org>", "ed25519", "sesame");
  ll_test_home_kill_agent (world->home);
  ll_test_home_set_pinentry (world->home, LL_TEST_PINENTRY_WAITS, NULL);
  request.signers = keys = keys_of (world, carol);
  before = g_get_monotonic_time ();
  thread = g_thread_new ("cancel", cancel_soon, cancellable);
  g_assert_false (
      world->engine->klass->sign (world->engine, &request, in, out, NULL, cancellable, &error));
  g_thread_join (thread);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (g_get_monotonic_time () - before, <, 10 * G_USEC_PER_SEC);
  /* cppcheck-suppress memleak ; g_thread_join() has released the thread */
}

static void
test_full_output (World *world, gconstpointer data)
{
  g_autoptr (GPtrArray) recipients = keys_of (world, world->bob);
  LlSealRequest request = { .recipients = recipients, .always_trust = TRUE };
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_data (TEXT, -1, NULL);
  g_autoptr (GOutputStream) out = ll_secret_sink_new (10);
  g_autoptr (GError) error = NULL;

  g_assert_false (
      world->engine->klass->encrypt (world->engine, &request, in, out, NULL, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA); /* the sink's own error */
}

static void
test_missing_gpg (World *world, gconstpointer data)
{
  g_autoptr (GBytes) content = text_bytes ();
  g_autoptr (GBytes) message
      = ll_test_run (content, "gpg", "--batch", "-u", world->alice, "-s", NULL);
  g_autoptr (GError) error = NULL;
  LlPolicy *policy = world->policy;

  ll_engine_free (world->engine);
  policy->gpg_program = g_strdup ("/nonexistent/gpg");
  world->engine = ll_engine_openpgp_new (policy, world->store);
  g_assert_null (verify (world, message, NULL, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_FAILED);

  /* and nothing of it is left when the next engine is opened */
  g_clear_pointer (&policy->gpg_program, g_free);
  ll_engine_free (world->engine);
  world->engine = ll_engine_openpgp_new (policy, world->store);
  g_clear_error (&error);
  ll_facts_free (verify (world, message, NULL, NULL, &error));
  g_assert_no_error (error);
}

static void
test_read_only_home (World *world, gconstpointer data)
{
  g_autoptr (GBytes) content = text_bytes ();
  g_autoptr (GBytes) message
      = ll_test_run (content, "gpg", "--batch", "-u", world->alice, "-s", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) checked = NULL;
  g_autoptr (LlFacts) facts = NULL;

  if (geteuid () == 0)
    {
      g_test_skip ("this user may write everywhere");
      return;
    }
  /* gpg would update its trust database, and cannot: that is trouble, and not "no signature" */
  g_assert_cmpint (g_chmod (world->home->path, 0500), ==, 0);
  facts = verify (world, message, NULL, NULL, &error);
  g_chmod (world->home->path, 0700);
  if (facts != NULL)
    assert_good (facts, world->alice);
  else
    g_assert_error (error, LL_ERROR, LL_ERROR_FAILED);
  g_clear_pointer (&facts, ll_facts_free);
  g_clear_error (&error);

  /* when nothing has to be written, all is well */
  checked = ll_test_run (NULL, "gpg", "--batch", "--check-trustdb", NULL);
  g_assert_cmpint (g_chmod (world->home->path, 0500), ==, 0);
  facts = verify (world, message, NULL, NULL, &error);
  g_chmod (world->home->path, 0700);
  g_assert_no_error (error);
  assert_good (facts, world->alice);
}

/* --- the time --------------------------------------------------------------------------------- */

static gint64
key_time (World *world, const char *fingerprint)
{
  g_autoptr (GPtrArray) keys = keys_of (world, fingerprint);
  return ll_key_get_created (g_ptr_array_index (keys, 0));
}

static void
test_time_of_judgement (World *world, gconstpointer data)
{
  const gint64 day = 24 * 60 * 60;
  g_autoptr (GBytes) content = text_bytes ();
  g_autoptr (GBytes) lasting
      = ll_test_run (content, "gpg", "--batch", "-u", world->alice, "-b", NULL);
  g_autoptr (GBytes) brief = ll_test_run (content, "gpg", "--batch", "-u", world->alice, "-b",
                                          "--default-sig-expire", "2d", NULL);
  gint64 born = key_time (world, world->alice);
  struct
  {
    GBytes *signature;
    gint64 at;
    LlReason reason;
  } cases[] = { { lasting, 0, LL_REASON_NONE },
                { lasting, born - day, LL_REASON_NOT_YET_VALID },
                { brief, born + day, LL_REASON_NONE },
                { brief, born + 3 * day, LL_REASON_SIGNATURE_EXPIRED },
                { lasting, born + 3 * day, LL_REASON_NONE } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = NULL;
      world_set_time (world, cases[i].at);
      facts = verify (world, cases[i].signature, content, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpint (only_signature (facts)->integrity, ==, LL_INTEGRITY_HOLDS);
      g_assert_cmpstr (ll_reason_name (only_signature (facts)->reason), ==,
                       ll_reason_name (cases[i].reason));
    }
}

static void
test_expired_key (World *world, gconstpointer data)
{
  g_autoptr (GBytes) content = text_bytes (), signature = NULL, said = NULL;
  gint64 expires;

  /* valid when it signed, expired soon after; judged before that, it is good */
  said
      = ll_test_run (NULL, "gpg", "--batch", "--quick-set-expire", world->alice, "seconds=2", NULL);
  signature = ll_test_run (content, "gpg", "--batch", "-u", world->alice, "-b", NULL);
  g_usleep (3500 * 1000);
  ll_key_store_forget (world->store);
  {
    g_autoptr (GPtrArray) keys = keys_of (world, world->alice);
    expires = ll_key_get_expires (g_ptr_array_index (keys, 0));
  }
  g_assert_cmpint (expires, >, 0);
  for (int early = 0; early < 2; early++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = NULL;
      world_set_time (world, early ? expires - 1 : 0);
      facts = verify (world, signature, content, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpint (only_signature (facts)->integrity, ==, LL_INTEGRITY_HOLDS);
      g_assert_cmpstr (ll_reason_name (only_signature (facts)->reason), ==,
                       early ? "none" : "key-expired");
    }
}

/* --- what is none of ours --------------------------------------------------------------------- */

static void
test_garbage (World *world, gconstpointer data)
{
  struct
  {
    const char *data;
    gsize length;
  } cases[] = { { "", 0 },
                { "hello", 5 },
                { "\xff\xfe\x00\x01", 4 },
                { "-----BEGIN PGP MESSAGE-----\n\n", 29 },
                { "-----BEGIN PGP MESSAGE-----\n\n!!!!\n-----END PGP MESSAGE-----\n", 60 } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static (cases[i].data, cases[i].length);
      g_autoptr (GBytes) content = text_bytes ();
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = NULL;

      g_assert_null (decrypt (world, bytes, NULL, &error));
      g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
      g_clear_error (&error);
      g_assert_null (verify (world, bytes, NULL, NULL, &error));
      g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
      g_clear_error (&error);
      facts = verify (world, bytes, content, NULL, &error);
      if (facts != NULL)
        g_assert_cmpuint (facts->signatures->len, ==, 0);
      else
        g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
    }
}

static void
test_keys_are_told (World *world, gconstpointer data)
{
  g_autoptr (GBytes) binary = ll_test_run (NULL, "gpg", "--batch", "--export", world->alice, NULL);
  g_autoptr (GBytes) armored
      = ll_test_run (NULL, "gpg", "--batch", "-a", "--export", world->alice, NULL);

  g_assert_cmpint (world->engine->klass->identify (world->engine, binary), ==,
                   LL_BLOB_CERTIFICATES);
  g_assert_cmpint (world->engine->klass->identify (world->engine, armored), ==,
                   LL_BLOB_CERTIFICATES);
}

/* A wrong or missing checksum is passed over (OP-06); a second block is not (OP-27). */
static void
test_armor_oddities (World *world, gconstpointer data)
{
  g_autoptr (GBytes) content = text_bytes ();
  g_autoptr (GBytes) message
      = ll_test_run (content, "gpg", "--batch", "--trust-model", "always", "-a", "-e", "-r",
                     world->bob, "--comment", "verified: yes", NULL);
  g_autofree char *text = g_strndup (g_bytes_get_data (message, NULL), g_bytes_get_size (message));
  char *sum = strstr (text, "\n=");
  g_autoptr (GString) dos = g_string_new (text);
  g_autofree char *twice = g_strconcat (text, text, NULL);
  struct
  {
    char *text;
    LlDecryption expected;
  } cases[3];

  g_assert_nonnull (sum);
  g_string_replace (dos, "\n", "\r\n", 0);
  sum[2] = sum[2] == 'A' ? 'B' : 'A';
  cases[0].text = text, cases[0].expected = LL_DECRYPTION_DONE;
  cases[1].text = dos->str, cases[1].expected = LL_DECRYPTION_DONE;
  cases[2].text = twice, cases[2].expected = LL_DECRYPTION_FAILED;
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static (cases[i].text, strlen (cases[i].text));
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = decrypt (world, bytes, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpint (facts->decryption, ==, cases[i].expected);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define CASE(name, function)                                                                       \
  g_test_add ("/engine-openpgp/" name, World, NULL, world_set_up, function, world_tear_down)
#define BOTH(name, function)                                                                       \
  CASE ("ed25519: " name, function);                                                               \
  g_test_add ("/engine-openpgp/rsa3072: " name, World, "rsa3072", world_set_up, function,          \
              world_tear_down)
  BOTH ("gpg verifies what we sign", test_sign_for_gpg);
  BOTH ("we verify what gpg signs, in every form", test_verify_from_gpg);
  BOTH ("gpg decrypts what we encrypt and sign", test_encrypt_for_gpg);
  BOTH ("we decrypt what gpg encrypts and signs", test_decrypt_from_gpg);
  CASE ("an opaque signature can be read by both", test_sign_opaque);
  CASE ("a changed content breaks the signature", test_changed_content);
  CASE ("a change anywhere in a signed message credits nothing else", test_changed_signature);
  CASE ("an unknown key is named and not checked", test_unknown_key);
  CASE ("each of several signatures is alone", test_several_signatures);
  CASE ("SHA-1 is said to be weak, and never made", test_outdated_digest);
  CASE ("armor of any length comes back", test_large_armor);
  CASE ("a changed ciphertext gives no plaintext that counts", test_changed_ciphertext);
  CASE ("a message cut anywhere is not decrypted", test_cut_message);
  CASE ("exactly one encrypted message counts as one", test_not_one_message);
  CASE ("a message for someone else says so", test_not_for_us);
  CASE ("encryption without integrity gives nothing", test_no_integrity);
  CASE ("a file name inside cannot speak for gpg", test_name_inside);
  CASE ("a passphrase alone is enough", test_symmetric);
  CASE ("AEAD that is cut or changed is never taken for whole", test_aead);
  CASE ("a locked key is told as locked", test_locked_key);
  CASE ("a killed agent does no harm", test_killed_agent);
  CASE ("cancelling ends an operation that waits for a person", test_cancelled);
  CASE ("a full output is told", test_full_output);
  CASE ("a home that cannot be written is read, or told to be the trouble", test_read_only_home);
  CASE ("signatures are judged at the time asked for", test_time_of_judgement);
  CASE ("a key expired now was good before", test_expired_key);
  CASE ("what is not OpenPGP is refused", test_garbage);
  CASE ("keys are told from messages", test_keys_are_told);
  CASE ("odd armor is read, doubled armor is not", test_armor_oddities);
  /* the last one: GPGME, told of a program, remembers the home of that moment for good */
  CASE ("a missing gpg is told", test_missing_gpg);
#undef BOTH
#undef CASE
  return g_test_run ();
}
