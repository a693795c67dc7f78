/* openpgp-keyring.h - the OpenPGP keys of the user's GnuPG home, one question at a time.
 *
 * What enters: a pattern that gpg understands and that cannot match by accident. What leaves: Keys
 * with their validity, and with the note whether their private part is at hand. It remembers
 * nothing (keys/key-store does) and never opens the network.
 */
#pragma once

#include "base/policy.h"
#include "keys/key.h"

G_BEGIN_DECLS

typedef struct _LlOpenpgpKeyring LlOpenpgpKeyring;

/* With the gpg of policy->gpg_program. Error: LL_ERROR_FAILED when there is none. (transfer full)
 */
LlOpenpgpKeyring *ll_openpgp_keyring_new (const LlPolicy *policy, GError **error);
void ll_openpgp_keyring_free (LlOpenpgpKeyring *keyring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlOpenpgpKeyring, ll_openpgp_keyring_free)

/* The keys that match one of `patterns` ("<alice@example.org>", a fingerprint, a key ID), or all
 * when it is NULL: one run of gpg. Finding none is no error. (transfer full, of LlKey) */
GPtrArray *ll_openpgp_keyring_list (LlOpenpgpKeyring *keyring, const char *const *patterns,
                                    GError **error);

G_END_DECLS
