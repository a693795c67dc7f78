/* op-trust.c - what enters: a fingerprint and a decision. What leaves: the decision, kept. It asks
 * nobody, and judges nothing. */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/text.h"
#include "ops/op-trust.h"

static gboolean
fail (GError **error, LlError code, const char *text)
{
  g_set_error_literal (error, LL_ERROR, code, text);
  return FALSE;
}

static LlKey *
first_of (LlSession *session, LlProtocol protocol, const char *fingerprint)
{
  g_autoptr (GPtrArray) keys
      = ll_key_store_find (session->store, protocol, fingerprint, LL_KEYS_ANY, NULL);

  return keys != NULL && keys->len > 0 ? ll_key_ref (g_ptr_array_index (keys, 0)) : NULL;
}

/* A certificate that the user never wants to see, or wants to forget, need not be here. */
static gboolean
may_be_absent (const LlTrustRequest *request, const char *fingerprint)
{
  return strlen (fingerprint) == 64
         && (request->decision == LL_DECISION_REFUSE || request->decision == LL_DECISION_NONE);
}

static gboolean
find (LlSession *session, const LlTrustRequest *request, const char *fingerprint, LlKey **key,
      GError **error)
{
  g_autoptr (LlKey) openpgp = NULL;

  *key = first_of (session, LL_PROTOCOL_SMIME, fingerprint);
  if (*key != NULL)
    return TRUE;
  openpgp = first_of (session, LL_PROTOCOL_OPENPGP, fingerprint);
  if (openpgp != NULL)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                   _ ("%s is an OpenPGP key. Certify it with “gpg --lsign-key %s”, or set its "
                      "trust with “gpg --edit-key %s trust”: gpg keeps that."),
                   fingerprint, fingerprint, fingerprint);
      return FALSE;
    }
  if (may_be_absent (request, fingerprint))
    return TRUE;
  g_set_error (error, LL_ERROR, LL_ERROR_MISSING_INPUT,
               _ ("There is no certificate with the fingerprint %s. Import it first with "
                  "“letterlock key import FILE”."),
               fingerprint);
  return FALSE;
}

/* SC-07: an address of one's own choice only for a certificate that names none; SC-06 is for the
 * others. */
static gboolean
check_pin (const LlKey *key, const char *address, GError **error)
{
  const char *first = ll_key_get_address (key);
  g_autofree char *safe = NULL;

  if (address == NULL && first == NULL)
    return fail (error, LL_ERROR_MISSING_ARGUMENT,
                 _ ("The certificate names no mail address. Say whose it is: “letterlock key trust "
                    "FINGERPRINT --pin ADDRESS”."));
  if (address == NULL)
    return TRUE;
  safe = ll_text_safe (address, -1);
  if (!ll_text_is_address (address))
    {
      g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION, _ ("“%s” is not a mail address."),
                   safe);
      return FALSE;
    }
  if (first != NULL && !ll_key_has_address (key, address))
    {
      g_autofree char *own = ll_text_safe (first, -1);
      g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                   _ ("The certificate is for “%s” and cannot be pinned for “%s”."), own, safe);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check (const LlKey *key, const LlTrustRequest *request, GError **error)
{
  const LlSubkey *subkey = NULL;

  if (request->decision == LL_DECISION_PIN)
    return check_pin (key, request->address, error);
  if (request->decision != LL_DECISION_AUTHORITY)
    return TRUE;
  subkey = g_ptr_array_index (ll_key_get_subkeys (key), 0);
  return subkey->can_certify
         || fail (error, LL_ERROR_UNSUPPORTED_OPTION,
                  _ ("This is not the certificate of an authority. To trust it alone, use --pin."));
}

/* The session judges by the new decision from now on. */
static gboolean
renew_trust (LlSession *session, GError **error)
{
  LlTrust *trust = ll_trust_new (session->policy, session->store, error);

  if (trust == NULL)
    return FALSE;
  ll_trust_free (session->trust);
  session->trust = trust;
  return TRUE;
}

gboolean
ll_op_trust_decide (LlSession *session, const LlTrustRequest *request, LlKey **key, GError **error)
{
  g_autofree char *fingerprint = NULL;
  g_autofree char *path = ll_decisions_path ();
  g_autoptr (LlDecisions) decisions = NULL;
  g_autoptr (LlKey) found = NULL;

  if (!ll_hex_is_fingerprint (request->fingerprint, &fingerprint))
    return fail (error, LL_ERROR_UNSUPPORTED_OPTION,
                 _ ("Name the certificate by its whole fingerprint, so that no other is meant: "
                    "“letterlock key show ADDRESS” tells it."));
  if (!find (session, request, fingerprint, &found, error)
      || (found != NULL && !check (found, request, error)))
    return FALSE;
  decisions = ll_decisions_load (path, error);
  if (decisions == NULL)
    return FALSE;
  ll_decisions_set (decisions, found != NULL ? ll_key_get_fingerprint (found) : fingerprint,
                    request->decision, request->address,
                    found != NULL ? ll_key_get_subject (found) : NULL);
  if (!ll_decisions_save (decisions, error) || !renew_trust (session, error))
    return FALSE;
  *key = g_steal_pointer (&found);
  return TRUE;
}
