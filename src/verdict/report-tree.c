/* report-tree.c - the layers and the parts of a message as a tree, for mail inspect.
 *
 * In: evidence and the verdict on it. Out: the layers from the outside in with all that is known of
 * each, then the parts of what they hold, then what is cryptographic but not in the envelope. It
 * judges nothing, and opens nothing (E2E-17).
 */
#include <config.h>

#include <glib/gi18n.h>

#include "base/text.h"
#include "verdict/report-private.h"

static void
append_size (GString *out, guint depth, const char *label, gsize octets)
{
  g_autofree char *size = g_format_size_full (octets, G_FORMAT_SIZE_LONG_FORMAT);
  ll_report_line (out, depth, label, size);
}

/* SM-04 */
static void
append_strength (GString *out, guint depth, const LlFacts *facts)
{
  guint bits = ll_facts_get_strength (facts);
  g_autofree char *text = g_strdup_printf (_ ("%u bits"), bits);

  if (bits > 0)
    ll_report_line (out, depth, _ ("Strength:"), text);
}

static void
append_recipients (GString *out, guint depth, const LlFacts *facts)
{
  for (guint i = 0; facts->recipients != NULL && i < facts->recipients->len; i++)
    {
      const LlRecipientFacts *recipient = g_ptr_array_index (facts->recipients, i);
      const char *label = recipient->is_ours ? _ ("Recipient (you):") : _ ("Recipient:");

      ll_report_quoted (out, depth, label,
                        recipient->key != NULL ? ll_key_get_title (recipient->key)
                                               : recipient->hint);
      if (recipient->key != NULL)
        ll_report_quoted (out, depth + 1, _ ("Key:"), recipient->hint);
      ll_report_quoted (out, depth + 1, _ ("Method:"), recipient->algorithm);
      ll_report_quoted (out, depth + 1, _ ("Key wrap:"), recipient->key_wrap);
    }
  if (facts->symmetric)
    ll_report_line (out, depth, _ ("Recipient:"), _ ("whoever knows the passphrase"));
}

static void
append_signers (GString *out, guint depth, const LlEvidence *evidence, const GPtrArray *signers)
{
  for (guint i = 0; i < signers->len; i++)
    {
      const LlSigner *signer = g_ptr_array_index (signers, i);
      LlSignerVerdict judged;

      ll_verdict_judge_signer (evidence, signer, &judged);
      ll_report_line (out, depth, _ ("Signature:"),
                      judged.is_good ? _ ("good") : ll_wording_reason (judged.reason));
      ll_report_signer (out, depth + 1, evidence, signer);
    }
}

static void
append_layer (GString *out, const LlEvidence *evidence, const LlLayerVerdict *layer, guint number)
{
  const LlLayer *found = layer->evidence->layer;
  g_autofree char *title = ll_report_layer_title (layer);
  g_autofree char *label = g_strdup_printf ("%u. %s:", number, title);

  ll_report_line (out, 1, label, ll_report_layer_state (layer));
  if (found != NULL)
    {
      ll_report_quoted (out, 2, _ ("Type:"), found->media_type);
      append_size (out, 2, layer->is_encrypted ? _ ("Encrypts:") : _ ("Signs:"), found->size);
      if (found->note != LL_REASON_NONE)
        ll_report_line (out, 2, _ ("Note:"), ll_wording_reason (found->note));
    }
  if (layer->facts->decryption_reason != LL_REASON_NONE)
    ll_report_line (out, 2, _ ("Encryption:"), ll_wording_reason (layer->facts->decryption_reason));
  append_strength (out, 2, layer->facts);
  append_recipients (out, 2, layer->facts);
  if (layer->is_signed && layer->evidence->signers->len == 0)
    ll_report_line (out, 2, _ ("Signature:"), ll_wording_reason (layer->reason));
  append_signers (out, 2, evidence, layer->evidence->signers);
  if (layer->is_credited)
    ll_report_line (out, 2, _ ("Note:"), _ ("The message is judged by this signature."));
}

static void
append_part (GString *out, guint depth, const LlPart *part, const char *path)
{
  g_autofree char *type
      = g_strdup_printf ("%s/%s", ll_part_get_type (part), ll_part_get_subtype (part));
  g_autofree char *label = g_strdup_printf ("%s:", path[0] != '\0' ? path : _ ("Content"));
  guint n = ll_part_get_n_children (part);

  ll_report_quoted (out, depth, label, type);
  ll_report_quoted (out, depth + 1, _ ("File name:"), ll_part_get_file_name (part));
  if (n == 0)
    append_size (out, depth + 1, _ ("Size:"), ll_part_get_body_size (part));
  if (ll_part_get_ambiguity (part) != LL_REASON_NONE)
    ll_report_line (out, depth + 1, _ ("Caution:"),
                    ll_wording_reason (ll_part_get_ambiguity (part)));
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *child = g_strdup_printf ("%s%s%u", path, path[0] != '\0' ? "." : "", i + 1);
      append_part (out, depth + 1, ll_part_get_child (part, i), child);
    }
}

static void
append_errant (GString *out, const LlEvidence *evidence, const LlErrantEvidence *found)
{
  const LlErrant *errant = found->errant;
  gboolean at_root = errant->path == NULL || errant->path[0] == '\0';
  g_autofree char *safe = ll_text_safe (at_root ? _ ("Content") : errant->path, -1);
  g_autofree char *label = g_strdup_printf ("%s:", safe);

  ll_report_line (out, 1, label, ll_wording_reason (errant->kind));
  ll_report_quoted (out, 2, _ ("Type:"), errant->description);
  ll_report_quoted (out, 2, _ ("From:"), errant->author);
  append_signers (out, 2, evidence, found->signers);
}

char *
ll_report_to_tree (const LlEvidence *evidence, const LlVerdict *verdict)
{
  g_autofree char *headline = NULL;
  GString *out;

  g_return_val_if_fail (evidence != NULL && verdict != NULL, NULL);
  headline = ll_wording_headline (evidence, verdict);
  out = g_string_new (headline);
  g_string_append_c (out, '\n');

  if (verdict->layers->len > 0)
    g_string_append_printf (out, "%s\n", _ ("Layers, from the outside in:"));
  for (guint i = 0; i < verdict->layers->len; i++)
    append_layer (out, evidence, &g_array_index (verdict->layers, LlLayerVerdict, i), i + 1);

  if (evidence->envelope != NULL && evidence->envelope->payload != NULL)
    {
      g_string_append_printf (out, "%s\n", _ ("Parts:"));
      append_part (out, 1, evidence->envelope->payload, "");
    }

  if (evidence->errant->len > 0)
    g_string_append_printf (out, "%s\n",
                            _ ("Protection of parts, which says nothing of the whole:"));
  for (guint i = 0; i < evidence->errant->len; i++)
    append_errant (out, evidence, g_ptr_array_index (evidence->errant, i));
  return g_string_free (out, FALSE);
}
