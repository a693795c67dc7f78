#include <config.h>

#include <glib/gi18n.h>
#include <openssl/err.h>

#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "keys/pkcs12-private.h"
#include "keys/x509-cert-private.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PBEPARAM, PBEPARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PBE2PARAM, PBE2PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PBKDF2PARAM, PBKDF2PARAM_free)

typedef STACK_OF (PKCS7) Pkcs7Stack;
typedef STACK_OF (PKCS12_SAFEBAG) BagStack;

static void
pkcs7_stack_free (Pkcs7Stack *stack)
{
  sk_PKCS7_pop_free (stack, PKCS7_free);
}

static void
bag_stack_free (BagStack *stack)
{
  sk_PKCS12_SAFEBAG_pop_free (stack, PKCS12_SAFEBAG_free);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pkcs7Stack, pkcs7_stack_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BagStack, bag_stack_free)

/* One file being opened. */
typedef struct
{
  const char *passphrase; /* NULL: none */
  int length;
  LlPkcs12 *content;
} Opening;

static void
free_private_key (gpointer key)
{
  EVP_PKEY_free (key);
}

void
ll_pkcs12_free (LlPkcs12 *content)
{
  if (content == NULL)
    return;
  g_ptr_array_unref (content->certificates);
  g_ptr_array_unref (content->private_keys);
  g_free (content);
}

static PKCS12 *
parse (GBytes *file)
{
  gsize length;
  const guchar *data = g_bytes_get_data (file, &length);
  PKCS12 *p12 = length <= G_MAXLONG ? d2i_PKCS12 (NULL, &data, (glong)length) : NULL;

  ERR_clear_error ();
  return p12;
}

gboolean
ll_pkcs12_is (GBytes *file)
{
  g_autoptr (PKCS12) p12 = parse (file);

  return p12 != NULL;
}

/* SC-24: old files name RC2 and single DES, which OpenSSL keeps apart; they are read, never
 * written. The context lives as long as the process: the keys read in it need it. */
static OSSL_LIB_CTX *
legacy_context (void)
{
  static gsize context;

  if (g_once_init_enter (&context))
    {
      OSSL_LIB_CTX *made = OSSL_LIB_CTX_new ();

      OSSL_PROVIDER_load (made, "default");
      OSSL_PROVIDER_load (made, "legacy");
      ERR_clear_error ();
      g_once_init_leave (&context, (gsize)made);
    }
  return (OSSL_LIB_CTX *)context;
}

static gboolean
check_iterations (const ASN1_INTEGER *iterations, GError **error)
{
  gint64 n = 1;

  if (iterations != NULL && (!ASN1_INTEGER_get_int64 (&n, iterations) || n < 0))
    n = G_MAXINT64;
  if (n <= LL_LIMIT_KDF_ITERATIONS)
    return TRUE;
  g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
               _ ("The file asks for more than %d rounds to derive a key from its passphrase."),
               LL_LIMIT_KDF_ITERATIONS);
  return FALSE;
}

static gpointer
unpack (const X509_ALGOR *algorithm, const ASN1_ITEM *item)
{
  const void *value = NULL;
  int type = V_ASN1_UNDEF;

  X509_ALGOR_get0 (NULL, &type, &value, algorithm);
  return type == V_ASN1_SEQUENCE ? ASN1_item_unpack (value, item) : NULL;
}

static int
algorithm_nid (const X509_ALGOR *algorithm)
{
  const ASN1_OBJECT *object = NULL;

  X509_ALGOR_get0 (&object, NULL, NULL, algorithm);
  return object != NULL ? OBJ_obj2nid (object) : NID_undef;
}

/* PBES2, PBMAC1 (both are a pair whose first half derives the key) or the PBE of PKCS #12 and
 * PKCS #5 1.5. scrypt has limits of OpenSSL's own. */
static gboolean
check_algorithm (const X509_ALGOR *algorithm, GError **error)
{
  g_autoptr (PBE2PARAM) pair = NULL;
  g_autoptr (PBKDF2PARAM) pbkdf2 = NULL;
  g_autoptr (PBEPARAM) pbe = NULL;
  int nid = algorithm_nid (algorithm);

  if (nid == NID_pbes2 || nid == NID_pbmac1)
    {
      pair = unpack (algorithm, ASN1_ITEM_rptr (PBE2PARAM));
      if (pair == NULL || algorithm_nid (pair->keyfunc) != NID_id_pbkdf2)
        return TRUE;
      pbkdf2 = unpack (pair->keyfunc, ASN1_ITEM_rptr (PBKDF2PARAM));
      return check_iterations (pbkdf2 != NULL ? pbkdf2->iter : NULL, error);
    }
  pbe = unpack (algorithm, ASN1_ITEM_rptr (PBEPARAM));
  return check_iterations (pbe != NULL ? pbe->iter : NULL, error);
}

/* An empty passphrase is written in two ways (RFC 7292 appendix B.1): as nothing, and as an empty
 * string. */
static gboolean
check_mac (PKCS12 *p12, Opening *opening, GError **error)
{
  const ASN1_INTEGER *iterations = NULL;
  const X509_ALGOR *algorithm = NULL;

  if (!PKCS12_mac_present (p12))
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                           _ ("The file has no check value (MAC): anybody could have changed it."));
      return FALSE;
    }
  PKCS12_get0_mac (NULL, &algorithm, NULL, &iterations, p12);
  if (!check_iterations (iterations, error) || !check_algorithm (algorithm, error))
    return FALSE;
  if (opening->length == 0)
    {
      if (PKCS12_verify_mac (p12, NULL, 0))
        return TRUE;
      opening->passphrase = "";
    }
  if (PKCS12_verify_mac (p12, opening->passphrase, opening->length))
    return TRUE;
  ERR_clear_error ();
  if (algorithm_nid (algorithm) == NID_pbmac1 && OPENSSL_VERSION_NUMBER < 0x30400000L)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
                         _ ("The file's check value is a PBMAC1, which needs OpenSSL 3.4."));
  else
    g_set_error_literal (error, LL_ERROR, LL_ERROR_KEY_LOCKED,
                         _ ("The passphrase is not that of the file."));
  return FALSE;
}

static gboolean
take_certificate (const Opening *opening, const PKCS12_SAFEBAG *bag, GError **error)
{
  g_autoptr (X509) certificate = NULL;
  LlKey *key;

  if (PKCS12_SAFEBAG_get_bag_nid (bag) != NID_x509Certificate)
    return TRUE;
  certificate = PKCS12_SAFEBAG_get1_cert (bag);
  if (certificate == NULL)
    return ll_openssl_set_error (error, LL_ERROR_BAD_DATA,
                                 _ ("A certificate in the file cannot be read"));
  key = ll_x509_cert_new_from_x509 (certificate, error);
  if (key == NULL)
    return FALSE;
  g_ptr_array_add (opening->content->certificates, key);
  return TRUE;
}

static gboolean
take_private_key (const Opening *opening, const PKCS8_PRIV_KEY_INFO *info, GError **error)
{
  EVP_PKEY *key = info != NULL ? EVP_PKCS82PKEY (info) : NULL;

  if (key == NULL)
    return ll_openssl_set_error (error, LL_ERROR_BAD_DATA,
                                 _ ("A private key in the file cannot be read"));
  g_ptr_array_add (opening->content->private_keys, key);
  return TRUE;
}

static gboolean
take_bag (const Opening *opening, const PKCS12_SAFEBAG *bag, GError **error)
{
  g_autoptr (PKCS8_PRIV_KEY_INFO) info = NULL;
  const X509_ALGOR *algorithm = NULL;

  switch (PKCS12_SAFEBAG_get_nid (bag))
    {
    case NID_certBag:
      return take_certificate (opening, bag, error);
    case NID_keyBag:
      return take_private_key (opening, PKCS12_SAFEBAG_get0_p8inf (bag), error);
    case NID_pkcs8ShroudedKeyBag:
      X509_SIG_get0 (PKCS12_SAFEBAG_get0_pkcs8 (bag), &algorithm, NULL);
      if (!check_algorithm (algorithm, error))
        return FALSE;
      info = PKCS12_decrypt_skey (bag, opening->passphrase, opening->length);
      return take_private_key (opening, info, error);
    default:
      return TRUE; /* revocation lists, secrets: none of ours */
    }
}

/* The bags of one part, which may be encrypted as a whole. Other kinds give none. */
static gboolean
unpack_part (const Opening *opening, PKCS7 *part, BagStack **bags, GError **error)
{
  *bags = NULL;
  if (PKCS7_type_is_data (part))
    *bags = PKCS12_unpack_p7data (part);
  else if (PKCS7_type_is_encrypted (part))
    {
      if (!check_algorithm (part->d.encrypted->enc_data->algorithm, error))
        return FALSE;
      *bags = PKCS12_unpack_p7encdata (part, opening->passphrase, opening->length);
    }
  else
    return TRUE;
  if (*bags == NULL)
    return ll_openssl_set_error (error, LL_ERROR_BAD_DATA, _ ("A part of the file cannot be read"));
  return TRUE;
}

static gboolean
take_part (const Opening *opening, PKCS7 *part, GError **error)
{
  g_autoptr (BagStack) bags = NULL;

  if (!unpack_part (opening, part, &bags, error))
    return FALSE;
  for (int i = 0; i < sk_PKCS12_SAFEBAG_num (bags); i++)
    if (!take_bag (opening, sk_PKCS12_SAFEBAG_value (bags, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
take_all (Opening *opening, GBytes *file, GError **error)
{
  g_autoptr (PKCS12) p12 = parse (file);
  g_autoptr (Pkcs7Stack) parts = NULL;

  if (p12 == NULL)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA, _ ("This is not a PKCS #12 file."));
      return FALSE;
    }
  if (!check_mac (p12, opening, error))
    return FALSE;
  parts = PKCS12_unpack_authsafes (p12);
  if (parts == NULL)
    return ll_openssl_set_error (error, LL_ERROR_BAD_DATA, _ ("The PKCS #12 file is damaged"));
  for (int i = 0; i < sk_PKCS7_num (parts); i++)
    if (!take_part (opening, sk_PKCS7_value (parts, i), error))
      return FALSE;
  return TRUE;
}

LlPkcs12 *
ll_pkcs12_open (GBytes *file, GBytes *passphrase, GError **error)
{
  g_autoptr (LlPkcs12) content = g_new0 (LlPkcs12, 1);
  Opening opening = { .content = content };
  gsize length = 0;
  OSSL_LIB_CTX *before;
  gboolean opened;

  content->certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  content->private_keys = g_ptr_array_new_with_free_func (free_private_key);
  if (passphrase != NULL)
    opening.passphrase = g_bytes_get_data (passphrase, &length);
  opening.length = (int)MIN (length, G_MAXINT);

  /* OpenSSL 3.0 takes the algorithms of a PKCS #12 file from this thread's own context */
  before = OSSL_LIB_CTX_set0_default (legacy_context ());
  opened = take_all (&opening, file, error);
  OSSL_LIB_CTX_set0_default (before);
  ERR_clear_error ();
  return opened ? g_steal_pointer (&content) : NULL;
}
