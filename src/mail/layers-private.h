/* layers-private.h - what peeling and looking for errant things share. */
#pragma once

#include "mail/filter.h"
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

/* A signature, a ciphertext or another object that stands in a part: its octets as a stream, as
 * often as they are needed. */
typedef struct
{
  const LlPart *part; /* borrowed */
  LlBlobKind kind;    /* UNKNOWN without an engine to ask */
  gboolean is_twice;  /* base64 that nothing says is base64 */
  GBytes *head;       /* owned: the first octets, base64 undone */
  gboolean is_cut;    /* there are more */
} LlLayerObject;

/* Looks at the beginning of the object. */
void ll_layer_object_init (LlLayerObject *object, const LlPart *part, LlEngine *engine);
void ll_layer_object_clear (LlLayerObject *object);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LlLayerObject, ll_layer_object_clear)

/* (transfer full) */
GInputStream *ll_layer_object_open (const LlLayerObject *object);

LlEngine *ll_layer_engine (const LlEngines *engines, LlProtocol protocol);

/* Engine calls, with what they could not do as facts. FALSE only for errors that mean that the
 * work could not be done now. */
gboolean ll_layer_verify_detached (LlEngine *engine, LlProtocol protocol, GInputStream *signature,
                                   GInputStream *content, LlFacts **facts,
                                   GCancellable *cancellable, GError **error);

/* What comes out of an object: into a spool, or nowhere. */
typedef struct
{
  guint64 max_size; /* no more than that */
  gboolean keep;
  LlSource *source; /* owned: what came; NULL when nothing could be opened, or not kept */
  guint64 size;     /* of it, also when it is not kept */
  gboolean refused; /* more than max_size would have come */
} LlLayerInside;

void ll_layer_inside_clear (LlLayerInside *inside);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LlLayerInside, ll_layer_inside_clear)

gboolean ll_layer_verify_opaque (LlEngine *engine, LlProtocol protocol, GInputStream *object,
                                 LlLayerInside *inside, LlFacts **facts, GCancellable *cancellable,
                                 GError **error);
gboolean ll_layer_decrypt (LlEngine *engine, LlProtocol protocol, GInputStream *object,
                           LlLayerInside *inside, LlFacts **facts, GCancellable *cancellable,
                           GError **error);

/* How much may come out of the layers of a message (VM-08): in proportion to what went in, so that
 * nothing large comes out of something small. */
guint64 ll_layers_room_for (LlMessage *message);

/* Lists what is cryptographic inside the payload (mail/errant.c). */
gboolean ll_layers_find_errant (LlEnvelope *envelope, const LlEngines *engines,
                                GCancellable *cancellable, GError **error);

G_END_DECLS
