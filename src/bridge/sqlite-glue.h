/* sqlite-glue.h - the whole border between SQLite and GLib.
 *
 * What it gives: a small file of ours, opened in private and prepared for several programs at
 * once; a cleanup for each type; SQLite's errors as errors of ours. What it does not: know what is
 * in the file.
 */
#pragma once

#include <glib.h>
#include <sqlite3.h>

#include "base/error.h"

G_BEGIN_DECLS

typedef struct sqlite3 LlSqlite;
typedef struct sqlite3_stmt LlSqliteStatement;

/* A busy file is waited for this long: whoever writes needs a few milliseconds. */
#define LL_SQLITE_BUSY_MILLISECONDS 5000

void ll_sqlite_close (LlSqlite *database);
void ll_sqlite_statement_free (LlSqliteStatement *statement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlSqlite, ll_sqlite_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlSqliteStatement, ll_sqlite_statement_free)

typedef struct
{
  int application_id;     /* whose file it is */
  int version;            /* of the schema; a file with a higher one is left alone */
  const char *const *sql; /* sql[i] makes version i + 1 out of version i */
} LlSqliteSchema;

/* Opens `path`. With `create`, a file that is not there is made, with mode 0600 in a directory of
 * mode 0700, and brought to the schema's version; without, NULL without `error` when it is not
 * there or empty, and a file on a medium that cannot be written is read all the same.
 *
 * The file survives a program that is killed at any moment, and several programs can use it at
 * once. LL_ERROR_BAD_DATA when it is damaged, not ours, or newer than `schema`; LL_ERROR_OUTPUT
 * when it cannot be made or written; LL_ERROR_FAILED for the rest. Every message names the file.
 * (transfer full) (nullable) */
LlSqlite *ll_sqlite_open (const char *path, const LlSqliteSchema *schema, gboolean create,
                          GError **error);

/* (transfer full) */
LlSqliteStatement *ll_sqlite_prepare (LlSqlite *database, const char *sql, GError **error);

/* The next row: SQLITE_ROW or SQLITE_DONE, or SQLITE_ERROR with `error` set. */
int ll_sqlite_step (LlSqliteStatement *statement, GError **error);

/* Runs statements that answer nothing. */
gboolean ll_sqlite_run (LlSqlite *database, const char *sql, GError **error);

/* Copies of a column's value; NULL for NULL. (transfer full) (nullable) */
char *ll_sqlite_dup_text (LlSqliteStatement *statement, int column);
GBytes *ll_sqlite_dup_bytes (LlSqliteStatement *statement, int column);

/* NULL is bound as NULL. The value must live as long as the statement. */
void ll_sqlite_bind_text (LlSqliteStatement *statement, int index, const char *text);
void ll_sqlite_bind_bytes (LlSqliteStatement *statement, int index, GBytes *bytes);

G_END_DECLS
