/* x509-ksba-name-private.h - a name as libksba writes it: dirmngr's cache is indexed by its hash.
 *
 * What enters: a name of a certificate. What leaves: RFC 2253 in libksba's reading, most specific
 * first, names it knows by letters and all others by number. It is an index and nothing else: names
 * are never compared by it (SC-20).
 */
#pragma once

#include <openssl/x509.h>

#include <glib.h>

G_BEGIN_DECLS

/* "CN=Alice,O=Example\, Inc.,C=DE"; NULL when the name cannot be parsed.
 * (transfer full) (nullable) */
char *ll_x509_ksba_name (const X509_NAME *name);

G_END_DECLS
