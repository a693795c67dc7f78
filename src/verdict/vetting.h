/* vetting.h - what the issuer of a certificate has looked at, in words and in JSON.
 *
 * What enters: what keys/x509-vetting found. What leaves: sentences, and one JSON object that
 * reports and key listings share. It weighs nothing: no verdict depends on it.
 */
#pragma once

#include "bridge/json-glue.h"
#include "keys/x509-vetting.h"

G_BEGIN_DECLS

/* "that somebody reads mail at the address (strict rules)"; NULL when the certificate does not
 * tell. (transfer full) (nullable) */
char *ll_wording_vetting (const LlX509Vetting *vetting);

/* A rule that the certificate breaks, as a sentence. Static. */
const char *ll_wording_lint (LlLint lint);

/* The member “vetting” of a certificate: an object, or null for what is none or tells nothing. */
void ll_vetting_add_json (JsonBuilder *builder, const LlKey *key);

G_END_DECLS
