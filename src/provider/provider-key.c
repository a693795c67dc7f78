/* provider-key.c - key management: a key is a public key of the default provider plus the keygrip
 * of the private one. What enters: public parameters and our own two; what leaves: public
 * parameters. A private parameter is refused: none may come in, and none could go out.
 */
#include <config.h>

#include <openssl/core_names.h>

#include "provider/provider-private.h"

static OSSL_FUNC_keymgmt_free_fn key_free;
static OSSL_FUNC_keymgmt_has_fn key_has;
static OSSL_FUNC_keymgmt_match_fn key_match;
static OSSL_FUNC_keymgmt_import_fn key_import;
static OSSL_FUNC_keymgmt_export_fn key_export;
static OSSL_FUNC_keymgmt_get_params_fn key_get_params;
static OSSL_FUNC_keymgmt_set_params_fn key_set_params;
static OSSL_FUNC_keymgmt_dup_fn key_dup;
static OSSL_FUNC_keymgmt_validate_fn key_validate;

static const char *const type_names[N_LL_KEY_TYPES] = {
  [LL_KEY_RSA] = "RSA",         [LL_KEY_RSA_PSS] = "RSA-PSS", [LL_KEY_EC] = "EC",
  [LL_KEY_ED25519] = "ED25519", [LL_KEY_X25519] = "X25519",
};

const char *
ll_key_type_name (LlKeyType type)
{
  return type_names[type];
}

LlKeyHandle *
ll_key_handle_new (OSSL_LIB_CTX *context, LlKeyType type)
{
  LlKeyHandle *handle = g_new0 (LlKeyHandle, 1);

  g_atomic_ref_count_init (&handle->references);
  handle->context = context;
  handle->type = type;
  return handle;
}

LlKeyHandle *
ll_key_handle_ref (LlKeyHandle *handle)
{
  g_atomic_ref_count_inc (&handle->references);
  return handle;
}

void
ll_key_handle_unref (LlKeyHandle *handle)
{
  if (!g_atomic_ref_count_dec (&handle->references))
    return;
  EVP_PKEY_free (handle->public);
  g_free (handle->keygrip);
  g_free (handle->prompt);
  g_free (handle->name);
  g_free (handle);
}

gsize
ll_key_handle_get_size (const LlKeyHandle *handle)
{
  return ((gsize)EVP_PKEY_get_bits (handle->public) + 7) / 8;
}

LlAgentUse
ll_key_handle_get_use (const LlKeyHandle *handle, LlAgentPurpose purpose)
{
  return (LlAgentUse){ handle->keygrip, handle->prompt, purpose, handle->name };
}

gboolean
ll_key_handle_on_disk (const LlKeyHandle *handle, const char *message, GError **error)
{
  LlAgentKeyPlace place = LL_AGENT_KEY_MISSING;

  if (!ll_agent_find_key (handle->keygrip, &place, ll_provider_get_cancellable (), error))
    return FALSE;
  if (place != LL_AGENT_KEY_ON_CARD)
    return TRUE; /* a missing key is what the operation itself tells */
  g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM, message);
  return FALSE;
}

static void
key_free (void *keydata)
{
  if (keydata != NULL)
    ll_key_handle_unref (keydata);
}

static int
key_has (const void *keydata, int selection)
{
  const LlKeyHandle *handle = keydata;

  if (handle == NULL)
    return 0;
  if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 && handle->keygrip == NULL)
    return 0;
  if ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 && !handle->has_public_point)
    return 0;
  return (selection & OSSL_KEYMGMT_SELECT_ALL_PARAMETERS) == 0 || handle->public != NULL;
}

/* X509_check_private_key() asks this: the public halves decide. */
static int
key_match (const void *keydata1, const void *keydata2, int selection)
{
  const LlKeyHandle *one = keydata1, *other = keydata2;

  if (one->public == NULL || other->public == NULL)
    return 0;
  if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0)
    return EVP_PKEY_eq (one->public, other->public) == 1;
  return EVP_PKEY_parameters_eq (one->public, other->public) == 1;
}

/* Import. */

static gboolean
has_private_parameter (const OSSL_PARAM params[])
{
  static const char *const names[]
      = { OSSL_PKEY_PARAM_PRIV_KEY, OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1,
          OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_COEFFICIENT1 };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (OSSL_PARAM_locate_const (params, names[i]) != NULL)
      return TRUE;
  return FALSE;
}

static EVP_PKEY *
make_public (LlKeyHandle *handle, int selection, const OSSL_PARAM params[])
{
  g_autoptr (EVP_PKEY_CTX) maker
      = EVP_PKEY_CTX_new_from_name (handle->context, ll_key_type_name (handle->type),
                                    LL_PROVIDER_DEFAULT);
  EVP_PKEY *key = NULL;

  if (maker == NULL || EVP_PKEY_fromdata_init (maker) <= 0
      || EVP_PKEY_fromdata (maker, &key, selection, (OSSL_PARAM *)params) <= 0)
    return NULL;
  return key;
}

static gboolean
copy_text (const OSSL_PARAM params[], const char *name, char **text)
{
  const OSSL_PARAM *param = OSSL_PARAM_locate_const (params, name);
  const char *value = NULL;

  if (param == NULL)
    return TRUE;
  if (!OSSL_PARAM_get_utf8_string_ptr (param, &value))
    return FALSE;
  g_free (*text);
  *text = g_strdup (value);
  return TRUE;
}

static int
key_import (void *keydata, int selection, const OSSL_PARAM params[])
{
  LlKeyHandle *handle = keydata;
  gboolean public = (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0;

  if (has_private_parameter (params))
    return 0;
  EVP_PKEY_free (handle->public);
  handle->public
      = make_public (handle, public ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEY_PARAMETERS, params);
  if (handle->public == NULL)
    return 0;
  handle->has_public_point = public;
  return copy_text (params, LL_PARAM_KEYGRIP, &handle->keygrip)
         && copy_text (params, LL_PARAM_PROMPT, &handle->prompt)
         && copy_text (params, LL_PARAM_NAME, &handle->name);
}

/* OpenSSL asks for everything when it wants to give the key to another provider. Given the public
 * half alone, the default provider would take it for the whole key and fail; refused, OpenSSL comes
 * back to us. */
static int
key_export (void *keydata, int selection, OSSL_CALLBACK *callback, void *argument)
{
  LlKeyHandle *handle = keydata;

  if (handle->public == NULL
      || ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 && handle->keygrip != NULL))
    return 0;
  return EVP_PKEY_export (handle->public, selection & ~OSSL_KEYMGMT_SELECT_PRIVATE_KEY, callback,
                          argument);
}

/* Parameters. */

static int
key_get_params (void *keydata, OSSL_PARAM params[])
{
  LlKeyHandle *handle = keydata;

  return handle->public != NULL && EVP_PKEY_get_params (handle->public, params);
}

/* What a key agreement needs: the other side's point, put into a copy of our curve. */
static int
key_set_params (void *keydata, const OSSL_PARAM params[])
{
  LlKeyHandle *handle = keydata;

  if (handle->public == NULL || handle->keygrip != NULL)
    return 0;
  if (!EVP_PKEY_set_params (handle->public, (OSSL_PARAM *)params))
    return 0;
  if (OSSL_PARAM_locate_const (params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY) != NULL)
    handle->has_public_point = TRUE;
  return 1;
}

static EVP_PKEY *
dup_public (EVP_PKEY *from, gboolean parameters_only)
{
  g_autoptr (EVP_PKEY) copy = NULL;

  if (!parameters_only)
    return EVP_PKEY_dup (from);
  copy = EVP_PKEY_new ();
  if (copy == NULL || !EVP_PKEY_copy_parameters (copy, from))
    return NULL;
  return g_steal_pointer (&copy);
}

static void *
key_dup (const void *keydata, int selection)
{
  const LlKeyHandle *from = keydata;
  gboolean public = (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0;
  g_autoptr (LlKeyHandle) copy = ll_key_handle_new (from->context, from->type);

  if (from->public != NULL)
    {
      copy->public = dup_public (from->public, !public);
      if (copy->public == NULL)
        return NULL;
      copy->has_public_point = public && from->has_public_point;
    }
  if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0)
    {
      copy->keygrip = g_strdup (from->keygrip);
      copy->prompt = g_strdup (from->prompt);
      copy->name = g_strdup (from->name);
    }
  return g_steal_pointer (&copy);
}

static int
key_validate (const void *keydata, int selection, int checktype)
{
  const LlKeyHandle *handle = keydata;
  g_autoptr (EVP_PKEY_CTX) checker = NULL;

  if (handle->public == NULL)
    return 0;
  checker = EVP_PKEY_CTX_new_from_pkey (handle->context, handle->public, LL_PROVIDER_DEFAULT);
  if (checker == NULL)
    return 0;
  if ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0)
    return EVP_PKEY_public_check (checker) == 1;
  if ((selection & OSSL_KEYMGMT_SELECT_DOMAIN_PARAMETERS) != 0 && handle->type == LL_KEY_EC)
    return EVP_PKEY_param_check (checker) == 1;
  return 1;
}

/* What a key of each kind can be made of and asked for. */

#define OWN_PARAMS                                                                                 \
  OSSL_PARAM_DEFN (LL_PARAM_KEYGRIP, OSSL_PARAM_UTF8_STRING, NULL, 0),                             \
      OSSL_PARAM_DEFN (LL_PARAM_PROMPT, OSSL_PARAM_UTF8_STRING, NULL, 0),                          \
      OSSL_PARAM_DEFN (LL_PARAM_NAME, OSSL_PARAM_UTF8_STRING, NULL, 0)
#define COMMON_PARAMS                                                                              \
  OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_BITS, OSSL_PARAM_INTEGER, NULL, 0),                             \
      OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_SECURITY_BITS, OSSL_PARAM_INTEGER, NULL, 0),                \
      OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_MAX_SIZE, OSSL_PARAM_INTEGER, NULL, 0)

static const OSSL_PARAM rsa_parts[]
    = { OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_RSA_N, OSSL_PARAM_UNSIGNED_INTEGER, NULL, 0),
        OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_RSA_E, OSSL_PARAM_UNSIGNED_INTEGER, NULL, 0),
        OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_RSA_DIGEST, OSSL_PARAM_UTF8_STRING, NULL, 0),
        OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_RSA_MGF1_DIGEST, OSSL_PARAM_UTF8_STRING, NULL, 0),
        OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, OSSL_PARAM_INTEGER, NULL, 0),
        OWN_PARAMS,
        OSSL_PARAM_END };
static const OSSL_PARAM rsa_answers[] = {
  COMMON_PARAMS, OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_DEFAULT_DIGEST, OSSL_PARAM_UTF8_STRING, NULL, 0),
  OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_RSA_N, OSSL_PARAM_UNSIGNED_INTEGER, NULL, 0),
  OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_RSA_E, OSSL_PARAM_UNSIGNED_INTEGER, NULL, 0), OSSL_PARAM_END
};
static const OSSL_PARAM ec_parts[]
    = { OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_GROUP_NAME, OSSL_PARAM_UTF8_STRING, NULL, 0),
        OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_PUB_KEY, OSSL_PARAM_OCTET_STRING, NULL, 0), OWN_PARAMS,
        OSSL_PARAM_END };
static const OSSL_PARAM ec_answers[]
    = { COMMON_PARAMS,
        OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_DEFAULT_DIGEST, OSSL_PARAM_UTF8_STRING, NULL, 0),
        OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_GROUP_NAME, OSSL_PARAM_UTF8_STRING, NULL, 0),
        OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, OSSL_PARAM_OCTET_STRING, NULL, 0),
        OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_PUB_KEY, OSSL_PARAM_OCTET_STRING, NULL, 0),
        OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PARAM_UNSIGNED_INTEGER, NULL, 0),
        OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_EC_PUB_Y, OSSL_PARAM_UNSIGNED_INTEGER, NULL, 0),
        OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, OSSL_PARAM_INTEGER, NULL,
                         0),
        OSSL_PARAM_END };
static const OSSL_PARAM ec_settings[]
    = { OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, OSSL_PARAM_OCTET_STRING, NULL, 0),
        OSSL_PARAM_END };
static const OSSL_PARAM edwards_parts[]
    = { OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_PUB_KEY, OSSL_PARAM_OCTET_STRING, NULL, 0), OWN_PARAMS,
        OSSL_PARAM_END };
static const OSSL_PARAM edwards_answers[]
    = { COMMON_PARAMS,
        OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_MANDATORY_DIGEST, OSSL_PARAM_UTF8_STRING, NULL, 0),
        OSSL_PARAM_DEFN (OSSL_PKEY_PARAM_PUB_KEY, OSSL_PARAM_OCTET_STRING, NULL, 0),
        OSSL_PARAM_END };
static const OSSL_PARAM no_settings[] = { OSSL_PARAM_END };

/* The rows that differ by kind, and one dispatch table for each. */

static const char *
ec_operation_name (int operation)
{
  switch (operation)
    {
    case OSSL_OP_SIGNATURE:
      return "ECDSA";
    case OSSL_OP_KEYEXCH:
      return "ECDH";
    default:
      return NULL;
    }
}

static const char *
rsa_operation_name (int operation)
{
  return "RSA";
}

static const char *
edwards_operation_name (int operation)
{
  return operation == OSSL_OP_SIGNATURE ? "ED25519" : NULL;
}

static const char *
montgomery_operation_name (int operation)
{
  return operation == OSSL_OP_KEYEXCH ? "X25519" : NULL;
}

#define KIND(prefix, type, types, gettable, settable, operation_name)                              \
  static void *prefix##_new (void *provctx)                                                        \
  {                                                                                                \
    return ll_key_handle_new (provctx, type);                                                      \
  }                                                                                                \
  static const OSSL_PARAM *prefix##_import_types (int selection)                                   \
  {                                                                                                \
    return types;                                                                                  \
  }                                                                                                \
  static const OSSL_PARAM *prefix##_gettable (void *provctx)                                       \
  {                                                                                                \
    return gettable;                                                                               \
  }                                                                                                \
  static const OSSL_PARAM *prefix##_settable (void *provctx)                                       \
  {                                                                                                \
    return settable;                                                                               \
  }                                                                                                \
  static const OSSL_DISPATCH prefix##_functions[]                                                  \
      = { { OSSL_FUNC_KEYMGMT_NEW, (void (*) (void))prefix##_new },                                \
          { OSSL_FUNC_KEYMGMT_FREE, (void (*) (void))key_free },                                   \
          { OSSL_FUNC_KEYMGMT_HAS, (void (*) (void))key_has },                                     \
          { OSSL_FUNC_KEYMGMT_MATCH, (void (*) (void))key_match },                                 \
          { OSSL_FUNC_KEYMGMT_VALIDATE, (void (*) (void))key_validate },                           \
          { OSSL_FUNC_KEYMGMT_IMPORT, (void (*) (void))key_import },                               \
          { OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (void (*) (void))prefix##_import_types },              \
          { OSSL_FUNC_KEYMGMT_EXPORT, (void (*) (void))key_export },                               \
          { OSSL_FUNC_KEYMGMT_EXPORT_TYPES, (void (*) (void))prefix##_import_types },              \
          { OSSL_FUNC_KEYMGMT_GET_PARAMS, (void (*) (void))key_get_params },                       \
          { OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (void (*) (void))prefix##_gettable },               \
          { OSSL_FUNC_KEYMGMT_SET_PARAMS, (void (*) (void))key_set_params },                       \
          { OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, (void (*) (void))prefix##_settable },               \
          { OSSL_FUNC_KEYMGMT_DUP, (void (*) (void))key_dup },                                     \
          { OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (void (*) (void))operation_name },             \
          { 0, NULL } };

KIND (rsa, LL_KEY_RSA, rsa_parts, rsa_answers, no_settings, rsa_operation_name)
KIND (rsa_pss, LL_KEY_RSA_PSS, rsa_parts, rsa_answers, no_settings, rsa_operation_name)
KIND (ec, LL_KEY_EC, ec_parts, ec_answers, ec_settings, ec_operation_name)
KIND (ed25519, LL_KEY_ED25519, edwards_parts, edwards_answers, no_settings, edwards_operation_name)
KIND (x25519, LL_KEY_X25519, edwards_parts, edwards_answers, no_settings, montgomery_operation_name)

/* The names are the standard ones, so that EVP_PKEY_get_id() still tells what a key is. */
const OSSL_ALGORITHM ll_provider_keymgmt[] = {
  { "RSA:rsaEncryption:1.2.840.113549.1.1.1", LL_PROVIDER_OURS, rsa_functions, NULL },
  { "RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10", LL_PROVIDER_OURS, rsa_pss_functions, NULL },
  { "EC:id-ecPublicKey:1.2.840.10045.2.1", LL_PROVIDER_OURS, ec_functions, NULL },
  { "ED25519:1.3.101.112", LL_PROVIDER_OURS, ed25519_functions, NULL },
  { "X25519:1.3.101.110", LL_PROVIDER_OURS, x25519_functions, NULL },
  { NULL, NULL, NULL, NULL },
};
