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
#include "bridge/sexp.h"
#include "keys/import.h"
#include "keys/pkcs12-private.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-pem.h"
#include "keys/x509-store.h"

#define MAX_TRIES 3 /* of a person at the passphrase of a file */

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
LlImportResult *
ll_import_certificates (GPtrArray *keys, const LlImportRequest *request, GError **error)
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
  return keys != NULL ? ll_import_certificates (keys, request, error) : NULL;
}

/* --- private keys ----------------------------------------------------------------------------- */

static GBytes *
ask_for_passphrase (const LlImportRequest *request, gboolean again, GError **error)
{
  g_autofree char *name = ll_text_safe (request->name, -1);
  g_autofree char *description
      = request->name != NULL
            ? g_strdup_printf (_ ("Please enter the passphrase of the file “%s”."), name)
            : g_strdup (_ ("Please enter the passphrase of the file of keys."));

  return ll_agent_ask_passphrase (description, again ? _ ("That was not the passphrase.") : NULL,
                                  request->cancellable, error);
}

typedef LlKeyFile *(*Opener) (GBytes *file, GBytes *passphrase, GError **error);

/* Many files have no passphrase at all, so that is tried before a person is asked; a person may
 * mistype twice. */
static LlKeyFile *
open_key_file (GBytes *file, Opener opener, const LlImportRequest *request, GError **error)
{
  g_autoptr (GError) local = NULL;
  LlKeyFile *content = opener (file, request->passphrase, &local);

  for (guint tries = 0; content == NULL && request->passphrase == NULL && tries < MAX_TRIES
                        && g_error_matches (local, LL_ERROR, LL_ERROR_KEY_LOCKED);
       tries++)
    {
      g_autoptr (GBytes) passphrase = ask_for_passphrase (request, tries > 0, error);

      if (passphrase == NULL)
        return NULL;
      g_clear_error (&local);
      content = opener (file, passphrase, &local);
    }
  if (content == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return content;
}

/* Which of the certificates has this key; NULL when none has. Borrowed. */
static LlKey *
find_certificate (GPtrArray *certificates, const char *keygrip)
{
  for (guint i = 0; i < certificates->len; i++)
    if (g_strcmp0 (ll_x509_cert_get_keygrip (g_ptr_array_index (certificates, i)), keygrip) == 0)
      return g_ptr_array_index (certificates, i);
  return NULL;
}

/* A private key without a certificate could never be used: its certificate is in the file, or was
 * imported before. Those that were are added to `known`. */
static gboolean
match_keys (const LlKeyFile *content, GPtrArray *known, GError **error)
{
  g_autoptr (GPtrArray) keybox = NULL;

  for (guint i = 0; i < content->private_keys->len; i++)
    {
      g_autofree char *keygrip
          = ll_sexp_keygrip (g_ptr_array_index (content->private_keys, i), error);
      LlKey *certificate;

      if (keygrip == NULL)
        return FALSE;
      if (find_certificate (content->certificates, keygrip) != NULL)
        continue;
      if (keybox == NULL)
        keybox = ll_x509_store_load (NULL, error);
      if (keybox == NULL)
        return FALSE;
      certificate = find_certificate (keybox, keygrip);
      if (certificate == NULL)
        {
          g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                               _ ("There is a private key in it whose certificate is neither in "
                                  "the file nor known. Import the certificate first."));
          return FALSE;
        }
      g_ptr_array_add (known, ll_key_ref (certificate));
    }
  return TRUE;
}

/* Keys that were new go again; what was there before stays. */
static void
take_back (GPtrArray *keygrips)
{
  for (guint i = 0; i < keygrips->len; i++)
    ll_agent_forget_key (g_ptr_array_index (keygrips, i), NULL);
}

static gboolean
give_to_agent (const LlKeyFile *content, GPtrArray *new_keygrips, const LlImportRequest *request,
               GError **error)
{
  for (guint i = 0; i < content->private_keys->len; i++)
    {
      EVP_PKEY *key = g_ptr_array_index (content->private_keys, i);
      gboolean is_new = FALSE;

      if (!ll_agent_import_key (key, &is_new, request->cancellable, error))
        {
          g_prefix_error (error, "%s", _ ("gpg-agent did not take the private key: "));
          return FALSE;
        }
      if (is_new)
        g_ptr_array_add (new_keygrips, ll_sexp_keygrip (key, NULL));
    }
  return TRUE;
}

/* For a file of private keys alone. */
static LlImportResult *
account_for_known (GPtrArray *known)
{
  LlImportResult *result = g_new0 (LlImportResult, 1);

  result->protocol = LL_PROTOCOL_SMIME;
  result->considered = result->unchanged = known->len;
  result->fingerprints = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < known->len; i++)
    g_ptr_array_add (result->fingerprints,
                     g_strdup (ll_key_get_gnupg_fingerprint (g_ptr_array_index (known, i))));
  return result;
}

/* Private keys first: a certificate whose key was not taken would look like one of ours. */
static LlImportResult *
import_key_file (GBytes *file, Opener opener, const LlImportRequest *request, GError **error)
{
  g_autoptr (LlKeyFile) content = open_key_file (file, opener, request, error);
  g_autoptr (GPtrArray) known = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  g_autoptr (GPtrArray) new_keygrips = g_ptr_array_new_with_free_func (g_free);
  LlImportResult *result = NULL;

  if (content == NULL || !match_keys (content, known, error))
    return NULL;
  if (give_to_agent (content, new_keygrips, request, error))
    result = content->certificates->len > 0 || known->len == 0
                 ? ll_import_certificates (content->certificates, request, error)
                 : account_for_known (known);
  if (result == NULL)
    {
      take_back (new_keygrips);
      return NULL;
    }
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
    return import_key_file (file, ll_pkcs12_open, request, error);
  if (data[0] != 0x30)
    return import_key_file (file, ll_key_file_read_pem, request, error);
  if (ll_key_file_is_pkcs8 (file))
    return import_key_file (file, ll_key_file_read_pkcs8, request, error);
  return import_der (file, request, error);
}
