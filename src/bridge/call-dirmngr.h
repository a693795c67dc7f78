/* call-dirmngr.h - what we ask of dirmngr: files from the network, and what its cache of CRLs
 * knows.
 *
 * dirmngr is the one that goes to the network: it obeys the user's proxy and Tor settings. What it
 * brings is not believed here; keys/ look at every signature. Every call ends in time, and ends at
 * once when it is cancelled. Thread-safe.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The file at an http or https URL: a certificate, a CRL, an answer of OCSP. Starts dirmngr when
 * there is none. No more than `limit` octets, no longer than `seconds` (0: LL_FETCH_SECONDS).
 * Errors: LL_ERROR_FAILED (dirmngr or the server cannot be reached, or there is nothing there),
 * LL_ERROR_BAD_DATA (too large, or no URL that is fetched), G_IO_ERROR_CANCELLED.
 * (transfer full) */
GBytes *ll_dirmngr_fetch (const char *url, gsize limit, guint seconds, GCancellable *cancellable,
                          GError **error);

/* TRUE when dirmngr has been told to go by a proxy or by Tor: then names are looked up elsewhere.
 */
gboolean ll_dirmngr_has_proxy (void);

/* What dirmngr's cache says of a certificate. */
typedef enum
{
  LL_DIRMNGR_UNKNOWN,
  LL_DIRMNGR_GOOD,
  LL_DIRMNGR_REVOKED,
} LlDirmngrWord;

/* Which certificate is meant. */
typedef struct
{
  const char *issuer;      /* its issuer as libksba writes it, see keys/x509-ksba-name */
  const char *serial;      /* the octets of its serial number in hexadecimal digits, sign octet and
                              all */
  const char *fingerprint; /* SHA-1 of the root that the caller has found trustworthy, 40 digits:
                              the only one that is confirmed to dirmngr */
} LlDirmngrQuestion;

typedef struct
{
  LlDirmngrWord word;
  gint64 this_update, next_update; /* of the CRL; 0: not known */
  gint64 revoked_at;               /* 0: not known */
  char *reason;                    /* "superseded" ... in dirmngr's words; or NULL */
  char *url;                       /* where the CRL came from; or NULL */
} LlDirmngrAnswer;

void ll_dirmngr_answer_clear (LlDirmngrAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LlDirmngrAnswer, ll_dirmngr_answer_clear)

/* Asks the cache and nothing but the cache: no network, and no dirmngr is started unless its cache
 * on disk has a CRL of that issuer. UNKNOWN is an answer, not an error. FALSE on error:
 * LL_ERROR_FAILED, G_IO_ERROR_CANCELLED. */
gboolean ll_dirmngr_ask_cache (const LlDirmngrQuestion *question, LlDirmngrAnswer *answer,
                               GCancellable *cancellable, GError **error);

/* "2.2.40": also the way to ask whether dirmngr answers. With `may_launch` it is started.
 * (transfer full) */
char *ll_dirmngr_get_version (gboolean may_launch, GCancellable *cancellable, GError **error);

G_END_DECLS
