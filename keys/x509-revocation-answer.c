/* x509-revocation-answer.c - what enters: answers; what leaves: the better of two, and what a
 * revocation means at a time. It asks nobody.
 */
#include <config.h>

#include "bridge/openssl-glue.h"
#include "keys/x509-revocation-answer-private.h"

#define SECONDS_PER_DAY 86400

const char *
ll_revocation_word_name (LlRevocationWord word)
{
  static const char *const names[] = { "unknown", "good", "revoked" };

  return names[word];
}

void
ll_revocation_free (LlRevocation *revocation)
{
  if (revocation == NULL)
    return;
  g_free (revocation->from);
  g_free (revocation);
}

gint64
ll_revocation_time (const ASN1_TIME *time)
{
  g_autoptr (ASN1_TIME) epoch = ASN1_TIME_set (NULL, 0);
  int days = 0, seconds = 0;

  if (time == NULL || !ASN1_TIME_diff (&days, &seconds, epoch, time))
    return 0;
  return (gint64)days * SECONDS_PER_DAY + seconds;
}

static const struct
{
  long number;
  const char *name;
} reason_names[] = {
  { 0, "unspecified" },        { 1, "keyCompromise" }, { 2, "cACompromise" },
  { 3, "affiliationChanged" }, { 4, "superseded" },    { 5, "cessationOfOperation" },
  { 6, "certificateHold" },    { 8, "removeFromCRL" }, { 9, "privilegeWithdrawn" },
  { 10, "aACompromise" },
};

const char *
ll_revocation_reason_name (long number)
{
  for (gsize i = 0; i < G_N_ELEMENTS (reason_names); i++)
    if (reason_names[i].number == number)
      return reason_names[i].name;
  return NULL;
}

gboolean
ll_revocation_counts (gint64 revoked_at, const char *reason, gint64 at)
{
  static const char *const harmless[]
      = { "affiliationChanged", "superseded", "cessationOfOperation", "privilegeWithdrawn", NULL };

  return revoked_at <= at || reason == NULL || !g_strv_contains (harmless, reason);
}

/* How much an unknown tells: the more, the rather it is told. */
static guint
telling (const LlRevocation *answer)
{
  switch ((int)answer->reason)
    {
    case LL_REASON_REVOCATION_WRONG_SIGNER:
      return 5;
    case LL_REASON_REVOCATION_BAD_ANSWER:
      return 4;
    case LL_REASON_REVOCATION_UNREACHABLE:
      return 3;
    case LL_REASON_REVOCATION_EXPIRED:
      return 2;
    case LL_REASON_REVOCATION_NO_SOURCE:
      return 1;
    default:
      return 0;
    }
}

static gboolean
is_hold (const LlRevocation *answer)
{
  return g_strcmp0 (answer->revocation_reason, "certificateHold") == 0;
}

/* SC-13: the newer of two answers; a revocation stays, unless it was a hold. */
static gboolean
is_better (const LlRevocation *found, const LlRevocation *known)
{
  gboolean newer = found->this_update > known->this_update;

  if (known->word == LL_REVOCATION_UNKNOWN || found->word == LL_REVOCATION_UNKNOWN)
    return found->word != known->word ? known->word == LL_REVOCATION_UNKNOWN
                                      : telling (found) > telling (known);
  if (found->word == known->word)
    return newer;
  if (found->word == LL_REVOCATION_REVOKED)
    return newer || !is_hold (found) || found->this_update == 0;
  return newer && is_hold (known) && known->this_update != 0;
}

void
ll_revocation_weigh (LlRevocation *known, LlRevocation *found)
{
  if (is_better (found, known))
    {
      LlRevocation better = *found;

      *found = *known;
      *known = better;
    }
  ll_revocation_free (found);
}
