/* import.h - keys and certificates from a file into the user's own key rings.
 *
 * What enters: the octets of one file: OpenPGP keys, certificates in PEM or DER or a bundle of
 * them, PKCS #12, or private keys in PEM or PKCS #8 beside their certificates. What leaves: the
 * same in gpg's and gpgsm's key rings and the private keys in gpg-agent, and an account of what was
 * new. It does NOT make anything trusted: neither anchors nor owner trust are touched.
 */
#pragma once

#include <gio/gio.h>

#include "base/policy.h"
#include "base/protocol.h"

G_BEGIN_DECLS

typedef struct
{
  LlProtocol protocol;
  guint considered;        /* keys and certificates in the file */
  guint imported;          /* new ones */
  guint updated;           /* known ones that brought something new */
  guint unchanged;         /* known ones */
  guint rejected;          /* that the key ring did not take */
  guint secret_considered; /* private keys in the file; imported or known already */
  GPtrArray
      *fingerprints; /* of char*: the keys that are in the key ring now, as GnuPG names them */
} LlImportResult;

void ll_import_result_free (LlImportResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlImportResult, ll_import_result_free)

typedef struct
{
  const LlPolicy *policy;
  const char *name;   /* of the file, for pinentry; or NULL */
  GBytes *passphrase; /* of the file's private keys; NULL: pinentry asks for it when it needs one */
  GCancellable *cancellable;
} LlImportRequest;

/* LL_ERROR_BAD_DATA: nothing in it that can be imported; also SC-24. LL_ERROR_KEY_LOCKED: the
 * passphrase is wrong or was not given. LL_ERROR_UNSUPPORTED_ALGORITHM: gpg-agent cannot keep keys
 * of that kind. Nothing is imported from a file of whose private keys gpg-agent did not take one:
 * those that it took just before are removed from it again. (transfer full) */
LlImportResult *ll_import (GBytes *file, const LlImportRequest *request, GError **error);

/* Certificates that are at hand, issuers first. (transfer full) */
LlImportResult *ll_import_certificates (GPtrArray *keys, const LlImportRequest *request,
                                        GError **error);

G_END_DECLS
