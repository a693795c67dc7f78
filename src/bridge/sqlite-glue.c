/* sqlite-glue.c - what enters: a path and a schema. What leaves: an open file that is as the schema
 * says, or a plain word on why not. It knows no table by name. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "base/text.h"
#include "bridge/sqlite-glue.h"

/* No value of ours is larger: a damaged length must not ask for a gigabyte. */
#define MAX_VALUE_BYTES (1024 * 1024)

void
ll_sqlite_close (LlSqlite *database)
{
  sqlite3_close_v2 (database);
}

void
ll_sqlite_statement_free (LlSqliteStatement *statement)
{
  sqlite3_finalize (statement);
}

/* --- errors ----------------------------------------------------------------------------------- */

static gboolean
is_damage (int code)
{
  return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

/* `code` is SQLite's. Always FALSE. */
static gboolean
set_error (GError **error, LlSqlite *database, const char *path, int code)
{
  g_autofree char *safe = ll_text_safe (path, -1);
  g_autofree char *why
      = ll_text_safe (database != NULL ? sqlite3_errmsg (database) : sqlite3_errstr (code), -1);

  if (is_damage (code))
    g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                 _ ("“%s” is damaged (%s). What it remembered cannot be used; remove the file, and "
                    "a new one is begun."),
                 safe, why);
  else
    g_set_error (error, LL_ERROR, LL_ERROR_FAILED, _ ("“%s” cannot be used: %s"), safe, why);
  return FALSE;
}

static gboolean
set_database_error (GError **error, LlSqlite *database)
{
  return set_error (error, database, sqlite3_db_filename (database, "main"),
                    sqlite3_extended_errcode (database));
}

/* --- opening ---------------------------------------------------------------------------------- */

/* SQLite would make the file with the mode that everybody's umask gives; a record of whom one
 * writes to is private. A file that is there is not even opened here: closing it would take away
 * the locks that this program holds on it by another connection. */
static gboolean
make_file (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *safe = ll_text_safe (path, -1);
  int fd = -1;

  if (g_mkdir_with_parents (directory, 0700) == 0)
    fd = g_open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0)
    return close (fd) == 0;
  if (errno == EEXIST && g_access (path, W_OK) == 0 && g_access (directory, W_OK) == 0)
    return TRUE;
  g_set_error (error, LL_ERROR, LL_ERROR_OUTPUT, _ ("“%s” cannot be written: %s"), safe,
               g_strerror (errno));
  return FALSE;
}

static LlSqlite *
open_database (const char *path, int flags, GError **error)
{
  g_autoptr (LlSqlite) database = NULL;
  int code = sqlite3_open_v2 (path, &database, flags | SQLITE_OPEN_NOMUTEX, NULL);

  if (code != SQLITE_OK)
    {
      set_error (error, database, path, code);
      return NULL;
    }
  sqlite3_extended_result_codes (database, 1);
  sqlite3_busy_timeout (database, LL_SQLITE_BUSY_MILLISECONDS);
  sqlite3_limit (database, SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES);
  sqlite3_db_config (database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  return g_steal_pointer (&database);
}

/* The log of a file that is written to stands beside it; where that can't be, nobody writes, and
 * the file is read as it is. */
static LlSqlite *
open_unchanging (const char *path, GError **error)
{
  g_autofree char *plain = g_filename_to_uri (path, NULL, error);
  g_autofree char *uri = plain != NULL ? g_strconcat (plain, "?immutable=1", NULL) : NULL;

  return uri != NULL ? open_database (uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, error) : NULL;
}

static gboolean
query_number (LlSqlite *database, const char *sql, int *number, GError **error)
{
  g_autoptr (LlSqliteStatement) statement = ll_sqlite_prepare (database, sql, error);
  int step = statement != NULL ? ll_sqlite_step (statement, error) : SQLITE_ERROR;

  if (step == SQLITE_ERROR)
    return FALSE;
  *number = step == SQLITE_ROW ? sqlite3_column_int (statement, 0) : 0;
  return TRUE;
}

/* A file that somebody else's program made has tables, but not our number. */
static gboolean
check_schema (LlSqlite *database, const char *path, const LlSqliteSchema *schema, int *version,
              GError **error)
{
  g_autofree char *safe = ll_text_safe (path, -1);
  int owner = 0, tables = 0;

  if (!query_number (database, "PRAGMA user_version", version, error)
      || !query_number (database, "PRAGMA application_id", &owner, error)
      || !query_number (database, "SELECT count(*) FROM sqlite_schema", &tables, error))
    return FALSE;
  if (tables > 0 && owner != schema->application_id)
    g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                 _ ("“%s” was not made by Letterlock. Move it away, and a new one is begun."),
                 safe);
  else if (*version > schema->version)
    g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                 _ ("“%s” was made by a newer Letterlock. It is left as it is: nothing is looked "
                    "up in it, and nothing is added."),
                 safe);
  else
    return TRUE;
  return FALSE;
}

/* Inside a transaction: of two programs that begin a file at once, the second one finds it made. */
static gboolean
upgrade (LlSqlite *database, const char *path, const LlSqliteSchema *schema, GError **error)
{
  g_autofree char *finish
      = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                         schema->application_id, schema->version);
  int version;

  if (!check_schema (database, path, schema, &version, error))
    return FALSE;
  if (version == schema->version)
    return TRUE;
  /* the log beside the file makes writing cheap, and reading possible meanwhile; without it, it
   * works all the same */
  ll_sqlite_run (database, "PRAGMA journal_mode = WAL", NULL);
  if (!ll_sqlite_run (database, "BEGIN IMMEDIATE", error)
      || !check_schema (database, path, schema, &version, error))
    return FALSE;
  for (; version < schema->version; version++)
    if (!ll_sqlite_run (database, schema->sql[version], error))
      return FALSE;
  return ll_sqlite_run (database, finish, error);
}

/* NULL without error: there is nothing in it yet. */
static LlSqlite *
open_to_read (const char *path, const LlSqliteSchema *schema, GError **error)
{
  g_autoptr (LlSqlite) database = open_database (path, SQLITE_OPEN_READWRITE, error);
  int version = 0;

  if (database == NULL)
    return NULL;
  if (sqlite3_exec (database, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL) != SQLITE_OK
      && !is_damage (sqlite3_errcode (database)))
    {
      ll_sqlite_close (g_steal_pointer (&database));
      database = open_unchanging (path, error);
    }
  if (database == NULL || !check_schema (database, path, schema, &version, error) || version == 0)
    return NULL;
  return g_steal_pointer (&database);
}

LlSqlite *
ll_sqlite_open (const char *path, const LlSqliteSchema *schema, gboolean create, GError **error)
{
  g_autoptr (LlSqlite) database = NULL;

  g_return_val_if_fail (path != NULL && schema != NULL, NULL);
  if (!create)
    return g_file_test (path, G_FILE_TEST_EXISTS) ? open_to_read (path, schema, error) : NULL;
  if (!make_file (path, error))
    return NULL;
  database = open_database (path, SQLITE_OPEN_READWRITE, error);
  /* a power cut may take the last lesson away, but never the file */
  if (database == NULL || !ll_sqlite_run (database, "PRAGMA synchronous = NORMAL", error)
      || !upgrade (database, path, schema, error))
    return NULL;
  return g_steal_pointer (&database);
}

/* --- statements ------------------------------------------------------------------------------- */

LlSqliteStatement *
ll_sqlite_prepare (LlSqlite *database, const char *sql, GError **error)
{
  LlSqliteStatement *statement = NULL;

  if (sqlite3_prepare_v2 (database, sql, -1, &statement, NULL) != SQLITE_OK)
    set_database_error (error, database);
  return statement;
}

int
ll_sqlite_step (LlSqliteStatement *statement, GError **error)
{
  int code = sqlite3_step (statement);

  if (code == SQLITE_ROW || code == SQLITE_DONE)
    return code;
  set_database_error (error, sqlite3_db_handle (statement));
  return SQLITE_ERROR;
}

gboolean
ll_sqlite_run (LlSqlite *database, const char *sql, GError **error)
{
  return sqlite3_exec (database, sql, NULL, NULL, NULL) == SQLITE_OK
         || set_database_error (error, database);
}

char *
ll_sqlite_dup_text (LlSqliteStatement *statement, int column)
{
  return g_strdup ((const char *)sqlite3_column_text (statement, column));
}

GBytes *
ll_sqlite_dup_bytes (LlSqliteStatement *statement, int column)
{
  const void *data = sqlite3_column_blob (statement, column);

  if (sqlite3_column_type (statement, column) == SQLITE_NULL)
    return NULL;
  return g_bytes_new (data, (gsize)sqlite3_column_bytes (statement, column));
}

void
ll_sqlite_bind_text (LlSqliteStatement *statement, int index, const char *text)
{
  sqlite3_bind_text (statement, index, text, -1, SQLITE_STATIC);
}

void
ll_sqlite_bind_bytes (LlSqliteStatement *statement, int index, GBytes *bytes)
{
  gsize length = 0;
  const void *data = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

  if (bytes == NULL)
    sqlite3_bind_null (statement, index);
  else
    sqlite3_bind_blob (statement, index, data != NULL ? data : "", (int)length, SQLITE_STATIC);
}
