/* engine-openpgp.c - the OpenPGP engine: the user's gpg through GPGME, one process for each
 * operation.
 *
 * What enters and leaves is told in engine.h. Here are the table, the look at the first bytes, and
 * the reading of gpg's status lines, which GPGME takes from a channel of their own: nothing that a
 * message contains gets there (OP-26). Of what gpg prints for people nothing is read.
 */
#include <config.h>

#include <string.h>

#include "engine/engine-openpgp-private.h"
#include "engine/pgp-armor.h"

/* --- the table -------------------------------------------------------------------------------- */

static LlBlobKind
identify (LlEngine *engine, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  return ll_pgp_identify (data, length);
}

static void
openpgp_free (LlEngine *engine)
{
  LlOpenpgpEngine *self = (LlOpenpgpEngine *)engine;

  g_clear_pointer (&self->policy, ll_policy_free);
  g_free (self);
}

static const LlEngineClass openpgp_class = {
  .protocol = LL_PROTOCOL_OPENPGP,
  .sign = ll_openpgp_sign,
  .encrypt = ll_openpgp_encrypt,
  .decrypt = ll_openpgp_decrypt,
  .verify = ll_openpgp_verify,
  .identify = identify,
  .free = openpgp_free,
};

LlEngine *
ll_engine_openpgp_new (const LlPolicy *policy, LlKeyStore *store)
{
  LlOpenpgpEngine *self = g_new0 (LlOpenpgpEngine, 1);

  self->engine.klass = &openpgp_class;
  self->policy = ll_policy_copy (policy);
  self->store = store;
  return &self->engine;
}

/* --- status lines ----------------------------------------------------------------------------- */

/* doc/DETAILS of GnuPG, "General status codes": the fields of a line, divided by single blanks. */

static const char *
field (char **fields, guint index)
{
  return index < g_strv_length (fields) ? fields[index] : "";
}

static int
field_int (char **fields, guint index)
{
  return (int)g_ascii_strtoll (field (fields, index), NULL, 10);
}

static LlPgpSignatureStatus *
last_signature (LlPgpStatus *status)
{
  if (status->signatures->len == 0)
    return NULL;
  return &g_array_index (status->signatures, LlPgpSignatureStatus, status->signatures->len - 1);
}

static void
on_newsig (LlPgpStatus *status, char **fields)
{
  LlPgpSignatureStatus fresh = { .type = -1 };
  g_array_append_val (status->signatures, fresh);
}

static void
on_judged (LlPgpStatus *status, char **fields)
{
  LlPgpSignatureStatus *signature = last_signature (status);

  if (signature != NULL)
    signature->judged = TRUE;
}

/* fpr date timestamp expires version reserved pubkey hash class [primary] */
static void
on_validsig (LlPgpStatus *status, char **fields)
{
  LlPgpSignatureStatus *signature = last_signature (status);

  if (signature == NULL)
    return;
  signature->good = TRUE;
  signature->type = (int)g_ascii_strtoll (field (fields, 8), NULL, 16);
  g_free (signature->primary);
  signature->primary
      = g_strdup (*field (fields, 9) != '\0' ? field (fields, 9) : field (fields, 0));
}

/* keyid pubkey hash class time rc [fpr] */
static void
on_errsig (LlPgpStatus *status, char **fields)
{
  LlPgpSignatureStatus *signature = last_signature (status);

  if (signature == NULL)
    return;
  signature->judged = TRUE;
  signature->type = (int)g_ascii_strtoll (field (fields, 3), NULL, 16);
}

/* format timestamp name: the name is the stranger's and is not looked at (OP-20) */
static void
on_plaintext (LlPgpStatus *status, char **fields)
{
  status->n_plaintexts++;
  status->literal_time = g_ascii_strtoll (field (fields, 1), NULL, 10);
}

/* mdc cipher [aead] */
static void
on_encryption (LlPgpStatus *status, char **fields)
{
  status->has_encryption = TRUE;
  status->mdc = field_int (fields, 0);
  status->cipher = field_int (fields, 1);
  status->aead = field_int (fields, 2);
}

static void
on_decryption_okay (LlPgpStatus *status, char **fields)
{
  status->n_decrypted++;
}

static void
on_decryption_failed (LlPgpStatus *status, char **fields)
{
  status->decryption_failed = TRUE;
}

static void
on_goodmdc (LlPgpStatus *status, char **fields)
{
  status->good_mdc = TRUE;
}

static void
on_failure (LlPgpStatus *status, char **fields)
{
  status->failed = TRUE;
}

/* location code: only what the passphrase and the agent are to blame for */
static void
on_error (LlPgpStatus *status, char **fields)
{
  gpgme_error_t code = (gpgme_error_t)g_ascii_strtoull (field (fields, 1), NULL, 10);

  if (!g_str_has_prefix (field (fields, 0), "pkdecrypt"))
    return;
  if (gpgme_err_code (code) == GPG_ERR_EOF) /* the agent, or its pinentry, is gone */
    status->locked = gpgme_error (GPG_ERR_NO_AGENT);
  else if (ll_gpgme_is_locked (code))
    status->locked = code;
}

static void
on_need_passphrase_sym (LlPgpStatus *status, char **fields)
{
  status->asked_passphrase = TRUE;
}

static void
on_unexpected (LlPgpStatus *status, char **fields)
{
  status->unexpected = TRUE;
}

static const struct
{
  const char *keyword;
  void (*take) (LlPgpStatus *status, char **fields);
} lines[] = {
  { "NEWSIG", on_newsig },
  { "GOODSIG", on_judged },
  { "EXPSIG", on_judged },
  { "EXPKEYSIG", on_judged },
  { "REVKEYSIG", on_judged },
  { "BADSIG", on_judged },
  { "VALIDSIG", on_validsig },
  { "ERRSIG", on_errsig },
  { "PLAINTEXT", on_plaintext },
  { "DECRYPTION_INFO", on_encryption },
  { "BEGIN_ENCRYPTION", on_encryption },
  { "DECRYPTION_OKAY", on_decryption_okay },
  { "DECRYPTION_FAILED", on_decryption_failed },
  { "BADMDC", on_decryption_failed },
  { "GOODMDC", on_goodmdc },
  { "FAILURE", on_failure },
  { "ERROR", on_error },
  { "NEED_PASSPHRASE_SYM", on_need_passphrase_sym },
  { "UNEXPECTED", on_unexpected },
};

static gpgme_error_t
on_status (void *hook, const char *keyword, const char *arguments)
{
  g_auto (GStrv) fields = NULL;
  LlPgpStatus *status = hook;

  status->n_lines++;
  for (gsize i = 0; keyword != NULL && i < G_N_ELEMENTS (lines); i++)
    if (g_str_equal (keyword, lines[i].keyword))
      {
        fields = g_strsplit (arguments != NULL ? arguments : "", " ", 16);
        lines[i].take (status, fields);
      }
  return 0;
}

static void
clear_signature_status (gpointer data)
{
  g_free (((LlPgpSignatureStatus *)data)->primary);
}

LlGpgmeContext *
ll_pgp_context_new (LlOpenpgpEngine *self, LlPgpStatus *status, GError **error)
{
  g_autoptr (LlGpgmeContext) context
      = ll_gpgme_context_new (GPGME_PROTOCOL_OPENPGP, self->policy, error);

  if (context == NULL)
    return NULL;
  status->signatures = g_array_new (FALSE, TRUE, sizeof (LlPgpSignatureStatus));
  g_array_set_clear_func (status->signatures, clear_signature_status);
  gpgme_set_ctx_flag (context, "full-status", "1");
  gpgme_set_status_cb (context, on_status, status);
  return g_steal_pointer (&context);
}

void
ll_pgp_status_clear (LlPgpStatus *status)
{
  g_clear_pointer (&status->signatures, g_array_unref);
}

/* --- names ------------------------------------------------------------------------------------ */

char *
ll_pgp_digest_name (gpgme_hash_algo_t algorithm)
{
  const char *name = gpgme_hash_algo_name (algorithm);

  if (name == NULL)
    return NULL;
  if (algorithm == GPGME_MD_RMD160)
    return g_strdup ("RIPEMD-160");
  return g_str_has_prefix (name, "SHA") ? g_strconcat ("SHA-", name + 3, NULL) : g_strdup (name);
}

/* OP-10: never made, and not worth a good word when met. */
gboolean
ll_pgp_digest_is_weak (gpgme_hash_algo_t algorithm)
{
  switch (algorithm)
    {
    case GPGME_MD_SHA224:
    case GPGME_MD_SHA256:
    case GPGME_MD_SHA384:
    case GPGME_MD_SHA512:
      return FALSE;
    default:
      return TRUE;
    }
}

char *
ll_pgp_algorithm_name (gpgme_pubkey_algo_t algorithm)
{
  return g_strdup (gpgme_pubkey_algo_name (algorithm));
}

/* RFC 9580 sections 9.3 and 9.6. */
char *
ll_pgp_cipher_name (const LlPgpStatus *status)
{
  static const char *const ciphers[]
      = { NULL,     "IDEA",   "3DES",   "CAST5",   "Blowfish",    NULL,          NULL,
          "AES128", "AES192", "AES256", "Twofish", "Camellia128", "Camellia192", "Camellia256" };
  static const char *const modes[] = { "CFB", "EAX", "OCB", "GCM" };

  if (status->cipher <= 0 || (gsize)status->cipher >= G_N_ELEMENTS (ciphers)
      || ciphers[status->cipher] == NULL || status->aead < 0
      || (gsize)status->aead >= G_N_ELEMENTS (modes))
    return NULL;
  return g_strconcat (ciphers[status->cipher], ".", modes[status->aead], NULL);
}
