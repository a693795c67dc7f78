#include <config.h>

#include <openssl/err.h>

#include "base/limits.h"
#include "base/web-address.h"
#include "bridge/call-dirmngr.h"
#include "bridge/openssl-glue.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-fetch.h"
#include "keys/x509-pem.h"

typedef AUTHORITY_INFO_ACCESS LlInfoAccess;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlInfoAccess, AUTHORITY_INFO_ACCESS_free)

struct _LlX509Fetch
{
  gboolean local;      /* the local network too */
  GHashTable *answers; /* URL -> GPtrArray of LlKey */
};

LlX509Fetch *
ll_x509_fetch_new (const LlPolicy *policy)
{
  LlX509Fetch *fetch = g_new0 (LlX509Fetch, 1);

  fetch->local = policy->fetch_local;
  fetch->answers
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  return fetch;
}

void
ll_x509_fetch_free (LlX509Fetch *fetch)
{
  if (fetch == NULL)
    return;
  g_hash_table_unref (fetch->answers);
  g_free (fetch);
}

/* The addresses of caIssuers. (transfer full, of char*) */
static GPtrArray *
addresses_in (const LlKey *child)
{
  g_autoptr (LlInfoAccess) access
      = X509_get_ext_d2i (ll_x509_cert_get (child), NID_info_access, NULL, NULL);
  GPtrArray *urls = g_ptr_array_new_with_free_func (g_free);

  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num (access); i++)
    {
      const ACCESS_DESCRIPTION *one = sk_ACCESS_DESCRIPTION_value (access, i);
      int type = 0;
      const ASN1_STRING *value = GENERAL_NAME_get0_value (one->location, &type);

      if (OBJ_obj2nid (one->method) == NID_ad_ca_issuers && type == GEN_URI)
        g_ptr_array_add (urls, g_strndup ((const char *)ASN1_STRING_get0_data (value),
                                          (gsize)MAX (ASN1_STRING_length (value), 0)));
    }
  return urls;
}

/* A certificate or a bundle in DER, as RFC 5280 says; PEM, as some servers have it. */
static GPtrArray *
parse (GBytes *bytes)
{
  const guchar sequence = 0x30;
  gsize length = 0;
  const guchar *data = g_bytes_get_data (bytes, &length);
  g_autoptr (GPtrArray) keys = NULL;
  LlKey *key;

  if (length == 0)
    return NULL;
  if (data[0] != sequence)
    return ll_x509_pem_read (bytes, NULL, NULL);
  keys = ll_x509_bundle_read (bytes, NULL);
  if (keys != NULL && keys->len > 0)
    return g_steal_pointer (&keys);
  key = ll_x509_cert_new (bytes, NULL);
  if (key == NULL)
    return NULL;
  g_clear_pointer (&keys, g_ptr_array_unref);
  keys = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  g_ptr_array_add (keys, key);
  return g_steal_pointer (&keys);
}

/* What an address holds; empty when it cannot be had, or must not be asked (SC-25). Borrowed. */
static GPtrArray *
ask (LlX509Fetch *fetch, const char *url, GCancellable *cancellable)
{
  GPtrArray *known = g_hash_table_lookup (fetch->answers, url);
  g_autoptr (GBytes) bytes = NULL;

  if (known != NULL || g_hash_table_size (fetch->answers) >= LL_LIMIT_ISSUER_FETCHES)
    return known;
  if (fetch->local ? ll_web_address_is_web (url)
                   : ll_web_address_is_public (url, ll_dirmngr_has_proxy (), cancellable))
    bytes = ll_dirmngr_fetch (url, LL_LIMIT_ISSUER_BYTES, 0, cancellable, NULL);
  known = bytes != NULL ? parse (bytes) : NULL;
  if (known == NULL)
    known = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  g_hash_table_insert (fetch->answers, g_strdup (url), known);
  return known;
}

GPtrArray *
ll_x509_fetch_issuers (LlX509Fetch *fetch, const LlKey *child, GCancellable *cancellable)
{
  g_autoptr (GPtrArray) urls = addresses_in (child);
  const X509_NAME *issuer = X509_get_issuer_name (ll_x509_cert_get (child));
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);

  for (guint i = 0; i < urls->len && !g_cancellable_is_cancelled (cancellable); i++)
    {
      GPtrArray *answer = ask (fetch, g_ptr_array_index (urls, i), cancellable);

      for (guint k = 0; answer != NULL && k < answer->len; k++)
        {
          LlKey *key = g_ptr_array_index (answer, k);

          if (X509_NAME_cmp (X509_get_subject_name (ll_x509_cert_get (key)), issuer) == 0)
            g_ptr_array_add (found, ll_key_ref (key));
        }
    }
  ERR_clear_error ();
  return found;
}
