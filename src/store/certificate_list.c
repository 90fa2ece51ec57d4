#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/body.h"
#include "store/certificate_row.h"
#include "store/query.h"
#include "store/resource.h"
#include "store/store_internal.h"

static struct buffer borrow(struct bytes bytes)
{
	return (struct buffer){ .data = (uint8_t *)bytes.data, .len = bytes.len };
}

int certificate_row_read(struct statement *statement, struct store_certificate *ret_row,
			 struct error *err)
{
	memset(ret_row, 0, sizeof(*ret_row));
	ret_row->number = sql_row_number(statement, 0);
	ret_row->id = (char *)sql_row_text(statement, 1);
	ret_row->role = (unsigned int)sql_row_number(statement, 2);
	ret_row->parent = (char *)sql_row_text(statement, 3);
	ret_row->name = (char *)sql_row_text(statement, 4);
	ret_row->custom_identifier = (char *)sql_row_text(statement, 5);
	ret_row->common_name = (char *)sql_row_text(statement, 6);
	ret_row->sans = (char *)sql_row_text(statement, 7);
	ret_row->serial = (char *)sql_row_text(statement, 8);
	sql_row_digest(statement, 9, ret_row->issuer_key);
	sql_row_digest(statement, 10, ret_row->subject_key);
	sql_row_digest(statement, 11, ret_row->sha256);
	ret_row->not_before = sql_row_number(statement, 12);
	ret_row->not_after = sql_row_number(statement, 13);
	ret_row->revoked = sql_row_number(statement, 14) != 0;
	ret_row->disabled = sql_row_number(statement, 15) != 0;
	ret_row->revision = sql_row_number(statement, 16);
	ret_row->created_s = sql_row_number(statement, 17);
	ret_row->der = borrow(sql_row_bytes(statement, 19));
	ret_row->chain = borrow(sql_row_bytes(statement, 20));
	ret_row->has_key = sql_row_text(statement, 21) != NULL;
	ret_row->exportable = sql_row_number(statement, 21) != 0;
	ret_row->in_cas = sql_row_number(statement, 22) != 0;
	ret_row->body = body_read(statement, 18, ret_row->id, err);
	return ret_row->body == NULL ? -1 : 0;
}

/* --- conditions --- */

static void add_roles(struct query *query, unsigned int roles, bool or_in_cas)
{
	const char *begin = or_in_cas ? " AND (f.in_cas = 1 OR f.role IN (?" : " AND (f.role IN (?";
	bool first = true;

	if (roles == 0)
		return;
	for (unsigned int role = 1; role != 0 && role <= roles; role <<= 1) {
		if ((roles & role) == 0)
			continue;
		query_number(query, first ? begin : ", ?", role);
		first = false;
	}
	query_add(query, "))");
}

/* "%word%" in lower case, with LIKE's own characters escaped. */
static char *like_pattern(const char *keyword)
{
	char *pattern = memory_new(2 * strlen(keyword) + 3);
	char *out = pattern;

	*out++ = '%';
	for (; *keyword != '\0'; keyword++) {
		if (strchr("%_\\", *keyword) != NULL)
			*out++ = '\\';
		*out++ = (char)tolower((unsigned char)*keyword);
	}
	*out++ = '%';
	return pattern;
}

static void add_keyword(struct query *query, const char *pattern)
{
	static const char *const columns[] = { "f.name", "f.common_name", "f.sans", "f.serial",
					       "f.id" };
	char text[80];

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		snprintf(text, sizeof(text), "%s lower(%s) LIKE ? ESCAPE '\\'",
			 i == 0 ? " AND (" : " OR", columns[i]);
		query_text(query, text, pattern);
	}
	query_add(query, ")");
}

static void add_times(struct query *query, const struct store_certificate_filter *filter)
{
	if (filter->expires_before != 0)
		query_number(query, " AND f.not_after < ?", filter->expires_before);
	if (filter->expires_after != 0)
		query_number(query, " AND f.not_after >= ?", filter->expires_after);
}

/* pattern: of the keyword, or NULL; must live as long as the statement. */
static void add_conditions(struct query *query, const struct store_certificate_filter *filter,
			   const char *pattern)
{
	query_add(query, " FROM certificates f WHERE 1 = 1");
	add_roles(query, filter->roles, filter->or_in_cas);
	if (filter->parent != NULL)
		query_text(query, " AND f.parent = ?", filter->parent);
	if (filter->name != NULL)
		query_text(query, " AND f.name = ?", filter->name);
	if (filter->custom_identifier != NULL)
		query_text(query, " AND f.custom_identifier = ?", filter->custom_identifier);
	if (filter->serial != NULL)
		query_text(query, " AND f.serial = ?", filter->serial);
	if (filter->sha256 != NULL)
		query_bytes(query, " AND f.sha256 = ?", (struct bytes){ filter->sha256, 32 });
	if (filter->subject_key != NULL)
		query_bytes(query, " AND f.subject_key = ?",
			    (struct bytes){ filter->subject_key, 32 });
	if (filter->revoked == 0)
		query_add(query, " AND f.revoked = 0 AND f.disabled = 0");
	else if (filter->revoked > 0)
		query_add(query, " AND (f.revoked = 1 OR f.disabled = 1)");
	add_times(query, filter);
	if (pattern != NULL)
		add_keyword(query, pattern);
	query_tags(query, STORE_CERTIFICATE, "f.id", filter->tags);
}

/* Numbers first, rows after: what is sorted is small. */
static void add_page(struct query *query, const struct store_certificate_filter *filter)
{
	const char *order = filter->newest_first ? " DESC" : "";

	if (filter->after_number != 0)
		query_number(query, filter->newest_first ? " AND f.number < ?"
							 : " AND f.number > ?",
			     filter->after_number);
	if (filter->limit > 0 || filter->offset > 0) {
		query_add(query, " ORDER BY f.number");
		query_add(query, order);
		query_number(query, " LIMIT ?", filter->limit > 0 ? filter->limit : INT64_MAX);
		query_number(query, " OFFSET ?", filter->offset);
	}
	query_add(query, ") ORDER BY c.number");
	query_add(query, order);
}

int store_certificate_each(struct store *store, const struct store_certificate_filter *filter,
			   bool (*each)(void *arg, const struct store_certificate *certificate),
			   void *arg, struct error *err)
{
	char *pattern = filter->keyword != NULL ? like_pattern(filter->keyword) : NULL;
	struct query query = { 0 };
	struct statement *statement;
	struct store_certificate row;
	bool goes_on = true;
	int found = 0;

	query_add(&query, CERTIFICATE_SELECT " WHERE c.number IN (SELECT f.number");
	add_conditions(&query, filter, pattern);
	add_page(&query, filter);
	statement = query_start(store->sql, &query, err);
	query_done(&query);
	while (goes_on && (found = sql_step(statement, err)) == 1) {
		if (certificate_row_read(statement, &row, err) < 0) {
			found = -1;
			break;
		}
		goes_on = each(arg, &row);
		json_decref(row.body);
	}
	sql_end(statement);
	free(pattern);
	return found < 0 ? -1 : 0;
}

int64_t store_certificate_count(struct store *store, const struct store_certificate_filter *filter,
				struct error *err)
{
	char *pattern = filter->keyword != NULL ? like_pattern(filter->keyword) : NULL;
	struct query query = { 0 };
	struct statement *statement;
	int64_t count = 0;
	int found;

	query_add(&query, "SELECT count(*)");
	add_conditions(&query, filter, pattern);
	statement = query_start(store->sql, &query, err);
	query_done(&query);
	found = sql_run_number(statement, &count, err);
	free(pattern);
	return found < 0 ? -1 : count;
}
