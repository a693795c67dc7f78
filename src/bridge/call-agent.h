/* call-agent.h - what we ask of gpg-agent: the only place where a private key is used.
 *
 * Every call may start the agent, and may wait for a person at pinentry. Errors, mapped here once:
 * G_IO_ERROR_CANCELLED (the person or the cancellable said so), LL_ERROR_KEY_LOCKED (no agent, no
 * pinentry, wrong passphrase or PIN), LL_ERROR_CANNOT_DECRYPT or LL_ERROR_CANNOT_SIGN by purpose
 * (no such key, card away), LL_ERROR_UNSUPPORTED_ALGORITHM, LL_ERROR_BAD_DATA (the agent found the
 * input to be wrong), LL_ERROR_FAILED. Thread-safe.
 */
#pragma once

#include <gio/gio.h>
#include <openssl/evp.h>

G_BEGIN_DECLS

/* What a private key is used for: it chooses the words and the code of an error. */
typedef enum
{
  LL_AGENT_TO_SIGN,
  LL_AGENT_TO_DECRYPT,
  LL_AGENT_TO_MANAGE, /* neither: import, listing */
} LlAgentPurpose;

/* A use of one private key. */
typedef struct
{
  const char *keygrip; /* 40 hexadecimal digits */
  const char
      *prompt; /* what pinentry tells the person, one sentence; NULL: the agent's own words */
  LlAgentPurpose purpose;
  const char *name; /* whose key it is, for errors; or NULL. Made safe here */
} LlAgentUse;

/* Signs a digest made with `hash` ("sha256"). A PKCS#1 v1.5 signature for RSA, ECDSA for EC keys.
 * For EC the digest must be at least as long as the curve's order (64 octets do for P-521): pad it
 * with zeros in front. Gives "(sig-val...)", see bridge/sexp.h.
 * (transfer full) */
GBytes *ll_agent_sign_digest (const LlAgentUse *use, const char *hash, const guint8 *digest,
                              gsize length, GCancellable *cancellable, GError **error);

/* Signs data as it is: EdDSA (GnuPG 2.3 or newer, at most 2048 octets). (transfer full) */
GBytes *ll_agent_sign_data (const LlAgentUse *use, const guint8 *data, gsize length,
                            GCancellable *cancellable, GError **error);

/* Applies the private key to "(enc-val...)". RSA: the integer with its padding on, unless
 * `padding_removed` tells that a card has taken it off. ECDH: the shared point. Wiped when it goes.
 * (transfer full) */
GBytes *ll_agent_decrypt (const LlAgentUse *use, GBytes *ciphertext, gboolean *padding_removed,
                          GCancellable *cancellable, GError **error);

/* Where a private key is. */
typedef enum
{
  LL_AGENT_KEY_MISSING,
  LL_AGENT_KEY_ON_DISK,
  LL_AGENT_KEY_ON_CARD,
} LlAgentKeyPlace;

/* One key. MISSING is an answer, not an error. FALSE on error. */
gboolean ll_agent_find_key (const char *keygrip, LlAgentKeyPlace *place, GCancellable *cancellable,
                            GError **error);

/* All keys at once: keygrip (upper-case) -> GINT_TO_POINTER (LlAgentKeyPlace). (transfer full) */
GHashTable *ll_agent_list_keys (GCancellable *cancellable, GError **error);

/* One line of gpgsm's trustlist.txt, as the agent reads it (SC-12). */
typedef struct
{
  char fingerprint[41]; /* SHA-1, upper-case */
  gboolean for_smime;   /* flag S or * */
} LlAgentTrusted;

/* Of LlAgentTrusted, without the disabled ones; empty when there is no list. (transfer full) */
GArray *ll_agent_list_trusted (GCancellable *cancellable, GError **error);

/* Hands a private key (RSA, EC, Ed25519 ...) to gpg-agent, which asks for a new passphrase to
 * protect it with. A key that the agent has already, or that is on a card, stays as it is, and
 * nobody is asked: that is success too. `is_new` (nullable) tells which. */
gboolean ll_agent_import_key (EVP_PKEY *key, gboolean *is_new, GCancellable *cancellable,
                              GError **error);

/* The private key itself, out of the agent, which asks for the key's passphrase first: for export
 * alone, because this is the one way by which a private key enters our process. LL_ERROR_
 * UNSUPPORTED_ALGORITHM when it is on a card. Wiped when the last reference goes (OpenSSL's own
 * memory). `pss`: of an RSA key that is for PSS alone, which the agent does not know. (transfer
 * full)
 */
EVP_PKEY *ll_agent_export_key (const LlAgentUse *use, gboolean pss, GCancellable *cancellable,
                               GError **error);

/* Takes back a key that ll_agent_import_key() said was new: without a question to the person. */
gboolean ll_agent_forget_key (const char *keygrip, GError **error);

/* A new private key, made and kept by the agent; `parameters` is "(genkey...)". The person chooses
 * a passphrase unless `not_protected`. Gives "(public-key...)". (transfer full) */
GBytes *ll_agent_generate_key (GBytes *parameters, gboolean not_protected,
                               GCancellable *cancellable, GError **error);

/* Asks the person for a passphrase that is none of the agent's own keys: it is not remembered.
 * `description` is a sentence, `problem` (nullable) why it is asked for again. In UTF-8, wiped when
 * it goes. (transfer full) */
GBytes *ll_agent_ask_passphrase (const char *description, const char *problem,
                                 GCancellable *cancellable, GError **error);

/* Asks for a new passphrase, twice, until both are the same. Otherwise as above. (transfer full) */
GBytes *ll_agent_ask_new_passphrase (const char *description, const char *problem,
                                     GCancellable *cancellable, GError **error);

/* "2.2.40": also the way to ask whether the agent answers at all. (transfer full) */
char *ll_agent_get_version (GCancellable *cancellable, GError **error);

G_END_DECLS
