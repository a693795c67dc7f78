/* padding.c - what enters: digests, and what a raw RSA decryption gave; what leaves: encoded
 * digests, and messages. No keys here.
 *
 * Decoding must not tell by its time where a padding went wrong (Bleichenbacher, Manger; SM-35).
 * Conditions are therefore masks of all ones or all zeros, every octet is looked at, and the
 * message is moved to its place by steps that do not depend on how long it is.
 */
#include <config.h>

#include <openssl/rand.h>
#include <string.h>

#include "provider/padding.h"

#define PKCS1_OVERHEAD 11 /* 00 02, at least eight octets, 00 */
#define MAX_HASH EVP_MAX_MD_SIZE

/* Masks. */

static guint32
mask_if_zero (guint32 x)
{
  return (guint32)0 - ((~x & (x - 1)) >> 31);
}

static guint32
mask_if_equal (guint32 x, guint32 y)
{
  return mask_if_zero (x ^ y);
}

/* Both below 2^31. */
static guint32
mask_if_less (guint32 x, guint32 y)
{
  return (guint32)0 - ((x - y) >> 31);
}

static guint32
choose (guint32 mask, guint32 yes, guint32 no)
{
  return (mask & yes) | (~mask & no);
}

/* Copies the last `length` of `size` octets to the front of `message`; length <= size is secret. */
static void
move_to_front (const guint8 *from, gsize size, guint32 length, guint8 *message)
{
  guint32 distance = (guint32)size - length;

  memcpy (message, from, size);
  for (gsize step = 1; step < size; step <<= 1)
    {
      guint32 mask = ~mask_if_zero (distance & (guint32)step);
      for (gsize i = 0; i < size - step; i++)
        message[i] = (guint8)choose (mask, message[i + step], message[i]);
    }
}

/* Hashes. */

static gboolean
hash_three (EVP_MD *hash, const guint8 *a, gsize a_length, const guint8 *b, gsize b_length,
            const guint8 *c, gsize c_length, guint8 *digest)
{
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();

  return context != NULL && EVP_DigestInit_ex2 (context, hash, NULL)
         && EVP_DigestUpdate (context, a, a_length) && EVP_DigestUpdate (context, b, b_length)
         && EVP_DigestUpdate (context, c, c_length) && EVP_DigestFinal_ex (context, digest, NULL);
}

/* XORs MGF1 (seed) into `data` (RFC 8017 appendix B.2.1). */
static gboolean
mgf1_xor (EVP_MD *hash, const guint8 *seed, gsize seed_length, guint8 *data, gsize length)
{
  gsize size = (gsize)EVP_MD_get_size (hash);
  guint8 block[MAX_HASH];

  for (guint32 counter = 0; counter * size < length; counter++)
    {
      guint32 octets = GUINT32_TO_BE (counter);
      gsize at = counter * size;
      if (!hash_three (hash, seed, seed_length, (const guint8 *)&octets, sizeof octets, seed, 0,
                       block))
        return FALSE;
      for (gsize i = 0; i < size && at + i < length; i++)
        data[at + i] ^= block[i];
    }
  explicit_bzero (block, sizeof block);
  return TRUE;
}

/* The three paddings. */

gboolean
ll_padding_encode_pss (guint8 *encoded, gsize bits, const guint8 *digest, EVP_MD *hash,
                       EVP_MD *mgf_hash, gsize salt_length)
{
  static const guint8 zeros[8] = { 0 };
  gsize hash_length = (gsize)EVP_MD_get_size (hash);
  gsize whole = (bits + 7) / 8, length = (bits - 1 + 7) / 8, db_length;
  guint8 *db = encoded + (whole - length), *h, *salt;

  memset (encoded, 0, whole);
  if (salt_length > length || length < hash_length + salt_length + 2)
    return FALSE;
  db_length = length - hash_length - 1;
  h = db + db_length;
  salt = h - salt_length;
  if (salt_length > 0 && RAND_bytes (salt, (int)salt_length) != 1)
    return FALSE;
  if (!hash_three (hash, zeros, sizeof zeros, digest, hash_length, salt, salt_length, h))
    return FALSE;
  db[db_length - salt_length - 1] = 0x01;
  if (!mgf1_xor (mgf_hash, h, hash_length, db, db_length))
    return FALSE;
  db[0] &= 0xff >> (8 * length - (bits - 1));
  h[hash_length] = 0xbc;
  return TRUE;
}

gboolean
ll_padding_decode_pkcs1 (const guint8 *encoded, gsize size, guint8 *message, gsize *length)
{
  guint32 good, found = 0, zero_at = 0, message_length;

  *length = 0;
  if (size < PKCS1_OVERHEAD)
    return FALSE;
  good = mask_if_zero (encoded[0]) & mask_if_equal (encoded[1], 2);
  for (gsize i = 2; i < size; i++)
    {
      guint32 zero = mask_if_zero (encoded[i]);
      zero_at = choose (~found & zero, (guint32)i, zero_at);
      found |= zero;
    }
  good &= found & ~mask_if_less (zero_at, PKCS1_OVERHEAD - 1);
  message_length = choose (good, (guint32)size - zero_at - 1, 0);
  move_to_front (encoded, size, message_length, message);
  *length = message_length;
  return good != 0;
}

gboolean
ll_padding_decode_oaep (const guint8 *encoded, gsize size, EVP_MD *hash, EVP_MD *mgf_hash,
                        const guint8 *label, gsize label_length, guint8 *message, gsize *length)
{
  gsize hash_length = (gsize)EVP_MD_get_size (hash), db_length;
  g_autofree guint8 *copy = NULL;
  guint8 label_hash[MAX_HASH];
  guint8 *seed, *db;
  guint32 good, found = 0, one_at = 0, message_length;
  const guint8 *nothing = (const guint8 *)"";

  *length = 0;
  if (size < 2 * hash_length + 2)
    return FALSE;
  db_length = size - hash_length - 1;
  copy = g_memdup2 (encoded, size);
  seed = copy + 1;
  db = seed + hash_length;
  if (!hash_three (hash, label != NULL ? label : nothing, label_length, nothing, 0, nothing, 0,
                   label_hash)
      || !mgf1_xor (mgf_hash, db, db_length, seed, hash_length)
      || !mgf1_xor (mgf_hash, seed, hash_length, db, db_length))
    {
      explicit_bzero (copy, size);
      return FALSE;
    }
  good = mask_if_zero (encoded[0])
         & mask_if_zero ((guint32)CRYPTO_memcmp (db, label_hash, hash_length));
  for (gsize i = hash_length; i < db_length; i++)
    {
      guint32 one = mask_if_equal (db[i], 1), zero = mask_if_zero (db[i]);
      one_at = choose (~found & one, (guint32)i, one_at);
      found |= one;
      good &= found | zero;
    }
  good &= found;
  message_length = choose (good, (guint32)db_length - one_at - 1, 0);
  move_to_front (db, db_length, message_length, message);
  *length = message_length;
  explicit_bzero (copy, size);
  return good != 0;
}
