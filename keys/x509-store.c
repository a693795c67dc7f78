#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "bridge/gpgme-glue.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-pem.h"
#include "keys/x509-store.h"

/* The certificates that gpgsm says have a private key: SHA-1 fingerprint -> on a card or not. */
static GHashTable *
list_secret (gpgme_ctx_t context, GError **error)
{
  g_autoptr (GHashTable) secret = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gpgme_error_t code = gpgme_op_keylist_start (context, NULL, 1);
  gpgme_key_t key = NULL;

  while (code == 0 && (code = gpgme_op_keylist_next (context, &key)) == 0)
    {
      if (key->subkeys != NULL && key->subkeys->fpr != NULL)
        g_hash_table_insert (secret, g_ascii_strup (key->subkeys->fpr, -1),
                             GINT_TO_POINTER (key->subkeys->is_cardkey ? TRUE : FALSE));
      gpgme_key_unref (key);
    }
  gpgme_op_keylist_end (context);
  if (gpgme_err_code (code) != GPG_ERR_EOF)
    {
      ll_gpgme_set_error (error, code, LL_ERROR_FAILED, NULL,
                          _ ("The certificates cannot be listed"));
      return NULL;
    }
  return g_steal_pointer (&secret);
}

/* gpgsm writes one certificate only in DER, all of them in PEM. */
static GBytes *
export_all (gpgme_ctx_t context, GError **error)
{
  g_autoptr (LlGpgmeData) data = NULL;
  gpgme_error_t code = gpgme_data_new (&data);
  gsize length = 0;
  char *text;
  GBytes *pem;

  gpgme_set_armor (context, 1);
  if (code == 0)
    code = gpgme_op_export (context, NULL, 0, data);
  if (code != 0)
    {
      ll_gpgme_set_error (error, code, LL_ERROR_FAILED, NULL,
                          _ ("The certificates cannot be listed"));
      return NULL;
    }
  text = gpgme_data_release_and_get_mem (g_steal_pointer (&data), &length);
  pem = g_bytes_new (text, length);
  gpgme_free (text);
  return pem;
}

/* The keybox with the notes of `secret`. */
static GPtrArray *
mark_secret (GPtrArray *found, GHashTable *secret)
{
  GPtrArray *keys = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);

  for (guint i = 0; i < found->len; i++)
    {
      LlKey *key = g_ptr_array_index (found, i);
      gpointer on_card = NULL;

      if (g_hash_table_lookup_extended (secret, ll_key_get_gnupg_fingerprint (key), NULL, &on_card))
        g_ptr_array_add (keys, ll_x509_cert_new_with_secret (key, GPOINTER_TO_INT (on_card)));
      else
        g_ptr_array_add (keys, ll_key_ref (key));
    }
  return keys;
}

GPtrArray *
ll_x509_store_load (GError **error)
{
  g_autoptr (LlGpgmeContext) context = ll_gpgme_context_new (GPGME_PROTOCOL_CMS, NULL, error);
  g_autoptr (GBytes) pem = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GHashTable) secret = NULL;
  guint bad;

  if (context == NULL)
    return NULL;
  pem = export_all (context, error);
  if (pem == NULL)
    return NULL;
  found = ll_x509_pem_read (pem, &bad, error);
  if (found == NULL || found->len == 0)
    return g_steal_pointer (&found);
  secret = list_secret (context, error);
  return secret != NULL ? mark_secret (found, secret) : NULL;
}
