/* x509-crl.c - what enters: octets or a certificate; what leaves: CRLs, and addresses of CRLs. It
 * judges neither.
 */
#include <config.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "keys/x509-crl-private.h"
#include "keys/x509-revocation-answer-private.h"

#define CLOCK_SKEW_SECONDS 300
#define MAX_ADDRESSES 4 /* of one certificate that are asked */

static LlCrl *
crl_new_take (X509_CRL *parsed, const char *source, const char *from)
{
  LlCrl *crl = g_new0 (LlCrl, 1);

  crl->crl = parsed;
  crl->source = source;
  crl->from = g_strdup (from);
  crl->this_update = ll_revocation_time (X509_CRL_get0_lastUpdate (parsed));
  crl->next_update = ll_revocation_time (X509_CRL_get0_nextUpdate (parsed));
  return crl;
}

LlCrl *
ll_crl_new (GBytes *der, const char *source, const char *from)
{
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (der, &size);
  const guint8 *end = data;
  X509_CRL *parsed = NULL;

  if (size > 0 && size <= LL_LIMIT_CRL_BYTES)
    parsed = d2i_X509_CRL (NULL, &end, (long)size);
  ERR_clear_error ();
  return parsed != NULL ? crl_new_take (parsed, source, from) : NULL;
}

void
ll_crl_free (LlCrl *crl)
{
  if (crl == NULL)
    return;
  X509_CRL_free (crl->crl);
  X509_free (crl->signer);
  g_free (crl->from);
  g_free (crl);
}

GPtrArray *
ll_crl_read (GBytes *file, const char *source, const char *from)
{
  g_autoptr (GPtrArray) crls = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_crl_free);
  gsize size = 0;
  gconstpointer data = g_bytes_get_data (file, &size);
  g_autoptr (BIO) bio = BIO_new_mem_buf (data, (int)MIN (size, G_MAXINT));
  X509_CRL *parsed;
  LlCrl *der = ll_crl_new (file, source, from);

  if (der != NULL)
    g_ptr_array_add (crls, der);
  else
    while ((parsed = PEM_read_bio_X509_CRL (bio, NULL, NULL, NULL)) != NULL)
      g_ptr_array_add (crls, crl_new_take (parsed, source, from));
  /* the text ended, or something in it cannot be read: then none of it is */
  if (crls->len > 0 && der == NULL
      && ERR_GET_REASON (ERR_peek_last_error ()) != PEM_R_NO_START_LINE)
    g_ptr_array_set_size (crls, 0);
  ERR_clear_error ();
  return g_steal_pointer (&crls);
}

/* RFC 5280 section 5.1.2.5 demands a nextUpdate; without one nobody knows until when it counts. */
gboolean
ll_crl_is_fresh (const LlCrl *crl, gint64 time)
{
  return crl->this_update != 0 && crl->this_update <= time + CLOCK_SKEW_SECONDS
         && crl->next_update >= time;
}

static void
add_addresses_of_point (GPtrArray *addresses, const DIST_POINT *point)
{
  const GENERAL_NAMES *names = point->distpoint != NULL && point->distpoint->type == 0
                                   ? point->distpoint->name.fullname
                                   : NULL;

  for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num (names); i++)
    {
      const GENERAL_NAME *name = sk_GENERAL_NAME_value (names, i);
      g_autofree char *url = NULL;

      if (name->type != GEN_URI || addresses->len >= MAX_ADDRESSES)
        continue;
      url = g_strndup ((const char *)ASN1_STRING_get0_data (name->d.uniformResourceIdentifier),
                       (gsize)ASN1_STRING_length (name->d.uniformResourceIdentifier));
      if (g_ascii_strncasecmp (url, "http://", 7) == 0
          || g_ascii_strncasecmp (url, "https://", 8) == 0)
        g_ptr_array_add (addresses, g_steal_pointer (&url));
    }
}

GPtrArray *
ll_crl_addresses (X509 *certificate)
{
  static const int extensions[] = { NID_crl_distribution_points, NID_freshest_crl };
  GPtrArray *addresses = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < G_N_ELEMENTS (extensions); i++)
    {
      CRL_DIST_POINTS *points = X509_get_ext_d2i (certificate, extensions[i], NULL, NULL);

      for (int j = 0; points != NULL && j < sk_DIST_POINT_num (points); j++)
        add_addresses_of_point (addresses, sk_DIST_POINT_value (points, j));
      CRL_DIST_POINTS_free (points);
    }
  return addresses;
}
