/* provider-private.h - what the provider's own files share. */
#pragma once

#include <gio/gio.h>
#include <openssl/core_dispatch.h>

#include "bridge/call-agent.h"
#include "bridge/openssl-glue.h"
#include "provider/provider.h"

G_BEGIN_DECLS

#define LL_PROVIDER_NAME "gpgagent"
#define LL_PROVIDER_OURS "provider=" LL_PROVIDER_NAME
#define LL_PROVIDER_DEFAULT "provider=default"

/* Parameters of our own, beside OpenSSL's, that make a public key a handle of a private one. */
#define LL_PARAM_KEYGRIP "letterlock-keygrip"
#define LL_PARAM_PROMPT "letterlock-prompt"
#define LL_PARAM_NAME "letterlock-name"

typedef enum
{
  LL_KEY_RSA,
  LL_KEY_RSA_PSS,
  LL_KEY_EC,
  LL_KEY_ED25519,
  LL_KEY_X25519,
  N_LL_KEY_TYPES,
} LlKeyType;

/* What OpenSSL calls key data. Reference-counted because operations outlive the EVP_PKEY. */
typedef struct
{
  gatomicrefcount references;
  LlKeyType type;
  OSSL_LIB_CTX *context;
  EVP_PKEY *public; /* of the default provider, which answers all public questions; or NULL */
  gboolean has_public_point; /* FALSE: `public` holds the domain parameters alone */
  char *keygrip;             /* NULL: a public key */
  char *prompt;              /* or NULL */
  char *name;                /* whose it is, for errors; or NULL */
} LlKeyHandle;

LlKeyHandle *ll_key_handle_new (OSSL_LIB_CTX *context, LlKeyType type);
LlKeyHandle *ll_key_handle_ref (LlKeyHandle *handle);
void ll_key_handle_unref (LlKeyHandle *handle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlKeyHandle, ll_key_handle_unref)

/* "RSA", "RSA-PSS", "EC", "ED25519", "X25519". */
const char *ll_key_type_name (LlKeyType type);

/* Octets of an RSA modulus or of an EC field element. */
gsize ll_key_handle_get_size (const LlKeyHandle *handle);

LlAgentUse ll_key_handle_get_use (const LlKeyHandle *handle, LlAgentPurpose purpose);

/* FALSE with LL_ERROR_UNSUPPORTED_ALGORITHM and `message` when the private key is on a card: for
 * what needs the raw key. Asked before the operation, so that nobody types a PIN in vain, and so
 * that the answer does not depend on a ciphertext (SM-35). */
gboolean ll_key_handle_on_disk (const LlKeyHandle *handle, const char *message, GError **error);

/* This thread's cancellable, for calls to the agent. Borrowed, nullable. */
GCancellable *ll_provider_get_cancellable (void);

/* Remembers trouble for ll_provider_take_agent_error(), and tells OpenSSL that something failed.
 * Takes the error. Always 0, OpenSSL's word for failure. */
int ll_provider_fail (GError *error);

/* Reads a message digest by its name from the default provider; NULL with an error in OpenSSL's
 * queue when there is none. (transfer full) */
EVP_MD *ll_provider_fetch_digest (OSSL_LIB_CTX *context, const char *name);

/* Replaces `*digest` by the one that a parameter names. FALSE when it is unknown. */
gboolean ll_provider_set_digest (OSSL_LIB_CTX *context, const OSSL_PARAM *param, EVP_MD **digest);

/* A padding mode given as a number or as a word. FALSE when it is neither. */
gboolean ll_provider_read_padding (const OSSL_PARAM *param, int *padding);
gboolean ll_provider_write_padding (OSSL_PARAM *param, int padding);

/* The tables of the four files. */
extern const OSSL_ALGORITHM ll_provider_keymgmt[];
extern const OSSL_ALGORITHM ll_provider_signature[];
extern const OSSL_ALGORITHM ll_provider_asym_cipher[];
extern const OSSL_ALGORITHM ll_provider_keyexch[];

G_END_DECLS
