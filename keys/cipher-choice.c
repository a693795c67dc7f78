/* cipher-choice.c - what enters: the readers of a message. What leaves: the best cipher that all of
 * them can read, by one list from the best down. */
#include <config.h>

#include "keys/cipher-choice.h"

const char *
ll_cipher_reason_name (LlCipherReason reason)
{
  static const char *const names[] = {
    [LL_CIPHER_BEST] = "best",
    [LL_CIPHER_WANTED] = "wanted",
    [LL_CIPHER_PEER_UNKNOWN] = "peer-unknown",
    [LL_CIPHER_PEER_CANNOT] = "peer-cannot",
    [LL_CIPHER_PEER_WEAK] = "peer-weak",
  };

  return (guint)reason < G_N_ELEMENTS (names) ? names[reason] : NULL;
}

/* ChaCha20-Poly1305 is for those who ask for it: whoever lists it lists AES-256-GCM too, which
 * RFC 8551 section 2.7 asks of everybody. */
static const LlCipher best_first[] = {
  LL_CIPHER_AES_256_GCM,
  LL_CIPHER_AES_192_GCM,
  LL_CIPHER_AES_128_GCM,
};

/* SM-11: what they listed is weak, and there is nothing else. */
static gboolean
is_weak_only (const LlCipherReader *reader)
{
  return reader->kind == LL_READER_LISTED && reader->capabilities.n_ciphers == 0
         && (reader->capabilities.flags & LL_CAPABILITY_WEAK) != 0;
}

/* A list that has no cipher at all is about something else, and says nothing of ciphers. */
static gboolean
is_unknown (const LlCipherReader *reader)
{
  return reader->kind == LL_READER_UNKNOWN
         || (reader->kind == LL_READER_LISTED && reader->capabilities.n_ciphers == 0);
}

static gboolean
can_read (const LlCipherReader *reader, LlCipher cipher)
{
  return reader->kind == LL_READER_OURS
         || (!is_unknown (reader) && ll_capabilities_has (&reader->capabilities, cipher));
}

static LlCipherChoice
choice_because (const LlCipherReader *readers, guint because, LlCipher cipher)
{
  return (LlCipherChoice){
    .cipher = cipher,
    .reason = is_unknown (&readers[because]) ? LL_CIPHER_PEER_UNKNOWN : LL_CIPHER_PEER_CANNOT,
    .because = because,
  };
}

/* The first one who cannot read `cipher`; n_readers when all can. */
static guint
who_cannot (const LlCipherReader *readers, guint n_readers, LlCipher cipher)
{
  guint i = 0;

  while (i < n_readers && can_read (&readers[i], cipher))
    i++;
  return i;
}

LlCipherChoice
ll_cipher_choose (const LlCipherReader *readers, guint n_readers, LlCipher wanted)
{
  guint because;

  if (wanted != LL_CIPHER_CHOOSE)
    return (LlCipherChoice){ .cipher = wanted, .reason = LL_CIPHER_WANTED };
  for (guint i = 0; i < n_readers; i++)
    if (is_weak_only (&readers[i]))
      return (LlCipherChoice){ .reason = LL_CIPHER_PEER_WEAK, .because = i };

  because = who_cannot (readers, n_readers, LL_CIPHER_AES_256_GCM);
  if (because == n_readers)
    return (LlCipherChoice){ .cipher = LL_CIPHER_AES_256_GCM, .reason = LL_CIPHER_BEST };
  for (gsize i = 0; i < G_N_ELEMENTS (best_first); i++)
    if (who_cannot (readers, n_readers, best_first[i]) == n_readers)
      return choice_because (readers, because, best_first[i]);
  /* Every S/MIME program of this century reads it, whatever it lists: gpgsm lists AES with 128 bits
   * alone, and reads 256. The user can still say --cipher. */
  return choice_because (readers, because, LL_CIPHER_AES_256_CBC);
}
