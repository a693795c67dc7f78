#include <config.h>

#include <openssl/err.h>
#include <string.h>

#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-path.h"
#include "provider/provider.h"

#define PATH_DEPTH_MAX 10   /* certificates between the leaf and the anchor */
#define PATH_TRIES_MAX 200  /* whole paths of which the signatures are checked, for one leaf */
#define PATH_STEPS_MAX 5000 /* certificates that are looked at as issuers, for one leaf */

struct _LlX509Anchors
{
  LlX509Pool *pool;
};

LlX509Anchors *
ll_x509_anchors_new (GPtrArray *certificates)
{
  LlX509Anchors *anchors = g_new0 (LlX509Anchors, 1);

  anchors->pool = ll_x509_pool_new (certificates, G_MAXUINT);
  return anchors;
}

void
ll_x509_anchors_free (LlX509Anchors *anchors)
{
  if (anchors == NULL)
    return;
  ll_x509_pool_free (anchors->pool);
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
  { X509_V_ERR_KEYUSAGE_NO_CERTSIGN, LL_REASON_NOT_AN_AUTHORITY },
  { X509_V_ERR_INVALID_CA, LL_REASON_NOT_AN_AUTHORITY },
  { X509_V_ERR_INVALID_NON_CA, LL_REASON_NOT_AN_AUTHORITY },
  { X509_V_ERR_PATH_LENGTH_EXCEEDED, LL_REASON_PATH_LENGTH },
  { X509_V_ERR_CERT_CHAIN_TOO_LONG, LL_REASON_CHAIN_TOO_LONG },
  { X509_V_ERR_CERT_SIGNATURE_FAILURE, LL_REASON_CHAIN_SIGNATURE },
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

/* For a stand-in, whose signature does not hold because it is that of the certificate it stands
 * for.
 */
static int
pass_over_time_and_signature (int ok, X509_STORE_CTX *context)
{
  return pass_over_time (ok, context)
         || (X509_STORE_CTX_get_error (context) == X509_V_ERR_CERT_SIGNATURE_FAILURE
             && X509_STORE_CTX_get_error_depth (context) == 0);
}

/* AL-02: OpenSSL finds no path for a key that is for OAEP alone, so that a copy of the certificate
 * with the key in the plain form stands in for it. The signature is that of the original, and is
 * checked there, before. (transfer full) (nullable) */
static X509 *
stand_in_for (const GPtrArray *chain)
{
  X509 *leaf = ll_x509_cert_get (g_ptr_array_index (chain, 0));
  g_autoptr (EVP_PKEY) key = ll_provider_public_key (leaf);
  g_autoptr (EVP_PKEY) issuer
      = chain->len > 1 ? ll_provider_public_key (ll_x509_cert_get (g_ptr_array_index (chain, 1)))
                       : NULL;
  g_autoptr (X509) copy = NULL;

  if (key == NULL || (chain->len > 1 && (issuer == NULL || X509_verify (leaf, issuer) != 1)))
    return NULL;
  copy = X509_dup (leaf);
  return copy != NULL && X509_set_pubkey (copy, key) ? g_steal_pointer (&copy) : NULL;
}

/* SC-19: a signature that somebody could have forged makes the path worth nothing. The anchor is
 * believed without its signature, but not with a key that can be broken. */
static gboolean
is_weak (X509 *certificate, gboolean is_anchor)
{
  g_autoptr (EVP_PKEY) key = ll_provider_public_key (certificate);
  int digest = NID_undef;

  if (key != NULL && ll_x509_key_strength (key) != LL_KEY_STRONG)
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

static gboolean
may_serve (const LlSubkey *subkey, LlPurpose purpose)
{
  switch (purpose)
    {
    case LL_PURPOSE_SIGN:
      return subkey->can_sign;
    case LL_PURPOSE_ENCRYPT:
      return subkey->can_encrypt;
    case LL_PURPOSE_CERTIFY:
      return subkey->can_certify;
    default:
      return FALSE;
    }
}

/* What OpenSSL's own purpose check does not do, or does for other purposes than ours. */
static LlReason
check_uses (const LlX509Path *path, LlPurpose purpose)
{
  LlKey *leaf = g_ptr_array_index (path->chain, 0);
  const LlSubkey *subkey = g_ptr_array_index (ll_key_get_subkeys (leaf), 0);

  if (!may_serve (subkey, purpose))
    return LL_REASON_KEY_USAGE;
  for (guint i = 0; i < path->chain->len; i++)
    {
      LlKey *key = g_ptr_array_index (path->chain, i);
      X509 *certificate = ll_x509_cert_get (key);

      gboolean is_used = i == 0 && purpose != LL_PURPOSE_CERTIFY;

      if ((is_used || key != path->anchor) && !is_for_mail (certificate))
        return LL_REASON_EXTENDED_KEY_USAGE;
      if (is_weak (certificate, key == path->anchor))
        return LL_REASON_WEAK_CHAIN;
    }
  return LL_REASON_NONE;
}

static gboolean
is_valid_at (const LlKey *key, gint64 at)
{
  return at >= ll_key_get_created (key)
         && (ll_key_get_expires (key) == 0 || at <= ll_key_get_expires (key));
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

/* --- one path --------------------------------------------------------------------------------- */

static LlX509Path *
path_new (GPtrArray *chain)
{
  LlX509Path *path = g_new0 (LlX509Path, 1);

  path->chain = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  for (guint i = 0; i < chain->len; i++)
    g_ptr_array_add (path->chain, ll_key_ref (g_ptr_array_index (chain, i)));
  return path;
}

/* SM-34: before any mathematics. */
static gboolean
has_huge_key (const GPtrArray *chain)
{
  for (guint i = 0; i < chain->len; i++)
    {
      g_autoptr (EVP_PKEY) key
          = ll_provider_public_key (ll_x509_cert_get (g_ptr_array_index (chain, i)));

      if (key != NULL && ll_x509_key_is_huge (key))
        return TRUE;
    }
  return FALSE;
}

/* RFC 5280 section 6.1 by OpenSSL, for these certificates and no others: the last is the anchor. */
static LlReason
verify (const GPtrArray *chain, gint64 at)
{
  g_autoptr (X509_STORE_CTX) context = X509_STORE_CTX_new_ex (ll_provider_context (NULL), NULL);
  g_autoptr (LlX509Borrowed) between = sk_X509_new_null ();
  g_autoptr (LlX509Borrowed) anchor = sk_X509_new_null ();
  X509 *leaf = ll_x509_cert_get (g_ptr_array_index (chain, 0));
  gboolean oaep_only = ll_provider_is_oaep_only (leaf);
  g_autoptr (X509) stand_in = oaep_only ? stand_in_for (chain) : NULL;
  X509_VERIFY_PARAM *parameters;

  if (oaep_only && stand_in == NULL)
    return LL_REASON_CHAIN_SIGNATURE;
  for (guint i = 1; i + 1 < chain->len; i++)
    sk_X509_push (between, ll_x509_cert_get (g_ptr_array_index (chain, i)));
  sk_X509_push (anchor, oaep_only && chain->len == 1
                            ? stand_in
                            : ll_x509_cert_get (g_ptr_array_index (chain, chain->len - 1)));
  if (context == NULL || !X509_STORE_CTX_init (context, NULL, oaep_only ? stand_in : leaf, between))
    return LL_REASON_PATH_INVALID;
  X509_STORE_CTX_set0_trusted_stack (context, anchor);

  /* an anchor may be any certificate that the user names, also the leaf itself; policies are looked
   * at because an authority may require them (RFC 5280 section 6.1.5 (g)) */
  parameters = X509_STORE_CTX_get0_param (context);
  X509_VERIFY_PARAM_set_flags (parameters, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST
                                               | X509_V_FLAG_POLICY_CHECK);
  X509_VERIFY_PARAM_set_depth (parameters, PATH_DEPTH_MAX);
  X509_VERIFY_PARAM_set_time (parameters, (time_t)at);
  X509_STORE_CTX_set_verify_cb (context, oaep_only ? pass_over_time_and_signature : pass_over_time);
  if (X509_verify_cert (context) > 0)
    return LL_REASON_NONE;
  return reason_of (X509_STORE_CTX_get_error (context));
}

static LlX509Path *
judge_chain (GPtrArray *chain, const LlX509PathQuestion *question)
{
  LlX509Path *path = path_new (chain);

  if (has_huge_key (chain))
    path->reason = LL_REASON_KEY_TOO_LARGE;
  else
    path->reason = verify (chain, question->at);
  if (path->reason == LL_REASON_NONE)
    path->anchor = g_ptr_array_index (path->chain, path->chain->len - 1);
  if (path->reason == LL_REASON_NONE)
    path->reason = check_uses (path, question->purpose);
  path->time_reason = check_time (path, question->at);
  return path;
}

/* --- the search ------------------------------------------------------------------------------- */

/* From the leaf upwards along the names; only a path that reaches an anchor by its names is
 * verified (SM-34, SC-04). Other than OpenSSL alone, it comes back from a wrong turn: of two
 * certificates of one authority, the other may be the one that leads to an anchor (SC-22). */
typedef struct
{
  const LlX509PathQuestion *question;
  LlX509Pool *extra; /* or NULL */
  gboolean listed_only;
  GPtrArray *branch; /* of LlKey, borrowed: leaf first */
  guint steps, tries;
  LlX509Path *best; /* or NULL */
} Search;

/* The worse a finding, the smaller. */
static int
worth (const LlX509Path *path)
{
  if (path->reason == LL_REASON_NONE)
    return path->time_reason == LL_REASON_NONE ? 4 : 3;
  if (path->reason == LL_REASON_ISSUER_MISSING || path->reason == LL_REASON_CHAIN_TOO_LONG)
    return 0;
  return path->reason == LL_REASON_ROOT_NOT_TRUSTED || path->reason == LL_REASON_SELF_SIGNED ? 1
                                                                                             : 2;
}

/* Takes the path; of two that are worth the same the first stays. */
static void
keep_better (Search *search, LlX509Path *path)
{
  if (search->best != NULL && worth (search->best) >= worth (path))
    {
      ll_x509_path_free (path);
      return;
    }
  ll_x509_path_free (search->best);
  search->best = path;
}

static gboolean
is_done (const Search *search)
{
  return search->tries >= PATH_TRIES_MAX || search->steps >= PATH_STEPS_MAX
         || (search->best != NULL && worth (search->best) == 4);
}

/* ES-08, RFC 5035 section 3: the hash is of the whole certificate. */
static gboolean
is_listed (const LlKey *key, GPtrArray *listed)
{
  for (guint i = 0; i < listed->len; i++)
    {
      const LlListedCertificate *one = g_ptr_array_index (listed, i);
      g_autoptr (EVP_MD) digest = EVP_MD_fetch (ll_provider_context (NULL), one->digest, NULL);
      guchar hash[EVP_MAX_MD_SIZE];
      guint length = 0;

      if (digest != NULL && X509_digest (ll_x509_cert_get (key), digest, hash, &length)
          && g_bytes_get_size (one->hash) == length
          && memcmp (g_bytes_get_data (one->hash, NULL), hash, length) == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_in_branch (const Search *search, const LlKey *key)
{
  for (guint i = 0; i < search->branch->len; i++)
    if (g_str_equal (ll_key_get_fingerprint (g_ptr_array_index (search->branch, i)),
                     ll_key_get_fingerprint (key)))
      return TRUE;
  return FALSE;
}

/* FALSE when the identifiers of the keys say that it is another one of the same name. Whether it
 * may issue at all is for the verification to say, with a reason. */
static gboolean
may_have_issued (LlKey *issuer, const LlKey *child)
{
  switch (X509_check_issued (ll_x509_cert_get (issuer), ll_x509_cert_get (child)))
    {
    case X509_V_ERR_SUBJECT_ISSUER_MISMATCH:
    case X509_V_ERR_AKID_SKID_MISMATCH:
    case X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH:
      return FALSE;
    default:
      return TRUE;
    }
}

/* What is tried first: anchors, then what is valid at the time, then what is younger. */
static int
compare_candidates (gconstpointer a, gconstpointer b, gpointer data)
{
  const LlKey *x = *(LlKey *const *)a, *y = *(LlKey *const *)b;
  const LlX509PathQuestion *question = ((const Search *)data)->question;
  int anchor = ll_x509_pool_has (question->anchors->pool, y)
               - ll_x509_pool_has (question->anchors->pool, x);
  int valid = is_valid_at (y, question->at) - is_valid_at (x, question->at);

  if (anchor != 0)
    return anchor;
  if (valid != 0)
    return valid;
  return (ll_key_get_created (y) > ll_key_get_created (x))
         - (ll_key_get_created (y) < ll_key_get_created (x));
}

/* Of LlKey, borrowed; without those that stand in the branch already. (transfer full) */
static GPtrArray *
find_candidates (Search *search, const LlKey *child)
{
  const LlX509PathQuestion *question = search->question;
  g_autoptr (GPtrArray) found = g_ptr_array_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *candidates = g_ptr_array_new ();

  ll_x509_pool_find_issuers (question->anchors->pool, child, found);
  ll_x509_pool_find_issuers (search->extra, child, found);
  ll_x509_pool_find_issuers (question->certificates, child, found);
  for (guint i = 0; i < found->len; i++)
    {
      LlKey *key = g_ptr_array_index (found, i);

      search->steps++;
      if (is_in_branch (search, key) || !may_have_issued (key, child)
          || (search->listed_only && !ll_x509_pool_has (question->anchors->pool, key)
              && !is_listed (key, question->listed))
          || !g_hash_table_add (seen, (gpointer)ll_key_get_fingerprint (key)))
        continue;
      g_ptr_array_add (candidates, key);
    }
  if (candidates->len > 1)
    g_ptr_array_sort_with_data (candidates, compare_candidates, search);
  return candidates;
}

/* A branch from which nothing leads on. */
static void
note_dead_end (Search *search)
{
  LlKey *top = g_ptr_array_index (search->branch, search->branch->len - 1);
  LlX509Path *path = path_new (search->branch);

  if (search->branch->len > PATH_DEPTH_MAX + 1)
    path->reason = LL_REASON_CHAIN_TOO_LONG;
  else if (!(X509_get_extension_flags (ll_x509_cert_get (top)) & EXFLAG_SI))
    path->reason = LL_REASON_ISSUER_MISSING;
  else
    path->reason = search->branch->len == 1 ? LL_REASON_SELF_SIGNED : LL_REASON_ROOT_NOT_TRUSTED;
  path->time_reason = check_time (path, search->question->at);
  keep_better (search, path);
}

/* No deeper than PATH_DEPTH_MAX. */
static void
climb (Search *search) /* NOLINT(misc-no-recursion) */
{
  LlKey *top = g_ptr_array_index (search->branch, search->branch->len - 1);
  g_autoptr (GPtrArray) candidates = NULL;

  if (ll_x509_pool_has (search->question->anchors->pool, top))
    {
      search->tries++;
      keep_better (search, judge_chain (search->branch, search->question));
      return;
    }
  if (search->branch->len <= PATH_DEPTH_MAX + 1)
    candidates = find_candidates (search, top);
  if (candidates == NULL || candidates->len == 0)
    {
      note_dead_end (search);
      return;
    }
  for (guint i = 0; i < candidates->len && !is_done (search); i++)
    {
      g_ptr_array_add (search->branch, g_ptr_array_index (candidates, i));
      climb (search);
      g_ptr_array_set_size (search->branch, (int)search->branch->len - 1);
    }
}

static LlX509Path *
run_search (LlKey *leaf, const LlX509PathQuestion *question, gboolean listed_only)
{
  g_autoptr (GPtrArray) branch = g_ptr_array_new ();
  g_autoptr (LlX509Pool) extra = question->extra != NULL && question->extra->len > 0
                                     ? ll_x509_pool_new (question->extra, LL_LIMIT_CERTIFICATES)
                                     : NULL;
  Search search
      = { .question = question, .extra = extra, .listed_only = listed_only, .branch = branch };

  g_ptr_array_add (branch, leaf);
  climb (&search);
  return search.best;
}

LlX509Path *
ll_x509_path_build (LlKey *leaf, const LlX509PathQuestion *question)
{
  gboolean limited = question->listed != NULL && question->listed->len > 1; /* ES-08 */
  g_autoptr (LlX509Path) path = run_search (leaf, question, limited);

  if (limited && path->reason != LL_REASON_NONE)
    {
      g_autoptr (LlX509Path) otherwise = run_search (leaf, question, FALSE);

      if (otherwise->reason == LL_REASON_NONE)
        path->reason = LL_REASON_NOT_LISTED;
    }
  ERR_clear_error ();
  return g_steal_pointer (&path);
}
