/* gpgme-glue.h - the whole border between GPGME and GLib.
 *
 * What it gives: a cleanup for each GPGME type of the house, a context with the user's choices,
 * GPGME's errors as errors of ours, and GIO streams as GPGME data. What it does not: decide
 * anything about keys or messages.
 */
#pragma once

#include <gio/gio.h>
#include <gpgme.h>

#include "base/error.h"
#include "base/policy.h"

G_BEGIN_DECLS

typedef struct gpgme_context LlGpgmeContext;
typedef struct gpgme_data LlGpgmeData;
typedef struct _gpgme_key LlGpgmeKey;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlGpgmeContext, gpgme_release)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlGpgmeData, gpgme_data_release)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlGpgmeKey, gpgme_key_unref)

/* Lets GPGME look for its engines now. It starts five programs for that, each a fork of the caller:
 * cheap while the caller is small, and dear once it holds a message. */
void ll_gpgme_prepare (void);

/* A context for `protocol`, offline, with gpg as policy->gpg_program where that is given (`policy`
 * may be NULL). The library is set up at the first call, with the locale for pinentry.
 * LL_ERROR_FAILED when the engine is missing. (transfer full) */
LlGpgmeContext *ll_gpgme_context_new (gpgme_protocol_t protocol, const LlPolicy *policy,
                                      GError **error);

/* Sets `error` from `code`: the text of `format` (a sentence without its full stop), then what gpg
 * says. When `cancellable` (nullable) was cancelled it is G_IO_ERROR_CANCELLED; a passphrase
 * refused, cancelled or impossible to ask for, and an agent that is not there, are
 * LL_ERROR_KEY_LOCKED; otherwise the code that fits, or `otherwise`. Always FALSE, so that a caller
 * can return it. */
gboolean ll_gpgme_set_error (GError **error, gpgme_error_t code, LlError otherwise,
                             GCancellable *cancellable, const char *format, ...)
    G_GNUC_PRINTF (5, 6);

/* TRUE when `code` means that a private key could not be used for want of its passphrase: refused,
 * cancelled, nobody to ask, no agent. */
gboolean ll_gpgme_is_locked (gpgme_error_t code);

/* A stream as GPGME data: one of `input` and `output` is NULL. The first error of the stream is
 * kept, because GPGME only knows that something failed. GPGME moves 64 KiB at a time. */
typedef struct _LlGpgmeStream LlGpgmeStream;

LlGpgmeStream *ll_gpgme_stream_new (GInputStream *input, GOutputStream *output,
                                    GCancellable *cancellable);
void ll_gpgme_stream_free (LlGpgmeStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlGpgmeStream, ll_gpgme_stream_free)

/* Borrowed. */
gpgme_data_t ll_gpgme_stream_get_data (LlGpgmeStream *stream);

/* Octets moved so far. */
guint64 ll_gpgme_stream_get_count (const LlGpgmeStream *stream);

/* TRUE when the stream failed; `error` gets its error, once. */
gboolean ll_gpgme_stream_take_error (LlGpgmeStream *stream, GError **error);

/* Runs one operation: make it, start the operation with a gpgme_op_..._start() function, and give
 * what that returned to ll_gpgme_loop_run(), which comes back with the operation's own result. When
 * `cancellable` (nullable) is triggered, it comes back at once with GPG_ERR_CANCELED, also while a
 * pinentry waits for a person; GPGME's own waiting would not. */
typedef struct _LlGpgmeLoop LlGpgmeLoop;

LlGpgmeLoop *ll_gpgme_loop_new (gpgme_ctx_t context, GCancellable *cancellable);
gpgme_error_t ll_gpgme_loop_run (LlGpgmeLoop *loop, gpgme_error_t started);
void ll_gpgme_loop_free (LlGpgmeLoop *loop);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlGpgmeLoop, ll_gpgme_loop_free)

G_END_DECLS
