/* op-write.c - the staircase WRITE of doc/architecture.md, one step a line. What enters: the bytes
 * of a message and what to do with it. What leaves: the sealed message. It sends nothing. */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "mail/draft.h"
#include "mail/layers.h"
#include "ops/op-write.h"

void
ll_written_free (LlWritten *written)
{
  if (written == NULL)
    return;
  g_clear_pointer (&written->plan, ll_plan_free);
  g_free (written->cipher);
  g_free (written);
}

/* E2E-07: a Bcc recipient needs a copy of their own, which only sending can give. */
static gboolean
refuse_bcc (const LlDraft *draft, GError **error)
{
  if (!draft->has_bcc)
    return TRUE;
  g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                       _ ("The message has a Bcc field. Each Bcc recipient would need a copy of "
                          "their own, or the others could learn of them. Remove the field, and "
                          "seal "
                          "a separate copy for each Bcc recipient."));
  return FALSE;
}

static gboolean
refuse_nobody (const LlDraft *draft, const LlWriteRequest *request, GError **error)
{
  const char *const *recipients = request->recipients;

  if (!request->encrypt)
    return TRUE;
  if (recipients == NULL)
    recipients = (const char *const *)draft->recipients;
  if (recipients == NULL || recipients[0] == NULL)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_MISSING_ARGUMENT,
                         _ ("The message has no recipient in To or Cc. Name one with -r ADDRESS."));
  else if (g_strv_contains (recipients, ""))
    g_set_error_literal (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT,
                         _ ("To or Cc names somebody whose address cannot be read, so that there "
                            "is "
                            "no key for them. Mend the field, or name every recipient with -r "
                            "ADDRESS."));
  else
    return TRUE;
  return FALSE;
}

/* Any key of one's own would be a guess, and could tell who one is elsewhere. */
static gboolean
refuse_no_author (const LlDraft *draft, const LlWriteRequest *request, GError **error)
{
  if (!request->sign || request->as != NULL || draft->author != NULL)
    return TRUE;
  g_set_error_literal (error, LL_ERROR, LL_ERROR_MISSING_ARGUMENT,
                       _ ("The message has no From field with one address, so that it is not known "
                          "who signs. Write one, or name the key with --as."));
  return FALSE;
}

static LlPlan *
make_plan (LlSession *session, const LlDraft *draft, const LlWriteRequest *request, GError **error)
{
  LlPlanRequest wanted = {
    .sign = request->sign,
    .encrypt = request->encrypt,
    .protocol = request->protocol,
    .as = request->as,
    .also_as = request->also_as,
    .from = draft->author,
    .recipients
    = request->recipients != NULL ? request->recipients : (const char *const *)draft->recipients,
    .cipher = request->cipher,
    .peers = session->peers,
  };
  return ll_plan_make (session->store, session->trust, session->policy, &wanted, error);
}

static gboolean
wrap (LlSession *session, const LlDraft *draft, const LlWriteRequest *request, LlWritten *written,
      GOutputStream *out, GCancellable *cancellable, GError **error)
{
  const LlPlan *plan = written->plan;
  LlWrapRequest wanted = {
    .engine = ll_session_get_engine (session, plan->protocol),
    .signer = request->sign ? plan->signer : NULL,
    .more_signers = request->sign ? plan->more_signers : NULL,
    .encryption_key = plan->encryption_key,
    .recipients = request->encrypt ? plan->recipients : NULL,
    .opaque = request->opaque,
    .cipher = plan->cipher,
    .style = ll_session_get_style (session, &request->style, plan),
    .incompressible = draft->incompressible,
  };
  return g_output_stream_write_all (out, draft->header, strlen (draft->header), NULL, cancellable,
                                    error)
         && ll_layers_wrap (draft->entity, &wanted, out, &written->cipher, cancellable, error);
}

LlWritten *
ll_op_write (LlSession *session, LlSource *source, const LlWriteRequest *request,
             GOutputStream *out, GCancellable *cancellable, GError **error)
{
  g_autoptr (LlWritten) written = g_new0 (LlWritten, 1);
  g_autoptr (LlMessage) message = NULL;
  g_autoptr (LlDraft) draft = NULL;

  g_return_val_if_fail (request->sign || request->encrypt, NULL);

  message = ll_message_new_source (source, error);
  if (message == NULL)
    return NULL;
  draft = ll_draft_new (message, cancellable, error);
  if (draft == NULL || !refuse_bcc (draft, error) || !refuse_nobody (draft, request, error)
      || !refuse_no_author (draft, request, error))
    return NULL;
  written->plan = make_plan (session, draft, request, error);
  if (written->plan != NULL && request->plan_only)
    return g_steal_pointer (&written);
  /* a letter that was changed between its signing and its writing is not written */
  if (written->plan == NULL || !wrap (session, draft, request, written, out, cancellable, error)
      || !ll_source_check (source, error))
    return NULL;
  return g_steal_pointer (&written);
}
