/* cipher.h - the ciphers that a message can be encrypted with, named once.
 *
 * A plain value for plans, requests, settings and options. What a cipher is in CMS stands in
 * engine/cms-names; nothing here encrypts.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* From the one that we prefer down (SM-10). */
typedef enum
{
  LL_CIPHER_CHOOSE, /* whatever the plan, or the engine, finds best */
  LL_CIPHER_AES_256_GCM,
  LL_CIPHER_CHACHA20_POLY1305,
  LL_CIPHER_AES_192_GCM,
  LL_CIPHER_AES_128_GCM,
  LL_CIPHER_AES_256_CBC,
  LL_CIPHER_AES_192_CBC,
  LL_CIPHER_AES_128_CBC,
  LL_N_CIPHERS
} LlCipher;

/* "AES-256-GCM": the word in options, settings, reports and JSON; NULL for CHOOSE. */
const char *ll_cipher_name (LlCipher cipher);

/* The other way round, in any case of letters; CHOOSE when there is no such cipher. */
LlCipher ll_cipher_from_name (const char *name);

/* "AES-256-GCM, ChaCha20-Poly1305, ...": all of them, for messages. */
const char *ll_cipher_list (void);

/* TRUE when a change of the ciphertext is noticed (RFC 5083). */
gboolean ll_cipher_is_aead (LlCipher cipher);

G_END_DECLS
