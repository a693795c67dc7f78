/* test-openssl-glue.c - streams as BIOs, and OpenSSL's queue as an error. */
#include <config.h>

#include <openssl/err.h>
#include <string.h>

#include "base/secret.h"
#include "bridge/openssl-glue.h"

static void
test_reads (void)
{
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data ("letter", 6, NULL);
  g_autoptr (BIO) bio = ll_bio_new_input (stream, NULL);
  char buffer[4];

  g_assert_cmpint (BIO_read (bio, buffer, 4), ==, 4);
  g_assert_false (BIO_eof (bio));
  g_assert_cmpint (BIO_read (bio, buffer, 4), ==, 2);
  g_assert_cmpint (BIO_read (bio, buffer, 4), ==, 0);
  g_assert_true (BIO_eof (bio));
  g_assert_null (ll_bio_take_error (bio));
}

static void
test_writes (void)
{
  g_autoptr (GOutputStream) stream = ll_secret_sink_new (100);
  g_autoptr (BIO) bio = ll_bio_new_output (stream, NULL);
  g_autoptr (GBytes) written = NULL;

  g_assert_cmpint (BIO_write (bio, "letter", 6), ==, 6);
  g_assert_cmpint (BIO_flush (bio), ==, 1);
  written = ll_secret_sink_steal (stream);
  g_assert_cmpmem (g_bytes_get_data (written, NULL), g_bytes_get_size (written), "letter", 6);
}

static void
test_remembers_error (void)
{
  g_autoptr (GOutputStream) stream = ll_secret_sink_new (3);
  g_autoptr (BIO) chain = BIO_push (BIO_new (BIO_f_base64 ()), ll_bio_new_output (stream, NULL));
  g_autoptr (GError) error = NULL;
  char block[100] = { 0 };

  BIO_write (chain, block, sizeof block);
  g_assert_cmpint (BIO_flush (chain), <=, 0);
  error = ll_bio_take_error (chain);
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  g_assert_null (ll_bio_take_error (chain));
}

static void
test_cancels (void)
{
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data ("letter", 6, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (BIO) bio = ll_bio_new_input (stream, cancellable);
  g_autoptr (GError) error = NULL;
  char buffer[4];

  g_cancellable_cancel (cancellable);
  g_assert_cmpint (BIO_read (bio, buffer, 4), <, 0);
  g_assert_false (BIO_should_retry (bio));
  error = ll_bio_take_error (bio);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_foreign_bio (void)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());

  g_assert_null (ll_bio_take_error (bio));
}

static void
test_queue (void)
{
  const unsigned char *junk = (const unsigned char *)"junk";
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) plain = NULL;

  ERR_clear_error ();
  g_assert_null (d2i_X509 (NULL, &junk, 4));
  g_assert_false (ll_openssl_set_error (&error, LL_ERROR_BAD_DATA, "No certificate in %s", "junk"));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
  g_assert_true (g_str_has_prefix (error->message, "No certificate in junk: "));
  g_assert_true (g_str_has_suffix (error->message, "."));
  g_assert_cmpuint (ERR_peek_error (), ==, 0);
  ll_openssl_set_error (&plain, LL_ERROR_FAILED, "Nothing");
  g_assert_cmpstr (plain->message, ==, "Nothing.");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/openssl/a stream is read to its end", test_reads);
  g_test_add_func ("/openssl/a stream is written", test_writes);
  g_test_add_func ("/openssl/the stream's error is found behind a chain", test_remembers_error);
  g_test_add_func ("/openssl/a cancelled read is no end of file", test_cancels);
  g_test_add_func ("/openssl/a BIO of others has no error of ours", test_foreign_bio);
  g_test_add_func ("/openssl/the queue becomes one sentence", test_queue);
  return g_test_run ();
}
