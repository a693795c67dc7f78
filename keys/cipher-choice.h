/* cipher-choice.h - which cipher everybody can read, and who decided. Pure: what each reader's
 * program said of itself goes in, a cipher comes out.
 *
 * What it does not do: look anybody up, or believe anybody. One cipher is chosen for all: the same
 * content never goes out under a stronger and under a weaker one (SM-12).
 */
#pragma once

#include "keys/capabilities.h"

G_BEGIN_DECLS

/* Why this cipher and no other. */
typedef enum
{
  LL_CIPHER_BEST,         /* every recipient said that they can read it */
  LL_CIPHER_WANTED,       /* the user said so: by an option or in the settings */
  LL_CIPHER_PEER_UNKNOWN, /* what a recipient can read is not known */
  LL_CIPHER_PEER_CANNOT,  /* a recipient did not list the better ones */
  LL_CIPHER_PEER_WEAK,    /* a recipient listed nothing that is not weak: there is no choice */
} LlCipherReason;

/* "best", "wanted", "peer-unknown", "peer-cannot", "peer-weak". */
const char *ll_cipher_reason_name (LlCipherReason reason);

typedef enum
{
  LL_READER_UNKNOWN, /* nothing is known of their program */
  LL_READER_OURS,    /* this program: it reads what it writes */
  LL_READER_LISTED,  /* they listed what they can read */
} LlReaderKind;

typedef struct
{
  LlReaderKind kind;
  LlCapabilities capabilities; /* LISTED */
} LlCipherReader;

typedef struct
{
  LlCipher cipher; /* CHOOSE: none may be used (PEER_WEAK, SM-11) */
  LlCipherReason reason;
  LlCapabilityFlags
      readable;  /* what all readers can do beside it; ll_cipher_choose() leaves it 0 */
  guint because; /* which reader decided, for the reasons that begin with PEER */
} LlCipherChoice;

/* The user's word first (`wanted` unless CHOOSE), then the best AES-GCM that all said that they can
 * read, then AES-256-CBC (SM-10). */
LlCipherChoice ll_cipher_choose (const LlCipherReader *readers, guint n_readers, LlCipher wanted);

G_END_DECLS
