/* key-private.h - the value behind a Key, open while it is being made: for keys/ and for tests that
 * need a key made by hand.
 *
 * Who makes a key fills the fields and calls ll_key_freeze(); from then on nobody writes to it.
 */
#pragma once

#include "keys/key.h"

G_BEGIN_DECLS

struct _LlKey
{
  gatomicrefcount ref_count;
  LlProtocol protocol;

  /* Owned. */
  char *fingerprint;
  char *gnupg_fingerprint; /* NULL: the same as `fingerprint` */
  GPtrArray *user_ids;     /* of LlUserId */
  GPtrArray *subkeys;      /* of LlSubkey */
  GBytes *der;             /* this and the names below: X.509 only */
  char *subject;
  char *issuer;
  char *serial;
  gpointer foreign; /* gpgme_key_t or X509 */
  GDestroyNotify foreign_free;

  /* Of the key as a whole; the subkeys have their own. */
  gint64 created, expires;
  gboolean revoked, disabled;
};

/* An empty key to fill in. (transfer full) */
LlKey *ll_key_new (LlProtocol protocol);

/* Appends an empty user ID or subkey to fill in. Borrowed. */
LlUserId *ll_key_add_user_id (LlKey *key);
LlSubkey *ll_key_add_subkey (LlKey *key);

/* The end of filling in: the key must have a fingerprint and a subkey. Returns its argument. */
LlKey *ll_key_freeze (LlKey *key);

G_END_DECLS
