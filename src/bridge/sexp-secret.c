/* sexp-secret.c - what enters: "(private-key...)" as gpg-agent exports it. What leaves: OpenSSL's
 * key, whose private numbers OpenSSL wipes when it goes. It does NOT write one; that is sexp.c. No
 * copy of a number is made here that is not wiped.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "bridge/openssl-glue.h"
#include "bridge/sexp-private.h"

#define MAX_RAW_KEY 57 /* Ed448 */

/* The number "(name ...)"; NULL when there is none. Secret, and wiped. (transfer full) */
static BIGNUM *
read_number (GBytes *sexp, const char *name, GError **error)
{
  g_autoptr (BIGNUM) number = BN_secure_new ();
  const guint8 *value;
  gsize length;

  if (!ll_sexp_find (sexp, name, &value, &length, error))
    return NULL;
  if (number == NULL || length > G_MAXINT || BN_bin2bn (value, (int)length, number) == NULL)
    return ll_openssl_set_error (error, LL_ERROR_BAD_DATA,
                                 _ ("gpg-agent's private key cannot be read")),
           NULL;
  BN_set_flags (number, BN_FLG_CONSTTIME);
  return g_steal_pointer (&number);
}

/* Marked as secret, so that the copies that OpenSSL makes of the parameters are wiped as well. */
static gboolean
push (OSSL_PARAM_BLD *builder, const char *name, const BIGNUM *number)
{
  return number != NULL && OSSL_PARAM_BLD_push_BN (builder, name, number);
}

static EVP_PKEY *
build (const char *type, OSSL_PARAM_BLD *builder, GError **error)
{
  g_autoptr (OSSL_PARAM) parameters = OSSL_PARAM_BLD_to_param (builder);
  g_autoptr (EVP_PKEY_CTX) maker = EVP_PKEY_CTX_new_from_name (NULL, type, "provider=default");
  EVP_PKEY *key = NULL;

  if (parameters != NULL && maker != NULL && EVP_PKEY_fromdata_init (maker) > 0
      && EVP_PKEY_fromdata (maker, &key, EVP_PKEY_KEYPAIR, parameters) > 0)
    return key;
  ll_openssl_set_error (error, LL_ERROR_BAD_DATA,
                        _ ("OpenSSL does not take the private key that gpg-agent has"));
  return NULL;
}

/* d mod (prime - 1), RFC 8017 section 3.2. (transfer full) (nullable) */
static BIGNUM *
exponent_for (const BIGNUM *d, const BIGNUM *prime, BN_CTX *context)
{
  g_autoptr (BIGNUM) less = BN_secure_new ();
  g_autoptr (BIGNUM) exponent = BN_secure_new ();

  if (less == NULL || exponent == NULL || !BN_sub (less, prime, BN_value_one ()))
    return NULL;
  BN_set_flags (less, BN_FLG_CONSTTIME);
  return BN_mod (exponent, d, less, context) ? g_steal_pointer (&exponent) : NULL;
}

/* libgcrypt has u = p^-1 mod q where PKCS #1 has q^-1 mod p: its q is OpenSSL's first factor. */
static EVP_PKEY *
read_rsa (GBytes *sexp, gboolean pss, GError **error)
{
  g_autoptr (OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new ();
  g_autoptr (BN_CTX) context = BN_CTX_secure_new ();
  g_autoptr (BIGNUM) n = read_number (sexp, "n", error);
  g_autoptr (BIGNUM) e = n != NULL ? read_number (sexp, "e", error) : NULL;
  g_autoptr (BIGNUM) d = e != NULL ? read_number (sexp, "d", error) : NULL;
  g_autoptr (BIGNUM) p = d != NULL ? read_number (sexp, "q", error) : NULL;
  g_autoptr (BIGNUM) q = p != NULL ? read_number (sexp, "p", error) : NULL;
  g_autoptr (BIGNUM) u = q != NULL ? read_number (sexp, "u", error) : NULL;
  g_autoptr (BIGNUM) dp = u != NULL ? exponent_for (d, p, context) : NULL;
  g_autoptr (BIGNUM) dq = u != NULL ? exponent_for (d, q, context) : NULL;

  if (u == NULL)
    return NULL;
  if (!push (builder, OSSL_PKEY_PARAM_RSA_N, n) || !push (builder, OSSL_PKEY_PARAM_RSA_E, e)
      || !push (builder, OSSL_PKEY_PARAM_RSA_D, d)
      || !push (builder, OSSL_PKEY_PARAM_RSA_FACTOR1, p)
      || !push (builder, OSSL_PKEY_PARAM_RSA_FACTOR2, q)
      || !push (builder, OSSL_PKEY_PARAM_RSA_EXPONENT1, dp)
      || !push (builder, OSSL_PKEY_PARAM_RSA_EXPONENT2, dq)
      || !push (builder, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, u))
    return ll_openssl_set_error (error, LL_ERROR_FAILED, _ ("An RSA key cannot be put together")),
           NULL;
  return build (pss ? "RSA-PSS" : "RSA", builder, error);
}

static EVP_PKEY *
read_ec (GBytes *sexp, const char *curve, GError **error)
{
  g_autoptr (OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new ();
  g_autoptr (BIGNUM) d = read_number (sexp, "d", error);
  const guint8 *point;
  gsize length;

  if (d == NULL || !ll_sexp_find (sexp, "q", &point, &length, error))
    return NULL;
  if (!OSSL_PARAM_BLD_push_utf8_string (builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0)
      || !OSSL_PARAM_BLD_push_octet_string (builder, OSSL_PKEY_PARAM_PUB_KEY, point, length)
      || !push (builder, OSSL_PKEY_PARAM_PRIV_KEY, d))
    return ll_openssl_set_error (error, LL_ERROR_FAILED, _ ("An EC key cannot be put together")),
           NULL;
  return build ("EC", builder, error);
}

static gsize
raw_size (const char *type)
{
  if (g_str_equal (type, "ED448"))
    return 57;
  return g_str_equal (type, "X448") ? 56 : 32;
}

static EVP_PKEY *
read_octets (GBytes *sexp, const char *type, gboolean reversed, GError **error)
{
  guint8 secret[MAX_RAW_KEY] = { 0 };
  gsize length, size = raw_size (type);
  const guint8 *value;
  EVP_PKEY *key = NULL;

  if (!ll_sexp_find (sexp, "d", &value, &length, error))
    return NULL;
  if (ll_sexp_fit_integer (value, length, secret, size))
    {
      for (gsize i = 0; reversed && i < size / 2; i++)
        {
          guint8 octet = secret[i];
          secret[i] = secret[size - 1 - i];
          secret[size - 1 - i] = octet;
        }
      key = EVP_PKEY_new_raw_private_key_ex (NULL, type, "provider=default", secret, size);
    }
  explicit_bzero (secret, sizeof secret);
  if (key == NULL)
    ll_openssl_set_error (error, LL_ERROR_BAD_DATA,
                          _ ("OpenSSL does not take the private key that gpg-agent has"));
  return key;
}

EVP_PKEY *
ll_sexp_read_private_key (GBytes *sexp, gboolean pss, GError **error)
{
  const guint8 *curve;
  gsize length;
  gboolean octets, reversed;
  const char *name;

  if (!ll_sexp_find (sexp, "curve", &curve, &length, NULL))
    return read_rsa (sexp, pss, error);
  name = ll_sexp_openssl_curve (curve, length, &octets, &reversed);
  if (name == NULL)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
                           _ ("gpg-agent's private key is on a curve that is not known here."));
      return NULL;
    }
  return octets ? read_octets (sexp, name, reversed, error) : read_ec (sexp, name, error);
}
