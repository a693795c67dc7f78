#include <config.h>

#include <gio/gio.h>
#include <string.h>

#include "bridge/openssl-glue.h"
#include "keys/test-revocation-server.h"
#include "keys/x509-cert-private.h"

/* --- CRLs ------------------------------------------------------------------------------------- */

static void
add_revoked (X509_CRL *crl, const TestCrl *spec, const LlKey *key)
{
  X509_REVOKED *entry = X509_REVOKED_new ();
  g_autoptr (ASN1_TIME) date = ASN1_TIME_set (NULL, (time_t)spec->revoked_at);

  X509_REVOKED_set_serialNumber (entry,
                                 (ASN1_INTEGER *)X509_get0_serialNumber (ll_x509_cert_get (key)));
  X509_REVOKED_set_revocationDate (entry, date);
  if (spec->reason >= 0)
    {
      ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new ();

      ASN1_ENUMERATED_set (reason, spec->reason);
      g_assert_true (X509_REVOKED_add1_ext_i2d (entry, NID_crl_reason, reason, 0, 0));
      ASN1_ENUMERATED_free (reason);
    }
  g_assert_true (X509_CRL_add0_revoked (crl, entry));
}

GBytes *
test_crl_new (const TestCrl *spec)
{
  g_autoptr (X509_CRL) crl = X509_CRL_new ();
  g_autoptr (ASN1_TIME) this_update = ASN1_TIME_set (NULL, (time_t)spec->this_update);
  g_autoptr (ASN1_TIME) next_update = ASN1_TIME_set (NULL, (time_t)spec->next_update);
  const TestCertificate *signer = spec->signer != NULL ? spec->signer : spec->issuer;

  X509_CRL_set_version (crl, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name (crl, X509_get_subject_name (ll_x509_cert_get (spec->issuer->key)));
  X509_CRL_set1_lastUpdate (crl, this_update);
  X509_CRL_set1_nextUpdate (crl, next_update);
  for (guint i = 0; i < TEST_REVOKED_MAX && spec->revoked[i] != NULL; i++)
    add_revoked (crl, spec, spec->revoked[i]);
  if (spec->number != 0)
    {
      ASN1_INTEGER *number = ASN1_INTEGER_new ();

      ASN1_INTEGER_set (number, spec->number);
      g_assert_true (X509_CRL_add1_ext_i2d (crl, NID_crl_number, number, 0, 0));
      ASN1_INTEGER_free (number);
    }
  X509_CRL_sort (crl);
  g_assert_true (
      X509_CRL_sign (crl, signer->private_key,
                     EVP_get_digestbyname (spec->digest != NULL ? spec->digest : "SHA256")));
  return LL_DER (crl, X509_CRL);
}

/* --- the server ------------------------------------------------------------------------------- */

struct _TestServer
{
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  GSocketService *service;
  GMutex mutex;
  GHashTable *files; /* path -> GBytes */
  guint count;
  gboolean hang, over;
  guint16 port;
};

static char *
read_path (GSocketConnection *connection)
{
  g_autoptr (GDataInputStream) in
      = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  g_autofree char *first = g_data_input_stream_read_line (in, NULL, NULL, NULL);
  g_auto (GStrv) words = g_strsplit (first != NULL ? first : "", " ", 3);

  for (;;)
    {
      g_autofree char *line = g_data_input_stream_read_line (in, NULL, NULL, NULL);

      if (line == NULL || *g_strchomp (line) == '\0')
        break;
    }
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (in), FALSE);
  return g_strdup (words[0] != NULL ? words[1] : NULL);
}

static gboolean
is_hanging (TestServer *server)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  return server->hang && !server->over;
}

static gboolean
on_run (GThreadedSocketService *service, GSocketConnection *connection, GObject *source,
        gpointer user_data)
{
  TestServer *server = user_data;
  g_autofree char *path = read_path (connection);
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  g_autoptr (GBytes) file = NULL;
  g_autofree char *head = NULL;

  g_mutex_lock (&server->mutex);
  server->count++;
  file = path != NULL ? g_hash_table_lookup (server->files, path) : NULL;
  if (file != NULL)
    g_bytes_ref (file);
  g_mutex_unlock (&server->mutex);
  while (is_hanging (server))
    g_usleep (20000);
  head = file != NULL ? g_strdup_printf ("HTTP/1.0 200 OK\r\nContent-Length: %zu\r\n\r\n",
                                         g_bytes_get_size (file))
                      : g_strdup ("HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  g_output_stream_write_all (out, head, strlen (head), NULL, NULL, NULL);
  if (file != NULL)
    g_output_stream_write_all (out, g_bytes_get_data (file, NULL), g_bytes_get_size (file), NULL,
                               NULL, NULL);
  return TRUE;
}

static gpointer
serve (gpointer data)
{
  TestServer *server = data;

  g_main_context_push_thread_default (server->context);
  g_main_loop_run (server->loop);
  g_main_context_pop_thread_default (server->context);
  return NULL;
}

TestServer *
test_server_new (void)
{
  TestServer *server = g_new0 (TestServer, 1);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) effective = NULL;
  g_autoptr (GError) error = NULL;

  g_mutex_init (&server->mutex);
  server->files
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
  server->context = g_main_context_new ();
  server->loop = g_main_loop_new (server->context, FALSE);
  g_main_context_push_thread_default (server->context);
  server->service = g_threaded_socket_service_new (8);
  g_assert_true (g_socket_listener_add_address (G_SOCKET_LISTENER (server->service), address,
                                                G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL,
                                                &effective, &error));
  g_assert_no_error (error);
  server->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective));
  g_signal_connect (server->service, "run", G_CALLBACK (on_run), server);
  g_socket_service_start (server->service);
  g_main_context_pop_thread_default (server->context);
  server->thread = g_thread_new ("server", serve, server);
  return server;
}

void
test_server_free (TestServer *server)
{
  if (server == NULL)
    return;
  g_mutex_lock (&server->mutex);
  server->over = TRUE;
  g_mutex_unlock (&server->mutex);
  g_usleep (100000); /* so that those who hang let go */
  g_main_loop_quit (server->loop);
  g_thread_join (server->thread);
  g_socket_service_stop (server->service);
  g_socket_listener_close (G_SOCKET_LISTENER (server->service));
  g_object_unref (server->service);
  g_main_loop_unref (server->loop);
  g_main_context_unref (server->context);
  g_hash_table_unref (server->files);
  g_mutex_clear (&server->mutex);
  g_free (server);
}

guint16
test_server_port (TestServer *server)
{
  return server->port;
}

char *
test_server_url (TestServer *server, const char *path)
{
  return g_strdup_printf ("http://127.0.0.1:%u%s", server->port, path);
}

void
test_server_put (TestServer *server, const char *path, GBytes *bytes)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  if (bytes != NULL)
    g_hash_table_insert (server->files, g_strdup (path), g_bytes_ref (bytes));
  else
    g_hash_table_remove (server->files, path);
}

void
test_server_hang (TestServer *server, gboolean hang)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  server->hang = hang;
}

guint
test_server_count (TestServer *server)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  return server->count;
}
