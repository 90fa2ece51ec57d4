#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/backup_file.h"
#include "store/folder.h"
#include "store/master_key.h"
#include "store/migrations.h"
#include "store/restore_internal.h"

/* --- what is in the backup --- */

static int fail_content(struct error *err)
{
	error_set(err, ERROR_INVALID, "the backup is damaged: its parts are not what they should be");
	return error_symbol(err, "Backup.Damaged");
}

static int read_head(struct backup_stream *stream, char letter, uint64_t max, uint64_t *ret_len,
		     struct error *err)
{
	uint8_t head[9];
	uint64_t len = 0;

	if (backup_stream_read(stream, head, sizeof(head), err) < 0)
		return -1;
	for (int i = 0; i < 8; i++)
		len |= (uint64_t)head[1 + i] << (8 * i);
	if (head[0] != (uint8_t)letter || len > max)
		return fail_content(err);
	*ret_len = len;
	return 0;
}

static int read_facts(struct restore *restore, struct backup_stream *stream, struct error *err)
{
	char text[4096];
	uint64_t len;
	json_t *facts;
	int schema;

	if (read_head(stream, 'I', sizeof(text), &len, err) < 0 ||
	    backup_stream_read(stream, text, (size_t)len, err) < 0)
		return -1;
	facts = json_loadb(text, (size_t)len, 0, NULL);
	restore->backup_revision = json_integer_value(json_object_get(facts, "Revision"));
	restore->made_s = json_integer_value(json_object_get(facts, "Made"));
	schema = (int)json_integer_value(json_object_get(facts, "Schema"));
	json_decref(facts);
	if (facts == NULL)
		return fail_content(err);
	if (schema > migrations_newest()) {
		error_set(err, ERROR_INVALID, "the backup was made by a newer version of Sallyport");
		return error_hint(err, "Restore it with that version.");
	}
	return 0;
}

static int read_file(struct backup_stream *stream, char letter, const char *path, struct error *err)
{
	uint64_t left;
	int64_t offset = 0;
	uint8_t *data;
	int fd, status = 0;

	if (read_head(stream, letter, UINT64_C(1) << 46, &left, err) < 0)
		return -1;
	if (unlink(path) < 0 && errno != ENOENT)
		return folder_fail(err, "remove", path);
	if (folder_open_file(path, true, &fd, err) < 0)
		return -1;
	data = memory_new(65536);
	while (left > 0 && status == 0) {
		size_t part = left < 65536 ? (size_t)left : 65536;

		status = backup_stream_read(stream, data, part, err);
		if (status == 0 && folder_write(fd, (struct bytes){ data, part }, offset) < 0)
			status = folder_fail(err, "write", path);
		offset += (int64_t)part;
		left -= part;
	}
	free(data);
	close(fd);
	return status;
}

static int read_parts(struct restore *restore, struct backup_stream *stream, struct error *err)
{
	uint64_t len;

	if (read_facts(restore, stream, err) < 0 ||
	    read_head(stream, 'M', sizeof(restore->key), &len, err) < 0)
		return -1;
	if (len != sizeof(restore->key))
		return fail_content(err);
	if (backup_stream_read(stream, restore->key, sizeof(restore->key), err) < 0 ||
	    read_file(stream, 'D', restore->new_database, err) < 0 ||
	    read_file(stream, 'J', restore->new_journal, err) < 0)
		return -1;
	return backup_stream_check_end(stream, err);
}

static int unpack(struct restore *restore, const char *path, const char *passphrase,
		  struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct backup_stream *stream;
	int status = -1;

	if (fd < 0)
		return folder_fail(err, "open the backup", path);
	stream = backup_stream_open(fd, passphrase, err);
	/* The folder is made only for somebody who has the passphrase. */
	if (stream != NULL && folder_prepare(restore->folder, err) == 0 &&
	    folder_lock(restore->folder, &restore->lock_fd, err) == 0)
		status = read_parts(restore, stream, err);
	backup_stream_free(stream);
	close(fd);
	return status;
}

static int check_sound(struct sql *sql, struct error *err)
{
	struct statement *statement = sql_start(sql, "PRAGMA quick_check(1)", err);
	int found = sql_step(statement, err);
	const char *answer = found == 1 ? sql_row_text(statement, 0) : NULL;

	if (found == 1 && (answer == NULL || strcmp(answer, "ok") != 0))
		found = fail_content(err);
	sql_end(statement);
	return found < 0 ? -1 : 0;
}

static int open_new(struct restore *restore, struct error *err)
{
	struct sql *sql = sql_open(restore->new_database, SQL_WRITES | SQL_FAST, err);
	bool is_new;

	if (sql == NULL)
		return -1;
	if (check_sound(sql, err) < 0 || migrations_run(sql, &is_new, err) < 0) {
		sql_close(sql);
		return -1;
	}
	restore->store = store_adopt(sql, restore->folder, restore->key, err);
	return restore->store != NULL ? 0 : -1;
}

/* --- what is in the folder --- */

static void open_old(struct restore *restore)
{
	restore->had_old = folder_has(restore->database);
	if (restore->had_old)
		restore->old = sql_open(restore->database, SQL_WRITES, NULL);
	restore->old_is_unreadable = restore->had_old && restore->old == NULL;
	if (restore->old != NULL)
		(void)!sql_run_number(sql_start(restore->old, "SELECT value FROM counters"
							      " WHERE name = 'revision'", NULL),
				      &restore->old_revision, NULL);
}

static int open_old_journal(struct restore *restore, struct error *err)
{
	return folder_has(restore->journal)
		       ? folder_open_file(restore->journal, false, &restore->old_journal_fd, err)
		       : 0;
}

/* --- the master key --- */

static int refuse_key(const char *path, struct error *err)
{
	error_set(err, ERROR_CONFLICT, "could not restore: %s holds the master key of another store",
		  path);
	error_symbol(err, "MasterKey.Other");
	return error_hint(err, "Give another place with --master-key, or move that file away.");
}

/* The key that lies there is the one of the database that is to be replaced. */
static bool key_is_of_old(struct restore *restore, const uint8_t *key)
{
	struct store *old;
	bool is_own;

	if (restore->old == NULL)
		return false;
	sql_close(restore->old);
	restore->old = sql_open(restore->database, SQL_WRITES, NULL);
	if (restore->old == NULL)
		return false;
	old = store_adopt(restore->old, restore->folder, key, NULL);
	restore->old = NULL;
	is_own = old != NULL;
	store_close(old);
	restore->old = sql_open(restore->database, SQL_WRITES, NULL);
	return is_own;
}

/* ret_save: it must be written. */
static int check_master_key(struct restore *restore, const char *path, bool *ret_save,
			    struct error *err)
{
	uint8_t key[STORE_MASTER_KEY_SIZE];
	char used[4096];
	int status = 0;

	*ret_save = !folder_has(path);
	if (*ret_save)
		return 0;
	if (master_key_load(path, false, key, used, sizeof(used), err) < 0)
		return -1;
	if (memcmp(key, restore->key, sizeof(key)) != 0) {
		*ret_save = true;
		status = key_is_of_old(restore, key) ? 0 : refuse_key(path, err);
	}
	memory_wipe(key, sizeof(key));
	return status;
}

/* The database that is kept would be of no use without its key. */
static int save_key(const struct restore *restore, const char *path, struct error *err)
{
	size_t size = strlen(path) + sizeof(".before-restore");
	char *kept = memory_new(size);
	int status = 0;

	snprintf(kept, size, "%s.before-restore", path);
	if (folder_has(path)) {
		unlink(kept);
		if (link(path, kept) < 0)
			status = folder_fail(err, "keep a copy of", path);
	}
	free(kept);
	return status < 0 ? -1 : master_key_save(path, restore->key, err);
}

/* --- the swap --- */

static char *kept_name(const struct restore *restore, const char *end)
{
	char name[64];

	snprintf(name, sizeof(name), STORE_FILE ".before-restore%s", end);
	return folder_path(restore->folder, name);
}

/* A log of the old database must never be replayed into the new one. Closing the old one has emptied
 * it; what could not be opened goes with its log under another name. */
static int move_log(struct restore *restore, const char *end, struct error *err)
{
	char name[64];
	char *log, *kept = kept_name(restore, end);
	int status = 0;

	snprintf(name, sizeof(name), STORE_FILE "%s", end);
	log = folder_path(restore->folder, name);
	if (rename(log, kept) < 0 && errno != ENOENT)
		status = folder_fail(err, "move", log);
	free(log);
	free(kept);
	return status;
}

/* The database has its name at every moment. */
static int swap(struct restore *restore, struct error *err)
{
	char *kept = kept_name(restore, "");
	int status = -1;

	sql_close(restore->old);
	restore->old = NULL;
	if (restore->had_old) {
		if (move_log(restore, "-wal", err) < 0 || move_log(restore, "-shm", err) < 0 ||
		    folder_sync(restore->database, err) < 0)
			goto out;
		unlink(kept);
		if (link(restore->database, kept) < 0) {
			folder_fail(err, "keep a copy of", restore->database);
			goto out;
		}
	}
	if (folder_give(restore->new_database, restore->folder, err) < 0 ||
	    folder_give(restore->journal, restore->folder, err) < 0)
		goto out;
	if (rename(restore->new_database, restore->database) < 0) {
		folder_fail(err, "put in its place", restore->database);
		goto out;
	}
	status = folder_sync(restore->database, err);
out:
	free(kept);
	return status;
}

static int close_new(struct restore *restore, struct error *err)
{
	int fd, status;

	store_close(restore->store);
	restore->store = NULL;
	if (folder_open_file(restore->new_database, false, &fd, err) < 0)
		return -1;
	status = fsync(fd) < 0 ? folder_fail(err, "write", restore->new_database) : 0;
	close(fd);
	return status;
}

/* --- the report --- */

static void write_text(const struct restore *restore, struct backup_report *report)
{
	struct buffer text = { 0 };
	char made[32] = "";
	time_t when = (time_t)report->made_s;
	struct tm parts;

	if (gmtime_r(&when, &parts) != NULL)
		strftime(made, sizeof(made), "%Y-%m-%dT%H:%M:%SZ", &parts);
	buffer_printf(&text, "restored revision %" PRId64 " of %s", report->revision, made);
	if (restore->had_old && !restore->old_is_unreadable)
		buffer_printf(&text, "; the folder was at revision %" PRId64, restore->old_revision);
	if (restore->had_old)
		buffer_printf(&text, "; its database is kept as " STORE_FILE ".before-restore");
	buffer_printf(&text, ". Later changes are gone: certificates issued since are not "
			     "known any more; users, access keys and tokens are as "
			     "they were then. Sessions have ended.");
	if (report->journal_only > 0)
		buffer_printf(&text, " %" PRId64 " revocations are known only from a journal or a "
				     "revocation list.", report->journal_only);
	buffer_append(&text, "", 1);
	snprintf(report->text, sizeof(report->text), "%s", (const char *)text.data);
	buffer_done(&text);
}

static int count_revocations(struct restore *restore, struct backup_report *report,
			     struct error *err)
{
	if (sql_run_number(sql_start(restore->store->sql, "SELECT count(*) FROM revocations", err),
			   &report->revocations, err) < 0)
		return -1;
	report->journal_only = report->revocations - restore->known_rows;
	report->revision = restore->backup_revision;
	report->made_s = restore->made_s;
	return 0;
}

/* --- all of it --- */

static int run(struct restore *restore, const char *key_path, const char *const *crls,
	       size_t crl_count, bool accept_loss, struct backup_report *report, struct error *err)
{
	bool is_new_key;

	if (open_new(restore, err) < 0)
		return -1;
	open_old(restore);
	if (open_old_journal(restore, err) < 0 ||
	    check_master_key(restore, key_path, &is_new_key, err) < 0 ||
	    restore_merge(restore, crls, crl_count, accept_loss, err) < 0 ||
	    restore_move_on(restore, err) < 0 || count_revocations(restore, report, err) < 0 ||
	    restore_journal(restore, err) < 0 || close_new(restore, err) < 0)
		return -1;
	if (is_new_key && save_key(restore, key_path, err) < 0)
		return -1;
	if (swap(restore, err) < 0)
		return -1;
	write_text(restore, report);
	return 0;
}

static void restore_done(struct restore *restore)
{
	store_close(restore->store);
	sql_close(restore->old);
	if (restore->old_journal_fd >= 0)
		close(restore->old_journal_fd);
	if (restore->lock_fd >= 0) {
		unlink(restore->new_database);
		unlink(restore->new_journal);
		close(restore->lock_fd);
	}
	free(restore->database);
	free(restore->journal);
	free(restore->new_database);
	free(restore->new_journal);
	memory_wipe(restore, sizeof(*restore));
}

int backup_restore(const char *path, const char *passphrase, const char *folder,
		   const char *master_key_path, const char *const *crls, size_t crl_count,
		   bool accept_loss, struct backup_report *ret_report, struct error *err)
{
	struct restore restore = { .folder = folder, .lock_fd = -1, .old_journal_fd = -1 };
	char *key_path = master_key_path != NULL ? memory_copy_string(master_key_path)
						 : master_key_usual_path(err);
	struct backup_report report = { 0 };
	int status = -1;

	if (key_path == NULL)
		return -1;
	restore.database = folder_path(folder, STORE_FILE);
	restore.journal = folder_path(folder, STORE_JOURNAL_FILE);
	restore.new_database = folder_path(folder, "restore.db");
	restore.new_journal = folder_path(folder, "restore.log");
	if (unpack(&restore, path, passphrase, err) == 0)
		status = run(&restore, key_path, crls, crl_count, accept_loss, &report, err);
	restore_done(&restore);
	free(key_path);
	if (status == 0)
		*ret_report = report;
	return status;
}
