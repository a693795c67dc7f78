/* engine-openpgp-seal.c - signs and encrypts, OpenPGP.
 *
 * What enters: content, and keys that the plan has chosen. What leaves: packets as gpg made them,
 * in armor of our own where armor is wanted. It chooses no keys, and it knows no MIME.
 */
#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "base/text.h"
#include "engine/engine-openpgp-private.h"
#include "engine/pgp-armor.h"
#include "keys/openpgp-keyring-private.h"

/* One operation of gpg and what it stands on. */
typedef struct
{
  LlPgpStatus status;
  LlGpgmeContext *context;
  GOutputStream *armor; /* or NULL */
  LlGpgmeStream *in, *out;
} Operation;

static void
operation_clear (Operation *operation)
{
  g_clear_pointer (&operation->in, ll_gpgme_stream_free);
  g_clear_pointer (&operation->out, ll_gpgme_stream_free);
  g_clear_object (&operation->armor);
  g_clear_pointer (&operation->context, gpgme_release);
  ll_pgp_status_clear (&operation->status);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Operation, operation_clear)

static gboolean
operation_open (Operation *operation, LlOpenpgpEngine *self, const LlSealRequest *request,
                const char *armor_kind, GInputStream *in, GOutputStream *out,
                GCancellable *cancellable, GError **error)
{
  operation->context = ll_pgp_context_new (self, &operation->status, error);
  if (operation->context == NULL)
    return FALSE;
  gpgme_set_textmode (operation->context, request->text);
  if (request->armor)
    operation->armor = ll_pgp_armor_new (out, armor_kind);
  operation->in = ll_gpgme_stream_new (in, NULL, cancellable);
  operation->out
      = ll_gpgme_stream_new (NULL, operation->armor != NULL ? operation->armor : out, cancellable);
  return TRUE;
}

/* The stream's own error tells more than gpg, which only saw that it ended. */
static gboolean
operation_end (Operation *operation, gpgme_error_t code, LlError otherwise, const char *what,
               GCancellable *cancellable, GError **error)
{
  if (ll_gpgme_stream_take_error (operation->in, error)
      || ll_gpgme_stream_take_error (operation->out, error))
    return FALSE;
  if (gpgme_err_code (code) == GPG_ERR_EOF) /* the agent, or its pinentry, is gone */
    code = gpgme_error (GPG_ERR_NO_AGENT);
  if (code != 0)
    return ll_gpgme_set_error (error, code, otherwise, cancellable, "%s", what);
  return operation->armor == NULL || ll_pgp_armor_finish (operation->armor, cancellable, error);
}

/* Whose passphrase it was, where it can only have been one. */
static gboolean
operation_finish (Operation *operation, const LlSealRequest *request, gpgme_error_t code,
                  LlError otherwise, const char *what, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (operation_end (operation, code, otherwise, what, cancellable, &local))
    return TRUE;
  if (g_error_matches (local, LL_ERROR, LL_ERROR_KEY_LOCKED) && request->signers != NULL
      && request->signers->len == 1 && !request->symmetric)
    {
      g_autofree char *safe
          = ll_text_safe (ll_key_get_title (g_ptr_array_index (request->signers, 0)), -1);
      g_prefix_error (&local, _ ("The key of “%s”: "), safe);
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
add_signers (Operation *operation, const LlSealRequest *request, GError **error)
{
  for (guint i = 0; request->signers != NULL && i < request->signers->len; i++)
    {
      gpgme_key_t key = ll_openpgp_key_get (g_ptr_array_index (request->signers, i));
      gpgme_error_t code = gpgme_signers_add (operation->context, key);
      if (code != 0)
        return ll_gpgme_set_error (error, code, LL_ERROR_CANNOT_SIGN, NULL,
                                   _ ("The key cannot be used for signing"));
    }
  return TRUE;
}

static guint
count_keys (GPtrArray *keys)
{
  return keys != NULL ? keys->len : 0;
}

/* RFC 3156 section 5: "pgp-" and the name in small letters (PM-02). NULL when there is no signature
 * of that digest alone. */
static char *
micalg_of (gpgme_hash_algo_t digest)
{
  g_autofree char *small = NULL;
  const char *name = gpgme_hash_algo_name (digest);

  if (name == NULL)
    return NULL;
  small = g_ascii_strdown (name, -1);
  return g_strconcat ("pgp-", small, NULL);
}

/* What gpg has really done: as many signatures as asked for, none with a digest that nobody should
 * use (OP-10), whatever the user's gpg.conf or an old DSA key says. */
static gboolean
check_signatures (Operation *operation, const LlSealRequest *request, char **micalg, GError **error)
{
  gpgme_sign_result_t result = gpgme_op_sign_result (operation->context);
  guint n = 0;

  for (gpgme_new_signature_t made = result != NULL ? result->signatures : NULL; made != NULL;
       made = made->next)
    {
      g_autofree char *name = NULL;
      n++;
      if (!ll_pgp_digest_is_weak (made->hash_algo))
        {
          g_free (*micalg);
          *micalg = micalg_of (made->hash_algo);
          continue;
        }
      name = ll_pgp_digest_name (made->hash_algo);
      g_set_error (error, LL_ERROR, LL_ERROR_CANNOT_SIGN,
                   _ ("gpg signed with the outdated digest %s. Sign with a newer key, or remove "
                      "“digest-algo” and “personal-digest-preferences” from gpg.conf."),
                   name != NULL ? name : "?");
      return FALSE;
    }
  if (n >= MAX (1, count_keys (request->signers)))
    return TRUE;
  g_set_error_literal (error, LL_ERROR, LL_ERROR_CANNOT_SIGN,
                       _ ("gpg did not sign with every key that was asked for."));
  return FALSE;
}

static LlSealResult *
result_new (Operation *operation, char **micalg)
{
  LlSealResult *result = g_new0 (LlSealResult, 1);

  result->micalg = g_steal_pointer (micalg);
  if (operation->status.has_encryption)
    result->cipher = ll_pgp_cipher_name (&operation->status);
  return result;
}

gboolean
ll_openpgp_sign (LlEngine *engine, const LlSealRequest *request, GInputStream *in,
                 GOutputStream *out, LlSealResult **result, GCancellable *cancellable,
                 GError **error)
{
  g_auto (Operation) operation = { { 0 } };
  g_autoptr (LlGpgmeLoop) loop = NULL;
  g_autofree char *micalg = NULL;
  gpgme_error_t code;

  if (!operation_open (&operation, (LlOpenpgpEngine *)engine, request,
                       request->detached ? "SIGNATURE" : "MESSAGE", in, out, cancellable, error)
      || !add_signers (&operation, request, error))
    return FALSE;
  loop = ll_gpgme_loop_new (operation.context, cancellable);
  code = ll_gpgme_loop_run (loop, gpgme_op_sign_start (operation.context,
                                                       ll_gpgme_stream_get_data (operation.in),
                                                       ll_gpgme_stream_get_data (operation.out),
                                                       request->detached ? GPGME_SIG_MODE_DETACH
                                                                         : GPGME_SIG_MODE_NORMAL));
  if ((code == 0 && !check_signatures (&operation, request, &micalg, error))
      || !operation_finish (&operation, request, code, LL_ERROR_CANNOT_SIGN,
                            _ ("The signature cannot be made"), cancellable, error))
    return FALSE;
  if (result != NULL)
    *result = result_new (&operation, &micalg);
  return TRUE;
}

/* --- encrypting ------------------------------------------------------------------------------- */

/* NULL-terminated and borrowed; NULL for a passphrase alone. (transfer container) */
static gpgme_key_t *
recipient_array (const LlSealRequest *request)
{
  guint n = count_keys (request->recipients);
  gpgme_key_t *keys = n > 0 ? g_new0 (gpgme_key_t, n + 1) : NULL;

  for (guint i = 0; i < n; i++)
    keys[i] = ll_openpgp_key_get (g_ptr_array_index (request->recipients, i));
  return keys;
}

static gpgme_encrypt_flags_t
encrypt_flags (const LlOpenpgpEngine *self, const LlSealRequest *request)
{
  gpgme_encrypt_flags_t flags = (gpgme_encrypt_flags_t)0;

  if (request->always_trust || self->policy->always_trust)
    flags |= GPGME_ENCRYPT_ALWAYS_TRUST;
  if (request->incompressible)
    flags |= GPGME_ENCRYPT_NO_COMPRESS;
  if (request->symmetric)
    flags |= GPGME_ENCRYPT_SYMMETRIC;
  return flags;
}

/* Rule 1: one recipient who cannot read it, and nothing leaves. */
static gboolean
refuse_unusable (Operation *operation, GError **error)
{
  gpgme_encrypt_result_t result = gpgme_op_encrypt_result (operation->context);
  g_autoptr (GString) list = g_string_new (NULL);

  for (gpgme_invalid_key_t key = result != NULL ? result->invalid_recipients : NULL; key != NULL;
       key = key->next)
    {
      g_autofree char *fingerprint = ll_text_safe (key->fpr, -1);
      char why[256] = "";
      gpgme_strerror_r (key->reason, why, sizeof why);
      g_string_append_printf (list, "%s%s (%s)", list->len > 0 ? ", " : "", fingerprint, why);
    }
  if (list->len == 0)
    return TRUE;
  g_set_error (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT,
               _ ("gpg cannot encrypt for: %s. Nothing was encrypted."), list->str);
  return FALSE;
}

static gpgme_error_t
start_encrypt (Operation *operation, const LlSealRequest *request, gpgme_key_t *recipients,
               gpgme_encrypt_flags_t flags)
{
  gpgme_data_t plain = ll_gpgme_stream_get_data (operation->in);
  gpgme_data_t cipher = ll_gpgme_stream_get_data (operation->out);

  if (count_keys (request->signers) > 0)
    return gpgme_op_encrypt_sign_start (operation->context, recipients, flags, plain, cipher);
  return gpgme_op_encrypt_start (operation->context, recipients, flags, plain, cipher);
}

gboolean
ll_openpgp_encrypt (LlEngine *engine, const LlSealRequest *request, GInputStream *in,
                    GOutputStream *out, LlSealResult **result, GCancellable *cancellable,
                    GError **error)
{
  LlOpenpgpEngine *self = (LlOpenpgpEngine *)engine;
  g_auto (Operation) operation = { { 0 } };
  g_autoptr (LlGpgmeLoop) loop = NULL;
  g_autofree gpgme_key_t *recipients = recipient_array (request);
  g_autofree char *micalg = NULL;
  gpgme_error_t code;

  if (recipients == NULL && !request->symmetric)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT,
                           _ ("There is nobody to encrypt for."));
      return FALSE;
    }
  if (!operation_open (&operation, self, request, "MESSAGE", in, out, cancellable, error)
      || !add_signers (&operation, request, error))
    return FALSE;
  loop = ll_gpgme_loop_new (operation.context, cancellable);
  code = ll_gpgme_loop_run (loop, start_encrypt (&operation, request, recipients,
                                                 encrypt_flags (self, request)));
  if (!refuse_unusable (&operation, error)
      || (code == 0 && count_keys (request->signers) > 0
          && !check_signatures (&operation, request, &micalg, error))
      || !operation_finish (&operation, request, code, LL_ERROR_CANNOT_ENCRYPT,
                            _ ("The content cannot be encrypted"), cancellable, error))
    return FALSE;
  if (result != NULL)
    *result = result_new (&operation, &micalg);
  return TRUE;
}
