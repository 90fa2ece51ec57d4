#include "store/job.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_internal.h"

void store_job_done(struct store_job *job)
{
	free(job->id);
	free(job->action);
	free(job->kind);
	free(job->resource);
	free(job->error);
	memset(job, 0, sizeof(*job));
}

int store_job_put(struct store *store, const struct store_job *job, struct error *err)
{
	struct statement *statement = sql_start(
		store->sql,
		"INSERT INTO jobs (id, action, kind, resource, revision, error, created_s)"
		" VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
		" revision = excluded.revision, error = excluded.error", err);

	sql_text(statement, job->id);
	sql_text(statement, job->action != NULL ? job->action : "");
	sql_text(statement, job->kind != NULL ? job->kind : "");
	sql_text(statement, job->resource != NULL ? job->resource : "");
	sql_number(statement, job->revision);
	sql_text(statement, job->error);
	sql_number(statement, job->created_s);
	return sql_run(statement, err);
}

int store_job_get(struct store *store, const char *id, struct store_job *ret_job, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT id, action, kind, resource, revision, error, created_s"
				      " FROM jobs WHERE id = ?", err);
	int found;

	sql_text(statement, id);
	found = sql_step(statement, err);
	if (found == 1) {
		ret_job->id = memory_copy_string(sql_row_text(statement, 0));
		ret_job->action = memory_copy_string(sql_row_text(statement, 1));
		ret_job->kind = memory_copy_string(sql_row_text(statement, 2));
		ret_job->resource = memory_copy_string(sql_row_text(statement, 3));
		ret_job->revision = sql_row_number(statement, 4);
		ret_job->error = memory_copy_string(sql_row_text(statement, 5));
		ret_job->created_s = sql_row_number(statement, 6);
	}
	sql_end(statement);
	return found;
}

int store_jobs_fail(struct store *store, const char *kind, const char *resource,
		    int64_t above_revision, const char *why, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "UPDATE jobs SET error = ? WHERE kind = ? AND resource = ?"
				      " AND revision > ? AND error IS NULL", err);

	sql_text(statement, why);
	sql_text(statement, kind);
	sql_text(statement, resource);
	sql_number(statement, above_revision);
	return sql_run(statement, err);
}
