/* cms-flow.c - reads in large pieces, and tells whose fault a failure was. */
#include <config.h>

#include <string.h>

#include <openssl/err.h>

#include "engine/cms-flow-private.h"
#include "engine/engine-smime-private.h"
#include "provider/provider.h"

gboolean
ll_cms_flow_next (LlCmsFlow *flow, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (flow->cancellable, error)
      || !g_input_stream_read_all (flow->in, flow->chunk, LL_CMS_CHUNK_BYTES, &flow->filled,
                                   flow->cancellable, error))
    return FALSE;
  flow->ended = flow->filled < LL_CMS_CHUNK_BYTES;
  return TRUE;
}

static gboolean
write_armored (LlCmsWriter write, gpointer object, LlCmsFlow *flow, BIO *sink, GError **error)
{
  BIO *base64 = BIO_new (BIO_f_base64 ());
  gboolean written = BIO_printf (sink, "-----BEGIN CMS-----\n") > 0;

  BIO_push (base64, sink);
  written = written && write (object, flow, base64, error) && BIO_flush (base64) == 1;
  BIO_pop (base64);
  BIO_free (base64);
  return written && BIO_printf (sink, "-----END CMS-----\n") > 0;
}

static void
explain (const LlCmsJob *job, BIO *sink, GError **error)
{
  g_autoptr (GError) from_agent = ll_smime_take_agent_error (job->cancellable);
  g_autoptr (GError) from_sink = ll_bio_take_error (sink);

  if (*error != NULL)
    ERR_clear_error ();
  else if (from_agent != NULL)
    g_propagate_error (error, g_steal_pointer (&from_agent));
  else if (from_sink != NULL)
    g_propagate_error (error, g_steal_pointer (&from_sink));
  else
    {
      ll_openssl_set_error (error, job->code, "%s", job->message);
      return;
    }
  ERR_clear_error ();
}

gboolean
ll_cms_flow_run (const LlCmsJob *job, LlCmsWriter write, gpointer object, GError **error)
{
  g_autofree guint8 *chunk = g_malloc (LL_CMS_CHUNK_BYTES);
  g_autoptr (BIO) sink = ll_bio_new_output (job->out, job->cancellable);
  g_autoptr (GError) local = NULL;
  g_autoptr (GError) stale = ll_provider_take_agent_error ();
  LlCmsFlow flow = { .in = job->in, .cancellable = job->cancellable, .chunk = chunk };

  ERR_clear_error ();
  gboolean written = ll_cms_flow_next (&flow, &local);
  ll_provider_set_cancellable (job->cancellable);
  if (written)
    written = job->armor ? write_armored (write, object, &flow, sink, &local)
                         : write (object, &flow, sink, &local);
  written = written && BIO_flush (sink) == 1;
  ll_provider_set_cancellable (NULL);
  explicit_bzero (chunk, LL_CMS_CHUNK_BYTES);
  if (written)
    return TRUE;
  explain (job, sink, &local);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}
