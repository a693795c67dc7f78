/* op-file.c - the staircase FILE of doc/architecture.md: plan, engine, facts, signers, verdict. */
#include <config.h>

#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/output.h"
#include "base/secret.h"
#include "base/text.h"
#include "ops/op-file.h"
#include "verdict/report.h"

#define PEEK_BYTES (64 * 1024)
#define INCOMPRESSIBLE_BITS                                                                        \
  7.2 /* entropy of an octet from which compression gains nothing to speak of */

void
ll_file_result_free (LlFileResult *result)
{
  if (result == NULL)
    return;
  g_free (result->input);
  g_free (result->output);
  g_free (result->cipher);
  g_clear_pointer (&result->verdict, ll_verdict_free);
  g_clear_pointer (&result->evidence, ll_evidence_free);
  g_free (result);
}

static LlFileResult *
file_result_new (const char *path)
{
  LlFileResult *result = g_new0 (LlFileResult, 1);
  result->input = g_strdup (path != NULL ? path : "-");
  return result;
}

static gboolean
is_standard_stream (const char *path)
{
  return path == NULL || g_str_equal (path, "-");
}

/* --- looking at the beginning of a stream ----------------------------------------------------- */

/* The first octets without consuming them. (transfer full) */
static GBytes *
peek (GBufferedInputStream *stream, GCancellable *cancellable, GError **error)
{
  const void *data;
  gsize available;

  for (;;)
    {
      gsize before = g_buffered_input_stream_get_available (stream);
      gssize n;
      if (before >= PEEK_BYTES)
        break;
      n = g_buffered_input_stream_fill (stream, PEEK_BYTES - (gssize)before, cancellable, error);
      if (n < 0)
        return NULL;
      if (n == 0)
        break;
    }
  data = g_buffered_input_stream_peek_buffer (stream, &available);
  return g_bytes_new (data, available);
}

static GBufferedInputStream *
open_buffered (const char *path, const LlFileRequest *request, GError **error)
{
  g_autoptr (GInputStream) base = ll_input_open (path, error);
  g_autoptr (GInputStream) counted = NULL;

  if (base == NULL)
    return NULL;
  counted = ll_progress_stream_new (base, request->progress, request->progress_data);
  return G_BUFFERED_INPUT_STREAM (g_buffered_input_stream_new_sized (counted, PEEK_BYTES));
}

/* Compressed, encrypted or base64 content: compressing it again costs most of the time and gains
 * nothing. Base64 uses 6 bits of 8 evenly, text does not. */
static gboolean
is_incompressible (GBytes *sample)
{
  gsize counts[256] = { 0 };
  gsize length, base64 = 0;
  const guint8 *data = g_bytes_get_data (sample, &length);
  double entropy = 0;

  if (length < 512)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    {
      counts[data[i]]++;
      base64 += g_ascii_isalnum (data[i]) || strchr ("+/=\r\n", data[i]) != NULL;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    if (counts[i] > 0)
      {
        double p = (double)counts[i] / (double)length;
        entropy -= p * log2 (p);
      }
  return entropy > INCOMPRESSIBLE_BITS || (base64 == length && entropy > 5.7);
}

/* What the bytes are, and which engine reads them (SM-21: by looking at them, not at the name). */
static LlBlobKind
identify (LlSession *session, const LlFileRequest *request, GBytes *bytes, LlEngine **engine)
{
  LlEngine *const engines[] = { session->openpgp, session->smime };

  for (gsize i = 0; i < G_N_ELEMENTS (engines); i++)
    {
      LlBlobKind kind;
      if (request->protocol != LL_PROTOCOL_UNKNOWN
          && request->protocol != engines[i]->klass->protocol)
        continue;
      kind = engines[i]->klass->identify (engines[i], bytes);
      if (kind == LL_BLOB_UNKNOWN)
        continue;
      *engine = engines[i];
      return kind;
    }
  return LL_BLOB_UNKNOWN;
}

/* --- sealing ---------------------------------------------------------------------------------- */

LlPlan *
ll_op_file_plan (LlSession *session, const LlFileRequest *request, GError **error)
{
  LlPlanRequest wanted = {
    .sign = request->sign,
    .encrypt = request->encrypt && request->recipients != NULL,
    .protocol = request->symmetric ? LL_PROTOCOL_OPENPGP : request->protocol,
    .as = request->as,
    .also_as = request->also_as,
    .recipients = request->recipients,
    .cipher = request->cipher,
    .peers = session->peers,
  };

  if (request->encrypt && request->recipients == NULL && !request->symmetric)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_MISSING_ARGUMENT,
                           _ ("For whom? Name a recipient with -r ADDRESS, or use --symmetric for "
                              "a "
                              "passphrase."));
      return NULL;
    }
  if (!wanted.sign && !wanted.encrypt)
    return NULL;
  return ll_plan_make (session->store, session->trust, session->policy, &wanted, error);
}

static const char *
sealed_suffix (const LlFileRequest *request, LlProtocol protocol)
{
  gboolean detached = request->sign && !request->encrypt && !request->opaque;

  if (protocol == LL_PROTOCOL_SMIME)
    return detached ? ".p7s" : ".p7m";
  if (request->armor)
    return ".asc";
  return detached ? ".sig" : ".gpg";
}

static char *
sealed_path (const char *path, const LlFileRequest *request, LlProtocol protocol)
{
  if (request->output != NULL)
    return g_strdup (request->output);
  if (is_standard_stream (path))
    return g_strdup ("-");
  return g_strconcat (path, sealed_suffix (request, protocol), NULL);
}

static void
add_signers (const LlPlan *plan, const LlFileRequest *request, GPtrArray *signers)
{
  if (plan == NULL || !request->sign || plan->signer == NULL)
    return;
  g_ptr_array_add (signers, plan->signer);
  if (plan->more_signers != NULL)
    g_ptr_array_extend (signers, plan->more_signers, NULL, NULL);
}

/* CMS signs inside and encrypts outside, as two layers. The inner one never stands anywhere as a
 * whole: it goes through a pipe from the thread that signs to the one that encrypts. */
typedef struct
{
  LlEngine *engine;
  LlSealRequest request;
  GInputStream *in;
  GOutputStream *out; /* the pipe's end */
  GCancellable *cancellable;
  gboolean done;
  GError *error;
} InnerLayer;

static gpointer
sign_inside (gpointer data)
{
  InnerLayer *inner = data;

  inner->done = inner->engine->klass->sign (inner->engine, &inner->request, inner->in, inner->out,
                                            NULL, inner->cancellable, &inner->error);
  if (!g_output_stream_close (inner->out, NULL, inner->done ? &inner->error : NULL))
    inner->done = FALSE;
  return NULL;
}

static gboolean
sign_and_encrypt (LlEngine *engine, const LlSealRequest *wanted, GInputStream *in,
                  GOutputStream *out, LlSealResult **made, GCancellable *cancellable,
                  GError **error)
{
  g_autoptr (GInputStream) pipe_in = NULL;
  g_autoptr (GOutputStream) pipe_out = NULL;
  g_autoptr (GError) outer_error = NULL;
  LlSealRequest outer = *wanted;
  InnerLayer inner = { .engine = engine, .request = *wanted, .in = in, .cancellable = cancellable };
  GThread *thread;
  gboolean sealed;
  int fds[2];

  if (!g_unix_open_pipe (fds, FD_CLOEXEC, error))
    return FALSE;
  pipe_in = g_unix_input_stream_new (fds[0], TRUE);
  inner.out = pipe_out = g_unix_output_stream_new (fds[1], TRUE);
  outer.signers = NULL;
  inner.request.recipients = NULL;
  inner.request.detached = inner.request.armor = FALSE;
  thread = g_thread_new ("sign", sign_inside, &inner);
  sealed = engine->klass->encrypt (engine, &outer, pipe_in, out, made, cancellable, &outer_error);
  /* whoever of the two failed first, the other one comes to its end now */
  g_input_stream_close (pipe_in, NULL, NULL);
  g_thread_join (thread);

  if (!sealed)
    g_propagate_error (error, g_steal_pointer (&outer_error));
  else if (!inner.done) /* what was encrypted is a part: the caller drops it (rule 1) */
    g_propagate_error (error, g_steal_pointer (&inner.error));
  g_clear_error (&inner.error);
  /* cppcheck-suppress memleak ; g_thread_join() has released the thread */
  return sealed && inner.done;
}

static gboolean
run_engine (LlEngine *engine, const LlFileRequest *request, const LlSealRequest *wanted,
            GInputStream *in, GOutputStream *out, LlSealResult **made, GCancellable *cancellable,
            GError **error)
{
  if (!request->encrypt)
    return engine->klass->sign (engine, wanted, in, out, made, cancellable, error);
  if (engine->klass->protocol == LL_PROTOCOL_SMIME && wanted->signers->len > 0)
    return sign_and_encrypt (engine, wanted, in, out, made, cancellable, error);
  return engine->klass->encrypt (engine, wanted, in, out, made, cancellable, error);
}

LlFileResult *
ll_op_file_seal (LlSession *session, const LlPlan *plan, const char *path,
                 const LlFileRequest *request, GCancellable *cancellable, GError **error)
{
  g_autoptr (LlFileResult) result = file_result_new (path);
  g_autoptr (GPtrArray) signers = g_ptr_array_new ();
  g_autoptr (GBufferedInputStream) in = NULL;
  g_autoptr (GBytes) sample = NULL;
  g_autoptr (LlOutput) output = NULL;
  g_autoptr (LlSealResult) made = NULL;
  g_autofree char *out_path = NULL;
  LlProtocol protocol = plan != NULL ? plan->protocol : LL_PROTOCOL_OPENPGP;
  LlSealRequest wanted = {
    .signers = signers,
    .recipients = plan != NULL && request->encrypt ? plan->recipients : NULL,
    .detached = !request->opaque,
    .armor = request->armor,
    .cipher = plan != NULL ? plan->cipher : LL_CIPHER_CHOOSE,
    .style = ll_session_get_style (session, &request->style),
    .encryption_key = plan != NULL ? plan->encryption_key : NULL,
    .symmetric = request->symmetric,
    .always_trust = TRUE, /* the plan has weighed it */
  };

  add_signers (plan, request, signers);
  in = open_buffered (path, request, error);
  if (in == NULL)
    return NULL;
  sample = peek (in, cancellable, error);
  if (sample == NULL)
    return NULL;
  wanted.incompressible = is_incompressible (sample);

  out_path = sealed_path (path, request, protocol);
  output = ll_output_new (out_path, request->force, 0666, error);
  if (output == NULL
      || !run_engine (ll_session_get_engine (session, protocol), request, &wanted,
                      G_INPUT_STREAM (in), ll_output_get_stream (output), &made, cancellable, error)
      || !ll_output_commit (output, error))
    return NULL;
  result->output = g_steal_pointer (&out_path);
  result->cipher = made != NULL ? g_strdup (made->cipher) : NULL;
  return g_steal_pointer (&result);
}

/* --- opening ---------------------------------------------------------------------------------- */

static void
judge (LlSession *session, LlFileResult *result, LlFacts *facts)
{
  LlEvidence *evidence = ll_evidence_new ();

  evidence->is_file = TRUE;
  evidence->file_name = g_strdup (result->input);
  evidence->file_facts = facts;
  evidence->judged_at = ll_policy_time (session->policy);
  evidence->judged_at_set = session->policy->at > 0;
  g_ptr_array_add (evidence->layers,
                   ll_layer_evidence_new (NULL, ll_signers_judge (session->trust, facts, NULL)));
  result->evidence = evidence;
  result->verdict = ll_verdict_new (evidence);
}

static void
set_not_sealed (GError **error, const char *path, gboolean encrypted)
{
  g_autofree char *safe = ll_text_safe (path, -1);

  g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
               encrypted ? _ ("“%s” is not encrypted with OpenPGP or S/MIME, or is damaged.")
                         : _ ("“%s” has no OpenPGP or S/MIME signature, or is damaged."),
               safe);
}

static char *
opened_path (const char *path, const LlFileRequest *request, GError **error)
{
  static const char *const suffixes[] = { ".gpg", ".asc", ".pgp", ".p7m" };
  g_autofree char *safe = ll_text_safe (path, -1);

  if (request->output != NULL)
    return g_strdup (request->output);
  if (is_standard_stream (path))
    return g_strdup ("-");
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (path, suffixes[i]) && strlen (path) > strlen (suffixes[i]))
      return g_strndup (path, strlen (path) - strlen (suffixes[i]));
  g_set_error (error, LL_ERROR, LL_ERROR_MISSING_ARGUMENT,
               _ ("“%s” does not end in .gpg, .asc, .pgp or .p7m: name the result with --output."),
               safe);
  return NULL;
}

/* What the decrypted octets go to until they are known to be intact: the file-to-be, or memory when
 * there is no file that can be taken back: standard output, a pipe, a device. */
typedef struct
{
  LlOutput *output;
  GOutputStream *sink;
} Spool;

static void
spool_clear (Spool *spool)
{
  g_clear_pointer (&spool->output, ll_output_free);
  g_clear_object (&spool->sink);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Spool, spool_clear)

static gboolean
spool_open (Spool *spool, const char *path, gboolean in_memory, gboolean force, GError **error)
{
  spool->output = ll_output_new (path, force, 0600, error);
  if (spool->output == NULL)
    return FALSE;
  if (in_memory || !ll_output_is_staged (spool->output))
    spool->sink = ll_secret_sink_new (LL_LIMIT_CMS_OPEN_BYTES);
  return TRUE;
}

static GOutputStream *
spool_get_stream (Spool *spool)
{
  return spool->sink != NULL ? spool->sink : ll_output_get_stream (spool->output);
}

static gboolean
spool_publish (Spool *spool, GBytes *bytes, GCancellable *cancellable, GError **error)
{
  if (bytes != NULL
      && !g_output_stream_write_all (ll_output_get_stream (spool->output),
                                     g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL,
                                     cancellable, error))
    return FALSE;
  return ll_output_commit (spool->output, error);
}

/* Binary, from its first octet on: a text with such an object somewhere in it is a text. Or
 * compressed (CM-09): the engine steps through that by itself. */
static gboolean
is_signed_object (LlEngine *engine, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  if (engine->klass->protocol != LL_PROTOCOL_SMIME || length == 0 || data[0] != 0x30)
    return FALSE;
  LlBlobKind kind = engine->klass->identify (engine, bytes);
  return kind == LL_BLOB_SIGNED || kind == LL_BLOB_COMPRESSED;
}

/* CMS: what came out may be a signed layer; step inside, and let its signatures speak. What only
 * begins like one is a content as any other, and comes back as it went. */
static GBytes *
open_signed_inside (LlSession *session, LlEngine *engine, GBytes *bytes, LlFacts *facts,
                    GCancellable *cancellable, GError **error)
{
  g_autoptr (GInputStream) in = NULL;
  g_autoptr (GOutputStream) sink = NULL;
  g_autoptr (LlFacts) inner = NULL;
  g_autoptr (GError) local = NULL;

  if (!is_signed_object (engine, bytes))
    return g_bytes_ref (bytes);
  in = g_memory_input_stream_new_from_bytes (bytes);
  sink = ll_secret_sink_new (LL_LIMIT_CMS_OPEN_BYTES);
  if (!engine->klass->verify (engine, in, NULL, sink, &inner, cancellable, &local))
    {
      if (g_error_matches (local, LL_ERROR, LL_ERROR_BAD_DATA)
          && !ll_secret_sink_has_refused (sink))
        return g_bytes_ref (bytes);
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (inner->has_trailing_bytes)
    return g_bytes_ref (bytes);
  facts->compressed = inner->compressed;
  facts->is_signed = inner->is_signed;
  facts->signed_reason = inner->signed_reason;
  g_ptr_array_extend_and_steal (facts->signatures, g_steal_pointer (&inner->signatures));
  g_ptr_array_extend_and_steal (facts->certificates, g_steal_pointer (&inner->certificates));
  return ll_secret_sink_steal (sink);
}

static gboolean
check_decrypted (const char *path, const LlFacts *facts, GError **error)
{
  g_autofree char *safe = ll_text_safe (path, -1);

  if (facts->decryption == LL_DECRYPTION_DONE)
    return TRUE;
  if (facts->decryption == LL_DECRYPTION_NONE)
    set_not_sealed (error, path, TRUE);
  else
    g_set_error (error, LL_ERROR, LL_ERROR_CANNOT_DECRYPT, _ ("“%s” cannot be decrypted: %s"), safe,
                 ll_wording_reason (facts->decryption_reason));
  return FALSE;
}

/* Says which file it was, and where there is a way round, which. */
static gboolean
explain_failure (const Spool *spool, gboolean in_memory, const char *path, GError *why,
                 GError **error)
{
  g_autofree char *safe = ll_text_safe (path, -1);

  if (why->domain != LL_ERROR)
    g_propagate_error (error, why);
  else if (spool->sink != NULL && !in_memory && ll_secret_sink_is_full (spool->sink))
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("“%s” has more than %d bytes of content, too many to hold back until all of "
                      "it "
                      "is known to be intact. Name a file for it with --output."),
                   safe, LL_LIMIT_CMS_OPEN_BYTES);
      g_error_free (why);
    }
  else
    {
      g_prefix_error (&why, "%s: ", safe);
      g_propagate_error (error, why);
    }
  return FALSE;
}

static gboolean
decrypt_stream (LlSession *session, LlEngine *engine, LlFileResult *result, GInputStream *in,
                const char *out_path, const LlFileRequest *request, GCancellable *cancellable,
                GError **error)
{
  g_auto (Spool) spool = { NULL, NULL };
  g_autoptr (LlFacts) facts = NULL;
  g_autoptr (GBytes) gathered = NULL, content = NULL;
  gboolean in_memory = engine->klass->protocol == LL_PROTOCOL_SMIME;
  GError *why = NULL;

  if (!spool_open (&spool, out_path, in_memory, request->force, error))
    return FALSE;
  if (!engine->klass->decrypt (engine, in, spool_get_stream (&spool), &facts, cancellable, &why))
    return explain_failure (&spool, in_memory, result->input, why, error);
  if (!check_decrypted (result->input, facts, error))
    return FALSE;
  if (spool.sink != NULL)
    {
      gathered = ll_secret_sink_steal (spool.sink);
      content = open_signed_inside (session, engine, gathered, facts, cancellable, error);
      if (content == NULL)
        return FALSE;
    }
  if (!spool_publish (&spool, content, cancellable, error))
    return FALSE;
  judge (session, result, g_steal_pointer (&facts));
  return TRUE;
}

LlFileResult *
ll_op_file_decrypt (LlSession *session, const char *path, const LlFileRequest *request,
                    GCancellable *cancellable, GError **error)
{
  g_autoptr (LlFileResult) result = file_result_new (path);
  g_autoptr (GBufferedInputStream) in = open_buffered (path, request, error);
  g_autoptr (GBytes) head = NULL;
  g_autofree char *out_path = NULL;
  LlEngine *engine = NULL;

  if (in == NULL)
    return NULL;
  head = peek (in, cancellable, error);
  if (head == NULL)
    return NULL;
  if (identify (session, request, head, &engine) != LL_BLOB_ENCRYPTED)
    {
      set_not_sealed (error, result->input, TRUE);
      return NULL;
    }
  out_path = opened_path (path, request, error);
  if (out_path == NULL
      || !decrypt_stream (session, engine, result, G_INPUT_STREAM (in), out_path, request,
                          cancellable, error))
    return NULL;
  result->output = g_steal_pointer (&out_path);
  return g_steal_pointer (&result);
}

/* --- verifying -------------------------------------------------------------------------------- */

/* Somewhere for the content of an opaque signature that nobody asked for. */
static GOutputStream *
nowhere_new (void)
{
  g_autoptr (GFile) file = g_file_new_for_path ("/dev/null");
  return G_OUTPUT_STREAM (g_file_append_to (file, G_FILE_CREATE_NONE, NULL, NULL));
}

static char *
strip_signature_suffix (const char *path)
{
  static const char *const suffixes[] = { ".sig", ".asc", ".p7s" };

  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (path, suffixes[i]) && strlen (path) > strlen (suffixes[i]))
      return g_strndup (path, strlen (path) - strlen (suffixes[i]));
  return NULL;
}

/* x.sig, x.asc or x.p7s beside x. */
static char *
find_signature_beside (const char *path)
{
  static const char *const suffixes[] = { ".sig", ".asc", ".p7s" };

  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *candidate = g_strconcat (path, suffixes[i], NULL);
      if (g_file_test (candidate, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&candidate);
    }
  return NULL;
}

static GInputStream *
open_content (const char *path, const char *content, const LlFileRequest *request, GError **error)
{
  g_autofree char *beside = NULL;

  if (content == NULL && !is_standard_stream (path))
    content = beside = strip_signature_suffix (path);
  if (content == NULL)
    {
      g_autofree char *safe = ll_text_safe (path != NULL ? path : "-", -1);
      g_set_error (error, LL_ERROR, LL_ERROR_MISSING_ARGUMENT,
                   _ ("“%s” is a signature alone. Name the signed file with --content."), safe);
      return NULL;
    }
  return G_INPUT_STREAM (open_buffered (content, request, error));
}

/* A signature with a content of its own says nothing of a file beside it, whatever its name
 * promises: taken for one that does, it would vouch for any file. */
static gboolean
check_own_content (const char *path, const char *content, GError **error)
{
  g_autofree char *beside = NULL, *safe = NULL, *safe_content = NULL;

  if (content == NULL && !is_standard_stream (path))
    beside = strip_signature_suffix (path);
  if (content == NULL && beside != NULL && g_file_test (beside, G_FILE_TEST_EXISTS))
    content = beside;
  if (content == NULL)
    return TRUE;
  safe = ll_text_safe (path != NULL ? path : "-", -1);
  safe_content = ll_text_safe (content, -1);
  g_set_error (error, LL_ERROR, LL_ERROR_NO_SIGNATURE,
               _ ("“%s” signs what is inside it, and not “%s”. To check what is inside, pass it on "
                  "standard input alone."),
               safe, safe_content);
  return FALSE;
}

static LlFacts *
verify_stream (LlEngine *engine, LlBlobKind kind, GInputStream *signature, const char *path,
               const char *content, const LlFileRequest *request, GCancellable *cancellable,
               GError **error)
{
  g_autoptr (GInputStream) signed_content = NULL;
  g_autoptr (GOutputStream) nowhere = NULL;
  g_autoptr (LlFacts) facts = NULL;

  if (kind == LL_BLOB_DETACHED)
    {
      signed_content = open_content (path, content, request, error);
      if (signed_content == NULL)
        return NULL;
    }
  else if (!check_own_content (path, content, error))
    return NULL;
  else
    nowhere = nowhere_new ();
  return engine->klass->verify (engine, signature, signed_content, nowhere, &facts, cancellable,
                                error)
             ? g_steal_pointer (&facts)
             : NULL;
}

LlFileResult *
ll_op_file_verify (LlSession *session, const char *path, const char *content,
                   const LlFileRequest *request, GCancellable *cancellable, GError **error)
{
  g_autoptr (LlFileResult) result = file_result_new (path);
  g_autoptr (GBufferedInputStream) in = open_buffered (path, request, error);
  g_autoptr (GBytes) head = NULL;
  g_autofree char *beside = NULL;
  LlFacts *facts;
  LlEngine *engine = NULL;
  LlBlobKind kind;

  if (in == NULL)
    return NULL;
  head = peek (in, cancellable, error);
  if (head == NULL)
    return NULL;
  kind = identify (session, request, head, &engine);
  if (kind != LL_BLOB_SIGNED && kind != LL_BLOB_DETACHED && kind != LL_BLOB_COMPRESSED)
    {
      beside = is_standard_stream (path) ? NULL : find_signature_beside (path);
      if (beside != NULL && content == NULL)
        return ll_op_file_verify (session, beside, path, request, cancellable, error);
      set_not_sealed (error, result->input, FALSE);
      return NULL;
    }
  facts = verify_stream (engine, kind, G_INPUT_STREAM (in), path, content, request, cancellable,
                         error);
  if (facts == NULL)
    return NULL;
  judge (session, result, facts);
  return g_steal_pointer (&result);
}
