#include <config.h>

#include <glib/gi18n.h>
#include <openssl/err.h>

#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "keys/pbe-private.h"
#include "keys/pkcs12-private.h"
#include "keys/x509-cert-private.h"

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

#define MAX_NESTED_BAGS 4

/* One file being opened. */
typedef struct
{
  GPtrArray *spellings;    /* for the MAC, and for what PKCS #12 encrypts in its own way */
  GPtrArray *for_octets;   /* for PBES2 */
  const LlSpelling *right; /* the one that the MAC agrees with */
  guint64 rounds;          /* of deriving keys, so far */
  LlKeyFile *content;
} Opening;

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

/* SC-24: all is lost when anybody can change a file of keys. The MAC is also what tells the right
 * passphrase. */
static gboolean
check_mac (PKCS12 *p12, Opening *opening, GError **error)
{
  const X509_ALGOR *algorithm = NULL;
  const ASN1_INTEGER *iterations = NULL;

  if (!PKCS12_mac_present (p12))
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                           _ ("The file has no check value (MAC): anybody could have changed it."));
      return FALSE;
    }
  PKCS12_get0_mac (NULL, &algorithm, NULL, &iterations, p12);
  if (!ll_pbe_check_rounds (iterations, &opening->rounds, error)
      || !ll_pbe_check (algorithm, &opening->rounds, error))
    return FALSE;
  for (guint i = 0; i < opening->spellings->len; i++)
    {
      const LlSpelling *spelling = g_ptr_array_index (opening->spellings, i);

      if (!PKCS12_verify_mac (p12, spelling->octets, spelling->length))
        continue;
      opening->right = spelling;
      return TRUE;
    }
  ERR_clear_error ();
  if (ll_pbe_nid (algorithm) == NID_pbmac1 && OPENSSL_VERSION_NUMBER < 0x30400000L)
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
  if (opening->content->certificates->len >= LL_LIMIT_CERTIFICATES)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("There are more than %d certificates in the file."), LL_LIMIT_CERTIFICATES);
      return FALSE;
    }
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

typedef gpointer (*Decrypt) (gconstpointer shrouded, const char *octets, int length);

/* What one of the spellings opens: first the one that was right for the MAC. NULL without an error
 * when none does; OpenSSL's queue then tells why the first did not. */
static gpointer
try_spellings (const Opening *opening, const X509_ALGOR *algorithm, Decrypt decrypt,
               gconstpointer shrouded)
{
  GPtrArray *others
      = ll_pbe_nid (algorithm) == NID_pbes2 ? opening->for_octets : opening->spellings;
  gpointer opened = decrypt (shrouded, opening->right->octets, opening->right->length);

  for (guint i = 0; opened == NULL && i < others->len; i++)
    {
      const LlSpelling *spelling = g_ptr_array_index (others, i);

      ERR_set_mark ();
      opened = decrypt (shrouded, spelling->octets, spelling->length);
      ERR_pop_to_mark ();
    }
  return opened;
}

static gpointer
decrypt_key (gconstpointer bag, const char *octets, int length)
{
  return PKCS12_decrypt_skey (bag, octets, length);
}

static gboolean
take_shrouded_key (Opening *opening, const PKCS12_SAFEBAG *bag, GError **error)
{
  g_autoptr (PKCS8_PRIV_KEY_INFO) info = NULL;
  const X509_ALGOR *algorithm = NULL;

  X509_SIG_get0 (PKCS12_SAFEBAG_get0_pkcs8 (bag), &algorithm, NULL);
  if (!ll_pbe_check (algorithm, &opening->rounds, error))
    return FALSE;
  ERR_clear_error ();
  info = try_spellings (opening, algorithm, decrypt_key, bag);
  if (info == NULL)
    return ll_pbe_set_error (algorithm, _ ("A private key in the file cannot be decrypted"), error);
  ERR_clear_error ();
  return ll_key_file_add_pkcs8 (opening->content, info, error);
}

static gboolean take_bags (Opening *opening, const BagStack *bags, guint depth, GError **error);

static gboolean
take_bag (Opening *opening, const PKCS12_SAFEBAG *bag, guint depth, GError **error)
{
  switch (PKCS12_SAFEBAG_get_nid (bag))
    {
    case NID_certBag:
      return take_certificate (opening, bag, error);
    case NID_keyBag:
      return ll_key_file_add_pkcs8 (opening->content, PKCS12_SAFEBAG_get0_p8inf (bag), error);
    case NID_pkcs8ShroudedKeyBag:
      return take_shrouded_key (opening, bag, error);
    case NID_safeContentsBag:
      return take_bags (opening, PKCS12_SAFEBAG_get0_safes (bag), depth + 1, error);
    default:
      return TRUE; /* revocation lists, secrets: none of ours */
    }
}

/* Friendly names and other attributes of a bag are never looked at: they are a stranger's. */
static gboolean
take_bags (Opening *opening, const BagStack *bags, guint depth, GError **error)
{
  if (depth > MAX_NESTED_BAGS)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("The parts of the file are nested more than %d deep."), MAX_NESTED_BAGS);
      return FALSE;
    }
  for (int i = 0; i < sk_PKCS12_SAFEBAG_num (bags); i++)
    if (!take_bag (opening, sk_PKCS12_SAFEBAG_value (bags, i), depth, error))
      return FALSE;
  return TRUE;
}

static gpointer
decrypt_part (gconstpointer part, const char *octets, int length)
{
  return PKCS12_unpack_p7encdata ((PKCS7 *)part, octets, length);
}

/* The bags of one part, which may be encrypted as a whole. Other kinds give none. */
static gboolean
unpack_part (Opening *opening, PKCS7 *part, BagStack **bags, GError **error)
{
  const X509_ALGOR *algorithm = NULL;

  *bags = NULL;
  ERR_clear_error ();
  if (PKCS7_type_is_data (part))
    *bags = PKCS12_unpack_p7data (part);
  else if (PKCS7_type_is_encrypted (part))
    {
      algorithm = part->d.encrypted->enc_data->algorithm;
      if (!ll_pbe_check (algorithm, &opening->rounds, error))
        return FALSE;
      *bags = try_spellings (opening, algorithm, decrypt_part, part);
    }
  else
    return TRUE;
  if (*bags == NULL)
    return ll_pbe_set_error (algorithm, _ ("A part of the file cannot be read"), error);
  ERR_clear_error ();
  return TRUE;
}

static gboolean
take_part (Opening *opening, PKCS7 *part, GError **error)
{
  g_autoptr (BagStack) bags = NULL;

  return unpack_part (opening, part, &bags, error) && take_bags (opening, bags, 0, error);
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

LlKeyFile *
ll_pkcs12_open (GBytes *file, GBytes *passphrase, GError **error)
{
  g_autoptr (LlKeyFile) content = ll_key_file_new ();
  g_autoptr (GPtrArray) spellings = ll_pbe_spellings (passphrase, FALSE);
  g_autoptr (GPtrArray) for_octets = ll_pbe_spellings (passphrase, TRUE);
  Opening opening = { .content = content, .spellings = spellings, .for_octets = for_octets };
  OSSL_LIB_CTX *before;
  gboolean opened;

  /* OpenSSL 3.0 takes the algorithms of a PKCS #12 file from this thread's own context */
  before = OSSL_LIB_CTX_set0_default (ll_pbe_context ());
  opened = take_all (&opening, file, error);
  OSSL_LIB_CTX_set0_default (before);
  ERR_clear_error ();
  return opened ? g_steal_pointer (&content) : NULL;
}
