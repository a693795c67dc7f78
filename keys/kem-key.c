#include <config.h>

#include <glib/gi18n.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/output.h"
#include "base/text.h"
#include "bridge/call-agent.h"
#include "bridge/openssl-glue.h"
#include "keys/kem-key-private.h"
#include "keys/pbe-private.h"
#include "provider/provider.h"

#define TRIES 3
#define ID_ML_KEM "2.16.840.1.101.3.4.4." /* RFC 9936 section 2 */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_SIG, X509_SIG_free)

static X509_SIG *
set_not_protected (const char *name, gboolean in_clear, GError **error)
{
  if (in_clear)
    g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                 _ ("The private key in “%s” has no passphrase. Protect it first, for example with "
                    "“openssl pkcs8 -topk8 -v2 aes256”."),
                 name);
  else
    g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                 _ ("“%s” is not a private key that is protected with a passphrase (PKCS #8 in "
                    "PEM)."),
                 name);
  return NULL;
}

static X509_SIG *
read_protected (const char *path, const char *name, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) file = ll_input_read (path, LL_LIMIT_KEY_FILE_BYTES, cancellable, error);
  const X509_ALGOR *algorithm = NULL;
  guint64 rounds = 0;
  gsize length = 0;
  const char *text = file != NULL ? g_bytes_get_data (file, &length) : NULL;

  if (file == NULL)
    return NULL;
  g_autoptr (BIO) bio = BIO_new_mem_buf (text, (int)length);
  g_autoptr (X509_SIG) protected = PEM_read_bio_PKCS8 (bio, NULL, NULL, NULL);
  ERR_clear_error ();
  if (protected == NULL)
    return set_not_protected (name, g_strstr_len (text, (gssize)length, "PRIVATE KEY-----") != NULL,
                              error);
  X509_SIG_get0 (protected, &algorithm, NULL);
  return ll_pbe_check (algorithm, &rounds, error) ? g_steal_pointer (&protected) : NULL;
}

/* A person may mistype twice. */
static PKCS8_PRIV_KEY_INFO *
unlock (const X509_SIG *protected, const char *name, GCancellable *cancellable, GError **error)
{
  g_autofree char *description
      = g_strdup_printf (_ ("Please enter the passphrase of the private key in “%s”."), name);

  for (guint tries = 0; tries < TRIES; tries++)
    {
      g_autoptr (GBytes) passphrase
          = ll_agent_ask_passphrase (description,
                                     tries > 0 ? _ ("That was not the passphrase.") : NULL,
                                     cancellable, error);
      if (passphrase == NULL)
        return NULL;
      PKCS8_PRIV_KEY_INFO *info
          = PKCS8_decrypt_ex (protected, g_bytes_get_data (passphrase, NULL),
                              (int)g_bytes_get_size (passphrase), ll_pbe_context (), NULL);
      ERR_clear_error ();
      if (info != NULL)
        return info;
    }
  g_set_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED,
               _ ("“%s” stays locked: that was not its passphrase."), name);
  return NULL;
}

static EVP_PKEY *
take_key (const PKCS8_PRIV_KEY_INFO *info, const char *name, GError **error)
{
  const ASN1_OBJECT *type = NULL;
  char dotted[80] = "";

  PKCS8_pkey_get0 (&type, NULL, NULL, NULL, info);
  OBJ_obj2txt (dotted, sizeof dotted, type, 1);
  if (!g_str_has_prefix (dotted, ID_ML_KEM))
    {
      g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
                   _ ("The private key in “%s” is one that gpg-agent can keep. Put it and its "
                      "certificate into a PKCS #12 file and import that with “letterlock key "
                      "import”; files are for ML-KEM keys alone."),
                   name);
      return NULL;
    }
  EVP_PKEY *key = EVP_PKCS82PKEY_ex (info, ll_provider_context (NULL), NULL);
  ERR_clear_error ();
  if (key == NULL)
    g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
                 _ ("“%s” is an ML-KEM key, which needs OpenSSL 3.5 or newer; this is %s."), name,
                 OpenSSL_version (OPENSSL_VERSION));
  return key;
}

EVP_PKEY *
ll_kem_key_open (const char *path, GCancellable *cancellable, GError **error)
{
  g_autofree char *shown = g_filename_display_basename (path);
  g_autofree char *name = ll_text_safe (shown, -1);
  g_autoptr (X509_SIG) protected = NULL;
  g_autoptr (PKCS8_PRIV_KEY_INFO) info = NULL;

  if (ll_provider_context (error) == NULL)
    return NULL;
  protected = read_protected (path, name, cancellable, error);
  if (protected != NULL)
    info = unlock (protected, name, cancellable, error);
  return info != NULL ? take_key (info, name, error) : NULL;
}
