/* x509-name-private.h - the names in a certificate, as text: for keys/ alone.
 *
 * What enters: a parsed certificate. What leaves: UTF-8 strings and the mail addresses it claims.
 * It does NOT compare names: issuers and subjects are compared by OpenSSL on their encoding
 * (SC-20), never on these strings.
 */
#pragma once

#include <openssl/x509.h>

#include "keys/key.h"

G_BEGIN_DECLS

/* "CN=Alice, O=Example, C=DE": most specific first. (transfer full) */
char *ll_x509_name_to_text (const X509_NAME *name);

/* The first entry of that kind (NID_commonName ...), or NULL. (transfer full) (nullable) */
char *ll_x509_name_dup_entry (const X509_NAME *name, int nid);

/* Adds a user ID to `key` for each address of the certificate: those of the subject alternative
 * name and, only when that has none, those of the subject (SC-09, SC-21). An address with a NUL in
 * it, or in an encoding that its field does not allow, gives an invalid user ID (SC-20). `name`
 * (nullable) stands beside each. Addresses of the subject are looked at only when `subject_counts`.
 */
void ll_x509_name_add_user_ids (X509 *certificate, LlKey *key, const char *name,
                                gboolean subject_counts);

G_END_DECLS
