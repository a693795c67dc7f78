/* provider.c - the front door: what the provider can do, as tables, and the library context in
 * which it lives. What enters: certificates; what leaves: key handles that OpenSSL can use. No
 * private key is ever here, and nothing is computed here.
 *
 * The default provider comes first for everything ("?provider=default"): ours is asked only for
 * keys that are ours, and leaves every public question to it.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "bridge/sexp.h"
#include "provider/provider-private.h"

/* The tables. */

static const OSSL_ALGORITHM *
query_operation (void *provctx, int operation, int *no_cache)
{
  *no_cache = 0;
  switch (operation)
    {
    case OSSL_OP_KEYMGMT:
      return ll_provider_keymgmt;
    case OSSL_OP_SIGNATURE:
      return ll_provider_signature;
    case OSSL_OP_ASYM_CIPHER:
      return ll_provider_asym_cipher;
    case OSSL_OP_KEYEXCH:
      return ll_provider_keyexch;
    default:
      return NULL;
    }
}

static const OSSL_PARAM *
gettable_params (void *provctx)
{
  static const OSSL_PARAM params[]
      = { OSSL_PARAM_DEFN (OSSL_PROV_PARAM_NAME, OSSL_PARAM_UTF8_PTR, NULL, 0),
          OSSL_PARAM_DEFN (OSSL_PROV_PARAM_VERSION, OSSL_PARAM_UTF8_PTR, NULL, 0),
          OSSL_PARAM_DEFN (OSSL_PROV_PARAM_STATUS, OSSL_PARAM_INTEGER, NULL, 0), OSSL_PARAM_END };
  return params;
}

static int
get_params (void *provctx, OSSL_PARAM params[])
{
  OSSL_PARAM *param = OSSL_PARAM_locate (params, OSSL_PROV_PARAM_NAME);

  if (param != NULL && !OSSL_PARAM_set_utf8_ptr (param, "Letterlock gpg-agent provider"))
    return 0;
  param = OSSL_PARAM_locate (params, OSSL_PROV_PARAM_VERSION);
  if (param != NULL && !OSSL_PARAM_set_utf8_ptr (param, PACKAGE_VERSION))
    return 0;
  param = OSSL_PARAM_locate (params, OSSL_PROV_PARAM_STATUS);
  return param == NULL || OSSL_PARAM_set_int (param, 1);
}

static const OSSL_DISPATCH provider_functions[]
    = { { OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, (void (*) (void))gettable_params },
        { OSSL_FUNC_PROVIDER_GET_PARAMS, (void (*) (void))get_params },
        { OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*) (void))query_operation },
        { 0, NULL } };

/* The context. It is made once and lives as long as the process: keys of ours refer to it. */

static OSSL_LIB_CTX *the_context;

static int
provider_init (const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *from_core,
               const OSSL_DISPATCH **functions, void **provctx)
{
  *functions = provider_functions;
  *provctx = the_context;
  return 1;
}

static gboolean
load_providers (OSSL_LIB_CTX *context)
{
  /* loading any provider ends the automatic loading of the default one */
  return OSSL_PROVIDER_load (context, "default") != NULL
         && OSSL_PROVIDER_add_builtin (context, LL_PROVIDER_NAME, provider_init)
         && OSSL_PROVIDER_load (context, LL_PROVIDER_NAME) != NULL
         && EVP_set_default_properties (context, "?" LL_PROVIDER_DEFAULT);
}

OSSL_LIB_CTX *
ll_provider_context (GError **error)
{
  static GMutex mutex;
  static gboolean ready;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  if (ready)
    return the_context;
  if (the_context == NULL)
    the_context = OSSL_LIB_CTX_new ();
  if (the_context != NULL && load_providers (the_context))
    {
      ready = TRUE;
      return the_context;
    }
  ll_openssl_set_error (error, LL_ERROR_FAILED, _ ("OpenSSL cannot be set up"));
  g_clear_pointer (&the_context, OSSL_LIB_CTX_free);
  return NULL;
}

/* What OpenSSL does not carry: the agent's trouble, and cancellation; both per thread. */

static GPrivate agent_error = G_PRIVATE_INIT ((GDestroyNotify)g_error_free);
static GPrivate current_cancellable = G_PRIVATE_INIT (NULL);

GError *
ll_provider_take_agent_error (void)
{
  GError *error = g_private_get (&agent_error);

  g_private_set (&agent_error, NULL);
  return error;
}

int
ll_provider_fail (GError *error)
{
  ERR_raise_data (ERR_LIB_PROV, ERR_R_OPERATION_FAIL, "%s", error->message);
  g_private_replace (&agent_error, error);
  return 0;
}

void
ll_provider_set_cancellable (GCancellable *cancellable)
{
  g_private_set (&current_cancellable, cancellable);
}

GCancellable *
ll_provider_get_cancellable (void)
{
  return g_private_get (&current_cancellable);
}

/* Parameters that several operations know. */

EVP_MD *
ll_provider_fetch_digest (OSSL_LIB_CTX *context, const char *name)
{
  return EVP_MD_fetch (context, name, LL_PROVIDER_DEFAULT);
}

gboolean
ll_provider_set_digest (OSSL_LIB_CTX *context, const OSSL_PARAM *param, EVP_MD **digest)
{
  const char *name = NULL;
  EVP_MD *fetched;

  if (!OSSL_PARAM_get_utf8_string_ptr (param, &name))
    return FALSE;
  fetched = ll_provider_fetch_digest (context, name);
  if (fetched == NULL)
    return FALSE;
  EVP_MD_free (*digest);
  *digest = fetched;
  return TRUE;
}

static const struct
{
  int number;
  const char *word;
} paddings[] = {
  { RSA_PKCS1_PADDING, OSSL_PKEY_RSA_PAD_MODE_PKCSV15 },
  { RSA_PKCS1_OAEP_PADDING, OSSL_PKEY_RSA_PAD_MODE_OAEP },
  { RSA_PKCS1_OAEP_PADDING, "oeap" }, /* OpenSSL's own old spelling */
  { RSA_PKCS1_PSS_PADDING, OSSL_PKEY_RSA_PAD_MODE_PSS },
};

gboolean
ll_provider_read_padding (const OSSL_PARAM *param, int *padding)
{
  const char *word = NULL;

  if (param->data_type != OSSL_PARAM_UTF8_STRING)
    return OSSL_PARAM_get_int (param, padding);
  if (!OSSL_PARAM_get_utf8_string_ptr (param, &word))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (paddings); i++)
    if (g_str_equal (paddings[i].word, word))
      {
        *padding = paddings[i].number;
        return TRUE;
      }
  return FALSE;
}

gboolean
ll_provider_write_padding (OSSL_PARAM *param, int padding)
{
  if (param->data_type != OSSL_PARAM_UTF8_STRING)
    return OSSL_PARAM_set_int (param, padding);
  for (gsize i = 0; i < G_N_ELEMENTS (paddings); i++)
    if (paddings[i].number == padding)
      return OSSL_PARAM_set_utf8_string (param, paddings[i].word);
  return FALSE;
}

/* Keys. */

gboolean
ll_provider_is_oaep_only (X509 *certificate)
{
  ASN1_OBJECT *oid = NULL;

  return X509_PUBKEY_get0_param (&oid, NULL, NULL, NULL, X509_get_X509_PUBKEY (certificate)) == 1
         && OBJ_obj2nid (oid) == NID_rsaesOaep;
}

/* The same key under the name that OpenSSL takes it by. */
static EVP_PKEY *
read_oaep_key (X509 *certificate)
{
  g_autoptr (X509_PUBKEY) plain = X509_PUBKEY_new ();
  g_autoptr (GBytes) der = NULL;
  const guint8 *octets = NULL;
  int length = 0;

  X509_PUBKEY_get0_param (NULL, &octets, &length, NULL, X509_get_X509_PUBKEY (certificate));
  guint8 *copy = OPENSSL_memdup (octets, (size_t)MAX (length, 1));
  if (plain == NULL || copy == NULL
      || !X509_PUBKEY_set0_param (plain, OBJ_nid2obj (NID_rsaEncryption), V_ASN1_NULL, NULL, copy,
                                  length))
    {
      OPENSSL_free (copy);
      return NULL;
    }
  der = LL_DER (plain, X509_PUBKEY);
  if (der == NULL)
    return NULL;
  octets = g_bytes_get_data (der, NULL);
  return d2i_PUBKEY_ex (NULL, &octets, (long)g_bytes_get_size (der), ll_provider_context (NULL),
                        NULL);
}

EVP_PKEY *
ll_provider_public_key (X509 *certificate)
{
  EVP_PKEY *key = X509_get0_pubkey (certificate);

  if (key != NULL)
    {
      EVP_PKEY_up_ref (key);
      return key;
    }
  return ll_provider_is_oaep_only (certificate) ? read_oaep_key (certificate) : NULL;
}

static EVP_PKEY *
public_key_of (X509 *certificate, GError **error)
{
  EVP_PKEY *key = ll_provider_public_key (certificate);

  if (key == NULL)
    ll_openssl_set_error (error, LL_ERROR_UNSUPPORTED_ALGORITHM,
                          _ ("The certificate's public key cannot be read"));
  return key;
}

char *
ll_provider_keygrip (X509 *certificate, GError **error)
{
  g_autoptr (EVP_PKEY) key = public_key_of (certificate, error);

  return key != NULL ? ll_sexp_keygrip (key, error) : NULL;
}

/* By what a person knows the certificate: its address, or else the subject's common name.
 * (transfer full) (nullable) */
static char *
name_of (X509 *certificate)
{
  STACK_OF (OPENSSL_STRING) *addresses = X509_get1_email (certificate);
  char *name = g_strdup (
      sk_OPENSSL_STRING_num (addresses) > 0 ? sk_OPENSSL_STRING_value (addresses, 0) : NULL);
  char text[256];

  X509_email_free (addresses);
  if (name == NULL
      && X509_NAME_get_text_by_NID (X509_get_subject_name (certificate), NID_commonName, text,
                                    sizeof text)
             > 0)
    name = g_utf8_make_valid (text, -1);
  return name;
}

static gboolean
push_text (OSSL_PARAM_BLD *builder, const char *name, const char *text)
{
  return text == NULL || OSSL_PARAM_BLD_push_utf8_string (builder, name, text, 0);
}

/* The public parameters together with our own. */
static OSSL_PARAM *
handle_params (EVP_PKEY *key, const char *keygrip, const char *prompt, const char *name)
{
  g_autoptr (OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new ();
  g_autoptr (OSSL_PARAM) of_key = NULL;
  g_autoptr (OSSL_PARAM) ours = NULL;
  g_autoptr (OSSL_PARAM) merged = NULL;

  if (builder == NULL || !EVP_PKEY_todata (key, EVP_PKEY_PUBLIC_KEY, &of_key)
      || !push_text (builder, LL_PARAM_KEYGRIP, keygrip)
      || !push_text (builder, LL_PARAM_PROMPT, prompt) || !push_text (builder, LL_PARAM_NAME, name))
    return NULL;
  ours = OSSL_PARAM_BLD_to_param (builder);
  merged = ours != NULL ? OSSL_PARAM_merge (of_key, ours) : NULL;
  /* the merged list only points into the two */
  return merged != NULL ? OSSL_PARAM_dup (merged) : NULL;
}

static EVP_PKEY *
make_handle (OSSL_LIB_CTX *context, const char *type, OSSL_PARAM *params)
{
  g_autoptr (EVP_PKEY_CTX) maker = EVP_PKEY_CTX_new_from_name (context, type, LL_PROVIDER_OURS);
  EVP_PKEY *handle = NULL;

  if (maker == NULL || params == NULL || EVP_PKEY_fromdata_init (maker) <= 0
      || EVP_PKEY_fromdata (maker, &handle, EVP_PKEY_KEYPAIR, params) <= 0)
    return NULL;
  return handle;
}

EVP_PKEY *
ll_provider_key_new (X509 *certificate, const char *prompt, GError **error)
{
  OSSL_LIB_CTX *context = ll_provider_context (error);
  g_autoptr (EVP_PKEY) public = context != NULL ? public_key_of (certificate, error) : NULL;
  g_autofree char *keygrip = public != NULL ? ll_sexp_keygrip (public, error) : NULL;
  g_autofree char *name = keygrip != NULL ? name_of (certificate) : NULL;
  g_autoptr (OSSL_PARAM) params = NULL;
  const char *type;
  EVP_PKEY *handle;

  if (keygrip == NULL)
    return NULL;
  type = EVP_PKEY_get0_type_name (public);
  params = handle_params (public, keygrip, prompt, name);
  handle = make_handle (context, type, params);
  if (handle == NULL)
    ll_openssl_set_error (error, LL_ERROR_UNSUPPORTED_ALGORITHM,
                          _ ("Private keys of the kind “%s” cannot be used"), type);
  return handle;
}
