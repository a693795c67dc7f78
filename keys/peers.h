/* peers.h - what good signatures have taught of the people that one writes to.
 *
 * A small file, $XDG_DATA_HOME/letterlock/peers.sqlite: for each address the certificates seen,
 * what its owner's program can read (SMIMECapabilities), and when that was signed. No message, no
 * subject, no key. It does NOT judge: what is to be learnt comes from ops/, which has seen a
 * verdict (SM-29, E2E-28); and nothing in it makes anything trusted.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A signature from further in the future than this teaches nothing (SM-29). */
#define LL_PEERS_CLOCK_SKEW_SECONDS (24 * 60 * 60)

/* Where the file is, whether or not it exists. (transfer full) */
char *ll_peers_path (void);

typedef struct
{
  char *address;          /* folded: lower case, the domain in ASCII */
  char *signer;           /* fingerprint (SHA-256) of the certificate that signed last */
  char *encryption;       /* that of the one that they want to be written to (SM-30); or NULL */
  gint64 signed_at;       /* the newest signing time that taught something; 0: it had none */
  GBytes *capabilities;   /* SMIMECapabilities, DER; or NULL */
  gint64 capabilities_at; /* signing time of the message that they came with */
  gint64 learnt_at;       /* when it was read here */
} LlPeer;

void ll_peer_free (LlPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlPeer, ll_peer_free)

/* A certificate that signed for an address. */
typedef struct
{
  char *fingerprint;
  gint64 first_at, last_at; /* signing times */
} LlPeerCertificate;

void ll_peer_certificate_free (LlPeerCertificate *certificate);

typedef struct _LlPeers LlPeers;

/* Opens nothing yet: a file that is not there, and one that is not asked, cost nothing. A file that
 * cannot be used is tried once; every question is then answered with the same error. NULL for
 * `path`: nothing is known, nothing is remembered. (transfer full) */
LlPeers *ll_peers_new (const char *path);
void ll_peers_free (LlPeers *peers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlPeers, ll_peers_free)

/* What is known of an address; NULL without `error` when that is nothing. Errors: those of
 * ll_sqlite_open(). (transfer full) (nullable) */
LlPeer *ll_peers_find (LlPeers *peers, const char *address, GError **error);

/* The certificates that signed for an address, newest first. (transfer full, of LlPeerCertificate)
 */
GPtrArray *ll_peers_list_certificates (LlPeers *peers, const char *address, GError **error);

typedef enum
{
  LL_LEARNT_NOTHING = 0,           /* it is older than what is known, or from the future */
  LL_LEARNT_TIME = 1 << 0,         /* newer, and says the same: written down all the same */
  LL_LEARNT_CERTIFICATE = 1 << 1,  /* another certificate than before, to sign or to encrypt to */
  LL_LEARNT_CAPABILITIES = 1 << 2, /* other capabilities than before */
} LlLearnt;

/* Remembers `news` (learnt_at and capabilities_at are not looked at) when its signing time is newer
 * than that of what is known, and no more than LL_PEERS_CLOCK_SKEW_SECONDS ahead of now (SM-29). A
 * newer signature without capabilities leaves those that are known. FALSE with `error` when it
 * cannot be written: LL_ERROR_OUTPUT when nothing can be written there at all. */
gboolean ll_peers_learn (LlPeers *peers, const LlPeer *news, LlLearnt *learnt, GError **error);

/* What ll_peers_learn() would answer, without learning it yet; but that it could be written down is
 * made sure of. */
gboolean ll_peers_compare (LlPeers *peers, const LlPeer *news, LlLearnt *learnt, GError **error);

/* Forgets an address, or everybody with NULL. `n` gets how many were known. */
gboolean ll_peers_forget (LlPeers *peers, const char *address, guint *n, GError **error);

G_END_DECLS
