/* openpgp-keyring-private.h - the GPGME view of an OpenPGP Key: for keys/ and engine/ alone. */
#pragma once

#include <gpgme.h>

#include "keys/key.h"

G_BEGIN_DECLS

/* The GPGME key of an OpenPGP Key. Borrowed. */
gpgme_key_t ll_openpgp_key_get (const LlKey *key);

/* A Key from a GPGME key; keeps a reference. (transfer full) */
LlKey *ll_openpgp_key_new (gpgme_key_t key);

G_END_DECLS
