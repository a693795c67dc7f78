/* op-read.c - the staircase READ of doc/architecture.md: message, layers, headers, signers,
 * evidence, verdict. What enters: the octets of a message. What leaves: what is known of it, and
 * the verdict. It weighs nothing itself, and opens no network connection. Only the last step
 * changes anything: what the verdict found good is remembered (ops/learn). */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "mail/body.h"
#include "mail/draft.h"
#include "mail/headers.h"
#include "ops/learn.h"
#include "ops/op-read.h"
#include "verdict/report.h"

#define LOOK_BYTES 4096
#define TEXT_CONTROLS "\t\n\f\r\033" /* ISO-2022-JP has escapes */

void
ll_reading_free (LlReading *reading)
{
  if (reading == NULL)
    return;
  g_clear_pointer (&reading->verdict, ll_verdict_free);
  g_clear_pointer (&reading->evidence, ll_evidence_free);
  g_clear_error (&reading->learn_error);
  g_free (reading);
}

static LlPart *
outer_root (const LlEnvelope *envelope)
{
  return ll_message_get_root (g_ptr_array_index (envelope->messages, 0));
}

static void
gather_layers (LlEvidence *evidence, LlSession *session)
{
  GPtrArray *layers = evidence->envelope->layers;

  for (guint i = 0; i < layers->len; i++)
    {
      const LlLayer *layer = g_ptr_array_index (layers, i);
      GPtrArray *signers = ll_signers_judge (session->trust, layer->facts, evidence->author);
      g_ptr_array_add (evidence->layers, ll_layer_evidence_new (layer, signers));
    }
}

/* A forwarded message speaks for its own author, anything else for the author of the whole
 * (E2E-19). */
static void
gather_errant (LlEvidence *evidence, LlSession *session)
{
  GPtrArray *errants = evidence->envelope->errant;

  for (guint i = 0; i < errants->len; i++)
    {
      const LlErrant *errant = g_ptr_array_index (errants, i);
      const char *author = errant->kind == LL_REASON_FORWARDED ? errant->author : evidence->author;
      GPtrArray *signers = errant->facts != NULL
                               ? ll_signers_judge (session->trust, errant->facts, author)
                               : g_ptr_array_new_with_free_func ((GDestroyNotify)ll_signer_free);
      g_ptr_array_add (evidence->errant, ll_errant_evidence_new (errant, signers));
    }
}

static void
gather_headers (LlEvidence *evidence)
{
  g_autoptr (LlHeaders) headers = ll_headers_read (evidence->envelope);

  evidence->author = g_steal_pointer (&headers->author);
  evidence->author_reason = headers->author_reason;
  evidence->author_text = g_steal_pointer (&headers->from_text);
  evidence->sender = g_steal_pointer (&headers->sender);
  evidence->subject = g_steal_pointer (&headers->subject);
  evidence->subject_protected = headers->is_protected;
  evidence->date = headers->date;
}

/* Octets without a header that no text begins with: a picture, an archive, noise. A text without a
 * header is read as mail all the same. */
static gboolean
check_is_mail (LlMessage *message, GError **error)
{
  guint8 data[LOOK_BYTES];
  gsize length = ll_source_read (ll_message_get_source (message), 0, data, sizeof data);
  gboolean is_text = ll_part_get_n_fields (ll_message_get_root (message)) > 0;

  if (is_text)
    return TRUE;
  for (gsize i = 0; i < length; i++)
    if (data[i] < ' ' && (data[i] == '\0' || strchr (TEXT_CONTROLS, data[i]) == NULL))
      {
        g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                             _ ("This is no mail message: it has no header, and what it begins "
                                "with is no text. For a file, use “letterlock file”."));
        return FALSE;
      }
  return TRUE;
}

gboolean
ll_reading_check (const LlReading *reading, GError **error)
{
  GPtrArray *messages = reading->evidence->envelope->messages;

  for (guint i = 0; i < messages->len; i++)
    if (!ll_source_check (ll_message_get_source (g_ptr_array_index (messages, i)), error))
      return FALSE;
  return TRUE;
}

LlReading *
ll_op_read (LlSession *session, LlSource *source, GCancellable *cancellable, GError **error)
{
  g_autoptr (LlReading) reading = g_new0 (LlReading, 1);
  g_autoptr (LlMessage) message = ll_message_new_source (source, error);
  LlEngines engines = { session->openpgp, session->smime };
  LlEvidence *evidence;

  if (message == NULL || !check_is_mail (message, error))
    return NULL;
  evidence = reading->evidence = ll_evidence_new ();
  evidence->envelope = ll_layers_peel (message, &engines, cancellable, error);
  if (evidence->envelope == NULL)
    return NULL;
  evidence->judged_at = ll_policy_time (session->policy);
  evidence->judged_at_set = session->policy->at > 0;
  gather_headers (evidence);
  gather_layers (evidence, session);
  gather_errant (evidence, session);
  reading->verdict = ll_verdict_new (evidence);
  if (!ll_reading_check (reading, error))
    return NULL;
  evidence->lessons
      = ll_learn (session, evidence, reading->verdict, cancellable, &reading->learn_error);
  return g_steal_pointer (&reading);
}

char *
ll_op_read_body (const LlReading *reading, GError **error)
{
  const LlEnvelope *envelope = reading->evidence->envelope;
  g_autofree char *body = envelope->payload != NULL
                              ? ll_body_dup_text (envelope->payload, reading->verdict->encrypted)
                              : NULL;

  return ll_reading_check (reading, error) ? g_steal_pointer (&body) : NULL;
}

/* --- the cleartext ---------------------------------------------------------------------------- */

static void
set_cannot_decrypt (GError **error, LlReason reason)
{
  const char *advice = ll_wording_advice (reason);

  if (reason == LL_REASON_ENGINE_ERROR) /* its sentence is about signatures */
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_CANNOT_DECRYPT,
                           _ ("The message cannot be decrypted, because GnuPG did not do its part. "
                              "“letterlock doctor” tells what is missing."));
      return;
    }
  g_set_error (error, LL_ERROR,
               reason == LL_REASON_KEY_LOCKED ? LL_ERROR_KEY_LOCKED : LL_ERROR_CANNOT_DECRYPT,
               _ ("The message cannot be decrypted. %s%s%s"), ll_wording_reason (reason),
               advice != NULL ? " " : "", advice != NULL ? advice : "");
}

/* Why a layer could not be opened; NONE when all were. */
static LlReason
find_closed_layer (const LlEnvelope *envelope)
{
  for (guint i = 0; i < envelope->layers->len; i++)
    {
      const LlLayer *layer = g_ptr_array_index (envelope->layers, i);
      if (layer->facts->decryption == LL_DECRYPTION_FAILED)
        return layer->facts->decryption_reason;
    }
  return LL_REASON_NONE;
}

static gboolean
has_opened_layer (const LlEnvelope *envelope)
{
  for (guint i = 0; i < envelope->layers->len; i++)
    {
      const LlLayer *layer = g_ptr_array_index (envelope->layers, i);
      if (layer->facts->decryption == LL_DECRYPTION_DONE)
        return TRUE;
    }
  return FALSE;
}

static gboolean
has_errant_encryption (const LlEnvelope *envelope)
{
  for (guint i = 0; i < envelope->errant->len; i++)
    {
      const LlErrant *errant = g_ptr_array_index (envelope->errant, i);
      if (errant->kind == LL_REASON_ERRANT_ENCRYPTION || errant->kind == LL_REASON_INLINE_ENCRYPTION
          || errant->kind == LL_REASON_REPAIRABLE_STRUCTURE)
        return TRUE;
    }
  return FALSE;
}

static void
set_nothing_to_decrypt (GError **error, const LlEnvelope *envelope)
{
  if (has_errant_encryption (envelope))
    g_set_error_literal (error, LL_ERROR, LL_ERROR_CANNOT_DECRYPT,
                         _ ("Only a part of this message is encrypted. It is not opened together "
                            "with the rest, because that is how secrets are stolen; “letterlock "
                            "mail inspect” shows the parts."));
  else
    g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                         _ ("The message is not encrypted. “letterlock mail show” shows it."));
}

/* --- inline OpenPGP, on request --------------------------------------------------------------- */

static LlErrant *
find_whole_inline (const LlEnvelope *envelope)
{
  for (guint i = 0; i < envelope->errant->len; i++)
    {
      LlErrant *errant = g_ptr_array_index (envelope->errant, i);
      if (errant->kind == LL_REASON_INLINE_ENCRYPTION && errant->whole_body)
        return errant;
    }
  return NULL;
}

static gboolean
is_charset (const char *name)
{
  return name != NULL && *name != '\0'
         && strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.:") == strlen (name);
}

/* The message with the plaintext for a body. */
static LlRope *
put_plaintext (LlPart *outer, LlSource *plaintext, const char *charset, GError **error)
{
  g_autofree char *fields = g_strdup_printf ("Content-Type: text/plain; charset=%s\r\n"
                                             "Content-Transfer-Encoding: 8bit\r\n\r\n",
                                             is_charset (charset) ? charset : "utf-8");
  g_autoptr (GBytes) header = g_bytes_new (fields, strlen (fields));
  g_autoptr (LlMessage) inner = ll_message_new (header, error);

  return inner != NULL ? ll_draft_open_with (outer, ll_message_get_root (inner), plaintext) : NULL;
}

static LlRope *
open_inline (LlSession *session, LlReading *reading, LlErrant *errant, GCancellable *cancellable,
             GError **error)
{
  LlEvidence *evidence = reading->evidence;
  LlEngines engines = { session->openpgp, session->smime };
  g_autoptr (LlSource) plaintext = NULL;
  g_autofree char *charset = NULL;
  LlFacts *facts = NULL;

  if (!ll_layers_open_inline (evidence->envelope, &engines, &plaintext, &charset, &facts,
                              cancellable, error))
    return NULL;
  g_clear_pointer (&errant->facts, ll_facts_free);
  errant->facts = facts;
  g_ptr_array_set_size (evidence->errant, 0);
  gather_errant (evidence, session);
  g_clear_pointer (&reading->verdict, ll_verdict_free);
  reading->verdict = ll_verdict_new (evidence);
  if (facts->decryption == LL_DECRYPTION_DONE && plaintext != NULL)
    return put_plaintext (outer_root (evidence->envelope), plaintext, charset, error);
  set_cannot_decrypt (error, facts->decryption == LL_DECRYPTION_FAILED ? facts->decryption_reason
                                                                       : LL_REASON_NOT_ENCRYPTED);
  return NULL;
}

LlRope *
ll_op_read_cleartext (LlSession *session, LlReading *reading, GCancellable *cancellable,
                      GError **error)
{
  const LlEnvelope *envelope = reading->evidence->envelope;
  LlErrant *whole_inline = find_whole_inline (envelope);
  LlReason closed = find_closed_layer (envelope);

  if (closed == LL_REASON_NONE && !has_opened_layer (envelope) && whole_inline != NULL)
    return open_inline (session, reading, whole_inline, cancellable, error);

  if (closed != LL_REASON_NONE)
    set_cannot_decrypt (error, closed);
  else if (!has_opened_layer (envelope))
    set_nothing_to_decrypt (error, envelope);
  else if (envelope->payload == NULL || envelope->limit != LL_REASON_NONE)
    set_cannot_decrypt (error,
                        envelope->limit != LL_REASON_NONE ? envelope->limit : LL_REASON_MALFORMED);
  else
    return ll_draft_open (outer_root (envelope), envelope->payload);
  return NULL;
}
