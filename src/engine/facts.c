/* facts.c - what enters: nothing; what leaves: empty facts to be filled, and their end. It judges
 * nothing.
 */
#include <config.h>

#include "engine/facts.h"

LlFacts *
ll_facts_new (LlProtocol protocol)
{
  LlFacts *facts = g_new0 (LlFacts, 1);

  facts->protocol = protocol;
  facts->recipients = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_recipient_facts_free);
  facts->signatures = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_signature_facts_free);
  facts->certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_key_unref);
  facts->crls = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  facts->ocsps = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  return facts;
}

void
ll_facts_free (LlFacts *facts)
{
  if (facts == NULL)
    return;
  g_free (facts->cipher);
  g_clear_pointer (&facts->recipients, g_ptr_array_unref);
  g_clear_pointer (&facts->signatures, g_ptr_array_unref);
  g_clear_pointer (&facts->certificates, g_ptr_array_unref);
  g_clear_pointer (&facts->crls, g_ptr_array_unref);
  g_clear_pointer (&facts->ocsps, g_ptr_array_unref);
  g_free (facts);
}

LlSignatureFacts *
ll_signature_facts_new (LlProtocol protocol)
{
  LlSignatureFacts *facts = g_new0 (LlSignatureFacts, 1);

  facts->protocol = protocol;
  return facts;
}

void
ll_signature_facts_free (LlSignatureFacts *facts)
{
  if (facts == NULL)
    return;
  g_free (facts->fingerprint);
  g_free (facts->signer_hint);
  g_clear_pointer (&facts->key, ll_key_unref);
  g_free (facts->algorithm);
  g_free (facts->digest);
  g_clear_pointer (&facts->capabilities, g_bytes_unref);
  g_clear_pointer (&facts->encryption_key, ll_key_unref);
  g_clear_pointer (&facts->listed_certificates, g_ptr_array_unref);
  g_free (facts);
}

LlRecipientFacts *
ll_recipient_facts_new (void)
{
  return g_new0 (LlRecipientFacts, 1);
}

void
ll_recipient_facts_free (LlRecipientFacts *facts)
{
  if (facts == NULL)
    return;
  g_free (facts->hint);
  g_free (facts->algorithm);
  g_free (facts->key_wrap);
  g_clear_pointer (&facts->key, ll_key_unref);
  g_free (facts);
}

/* What the names of cms-names.h and cms-unwrap-private.h are worth. */
static guint
strength_of (const char *name)
{
  static const struct
  {
    const char *begin;
    guint bits;
  } rows[] = {
    { "AES-256", 256 },      { "AES-192", 192 },      { "AES-128", 128 },      { "ChaCha20", 256 },
    { "CAMELLIA-256", 256 }, { "CAMELLIA-192", 192 }, { "CAMELLIA-128", 128 }, { "3DES", 112 },
  };

  for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (rows); i++)
    if (g_str_has_prefix (name, rows[i].begin))
      return rows[i].bits;
  return 0;
}

guint
ll_facts_get_strength (const LlFacts *facts)
{
  guint strength = strength_of (facts->cipher);

  for (guint i = 0; facts->recipients != NULL && i < facts->recipients->len; i++)
    {
      const LlRecipientFacts *recipient = g_ptr_array_index (facts->recipients, i);
      if (recipient->key_wrap != NULL)
        strength = MIN (strength, strength_of (recipient->key_wrap));
    }
  return strength;
}
