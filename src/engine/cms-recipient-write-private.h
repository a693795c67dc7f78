/* cms-recipient-write-private.h - one recipient of an encrypted message, written: RSA (RFC 5652
 * section 6.2.1, RFC 3560), ECDH on the NIST and brainpool curves (RFC 5753), X25519 (RFC 8418).
 *
 * What enters: a certificate and the content key. What leaves: one RecipientInfo. Everything that
 * is made for it, an ephemeral key above all, is made anew each time and gone afterwards (AL-03).
 * Which certificates may be used, the plan has settled; here only what the certificate itself says
 * is looked at (SC-01).
 */
#pragma once

#include "base/seal-style.h"
#include "keys/key.h"

G_BEGIN_DECLS

typedef struct
{
  GBytes *info;  /* DER */
  guint version; /* of the RecipientInfo: that of the whole follows from it */
} LlRecipientWritten;

/* LL_ERROR_CANNOT_ENCRYPT, naming whose certificate it is. `written` is the caller's to clear. */
gboolean ll_recipient_write (LlKey *key, const guint8 *content_key, gsize length,
                             const LlSealStyle *style, LlRecipientWritten *written, GError **error);

G_END_DECLS
