/* sexp.h - the S-expressions in which gpg-agent speaks of keys, signatures and ciphertexts, and the
 * keygrip by which it knows a key.
 *
 * All of them are in the canonical form ("(7:sig-val...)"). Pure: nothing here asks the agent.
 */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

G_BEGIN_DECLS

/* "(public-key...)" of an RSA, EC, Ed25519, Ed448, X25519 or X448 key; the private part, if any, is
 * not looked at. LL_ERROR_UNSUPPORTED_ALGORITHM for other keys and for curves that gpg-agent does
 * not know. (transfer full) */
GBytes *ll_sexp_public_key (EVP_PKEY *key, GError **error);

/* The other way: an RSA key, or an EC key on a curve that OpenSSL knows by the agent's name for it,
 * in `context`. LL_ERROR_UNSUPPORTED_ALGORITHM for others. (transfer full) */
EVP_PKEY *ll_sexp_read_public_key (GBytes *sexp, OSSL_LIB_CTX *context, GError **error);

/* "(private-key...)", in memory that is wiped. The same kinds of keys; LL_ERROR_BAD_DATA when the
 * private part is missing. (transfer full) */
GBytes *ll_sexp_private_key (EVP_PKEY *key, GError **error);

/* And back: the private key of "(private-key...)", of the kinds above. OpenSSL wipes it when it
 * goes. `pss`: an RSA key is made one for PSS alone. LL_ERROR_UNSUPPORTED_ALGORITHM, or
 * LL_ERROR_BAD_DATA when the numbers are no key. (transfer full) */
EVP_PKEY *ll_sexp_read_private_key (GBytes *sexp, gboolean pss, GError **error);

/* 40 upper-case hexadecimal digits, the same as gpgsm's. (transfer full) */
char *ll_sexp_keygrip (EVP_PKEY *key, GError **error);

/* "(enc-val(rsa(a...)))", without flags: the agent then leaves the padding on. (transfer full) */
GBytes *ll_sexp_rsa_ciphertext (const guint8 *ciphertext, gsize length);

/* "(enc-val(ecdh(e...)))" of the other side's point, encoded uncompressed. (transfer full) */
GBytes *ll_sexp_ecdh_ciphertext (const guint8 *point, gsize length);

/* The octets of "(value...)", wiped when they go. LL_ERROR_BAD_DATA when it is something else.
 * (transfer full) */
GBytes *ll_sexp_value (GBytes *sexp, GError **error);

/* The integer "s" of "(sig-val(rsa...))", big-endian in exactly `size` octets. (transfer full) */
GBytes *ll_sexp_rsa_signature (GBytes *sexp, gsize size, GError **error);

/* "r" and "s" of "(sig-val(ecdsa...))" as the DER of an ECDSA-Sig-Value. (transfer full) */
GBytes *ll_sexp_ecdsa_signature (GBytes *sexp, GError **error);

/* "r" and "s" of "(sig-val(eddsa...))", one after the other in `size` octets. (transfer full) */
GBytes *ll_sexp_eddsa_signature (GBytes *sexp, gsize size, GError **error);

/* `length` octets of a big-endian integer in exactly `size` octets: leading zeros go or come. FALSE
 * when it does not fit. In constant time for inputs of one length. */
gboolean ll_sexp_fit_integer (const guint8 *integer, gsize length, guint8 *fitted, gsize size);

G_END_DECLS
