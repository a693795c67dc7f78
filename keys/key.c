/* key.c - what enters: the fields that openpgp-keyring.c and x509-cert.c found. What leaves:
 * answers that need nothing but the key itself and a time. It does NOT ask whether a key is to be
 * trusted (keys/trust) and never reads a key ring.
 */
#include <config.h>

#include "base/text.h"
#include "keys/key-private.h"

static void
user_id_free (gpointer data)
{
  LlUserId *id = data;

  g_free (id->text);
  g_free (id->name);
  g_free (id->address);
  g_free (id);
}

static void
subkey_free (gpointer data)
{
  LlSubkey *subkey = data;

  g_free (subkey->fingerprint);
  g_free (subkey->keygrip);
  g_free (subkey->algorithm);
  g_free (subkey);
}

LlKey *
ll_key_new (LlProtocol protocol)
{
  LlKey *key = g_new0 (LlKey, 1);

  g_atomic_ref_count_init (&key->ref_count);
  key->protocol = protocol;
  key->user_ids = g_ptr_array_new_with_free_func (user_id_free);
  key->subkeys = g_ptr_array_new_with_free_func (subkey_free);
  return key;
}

LlUserId *
ll_key_add_user_id (LlKey *key)
{
  LlUserId *id = g_new0 (LlUserId, 1);

  g_ptr_array_add (key->user_ids, id);
  return id;
}

LlSubkey *
ll_key_add_subkey (LlKey *key)
{
  LlSubkey *subkey = g_new0 (LlSubkey, 1);

  g_ptr_array_add (key->subkeys, subkey);
  return subkey;
}

LlKey *
ll_key_freeze (LlKey *key)
{
  g_assert (key->fingerprint != NULL && key->subkeys->len > 0);
  return key;
}

LlKey *
ll_key_ref (LlKey *key)
{
  g_return_val_if_fail (key != NULL, NULL);
  g_atomic_ref_count_inc (&key->ref_count);
  return key;
}

void
ll_key_unref (LlKey *key)
{
  if (key == NULL || !g_atomic_ref_count_dec (&key->ref_count))
    return;
  if (key->foreign != NULL && key->foreign_free != NULL)
    key->foreign_free (key->foreign);
  g_ptr_array_unref (key->user_ids);
  g_ptr_array_unref (key->subkeys);
  g_clear_pointer (&key->der, g_bytes_unref);
  g_free (key->fingerprint);
  g_free (key->gnupg_fingerprint);
  g_free (key->subject);
  g_free (key->issuer);
  g_free (key->serial);
  g_free (key);
}

LlProtocol
ll_key_get_protocol (const LlKey *key)
{
  return key->protocol;
}

const char *
ll_key_get_fingerprint (const LlKey *key)
{
  return key->fingerprint;
}

const char *
ll_key_get_gnupg_fingerprint (const LlKey *key)
{
  return key->gnupg_fingerprint != NULL ? key->gnupg_fingerprint : key->fingerprint;
}

GPtrArray *
ll_key_get_user_ids (const LlKey *key)
{
  return key->user_ids;
}

GPtrArray *
ll_key_get_subkeys (const LlKey *key)
{
  return key->subkeys;
}

const char *
ll_key_get_title (const LlKey *key)
{
  const char *title = NULL;

  for (guint i = 0; i < key->user_ids->len && title == NULL; i++)
    {
      const LlUserId *id = g_ptr_array_index (key->user_ids, i);

      if (!id->revoked && !id->invalid)
        title = id->name != NULL ? id->name : id->address != NULL ? id->address : id->text;
    }
  if (title == NULL)
    title = key->subject != NULL ? key->subject : key->fingerprint;
  return title;
}

const char *
ll_key_get_address (const LlKey *key)
{
  for (guint i = 0; i < key->user_ids->len; i++)
    {
      const LlUserId *id = g_ptr_array_index (key->user_ids, i);

      if (id->address != NULL && !id->revoked && !id->invalid)
        return id->address;
    }
  return NULL;
}

gint64
ll_key_get_created (const LlKey *key)
{
  return key->created;
}

gint64
ll_key_get_expires (const LlKey *key)
{
  return key->expires;
}

gboolean
ll_key_is_revoked (const LlKey *key)
{
  return key->revoked;
}

gboolean
ll_key_is_disabled (const LlKey *key)
{
  return key->disabled;
}

gboolean
ll_key_has_secret (const LlKey *key)
{
  for (guint i = 0; i < key->subkeys->len; i++)
    {
      const LlSubkey *subkey = g_ptr_array_index (key->subkeys, i);

      if (subkey->has_secret)
        return TRUE;
    }
  return FALSE;
}

/* Times are inclusive: RFC 5280 section 4.1.2.5 for certificates; an OpenPGP key is dead from the
 * second of its expiry on, which differs by less than anybody can see. */
static gboolean
is_alive (gint64 created, gint64 expires, gint64 at)
{
  return (created == 0 || created <= at) && (expires == 0 || at <= expires);
}

static gboolean
key_is_usable (const LlKey *key, gint64 at)
{
  return !key->revoked && !key->disabled && is_alive (key->created, key->expires, at);
}

static gboolean
subkey_is_usable (const LlSubkey *subkey, gint64 at)
{
  return !subkey->revoked && !subkey->disabled && is_alive (subkey->created, subkey->expires, at);
}

gboolean
ll_key_can_sign (const LlKey *key, gint64 at)
{
  if (!key_is_usable (key, at))
    return FALSE;
  for (guint i = 0; i < key->subkeys->len; i++)
    {
      const LlSubkey *subkey = g_ptr_array_index (key->subkeys, i);

      if (subkey->can_sign && subkey_is_usable (subkey, at))
        return TRUE;
    }
  return FALSE;
}

gboolean
ll_key_can_encrypt (const LlKey *key, gint64 at)
{
  if (!key_is_usable (key, at))
    return FALSE;
  for (guint i = 0; i < key->subkeys->len; i++)
    {
      const LlSubkey *subkey = g_ptr_array_index (key->subkeys, i);

      if (subkey->can_encrypt && subkey_is_usable (subkey, at))
        return TRUE;
    }
  return FALSE;
}

gboolean
ll_key_has_address (const LlKey *key, const char *address)
{
  for (guint i = 0; i < key->user_ids->len; i++)
    {
      const LlUserId *id = g_ptr_array_index (key->user_ids, i);

      if (!id->revoked && !id->invalid && ll_text_same_address (id->address, address))
        return TRUE;
    }
  return FALSE;
}

GBytes *
ll_key_get_der (const LlKey *key)
{
  return key->der;
}

const char *
ll_key_get_subject (const LlKey *key)
{
  return key->subject;
}

const char *
ll_key_get_issuer (const LlKey *key)
{
  return key->issuer;
}

const char *
ll_key_get_serial (const LlKey *key)
{
  return key->serial;
}
