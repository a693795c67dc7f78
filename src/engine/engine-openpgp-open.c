/* engine-openpgp-open.c - decrypts and verifies, OpenPGP.
 *
 * What enters: packets or armor from a stranger. What leaves: content, and facts. It is gpg that
 * decrypts and verifies; here stands what must be true before and after so that its word counts:
 * exactly one message (OP-27), encryption with integrity that held (OP-23, OP-24), exactly one
 * plaintext (OP-26). File names and dates inside are not used (OP-20).
 */
#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "bridge/call-agent.h"
#include "engine/engine-openpgp-private.h"
#include "engine/pgp-armor.h"

#define MAX_NAME_TRIES 8 /* keys that are looked up for the sake of an error */

#define HEAD_BYTES (64 * 1024)
#define SIGNATURE_BYTES (1024 * 1024) /* a detached signature; one packet is under 2 KiB */

/* One operation of gpg on one message, and what it stands on. */
typedef struct
{
  LlOpenpgpEngine *engine;
  LlPgpStatus status;
  LlGpgmeContext *context;
  GInputStream *packets; /* LlPgpInput */
  GInputStream *in;      /* the same, buffered */
  gboolean as_is;        /* it passes to gpg as it is: its packets are not known */
  LlGpgmeStream *source, *sink;
  GCancellable *cancellable;
} Operation;

static void
operation_clear (Operation *operation)
{
  g_clear_pointer (&operation->source, ll_gpgme_stream_free);
  g_clear_pointer (&operation->sink, ll_gpgme_stream_free);
  g_clear_object (&operation->in);
  g_clear_object (&operation->packets);
  g_clear_pointer (&operation->context, gpgme_release);
  ll_pgp_status_clear (&operation->status);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Operation, operation_clear)

/* Opens the stream and says what its beginning is. */
static gboolean
operation_open (Operation *operation, LlEngine *engine, GInputStream *in, LlBlobKind *kind,
                GCancellable *cancellable, GError **error)
{
  const char *armor = NULL;
  const void *head;
  gsize length;

  operation->engine = (LlOpenpgpEngine *)engine;
  operation->cancellable = cancellable;
  operation->packets = ll_pgp_input_new (in);
  operation->in = g_buffered_input_stream_new_sized (operation->packets, HEAD_BYTES);
  if (!ll_pgp_input_open (operation->packets, &armor, cancellable, error)
      || g_buffered_input_stream_fill (G_BUFFERED_INPUT_STREAM (operation->in), HEAD_BYTES,
                                       cancellable, error)
             < 0)
    return FALSE;
  operation->as_is = armor == NULL;
  head = g_buffered_input_stream_peek_buffer (G_BUFFERED_INPUT_STREAM (operation->in), &length);
  *kind = ll_pgp_packets_identify (head, length);
  return TRUE;
}

static gboolean
operation_prepare (Operation *operation, GOutputStream *out, GError **error)
{
  operation->context = ll_pgp_context_new (operation->engine, &operation->status, error);
  if (operation->context == NULL)
    return FALSE;
  operation->source = ll_gpgme_stream_new (operation->in, NULL, operation->cancellable);
  if (out != NULL)
    operation->sink = ll_gpgme_stream_new (NULL, out, operation->cancellable);
  return TRUE;
}

/* The streams' own errors tell more than gpg, which only saw that they ended. */
static gboolean
streams_failed (Operation *operation, GError **error)
{
  return ll_gpgme_stream_take_error (operation->source, error)
         || ll_gpgme_stream_take_error (operation->sink, error)
         || g_cancellable_set_error_if_cancelled (operation->cancellable, error);
}

/* Reads what gpg left, so that all packets have been seen. */
static gboolean
drain (Operation *operation, GError **error)
{
  g_autofree guint8 *buffer = g_malloc (HEAD_BYTES);
  gssize n;

  do
    n = g_input_stream_read (operation->in, buffer, HEAD_BYTES, operation->cancellable, error);
  while (n > 0);
  return n == 0;
}

/* gpg began with a signature and never said what became of it: it died over its own files. */
static gboolean
stopped_halfway (const LlPgpStatus *status)
{
  for (guint i = 0; i < status->signatures->len; i++)
    if (!g_array_index (status->signatures, LlPgpSignatureStatus, i).judged)
      return TRUE;
  return FALSE;
}

/* TRUE when what gpg answered is about the message, and not that it could not work: then it has
 * said something, and to the end. */
static gboolean
check_engine (Operation *operation, gpgme_error_t code, const char *what, GError **error)
{
  if (operation->status.n_lines == 0)
    code = gpgme_error (GPG_ERR_INV_ENGINE);
  else if (stopped_halfway (&operation->status))
    {
      g_set_error (error, LL_ERROR, LL_ERROR_FAILED,
                   _ ("%s: gpg stopped in the middle. Is the GnuPG home directory writable, and "
                      "its "
                      "disk not full?"),
                   what);
      return FALSE;
    }
  switch (gpgme_err_code (code))
    {
    case GPG_ERR_INV_ENGINE:
    case GPG_ERR_ENGINE_TOO_OLD:
    case GPG_ERR_ENOMEM:
    case GPG_ERR_EIO:
      return ll_gpgme_set_error (error, code, LL_ERROR_FAILED, NULL, "%s", what);
    default:
      return TRUE;
    }
}

static gboolean
set_not_openpgp (GError **error)
{
  g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                       _ ("This is not an OpenPGP message, or it is damaged."));
  return FALSE;
}

static gboolean
set_truncated (GError **error)
{
  g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                       _ ("The OpenPGP message is cut off in the middle."));
  return FALSE;
}

/* --- decrypting ------------------------------------------------------------------------------- */

/* Key IDs may be hidden (all zero); who else it is for is told by key ID, because looking each up
 * would cost a process. */
static void
add_recipients (Operation *operation, gpgme_decrypt_result_t result, LlFacts *facts)
{
  gpgme_recipient_t each = result != NULL ? result->recipients : NULL;

  for (; each != NULL && facts->recipients->len < LL_LIMIT_RECIPIENTS; each = each->next)
    {
      LlRecipientFacts *recipient = ll_recipient_facts_new ();

      recipient->hint = g_ascii_strup (each->keyid != NULL ? each->keyid : "", -1);
      recipient->algorithm = ll_pgp_algorithm_name (each->pubkey_algo);
      recipient->is_ours = each->status == 0;
      if (recipient->is_ours && facts->decryption == LL_DECRYPTION_DONE
          && strspn (recipient->hint, "0") != strlen (recipient->hint))
        recipient->key = ll_key_store_get (operation->engine->store, LL_PROTOCOL_OPENPGP,
                                           recipient->hint, NULL);
      g_ptr_array_add (facts->recipients, recipient);
    }
}

static gboolean
has_secret_key (gpgme_decrypt_result_t result)
{
  for (gpgme_recipient_t each = result != NULL ? result->recipients : NULL; each != NULL;
       each = each->next)
    if (each->status == 0)
      return TRUE;
  return FALSE;
}

/* E2E-26: blocks of 64 bits. */
static gboolean
cipher_is_weak (const LlPgpStatus *status)
{
  enum
  {
    IDEA = 1,
    TRIPLE_DES = 2,
    CAST5 = 3,
    BLOWFISH = 4
  };
  return status->cipher == IDEA || status->cipher == TRIPLE_DES || status->cipher == CAST5
         || status->cipher == BLOWFISH;
}

/* gpg 2.2 opens AEAD packets, but says the same of an intact one, of a cut and of a changed one
 * ("DECRYPTION_INFO 0", then even GOODMDC), after having given out what it read; only its exit
 * status differs, which GPGME keeps to itself. Its word on them does not count (OP-25). */
static gboolean
cannot_vouch (const LlPgpStatus *status, const LlPgpPackets *packets)
{
  return packets->data == LL_PGP_ENCRYPTED_AEAD && status->has_encryption && status->aead == 0;
}

/* Integrity is what gpg says explicitly: the MDC was right, or every chunk and the end of AEAD were
 * and gpg found nothing else to complain of (OP-24, OP-25). */
static gboolean
integrity_held (const LlPgpStatus *status)
{
  if (status->decryption_failed || status->n_decrypted != 1)
    return FALSE;
  return status->aead != 0 ? !status->failed : status->mdc != 0 && status->good_mdc;
}

static LlReason
failure_reason (const Operation *operation, gpgme_error_t code, gpgme_decrypt_result_t result)
{
  const LlPgpStatus *status = &operation->status;
  const LlPgpPackets *packets = ll_pgp_input_get_packets (operation->packets);
  gboolean weak = result != NULL && result->legacy_cipher_nomdc;

  if (cannot_vouch (status, packets))
    return LL_REASON_UNSUPPORTED_ALGORITHM;
  if (weak || packets->data == LL_PGP_ENCRYPTED_BARE
      || (status->has_encryption && status->mdc == 0 && status->aead == 0))
    return LL_REASON_WEAK_ENCRYPTION;
  if (gpgme_err_code (code) == GPG_ERR_NO_SECKEY
      || (status->n_decrypted == 0 && !status->has_encryption && result != NULL
          && result->recipients != NULL && !has_secret_key (result)))
    return LL_REASON_NO_SECRET_KEY;
  if (result != NULL && result->unsupported_algorithm != NULL)
    return LL_REASON_UNSUPPORTED_ALGORITHM;
  if (packets->trailing || packets->malformed || status->unexpected)
    return LL_REASON_MALFORMED;
  return LL_REASON_DECRYPTION_FAILED;
}

static void
weigh_decryption (Operation *operation, gpgme_error_t code, LlFacts *facts)
{
  const LlPgpStatus *status = &operation->status;
  const LlPgpPackets *packets = ll_pgp_input_get_packets (operation->packets);
  gpgme_decrypt_result_t result = gpgme_op_decrypt_result (operation->context);
  /* gpg also complains, by its exit code, of signatures; those speak for themselves */
  gboolean whole = integrity_held (status) && !cannot_vouch (status, packets)
                   && status->n_plaintexts == 1 && !status->unexpected && !packets->trailing
                   && !packets->malformed && (code == 0 || status->signatures->len > 0);

  facts->cipher = ll_pgp_cipher_name (status);
  facts->has_integrity = status->mdc != 0 || status->aead != 0;
  facts->literal_time = status->literal_time;
  facts->decryption = whole ? LL_DECRYPTION_DONE : LL_DECRYPTION_FAILED;
  if (!whole)
    facts->decryption_reason = failure_reason (operation, code, result);
  else if (cipher_is_weak (status))
    facts->decryption_reason = LL_REASON_WEAK_ENCRYPTION;
  facts->symmetric = whole && status->asked_passphrase;
  add_recipients (operation, result, facts);
  if (whole)
    ll_pgp_add_signatures (operation->engine, operation->context, status, LL_REASON_NONE, facts);
}

/* Without gpg-agent, gpg says that there is no secret key: then it is only locked away. */
static gboolean
check_agent (const Operation *operation, const LlFacts *facts, GError **error)
{
  g_autofree char *version = NULL;

  if (facts->decryption_reason != LL_REASON_NO_SECRET_KEY)
    return TRUE;
  version = ll_agent_get_version (operation->cancellable, error);
  return version != NULL;
}

/* Only for what passed as it is: of everything else the packets have told it before. */
static gboolean
nothing_was_encrypted (const LlPgpStatus *status)
{
  return status->n_plaintexts > 0 && status->n_decrypted == 0 && !status->has_encryption
         && !status->decryption_failed;
}

/* Whose passphrase it was, where it can only have been one. */
static void
name_our_key (Operation *operation, GError **error)
{
  gpgme_decrypt_result_t result = gpgme_op_decrypt_result (operation->context);
  gpgme_recipient_t each = result != NULL ? result->recipients : NULL;
  g_autoptr (LlKey) ours = NULL;
  guint tries = 0;

  for (; each != NULL && tries < MAX_NAME_TRIES; each = each->next, tries++)
    {
      const char *id = each->keyid != NULL ? each->keyid : "";
      g_autoptr (LlKey) key
          = strspn (id, "0") != strlen (id) /* its status is no help: 2.4 says “no key” here */
                ? ll_key_store_get (operation->engine->store, LL_PROTOCOL_OPENPGP, id, NULL)
                : NULL;

      if (key == NULL || !ll_key_has_secret (key))
        continue;
      if (ours != NULL)
        return;
      ours = g_steal_pointer (&key);
    }
  if (ours != NULL && each == NULL && !operation->status.asked_passphrase)
    {
      g_autofree char *safe = ll_text_safe (ll_key_get_title (ours), -1);
      g_prefix_error (error, _ ("The key of “%s”: "), safe);
    }
}

static gboolean
run_decrypt (Operation *operation, LlFacts *facts, GError **error)
{
  g_autoptr (LlGpgmeLoop) loop = ll_gpgme_loop_new (operation->context, operation->cancellable);
  gpgme_data_t source = ll_gpgme_stream_get_data (operation->source);
  gpgme_data_t sink = ll_gpgme_stream_get_data (operation->sink);
  gpgme_error_t code
      = ll_gpgme_loop_run (loop, gpgme_op_decrypt_verify_start (operation->context, source, sink));

  if (streams_failed (operation, error))
    return FALSE;
  if (operation->status.n_decrypted == 0
      && (ll_gpgme_is_locked (code) || operation->status.locked != 0))
    {
      ll_gpgme_set_error (error, ll_gpgme_is_locked (code) ? code : operation->status.locked,
                          LL_ERROR_KEY_LOCKED, NULL, _ ("The message cannot be decrypted"));
      name_our_key (operation, error);
      return FALSE;
    }
  if (!check_engine (operation, code, _ ("The message cannot be decrypted"), error))
    return FALSE;
  if (operation->status.n_decrypted > 0 && !drain (operation, error))
    return FALSE;
  if (operation->as_is && nothing_was_encrypted (&operation->status))
    return TRUE;
  if (operation->as_is && gpgme_err_code (code) == GPG_ERR_NO_DATA)
    return set_not_openpgp (error);
  if (ll_pgp_input_get_packets (operation->packets)->truncated)
    return set_truncated (error);
  weigh_decryption (operation, code, facts);
  return check_agent (operation, facts, error);
}

gboolean
ll_openpgp_decrypt (LlEngine *engine, GInputStream *in, GOutputStream *out, LlFacts **facts,
                    GCancellable *cancellable, GError **error)
{
  g_auto (Operation) operation = { NULL };
  g_autoptr (LlFacts) found = ll_facts_new (LL_PROTOCOL_OPENPGP);
  const LlPgpPackets *packets;
  LlBlobKind kind;

  if (!operation_open (&operation, engine, in, &kind, cancellable, error))
    return FALSE;
  packets = ll_pgp_input_get_packets (operation.packets);
  if (packets->data == LL_PGP_ENCRYPTED_BARE && kind == LL_BLOB_UNKNOWN)
    {
      /* OP-23: gpg is not even asked */
      found->decryption = LL_DECRYPTION_FAILED;
      found->decryption_reason = LL_REASON_WEAK_ENCRYPTION;
    }
  else if (kind == LL_BLOB_ENCRYPTED || operation.as_is)
    {
      if (!operation_prepare (&operation, out, error) || !run_decrypt (&operation, found, error))
        return FALSE;
    }
  else if (kind == LL_BLOB_UNKNOWN && packets->first != LL_PGP_LITERAL)
    return set_not_openpgp (error);
  /* else: packets, but none that encrypt; the facts say NONE (OP-27) */

  *facts = g_steal_pointer (&found);
  return TRUE;
}

/* --- verifying -------------------------------------------------------------------------------- */

/* A claim without a signature that could be checked. */
static void
claim_only (LlFacts *facts, LlReason reason)
{
  facts->is_signed = TRUE;
  facts->signed_reason = reason;
}

/* Signatures that gpg passed over because it could not read them (of an unknown version, malformed)
 * stand in the facts all the same: each is alone (OP-13). */
static void
add_unread (LlFacts *facts, guint n_packets)
{
  while (facts->signatures->len > 0 && facts->signatures->len < n_packets)
    {
      LlSignatureFacts *unread = ll_signature_facts_new (LL_PROTOCOL_OPENPGP);
      unread->reason = LL_REASON_MALFORMED;
      g_ptr_array_add (facts->signatures, unread);
    }
}

static GBytes *
read_signature (Operation *operation, GError **error)
{
  g_autoptr (GOutputStream) sink = ll_secret_sink_new (SIGNATURE_BYTES);

  if (g_output_stream_splice (sink, operation->in, G_OUTPUT_STREAM_SPLICE_NONE,
                              operation->cancellable, error)
      < 0)
    return NULL;
  return ll_secret_sink_steal (sink);
}

/* A detached signature is signature packets and nothing else. */
static LlReason
reason_against_detached (const LlPgpPackets *packets)
{
  if (packets->malformed || packets->truncated || packets->n_signatures == 0
      || packets->n_one_pass + packets->n_others + packets->n_pkesk + packets->n_skesk > 0
      || packets->data != 0)
    return LL_REASON_MALFORMED;
  return packets->n_signatures > LL_LIMIT_SIGNERS ? LL_REASON_LIMIT_SIGNERS : LL_REASON_NONE;
}

static gboolean
run_verify_detached (Operation *operation, GBytes *signature, GInputStream *content, LlFacts *facts,
                     GError **error)
{
  g_autoptr (LlGpgmeData) data = NULL;
  g_autoptr (LlGpgmeLoop) loop = NULL;
  gsize length;
  const char *octets = g_bytes_get_data (signature, &length);
  gpgme_error_t code;

  operation->context = ll_pgp_context_new (operation->engine, &operation->status, error);
  if (operation->context == NULL)
    return FALSE;
  operation->source = ll_gpgme_stream_new (content, NULL, operation->cancellable);
  loop = ll_gpgme_loop_new (operation->context, operation->cancellable);
  code = gpgme_data_new_from_mem (&data, octets, length, 0);
  if (code == 0)
    code = ll_gpgme_loop_run (loop,
                              gpgme_op_verify_start (operation->context, data,
                                                     ll_gpgme_stream_get_data (operation->source),
                                                     NULL));
  if (streams_failed (operation, error)
      || !check_engine (operation, code, _ ("The signature cannot be checked"), error))
    return FALSE;
  /* a plaintext can only come out of something that is not a detached signature */
  ll_pgp_add_signatures (operation->engine, operation->context, &operation->status,
                         operation->status.n_plaintexts > 0 ? LL_REASON_MALFORMED : LL_REASON_NONE,
                         facts);
  add_unread (facts, ll_pgp_input_get_packets (operation->packets)->n_signatures);
  if (facts->signatures->len == 0 && facts->signed_reason == LL_REASON_NONE)
    claim_only (facts, LL_REASON_MALFORMED);
  return TRUE;
}

static gboolean
verify_detached (Operation *operation, GInputStream *content, LlFacts *facts, GError **error)
{
  g_autoptr (GBytes) signature = read_signature (operation, error);
  const LlPgpPackets *packets = ll_pgp_input_get_packets (operation->packets);
  LlReason against;

  if (signature == NULL)
    return FALSE;
  if (g_bytes_get_size (signature) == 0)
    return set_not_openpgp (error);
  against = operation->as_is ? LL_REASON_NONE : reason_against_detached (packets);
  if (against != LL_REASON_NONE)
    {
      claim_only (facts, against);
      return TRUE;
    }
  return run_verify_detached (operation, signature, content, facts, error);
}

/* One content with its signatures, or one compressed packet that holds both, and no second one
 * beside it (OP-27). */
static LlReason
reason_against_opaque (const Operation *operation)
{
  const LlPgpPackets *packets = ll_pgp_input_get_packets (operation->packets);

  if (operation->status.n_plaintexts != 1 || operation->status.unexpected)
    return LL_REASON_MALFORMED;
  if (operation->as_is)
    return packets->trailing ? LL_REASON_MALFORMED : LL_REASON_NONE;
  return packets->malformed || packets->truncated || packets->trailing || packets->n_others != 1
                 || packets->data != 0
             ? LL_REASON_MALFORMED
             : LL_REASON_NONE;
}

static gboolean
run_verify_opaque (Operation *operation, LlFacts *facts, GError **error)
{
  g_autoptr (LlGpgmeLoop) loop = ll_gpgme_loop_new (operation->context, operation->cancellable);
  const LlPgpPackets *packets = ll_pgp_input_get_packets (operation->packets);
  gpgme_data_t source = ll_gpgme_stream_get_data (operation->source);
  gpgme_data_t sink = ll_gpgme_stream_get_data (operation->sink);
  gpgme_error_t code
      = ll_gpgme_loop_run (loop, gpgme_op_verify_start (operation->context, source, NULL, sink));

  if (streams_failed (operation, error)
      || !check_engine (operation, code, _ ("The signature cannot be checked"), error)
      || !drain (operation, error))
    return FALSE;
  if (packets->data != 0 || operation->status.n_decrypted > 0)
    return set_not_openpgp (error);
  if (operation->as_is && code != 0 && operation->status.signatures->len == 0)
    return set_not_openpgp (error);
  ll_pgp_add_signatures (operation->engine, operation->context, &operation->status,
                         reason_against_opaque (operation), facts);
  add_unread (facts, packets->n_signatures);
  if (facts->signatures->len == 0 && facts->signed_reason == LL_REASON_NONE
      && (packets->n_one_pass + packets->n_signatures > 0 || code != 0))
    claim_only (facts, LL_REASON_MALFORMED);
  return TRUE;
}

gboolean
ll_openpgp_verify (LlEngine *engine, GInputStream *signature, GInputStream *content,
                   GOutputStream *out, LlFacts **facts, GCancellable *cancellable, GError **error)
{
  g_auto (Operation) operation = { NULL };
  g_autoptr (LlFacts) found = ll_facts_new (LL_PROTOCOL_OPENPGP);
  const LlPgpPackets *packets;
  LlBlobKind kind;
  gboolean done;

  if (!operation_open (&operation, engine, signature, &kind, cancellable, error))
    return FALSE;
  packets = ll_pgp_input_get_packets (operation.packets);
  if (content != NULL)
    done = verify_detached (&operation, content, found, error);
  else if (kind == LL_BLOB_ENCRYPTED || packets->data != 0
           || (!operation.as_is && kind == LL_BLOB_UNKNOWN && packets->first != LL_PGP_LITERAL))
    return set_not_openpgp (error); /* told to verify, gpg would decrypt */
  else
    done = operation_prepare (&operation, out, error)
           && run_verify_opaque (&operation, found, error);
  if (!done)
    return FALSE;
  *facts = g_steal_pointer (&found);
  return TRUE;
}
