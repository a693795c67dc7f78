#include <config.h>

#include <glib/gi18n.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "bridge/openssl-glue.h"
#include "keys/pbe-private.h"
#include "keys/pkcs12-private.h"
#include "keys/x509-cert-private.h"

#define ROUNDS 600000       /* of PBKDF2 with SHA-256, and of the MAC */
#define LEGACY_ROUNDS 50000 /* what the old programs do in bearable time */

/* A terminated copy, which PKCS #12 functions want. Wipe it with wipe(). */
static char *
terminate (GBytes *passphrase)
{
  gsize length;
  gconstpointer octets = g_bytes_get_data (passphrase, &length);
  char *text = g_malloc0 (length + 1);

  if (length > 0)
    memcpy (text, octets, length);
  return text;
}

static void
wipe (char *text)
{
  explicit_bzero (text, strlen (text));
  g_free (text);
}

static PKCS12 *
make_pkcs12 (EVP_PKEY *key, X509 *certificate, LlX509Borrowed *others, const char *passphrase,
             gboolean legacy)
{
  int cipher = legacy ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC : NID_aes_256_cbc;
  int rounds = legacy ? LEGACY_ROUNDS : ROUNDS;
  /* no MAC yet: its default differs from one OpenSSL to the next */
  g_autoptr (PKCS12) p12 = PKCS12_create_ex (passphrase, NULL, key, certificate, others, cipher,
                                             cipher, rounds, -1, 0, ll_pbe_context (), NULL);

  if (p12 == NULL
      || !PKCS12_set_mac (p12, passphrase, -1, NULL, 0, rounds,
                          legacy ? EVP_sha1 () : EVP_sha256 ()))
    return NULL;
  return g_steal_pointer (&p12);
}

GBytes *
ll_pkcs12_write (EVP_PKEY *key, const LlKey *certificate, GPtrArray *others, GBytes *passphrase,
                 gboolean legacy, GError **error)
{
  g_autoptr (LlX509Borrowed) stack = sk_X509_new_null ();
  g_autoptr (PKCS12) p12 = NULL;
  char *text = terminate (passphrase);
  OSSL_LIB_CTX *before = OSSL_LIB_CTX_set0_default (ll_pbe_context ());
  GBytes *der;

  for (guint i = 0; i < others->len; i++)
    sk_X509_push (stack, ll_x509_cert_get (g_ptr_array_index (others, i)));
  p12 = make_pkcs12 (key, ll_x509_cert_get (certificate), stack, text, legacy);
  OSSL_LIB_CTX_set0_default (before);
  wipe (text);
  der = p12 != NULL ? LL_DER (p12, PKCS12) : NULL;
  if (der == NULL)
    ll_openssl_set_error (error, LL_ERROR_FAILED, _ ("The PKCS #12 file cannot be made"));
  return der;
}

GBytes *
ll_pkcs8_write (EVP_PKEY *key, GBytes *passphrase, GError **error)
{
  g_autoptr (PKCS8_PRIV_KEY_INFO) info = EVP_PKEY2PKCS8 (key);
  g_autoptr (EVP_CIPHER) cipher = EVP_CIPHER_fetch (ll_pbe_context (), "AES-256-CBC", NULL);
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  gsize length;
  const char *octets = g_bytes_get_data (passphrase, &length);
  X509_SIG *shrouded = NULL;
  char *pem = NULL;
  gboolean written;

  if (info != NULL && cipher != NULL)
    shrouded = PKCS8_encrypt_ex (-1, cipher, octets, (int)length, NULL, 0, ROUNDS, info,
                                 ll_pbe_context (), NULL);
  written = shrouded != NULL && PEM_write_bio_PKCS8 (bio, shrouded);
  X509_SIG_free (shrouded);
  if (written)
    {
      glong size = BIO_get_mem_data (bio, &pem);

      return g_bytes_new (pem, (gsize)size);
    }
  ll_openssl_set_error (error, LL_ERROR_FAILED, _ ("The private key cannot be encrypted"));
  return NULL;
}
