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
#include "base/output.h"
#include "base/text.h"
#include "ops/op-file-private.h"
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

LlFileResult *
ll_file_result_new (const char *path)
{
  LlFileResult *result = g_new0 (LlFileResult, 1);
  result->input = g_strdup (path != NULL ? path : "-");
  return result;
}

gboolean
ll_file_is_standard (const char *path)
{
  return path == NULL || g_str_equal (path, "-");
}

/* --- looking at the beginning of a stream ----------------------------------------------------- */

/* The first octets without consuming them. (transfer full) */
GBytes *
ll_file_peek (GBufferedInputStream *stream, GCancellable *cancellable, GError **error)
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

GBufferedInputStream *
ll_file_open (const char *path, const LlFileRequest *request, GError **error)
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
LlBlobKind
ll_file_identify (LlSession *session, const LlFileRequest *request, GBytes *bytes,
                  LlEngine **engine)
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
  if (ll_file_is_standard (path))
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
  outer.content_is_object = TRUE;
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
  g_autoptr (LlFileResult) result = ll_file_result_new (path);
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
    .style = ll_session_get_style (session, &request->style, plan),
    .encryption_key = plan != NULL ? plan->encryption_key : NULL,
    .symmetric = request->symmetric,
    .always_trust = TRUE, /* the plan has weighed it */
  };

  add_signers (plan, request, signers);
  in = ll_file_open (path, request, error);
  if (in == NULL)
    return NULL;
  sample = ll_file_peek (in, cancellable, error);
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

void
ll_file_judge (LlSession *session, LlFileResult *result, LlFacts *facts)
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

void
ll_file_set_not_sealed (GError **error, const char *path, gboolean encrypted)
{
  g_autofree char *safe = ll_text_safe (path, -1);

  g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
               encrypted ? _ ("“%s” is not encrypted with OpenPGP or S/MIME, or is damaged.")
                         : _ ("“%s” has no OpenPGP or S/MIME signature, or is damaged."),
               safe);
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

  if (content == NULL && !ll_file_is_standard (path))
    content = beside = strip_signature_suffix (path);
  if (content == NULL)
    {
      g_autofree char *safe = ll_text_safe (path != NULL ? path : "-", -1);
      g_set_error (error, LL_ERROR, LL_ERROR_MISSING_ARGUMENT,
                   _ ("“%s” is a signature alone. Name the signed file with --content."), safe);
      return NULL;
    }
  return G_INPUT_STREAM (ll_file_open (content, request, error));
}

/* A signature with a content of its own says nothing of a file beside it, whatever its name
 * promises: taken for one that does, it would vouch for any file. */
static gboolean
check_own_content (const char *path, const char *content, GError **error)
{
  g_autofree char *beside = NULL, *safe = NULL, *safe_content = NULL;

  if (content == NULL && !ll_file_is_standard (path))
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
  g_autoptr (LlFileResult) result = ll_file_result_new (path);
  g_autoptr (GBufferedInputStream) in = ll_file_open (path, request, error);
  g_autoptr (GBytes) head = NULL;
  g_autofree char *beside = NULL;
  LlFacts *facts;
  LlEngine *engine = NULL;
  LlBlobKind kind;

  if (in == NULL)
    return NULL;
  head = ll_file_peek (in, cancellable, error);
  if (head == NULL)
    return NULL;
  kind = ll_file_identify (session, request, head, &engine);
  if (kind != LL_BLOB_SIGNED && kind != LL_BLOB_DETACHED && kind != LL_BLOB_COMPRESSED)
    {
      beside = ll_file_is_standard (path) ? NULL : find_signature_beside (path);
      if (beside != NULL && content == NULL)
        return ll_op_file_verify (session, beside, path, request, cancellable, error);
      ll_file_set_not_sealed (error, result->input, FALSE);
      return NULL;
    }
  facts = verify_stream (engine, kind, G_INPUT_STREAM (in), path, content, request, cancellable,
                         error);
  if (facts == NULL)
    return NULL;
  ll_file_judge (session, result, facts);
  return g_steal_pointer (&result);
}
