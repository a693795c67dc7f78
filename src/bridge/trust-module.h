/* trust-module.h - the system's own list of certificates to trust and to distrust, by p11-kit.
 *
 * What enters: nothing, or the folders of a list (for tests). What leaves: what the trust module
 * of this system say, object by object. It does NOT decide whether that makes an anchor for mail
 * (keys/anchors), does not look into a certificate, and never loads any other PKCS #11 module: no
 * smart card is touched, and no driver's code runs here.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a list says of a certificate as an issuer for one purpose. */
typedef enum
{
  LL_TRUST_WORD_NONE,       /* nothing */
  LL_TRUST_WORD_TRUSTED,    /* it may issue for that */
  LL_TRUST_WORD_DISTRUSTED, /* it must not */
} LlTrustWord;

/* A certificate of the list. */
typedef struct
{
  GBytes *der;        /* or NULL: an entry that only names what is distrusted */
  GBytes *issuer;     /* DER of the name, or NULL */
  GBytes *serial;     /* DER of the INTEGER, or NULL */
  GBytes *public_key; /* SubjectPublicKeyInfo, by which extensions are attached; or NULL */
  gboolean trusted;   /* an anchor, for whatever purpose */
  gboolean distrusted;
} LlTrustCertificate;

/* An extension that the list, not the issuer, gives to the certificates with a public key. */
typedef struct
{
  GBytes *public_key;
  GBytes *extension; /* DER of the Extension */
} LlTrustExtension;

/* What the list says in NSS's words, by issuer and serial number. */
typedef struct
{
  GBytes *issuer, *serial;
  LlTrustWord mail;
  gboolean names_purposes; /* it does not say the same of every purpose */
} LlTrustPurposes;

typedef struct
{
  GPtrArray *certificates; /* of LlTrustCertificate */
  GPtrArray *extensions;   /* of LlTrustExtension: extended key usages alone */
  GPtrArray *purposes;     /* of LlTrustPurposes */
} LlTrustList;

/* What p11-kit's trust module reads where the system keeps its list; or, with `paths`, there (files
 * and folders, parted by colons). A system without that module has an empty list. LL_ERROR_FAILED
 * when a list is there and cannot be read. (transfer full) */
LlTrustList *ll_trust_list_load (const char *paths, GError **error);
void ll_trust_list_free (LlTrustList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlTrustList, ll_trust_list_free)

G_END_DECLS
