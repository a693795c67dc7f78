#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "bridge/call-agent.h"
#include "bridge/gpgme-glue.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-pem.h"
#include "keys/x509-store.h"

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

/* The certificates, each with what the agent says of its private key. */
static GPtrArray *
mark_secret (GPtrArray *found, GHashTable *places)
{
  GPtrArray *keys = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);

  for (guint i = 0; i < found->len; i++)
    {
      LlKey *key = g_ptr_array_index (found, i);
      const char *keygrip = ll_x509_cert_get_keygrip (key);
      gpointer place = keygrip != NULL ? g_hash_table_lookup (places, keygrip) : NULL;

      if (GPOINTER_TO_INT (place) == LL_AGENT_KEY_MISSING)
        g_ptr_array_add (keys, ll_key_ref (key));
      else
        g_ptr_array_add (keys, ll_x509_cert_new_with_secret (key, GPOINTER_TO_INT (place)
                                                                      == LL_AGENT_KEY_ON_CARD));
    }
  return keys;
}

GPtrArray *
ll_x509_store_load (GError **agent_error, GError **error)
{
  g_autoptr (LlGpgmeContext) context = ll_gpgme_context_new (GPGME_PROTOCOL_CMS, NULL, error);
  g_autoptr (GBytes) pem = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GHashTable) places = NULL;
  guint bad;

  if (context == NULL)
    return NULL;
  pem = export_all (context, error);
  if (pem == NULL)
    return NULL;
  found = ll_x509_pem_read (pem, &bad, error);
  if (found == NULL || found->len == 0)
    return g_steal_pointer (&found);
  places = ll_agent_list_keys (NULL, agent_error);
  return places != NULL ? mark_secret (found, places) : g_steal_pointer (&found);
}
