/* test-revocation-server.h - for tests of revocation: CRLs made to order, and a web server on
 * loopback that counts who comes. Everything asserts.
 */
#pragma once

#include "keys/test-certificates.h"

G_BEGIN_DECLS

#define TEST_REVOKED_MAX 4

typedef struct
{
  const TestCertificate *issuer;
  const TestCertificate *signer; /* NULL: the issuer */
  gint64 this_update, next_update;
  const LlKey *revoked[TEST_REVOKED_MAX];
  gint64 revoked_at;
  int reason;         /* RFC 5280 section 5.3.1; -1: none */
  const char *digest; /* NULL: SHA256 */
  long number;        /* 0: none */
} TestCrl;

/* In DER. (transfer full) */
GBytes *test_crl_new (const TestCrl *crl);

/* A web server in a thread of its own. */
typedef struct _TestServer TestServer;

TestServer *test_server_new (void);
void test_server_free (TestServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestServer, test_server_free)

guint16 test_server_port (TestServer *server);
/* "http://127.0.0.1:PORT" with the path. (transfer full) */
char *test_server_url (TestServer *server, const char *path);
/* NULL takes it away. */
void test_server_put (TestServer *server, const char *path, GBytes *bytes);
/* It takes connections and says nothing. */
void test_server_hang (TestServer *server, gboolean hang);
/* How many requests have come. */
guint test_server_count (TestServer *server);

G_END_DECLS
