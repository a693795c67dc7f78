#include <config.h>

#include <glib/gi18n.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/text.h"
#include "bridge/call-agent.h"
#include "bridge/gpgme-glue.h"
#include "bridge/openssl-glue.h"
#include "bridge/sexp.h"
#include "keys/export.h"
#include "keys/pkcs12-private.h"
#include "keys/x509-cert-private.h"
#include "provider/provider.h"

#define MAX_TRIES 3 /* of a person who gives an empty passphrase */
#define MAX_CHAIN 10

static gpointer
refuse (GError **error, LlError code, const char *message)
{
  g_set_error_literal (error, LL_ERROR, (gint)code, message);
  return NULL;
}

/* --- public ----------------------------------------------------------------------------------- */

static GBytes *
export_openpgp (GPtrArray *keys, const LlExportRequest *request, GError **error)
{
  g_autoptr (LlGpgmeContext) context
      = ll_gpgme_context_new (GPGME_PROTOCOL_OPENPGP, request->policy, error);
  g_autoptr (LlGpgmeData) data = NULL;
  g_autoptr (LlGpgmeLoop) loop = NULL;
  g_autoptr (GPtrArray) patterns = g_ptr_array_new ();
  gpgme_error_t code;
  gsize length = 0;
  char *text;
  GBytes *armored;

  if (context == NULL)
    return NULL;
  for (guint i = 0; i < keys->len; i++)
    g_ptr_array_add (patterns, (gpointer)ll_key_get_fingerprint (g_ptr_array_index (keys, i)));
  g_ptr_array_add (patterns, NULL);
  gpgme_set_armor (context, 1);
  code = gpgme_data_new (&data);
  loop = ll_gpgme_loop_new (context, request->cancellable);
  if (code == 0)
    code = ll_gpgme_loop_run (loop,
                              gpgme_op_export_ext_start (context, (const char **)patterns->pdata, 0,
                                                         data));
  if (code != 0)
    {
      ll_gpgme_set_error (error, code, LL_ERROR_FAILED, request->cancellable,
                          _ ("The keys cannot be exported"));
      return NULL;
    }
  text = gpgme_data_release_and_get_mem (g_steal_pointer (&data), &length);
  armored = g_bytes_new (text, length);
  gpgme_free (text);
  return armored;
}

static gboolean
write_certificates (BIO *bio, GPtrArray *keys)
{
  for (guint i = 0; i < keys->len; i++)
    if (!PEM_write_bio_X509 (bio, ll_x509_cert_get (g_ptr_array_index (keys, i))))
      return FALSE;
  return TRUE;
}

static GBytes *
export_certificates (GPtrArray *keys, const LlExportRequest *request, GError **error)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  char *text = NULL;
  glong length;

  if (request->form == LL_EXPORT_DER && keys->len == 1)
    return g_bytes_ref (ll_key_get_der (g_ptr_array_index (keys, 0)));
  if (request->form == LL_EXPORT_DER)
    return refuse (error, LL_ERROR_UNSUPPORTED_OPTION,
                   _ ("DER holds one certificate. Name one by its fingerprint, or leave out "
                      "“--der”."));
  if (!write_certificates (bio, keys))
    return ll_openssl_set_error (error, LL_ERROR_FAILED, _ ("The certificates cannot be written")),
           NULL;
  length = BIO_get_mem_data (bio, &text);
  return g_bytes_new (text, (gsize)length);
}

/* --- private ---------------------------------------------------------------------------------- */

/* What issued the certificate, up to the root, as far as it is known. (transfer full, of LlKey) */
static GPtrArray *
find_chain (LlKey *key, GPtrArray *issuers)
{
  GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  X509 *certificate = ll_x509_cert_get (key);
  gboolean found = issuers != NULL;

  while (found && chain->len < MAX_CHAIN
         && X509_check_issued (certificate, certificate) != X509_V_OK)
    {
      found = FALSE;
      for (guint i = 0; !found && i < issuers->len; i++)
        {
          LlKey *issuer = g_ptr_array_index (issuers, i);

          found = X509_check_issued (ll_x509_cert_get (issuer), certificate) == X509_V_OK;
          if (!found)
            continue;
          certificate = ll_x509_cert_get (issuer);
          g_ptr_array_add (chain, ll_key_ref (issuer));
        }
    }
  ERR_clear_error ();
  return chain;
}

/* The passphrase for the file. Without one, whoever gets the file has the key. */
static GBytes *
get_passphrase (const char *title, const LlExportRequest *request, GError **error)
{
  g_autofree char *name = ll_text_safe (request->name, -1);
  g_autofree char *description
      = request->name != NULL
            ? g_strdup_printf (_ ("Please enter a new passphrase for the file “%s”."), name)
            : g_strdup_printf (_ ("Please enter a new passphrase for the exported key of “%s”."),
                               title);
  GBytes *passphrase = request->passphrase != NULL ? g_bytes_ref (request->passphrase) : NULL;

  for (guint tries = 0; passphrase == NULL && tries < MAX_TRIES; tries++)
    {
      passphrase
          = ll_agent_ask_new_passphrase (description,
                                         tries > 0 ? _ ("An empty passphrase protects nothing.")
                                                   : NULL,
                                         request->cancellable, error);
      if (passphrase == NULL)
        return NULL;
      if (g_bytes_get_size (passphrase) == 0)
        g_clear_pointer (&passphrase, g_bytes_unref);
    }
  if (passphrase != NULL && g_bytes_get_size (passphrase) > 0
      && memchr (g_bytes_get_data (passphrase, NULL), 0, g_bytes_get_size (passphrase)) == NULL)
    return passphrase;
  g_clear_pointer (&passphrase, g_bytes_unref);
  return refuse (error, LL_ERROR_KEY_LOCKED,
                 _ ("A private key is not written into a file without a passphrase."));
}

/* Before a person is asked for anything. */
static gboolean
check_place (const char *keygrip, const char *title, GCancellable *cancellable, GError **error)
{
  LlAgentKeyPlace place = LL_AGENT_KEY_MISSING;

  if (!ll_agent_find_key (keygrip, &place, cancellable, error))
    return FALSE;
  if (place == LL_AGENT_KEY_ON_DISK)
    return TRUE;
  if (place == LL_AGENT_KEY_ON_CARD)
    g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
                 _ ("The private key of “%s” is on a card or token, which does not give it away."),
                 title);
  else
    g_set_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT,
                 _ ("gpg-agent has no private key of “%s”."), title);
  return FALSE;
}

/* The key itself; that it is the certificate's is not taken on trust. */
static EVP_PKEY *
fetch_key (LlKey *certificate, const char *title, GCancellable *cancellable, GError **error)
{
  g_autofree char *prompt
      = g_strdup_printf (_ ("The private key of “%s” is to be exported into a file."), title);
  LlAgentUse use = { ll_x509_cert_get_keygrip (certificate), prompt, LL_AGENT_TO_MANAGE, title };
  g_autoptr (EVP_PKEY) public = ll_provider_public_key (ll_x509_cert_get (certificate));
  g_autoptr (EVP_PKEY) key
      = ll_agent_export_key (&use, EVP_PKEY_is_a (public, "RSA-PSS"), cancellable, error);
  g_autofree char *keygrip = key != NULL ? ll_sexp_keygrip (key, error) : NULL;

  if (keygrip == NULL)
    return NULL;
  if (g_str_equal (keygrip, use.keygrip))
    return g_steal_pointer (&key);
  return refuse (error, LL_ERROR_FAILED,
                 _ ("gpg-agent gave another private key than that of the certificate."));
}

static GBytes *
write_pem (EVP_PKEY *key, LlKey *certificate, GPtrArray *chain, GBytes *passphrase, GError **error)
{
  g_autoptr (GBytes) shrouded = ll_pkcs8_write (key, passphrase, error);
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  char *text = NULL;
  gsize size;
  gconstpointer pem;
  glong length;

  if (shrouded == NULL)
    return NULL;
  pem = g_bytes_get_data (shrouded, &size);
  if (BIO_write (bio, pem, (int)size) != (int)size
      || !PEM_write_bio_X509 (bio, ll_x509_cert_get (certificate))
      || !write_certificates (bio, chain))
    return ll_openssl_set_error (error, LL_ERROR_FAILED, _ ("The certificates cannot be written")),
           NULL;
  length = BIO_get_mem_data (bio, &text);
  return g_bytes_new (text, (gsize)length);
}

static GBytes *
export_secret (LlKey *certificate, const LlExportRequest *request, GError **error)
{
  g_autofree char *title = ll_text_safe (ll_key_get_title (certificate), -1);
  g_autoptr (GPtrArray) chain = find_chain (certificate, request->issuers);
  const char *keygrip = ll_x509_cert_get_keygrip (certificate);
  g_autoptr (GBytes) passphrase = NULL;
  g_autoptr (EVP_PKEY) key = NULL;

  if (keygrip == NULL)
    return refuse (error, LL_ERROR_UNSUPPORTED_ALGORITHM,
                   _ ("gpg-agent has no keys of this kind."));
  if (!check_place (keygrip, title, request->cancellable, error))
    return NULL;
  passphrase = get_passphrase (title, request, error);
  if (passphrase == NULL)
    return NULL;
  key = fetch_key (certificate, title, request->cancellable, error);
  if (key == NULL)
    return NULL;
  return request->form == LL_EXPORT_PEM
             ? write_pem (key, certificate, chain, passphrase, error)
             : ll_pkcs12_write (key, certificate, chain, passphrase, request->legacy, error);
}

/* --- which of them ---------------------------------------------------------------------------- */

GBytes *
ll_export (GPtrArray *keys, const LlExportRequest *request, GError **error)
{
  gboolean openpgp;

  g_return_val_if_fail (keys->len > 0, NULL);
  openpgp = ll_key_get_protocol (g_ptr_array_index (keys, 0)) == LL_PROTOCOL_OPENPGP;
  if (openpgp && request->secret)
    return refuse (error, LL_ERROR_UNSUPPORTED_OPTION,
                   _ ("Private OpenPGP keys are not exported here. “gpg --export-secret-keys” does "
                      "that."));
  if (openpgp && request->form != LL_EXPORT_PEM)
    return refuse (error, LL_ERROR_UNSUPPORTED_OPTION, _ ("OpenPGP keys have no such form."));
  if (openpgp)
    return export_openpgp (keys, request, error);
  if (!request->secret && request->form != LL_EXPORT_PKCS12)
    return export_certificates (keys, request, error);
  if (request->form == LL_EXPORT_DER)
    return refuse (error, LL_ERROR_UNSUPPORTED_OPTION,
                   _ ("DER is for certificates. A private key goes into PKCS #12 or PEM."));
  g_return_val_if_fail (request->secret && keys->len == 1, NULL);
  return export_secret (g_ptr_array_index (keys, 0), request, error);
}
