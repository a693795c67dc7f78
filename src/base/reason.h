/* reason.h - why something is not good, as a stable code (VM-06).
 *
 * Every negative in a report carries one of these. The names are part of the JSON schema: they are
 * never changed, only added to. The sentences for people are in verdict/wording.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* X(ENUM, "name") */
#define LL_REASONS(X)                                                                              \
  X (NONE, "none")                                                                                 \
  /* integrity: does the mathematics hold */                                                       \
  X (DIGEST_MISMATCH, "digest-mismatch") /* the content was changed */                             \
  X (BAD_SIGNATURE, "bad-signature")     /* the signature value is wrong */                        \
  X (NO_PUBLIC_KEY, "no-public-key")     /* the signer's key or certificate is missing */          \
  X (MALFORMED, "malformed")             /* cannot be parsed */                                    \
  X (UNSUPPORTED_ALGORITHM, "unsupported-algorithm")                                               \
  X (NEWER_OPENSSL, "needs-newer-openssl")           /* PQ-07: this one cannot do it */            \
  X (WEAK_DIGEST, "weak-digest")                     /* MD5, SHA-1, RIPEMD-160 (OP-10, AL-13) */   \
  X (WEAK_KEY, "weak-key")                           /* RSA below 2048 (SM-28) */                  \
  X (NO_SIGNERS, "no-signers")                       /* CMS without signerInfos (CM-14) */         \
  X (CONTENT_IN_DETACHED, "content-in-detached")     /* SM-33 */                                   \
  X (ATTRIBUTE_CARDINALITY, "attribute-cardinality") /* SM-32, CM-11 */                            \
  X (CONTENT_TYPE_MISMATCH, "content-type-mismatch") /* CM-11 */                                   \
  X (ALGORITHM_PROTECTION, "algorithm-protection-mismatch")        /* CM-01 */                     \
  X (DIGEST_ALGORITHM_MISMATCH, "digest-algorithm-mismatch")       /* CM-12 */                     \
  X (SIGNING_CERTIFICATE_MISMATCH, "signing-certificate-mismatch") /* ES-06 */                     \
  X (NO_SIGNED_ATTRIBUTES, "no-signed-attributes")                 /* CM-13 */                     \
  X (SIGNATURE_TYPE, "signature-type")       /* not a document signature (OP-19) */                \
  X (ENGINE_ERROR, "engine-error")           /* the engine could not check */                      \
  X (SIGNER_FAILED, "another-signer-failed") /* CM-15: one of several does not hold */             \
  /* binding: does the key belong to the From address */                                           \
  X (FROM_MISMATCH, "from-mismatch")                                                               \
  X (FROM_MISSING, "from-missing")                                                                 \
  X (FROM_AMBIGUOUS, "from-ambiguous")       /* two From fields or two mailboxes (TR-05) */        \
  X (NO_ADDRESS_IN_KEY, "no-address-in-key") /* SC-07 */                                           \
  X (SENDER_OF_RECORD, "sender-of-record")   /* matches Sender, not From (SC-06) */                \
  X (UID_INVALID, "user-id-revoked")         /* the matching user ID is revoked or invalid */      \
  /* trust: why the binding is believed */                                                         \
  X (UNTRUSTED, "untrusted") /* no path of trust */                                                \
  X (ISSUER_MISSING, "issuer-missing")                                                             \
  X (SELF_SIGNED, "self-signed")                                                                   \
  X (ROOT_NOT_TRUSTED, "root-not-trusted")                                                         \
  X (NEVER_TRUSTED, "never-trusted") /* the user said so */                                        \
  X (DISTRUSTED, "distrusted")       /* the system's list said so */                               \
  X (MARGINAL, "marginally-trusted")                                                               \
  X (VALIDITY_UNKNOWN, "validity-unknown")     /* OpenPGP: no certification reaches it */          \
  X (KEY_USAGE, "key-usage")                   /* SC-14 */                                         \
  X (EXTENDED_KEY_USAGE, "extended-key-usage") /* SC-15 */                                         \
  X (NAME_CONSTRAINTS, "name-constraints")                                                         \
  X (CRITICAL_EXTENSION, "critical-extension")                                                     \
  X (CHAIN_SIGNATURE, "chain-signature")   /* a certificate is not signed by its issuer */         \
  X (NOT_AN_AUTHORITY, "not-an-authority") /* the issuer may not issue certificates (SC-16) */     \
  X (PATH_LENGTH, "path-length")           /* more authorities than the constraint allows */       \
  X (CHAIN_TOO_LONG, "chain-too-long")                                                             \
  X (NOT_LISTED, "certificate-not-listed") /* the signer excluded this path (ES-08) */             \
  X (KEY_TOO_LARGE, "key-too-large")       /* SM-34 */                                             \
  X (PATH_INVALID, "path-invalid")                                                                 \
  X (BELOW_PROFILE, "below-profile") /* good, but not by the profile asked for (BR-11) */          \
  X (WEAK_CHAIN, "weak-chain")       /* SC-19 */                                                   \
  /* time */                                                                                       \
  X (KEY_EXPIRED, "key-expired")                                                                   \
  X (KEY_REVOKED, "key-revoked")                                                                   \
  X (NOT_YET_VALID, "not-yet-valid")                                                               \
  X (SIGNATURE_EXPIRED, "signature-expired")                                                       \
  X (SIGNED_IN_FUTURE, "signed-in-future")                                                         \
  X (SIGNED_BEFORE_KEY, "signed-before-key")                                                       \
  X (DATE_GAP, "date-gap")                             /* Date and signing time differ (SM-26) */  \
  X (REVOCATION_NOT_CHECKED, "revocation-not-checked") /* nobody was asked (VM-03) */              \
  X (REVOCATION_UNREACHABLE, "revocation-unreachable") /* asked, no answer came */                 \
  X (REVOCATION_EXPIRED, "revocation-expired")         /* the answer is too old */                 \
  X (REVOCATION_WRONG_SIGNER, "revocation-wrong-signer") /* not signed by who may answer */        \
  X (REVOCATION_BAD_ANSWER, "revocation-bad-answer")     /* cannot be read, or says nothing */     \
  X (REVOCATION_NO_SOURCE, "revocation-no-source")       /* no address to ask at */                \
  /* structure */                                                                                  \
  X (NOT_SIGNED, "not-signed")                                                                     \
  X (NOT_ENCRYPTED, "not-encrypted")                                                               \
  X (ERRANT_SIGNATURE, "errant-signature")   /* only a part is signed (E2E-15) */                  \
  X (ERRANT_ENCRYPTION, "errant-encryption") /* only a part is encrypted (E2E-17) */               \
  X (INLINE_SIGNATURE, "inline-signature")   /* E2E-18 */                                          \
  X (INLINE_ENCRYPTION, "inline-encryption")                                                       \
  X (LIST_FOOTER, "list-footer")                      /* E2E-16 */                                 \
  X (FORWARDED, "forwarded-message")                  /* E2E-19 */                                 \
  X (OUTER_SIGNATURE, "signature-outside-encryption") /* signs a ciphertext, not its content */    \
  X (AMBIGUOUS_STRUCTURE, "ambiguous-structure")      /* VM-07, AT-25 */                           \
  X (REPAIRABLE_STRUCTURE, "repairable-structure") /* PM-09: mangled on the way; not credited */   \
  X (TYPE_MISMATCH, "type-mismatch") /* the MIME type says one thing, the CMS another */           \
  X (NOT_CONTENT_DATA, "content-type-not-data") /* eContentType is not id-data (CM-14) */          \
  X (LIMIT_DEPTH, "limit-depth")                                                                   \
  X (LIMIT_PARTS, "limit-parts")                                                                   \
  X (LIMIT_HEADERS, "limit-headers")                                                               \
  X (LIMIT_SIZE, "limit-size")                                                                     \
  X (LIMIT_SIGNERS, "limit-signers")                                                               \
  X (LIMIT_CERTIFICATES, "limit-certificates")                                                     \
  /* encryption */                                                                                 \
  X (NO_SECRET_KEY, "no-secret-key")                                                               \
  X (CARD_CANNOT, "card-cannot")              /* a key on a card, and OAEP */                      \
  X (DECRYPTION_FAILED, "decryption-failed")  /* one word for padding, tag and MDC (SM-35) */      \
  X (KEY_LOCKED, "key-locked")                /* passphrase refused, cancelled, no agent */        \
  X (WEAK_ENCRYPTION, "weak-encryption")      /* E2E-26 */                                         \
  X (WEAK_REFUSED, "weak-encryption-refused") /* AL-11: not opened without consent */              \
  X (NO_INTEGRITY, "no-integrity")            /* CBC: malleable (CM-16) */                         \
  /* transport */                                                                                  \
  X (NOT_CHECKED, "not-checked")

typedef enum
{
#define LL_REASON_ENUM(id, name) LL_REASON_##id,
  LL_REASONS (LL_REASON_ENUM)
#undef LL_REASON_ENUM
      LL_N_REASONS
} LlReason;

/* The stable name, such as "digest-mismatch"; "none" for LL_REASON_NONE. */
const char *ll_reason_name (LlReason reason);

G_END_DECLS
