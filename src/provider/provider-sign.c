/* provider-sign.c - signatures: RSA PKCS#1 v1.5 and PSS (RFC 8017 section 8), ECDSA, Ed25519 (RFC
 * 8032). What enters: data or a digest; what leaves: a signature that has been verified once with
 * the public key, so that no fault in a card or an agent is ever published.
 *
 * gpg-agent makes PSS signatures for cards alone. For a key on disk the padding is put on here and
 * the agent applies the key to it, which it calls decryption; the words in pinentry are ours.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/proverr.h>
#include <openssl/rsa.h>
#include <string.h>

#include "bridge/sexp.h"
#include "provider/padding.h"
#include "provider/provider-private.h"

static OSSL_FUNC_signature_newctx_fn sign_newctx;
static OSSL_FUNC_signature_freectx_fn sign_freectx;
static OSSL_FUNC_signature_dupctx_fn sign_dupctx;
static OSSL_FUNC_signature_sign_init_fn sign_init;
static OSSL_FUNC_signature_sign_fn sign_sign;
static OSSL_FUNC_signature_digest_sign_init_fn sign_digest_init;
static OSSL_FUNC_signature_digest_sign_update_fn sign_digest_update;
static OSSL_FUNC_signature_digest_sign_final_fn sign_digest_final;
static OSSL_FUNC_signature_digest_sign_fn sign_digest_once;
static OSSL_FUNC_signature_set_ctx_params_fn sign_set_params;
static OSSL_FUNC_signature_get_ctx_params_fn sign_get_params;
static OSSL_FUNC_signature_settable_ctx_params_fn sign_settable;
static OSSL_FUNC_signature_gettable_ctx_params_fn sign_gettable;

#define ED25519_SIZE 64
#define MAX_EDDSA_BYTES 2048 /* what the agent takes; signed attributes are far shorter */
#define DEFAULT_DIGEST "SHA256"
#define PSS_DEFAULT_SALT 20 /* RFC 8017 appendix A.2.3 */

typedef struct
{
  OSSL_LIB_CTX *context;
  LlKeyHandle *key;
  int padding;      /* RSA */
  int salt_length;  /* PSS: octets, or one of OpenSSL's negative words */
  EVP_MD *hash;     /* NULL: none chosen */
  EVP_MD *mgf_hash; /* PSS; NULL: the same */
  EVP_MD_CTX *digest;
  GByteArray *data; /* Ed25519 signs the data, not a digest */
} Sign;

static void *
sign_newctx (void *provctx, const char *propq)
{
  Sign *self = g_new0 (Sign, 1);

  self->context = provctx;
  self->padding = RSA_PKCS1_PADDING;
  self->salt_length = RSA_PSS_SALTLEN_DIGEST;
  return self;
}

static void
sign_freectx (void *ctx)
{
  Sign *self = ctx;

  g_clear_pointer (&self->key, ll_key_handle_unref);
  EVP_MD_free (self->hash);
  EVP_MD_free (self->mgf_hash);
  EVP_MD_CTX_free (self->digest);
  g_clear_pointer (&self->data, g_byte_array_unref);
  g_free (self);
}

static void *
sign_dupctx (void *ctx)
{
  Sign *self = ctx, *copy = sign_newctx (self->context, NULL);
  gboolean done = TRUE;

  copy->key = self->key != NULL ? ll_key_handle_ref (self->key) : NULL;
  copy->padding = self->padding;
  copy->salt_length = self->salt_length;
  if (self->hash != NULL && EVP_MD_up_ref (self->hash))
    copy->hash = self->hash;
  if (self->mgf_hash != NULL && EVP_MD_up_ref (self->mgf_hash))
    copy->mgf_hash = self->mgf_hash;
  if (self->digest != NULL)
    {
      copy->digest = EVP_MD_CTX_new ();
      done = copy->digest != NULL && EVP_MD_CTX_copy_ex (copy->digest, self->digest);
    }
  if (self->data != NULL)
    {
      copy->data = g_byte_array_new ();
      g_byte_array_append (copy->data, self->data->data, self->data->len);
    }
  if (!done)
    g_clear_pointer (&copy, sign_freectx);
  return copy;
}

static int
sign_init (void *ctx, void *provkey, const OSSL_PARAM params[])
{
  Sign *self = ctx;
  LlKeyHandle *key = provkey;

  if (key != NULL)
    {
      if (key->keygrip == NULL)
        {
          ERR_raise (ERR_LIB_PROV, PROV_R_NOT_A_PRIVATE_KEY);
          return 0;
        }
      g_clear_pointer (&self->key, ll_key_handle_unref);
      self->key = ll_key_handle_ref (key);
      self->padding = key->type == LL_KEY_RSA_PSS ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
    }
  return self->key != NULL && sign_set_params (ctx, params);
}

/* Making each kind of signature. They take a digest and give octets; NULL with an error. */

static gsize
salt_octets (const Sign *self)
{
  gsize hash = (gsize)EVP_MD_get_size (self->hash);
  gsize encoded = ((gsize)EVP_PKEY_get_bits (self->key->public) - 1 + 7) / 8;
  gsize most = encoded >= hash + 2 ? encoded - hash - 2 : 0;

  switch (self->salt_length)
    {
    case RSA_PSS_SALTLEN_MAX:
    case RSA_PSS_SALTLEN_AUTO:
      return most;
    default:
      return self->salt_length >= 0 ? (gsize)self->salt_length : hash;
    }
}

static GBytes *
make_pss (Sign *self, const guint8 *digest, GError **error)
{
  LlAgentUse use = ll_key_handle_get_use (self->key, LL_AGENT_TO_SIGN);
  gsize bits = (gsize)EVP_PKEY_get_bits (self->key->public);
  gsize size = ll_key_handle_get_size (self->key);
  g_autofree guint8 *octets = g_malloc0 (size);
  g_autoptr (GBytes) expression = NULL;
  g_autoptr (GBytes) value = NULL;
  gboolean from_card = FALSE;

  if (!ll_key_handle_on_disk (self->key,
                              _ ("The card or token that has the private key cannot make PSS "
                                 "signatures."),
                              error))
    return NULL;
  if (!ll_padding_encode_pss (octets, bits, digest, self->hash,
                              self->mgf_hash != NULL ? self->mgf_hash : self->hash,
                              salt_octets (self)))
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_CANNOT_SIGN,
                           _ ("The RSA key is too short for this hash with PSS."));
      return NULL;
    }
  expression = ll_sexp_rsa_ciphertext (octets, size);
  value = ll_agent_decrypt (&use, expression, &from_card, ll_provider_get_cancellable (), error);
  if (value == NULL)
    return NULL;
  if (!from_card
      && ll_sexp_fit_integer (g_bytes_get_data (value, NULL), g_bytes_get_size (value), octets,
                              size))
    return g_bytes_new_take (g_steal_pointer (&octets), size);
  g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
                       _ ("The card or token that has the private key cannot make PSS "
                          "signatures."));
  return NULL;
}

static const char *
agent_hash_name (const EVP_MD *hash)
{
  static const struct
  {
    const char *openssl, *agent;
  } names[] = {
    { "SHA1", "sha1" },       { "SHA2-224", "sha224" }, { "SHA2-256", "sha256" },
    { "SHA2-384", "sha384" }, { "SHA2-512", "sha512" }, { "RIPEMD-160", "rmd160" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (EVP_MD_is_a (hash, names[i].openssl))
      return names[i].agent;
  return NULL;
}

static GBytes *
make_pkcs1 (Sign *self, const guint8 *digest, GError **error)
{
  LlAgentUse use = ll_key_handle_get_use (self->key, LL_AGENT_TO_SIGN);
  const char *hash = agent_hash_name (self->hash);
  g_autoptr (GBytes) expression = NULL;

  if (hash == NULL)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
                   _ ("gpg-agent cannot sign with the hash “%s”."), EVP_MD_get0_name (self->hash));
      return NULL;
    }
  expression = ll_agent_sign_digest (&use, hash, digest, (gsize)EVP_MD_get_size (self->hash),
                                     ll_provider_get_cancellable (), error);
  return expression != NULL
             ? ll_sexp_rsa_signature (expression, ll_key_handle_get_size (self->key), error)
             : NULL;
}

/* The agent refuses a digest shorter than the curve: zeros in front do not change the integer. A
 * longer one it cuts at the end, as ECDSA wants. */
static GBytes *
make_ecdsa (Sign *self, const guint8 *digest, gsize length, GError **error)
{
  LlAgentUse use = ll_key_handle_get_use (self->key, LL_AGENT_TO_SIGN);
  gsize curve = ll_key_handle_get_size (self->key), size = length;
  guint8 padded[64] = { 0 };
  g_autoptr (GBytes) expression = NULL;

  if (length < curve)
    size = curve > 48 ? 64 : curve > 32 ? 48 : 32;
  if (size > sizeof padded || length > size)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
                           _ ("The digest is too long for gpg-agent."));
      return NULL;
    }
  memcpy (padded + (size - length), digest, length);
  expression = ll_agent_sign_digest (&use,
                                     size == 64   ? "sha512"
                                     : size == 48 ? "sha384"
                                                  : "sha256",
                                     padded, size, ll_provider_get_cancellable (), error);
  return expression != NULL ? ll_sexp_ecdsa_signature (expression, error) : NULL;
}

static GBytes *
make_ed25519 (Sign *self, const guint8 *data, gsize length, GError **error)
{
  LlAgentUse use = ll_key_handle_get_use (self->key, LL_AGENT_TO_SIGN);
  g_autoptr (GBytes) expression = NULL;

  if (length > MAX_EDDSA_BYTES)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
                   _ ("gpg-agent signs at most %d octets with Ed25519."), MAX_EDDSA_BYTES);
      return NULL;
    }
  expression = ll_agent_sign_data (&use, data, length, ll_provider_get_cancellable (), error);
  if (expression == NULL && error != NULL
      && g_error_matches (*error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM))
    {
      g_clear_error (error);
      g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
                           _ ("This gpg-agent cannot make S/MIME signatures with an Ed25519 key. "
                              "Sign with another key: name it with --as."));
    }
  return expression != NULL ? ll_sexp_eddsa_signature (expression, ED25519_SIZE, error) : NULL;
}

/* Checking it with the public key. */

static gboolean
prepare_check (Sign *self, EVP_PKEY_CTX *checker)
{
  if (self->key->type == LL_KEY_EC)
    return TRUE;
  if (EVP_PKEY_CTX_set_rsa_padding (checker, self->padding) <= 0
      || EVP_PKEY_CTX_set_signature_md (checker, self->hash) <= 0)
    return FALSE;
  if (self->padding != RSA_PKCS1_PSS_PADDING)
    return TRUE;
  return EVP_PKEY_CTX_set_rsa_pss_saltlen (checker, (int)salt_octets (self)) > 0
         && (self->mgf_hash == NULL || EVP_PKEY_CTX_set_rsa_mgf1_md (checker, self->mgf_hash) > 0);
}

static gboolean
check_signature (Sign *self, const guint8 *signed_octets, gsize length, GBytes *signature,
                 GError **error)
{
  gsize size;
  const guint8 *octets = g_bytes_get_data (signature, &size);
  gboolean good;

  if (self->key->type == LL_KEY_ED25519)
    {
      g_autoptr (EVP_MD_CTX) checker = EVP_MD_CTX_new ();
      good = EVP_DigestVerifyInit_ex (checker, NULL, NULL, self->context, LL_PROVIDER_DEFAULT,
                                      self->key->public, NULL)
                 > 0
             && EVP_DigestVerify (checker, octets, size, signed_octets, length) == 1;
    }
  else
    {
      g_autoptr (EVP_PKEY_CTX) checker
          = EVP_PKEY_CTX_new_from_pkey (self->context, self->key->public, LL_PROVIDER_DEFAULT);
      good = checker != NULL && EVP_PKEY_verify_init (checker) > 0 && prepare_check (self, checker)
             && EVP_PKEY_verify (checker, octets, size, signed_octets, length) == 1;
    }
  if (!good)
    ll_openssl_set_error (error, LL_ERROR_CANNOT_SIGN,
                          _ ("gpg-agent made a signature that the certificate does not verify"));
  return good;
}

/* OpenSSL's side. */

static gsize
signature_size (const Sign *self)
{
  return (gsize)EVP_PKEY_get_size (self->key->public);
}

static GBytes *
make_signature (Sign *self, const guint8 *octets, gsize length, GError **error)
{
  switch (self->key->type)
    {
    case LL_KEY_EC:
      return make_ecdsa (self, octets, length, error);
    case LL_KEY_ED25519:
      return make_ed25519 (self, octets, length, error);
    default:
      return self->padding == RSA_PKCS1_PSS_PADDING ? make_pss (self, octets, error)
                                                    : make_pkcs1 (self, octets, error);
    }
}

static gboolean
choose_default_digest (Sign *self)
{
  if (self->hash == NULL && self->key->type != LL_KEY_ED25519)
    self->hash = ll_provider_fetch_digest (self->context, DEFAULT_DIGEST);
  return self->hash != NULL || self->key->type == LL_KEY_ED25519;
}

static int
sign_sign (void *ctx, unsigned char *sig, size_t *siglen, size_t sigsize, const unsigned char *tbs,
           size_t tbslen)
{
  Sign *self = ctx;
  g_autoptr (GBytes) signature = NULL;
  GError *error = NULL;
  gboolean rsa;

  if (sig == NULL)
    {
      *siglen = signature_size (self);
      return 1;
    }
  rsa = self->key->type == LL_KEY_RSA || self->key->type == LL_KEY_RSA_PSS;
  if (!choose_default_digest (self) || (rsa && tbslen != (size_t)EVP_MD_get_size (self->hash)))
    {
      ERR_raise (ERR_LIB_PROV, PROV_R_INVALID_DIGEST_LENGTH);
      return 0;
    }
  signature = make_signature (self, tbs, tbslen, &error);
  if (signature == NULL || !check_signature (self, tbs, tbslen, signature, &error))
    return ll_provider_fail (error);
  if (g_bytes_get_size (signature) > sigsize)
    return 0;
  *siglen = g_bytes_get_size (signature);
  memcpy (sig, g_bytes_get_data (signature, NULL), *siglen);
  return 1;
}

static gboolean
set_digest_name (Sign *self, const char *mdname)
{
  EVP_MD *hash;

  if (mdname == NULL || *mdname == '\0')
    return TRUE;
  hash = ll_provider_fetch_digest (self->context, mdname);
  if (hash == NULL)
    return FALSE;
  EVP_MD_free (self->hash);
  self->hash = hash;
  return TRUE;
}

/* An older OpenSSL names a digest for Ed25519 too: it is of no use, and no harm. */
static int
sign_digest_init (void *ctx, const char *mdname, void *provkey, const OSSL_PARAM params[])
{
  Sign *self = ctx;

  if (!sign_init (ctx, provkey, params))
    return 0;
  if (self->key->type == LL_KEY_ED25519)
    {
      g_clear_pointer (&self->data, g_byte_array_unref);
      self->data = g_byte_array_new ();
      return 1;
    }
  if (!set_digest_name (self, mdname) || !choose_default_digest (self))
    return 0;
  EVP_MD_CTX_free (self->digest);
  self->digest = EVP_MD_CTX_new ();
  return self->digest != NULL && EVP_DigestInit_ex2 (self->digest, self->hash, NULL);
}

static int
sign_digest_update (void *ctx, const unsigned char *data, size_t length)
{
  Sign *self = ctx;

  if (self->data == NULL)
    return self->digest != NULL && EVP_DigestUpdate (self->digest, data, length);
  if (length > MAX_EDDSA_BYTES + 1 - MIN (self->data->len, MAX_EDDSA_BYTES + 1))
    length = MAX_EDDSA_BYTES + 1 - MIN (self->data->len, MAX_EDDSA_BYTES + 1);
  /* one octet too many is kept, so that the end refuses it with a reason */
  g_byte_array_append (self->data, data, (guint)length);
  return 1;
}

static int
sign_digest_final (void *ctx, unsigned char *sig, size_t *siglen, size_t sigsize)
{
  Sign *self = ctx;
  guint8 digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;

  if (sig == NULL)
    return sign_sign (ctx, NULL, siglen, 0, NULL, 0);
  if (self->data != NULL)
    return sign_sign (ctx, sig, siglen, sigsize, self->data->data, self->data->len);
  if (self->digest == NULL || !EVP_DigestFinal_ex (self->digest, digest, &length))
    return 0;
  return sign_sign (ctx, sig, siglen, sigsize, digest, length);
}

static int
sign_digest_once (void *ctx, unsigned char *sig, size_t *siglen, size_t sigsize,
                  const unsigned char *tbs, size_t tbslen)
{
  if (sig != NULL && !sign_digest_update (ctx, tbs, tbslen))
    return 0;
  return sign_digest_final (ctx, sig, siglen, sigsize);
}

/* The AlgorithmIdentifier that belongs to the signature. */

static gboolean
set_pss_hash (X509_ALGOR **slot, const EVP_MD *hash)
{
  if (EVP_MD_is_a (hash, "SHA1"))
    return TRUE; /* the default is left out of DER */
  *slot = X509_ALGOR_new ();
  /* AL-01: with a NULL, as RFC 4055 section 2.1 has it. */
  return *slot != NULL
         && X509_ALGOR_set0 (*slot, OBJ_nid2obj (EVP_MD_get_type (hash)), V_ASN1_NULL, NULL);
}

static gboolean
set_pss_mask (X509_ALGOR **slot, const EVP_MD *hash)
{
  g_autoptr (X509_ALGOR) inner = NULL;
  ASN1_STRING *packed = NULL;

  if (EVP_MD_is_a (hash, "SHA1"))
    return TRUE;
  if (!set_pss_hash (&inner, hash)
      || ASN1_item_pack (inner, ASN1_ITEM_rptr (X509_ALGOR), &packed) == NULL)
    return FALSE;
  *slot = X509_ALGOR_new ();
  return *slot != NULL && X509_ALGOR_set0 (*slot, OBJ_nid2obj (NID_mgf1), V_ASN1_SEQUENCE, packed);
}

static gboolean
set_pss_algorithm (const Sign *self, X509_ALGOR *algorithm)
{
  g_autoptr (RSA_PSS_PARAMS) pss = RSA_PSS_PARAMS_new ();
  ASN1_STRING *packed = NULL;
  gsize salt = salt_octets (self);

  if (pss == NULL || !set_pss_hash (&pss->hashAlgorithm, self->hash)
      || !set_pss_mask (&pss->maskGenAlgorithm,
                        self->mgf_hash != NULL ? self->mgf_hash : self->hash))
    return FALSE;
  if (salt != PSS_DEFAULT_SALT)
    {
      pss->saltLength = ASN1_INTEGER_new ();
      if (pss->saltLength == NULL || !ASN1_INTEGER_set_uint64 (pss->saltLength, salt))
        return FALSE;
    }
  return ASN1_item_pack (pss, ASN1_ITEM_rptr (RSA_PSS_PARAMS), &packed) != NULL
         && X509_ALGOR_set0 (algorithm, OBJ_nid2obj (NID_rsassaPss), V_ASN1_SEQUENCE, packed);
}

static gboolean
set_algorithm (const Sign *self, X509_ALGOR *algorithm)
{
  gboolean ec = self->key->type == LL_KEY_EC;
  int nid = NID_undef;

  if (self->key->type == LL_KEY_ED25519)
    return X509_ALGOR_set0 (algorithm, OBJ_nid2obj (NID_ED25519), V_ASN1_UNDEF, NULL);
  if (self->hash == NULL)
    return FALSE;
  if (!ec && self->padding == RSA_PKCS1_PSS_PADDING)
    return set_pss_algorithm (self, algorithm);
  return OBJ_find_sigid_by_algs (&nid, EVP_MD_get_type (self->hash),
                                 ec ? NID_X9_62_id_ecPublicKey : NID_rsaEncryption)
         && X509_ALGOR_set0 (algorithm, OBJ_nid2obj (nid), ec ? V_ASN1_UNDEF : V_ASN1_NULL, NULL);
}

static gboolean
get_algorithm_id (const Sign *self, OSSL_PARAM *param)
{
  g_autoptr (X509_ALGOR) algorithm = X509_ALGOR_new ();
  g_autoptr (GBytes) der = NULL;

  if (algorithm == NULL || !set_algorithm (self, algorithm))
    return FALSE;
  der = LL_DER (algorithm, X509_ALGOR);
  return der != NULL
         && OSSL_PARAM_set_octet_string (param, g_bytes_get_data (der, NULL),
                                         g_bytes_get_size (der));
}

/* Parameters. */

static const struct
{
  int number;
  const char *word;
} salt_words[] = {
  { RSA_PSS_SALTLEN_DIGEST, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST },
  { RSA_PSS_SALTLEN_MAX, OSSL_PKEY_RSA_PSS_SALT_LEN_MAX },
  { RSA_PSS_SALTLEN_AUTO, OSSL_PKEY_RSA_PSS_SALT_LEN_AUTO },
};

static gboolean
read_salt_length (Sign *self, const OSSL_PARAM *param)
{
  const char *word = NULL;
  guint64 number = 0;

  if (param->data_type != OSSL_PARAM_UTF8_STRING)
    return OSSL_PARAM_get_int (param, &self->salt_length);
  if (!OSSL_PARAM_get_utf8_string_ptr (param, &word))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (salt_words); i++)
    if (g_str_equal (salt_words[i].word, word))
      {
        self->salt_length = salt_words[i].number;
        return TRUE;
      }
  if (!g_ascii_string_to_unsigned (word, 10, 0, G_MAXUINT16, &number, NULL))
    return FALSE;
  self->salt_length = (int)number;
  return TRUE;
}

static gboolean
write_salt_length (const Sign *self, OSSL_PARAM *param)
{
  char text[16];

  if (param->data_type != OSSL_PARAM_UTF8_STRING)
    return OSSL_PARAM_set_int (param, self->salt_length);
  for (gsize i = 0; i < G_N_ELEMENTS (salt_words); i++)
    if (salt_words[i].number == self->salt_length)
      return OSSL_PARAM_set_utf8_string (param, salt_words[i].word);
  g_snprintf (text, sizeof text, "%d", self->salt_length);
  return OSSL_PARAM_set_utf8_string (param, text);
}

static gboolean
read_padding (Sign *self, const OSSL_PARAM *param)
{
  int padding;

  if (!ll_provider_read_padding (param, &padding)
      || (padding != RSA_PKCS1_PSS_PADDING
          && (padding != RSA_PKCS1_PADDING || self->key->type == LL_KEY_RSA_PSS)))
    return FALSE;
  self->padding = padding;
  return TRUE;
}

static int
sign_set_params (void *ctx, const OSSL_PARAM params[])
{
  Sign *self = ctx;
  const OSSL_PARAM *param;

  if (params == NULL)
    return 1;
  param = OSSL_PARAM_locate_const (params, OSSL_SIGNATURE_PARAM_DIGEST);
  if (param != NULL && !ll_provider_set_digest (self->context, param, &self->hash))
    return 0;
  if (self->key->type != LL_KEY_RSA && self->key->type != LL_KEY_RSA_PSS)
    return 1;
  param = OSSL_PARAM_locate_const (params, OSSL_SIGNATURE_PARAM_PAD_MODE);
  if (param != NULL && !read_padding (self, param))
    return 0;
  param = OSSL_PARAM_locate_const (params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
  if (param != NULL && !read_salt_length (self, param))
    return 0;
  param = OSSL_PARAM_locate_const (params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
  return param == NULL || ll_provider_set_digest (self->context, param, &self->mgf_hash);
}

static int
sign_get_params (void *ctx, OSSL_PARAM params[])
{
  Sign *self = ctx;
  const char *hash = self->hash != NULL ? EVP_MD_get0_name (self->hash) : "";
  OSSL_PARAM *param = OSSL_PARAM_locate (params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);

  if (param != NULL && !get_algorithm_id (self, param))
    return 0;
  param = OSSL_PARAM_locate (params, OSSL_SIGNATURE_PARAM_DIGEST);
  if (param != NULL && !OSSL_PARAM_set_utf8_string (param, hash))
    return 0;
  param = OSSL_PARAM_locate (params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
  if (param != NULL
      && !OSSL_PARAM_set_utf8_string (param, self->mgf_hash != NULL
                                                 ? EVP_MD_get0_name (self->mgf_hash)
                                                 : hash))
    return 0;
  param = OSSL_PARAM_locate (params, OSSL_SIGNATURE_PARAM_PAD_MODE);
  if (param != NULL && !ll_provider_write_padding (param, self->padding))
    return 0;
  param = OSSL_PARAM_locate (params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
  return param == NULL || write_salt_length (self, param);
}

static const OSSL_PARAM *
sign_settable (void *ctx, void *provctx)
{
  static const OSSL_PARAM params[]
      = { OSSL_PARAM_DEFN (OSSL_SIGNATURE_PARAM_DIGEST, OSSL_PARAM_UTF8_STRING, NULL, 0),
          OSSL_PARAM_DEFN (OSSL_SIGNATURE_PARAM_PAD_MODE, OSSL_PARAM_UTF8_STRING, NULL, 0),
          OSSL_PARAM_DEFN (OSSL_SIGNATURE_PARAM_PSS_SALTLEN, OSSL_PARAM_UTF8_STRING, NULL, 0),
          OSSL_PARAM_DEFN (OSSL_SIGNATURE_PARAM_MGF1_DIGEST, OSSL_PARAM_UTF8_STRING, NULL, 0),
          OSSL_PARAM_END };
  return params;
}

static const OSSL_PARAM *
sign_gettable (void *ctx, void *provctx)
{
  static const OSSL_PARAM params[]
      = { OSSL_PARAM_DEFN (OSSL_SIGNATURE_PARAM_ALGORITHM_ID, OSSL_PARAM_OCTET_STRING, NULL, 0),
          OSSL_PARAM_DEFN (OSSL_SIGNATURE_PARAM_DIGEST, OSSL_PARAM_UTF8_STRING, NULL, 0),
          OSSL_PARAM_DEFN (OSSL_SIGNATURE_PARAM_PAD_MODE, OSSL_PARAM_UTF8_STRING, NULL, 0),
          OSSL_PARAM_DEFN (OSSL_SIGNATURE_PARAM_PSS_SALTLEN, OSSL_PARAM_UTF8_STRING, NULL, 0),
          OSSL_PARAM_DEFN (OSSL_SIGNATURE_PARAM_MGF1_DIGEST, OSSL_PARAM_UTF8_STRING, NULL, 0),
          OSSL_PARAM_END };
  return params;
}

static const OSSL_DISPATCH sign_functions[]
    = { { OSSL_FUNC_SIGNATURE_NEWCTX, (void (*) (void))sign_newctx },
        { OSSL_FUNC_SIGNATURE_FREECTX, (void (*) (void))sign_freectx },
        { OSSL_FUNC_SIGNATURE_DUPCTX, (void (*) (void))sign_dupctx },
        { OSSL_FUNC_SIGNATURE_SIGN_INIT, (void (*) (void))sign_init },
        { OSSL_FUNC_SIGNATURE_SIGN, (void (*) (void))sign_sign },
        { OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (void (*) (void))sign_digest_init },
        { OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, (void (*) (void))sign_digest_update },
        { OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, (void (*) (void))sign_digest_final },
        { OSSL_FUNC_SIGNATURE_DIGEST_SIGN, (void (*) (void))sign_digest_once },
        { OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (void (*) (void))sign_set_params },
        { OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, (void (*) (void))sign_settable },
        { OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, (void (*) (void))sign_get_params },
        { OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, (void (*) (void))sign_gettable },
        { 0, NULL } };

const OSSL_ALGORITHM ll_provider_signature[] = {
  { "RSA:rsaEncryption:1.2.840.113549.1.1.1", LL_PROVIDER_OURS, sign_functions, NULL },
  { "ECDSA", LL_PROVIDER_OURS, sign_functions, NULL },
  { "ED25519:1.3.101.112", LL_PROVIDER_OURS, sign_functions, NULL },
  { NULL, NULL, NULL, NULL },
};
