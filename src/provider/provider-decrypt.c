/* provider-decrypt.c - RSA decryption: PKCS#1 v1.5 and OAEP (RFC 8017 section 7). What enters: a
 * ciphertext; what leaves: the message in it.
 *
 * The agent gives the raw result and the padding is taken off here, in constant time: OAEP with any
 * hashes and a label works with keys on disk that way, and bad padding cannot be told from other
 * things by what the agent says. Bad padding is a plain failure, never an agent error (SM-35); a
 * card takes the padding off itself and says "Card error" for all its troubles, so that this too
 * counts as bad padding.
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

static OSSL_FUNC_asym_cipher_newctx_fn decrypt_newctx;
static OSSL_FUNC_asym_cipher_freectx_fn decrypt_freectx;
static OSSL_FUNC_asym_cipher_dupctx_fn decrypt_dupctx;
static OSSL_FUNC_asym_cipher_decrypt_init_fn decrypt_init;
static OSSL_FUNC_asym_cipher_decrypt_fn decrypt_decrypt;
static OSSL_FUNC_asym_cipher_set_ctx_params_fn decrypt_set_params;
static OSSL_FUNC_asym_cipher_get_ctx_params_fn decrypt_get_params;
static OSSL_FUNC_asym_cipher_settable_ctx_params_fn decrypt_settable;
static OSSL_FUNC_asym_cipher_gettable_ctx_params_fn decrypt_gettable;

typedef struct
{
  OSSL_LIB_CTX *context;
  LlKeyHandle *key;
  int padding;
  EVP_MD *hash;     /* OAEP; NULL: SHA-1, as RFC 8017 has it */
  EVP_MD *mgf_hash; /* NULL: the same */
  guint8 *label;
  gsize label_length;
} Decrypt;

static void *
decrypt_newctx (void *provctx)
{
  Decrypt *self = g_new0 (Decrypt, 1);

  self->context = provctx;
  self->padding = RSA_PKCS1_PADDING;
  return self;
}

static void
decrypt_freectx (void *ctx)
{
  Decrypt *self = ctx;

  g_clear_pointer (&self->key, ll_key_handle_unref);
  EVP_MD_free (self->hash);
  EVP_MD_free (self->mgf_hash);
  g_free (self->label);
  g_free (self);
}

static void *
decrypt_dupctx (void *ctx)
{
  Decrypt *self = ctx, *copy = decrypt_newctx (self->context);

  copy->key = self->key != NULL ? ll_key_handle_ref (self->key) : NULL;
  copy->padding = self->padding;
  if (self->hash != NULL && EVP_MD_up_ref (self->hash))
    copy->hash = self->hash;
  if (self->mgf_hash != NULL && EVP_MD_up_ref (self->mgf_hash))
    copy->mgf_hash = self->mgf_hash;
  copy->label = g_memdup2 (self->label, self->label_length);
  copy->label_length = self->label_length;
  return copy;
}

static int
decrypt_init (void *ctx, void *provkey, const OSSL_PARAM params[])
{
  Decrypt *self = ctx;
  LlKeyHandle *key = provkey;

  if (key == NULL || key->keygrip == NULL)
    {
      ERR_raise (ERR_LIB_PROV, PROV_R_NOT_A_PRIVATE_KEY);
      return 0;
    }
  g_clear_pointer (&self->key, ll_key_handle_unref);
  self->key = ll_key_handle_ref (key);
  self->padding = RSA_PKCS1_PADDING;
  return decrypt_set_params (ctx, params);
}

/* The agent's raw answer, in exactly `size` octets; or, from a card, the message itself. */
static gboolean
ask_agent (Decrypt *self, const guint8 *in, gsize length, guint8 *raw, gsize size,
           gsize *card_length, gboolean *from_card)
{
  LlAgentUse use = ll_key_handle_get_use (self->key, LL_AGENT_TO_DECRYPT);
  g_autoptr (GBytes) ciphertext = ll_sexp_rsa_ciphertext (in, length);
  g_autoptr (GBytes) value = NULL;
  g_autoptr (GError) error = NULL;
  gconstpointer data;
  gsize n;

  /* a card takes off v1.5 padding by itself, and knows no other */
  if (ciphertext != NULL
      && (self->padding == RSA_PKCS1_PADDING
          || ll_key_handle_on_disk (self->key,
                                    _ ("The message is encrypted with OAEP padding, which the card "
                                       "or token that has the private key cannot take off. Ask the "
                                       "sender to encrypt without OAEP (RSAES-OAEP)."),
                                    &error)))
    value = ll_agent_decrypt (&use, ciphertext, from_card, ll_provider_get_cancellable (), &error);
  if (value == NULL)
    {
      if (error != NULL && !g_error_matches (error, LL_ERROR, LL_ERROR_BAD_DATA))
        ll_provider_fail (g_steal_pointer (&error));
      return FALSE;
    }
  data = g_bytes_get_data (value, &n);
  if (!*from_card)
    return ll_sexp_fit_integer (data, n, raw, size);
  if (n > size)
    return FALSE;
  memcpy (raw, data, n);
  *card_length = n;
  return TRUE;
}

static gboolean
unpad (Decrypt *self, const guint8 *raw, gsize size, guint8 *message, gsize *length)
{
  g_autoptr (EVP_MD) sha1 = NULL;
  EVP_MD *hash = self->hash;

  if (self->padding == RSA_PKCS1_PADDING)
    return ll_padding_decode_pkcs1 (raw, size, message, length);
  if (hash == NULL)
    hash = sha1 = ll_provider_fetch_digest (self->context, "SHA1");
  return hash != NULL
         && ll_padding_decode_oaep (raw, size, hash, self->mgf_hash != NULL ? self->mgf_hash : hash,
                                    self->label, self->label_length, message, length);
}

static int
give (const guint8 *message, gsize length, unsigned char *out, size_t *outlen, size_t outsize)
{
  if (length > outsize)
    return 0;
  memcpy (out, message, length);
  *outlen = length;
  return 1;
}

static int
decrypt_decrypt (void *ctx, unsigned char *out, size_t *outlen, size_t outsize,
                 const unsigned char *in, size_t inlen)
{
  Decrypt *self = ctx;
  gsize size = ll_key_handle_get_size (self->key), length = 0, card_length = 0;
  g_autofree guint8 *raw = NULL;
  g_autofree guint8 *message = NULL;
  gboolean from_card = FALSE;
  int done = 0;

  if (out == NULL)
    {
      *outlen = size;
      return 1;
    }
  if (inlen > size)
    return 0;
  raw = g_malloc0 (size);
  message = g_malloc0 (size);
  if (ask_agent (self, in, inlen, raw, size, &card_length, &from_card))
    {
      if (from_card)
        done = give (raw, card_length, out, outlen, outsize);
      else if (unpad (self, raw, size, message, &length))
        done = give (message, length, out, outlen, outsize);
    }
  explicit_bzero (raw, size);
  explicit_bzero (message, size);
  return done;
}

/* Parameters. */

static gboolean
set_label (Decrypt *self, const OSSL_PARAM *param)
{
  void *label = NULL;
  size_t length = 0;

  if (!OSSL_PARAM_get_octet_string (param, &label, 0, &length))
    return FALSE;
  g_free (self->label);
  self->label = g_memdup2 (label, length);
  self->label_length = length;
  OPENSSL_free (label);
  return TRUE;
}

static int
decrypt_set_params (void *ctx, const OSSL_PARAM params[])
{
  Decrypt *self = ctx;
  const OSSL_PARAM *param;

  if (params == NULL)
    return 1;
  param = OSSL_PARAM_locate_const (params, OSSL_ASYM_CIPHER_PARAM_PAD_MODE);
  if (param != NULL
      && (!ll_provider_read_padding (param, &self->padding)
          || (self->padding != RSA_PKCS1_PADDING && self->padding != RSA_PKCS1_OAEP_PADDING)))
    return 0;
  param = OSSL_PARAM_locate_const (params, OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST);
  if (param != NULL && !ll_provider_set_digest (self->context, param, &self->hash))
    return 0;
  param = OSSL_PARAM_locate_const (params, OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST);
  if (param != NULL && !ll_provider_set_digest (self->context, param, &self->mgf_hash))
    return 0;
  param = OSSL_PARAM_locate_const (params, OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL);
  return param == NULL || set_label (self, param);
}

static int
decrypt_get_params (void *ctx, OSSL_PARAM params[])
{
  Decrypt *self = ctx;
  const char *hash = self->hash != NULL ? EVP_MD_get0_name (self->hash) : "SHA1";
  OSSL_PARAM *param = OSSL_PARAM_locate (params, OSSL_ASYM_CIPHER_PARAM_PAD_MODE);

  if (param != NULL && !ll_provider_write_padding (param, self->padding))
    return 0;
  param = OSSL_PARAM_locate (params, OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST);
  if (param != NULL && !OSSL_PARAM_set_utf8_string (param, hash))
    return 0;
  param = OSSL_PARAM_locate (params, OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST);
  if (param != NULL
      && !OSSL_PARAM_set_utf8_string (param, self->mgf_hash != NULL
                                                 ? EVP_MD_get0_name (self->mgf_hash)
                                                 : hash))
    return 0;
  param = OSSL_PARAM_locate (params, OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL);
  return param == NULL || OSSL_PARAM_set_octet_ptr (param, self->label, self->label_length);
}

static const OSSL_PARAM *
decrypt_settable (void *ctx, void *provctx)
{
  static const OSSL_PARAM params[]
      = { OSSL_PARAM_DEFN (OSSL_ASYM_CIPHER_PARAM_PAD_MODE, OSSL_PARAM_UTF8_STRING, NULL, 0),
          OSSL_PARAM_DEFN (OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, OSSL_PARAM_UTF8_STRING, NULL, 0),
          OSSL_PARAM_DEFN (OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, OSSL_PARAM_UTF8_STRING, NULL, 0),
          OSSL_PARAM_DEFN (OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, OSSL_PARAM_OCTET_STRING, NULL, 0),
          OSSL_PARAM_END };
  return params;
}

static const OSSL_PARAM *
decrypt_gettable (void *ctx, void *provctx)
{
  static const OSSL_PARAM params[]
      = { OSSL_PARAM_DEFN (OSSL_ASYM_CIPHER_PARAM_PAD_MODE, OSSL_PARAM_UTF8_STRING, NULL, 0),
          OSSL_PARAM_DEFN (OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, OSSL_PARAM_UTF8_STRING, NULL, 0),
          OSSL_PARAM_DEFN (OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, OSSL_PARAM_UTF8_STRING, NULL, 0),
          OSSL_PARAM_DEFN (OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, OSSL_PARAM_OCTET_PTR, NULL, 0),
          OSSL_PARAM_END };
  return params;
}

static const OSSL_DISPATCH rsa_functions[]
    = { { OSSL_FUNC_ASYM_CIPHER_NEWCTX, (void (*) (void))decrypt_newctx },
        { OSSL_FUNC_ASYM_CIPHER_FREECTX, (void (*) (void))decrypt_freectx },
        { OSSL_FUNC_ASYM_CIPHER_DUPCTX, (void (*) (void))decrypt_dupctx },
        { OSSL_FUNC_ASYM_CIPHER_DECRYPT_INIT, (void (*) (void))decrypt_init },
        { OSSL_FUNC_ASYM_CIPHER_DECRYPT, (void (*) (void))decrypt_decrypt },
        { OSSL_FUNC_ASYM_CIPHER_SET_CTX_PARAMS, (void (*) (void))decrypt_set_params },
        { OSSL_FUNC_ASYM_CIPHER_SETTABLE_CTX_PARAMS, (void (*) (void))decrypt_settable },
        { OSSL_FUNC_ASYM_CIPHER_GET_CTX_PARAMS, (void (*) (void))decrypt_get_params },
        { OSSL_FUNC_ASYM_CIPHER_GETTABLE_CTX_PARAMS, (void (*) (void))decrypt_gettable },
        { 0, NULL } };

const OSSL_ALGORITHM ll_provider_asym_cipher[] = {
  { "RSA:rsaEncryption:1.2.840.113549.1.1.1", LL_PROVIDER_OURS, rsa_functions, NULL },
  { NULL, NULL, NULL, NULL },
};
