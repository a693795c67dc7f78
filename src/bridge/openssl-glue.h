/* openssl-glue.h - the whole border between OpenSSL and GLib.
 *
 * What it gives: a cleanup for each OpenSSL type of the house, OpenSSL's error queue as an error of
 * ours, and streams as BIOs. What it does not: decide anything about keys or messages.
 */
#pragma once

#include <gio/gio.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/error.h"

G_BEGIN_DECLS

/* Stacks under names that g_autoptr can take. */
typedef STACK_OF (X509) LlX509Stack;            /* owns its certificates */
typedef STACK_OF (X509) LlX509Borrowed;         /* owns the list, not the certificates */
typedef STACK_OF (X509_CRL) LlX509CrlStack;     /* owns its revocation lists */
typedef STACK_OF (X509_ALGOR) LlX509AlgorStack; /* owns its algorithm identifiers */
typedef GENERAL_NAMES LlGeneralNames;           /* owns its names */

void ll_x509_stack_free (LlX509Stack *stack);
void ll_x509_borrowed_free (LlX509Borrowed *stack);
void ll_x509_crl_stack_free (LlX509CrlStack *stack);
void ll_x509_algor_stack_free (LlX509AlgorStack *stack);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlX509Stack, ll_x509_stack_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlX509Borrowed, ll_x509_borrowed_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlX509CrlStack, ll_x509_crl_stack_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlX509AlgorStack, ll_x509_algor_stack_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlGeneralNames, GENERAL_NAMES_free)

/* A BIO chain goes as a whole: cut it with BIO_pop() where only a part shall go. */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_BIT_STRING, ASN1_BIT_STRING_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_INTEGER, ASN1_INTEGER_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_OBJECT, ASN1_OBJECT_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_TIME, ASN1_TIME_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_TYPE, ASN1_TYPE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AUTHORITY_KEYID, AUTHORITY_KEYID_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIGNUM, BN_clear_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BN_CTX, BN_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CMS_ContentInfo, CMS_ContentInfo_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ECDSA_SIG, ECDSA_SIG_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_CIPHER, EVP_CIPHER_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_KDF, EVP_KDF_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_KDF_CTX, EVP_KDF_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_MD, EVP_MD_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GENERAL_NAME, GENERAL_NAME_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OSSL_LIB_CTX, OSSL_LIB_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OSSL_PARAM, OSSL_PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PKCS12, PKCS12_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RSA_PSS_PARAMS, RSA_PSS_PARAMS_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_ALGOR, X509_ALGOR_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_PUBKEY, X509_PUBKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_ATTRIBUTE, X509_ATTRIBUTE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_CRL, X509_CRL_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_EXTENSION, X509_EXTENSION_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_NAME, X509_NAME_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_REQ, X509_REQ_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_STORE, X509_STORE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_STORE_CTX, X509_STORE_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_VERIFY_PARAM, X509_VERIFY_PARAM_free)

/* Sets `error` to the text of `format`, followed by what stands in this thread's OpenSSL error
 * queue, and empties the queue. The text should be a sentence without its full stop. Always FALSE,
 * so that a caller can return it. */
gboolean ll_openssl_set_error (GError **error, LlError code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* A source BIO that reads from `stream`, or a sink BIO that writes to it. The BIO keeps references
 * to both arguments and does not close the stream. It has no gets: put BIO_f_readbuffer() before it
 * for PEM. (transfer full) */
BIO *ll_bio_new_input (GInputStream *stream, GCancellable *cancellable);
BIO *ll_bio_new_output (GOutputStream *stream, GCancellable *cancellable);

/* The first error that the stream behind such a BIO (or behind the last BIO of a chain) gave, or
 * NULL; the BIO forgets it. Ask it before the OpenSSL queue: OpenSSL only knows that a BIO failed.
 * (transfer full) (nullable) */
GError *ll_bio_take_error (BIO *bio);

/* What i2d_TYPE() would write, as bytes; NULL when it cannot. Use LL_DER (certificate, X509).
 * (transfer full) (nullable) */
#define LL_DER(object, type) ll_der_take_ ((i2d_of_void *)(void (*) (void))i2d_##type, (object))
GBytes *ll_der_take_ (i2d_of_void *encode, gconstpointer object);

/* A number of a public key. EVP_PKEY_get_bn_param() carries each through 2 KiB in constant time;
 * here `octets`, which most of them fit in, say how much is enough for them. A larger number comes
 * as well. (transfer full) (nullable) */
BIGNUM *ll_openssl_get_number (const EVP_PKEY *key, const char *name, gsize octets);

G_END_DECLS
