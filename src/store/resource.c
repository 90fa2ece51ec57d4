#include "store/resource.h"

#include <stdlib.h>
#include <string.h>

#include "base/monotime.h"
#include "store/body.h"
#include "store/query.h"
#include "store/store_internal.h"

#define COLUMNS "id, name, parent, body, revision, created_s, updated_s"

void store_resource_done(struct store_resource *resource)
{
	free(resource->id);
	free(resource->name);
	free(resource->parent);
	json_decref(resource->body);
	memset(resource, 0, sizeof(*resource));
}

int store_resource_put(struct store *store, const char *kind, const struct store_resource *resource,
		       struct error *err)
{
	char *body = body_text(resource->body);
	struct statement *statement = sql_start(
		store->sql,
		"INSERT INTO resources (kind, " COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT (kind, id) DO UPDATE SET name = excluded.name,"
		" parent = excluded.parent, body = excluded.body, revision = excluded.revision,"
		" updated_s = excluded.updated_s", err);
	int status;

	sql_text(statement, kind);
	sql_text(statement, resource->id);
	sql_text(statement, resource->name != NULL ? resource->name : "");
	sql_text(statement, resource->parent);
	sql_text(statement, body);
	sql_number(statement, resource->revision);
	sql_number(statement, resource->created_s);
	sql_number(statement, resource->updated_s);
	status = sql_run(statement, err);
	free(body);
	return status;
}

/* Strings are borrowed from the row; the body is not. */
static int read_row(struct statement *statement, struct store_resource *ret_resource,
		    struct error *err)
{
	ret_resource->id = (char *)sql_row_text(statement, 0);
	ret_resource->name = (char *)sql_row_text(statement, 1);
	ret_resource->parent = (char *)sql_row_text(statement, 2);
	ret_resource->revision = sql_row_number(statement, 4);
	ret_resource->created_s = sql_row_number(statement, 5);
	ret_resource->updated_s = sql_row_number(statement, 6);
	ret_resource->body = body_read(statement, 3, ret_resource->id, err);
	return ret_resource->body == NULL ? -1 : 0;
}

int store_resource_get(struct store *store, const char *kind, const char *id,
		       struct store_resource *ret_resource, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT " COLUMNS " FROM resources"
				      " WHERE kind = ? AND id = ?", err);
	struct store_resource row;
	int found;

	sql_text(statement, kind);
	sql_text(statement, id);
	found = sql_step(statement, err);
	if (found == 1 && read_row(statement, &row, err) < 0)
		found = -1;
	if (found == 1) {
		row.id = memory_copy_string(row.id);
		row.name = memory_copy_string(row.name);
		row.parent = memory_copy_string(row.parent);
		*ret_resource = row;
	}
	sql_end(statement);
	return found;
}

/* A list that goes on behind a row that is gone meanwhile must know where that was. */
static int remember_place(struct store *store, const char *kind, const char *id, struct error *err)
{
	struct statement *statement = sql_start(
		store->sql,
		"INSERT INTO departed (kind, id, created_s, departed_s)"
		" SELECT kind, id, created_s, ? FROM resources WHERE kind = ? AND id = ?"
		" ON CONFLICT (kind, id) DO UPDATE SET created_s = excluded.created_s,"
		" departed_s = excluded.departed_s", err);

	sql_number(statement, walltime_s());
	sql_text(statement, kind);
	sql_text(statement, id);
	return sql_run(statement, err);
}

int store_resource_delete(struct store *store, const char *kind, const char *id, struct error *err)
{
	struct statement *statement;
	bool own;
	int status;

	if (store_atomic_begin(store, &own, err) < 0)
		return -1;
	status = remember_place(store, kind, id, err);
	if (status == 0)
		status = store_references_put(store, kind, id, NULL, 0, err);
	if (status == 0)
		status = store_tag_delete(store, kind, id, NULL, err);
	if (status == 0) {
		statement = sql_start(store->sql, "DELETE FROM resources"
						  " WHERE kind = ? AND id = ?", err);
		sql_text(statement, kind);
		sql_text(statement, id);
		status = sql_run(statement, err);
	}
	return store_atomic_end(store, own, status, err);
}

/* --- lists --- */

static void add_conditions(struct query *query, const char *kind, const struct store_filter *filter)
{
	query_text(query, " FROM resources r WHERE r.kind = ?", kind);
	if (filter == NULL)
		return;
	if (filter->parent != NULL)
		query_text(query, " AND r.parent = ?", filter->parent);
	if (filter->name != NULL)
		query_text(query, " AND r.name = ?", filter->name);
	query_among(query, "r.id", filter->ids);
	query_among(query, "r.name", filter->names);
	query_tags(query, kind, "r.id", filter->tags);
}

static void add_page(struct query *query, const char *kind, const struct store_filter *filter)
{
	if (filter != NULL && filter->after != NULL) {
		query_text(query, " AND (r.created_s, r.id) > (SELECT p.created_s, p.id FROM"
				  " (SELECT created_s, id FROM resources WHERE kind = ?", kind);
		query_text(query, " AND id = ?", filter->after);
		query_text(query, " UNION ALL SELECT created_s, id FROM departed WHERE kind = ?",
			   kind);
		query_text(query, " AND id = ?) p LIMIT 1)", filter->after);
	}
	query_add(query, " ORDER BY r.created_s, r.id");
	if (filter != NULL && filter->limit > 0)
		query_number(query, " LIMIT ?", filter->limit);
}

int store_resource_each(struct store *store, const char *kind, const struct store_filter *filter,
			bool (*each)(void *arg, const struct store_resource *resource), void *arg,
			struct error *err)
{
	struct query query = { 0 };
	struct statement *statement;
	struct store_resource row;
	bool goes_on = true;
	int found = 0;

	query_add(&query, "SELECT r.id, r.name, r.parent, r.body, r.revision, r.created_s,"
			  " r.updated_s");
	add_conditions(&query, kind, filter);
	add_page(&query, kind, filter);
	statement = query_start(store->sql, &query, err);
	query_done(&query);
	while (goes_on && (found = sql_step(statement, err)) == 1) {
		if (read_row(statement, &row, err) < 0) {
			found = -1;
			break;
		}
		goes_on = each(arg, &row);
		json_decref(row.body);
	}
	sql_end(statement);
	return found < 0 ? -1 : 0;
}

int64_t store_resource_count(struct store *store, const char *kind,
			     const struct store_filter *filter, struct error *err)
{
	struct query query = { 0 };
	struct statement *statement;
	int64_t count = 0;

	query_add(&query, "SELECT count(*)");
	add_conditions(&query, kind, filter);
	statement = query_start(store->sql, &query, err);
	query_done(&query);
	return sql_run_number(statement, &count, err) < 0 ? -1 : count;
}
