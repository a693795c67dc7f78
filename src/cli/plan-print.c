/* plan-print.c - what enters: a plan. What leaves: words. It decides nothing. What a key or a user
 * calls somebody is quoted, and the last thing on its line. */
#include <config.h>

#include <glib/gi18n.h>

#include "cli/plan-print.h"
#include "verdict/report.h"

/* --- JSON ------------------------------------------------------------------------------------- */

static const char *
fingerprint_of (const LlKey *key)
{
  return key != NULL ? ll_key_get_fingerprint (key) : NULL;
}

static void
add_more_signers (JsonBuilder *builder, const LlPlan *plan)
{
  ll_json_begin_array (builder, "more_signers");
  for (guint i = 0; plan->more_signers != NULL && i < plan->more_signers->len; i++)
    json_builder_add_string_value (builder,
                                   fingerprint_of (g_ptr_array_index (plan->more_signers, i)));
  json_builder_end_array (builder);
}

static void
add_recipient (JsonBuilder *builder, const LlPlan *plan, guint i)
{
  const LlKey *key = g_ptr_array_index (plan->recipients, i);
  const LlKeyOpinion *opinion = g_ptr_array_index (plan->recipient_opinions, i);

  json_builder_begin_object (builder);
  ll_json_add_text (builder, "recipient", g_ptr_array_index (plan->recipient_names, i));
  ll_json_add_text (builder, "fingerprint", ll_key_get_fingerprint (key));
  ll_json_add_text (builder, "name", ll_key_get_title (key));
  ll_json_add_boolean (builder, "ours", ll_key_has_secret (key));
  ll_json_add_word (builder, "trust_source", opinion != NULL ? opinion->trust_source : NULL);
  json_builder_end_object (builder);
}

void
ll_plan_print_members (JsonBuilder *builder, const LlPlan *plan, const char *cipher)
{
  gboolean has_cipher = plan->cipher != LL_CIPHER_CHOOSE;

  ll_json_add_word (builder, "protocol", ll_protocol_name (plan->protocol));
  ll_json_add_text (builder, "signer", fingerprint_of (plan->signer));
  ll_json_add_number (builder, "signer_choices", plan->n_signers);
  add_more_signers (builder, plan);
  ll_json_begin_array (builder, "recipients");
  for (guint i = 0; i < plan->recipients->len; i++)
    add_recipient (builder, plan, i);
  json_builder_end_array (builder);
  ll_json_add_word (builder, "cipher", cipher != NULL ? cipher : ll_cipher_name (plan->cipher));
  ll_json_add_word (builder, "cipher_reason",
                    has_cipher ? ll_cipher_reason_name (plan->cipher_reason) : NULL);
  ll_json_add_text (builder, "cipher_because", fingerprint_of (plan->cipher_because));
}

char *
ll_plan_to_json (const LlPlan *plan)
{
  g_autoptr (JsonBuilder) builder = ll_json_new ("letterlock.plan/1");

  ll_plan_print_members (builder, plan, NULL);
  return ll_json_finish (builder);
}

/* --- text ------------------------------------------------------------------------------------- */

static void
append_quoted (GString *out, const char *label, const char *name)
{
  g_autofree char *quoted = ll_wording_quote (name);

  g_string_append_printf (out, "  %s %s\n", label, quoted);
}

/* Under a name: the key, and why it is believed to be theirs. */
static void
append_key (GString *out, const LlKey *key, const LlKeyOpinion *opinion)
{
  g_autofree char *source = NULL;

  g_string_append_printf (out, "    %s %s\n", _ ("Key:"), ll_key_get_fingerprint (key));
  if (opinion == NULL)
    return;
  if (opinion->trust.answer != LL_ANSWER_YES)
    {
      g_string_append_printf (out, "    %s %s\n", _ ("Not trusted, and used all the same:"),
                              ll_wording_reason (opinion->trust.reason));
      return;
    }
  source = ll_wording_trust_source (opinion->trust_source);
  g_string_append_printf (out, "    %s %s\n", _ ("Trusted because:"), source);
}

static void
append_signers (GString *out, const LlPlan *plan)
{
  if (plan->signer == NULL)
    {
      g_string_append_printf (out, "  %s\n", _ ("Not signed"));
      return;
    }
  append_quoted (out, _ ("Signed by:"), ll_key_get_title (plan->signer));
  append_key (out, plan->signer, NULL);
  if (plan->n_signers > 1)
    /* TRANSLATORS: how many keys of one's own could have signed */
    g_string_append_printf (out, _ ("    the best of %u\n"), plan->n_signers);
  for (guint i = 0; plan->more_signers != NULL && i < plan->more_signers->len; i++)
    {
      const LlKey *key = g_ptr_array_index (plan->more_signers, i);
      append_quoted (out, _ ("Signed by:"), ll_key_get_title (key));
      append_key (out, key, NULL);
    }
}

static void
append_recipients (GString *out, const LlPlan *plan)
{
  for (guint i = 0; i < plan->recipients->len; i++)
    {
      const char *name = g_ptr_array_index (plan->recipient_names, i);
      const LlKey *key = g_ptr_array_index (plan->recipients, i);

      if (*name == '\0')
        g_string_append_printf (out, "  %s %s\n", _ ("Encrypted to:"), _ ("yourself"));
      else
        append_quoted (out, _ ("Encrypted to:"), name);
      append_key (out, key, g_ptr_array_index (plan->recipient_opinions, i));
    }
}

/* What the user called the recipient that decided. */
static const char *
name_of_decider (const LlPlan *plan)
{
  for (guint i = 0; i < plan->recipients->len; i++)
    if (g_ptr_array_index (plan->recipients, i) == plan->cipher_because)
      return g_ptr_array_index (plan->recipient_names, i);
  return "";
}

static void
append_cipher (GString *out, const LlPlan *plan)
{
  if (plan->cipher == LL_CIPHER_CHOOSE)
    return;
  g_string_append_printf (out, "  %s %s\n", _ ("Cipher:"), ll_cipher_name (plan->cipher));
  switch (plan->cipher_reason)
    {
    case LL_CIPHER_BEST:
      g_string_append_printf (out, "    %s\n", _ ("everybody said that they can read it"));
      break;
    case LL_CIPHER_WANTED:
      g_string_append_printf (out, "    %s\n", _ ("you asked for it"));
      break;
    case LL_CIPHER_PEER_UNKNOWN:
      append_quoted (out, _ ("  better ones are not known to be read by"), name_of_decider (plan));
      g_string_append_printf (out, "    %s\n",
                              _ ("A message that they signed tells what they can read, once you "
                                 "have opened it here."));
      break;
    case LL_CIPHER_PEER_CANNOT:
    case LL_CIPHER_PEER_WEAK:
    default:
      append_quoted (out, _ ("  better ones are not on the list of"), name_of_decider (plan));
      break;
    }
}

char *
ll_plan_to_text (const LlPlan *plan)
{
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, "%s\n", ll_protocol_title (plan->protocol));
  append_signers (out, plan);
  append_recipients (out, plan);
  append_cipher (out, plan);
  return g_string_free (out, FALSE);
}

char *
ll_plan_signer_to_text (const LlPlan *plan)
{
  if (plan->signer == NULL || plan->n_signers < 2)
    return NULL;
  /* TRANSLATORS: a number of one's own keys, and a fingerprint */
  return g_strdup_printf (_ ("%u of your keys can sign this; the one taken is %s. --as names "
                             "another."),
                          plan->n_signers, ll_key_get_fingerprint (plan->signer));
}
