/*
 * store/sql.h - SQL statements: prepared once and kept, bound and read by type.
 *
 * A statement is started, its parameters are bound in order, it is stepped or run, and ended. Starting
 * one fails only into NULL, which all other functions take: the error of the start stays the error.
 * What is bound and what is read is borrowed: bound memory must live until the end, text and bytes of a
 * row until the next step. A statement may be started again while it is in use (a callback that asks
 * the same question); such a second one is not kept.
 */
#ifndef SALLYPORT_STORE_SQL_H
#define SALLYPORT_STORE_SQL_H

#include <stdbool.h>
#include <stdint.h>
#include "base/bytes.h"
#include "base/error.h"

struct sql;
struct statement;

#define SQL_READS 0u
#define SQL_WRITES 1u
#define SQL_FAST 2u /* a file that is thrown away after a crash: no journal, no fsync */

/* The file must be there. */
struct sql *sql_open(const char *path, unsigned int flags, struct error *err);
void sql_close(struct sql *sql); /* NULL is fine */

/* Several statements without parameters. */
int must_check sql_script(struct sql *sql, const char *text, struct error *err);
/* BEGIN and END of a transaction are told, so that a transaction that SQLite gave up by itself (after
 * an I/O error) is noticed before anything else is written. */
void sql_expect_transaction(struct sql *sql, bool expected);
bool sql_in_transaction(const struct sql *sql);
void sql_rollback(struct sql *sql); /* fine without a transaction */
/* The same, but a transaction is expected still: everything fails until it is ended. */
void sql_give_up(struct sql *sql);

struct statement *sql_start(struct sql *sql, const char *text, struct error *err);
void sql_text(struct statement *statement, const char *value);         /* NULL: NULL */
void sql_bytes(struct statement *statement, struct bytes value);
void sql_digest(struct statement *statement, const uint8_t value[32]); /* NULL: NULL */
void sql_number(struct statement *statement, int64_t value);
int must_check sql_step(struct statement *statement, struct error *err); /* 1: a row, 0: end, -1 */
void sql_end(struct statement *statement);                             /* NULL is fine */
/* Steps to the end, and ends it. */
int must_check sql_run(struct statement *statement, struct error *err);
/* One row of one number, and ends it. 1, 0 (no row, or NULL), -1. */
int must_check sql_run_number(struct statement *statement, int64_t *ret_number, struct error *err);

const char *sql_row_text(struct statement *statement, int column); /* NULL for NULL */
struct bytes sql_row_bytes(struct statement *statement, int column);
int64_t sql_row_number(struct statement *statement, int column);
/* Zeros when the column holds anything but 32 bytes. */
void sql_row_digest(struct statement *statement, int column, uint8_t ret_digest[32]);

/* Copies the whole database, as it is at this moment, over the other one. */
int must_check sql_copy(struct sql *from, struct sql *to, struct error *err);

/* How many rows the last statement that was run has changed. */
int64_t sql_changed(struct sql *sql);
/* The last failure was a write for which there was no space: a commit that fails so has not happened.
 * After any other error nobody knows. */
bool sql_was_full(const struct sql *sql);

#endif
