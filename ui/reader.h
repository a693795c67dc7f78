/* reader.h - asks the letterlock program about one message, in the background.
 *
 * The window knows no engine: what it shows is what the program says, so that both always say the
 * same. The program's answer was made safe to show by the program.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  char *status;   /* "signed", "encrypted-unverified" ... */
  gboolean good;  /* the program vouches for the signature */
  char *headline; /* one sentence */
  char *details;  /* a few lines */
  char *from;     /* or NULL */
  char *subject;  /* or NULL */
  char *body;     /* or NULL */
} LlUiReading;

void ll_ui_reading_free (LlUiReading *reading);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlUiReading, ll_ui_reading_free)

/* Reads the message in `path`. Cancelling ends the program. */
void ll_ui_read_async (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer data);

/* NULL with an error in the program's words when it could not read the message.
 * (transfer full) (nullable) */
LlUiReading *ll_ui_read_finish (GAsyncResult *result, GError **error);

G_END_DECLS
