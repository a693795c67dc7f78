#include <config.h>

#include <glib/gi18n.h>

/* the iterator is the only way to walk over objects that does not repeat PKCS #11 in our words */
#define P11_KIT_FUTURE_UNSTABLE_API
#include <p11-kit/iter.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/pkcs11x.h>

#include "base/error.h"
#include "bridge/trust-module.h"

static const guchar extended_key_usage[] = { 0x06, 0x03, 0x55, 0x1d, 0x25 }; /* 2.5.29.37 */

static void
certificate_free (gpointer data)
{
  LlTrustCertificate *certificate = data;

  g_clear_pointer (&certificate->der, g_bytes_unref);
  g_clear_pointer (&certificate->issuer, g_bytes_unref);
  g_clear_pointer (&certificate->serial, g_bytes_unref);
  g_clear_pointer (&certificate->public_key, g_bytes_unref);
  g_free (certificate);
}

static void
extension_free (gpointer data)
{
  LlTrustExtension *extension = data;

  g_bytes_unref (extension->public_key);
  g_bytes_unref (extension->extension);
  g_free (extension);
}

static void
purposes_free (gpointer data)
{
  LlTrustPurposes *purposes = data;

  g_bytes_unref (purposes->issuer);
  g_bytes_unref (purposes->serial);
  g_free (purposes);
}

static LlTrustList *
list_new (void)
{
  LlTrustList *list = g_new0 (LlTrustList, 1);

  list->certificates = g_ptr_array_new_with_free_func (certificate_free);
  list->extensions = g_ptr_array_new_with_free_func (extension_free);
  list->purposes = g_ptr_array_new_with_free_func (purposes_free);
  return list;
}

void
ll_trust_list_free (LlTrustList *list)
{
  if (list == NULL)
    return;
  g_ptr_array_unref (list->certificates);
  g_ptr_array_unref (list->extensions);
  g_ptr_array_unref (list->purposes);
  g_free (list);
}

/* --- attributes ------------------------------------------------------------------------------- */

/* Of the object on which the iterator stands; NULL when it has none. p11-kit gives memory of
 * malloc(). (transfer full) */
static GBytes *
get_bytes (P11KitIter *iterator, CK_ATTRIBUTE_TYPE type)
{
  CK_ATTRIBUTE attribute = { type, NULL, 0 };
  GBytes *bytes = NULL;

  if (p11_kit_iter_load_attributes (iterator, &attribute, 1) == CKR_OK && attribute.pValue != NULL
      && attribute.ulValueLen > 0 && attribute.ulValueLen != CK_UNAVAILABLE_INFORMATION)
    bytes = g_bytes_new (attribute.pValue, attribute.ulValueLen);
  free (attribute.pValue);
  return bytes;
}

static gboolean
get_boolean (P11KitIter *iterator, CK_ATTRIBUTE_TYPE type)
{
  CK_BBOOL value = CK_FALSE;
  CK_ATTRIBUTE attribute = { type, &value, sizeof value };

  return p11_kit_iter_get_attributes (iterator, &attribute, 1) == CKR_OK
         && attribute.ulValueLen == sizeof value && value == CK_TRUE;
}

static LlTrustWord
get_word (P11KitIter *iterator, CK_ATTRIBUTE_TYPE type)
{
  CK_TRUST value = CKT_NSS_TRUST_UNKNOWN;
  CK_ATTRIBUTE attribute = { type, &value, sizeof value };

  if (p11_kit_iter_get_attributes (iterator, &attribute, 1) != CKR_OK
      || attribute.ulValueLen != sizeof value)
    return LL_TRUST_WORD_NONE;
  if (value == CKT_NSS_TRUSTED_DELEGATOR)
    return LL_TRUST_WORD_TRUSTED;
  return value == CKT_NSS_NOT_TRUSTED ? LL_TRUST_WORD_DISTRUSTED : LL_TRUST_WORD_NONE;
}

/* --- objects ---------------------------------------------------------------------------------- */

static void
take_certificate (LlTrustList *list, P11KitIter *iterator)
{
  LlTrustCertificate *certificate = g_new0 (LlTrustCertificate, 1);

  certificate->der = get_bytes (iterator, CKA_VALUE);
  certificate->issuer = get_bytes (iterator, CKA_ISSUER);
  certificate->serial = get_bytes (iterator, CKA_SERIAL_NUMBER);
  certificate->public_key = get_bytes (iterator, CKA_PUBLIC_KEY_INFO);
  certificate->distrusted = get_boolean (iterator, CKA_X_DISTRUSTED);
  certificate->trusted = get_boolean (iterator, CKA_TRUSTED) && !certificate->distrusted;
  g_ptr_array_add (list->certificates, certificate);
}

static void
take_extension (LlTrustList *list, P11KitIter *iterator)
{
  g_autoptr (GBytes) public_key = get_bytes (iterator, CKA_PUBLIC_KEY_INFO);
  g_autoptr (GBytes) value = get_bytes (iterator, CKA_VALUE);
  LlTrustExtension *extension;

  if (public_key == NULL || value == NULL)
    return;
  extension = g_new0 (LlTrustExtension, 1);
  extension->public_key = g_steal_pointer (&public_key);
  extension->extension = g_steal_pointer (&value);
  g_ptr_array_add (list->extensions, extension);
}

static void
take_purposes (LlTrustList *list, P11KitIter *iterator)
{
  static const CK_ATTRIBUTE_TYPE others[] = { CKA_TRUST_SERVER_AUTH, CKA_TRUST_CLIENT_AUTH,
                                              CKA_TRUST_CODE_SIGNING, CKA_TRUST_TIME_STAMPING };
  g_autoptr (GBytes) issuer = get_bytes (iterator, CKA_ISSUER);
  g_autoptr (GBytes) serial = get_bytes (iterator, CKA_SERIAL_NUMBER);
  LlTrustPurposes *purposes;

  if (issuer == NULL || serial == NULL)
    return;
  purposes = g_new0 (LlTrustPurposes, 1);
  purposes->issuer = g_steal_pointer (&issuer);
  purposes->serial = g_steal_pointer (&serial);
  purposes->mail = get_word (iterator, CKA_TRUST_EMAIL_PROTECTION);
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    purposes->names_purposes |= get_word (iterator, others[i]) != purposes->mail;
  g_ptr_array_add (list->purposes, purposes);
}

typedef void (*TakeObject) (LlTrustList *list, P11KitIter *iterator);

/* Every object of the modules that matches. */
static CK_RV
walk (CK_FUNCTION_LIST **modules, CK_ATTRIBUTE *match, gulong n_match, TakeObject take,
      LlTrustList *list)
{
  P11KitIter *iterator = p11_kit_iter_new (NULL, P11_KIT_ITER_BUSY_SESSIONS);
  CK_RV code;

  if (iterator == NULL)
    return CKR_HOST_MEMORY;
  p11_kit_iter_add_filter (iterator, match, n_match);
  p11_kit_iter_begin (iterator, modules);
  while ((code = p11_kit_iter_next (iterator)) == CKR_OK)
    take (list, iterator);
  p11_kit_iter_free (iterator);
  return code == CKR_CANCEL ? CKR_OK : code; /* CANCEL: that was all */
}

static CK_RV
read_modules (LlTrustList *list, CK_FUNCTION_LIST **modules)
{
  CK_OBJECT_CLASS class = CKO_CERTIFICATE;
  CK_CERTIFICATE_TYPE x509 = CKC_X_509;
  CK_ATTRIBUTE certificates[]
      = { { CKA_CLASS, &class, sizeof class }, { CKA_CERTIFICATE_TYPE, &x509, sizeof x509 } };
  CK_ATTRIBUTE extensions[]
      = { { CKA_CLASS, &class, sizeof class },
          { CKA_OBJECT_ID, (void *)extended_key_usage, sizeof extended_key_usage } };
  CK_ATTRIBUTE purposes[] = { { CKA_CLASS, &class, sizeof class } };
  CK_RV code = walk (modules, certificates, G_N_ELEMENTS (certificates), take_certificate, list);

  class = CKO_X_CERTIFICATE_EXTENSION;
  if (code == CKR_OK)
    code = walk (modules, extensions, G_N_ELEMENTS (extensions), take_extension, list);
  class = CKO_NSS_TRUST;
  return code != CKR_OK ? code
                        : walk (modules, purposes, G_N_ELEMENTS (purposes), take_purposes, list);
}

/* --- modules ---------------------------------------------------------------------------------- */

/* This one module and no other: loading all that are registered would run the start-up code of card
 * drivers and key rings in this process, while a stranger's message is being read. `paths` NULL:
 * what it was built for. */
static CK_RV
read_paths (LlTrustList *list, const char *paths)
{
  g_autofree char *reserved = paths != NULL ? g_strdup_printf ("paths='%s'", paths) : NULL;
  CK_C_INITIALIZE_ARGS arguments = { .flags = CKF_OS_LOCKING_OK, .pReserved = reserved };
  CK_FUNCTION_LIST *module = p11_kit_module_load ("p11-kit-trust.so", P11_KIT_MODULE_UNMANAGED);
  CK_FUNCTION_LIST *modules[] = { module, NULL };
  CK_RV code;

  if (module == NULL)
    return paths != NULL ? CKR_FUNCTION_FAILED : CKR_OK;
  code = module->C_Initialize (&arguments);
  if (code == CKR_OK)
    {
      code = read_modules (list, modules);
      module->C_Finalize (NULL);
    }
  p11_kit_module_release (module);
  return code;
}

LlTrustList *
ll_trust_list_load (const char *paths, GError **error)
{
  g_autoptr (LlTrustList) list = list_new ();
  CK_RV code = read_paths (list, paths);

  if (code != CKR_OK)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_FAILED,
                   _ ("The trusted certificates of this system cannot be read: %s. Look at what "
                      "“trust list” says."),
                   p11_kit_strerror (code));
      return NULL;
    }
  return g_steal_pointer (&list);
}
