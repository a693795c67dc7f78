#include <config.h>

#include <glib/gi18n.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "bridge/openssl-glue.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-pem.h"

#define BLOCKS_FOR_THREADS 64 /* fewer are read faster without */

GPtrArray *
ll_x509_bundle_read (GBytes *der, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  gsize length;
  const guchar *data = g_bytes_get_data (der, &length);
  g_autoptr (CMS_ContentInfo) cms = d2i_CMS_ContentInfo (NULL, &data, (glong)length);
  g_autoptr (LlX509Stack) certificates = cms != NULL ? CMS_get1_certs (cms) : NULL;

  ERR_clear_error ();
  for (int i = 0; certificates != NULL && i < sk_X509_num (certificates); i++)
    {
      LlKey *key = ll_x509_cert_new_from_x509 (sk_X509_value (certificates, i), error);

      if (key == NULL)
        return NULL;
      g_ptr_array_add (keys, key);
    }
  return g_steal_pointer (&keys);
}

typedef enum
{
  BLOCK_END,
  BLOCK_BROKEN,
  BLOCK_OTHER,
  BLOCK_CERTIFICATE,
  BLOCK_BUNDLE,
} BlockKind;

static const struct
{
  const char *name;
  BlockKind kind;
} block_kinds[] = {
  { PEM_STRING_X509, BLOCK_CERTIFICATE },
  { PEM_STRING_X509_OLD, BLOCK_CERTIFICATE },
  { PEM_STRING_PKCS7, BLOCK_BUNDLE },
  { PEM_STRING_CMS, BLOCK_BUNDLE },
};

static BlockKind
kind_of (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (block_kinds); i++)
    if (g_str_equal (name, block_kinds[i].name))
      return block_kinds[i].kind;
  return BLOCK_OTHER;
}

/* The next block; whatever is none of ours is wiped, because it may be a private key. */
static BlockKind
next_block (BIO *bio, GBytes **der)
{
  char *name = NULL, *header = NULL;
  guchar *data = NULL;
  glong length = 0;
  BlockKind kind;

  *der = NULL;
  if (!PEM_read_bio (bio, &name, &header, &data, &length))
    {
      gboolean end = ERR_GET_REASON (ERR_peek_last_error ()) == PEM_R_NO_START_LINE;

      ERR_clear_error ();
      return end ? BLOCK_END : BLOCK_BROKEN;
    }
  kind = kind_of (name);
  if (kind != BLOCK_OTHER)
    *der = g_bytes_new (data, (gsize)length);
  OPENSSL_clear_free (data, (gsize)length);
  OPENSSL_free (name);
  OPENSSL_free (header);
  return kind;
}

/* One block, and what became of it. */
typedef struct
{
  BlockKind kind;
  GBytes *der;     /* or NULL */
  GPtrArray *keys; /* of LlKey: what it holds; NULL when nothing that can be read */
  GError *error;   /* then why, or NULL */
} Block;

static void
block_free (gpointer data)
{
  Block *block = data;

  g_clear_pointer (&block->der, g_bytes_unref);
  g_clear_pointer (&block->keys, g_ptr_array_unref);
  g_clear_error (&block->error);
  g_free (block);
}

static GPtrArray *
read_blocks (BIO *bio)
{
  GPtrArray *blocks = g_ptr_array_new_with_free_func (block_free);
  BlockKind kind = BLOCK_OTHER;

  while (kind != BLOCK_END)
    {
      g_autoptr (GBytes) der = NULL;

      kind = next_block (bio, &der);
      if (kind == BLOCK_CERTIFICATE || kind == BLOCK_BUNDLE || kind == BLOCK_BROKEN)
        {
          Block *block = g_new0 (Block, 1);

          block->kind = kind;
          block->der = g_steal_pointer (&der);
          g_ptr_array_add (blocks, block);
        }
    }
  return blocks;
}

static void
parse_block (gpointer data, gpointer unused)
{
  Block *block = data;
  LlKey *key;

  if (block->kind == BLOCK_BUNDLE)
    {
      block->keys = ll_x509_bundle_read (block->der, &block->error);
      if (block->keys != NULL && block->keys->len == 0)
        g_clear_pointer (&block->keys, g_ptr_array_unref);
      return;
    }
  key = block->kind == BLOCK_CERTIFICATE ? ll_x509_cert_new (block->der, &block->error) : NULL;
  if (key == NULL)
    return;
  block->keys = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  g_ptr_array_add (block->keys, key);
}

/* OpenSSL 3.0 takes long to look for the decoder of each public key: a whole keybox is read by as
 * many threads as there are processors. The first block comes alone, for it sets the libraries up.
 */
static void
parse_blocks (GPtrArray *blocks)
{
  guint n_threads = blocks->len < BLOCKS_FOR_THREADS ? 1 : MIN (g_get_num_processors (), 4);
  GThreadPool *pool = NULL;

  for (guint i = 0; i < blocks->len; i++)
    {
      if (i == 1 && n_threads > 1)
        pool = g_thread_pool_new (parse_block, NULL, (int)n_threads, FALSE, NULL);
      if (pool == NULL || !g_thread_pool_push (pool, g_ptr_array_index (blocks, i), NULL))
        parse_block (g_ptr_array_index (blocks, i), NULL);
    }
  if (pool != NULL)
    g_thread_pool_free (pool, FALSE, TRUE);
}

GPtrArray *
ll_x509_pem_read (GBytes *pem, guint *bad, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  gsize length;
  const void *text = g_bytes_get_data (pem, &length);
  g_autoptr (BIO) bio
      = length > 0 && length <= G_MAXINT ? BIO_new_mem_buf (text, (int)length) : NULL;
  g_autoptr (GPtrArray) blocks = NULL;
  guint skipped = 0;

  if (bio != NULL)
    {
      blocks = read_blocks (bio);
      parse_blocks (blocks);
    }
  for (guint i = 0; blocks != NULL && i < blocks->len; i++)
    {
      Block *block = g_ptr_array_index (blocks, i);

      if (block->keys != NULL)
        g_ptr_array_extend_and_steal (keys, g_steal_pointer (&block->keys));
      else if (bad != NULL)
        skipped++;
      else
        {
          g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                       _ ("Certificate number %u cannot be read%s%s"), keys->len + 1,
                       block->error != NULL ? ": " : ".",
                       block->error != NULL ? block->error->message : "");
          return NULL;
        }
    }
  if (bad != NULL)
    *bad = skipped;
  return g_steal_pointer (&keys);
}
