/* x509-crl-private.h - what CRLs say of the certificates of a path (RFC 5280 section 6.3.3).
 *
 * For keys/x509-revocation alone. What enters: CRLs, each with where it came from, and a path. What
 * leaves: an answer for each certificate of the path but its anchor. It fetches nothing.
 */
#pragma once

#include "bridge/openssl-glue.h"

#include "keys/x509-revocation-answer.h"

G_BEGIN_DECLS

typedef struct
{
  X509_CRL *crl;
  const char *source; /* as in LlRevocation; static */
  char *from;         /* or NULL */
  gint64 this_update, next_update;
  X509 *signer; /* whose key made it, once that has been found out */
} LlCrl;

/* One CRL in DER; NULL when it is none. (transfer full) (nullable) */
LlCrl *ll_crl_new (GBytes *der, const char *source, const char *from);
void ll_crl_free (LlCrl *crl);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlCrl, ll_crl_free)

/* All CRLs of a file, in PEM or DER. Empty when there is none in it, or one that cannot be read.
 * (transfer full, of LlCrl) */
GPtrArray *ll_crl_read (GBytes *file, const char *source, const char *from);

/* Whether it is of use at `time`: made before, and not replaced by then. */
gboolean ll_crl_is_fresh (const LlCrl *crl, gint64 time);

/* The addresses of http and https in the distribution points of a certificate: of complete lists
 * first, then of deltas. (transfer full, of char *) */
GPtrArray *ll_crl_addresses (X509 *certificate);

/* Puts into `answers` (of LlRevocation, one for each certificate of the path but the last) what
 * `crls` (of LlCrl) say, where that is more than what stands there. `now` is the time of the
 * clock. */
void ll_crl_judge (GPtrArray *crls, const LlX509RevocationQuestion *question, gint64 now,
                   GPtrArray *answers);

/* --- who has signed a CRL --- */

/* Whether it can say something about the certificate: it is its issuer's, or of one whom the
 * certificate names (an indirect CRL). */
gboolean ll_crl_is_about (const LlCrl *crl, X509 *certificate);
/* The same for some certificate of the path but its anchor. */
gboolean ll_crl_is_about_path (const LlCrl *crl, const LlX509RevocationQuestion *question);

/* Whether somebody under the anchor of the path has signed it; what that issuer may speak of is
 * another question. */
gboolean ll_crl_is_genuine (LlCrl *crl, const LlX509RevocationQuestion *question, gint64 time);

/* Signed with a digest that can be forged (SC-19). */
gboolean ll_crl_is_weak (const X509_CRL *crl);

/* The certificate at `index`; what may stand between a CRL's issuer and the anchor, with
 * `certificates` (nullable) of ours; the anchor alone. (transfer none / full / full) */
X509 *ll_crl_certificate_at (GPtrArray *keys, guint index);
LlX509Borrowed *ll_crl_between (const LlX509RevocationQuestion *question, GPtrArray *certificates);
X509_STORE *ll_crl_store_of (const LlX509RevocationQuestion *question);

G_END_DECLS
