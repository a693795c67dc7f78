/* refusal.c - what enters: reasons against keys. What leaves: a text for people that says what
 * happened, to whom, and what to do next. */
#include <config.h>

#include <glib/gi18n.h>

#include "base/text.h"
#include "keys/refusal.h"

struct _LlRefusal
{
  GString *lines;
  gboolean missing;   /* a key is not here */
  gboolean unvouched; /* an OpenPGP key that the user could certify */
  gboolean rootless;  /* a certificate whose root the user could name */
  gboolean weak;      /* somebody's program is too old */
};

LlRefusal *
ll_refusal_new (void)
{
  LlRefusal *refusal = g_new0 (LlRefusal, 1);

  refusal->lines = g_string_new (NULL);
  return refusal;
}

void
ll_refusal_free (LlRefusal *refusal)
{
  if (refusal == NULL)
    return;
  g_string_free (refusal->lines, TRUE);
  g_free (refusal);
}

static char *
name_of (const char *who)
{
  return who != NULL ? ll_text_safe (who, -1) : g_strdup (_ ("yourself"));
}

void
ll_refusal_add_missing (LlRefusal *refusal, LlProtocol protocol, const char *who, gboolean to_sign)
{
  g_autofree char *name = name_of (who);

  g_return_if_fail (refusal != NULL);
  refusal->missing = TRUE;
  /* TRANSLATORS: "bob@example.org: no OpenPGP key" */
  g_string_append_printf (refusal->lines,
                          to_sign ? _ ("  %s: no %s key to sign with\n") : _ ("  %s: no %s key\n"),
                          name, ll_protocol_title (protocol));
}

/* Each ends the sentence "the OpenPGP key ABCD cannot be used: ..." */
static const char *
phrase (LlReason reason)
{
  switch (reason)
    {
    case LL_REASON_KEY_REVOKED:
      return _ ("it has been revoked");
    case LL_REASON_UID_INVALID:
      return _ ("its owner has withdrawn this address from it");
    case LL_REASON_NEVER_TRUSTED:
      return _ ("it is disabled, or marked as never to be trusted");
    case LL_REASON_KEY_EXPIRED:
      return _ ("it has expired");
    case LL_REASON_NOT_YET_VALID:
      return _ ("it is not valid yet");
    case LL_REASON_KEY_USAGE:
      return _ ("it is not meant for this");
    case LL_REASON_EXTENDED_KEY_USAGE:
      return _ ("it is not meant for mail");
    case LL_REASON_UNTRUSTED:
    case LL_REASON_VALIDITY_UNKNOWN:
      return _ ("nobody whom you trust vouches that it belongs to this address");
    case LL_REASON_MARGINAL:
      return _ ("too few whom you trust vouch that it belongs to this address");
    case LL_REASON_ROOT_NOT_TRUSTED:
      return _ ("you have not said that you trust the authority that issued it");
    case LL_REASON_ISSUER_MISSING:
      return _ ("the certificate of the authority that issued it is not here");
    case LL_REASON_REVOCATION_NOT_CHECKED:
    case LL_REASON_REVOCATION_UNREACHABLE:
    case LL_REASON_REVOCATION_EXPIRED:
    case LL_REASON_REVOCATION_WRONG_SIGNER:
    case LL_REASON_REVOCATION_BAD_ANSWER:
    case LL_REASON_REVOCATION_NO_SOURCE:
      return _ ("it could not be found out whether it has been revoked, which your settings "
                "require");
    case LL_REASON_SELF_SIGNED:
      return _ ("it vouches for itself, and you have not said that you trust it");
    default:
      return NULL;
    }
}

static void
note_advice (LlRefusal *refusal, LlProtocol protocol, LlReason reason)
{
  switch (reason)
    {
    case LL_REASON_UNTRUSTED:
    case LL_REASON_VALIDITY_UNKNOWN:
    case LL_REASON_MARGINAL:
    case LL_REASON_ROOT_NOT_TRUSTED:
    case LL_REASON_ISSUER_MISSING:
    case LL_REASON_SELF_SIGNED:
      if (protocol == LL_PROTOCOL_OPENPGP)
        refusal->unvouched = TRUE;
      else
        refusal->rootless = TRUE;
      break;
    default:
      refusal->missing = TRUE; /* another key is needed */
    }
}

void
ll_refusal_add_key (LlRefusal *refusal, const char *who, const LlKey *key, LlReason reason)
{
  g_autofree char *name = name_of (who);
  const char *why = phrase (reason);

  g_return_if_fail (refusal != NULL && key != NULL);
  note_advice (refusal, ll_key_get_protocol (key), reason);
  /* TRANSLATORS: address, OpenPGP or S/MIME, fingerprint, why */
  g_string_append_printf (refusal->lines, _ ("  %s: the %s key %s cannot be used: %s\n"), name,
                          ll_protocol_title (ll_key_get_protocol (key)),
                          ll_key_get_fingerprint (key),
                          why != NULL ? why : ll_reason_name (reason));
}

void
ll_refusal_add_weak (LlRefusal *refusal, const char *who)
{
  g_autofree char *name = name_of (who);

  g_return_if_fail (refusal != NULL);
  refusal->weak = TRUE;
  g_string_append_printf (refusal->lines,
                          _ ("  %s: what their program says that it can read is too weak\n"), name);
}

char *
ll_refusal_to_text (const LlRefusal *refusal, const char *heading)
{
  GString *text = g_string_new (heading);

  g_string_append_printf (text, "\n%s%s", refusal->lines->str, _ ("Nothing was written."));
  if (refusal->unvouched)
    g_string_append_printf (
        text, "\n%s",
        _ ("Compare the fingerprint of an OpenPGP key with its owner, then certify it: “gpg "
           "--quick-sign-key FINGERPRINT”. Or encrypt without, with --always-trust."));
  if (refusal->rootless)
    g_string_append_printf (
        text, "\n%s",
        _ ("“letterlock key show ADDRESS” names the authority. If you trust it, "
           "say so with “letterlock key trust --authority FINGERPRINT”; “--pin” "
           "trusts the certificate alone."));
  if (refusal->missing)
    g_string_append_printf (text, "\n%s",
                            _ ("“letterlock key list” shows the keys that are here, “letterlock "
                               "key "
                               "import FILE” brings more."));
  if (refusal->weak)
    g_string_append_printf (text, "\n%s",
                            _ ("Ask for a newer program. When you know that they can read more "
                               "than that, name a cipher "
                               "with --cipher, or have it forgotten with “letterlock key forget "
                               "ADDRESS”."));
  return g_string_free (text, FALSE);
}
