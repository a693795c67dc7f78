#include <config.h>

#include <openssl/err.h>
#include <string.h>

#include "base/hex.h"
#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-name-private.h"
#include "keys/x509-policy-private.h"
#include "keys/x509-vetting.h"

#define DAY_SECONDS G_GINT64_CONSTANT (86400)
#define LEGACY_END G_GINT64_CONSTANT (1752537600) /* 2025-07-15 (BR-06) */

typedef EXTENDED_KEY_USAGE Usages;
typedef CRL_DIST_POINTS CrlPoints;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Usages, EXTENDED_KEY_USAGE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrlPoints, CRL_DIST_POINTS_free)

static const char *const vetted_names[] = {
  [LL_VETTED_NOT_TOLD] = "not-told",         [LL_VETTED_MAILBOX] = "mailbox",
  [LL_VETTED_ORGANISATION] = "organisation", [LL_VETTED_SPONSOR] = "sponsor",
  [LL_VETTED_INDIVIDUAL] = "individual",
};

static const char *const generation_names[] = {
  [LL_GENERATION_NONE] = "none",
  [LL_GENERATION_LEGACY] = "legacy",
  [LL_GENERATION_MULTIPURPOSE] = "multipurpose",
  [LL_GENERATION_STRICT] = "strict",
};

const char *
ll_vetted_name (LlVetted vetted)
{
  return vetted_names[vetted];
}

const char *
ll_generation_name (LlGeneration generation)
{
  return generation_names[generation];
}

const char *
ll_lint_name (LlLint lint)
{
  static const char *const names[] = {
#define LL_LINT_NAME(id, name) [LL_LINT_##id] = name,
    LL_LINTS (LL_LINT_NAME)
#undef LL_LINT_NAME
  };

  return names[lint];
}

/* --- names ------------------------------------------------------------------------------------ */

static char *
dup_entry (X509 *certificate, int nid)
{
  return ll_x509_name_dup_entry (X509_get_subject_name (certificate), nid);
}

/* "Example Bank (NTRDE-HRB123456)" */
static char *
dup_organisation (X509 *certificate, LlVetted vetted)
{
  g_autofree char *name = dup_entry (certificate, NID_organizationName);
  g_autofree char *identifier = dup_entry (certificate, NID_organizationIdentifier);

  if (vetted != LL_VETTED_ORGANISATION && vetted != LL_VETTED_SPONSOR)
    return NULL;
  if (name == NULL || identifier == NULL)
    return g_steal_pointer (&name);
  return g_strdup_printf ("%s (%s)", name, identifier);
}

/* --- remarks ---------------------------------------------------------------------------------- */

static gboolean
has_http_crl (X509 *certificate)
{
  g_autoptr (CrlPoints) points
      = X509_get_ext_d2i (certificate, NID_crl_distribution_points, NULL, NULL);

  for (int i = 0; i < sk_DIST_POINT_num (points); i++)
    {
      const DIST_POINT_NAME *name = sk_DIST_POINT_value (points, i)->distpoint;

      for (int k = 0;
           name != NULL && name->type == 0 && k < sk_GENERAL_NAME_num (name->name.fullname); k++)
        {
          int type = 0;
          const ASN1_STRING *value
              = GENERAL_NAME_get0_value (sk_GENERAL_NAME_value (name->name.fullname, k), &type);

          if (type == GEN_URI && ASN1_STRING_length (value) > 7
              && memcmp (ASN1_STRING_get0_data (value), "http://", 7) == 0)
            return TRUE;
        }
    }
  return FALSE;
}

/* BR-04, BR-05: emailProtection, nothing that other programs act on, and alone where strict. */
static gboolean
has_fitting_extended_usage (X509 *certificate, LlGeneration generation)
{
  static const int forbidden[]
      = { NID_server_auth, NID_code_sign, NID_time_stamp, NID_anyExtendedKeyUsage };
  g_autoptr (Usages) usages = X509_get_ext_d2i (certificate, NID_ext_key_usage, NULL, NULL);
  gboolean mail = FALSE;

  for (int i = 0; i < sk_ASN1_OBJECT_num (usages); i++)
    {
      int nid = OBJ_obj2nid (sk_ASN1_OBJECT_value (usages, i));

      mail |= nid == NID_email_protect;
      for (gsize k = 0; k < G_N_ELEMENTS (forbidden); k++)
        if (nid == forbidden[k])
          return FALSE;
    }
  return mail && (generation != LL_GENERATION_STRICT || sk_ASN1_OBJECT_num (usages) == 1);
}

/* BR-05 and S/MIME BR section 7.1.2.3 (e): which uses go with which key. */
static const struct
{
  const char *type;
  guint32 main;   /* one of them there must be */
  guint32 strict; /* these too where strict */
  guint32 loose;  /* and these otherwise */
} key_uses[] = {
  { "RSA", KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT, KU_NON_REPUDIATION, KU_DATA_ENCIPHERMENT },
  { "EC", KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT,
    KU_NON_REPUDIATION | KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY, 0 },
  { "ED25519", KU_DIGITAL_SIGNATURE, KU_NON_REPUDIATION, 0 },
  { "ED448", KU_DIGITAL_SIGNATURE, KU_NON_REPUDIATION, 0 },
  { "ML-DSA-44", KU_DIGITAL_SIGNATURE, KU_NON_REPUDIATION, 0 },
  { "ML-DSA-65", KU_DIGITAL_SIGNATURE, KU_NON_REPUDIATION, 0 },
  { "ML-DSA-87", KU_DIGITAL_SIGNATURE, KU_NON_REPUDIATION, 0 },
  { "ML-KEM-512", KU_KEY_ENCIPHERMENT, 0, 0 },
  { "ML-KEM-768", KU_KEY_ENCIPHERMENT, 0, 0 },
  { "ML-KEM-1024", KU_KEY_ENCIPHERMENT, 0, 0 },
};

static gboolean
has_fitting_usage (X509 *certificate, LlGeneration generation)
{
  const EVP_PKEY *key = X509_get0_pubkey (certificate);
  guint32 usage = X509_get_key_usage (certificate);

  if (key == NULL || usage == UINT32_MAX) /* there must be one */
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (key_uses); i++)
    if (EVP_PKEY_is_a (key, key_uses[i].type))
      {
        guint32 allowed = key_uses[i].main | key_uses[i].strict
                          | (generation != LL_GENERATION_STRICT ? key_uses[i].loose : 0);

        return (usage & key_uses[i].main) != 0 && (usage & ~allowed) == 0;
      }
  return FALSE;
}

static gboolean
is_one_of (X509_ALGOR *algorithm, const char *const *encodings, gsize n)
{
  g_autoptr (GBytes) der = LL_DER (algorithm, X509_ALGOR);
  gsize length = 0;
  const guint8 *data = der != NULL ? g_bytes_get_data (der, &length) : NULL;
  g_autofree char *digits = ll_hex_encode (data, length);

  for (gsize i = 0; i < n; i++)
    if (g_str_equal (digits, encodings[i]))
      return TRUE;
  return FALSE;
}

/* BR-08, BR-09, S/MIME BR section 7.1.3.1: the algorithm identifiers of keys, octet by octet. */
static const char *const key_encodings[] = {
  "300D06092A864886F70D0101010500",             /* RSA */
  "301306072A8648CE3D020106082A8648CE3D030107", /* P-256 */
  "301006072A8648CE3D020106052B81040022",       /* P-384 */
  "301006072A8648CE3D020106052B81040023",       /* P-521 */
  "300506032B6570",                             /* Ed25519 */
  "300506032B6571",                             /* Ed448 */
  "300B0609608648016503040311",                 /* ML-DSA-44, -65, -87 */
  "300B0609608648016503040312",
  "300B0609608648016503040313",
  "300B0609608648016503040401", /* ML-KEM-512, -768, -1024 */
  "300B0609608648016503040402",
  "300B0609608648016503040403",
};

/* BR-09, S/MIME BR section 7.1.3.2: those of signatures. */
static const char *const signature_encodings[] = {
  "300D06092A864886F70D01010B0500", /* RSA with SHA-256, -384, -512 */
  "300D06092A864886F70D01010C0500",
  "300D06092A864886F70D01010D0500",
  /* RSA-PSS with the same, salts of 32, 48 and 64 octets */
  "304106092A864886F70D01010A3034A00F300D06096086480165030402010500A11C301A06092A864886F70D010108"
  "300D06096086480165030402010500A203020120",
  "304106092A864886F70D01010A3034A00F300D06096086480165030402020500A11C301A06092A864886F70D010108"
  "300D06096086480165030402020500A203020130",
  "304106092A864886F70D01010A3034A00F300D06096086480165030402030500A11C301A06092A864886F70D010108"
  "300D06096086480165030402030500A203020140",
  "300A06082A8648CE3D040302", /* ECDSA with the same */
  "300A06082A8648CE3D040303",
  "300A06082A8648CE3D040304",
  "300506032B6570",
  "300506032B6571",             /* Ed25519, Ed448 */
  "300B0609608648016503040311", /* ML-DSA */
  "300B0609608648016503040312",
  "300B0609608648016503040313",
};

static gboolean
has_fitting_key (X509 *certificate)
{
  const EVP_PKEY *key = X509_get0_pubkey (certificate);
  X509_ALGOR *algorithm = NULL;

  if (key == NULL
      || !X509_PUBKEY_get0_param (NULL, NULL, NULL, &algorithm, X509_get_X509_PUBKEY (certificate))
      || !is_one_of (algorithm, key_encodings, G_N_ELEMENTS (key_encodings)))
    return FALSE;
  return !EVP_PKEY_is_a (key, "RSA")
         || (EVP_PKEY_get_bits (key) >= LL_WEAK_RSA_BITS && EVP_PKEY_get_bits (key) % 8 == 0);
}

static gboolean
has_fitting_signature (X509 *certificate)
{
  const X509_ALGOR *algorithm = NULL;
  g_autoptr (X509_ALGOR) copy = NULL;

  X509_get0_signature (NULL, &algorithm, certificate);
  copy = X509_ALGOR_dup (algorithm);
  return copy != NULL && is_one_of (copy, signature_encodings, G_N_ELEMENTS (signature_encodings));
}

static gboolean
lives_too_long (const LlKey *key, LlGeneration generation)
{
  gint64 days = generation == LL_GENERATION_LEGACY ? 1185 : 825; /* BR-06 */

  return ll_key_get_expires (key) - ll_key_get_created (key) + 1 > days * DAY_SECONDS;
}

/* BR-07: an address in the subject, as emailAddress or common name, that is not in the alternative
 * name. */
static gboolean
has_address_only_in_subject (const LlKey *key, X509 *certificate)
{
  static const int places[] = { NID_pkcs9_emailAddress, NID_commonName };

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *text = dup_entry (certificate, places[i]);

      if (text != NULL && strchr (text, '@') != NULL && !ll_key_has_address (key, text))
        return TRUE;
    }
  return FALSE;
}

static gboolean
has_alternative_name (X509 *certificate)
{
  return X509_get_ext_by_NID (certificate, NID_subject_alt_name, -1) >= 0;
}

static void
remark (LlX509Vetting *vetting, gboolean holds, LlLint lint)
{
  if (!holds)
    vetting->lints |= 1U << lint;
}

/* BR-04 to BR-09. */
static void
lint (LlX509Vetting *vetting, const LlKey *key, X509 *x509, guint n_policies)
{
  LlGeneration generation = vetting->generation;

  remark (vetting, n_policies == 1, LL_LINT_SEVERAL_POLICIES);
  remark (vetting, has_http_crl (x509), LL_LINT_NO_CRL_ADDRESS);
  remark (vetting, has_fitting_usage (x509, generation), LL_LINT_KEY_USAGE);
  remark (vetting, has_fitting_extended_usage (x509, generation), LL_LINT_EXTENDED_KEY_USAGE);
  remark (vetting, X509_get0_authority_key_id (x509) != NULL, LL_LINT_NO_AUTHORITY_KEY);
  remark (vetting, has_alternative_name (x509) && ll_key_get_address (key) != NULL,
          LL_LINT_NO_MAILBOX);
  remark (vetting, (X509_get_extension_flags (x509) & EXFLAG_CA) == 0, LL_LINT_IS_AUTHORITY);
  remark (vetting, !lives_too_long (key, generation), LL_LINT_LIFE_TOO_LONG);
  remark (vetting, generation != LL_GENERATION_LEGACY || ll_key_get_created (key) < LEGACY_END,
          LL_LINT_LEGACY_TOO_LATE);
  remark (vetting, !has_address_only_in_subject (key, x509), LL_LINT_ADDRESS_IN_SUBJECT);
  remark (vetting, has_fitting_key (x509), LL_LINT_KEY_KIND);
  remark (vetting, has_fitting_signature (x509), LL_LINT_ALGORITHM_ENCODING);
}

LlX509Vetting *
ll_x509_vetting_new (const LlKey *certificate)
{
  LlX509Vetting *vetting = g_new0 (LlX509Vetting, 1);
  guint n_policies = 0;
  X509 *x509;

  if (ll_key_get_protocol (certificate) != LL_PROTOCOL_SMIME)
    return vetting;
  x509 = ll_x509_cert_get (certificate);
  vetting->vetted = ll_x509_policy_vetted (x509, &vetting->generation, &n_policies);
  if (vetting->vetted != LL_VETTED_NOT_TOLD)
    {
      vetting->name = ll_x509_policy_dup_name (x509, vetting->vetted, &vetting->pseudonym);
      vetting->organisation = dup_organisation (x509, vetting->vetted);
      lint (vetting, certificate, x509, n_policies);
    }
  ERR_clear_error ();
  return vetting;
}

void
ll_x509_vetting_free (LlX509Vetting *vetting)
{
  if (vetting == NULL)
    return;
  g_free (vetting->name);
  g_free (vetting->organisation);
  g_free (vetting);
}
