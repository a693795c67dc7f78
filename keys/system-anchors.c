#include <config.h>

#include <openssl/err.h>

#include "bridge/openssl-glue.h"
#include "bridge/trust-module.h"
#include "keys/system-anchors.h"
#include "keys/x509-cert-private.h"

struct _LlSystemAnchors
{
  GPtrArray *certificates; /* of LlKey */
  GHashTable *distrusted;  /* of GBytes: a certificate, or its issuer and serial number */
};

/* What a list knows beside the certificates, made ready to be asked. */
typedef struct
{
  GHashTable *for_mail; /* of GBytes: public keys with a usage of emailProtection attached */
  GHashTable *purposes; /* issuer and serial number -> LlTrustPurposes, borrowed */
} Statements;

static GHashTable *
set_of_bytes (void)
{
  return g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
}

/* By which a list names a certificate that it need not have. NULL when either is missing. */
static GBytes *
name_of (GBytes *issuer, GBytes *serial)
{
  GByteArray *both;
  gsize length;
  gconstpointer data;

  if (issuer == NULL || serial == NULL)
    return NULL;
  both = g_byte_array_new ();
  data = g_bytes_get_data (issuer, &length);
  g_byte_array_append (both, data, (guint)length);
  data = g_bytes_get_data (serial, &length);
  g_byte_array_append (both, data, (guint)length);
  return g_byte_array_free_to_bytes (both);
}

static gboolean
names_mail_protection (GBytes *extension_der)
{
  gsize length;
  const guchar *data = g_bytes_get_data (extension_der, &length);
  g_autoptr (X509_EXTENSION) extension = d2i_X509_EXTENSION (NULL, &data, (glong)length);
  EXTENDED_KEY_USAGE *usages = extension != NULL ? X509V3_EXT_d2i (extension) : NULL;
  gboolean found = FALSE;

  for (int i = 0; i < sk_ASN1_OBJECT_num (usages); i++)
    found |= OBJ_obj2nid (sk_ASN1_OBJECT_value (usages, i)) == NID_email_protect;
  EXTENDED_KEY_USAGE_free (usages);
  return found;
}

static void
read_statements (Statements *statements, const LlTrustList *list)
{
  statements->for_mail = set_of_bytes ();
  statements->purposes
      = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
  for (guint i = 0; i < list->extensions->len; i++)
    {
      const LlTrustExtension *extension = g_ptr_array_index (list->extensions, i);

      if (names_mail_protection (extension->extension))
        g_hash_table_add (statements->for_mail, g_bytes_ref (extension->public_key));
    }
  for (guint i = 0; i < list->purposes->len; i++)
    {
      LlTrustPurposes *purposes = g_ptr_array_index (list->purposes, i);

      g_hash_table_insert (statements->purposes, name_of (purposes->issuer, purposes->serial),
                           purposes);
    }
}

/* TRUE when the certificate says itself what it is for. */
static gboolean
has_extended_usage (GBytes *der)
{
  gsize length;
  const guchar *data = g_bytes_get_data (der, &length);
  g_autoptr (X509) x509 = d2i_X509 (NULL, &data, (glong)length);

  return x509 == NULL || X509_get_ext_by_NID (x509, NID_ext_key_usage, -1) >= 0;
}

/* The list must speak of mail itself. p11-kit says “trusted” for every purpose of a certificate
 * that stands in a plain list, and takes over what the certificate claims for itself: neither is a
 * decision that somebody made about mail. */
static gboolean
is_trusted_for_mail (const Statements *statements, const LlTrustCertificate *entry)
{
  g_autoptr (GBytes) name = name_of (entry->issuer, entry->serial);
  const LlTrustPurposes *purposes
      = name != NULL ? g_hash_table_lookup (statements->purposes, name) : NULL;

  if (entry->der == NULL || !entry->trusted || entry->distrusted)
    return FALSE;
  if (purposes != NULL && purposes->mail == LL_TRUST_WORD_DISTRUSTED)
    return FALSE;
  if (entry->public_key != NULL && g_hash_table_contains (statements->for_mail, entry->public_key))
    return TRUE;
  return purposes != NULL && purposes->mail == LL_TRUST_WORD_TRUSTED && purposes->names_purposes
         && !has_extended_usage (entry->der);
}

static void
add_anchors (LlSystemAnchors *system, const LlTrustList *list)
{
  Statements statements = { 0 };

  read_statements (&statements, list);
  for (guint i = 0; i < list->certificates->len; i++)
    {
      const LlTrustCertificate *entry = g_ptr_array_index (list->certificates, i);
      g_autoptr (LlKey) key
          = is_trusted_for_mail (&statements, entry) ? ll_x509_cert_new (entry->der, NULL) : NULL;

      if (key != NULL)
        g_ptr_array_add (system->certificates, g_steal_pointer (&key));
    }
  g_hash_table_unref (statements.for_mail);
  g_hash_table_unref (statements.purposes);
}

static void
add_distrusted (LlSystemAnchors *system, const LlTrustList *list)
{
  for (guint i = 0; i < list->certificates->len; i++)
    {
      const LlTrustCertificate *entry = g_ptr_array_index (list->certificates, i);
      GBytes *name = entry->distrusted ? name_of (entry->issuer, entry->serial) : NULL;

      if (entry->distrusted && entry->der != NULL)
        g_hash_table_add (system->distrusted, g_bytes_ref (entry->der));
      if (name != NULL)
        g_hash_table_add (system->distrusted, name);
    }
  for (guint i = 0; i < list->purposes->len; i++)
    {
      const LlTrustPurposes *purposes = g_ptr_array_index (list->purposes, i);

      if (purposes->mail == LL_TRUST_WORD_DISTRUSTED)
        g_hash_table_add (system->distrusted, name_of (purposes->issuer, purposes->serial));
    }
}

LlSystemAnchors *
ll_system_anchors_new (const char *paths)
{
  g_autoptr (LlTrustList) list = ll_trust_list_load (paths, NULL);
  LlSystemAnchors *system = g_new0 (LlSystemAnchors, 1);

  system->certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  system->distrusted = set_of_bytes ();
  if (list != NULL)
    {
      add_anchors (system, list);
      add_distrusted (system, list);
    }
  ERR_clear_error ();
  return system;
}

void
ll_system_anchors_free (LlSystemAnchors *system)
{
  if (system == NULL)
    return;
  g_ptr_array_unref (system->certificates);
  g_hash_table_unref (system->distrusted);
  g_free (system);
}

GPtrArray *
ll_system_anchors_certificates (const LlSystemAnchors *system)
{
  return system->certificates;
}

gboolean
ll_system_anchors_distrusts (const LlSystemAnchors *system, const LlKey *certificate)
{
  X509 *x509 = ll_x509_cert_get (certificate);
  g_autoptr (GBytes) issuer = NULL;
  g_autoptr (GBytes) serial = NULL;
  g_autoptr (GBytes) name = NULL;

  if (g_hash_table_size (system->distrusted) == 0)
    return FALSE;
  if (g_hash_table_contains (system->distrusted, ll_key_get_der (certificate)))
    return TRUE;
  issuer = LL_DER (X509_get_issuer_name (x509), X509_NAME);
  serial = LL_DER (X509_get0_serialNumber (x509), ASN1_INTEGER);
  name = name_of (issuer, serial);
  return name != NULL && g_hash_table_contains (system->distrusted, name);
}
