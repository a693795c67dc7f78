/* engine-smime-open.c - decrypts, S/MIME.
 *
 * What enters: an EnvelopedData or AuthEnvelopedData of any size. What leaves: the recipients as
 * facts, and the plaintext as it comes, so that the memory it takes does not grow with it. Whether
 * it holds is known at the end: LL_DECRYPTION_DONE is said only where padding or tag are right, and
 * until then whoever called keeps what came to themselves (rule 2). Whatever goes wrong with key,
 * padding or tag is one and the same failure (SM-35); only trouble with gpg-agent is told apart.
 *
 * It does not take recipients, keys or ciphers apart: cms-recipients, cms-unwrap and cms-content
 * do.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include <openssl/err.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "bridge/openssl-glue.h"
#include "bridge/spool.h"
#include "engine/cms-content-private.h"
#include "engine/cms-names.h"
#include "engine/cms-source-private.h"
#include "engine/cms-unwrap-private.h"
#include "engine/engine-smime-private.h"
#include "keys/kem-key-private.h"
#include "keys/x509-cert-private.h"
#include "provider/provider.h"

#define CHUNK_BYTES (256 * 1024) /* a multiple of every block */
#define KEPT_BYTES EVP_MAX_BLOCK_LENGTH

/* A private key that may open it. */
typedef struct
{
  const LlRecipient *recipient;
  LlRecipientFacts *facts; /* borrowed */
  LlKey *key;              /* borrowed; NULL: a key out of a file */
} Way;

typedef struct
{
  LlSmimeEngine *engine;
  LlCmsSource *source;
  LlRecipients *recipients;
  LlContent *content;
  LlFacts *facts;
  GArray *ways;             /* of Way; those that can be checked at once come first */
  guint n_tries;            /* of those, that only the content can tell to be right */
  gboolean has_other_kinds; /* recipients by password or shared key */
  gboolean has_weak_ways;   /* the content key is wrapped with 3DES, and nobody consented */
  gboolean card_cannot;     /* a card has the key, and cannot do what the recipient asks for */
  gboolean opened_weakly;   /* it was, with consent */
  GOutputStream *out;
  GCancellable *cancellable;
} Envelope;

static void
envelope_clear (Envelope *envelope)
{
  g_clear_pointer (&envelope->source, ll_cms_source_free);
  g_clear_pointer (&envelope->recipients, ll_recipients_free);
  g_clear_pointer (&envelope->content, ll_content_free);
  g_clear_pointer (&envelope->facts, ll_facts_free);
  g_clear_pointer (&envelope->ways, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Envelope, envelope_clear)

/* AL-11: old ciphers are opened when the person says so, and not before. */
static gboolean
consents_to_weak (const Envelope *envelope)
{
  return envelope->engine->policy != NULL && envelope->engine->policy->allow_weak;
}

static gboolean
has_key_files (const Envelope *envelope)
{
  return envelope->engine->policy != NULL && envelope->engine->policy->key_files != NULL;
}

static void
settle (LlFacts *facts, LlDecryption decryption, LlReason reason)
{
  facts->decryption = decryption;
  facts->decryption_reason = reason;
}

/* ---- recipients ---- */

/* A wrapped key tells at once whether it came out right; what RSA gives shows in the content. */
static gboolean
is_checked (const LlRecipient *recipient)
{
  return recipient->kind != LL_RECIPIENT_TRANSPORT;
}

/* VM-08, SM-35: each costs a question to the agent and a pass over the content, and would be one
 * more try for who has somebody else's content key and wants to know it. */
static void
add_way (Envelope *envelope, const Way *way)
{
  guint place = envelope->ways->len;

  if (!is_checked (way->recipient) && envelope->n_tries++ >= LL_LIMIT_RECIPIENT_TRIES)
    return;
  if (is_checked (way->recipient))
    for (place = 0; place < envelope->ways->len; place++)
      if (!is_checked (g_array_index (envelope->ways, Way, place).recipient))
        break;
  g_array_insert_val (envelope->ways, place, *way);
}

/* Of the certificates that it may be for, one whose key we hold is taken first. */
static void
find_key (const LlRecipient *recipient, GPtrArray *certificates, LlRecipientFacts *facts)
{
  for (guint i = 0; i < certificates->len && !facts->is_ours; i++)
    {
      LlKey *key = g_ptr_array_index (certificates, i);
      if (!ll_recipient_matches (recipient, ll_x509_cert_get (key)))
        continue;
      g_clear_pointer (&facts->key, ll_key_unref);
      facts->key = ll_key_ref (key);
      facts->is_ours = ll_key_has_secret (key);
    }
}

static char *
name_algorithm (const LlRecipient *recipient)
{
  const char *name = ll_unwrap_name (recipient);
  char dotted[80];

  if (name != NULL || recipient->algorithm == NULL)
    return g_strdup (name);
  OBJ_obj2txt (dotted, sizeof dotted, recipient->algorithm->algorithm, 1);
  return g_strdup (dotted);
}

static void
add_recipient (Envelope *envelope, const LlRecipient *recipient, GPtrArray *certificates)
{
  LlRecipientFacts *facts = ll_recipient_facts_new ();
  const LlKeyWrap *wrap = ll_unwrap_find_wrap (recipient);
  Way way = { recipient, facts, NULL };

  facts->hint = ll_recipient_get_hint (recipient);
  facts->algorithm = name_algorithm (recipient);
  facts->key_wrap = wrap != NULL ? g_strdup (wrap->name) : NULL; /* SM-04 */
  g_ptr_array_add (envelope->facts->recipients, facts);
  if (recipient->algorithm == NULL)
    {
      envelope->has_other_kinds = TRUE;
      return;
    }
  find_key (recipient, certificates, facts);
  way.key = facts->key;
  if (recipient->kind == LL_RECIPIENT_KEM ? !has_key_files (envelope) : !facts->is_ours)
    return;
  if (wrap != NULL && wrap->weak && !consents_to_weak (envelope))
    envelope->has_weak_ways = TRUE;
  else
    add_way (envelope, &way);
}

/* CM-06: all of them; every one that is ours is a way in. */
static gboolean
list_recipients (Envelope *envelope, GError **error)
{
  g_autoptr (GBytes) set = ll_cms_source_get_recipients (envelope->source);
  GPtrArray *certificates = NULL;

  envelope->recipients = ll_recipients_new (set, error);
  if (envelope->recipients == NULL)
    return FALSE;
  certificates = ll_key_store_certificates (envelope->engine->store, error);
  if (certificates == NULL)
    return FALSE;
  envelope->ways = g_array_new (FALSE, FALSE, sizeof (Way));
  for (guint i = 0; i < ll_recipients_get_n (envelope->recipients); i++)
    add_recipient (envelope, ll_recipients_get (envelope->recipients, i), certificates);
  return envelope->ways->len > 0 || ll_key_store_knows_secret (envelope->engine->store, error);
}

/* ---- the content ---- */

/* Plaintext in the way from the source to where it goes. What may be padding is kept back, in front
 * of the place where the next ciphertext will stand. */
typedef struct
{
  guint8 *buffer; /* KEPT_BYTES and CHUNK_BYTES */
  gsize kept;
} Flow;

static void
flow_clear (Flow *flow)
{
  if (flow->buffer != NULL)
    explicit_bzero (flow->buffer, KEPT_BYTES + CHUNK_BYTES);
  g_free (flow->buffer);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Flow, flow_clear)

static gboolean
write_plain (const Envelope *envelope, GOutputStream *out, const guint8 *data, gsize length,
             GError **error)
{
  return length == 0
         || g_output_stream_write_all (out, data, length, NULL, envelope->cancellable, error);
}

/* One piece. `held`: the ciphertext is as long as it has to be. -1 on error, otherwise the number
 * of octets that came: fewer than a chunk are the last. */
static gssize
flow_on (const Envelope *envelope, Flow *flow, GOutputStream *out, gboolean *held, GError **error)
{
  guint8 *fresh = flow->buffer + KEPT_BYTES;
  gssize n = ll_cms_source_read (envelope->source, fresh, CHUNK_BYTES, error);

  if (n < 0)
    return -1;
  *held = ll_content_update (envelope->content, fresh, (gsize)n);
  if (!*held)
    return n;
  const guint8 *plain = fresh - flow->kept;
  gsize length = flow->kept + (gsize)n;
  gsize keep = MIN (ll_content_get_block (envelope->content), length);
  if (!write_plain (envelope, out, plain, length - keep, error))
    return -1;
  memmove (fresh - keep, plain + (length - keep), keep);
  flow->kept = keep;
  return n;
}

/* All of it, with this key. `intact` tells whether it held; FALSE when it could not be found out.
 */
static gboolean
decrypt_content (const Envelope *envelope, GBytes *key, GOutputStream *out, gboolean *intact,
                 GError **error)
{
  const LlCmsParts *parts = ll_cms_source_get_parts (envelope->source);
  g_auto (Flow) flow = { g_malloc (KEPT_BYTES + CHUNK_BYTES), 0 };
  gboolean held = ll_content_start (envelope->content, key, parts->authenticated);
  gssize n = CHUNK_BYTES;

  *intact = FALSE;
  while (held && n == CHUNK_BYTES)
    {
      n = flow_on (envelope, &flow, out, &held, error);
      if (n < 0)
        return FALSE;
    }
  if (!ll_cms_source_finish (envelope->source, error))
    return FALSE;
  const guint8 *last = flow.buffer + (KEPT_BYTES - flow.kept);
  gssize padding = held ? ll_content_finish (envelope->content, last, flow.kept, parts->mac) : -1;
  ERR_clear_error ();
  if (padding < 0)
    return TRUE;
  *intact = TRUE;
  return write_plain (envelope, out, last, flow.kept - (gsize)padding, error);
}

/* ---- keys ---- */

/* A key in gpg-agent. What the agent said is in `error`; a bad padding is not said (SM-35). */
static GBytes *
unwrap_by_agent (const Envelope *envelope, const Way *way, GError **error)
{
  X509 *certificate = ll_x509_cert_get (way->key);
  g_autofree char *title = ll_text_safe (ll_key_get_title (way->key), -1);
  g_autofree char *prompt
      = g_strdup_printf (_ ("The key of “%s” is needed to decrypt a message."), title);
  g_autoptr (EVP_PKEY) private_key = ll_provider_key_new (certificate, prompt, error);
  if (private_key == NULL)
    return NULL;

  g_autoptr (GError) stale = ll_provider_take_agent_error ();
  ll_provider_set_cancellable (envelope->cancellable);
  g_autoptr (GBytes) key = ll_unwrap (way->recipient, certificate, private_key,
                                      ll_content_get_key_length (envelope->content), error);
  ll_provider_set_cancellable (NULL);
  GError *agent_error = ll_smime_take_agent_error (envelope->cancellable);
  if (agent_error == NULL)
    return g_steal_pointer (&key);
  g_clear_error (error);
  g_propagate_error (error, agent_error);
  return NULL;
}

static void
free_key (gpointer key)
{
  EVP_PKEY_free (key);
}

/* The keys out of the files that the person named; the passphrase is asked for once. */
static GPtrArray *
get_file_keys (const Envelope *envelope, GError **error)
{
  LlSmimeEngine *engine = envelope->engine;
  g_autoptr (GPtrArray) keys = NULL;

  if (engine->file_keys != NULL)
    return engine->file_keys;
  keys = g_ptr_array_new_with_free_func (free_key);
  for (char **path = engine->policy->key_files; *path != NULL; path++)
    {
      EVP_PKEY *key = ll_kem_key_open (*path, envelope->cancellable, error);
      if (key == NULL)
        return NULL;
      g_ptr_array_add (keys, key);
    }
  return engine->file_keys = g_steal_pointer (&keys);
}

/* A key in a file, such as gpg-agent cannot hold. It need not say whose it is: a wrapped key that
 * comes out right is proof enough. */
static GBytes *
unwrap_by_file (const Envelope *envelope, const Way *way, GError **error)
{
  GPtrArray *keys = get_file_keys (envelope, error);

  for (guint i = 0; keys != NULL && i < keys->len; i++)
    {
      EVP_PKEY *private_key = g_ptr_array_index (keys, i);
      const char *name = ll_unwrap_name (way->recipient);
      if (name == NULL || !EVP_PKEY_is_a (private_key, name))
        continue;
      GBytes *key = ll_unwrap (way->recipient, NULL, private_key,
                               ll_content_get_key_length (envelope->content), error);
      if (key != NULL || *error != NULL)
        return key;
    }
  if (*error == NULL)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_CANNOT_DECRYPT,
                         _ ("No private key in a file is for this message."));
  return NULL;
}

static GBytes *
unwrap (const Envelope *envelope, const Way *way, GError **error)
{
  return way->facts->is_ours && way->recipient->kind != LL_RECIPIENT_KEM
             ? unwrap_by_agent (envelope, way, error)
             : unwrap_by_file (envelope, way, error);
}

/* ---- opening ---- */

/* With this key, while another one is left to try: nothing may have gone out if it does not hold.
 */
static gboolean
try_content (Envelope *envelope, GBytes *key, gboolean *intact, GError **error)
{
  g_autoptr (LlSpool) spool = ll_spool_new (LL_SPOOL_SECRET);

  if (!ll_cms_source_look_ahead (envelope->source, error))
    return FALSE;
  if (!decrypt_content (envelope, key, G_OUTPUT_STREAM (spool), intact, error))
    return FALSE;
  return *intact ? ll_spool_copy (spool, envelope->out, envelope->cancellable, error)
                 : ll_cms_source_rewind (envelope->source, error);
}

/* RSA does not tell whether it gave the right key, and it must not be asked (SM-35): where more
 * than one of our keys could open it, they are tried on the content, in the order in which they
 * came. `trouble` is the first thing that the agent said. */
static gboolean
try_ways (Envelope *envelope, gboolean *intact, GError **trouble, GError **error)
{
  for (guint i = 0; i < envelope->ways->len && !*intact; i++)
    {
      const Way *way = &g_array_index (envelope->ways, Way, i);
      const LlKeyWrap *wrap = ll_unwrap_find_wrap (way->recipient);
      gboolean is_last = is_checked (way->recipient) || i + 1 == envelope->ways->len;
      g_autoptr (GError) refused = NULL;
      g_autoptr (GBytes) key = unwrap (envelope, way, &refused);
      if (g_error_matches (refused, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        {
          g_propagate_error (error, g_steal_pointer (&refused));
          return FALSE;
        }
      if (g_error_matches (refused, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM) && way->key != NULL
          && ll_smime_is_on_card (way->key))
        envelope->card_cannot = TRUE;
      if (refused != NULL && *trouble == NULL)
        *trouble = g_steal_pointer (&refused);
      if (key == NULL)
        continue;
      way->facts->is_ours = TRUE;
      envelope->opened_weakly = wrap != NULL && wrap->weak;
      if (!is_last)
        {
          if (!try_content (envelope, key, intact, error))
            return FALSE;
          continue;
        }
      return decrypt_content (envelope, key, envelope->out, intact, error);
    }
  return TRUE;
}

/* The agent's word that is news about the message, not trouble with the work. */
static LlReason
reason_of (const Envelope *envelope, const GError *trouble)
{
  if (g_error_matches (trouble, LL_ERROR, LL_ERROR_CANNOT_DECRYPT))
    return LL_REASON_NO_SECRET_KEY; /* the certificate is here, its private key is not */
  if (g_error_matches (trouble, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM))
    return envelope->card_cannot ? LL_REASON_CARD_CANNOT : LL_REASON_UNSUPPORTED_ALGORITHM;
  return LL_REASON_NONE;
}

static LlReason
reason_of_success (const Envelope *envelope)
{
  const LlCmsCipher *cipher = ll_content_get_cipher (envelope->content);

  if (cipher->weak || envelope->opened_weakly)
    return LL_REASON_WEAK_ENCRYPTION;                            /* AL-11 */
  return cipher->aead ? LL_REASON_NONE : LL_REASON_NO_INTEGRITY; /* CM-16 */
}

static gboolean
open_envelope (Envelope *envelope, GError **error)
{
  g_autoptr (GError) trouble = NULL;
  gboolean intact = FALSE;

  if (!try_ways (envelope, &intact, &trouble, error))
    return FALSE;
  if (intact)
    {
      settle (envelope->facts, LL_DECRYPTION_DONE, reason_of_success (envelope));
      return TRUE;
    }
  if (trouble != NULL && reason_of (envelope, trouble) == LL_REASON_NONE)
    {
      g_propagate_error (error, g_steal_pointer (&trouble));
      return FALSE;
    }
  settle (envelope->facts, LL_DECRYPTION_FAILED,
          trouble != NULL ? reason_of (envelope, trouble) : LL_REASON_DECRYPTION_FAILED);
  return TRUE;
}

/* ---- the verb ---- */

static gboolean
is_encrypted (const LlCmsParts *parts, GError **error)
{
  if (parts->kind != LL_CMS_ENVELOPED && parts->kind != LL_CMS_AUTH_ENVELOPED)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                         _ ("This S/MIME (CMS) object is not encrypted."));
  else if (!parts->has_content)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_BAD_DATA,
                         _ ("The encrypted content is missing from the S/MIME (CMS) object."));
  else
    return TRUE;
  return FALSE;
}

/* Why it cannot be opened at all, before any key is asked for. */
static LlReason
read_cipher (Envelope *envelope)
{
  LlReason reason;

  envelope->content = ll_content_new (ll_cms_source_get_parts (envelope->source),
                                      &envelope->facts->cipher, &reason);
  if (envelope->content == NULL)
    return reason;
  envelope->facts->has_integrity = ll_content_get_cipher (envelope->content)->aead;
  if (envelope->has_weak_ways && envelope->ways->len == 0)
    return LL_REASON_WEAK_REFUSED;
  if (envelope->ways->len == 0)
    return envelope->has_other_kinds ? LL_REASON_UNSUPPORTED_ALGORITHM : LL_REASON_NO_SECRET_KEY;
  return ll_content_get_cipher (envelope->content)->weak && !consents_to_weak (envelope)
             ? LL_REASON_WEAK_REFUSED
             : LL_REASON_NONE;
}

static gboolean
decrypt_envelope (Envelope *envelope, GError **error)
{
  if (!list_recipients (envelope, error))
    return FALSE;
  LlReason reason = read_cipher (envelope);
  if (reason != LL_REASON_NONE)
    {
      settle (envelope->facts, LL_DECRYPTION_FAILED, reason);
      return ll_cms_source_finish (envelope->source, error);
    }
  if (ll_content_get_cipher (envelope->content)->aead
      && !ll_cms_source_look_ahead (envelope->source, error))
    return FALSE;
  return open_envelope (envelope, error);
}

gboolean
ll_smime_decrypt (LlEngine *engine, GInputStream *in, GOutputStream *out, LlFacts **facts,
                  GCancellable *cancellable, GError **error)
{
  g_auto (Envelope) envelope
      = { .engine = (LlSmimeEngine *)engine, .out = out, .cancellable = cancellable };

  if (ll_provider_context (error) == NULL)
    return FALSE;
  envelope.facts = ll_facts_new (LL_PROTOCOL_SMIME);
  envelope.source = ll_cms_source_open (in, cancellable, error);
  if (envelope.source == NULL)
    return FALSE;
  const LlCmsParts *parts = ll_cms_source_get_parts (envelope.source);
  if (parts->kind == LL_CMS_COMPRESSED)
    settle (envelope.facts, LL_DECRYPTION_FAILED, LL_REASON_UNSUPPORTED_ALGORITHM);
  else if (!is_encrypted (parts, error) || !decrypt_envelope (&envelope, error))
    return FALSE;
  envelope.facts->content_is_object = parts->content_is_object;
  envelope.facts->has_trailing_bytes
      = ll_cms_source_get_parts (envelope.source)->has_trailing_bytes;
  *facts = g_steal_pointer (&envelope.facts);
  return TRUE;
}
