#include <config.h>

#include <glib/gi18n.h>
#include <openssl/err.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "keys/key-private.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-name-private.h"
#include "keys/x509-policy-private.h"
#include "provider/provider.h"

#define HOPELESS_RSA_BITS 1024  /* SM-28: below, a signature proves nothing */
#define HOPELESS_CURVE_BITS 160 /* the same for curves */

/* What each kind of public key is called and what it can do at all; what the certificate lets it do
 * is its key usage. GnuPG's names, so that both technologies speak alike. */
typedef struct
{
  const char *type; /* as OpenSSL names it */
  const char *name; /* ours; NULL: the curve decides, or the number of bits follows */
  gboolean signs;
  guint32 encrypts; /* the key usage that encryption to it needs; 0: it cannot (SC-01) */
} KeyKind;

/* AL-02: id-RSAES-OAEP; to OpenSSL the key itself is of type “RSA” */
#define OAEP_ONLY "RSA-OAEP"

static const KeyKind key_kinds[] = {
  { "RSA", "rsa", TRUE, KU_KEY_ENCIPHERMENT },
  { "RSA-PSS", "rsa-pss", TRUE, 0 },
  { OAEP_ONLY, "rsa-oaep", FALSE, KU_KEY_ENCIPHERMENT },
  { "EC", NULL, TRUE, KU_KEY_AGREEMENT },
  { "ED25519", "ed25519", TRUE, 0 },
  { "ED448", "ed448", TRUE, 0 },
  { "X25519", "cv25519", FALSE, KU_KEY_AGREEMENT },
  { "X448", "cv448", FALSE, KU_KEY_AGREEMENT },
  { "DSA", "dsa", TRUE, 0 },
  /* from OpenSSL 3.5 on (PQ-07, PQ-08) */
  { "ML-DSA-44", "ml-dsa-44", TRUE, 0 },
  { "ML-DSA-65", "ml-dsa-65", TRUE, 0 },
  { "ML-DSA-87", "ml-dsa-87", TRUE, 0 },
  { "SLH-DSA-SHA2-128s", "slh-dsa-sha2-128s", TRUE, 0 },
  { "SLH-DSA-SHA2-128f", "slh-dsa-sha2-128f", TRUE, 0 },
  { "SLH-DSA-SHA2-192s", "slh-dsa-sha2-192s", TRUE, 0 },
  { "SLH-DSA-SHA2-192f", "slh-dsa-sha2-192f", TRUE, 0 },
  { "SLH-DSA-SHA2-256s", "slh-dsa-sha2-256s", TRUE, 0 },
  { "SLH-DSA-SHA2-256f", "slh-dsa-sha2-256f", TRUE, 0 },
  { "SLH-DSA-SHAKE-128s", "slh-dsa-shake-128s", TRUE, 0 },
  { "SLH-DSA-SHAKE-128f", "slh-dsa-shake-128f", TRUE, 0 },
  { "SLH-DSA-SHAKE-192s", "slh-dsa-shake-192s", TRUE, 0 },
  { "SLH-DSA-SHAKE-192f", "slh-dsa-shake-192f", TRUE, 0 },
  { "SLH-DSA-SHAKE-256s", "slh-dsa-shake-256s", TRUE, 0 },
  { "SLH-DSA-SHAKE-256f", "slh-dsa-shake-256f", TRUE, 0 },
};

static const struct
{
  const char *openssl;
  const char *name;
} curve_names[] = {
  { "prime256v1", "nistp256" }, { "P-256", "nistp256" },     { "secp384r1", "nistp384" },
  { "P-384", "nistp384" },      { "secp521r1", "nistp521" }, { "P-521", "nistp521" },
};

static const KeyKind *
find_kind (X509 *certificate, const EVP_PKEY *key)
{
  gboolean oaep_only = key != NULL && ll_provider_is_oaep_only (certificate);

  for (gsize i = 0; key != NULL && i < G_N_ELEMENTS (key_kinds); i++)
    if (oaep_only ? g_str_equal (key_kinds[i].type, OAEP_ONLY)
                  : EVP_PKEY_is_a (key, key_kinds[i].type))
      return &key_kinds[i];
  return NULL;
}

static char *
curve_name (const EVP_PKEY *key)
{
  char group[64] = "";

  if (!EVP_PKEY_get_group_name (key, group, sizeof group, NULL))
    return g_strdup ("ec");
  for (gsize i = 0; i < G_N_ELEMENTS (curve_names); i++)
    if (g_str_equal (group, curve_names[i].openssl))
      return g_strdup (curve_names[i].name);
  return g_strdup (group);
}

static char *
algorithm_name (const EVP_PKEY *key, const KeyKind *kind)
{
  if (key == NULL)
    return g_strdup ("unknown");
  if (kind == NULL)
    return g_ascii_strdown (EVP_PKEY_get0_type_name (key), -1);
  if (kind->name == NULL)
    return curve_name (key);
  if (g_str_has_prefix (kind->type, "RSA") || g_str_equal (kind->type, "DSA"))
    return g_strdup_printf ("%s%d", kind->name, EVP_PKEY_get_bits (key));
  return g_strdup (kind->name);
}

static BIGNUM *
rsa_exponent (const EVP_PKEY *key)
{
  return ll_openssl_get_number (key, OSSL_PKEY_PARAM_RSA_E, LL_LIMIT_RSA_EXPONENT_BITS / 8);
}

gboolean
ll_x509_key_is_huge (const EVP_PKEY *key)
{
  gboolean is_rsa = EVP_PKEY_is_a (key, "RSA") || EVP_PKEY_is_a (key, "RSA-PSS");

  if (!is_rsa && !EVP_PKEY_is_a (key, "DSA"))
    return FALSE;
  if (EVP_PKEY_get_bits (key) > LL_LIMIT_RSA_BITS)
    return TRUE;
  g_autoptr (BIGNUM) exponent = is_rsa ? rsa_exponent (key) : NULL;
  return is_rsa && (exponent == NULL || BN_num_bits (exponent) > LL_LIMIT_RSA_EXPONENT_BITS);
}

static LlKeyStrength
strength_of (int size, int hopeless_below, int weak_below)
{
  if (size < hopeless_below)
    return LL_KEY_HOPELESS;
  return size < weak_below ? LL_KEY_WEAK : LL_KEY_STRONG;
}

/* RFC 8017 section 3.1: an odd exponent from 3 on. Raised to the power of 1, a number stays what it
 * is: then everybody can sign, and read. */
static gboolean
has_void_exponent (const EVP_PKEY *key)
{
  g_autoptr (BIGNUM) exponent = rsa_exponent (key);

  return exponent == NULL || BN_is_one (exponent) || !BN_is_odd (exponent);
}

/* A curve without a name may be any (RFC 5480 section 2.1.1). */
static LlKeyStrength
curve_strength (const EVP_PKEY *key)
{
  char group[64];

  return EVP_PKEY_get_group_name (key, group, sizeof group, NULL)
             ? strength_of (EVP_PKEY_get_bits (key), HOPELESS_CURVE_BITS, LL_WEAK_CURVE_BITS)
             : LL_KEY_HOPELESS;
}

LlKeyStrength
ll_x509_key_strength (const EVP_PKEY *key)
{
  gboolean is_rsa = EVP_PKEY_is_a (key, "RSA") || EVP_PKEY_is_a (key, "RSA-PSS");

  if (EVP_PKEY_is_a (key, "EC"))
    return curve_strength (key);
  if (is_rsa && has_void_exponent (key))
    return LL_KEY_HOPELESS;
  if (is_rsa || EVP_PKEY_is_a (key, "DSA"))
    return strength_of (EVP_PKEY_get_bits (key), HOPELESS_RSA_BITS, LL_WEAK_RSA_BITS);
  return LL_KEY_STRONG;
}

static void
fill_abilities (LlSubkey *subkey, X509 *certificate)
{
  g_autoptr (EVP_PKEY) public = ll_provider_public_key (certificate);
  const KeyKind *kind = find_kind (certificate, public);
  guint32 usage = X509_get_key_usage (certificate); /* all ones when there is none */

  subkey->algorithm = algorithm_name (public, kind);
  subkey->can_certify = X509_check_ca (certificate) > 0;
  if (kind == NULL || ll_x509_key_is_huge (public)) /* SM-34 */
    return;
  /* SC-14: digitalSignature or nonRepudiation; SC-01: what the kind of key needs */
  subkey->can_sign = kind->signs && (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
  subkey->can_encrypt = kind->encrypts != 0 && (usage & kind->encrypts) != 0;
}

/* `otherwise` when it is not a time that can be read. */
static gint64
asn1_time (const ASN1_TIME *time, gint64 otherwise)
{
  g_autoptr (GDateTime) date = NULL;
  struct tm tm;

  if (time == NULL || !ASN1_TIME_to_tm (time, &tm))
    return otherwise;
  date = g_date_time_new_utc (tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
                              tm.tm_sec);
  return date != NULL ? g_date_time_to_unix (date) : otherwise;
}

static char *
serial_number (X509 *certificate)
{
  g_autoptr (BIGNUM) number = ASN1_INTEGER_to_BN (X509_get0_serialNumber (certificate), NULL);
  char *digits = number != NULL ? BN_bn2hex (number) : NULL;
  char *serial = g_strdup (digits != NULL ? digits : "");

  OPENSSL_free (digits);
  return serial;
}

static char *
fingerprint (GBytes *der, GChecksumType type)
{
  g_autofree char *lower = g_compute_checksum_for_bytes (type, der);

  return g_ascii_strup (lower, -1);
}

static void
free_x509 (gpointer certificate)
{
  X509_free (certificate);
}

/* Takes both. */
static LlKey *
key_new (X509 *certificate, GBytes *der)
{
  LlKey *key = ll_key_new (LL_PROTOCOL_SMIME);
  LlSubkey *subkey = ll_key_add_subkey (key);
  LlVetted vetted = ll_x509_policy_vetted (certificate, NULL, NULL);
  g_autofree char *name = ll_x509_policy_dup_name (certificate, vetted, NULL);

  key->foreign = certificate;
  key->foreign_free = free_x509;
  key->der = der;
  key->fingerprint = fingerprint (der, G_CHECKSUM_SHA256);
  key->gnupg_fingerprint = fingerprint (der, G_CHECKSUM_SHA1);
  key->subject = ll_x509_name_to_text (X509_get_subject_name (certificate));
  key->issuer = ll_x509_name_to_text (X509_get_issuer_name (certificate));
  key->serial = serial_number (certificate);
  key->created = asn1_time (X509_get0_notBefore (certificate), 0);
  key->expires = asn1_time (X509_get0_notAfter (certificate), 1); /* unreadable: long ago */
  /* BR-02: the name as vetted; BR-07: who claims to keep those rules has all addresses in the
   * alternative name */
  ll_x509_name_add_user_ids (certificate, key, name, vetted == LL_VETTED_NOT_TOLD);

  subkey->fingerprint = g_strdup (key->fingerprint);
  subkey->keygrip = ll_provider_keygrip (certificate, NULL);
  subkey->created = key->created;
  subkey->expires = key->expires;
  fill_abilities (subkey, certificate);
  ERR_clear_error ();
  return ll_key_freeze (key);
}

LlKey *
ll_x509_cert_new (GBytes *der, GError **error)
{
  OSSL_LIB_CTX *context = ll_provider_context (error);
  gsize length;
  const guchar *start = g_bytes_get_data (der, &length), *end = start;
  X509 *certificate;

  if (context == NULL)
    return NULL;
  certificate = X509_new_ex (context, NULL);
  if (length == 0 || length > G_MAXLONG || d2i_X509 (&certificate, &end, (glong)length) == NULL)
    {
      ll_openssl_set_error (error, LL_ERROR_BAD_DATA, _ ("This is not a certificate"));
      X509_free (certificate);
      return NULL;
    }
  if (end != start + length)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("This is not a certificate: %zu octets follow its end."),
                   length - (gsize)(end - start));
      X509_free (certificate);
      return NULL;
    }
  return key_new (certificate, g_bytes_ref (der));
}

LlKey *
ll_x509_cert_new_from_x509 (X509 *certificate, GError **error)
{
  g_autoptr (GBytes) der = LL_DER (certificate, X509);

  if (der == NULL)
    {
      ll_openssl_set_error (error, LL_ERROR_BAD_DATA, _ ("This certificate cannot be written"));
      return NULL;
    }
  return ll_x509_cert_new (der, error);
}

LlKey *
ll_x509_cert_new_with_secret (const LlKey *key, gboolean on_card)
{
  X509 *certificate = ll_x509_cert_get (key);
  LlKey *ours;
  LlSubkey *subkey;

  X509_up_ref (certificate);
  ours = key_new (certificate, g_bytes_ref (key->der));
  subkey = g_ptr_array_index (ours->subkeys, 0);
  subkey->has_secret = TRUE;
  subkey->on_card = on_card;
  return ours;
}

X509 *
ll_x509_cert_get (const LlKey *key)
{
  g_return_val_if_fail (key->protocol == LL_PROTOCOL_SMIME, NULL);
  return key->foreign;
}

const char *
ll_x509_cert_get_keygrip (const LlKey *key)
{
  const LlSubkey *subkey = g_ptr_array_index (key->subkeys, 0);

  return subkey->keygrip;
}
