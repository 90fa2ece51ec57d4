/*
 * store/migrations.h - the schema, as steps that only ever go forward.
 *
 * A step that was published is never changed; the next one is added after it. Each runs in a
 * transaction with the row that says it was done.
 */
#ifndef SALLYPORT_STORE_MIGRATIONS_H
#define SALLYPORT_STORE_MIGRATIONS_H

#include "store/sql.h"

/* ret_is_new: there was no schema at all. A schema newer than ours is refused. */
int must_check migrations_run(struct sql *sql, bool *ret_is_new, struct error *err);
/* The step that a program of this version ends with. */
int migrations_newest(void);

#endif
