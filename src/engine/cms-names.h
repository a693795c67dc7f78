/* cms-names.h - the algorithms that S/MIME messages name: tables of what they are called, which of
 * them we take, and which of those are weak. `nid` is OpenSSL's number for an algorithm.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  int nid;
  const char *name;   /* "SHA-256" */
  const char *micalg; /* as in multipart/signed (SM-17): "sha-256" */
  guint bytes;        /* how long it is */
  gboolean weak;      /* AL-13 */
} LlCmsDigest;

/* NULL: not a digest that we take. */
const LlCmsDigest *ll_cms_digest_find (int nid);

typedef struct
{
  int nid;
  const char *name; /* "AES-256-CBC" */
  gboolean aead;
  gboolean weak;   /* AL-11: only ever read */
  gboolean legacy; /* lives in OpenSSL's "legacy" provider */
} LlCmsCipher;

/* NULL: not a cipher that we take. */
const LlCmsCipher *ll_cms_cipher_find (int nid);

/* "RSA", "RSA-PSS", "ECDSA" ...: of a signature, key-transport or key-agreement algorithm without
 * its digest; NULL when unknown. */
const char *ll_cms_algorithm_name (int nid);

G_END_DECLS
