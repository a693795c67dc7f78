/* engine-smime-verify.c - what signatures on a content say, S/MIME.
 *
 * What enters: a SignedData, opaque or with its content beside it; the mail room gives that content
 * in canonical form, and it is hashed as it is. What leaves: facts, one for each signerInfo, and
 * for an opaque one the content as it streams by. Nothing is held but what stands around the
 * content.
 */
#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "bridge/openssl-glue.h"
#include "engine/cms-signer-private.h"
#include "engine/engine-smime-private.h"
#include "provider/provider.h"

#define CHUNK_BYTES (64 * 1024)

/* Opaque: what was signed goes out while it is hashed. */
static gboolean
pass_content (LlCmsReader *reader, LlCmsDigests *digests, GOutputStream *out,
              GCancellable *cancellable, GError **error)
{
  g_autofree guint8 *chunk = g_malloc (CHUNK_BYTES);
  gssize n;

  while ((n = ll_cms_reader_read (reader, chunk, CHUNK_BYTES, error)) > 0)
    {
      ll_cms_digests_update (digests, chunk, n);
      if (out != NULL && !g_output_stream_write_all (out, chunk, n, NULL, cancellable, error))
        break;
    }
  explicit_bzero (chunk, CHUNK_BYTES);
  return n == 0;
}

static gboolean
hash_content (GInputStream *content, LlCmsDigests *digests, GCancellable *cancellable,
              GError **error)
{
  g_autofree guint8 *chunk = g_malloc (CHUNK_BYTES);
  gssize n;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  while ((n = g_input_stream_read (content, chunk, CHUNK_BYTES, cancellable, error)) > 0)
    ll_cms_digests_update (digests, chunk, n);
  explicit_bzero (chunk, CHUNK_BYTES);
  return n == 0;
}

/* SC-05: a certificate that cannot be parsed is passed over. */
static void
take_certificates (LlSmimeEngine *self, const LlCmsParts *parts, LlFacts *facts)
{
  for (guint i = 0; i < parts->certificates->len; i++)
    {
      LlKey *key = ll_smime_take_certificate (self, g_ptr_array_index (parts->certificates, i));
      if (key != NULL)
        g_ptr_array_add (facts->certificates, key);
    }
}

static LlFacts *
judge (const LlCmsCase *the_case, LlFacts *facts)
{
  const LlCmsParts *parts = ll_cms_reader_get_parts (the_case->reader);

  facts->is_signed = TRUE;
  if (parts->limit != LL_REASON_NONE)
    facts->signed_reason = parts->limit;
  else if (parts->signer_infos->len == 0)
    facts->signed_reason = LL_REASON_NO_SIGNERS; /* CM-14 */
  else if (the_case->content_in_detached)
    facts->signed_reason = LL_REASON_CONTENT_IN_DETACHED; /* SM-33 */
  else if (!parts->content_is_data)
    facts->signed_reason = LL_REASON_NOT_CONTENT_DATA; /* CM-14 */
  if (parts->limit != LL_REASON_NONE)
    return facts;
  for (guint i = 0; i < parts->signer_infos->len; i++)
    g_ptr_array_add (facts->signatures,
                     ll_cms_signer_judge (the_case, g_ptr_array_index (parts->signer_infos, i)));
  return facts;
}

gboolean
ll_smime_verify (LlEngine *engine, GInputStream *signature, GInputStream *content,
                 GOutputStream *out, LlFacts **facts, GCancellable *cancellable, GError **error)
{
  LlSmimeEngine *self = (LlSmimeEngine *)engine;
  if (ll_provider_context (error) == NULL)
    return FALSE;

  g_autoptr (LlCmsReader) reader = ll_cms_reader_open (signature, cancellable, error);
  if (reader == NULL)
    return FALSE;
  const LlCmsParts *parts = ll_cms_reader_get_parts (reader);
  if (parts->kind != LL_CMS_SIGNED)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                           _ ("This S/MIME (CMS) object holds no signature."));
      return FALSE;
    }

  /* SM-33: a content inside a detached signature is passed over, never released. */
  gboolean in_detached = content != NULL && parts->has_content;
  g_autoptr (LlCmsDigests) digests = ll_cms_digests_new (parts->digest_algorithms);
  if (content == NULL && !pass_content (reader, digests, out, cancellable, error))
    return FALSE;
  if (!ll_cms_reader_finish (reader, error))
    return FALSE;
  if (content == NULL && !parts->has_content && parts->signer_infos->len > 0)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                           _ ("This is a detached signature: what it signs is needed too."));
      return FALSE;
    }
  if (content != NULL && !in_detached && !hash_content (content, digests, cancellable, error))
    return FALSE;

  g_autoptr (LlFacts) found = ll_facts_new (LL_PROTOCOL_SMIME);
  take_certificates (self, parts, found);
  LlCmsCase the_case = { .reader = reader,
                         .digests = digests,
                         .certificates = found->certificates,
                         .store = self->store,
                         .content_in_detached = in_detached };
  judge (&the_case, found);
  found->has_trailing_bytes = parts->has_trailing_bytes;
  *facts = g_steal_pointer (&found);
  return TRUE;
}
