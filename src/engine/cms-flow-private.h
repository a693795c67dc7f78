/* cms-flow-private.h - a content on its way into a CMS object, piece by piece.
 *
 * What enters: a stream, and what writes the object. What leaves: the object, in binary or in PEM.
 * In memory is one piece at a time; it is wiped in the end (CM-21). It knows nothing of CMS itself.
 */
#pragma once

#include <gio/gio.h>

#include "base/error.h"
#include "bridge/openssl-glue.h"

G_BEGIN_DECLS

typedef struct
{
  GInputStream *in;
  GCancellable *cancellable;
  guint8 *chunk;
  gsize filled;   /* octets in the chunk */
  gboolean ended; /* there is nothing after them */
} LlCmsFlow;

#define LL_CMS_CHUNK_BYTES (256 * 1024)

/* The next piece. A flow begins with the first one in it. */
gboolean ll_cms_flow_next (LlCmsFlow *flow, GError **error);

/* Writes the object that takes the flow. FALSE without error when OpenSSL or the sink failed. */
typedef gboolean (*LlCmsWriter) (gpointer object, LlCmsFlow *flow, BIO *sink, GError **error);

typedef struct
{
  GInputStream *in;
  GOutputStream *out;
  gboolean armor; /* PEM */
  LlError code;   /* when it fails for a reason that nobody else tells */
  const char *message;
  GCancellable *cancellable;
} LlCmsJob;

/* Runs a writer. When anything fails, what stands in `out` is half an object and the caller drops
 * it; the error is that of whoever knows best: the stream that was read, the agent, the stream that
 * was written, OpenSSL. */
gboolean ll_cms_flow_run (const LlCmsJob *job, LlCmsWriter write, gpointer object, GError **error);

G_END_DECLS
