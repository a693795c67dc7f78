/* op-keys.h - look at keys, bring them in, make new ones. */
#pragma once

#include "keys/export.h"
#include "keys/generate.h"
#include "keys/import.h"
#include "ops/session.h"

G_BEGIN_DECLS

/* Keys by address or fingerprint (NULL: all), sorted: one's own first, then by name.
 * LL_ERROR_MISSING_INPUT when `what` is given and nothing is found. (transfer container of LlKey)
 */
GPtrArray *ll_op_keys_list (LlSession *session, LlProtocol protocol, const char *what,
                            LlKeyFilter filter, GError **error);

/* What to think of a key as a signer in its own first name; no server is asked. (transfer full) */
LlKeyOpinion *ll_op_keys_judge (LlSession *session, LlKey *key);

/* The certificates of a file in PEM or DER, which is not imported; NULL or "-" is standard input.
 * LL_ERROR_BAD_DATA when there is none. (transfer container of LlKey) */
GPtrArray *ll_op_keys_read_certificates (const char *path, GCancellable *cancellable,
                                         GError **error);

/* The same for one that is looked at by itself, as far as the policy says also by the network.
 * `others` (nullable) are certificates that came with it: they may complete its path, never anchor
 * it. (transfer full) */
LlKeyOpinion *ll_op_keys_judge_among (LlSession *session, LlKey *key, GPtrArray *others);

/* Imports one file, not larger than LL_LIMIT_KEY_FILE_BYTES; NULL or "-" is standard input. Of a
 * signed S/MIME message, the certificates that came along with it. (transfer full) */
LlImportResult *ll_op_keys_import (LlSession *session, const char *path, GBytes *passphrase,
                                   GCancellable *cancellable, GError **error);

typedef struct
{
  LlProtocol protocol; /* UNKNOWN: either, when only one has such a key */
  const char *what;    /* an address or a fingerprint */
  const char *output;  /* NULL or "-": standard output */
  gboolean force;
  LlExportForm form;
  gboolean secret, legacy;
  GBytes *passphrase; /* NULL: pinentry */
  GCancellable *cancellable;
} LlKeysExport;

/* Writes all of it or nothing, with mode 0600 when a private key is in it. Gives the keys that were
 * written. LL_ERROR_UNSUPPORTED_OPTION when `what` means keys of both technologies, or with
 * `secret` several. (transfer container of LlKey) */
GPtrArray *ll_op_keys_export (LlSession *session, const LlKeysExport *request, GError **error);

G_END_DECLS
