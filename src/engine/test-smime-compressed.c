/* CompressedData (RFC 3274, CM-09): read in either order with signing, bounded, never a layer.
 * OpenSSL as Debian builds it cannot make them: the objects are put together here.
 */
#include <config.h>

#include "base/error.h"
#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "engine/engine.h"
#include "engine/test-craft.h"
#include "tests/support.h"

static LlTestCert *alice;
static LlEngine *engine;

/* ---- making ---- */

/* The same in pieces of indefinite length, as a stream is written. */
static GBytes *
compress_in_pieces (GBytes *bytes)
{
  g_autoptr (GByteArray) octets = craft_deflate (bytes);
  GByteArray *pieces = g_byte_array_new ();

  for (guint i = 0; i < octets->len; i += 3)
    pieces
        = der_join (pieces,
                    der (0x04, der_bytes (octets->data + i, MIN (3, octets->len - i)), NULL), NULL);
  return der_take (ber (0x30, COMPRESSED_DATA,
                        ber (0xa0,
                             ber (0x30, der_integer (0), der (0x30, ZLIB, NULL),
                                  ber (0x30, der_pkcs (DER_DATA),
                                       ber (0xa0, ber (0x24, pieces, NULL), NULL), NULL),
                                  NULL),
                             NULL),
                        NULL));
}

static GBytes *
text (const char *string)
{
  return g_bytes_new_static (string, strlen (string));
}

static GBytes *
sign (GBytes *content)
{
  g_autoptr (BIO) in
      = BIO_new_mem_buf (g_bytes_get_data (content, NULL), (int)g_bytes_get_size (content));
  g_autoptr (CMS_ContentInfo) cms
      = CMS_sign (alice->certificate, alice->key, NULL, in, CMS_BINARY | CMS_NOSMIMECAP);

  g_assert_nonnull (cms);
  return LL_DER (cms, CMS_ContentInfo);
}

/* ---- asking ---- */

static LlFacts *
verify (GBytes *object, GBytes **released, GError **error)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  LlFacts *facts = NULL;

  if (!engine->klass->verify (engine, in, NULL, out, &facts, NULL, error))
    return NULL;
  g_assert_true (g_output_stream_close (out, NULL, NULL));
  *released = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (out));
  return facts;
}

static void
check_refused (GBytes *object, LlError code)
{
  g_autoptr (GBytes) released = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = verify (object, &released, &error);

  g_assert_null (facts);
  g_assert_error (error, LL_ERROR, (int)code);
}

static void
what_was_compressed_comes_out_and_claims_nothing (void)
{
  g_autoptr (GBytes) content = text (CONTENT);
  GBytes *objects[] = { craft_compress (content), compress_in_pieces (content) };

  for (guint i = 0; i < G_N_ELEMENTS (objects); i++)
    {
      g_autoptr (GBytes) object = objects[i];
      g_autoptr (GBytes) released = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (LlFacts) facts = verify (object, &released, &error);

      g_assert_no_error (error);
      g_assert_true (facts->compressed);
      g_assert_false (facts->is_signed);
      g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_NONE);
      g_assert_false (facts->has_trailing_bytes);
      g_assert_true (g_bytes_equal (released, content));
      g_assert_cmpint (engine->klass->identify (engine, object), ==, LL_BLOB_COMPRESSED);
    }
}

static void
a_signature_inside_is_verified (void)
{
  g_autoptr (GBytes) content = text (CONTENT);
  g_autoptr (GBytes) signed_object = sign (content);
  g_autoptr (GBytes) object = craft_compress (signed_object);
  g_autoptr (GBytes) released = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = verify (object, &released, &error);

  g_assert_no_error (error);
  g_assert_true (facts->compressed);
  g_assert_true (facts->is_signed);
  g_assert_cmpuint (facts->signatures->len, ==, 1);
  const LlSignatureFacts *signature = g_ptr_array_index (facts->signatures, 0);
  g_assert_cmpint (signature->integrity, ==, LL_INTEGRITY_HOLDS);
  g_assert_true (g_bytes_equal (released, content));
}

/* The other order: what was signed is the compressed object, and is given as it was signed. */
static void
a_signature_outside_is_over_the_compressed_octets (void)
{
  g_autoptr (GBytes) content = text (CONTENT);
  g_autoptr (GBytes) inside = craft_compress (content);
  g_autoptr (GBytes) object = sign (inside);
  g_autoptr (GBytes) released = NULL;
  g_autoptr (GBytes) inflated = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = verify (object, &released, &error);

  g_assert_no_error (error);
  g_assert_true (facts->is_signed);
  g_assert_false (facts->compressed);
  g_assert_true (g_bytes_equal (released, inside));
  g_autoptr (LlFacts) next = verify (released, &inflated, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (inflated, content));
  g_assert_false (next->is_signed);
}

static void
what_is_compressed_twice_is_not_opened_twice (void)
{
  g_autoptr (GBytes) content = text (CONTENT);
  g_autoptr (GBytes) once = craft_compress (content);
  g_autoptr (GBytes) twice = craft_compress (once);
  g_autoptr (GBytes) released = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlFacts) facts = verify (twice, &released, &error);

  g_assert_no_error (error);
  g_assert_false (facts->is_signed);
  g_assert_true (g_bytes_equal (released, once));
}

/* A few octets that would become very many. */
static void
a_bomb_is_refused_and_honest_data_are_not (void)
{
  gsize much = 64 * LL_LIMIT_INFLATED_BYTES;
  g_autoptr (GBytes) zeros = g_bytes_new_take (g_malloc0 (much), much);
  g_autoptr (GBytes) bomb = craft_compress (zeros);
  g_autoptr (GBytes) few = g_bytes_new_from_bytes (zeros, 0, LL_LIMIT_INFLATED_BYTES);
  g_autoptr (GBytes) small = craft_compress (few);
  g_autoptr (GBytes) released = NULL;
  g_autoptr (GError) error = NULL;
  gint64 started = g_get_monotonic_time ();

  check_refused (bomb, LL_ERROR_BAD_DATA);
  g_assert_cmpint (g_get_monotonic_time () - started, <, G_USEC_PER_SEC);
  g_autoptr (LlFacts) facts = verify (small, &released, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (released, few));
}

static void
damage_is_an_error (void)
{
  g_autoptr (GBytes) content = text (CONTENT CONTENT CONTENT);
  g_autoptr (GByteArray) octets = craft_deflate (content);
  g_autoptr (GBytes) unknown
      = craft_compressed_data (der_pkcs (1, 99, 1), der_bytes (octets->data, octets->len));
  g_autoptr (GBytes) followed
      = craft_compressed_data (ZLIB, der_join (der_bytes (octets->data, octets->len),
                                               der_bytes ("more", 4), NULL));
  g_autoptr (GBytes) nothing = craft_compressed_data (ZLIB, g_byte_array_new ());

  check_refused (unknown, LL_ERROR_UNSUPPORTED_ALGORITHM);
  check_refused (followed, LL_ERROR_BAD_DATA);
  check_refused (nothing, LL_ERROR_BAD_DATA);
  for (guint length = 1; length < octets->len; length++)
    {
      g_autoptr (GBytes) cut = craft_compressed_data (ZLIB, der_bytes (octets->data, length));
      check_refused (cut, LL_ERROR_BAD_DATA);
    }
}

static void
an_object_cut_anywhere_is_an_error (void)
{
  g_autoptr (GBytes) content = text (CONTENT);
  g_autoptr (GBytes) signed_object = sign (content);
  GBytes *objects[]
      = { craft_compress (content), compress_in_pieces (content), craft_compress (signed_object) };

  for (guint i = 0; i < G_N_ELEMENTS (objects); i++)
    {
      g_autoptr (GBytes) object = objects[i];
      for (gsize length = 0; length < g_bytes_get_size (object); length++)
        {
          g_autoptr (GBytes) cut = g_bytes_new_from_bytes (object, 0, length);
          check_refused (cut, LL_ERROR_BAD_DATA);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  alice = ll_test_cert_new (&(LlTestCertSpec){ .name = "Alice" });
  engine = ll_engine_smime_new (NULL, NULL);

#define CASE(function) g_test_add_func ("/smime-compressed/" #function, function)
  CASE (what_was_compressed_comes_out_and_claims_nothing);
  CASE (a_signature_inside_is_verified);
  CASE (a_signature_outside_is_over_the_compressed_octets);
  CASE (what_is_compressed_twice_is_not_opened_twice);
  CASE (a_bomb_is_refused_and_honest_data_are_not);
  CASE (damage_is_an_error);
  CASE (an_object_cut_anywhere_is_an_error);
  int status = g_test_run ();

  ll_engine_free (engine);
  ll_test_cert_free (alice);
  return status;
}
