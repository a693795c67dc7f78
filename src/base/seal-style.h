/* seal-style.h - how the user wants S/MIME messages to be made, beside the cipher: a plain value
 * for settings, options and requests. What each of them is in CMS is the engine's business.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  LL_DIGEST_CHOOSE, /* as strong as the key (SM-01) */
  LL_DIGEST_SHA256,
  LL_DIGEST_SHA384,
  LL_DIGEST_SHA512,
  LL_N_DIGESTS
} LlDigest;

/* All zero: what every program can read. */
typedef struct
{
  gboolean pss;    /* RSA signs with PSS (RFC 4056); a key on a card that cannot signs as before */
  gboolean oaep;   /* the content key goes to RSA with OAEP (RFC 3560), which gpgsm cannot read */
  gboolean key_id; /* signers and recipients by subject key identifier, where the certificate has
                      one; else, and without, by issuer and serial number */
  gboolean strict; /* the profile of BR-11: PSS, OAEP, AES-GCM, no short keys; else a refusal */
  gboolean derived_key; /* the content key is derived (RFC 9709): only when every recipient said
                           that they can read it; no option says so */
  LlDigest digest;
} LlSealStyle;

/* "SHA-256"; NULL for CHOOSE. */
const char *ll_digest_name (LlDigest digest);

/* The other way round, in any case of letters and without the hyphen too; CHOOSE when there is no
 * such digest. */
LlDigest ll_digest_from_name (const char *name);

/* "SHA-256, SHA-384, SHA-512", for messages. */
const char *ll_digest_list (void);

/* What either of them wants; of two digests that of `wanted`. */
LlSealStyle ll_seal_style_join (const LlSealStyle *usual, const LlSealStyle *wanted);

G_END_DECLS
