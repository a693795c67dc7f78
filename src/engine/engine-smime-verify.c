/* engine-smime-verify.c - what signatures on a content say, S/MIME.
 *
 * What enters: a SignedData, opaque or with its content beside it; the mail room gives that content
 * in canonical form, and it is hashed as it is. Or a CompressedData, perhaps around an opaque one.
 * What leaves: facts, one for each signerInfo, and for an opaque one the content as it streams by.
 * Nothing is held but what stands around the content.
 */
#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "bridge/openssl-glue.h"
#include "engine/cms-inflate-private.h"
#include "engine/cms-signer-private.h"
#include "engine/engine-smime-private.h"
#include "provider/provider.h"

#define CHUNK_BYTES (64 * 1024)
#define PEEK_BYTES (8 * 1024) /* of what was compressed, to see what it is */

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
pass_on (GInputStream *in, GOutputStream *out, GCancellable *cancellable, GError **error)
{
  g_autofree guint8 *chunk = g_malloc (CHUNK_BYTES);
  gssize n;

  while ((n = g_input_stream_read (in, chunk, CHUNK_BYTES, cancellable, error)) > 0)
    if (!g_output_stream_write_all (out, chunk, n, NULL, cancellable, error))
      break;
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

static gpointer
take_bytes (gconstpointer bytes, gpointer data)
{
  return g_bytes_ref ((GBytes *)bytes);
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
  g_ptr_array_extend (facts->crls, parts->crls, (GCopyFunc)take_bytes, NULL);
  g_ptr_array_extend (facts->ocsps, parts->ocsps, (GCopyFunc)take_bytes, NULL);
}

static void
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
    return;
  for (guint i = 0; i < parts->signer_infos->len; i++)
    g_ptr_array_add (facts->signatures,
                     ll_cms_signer_judge (the_case, g_ptr_array_index (parts->signer_infos, i)));
}

/* A SignedData that the reader stands in. */
static gboolean
verify_signed (LlSmimeEngine *self, LlCmsReader *reader, GInputStream *content, GOutputStream *out,
               LlFacts *facts, GCancellable *cancellable, GError **error)
{
  const LlCmsParts *parts = ll_cms_reader_get_parts (reader);
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

  take_certificates (self, parts, facts);
  LlCmsCase the_case = { .reader = reader,
                         .digests = digests,
                         .certificates = facts->certificates,
                         .store = self->store,
                         .content_in_detached = in_detached };
  judge (&the_case, facts);
  facts->has_trailing_bytes |= parts->has_trailing_bytes;
  return TRUE;
}

/* The stream begins with a SignedData, in binary. */
static gboolean
begins_signed (LlEngine *engine, GBufferedInputStream *stream, GCancellable *cancellable,
               GError **error)
{
  gsize length = 0;

  while (length < PEEK_BYTES)
    {
      gssize n = g_buffered_input_stream_fill (stream, (gssize)(PEEK_BYTES - length), cancellable,
                                               error);
      if (n <= 0)
        break;
      length += (gsize)n;
    }
  const guint8 *data = g_buffered_input_stream_peek_buffer (stream, &length);
  g_autoptr (GBytes) beginning = g_bytes_new_static (data, length);
  return length > 0 && data[0] == 0x30
         && engine->klass->identify (engine, beginning) == LL_BLOB_SIGNED;
}

static gboolean
drain (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  gssize n;

  while ((n = g_input_stream_skip (stream, CHUNK_BYTES, cancellable, error)) > 0)
    ;
  return n == 0;
}

/* CM-09, RFC 3274: compression is stepped through. What is inside is checked when it is signed, and
 * passed on as it is otherwise; compressed once more, it is not opened again. */
static gboolean
verify_compressed (LlSmimeEngine *self, LlCmsReader *reader, GOutputStream *out, LlFacts *facts,
                   GCancellable *cancellable, GError **error)
{
  g_autoptr (GInputStream) inflated = ll_cms_inflate_new (reader, error);
  if (inflated == NULL)
    return FALSE;

  g_autoptr (GInputStream) buffered = g_buffered_input_stream_new_sized (inflated, PEEK_BYTES);
  g_autoptr (GError) local = NULL;
  facts->compressed = TRUE;
  if (begins_signed (&self->engine, G_BUFFERED_INPUT_STREAM (buffered), cancellable, &local))
    {
      g_autoptr (LlCmsReader) inner = ll_cms_reader_open (buffered, cancellable, error);
      if (inner == NULL || !verify_signed (self, inner, NULL, out, facts, cancellable, error)
          || !drain (buffered, cancellable, error))
        return FALSE;
    }
  else if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  else if (!(out != NULL ? pass_on (buffered, out, cancellable, error)
                         : drain (buffered, cancellable, error)))
    return FALSE;
  if (!ll_cms_reader_finish (reader, error))
    return FALSE;
  facts->has_trailing_bytes |= ll_cms_reader_get_parts (reader)->has_trailing_bytes;
  return TRUE;
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
  g_autoptr (LlFacts) found = ll_facts_new (LL_PROTOCOL_SMIME);
  LlCmsKind kind = ll_cms_reader_get_parts (reader)->kind;
  gboolean done = FALSE;
  if (kind == LL_CMS_SIGNED)
    done = verify_signed (self, reader, content, out, found, cancellable, error);
  else if (kind == LL_CMS_COMPRESSED && content == NULL)
    done = verify_compressed (self, reader, out, found, cancellable, error);
  else
    g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                         _ ("This S/MIME (CMS) object holds no signature."));
  if (done)
    *facts = g_steal_pointer (&found);
  return done;
}
