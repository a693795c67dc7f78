/* peers.c - what enters: a lesson that somebody else has found good. What leaves: what is known of
 * an address. One row for each address; the newest signing time wins (SM-29). */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "bridge/sqlite-glue.h"
#include "keys/peers.h"

struct _LlPeers
{
  char *path; /* NULL: nothing is remembered */
  LlSqlite *database;
  gboolean writable; /* `database` was opened to be written to */
  GError *failure;   /* why the file cannot be used; it is tried once */
};

static const char *const schema_sql[] = {
  /* times are seconds since 1970; fingerprints are SHA-256 in upper-case hexadecimal */
  "CREATE TABLE peer (address TEXT PRIMARY KEY NOT NULL, signer TEXT NOT NULL, encryption TEXT,"
  " signed_at INTEGER NOT NULL, capabilities BLOB, capabilities_at INTEGER,"
  " learnt_at INTEGER NOT NULL) WITHOUT ROWID;"
  "CREATE TABLE certificate (address TEXT NOT NULL, fingerprint TEXT NOT NULL,"
  " first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,"
  " PRIMARY KEY (address, fingerprint)) WITHOUT ROWID",
};

static const LlSqliteSchema schema = {
  .application_id = 0x4c6c5065, /* "LlPe" */
  .version = G_N_ELEMENTS (schema_sql),
  .sql = schema_sql,
};

char *
ll_peers_path (void)
{
  return g_build_filename (g_get_user_data_dir (), "letterlock", "peers.sqlite", NULL);
}

void
ll_peer_free (LlPeer *peer)
{
  if (peer == NULL)
    return;
  g_free (peer->address);
  g_free (peer->signer);
  g_free (peer->encryption);
  g_clear_pointer (&peer->capabilities, g_bytes_unref);
  g_free (peer);
}

void
ll_peer_certificate_free (LlPeerCertificate *certificate)
{
  if (certificate == NULL)
    return;
  g_free (certificate->fingerprint);
  g_free (certificate);
}

LlPeers *
ll_peers_new (const char *path)
{
  LlPeers *peers = g_new0 (LlPeers, 1);

  peers->path = g_strdup (path);
  return peers;
}

void
ll_peers_free (LlPeers *peers)
{
  if (peers == NULL)
    return;
  g_clear_pointer (&peers->database, ll_sqlite_close);
  g_clear_error (&peers->failure);
  g_free (peers->path);
  g_free (peers);
}

/* --- the file --------------------------------------------------------------------------------- */

/* TRUE with `peers->database` NULL when there is no file to read. A file that cannot be written may
 * still be read, so that only the other failures are for good. */
static gboolean
open_file (LlPeers *peers, gboolean to_write, GError **error)
{
  if (peers->failure == NULL && peers->path != NULL
      && (peers->database == NULL || (to_write && !peers->writable)))
    {
      g_autoptr (GError) local = NULL;

      g_clear_pointer (&peers->database, ll_sqlite_close);
      peers->database = ll_sqlite_open (peers->path, &schema, to_write, &local);
      peers->writable = to_write;
      if (g_error_matches (local, LL_ERROR, LL_ERROR_OUTPUT))
        return g_propagate_error (error, g_steal_pointer (&local)), FALSE;
      peers->failure = g_steal_pointer (&local);
    }
  if (peers->failure == NULL)
    return TRUE;
  if (error != NULL)
    *error = g_error_copy (peers->failure);
  return FALSE;
}

/* As ll_text_same_address() compares: ASCII case does not matter, nor how the domain is spelt. */
static char *
fold_address (const char *address)
{
  g_autofree char *lower = g_ascii_strdown (address, -1);
  char *at = strrchr (lower, '@');
  g_autofree char *domain = at != NULL ? g_hostname_to_ascii (at + 1) : NULL;

  if (domain == NULL)
    return g_steal_pointer (&lower);
  *at = '\0';
  return g_strconcat (lower, "@", domain, NULL);
}

/* --- looking up ------------------------------------------------------------------------------- */

static LlPeer *
read_peer (LlSqliteStatement *row)
{
  LlPeer *peer = g_new0 (LlPeer, 1);

  peer->address = ll_sqlite_dup_text (row, 0);
  peer->signer = ll_sqlite_dup_text (row, 1);
  peer->encryption = ll_sqlite_dup_text (row, 2);
  peer->signed_at = sqlite3_column_int64 (row, 3);
  peer->capabilities = ll_sqlite_dup_bytes (row, 4);
  peer->capabilities_at = sqlite3_column_int64 (row, 5);
  peer->learnt_at = sqlite3_column_int64 (row, 6);
  return peer;
}

/* `address` is folded. */
static LlPeer *
find_folded (LlPeers *peers, const char *address, GError **error)
{
  g_autoptr (LlSqliteStatement) query
      = ll_sqlite_prepare (peers->database,
                           "SELECT address, signer, encryption, signed_at, capabilities, "
                           "capabilities_at, learnt_at"
                           " FROM peer WHERE address = ?1",
                           error);

  if (query == NULL)
    return NULL;
  ll_sqlite_bind_text (query, 1, address);
  return ll_sqlite_step (query, error) == SQLITE_ROW ? read_peer (query) : NULL;
}

LlPeer *
ll_peers_find (LlPeers *peers, const char *address, GError **error)
{
  g_autofree char *folded = NULL;

  g_return_val_if_fail (peers != NULL && address != NULL, NULL);
  if (!open_file (peers, FALSE, error) || peers->database == NULL)
    return NULL;
  folded = fold_address (address);
  return find_folded (peers, folded, error);
}

GPtrArray *
ll_peers_list_certificates (LlPeers *peers, const char *address, GError **error)
{
  g_autoptr (GPtrArray) found
      = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_peer_certificate_free);
  g_autoptr (LlSqliteStatement) query = NULL;
  g_autofree char *folded = NULL;
  int step = SQLITE_DONE;

  g_return_val_if_fail (peers != NULL && address != NULL, NULL);
  folded = fold_address (address);
  if (!open_file (peers, FALSE, error))
    return NULL;
  if (peers->database == NULL)
    return g_steal_pointer (&found);
  query = ll_sqlite_prepare (peers->database,
                             "SELECT fingerprint, first_at, last_at FROM certificate"
                             " WHERE address = ?1 ORDER BY last_at DESC, fingerprint",
                             error);
  if (query == NULL)
    return NULL;
  ll_sqlite_bind_text (query, 1, folded);
  while ((step = ll_sqlite_step (query, error)) == SQLITE_ROW)
    {
      LlPeerCertificate *certificate = g_new0 (LlPeerCertificate, 1);
      certificate->fingerprint = ll_sqlite_dup_text (query, 0);
      certificate->first_at = sqlite3_column_int64 (query, 1);
      certificate->last_at = sqlite3_column_int64 (query, 2);
      g_ptr_array_add (found, certificate);
    }
  return step == SQLITE_DONE ? g_steal_pointer (&found) : NULL;
}

/* --- learning --------------------------------------------------------------------------------- */

/* SM-29. A signature without a time is older than any other. */
static gboolean
is_newer (const LlPeer *news, const LlPeer *known)
{
  return news->signed_at <= ll_clock_now () + LL_PEERS_CLOCK_SKEW_SECONDS
         && (known == NULL || news->signed_at > known->signed_at);
}

static gboolean
same_bytes (GBytes *a, GBytes *b)
{
  return a == b || (a != NULL && b != NULL && g_bytes_equal (a, b));
}

static LlLearnt
compare (const LlPeer *news, const LlPeer *known)
{
  LlLearnt learnt = LL_LEARNT_TIME;

  if (known == NULL || g_strcmp0 (news->signer, known->signer) != 0
      || g_strcmp0 (news->encryption, known->encryption) != 0)
    learnt |= LL_LEARNT_CERTIFICATE;
  if (news->capabilities != NULL
      && (known == NULL || !same_bytes (news->capabilities, known->capabilities)))
    learnt |= LL_LEARNT_CAPABILITIES;
  return learnt;
}

static gboolean
write_peer (LlPeers *peers, const char *address, const LlPeer *news, GError **error)
{
  g_autoptr (LlSqliteStatement) statement = ll_sqlite_prepare (
      peers->database,
      "INSERT INTO peer (address, signer, encryption, signed_at, capabilities, capabilities_at,"
      " learnt_at) VALUES (?1, ?2, ?3, ?4, ?5, CASE WHEN ?5 IS NULL THEN NULL ELSE ?4 END, ?6)"
      " ON CONFLICT (address) DO UPDATE SET signer = excluded.signer,"
      " encryption = excluded.encryption, signed_at = excluded.signed_at,"
      " capabilities = coalesce (excluded.capabilities, capabilities),"
      " capabilities_at = coalesce (excluded.capabilities_at, capabilities_at),"
      " learnt_at = excluded.learnt_at WHERE excluded.signed_at > signed_at",
      error);

  if (statement == NULL)
    return FALSE;
  ll_sqlite_bind_text (statement, 1, address);
  ll_sqlite_bind_text (statement, 2, news->signer);
  ll_sqlite_bind_text (statement, 3, news->encryption);
  sqlite3_bind_int64 (statement, 4, news->signed_at);
  ll_sqlite_bind_bytes (statement, 5, news->capabilities);
  sqlite3_bind_int64 (statement, 6, ll_clock_now ());
  return ll_sqlite_step (statement, error) == SQLITE_DONE;
}

static gboolean
write_certificate (LlPeers *peers, const char *address, const LlPeer *news, GError **error)
{
  g_autoptr (LlSqliteStatement) statement = ll_sqlite_prepare (
      peers->database,
      "INSERT INTO certificate (address, fingerprint, first_at, last_at) VALUES (?1, ?2, ?3, ?3)"
      " ON CONFLICT (address, fingerprint) DO UPDATE SET last_at = excluded.last_at",
      error);

  if (statement == NULL)
    return FALSE;
  ll_sqlite_bind_text (statement, 1, address);
  ll_sqlite_bind_text (statement, 2, news->signer);
  sqlite3_bind_int64 (statement, 3, news->signed_at);
  return ll_sqlite_step (statement, error) == SQLITE_DONE;
}

/* What is known is looked at again once nobody else can write. */
static gboolean
learn_locked (LlPeers *peers, const char *address, const LlPeer *news, LlLearnt *learnt,
              GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (LlPeer) known = find_folded (peers, address, &local);

  if (local != NULL)
    return g_propagate_error (error, g_steal_pointer (&local)), FALSE;
  if (!is_newer (news, known))
    return TRUE;
  *learnt = compare (news, known);
  return write_peer (peers, address, news, error)
         && write_certificate (peers, address, news, error);
}

static gboolean
learn_folded (LlPeers *peers, const char *address, const LlPeer *news, LlLearnt *learnt,
              GError **error)
{
  *learnt = LL_LEARNT_NOTHING;
  if (!ll_sqlite_run (peers->database, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (learn_locked (peers, address, news, learnt, error)
      && ll_sqlite_run (peers->database, "COMMIT", error))
    return TRUE;
  ll_sqlite_run (peers->database, "ROLLBACK", NULL);
  *learnt = LL_LEARNT_NOTHING;
  return FALSE;
}

gboolean
ll_peers_compare (LlPeers *peers, const LlPeer *news, LlLearnt *learnt, GError **error)
{
  g_autofree char *folded = NULL;
  g_autoptr (LlPeer) known = NULL;
  g_autoptr (GError) local = NULL;

  g_return_val_if_fail (peers != NULL && news != NULL && learnt != NULL, FALSE);
  g_return_val_if_fail (news->address != NULL && news->signer != NULL, FALSE);
  *learnt = LL_LEARNT_NOTHING;
  if (peers->path == NULL)
    return TRUE;
  if (!open_file (peers, FALSE, error))
    return FALSE;
  folded = fold_address (news->address);
  known = peers->database != NULL ? find_folded (peers, folded, &local) : NULL;
  if (local != NULL)
    return g_propagate_error (error, g_steal_pointer (&local)), FALSE;
  if (!is_newer (news, known)) /* mostly: without any writing */
    return TRUE;
  *learnt = compare (news, known);
  return open_file (peers, TRUE, error);
}

gboolean
ll_peers_learn (LlPeers *peers, const LlPeer *news, LlLearnt *learnt, GError **error)
{
  g_autofree char *folded = NULL;
  LlPeer wanted;

  if (!ll_peers_compare (peers, news, learnt, error))
    return FALSE;
  if (*learnt == LL_LEARNT_NOTHING)
    return TRUE;
  folded = fold_address (news->address);
  wanted = *news;
  if (news->capabilities != NULL
      && g_bytes_get_size (news->capabilities) > LL_LIMIT_CAPABILITIES_BYTES)
    wanted.capabilities = NULL;
  return learn_folded (peers, folded, &wanted, learnt, error);
}

/* --- forgetting ------------------------------------------------------------------------------- */

static gboolean
forget_in (LlPeers *peers, const char *table, const char *address, GError **error)
{
  g_autofree char *sql = g_strdup_printf ("DELETE FROM %s WHERE ?1 IS NULL OR address = ?1", table);
  g_autoptr (LlSqliteStatement) statement = ll_sqlite_prepare (peers->database, sql, error);

  if (statement == NULL)
    return FALSE;
  ll_sqlite_bind_text (statement, 1, address);
  return ll_sqlite_step (statement, error) == SQLITE_DONE;
}

/* What is forgotten is not left lying in the file, nor in the log beside it. */
static gboolean
forget_folded (LlPeers *peers, const char *address, guint *n, GError **error)
{
  if (!open_file (peers, TRUE, error)
      || !ll_sqlite_run (peers->database, "PRAGMA secure_delete = ON", error)
      || !ll_sqlite_run (peers->database, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (forget_in (peers, "certificate", address, error) && forget_in (peers, "peer", address, error))
    {
      *n = (guint)sqlite3_changes (peers->database);
      if (ll_sqlite_run (peers->database, "COMMIT; PRAGMA wal_checkpoint (TRUNCATE)", error))
        return TRUE;
    }
  ll_sqlite_run (peers->database, "ROLLBACK", NULL);
  return FALSE;
}

gboolean
ll_peers_forget (LlPeers *peers, const char *address, guint *n, GError **error)
{
  g_autofree char *folded = address != NULL ? fold_address (address) : NULL;

  g_return_val_if_fail (peers != NULL && n != NULL, FALSE);
  *n = 0;
  if (!open_file (peers, FALSE, error))
    return FALSE;
  return peers->database == NULL || forget_folded (peers, folded, n, error);
}
