/*
 * Names and types are those that PostgreSQL has too. Two things are SQLite's own words: WITHOUT ROWID
 * (rows lie in the order of their key; PostgreSQL needs nothing there) and the bodies of triggers.
 */
#include "store/migrations.h"

#include <stdio.h>

#define KEYED " WITHOUT ROWID;\n"

static const char first[] =
	"CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL)" KEYED
	"INSERT INTO counters (name, value) VALUES"
	" ('revision', 0), ('certificate', 1000), ('audit', 0), ('journal', 0),"
	" ('journal_bytes', 0);\n"
	"CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)" KEYED
	"CREATE TABLE change_log (revision BIGINT PRIMARY KEY, time_s BIGINT NOT NULL,"
	" kind TEXT NOT NULL, id TEXT NOT NULL, act TEXT NOT NULL, actor TEXT NOT NULL)" KEYED
	"CREATE TABLE audit (number BIGINT PRIMARY KEY, time_s BIGINT NOT NULL,"
	" actor TEXT NOT NULL, source TEXT NOT NULL, product TEXT NOT NULL, action TEXT NOT NULL,"
	" kind TEXT NOT NULL, id TEXT NOT NULL, request_id TEXT NOT NULL, outcome TEXT NOT NULL,"
	" hash BLOB NOT NULL, before_json TEXT, after_json TEXT);\n"
	"CREATE INDEX audit_by_resource ON audit (kind, id, number);\n"
	"CREATE INDEX audit_by_actor ON audit (actor, number);\n"
	"CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN"
	" SELECT RAISE(ABORT, 'the audit log cannot be changed'); END;\n"
	"CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN"
	" SELECT RAISE(ABORT, 'the audit log cannot be changed'); END;\n"

	/* --- resources --- */
	"CREATE TABLE resources (kind TEXT NOT NULL, id TEXT NOT NULL, created_s BIGINT NOT NULL,"
	" updated_s BIGINT NOT NULL, revision BIGINT NOT NULL, name TEXT NOT NULL, parent TEXT,"
	" body TEXT NOT NULL, PRIMARY KEY (kind, id));\n"
	"CREATE INDEX resources_by_time ON resources (kind, created_s, id);\n"
	"CREATE INDEX resources_by_parent ON resources (kind, parent, created_s, id);\n"
	"CREATE INDEX resources_by_name ON resources (kind, name);\n"
	"CREATE TABLE departed (kind TEXT NOT NULL, id TEXT NOT NULL, created_s BIGINT NOT NULL,"
	" departed_s BIGINT NOT NULL, PRIMARY KEY (kind, id))" KEYED
	"CREATE TABLE refs (from_kind TEXT NOT NULL, from_id TEXT NOT NULL, role TEXT NOT NULL,"
	" to_kind TEXT NOT NULL, to_id TEXT NOT NULL,"
	" PRIMARY KEY (from_kind, from_id, role, to_kind, to_id))" KEYED
	"CREATE INDEX refs_by_end ON refs (to_kind, to_id);\n"
	"CREATE TABLE tags (kind TEXT NOT NULL, id TEXT NOT NULL, key TEXT NOT NULL,"
	" value TEXT NOT NULL, PRIMARY KEY (kind, id, key))" KEYED
	"CREATE INDEX tags_by_key ON tags (kind, key, value);\n"

	/* --- certificates: short columns first, so that a search does not read the long ones --- */
	"CREATE TABLE certificates (number BIGINT PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
	" role BIGINT NOT NULL, parent TEXT, name TEXT NOT NULL, custom_identifier TEXT UNIQUE,"
	" common_name TEXT NOT NULL, sans TEXT NOT NULL, serial TEXT NOT NULL,"
	" serial_octets BLOB NOT NULL, issuer_key BLOB NOT NULL, subject_key BLOB NOT NULL,"
	" sha256 BLOB NOT NULL, not_before BIGINT NOT NULL, not_after BIGINT NOT NULL,"
	" revoked BIGINT NOT NULL, disabled BIGINT NOT NULL, revision BIGINT NOT NULL,"
	" in_cas BIGINT NOT NULL, created_s BIGINT NOT NULL, body TEXT NOT NULL, der BLOB NOT NULL,"
	" chain BLOB NOT NULL);\n"
	/* What our own CAs issued, and they themselves: no serial twice. */
	"CREATE UNIQUE INDEX certificates_by_issuer ON certificates (issuer_key, serial_octets)"
	" WHERE role < 32;\n"
	/* With all that is searched: a search reads this index and not the certificates. */
	"CREATE INDEX certificates_by_role ON certificates (role, number, revoked, not_after, parent,"
	" name, common_name, sans, serial, id);\n"
	"CREATE INDEX certificates_in_cas ON certificates (in_cas, number) WHERE in_cas = 1;\n"
	"CREATE INDEX certificates_by_parent ON certificates (parent, number);\n"
	"CREATE INDEX certificates_by_serial ON certificates (serial);\n"
	"CREATE INDEX certificates_by_name ON certificates (name);\n"
	"CREATE INDEX certificates_by_digest ON certificates (sha256);\n"
	"CREATE INDEX certificates_by_key ON certificates (subject_key);\n"
	"CREATE INDEX certificates_by_end ON certificates (not_after);\n"
	"CREATE TABLE private_keys (certificate_id TEXT PRIMARY KEY, exportable BIGINT NOT NULL,"
	" public_digest BLOB NOT NULL, sealed BLOB NOT NULL);\n"
	"CREATE TABLE revocations (issuer_key BLOB NOT NULL, serial BLOB NOT NULL,"
	" time_s BIGINT NOT NULL, reason BIGINT NOT NULL, PRIMARY KEY (issuer_key, serial))" KEYED
	"CREATE TRIGGER revocations_delete BEFORE DELETE ON revocations BEGIN"
	" SELECT RAISE(ABORT, 'a revocation is final'); END;\n"
	"CREATE TRIGGER revocations_update BEFORE UPDATE ON revocations"
	" WHEN NOT (new.issuer_key = old.issuer_key AND new.serial = old.serial"
	" AND new.time_s <= old.time_s AND (new.reason = old.reason OR new.reason = 1)) BEGIN"
	" SELECT RAISE(ABORT, 'a revocation is final'); END;\n"
	"CREATE TABLE crls (issuer_key BLOB PRIMARY KEY, number BIGINT NOT NULL,"
	" this_update_s BIGINT NOT NULL, next_update_s BIGINT NOT NULL, der BLOB NOT NULL);\n"
	"CREATE TABLE foreign_crls (certificate_id TEXT NOT NULL, name TEXT NOT NULL,"
	" der BLOB NOT NULL, PRIMARY KEY (certificate_id, name));\n"

	/* --- who may speak to us --- */
	"CREATE TABLE users (name TEXT PRIMARY KEY, role TEXT NOT NULL, ca TEXT, password TEXT,"
	" language TEXT, disabled BIGINT NOT NULL, created_s BIGINT NOT NULL,"
	" revision BIGINT NOT NULL)" KEYED
	"CREATE TABLE access_keys (id TEXT PRIMARY KEY, user_name TEXT NOT NULL,"
	" inactive BIGINT NOT NULL, created_s BIGINT NOT NULL, used_s BIGINT NOT NULL,"
	" sealed BLOB NOT NULL)" KEYED
	"CREATE INDEX access_keys_by_user ON access_keys (user_name);\n"
	"CREATE TABLE tokens (hash BLOB PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
	" user_name TEXT NOT NULL, is_session BIGINT NOT NULL, csrf TEXT, note TEXT,"
	" created_s BIGINT NOT NULL, used_s BIGINT NOT NULL, expires_s BIGINT NOT NULL)" KEYED
	"CREATE INDEX tokens_by_user ON tokens (user_name);\n"
	"CREATE INDEX tokens_by_end ON tokens (expires_s);\n"

	/* --- what was promised and answered --- */
	"CREATE TABLE jobs (id TEXT PRIMARY KEY, action TEXT NOT NULL, kind TEXT NOT NULL,"
	" resource TEXT NOT NULL, revision BIGINT NOT NULL, error TEXT, created_s BIGINT NOT NULL)" KEYED
	"CREATE INDEX jobs_by_resource ON jobs (kind, resource, revision);\n"
	"CREATE INDEX jobs_by_time ON jobs (created_s);\n"
	"CREATE TABLE client_tokens (user_name TEXT NOT NULL, product TEXT NOT NULL,"
	" action TEXT NOT NULL, token TEXT NOT NULL, digest BLOB NOT NULL,"
	" created_s BIGINT NOT NULL, sealed BLOB NOT NULL,"
	" PRIMARY KEY (user_name, product, action, token))" KEYED
	"CREATE INDEX client_tokens_by_time ON client_tokens (created_s);\n";

static const char *const steps[] = { first };

#define STEP_COUNT ((int)(sizeof(steps) / sizeof(steps[0])))

int migrations_newest(void)
{
	return STEP_COUNT;
}

static int current_step(struct sql *sql, int64_t *ret_step, struct error *err)
{
	*ret_step = 0;
	if (sql_script(sql, "CREATE TABLE IF NOT EXISTS migrations (step BIGINT PRIMARY KEY);",
		       err) < 0)
		return -1;
	return sql_run_number(sql_start(sql, "SELECT max(step) FROM migrations", err), ret_step,
			      err) < 0 ? -1 : 0;
}

static int run_step(struct sql *sql, int64_t step, struct error *err)
{
	char done[64];

	snprintf(done, sizeof(done), "INSERT INTO migrations (step) VALUES (%d);", (int)step + 1);
	if (sql_script(sql, steps[step], err) < 0)
		return -1;
	return sql_script(sql, done, err);
}

int migrations_run(struct sql *sql, bool *ret_is_new, struct error *err)
{
	int64_t step;

	if (sql_script(sql, "BEGIN IMMEDIATE;", err) < 0)
		return -1;
	if (current_step(sql, &step, err) < 0)
		goto fail;
	if (step > STEP_COUNT) {
		error_set(err, ERROR_INVALID, "could not open the store: a newer version of "
					      "Sallyport made it (schema %lld, this one knows %d)",
			  (long long)step, STEP_COUNT);
		error_hint(err, "Use that version, or restore a backup made by this one.");
		goto fail;
	}
	*ret_is_new = step == 0;
	for (; step < STEP_COUNT; step++) {
		if (run_step(sql, step, err) < 0)
			goto fail;
	}
	if (sql_script(sql, "COMMIT;", err) == 0)
		return 0;
fail:
	sql_rollback(sql);
	return -1;
}
