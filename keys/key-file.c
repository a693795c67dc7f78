#include <config.h>

#include <glib/gi18n.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "bridge/openssl-glue.h"
#include "keys/key-file-private.h"
#include "keys/key.h"
#include "keys/pbe-private.h"
#include "keys/x509-pem.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_SIG, X509_SIG_free)

#define MAX_PRIVATE_KEYS 100

static void
free_private_key (gpointer key)
{
  EVP_PKEY_free (key);
}

LlKeyFile *
ll_key_file_new (void)
{
  LlKeyFile *content = g_new0 (LlKeyFile, 1);

  content->certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  content->private_keys = g_ptr_array_new_with_free_func (free_private_key);
  return content;
}

void
ll_key_file_free (LlKeyFile *content)
{
  if (content == NULL)
    return;
  g_ptr_array_unref (content->certificates);
  g_ptr_array_unref (content->private_keys);
  g_free (content);
}

/* --- a private key ---------------------------------------------------------------------------- */

/* PQ-10: by number, because an older OpenSSL has no names for them. */
static const struct
{
  const char *number, *name;
  gboolean decrypts;
} not_for_the_agent[] = {
  { "2.16.840.1.101.3.4.4.1", "ML-KEM-512", TRUE },
  { "2.16.840.1.101.3.4.4.2", "ML-KEM-768", TRUE },
  { "2.16.840.1.101.3.4.4.3", "ML-KEM-1024", TRUE },
  { "2.16.840.1.101.3.4.3.17", "ML-DSA-44", FALSE },
  { "2.16.840.1.101.3.4.3.18", "ML-DSA-65", FALSE },
  { "2.16.840.1.101.3.4.3.19", "ML-DSA-87", FALSE },
};

static gboolean
refuse_kind (const char *name, gboolean decrypts, GError **error)
{
  g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
               decrypts ? _ ("There is a private key of the kind %s in it, which gpg-agent cannot "
                             "keep. Leave it in its file, and name that file with “--key-file” "
                             "when you decrypt.")
                        : _ ("There is a private key of the kind %s in it, which gpg-agent cannot "
                             "keep."),
               name);
  return FALSE;
}

static gboolean
check_kind (const PKCS8_PRIV_KEY_INFO *info, GError **error)
{
  const ASN1_OBJECT *object = NULL;
  char number[80] = "";

  if (PKCS8_pkey_get0 (&object, NULL, NULL, NULL, info) && object != NULL)
    OBJ_obj2txt (number, sizeof number, object, 1);
  for (gsize i = 0; i < G_N_ELEMENTS (not_for_the_agent); i++)
    if (g_str_equal (number, not_for_the_agent[i].number))
      return refuse_kind (not_for_the_agent[i].name, not_for_the_agent[i].decrypts, error);
  return TRUE;
}

/* Takes the key. */
static gboolean
add_key (LlKeyFile *content, EVP_PKEY *taken, GError **error)
{
  g_autoptr (EVP_PKEY) key = taken;
  g_autoptr (EVP_PKEY_CTX) checker
      = key != NULL ? EVP_PKEY_CTX_new_from_pkey (ll_pbe_context (), key, NULL) : NULL;

  if (key == NULL)
    return ll_openssl_set_error (error, LL_ERROR_BAD_DATA,
                                 _ ("A private key in the file cannot be read"));
  if (content->private_keys->len >= MAX_PRIVATE_KEYS)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("There are more than %d private keys in the file."), MAX_PRIVATE_KEYS);
      return FALSE;
    }
  /* -2: not for this kind of key */
  if (checker == NULL || EVP_PKEY_pairwise_check (checker) == 0)
    return ll_openssl_set_error (error, LL_ERROR_BAD_DATA,
                                 _ ("The two halves of a private key in the file do not belong "
                                    "together"));
  ERR_clear_error ();
  g_ptr_array_add (content->private_keys, g_steal_pointer (&key));
  return TRUE;
}

gboolean
ll_key_file_add_pkcs8 (LlKeyFile *content, const PKCS8_PRIV_KEY_INFO *info, GError **error)
{
  if (info != NULL && !check_kind (info, error))
    return FALSE;
  return add_key (content, info != NULL ? EVP_PKCS82PKEY_ex (info, ll_pbe_context (), NULL) : NULL,
                  error);
}

/* --- encrypted -------------------------------------------------------------------------------- */

static gboolean
set_locked (GBytes *passphrase, GError **error)
{
  ERR_clear_error ();
  g_set_error_literal (error, LL_ERROR, LL_ERROR_KEY_LOCKED,
                       passphrase == NULL ? _ ("The private key in the file needs a passphrase.")
                                          : _ ("The passphrase is not that of the file."));
  return FALSE;
}

static gboolean
is_about_algorithms (const GError *error)
{
  return g_error_matches (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM);
}

/* RFC 5958 section 3. There is no check value: what decrypts to a key was right. */
static gboolean
add_encrypted (LlKeyFile *content, const X509_SIG *shrouded, GBytes *passphrase, GError **error)
{
  g_autoptr (GPtrArray) spellings = ll_pbe_spellings (passphrase, TRUE);
  const X509_ALGOR *algorithm = NULL;
  guint64 rounds = 0;

  X509_SIG_get0 (shrouded, &algorithm, NULL);
  if (!ll_pbe_check (algorithm, &rounds, error))
    return FALSE;
  for (guint i = 0; i < spellings->len; i++)
    {
      const LlSpelling *spelling = g_ptr_array_index (spellings, i);
      g_autoptr (PKCS8_PRIV_KEY_INFO) info
          = PKCS8_decrypt_ex (shrouded, spelling->octets, spelling->length, ll_pbe_context (),
                              NULL);
      g_autoptr (GError) local = NULL;

      if (info != NULL)
        return ll_key_file_add_pkcs8 (content, info, error);
      ll_pbe_set_error (algorithm, "", &local);
      if (is_about_algorithms (local))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }
  return set_locked (passphrase, error);
}

/* --- PEM -------------------------------------------------------------------------------------- */

/* One block of a PEM text. */
typedef struct
{
  char *name, *header;
  guchar *data;
  glong length;
} Block;

static void
block_clear (Block *block)
{
  OPENSSL_free (block->name);
  OPENSSL_free (block->header);
  OPENSSL_clear_free (block->data, (gsize)block->length);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Block, block_clear)

static int
give_passphrase (char *buffer, int size, int writing, void *user_data)
{
  GBytes *passphrase = user_data;
  gsize length = 0;
  gconstpointer octets = passphrase != NULL ? g_bytes_get_data (passphrase, &length) : NULL;

  if (octets == NULL || length > (gsize)size)
    return -1;
  memcpy (buffer, octets, length);
  return (int)length;
}

/* The older forms, of RSA and EC keys, perhaps with the encryption of PEM itself (RFC 1421). */
static gboolean
add_traditional (LlKeyFile *content, Block *block, int type, GBytes *passphrase, GError **error)
{
  EVP_CIPHER_INFO cipher;
  const guchar *at;

  if (!PEM_get_EVP_CIPHER_INFO (block->header, &cipher))
    return ll_openssl_set_error (error, LL_ERROR_BAD_DATA,
                                 _ ("A private key in the file cannot be read"));
  if (cipher.cipher != NULL
      && (!PEM_do_header (&cipher, block->data, &block->length, give_passphrase, passphrase)))
    return set_locked (passphrase, error);
  at = block->data;
  {
    EVP_PKEY *key = d2i_PrivateKey_ex (type, NULL, &at, block->length, ll_pbe_context (), NULL);

    if (key == NULL && cipher.cipher != NULL)
      return set_locked (passphrase, error); /* its padding was right by chance */
    return add_key (content, key, error);
  }
}

static gboolean
add_block (LlKeyFile *content, Block *block, GBytes *passphrase, GError **error)
{
  const guchar *at = block->data;

  if (g_str_equal (block->name, PEM_STRING_PKCS8INF))
    {
      g_autoptr (PKCS8_PRIV_KEY_INFO) info = d2i_PKCS8_PRIV_KEY_INFO (NULL, &at, block->length);
      return ll_key_file_add_pkcs8 (content, info, error);
    }
  if (g_str_equal (block->name, PEM_STRING_PKCS8))
    {
      g_autoptr (X509_SIG) shrouded = d2i_X509_SIG (NULL, &at, block->length);
      return shrouded != NULL ? add_encrypted (content, shrouded, passphrase, error)
                              : ll_openssl_set_error (error, LL_ERROR_BAD_DATA,
                                                      _ ("A private key in the file cannot be "
                                                         "read"));
    }
  if (g_str_equal (block->name, PEM_STRING_RSA))
    return add_traditional (content, block, EVP_PKEY_RSA, passphrase, error);
  if (g_str_equal (block->name, PEM_STRING_ECPRIVATEKEY))
    return add_traditional (content, block, EVP_PKEY_EC, passphrase, error);
  if (!g_str_has_suffix (block->name, PEM_STRING_PKCS8INF))
    return TRUE;
  g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
               _ ("There is a private key of the form “%s” in it, which is not read here. Turn it "
                  "into PKCS #8 first, for example with “openssl pkcs8 -topk8”."),
               block->name);
  return FALSE;
}

static gboolean
add_private_keys (LlKeyFile *content, GBytes *pem, GBytes *passphrase, GError **error)
{
  gsize length;
  const void *text = g_bytes_get_data (pem, &length);
  g_autoptr (BIO) bio = length <= G_MAXINT ? BIO_new_mem_buf (text, (int)length) : NULL;

  while (bio != NULL)
    {
      g_auto (Block) block = { 0 };

      if (!PEM_read_bio (bio, &block.name, &block.header, &block.data, &block.length))
        break; /* the end, or what the certificates' reader has refused already */
      if (!add_block (content, &block, passphrase, error))
        return FALSE;
    }
  ERR_clear_error ();
  return TRUE;
}

LlKeyFile *
ll_key_file_read_pem (GBytes *pem, GBytes *passphrase, GError **error)
{
  g_autoptr (LlKeyFile) content = ll_key_file_new ();
  GPtrArray *certificates = ll_x509_pem_read (pem, NULL, error);

  if (certificates == NULL)
    return NULL;
  g_ptr_array_unref (content->certificates);
  content->certificates = certificates;
  return add_private_keys (content, pem, passphrase, error) ? g_steal_pointer (&content) : NULL;
}

/* --- DER -------------------------------------------------------------------------------------- */

static X509_SIG *
parse_shrouded (GBytes *der)
{
  gsize length;
  const guchar *at = g_bytes_get_data (der, &length);
  X509_SIG *shrouded = d2i_X509_SIG (NULL, &at, (glong)MIN (length, G_MAXINT));

  ERR_clear_error ();
  return shrouded;
}

static PKCS8_PRIV_KEY_INFO *
parse_plain (GBytes *der)
{
  gsize length;
  const guchar *at = g_bytes_get_data (der, &length);
  PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO (NULL, &at, (glong)MIN (length, G_MAXINT));

  ERR_clear_error ();
  return info;
}

gboolean
ll_key_file_is_pkcs8 (GBytes *der)
{
  g_autoptr (X509_SIG) shrouded = parse_shrouded (der);
  g_autoptr (PKCS8_PRIV_KEY_INFO) info = parse_plain (der);

  return shrouded != NULL || info != NULL;
}

LlKeyFile *
ll_key_file_read_pkcs8 (GBytes *der, GBytes *passphrase, GError **error)
{
  g_autoptr (LlKeyFile) content = ll_key_file_new ();
  g_autoptr (X509_SIG) shrouded = parse_shrouded (der);
  g_autoptr (PKCS8_PRIV_KEY_INFO) info = shrouded == NULL ? parse_plain (der) : NULL;
  gboolean done = shrouded != NULL ? add_encrypted (content, shrouded, passphrase, error)
                                   : ll_key_file_add_pkcs8 (content, info, error);

  return done ? g_steal_pointer (&content) : NULL;
}
