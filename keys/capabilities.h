/* capabilities.h - what a person's program says that it can read: SMIMECapabilities (RFC 8551
 * section 2.5.2), there and back.
 *
 * What enters: the DER of the signed attribute's value, or nothing for our own list. What leaves: a
 * plain value, or that DER. What it does not: decide whether a list may be believed (SM-29), keep
 * it, or choose a cipher.
 */
#pragma once

#include "base/cipher.h"

G_BEGIN_DECLS

/* What else a list can say that changes how we write to its owner. */
typedef enum
{
  LL_CAPABILITY_OAEP = 1 << 0,     /* RSAES-OAEP with SHA-256 and MGF1 with SHA-256 (RFC 3560) */
  LL_CAPABILITY_PSS = 1 << 1,      /* RSASSA-PSS signatures (RFC 4056) */
  LL_CAPABILITY_CEK_HKDF = 1 << 2, /* content keys derived with HKDF (RFC 9709, CM-04) */
  LL_CAPABILITY_X25519 = 1 << 3,   /* ECDH on X25519 with HKDF-SHA256 (RFC 8418) */
  LL_CAPABILITY_ED25519 = 1 << 4,  /* Ed25519 signatures (RFC 8419) */
  LL_CAPABILITY_WEAK = 1 << 5,     /* some cipher that is too weak to write with: 3DES, RC2, DES */
} LlCapabilityFlags;

typedef struct
{
  LlCipher ciphers[LL_N_CIPHERS]; /* each once, in the order of the list: best first (SM-10) */
  guint n_ciphers;
  LlCapabilityFlags flags;
} LlCapabilities;

/* Reads a list. What we do not know is passed over, weak ciphers too: nobody is ever written to
 * with them (SM-11). FALSE when it is not a list of capabilities; then `capabilities` is empty. */
gboolean ll_capabilities_read (GBytes *der, LlCapabilities *capabilities);

/* TRUE when the list has this cipher. */
gboolean ll_capabilities_has (const LlCapabilities *capabilities, LlCipher cipher);

/* What this program can read, best first, nothing weak (SM-09). A key on a card may not be able to
 * do everything: `without` leaves that out. Encodings are those of each algorithm's RFC: no
 * parameters where there is nothing to tell apart. (transfer full) */
GBytes *ll_capabilities_ours (LlCapabilityFlags without);

G_END_DECLS
