/* key-store.h - both key rings of the user's GnuPG home, as one thing to ask.
 *
 * Looks things up once: a key found stays found for the life of the store (ll_key_store_forget() is
 * the one place that invalidates). Not thread-safe; one store per session.
 */
#pragma once

#include <gio/gio.h>

#include "base/policy.h"
#include "keys/key.h"

G_BEGIN_DECLS

typedef struct _LlKeyStore LlKeyStore;

/* (transfer full). The store copies what it needs of the policy. */
LlKeyStore *ll_key_store_new (const LlPolicy *policy);
void ll_key_store_free (LlKeyStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlKeyStore, ll_key_store_free)
void ll_key_store_forget (LlKeyStore *store);

typedef enum
{
  LL_KEYS_ANY = 0,
  LL_KEYS_SECRET_ONLY = 1 << 0, /* only keys whose private part is at hand */
} LlKeyFilter;

/* Keys of one technology (or of both, with LL_PROTOCOL_UNKNOWN) whose fingerprint is `what`, whose
 * address is `what`, or all when `what` is NULL. Exact addresses, not gpg's substring match. An
 * empty array is not an error. Errors: LL_ERROR_FAILED when the engine is missing.
 * (transfer container of LlKey, owned by the array) */
GPtrArray *ll_key_store_find (LlKeyStore *store, LlProtocol protocol, const char *what,
                              LlKeyFilter filter, GError **error);

/* Looks up several addresses or fingerprints at once, so that ll_key_store_find() has the answers:
 * one run of gpg for a whole list of recipients. `whats` is NULL-terminated. */
gboolean ll_key_store_prefetch (LlKeyStore *store, LlProtocol protocol, const char *const *whats,
                                GError **error);

/* One key by fingerprint or key ID as a signature names it; NULL without error when it is not
 * there. (transfer full) (nullable) */
LlKey *ll_key_store_get (LlKeyStore *store, LlProtocol protocol, const char *fingerprint,
                         GError **error);

/* FALSE when gpg-agent could not be asked which certificates have a private key, so that no answer
 * about S/MIME means "ours": whoever needs one of ours and finds none says this error instead. */
gboolean ll_key_store_knows_secret (LlKeyStore *store, GError **error);

/* A certificate that was just put into the keybox, so that nobody has to read all of it again. */
void ll_key_store_add (LlKeyStore *store, LlKey *certificate);

/* FALSE when the GnuPG home is not there or cannot be written: nothing is made there, and nothing
 * is tried, only because a message was read. */
gboolean ll_key_store_can_add (LlKeyStore *store);

/* All certificates of the keybox: material for building paths. Borrowed, of LlKey. */
GPtrArray *ll_key_store_certificates (LlKeyStore *store, GError **error);

G_END_DECLS
