/* call-agent-keys.c - private keys into gpg-agent, out of it, and made by it. What enters: a key,
 * or a keygrip. What leaves: the same the other way round. It does NOT read or write files of keys.
 *
 * A key crosses the socket wrapped (RFC 3394) in a key that the agent gives for the way. What stays
 * of it on our side is memory that is wiped.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "bridge/call-agent-private.h"
#include "bridge/openssl-glue.h"
#include "bridge/sexp.h"

#define WRAP_OVERHEAD 8 /* AES key wrap, RFC 3394 */
#define MIN_WRAPPED (3 * WRAP_OVERHEAD)

/* The S-expression with zeros after it, as AES key wrap takes whole blocks of 8 octets alone. */
static GBytes *
pad_to_blocks (GBytes *sexp)
{
  gsize length, padded;
  gconstpointer data = g_bytes_get_data (sexp, &length);
  guint8 *copy;

  padded = (length + 7) / 8 * 8;
  copy = g_malloc0 (padded);
  memcpy (copy, data, length);
  return ll_secret_bytes_new_take (copy, padded);
}

/* One way or the other. NULL with nothing but OpenSSL's word for it. (transfer full) */
static GBytes *
wrap_or_unwrap (GBytes *kek, GBytes *in, gboolean wrap)
{
  g_autoptr (EVP_CIPHER) cipher = EVP_CIPHER_fetch (NULL, "AES-128-WRAP", "provider=default");
  g_autoptr (EVP_CIPHER_CTX) context = EVP_CIPHER_CTX_new ();
  gsize length, size;
  const guint8 *data = g_bytes_get_data (in, &length);
  guint8 *out;
  int done = 0;

  if (cipher == NULL || context == NULL || kek == NULL || length > G_MAXINT / 2
      || g_bytes_get_size (kek) != (gsize)EVP_CIPHER_get_key_length (cipher))
    return NULL;
  EVP_CIPHER_CTX_set_flags (context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  size = length + 2 * WRAP_OVERHEAD;
  out = g_malloc0 (size);
  if (EVP_CipherInit_ex2 (context, cipher, g_bytes_get_data (kek, NULL), NULL, wrap, NULL)
      && EVP_CipherUpdate (context, out, &done, data, (int)length) && done > 0)
    return ll_secret_bytes_new_take (out, (gsize)done);
  explicit_bzero (out, size);
  g_free (out);
  return NULL;
}

/* --- in --------------------------------------------------------------------------------------- */

static gboolean
send_key (LlAgentLink *link, GBytes *sexp, gboolean *is_new, GError **error)
{
  g_autoptr (GBytes) kek = NULL;
  g_autoptr (GBytes) padded = pad_to_blocks (sexp);
  g_autoptr (GBytes) wrapped = NULL;
  LlAgentTalk ask = { .data = &kek };
  gpg_error_t problem = ll_agent_link_say (link, "KEYWRAP_KEY --import", &ask);

  if (problem != 0)
    return ll_agent_set_error (problem, &ll_agent_to_manage, error);
  wrapped = wrap_or_unwrap (kek, padded, TRUE);
  if (wrapped == NULL)
    return ll_openssl_set_error (error, LL_ERROR_FAILED,
                                 _ ("The private key could not be wrapped for gpg-agent"));
  {
    LlAgentAnswer answers[] = { { "KEYDATA", wrapped }, { NULL } };
    LlAgentTalk talk = { .pace = LL_AGENT_PERSON, .answers = answers };
    problem = ll_agent_link_say (link, "IMPORT_KEY", &talk);
  }
  *is_new = problem == 0;
  if (problem == 0 || gpg_err_code (problem) == GPG_ERR_EEXIST)
    return TRUE;
  return ll_agent_set_error (problem, &ll_agent_to_manage, error);
}

gboolean
ll_agent_import_key (EVP_PKEY *key, gboolean *is_new, GCancellable *cancellable, GError **error)
{
  g_autofree char *keygrip = NULL;
  g_autoptr (GBytes) sexp = NULL;
  g_autoptr (LlAgentLink) link = NULL;
  LlAgentKeyPlace place;
  gboolean ignored = FALSE, *news = is_new != NULL ? is_new : &ignored;

  g_return_val_if_fail (key != NULL, FALSE);
  *news = FALSE;
  keygrip = ll_sexp_keygrip (key, error);
  if (keygrip == NULL || !ll_agent_find_key (keygrip, &place, cancellable, error))
    return FALSE;
  if (place != LL_AGENT_KEY_MISSING)
    return TRUE;
  sexp = ll_sexp_private_key (key, error);
  if (sexp == NULL)
    return FALSE;
  link = ll_agent_link_open (cancellable, error);
  return link != NULL && send_key (link, sexp, news, error);
}

gboolean
ll_agent_forget_key (const char *keygrip, GError **error)
{
  g_autoptr (LlAgentLink) link = NULL;
  g_autofree char *command = NULL;
  gpg_error_t problem;

  g_return_val_if_fail (ll_agent_is_keygrip (keygrip), FALSE);
  link = ll_agent_link_open (NULL, error);
  if (link == NULL)
    return FALSE;
  command = g_strconcat ("DELETE_KEY --force ", keygrip, NULL);
  problem = ll_agent_link_say (link, command, NULL);
  return problem == 0 || ll_agent_set_error (problem, &ll_agent_to_manage, error);
}

/* --- out -------------------------------------------------------------------------------------- */

/* The agent's answer, in the wrapping of the way. (transfer full) */
static GBytes *
receive_key (LlAgentLink *link, const LlAgentUse *use, GError **error)
{
  g_autoptr (GBytes) kek = NULL;
  g_autoptr (GBytes) wrapped = NULL;
  g_autofree char *command = g_strconcat ("EXPORT_KEY ", use->keygrip, NULL);
  LlAgentTalk ask = { .data = &kek };
  LlAgentTalk talk = { .pace = LL_AGENT_PERSON, .data = &wrapped };
  GBytes *sexp = NULL;
  gpg_error_t problem = ll_agent_link_say (link, "KEYWRAP_KEY --export", &ask);

  if (problem == 0)
    problem = ll_agent_link_say (link, command, &talk);
  if (problem != 0)
    {
      ll_agent_set_error (problem, use, error);
      return NULL;
    }
  if (wrapped != NULL && g_bytes_get_size (wrapped) >= MIN_WRAPPED)
    sexp = wrap_or_unwrap (kek, wrapped, FALSE);
  if (sexp == NULL)
    ll_openssl_set_error (error, LL_ERROR_FAILED,
                          _ ("What gpg-agent gave as the private key cannot be unwrapped"));
  return sexp;
}

EVP_PKEY *
ll_agent_export_key (const LlAgentUse *use, gboolean pss, GCancellable *cancellable, GError **error)
{
  g_autoptr (LlAgentLink) link = NULL;
  g_autoptr (GBytes) sexp = NULL;

  g_return_val_if_fail (ll_agent_is_keygrip (use->keygrip), NULL);
  link = ll_agent_open_with_key (use, NULL, cancellable, error);
  sexp = link != NULL ? receive_key (link, use, error) : NULL;
  return sexp != NULL ? ll_sexp_read_private_key (sexp, pss, error) : NULL;
}

/* --- new -------------------------------------------------------------------------------------- */

GBytes *
ll_agent_generate_key (GBytes *parameters, gboolean not_protected, GCancellable *cancellable,
                       GError **error)
{
  g_autoptr (LlAgentLink) link = ll_agent_link_open (cancellable, error);
  GBytes *public_key = NULL;
  LlAgentAnswer answers[] = { { "KEYPARAM", parameters }, { NULL } };
  LlAgentTalk talk = { .pace = LL_AGENT_PERSON, .answers = answers, .data = &public_key };
  gpg_error_t problem;

  if (link == NULL)
    return NULL;
  problem = ll_agent_link_say (link, not_protected ? "GENKEY --no-protection" : "GENKEY", &talk);
  if (problem != 0)
    ll_agent_set_error (problem, &ll_agent_to_manage, error);
  return public_key;
}
