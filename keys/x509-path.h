/* x509-path.h - from a certificate to a trust anchor (RFC 5280 section 6).
 *
 * What enters: a certificate, the anchors, what may lie between, a purpose and a time. What leaves:
 * the path as far as it could be built, and what is wrong with it: with the path itself and with
 * its time, apart from each other. It does NOT know where anchors come from (keys/trust), does NOT
 * look at revocation, does NOT compare addresses, and never opens the network.
 */
#pragma once

#include "base/reason.h"
#include "keys/x509-pool.h"

G_BEGIN_DECLS

typedef enum
{
  LL_PURPOSE_SIGN,    /* SC-14: digitalSignature or nonRepudiation */
  LL_PURPOSE_ENCRYPT, /* SC-01: keyEncipherment or keyAgreement, as the kind of key needs */
  LL_PURPOSE_CERTIFY, /* SC-08: an authority that is looked at by itself */
} LlPurpose;

/* Trust anchors, made ready once for many paths. */
typedef struct _LlX509Anchors LlX509Anchors;

/* `certificates` of LlKey. (transfer full) */
LlX509Anchors *ll_x509_anchors_new (GPtrArray *certificates);
void ll_x509_anchors_free (LlX509Anchors *anchors);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlX509Anchors, ll_x509_anchors_free)

/* A certificate named by its digest, as signing-certificate attributes do (RFC 5035 section 4). */
typedef struct
{
  char *digest; /* "SHA-256" ..., as OpenSSL knows it */
  GBytes *hash; /* of the whole certificate */
} LlListedCertificate;

LlListedCertificate *ll_listed_certificate_new (const char *digest, GBytes *hash);
void ll_listed_certificate_free (LlListedCertificate *listed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlListedCertificate, ll_listed_certificate_free)

typedef struct
{
  LlX509Anchors *anchors;
  GPtrArray *extra;         /* of LlKey, or NULL: from the message; may be a part of the path, never
                               its end (SC-12); no more than LL_LIMIT_CERTIFICATES are looked at */
  LlX509Pool *certificates; /* the same, from the keybox: all of them are looked at */
  GPtrArray *listed;        /* of LlListedCertificate, or NULL: two or more limit what may stand in
                               the path, beside the anchor (ES-08) */
  LlPurpose purpose;
  gint64 at;
} LlX509PathQuestion;

typedef struct
{
  GPtrArray *chain;     /* of LlKey, leaf first; at least the leaf */
  LlKey *anchor;        /* where it ends, or NULL; borrowed from `chain` */
  LlReason reason;      /* why the path is not good, or NONE */
  LlReason time_reason; /* why it is not good at that time, or NONE */
} LlX509Path;

void ll_x509_path_free (LlX509Path *path);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlX509Path, ll_x509_path_free)

/* Never fails: what OpenSSL could not do is PATH_INVALID. (transfer full) */
LlX509Path *ll_x509_path_build (LlKey *leaf, const LlX509PathQuestion *question);

G_END_DECLS
