/* seal-options.c - options into values, with the known names where one is unknown. */
#include <config.h>

#include "cli/seal-options.h"

#include <stdio.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/plan-print.h"

LlSealOptions ll_seal_options;

const char *
ll_seal_options_as (void)
{
  return ll_seal_options.as != NULL ? ll_seal_options.as[0] : NULL;
}

const char *const *
ll_seal_options_also_as (void)
{
  return ll_seal_options_as () != NULL ? (const char *const *)ll_seal_options.as + 1 : NULL;
}

static gboolean
read_cipher (LlCipher *cipher, GError **error)
{
  g_autofree char *name = NULL;

  *cipher = ll_cipher_from_name (ll_seal_options.cipher);
  if (ll_seal_options.aead && ll_seal_options.cipher == NULL)
    *cipher = LL_CIPHER_AES_256_GCM;
  if (ll_seal_options.aead && *cipher != LL_CIPHER_AES_256_GCM && *cipher != LL_CIPHER_CHOOSE)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                           _ ("--aead means AES-256-GCM, and --cipher names another one. Say one "
                              "of them."));
      return FALSE;
    }
  if (ll_seal_options.cipher == NULL || *cipher != LL_CIPHER_CHOOSE)
    return TRUE;
  name = ll_text_safe (ll_seal_options.cipher, -1);
  g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
               _ ("“%s” is not a cipher. There are: %s."), name, ll_cipher_list ());
  return FALSE;
}

static gboolean
read_digest (LlDigest *digest, GError **error)
{
  g_autofree char *name = NULL;

  *digest = ll_digest_from_name (ll_seal_options.digest);
  if (ll_seal_options.digest == NULL || *digest != LL_DIGEST_CHOOSE)
    return TRUE;
  name = ll_text_safe (ll_seal_options.digest, -1);
  g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
               _ ("“%s” is not a digest. There are: %s."), name, ll_digest_list ());
  return FALSE;
}

/* The first option of them that was given, or NULL. */
static const char *
used_option (void)
{
  return ll_seal_options.aead             ? "--aead"
         : ll_seal_options.cipher != NULL ? "--cipher"
         : ll_seal_options.oaep           ? "--oaep"
         : ll_seal_options.pss            ? "--pss"
         : ll_seal_options.digest != NULL ? "--digest"
         : ll_seal_options.key_id         ? "--key-id"
                                          : NULL;
}

gboolean
ll_seal_options_read (LlProtocol *protocol, LlCipher *cipher, LlSealStyle *style, GError **error)
{
  const char *option = used_option ();

  *style = (LlSealStyle){ .pss = ll_seal_options.pss,
                          .oaep = ll_seal_options.oaep,
                          .key_id = ll_seal_options.key_id };
  if (!read_cipher (cipher, error) || !read_digest (&style->digest, error))
    return FALSE;
  if (option == NULL)
    return TRUE;
  if (*protocol == LL_PROTOCOL_OPENPGP)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION, _ ("%s is for S/MIME only."),
                   option);
      return FALSE;
    }
  *protocol = LL_PROTOCOL_SMIME;
  return TRUE;
}

/* One signer, as far as the card is concerned. */
static gboolean
falls_back (const LlKey *key)
{
  const LlSubkey *subkey = g_ptr_array_index (ll_key_get_subkeys (key), 0);

  return ll_key_get_protocol (key) == LL_PROTOCOL_SMIME && subkey->on_card
         && subkey->algorithm != NULL && g_str_has_prefix (subkey->algorithm, "rsa")
         && !g_str_has_prefix (subkey->algorithm, "rsa-pss");
}

char *
ll_seal_options_remark (const LlPlan *plan, const LlSealStyle *style)
{
  const LlKey *key
      = plan != NULL && plan->signer != NULL && falls_back (plan->signer) ? plan->signer : NULL;

  for (guint i = 0; plan != NULL && plan->more_signers != NULL && i < plan->more_signers->len; i++)
    if (key == NULL && falls_back (g_ptr_array_index (plan->more_signers, i)))
      key = g_ptr_array_index (plan->more_signers, i);
  if (key == NULL || !style->pss || style->strict)
    return NULL;
  {
    g_autofree char *safe = ll_text_safe (ll_key_get_title (key), -1);

    return g_strdup_printf (_ ("The key of “%s” is on a card or token, which cannot make PSS "
                               "signatures: it signs with PKCS #1 v1.5."),
                            safe);
  }
}

gboolean
ll_seal_options_print_plan (const LlPlan *plan, GError **error)
{
  g_autofree char *text
      = ll_command_wants_json () ? ll_plan_to_json (plan) : ll_plan_to_text (plan);

  return ll_command_print (text, error);
}

void
ll_seal_options_tell (const LlPlan *plan)
{
  g_autofree char *text = NULL;

  if (plan->peers_error != NULL && !ll_command_is_quiet ())
    ll_command_complain (plan->peers_error);
  if (!ll_seal_options.verbose || ll_seal_options.plan)
    return;
  text = ll_plan_to_text (plan);
  fputs (text, stderr);
}
