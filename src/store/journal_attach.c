#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/monotime.h"
#include "store/folder.h"
#include "store/journal.h"

#define SETTING_JOURNAL "store.journal"

/* --- how far the database has come --- */

/* "count bytes hash"; false: it is not that. */
static bool parse_end(const char *text, struct journal_end *ret_end)
{
	struct journal_end end;

	if (sscanf(text, "%" SCNd64 " %" SCNd64 " %64[0-9a-f]", &end.count, &end.bytes,
		   end.hash) != 3 ||
	    strlen(end.hash) != JOURNAL_HASH_SIZE - 1 || end.count < 0 || end.bytes < 0)
		return false;
	*ret_end = end;
	return true;
}

int journal_put_end(struct store *store, const struct journal_end *end, struct error *err)
{
	char text[128];

	snprintf(text, sizeof(text), "%" PRId64 " %" PRId64 " %s", end->count, end->bytes,
		 end->hash);
	return store_setting_put(store, SETTING_JOURNAL, text, err);
}

int journal_note_end(struct store *store, struct error *err)
{
	struct journal_end end = journal_end(store->journal);

	return journal_needs_note(store->journal) ? journal_put_end(store, &end, err) : 0;
}

static struct journal_end noted_end(struct store *store)
{
	char *text = store_setting(store, SETTING_JOURNAL);
	struct journal_end end = journal_start();

	if (text != NULL && !parse_end(text, &end))
		end.count = -1; /* agrees with no journal */
	free(text);
	return end;
}

/* --- rows from lines --- */

struct healing {
	struct store *store;
	struct error *err;
	int status;
	int64_t count;
};

static void make_row(void *arg, const struct store_revocation *revocation)
{
	struct healing *healing = arg;

	healing->count++;
	if (healing->status == 0)
		healing->status = store_revocation_row(healing->store, revocation, healing->err);
}

/* --- a new journal from all rows --- */

struct rewriting {
	struct journal_end end;
	struct buffer text;
	int fd;
	int64_t written;
	int status;
};

static void flush_lines(struct rewriting *rewriting)
{
	if (rewriting->status == 0)
		rewriting->status = folder_write(rewriting->fd, buffer_bytes(&rewriting->text),
						 rewriting->written);
	rewriting->written += (int64_t)rewriting->text.len;
	rewriting->text.len = 0;
}

static int write_rows(struct sql *sql, struct rewriting *rewriting, struct error *err)
{
	struct statement *statement =
		sql_start(sql, "SELECT issuer_key, serial, time_s, reason FROM revocations "
			       "ORDER BY issuer_key, serial", err);
	int found;

	while ((found = sql_step(statement, err)) == 1) {
		struct store_revocation revocation;

		store_revocation_read(statement, &revocation);
		journal_line(&revocation, &rewriting->end, &rewriting->text);
		if (rewriting->text.len > 60000)
			flush_lines(rewriting);
	}
	sql_end(statement);
	flush_lines(rewriting);
	return found;
}

int journal_rewrite(struct sql *sql, const char *path, struct journal_end *ret_end,
		    struct error *err)
{
	struct rewriting rewriting = { .end = journal_start(), .fd = -1 };
	size_t size = strlen(path) + sizeof(".new");
	char *temporary = memory_new(size);
	int status = -1;

	snprintf(temporary, size, "%s.new", path);
	unlink(temporary);
	if (folder_open_file(temporary, true, &rewriting.fd, err) < 0 ||
	    write_rows(sql, &rewriting, err) < 0)
		goto out;
	if (rewriting.status < 0 || fsync(rewriting.fd) < 0 || rename(temporary, path) < 0) {
		folder_fail(err, "write", path);
		goto out;
	}
	status = folder_sync(path, err);
	if (status == 0)
		*ret_end = rewriting.end;
out:
	if (rewriting.fd >= 0)
		close(rewriting.fd);
	if (status < 0)
		unlink(temporary);
	buffer_done(&rewriting.text);
	free(temporary);
	return status;
}

/* --- making both agree --- */

int journal_keep_damaged(const char *path, struct error *err)
{
	size_t size = strlen(path) + sizeof(".damaged");
	char *kept = memory_new(size);
	int status = 0;

	snprintf(kept, size, "%s.damaged", path);
	unlink(kept);
	if (link(path, kept) < 0)
		status = folder_fail(err, "keep a copy of", path);
	free(kept);
	return status;
}

/* The order matters: rows first, then the new file, then the note of its end. After a crash in between
 * the same is done again. */
static int rebuild(struct store *store, const char *path, int fd, struct journal_end *ret_end,
		   struct error *err)
{
	struct healing healing = { .store = store, .err = err };
	bool own;
	int status;

	if (store_atomic_begin(store, &own, err) < 0)
		return -1;
	status = journal_salvage(fd, make_row, &healing, err);
	if (healing.status < 0)
		status = -1;
	if (status == 0)
		status = store_note(store, "JournalRebuilt", walltime_s(),
				    "the revocation journal was damaged or missing", err);
	if (store_atomic_end(store, own, status, err) < 0 || journal_keep_damaged(path, err) < 0 ||
	    journal_rewrite(store->sql, path, ret_end, err) < 0 || journal_put_end(store, ret_end, err) < 0)
		return -1;
	store->notice = memory_copy_string("the revocation journal was damaged or missing: it was "
					   "written anew from the database and what could be read "
					   "of it; the old one is revocations.log.damaged");
	return 0;
}

/* Rows for the lines behind the noted end. */
static int catch_up(struct store *store, int fd, struct journal_end *end, enum journal_rest *rest,
		    struct error *err)
{
	struct healing healing = { .store = store, .err = err };
	struct journal_end from = *end;
	bool own;
	int status;

	if (store_atomic_begin(store, &own, err) < 0)
		return -1;
	status = journal_read(fd, &from, make_row, &healing, end, rest, err);
	if (healing.status < 0)
		status = -1;
	if (status == 0 && healing.count > 0)
		status = journal_put_end(store, end, err);
	return store_atomic_end(store, own, status, err);
}

static int cut_torn(int fd, const struct journal_end *end, const char *path, struct error *err)
{
	if (ftruncate(fd, (off_t)end->bytes) < 0 || fsync(fd) < 0)
		return folder_fail(err, "cut a half-written line from", path);
	return 0;
}

/* Replaces the descriptor by one of the new file. */
static int rebuild_and_reopen(struct store *store, const char *path, int *fd,
			      struct journal_end *end, struct error *err)
{
	if (rebuild(store, path, *fd, end, err) < 0)
		return -1;
	close(*fd);
	*fd = -1;
	return folder_open_file(path, false, fd, err);
}

static int agree(struct store *store, const char *path, int *fd, struct journal_end *end,
		 struct error *err)
{
	enum journal_rest rest;

	if (!journal_has(*fd, end))
		return rebuild_and_reopen(store, path, fd, end, err);
	if (catch_up(store, *fd, end, &rest, err) < 0)
		return -1;
	if (rest == JOURNAL_REST_BROKEN)
		return rebuild_and_reopen(store, path, fd, end, err);
	return rest == JOURNAL_REST_TORN ? cut_torn(*fd, end, path, err) : 0;
}

int journal_attach(struct store *store, struct error *err)
{
	char *path = folder_path(store->folder, STORE_JOURNAL_FILE);
	struct journal_end end = noted_end(store);
	bool was_there = folder_has(path);
	int fd = -1;
	int status = -1;

	if (folder_make_private(path, err) == 0 && folder_open_file(path, false, &fd, err) == 0 &&
	    (was_there || folder_sync(path, err) == 0) &&
	    agree(store, path, &fd, &end, err) == 0) {
		store->journal = journal_open(fd, &end);
		fd = -1;
		status = 0;
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return status;
}
