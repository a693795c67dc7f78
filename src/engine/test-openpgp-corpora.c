/* test-openpgp-corpora.c - the OpenPGP engine on packets that others bent (LETTERLOCK_CORPORA):
 * what cases.tsv of the family says, and above all what must never happen: a signature that is
 * called good, or a plaintext that counts.
 */
#include <config.h>

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "engine/engine.h"
#include "engine/pgp-packets.h"
#include "tests/support.h"

#define FAMILY "rnp-openpgp-packets"
#define SECONDS_PER_CASE 60

typedef struct
{
  char *file, *operation, *keys, *verdict, *note;
} Case;

static char *folder;

static void
case_free (gpointer data)
{
  Case *one = data;

  g_free (one->file);
  g_free (one->operation);
  g_free (one->keys);
  g_free (one->verdict);
  g_free (one->note);
  g_free (one);
}

static GBytes *
load (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  char *data = NULL;
  gsize length;

  g_file_get_contents (path, &data, &length, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, length);
}

static void
import_keys (const char *keys)
{
  g_auto (GStrv) files = g_strsplit (keys, ",", -1);

  for (gsize i = 0; files[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (folder, files[i], NULL);
      const char *argv[] = { "gpg", "--batch", "--quiet", "--import", path, NULL };
      /* gpg complains of odd keys among them and takes the others */
      ll_test_run_status (NULL, NULL, NULL, argv);
    }
}

/* Every signature holds; 1024 bits of RSA, of which many of these keys are, is another matter. */
static gboolean
all_hold (const LlFacts *facts)
{
  for (guint i = 0; i < facts->signatures->len; i++)
    {
      const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, i);
      if (signature->integrity != LL_INTEGRITY_HOLDS
          || (signature->reason != LL_REASON_NONE && signature->reason != LL_REASON_WEAK_KEY))
        return FALSE;
    }
  return facts->signatures->len > 0;
}

static gboolean
some_reason (const LlFacts *facts, LlReason reason)
{
  for (guint i = 0; i < facts->signatures->len; i++)
    if (((const LlSignatureFacts *)g_ptr_array_index (facts->signatures, i))->reason == reason)
      return TRUE;
  return FALSE;
}

/* --- verifying -------------------------------------------------------------------------------- */

static const char *
signed_file (const Case *one)
{
  return g_str_equal (one->file, "message.text-sig-crcr.sig") ? "message.text-sig-crcr"
                                                              : "message.txt";
}

static LlFacts *
verify (LlEngine *engine, const Case *one, GError **error)
{
  g_autoptr (GBytes) bytes = load (one->file);
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (GInputStream) content = NULL;
  g_autoptr (GOutputStream) out = NULL;
  g_autoptr (GBytes) content_bytes = NULL;
  LlFacts *facts = NULL;

  /* one that is called a signature of another file is offered as one, whatever it is */
  if (g_str_has_suffix (one->file, ".sig")
      || engine->klass->identify (engine, bytes) == LL_BLOB_DETACHED)
    {
      content_bytes = load (signed_file (one));
      content = g_memory_input_stream_new_from_bytes (content_bytes);
    }
  else
    out = ll_secret_sink_new (LL_LIMIT_ALL_LAYERS_BYTES);
  engine->klass->verify (engine, in, content, out, &facts, NULL, error);
  return facts;
}

static void
check_verify (LlEngine *engine, const Case *one)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = verify (engine, one, &error);
  gboolean good = facts != NULL && all_hold (facts);

  if (facts == NULL)
    g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  if (g_str_equal (one->verdict, "good"))
    {
      if (strstr (one->note, "an engine that rejects it is acceptable") == NULL)
        g_assert_true (good);
      return;
    }
  g_assert_false (good);
  if (g_str_equal (one->verdict, "weak"))
    g_assert_true (some_reason (facts, LL_REASON_WEAK_DIGEST)); /* OP-10 */
  else if (g_str_equal (one->verdict, "expired"))
    g_assert_true (some_reason (facts, LL_REASON_KEY_EXPIRED));
  else if (g_str_equal (one->verdict, "unknown"))
    g_assert_true (some_reason (facts, LL_REASON_NO_PUBLIC_KEY));
}

/* --- decrypting ------------------------------------------------------------------------------- */

static char *
marker_of (const Case *one)
{
  const char *start = strstr (one->note, "marker=");

  if (start == NULL)
    return NULL;
  start += strlen ("marker=");
  return g_strchomp (g_strndup (start, strcspn (start, ";")));
}

static gboolean
is_aead (GBytes *bytes)
{
  LlPgpScan scan = { 0 };

  ll_pgp_scan_feed (&scan, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  return scan.packets.data == LL_PGP_ENCRYPTED_AEAD;
}

static void
check_decrypt (LlEngine *engine, const Case *one)
{
  g_autoptr (GBytes) bytes = load (one->file);
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (GOutputStream) out = ll_secret_sink_new (LL_LIMIT_ALL_LAYERS_BYTES);
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = NULL;
  g_autoptr (GBytes) content = NULL;
  g_autofree char *marker = marker_of (one);
  gsize length;
  const char *text;

  engine->klass->decrypt (engine, in, out, &facts, NULL, &error);
  content = ll_secret_sink_steal (out);
  if (g_str_equal (one->verdict, "decrypt-fail"))
    {
      if (facts != NULL)
        g_assert_cmpint (facts->decryption, !=, LL_DECRYPTION_DONE);
      return;
    }
  g_assert_no_error (error);
  if (facts->decryption_reason == LL_REASON_UNSUPPORTED_ALGORITHM && is_aead (bytes))
    {
      g_test_skip ("this gpg cannot vouch for AEAD, and what it opens is not taken (OP-25)");
      return;
    }
  g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_DONE);
  g_assert_true (facts->has_integrity);
  text = g_bytes_get_data (content, &length);
  if (marker != NULL)
    g_assert_nonnull (g_strstr_len (text, (gssize)length, marker));
  if (strstr (one->note, "signature=good") != NULL)
    g_assert_true (all_hold (facts));
  else if (strstr (one->note, "signature=none") != NULL)
    g_assert_cmpuint (facts->signatures->len, ==, 0);
}

/* --- the family ------------------------------------------------------------------------------- */

static void
test_case (gconstpointer data)
{
  const Case *one = data;
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autoptr (LlPolicy) policy = ll_policy_new ();
  g_autoptr (LlKeyStore) store = ll_key_store_new (policy);
  g_autoptr (LlEngine) engine = ll_engine_openpgp_new (policy, store);
  gint64 before = g_get_monotonic_time ();

  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_ANSWERS, "password");
  import_keys (one->keys);
  if (g_str_equal (one->operation, "verify"))
    check_verify (engine, one);
  else
    check_decrypt (engine, one);
  g_assert_cmpint (g_get_monotonic_time () - before, <, SECONDS_PER_CASE * G_USEC_PER_SEC);
}

static GPtrArray *
read_cases (void)
{
  GPtrArray *cases = g_ptr_array_new_with_free_func (case_free);
  g_autoptr (GBytes) table = load ("cases.tsv");
  g_autofree char *text = g_strndup (g_bytes_get_data (table, NULL), g_bytes_get_size (table));
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (gsize i = 1; lines[i] != NULL; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], "\t", 6);
      Case *one;
      if (g_strv_length (fields) < 6)
        continue;
      one = g_new0 (Case, 1);
      *one = (Case){ g_strdup (fields[0]), g_strdup (fields[2]), g_strdup (fields[3]),
                     g_strdup (fields[4]), g_strdup (fields[5]) };
      g_ptr_array_add (cases, one);
    }
  return cases;
}

static void
test_missing (void)
{
  g_test_skip ("LETTERLOCK_CORPORA does not name a directory with " FAMILY);
}

int
main (int argc, char **argv)
{
  const char *corpora = g_getenv ("LETTERLOCK_CORPORA");
  g_autoptr (GPtrArray) cases = NULL;

  g_test_init (&argc, &argv, NULL);
  folder = g_build_filename (corpora != NULL ? corpora : ".", FAMILY, NULL);
  if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
    {
      g_test_add_func ("/openpgp-corpora/" FAMILY, test_missing);
      return g_test_run ();
    }
  cases = read_cases ();
  for (guint i = 0; i < cases->len; i++)
    {
      Case *one = g_ptr_array_index (cases, i);
      g_autofree char *name
          = g_strdup_printf ("/openpgp-corpora/%s is %s", one->file, one->verdict);
      g_test_add_data_func (name, one, test_case);
    }
  return g_test_run ();
}
