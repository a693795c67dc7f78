/* wording.c - the only translated room below the doors: reasons, headlines, advice.
 *
 * What enters: reasons and verdicts. What leaves: sentences in the user's language. It decides
 * nothing; the same verdict always gets the same words, and a good word is only ever said for a
 * good status.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/text.h"
#include "verdict/report.h"

typedef struct
{
  const char *sentence;
  const char *advice; /* or NULL */
} Words;

#define SEND_AGAIN N_ ("Ask the sender, by another way than this mail, to send it again.")
#define ASK_SENDER N_ ("Ask the sender, by another way than this mail, whether it is theirs.")
#define IMPORT_KEY                                                                                 \
  N_ ("Get the signer's key or certificate, compare its fingerprint with its owner, and import "   \
      "it "                                                                                        \
      "with “letterlock key import FILE”.")
#define ADD_ANCHOR                                                                                      \
  N_ ("Do you trust the authority? Compare its fingerprint, import its certificate with "               \
      "“letterlock key import FILE” (a signed message will do), and say so with “letterlock key " \
      "trust --authority FINGERPRINT”. “--pin” trusts the signer's certificate alone.")
#define CERTIFY_KEY                                                                                \
  N_ ("Compare the fingerprint with its owner, by telephone for example; if it is the same, sign " \
      "the key with “gpg --lsign-key FINGERPRINT”.")
#define NEW_KEY N_ ("Ask the signer for a new key or certificate.")
#define REVOCATION_LATER                                                                           \
  N_ ("Try again later, or give a list of revoked certificates with “--crl FILE”.")
#define OPEN_PART N_ ("Open the part by itself to see what it says of itself.")

static const Words words[LL_N_REASONS] = {
  [LL_REASON_NONE] = { N_ ("There is nothing to object to."), NULL },

  /* integrity */
  [LL_REASON_DIGEST_MISMATCH]
  = { N_ ("The content is not what was signed: it was changed after signing."), SEND_AGAIN },
  [LL_REASON_BAD_SIGNATURE]
  = { N_ ("The signature does not hold: it was not made with this key over "
          "this content."),
      SEND_AGAIN },
  [LL_REASON_NO_PUBLIC_KEY]
  = { N_ ("The key or certificate that could check the signature is not here."), IMPORT_KEY },
  [LL_REASON_MALFORMED]
  = { N_ ("The cryptographic data is damaged and cannot be read."), SEND_AGAIN },
  [LL_REASON_UNSUPPORTED_ALGORITHM]
  = { N_ ("It uses an algorithm that this computer cannot check."),
      N_ ("“letterlock doctor” tells what this build can do.") },
  [LL_REASON_NEWER_OPENSSL] = { N_ ("It is signed with a post-quantum algorithm, which OpenSSL can "
                                    "check from version 3.5 on; "
                                    "this computer has an older one."),
                                N_ ("Read the message on a computer with a newer OpenSSL.") },
  [LL_REASON_WEAK_DIGEST]
  = { N_ ("The signature uses an old digest (MD5, SHA-1 or RIPEMD-160) that can be forged."),
      N_ ("Ask the sender to sign with SHA-256 or better.") },
  [LL_REASON_WEAK_KEY] = { N_ ("The signing key is too short to be relied on."), NEW_KEY },
  [LL_REASON_NO_SIGNERS]
  = { N_ ("It is packed like signed mail, but nobody has signed it."), NULL },
  [LL_REASON_CONTENT_IN_DETACHED]
  = { N_ ("The signature carries another content of its own than the one it stands beside."),
      ASK_SENDER },
  [LL_REASON_ATTRIBUTE_CARDINALITY]
  = { N_ ("The signature lacks a statement that it must have, or makes it twice."), ASK_SENDER },
  [LL_REASON_CONTENT_TYPE_MISMATCH]
  = { N_ ("The signature is for another type of content than this."), ASK_SENDER },
  [LL_REASON_ALGORITHM_PROTECTION]
  = { N_ ("The algorithms named outside the signature are not those that were signed."),
      ASK_SENDER },
  [LL_REASON_DIGEST_ALGORITHM_MISMATCH]
  = { N_ ("The signature mixes two digest algorithms where it may use only one."), ASK_SENDER },
  [LL_REASON_SIGNING_CERTIFICATE_MISMATCH]
  = { N_ ("The signer meant another certificate than the one that came with the signature."),
      ASK_SENDER },
  [LL_REASON_NO_SIGNED_ATTRIBUTES]
  = { N_ ("The signature says nothing of its time or content type."), NULL },
  [LL_REASON_SIGNATURE_TYPE]
  = { N_ ("The signature is of a kind that does not sign a document."), ASK_SENDER },
  [LL_REASON_ENGINE_ERROR]
  = { N_ ("The signature could not be checked: the program that checks it failed."),
      N_ ("“letterlock doctor” tells what is missing.") },
  [LL_REASON_SIGNER_FAILED]
  = { N_ ("There are several signatures, and one of them does not hold."), ASK_SENDER },

  /* binding */
  [LL_REASON_FROM_MISMATCH]
  = { N_ ("The key belongs to somebody else than the sender named in the From field."),
      ASK_SENDER },
  [LL_REASON_FROM_MISSING]
  = { N_ ("The message names no sender address that a key could belong to."), ASK_SENDER },
  [LL_REASON_FROM_AMBIGUOUS]
  = { N_ ("The message names more than one author, so that no key can belong to them."),
      ASK_SENDER },
  [LL_REASON_NO_ADDRESS_IN_KEY] = { N_ ("The key or certificate names no mail address."), NULL },
  [LL_REASON_SENDER_OF_RECORD]
  = { N_ ("The key belongs to who transmitted the message (the Sender field), not to its author."),
      ASK_SENDER },
  [LL_REASON_UID_INVALID]
  = { N_ ("The key once bore the sender's address, but that was revoked or is not valid."),
      NEW_KEY },

  /* trust */
  [LL_REASON_UNTRUSTED]
  = { N_ ("Nothing shows that the key really belongs to who it names."), CERTIFY_KEY },
  [LL_REASON_ISSUER_MISSING]
  = { N_ ("The certificate of the authority that issued the signer's certificate is not here."),
      N_ ("Import the missing certificates with “letterlock key import FILE”.") },
  [LL_REASON_SELF_SIGNED]
  = { N_ ("The certificate was issued by its own holder and vouches for itself alone."),
      ADD_ANCHOR },
  [LL_REASON_ROOT_NOT_TRUSTED]
  = { N_ ("You have not said that you trust the authority that issued the certificate."),
      ADD_ANCHOR },
  [LL_REASON_NEVER_TRUSTED]
  = { N_ ("You marked this key or its authority as not to be trusted."), NULL },
  [LL_REASON_DISTRUSTED]
  = { N_ ("The certificate or its authority is on this system's list of those that must not be "
          "trusted."),
      NEW_KEY },
  [LL_REASON_MARGINAL] = { N_ ("Too few people whom you trust vouch for the key."), CERTIFY_KEY },
  [LL_REASON_VALIDITY_UNKNOWN]
  = { N_ ("Nobody whom you trust vouches that the key belongs to this address."), CERTIFY_KEY },
  [LL_REASON_KEY_USAGE] = { N_ ("The certificate is not meant for signatures."), NEW_KEY },
  [LL_REASON_EXTENDED_KEY_USAGE] = { N_ ("The certificate is not meant for mail."), NEW_KEY },
  [LL_REASON_NAME_CONSTRAINTS]
  = { N_ ("The authority was not allowed to issue a certificate for this name."), ASK_SENDER },
  [LL_REASON_CRITICAL_EXTENSION]
  = { N_ ("The certificate makes a condition that Letterlock does not know."), NULL },
  [LL_REASON_CHAIN_SIGNATURE]
  = { N_ ("A certificate in the chain was not signed by the authority that it names."),
      ASK_SENDER },
  [LL_REASON_NOT_AN_AUTHORITY]
  = { N_ ("A certificate in the chain was issued by somebody who may not issue certificates."),
      ASK_SENDER },
  [LL_REASON_PATH_LENGTH]
  = { N_ ("There are more authorities in the chain than one of them allows."), ASK_SENDER },
  [LL_REASON_CHAIN_TOO_LONG]
  = { N_ ("The chain of certificates is too long to be examined."), NULL },
  [LL_REASON_NOT_LISTED]
  = { N_ ("The signer named the certificates that count, and the chain needs another one."),
      ASK_SENDER },
  [LL_REASON_KEY_TOO_LARGE]
  = { N_ ("A certificate has a key so large that checking with it would only cost time."),
      NEW_KEY },
  [LL_REASON_PATH_INVALID]
  = { N_ ("The chain of certificates up to the authority is not valid."), NEW_KEY },
  [LL_REASON_BELOW_PROFILE]
  = { N_ ("A key in the chain of certificates is shorter than the profile asks for."), NEW_KEY },
  [LL_REASON_WEAK_CHAIN]
  = { N_ ("A certificate in the chain is signed too weakly to be relied on."), NEW_KEY },

  /* time */
  [LL_REASON_KEY_EXPIRED] = { N_ ("The key or certificate has expired."), NEW_KEY },
  [LL_REASON_KEY_REVOKED]
  = { N_ ("The key or certificate was revoked: its owner or issuer has called it back."), NEW_KEY },
  [LL_REASON_NOT_YET_VALID] = { N_ ("The key or certificate is not valid yet."),
                                N_ ("Look whether the clock of this computer is right.") },
  [LL_REASON_SIGNATURE_EXPIRED]
  = { N_ ("The signer limited the signature to a time that is over."), SEND_AGAIN },
  [LL_REASON_SIGNED_IN_FUTURE] = { N_ ("The signature says that it was made in the future."),
                                   N_ ("Look whether the clock of this computer is right.") },
  [LL_REASON_SIGNED_BEFORE_KEY]
  = { N_ ("The signature says that it is older than the key that made it."), ASK_SENDER },
  [LL_REASON_DATE_GAP]
  = { N_ ("The date of the message and the time of the signature are more than an hour apart: "
          "it may be an old message sent again."),
      N_ ("Look at the time of signing, and not at the date.") },
  [LL_REASON_REVOCATION_WRONG_SIGNER]
  = { N_ ("Whether a certificate has been revoked was answered by somebody who may not say so."),
      REVOCATION_LATER },
  [LL_REASON_REVOCATION_BAD_ANSWER]
  = { N_ ("The answer whether a certificate has been revoked cannot be used."), REVOCATION_LATER },
  [LL_REASON_REVOCATION_EXPIRED]
  = { N_ ("What is known of revoked certificates is too old to tell whether this one is."),
      N_ ("Ask for a new list with “--revocation online”, or give one with “--crl FILE”.") },
  [LL_REASON_REVOCATION_UNREACHABLE]
  = { N_ ("Whether a certificate has been revoked could not be found out: no answer came."),
      N_ ("Try again later, or give a list of revoked certificates with “--crl FILE”. In the local "
          "network nobody is asked without “fetch-local = true” in the settings.") },
  [LL_REASON_REVOCATION_NO_SOURCE]
  = { N_ ("A certificate does not say where one can ask whether it has been revoked."),
      N_ ("If you have a list of its authority's revoked certificates, give it with “--crl "
          "FILE”.") },
  [LL_REASON_REVOCATION_NOT_CHECKED]
  = { N_ ("It was not checked whether the certificate has been revoked."), NULL },

  /* structure */
  [LL_REASON_NOT_SIGNED] = { N_ ("It is not signed: anybody could have written it."), NULL },
  [LL_REASON_NOT_ENCRYPTED] = { N_ ("It is not encrypted."), NULL },
  [LL_REASON_ERRANT_SIGNATURE]
  = { N_ ("Only a part of the message is signed; the rest can be from anybody."), OPEN_PART },
  [LL_REASON_ERRANT_ENCRYPTION]
  = { N_ ("Only a part of the message is encrypted; it was not opened together with the rest."),
      N_ ("Do not quote the part in an answer. Save it and open it by itself if you expected "
          "it.") },
  [LL_REASON_INLINE_SIGNATURE]
  = { N_ ("There is a PGP signature inside the text; it does not cover the message as a whole."),
      N_ ("Ask the sender to use PGP/MIME.") },
  [LL_REASON_INLINE_ENCRYPTION]
  = { N_ ("There is PGP encrypted data inside the text; it was not opened."),
      N_ ("Save the text and open it with “letterlock file decrypt” if you expected it.") },
  [LL_REASON_LIST_FOOTER]
  = { N_ ("The signed part is followed by text that is not signed, such as a mailing list adds."),
      N_ ("Rely on nothing outside the signed part.") },
  [LL_REASON_FORWARDED]
  = { N_ ("Another message is attached that has a protection of its own."), OPEN_PART },
  [LL_REASON_OUTER_SIGNATURE] = { N_ ("The only signature is outside the encryption: it does not "
                                      "say who wrote what is inside."),
                                  NULL },
  [LL_REASON_AMBIGUOUS_STRUCTURE]
  = { N_ ("The message can be read in two ways, so that nothing in it can be relied on."),
      SEND_AGAIN },
  [LL_REASON_REPAIRABLE_STRUCTURE]
  = { N_ ("A mail server has mangled the message on its way."), SEND_AGAIN },
  [LL_REASON_TYPE_MISMATCH]
  = { N_ ("The label says another kind of protection than what is really there."), NULL },
  [LL_REASON_NOT_CONTENT_DATA]
  = { N_ ("What is signed is not a message but data of another kind."), NULL },
  [LL_REASON_LIMIT_DEPTH] = { N_ ("Parts are nested too deeply to be examined safely."), NULL },
  [LL_REASON_LIMIT_PARTS] = { N_ ("There are too many parts to be examined safely."), NULL },
  [LL_REASON_LIMIT_HEADERS] = { N_ ("The header is too large to be examined safely."), NULL },
  [LL_REASON_LIMIT_SIZE] = { N_ ("It is too large to be examined safely."), NULL },
  [LL_REASON_LIMIT_SIGNERS] = { N_ ("There are too many signatures to be examined safely."), NULL },
  [LL_REASON_LIMIT_CERTIFICATES]
  = { N_ ("There are too many certificates to be examined safely."), NULL },

  /* encryption */
  [LL_REASON_NO_SECRET_KEY]
  = { N_ ("It is encrypted for others: none of your keys can open it."),
      N_ ("Ask the sender to encrypt for your present key, or import the old one with “letterlock "
          "key import FILE”.") },
  [LL_REASON_CARD_CANNOT]
  = { N_ ("It is encrypted in a way (RSA-OAEP) that the card or token with your private key cannot "
          "undo."),
      N_ ("Ask the sender to encrypt without OAEP, or to another certificate of yours.") },
  [LL_REASON_DECRYPTION_FAILED]
  = { N_ ("It could not be decrypted: it is damaged or was tampered with."), SEND_AGAIN },
  [LL_REASON_KEY_LOCKED]
  = { N_ ("Your key is locked: no passphrase was given, or gpg-agent could not be reached."),
      N_ ("Try again and enter the passphrase; “letterlock doctor” tells whether gpg-agent can be "
          "reached.") },
  [LL_REASON_WEAK_ENCRYPTION]
  = { N_ ("The encryption is too weak to count: others may have read or changed it."),
      N_ ("Ask the sender to encrypt with AES.") },
  [LL_REASON_WEAK_REFUSED]
  = { N_ ("It is encrypted with an old cipher that protects nothing any more; it was not opened."),
      N_ ("Open it with --allow-weak if you expected an old message, and do not answer it "
          "encrypted.") },
  [LL_REASON_NO_INTEGRITY]
  = { N_ ("The encryption does not show whether somebody changed the content."), NULL },

  [LL_REASON_NOT_CHECKED] = { N_ ("It was not checked."), NULL },
};

const char *
ll_wording_reason (LlReason reason)
{
  if ((guint)reason >= LL_N_REASONS || words[reason].sentence == NULL)
    return _ ("It is not good for a reason that has no words yet.");
  return _ (words[reason].sentence);
}

const char *
ll_wording_advice (LlReason reason)
{
  if ((guint)reason >= LL_N_REASONS || words[reason].advice == NULL)
    return NULL;
  return _ (words[reason].advice);
}

char *
ll_wording_trust_source (const char *source)
{
  static const struct
  {
    const char *source, *words;
  } sources[] = {
    { "ultimate", N_ ("it is one of your own keys") },
    { "web-of-trust", N_ ("people whom you trust, or you yourself, have signed the key") },
    { "anchors-file", N_ ("its certificate leads to a root in your file of trust anchors") },
    { "decision", N_ ("its certificate leads to an authority that you decided to trust") },
    { "pinned", N_ ("you pinned this very certificate") },
    { "system", N_ ("its certificate leads to a root that this system trusts for mail") },
    { "trustlist.txt", N_ ("its certificate leads to a root in gpgsm's trustlist.txt") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    if (g_strcmp0 (source, sources[i].source) == 0)
      return g_strdup (_ (sources[i].words));
  return ll_text_safe (source, -1);
}

char *
ll_wording_quote (const char *text)
{
  /* an outer mark and the one that may stand inside it */
  static const struct
  {
    const char *outer, *inner;
  } marks[] = {
    { "“", "‘" }, { "”", "’" }, { "「", "『" }, { "」", "』" },
    { "«", "‹" }, { "»", "›" }, { "„", "‚" },
  };
  /* TRANSLATORS: the quotation marks of your language, round a stranger's words */
  const char *pattern = C_ ("quotation", "“%s”");
  const char *place = strstr (pattern, "%s");
  g_autofree char *safe = ll_text_safe (text, -1);
  g_autoptr (GString) inner = g_string_new (safe);
  GString *out;

  if (place == NULL)
    pattern = "“%s”", place = strstr (pattern, "%s");
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    if (strstr (pattern, marks[i].outer) != NULL)
      g_string_replace (inner, marks[i].outer, marks[i].inner, 0);
  out = g_string_new_len (pattern, place - pattern);
  g_string_append (out, inner->str);
  g_string_append (out, place + strlen ("%s"));
  return g_string_free (out, FALSE);
}

char *
ll_wording_signer (const LlEvidence *evidence, const LlSigner *signer)
{
  const LlKeyOpinion *opinion = signer->opinion;

  if (opinion != NULL && opinion->binding.answer == LL_ANSWER_YES && evidence->author != NULL)
    return g_strdup (evidence->author);
  if (opinion != NULL && opinion->address != NULL)
    return g_strdup (opinion->address);
  if (signer->facts->key != NULL)
    return g_strdup (ll_key_get_title (signer->facts->key));
  if (signer->facts->signer_hint != NULL)
    return g_strdup (signer->facts->signer_hint);
  return g_strdup (signer->facts->fingerprint);
}

/* What a headline for status “none” is about, the first that fits (E2E-24: a broken signature is no
 * louder than none). */
static const struct
{
  LlReason reason;
  const char *headline;
} partial_headlines[] = {
  { LL_REASON_ERRANT_ENCRYPTION, N_ ("Only a part of this message is encrypted.") },
  { LL_REASON_INLINE_ENCRYPTION, N_ ("Only a part of this message is encrypted.") },
  { LL_REASON_LIST_FOOTER, N_ ("Only a part of this message is signed.") },
  { LL_REASON_ERRANT_SIGNATURE, N_ ("Only a part of this message is signed.") },
  { LL_REASON_INLINE_SIGNATURE, N_ ("Only a part of this message is signed.") },
};

static gboolean
has_reason (const LlVerdict *verdict, LlReason reason)
{
  for (guint i = 0; i < verdict->reasons->len; i++)
    if (g_array_index (verdict->reasons, LlReason, i) == reason)
      return TRUE;
  return FALSE;
}

static const char *
headline_of_none (const LlEvidence *evidence, const LlVerdict *verdict)
{
  for (guint i = 0; i < G_N_ELEMENTS (partial_headlines); i++)
    if (has_reason (verdict, partial_headlines[i].reason))
      return _ (partial_headlines[i].headline);
  if (evidence->is_file)
    return verdict->signed_claim ? _ ("This file has no signature that can be relied on.")
                                 : _ ("This file is neither signed nor encrypted.");
  if (has_reason (verdict, LL_REASON_WEAK_ENCRYPTION))
    return _ ("This message has no protection that can be relied on.");
  return verdict->signed_claim ? _ ("This message has no signature that can be relied on.")
                               : _ ("This message is neither signed nor encrypted.");
}

static char *
good_headline (const LlEvidence *evidence, const LlVerdict *verdict)
{
  g_autofree char *name = ll_wording_signer (evidence, verdict->signer);
  g_autofree char *quoted = ll_wording_quote (name);
  gboolean encrypted = verdict->status == LL_STATUS_SIGNED_ENCRYPTED;

  if (verdict->cautions->len > 0)
    return encrypted
               ? g_strdup_printf (_ ("Encrypted, and signed by %s, but read the caution."), quoted)
               : g_strdup_printf (_ ("Signed by %s, but read the caution."), quoted);
  if (evidence->is_file)
    return encrypted
               ? g_strdup_printf (_ ("Encrypted, and signed by %s: the file is unchanged."), quoted)
               : g_strdup_printf (_ ("Signed by %s: the file is unchanged."), quoted);
  return encrypted ? g_strdup_printf (_ ("Encrypted, and signed by its sender, %s."), quoted)
                   : g_strdup_printf (_ ("Signed by its sender, %s, and unchanged since."), quoted);
}

char *
ll_wording_headline (const LlEvidence *evidence, const LlVerdict *verdict)
{
  switch (verdict->status)
    {
    case LL_STATUS_SIGNED:
    case LL_STATUS_SIGNED_ENCRYPTED:
      return good_headline (evidence, verdict);
    case LL_STATUS_ENCRYPTED_UNVERIFIED:
      return g_strdup (evidence->is_file
                           ? _ ("This file was encrypted, but nothing shows who encrypted it.")
                           : _ ("This message was encrypted, but nothing shows who wrote it."));
    case LL_STATUS_CANNOT_DECRYPT:
      return g_strdup (evidence->is_file
                           ? _ ("This file is encrypted and could not be opened.")
                           : _ ("This message is encrypted and could not be opened."));
    case LL_STATUS_NONE:
      break;
    }
  return g_strdup (headline_of_none (evidence, verdict));
}

char *
ll_wording_capabilities (const LlCapabilities *capabilities)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < capabilities->n_ciphers; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "",
                            ll_cipher_name (capabilities->ciphers[i]));
  if (capabilities->n_ciphers > 0)
    /* TRANSLATORS: names of ciphers, such as AES-256-GCM */
    return g_strdup_printf (_ ("can read %s"), names->str);
  return g_strdup ((capabilities->flags & LL_CAPABILITY_WEAK) != 0
                       ? _ ("can read nothing that is not weak")
                       : _ ("does not say which ciphers it can read"));
}
