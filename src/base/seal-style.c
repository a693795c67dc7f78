/* seal-style.c - names of digests, and how settings and options come together. */
#include <config.h>

#include "base/seal-style.h"

static const struct
{
  const char *name, *short_name;
} digests[LL_N_DIGESTS] = {
  [LL_DIGEST_SHA256] = { "SHA-256", "SHA256" },
  [LL_DIGEST_SHA384] = { "SHA-384", "SHA384" },
  [LL_DIGEST_SHA512] = { "SHA-512", "SHA512" },
};

const char *
ll_digest_name (LlDigest digest)
{
  return digest < LL_N_DIGESTS ? digests[digest].name : NULL;
}

LlDigest
ll_digest_from_name (const char *name)
{
  for (guint i = LL_DIGEST_CHOOSE + 1; name != NULL && i < LL_N_DIGESTS; i++)
    if (g_ascii_strcasecmp (name, digests[i].name) == 0
        || g_ascii_strcasecmp (name, digests[i].short_name) == 0)
      return (LlDigest)i;
  return LL_DIGEST_CHOOSE;
}

const char *
ll_digest_list (void)
{
  return "SHA-256, SHA-384, SHA-512";
}

LlSealStyle
ll_seal_style_join (const LlSealStyle *usual, const LlSealStyle *wanted)
{
  return (LlSealStyle){
    .pss = usual->pss || wanted->pss,
    .oaep = usual->oaep || wanted->oaep,
    .key_id = usual->key_id || wanted->key_id,
    .strict = usual->strict || wanted->strict,
    .derived_key = usual->derived_key || wanted->derived_key,
    .digest = wanted->digest != LL_DIGEST_CHOOSE ? wanted->digest : usual->digest,
  };
}
