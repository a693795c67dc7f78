#include <config.h>

#include <glib/gi18n.h>

#include "verdict/vetting.h"

static const char *const vetted_words[] = {
  [LL_VETTED_NOT_TOLD] = NULL,
  [LL_VETTED_MAILBOX] = N_ ("the mailbox alone: nobody has looked at whose it is"),
  [LL_VETTED_ORGANISATION] = N_ ("that the organisation exists and holds the mailbox"),
  [LL_VETTED_SPONSOR]
  = N_ ("the organisation, which vouches for the person that holds the mailbox"),
  [LL_VETTED_INDIVIDUAL] = N_ ("who the person is that holds the mailbox"),
};

static const char *const generation_words[] = {
  [LL_GENERATION_NONE] = NULL,
  [LL_GENERATION_LEGACY] = N_ ("%s (legacy rules)"),
  [LL_GENERATION_MULTIPURPOSE] = N_ ("%s (multipurpose rules)"),
  [LL_GENERATION_STRICT] = N_ ("%s (strict rules)"),
};

static const char *const lint_words[] = {
  [LL_LINT_SEVERAL_POLICIES] = N_ ("It claims more than one kind of vetting."),
  [LL_LINT_NO_CRL_ADDRESS] = N_ ("It names no http address of a list of revoked certificates."),
  [LL_LINT_KEY_USAGE] = N_ ("Its key usage does not fit its kind of key."),
  [LL_LINT_EXTENDED_KEY_USAGE]
  = N_ ("It is meant for other things than mail too, or not for mail."),
  [LL_LINT_NO_AUTHORITY_KEY] = N_ ("It does not identify the key of its issuer."),
  [LL_LINT_NO_MAILBOX] = N_ ("It names no mail address in its alternative name."),
  [LL_LINT_IS_AUTHORITY] = N_ ("It is a certificate of an authority."),
  [LL_LINT_LIFE_TOO_LONG] = N_ ("It lives longer than the rules allow."),
  [LL_LINT_LEGACY_TOO_LATE]
  = N_ ("It was made by legacy rules after these had ended, in July 2025."),
  [LL_LINT_ADDRESS_IN_SUBJECT]
  = N_ ("Its subject has a mail address that is not in its alternative name."),
  [LL_LINT_KEY_KIND] = N_ ("Its key is of a kind or size that the rules do not allow."),
  [LL_LINT_ALGORITHM_ENCODING]
  = N_ ("Its signature algorithm is not one of the rules, or not written as they say."),
};

char *
ll_wording_vetting (const LlX509Vetting *vetting)
{
  if (vetting->vetted == LL_VETTED_NOT_TOLD)
    return NULL;
    /* only the place of the one word in the other is a format: both are ours */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  return g_strdup_printf (_ (generation_words[vetting->generation]),
                          _ (vetted_words[vetting->vetted]));
#pragma GCC diagnostic pop
}

const char *
ll_wording_lint (LlLint lint)
{
  return _ (lint_words[lint]);
}

void
ll_vetting_add_json (JsonBuilder *builder, const LlKey *key)
{
  g_autoptr (LlX509Vetting) vetting = key != NULL ? ll_x509_vetting_new (key) : NULL;

  if (vetting == NULL || vetting->vetted == LL_VETTED_NOT_TOLD)
    {
      ll_json_add_text (builder, "vetting", NULL);
      return;
    }
  ll_json_begin_object (builder, "vetting");
  ll_json_add_word (builder, "vetted", ll_vetted_name (vetting->vetted));
  ll_json_add_word (builder, "generation", ll_generation_name (vetting->generation));
  ll_json_add_text (builder, "name", vetting->name);
  ll_json_add_boolean (builder, "pseudonym", vetting->pseudonym);
  ll_json_add_text (builder, "organisation", vetting->organisation);
  ll_json_begin_array (builder, "remarks");
  for (LlLint lint = 0; lint < LL_N_LINTS; lint++)
    if (vetting->lints & (1U << lint))
      json_builder_add_string_value (builder, ll_lint_name (lint));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}
