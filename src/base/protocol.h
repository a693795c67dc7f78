/* protocol.h - the two technologies, named once. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  LL_PROTOCOL_UNKNOWN,
  LL_PROTOCOL_OPENPGP, /* RFC 9580, PGP/MIME of RFC 3156 */
  LL_PROTOCOL_SMIME,   /* CMS of RFC 5652, S/MIME of RFC 8551 */
} LlProtocol;

/* "openpgp", "smime" or "unknown": the word in options and JSON. */
const char *ll_protocol_name (LlProtocol protocol);

/* "OpenPGP", "S/MIME": the proper name for people; not translated. */
const char *ll_protocol_title (LlProtocol protocol);

G_END_DECLS
