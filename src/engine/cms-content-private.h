/* cms-content-private.h - the cipher of an encrypted content, run over it piece by piece.
 *
 * What enters: the algorithm of the content, its key, ciphertext. What leaves: plaintext, in the
 * same place, and at the end the word whether it holds. CBC (RFC 3565), GCM (RFC 5084) and
 * ChaCha20-Poly1305 (RFC 8103), 3DES and RC2, each also under a derived key (RFC 9709). It keeps
 * nothing back: whoever gets the plaintext waits for ll_content_finish().
 */
#pragma once

#include "engine/cms-names.h"
#include "engine/cms-reader.h"

G_BEGIN_DECLS

typedef struct _LlContent LlContent;

/* Reads the algorithm. `name` (nullable, transfer full) is what it is called, or its number. NULL
 * with LL_REASON_UNSUPPORTED_ALGORITHM, or with LL_REASON_DECRYPTION_FAILED when it does not belong
 * into this kind of object: an AEAD cipher without its tag, or a tag on a cipher that makes none,
 * is how a message is rewritten to leak (CM-19). (transfer full) */
LlContent *ll_content_new (const LlCmsParts *parts, char **name, LlReason *reason);
void ll_content_free (LlContent *content);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlContent, ll_content_free)

const LlCmsCipher *ll_content_get_cipher (const LlContent *content);

/* What the key must be long; 0: more than one length will do (RC2). */
gsize ll_content_get_key_length (const LlContent *content);

/* Begins, also anew. `attributes` (nullable) are authenticated with the content, as they came (RFC
 * 5083 section 2.2). FALSE when the key does not fit. */
gboolean ll_content_start (LlContent *content, GBytes *key, GBytes *attributes);

/* Octets that have to be kept back, because they may be padding: 0 with AEAD ciphers. */
gsize ll_content_get_block (const LlContent *content);

/* Decrypts where it stands. Every piece but the last must be a multiple of 16 octets; FALSE when
 * the whole is not one of the block. */
gboolean ll_content_update (LlContent *content, guint8 *data, gsize length);

/* The end: checks the tag, or what the last block says of its padding. `last` are the plaintext's
 * last octets, the block at least; gives how many of them are padding, or -1 when it does not hold.
 * `mac` may be NULL where there is none. */
gssize ll_content_finish (LlContent *content, const guint8 *last, gsize length, GBytes *mac);

G_END_DECLS
