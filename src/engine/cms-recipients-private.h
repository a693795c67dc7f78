/* cms-recipients-private.h - for whom a CMS object is encrypted, taken apart (RFC 5652 section 6.2,
 * RFC 5753, RFC 8418, RFC 9629).
 *
 * What enters: the RecipientInfos as they came. What leaves: a flat list with one entry for each
 * person, also where one KeyAgreeRecipientInfo is for many. It decrypts nothing, and looks at no
 * algorithm's inside. OpenSSL's own list has no way to the encrypted keys, and does not know what
 * it cannot open.
 */
#pragma once

#include "bridge/openssl-glue.h"

G_BEGIN_DECLS

typedef enum
{
  LL_RECIPIENT_TRANSPORT,  /* RSA */
  LL_RECIPIENT_AGREEMENT,  /* ECDH, X25519 */
  LL_RECIPIENT_KEM,        /* ML-KEM */
  LL_RECIPIENT_PASSWORD,   /* only listed */
  LL_RECIPIENT_SHARED_KEY, /* only listed */
  LL_RECIPIENT_OTHER,      /* only listed */
} LlRecipientKind;

/* One recipient; all pointers are borrowed from the list. */
typedef struct
{
  LlRecipientKind kind;

  /* Either the first or the other two; none in the kinds that are only listed. */
  const ASN1_OCTET_STRING *key_id;
  const X509_NAME *issuer;
  const ASN1_INTEGER *serial;

  const X509_ALGOR *algorithm; /* of the transport, the agreement, or the KEM */
  const ASN1_OCTET_STRING *encrypted_key;

  X509_ALGOR *wrap;             /* agreement, KEM: what the content key is wrapped with */
  const ASN1_OCTET_STRING *ukm; /* agreement, KEM: or NULL */

  const ASN1_BIT_STRING *originator; /* agreement: the sender's ephemeral public key, or NULL */

  const ASN1_OCTET_STRING *kem_ciphertext; /* KEM */
  const X509_ALGOR *kdf;
  long kek_length;
} LlRecipient;

typedef struct _LlRecipients LlRecipients;

/* `set`: the SET OF RecipientInfo with its tag. LL_ERROR_BAD_DATA when it is malformed, empty, or
 * more than LL_LIMIT_RECIPIENTS. (transfer full) */
LlRecipients *ll_recipients_new (GBytes *set, GError **error);
void ll_recipients_free (LlRecipients *recipients);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlRecipients, ll_recipients_free)

guint ll_recipients_get_n (const LlRecipients *recipients);
const LlRecipient *ll_recipients_get (const LlRecipients *recipients, guint index);

/* It is for the one whose certificate this is. */
gboolean ll_recipient_matches (const LlRecipient *recipient, X509 *certificate);

/* How people name it: see ll_smime_hint(); "password" and the like for what is only listed.
 * (transfer full) */
char *ll_recipient_get_hint (const LlRecipient *recipient);

/* An algorithm by its dotted number: OpenSSL 3.0 has no number of its own for many of them. */
gboolean ll_algorithm_is (const X509_ALGOR *algorithm, const char *dotted);

G_END_DECLS
