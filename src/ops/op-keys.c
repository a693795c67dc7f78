/* op-keys.c - what enters: a question about keys, a file of them, or a signed message that brought
 * some. What leaves: keys, an account of what was brought in, and files for others. It trusts
 * nothing by itself. */
#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/output.h"
#include "base/text.h"
#include "keys/x509-cert.h"
#include "keys/x509-pem.h"
#include "ops/op-keys.h"
#include "ops/op-read.h"

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  const LlKey *x = *(LlKey *const *)a, *y = *(LlKey *const *)b;

  if (ll_key_has_secret (x) != ll_key_has_secret (y))
    return ll_key_has_secret (x) ? -1 : 1;
  return g_utf8_collate (ll_key_get_title (x), ll_key_get_title (y));
}

GPtrArray *
ll_op_keys_list (LlSession *session, LlProtocol protocol, const char *what, LlKeyFilter filter,
                 GError **error)
{
  g_autoptr (GPtrArray) keys = ll_key_store_find (session->store, protocol, what, filter, error);

  if (keys == NULL)
    return NULL;
  if (what != NULL && keys->len == 0)
    {
      g_autofree char *safe = ll_text_safe (what, -1);
      g_set_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT,
                   _ ("There is no key for “%s”. Name a whole address or a whole fingerprint; "
                      "“letterlock key list” shows all keys."),
                   safe);
      return NULL;
    }
  g_ptr_array_sort (keys, compare_keys);
  return g_steal_pointer (&keys);
}

/* An authority signs and reads no mail, and is not to be blamed for that. */
static gboolean
is_authority (const LlKey *key)
{
  const LlSubkey *subkey = g_ptr_array_index (ll_key_get_subkeys (key), 0);

  return ll_key_get_protocol (key) == LL_PROTOCOL_SMIME && subkey->can_certify && !subkey->can_sign
         && !subkey->can_encrypt;
}

LlKeyOpinion *
ll_op_keys_judge (LlSession *session, LlKey *key)
{
  LlTrustMaterial material = { .address = ll_key_get_address (key) };

  if (is_authority (key))
    return ll_trust_judge_authority (session->trust, key, &material);
  return ll_trust_judge (session->trust, key, ll_key_get_address (key), NULL);
}

static GPtrArray *
read_der (GBytes *bytes, GError **error)
{
  g_autoptr (GPtrArray) bundle = ll_x509_bundle_read (bytes, NULL);
  LlKey *key;
  GPtrArray *keys;

  if (bundle != NULL && bundle->len > 0)
    return g_steal_pointer (&bundle);
  key = ll_x509_cert_new (bytes, error);
  if (key == NULL)
    return NULL;
  keys = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  g_ptr_array_add (keys, key);
  return keys;
}

GPtrArray *
ll_op_keys_read_certificates (const char *path, GCancellable *cancellable, GError **error)
{
  const guchar sequence = 0x30;
  g_autoptr (GBytes) bytes = ll_input_read (path, LL_LIMIT_KEY_FILE_BYTES, cancellable, error);
  g_autoptr (GPtrArray) keys = NULL;
  g_autofree char *safe = ll_text_safe (path, -1);
  const guchar *data;
  gsize length;

  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &length);
  keys = length > 0 && data[0] == sequence ? read_der (bytes, error)
                                           : ll_x509_pem_read (bytes, NULL, error);
  if (keys == NULL)
    {
      g_prefix_error (error, "%s: ", safe);
      return NULL;
    }
  if (keys->len > 0)
    return g_steal_pointer (&keys);
  g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
               _ ("There is no certificate in “%s”, neither in PEM nor in DER form."), safe);
  return NULL;
}

LlKeyOpinion *
ll_op_keys_judge_among (LlSession *session, LlKey *key, GPtrArray *others)
{
  LlTrustMaterial material = { .address = ll_key_get_address (key), .certificates = others };

  return is_authority (key) ? ll_trust_judge_authority (session->trust, key, &material)
                            : ll_trust_judge_signature (session->trust, key, &material);
}

/* --- import ----------------------------------------------------------------------------------- */

static void
collect (const LlFacts *facts, GPtrArray *certificates)
{
  for (guint i = 0; facts != NULL && facts->certificates != NULL && i < facts->certificates->len;
       i++)
    g_ptr_array_add (certificates, ll_key_ref (g_ptr_array_index (facts->certificates, i)));
}

/* The certificates that came along with a message, whatever its verdict; nothing is learnt of it.
 * Empty when it is no such message. (transfer full, of LlKey) */
static GPtrArray *
read_mail (LlSession *session, GBytes *bytes, GCancellable *cancellable)
{
  g_autoptr (GPtrArray) certificates
      = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  g_autoptr (LlSource) source = ll_source_new (bytes);
  g_autoptr (LlReading) reading = NULL;
  gboolean learn = session->policy->learn;

  session->policy->learn = FALSE;
  reading = ll_op_read (session, source, cancellable, NULL);
  session->policy->learn = learn;
  for (guint i = 0; reading != NULL && i < reading->evidence->layers->len; i++)
    collect (ll_layer_evidence_get_facts (reading->evidence,
                                          g_ptr_array_index (reading->evidence->layers, i)),
             certificates);
  return g_steal_pointer (&certificates);
}

/* What is no key file may be a signed message. Its certificates are not trusted by being kept: that
 * is for the user to say, who can name them only when they are here. */
static LlImportResult *
import_any (LlSession *session, GBytes *bytes, const LlImportRequest *request, GError **error)
{
  g_autoptr (GError) no_key = NULL;
  g_autoptr (GPtrArray) certificates = NULL;
  LlImportResult *result = ll_import (bytes, request, &no_key);

  if (result == NULL && g_error_matches (no_key, LL_ERROR, LL_ERROR_BAD_DATA))
    certificates = read_mail (session, bytes, request->cancellable);
  if (certificates != NULL && certificates->len > 0)
    return ll_import_certificates (certificates, request, error);
  if (result == NULL)
    g_propagate_error (error, g_steal_pointer (&no_key));
  return result;
}

LlImportResult *
ll_op_keys_import (LlSession *session, const char *path, GBytes *passphrase,
                   GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) bytes = ll_input_read (path, LL_LIMIT_KEY_FILE_BYTES, cancellable, error);
  LlImportRequest request = { session->policy, path, passphrase, cancellable };
  LlImportResult *result;

  if (bytes == NULL)
    return NULL;
  result = import_any (session, bytes, &request, error);
  ll_key_store_forget (session->store);
  return result;
}

/* --- export ----------------------------------------------------------------------------------- */

static gboolean
check_choice (GPtrArray *keys, const LlKeysExport *request, GError **error)
{
  g_autofree char *safe = ll_text_safe (request->what, -1);
  LlProtocol first = ll_key_get_protocol (g_ptr_array_index (keys, 0));

  if (request->secret && keys->len > 1)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                   _ ("You have several certificates for “%s”. Name one by its fingerprint: "
                      "“letterlock key list --smime --secret” shows them."),
                   safe);
      return FALSE;
    }
  for (guint i = 1; i < keys->len; i++)
    if (ll_key_get_protocol (g_ptr_array_index (keys, i)) != first)
      {
        g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                     _ ("There are OpenPGP and S/MIME keys for “%s”. Add “--openpgp” or "
                        "“--smime”."),
                     safe);
        return FALSE;
      }
  return TRUE;
}

/* FALSE when the key is known, and its private part is somebody else's. What is not known at all
 * is told elsewhere. */
static gboolean
has_any_secret (LlSession *session, const LlKeysExport *request, GError **error)
{
  g_autofree char *safe = ll_text_safe (request->what, -1);
  g_autoptr (GPtrArray) keys
      = ll_key_store_find (session->store, request->protocol, request->what, LL_KEYS_ANY, error);
  gboolean any = keys != NULL && keys->len == 0;

  if (keys == NULL)
    return FALSE;
  for (guint i = 0; i < keys->len; i++)
    any |= ll_key_has_secret (g_ptr_array_index (keys, i));
  if (!any)
    g_set_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT,
                 _ ("The private key of “%s” is not here, only the public one. Export that without "
                    "--secret, or import the private one first."),
                 safe);
  return any;
}

/* Private OpenPGP keys are not exported: beside a certificate they are not meant. */
static GPtrArray *
find_for_export (LlSession *session, const LlKeysExport *request, GError **error)
{
  g_autoptr (GPtrArray) own = NULL;

  if (request->secret && request->protocol == LL_PROTOCOL_UNKNOWN)
    {
      own = ll_key_store_find (session->store, LL_PROTOCOL_SMIME, request->what,
                               LL_KEYS_SECRET_ONLY, error);
      if (own == NULL || own->len > 0)
        return g_steal_pointer (&own);
    }
  if (request->secret && !has_any_secret (session, request, error))
    return NULL;
  return ll_op_keys_list (session, request->protocol, request->what,
                          request->secret ? LL_KEYS_SECRET_ONLY : LL_KEYS_ANY, error);
}

static gboolean
export_into (LlOutput *output, GPtrArray *keys, const LlExportRequest *request, GError **error)
{
  g_autoptr (GBytes) bytes = ll_export (keys, request, error);
  gsize length;
  gconstpointer octets;

  if (bytes == NULL)
    return FALSE;
  octets = g_bytes_get_data (bytes, &length);
  return g_output_stream_write_all (ll_output_get_stream (output), octets, length, NULL,
                                    request->cancellable, error)
         && ll_output_commit (output, error);
}

GPtrArray *
ll_op_keys_export (LlSession *session, const LlKeysExport *request, GError **error)
{
  g_autoptr (GPtrArray) keys = find_for_export (session, request, error);
  g_autoptr (LlOutput) output = NULL;
  LlExportRequest export = { .policy = session->policy,
                             .form = request->form,
                             .secret = request->secret,
                             .legacy = request->legacy,
                             .passphrase = request->passphrase,
                             .cancellable = request->cancellable };

  if (keys == NULL || !check_choice (keys, request, error))
    return NULL;
  if (request->output != NULL && !g_str_equal (request->output, "-"))
    export.name = request->output;
  if (request->secret)
    export.issuers = ll_key_store_certificates (session->store, error);
  if (request->secret && export.issuers == NULL)
    return NULL;
  /* before anybody is asked for a passphrase */
  output = ll_output_new (request->output, request->force, request->secret ? 0600 : 0666, error);
  if (output == NULL || !export_into (output, keys, &export, error))
    return NULL;
  return g_steal_pointer (&keys);
}
