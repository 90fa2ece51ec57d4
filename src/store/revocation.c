#include <stdlib.h>
#include <string.h>

#include "store/store_internal.h"

void store_revocation_read(struct statement *statement, struct store_revocation *ret_revocation)
{
	struct bytes serial = sql_row_bytes(statement, 1);

	memset(ret_revocation, 0, sizeof(*ret_revocation));
	sql_row_digest(statement, 0, ret_revocation->issuer_key);
	if (serial.len <= sizeof(ret_revocation->serial)) {
		memcpy(ret_revocation->serial, serial.data, serial.len);
		ret_revocation->serial_len = serial.len;
	}
	ret_revocation->time_s = sql_row_number(statement, 2);
	ret_revocation->reason = (int)sql_row_number(statement, 3);
}

static struct bytes serial_bytes(const struct store_revocation *revocation)
{
	return (struct bytes){ revocation->serial, revocation->serial_len };
}

/* Asked first: most statements that write copy pages for the case that they are undone by themselves,
 * which makes many revocations in one transaction slow. */
static int mark_certificate(struct store *store, const struct store_revocation *revocation,
			    struct error *err)
{
	struct statement *statement = sql_start(store->sql, "SELECT number FROM certificates WHERE"
							    " issuer_key = ? AND serial_octets = ?"
							    " AND role < 32 AND revoked = 0", err);
	int64_t number;
	int found;

	sql_digest(statement, revocation->issuer_key);
	sql_bytes(statement, serial_bytes(revocation));
	found = sql_run_number(statement, &number, err);
	if (found <= 0)
		return found;
	statement = sql_start(store->sql, "UPDATE certificates SET revoked = 1 WHERE number = ?", err);
	sql_number(statement, number);
	return sql_run(statement, err);
}

static int run_row(struct store *store, const char *text, const struct store_revocation *revocation,
		   struct error *err)
{
	struct statement *statement = sql_start(store->sql, text, err);

	sql_digest(statement, revocation->issuer_key);
	sql_bytes(statement, serial_bytes(revocation));
	sql_number(statement, revocation->time_s);
	sql_number(statement, revocation->reason);
	if (sql_run(statement, err) < 0)
		return -1;
	return mark_certificate(store, revocation, err);
}

int store_revocation_row(struct store *store, const struct store_revocation *revocation,
			 struct error *err)
{
	return run_row(store,
		       "INSERT INTO revocations (issuer_key, serial, time_s, reason)"
		       " VALUES (?, ?, ?, ?)"
		       " ON CONFLICT (issuer_key, serial) DO UPDATE SET"
		       " time_s = CASE WHEN excluded.time_s < revocations.time_s"
		       " THEN excluded.time_s ELSE revocations.time_s END,"
		       " reason = CASE WHEN excluded.reason = 1 THEN 1 ELSE revocations.reason END"
		       " WHERE excluded.time_s < revocations.time_s"
		       " OR (excluded.reason = 1 AND revocations.reason <> 1)",
		       revocation, err);
}

/* The row that is known to be missing. */
static int new_row(struct store *store, const struct store_revocation *revocation, struct error *err)
{
	return run_row(store,
		       "INSERT INTO revocations (issuer_key, serial, time_s, reason)"
		       " VALUES (?, ?, ?, ?)",
		       revocation, err);
}

static void queue(struct store *store, const struct store_revocation *revocation)
{
	if (store->queued_count == store->queued_size) {
		store->queued_size = store->queued_size > 0 ? 2 * store->queued_size : 16;
		store->queued = memory_resize(store->queued,
					      store->queued_size * sizeof(*store->queued));
	}
	store->queued[store->queued_count++] = *revocation;
}

/* The journal only needs what tells something new. */
static bool says_more(const struct store_revocation *now, const struct store_revocation *before)
{
	return now->time_s < before->time_s || (now->reason == 1 && before->reason != 1);
}

int store_revoke(struct store *store, const struct store_revocation *revocation, struct error *err)
{
	struct store_revocation before;
	bool own;
	int status;

	if (revocation->serial_len == 0 || revocation->serial_len > sizeof(revocation->serial) ||
	    revocation->reason < 0 || revocation->reason > 10)
		return error_set(err, ERROR_INVALID, "could not revoke a certificate: "
						     "its serial or the reason is out of range");
	if (store_atomic_begin(store, &own, err) < 0)
		return -1;
	status = store_revocation_get(store, revocation->issuer_key, serial_bytes(revocation),
				      &before, err);
	if (status == 0 || (status == 1 && says_more(revocation, &before))) {
		status = status == 0 ? new_row(store, revocation, err) :
				       store_revocation_row(store, revocation, err);
		if (status == 0)
			queue(store, revocation);
	}
	return store_atomic_end(store, own, status < 0 ? -1 : 0, err);
}

int store_revocation_get(struct store *store, const uint8_t issuer_key[32], struct bytes serial,
			 struct store_revocation *ret_revocation, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT issuer_key, serial, time_s, reason FROM revocations"
				      " WHERE issuer_key = ? AND serial = ?", err);
	int found;

	sql_digest(statement, issuer_key);
	sql_bytes(statement, serial);
	found = sql_step(statement, err);
	if (found == 1)
		store_revocation_read(statement, ret_revocation);
	sql_end(statement);
	return found;
}

int store_revocation_each(struct store *store, const uint8_t *issuer_key,
			  void (*each)(void *arg, const struct store_revocation *revocation),
			  void *arg, struct error *err)
{
	struct statement *statement =
		issuer_key == NULL
			? sql_start(store->sql, "SELECT issuer_key, serial, time_s, reason FROM"
						" revocations ORDER BY issuer_key, serial", err)
			: sql_start(store->sql, "SELECT issuer_key, serial, time_s, reason FROM"
						" revocations WHERE issuer_key = ?"
						" ORDER BY issuer_key, serial", err);
	int found;

	if (issuer_key != NULL)
		sql_digest(statement, issuer_key);
	while ((found = sql_step(statement, err)) == 1) {
		struct store_revocation revocation;

		store_revocation_read(statement, &revocation);
		each(arg, &revocation);
	}
	sql_end(statement);
	return found;
}
