/* engine-smime-private.h - the rooms of the S/MIME engine among themselves.
 *
 * The verbs are those of LlEngineClass (engine/engine.h).
 */
#pragma once

#include <openssl/cms.h>

#include "engine/cms-reader.h"
#include "engine/engine.h"

G_BEGIN_DECLS

typedef struct
{
  LlEngine engine;
  const LlPolicy *policy; /* borrowed; or NULL: the defaults */
  LlKeyStore *store;      /* borrowed */
  GPtrArray *file_keys;   /* of EVP_PKEY; NULL: not asked for yet */
  GHashTable *seen; /* GBytes to LlKey: certificates that came in messages, parsed once. Both are
                       immutable, so nothing in it ever becomes wrong; emptied when it is full. Like
                       the store, it is for one thread at a time. */
} LlSmimeEngine;

gboolean ll_smime_sign (LlEngine *engine, const LlSealRequest *request, GInputStream *in,
                        GOutputStream *out, LlSealResult **result, GCancellable *cancellable,
                        GError **error);
gboolean ll_smime_encrypt (LlEngine *engine, const LlSealRequest *request, GInputStream *in,
                           GOutputStream *out, LlSealResult **result, GCancellable *cancellable,
                           GError **error);
gboolean ll_smime_decrypt (LlEngine *engine, GInputStream *in, GOutputStream *out, LlFacts **facts,
                           GCancellable *cancellable, GError **error);
gboolean ll_smime_verify (LlEngine *engine, GInputStream *signature, GInputStream *content,
                          GOutputStream *out, LlFacts **facts, GCancellable *cancellable,
                          GError **error);

/* A certificate from a message; NULL when it is none. (transfer full) */
LlKey *ll_smime_take_certificate (LlSmimeEngine *self, GBytes *der);

/* An object put together by the reader, parsed in ll_provider_context(); NULL when OpenSSL cannot.
 * (transfer full) */
CMS_ContentInfo *ll_smime_parse (GBytes *object);

/* ll_provider_take_agent_error(), as engine.h wants it: a person who does not give the passphrase
 * leaves the key locked; only the cancellable cancels. (transfer full) (nullable) */
GError *ll_smime_take_agent_error (GCancellable *cancellable);

/* TRUE when the certificate's private key is on a card or token. */
gboolean ll_smime_is_on_card (const LlKey *key);

/* The algorithm and the parameters of an AlgorithmIdentifier, or NULL. (transfer full) */
X509_ALGOR *ll_smime_parse_algorithm (GBytes *element);

/* How people name a certificate that is not at hand: "CN=..., serial number 01AB", or "subject key
 * identifier 01AB". Either `key_id` or the other two. Not made safe. (transfer full) */
char *ll_smime_hint (const ASN1_OCTET_STRING *key_id, const X509_NAME *issuer,
                     const ASN1_INTEGER *serial);

/* The certificate has this subject key identifier: in its extension or, without one, as RFC 5280
 * section 4.2.1.2 method 1 makes it. */
gboolean ll_smime_has_key_id (X509 *certificate, const ASN1_OCTET_STRING *key_id);

G_END_DECLS
