/* policy.h - the user's choices, as a plain value that is passed down; nothing below the doors
 * reads settings or the environment by itself.
 */
#pragma once

#include <glib.h>

#include "base/cipher.h"
#include "base/seal-style.h"

G_BEGIN_DECLS

/* How far to go to learn whether a certificate was revoked. */
typedef enum
{
  LL_REVOCATION_SOFT,    /* ask what is cached; say "unknown" otherwise; no network (rule 3) */
  LL_REVOCATION_ONLINE,  /* fetch what is missing; "unknown" stays a caution */
  LL_REVOCATION_REQUIRE, /* fetch what is missing; without an answer nothing is good */
} LlRevocationMode;

/* "soft", "online", "require". */
const char *ll_revocation_mode_name (LlRevocationMode mode);
/* FALSE for any other word. */
gboolean ll_revocation_mode_parse (const char *word, LlRevocationMode *mode);

typedef struct
{
  gint64 at;               /* judge as of this time; 0: now */
  char *anchors_file;      /* PEM file of trust anchors for S/MIME, or NULL */
  char *gpg_program;       /* the gpg to run, or NULL for GPGME's choice */
  gboolean system_anchors; /* S/MIME: also the system's anchors for e-mail, of p11-kit */
  LlRevocationMode revocation;
  gboolean fetch_issuers; /* S/MIME: missing intermediates from the addresses in certificates */
  gboolean fetch_local;   /* S/MIME: these also from addresses of the local network (SC-25) */
  char **crl_files;       /* CRLs at hand, PEM or DER; or NULL */
  LlCipher cipher;        /* S/MIME: encrypt with this one; CHOOSE: by what recipients can read */
  char **key_files;       /* S/MIME: private keys that gpg-agent cannot hold (ML-KEM), or NULL */
  gboolean allow_weak;    /* S/MIME: consent to open 3DES and RC2 (AL-11) */
  gboolean learn;         /* remember certificates and capabilities of good signers (SM-29) */
  char *peers_file;       /* where that is remembered; NULL: nothing is */
  LlSealStyle style;      /* S/MIME: how the user likes messages to be made; without `strict` */
  gboolean strict;        /* the profile of BR-11: RSA from 3000 bits, SHA-2, PSS, OAEP, GCM */
  gboolean encrypt_to_self;
  gboolean always_trust; /* OpenPGP: encrypt to keys whose validity is not established */
} LlPolicy;

/* The defaults. (transfer full) */
LlPolicy *ll_policy_new (void);
LlPolicy *ll_policy_copy (const LlPolicy *policy);
void ll_policy_free (LlPolicy *policy);

/* The time to judge at: policy->at, or now. */
gint64 ll_policy_time (const LlPolicy *policy);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlPolicy, ll_policy_free)

G_END_DECLS
