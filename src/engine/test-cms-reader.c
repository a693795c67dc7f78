/* The CMS reader alone: objects built here octet by octet, no keys. */
#include <config.h>

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "engine/cms-reader.h"
#include "engine/test-der.h"

#define element(tag, indefinite, ...)                                                              \
  ((indefinite) ? ber (tag, __VA_ARGS__, NULL) : der (tag, __VA_ARGS__, NULL))

/* SignedData; `content` may be NULL for a detached one. */
static GByteArray *
signed_data (gboolean indefinite, GByteArray *content, guint n_certificates, guint n_signers)
{
  g_autoptr (GByteArray) one = der_string (0x30, "x");
  g_autoptr (GByteArray) other = der_string (0xa1, "attribute certificate");
  GByteArray *encapsulated = content != NULL ? element (0x30, indefinite, der_pkcs (DER_DATA),
                                                        element (0xa0, indefinite, content))
                                             : element (0x30, indefinite, der_pkcs (DER_DATA));

  return element (0x30, indefinite, der_pkcs (1, 7, 2),
                  element (0xa0, indefinite,
                           element (0x30, indefinite, der_integer (1),
                                    element (0x31, indefinite, der_repeat (one, 1)), encapsulated,
                                    element (0xa0, indefinite, der_repeat (other, 1),
                                             der_repeat (one, n_certificates)),
                                    element (0x31, indefinite, der_repeat (one, n_signers)))));
}

/* "ab" "c" "" "defg", one of them a string of strings. */
static GByteArray *
chunked (guint8 tag, gboolean indefinite)
{
  return element (tag, indefinite, der_string (4, "ab"),
                  element (0x24, !indefinite, der_string (4, "c"), der_string (4, "")),
                  der_string (4, "defg"));
}

/* ---- reading ---- */

static char *
read_all (GBytes *input, LlCmsParts *parts, GError **error)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (input);
  g_autoptr (LlCmsReader) reader = ll_cms_reader_open (in, NULL, error);
  g_autoptr (GString) content = g_string_new (NULL);
  guint8 some[3];
  gssize n;

  if (reader == NULL)
    return NULL;
  while ((n = ll_cms_reader_read (reader, some, sizeof some, error)) > 0)
    g_string_append_len (content, (char *)some, n);
  if (n < 0 || !ll_cms_reader_finish (reader, error))
    return NULL;
  *parts = *ll_cms_reader_get_parts (reader);
  /* Only the counts are looked at after the reader is gone. */
  return g_string_free (g_steal_pointer (&content), FALSE);
}

static void
reads_definite_and_indefinite_forms_alike (void)
{
  for (guint form = 0; form < 4; form++)
    {
      g_autoptr (GBytes) input = der_take (signed_data (form & 1, chunked (0x24, form & 2), 3, 2));
      LlCmsParts parts;
      g_autoptr (GError) error = NULL;
      g_autofree char *content = read_all (input, &parts, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (content, ==, "abcdefg");
      g_assert_cmpint (parts.kind, ==, LL_CMS_SIGNED);
      g_assert_true (parts.content_is_data);
      g_assert_false (parts.has_trailing_bytes);
      g_assert_cmpint (parts.limit, ==, LL_REASON_NONE);
    }
}

static void
counts_and_skips_what_stands_around (void)
{
  g_autoptr (GBytes) input = der_take (signed_data (FALSE, NULL, 3, 2));
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (input);
  g_autoptr (GError) error = NULL;
  g_autoptr (LlCmsReader) reader = ll_cms_reader_open (in, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (ll_cms_reader_finish (reader, &error));
  const LlCmsParts *parts = ll_cms_reader_get_parts (reader);

  g_assert_false (parts->has_content);
  g_assert_cmpuint (parts->digest_algorithms->len, ==, 1);
  g_assert_cmpuint (parts->certificates->len, ==,
                    3); /* SC-05: the other choice is not among them */
  g_assert_cmpuint (parts->signer_infos->len, ==, 2);
}

static void
notes_bytes_after_the_object (void)
{
  GByteArray *object = signed_data (TRUE, der_string (4, "text"), 1, 1);
  g_byte_array_append (object, (const guint8 *)"junk", 4);
  g_autoptr (GBytes) input = der_take (object);
  LlCmsParts parts;
  g_autofree char *content = read_all (input, &parts, NULL);
  g_assert_cmpstr (content, ==, "text");
  g_assert_true (parts.has_trailing_bytes); /* CM-20 */
}

static void
refuses_every_truncation (void)
{
  g_autoptr (GBytes) input = der_take (signed_data (TRUE, chunked (0x24, TRUE), 2, 2));
  for (gsize length = 0; length < g_bytes_get_size (input); length++)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (input, 0, length);
      LlCmsParts parts;
      g_autoptr (GError) error = NULL;
      g_autofree char *content = read_all (cut, &parts, &error);
      g_assert_null (content);
      g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
    }
}

static void
survives_every_changed_octet (void)
{
  g_autoptr (GBytes) input = der_take (signed_data (TRUE, chunked (0x24, FALSE), 2, 2));
  gsize size = g_bytes_get_size (input);

  for (gsize at = 0; at < size; at++)
    for (guint bit = 0; bit < 8; bit++)
      {
        guint8 *changed = g_memdup2 (g_bytes_get_data (input, NULL), size);
        changed[at] ^= 1 << bit;
        g_autoptr (GBytes) bad = g_bytes_new_take (changed, size);
        LlCmsParts parts;
        g_autofree char *content = read_all (bad, &parts, NULL);
        g_assert_true (content == NULL || strlen (content) <= 16);
      }
}

static void
looks_at_no_more_signers_and_certificates_than_the_limits (void)
{
  LlCmsParts parts;
  g_autoptr (GBytes) signers
      = der_take (signed_data (FALSE, der_string (4, "x"), 1, LL_LIMIT_SIGNERS + 1));
  g_autofree char *first = read_all (signers, &parts, NULL);
  g_assert_nonnull (first);
  g_assert_cmpint (parts.limit, ==, LL_REASON_LIMIT_SIGNERS);

  g_autoptr (GBytes) many
      = der_take (signed_data (FALSE, der_string (4, "x"), LL_LIMIT_CERTIFICATES + 1, 1));
  g_autofree char *second = read_all (many, &parts, NULL);
  g_assert_nonnull (second);
  g_assert_cmpint (parts.limit, ==, LL_REASON_LIMIT_CERTIFICATES);
}

static void
refuses_ten_thousand_nested_strings (void)
{
  g_autoptr (GByteArray) deep = g_byte_array_new ();
  for (guint i = 0; i < 10000; i++)
    g_byte_array_append (deep, (const guint8[]){ 0x24, 0x80 }, 2);
  g_autoptr (GBytes) input = der_take (signed_data (TRUE, g_byte_array_ref (deep), 1, 1));
  LlCmsParts parts;
  g_autoptr (GError) error = NULL;
  g_autofree char *content = read_all (input, &parts, &error);
  g_assert_null (content);
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  g_assert_nonnull (strstr (error->message, G_STRINGIFY (LL_LIMIT_CMS_DEPTH)));
}

static void
refuses_lengths_beyond_the_object_around (void)
{
  g_autoptr (GBytes) input = der_take (signed_data (FALSE, der_string (4, "text"), 1, 1));
  gsize size = g_bytes_get_size (input);
  guint8 *changed = g_memdup2 (g_bytes_get_data (input, NULL), size);
  guint8 *text = memmem (changed, size, "text", 4);
  text[-1] = 0xff; /* longer than the [0] around it */
  g_autoptr (GBytes) bad = g_bytes_new_take (changed, size);
  LlCmsParts parts;
  g_autoptr (GError) error = NULL;
  g_autofree char *content = read_all (bad, &parts, &error);
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
}

static void
refuses_too_much_around_the_content (void)
{
  g_autofree char *big = g_strnfill (LL_LIMIT_CMS_PART_BYTES, 'x');
  g_autoptr (GBytes) input
      = der_take (element (0x30, FALSE, der_pkcs (1, 7, 2),
                           element (0xa0, FALSE,
                                    element (0x30, FALSE, der_integer (1),
                                             element (0x31, FALSE, der_string (0x30, big))))));
  LlCmsParts parts;
  g_autoptr (GError) error = NULL;
  g_autofree char *content = read_all (input, &parts, &error);
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  g_assert_nonnull (strstr (error->message, G_STRINGIFY (8388608)));
}

static void
reads_base64_and_pem (void)
{
  g_autoptr (GBytes) input = der_take (signed_data (TRUE, chunked (0x24, TRUE), 90, 2));
  g_autofree char *base64
      = g_base64_encode (g_bytes_get_data (input, NULL), g_bytes_get_size (input));
  const char *forms[] = { "%s", "-----BEGIN CMS-----\r\n%s\r\n-----END CMS-----\r\n", " \n%s==\n",
                          "A word before.\n\n-----BEGIN CMS-----\n%s\n-----END CMS-----\n" };

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_autoptr (GString) text = g_string_new (forms[i]);
      g_string_replace (text, "%s", base64, 0);
      g_autoptr (GBytes) as_text = g_bytes_new (text->str, text->len);
      LlCmsParts parts;
      g_autoptr (GError) error = NULL;
      g_autofree char *content = read_all (as_text, &parts, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (content, ==, "abcdefg");
    }
}

static void
tells_what_is_not_cms (void)
{
  const char *inputs[] = { "",
                           "0",
                           "hello",
                           "-----BEGIN CMS-----",
                           "-----BEGIN CMS-----\nhello\n",
                           "MIAGCSqGSIb3DQEHAq",
                           "\x30\x80",
                           "\x30\x03\x02\x01\x01" };
  for (guint i = 0; i < G_N_ELEMENTS (inputs); i++)
    {
      g_autoptr (GBytes) input = g_bytes_new (inputs[i], strlen (inputs[i]));
      LlCmsParts parts;
      g_autoptr (GError) error = NULL;
      g_autofree char *content = read_all (input, &parts, &error);
      g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
    }
}

static void
puts_one_signer_into_a_whole_object_again (void)
{
  g_autoptr (GBytes) input = der_take (signed_data (TRUE, chunked (0x24, TRUE), 2, 3));
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (input);
  g_autoptr (GError) error = NULL;
  g_autoptr (LlCmsReader) reader = ll_cms_reader_open (in, NULL, &error);
  g_assert_true (ll_cms_reader_finish (reader, &error));
  const LlCmsParts *parts = ll_cms_reader_get_parts (reader);
  g_autoptr (GBytes) object
      = ll_cms_reader_signed_object (reader, g_ptr_array_index (parts->signer_infos, 1));

  g_autoptr (GInputStream) again_in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (LlCmsReader) again = ll_cms_reader_open (again_in, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (ll_cms_reader_finish (again, &error));
  g_assert_cmpuint (ll_cms_reader_get_parts (again)->signer_infos->len, ==, 1);
  g_assert_cmpuint (ll_cms_reader_get_parts (again)->certificates->len, ==, 0);
  g_assert_false (ll_cms_reader_get_parts (again)->has_content);
  g_assert_false (ll_cms_reader_get_parts (again)->has_trailing_bytes);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define CASE(function) g_test_add_func ("/cms-reader/" #function, function)
  CASE (reads_definite_and_indefinite_forms_alike);
  CASE (counts_and_skips_what_stands_around);
  CASE (notes_bytes_after_the_object);
  CASE (refuses_every_truncation);
  CASE (survives_every_changed_octet);
  CASE (looks_at_no_more_signers_and_certificates_than_the_limits);
  CASE (refuses_ten_thousand_nested_strings);
  CASE (refuses_lengths_beyond_the_object_around);
  CASE (refuses_too_much_around_the_content);
  CASE (reads_base64_and_pem);
  CASE (tells_what_is_not_cms);
  CASE (puts_one_signer_into_a_whole_object_again);
  return g_test_run ();
}
