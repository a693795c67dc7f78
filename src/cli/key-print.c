/* key-print.c - what enters: a key and what trust thinks of it. What leaves: words. Everything that
 * the key itself says is made safe to show, for anybody can make a key that says anything. */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/key-print.h"
#include "verdict/report.h"
#include "verdict/vetting.h"

static const char *const validity_names[] = {
  [LL_VALIDITY_UNKNOWN] = "unknown", [LL_VALIDITY_UNDEFINED] = "undefined",
  [LL_VALIDITY_NEVER] = "never",     [LL_VALIDITY_MARGINAL] = "marginal",
  [LL_VALIDITY_FULL] = "full",       [LL_VALIDITY_ULTIMATE] = "ultimate",
};

static const char *const answer_names[] = {
  [LL_ANSWER_NOT_CHECKED] = "not-checked",
  [LL_ANSWER_YES] = "yes",
  [LL_ANSWER_NO] = "no",
};

/* --- JSON ------------------------------------------------------------------------------------- */

static void
add_user_ids (JsonBuilder *builder, const LlKey *key)
{
  GPtrArray *user_ids = ll_key_get_user_ids (key);

  ll_json_begin_array (builder, "user_ids");
  for (guint i = 0; i < user_ids->len; i++)
    {
      const LlUserId *user_id = g_ptr_array_index (user_ids, i);
      json_builder_begin_object (builder);
      ll_json_add_text (builder, "text", user_id->text);
      ll_json_add_text (builder, "address", user_id->address);
      ll_json_add_text (builder, "validity",
                        ll_key_get_protocol (key) == LL_PROTOCOL_OPENPGP
                            ? validity_names[user_id->validity]
                            : NULL);
      ll_json_add_boolean (builder, "revoked", user_id->revoked);
      ll_json_add_boolean (builder, "invalid", user_id->invalid);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
add_subkeys (JsonBuilder *builder, const LlKey *key)
{
  GPtrArray *subkeys = ll_key_get_subkeys (key);

  ll_json_begin_array (builder, "subkeys");
  for (guint i = 0; i < subkeys->len; i++)
    {
      const LlSubkey *subkey = g_ptr_array_index (subkeys, i);
      json_builder_begin_object (builder);
      ll_json_add_text (builder, "fingerprint", subkey->fingerprint);
      ll_json_add_text (builder, "keygrip", subkey->keygrip);
      ll_json_add_text (builder, "algorithm", subkey->algorithm);
      ll_json_add_time (builder, "created", subkey->created);
      ll_json_add_time (builder, "expires", subkey->expires);
      ll_json_add_boolean (builder, "revoked", subkey->revoked);
      ll_json_add_boolean (builder, "can_sign", subkey->can_sign);
      ll_json_add_boolean (builder, "can_encrypt", subkey->can_encrypt);
      ll_json_add_boolean (builder, "can_certify", subkey->can_certify);
      ll_json_add_boolean (builder, "has_secret", subkey->has_secret);
      ll_json_add_boolean (builder, "on_card", subkey->on_card);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
add_axis (JsonBuilder *builder, const char *name, LlAxis axis)
{
  ll_json_begin_object (builder, name);
  ll_json_add_text (builder, "value", answer_names[axis.answer]);
  ll_json_add_text (builder, "reason",
                    axis.reason != LL_REASON_NONE ? ll_reason_name (axis.reason) : NULL);
  json_builder_end_object (builder);
}

void
ll_key_print_json (JsonBuilder *builder, const LlKey *key, const LlKeyOpinion *opinion)
{
  gboolean smime = ll_key_get_protocol (key) == LL_PROTOCOL_SMIME;

  json_builder_begin_object (builder);
  ll_json_add_text (builder, "protocol", ll_protocol_name (ll_key_get_protocol (key)));
  ll_json_add_text (builder, "fingerprint", ll_key_get_fingerprint (key));
  ll_json_add_text (builder, "gnupg_fingerprint", ll_key_get_gnupg_fingerprint (key));
  ll_json_add_time (builder, "created", ll_key_get_created (key));
  ll_json_add_time (builder, "expires", ll_key_get_expires (key));
  ll_json_add_boolean (builder, "revoked", ll_key_is_revoked (key));
  ll_json_add_boolean (builder, "disabled", ll_key_is_disabled (key));
  ll_json_add_boolean (builder, "has_secret", ll_key_has_secret (key));
  if (smime)
    {
      ll_json_add_text (builder, "subject", ll_key_get_subject (key));
      ll_json_add_text (builder, "issuer", ll_key_get_issuer (key));
      ll_json_add_text (builder, "serial", ll_key_get_serial (key));
    }
  if (smime)
    ll_vetting_add_json (builder, key);
  add_user_ids (builder, key);
  add_subkeys (builder, key);
  if (opinion != NULL)
    {
      add_axis (builder, "trust", opinion->trust);
      add_axis (builder, "time", opinion->time);
      ll_json_add_text (builder, "trust_source", opinion->trust_source);
      if (smime)
        ll_json_add_word (builder, "decision", ll_decision_name (opinion->decision));
    }
  json_builder_end_object (builder);
}

/* --- text ------------------------------------------------------------------------------------- */

/* "revoked", "expired on …", "valid until …" */
static char *
life_text (const LlKey *key, gint64 at)
{
  gint64 expires = ll_key_get_expires (key);
  g_autofree char *when = expires > 0 ? ll_clock_to_text (expires) : NULL;

  if (ll_key_is_revoked (key))
    return g_strdup (_ ("revoked"));
  if (ll_key_is_disabled (key))
    return g_strdup (_ ("disabled"));
  if (when == NULL)
    return g_strdup (_ ("does not expire"));
  return g_strdup_printf (expires <= at ? _ ("expired on %s") : _ ("valid until %s"), when);
}

/* An authority's certificate, or a primary key without subkeys. */
static gboolean
can_certify (const LlKey *key)
{
  GPtrArray *subkeys = ll_key_get_subkeys (key);

  for (guint i = 0; i < subkeys->len; i++)
    if (((const LlSubkey *)g_ptr_array_index (subkeys, i))->can_certify)
      return TRUE;
  return FALSE;
}

static char *
uses_text (const LlKey *key, gint64 at)
{
  gboolean sign = ll_key_can_sign (key, at), encrypt = ll_key_can_encrypt (key, at);

  if (sign && encrypt)
    return g_strdup (_ ("signs and encrypts"));
  if (sign)
    return g_strdup (_ ("signs"));
  if (encrypt)
    return g_strdup (_ ("encrypts"));
  return g_strdup (can_certify (key) ? _ ("certifies others") : _ ("neither signs nor encrypts"));
}

/* The name, and the address when the name does not have it: “Alice” “alice@example.org”. */
static char *
title_text (const LlKey *key)
{
  const char *title = ll_key_get_title (key), *address = ll_key_get_address (key);
  g_autofree char *name = ll_wording_quote (title);
  g_autofree char *quoted = address != NULL ? ll_wording_quote (address) : NULL;

  return quoted == NULL || strstr (title, address) != NULL ? g_steal_pointer (&name)
                                                           : g_strconcat (name, " ", quoted, NULL);
}

static const char *
own_text (const LlKey *key)
{
  GPtrArray *subkeys = ll_key_get_subkeys (key);

  if (!ll_key_has_secret (key))
    return "";
  for (guint i = 0; i < subkeys->len; i++)
    if (((const LlSubkey *)g_ptr_array_index (subkeys, i))->on_card)
      return _ (", your own, on a card or token");
  return _ (", your own");
}

void
ll_key_print_line (GString *out, const LlKey *key, gint64 at)
{
  g_autofree char *title = title_text (key);
  g_autofree char *life = life_text (key, at);
  g_autofree char *uses = uses_text (key, at);
  const LlSubkey *primary = g_ptr_array_index (ll_key_get_subkeys (key), 0);

  g_string_append_printf (out, "%s\n  %s, %s, %s, %s%s\n  %s\n", title,
                          ll_protocol_title (ll_key_get_protocol (key)),
                          primary->algorithm != NULL ? primary->algorithm : "?", uses, life,
                          own_text (key), ll_key_get_fingerprint (key));
}

static void
append_row (GString *out, const char *label, const char *value)
{
  if (value != NULL && *value != '\0')
    g_string_append_printf (out, "  %s %s\n", label, value);
}

static void
append_quoted (GString *out, const char *label, const char *value)
{
  g_autofree char *quoted = value != NULL ? ll_wording_quote (value) : NULL;
  append_row (out, label, quoted);
}

static void
append_user_ids (GString *out, const LlKey *key)
{
  GPtrArray *user_ids = ll_key_get_user_ids (key);

  for (guint i = 0; i < user_ids->len; i++)
    {
      const LlUserId *user_id = g_ptr_array_index (user_ids, i);
      g_autofree char *quoted = ll_wording_quote (user_id->text);
      const char *state = user_id->revoked   ? _ ("revoked")
                          : user_id->invalid ? _ ("not valid")
                                             : "";
      g_string_append_printf (out, "  %s %s%s%s\n", _ ("Name:"), quoted, *state != '\0' ? ", " : "",
                              state);
    }
}

static void
append_subkeys (GString *out, const LlKey *key)
{
  GPtrArray *subkeys = ll_key_get_subkeys (key);

  for (guint i = 0; i < subkeys->len; i++)
    {
      const LlSubkey *subkey = g_ptr_array_index (subkeys, i);
      g_string_append_printf (out, "  %s %s%s%s%s%s\n    %s\n", _ ("Key:"),
                              subkey->algorithm != NULL ? subkey->algorithm : "?",
                              subkey->can_sign ? _ (", signs") : "",
                              subkey->can_encrypt ? _ (", encrypts") : "",
                              !subkey->has_secret ? ""
                              : subkey->on_card   ? _ (", private part on a card or token")
                                                  : _ (", private part here"),
                              subkey->revoked ? _ (", revoked") : "", subkey->fingerprint);
    }
}

static const char *
decision_text (LlDecision decision)
{
  switch (decision)
    {
    case LL_DECISION_AUTHORITY:
      return _ ("trust this authority");
    case LL_DECISION_PIN:
      return _ ("trust this certificate");
    case LL_DECISION_REFUSE:
      return _ ("refuse it, and what it issued");
    case LL_DECISION_NONE:
    default:
      return NULL;
    }
}

void
ll_key_print_opinion (GString *out, const LlKeyOpinion *opinion)
{
  const LlKey *root = opinion != NULL ? ll_key_opinion_get_untrusted_root (opinion) : NULL;
  g_autofree char *source = NULL;

  if (opinion == NULL)
    return;
  if (opinion->trust.answer == LL_ANSWER_YES)
    {
      source = ll_wording_trust_source (opinion->trust_source);
      append_row (out, _ ("Trusted because:"), source);
    }
  else
    append_row (out, _ ("Not trusted:"), ll_wording_reason (opinion->trust.reason));
  if (root != NULL)
    {
      append_quoted (out, _ ("Authority:"), ll_key_get_subject (root));
      append_row (out, _ ("Its fingerprint:"), ll_key_get_fingerprint (root));
    }
  append_row (out, _ ("Your decision:"), decision_text (opinion->decision));
  if (opinion->time.answer == LL_ANSWER_NO)
    append_row (out, _ ("Not valid:"), ll_wording_reason (opinion->time.reason));
}

/* BR-01 to BR-09: what the certificate says of its vetting, and the rules that it breaks. */
static void
append_vetting (GString *out, const LlKey *key)
{
  g_autoptr (LlX509Vetting) vetting = ll_x509_vetting_new (key);
  g_autofree char *words = ll_wording_vetting (vetting);

  append_row (out, _ ("The issuer has checked:"), words);
  append_quoted (out, vetting->pseudonym ? _ ("Pseudonym:") : _ ("Name as checked:"),
                 vetting->name);
  append_quoted (out, _ ("Organisation:"), vetting->organisation);
  for (LlLint lint = 0; lint < LL_N_LINTS; lint++)
    if (vetting->lints & (1U << lint))
      append_row (out, _ ("Remark:"), ll_wording_lint (lint));
}

void
ll_key_print_whole (GString *out, const LlKey *key, const LlKeyOpinion *opinion, gint64 at)
{
  g_autofree char *title = title_text (key);
  g_autofree char *created = ll_clock_to_text (ll_key_get_created (key));
  g_autofree char *life = life_text (key, at);

  g_string_append_printf (out, "%s\n", title);
  append_row (out, _ ("Technology:"), ll_protocol_title (ll_key_get_protocol (key)));
  append_row (out, _ ("Fingerprint:"), ll_key_get_fingerprint (key));
  if (ll_key_get_protocol (key) == LL_PROTOCOL_SMIME)
    append_row (out, _ ("Fingerprint (SHA-1):"), ll_key_get_gnupg_fingerprint (key));
  /* TRANSLATORS: whom a certificate is about, not the subject of a mail */
  append_quoted (out, C_ ("certificate", "Subject:"), ll_key_get_subject (key));
  append_quoted (out, _ ("Issued by:"), ll_key_get_issuer (key));
  append_row (out, _ ("Serial number:"), ll_key_get_serial (key));
  append_row (out, _ ("Made on:"), created);
  append_row (out, _ ("Life:"), life);
  append_vetting (out, key);
  append_user_ids (out, key);
  append_subkeys (out, key);
  ll_key_print_opinion (out, opinion);
}
