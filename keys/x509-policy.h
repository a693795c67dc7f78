/* x509-policy.h - the policies by which certificates say what their issuer has looked at (BR-01).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  LL_VETTED_NOT_TOLD,     /* the certificate does not say */
  LL_VETTED_MAILBOX,      /* somebody could read mail at the address */
  LL_VETTED_ORGANISATION, /* an organisation exists and holds the mailbox */
  LL_VETTED_SPONSOR,      /* an organisation says who of it holds the mailbox */
  LL_VETTED_INDIVIDUAL,   /* a natural person was identified */
} LlVetted;

typedef enum
{
  LL_GENERATION_NONE,
  LL_GENERATION_LEGACY,
  LL_GENERATION_MULTIPURPOSE,
  LL_GENERATION_STRICT,
} LlGeneration;

G_END_DECLS
