/* engine.h - four verbs on bytes, the same for both technologies.
 *
 * Streams in, streams out; a caller that wants nothing published on failure gives a sink of its own
 * (base/secret, or a temporary file that it renames). An engine is a table of functions, so that
 * the floors above can be tested with a fake one.
 *
 * What happened to the message is in the facts. A GError means that the work could not be done:
 * LL_ERROR_BAD_DATA (not CMS/OpenPGP at all, truncated, over a limit), LL_ERROR_KEY_LOCKED (agent
 * missing, passphrase cancelled or refused), LL_ERROR_CANNOT_SIGN, LL_ERROR_CANNOT_ENCRYPT,
 * LL_ERROR_UNSUPPORTED_ALGORITHM, G_IO_ERROR_CANCELLED.
 */
#pragma once

#include <gio/gio.h>

#include "base/cipher.h"
#include "base/policy.h"
#include "base/seal-style.h"
#include "engine/facts.h"
#include "keys/key-store.h"

G_BEGIN_DECLS

typedef struct
{
  GPtrArray *signers;    /* of LlKey, or NULL */
  GPtrArray *recipients; /* of LlKey, or NULL */
  gboolean detached;     /* sign: signature only (OpenPGP and CMS) */
  gboolean armor;        /* OpenPGP: ASCII armor; CMS: PEM-less base64 is the mail room's work, so
                            engines write DER/BER when FALSE and PEM when TRUE */
  LlCipher cipher;       /* CMS: what the content is encrypted with; CHOOSE: AES-256-CBC */
  LlSealStyle style;     /* CMS: signature and key transport */
  LlKey *encryption_key; /* CMS, sign: the first signer's own certificate to be written to, when it
                            is another one than the one that signs (SM-07); borrowed, or NULL */
  gboolean content_is_object; /* CMS, encrypt: `in` is a CMS object, and the message says so */
  gboolean incompressible; /* the content is compressed or base64 already: do not compress again */
  gboolean symmetric;      /* OpenPGP: also, or only, for a passphrase */
  gboolean always_trust;   /* OpenPGP: the plan has settled the trust question */
  gboolean text;           /* OpenPGP: text-mode signature (0x01) rather than binary */
} LlSealRequest;

/* What was made. */
typedef struct
{
  char *micalg; /* "pgp-sha512", "sha-256": for the multipart/signed header */
  char *cipher; /* "AES-256-GCM" ..., or NULL */
} LlSealResult;

void ll_seal_result_free (LlSealResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlSealResult, ll_seal_result_free)

/* Which kind of thing some bytes are, by looking at the bytes alone (SM-21). */
typedef enum
{
  LL_BLOB_UNKNOWN,
  LL_BLOB_SIGNED,       /* CMS SignedData with content; OpenPGP signed message */
  LL_BLOB_DETACHED,     /* CMS SignedData without content; OpenPGP signature */
  LL_BLOB_ENCRYPTED,    /* EnvelopedData, AuthEnvelopedData; OpenPGP encrypted message */
  LL_BLOB_COMPRESSED,   /* CMS CompressedData */
  LL_BLOB_CERTIFICATES, /* CMS certs-only; OpenPGP keys */
} LlBlobKind;

typedef struct _LlEngine LlEngine;

typedef struct
{
  LlProtocol protocol;

  /* Signs what `in` yields. Opaque unless request->detached. */
  gboolean (*sign) (LlEngine *engine, const LlSealRequest *request, GInputStream *in,
                    GOutputStream *out, LlSealResult **result, GCancellable *cancellable,
                    GError **error);

  /* Encrypts; OpenPGP signs inside too when request->signers is not empty (RFC 3156 section 6.2).
   * CMS with signers is LL_ERROR_UNSUPPORTED_OPTION: layers nest there. */
  gboolean (*encrypt) (LlEngine *engine, const LlSealRequest *request, GInputStream *in,
                       GOutputStream *out, LlSealResult **result, GCancellable *cancellable,
                       GError **error);

  /* Opens one layer of encryption. On failure to decrypt it still succeeds, with
   * facts->decryption == FAILED and its reason; `out` may then hold garbage, which the caller
   * drops. Never leaves plaintext in `out` as DONE whose integrity check failed (rule 2). */
  gboolean (*decrypt) (LlEngine *engine, GInputStream *in, GOutputStream *out, LlFacts **facts,
                       GCancellable *cancellable, GError **error);

  /* Detached: `content` is what is signed and `out` is NULL. Opaque: `content` is NULL and what was
   * signed goes to `out`. CMS CompressedData is inflated on the way (facts->compressed): what is
   * inside is verified when it is signed in turn, and goes to `out` as it is when not; facts then
   * claim no signature (CM-09). */
  gboolean (*verify) (LlEngine *engine, GInputStream *signature, GInputStream *content,
                      GOutputStream *out, LlFacts **facts, GCancellable *cancellable,
                      GError **error);

  /* Looks at the beginning of some bytes. */
  LlBlobKind (*identify) (LlEngine *engine, GBytes *bytes);

  void (*free) (LlEngine *engine);
} LlEngineClass;

/* Engines put this first in their own struct. */
struct _LlEngine
{
  const LlEngineClass *klass;
};

void ll_engine_free (LlEngine *engine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlEngine, ll_engine_free)

/* gpg through GPGME, and OpenSSL CMS with keys in gpg-agent. Both arguments are borrowed and must
 * outlive the engine. (transfer full) */
LlEngine *ll_engine_openpgp_new (const LlPolicy *policy, LlKeyStore *store);
LlEngine *ll_engine_smime_new (const LlPolicy *policy, LlKeyStore *store);

G_END_DECLS
