/* layers.h - peel and wrap cryptographic layers.
 *
 * Peeling is a loop: while the part is a layer, open it, note the facts, step inside. What is left
 * is the payload; anything cryptographic inside the payload is errant and only listed (RFC 9787
 * sections 4.2 and 6.2). The engines are given as tables of functions.
 */
#pragma once

#include "engine/engine.h"
#include "mail/message.h"
#include "mail/rope.h"

G_BEGIN_DECLS

typedef enum
{
  LL_LAYER_SIGNED,    /* multipart/signed, or opaque signed-data */
  LL_LAYER_ENCRYPTED, /* multipart/encrypted, enveloped-data, authEnveloped-data; OpenPGP may be
                         signed inside the same layer */
} LlLayerKind;

/* How the layer came. */
typedef enum
{
  LL_FORM_MULTIPART, /* multipart/signed, multipart/encrypted */
  LL_FORM_PKCS7,     /* application/pkcs7-mime and its old and generic names */
} LlLayerForm;

typedef struct
{
  LlProtocol protocol;
  LlLayerKind kind;
  LlLayerForm form;
  LlFacts *facts;   /* never NULL; a layer that could not be read has a reason in it */
  char *media_type; /* as it was labelled */
  LlReason note;    /* TYPE_MISMATCH and the like, or NONE */
  guint64 size;     /* octets that the layer covers: signed or encrypted content */
} LlLayer;

/* Something cryptographic that is not in the envelope. */
typedef struct
{
  LlReason kind; /* ERRANT_SIGNATURE, ERRANT_ENCRYPTION, INLINE_SIGNATURE, INLINE_ENCRYPTION,
                    LIST_FOOTER, FORWARDED, REPAIRABLE_STRUCTURE */
  LlProtocol protocol;
  char *path;        /* where: "1.2" is the second child of the payload's first child; "" root */
  char *description; /* media type or "inline PGP"; not made safe */
  LlFacts *facts;    /* for signatures, when checked; NULL for encryption: never opened (E2E-17) */
  char *author;      /* FORWARDED: the nested message's own author, or NULL */
  gboolean whole_body; /* INLINE_*: nothing but blanks stands outside the markers, and the part is
                          the whole message */
} LlErrant;

typedef struct
{
  GPtrArray *messages; /* of LlMessage, outermost first: index 0 is what came in */
  GPtrArray *layers;   /* of LlLayer, outermost first */
  GPtrArray *errant;   /* of LlErrant */
  LlPart *payload;     /* the first part that is not a layer, in the last message; NULL when a layer
                          could not be opened */
  LlReason ambiguity;  /* why no layer may be credited, or NONE */
  LlReason limit;      /* LIMIT_* when a limit ended the peeling, or NONE */
} LlEnvelope;

void ll_envelope_free (LlEnvelope *envelope);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlEnvelope, ll_envelope_free)

typedef struct
{
  LlEngine *openpgp; /* may be NULL in tests */
  LlEngine *smime;
} LlEngines;

/* Opens every layer of the envelope. Errors are those of the engines that mean "the work could not
 * be done now" (key locked, cancelled, agent gone, no room on the disk). A layer that is malformed,
 * has no key, or does not verify is facts, and peeling stops there only when there is nothing to
 * step into. With a multipart signature the signed part is stepped into whatever its result.
 * (transfer full) */
LlEnvelope *ll_layers_peel (LlMessage *message, const LlEngines *engines, GCancellable *cancellable,
                            GError **error);

/* Opens the ciphertext of a message whose whole body is one inline OpenPGP message: for an explicit
 * request alone, never for showing (E2E-18). Only when `errant` has an INLINE_ENCRYPTION with
 * whole_body. *facts is always set on success; *plaintext (nullable) is what was inside, *charset
 * (nullable) the character set that its armor names. Errors as ll_layers_peel(). */
gboolean ll_layers_open_inline (const LlEnvelope *envelope, const LlEngines *engines,
                                LlSource **plaintext, char **charset, LlFacts **facts,
                                GCancellable *cancellable, GError **error);

typedef struct
{
  LlEngine *engine;
  LlKey *signer;           /* or NULL */
  GPtrArray *more_signers; /* of LlKey: who signs besides; or NULL */
  LlKey *encryption_key;   /* S/MIME: as in LlSealRequest; or NULL */
  GPtrArray *recipients;   /* of LlKey, or NULL: do not encrypt */
  gboolean opaque;         /* S/MIME: signed-data rather than multipart/signed */
  LlCipher cipher;
  LlSealStyle style;
  gboolean incompressible;
} LlWrapRequest;

/* Wraps a canonical entity (mail/draft) and writes the new entity to `out`: its Content-* and
 * MIME-Version fields, an empty line, the body; CRLF throughout. S/MIME signs inside, encrypts
 * outside; OpenPGP does both in one message (RFC 3156 section 6.2). `cipher` (nullable) tells what
 * was used. Errors from the engine and the streams; then what stands in `out` is a part, which the
 * caller drops (rule 1). */
gboolean ll_layers_wrap (LlRope *entity, const LlWrapRequest *request, GOutputStream *out,
                         char **cipher, GCancellable *cancellable, GError **error);

G_END_DECLS
