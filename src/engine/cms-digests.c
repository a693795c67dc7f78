#include <config.h>

#include <string.h>

#include <openssl/crypto.h>

#include "base/limits.h"
#include "base/secret.h"
#include "bridge/openssl-glue.h"
#include "engine/cms-digests-private.h"
#include "engine/cms-names-private.h"
#include "engine/engine-smime-private.h"
#include "provider/provider.h"

typedef struct
{
  const LlCmsDigest *digest;
  EVP_MD_CTX *context;
} Digest;

struct _LlCmsDigests
{
  GArray *digests; /* of Digest */
  guint8 *kept;    /* the beginning, LL_LIMIT_CMS_KEPT_BYTES at most */
  guint64 length;
};

static void
digest_clear (gpointer data)
{
  Digest *digest = data;
  EVP_MD_CTX_free (digest->context);
}

static const Digest *
find (const LlCmsDigests *self, int nid)
{
  for (guint i = 0; i < self->digests->len; i++)
    {
      const Digest *digest = &g_array_index (self->digests, Digest, i);
      if (digest->digest->nid == nid)
        return digest;
    }
  return NULL;
}

static void
add_digest (LlCmsDigests *self, const LlCmsDigest *wanted)
{
  if (wanted == NULL || find (self, wanted->nid) != NULL)
    return;

  g_autoptr (EVP_MD) md = EVP_MD_fetch (ll_provider_context (NULL), OBJ_nid2sn (wanted->nid), NULL);
  Digest digest = { wanted, EVP_MD_CTX_new () };
  if (md != NULL && EVP_DigestInit_ex2 (digest.context, md, NULL) == 1)
    g_array_append_val (self->digests, digest);
  else
    digest_clear (&digest);
}

LlCmsDigests *
ll_cms_digests_new (GPtrArray *algorithms)
{
  LlCmsDigests *self = g_new0 (LlCmsDigests, 1);

  self->digests = g_array_new (FALSE, FALSE, sizeof (Digest));
  g_array_set_clear_func (self->digests, digest_clear);
  self->kept = g_malloc (LL_LIMIT_CMS_KEPT_BYTES);
  for (guint i = 0; i < algorithms->len; i++)
    {
      g_autoptr (X509_ALGOR) algorithm
          = ll_smime_parse_algorithm (g_ptr_array_index (algorithms, i));
      if (algorithm != NULL)
        add_digest (self, ll_cms_digest_of (algorithm));
    }
  return self;
}

void
ll_cms_digests_free (LlCmsDigests *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->digests);
  explicit_bzero (self->kept, MIN (self->length, LL_LIMIT_CMS_KEPT_BYTES));
  g_free (self->kept);
  g_free (self);
}

void
ll_cms_digests_update (LlCmsDigests *self, const guint8 *data, gsize length)
{
  for (guint i = 0; i < self->digests->len; i++)
    EVP_DigestUpdate (g_array_index (self->digests, Digest, i).context, data, length);
  if (self->length < LL_LIMIT_CMS_KEPT_BYTES)
    memcpy (self->kept + self->length, data, MIN (length, LL_LIMIT_CMS_KEPT_BYTES - self->length));
  self->length += length;
}

const EVP_MD *
ll_cms_digests_get_md (const LlCmsDigests *self, int nid)
{
  const Digest *digest = find (self, nid);
  return digest != NULL ? EVP_MD_CTX_get0_md (digest->context) : NULL;
}

/* Some of them are as long as one likes: then the length is the one that CMS uses (RFC 8702 section
 * 3.1). */
static gsize
final (const LlCmsDigest *digest, EVP_MD_CTX *context, guint8 *value)
{
  unsigned int length = 0;

  if (digest->nid == NID_shake128 || digest->nid == NID_shake256)
    return EVP_DigestFinalXOF (context, value, digest->bytes) == 1 ? digest->bytes : 0;
  return EVP_DigestFinal_ex (context, value, &length) == 1 ? length : 0;
}

gsize
ll_cms_digests_final (const LlCmsDigests *self, int nid, guint8 *value)
{
  const Digest *running = find (self, nid);
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();

  if (running == NULL || EVP_MD_CTX_copy_ex (context, running->context) != 1)
    return 0;
  return final (running->digest, context, value);
}

gsize
ll_cms_digests_hash (const LlCmsDigests *self, int nid, GBytes *octets, guint8 *value)
{
  const Digest *running = find (self, nid);
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();

  if (running == NULL
      || EVP_DigestInit_ex2 (context, EVP_MD_CTX_get0_md (running->context), NULL) != 1
      || EVP_DigestUpdate (context, g_bytes_get_data (octets, NULL), g_bytes_get_size (octets))
             != 1)
    return 0;
  return final (running->digest, context, value);
}

gboolean
ll_cms_digests_match (const LlCmsDigests *self, int nid, const guint8 *value, gsize length)
{
  guint8 ours[EVP_MAX_MD_SIZE];
  gsize our_length = ll_cms_digests_final (self, nid, ours);

  return our_length > 0 && our_length == length && CRYPTO_memcmp (ours, value, length) == 0;
}

GBytes *
ll_cms_digests_dup_content (const LlCmsDigests *self)
{
  if (self->length > LL_LIMIT_CMS_KEPT_BYTES)
    return NULL;
  return ll_secret_bytes_new_take (g_memdup2 (self->kept, self->length), self->length);
}

gboolean
ll_cms_digests_content_is_attributes (const LlCmsDigests *self)
{
  const guint8 *p = self->kept;
  guint header = 2;

  if (self->length < 8 || p[0] != 0x31)
    return FALSE;
  guint64 length = p[1];
  if (p[1] > 0x80 && p[1] <= 0x84)
    {
      header += p[1] & 0x7f;
      length = 0;
      for (guint i = 2; i < header; i++)
        length = length << 8 | p[i];
    }
  return header + length == self->length && p[header] == 0x30;
}
