/* layers-private.h - what peeling and looking for errant things share. */
#pragma once

#include "mail/layers.h"

G_BEGIN_DECLS

/* What a part could be, by its MIME structure alone (E2E-13). */
typedef enum
{
  LL_CANDIDATE_NONE,
  LL_CANDIDATE_SIGNED,    /* multipart/signed of exactly two children */
  LL_CANDIDATE_ENCRYPTED, /* multipart/encrypted as RFC 3156 section 4 has it */
  LL_CANDIDATE_PKCS7,     /* application/pkcs7-mime or its other names */
} LlCandidateKind;

typedef struct
{
  LlCandidateKind kind;
  LlProtocol protocol;
  LlReason note;
  LlPart *content; /* SIGNED: what is signed */
  LlPart *object;  /* the signature, or the ciphertext, or the PKCS #7 object */
} LlCandidate;

LlCandidate ll_layer_recognise (const LlPart *part);

/* The protocol of a detached signature, by its type or name; LL_PROTOCOL_UNKNOWN for none. */
LlProtocol ll_layer_signature_protocol (const LlPart *part);

/* TRUE for application/pkcs7-mime and its other names. */
gboolean ll_layer_is_pkcs7 (const LlPart *part);

/* The object's octets; base64 is undone even where nothing says that it is base64. */
GBytes *ll_layer_dup_object (const LlPart *part, LlEngine *engine);

LlEngine *ll_layer_engine (const LlEngines *engines, LlProtocol protocol);

/* Engine calls, with what they could not do as facts. FALSE only for errors that mean that the
 * work could not be done now. */
gboolean ll_layer_verify_detached (LlEngine *engine, LlProtocol protocol, GBytes *signature,
                                   GBytes *content, LlFacts **facts, GCancellable *cancellable,
                                   GError **error);

/* `out` is NULL when nothing could be opened. `limit` becomes LIMIT_SIZE when more than
 * `max_size` octets would have come. */
gboolean ll_layer_verify_opaque (LlEngine *engine, LlProtocol protocol, GBytes *object,
                                 gsize max_size, GBytes **out, LlFacts **facts, LlReason *limit,
                                 GCancellable *cancellable, GError **error);
gboolean ll_layer_decrypt (LlEngine *engine, LlProtocol protocol, GBytes *object, gsize max_size,
                           GBytes **out, LlFacts **facts, LlReason *limit,
                           GCancellable *cancellable, GError **error);

/* Lists what is cryptographic inside the payload (mail/errant.c). */
gboolean ll_layers_find_errant (LlEnvelope *envelope, const LlEngines *engines,
                                GCancellable *cancellable, GError **error);

G_END_DECLS
