/* op-file-private.h - what the rooms of op-file share: op-file (seal, verify), op-file-open. */
#pragma once

#include "ops/op-file.h"

G_BEGIN_DECLS

/* (transfer full) */
LlFileResult *ll_file_result_new (const char *path);

/* "-" or NULL. */
gboolean ll_file_is_standard (const char *path);

/* The file as a stream that tells of its progress, and that can be looked into. (transfer full) */
GBufferedInputStream *ll_file_open (const char *path, const LlFileRequest *request, GError **error);

/* The first octets without consuming them. (transfer full) */
GBytes *ll_file_peek (GBufferedInputStream *stream, GCancellable *cancellable, GError **error);

/* What the bytes are, and which engine reads them (SM-21: by looking at them, not at the name). */
LlBlobKind ll_file_identify (LlSession *session, const LlFileRequest *request, GBytes *bytes,
                             LlEngine **engine);

/* Takes the facts, and puts what they mean into the result. */
void ll_file_judge (LlSession *session, LlFileResult *result, LlFacts *facts);

/* "It is not encrypted", or "it has no signature". */
void ll_file_set_not_sealed (GError **error, const char *path, gboolean encrypted);

G_END_DECLS
