#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "base/text.h"
#include "bridge/gpgme-glue.h"
#include "keys/key-private.h"
#include "keys/openpgp-keyring-private.h"
#include "keys/openpgp-keyring.h"

struct _LlOpenpgpKeyring
{
  LlGpgmeContext *context;
};

static void
unref_gpgme_key (gpointer key)
{
  gpgme_key_unref (key);
}

static char *
dup_unless_empty (const char *text)
{
  return text != NULL && *text != '\0' ? g_strdup (text) : NULL;
}

static LlValidity
validity (gpgme_validity_t validity)
{
  switch (validity)
    {
    case GPGME_VALIDITY_UNDEFINED:
      return LL_VALIDITY_UNDEFINED;
    case GPGME_VALIDITY_NEVER:
      return LL_VALIDITY_NEVER;
    case GPGME_VALIDITY_MARGINAL:
      return LL_VALIDITY_MARGINAL;
    case GPGME_VALIDITY_FULL:
      return LL_VALIDITY_FULL;
    case GPGME_VALIDITY_ULTIMATE:
      return LL_VALIDITY_ULTIMATE;
    case GPGME_VALIDITY_UNKNOWN:
    default:
      return LL_VALIDITY_UNKNOWN;
    }
}

/* gpg guesses an address in almost anything; what counts here is the strict reading (OP-17). */
static void
add_user_id (LlKey *key, const struct _gpgme_user_id *from)
{
  LlUserId *id = ll_key_add_user_id (key);

  id->text = g_strdup (from->uid != NULL ? from->uid : "");
  id->name = dup_unless_empty (from->name);
  id->address = ll_text_address_of_user_id (id->text);
  id->revoked = from->revoked;
  id->invalid = from->invalid;
  id->validity = validity (from->validity);
}

static void
add_subkey (LlKey *key, gpgme_subkey_t from)
{
  LlSubkey *subkey = ll_key_add_subkey (key);
  char *algorithm = gpgme_pubkey_algo_string (from);

  subkey->fingerprint = g_ascii_strup (from->fpr != NULL ? from->fpr : from->keyid, -1);
  subkey->keygrip = from->keygrip != NULL ? g_ascii_strup (from->keygrip, -1) : NULL;
  subkey->algorithm = g_strdup (algorithm != NULL ? algorithm : "unknown");
  subkey->created = MAX (from->timestamp, 0);
  subkey->expires = MAX (from->expires, 0);
  subkey->revoked = from->revoked || from->invalid;
  subkey->expired = from->expired;
  subkey->disabled = from->disabled;
  subkey->can_sign = from->can_sign;
  subkey->can_encrypt = from->can_encrypt;
  subkey->can_certify = from->can_certify;
  subkey->has_secret = from->secret;
  subkey->on_card = from->is_cardkey;
  gpgme_free (algorithm);
}

LlKey *
ll_openpgp_key_new (gpgme_key_t from)
{
  LlKey *key = ll_key_new (LL_PROTOCOL_OPENPGP);
  const LlSubkey *primary;

  for (gpgme_user_id_t id = from->uids; id != NULL; id = id->next)
    add_user_id (key, id);
  for (gpgme_subkey_t subkey = from->subkeys; subkey != NULL; subkey = subkey->next)
    add_subkey (key, subkey);

  primary = g_ptr_array_index (key->subkeys, 0);
  key->fingerprint = g_strdup (primary->fingerprint);
  key->created = primary->created;
  key->expires = primary->expires;
  key->revoked = from->revoked || from->invalid;
  key->disabled = from->disabled;
  gpgme_key_ref (from);
  key->foreign = from;
  key->foreign_free = unref_gpgme_key;
  return ll_key_freeze (key);
}

gpgme_key_t
ll_openpgp_key_get (const LlKey *key)
{
  g_return_val_if_fail (key->protocol == LL_PROTOCOL_OPENPGP, NULL);
  return key->foreign;
}

LlOpenpgpKeyring *
ll_openpgp_keyring_new (const LlPolicy *policy, GError **error)
{
  LlGpgmeContext *context = ll_gpgme_context_new (GPGME_PROTOCOL_OPENPGP, policy, error);
  LlOpenpgpKeyring *keyring;

  if (context == NULL)
    return NULL;
  gpgme_set_keylist_mode (context, GPGME_KEYLIST_MODE_LOCAL | GPGME_KEYLIST_MODE_WITH_SECRET
                                       | GPGME_KEYLIST_MODE_WITH_KEYGRIP);
  keyring = g_new0 (LlOpenpgpKeyring, 1);
  keyring->context = context;
  return keyring;
}

void
ll_openpgp_keyring_free (LlOpenpgpKeyring *keyring)
{
  if (keyring == NULL)
    return;
  gpgme_release (keyring->context);
  g_free (keyring);
}

GPtrArray *
ll_openpgp_keyring_list (LlOpenpgpKeyring *keyring, const char *const *patterns, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  gpgme_error_t code = gpgme_op_keylist_ext_start (keyring->context, (const char **)patterns, 0, 0);
  gpgme_key_t key = NULL;

  while (code == 0 && (code = gpgme_op_keylist_next (keyring->context, &key)) == 0)
    {
      if (key->subkeys != NULL)
        g_ptr_array_add (keys, ll_openpgp_key_new (key));
      gpgme_key_unref (key);
    }
  gpgme_op_keylist_end (keyring->context);
  if (gpgme_err_code (code) != GPG_ERR_EOF && gpgme_err_code (code) != GPG_ERR_NO_PUBKEY)
    {
      ll_gpgme_set_error (error, code, LL_ERROR_FAILED, NULL,
                          _ ("The OpenPGP keys cannot be listed"));
      return NULL;
    }
  return g_steal_pointer (&keys);
}
