/* key.h - one immutable value for both worlds: an OpenPGP certificate or an X.509 certificate.
 *
 * What it knows is what the key itself says and what the keyring says of it; whether it is to be
 * believed for an address at a time is the room "trust". Strings are as found: pass them through
 * base/text before showing them. Reference-counted; thread-safe because immutable.
 */
#pragma once

#include "base/protocol.h"

G_BEGIN_DECLS

typedef struct _LlKey LlKey;

/* What GnuPG calls validity: how sure the keyring is that a user ID belongs to the key. */
typedef enum
{
  LL_VALIDITY_UNKNOWN,
  LL_VALIDITY_UNDEFINED,
  LL_VALIDITY_NEVER,
  LL_VALIDITY_MARGINAL,
  LL_VALIDITY_FULL,
  LL_VALIDITY_ULTIMATE,
} LlValidity;

typedef struct
{
  char *text;    /* the whole user ID, or the subject / alternative name */
  char *name;    /* the name part, or NULL */
  char *address; /* the addr-spec parsed strictly (OP-17, SC-21), or NULL */
  gboolean revoked;
  gboolean invalid;
  LlValidity validity; /* OpenPGP only */
} LlUserId;

typedef struct
{
  char *fingerprint; /* upper-case hexadecimal */
  char *keygrip;     /* upper-case hexadecimal, or NULL */
  char *algorithm;   /* "rsa3072", "ed25519", "cv25519", "nistp256" ... */
  gint64 created;    /* 0: unknown */
  gint64 expires;    /* 0: never */
  gboolean revoked, expired, disabled, can_sign, can_encrypt, can_certify, has_secret, on_card;
} LlSubkey;

LlKey *ll_key_ref (LlKey *key);
void ll_key_unref (LlKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlKey, ll_key_unref)

LlProtocol ll_key_get_protocol (const LlKey *key);

/* Upper-case hexadecimal. OpenPGP: the primary key's (40 or 64 digits). X.509: SHA-256 of the DER
 * (64 digits). */
const char *ll_key_get_fingerprint (const LlKey *key);

/* X.509: the SHA-1 fingerprint, by which gpgsm knows the certificate. OpenPGP: same as
 * ll_key_get_fingerprint(). */
const char *ll_key_get_gnupg_fingerprint (const LlKey *key);

/* Of LlUserId, the primary one first. Borrowed. */
GPtrArray *ll_key_get_user_ids (const LlKey *key);

/* Of LlSubkey, the primary key first; an X.509 certificate has exactly one. Borrowed. */
GPtrArray *ll_key_get_subkeys (const LlKey *key);

/* The name or address by which people know the key; never NULL, not made safe. Borrowed. */
const char *ll_key_get_title (const LlKey *key);

/* The first address, or NULL. Borrowed. */
const char *ll_key_get_address (const LlKey *key);

gint64 ll_key_get_created (const LlKey *key); /* X.509: notBefore */
gint64 ll_key_get_expires (const LlKey *key); /* 0: never; X.509: notAfter */
gboolean ll_key_is_revoked (const LlKey *key);
gboolean ll_key_is_disabled (const LlKey *key);
gboolean ll_key_has_secret (const LlKey *key);

/* TRUE when some subkey (or the certificate, by its key usage: SC-01, SC-14) can do it at the time
 * `at`: not revoked, expired or disabled. */
gboolean ll_key_can_sign (const LlKey *key, gint64 at);
gboolean ll_key_can_encrypt (const LlKey *key, gint64 at);

/* TRUE when a user ID that is neither revoked nor invalid has this address (SC-08). */
gboolean ll_key_has_address (const LlKey *key, const char *address);

/* X.509 only: the DER, the names as people read them, the serial number in hexadecimal; NULL for
 * OpenPGP. Borrowed. */
GBytes *ll_key_get_der (const LlKey *key);
const char *ll_key_get_subject (const LlKey *key);
const char *ll_key_get_issuer (const LlKey *key);
const char *ll_key_get_serial (const LlKey *key);

G_END_DECLS
