/* What is kept for a time only. */
#include "store/store_internal.h"

#define DAY_S ((int64_t)86400)
#define BITE 500 /* rows of one kind at once, so that no request waits for long */

static int expire(struct store *store, const char *text, int64_t before, struct error *err)
{
	struct statement *statement = sql_start(store->sql, text, err);

	sql_number(statement, before);
	sql_number(statement, BITE);
	return sql_run(statement, err);
}

static int expire_client_tokens(struct store *store, int64_t before, struct error *err)
{
	return expire(store, "DELETE FROM client_tokens WHERE (user_name, product, action, token) IN"
			     " (SELECT user_name, product, action, token FROM client_tokens"
			     " WHERE created_s < ? ORDER BY created_s LIMIT ?)", before, err);
}

int store_expire(struct store *store, int64_t now, struct error *err)
{
	bool own;
	int status;

	if (store_atomic_begin(store, &own, err) < 0)
		return -1;
	status = expire(store, "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs"
			       " WHERE created_s < ? ORDER BY created_s LIMIT ?)",
			now - 7 * DAY_S, err);
	if (status == 0)
		status = expire_client_tokens(store, now - DAY_S, err);
	if (status == 0)
		status = expire(store, "DELETE FROM tokens WHERE hash IN (SELECT hash FROM tokens"
				       " WHERE expires_s > 0 AND expires_s <= ?"
				       " ORDER BY expires_s LIMIT ?)", now, err);
	if (status == 0)
		status = expire(store, "DELETE FROM change_log WHERE revision IN (SELECT revision FROM"
				       " (SELECT revision, time_s FROM change_log ORDER BY revision"
				       " LIMIT 500) oldest WHERE time_s < ? LIMIT ?)",
				now - DAY_S, err);
	if (status == 0)
		status = expire(store, "DELETE FROM departed WHERE (kind, id) IN (SELECT kind, id"
				       " FROM departed WHERE departed_s < ? LIMIT ?)",
				now - DAY_S, err);
	return store_atomic_end(store, own, status, err);
}
