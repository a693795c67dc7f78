/* facts.h - what an engine found out about one cryptographic layer. Plain data; no judgement.
 * Strings are as found and not made safe to show.
 */
#pragma once

#include "base/protocol.h"
#include "base/reason.h"
#include "keys/key.h"

G_BEGIN_DECLS

/* Does the mathematics of one signature hold. */
typedef enum
{
  LL_INTEGRITY_NOT_CHECKED, /* no key, unsupported algorithm, engine failure */
  LL_INTEGRITY_HOLDS,
  LL_INTEGRITY_BROKEN,
} LlIntegrity;

typedef struct
{
  LlProtocol protocol;
  LlIntegrity integrity;
  LlReason reason;       /* why it is not HOLDS; with HOLDS: WEAK_DIGEST, WEAK_KEY, KEY_EXPIRED,
                            KEY_REVOKED, SIGNATURE_EXPIRED as the engine saw it, or NONE */
  char *fingerprint;     /* of the key or subkey that signed, as far as known; or NULL */
  char *signer_hint;     /* when the key is not at hand: key ID, or issuer and serial; or NULL */
  LlKey *key;            /* the signer's key or certificate; NULL when not at hand */
  gint64 signing_time;   /* as the signer claims (SM-26); 0: not stated */
  gint64 expires;        /* OpenPGP signature expiry; 0: none */
  char *algorithm;       /* "RSA", "ECDSA", "EdDSA" ... or NULL */
  char *digest;          /* "SHA-256" ... or NULL */
  GBytes *capabilities;  /* S/MIME: the signed SMIMECapabilities, DER; or NULL (SM-29). This and the
                            two below only where the mathematics holds */
  LlKey *encryption_key; /* S/MIME: the certificate that the signer wants to be written to, when the
                            signed preference names one that is at hand; else NULL (SM-30) */
  GPtrArray *listed_certificates; /* S/MIME: of LlListedCertificate (keys/x509-path.h), in order, as
                                     the signing-certificate attribute lists them; or NULL. Two or
                                     more limit the path (ES-08) */
  guint countersignatures;        /* S/MIME: how many there are; they raise nothing (CM-18) */
} LlSignatureFacts;

typedef enum
{
  LL_DECRYPTION_NONE, /* the layer is not encrypted */
  LL_DECRYPTION_DONE,
  LL_DECRYPTION_FAILED,
} LlDecryption;

typedef struct
{
  char *hint;       /* key ID, issuer and serial number, or subject key identifier */
  char *algorithm;  /* "RSA", "RSA-OAEP", "ECDH" ... or NULL */
  LlKey *key;       /* when we know it, else NULL */
  gboolean is_ours; /* we hold the private key */
  char *key_wrap;   /* "AES-128" ...: what the content key is wrapped with, for ECDH and KEM; or
                       NULL (SM-04) */
} LlRecipientFacts;

typedef struct
{
  LlProtocol protocol;
  LlDecryption decryption;
  LlReason
      decryption_reason;   /* for FAILED; for DONE: WEAK_ENCRYPTION, NO_INTEGRITY (CBC) or NONE */
  char *cipher;            /* "AES-256-CBC", "AES256.CFB" ...; or NULL */
  gboolean has_integrity;  /* MDC or AEAD */
  gboolean symmetric;      /* opened by a passphrase */
  GPtrArray *recipients;   /* of LlRecipientFacts */
  gboolean is_signed;      /* claims to be signed, also when `signatures` is empty */
  LlReason signed_reason;  /* why a claim gives no signature: NO_SIGNERS, MALFORMED ... */
  GPtrArray *signatures;   /* of LlSignatureFacts, in the order found */
  GPtrArray *certificates; /* of LlKey: certificates that came with the message */
  GPtrArray *crls;         /* of GBytes: CRLs that came with the message (CM-10) */
  GPtrArray *ocsps;        /* of GBytes: OCSP responses that came with the message (CM-10) */
  gboolean compressed;     /* CMS CompressedData, inflated; never a cryptographic layer (CM-09) */
  gboolean content_is_object;  /* CMS: what was encrypted says of itself that it is a CMS object */
  gboolean has_trailing_bytes; /* CMS: something follows the object (CM-20) */
  gint64 literal_time;         /* not used for any verdict (OP-20) */
} LlFacts;

LlFacts *ll_facts_new (LlProtocol protocol);
void ll_facts_free (LlFacts *facts);
/* How many bits somebody has to guess who has the message alone: of the content's cipher, or of a
 * weaker one that the content key is wrapped with (SM-04); 0 when we cannot tell. What the
 * recipients' own keys are worth is not in it. */
guint ll_facts_get_strength (const LlFacts *facts);
LlSignatureFacts *ll_signature_facts_new (LlProtocol protocol);
void ll_signature_facts_free (LlSignatureFacts *facts);
LlRecipientFacts *ll_recipient_facts_new (void);
void ll_recipient_facts_free (LlRecipientFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlFacts, ll_facts_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlSignatureFacts, ll_signature_facts_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlRecipientFacts, ll_recipient_facts_free)

G_END_DECLS
