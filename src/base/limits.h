/* limits.h - what a message may ask of us (VM-08). Errors tell these numbers. */
#pragma once

#define LL_LIMIT_HEADER_BYTES (1024 * 1024) /* one header section */
#define LL_LIMIT_HEADER_FIELDS 2000         /* fields in one header section */
#define LL_LIMIT_PARTS 10000                /* MIME parts in one message, all layers together */
#define LL_LIMIT_DEPTH 64                   /* nested multiparts and messages */
#define LL_LIMIT_LAYERS 8 /* nested cryptographic layers; ten are too many (SM-24) */
#define LL_LIMIT_ALL_LAYERS_BYTES                                                                  \
  (128 * 1024 * 1024)             /* what all layers of a message may hold together ... */
#define LL_LIMIT_EXPANSION 256    /* ... or so many times the message, where that is more */
#define LL_LIMIT_ERRANT_CHECKS 32 /* signatures inside the payload that are checked */
#define LL_LIMIT_RECIPIENTS 1000  /* recipients in one ciphertext */
#define LL_LIMIT_RECIPIENT_TRIES                                                                   \
  16                        /* of them that are tried with a key of ours, each on the content */
#define LL_LIMIT_SIGNERS 32 /* signers of one layer */
#define LL_LIMIT_SIGNER_TRIES 16               /* certificates that are tried for one signer */
#define LL_LIMIT_CERTIFICATES 200              /* certificates in one CMS object */
#define LL_LIMIT_FROM_ADDRESSES 32             /* mailboxes looked at in one address field */
#define LL_LIMIT_TEXT_CHARACTERS 4096          /* a stranger's string shown on one line */
#define LL_LIMIT_SHOWN_BYTES (8 * 1024 * 1024) /* text of all parts of a message that is shown */
#define LL_LIMIT_RSA_BITS 8192                 /* larger moduli are refused (SM-34) */
#define LL_LIMIT_RSA_EXPONENT_BITS 64          /* larger public exponents are refused too */
#define LL_LIMIT_CMS_PART_BYTES                                                                    \
  (8 * 1024 * 1024)                /* what stands around the content of a CMS object */
#define LL_LIMIT_CMS_DEPTH 32      /* nested elements around and in the content (CM-20) */
#define LL_LIMIT_CMS_ALGORITHMS 32 /* digest algorithms that one CMS object names */
#define LL_LIMIT_CMS_CRLS 32       /* revocation lists that are taken from one CMS object */
#define LL_LIMIT_INFLATED_BYTES                                                                    \
  (1024 * 1024)                     /* what compressed data may always grow to; beyond that: */
#define LL_LIMIT_INFLATED_RATIO 200 /* octets out of one octet of compressed data (CM-09) */
#define LL_LIMIT_INFLATED_LAYERS 2  /* compressed parts around each other in one message */
#define LL_LIMIT_CMS_KEPT_BYTES                                                                    \
  (64 * 1024) /* of a content that may be signed as it is, not its digest */
#define LL_LIMIT_CAPABILITIES_BYTES                                                                \
  (16 * 1024) /* SMIMECapabilities that are remembered of a peer; real ones have about 200 */
#define LL_PROFILE_RSA_BITS 3000 /* the profile of BR-11 */
#define LL_PROFILE_EC_BITS 253   /* the same: curves of 256 bits, and Ed25519, which has 253 */
#define LL_WEAK_RSA_BITS 2048    /* below: weak-key */
#define LL_WEAK_CURVE_BITS 224   /* the same for curves */
#define LL_LIMIT_KEY_FILE_BYTES (32 * 1024 * 1024) /* a file of keys to import */
#define LL_LIMIT_KDF_ITERATIONS 10000000           /* that a file of keys may ask of us (SC-24) */
#define LL_AGENT_TIMEOUT_SECONDS 30 /* to reach gpg-agent; pinentry itself may take longer */
#define LL_FETCH_SECONDS 10         /* for one file from the network */
#define LL_REVOCATION_SECONDS 20    /* for all that is asked of the network about one chain */
#define LL_LIMIT_CRL_BYTES (16 * 1024 * 1024) /* one CRL */
#define LL_LIMIT_OCSP_BYTES (64 * 1024)       /* one answer of OCSP */
#define LL_LIMIT_ISSUER_BYTES (256 * 1024)    /* certificates of an authority from the network */
#define LL_LIMIT_ISSUER_FETCHES 8             /* addresses that are asked for them, in one run */
#define LL_LIMIT_CRLS 32                      /* CRLs that come in one message */
