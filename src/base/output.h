/* output.h - where a result goes: all of it, or nothing.
 *
 * A file is written beside its final name with mode 0600 and renamed when ll_output_commit() is
 * called; dropped uncommitted, it is removed and nothing has changed. Standard output ("-" or
 * NULL), pipes and devices have no such way back: whoever must not release a part of the result
 * gathers it first (base/secret).
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _LlOutput LlOutput;

/* `force`: an existing file may be replaced; otherwise LL_ERROR_OUTPUT_EXISTS. `mode` is the file
 * mode of the finished file, before the umask (0600 for plaintext, 0666 otherwise).
 * (transfer full) */
LlOutput *ll_output_new (const char *path, gboolean force, guint mode, GError **error);

/* Borrowed. */
GOutputStream *ll_output_get_stream (LlOutput *output);

/* FALSE when what is written can be seen at once: standard output, a pipe, a device. */
gboolean ll_output_is_staged (const LlOutput *output);

/* Flushes, closes and puts the file in place. LL_ERROR_OUTPUT when it cannot be written, also when
 * only the close tells. */
gboolean ll_output_commit (LlOutput *output, GError **error);

/* Removes what was not committed. */
void ll_output_free (LlOutput *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlOutput, ll_output_free)

/* A file, or standard input for "-" or NULL, as a stream; one that can seek (GSeekable) when it is
 * a regular file. LL_ERROR_MISSING_INPUT when it is not there, is a directory, or may not be read.
 * (transfer full) */
GInputStream *ll_input_open (const char *path, GError **error);

/* All of it, LL_ERROR_BAD_DATA when it is more than `limit` octets. (transfer full) */
GBytes *ll_input_read (const char *path, gsize limit, GCancellable *cancellable, GError **error);

G_END_DECLS
