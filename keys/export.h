/* export.h - keys and certificates out of the user's own key rings, for other programs and homes.
 *
 * What enters: keys as the key store knows them. What leaves: the octets of a file: OpenPGP public
 * keys in armor, certificates in PEM or DER, and with `secret` a certificate with its private key.
 *
 * The private key is the exception of the house: here, and nowhere else, it is in our process, from
 * gpg-agent's answer until it stands encrypted in the file. It lives in memory that is wiped, and
 * is asked for last, when nobody has to be waited for any more. Private OpenPGP keys are not
 * exported.
 */
#pragma once

#include <gio/gio.h>

#include "base/policy.h"
#include "keys/key.h"

G_BEGIN_DECLS

typedef enum
{
  LL_EXPORT_PEM, /* certificates, and with `secret` the key encrypted as PKCS #8; OpenPGP: armor */
  LL_EXPORT_DER, /* one certificate; not with `secret` */
  LL_EXPORT_PKCS12, /* with `secret` alone */
} LlExportForm;

typedef struct
{
  const LlPolicy *policy;
  LlExportForm form;
  gboolean secret;
  gboolean legacy;    /* PKCS #12 for programs that do not know AES there */
  GPtrArray *issuers; /* of LlKey: where the chain that goes with a private key is found; or NULL */
  GBytes *passphrase; /* for the file, UTF-8; NULL: pinentry asks for it, twice */
  const char *name;   /* of the file, for pinentry; or NULL */
  GCancellable *cancellable;
} LlExportRequest;

/* `keys` are all of one technology; with `secret` exactly one. LL_ERROR_UNSUPPORTED_OPTION: not in
 * this form. LL_ERROR_KEY_LOCKED: the passphrase of the key was not given, or an empty one for the
 * file. LL_ERROR_UNSUPPORTED_ALGORITHM: the key is on a card. LL_ERROR_MISSING_INPUT: its private
 * part is not here. Wiped when it goes. (transfer full) */
GBytes *ll_export (GPtrArray *keys, const LlExportRequest *request, GError **error);

G_END_DECLS
