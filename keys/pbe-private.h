/* pbe-private.h - the passphrase of a file of keys: how much work it may ask for, and how other
 * programs have spelt it: for keys/ alone.
 *
 * What enters: the algorithm of an encrypted part, a passphrase. What leaves: whether to go on, and
 * the octets to try. It does NOT decrypt, and does not ask anybody.
 */
#pragma once

#include <gio/gio.h>
#include <openssl/x509.h>

G_BEGIN_DECLS

/* OpenSSL with the ciphers that only old files have (RC2, single DES): those are read, never
 * written. For this thread's OSSL_LIB_CTX_set0_default(). Lives as long as the process. */
OSSL_LIB_CTX *ll_pbe_context (void);

/* TRUE when that OpenSSL has its legacy ciphers. */
gboolean ll_pbe_has_legacy (void);

/* SC-24: FALSE with LL_ERROR_BAD_DATA when deriving the key takes more than LL_LIMIT_KDF_ITERATIONS
 * rounds, or when all that were counted in `*rounds` so far become too many. */
gboolean ll_pbe_check (const X509_ALGOR *algorithm, guint64 *rounds, GError **error);
gboolean ll_pbe_check_rounds (const ASN1_INTEGER *iterations, guint64 *rounds, GError **error);

/* NID_pbes2, NID_pbmac1 ... */
int ll_pbe_nid (const X509_ALGOR *algorithm);

/* FALSE after setting the error: what OpenSSL said in its queue, as an algorithm that it does not
 * have, or as `message`. */
gboolean ll_pbe_set_error (const X509_ALGOR *algorithm, const char *message, GError **error);

/* One way to spell a passphrase; `octets` NULL is "no passphrase", which is not the empty one. */
typedef struct
{
  char *octets; /* terminated as well */
  int length;
} LlSpelling;

/* The ways to try, the likeliest first, of LlSpelling, wiped when they go. `passphrase` NULL or
 * empty gives the two that mean "none". PKCS #12 turns a passphrase into UTF-16, and PBES2 (RFC
 * 8018) takes octets of which nobody knows the character set: programs differ for anything beyond
 * ASCII. `octets`: also those that make sense for octets alone. (transfer full) */
GPtrArray *ll_pbe_spellings (GBytes *passphrase, gboolean octets);

G_END_DECLS
