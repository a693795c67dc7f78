/* report-json.c - a verdict as one JSON object for programs; doc/json.md tells every field.
 *
 * In: evidence and the verdict on it. Out: letterlock.report/1. The order of fields is fixed; words
 * that are for programs are never translated, "headline" and "text" are for people. Every string of
 * a stranger's passes base/text here, once; it decides nothing.
 */
#include <config.h>

#include "base/text.h"
#include "bridge/json-glue.h"
#include "verdict/lesson.h"
#include "verdict/report-private.h"
#include "verdict/vetting.h"

static void
add_reasons (JsonBuilder *builder, const char *name, const GArray *reasons)
{
  ll_json_begin_array (builder, name);
  for (guint i = 0; i < reasons->len; i++)
    json_builder_add_string_value (builder, ll_reason_name (g_array_index (reasons, LlReason, i)));
  json_builder_end_array (builder);
}

static void
add_axis (JsonBuilder *builder, const char *name, LlAxis axis)
{
  static const char *const answers[] = {
    [LL_ANSWER_NOT_CHECKED] = "not-checked",
    [LL_ANSWER_YES] = "yes",
    [LL_ANSWER_NO] = "no",
  };

  ll_json_begin_object (builder, name);
  ll_json_add_word (builder, "value", answers[axis.answer]);
  ll_json_add_word (builder, "reason", ll_reason_name (axis.reason));
  json_builder_end_object (builder);
}

/* --- keys and signers --- */

static void
add_addresses (JsonBuilder *builder, const LlKey *key)
{
  GPtrArray *user_ids = key != NULL ? ll_key_get_user_ids (key) : NULL;

  ll_json_begin_array (builder, "addresses");
  for (guint i = 0; user_ids != NULL && i < user_ids->len; i++)
    {
      const LlUserId *user_id = g_ptr_array_index (user_ids, i);
      g_autofree char *safe = ll_text_safe (user_id->address, -1);
      if (user_id->address != NULL && !user_id->revoked && !user_id->invalid)
        json_builder_add_string_value (builder, safe);
    }
  json_builder_end_array (builder);
}

/* SC-10: who and from whom, in success and in failure. */
static void
add_certificate (JsonBuilder *builder, const LlKey *key)
{
  ll_json_begin_object (builder, NULL);
  ll_json_add_text (builder, "fingerprint", ll_key_get_fingerprint (key));
  ll_json_add_text (builder, "gnupg_fingerprint", ll_key_get_gnupg_fingerprint (key));
  ll_json_add_text (builder, "subject", ll_key_get_subject (key));
  ll_json_add_text (builder, "issuer", ll_key_get_issuer (key));
  ll_json_add_text (builder, "serial", ll_key_get_serial (key));
  ll_json_add_time (builder, "not_before", ll_key_get_created (key));
  ll_json_add_time (builder, "not_after", ll_key_get_expires (key));
  json_builder_end_object (builder);
}

static void
add_chain (JsonBuilder *builder, const LlKeyOpinion *opinion)
{
  ll_json_begin_array (builder, "chain");
  for (guint i = 0; opinion != NULL && opinion->chain != NULL && i < opinion->chain->len; i++)
    add_certificate (builder, g_ptr_array_index (opinion->chain, i));
  json_builder_end_array (builder);
}

/* VM-04: a claim and the evidence for it, in one place. */
static void
add_signer (JsonBuilder *builder, const LlEvidence *evidence, const LlSigner *signer)
{
  const LlSignatureFacts *facts = signer->facts;
  const LlKeyOpinion *opinion = signer->opinion;
  const LlKey *key = facts->key;
  LlSignerVerdict judged;

  ll_verdict_judge_signer (evidence, signer, &judged);
  ll_json_begin_object (builder, NULL);
  ll_json_add_boolean (builder, "good", judged.is_good);
  ll_json_add_word (builder, "reason", ll_reason_name (judged.reason));
  ll_json_add_word (builder, "protocol", ll_protocol_name (facts->protocol));
  ll_json_begin_object (builder, "axes");
  add_axis (builder, "integrity", judged.integrity);
  add_axis (builder, "binding", judged.binding);
  add_axis (builder, "trust", judged.trust);
  add_axis (builder, "time", judged.time);
  json_builder_end_object (builder);

  ll_json_add_text (builder, "name", key != NULL ? ll_key_get_title (key) : NULL);
  ll_json_add_text (builder, "address", opinion != NULL ? opinion->address : NULL);
  add_addresses (builder, key);
  ll_json_add_text (builder, "fingerprint",
                    key != NULL ? ll_key_get_fingerprint (key) : facts->fingerprint);
  ll_json_add_text (builder, "gnupg_fingerprint",
                    key != NULL ? ll_key_get_gnupg_fingerprint (key) : NULL);
  ll_json_add_text (builder, "signing_key", facts->fingerprint);
  ll_json_add_text (builder, "hint", facts->signer_hint);
  ll_json_add_text (builder, "algorithm", facts->algorithm);
  ll_json_add_text (builder, "digest", facts->digest);
  ll_json_add_time (builder, "signing_time", facts->signing_time);
  ll_json_add_time (builder, "expires", facts->expires);

  ll_json_add_text (builder, "trust_source", opinion != NULL ? opinion->trust_source : NULL);
  ll_vetting_add_json (builder, judged.trust.answer == LL_ANSWER_YES ? key : NULL);
  add_chain (builder, opinion);
  ll_json_add_time (builder, "judged_at", opinion != NULL ? opinion->judged_at : 0);
  ll_json_add_boolean (builder, "revocation_checked",
                       opinion != NULL && opinion->revocation_checked);
  ll_report_add_revocations (builder, opinion);
  json_builder_end_object (builder);
}

static void
add_signers (JsonBuilder *builder, const LlEvidence *evidence, const GPtrArray *signers)
{
  ll_json_begin_array (builder, "signers");
  for (guint i = 0; i < signers->len; i++)
    add_signer (builder, evidence, g_ptr_array_index (signers, i));
  json_builder_end_array (builder);
}

/* --- layers --- */

static void
add_recipient (JsonBuilder *builder, const LlRecipientFacts *recipient)
{
  const LlKey *key = recipient->key;

  ll_json_begin_object (builder, NULL);
  ll_json_add_text (builder, "hint", recipient->hint);
  ll_json_add_text (builder, "algorithm", recipient->algorithm);
  ll_json_add_text (builder, "key_wrap", recipient->key_wrap);
  ll_json_add_text (builder, "fingerprint", key != NULL ? ll_key_get_fingerprint (key) : NULL);
  ll_json_add_text (builder, "name", key != NULL ? ll_key_get_title (key) : NULL);
  ll_json_add_boolean (builder, "ours", recipient->is_ours);
  json_builder_end_object (builder);
}

/* SM-04 */
static void
add_strength (JsonBuilder *builder, const LlFacts *facts)
{
  guint bits = ll_facts_get_strength (facts);

  if (bits > 0)
    ll_json_add_number (builder, "strength", bits);
  else
    ll_json_add_text (builder, "strength", NULL);
}

static void
add_encryption (JsonBuilder *builder, const LlLayerVerdict *layer)
{
  const LlFacts *facts = layer->facts;

  json_builder_set_member_name (builder, "encryption");
  if (!layer->is_encrypted)
    {
      json_builder_add_null_value (builder);
      return;
    }
  json_builder_begin_object (builder);
  ll_json_add_boolean (builder, "opened", layer->is_opened);
  ll_json_add_word (builder, "reason", ll_reason_name (facts->decryption_reason));
  ll_json_add_text (builder, "cipher", facts->cipher);
  add_strength (builder, facts);
  ll_json_add_boolean (builder, "integrity", facts->has_integrity);
  ll_json_add_boolean (builder, "passphrase", facts->symmetric);
  ll_json_begin_array (builder, "recipients");
  for (guint i = 0; facts->recipients != NULL && i < facts->recipients->len; i++)
    add_recipient (builder, g_ptr_array_index (facts->recipients, i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

static void
add_signature (JsonBuilder *builder, const LlEvidence *evidence, const LlLayerVerdict *layer)
{
  json_builder_set_member_name (builder, "signature");
  if (!layer->is_signed)
    {
      json_builder_add_null_value (builder);
      return;
    }
  json_builder_begin_object (builder);
  ll_json_add_boolean (builder, "good", layer->is_good);
  ll_json_add_word (builder, "reason", ll_reason_name (layer->reason));
  ll_json_add_boolean (builder, "credited", layer->is_credited);
  add_signers (builder, evidence, layer->evidence->signers);
  json_builder_end_object (builder);
}

static void
add_layer (JsonBuilder *builder, const LlEvidence *evidence, const LlLayerVerdict *layer)
{
  const LlLayer *found = layer->evidence->layer;
  gboolean multipart = found != NULL && found->form == LL_FORM_MULTIPART;

  ll_json_begin_object (builder, NULL);
  ll_json_add_word (builder, "kind", layer->is_encrypted ? "encrypted" : "signed");
  ll_json_add_word (builder, "protocol", ll_protocol_name (layer->facts->protocol));
  ll_json_add_word (builder, "form", found == NULL ? "file" : multipart ? "multipart" : "pkcs7");
  ll_json_add_text (builder, "media_type", found != NULL ? found->media_type : NULL);
  ll_json_add_word (builder, "note", ll_reason_name (found != NULL ? found->note : LL_REASON_NONE));
  ll_json_add_number (builder, "size", found != NULL ? (gint64)found->size : 0);
  add_encryption (builder, layer);
  add_signature (builder, evidence, layer);
  json_builder_end_object (builder);
}

/* What is cryptographic but not in the envelope: what it says of itself, never of the message. */
static void
add_errant (JsonBuilder *builder, const LlEvidence *evidence, const LlErrantEvidence *found)
{
  const LlErrant *errant = found->errant;

  ll_json_begin_object (builder, NULL);
  ll_json_add_word (builder, "kind", ll_reason_name (errant->kind));
  ll_json_add_word (builder, "protocol", ll_protocol_name (errant->protocol));
  ll_json_add_text (builder, "path", errant->path);
  ll_json_add_text (builder, "description", errant->description);
  ll_json_add_text (builder, "author", errant->author);
  ll_json_add_boolean (builder, "whole_body", errant->whole_body);
  add_signers (builder, evidence, found->signers);
  json_builder_end_object (builder);
}

/* --- the parts of the payload --- */

static void
add_part (JsonBuilder *builder, const LlPart *part, const char *path)
{
  g_autofree char *type
      = g_strdup_printf ("%s/%s", ll_part_get_type (part), ll_part_get_subtype (part));

  ll_json_begin_object (builder, NULL);
  ll_json_add_word (builder, "path", path);
  ll_json_add_text (builder, "media_type", type);
  ll_json_add_text (builder, "file_name", ll_part_get_file_name (part));
  ll_json_add_boolean (builder, "attachment", ll_part_is_attachment (part));
  ll_json_add_number (builder, "size", (gint64)ll_part_get_body_size (part));
  ll_json_add_word (builder, "ambiguity", ll_reason_name (ll_part_get_ambiguity (part)));
  ll_json_begin_array (builder, "parts");
  for (guint i = 0; i < ll_part_get_n_children (part); i++)
    {
      g_autofree char *child = g_strdup_printf ("%s%s%u", path, path[0] != '\0' ? "." : "", i + 1);
      add_part (builder, ll_part_get_child (part, i), child);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

static void
add_payload (JsonBuilder *builder, const LlEvidence *evidence)
{
  json_builder_set_member_name (builder, "payload");
  if (evidence->envelope == NULL || evidence->envelope->payload == NULL)
    json_builder_add_null_value (builder);
  else
    add_part (builder, evidence->envelope->payload, "");
}

/* --- the report --- */

static void
add_verdict (JsonBuilder *builder, const LlEvidence *evidence, const LlVerdict *verdict)
{
  g_autofree char *headline = ll_wording_headline (evidence, verdict);
  g_autofree char *text = ll_report_to_text (evidence, verdict);
  ll_json_add_word (builder, "kind", evidence->is_file ? "file" : "message");
  ll_json_add_word (builder, "status", ll_status_name (verdict->status));
  ll_json_add_boolean (builder, "good", ll_verdict_is_good (verdict));
  ll_json_add_word (builder, "reason", ll_reason_name (verdict->reason));
  ll_json_add_word (builder, "headline", headline);
  ll_json_add_word (builder, "text", text);
  add_reasons (builder, "reasons", verdict->reasons);
  add_reasons (builder, "cautions", verdict->cautions);

  ll_json_begin_object (builder, "axes");
  add_axis (builder, "integrity", verdict->integrity);
  add_axis (builder, "binding", verdict->binding);
  add_axis (builder, "trust", verdict->trust);
  add_axis (builder, "time", verdict->time);
  add_axis (builder, "transport", verdict->transport);
  json_builder_end_object (builder);

  ll_json_add_boolean (builder, "encrypted", verdict->encrypted);
  ll_json_add_boolean (builder, "signed_claim", verdict->signed_claim);
  ll_json_add_time (builder, "judged_at", evidence->judged_at);
  ll_json_add_boolean (builder, "judged_at_set", evidence->judged_at_set);
}

static void
add_message (JsonBuilder *builder, const LlEvidence *evidence)
{
  if (evidence->is_file)
    {
      ll_json_add_text (builder, "file", evidence->file_name);
      return;
    }
  ll_json_add_text (builder, "author", evidence->author);
  ll_json_add_word (builder, "author_reason", ll_reason_name (evidence->author_reason));
  ll_json_add_text (builder, "from", evidence->author_text);
  ll_json_add_text (builder, "sender", evidence->sender);
  ll_json_add_text (builder, "subject", evidence->subject);
  ll_json_add_boolean (builder, "subject_protected", evidence->subject_protected);
  ll_json_add_time (builder, "date", evidence->date);
}

/* --- what was learnt --- */

static void
add_capabilities (JsonBuilder *builder, GBytes *der)
{
  LlCapabilities read;

  json_builder_set_member_name (builder, "can_read");
  if (der == NULL || !ll_capabilities_read (der, &read))
    {
      json_builder_add_null_value (builder);
      return;
    }
  json_builder_begin_array (builder);
  for (guint i = 0; i < read.n_ciphers; i++)
    json_builder_add_string_value (builder, ll_cipher_name (read.ciphers[i]));
  json_builder_end_array (builder);
}

static void
add_lesson (JsonBuilder *builder, const LlLesson *lesson)
{
  gboolean listed = (lesson->learnt & LL_LEARNT_CAPABILITIES) != 0;

  ll_json_begin_object (builder, NULL);
  ll_json_add_text (builder, "address", lesson->address);
  add_capabilities (builder, listed ? lesson->capabilities : NULL);
  ll_json_begin_array (builder, "certificates");
  for (guint i = 0; i < lesson->imported->len; i++)
    json_builder_add_string_value (builder, ll_key_get_fingerprint (
                                                g_ptr_array_index (lesson->imported, i)));
  json_builder_end_array (builder);
  ll_json_add_time (builder, "signing_time", lesson->signed_at);
  json_builder_end_object (builder);
}

static void
add_lessons (JsonBuilder *builder, const LlEvidence *evidence)
{
  ll_json_begin_array (builder, "learnt");
  for (guint i = 0; evidence->lessons != NULL && i < evidence->lessons->len; i++)
    {
      const LlLesson *lesson = g_ptr_array_index (evidence->lessons, i);
      if (ll_lesson_is_news (lesson))
        add_lesson (builder, lesson);
    }
  json_builder_end_array (builder);
}

char *
ll_report_to_json (const LlEvidence *evidence, const LlVerdict *verdict, gboolean tree)
{
  g_autoptr (JsonBuilder) builder = ll_json_new (LL_REPORT_SCHEMA);

  g_return_val_if_fail (evidence != NULL && verdict != NULL, NULL);
  add_verdict (builder, evidence, verdict);
  add_message (builder, evidence);

  json_builder_set_member_name (builder, "signer");
  if (verdict->signer != NULL)
    add_signer (builder, evidence, verdict->signer);
  else
    json_builder_add_null_value (builder);

  ll_json_begin_array (builder, "layers");
  for (guint i = 0; i < verdict->layers->len; i++)
    add_layer (builder, evidence, &g_array_index (verdict->layers, LlLayerVerdict, i));
  json_builder_end_array (builder);

  ll_json_begin_array (builder, "errant");
  for (guint i = 0; i < evidence->errant->len; i++)
    add_errant (builder, evidence, g_ptr_array_index (evidence->errant, i));
  json_builder_end_array (builder);

  add_lessons (builder, evidence);
  if (tree)
    add_payload (builder, evidence);
  return ll_json_finish (builder);
}
