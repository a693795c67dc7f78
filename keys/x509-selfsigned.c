#include <config.h>

#include <glib/gi18n.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include "base/error.h"
#include "bridge/openssl-glue.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-selfsigned-private.h"
#include "provider/provider.h"

#define SERIAL_OCTETS 16
#define COMMON_NAME_MAX 64 /* ub-common-name, RFC 5280 appendix A.1 */

static gboolean
set_serial (X509 *certificate)
{
  guint8 octets[SERIAL_OCTETS];
  g_autoptr (BIGNUM) number = NULL;
  g_autoptr (ASN1_INTEGER) serial = NULL;

  if (RAND_bytes (octets, sizeof octets) != 1)
    return FALSE;
  octets[0] = (octets[0] & 0x7F) | 0x40; /* positive, and always of the same length */
  number = BN_bin2bn (octets, sizeof octets, NULL);
  serial = number != NULL ? BN_to_ASN1_INTEGER (number, NULL) : NULL;
  return serial != NULL && X509_set_serialNumber (certificate, serial);
}

static gboolean
set_times (X509 *certificate, const LlX509SelfsignedSpec *spec)
{
  if (ASN1_TIME_set (X509_getm_notBefore (certificate), (time_t)spec->from) == NULL)
    return FALSE;
  if (spec->until == 0)
    return ASN1_TIME_set_string (X509_getm_notAfter (certificate), "99991231235959Z");
  return ASN1_TIME_set (X509_getm_notAfter (certificate), (time_t)spec->until) != NULL;
}

static gboolean
set_names (X509 *certificate, const LlX509SelfsignedSpec *spec)
{
  const char *whole = spec->name != NULL ? spec->name : spec->address;
  g_autofree char *text
      = g_utf8_substring (whole, 0, MIN (g_utf8_strlen (whole, -1), COMMON_NAME_MAX));
  X509_NAME *name = X509_get_subject_name (certificate);

  return X509_NAME_add_entry_by_NID (name, NID_commonName, MBSTRING_UTF8, (const guchar *)text, -1,
                                     -1, 0)
         && X509_set_issuer_name (certificate, name);
}

/* The address as a value, not through OpenSSL's configuration language: it is a stranger's text
 * there. Beyond ASCII it must be an SmtpUTF8Mailbox, which is not made here. */
static gboolean
add_address (X509 *certificate, const char *address)
{
  g_autoptr (LlGeneralNames) names = sk_GENERAL_NAME_new_null ();
  g_autoptr (GENERAL_NAME) name = GENERAL_NAME_new ();
  ASN1_IA5STRING *value = ASN1_IA5STRING_new ();

  if (names == NULL || name == NULL || value == NULL || !ASN1_STRING_set (value, address, -1))
    {
      ASN1_IA5STRING_free (value);
      return FALSE;
    }
  GENERAL_NAME_set0_value (name, GEN_EMAIL, value);
  if (!sk_GENERAL_NAME_push (names, name))
    return FALSE;
  (void)g_steal_pointer (&name);
  return X509_add1_ext_i2d (certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT);
}

static gboolean
add_extension (X509 *certificate, int nid, const char *value)
{
  g_autoptr (X509_EXTENSION) extension = NULL;
  X509V3_CTX context;

  X509V3_set_ctx (&context, certificate, certificate, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
  return extension != NULL && X509_add_ext (certificate, extension, -1);
}

static gboolean
add_extensions (X509 *certificate, const LlX509SelfsignedSpec *spec)
{
  gboolean rsa = EVP_PKEY_is_a (spec->public_key, "RSA");

  return add_extension (certificate, NID_basic_constraints, "critical,CA:FALSE")
         && add_extension (certificate, NID_key_usage,
                           rsa ? "critical,digitalSignature,keyEncipherment"
                               : "critical,digitalSignature,keyAgreement")
         && add_extension (certificate, NID_ext_key_usage, "emailProtection")
         && add_extension (certificate, NID_subject_key_identifier, "hash")
         && add_address (certificate, spec->address);
}

LlKey *
ll_x509_selfsigned_new (const LlX509SelfsignedSpec *spec, GError **error)
{
  OSSL_LIB_CTX *context = ll_provider_context (error);
  g_autoptr (X509) certificate = context != NULL ? X509_new_ex (context, NULL) : NULL;
  g_autoptr (EVP_PKEY) key = NULL;
  g_autofree char *prompt = NULL;

  if (context == NULL)
    return NULL;
  if (!X509_set_version (certificate, X509_VERSION_3) || !set_serial (certificate)
      || !set_times (certificate, spec) || !set_names (certificate, spec)
      || !X509_set_pubkey (certificate, spec->public_key) || !add_extensions (certificate, spec))
    {
      ll_openssl_set_error (error, LL_ERROR_FAILED, _ ("The certificate cannot be put together"));
      return NULL;
    }
  prompt = g_strdup_printf (_ ("Please enter the passphrase to sign the new certificate for %s."),
                            spec->address);
  key = ll_provider_key_new (certificate, prompt, error);
  if (key == NULL)
    return NULL;
  if (!X509_sign (certificate, key, EVP_sha256 ()))
    {
      GError *agent = ll_provider_take_agent_error ();

      if (agent != NULL)
        g_propagate_error (error, agent);
      else
        ll_openssl_set_error (error, LL_ERROR_CANNOT_SIGN,
                              _ ("The new certificate cannot be signed"));
      ERR_clear_error ();
      return NULL;
    }
  return ll_x509_cert_new_from_x509 (certificate, error);
}
