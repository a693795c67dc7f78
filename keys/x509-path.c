#include <config.h>

#include <openssl/err.h>

#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-path.h"
#include "provider/provider.h"

#define PATH_DEPTH_MAX 10 /* certificates between the leaf and the anchor */

struct _LlX509Anchors
{
  GPtrArray *certificates; /* of LlKey */
  X509_STORE *store;
};

LlX509Anchors *
ll_x509_anchors_new (GPtrArray *certificates)
{
  LlX509Anchors *anchors = g_new0 (LlX509Anchors, 1);

  anchors->certificates = g_ptr_array_ref (certificates);
  anchors->store = X509_STORE_new ();
  for (guint i = 0; i < certificates->len; i++)
    X509_STORE_add_cert (anchors->store, ll_x509_cert_get (g_ptr_array_index (certificates, i)));
  ERR_clear_error ();
  return anchors;
}

void
ll_x509_anchors_free (LlX509Anchors *anchors)
{
  if (anchors == NULL)
    return;
  X509_STORE_free (anchors->store);
  g_ptr_array_unref (anchors->certificates);
  g_free (anchors);
}

void
ll_x509_path_free (LlX509Path *path)
{
  if (path == NULL)
    return;
  g_ptr_array_unref (path->chain);
  g_free (path);
}

LlListedCertificate *
ll_listed_certificate_new (const char *digest, GBytes *hash)
{
  LlListedCertificate *listed = g_new0 (LlListedCertificate, 1);

  listed->digest = g_strdup (digest);
  listed->hash = g_bytes_ref (hash);
  return listed;
}

void
ll_listed_certificate_free (LlListedCertificate *listed)
{
  if (listed == NULL)
    return;
  g_free (listed->digest);
  g_bytes_unref (listed->hash);
  g_free (listed);
}

static const struct
{
  int code;
  LlReason reason;
} verify_reasons[] = {
  { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, LL_REASON_ISSUER_MISSING },
  { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, LL_REASON_ISSUER_MISSING },
  { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, LL_REASON_ISSUER_MISSING },
  { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, LL_REASON_SELF_SIGNED },
  { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, LL_REASON_ROOT_NOT_TRUSTED },
  { X509_V_ERR_CERT_UNTRUSTED, LL_REASON_ROOT_NOT_TRUSTED },
  { X509_V_ERR_CERT_REJECTED, LL_REASON_NEVER_TRUSTED },
  { X509_V_ERR_KEYUSAGE_NO_CERTSIGN, LL_REASON_KEY_USAGE },
  { X509_V_ERR_INVALID_PURPOSE, LL_REASON_EXTENDED_KEY_USAGE },
  { X509_V_ERR_PERMITTED_VIOLATION, LL_REASON_NAME_CONSTRAINTS },
  { X509_V_ERR_EXCLUDED_VIOLATION, LL_REASON_NAME_CONSTRAINTS },
  { X509_V_ERR_SUBTREE_MINMAX, LL_REASON_NAME_CONSTRAINTS },
  { X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, LL_REASON_NAME_CONSTRAINTS },
  { X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, LL_REASON_NAME_CONSTRAINTS },
  { X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, LL_REASON_NAME_CONSTRAINTS },
  { X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, LL_REASON_CRITICAL_EXTENSION },
  { X509_V_ERR_CA_MD_TOO_WEAK, LL_REASON_WEAK_CHAIN },
  { X509_V_ERR_CA_KEY_TOO_SMALL, LL_REASON_WEAK_CHAIN },
  { X509_V_ERR_EE_KEY_TOO_SMALL, LL_REASON_WEAK_CHAIN },
};

static LlReason
reason_of (int code)
{
  for (gsize i = 0; i < G_N_ELEMENTS (verify_reasons); i++)
    if (verify_reasons[i].code == code)
      return verify_reasons[i].reason;
  return LL_REASON_PATH_INVALID;
}

/* Time is judged apart from the path, so that an expired certificate of a good path shows as that
 * and nothing else; OpenSSL still gets the time, because it prefers issuers that are valid then. */
static int
pass_over_time (int ok, X509_STORE_CTX *context)
{
  int code = X509_STORE_CTX_get_error (context);

  return ok || code == X509_V_ERR_CERT_HAS_EXPIRED || code == X509_V_ERR_CERT_NOT_YET_VALID;
}

static void
push_all (LlX509Borrowed *stack, GPtrArray *keys, guint limit)
{
  for (guint i = 0; keys != NULL && i < MIN (keys->len, limit); i++)
    sk_X509_push (stack, ll_x509_cert_get (g_ptr_array_index (keys, i)));
}

static LlKey *
find_in (GPtrArray *keys, const X509 *certificate)
{
  for (guint i = 0; keys != NULL && i < keys->len; i++)
    if (ll_x509_cert_get (g_ptr_array_index (keys, i)) == certificate)
      return g_ptr_array_index (keys, i);
  return NULL;
}

/* The Key that this certificate came from: OpenSSL hands back the pointers it was given. */
static LlKey *
find_key (const X509 *certificate, LlKey *leaf, const LlX509PathQuestion *question)
{
  LlKey *key = ll_x509_cert_get (leaf) == certificate ? leaf : NULL;

  if (key == NULL)
    key = find_in (question->anchors->certificates, certificate);
  if (key == NULL)
    key = find_in (question->extra, certificate);
  return key != NULL ? key : find_in (question->certificates, certificate);
}

static void
take_chain (LlX509Path *path, X509_STORE_CTX *context, LlKey *leaf,
            const LlX509PathQuestion *question)
{
  const LlX509Stack *chain = X509_STORE_CTX_get0_chain (context);

  for (int i = 0; i < sk_X509_num (chain); i++)
    {
      LlKey *key = find_key (sk_X509_value (chain, i), leaf, question);

      if (key != NULL)
        g_ptr_array_add (path->chain, ll_key_ref (key));
    }
  if (path->chain->len == 0)
    g_ptr_array_add (path->chain, ll_key_ref (leaf));
}

/* SC-19: a signature that somebody could have forged makes the path worth nothing. The anchor is
 * believed without its signature, but not with a key that can be broken. */
static gboolean
is_weak (X509 *certificate, gboolean is_anchor)
{
  const EVP_PKEY *key = X509_get0_pubkey (certificate);
  int digest = NID_undef;

  if (key != NULL && (EVP_PKEY_is_a (key, "RSA") || EVP_PKEY_is_a (key, "RSA-PSS"))
      && EVP_PKEY_get_bits (key) < LL_WEAK_RSA_BITS)
    return TRUE;
  if (is_anchor)
    return FALSE;
  X509_get_signature_info (certificate, &digest, NULL, NULL, NULL);
  return digest == NID_sha1 || digest == NID_md5 || digest == NID_md4 || digest == NID_md2
         || digest == NID_md5_sha1 || digest == NID_ripemd160 || digest == NID_mdc2;
}

/* SC-15, for the leaf and for the authorities between it and the anchor. */
static gboolean
is_for_mail (X509 *certificate)
{
  return (X509_get_extended_key_usage (certificate) & (XKU_SMIME | XKU_ANYEKU)) != 0;
}

/* What OpenSSL's own purpose check does not do, or does for other purposes than ours. */
static LlReason
check_uses (const LlX509Path *path, LlPurpose purpose)
{
  LlKey *leaf = g_ptr_array_index (path->chain, 0);
  const LlSubkey *subkey = g_ptr_array_index (ll_key_get_subkeys (leaf), 0);

  if (purpose == LL_PURPOSE_SIGN ? !subkey->can_sign : !subkey->can_encrypt)
    return LL_REASON_KEY_USAGE;
  for (guint i = 0; i < path->chain->len; i++)
    {
      LlKey *key = g_ptr_array_index (path->chain, i);
      X509 *certificate = ll_x509_cert_get (key);

      if ((i == 0 || key != path->anchor) && !is_for_mail (certificate))
        return LL_REASON_EXTENDED_KEY_USAGE;
      if (is_weak (certificate, key == path->anchor))
        return LL_REASON_WEAK_CHAIN;
    }
  return LL_REASON_NONE;
}

/* The leaf's time first: it is the one that people know. */
static LlReason
check_time (const LlX509Path *path, gint64 at)
{
  for (guint i = 0; i < path->chain->len; i++)
    {
      const LlKey *key = g_ptr_array_index (path->chain, i);

      if (at < ll_key_get_created (key))
        return LL_REASON_NOT_YET_VALID;
      if (ll_key_get_expires (key) != 0 && at > ll_key_get_expires (key))
        return LL_REASON_KEY_EXPIRED;
    }
  return LL_REASON_NONE;
}

static void
verify (LlX509Path *path, X509_STORE_CTX *context, LlKey *leaf, const LlX509PathQuestion *question)
{
  g_autoptr (LlX509Borrowed) between = sk_X509_new_null ();
  X509_VERIFY_PARAM *parameters;

  push_all (between, question->extra, LL_LIMIT_CERTIFICATES);
  push_all (between, question->certificates, G_MAXUINT);
  if (!X509_STORE_CTX_init (context, question->anchors->store, ll_x509_cert_get (leaf), between))
    {
      path->reason = LL_REASON_PATH_INVALID;
      g_ptr_array_add (path->chain, ll_key_ref (leaf));
      return;
    }

  /* an anchor may be any certificate that the user names, also the leaf itself */
  parameters = X509_STORE_CTX_get0_param (context);
  X509_VERIFY_PARAM_set_flags (parameters, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
  X509_VERIFY_PARAM_set_depth (parameters, PATH_DEPTH_MAX);
  X509_VERIFY_PARAM_set_time (parameters, (time_t)question->at);
  X509_STORE_CTX_set_verify_cb (context, pass_over_time);

  if (X509_verify_cert (context) <= 0)
    path->reason = reason_of (X509_STORE_CTX_get_error (context));
  take_chain (path, context, leaf, question);
  if (path->reason == LL_REASON_NONE)
    path->anchor = g_ptr_array_index (path->chain, path->chain->len - 1);
}

LlX509Path *
ll_x509_path_build (LlKey *leaf, const LlX509PathQuestion *question)
{
  g_autoptr (X509_STORE_CTX) context = X509_STORE_CTX_new_ex (ll_provider_context (NULL), NULL);
  LlX509Path *path = g_new0 (LlX509Path, 1);

  path->chain = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  verify (path, context, leaf, question);
  if (path->reason == LL_REASON_NONE)
    path->reason = check_uses (path, question->purpose);
  path->time_reason = check_time (path, question->at);
  ERR_clear_error ();
  return path;
}
