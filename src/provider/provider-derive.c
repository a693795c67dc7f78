/* provider-derive.c - key agreement: X25519; ECDH, and the X9.63 KDF that CMS puts behind it (RFC
 * 5753, RFC 3278). What enters: the other side's point; what leaves: the shared secret, or a key
 * derived from it. The agent multiplies; the KDF runs here.
 */
#include <config.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/proverr.h>
#include <string.h>

#include "bridge/sexp.h"
#include "provider/provider-private.h"

static OSSL_FUNC_keyexch_newctx_fn derive_newctx;
static OSSL_FUNC_keyexch_freectx_fn derive_freectx;
static OSSL_FUNC_keyexch_dupctx_fn derive_dupctx;
static OSSL_FUNC_keyexch_init_fn derive_init;
static OSSL_FUNC_keyexch_set_peer_fn derive_set_peer;
static OSSL_FUNC_keyexch_derive_fn derive_derive;
static OSSL_FUNC_keyexch_set_ctx_params_fn derive_set_params;
static OSSL_FUNC_keyexch_get_ctx_params_fn derive_get_params;
static OSSL_FUNC_keyexch_settable_ctx_params_fn derive_settable;
static OSSL_FUNC_keyexch_gettable_ctx_params_fn derive_gettable;

#define MAX_FIELD 66 /* P-521 */

typedef struct
{
  OSSL_LIB_CTX *context;
  LlKeyHandle *key, *peer;
  int cofactor_mode; /* kept and told: every curve that we know has the cofactor 1 */
  gboolean with_kdf;
  EVP_MD *kdf_hash;
  gsize kdf_length;
  guint8 *ukm;
  gsize ukm_length;
} Derive;

static void *
derive_newctx (void *provctx)
{
  Derive *self = g_new0 (Derive, 1);

  self->context = provctx;
  return self;
}

static void
derive_freectx (void *ctx)
{
  Derive *self = ctx;

  g_clear_pointer (&self->key, ll_key_handle_unref);
  g_clear_pointer (&self->peer, ll_key_handle_unref);
  EVP_MD_free (self->kdf_hash);
  g_free (self->ukm);
  g_free (self);
}

static void *
derive_dupctx (void *ctx)
{
  Derive *self = ctx, *copy = derive_newctx (self->context);

  copy->key = self->key != NULL ? ll_key_handle_ref (self->key) : NULL;
  copy->peer = self->peer != NULL ? ll_key_handle_ref (self->peer) : NULL;
  copy->cofactor_mode = self->cofactor_mode;
  copy->with_kdf = self->with_kdf;
  if (self->kdf_hash != NULL && EVP_MD_up_ref (self->kdf_hash))
    copy->kdf_hash = self->kdf_hash;
  copy->kdf_length = self->kdf_length;
  copy->ukm = g_memdup2 (self->ukm, self->ukm_length);
  copy->ukm_length = self->ukm_length;
  return copy;
}

static int
derive_init (void *ctx, void *provkey, const OSSL_PARAM params[])
{
  Derive *self = ctx;
  LlKeyHandle *key = provkey;

  if (key == NULL || key->keygrip == NULL)
    {
      ERR_raise (ERR_LIB_PROV, PROV_R_NOT_A_PRIVATE_KEY);
      return 0;
    }
  g_clear_pointer (&self->key, ll_key_handle_unref);
  self->key = ll_key_handle_ref (key);
  return derive_set_params (ctx, params);
}

static int
derive_set_peer (void *ctx, void *provkey)
{
  Derive *self = ctx;
  LlKeyHandle *peer = provkey;

  if (self->key == NULL || peer == NULL || !peer->has_public_point
      || EVP_PKEY_parameters_eq (self->key->public, peer->public) != 1)
    {
      ERR_raise (ERR_LIB_PROV, PROV_R_MISMATCHING_DOMAIN_PARAMETERS);
      return 0;
    }
  g_clear_pointer (&self->peer, ll_key_handle_unref);
  self->peer = ll_key_handle_ref (peer);
  return 1;
}

/* The other side's public key as the agent writes it: 40 || X. */
static GBytes *
montgomery_expression (const Derive *self, gsize field)
{
  guint8 point[1 + MAX_FIELD] = { 0x40 };
  gsize length = MAX_FIELD;

  if (EVP_PKEY_get_raw_public_key (self->peer->public, point + 1, &length) != 1 || length != field)
    return NULL;
  return ll_sexp_ecdh_ciphertext (point, 1 + length);
}

/* The other side's point as 04 || X || Y. */
static GBytes *
peer_expression (const Derive *self, gsize field)
{
  g_autoptr (BIGNUM) x = NULL;
  g_autoptr (BIGNUM) y = NULL;
  guint8 point[1 + 2 * MAX_FIELD] = { 0x04 };

  if (field > MAX_FIELD || !EVP_PKEY_get_bn_param (self->peer->public, OSSL_PKEY_PARAM_EC_PUB_X, &x)
      || !EVP_PKEY_get_bn_param (self->peer->public, OSSL_PKEY_PARAM_EC_PUB_Y, &y)
      || BN_bn2binpad (x, point + 1, (int)field) < 0
      || BN_bn2binpad (y, point + 1 + field, (int)field) < 0)
    return NULL;
  return ll_sexp_ecdh_ciphertext (point, 1 + 2 * field);
}

/* X of what the agent gives: 04 || X || Y, 40 || X, or from a card X alone. */
static gboolean
take_x (GBytes *value, guint8 *shared, gsize field)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (value, &length);

  if (length == 1 + 2 * field && data[0] == 0x04)
    memcpy (shared, data + 1, field);
  else if (length == 1 + field && data[0] == 0x40)
    memcpy (shared, data + 1, field);
  else
    return length <= field && ll_sexp_fit_integer (data, length, shared, field);
  return TRUE;
}

static gboolean
ask_agent (Derive *self, guint8 *shared, gsize field)
{
  LlAgentUse use = ll_key_handle_get_use (self->key, LL_AGENT_TO_DECRYPT);
  g_autoptr (GBytes) expression = self->key->type == LL_KEY_X25519
                                      ? montgomery_expression (self, field)
                                      : peer_expression (self, field);
  g_autoptr (GBytes) value = NULL;
  GError *error = NULL;

  if (expression == NULL)
    return FALSE;
  value = ll_agent_decrypt (&use, expression, NULL, ll_provider_get_cancellable (), &error);
  if (value == NULL)
    return ll_provider_fail (error);
  return take_x (value, shared, field);
}

/* X9.63 with the shared info of CMS. The fetched KDF takes it as "info"; "ukm" it would ignore. */
static gboolean
run_kdf (const Derive *self, guint8 *shared, gsize field, guint8 *secret, gsize length)
{
  g_autoptr (EVP_KDF) kdf
      = EVP_KDF_fetch (self->context, OSSL_KDF_NAME_X963KDF, LL_PROVIDER_DEFAULT);
  g_autoptr (EVP_KDF_CTX) context = EVP_KDF_CTX_new (kdf);
  OSSL_PARAM params[4] = { 0 };
  gsize n = 0;

  if (context == NULL || self->kdf_hash == NULL)
    return FALSE;
  params[n++] = OSSL_PARAM_construct_utf8_string (OSSL_KDF_PARAM_DIGEST,
                                                  (char *)EVP_MD_get0_name (self->kdf_hash), 0);
  params[n++] = OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_KEY, shared, field);
  if (self->ukm != NULL)
    params[n++]
        = OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_INFO, self->ukm, self->ukm_length);
  params[n] = OSSL_PARAM_construct_end ();
  return EVP_KDF_derive (context, secret, length, params) > 0;
}

static int
derive_derive (void *ctx, unsigned char *secret, size_t *secretlen, size_t outlen)
{
  Derive *self = ctx;
  gsize field, length;
  guint8 shared[MAX_FIELD] = { 0 };
  gboolean done;

  if (self->key == NULL || self->peer == NULL)
    {
      ERR_raise (ERR_LIB_PROV, PROV_R_MISSING_KEY);
      return 0;
    }
  field = ll_key_handle_get_size (self->key);
  length = self->with_kdf ? self->kdf_length : field;
  if (secret == NULL)
    {
      *secretlen = length;
      return 1;
    }
  if (outlen < length || field > sizeof shared)
    {
      ERR_raise (ERR_LIB_PROV, PROV_R_OUTPUT_BUFFER_TOO_SMALL);
      return 0;
    }
  done = ask_agent (self, shared, field);
  if (done && self->with_kdf)
    done = run_kdf (self, shared, field, secret, length);
  else if (done)
    memcpy (secret, shared, length);
  explicit_bzero (shared, sizeof shared);
  *secretlen = done ? length : 0;
  return done;
}

/* Parameters. */

static gboolean
set_kdf_type (Derive *self, const OSSL_PARAM *param)
{
  const char *name = NULL;

  if (!OSSL_PARAM_get_utf8_string_ptr (param, &name))
    return FALSE;
  self->with_kdf = *name != '\0';
  return *name == '\0' || g_ascii_strcasecmp (name, OSSL_KDF_NAME_X963KDF) == 0;
}

static gboolean
set_ukm (Derive *self, const OSSL_PARAM *param)
{
  void *ukm = NULL;
  size_t length = 0;

  if (!OSSL_PARAM_get_octet_string (param, &ukm, 0, &length))
    return FALSE;
  g_free (self->ukm);
  self->ukm = g_memdup2 (ukm, length);
  self->ukm_length = length;
  OPENSSL_free (ukm);
  return TRUE;
}

static int
derive_set_params (void *ctx, const OSSL_PARAM params[])
{
  Derive *self = ctx;
  const OSSL_PARAM *param;

  if (params == NULL)
    return 1;
  param = OSSL_PARAM_locate_const (params, OSSL_EXCHANGE_PARAM_EC_ECDH_COFACTOR_MODE);
  if (param != NULL && !OSSL_PARAM_get_int (param, &self->cofactor_mode))
    return 0;
  param = OSSL_PARAM_locate_const (params, OSSL_EXCHANGE_PARAM_KDF_TYPE);
  if (param != NULL && !set_kdf_type (self, param))
    return 0;
  param = OSSL_PARAM_locate_const (params, OSSL_EXCHANGE_PARAM_KDF_DIGEST);
  if (param != NULL && !ll_provider_set_digest (self->context, param, &self->kdf_hash))
    return 0;
  param = OSSL_PARAM_locate_const (params, OSSL_EXCHANGE_PARAM_KDF_OUTLEN);
  if (param != NULL && !OSSL_PARAM_get_size_t (param, &self->kdf_length))
    return 0;
  param = OSSL_PARAM_locate_const (params, OSSL_EXCHANGE_PARAM_KDF_UKM);
  return param == NULL || set_ukm (self, param);
}

static int
derive_get_params (void *ctx, OSSL_PARAM params[])
{
  Derive *self = ctx;
  const char *hash = self->kdf_hash != NULL ? EVP_MD_get0_name (self->kdf_hash) : "";
  OSSL_PARAM *param = OSSL_PARAM_locate (params, OSSL_EXCHANGE_PARAM_EC_ECDH_COFACTOR_MODE);

  if (param != NULL && !OSSL_PARAM_set_int (param, self->cofactor_mode))
    return 0;
  param = OSSL_PARAM_locate (params, OSSL_EXCHANGE_PARAM_KDF_TYPE);
  if (param != NULL
      && !OSSL_PARAM_set_utf8_string (param, self->with_kdf ? OSSL_KDF_NAME_X963KDF : ""))
    return 0;
  param = OSSL_PARAM_locate (params, OSSL_EXCHANGE_PARAM_KDF_DIGEST);
  if (param != NULL && !OSSL_PARAM_set_utf8_string (param, hash))
    return 0;
  param = OSSL_PARAM_locate (params, OSSL_EXCHANGE_PARAM_KDF_OUTLEN);
  if (param != NULL && !OSSL_PARAM_set_size_t (param, self->kdf_length))
    return 0;
  param = OSSL_PARAM_locate (params, OSSL_EXCHANGE_PARAM_KDF_UKM);
  return param == NULL || OSSL_PARAM_set_octet_ptr (param, self->ukm, self->ukm_length);
}

#define DERIVE_PARAMS(ukm_type)                                                                    \
  {                                                                                                \
    OSSL_PARAM_DEFN (OSSL_EXCHANGE_PARAM_EC_ECDH_COFACTOR_MODE, OSSL_PARAM_INTEGER, NULL, 0),      \
        OSSL_PARAM_DEFN (OSSL_EXCHANGE_PARAM_KDF_TYPE, OSSL_PARAM_UTF8_STRING, NULL, 0),           \
        OSSL_PARAM_DEFN (OSSL_EXCHANGE_PARAM_KDF_DIGEST, OSSL_PARAM_UTF8_STRING, NULL, 0),         \
        OSSL_PARAM_DEFN (OSSL_EXCHANGE_PARAM_KDF_OUTLEN, OSSL_PARAM_UNSIGNED_INTEGER, NULL, 0),    \
        OSSL_PARAM_DEFN (OSSL_EXCHANGE_PARAM_KDF_UKM, ukm_type, NULL, 0), OSSL_PARAM_END           \
  }

static const OSSL_PARAM *
derive_settable (void *ctx, void *provctx)
{
  static const OSSL_PARAM params[] = DERIVE_PARAMS (OSSL_PARAM_OCTET_STRING);
  return params;
}

static const OSSL_PARAM *
derive_gettable (void *ctx, void *provctx)
{
  static const OSSL_PARAM params[] = DERIVE_PARAMS (OSSL_PARAM_OCTET_PTR);
  return params;
}

static const OSSL_DISPATCH ecdh_functions[]
    = { { OSSL_FUNC_KEYEXCH_NEWCTX, (void (*) (void))derive_newctx },
        { OSSL_FUNC_KEYEXCH_FREECTX, (void (*) (void))derive_freectx },
        { OSSL_FUNC_KEYEXCH_DUPCTX, (void (*) (void))derive_dupctx },
        { OSSL_FUNC_KEYEXCH_INIT, (void (*) (void))derive_init },
        { OSSL_FUNC_KEYEXCH_SET_PEER, (void (*) (void))derive_set_peer },
        { OSSL_FUNC_KEYEXCH_DERIVE, (void (*) (void))derive_derive },
        { OSSL_FUNC_KEYEXCH_SET_CTX_PARAMS, (void (*) (void))derive_set_params },
        { OSSL_FUNC_KEYEXCH_SETTABLE_CTX_PARAMS, (void (*) (void))derive_settable },
        { OSSL_FUNC_KEYEXCH_GET_CTX_PARAMS, (void (*) (void))derive_get_params },
        { OSSL_FUNC_KEYEXCH_GETTABLE_CTX_PARAMS, (void (*) (void))derive_gettable },
        { 0, NULL } };

const OSSL_ALGORITHM ll_provider_keyexch[] = {
  { "ECDH", LL_PROVIDER_OURS, ecdh_functions, NULL },
  { "X25519:1.3.101.110", LL_PROVIDER_OURS, ecdh_functions, NULL },
  { NULL, NULL, NULL, NULL },
};
