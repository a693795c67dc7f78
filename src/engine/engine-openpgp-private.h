/* engine-openpgp-private.h - what the rooms of the OpenPGP engine share. */
#pragma once

#include "bridge/gpgme-glue.h"
#include "engine/engine.h"

G_BEGIN_DECLS

typedef struct
{
  LlEngine engine;
  LlPolicy *policy;
  LlKeyStore *store; /* borrowed */
} LlOpenpgpEngine;

/* What gpg says of one signature beyond what GPGME keeps. */
typedef struct
{
  char *primary;   /* fingerprint of the primary key, or NULL */
  int type;        /* signature type; -1: unknown */
  gboolean good;   /* a VALIDSIG line was there */
  gboolean judged; /* gpg has said what it thinks of it, whatever that is */
} LlPgpSignatureStatus;

/* gpg's status lines, for one operation (OP-26). */
typedef struct
{
  guint n_lines;      /* of any kind; 0: gpg has not run at all */
  GArray *signatures; /* of LlPgpSignatureStatus, one for each NEWSIG */
  guint n_plaintexts; /* literal packets */
  guint n_decrypted;  /* DECRYPTION_OKAY */
  gboolean decryption_failed;
  gboolean good_mdc;         /* GOODMDC */
  gboolean failed;           /* FAILURE: gpg ended with an error of any kind */
  gpgme_error_t locked;      /* why a private key or a passphrase could not be had; 0: it could */
  gboolean asked_passphrase; /* for a symmetrically encrypted message */
  gboolean unexpected;       /* gpg met packets where none should be */
  int mdc, cipher, aead;     /* of the encryption opened or made; 0: none or unknown */
  gboolean has_encryption;   /* the three above are known */
  gint64 literal_time;
} LlPgpStatus;

/* A context that reports into `status`, which must outlive it. (transfer full) */
LlGpgmeContext *ll_pgp_context_new (LlOpenpgpEngine *self, LlPgpStatus *status, GError **error);
void ll_pgp_status_clear (LlPgpStatus *status);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LlPgpStatus, ll_pgp_status_clear)

/* Names as facts.h has them: "SHA-256", "AES256.CFB" (NULL when unknown). (transfer full) */
char *ll_pgp_digest_name (gpgme_hash_algo_t algorithm);
char *ll_pgp_cipher_name (const LlPgpStatus *status);
char *ll_pgp_algorithm_name (gpgme_pubkey_algo_t algorithm);
gboolean ll_pgp_digest_is_weak (gpgme_hash_algo_t algorithm);

/* Adds a fact for each signature of the operation that has just run on `context`; `nothing_in`:
 * a reason for which none of them may count, or NONE. */
void ll_pgp_add_signatures (LlOpenpgpEngine *self, gpgme_ctx_t context, const LlPgpStatus *status,
                            LlReason nothing_in, LlFacts *facts);

gboolean ll_openpgp_sign (LlEngine *engine, const LlSealRequest *request, GInputStream *in,
                          GOutputStream *out, LlSealResult **result, GCancellable *cancellable,
                          GError **error);
gboolean ll_openpgp_encrypt (LlEngine *engine, const LlSealRequest *request, GInputStream *in,
                             GOutputStream *out, LlSealResult **result, GCancellable *cancellable,
                             GError **error);
gboolean ll_openpgp_decrypt (LlEngine *engine, GInputStream *in, GOutputStream *out,
                             LlFacts **facts, GCancellable *cancellable, GError **error);
gboolean ll_openpgp_verify (LlEngine *engine, GInputStream *signature, GInputStream *content,
                            GOutputStream *out, LlFacts **facts, GCancellable *cancellable,
                            GError **error);

G_END_DECLS
