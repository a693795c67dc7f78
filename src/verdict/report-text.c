/* report-text.c - a verdict as a few lines for people.
 *
 * In: evidence and the verdict on it. Out: a headline, then one fact a line: who, why believed,
 * when, what to beware of, what to do. Each stranger's string is quoted, alone, and the last thing
 * on its line: nothing from a message can look like our own words (rule 5 of the house).
 */
#include <config.h>

#include <glib/gi18n.h>

#include "base/clock.h"
#include "base/text.h"
#include "verdict/lesson.h"
#include "verdict/report-private.h"
#include "verdict/vetting.h"

#define INDENT 2

void
ll_report_line (GString *out, guint depth, const char *label, const char *value)
{
  g_string_append_printf (out, "%*s%s %s\n", (int)depth * INDENT, "", label, value);
}

void
ll_report_quoted (GString *out, guint depth, const char *label, const char *text)
{
  g_autofree char *quoted = text != NULL ? ll_wording_quote (text) : NULL;
  if (quoted != NULL)
    ll_report_line (out, depth, label, quoted);
}

void
ll_report_time (GString *out, guint depth, const char *label, gint64 time)
{
  g_autofree char *text = ll_clock_to_text (time);
  if (time > 0)
    ll_report_line (out, depth, label, text);
}

/* "RSA, SHA-256" out of what is known. (transfer full) */
static char *
join_known (const char *first, const char *second)
{
  g_autofree char *a = ll_text_safe (first, -1), *b = ll_text_safe (second, -1);
  if (a[0] == '\0' || b[0] == '\0')
    return g_strconcat (a, b, NULL);
  return g_strconcat (a, ", ", b, NULL);
}

char *
ll_report_layer_title (const LlLayerVerdict *layer)
{
  const char *protocol = ll_protocol_title (layer->facts->protocol);
  g_autofree char *cipher = ll_text_safe (layer->facts->cipher, -1);

  if (!layer->is_encrypted)
    /* TRANSLATORS: "S/MIME signature" or "OpenPGP signature" */
    return g_strdup_printf (_ ("%s signature"), protocol);
  if (cipher[0] == '\0')
    return layer->is_signed ? g_strdup_printf (_ ("%s encryption with a signature"), protocol)
                            : g_strdup_printf (_ ("%s encryption"), protocol);
  /* TRANSLATORS: "S/MIME encryption (AES-256-GCM)" */
  return layer->is_signed
             ? g_strdup_printf (_ ("%s encryption (%s) with a signature"), protocol, cipher)
             : g_strdup_printf (_ ("%s encryption (%s)"), protocol, cipher);
}

const char *
ll_report_layer_state (const LlLayerVerdict *layer)
{
  if (layer->is_encrypted && !layer->is_opened)
    return _ ("not opened");
  if (!layer->is_signed)
    return _ ("opened");
  if (layer->is_encrypted)
    return layer->is_good ? _ ("opened, the signature is good")
                          : _ ("opened, the signature is not good");
  return layer->is_good ? _ ("good") : _ ("not good");
}

/* BR-01, BR-03: the word of an issuer that is believed. */
static void
append_vetting (GString *out, guint depth, const LlKey *key)
{
  g_autoptr (LlX509Vetting) vetting = key != NULL ? ll_x509_vetting_new (key) : NULL;
  g_autofree char *words = vetting != NULL ? ll_wording_vetting (vetting) : NULL;

  if (words == NULL)
    return;
  ll_report_line (out, depth, _ ("The issuer has checked:"), words);
  ll_report_quoted (out, depth, vetting->pseudonym ? _ ("Pseudonym:") : _ ("Name as checked:"),
                    vetting->name);
  ll_report_quoted (out, depth, _ ("Organisation:"), vetting->organisation);
}

static void
append_trust (GString *out, guint depth, const LlSigner *signer, const LlSignerVerdict *judged)
{
  const LlKey *root = ll_key_opinion_get_untrusted_root (signer->opinion);
  g_autofree char *why = NULL;

  if (judged->trust.answer != LL_ANSWER_YES)
    {
      ll_report_line (out, depth, _ ("Not trusted:"), ll_wording_reason (judged->trust.reason));
      if (root == NULL)
        return;
      ll_report_quoted (out, depth, _ ("Authority:"), ll_key_get_subject (root));
      ll_report_quoted (out, depth, _ ("Its fingerprint:"), ll_key_get_fingerprint (root));
      return;
    }
  why = ll_wording_trust_source (signer->opinion->trust_source);
  ll_report_line (out, depth, _ ("Trusted because:"), why);
  append_vetting (out, depth, signer->facts->key);
}

void
ll_report_signer (GString *out, guint depth, const LlEvidence *evidence, const LlSigner *signer)
{
  const LlSignatureFacts *facts = signer->facts;
  const LlKey *key = facts->key;
  g_autofree char *name = ll_wording_signer (evidence, signer);
  g_autofree char *method = join_known (facts->algorithm, facts->digest);
  LlSignerVerdict judged;

  ll_verdict_judge_signer (evidence, signer, &judged);
  /* of a signature that does not hold, the name is only what it pretends to be */
  ll_report_quoted (out, depth,
                    judged.integrity.answer == LL_ANSWER_YES ? _ ("Signer:")
                                                             : _ ("Claimed signer:"),
                    name);
  if (key != NULL)
    ll_report_quoted (out, depth, _ ("Key:"), ll_key_get_title (key));
  ll_report_quoted (out, depth, _ ("Fingerprint:"),
                    key != NULL ? ll_key_get_fingerprint (key) : facts->fingerprint);
  if (key != NULL && ll_key_get_protocol (key) == LL_PROTOCOL_SMIME)
    {
      ll_report_quoted (out, depth, _ ("Fingerprint (SHA-1):"), ll_key_get_gnupg_fingerprint (key));
      ll_report_quoted (out, depth, _ ("Issued by:"), ll_key_get_issuer (key));
    }
  if (signer->opinion != NULL && judged.integrity.answer == LL_ANSWER_YES)
    {
      append_trust (out, depth, signer, &judged);
      ll_report_revocations (out, depth, signer->opinion);
    }
  ll_report_time (out, depth, _ ("Signed at, as the signer says:"), facts->signing_time);
  if (method[0] != '\0')
    ll_report_line (out, depth, _ ("Method:"), method);
}

static void
append_heading (GString *out, const LlEvidence *evidence, const LlVerdict *verdict)
{
  g_autofree char *headline = ll_wording_headline (evidence, verdict);

  g_string_append_printf (out, "%s\n", headline);
  ll_report_quoted (out, 1, _ ("File:"), evidence->file_name);
  /* AT-18: the address that a key can belong to first; a display name can say anything */
  ll_report_quoted (out, 1, _ ("From:"), evidence->author);
  if (g_strcmp0 (evidence->author, evidence->author_text) != 0)
    ll_report_quoted (out, 1, _ ("From, as written:"), evidence->author_text);
  if (evidence->subject != NULL)
    ll_report_quoted (out, 1,
                      evidence->subject_protected && verdict->status != LL_STATUS_NONE
                          ? _ ("Subject (protected):")
                          : _ ("Subject:"),
                      evidence->subject);
  ll_report_time (out, 1, _ ("Date:"), evidence->date);
}

static gboolean
is_caution (const LlVerdict *verdict, LlReason reason)
{
  for (guint i = 0; i < verdict->cautions->len; i++)
    if (g_array_index (verdict->cautions, LlReason, i) == reason)
      return TRUE;
  return FALSE;
}

/* The clock is not to blame when it was told to judge as of another time. */
static const char *
advice_for (LlReason reason, const LlEvidence *evidence)
{
  gboolean is_about_clock
      = reason == LL_REASON_NOT_YET_VALID || reason == LL_REASON_SIGNED_IN_FUTURE;

  return evidence->judged_at_set && is_about_clock ? NULL : ll_wording_advice (reason);
}

/* Each reason once, with what can be done about the first that anything can be done about. */
static void
append_reasons (GString *out, const LlEvidence *evidence, const LlVerdict *verdict)
{
  const char *advice = NULL;
  gboolean good = ll_verdict_is_good (verdict);

  for (guint i = 0; i < verdict->reasons->len; i++)
    {
      LlReason reason = g_array_index (verdict->reasons, LlReason, i);
      const char *label = is_caution (verdict, reason) ? _ ("Caution:")
                          : good                       ? _ ("Note:")
                                                       : _ ("Why:");
      ll_report_line (out, 1, label, ll_wording_reason (reason));
      if (advice == NULL)
        advice = advice_for (reason, evidence);
    }
  if (advice != NULL)
    ll_report_line (out, 1, _ ("What to do:"), advice);
}

static void
append_layers (GString *out, const LlVerdict *verdict)
{
  if (verdict->layers->len == 0)
    return;
  g_string_append_printf (out, "%*s%s\n", INDENT, "", _ ("Layers, from the outside in:"));
  for (guint i = 0; i < verdict->layers->len; i++)
    {
      const LlLayerVerdict *layer = &g_array_index (verdict->layers, LlLayerVerdict, i);
      g_autofree char *title = ll_report_layer_title (layer);
      g_autofree char *label = g_strdup_printf ("%u. %s:", i + 1, title);

      ll_report_line (out, 2, label, ll_report_layer_state (layer));
    }
}

/* What is new since: nothing here is a stranger's words. */
static void
append_lesson (GString *out, const LlLesson *lesson)
{
  LlCapabilities read;

  for (guint i = 0; i < lesson->imported->len; i++)
    {
      LlKey *key = g_ptr_array_index (lesson->imported, i);
      g_autofree char *text
          = g_strdup_printf (_ ("a certificate, which is kept: %s"), ll_key_get_fingerprint (key));
      ll_report_line (out, 1, _ ("Learnt:"), text);
    }
  if ((lesson->learnt & LL_LEARNT_CAPABILITIES) != 0
      && ll_capabilities_read (lesson->capabilities, &read))
    {
      g_autofree char *ciphers = ll_wording_capabilities (&read);
      ll_report_line (out, 1, _ ("Learnt:"), ciphers);
    }
}

char *
ll_report_to_text (const LlEvidence *evidence, const LlVerdict *verdict)
{
  GString *out;

  g_return_val_if_fail (evidence != NULL && verdict != NULL, NULL);
  out = g_string_new (NULL);
  append_heading (out, evidence, verdict);
  append_reasons (out, evidence, verdict);
  if (verdict->signer != NULL)
    ll_report_signer (out, 1, evidence, verdict->signer);
  append_layers (out, verdict);
  for (guint i = 0; evidence->lessons != NULL && i < evidence->lessons->len; i++)
    append_lesson (out, g_ptr_array_index (evidence->lessons, i));
  if (evidence->judged_at_set)
    ll_report_time (out, 1, _ ("Judged as of:"), evidence->judged_at);
  return g_string_free (out, FALSE);
}
