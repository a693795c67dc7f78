/* op-file.h - seal and open files: sign, encrypt, decrypt, verify, both technologies.
 *
 * Everything streams. A result is published whole or not at all (base/output, bridge/spool). A file
 * has no author, so that a signature is bound to nobody: the verdict says who signed, and leaves it
 * to the reader whether that is the right one.
 */
#pragma once

#include "keys/plan.h"
#include "ops/progress-stream.h"
#include "ops/session.h"
#include "verdict/verdict.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean sign;
  gboolean encrypt;
  LlProtocol protocol;        /* UNKNOWN: whichever has the keys (sealing), or what the file is */
  const char *as;             /* who signs; NULL: the first own key that can */
  const char *const *also_as; /* who signs besides; or NULL */
  const char *const *recipients; /* addresses or fingerprints */
  gboolean opaque;               /* sign: the content goes into the signature file */
  gboolean armor;                /* ASCII armor or PEM */
  gboolean symmetric;            /* OpenPGP: for a passphrase */
  LlCipher cipher;               /* S/MIME; CHOOSE: the plan does */
  LlSealStyle style;             /* S/MIME; what the policy says is added */
  gboolean force;                /* replace existing files */
  const char *output;            /* where to, "-" for standard output; NULL: beside the input */
  LlProgress progress;           /* nullable */
  gpointer progress_data;
} LlFileRequest;

typedef struct
{
  char *input;          /* as given */
  char *output;         /* what was written, or NULL */
  char *cipher;         /* encrypt: what with, or NULL */
  LlEvidence *evidence; /* decrypt and verify, else NULL */
  LlVerdict *verdict;   /* decrypt and verify, else NULL */
} LlFileResult;

void ll_file_result_free (LlFileResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlFileResult, ll_file_result_free)

/* The plan for any number of files, made once: keys are looked up once. Errors: those of
 * ll_plan_make(). NULL without error when a passphrase alone is enough (--symmetric).
 * (transfer full) (nullable) */
LlPlan *ll_op_file_plan (LlSession *session, const LlFileRequest *request, GError **error);

/* Signs or encrypts one file by the plan. (transfer full) */
LlFileResult *ll_op_file_seal (LlSession *session, const LlPlan *plan, const char *path,
                               const LlFileRequest *request, GCancellable *cancellable,
                               GError **error);

/* Decrypts one file; signatures inside are judged and told. LL_ERROR_CANNOT_DECRYPT with the
 * reason, LL_ERROR_BAD_DATA when the file is not encrypted. Nothing is written unless the whole
 * content is known to be intact, where the format can tell. (transfer full) */
LlFileResult *ll_op_file_decrypt (LlSession *session, const char *path,
                                  const LlFileRequest *request, GCancellable *cancellable,
                                  GError **error);

/* Verifies one file: an opaque signature, a detached one (x.sig, x.asc or x.p7s beside x), or x
 * when such a signature lies beside it. `content` names the signed file when it has another name,
 * else NULL. Writes nothing. (transfer full) */
LlFileResult *ll_op_file_verify (LlSession *session, const char *path, const char *content,
                                 const LlFileRequest *request, GCancellable *cancellable,
                                 GError **error);

G_END_DECLS
