#include <config.h>

#include <string.h>

#include <openssl/crypto.h>

#include "bridge/openssl-glue.h"
#include "engine/cms-digests-private.h"
#include "engine/cms-names.h"
#include "engine/engine-smime-private.h"
#include "provider/provider.h"

typedef struct
{
  int nid;
  EVP_MD_CTX *context;
} Digest;

struct _LlCmsDigests
{
  GArray *digests; /* of Digest */
  guint8 beginning[16];
  guint64 length;
};

static void
digest_clear (gpointer data)
{
  Digest *digest = data;
  EVP_MD_CTX_free (digest->context);
}

static void
add_digest (LlCmsDigests *self, int nid)
{
  if (ll_cms_digest_find (nid) == NULL || ll_cms_digests_get (self, nid) != NULL)
    return;

  EVP_MD *md = EVP_MD_fetch (ll_provider_context (NULL), OBJ_nid2sn (nid), NULL);
  Digest digest = { nid, EVP_MD_CTX_new () };
  if (md != NULL && EVP_DigestInit_ex2 (digest.context, md, NULL) == 1)
    g_array_append_val (self->digests, digest);
  else
    digest_clear (&digest);
  EVP_MD_free (md);
}

LlCmsDigests *
ll_cms_digests_new (GPtrArray *algorithms)
{
  LlCmsDigests *self = g_new0 (LlCmsDigests, 1);

  self->digests = g_array_new (FALSE, FALSE, sizeof (Digest));
  g_array_set_clear_func (self->digests, digest_clear);
  for (guint i = 0; i < algorithms->len; i++)
    {
      g_autoptr (X509_ALGOR) algorithm
          = ll_smime_parse_algorithm (g_ptr_array_index (algorithms, i));
      if (algorithm != NULL)
        add_digest (self, OBJ_obj2nid (algorithm->algorithm));
    }
  return self;
}

void
ll_cms_digests_free (LlCmsDigests *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->digests);
  g_free (self);
}

void
ll_cms_digests_update (LlCmsDigests *self, const guint8 *data, gsize length)
{
  for (guint i = 0; i < self->digests->len; i++)
    EVP_DigestUpdate (g_array_index (self->digests, Digest, i).context, data, length);
  if (self->length < sizeof self->beginning)
    memcpy (self->beginning + self->length, data,
            MIN (length, sizeof self->beginning - self->length));
  self->length += length;
}

EVP_MD_CTX *
ll_cms_digests_get (const LlCmsDigests *self, int nid)
{
  for (guint i = 0; i < self->digests->len; i++)
    if (g_array_index (self->digests, Digest, i).nid == nid)
      return g_array_index (self->digests, Digest, i).context;
  return NULL;
}

gboolean
ll_cms_digests_match (const LlCmsDigests *self, int nid, const guint8 *value, gsize length)
{
  EVP_MD_CTX *running = ll_cms_digests_get (self, nid);
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  guint8 ours[EVP_MAX_MD_SIZE];
  unsigned int our_length = 0;

  return running != NULL && EVP_MD_CTX_copy_ex (context, running) == 1
         && EVP_DigestFinal_ex (context, ours, &our_length) == 1 && our_length == length
         && CRYPTO_memcmp (ours, value, length) == 0;
}

gboolean
ll_cms_digests_content_is_attributes (const LlCmsDigests *self)
{
  const guint8 *p = self->beginning;
  guint64 length = p[1];
  guint header = 2;

  if (self->length < 5 || p[0] != 0x31)
    return FALSE;
  if (p[1] > 0x80 && p[1] <= 0x84)
    {
      header += p[1] & 0x7f;
      length = 0;
      for (guint i = 2; i < header; i++)
        length = length << 8 | p[i];
    }
  return header + length == self->length && p[header] == 0x30;
}
