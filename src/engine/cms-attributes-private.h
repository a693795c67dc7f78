/* cms-attributes-private.h - what a signer signs besides the content: the signed attributes.
 *
 * What enters: one SignerInfo of OpenSSL. What leaves: what its attributes say, or the reason why
 * they cannot be right. It computes no digest of the content and verifies no signature; those of
 * our own signatures are written by cms-attributes-write.
 */
#pragma once

#include <openssl/cms.h>

#include <glib.h>

#include "base/reason.h"

G_BEGIN_DECLS

/* FALSE: the signature is over the content itself (CM-13). */
gboolean ll_cms_attributes_present (const CMS_SignerInfo *si);

/* The octets that are signed: a SET OF attributes in DER, with the tag of a SET (CM-05), however
 * they came. `as_they_came`: in the order they came in, when that is another one; else NULL. NULL
 * without signed attributes. (transfer full) (nullable) */
GBytes *ll_cms_attributes_encode (const CMS_SignerInfo *si, gboolean as_they_came);

/* ATTRIBUTE_CARDINALITY, CONTENT_TYPE_MISMATCH, ALGORITHM_PROTECTION or NONE (CM-01, CM-11, SM-32,
 * ES-07). Without signed attributes only the unsigned ones are looked at. */
LlReason ll_cms_attributes_check (CMS_SignerInfo *si, const ASN1_OBJECT *content_type);

/* Borrowed; NULL when there is none. */
const ASN1_OCTET_STRING *ll_cms_attributes_digest (const CMS_SignerInfo *si);

/* As the signer claims; 0: not stated or not readable (SM-08, SM-26). */
gint64 ll_cms_attributes_time (const CMS_SignerInfo *si);

/* FALSE when a signingCertificate or signingCertificateV2 attribute names another certificate than
 * this first (ES-05, ES-06), or cannot be read. */
gboolean ll_cms_attributes_name_certificate (const CMS_SignerInfo *si, const X509 *certificate);

/* The certificates that signingCertificateV2 or signingCertificate lists, of LlListedCertificate
 * (ES-08); NULL without such an attribute. (transfer full) (nullable) */
GPtrArray *ll_cms_attributes_dup_listed (const CMS_SignerInfo *si);

/* The one value of the signed attribute of this type, if it has the ASN.1 type (-1: any). Borrowed.
 * (nullable) */
const ASN1_TYPE *ll_cms_attributes_value (const CMS_SignerInfo *si, const ASN1_OBJECT *oid,
                                          int type);

G_END_DECLS
