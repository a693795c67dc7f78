/* support.h - what C tests of the floors above bridge/ need: a throw-away GnuPG home with real
 * agents, OpenPGP keys, and certificates of an invented authority. Everything asserts: a test that
 * cannot be set up fails where it could not.
 *
 * Link tests/libll-support.la before the floor's own libraries.
 */
#pragma once

#include <gio/gio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

G_BEGIN_DECLS

/* A GnuPG home below /tmp, named in GNUPGHOME while it lives. */
typedef struct
{
  char *path;    /* GNUPGHOME */
  char *scratch; /* a directory of its own for the test's files, also removed */
} LlTestHome;

/* Starts no program by itself: agents come when they are needed. */
LlTestHome *ll_test_home_new (void);

/* Ends the home's own agents and removes all of it. */
void ll_test_home_free (LlTestHome *home);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlTestHome, ll_test_home_free)

/* What the home's fake pinentry does when it is asked. At first it cancels. */
typedef enum
{
  LL_TEST_PINENTRY_CANCELS,
  LL_TEST_PINENTRY_ANSWERS, /* with the passphrase given */
  LL_TEST_PINENTRY_WAITS,   /* for ever, as a person who is away */
  LL_TEST_PINENTRY_MISSING, /* there is no such program */
} LlTestPinentry;

/* `passphrase` is only used by ANSWERS. Takes effect at once. */
void ll_test_home_set_pinentry (LlTestHome *home, LlTestPinentry does, const char *passphrase);

/* How often the fake pinentry has been asked for a passphrase, and what it was told to show last
 * (percent-escapes undone). (transfer full) */
guint ll_test_home_count_pinentry (LlTestHome *home);
char *ll_test_home_get_prompt (LlTestHome *home);

/* A file in the scratch directory; `length` -1 for a text. Gives its path. (transfer full) */
char *ll_test_home_write (LlTestHome *home, const char *name, const void *data, gssize length);
GBytes *ll_test_home_read (LlTestHome *home, const char *name);

/* Ends this home's gpg-agent, as a crash would, and makes it read its files anew. */
void ll_test_home_kill_agent (LlTestHome *home);
void ll_test_home_reload_agent (LlTestHome *home);

/* Runs a program of the path and gives its standard output; `input` (nullable) is its standard
 * input. Asserts that it exits 0. (transfer full) */
GBytes *ll_test_run (GBytes *input, const char *program, ...) G_GNUC_NULL_TERMINATED;

/* The same without the assertion: the exit status, and what it wrote to both outputs. The outputs
 * may be NULL. */
int ll_test_run_status (GBytes *input, GBytes **output, char **errors, const char *const *argv);

/* A new OpenPGP key: "ed25519" (with cv25519) or "rsa3072". `passphrase` NULL: none. Gives the
 * primary fingerprint. (transfer full) */
char *ll_test_openpgp_key (LlTestHome *home, const char *user_id, const char *algorithm,
                           const char *passphrase);

/* A certificate and its private key, both in this process. */
typedef struct
{
  X509 *certificate;
  EVP_PKEY *key;
  char *fingerprint; /* SHA-1, upper-case: as gpgsm names it */
  char *keygrip;
  char *pem; /* the certificate */
} LlTestCert;

typedef struct
{
  const char *name;      /* common name; may be UTF-8 */
  const char *address;   /* for subjectAltName, or NULL */
  const char *algorithm; /* "rsa2048", "rsa3072", "rsa-pss2048", "P-256", "P-384", "P-521",
                            "brainpoolP256r1", "ED25519", "rsa-void" (its exponent is 1);
                            NULL: rsa2048 */
  const char *key_usage; /* in OpenSSL's words, NULL: "digitalSignature,keyEncipherment" (RSA) or
                            "digitalSignature,keyAgreement", "" for no extension */
  const char *extended_key_usage; /* NULL: "emailProtection", "" for no extension */
  gboolean authority;             /* a CA: keyCertSign,cRLSign, and no extended key usage */
  int days_from, days_to;         /* relative to now; both 0: -1 to 365 */
  const LlTestCert *issuer;       /* NULL: self-signed */
} LlTestCertSpec;

LlTestCert *ll_test_cert_new (const LlTestCertSpec *spec);
void ll_test_cert_free (LlTestCert *cert);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlTestCert, ll_test_cert_free)

/* Puts the certificate into gpgsm's keybox; `with_key`: and its private key, without a passphrase,
 * into gpg-agent's directory. */
void ll_test_cert_import (LlTestHome *home, const LlTestCert *cert, gboolean with_key);

/* Makes it an anchor: trustlist.txt with the flags "S relax". */
void ll_test_cert_trust (LlTestHome *home, const LlTestCert *cert);

G_END_DECLS
