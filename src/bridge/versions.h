/* versions.h - which libraries this process runs with, and what they can do. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  const char *name;    /* "OpenSSL" */
  const char *version; /* as the library itself tells at run time */
} LlLibrary;

/* Every foreign library that does cryptography or MIME for us; ends with a NULL name. Static. */
const LlLibrary *ll_versions_of_libraries (void);

typedef struct
{
  const char *name;   /* "AES-256-GCM" */
  gboolean available; /* in the library that is loaded now */
} LlAbility;

/* What the loaded OpenSSL can do of what S/MIME may ask for; ends with a NULL name. Static. */
const LlAbility *ll_versions_of_abilities (void);

G_END_DECLS
