/* engine-openpgp-signatures.c - what gpg says of each signature, as facts.
 *
 * What enters: the result of an operation. What leaves: one fact for each signature, each alone. A
 * good word of gpg is not yet a good fact: the type of the signature, its digest, the strength of
 * its key and the time of judgement are looked at here. Whether the key is anybody's is not.
 */
#include <config.h>

#include <string.h>

#include "base/limits.h"
#include "engine/engine-openpgp-private.h"

#define TYPE_BINARY 0x00
#define TYPE_TEXT 0x01

/* What the status of a signature means; HOLDS rows are refined afterwards. */
static const struct
{
  gpgme_err_code_t code;
  LlIntegrity integrity;
  LlReason reason;
} meanings[] = {
  { GPG_ERR_NO_ERROR, LL_INTEGRITY_HOLDS, LL_REASON_NONE },
  { GPG_ERR_SIG_EXPIRED, LL_INTEGRITY_HOLDS, LL_REASON_SIGNATURE_EXPIRED },
  { GPG_ERR_KEY_EXPIRED, LL_INTEGRITY_HOLDS, LL_REASON_KEY_EXPIRED },
  { GPG_ERR_CERT_REVOKED, LL_INTEGRITY_HOLDS, LL_REASON_KEY_REVOKED },
  /* gpg does not tell a changed content from a wrong signature value */
  { GPG_ERR_BAD_SIGNATURE, LL_INTEGRITY_BROKEN, LL_REASON_BAD_SIGNATURE },
  { GPG_ERR_NO_PUBKEY, LL_INTEGRITY_NOT_CHECKED, LL_REASON_NO_PUBLIC_KEY },
  { GPG_ERR_WRONG_KEY_USAGE, LL_INTEGRITY_NOT_CHECKED, LL_REASON_KEY_USAGE },
  { GPG_ERR_SIG_CLASS, LL_INTEGRITY_BROKEN, LL_REASON_SIGNATURE_TYPE },
  { GPG_ERR_BAD_PUBKEY, LL_INTEGRITY_NOT_CHECKED, LL_REASON_MALFORMED },
  { GPG_ERR_UNUSABLE_PUBKEY, LL_INTEGRITY_NOT_CHECKED, LL_REASON_KEY_USAGE },
  { GPG_ERR_PUBKEY_ALGO, LL_INTEGRITY_NOT_CHECKED, LL_REASON_UNSUPPORTED_ALGORITHM },
  { GPG_ERR_DIGEST_ALGO, LL_INTEGRITY_NOT_CHECKED, LL_REASON_UNSUPPORTED_ALGORITHM },
  { GPG_ERR_UNSUPPORTED_ALGORITHM, LL_INTEGRITY_NOT_CHECKED, LL_REASON_UNSUPPORTED_ALGORITHM },
  { GPG_ERR_UNKNOWN_ALGORITHM, LL_INTEGRITY_NOT_CHECKED, LL_REASON_UNSUPPORTED_ALGORITHM },
  { GPG_ERR_UNKNOWN_CURVE, LL_INTEGRITY_NOT_CHECKED, LL_REASON_UNSUPPORTED_ALGORITHM },
  { GPG_ERR_TIME_CONFLICT, LL_INTEGRITY_NOT_CHECKED, LL_REASON_SIGNED_BEFORE_KEY },
};

static void
set_meaning (LlSignatureFacts *facts, gpgme_error_t status)
{
  facts->integrity = LL_INTEGRITY_NOT_CHECKED;
  facts->reason = LL_REASON_ENGINE_ERROR;
  for (gsize i = 0; i < G_N_ELEMENTS (meanings); i++)
    if (meanings[i].code == gpgme_err_code (status))
      {
        facts->integrity = meanings[i].integrity;
        facts->reason = meanings[i].reason;
      }
}

/* --- the key ---------------------------------------------------------------------------------- */

static gboolean
is_fingerprint (const char *id)
{
  return id != NULL && strlen (id) >= 40;
}

/* One look into the ring for each signature, and none when there is no signature. */
static void
find_key (LlOpenpgpEngine *self, gpgme_signature_t signature, const LlPgpSignatureStatus *status,
          LlSignatureFacts *facts)
{
  const char *id = status != NULL && status->primary != NULL ? status->primary : signature->fpr;

  if (is_fingerprint (signature->fpr))
    facts->fingerprint = g_ascii_strup (signature->fpr, -1);
  if (id == NULL || gpgme_err_code (signature->status) == GPG_ERR_NO_PUBKEY)
    {
      facts->signer_hint = signature->fpr != NULL ? g_ascii_strup (signature->fpr, -1) : NULL;
      return;
    }
  facts->key = ll_key_store_get (self->store, LL_PROTOCOL_OPENPGP, id, NULL);
  if (facts->key == NULL)
    facts->signer_hint = g_ascii_strup (id, -1);
}

static const LlSubkey *
subkey_of (const LlSignatureFacts *facts)
{
  GPtrArray *subkeys = facts->key != NULL ? ll_key_get_subkeys (facts->key) : NULL;

  for (guint i = 0; subkeys != NULL && i < subkeys->len; i++)
    {
      const LlSubkey *subkey = g_ptr_array_index (subkeys, i);
      if (facts->fingerprint != NULL && g_strcmp0 (subkey->fingerprint, facts->fingerprint) == 0)
        return subkey;
    }
  return NULL;
}

/* OP-21: "rsa1024", "dsa1024"; curves have no number that means strength. */
static gboolean
is_weak_key (const LlSubkey *subkey)
{
  const char *digits;

  if (subkey->algorithm == NULL)
    return FALSE;
  digits = subkey->algorithm + strcspn (subkey->algorithm, "0123456789");
  return (g_str_has_prefix (subkey->algorithm, "rsa")
          || g_str_has_prefix (subkey->algorithm, "dsa"))
         && g_ascii_strtoull (digits, NULL, 10) < LL_WEAK_RSA_BITS;
}

/* --- the time --------------------------------------------------------------------------------- */

static gboolean
has_passed (gint64 expires, gint64 at)
{
  return expires != 0 && expires <= at;
}

/* gpg judges as of now, and GPGME has no way to tell it another time; so what it says of dates is
 * decided again from the dates themselves, for the time of judgement (--at). Two things cannot be
 * had back: when a key was revoked (its listing does not tell, so revoked now counts as revoked
 * then: OP-14, on the safe side), and a signature that gpg would not check because it or its key
 * comes from the future of the real clock. */
static LlReason
reason_at (const LlSignatureFacts *facts, const LlSubkey *subkey, gint64 at)
{
  if (facts->reason == LL_REASON_KEY_REVOKED || (subkey != NULL && subkey->revoked))
    return LL_REASON_KEY_REVOKED;
  if (has_passed (facts->expires, at))
    return LL_REASON_SIGNATURE_EXPIRED;
  if (facts->key == NULL || subkey == NULL)
    return facts->reason; /* no dates to decide by */
  if (has_passed (ll_key_get_expires (facts->key), at) || has_passed (subkey->expires, at))
    return LL_REASON_KEY_EXPIRED;
  if (ll_key_get_created (facts->key) > at || subkey->created > at)
    return LL_REASON_NOT_YET_VALID;
  return LL_REASON_NONE;
}

/* --- one signature ---------------------------------------------------------------------------- */

/* What takes away from a signature that holds: its digest (OP-10), its key, and the time. */
static void
refine (LlOpenpgpEngine *self, gpgme_hash_algo_t digest, LlSignatureFacts *facts)
{
  const LlSubkey *subkey = subkey_of (facts);
  LlReason time = reason_at (facts, subkey, ll_policy_time (self->policy));

  if (ll_pgp_digest_is_weak (digest))
    facts->reason = LL_REASON_WEAK_DIGEST;
  else if (subkey != NULL && is_weak_key (subkey))
    facts->reason = LL_REASON_WEAK_KEY;
  else
    facts->reason = time;
}

static LlSignatureFacts *
facts_of_signature (LlOpenpgpEngine *self, gpgme_signature_t signature,
                    const LlPgpSignatureStatus *status)
{
  LlSignatureFacts *facts = ll_signature_facts_new (LL_PROTOCOL_OPENPGP);

  set_meaning (facts, signature->status);
  facts->signing_time = (gint64)signature->timestamp;
  facts->expires = (gint64)signature->exp_timestamp;
  if (signature->pubkey_algo != 0)
    facts->algorithm = ll_pgp_algorithm_name (signature->pubkey_algo);
  if (signature->hash_algo != GPGME_MD_NONE)
    facts->digest = ll_pgp_digest_name (signature->hash_algo);
  find_key (self, signature, status, facts);

  if (facts->integrity == LL_INTEGRITY_HOLDS && (status == NULL || !status->good))
    facts->integrity = LL_INTEGRITY_NOT_CHECKED, facts->reason = LL_REASON_ENGINE_ERROR;
  /* OP-19: what certifies a key says nothing about a document */
  if (status != NULL && status->type >= 0 && status->type != TYPE_BINARY
      && status->type != TYPE_TEXT)
    facts->integrity = LL_INTEGRITY_BROKEN, facts->reason = LL_REASON_SIGNATURE_TYPE;
  if (facts->integrity == LL_INTEGRITY_HOLDS)
    refine (self, signature->hash_algo, facts);
  /* gpg does not check MD5 any more; the reason is the digest, not that it is unknown */
  else if (facts->reason == LL_REASON_UNSUPPORTED_ALGORITHM && facts->digest != NULL
           && gpgme_err_code (signature->status) == GPG_ERR_DIGEST_ALGO
           && ll_pgp_digest_is_weak (signature->hash_algo))
    facts->reason = LL_REASON_WEAK_DIGEST;
  return facts;
}

void
ll_pgp_add_signatures (LlOpenpgpEngine *self, gpgme_ctx_t context, const LlPgpStatus *status,
                       LlReason nothing_in, LlFacts *facts)
{
  gpgme_verify_result_t result = gpgme_op_verify_result (context);
  guint n = 0;

  for (gpgme_signature_t signature = result != NULL ? result->signatures : NULL; signature != NULL;
       signature = signature->next, n++)
    {
      LlSignatureFacts *one;
      const LlPgpSignatureStatus *line
          = n < status->signatures->len
                ? &g_array_index (status->signatures, LlPgpSignatureStatus, n)
                : NULL;

      facts->is_signed = TRUE;
      if (n >= LL_LIMIT_SIGNERS)
        {
          g_ptr_array_set_size (facts->signatures, 0);
          facts->signed_reason = LL_REASON_LIMIT_SIGNERS;
          return;
        }
      one = facts_of_signature (self, signature, line);
      if (nothing_in != LL_REASON_NONE)
        one->integrity = LL_INTEGRITY_BROKEN, one->reason = nothing_in;
      g_ptr_array_add (facts->signatures, one);
    }
}
