/* generate.h - a new key of one's own.
 *
 * What enters: a name, an address, an algorithm, a life time. What leaves: an OpenPGP key in gpg's
 * key ring, or a self-signed certificate for tests in gpgsm's keybox; the private key is made by
 * gpg-agent and stays there. It does NOT publish anything, and does not make the certificate a
 * trust anchor.
 */
#pragma once

#include <gio/gio.h>

#include "keys/key-store.h"

G_BEGIN_DECLS

typedef struct
{
  const LlPolicy *policy;
  LlProtocol protocol;    /* OPENPGP or SMIME */
  const char *address;    /* an addr-spec */
  const char *name;       /* or NULL */
  const char *algorithm;  /* OpenPGP: "ed25519" (with cv25519), "rsa3072", "rsa4096"; S/MIME:
                             "rsa3072", "rsa4096", "nistp256"; NULL: the first of them */
  gint64 expires;         /* 0: never */
  gboolean not_protected; /* no passphrase: for tests and the demo */
  GCancellable *cancellable;
} LlGenerateRequest;

/* The new key, as the key ring has it; `store` forgets what it knew. LL_ERROR_UNSUPPORTED_OPTION:
 * an address, a name, an algorithm or a time that will not do. LL_ERROR_KEY_LOCKED: no passphrase
 * was given. (transfer full) */
LlKey *ll_generate (LlKeyStore *store, const LlGenerateRequest *request, GError **error);

G_END_DECLS
