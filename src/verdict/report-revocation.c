/* report-revocation.c - what is known of revoked certificates, in words and in JSON.
 *
 * In: an opinion of a key. Out: for each certificate of its path the answer, where it comes from
 * and how old it is. It decides nothing; that nobody was asked is said by the reasons of the
 * verdict, and not here again.
 */
#include <config.h>

#include <glib/gi18n.h>

#include "base/clock.h"
#include "verdict/report-private.h"

/* RFC 5280 section 5.3.1, for people. */
static const struct
{
  const char *name, *words;
} reasons[] = {
  { "unspecified", N_ ("no reason given") },
  { "keyCompromise", N_ ("somebody else may have the private key") },
  { "cACompromise", N_ ("somebody else may have the authority's private key") },
  { "affiliationChanged", N_ ("its owner's name or employer has changed") },
  { "superseded", N_ ("there is a newer certificate in its place") },
  { "cessationOfOperation", N_ ("it is not needed any more") },
  { "certificateHold", N_ ("on hold, perhaps for a time only") },
  { "privilegeWithdrawn", N_ ("its owner has lost the right to it") },
  { "aACompromise", N_ ("somebody else may have the authority's private key") },
};

static const char *
words_for_reason (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++)
    if (g_strcmp0 (name, reasons[i].name) == 0)
      return _ (reasons[i].words);
  return _ ("no reason given");
}

/* What kind of answer, of which day. (transfer full) */
static char *
source_of (const LlRevocation *answer)
{
  g_autofree char *made = ll_clock_to_text (answer->this_update);
  g_autofree char *next = ll_clock_to_text (answer->next_update);
  gboolean dated = answer->this_update != 0 && answer->next_update != 0;

  if (!dated)
    return g_strdup (_ ("a list of its authority (CRL), of which the date is not known"));
  if (g_strcmp0 (answer->source, "ocsp") == 0)
    /* TRANSLATORS: "OCSP answer of 20 November 2026, good until 21 November 2026" */
    return g_strdup_printf (_ ("OCSP answer of %s, good until %s"), made, next);
  if (g_strcmp0 (answer->source, "ocsp-in-message") == 0)
    return g_strdup_printf (_ ("OCSP answer of %s that came with the message, good until %s"), made,
                            next);
  if (g_strcmp0 (answer->source, "crl-in-message") == 0)
    return g_strdup_printf (_ ("CRL of %s that came with the message, next on %s"), made, next);
  if (g_strcmp0 (answer->source, "crl-file") == 0)
    return g_strdup_printf (_ ("CRL of %s in a file of yours, next on %s"), made, next);
  /* TRANSLATORS: a list of revoked certificates: "CRL of 20 November 2026, next on ..." */
  return g_strdup_printf (_ ("CRL of %s, next on %s"), made, next);
}

/* "no (CRL of 20 November 2026, next on 27 November 2026)". (transfer full) */
static char *
sentence_of (const LlRevocation *answer)
{
  g_autofree char *source = source_of (answer);
  g_autofree char *since = answer->revoked_at != 0 ? ll_clock_to_text (answer->revoked_at) : NULL;

  if (answer->word == LL_REVOCATION_GOOD && since == NULL)
    return g_strdup_printf (_ ("no (%s)"), source);
  if (answer->word == LL_REVOCATION_GOOD)
    /* TRANSLATORS: the time judged at is in the past, and the revocation came after it */
    return g_strdup_printf (_ ("not then, but on %s: %s (%s)"), since,
                            words_for_reason (answer->revocation_reason), source);
  if (since == NULL)
    return g_strdup_printf (_ ("yes: %s (%s)"), words_for_reason (answer->revocation_reason),
                            source);
  return g_strdup_printf (_ ("yes, on %s: %s (%s)"), since,
                          words_for_reason (answer->revocation_reason), source);
}

static void
append_answer (GString *out, guint depth, gboolean is_leaf, const LlRevocation *answer)
{
  g_autofree char *sentence = NULL;

  if (answer->word == LL_REVOCATION_UNKNOWN)
    {
      /* what is missing is among the reasons; whom one has asked is said here */
      ll_report_quoted (out, depth,
                        is_leaf ? _ ("Revocation asked in vain at:")
                                : _ ("Its authority's revocation asked in vain at:"),
                        answer->from);
      return;
    }
  sentence = sentence_of (answer);
  ll_report_line (out, depth, is_leaf ? _ ("Revoked:") : _ ("Its authority revoked:"), sentence);
  ll_report_quoted (out, depth, _ ("Answered by:"), answer->from);
}

void
ll_report_revocations (GString *out, guint depth, const LlKeyOpinion *opinion)
{
  for (guint i = 0; opinion->revocations != NULL && i < opinion->revocations->len; i++)
    append_answer (out, depth, i == 0, g_ptr_array_index (opinion->revocations, i));
}

void
ll_report_add_revocations (JsonBuilder *builder, const LlKeyOpinion *opinion)
{
  GPtrArray *answers = opinion != NULL ? opinion->revocations : NULL;

  ll_json_begin_array (builder, "revocations");
  for (guint i = 0; answers != NULL && i < answers->len; i++)
    {
      const LlRevocation *answer = g_ptr_array_index (answers, i);
      const LlKey *key = g_ptr_array_index (opinion->chain, i);

      ll_json_begin_object (builder, NULL);
      ll_json_add_text (builder, "fingerprint", ll_key_get_fingerprint (key));
      ll_json_add_word (builder, "value", ll_revocation_word_name (answer->word));
      ll_json_add_word (builder, "reason", ll_reason_name (answer->reason));
      ll_json_add_word (builder, "source", answer->source);
      ll_json_add_text (builder, "from", answer->from);
      ll_json_add_time (builder, "this_update", answer->this_update);
      ll_json_add_time (builder, "next_update", answer->next_update);
      ll_json_add_time (builder, "revoked_at", answer->revoked_at);
      ll_json_add_word (builder, "revocation_reason", answer->revocation_reason);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}
