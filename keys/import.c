#include <config.h>

#include <glib/gi18n.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "bridge/call-agent.h"
#include "bridge/gpgme-glue.h"
#include "bridge/openssl-glue.h"
#include "keys/import.h"
#include "keys/pkcs12-private.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-pem.h"

void
ll_import_result_free (LlImportResult *result)
{
  if (result == NULL)
    return;
  g_ptr_array_unref (result->fingerprints);
  g_free (result);
}

/* Always NULL, so that a caller can return it. */
static gpointer
nothing_found (GError **error)
{
  g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                       _ ("There is neither an OpenPGP key nor a certificate in it."));
  return NULL;
}

/* --- the key rings, through GPGME ------------------------------------------------------------- */

static LlImportResult *
account_for (gpgme_import_result_t from, LlProtocol protocol)
{
  LlImportResult *result = g_new0 (LlImportResult, 1);

  result->protocol = protocol;
  result->considered = (guint)MAX (from->considered, 0);
  result->imported = (guint)MAX (from->imported, 0);
  result->unchanged = (guint)MAX (from->unchanged, 0);
  result->rejected = (guint)MAX (from->not_imported, 0);
  result->secret_considered = (guint)MAX (from->secret_read, 0);
  result->fingerprints = g_ptr_array_new_with_free_func (g_free);
  for (gpgme_import_status_t status = from->imports; status != NULL; status = status->next)
    {
      g_autofree char *fingerprint = g_ascii_strup (status->fpr != NULL ? status->fpr : "", -1);

      if (status->result != GPG_ERR_NO_ERROR || *fingerprint == '\0'
          || g_ptr_array_find_with_equal_func (result->fingerprints, fingerprint, g_str_equal,
                                               NULL))
        continue;
      if (status->status != 0 && !(status->status & GPGME_IMPORT_NEW))
        result->updated++;
      g_ptr_array_add (result->fingerprints, g_steal_pointer (&fingerprint));
    }
  return result;
}

static LlImportResult *
import_into (LlProtocol protocol, GBytes *bytes, const LlImportRequest *request, GError **error)
{
  gpgme_protocol_t engine
      = protocol == LL_PROTOCOL_OPENPGP ? GPGME_PROTOCOL_OPENPGP : GPGME_PROTOCOL_CMS;
  g_autoptr (LlGpgmeContext) context = ll_gpgme_context_new (engine, request->policy, error);
  g_autoptr (LlGpgmeData) data = NULL;
  g_autoptr (LlGpgmeLoop) loop = NULL;
  gpgme_import_result_t result;
  gpgme_error_t code;
  gsize length;
  const char *octets = g_bytes_get_data (bytes, &length);

  if (context == NULL)
    return NULL;
  code = gpgme_data_new_from_mem (&data, octets, length, 0);
  loop = ll_gpgme_loop_new (context, request->cancellable);
  if (code == 0)
    code = ll_gpgme_loop_run (loop, gpgme_op_import_start (context, data));
  result = gpgme_op_import_result (context);
  if (code != 0 || result == NULL)
    {
      ll_gpgme_set_error (error, code, LL_ERROR_FAILED, request->cancellable,
                          _ ("The keys cannot be imported"));
      return NULL;
    }
  if (result->considered == 0 && result->secret_read == 0)
    return nothing_found (error);
  return account_for (result, protocol);
}

static gboolean
contains (GBytes *file, const char *needle)
{
  gsize length;
  const char *data = g_bytes_get_data (file, &length);

  return memmem (data, length, needle, strlen (needle)) != NULL;
}

/* --- certificates ----------------------------------------------------------------------------- */

/* gpgsm reads several certificates from one PEM text. */
static LlImportResult *
import_certificates (GPtrArray *keys, const LlImportRequest *request, GError **error)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  g_autoptr (GBytes) pem = NULL;
  char *text = NULL;
  glong length;

  if (keys->len == 0)
    return nothing_found (error);
  for (guint i = 0; i < keys->len; i++)
    if (!PEM_write_bio_X509 (bio, ll_x509_cert_get (g_ptr_array_index (keys, i))))
      {
        ll_openssl_set_error (error, LL_ERROR_FAILED, _ ("The certificates cannot be written"));
        return NULL;
      }
  length = BIO_get_mem_data (bio, &text);
  pem = g_bytes_new (text, (gsize)length);
  return import_into (LL_PROTOCOL_SMIME, pem, request, error);
}

static LlImportResult *
import_der (GBytes *file, const LlImportRequest *request, GError **error)
{
  g_autoptr (GPtrArray) keys = NULL;
  LlKey *one = ll_x509_cert_new (file, NULL);

  if (one == NULL)
    keys = ll_x509_bundle_read (file, error);
  else
    {
      keys = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
      g_ptr_array_add (keys, one);
    }
  return keys != NULL ? import_certificates (keys, request, error) : NULL;
}

/* A private key in PEM stays where it is: gpg-agent gets its keys with the certificate, from PKCS
 * #12, so that both are known to belong together. */
static LlImportResult *
import_pem (GBytes *file, const LlImportRequest *request, GError **error)
{
  g_autoptr (GPtrArray) keys = ll_x509_pem_read (file, NULL, error);

  if (keys != NULL && contains (file, "PRIVATE KEY-----"))
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                           _ ("There is a private key in PEM form in it. Put it and its "
                              "certificate into a PKCS #12 file first, for example with “openssl "
                              "pkcs12 -export”, and import that."));
      return NULL;
    }
  return keys != NULL ? import_certificates (keys, request, error) : NULL;
}

/* --- PKCS #12 --------------------------------------------------------------------------------- */

static GBytes *
ask_for_passphrase (const LlImportRequest *request, gboolean again, GError **error)
{
  g_autofree char *name = ll_text_safe (request->name, -1);
  g_autofree char *description
      = request->name != NULL
            ? g_strdup_printf (_ ("Please enter the passphrase of the file “%s”."), name)
            : g_strdup (_ ("Please enter the passphrase of the PKCS #12 file."));

  return ll_agent_ask_passphrase (description, again ? _ ("That was not the passphrase.") : NULL,
                                  request->cancellable, error);
}

/* Many files have no passphrase at all, so that is tried before a person is asked; a person may
 * mistype twice. */
static LlPkcs12 *
open_pkcs12 (GBytes *file, const LlImportRequest *request, GError **error)
{
  g_autoptr (GError) local = NULL;
  LlPkcs12 *content = ll_pkcs12_open (file, request->passphrase, &local);

  for (guint tries = 0; content == NULL && request->passphrase == NULL && tries < 3
                        && g_error_matches (local, LL_ERROR, LL_ERROR_KEY_LOCKED);
       tries++)
    {
      g_autoptr (GBytes) passphrase = ask_for_passphrase (request, tries > 0, error);

      if (passphrase == NULL)
        return NULL;
      g_clear_error (&local);
      content = ll_pkcs12_open (file, passphrase, &local);
    }
  if (content == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return content;
}

/* Private keys first: a certificate whose key was not taken would look like one of ours. */
static LlImportResult *
import_pkcs12 (GBytes *file, const LlImportRequest *request, GError **error)
{
  g_autoptr (LlPkcs12) content = open_pkcs12 (file, request, error);
  LlImportResult *result;

  if (content == NULL)
    return NULL;
  for (guint i = 0; i < content->private_keys->len; i++)
    if (!ll_agent_import_key (g_ptr_array_index (content->private_keys, i), NULL,
                              request->cancellable, error))
      {
        g_prefix_error (error, "%s", _ ("gpg-agent did not take the private key: "));
        return NULL;
      }
  result = import_certificates (content->certificates, request, error);
  if (result != NULL)
    result->secret_considered = content->private_keys->len;
  return result;
}

/* --- which of them ---------------------------------------------------------------------------- */

/* The first octet of a key: a packet tag (RFC 9580 section 4.2) of a public or secret key. */
static gboolean
is_openpgp (GBytes *file)
{
  static const guint8 tags[] = { 0x94, 0x95, 0x96, 0x98, 0x99, 0x9A, 0xC5, 0xC6 };
  gsize length;
  const guint8 *data = g_bytes_get_data (file, &length);

  return contains (file, "-----BEGIN PGP P") || (length > 0 && memchr (tags, data[0], sizeof tags));
}

LlImportResult *
ll_import (GBytes *file, const LlImportRequest *request, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (file, &length);

  if (length == 0)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA, _ ("It is empty."));
      return NULL;
    }
  if (is_openpgp (file))
    return import_into (LL_PROTOCOL_OPENPGP, file, request, error);
  if (ll_pkcs12_is (file))
    return import_pkcs12 (file, request, error);
  if (data[0] == 0x30)
    return import_der (file, request, error);
  return import_pem (file, request, error);
}
