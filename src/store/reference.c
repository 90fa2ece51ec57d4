/* Who uses whom, and tags. */
#include <string.h>

#include "store/query.h"
#include "store/resource.h"
#include "store/store_internal.h"

static int add_reference(struct store *store, const char *kind, const char *id,
			 const struct store_reference *reference, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "INSERT INTO refs (from_kind, from_id, role, to_kind, to_id)"
				      " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", err);

	sql_text(statement, kind);
	sql_text(statement, id);
	sql_text(statement, reference->role);
	sql_text(statement, reference->to_kind);
	sql_text(statement, reference->to_id);
	return sql_run(statement, err);
}

int store_references_put(struct store *store, const char *kind, const char *id,
			 const struct store_reference *references, size_t count, struct error *err)
{
	struct statement *statement;
	bool own;
	int status;

	if (store_atomic_begin(store, &own, err) < 0)
		return -1;
	statement = sql_start(store->sql, "DELETE FROM refs WHERE from_kind = ? AND from_id = ?",
			      err);
	sql_text(statement, kind);
	sql_text(statement, id);
	status = sql_run(statement, err);
	for (size_t i = 0; i < count && status == 0; i++)
		status = add_reference(store, kind, id, &references[i], err);
	return store_atomic_end(store, own, status, err);
}

int store_references_to(struct store *store, const char *kind, const char *id,
			bool (*each)(void *arg, const struct store_reference *reference), void *arg,
			struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT from_kind, from_id, role, to_kind, to_id FROM refs"
				      " WHERE to_kind = ? AND to_id = ?"
				      " ORDER BY from_kind, from_id, role", err);
	bool goes_on = true;
	int found = 0;

	sql_text(statement, kind);
	sql_text(statement, id);
	while (goes_on && (found = sql_step(statement, err)) == 1) {
		const struct store_reference reference = {
			.from_kind = sql_row_text(statement, 0),
			.from_id = sql_row_text(statement, 1),
			.role = sql_row_text(statement, 2),
			.to_kind = sql_row_text(statement, 3),
			.to_id = sql_row_text(statement, 4),
		};

		goes_on = each(arg, &reference);
	}
	sql_end(statement);
	return found < 0 ? -1 : 0;
}

/* --- tags --- */

int store_tag_put(struct store *store, const char *kind, const char *id, const char *key,
		  const char *value, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "INSERT INTO tags (kind, id, key, value) VALUES (?, ?, ?, ?)"
				      " ON CONFLICT (kind, id, key)"
				      " DO UPDATE SET value = excluded.value", err);

	sql_text(statement, kind);
	sql_text(statement, id);
	sql_text(statement, key);
	sql_text(statement, value != NULL ? value : "");
	return sql_run(statement, err);
}

int store_tag_delete(struct store *store, const char *kind, const char *id, const char *key,
		     struct error *err)
{
	struct statement *statement =
		key != NULL ? sql_start(store->sql, "DELETE FROM tags WHERE kind = ? AND id = ?"
						    " AND key = ?", err)
			    : sql_start(store->sql, "DELETE FROM tags WHERE kind = ? AND id = ?",
					err);

	sql_text(statement, kind);
	sql_text(statement, id);
	if (key != NULL)
		sql_text(statement, key);
	return sql_run(statement, err);
}

json_t *store_tags(struct store *store, const char *kind, const char *id, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT key, value FROM tags WHERE kind = ? AND id = ?"
				      " ORDER BY key", err);
	json_t *tags = json_array();
	int found;

	sql_text(statement, kind);
	sql_text(statement, id);
	while ((found = sql_step(statement, err)) == 1)
		json_array_append_new(tags, json_pack("{s:s, s:s}", "Key",
						      sql_row_text(statement, 0), "Value",
						      sql_row_text(statement, 1)));
	sql_end(statement);
	if (found == 0)
		return tags;
	json_decref(tags);
	return NULL;
}

int store_tags_each(struct store *store, const char *kind, const json_t *ids, const json_t *tags,
		    bool (*each)(void *arg, const char *id, const char *key, const char *value),
		    void *arg, struct error *err)
{
	struct query query = { 0 };
	struct statement *statement;
	bool goes_on = true;
	int found = 0;

	query_text(&query, "SELECT g.id, g.key, g.value FROM tags g WHERE g.kind = ?", kind);
	query_among(&query, "g.id", ids);
	query_tags(&query, kind, "g.id", tags);
	query_add(&query, " ORDER BY g.id, g.key");
	statement = query_start(store->sql, &query, err);
	query_done(&query);
	while (goes_on && (found = sql_step(statement, err)) == 1)
		goes_on = each(arg, sql_row_text(statement, 0), sql_row_text(statement, 1),
			       sql_row_text(statement, 2));
	sql_end(statement);
	return found < 0 ? -1 : 0;
}
