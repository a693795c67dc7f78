#include <config.h>

#include <glib/gi18n.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "bridge/openssl-glue.h"
#include "keys/x509-cert.h"
#include "keys/x509-pem.h"

/* The DER of the next certificate; NULL at the end. `broken` when a block could not be read. */
static GBytes *
next_certificate (BIO *bio, gboolean *broken)
{
  g_autoptr (GBytes) der = NULL;

  *broken = FALSE;
  while (der == NULL && !*broken)
    {
      char *name = NULL, *header = NULL;
      guchar *data = NULL;
      glong length = 0;

      if (!PEM_read_bio (bio, &name, &header, &data, &length))
        {
          *broken = ERR_GET_REASON (ERR_peek_last_error ()) != PEM_R_NO_START_LINE;
          ERR_clear_error ();
          return NULL;
        }
      if (g_str_equal (name, PEM_STRING_X509) || g_str_equal (name, PEM_STRING_X509_OLD))
        der = g_bytes_new (data, (gsize)length);
      OPENSSL_clear_free (data, (gsize)length);
      OPENSSL_free (name);
      OPENSSL_free (header);
    }
  return g_steal_pointer (&der);
}

GPtrArray *
ll_x509_pem_read (GBytes *pem, guint *bad, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  gsize length;
  const void *text = g_bytes_get_data (pem, &length);
  g_autoptr (BIO) bio = length <= G_MAXINT ? BIO_new_mem_buf (text, (int)length) : NULL;
  guint skipped = 0;
  gboolean more = bio != NULL && length > 0;

  while (more)
    {
      gboolean broken;
      g_autoptr (GError) local = NULL;
      g_autoptr (GBytes) der = next_certificate (bio, &broken);
      LlKey *key = der != NULL ? ll_x509_cert_new (der, &local) : NULL;

      more = der != NULL || (broken && !BIO_eof (bio));
      if (key != NULL)
        g_ptr_array_add (keys, key);
      else if (der != NULL || broken)
        skipped++;
      if (skipped > 0 && bad == NULL)
        {
          g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                       _ ("Certificate number %u cannot be read%s%s"), keys->len + 1,
                       local != NULL ? ": " : ".", local != NULL ? local->message : "");
          return NULL;
        }
    }
  if (bad != NULL)
    *bad = skipped;
  return g_steal_pointer (&keys);
}
