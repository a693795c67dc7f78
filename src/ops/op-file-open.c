/* op-file-open.c - decrypts files.
 *
 * What enters: a file of any size. What leaves: its content, whole, once the engine has found it
 * intact. Until then it stands in the file-to-be, which has no name yet (base/output); where there
 * is no such file that can be taken back, for a pipe, it stands in a spool.
 *
 * CMS signs and encrypts in two layers. Whoever encrypts a file that happens to be signed wants
 * that file back, octet for octet; whoever signs and encrypts a file wants the file, and a word
 * about the signature. The type of the encrypted content tells the two apart: id-data is a file,
 * and id-ct-contentInfo a CMS object (RFC 5652 section 6.1, RFC 5911). It is not authenticated, and
 * need not be: whoever changes it can only have the object handed out instead of what is in it, or
 * the signature looked at that is there.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "base/output.h"
#include "base/text.h"
#include "bridge/spool.h"
#include "engine/cms-reader.h"
#include "ops/op-file-private.h"
#include "verdict/report.h"

static char *
opened_path (const char *path, const LlFileRequest *request, GError **error)
{
  static const char *const suffixes[] = { ".gpg", ".asc", ".pgp", ".p7m" };
  g_autofree char *safe = ll_text_safe (path, -1);

  if (request->output != NULL)
    return g_strdup (request->output);
  if (ll_file_is_standard (path))
    return g_strdup ("-");
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (path, suffixes[i]) && strlen (path) > strlen (suffixes[i]))
      return g_strndup (path, strlen (path) - strlen (suffixes[i]));
  g_set_error (error, LL_ERROR, LL_ERROR_MISSING_ARGUMENT,
               _ ("“%s” does not end in .gpg, .asc, .pgp or .p7m: name the result with --output."),
               safe);
  return NULL;
}

/* Where the content goes. */
typedef struct
{
  const char *path;
  gboolean force;
  GCancellable *cancellable;
  LlOutput *output;
  LlSpool *spool; /* or NULL: straight into the file-to-be */
} Target;

static void
target_clear (Target *target)
{
  g_clear_pointer (&target->output, ll_output_free);
  g_clear_object (&target->spool);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Target, target_clear)

/* Opens the output, for the first time or, dropping what went there, again. */
static gboolean
target_open (Target *target, GError **error)
{
  g_clear_pointer (&target->output, ll_output_free);
  target->output = ll_output_new (target->path, target->force, 0600, error);
  return target->output != NULL;
}

static gboolean
target_publish (Target *target, LlSpool *content, GError **error)
{
  if (content != NULL
      && !ll_spool_copy (content, ll_output_get_stream (target->output), target->cancellable,
                         error))
    return FALSE;
  return ll_output_commit (target->output, error);
}

/* A CMS object may be in it: certainly, or because so much stands before the content that its type
 * is not in sight. */
static gboolean
may_hold_object (LlEngine *engine, GBytes *head)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (head);
  g_autoptr (LlCmsReader) reader = NULL;

  if (engine->klass->protocol != LL_PROTOCOL_SMIME)
    return FALSE;
  reader = ll_cms_reader_open (in, NULL, NULL);
  return reader == NULL || ll_cms_reader_get_parts (reader)->content_is_object;
}

static void
add_inner_facts (LlFacts *facts, LlFacts *inner)
{
  facts->compressed = inner->compressed; /* CM-09 */
  facts->is_signed = inner->is_signed;
  facts->signed_reason = inner->signed_reason;
  g_ptr_array_extend_and_steal (facts->signatures, g_steal_pointer (&inner->signatures));
  g_ptr_array_extend_and_steal (facts->certificates, g_steal_pointer (&inner->certificates));
}

/* Steps into the signed layer. FALSE without error when it is none after all: then it comes out as
 * it went in. */
static gboolean
open_object (Target *target, LlEngine *engine, LlFacts *facts, LlSpool **content, GError **error)
{
  gboolean staged = ll_output_is_staged (target->output);
  g_autoptr (LlSpool) spool = staged ? NULL : ll_spool_new (LL_SPOOL_SECRET);
  g_autoptr (GInputStream) in = ll_spool_open (target->spool, error);
  g_autoptr (LlFacts) inner = NULL;
  g_autoptr (GError) local = NULL;

  if (in == NULL)
    return FALSE;
  if (!engine->klass->verify (engine, in, NULL,
                              spool != NULL ? G_OUTPUT_STREAM (spool)
                                            : ll_output_get_stream (target->output),
                              &inner, target->cancellable, &local))
    {
      if (!g_error_matches (local, LL_ERROR, LL_ERROR_BAD_DATA))
        g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (inner->has_trailing_bytes)
    return FALSE;
  add_inner_facts (facts, inner);
  *content = g_steal_pointer (&spool);
  return TRUE;
}

static gboolean
publish (Target *target, LlEngine *engine, LlFacts *facts, GError **error)
{
  g_autoptr (LlSpool) content = NULL;
  g_autoptr (GError) local = NULL;

  if (!facts->content_is_object || target->spool == NULL)
    return target_publish (target, target->spool, error);
  if (open_object (target, engine, facts, &content, &local))
    return target_publish (target, content, error);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  return target_open (target, error) && target_publish (target, target->spool, error);
}

static gboolean
check_decrypted (const char *path, const LlFacts *facts, GError **error)
{
  g_autofree char *safe = ll_text_safe (path, -1);

  if (facts->decryption == LL_DECRYPTION_DONE)
    return TRUE;
  if (facts->decryption == LL_DECRYPTION_NONE)
    ll_file_set_not_sealed (error, path, TRUE);
  else
    {
      const char *advice = ll_wording_advice (facts->decryption_reason);
      g_set_error (error, LL_ERROR, LL_ERROR_CANNOT_DECRYPT, _ ("“%s” cannot be decrypted: %s"),
                   safe, ll_wording_reason (facts->decryption_reason));
      if (advice != NULL && error != NULL)
        {
          g_autofree char *sentence = g_strdup ((*error)->message);
          g_clear_pointer (&(*error)->message, g_free);
          (*error)->message = g_strconcat (sentence, " ", advice, NULL);
        }
    }
  return FALSE;
}

/* Says which file it was. */
static gboolean
explain_failure (const char *path, GError *why, GError **error)
{
  g_autofree char *safe = ll_text_safe (path, -1);

  if (why->domain == LL_ERROR)
    g_prefix_error (&why, "%s: ", safe);
  g_propagate_error (error, why);
  return FALSE;
}

static gboolean
decrypt_stream (LlSession *session, LlEngine *engine, LlFileResult *result, GInputStream *in,
                Target *target, GError **error)
{
  g_autoptr (LlFacts) facts = NULL;
  GError *why = NULL;
  GOutputStream *out = target->spool != NULL ? G_OUTPUT_STREAM (target->spool)
                                             : ll_output_get_stream (target->output);

  if (!engine->klass->decrypt (engine, in, out, &facts, target->cancellable, &why))
    return explain_failure (result->input, why, error);
  if (!check_decrypted (result->input, facts, error) || !publish (target, engine, facts, error))
    return FALSE;
  ll_file_judge (session, result, g_steal_pointer (&facts));
  return TRUE;
}

LlFileResult *
ll_op_file_decrypt (LlSession *session, const char *path, const LlFileRequest *request,
                    GCancellable *cancellable, GError **error)
{
  g_autoptr (LlFileResult) result = ll_file_result_new (path);
  g_autoptr (GBufferedInputStream) in = ll_file_open (path, request, error);
  g_autoptr (GBytes) head = NULL;
  g_autofree char *out_path = NULL;
  g_auto (Target) target = { .force = request->force, .cancellable = cancellable };
  LlEngine *engine = NULL;

  if (in == NULL)
    return NULL;
  head = ll_file_peek (in, cancellable, error);
  if (head == NULL)
    return NULL;
  if (ll_file_identify (session, request, head, &engine) != LL_BLOB_ENCRYPTED)
    {
      ll_file_set_not_sealed (error, result->input, TRUE);
      return NULL;
    }
  target.path = out_path = opened_path (path, request, error);
  if (out_path == NULL || !target_open (&target, error))
    return NULL;
  if (!ll_output_is_staged (target.output) || may_hold_object (engine, head))
    target.spool = ll_spool_new (LL_SPOOL_SECRET);
  if (!decrypt_stream (session, engine, result, G_INPUT_STREAM (in), &target, error))
    return NULL;
  result->output = g_steal_pointer (&out_path);
  return g_steal_pointer (&result);
}
