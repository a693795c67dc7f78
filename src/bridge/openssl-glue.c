/* openssl-glue.c - what enters: OpenSSL's objects, queue and BIOs; what leaves: GErrors, GBytes and
 * BIOs over GIO streams. It knows no algorithm.
 */
#include <config.h>

#include <openssl/err.h>

#include "bridge/openssl-glue.h"

void
ll_x509_stack_free (LlX509Stack *stack)
{
  sk_X509_pop_free (stack, X509_free);
}

void
ll_x509_borrowed_free (LlX509Borrowed *stack)
{
  sk_X509_free (stack);
}

void
ll_x509_crl_stack_free (LlX509CrlStack *stack)
{
  sk_X509_CRL_pop_free (stack, X509_CRL_free);
}

void
ll_x509_algor_stack_free (LlX509AlgorStack *stack)
{
  sk_X509_ALGOR_pop_free (stack, X509_ALGOR_free);
}

gboolean
ll_openssl_set_error (GError **error, LlError code, const char *format, ...)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *separator = ": ", *data = NULL, *last = NULL;
  unsigned long number;
  int flags = 0;
  va_list arguments;

  va_start (arguments, format);
  g_string_vprintf (text, format, arguments);
  va_end (arguments);
  while ((number = ERR_get_error_all (NULL, NULL, NULL, &data, &flags)) != 0)
    {
      const char *reason = ERR_reason_error_string (number);
      if (reason == NULL || reason == last)
        continue;
      g_string_append_printf (text, "%s%s", separator, reason);
      if ((flags & ERR_TXT_STRING) != 0 && data != NULL && *data != '\0')
        g_string_append_printf (text, " (%s)", data);
      separator = "; ";
      last = reason;
    }
  g_string_append_c (text, '.');
  g_set_error_literal (error, LL_ERROR, (gint)code, text->str);
  return FALSE;
}

/* Streams as BIOs. One method table serves both directions. */

typedef struct
{
  GInputStream *input;
  GOutputStream *output;
  GCancellable *cancellable;
  GError *error; /* the first one */
  gboolean at_end;
} Stream;

static void
stream_set_error (Stream *stream, GError *error)
{
  if (stream->error == NULL)
    stream->error = error;
  else
    g_error_free (error);
}

static int
bio_read (BIO *bio, char *buffer, size_t length, size_t *done)
{
  Stream *stream = BIO_get_data (bio);
  GError *error = NULL;
  gssize n;

  BIO_clear_retry_flags (bio);
  *done = 0;
  if (stream->input == NULL || stream->at_end || length == 0)
    return 0;
  /* a stream in memory does not look at it by itself */
  n = -1;
  if (!g_cancellable_set_error_if_cancelled (stream->cancellable, &error))
    n = g_input_stream_read (stream->input, buffer, length, stream->cancellable, &error);
  if (n < 0)
    {
      stream_set_error (stream, error);
      return -1;
    }
  stream->at_end = n == 0;
  *done = (size_t)n;
  return n > 0;
}

static int
bio_write (BIO *bio, const char *buffer, size_t length, size_t *done)
{
  Stream *stream = BIO_get_data (bio);
  GError *error = NULL;

  BIO_clear_retry_flags (bio);
  if (stream->output == NULL)
    return -1;
  if (g_cancellable_set_error_if_cancelled (stream->cancellable, &error)
      || !g_output_stream_write_all (stream->output, buffer, length, done, stream->cancellable,
                                     &error))
    {
      stream_set_error (stream, error);
      return -1;
    }
  return 1;
}

static long
bio_ctrl (BIO *bio, int command, long number, void *pointer)
{
  Stream *stream = BIO_get_data (bio);

  switch (command)
    {
    case BIO_CTRL_EOF:
      return stream->at_end;
    case BIO_CTRL_FLUSH:
      return 1;
    default:
      return 0;
    }
}

static int
bio_destroy (BIO *bio)
{
  Stream *stream = BIO_get_data (bio);

  if (stream != NULL)
    {
      g_clear_object (&stream->input);
      g_clear_object (&stream->output);
      g_clear_object (&stream->cancellable);
      g_clear_error (&stream->error);
      g_free (stream);
      BIO_set_data (bio, NULL);
    }
  return 1;
}

static int stream_type; /* set before the first BIO of this kind exists */

static const BIO_METHOD *
stream_method (void)
{
  static gsize method = 0;

  if (g_once_init_enter (&method))
    {
      BIO_METHOD *made;

      stream_type = BIO_get_new_index () | BIO_TYPE_SOURCE_SINK;
      made = BIO_meth_new (stream_type, "GIO stream");
      BIO_meth_set_read_ex (made, bio_read);
      BIO_meth_set_write_ex (made, bio_write);
      BIO_meth_set_ctrl (made, bio_ctrl);
      BIO_meth_set_destroy (made, bio_destroy);
      g_once_init_leave (&method, (gsize)made);
    }
  return (const BIO_METHOD *)method;
}

static BIO *
stream_bio_new (GInputStream *input, GOutputStream *output, GCancellable *cancellable)
{
  BIO *bio = BIO_new (stream_method ());
  Stream *stream;

  if (bio == NULL)
    return NULL;
  stream = g_new0 (Stream, 1);
  g_set_object (&stream->input, input);
  g_set_object (&stream->output, output);
  g_set_object (&stream->cancellable, cancellable);
  BIO_set_data (bio, stream);
  BIO_set_init (bio, 1);
  return bio;
}

BIO *
ll_bio_new_input (GInputStream *stream, GCancellable *cancellable)
{
  g_return_val_if_fail (G_IS_INPUT_STREAM (stream), NULL);
  return stream_bio_new (stream, NULL, cancellable);
}

BIO *
ll_bio_new_output (GOutputStream *stream, GCancellable *cancellable)
{
  g_return_val_if_fail (G_IS_OUTPUT_STREAM (stream), NULL);
  return stream_bio_new (NULL, stream, cancellable);
}

GError *
ll_bio_take_error (BIO *bio)
{
  while (BIO_next (bio) != NULL)
    bio = BIO_next (bio);
  if (BIO_method_type (bio) != stream_type)
    return NULL;
  return g_steal_pointer (&((Stream *)BIO_get_data (bio))->error);
}

GBytes *
ll_der_take_ (i2d_of_void *encode, gconstpointer object)
{
  unsigned char *der = NULL;
  int length = encode (object, &der);
  GBytes *bytes;

  if (length < 0 || der == NULL)
    return NULL;
  bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  return bytes;
}

BIGNUM *
ll_openssl_get_number (const EVP_PKEY *key, const char *name, gsize octets)
{
  g_autofree guint8 *buffer = g_malloc0 (octets);
  OSSL_PARAM params[]
      = { OSSL_PARAM_construct_BN (name, buffer, octets), OSSL_PARAM_construct_end () };
  BIGNUM *number = NULL;

  if (EVP_PKEY_get_params (key, params) && OSSL_PARAM_modified (params)
      && OSSL_PARAM_get_BN (params, &number))
    return number;
  BN_free (number);
  number = NULL;
  return EVP_PKEY_get_bn_param (key, name, &number) ? number : NULL;
}
