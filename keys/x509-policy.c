#include <config.h>

#include "bridge/openssl-glue.h"
#include "keys/x509-name-private.h"
#include "keys/x509-policy-private.h"

typedef CERTIFICATEPOLICIES Policies;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Policies, CERTIFICATEPOLICIES_free)

/* BR-01, S/MIME BR section 7.1.6.1: 2.23.140.1.5.T.G, T from 1 to 4, G from 1 to 3. */
static gboolean
read_policy (const ASN1_OBJECT *policy, LlVetted *vetted, LlGeneration *generation)
{
  static const char arc[] = "2.23.140.1.5.";
  char oid[64];
  const char *tail = oid + sizeof arc - 1;
  int length = OBJ_obj2txt (oid, sizeof oid, policy, 1);

  if (length != (int)sizeof arc - 1 + 3 || !g_str_has_prefix (oid, arc) || tail[1] != '.'
      || tail[0] < '1' || tail[0] > '4' || tail[2] < '1' || tail[2] > '3')
    return FALSE;
  *vetted = (LlVetted)(LL_VETTED_MAILBOX + (tail[0] - '1'));
  *generation = (LlGeneration)(LL_GENERATION_LEGACY + (tail[2] - '1'));
  return TRUE;
}

LlVetted
ll_x509_policy_vetted (X509 *certificate, LlGeneration *generation, guint *n_policies)
{
  g_autoptr (Policies) policies
      = X509_get_ext_d2i (certificate, NID_certificate_policies, NULL, NULL);
  LlVetted vetted = LL_VETTED_NOT_TOLD, found_kind;
  LlGeneration found = LL_GENERATION_NONE, found_generation;
  guint n = 0;

  for (int i = 0; i < sk_POLICYINFO_num (policies); i++)
    if (read_policy (sk_POLICYINFO_value (policies, i)->policyid, &found_kind, &found_generation))
      {
        /* of several, the one that claims least */
        if (n++ == 0 || found_kind < vetted)
          vetted = found_kind, found = found_generation;
      }
  if (generation != NULL)
    *generation = found;
  if (n_policies != NULL)
    *n_policies = n;
  return vetted;
}

static char *
dup_entry (X509 *certificate, int nid)
{
  return ll_x509_name_dup_entry (X509_get_subject_name (certificate), nid);
}

/* BR-03: a pseudonym, or given name and surname, or the common name. */
char *
ll_x509_policy_dup_name (X509 *certificate, LlVetted vetted, gboolean *pseudonym)
{
  g_autofree char *alias = dup_entry (certificate, NID_pseudonym);
  g_autofree char *given = dup_entry (certificate, NID_givenName);
  g_autofree char *surname = dup_entry (certificate, NID_surname);

  if (pseudonym != NULL)
    *pseudonym = FALSE;
  switch (vetted)
    {
    case LL_VETTED_MAILBOX: /* BR-02 */
      return NULL;
    case LL_VETTED_ORGANISATION:
      return dup_entry (certificate, NID_organizationName);
    case LL_VETTED_SPONSOR:
    case LL_VETTED_INDIVIDUAL:
      if (alias != NULL && pseudonym != NULL)
        *pseudonym = TRUE;
      if (alias != NULL)
        return g_steal_pointer (&alias);
      if (given != NULL && surname != NULL)
        return g_strdup_printf ("%s %s", given, surname);
      return dup_entry (certificate, NID_commonName);
    case LL_VETTED_NOT_TOLD:
    default:
      return dup_entry (certificate, NID_commonName);
    }
}
