#include <config.h>

#include <glib/gi18n.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "bridge/openssl-glue.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-pem.h"

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

/* Adds what the block holds; FALSE when it holds nothing that can be read. */
static gboolean
take_block (GPtrArray *keys, BlockKind kind, GBytes *der, GError **error)
{
  g_autoptr (GPtrArray) bundle = NULL;
  LlKey *key;

  if (kind == BLOCK_CERTIFICATE)
    {
      key = ll_x509_cert_new (der, error);
      if (key != NULL)
        g_ptr_array_add (keys, key);
      return key != NULL;
    }
  if (kind != BLOCK_BUNDLE)
    return kind == BLOCK_OTHER;
  bundle = ll_x509_bundle_read (der, error);
  for (guint i = 0; bundle != NULL && i < bundle->len; i++)
    g_ptr_array_add (keys, ll_key_ref (g_ptr_array_index (bundle, i)));
  return bundle != NULL && bundle->len > 0;
}

GPtrArray *
ll_x509_pem_read (GBytes *pem, guint *bad, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  gsize length;
  const void *text = g_bytes_get_data (pem, &length);
  g_autoptr (BIO) bio = length <= G_MAXINT ? BIO_new_mem_buf (text, (int)length) : NULL;
  BlockKind kind = bio != NULL && length > 0 ? BLOCK_OTHER : BLOCK_END;
  guint skipped = 0;

  while (kind != BLOCK_END)
    {
      g_autoptr (GBytes) der = NULL;
      g_autoptr (GError) local = NULL;

      kind = next_block (bio, &der);
      if (kind == BLOCK_END || take_block (keys, kind, der, &local))
        continue;
      skipped++;
      if (bad == NULL)
        {
          g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                       _ ("Certificate number %u cannot be read%s%s"), keys->len + 1,
                       local != NULL ? ": " : ".", local != NULL ? local->message : "");
          return NULL;
        }
    }
  if (bad != NULL)
    *bad = skipped;
  return g_steal_pointer (&keys);
}
