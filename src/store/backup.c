#include "store/backup.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/monotime.h"
#include "store/backup_file.h"
#include "store/folder.h"
#include "store/migrations.h"
#include "store/store_internal.h"

struct backup {
	struct store *reader;
	char *snapshot;         /* a copy of the database, while the backup is made */
	char *temporary;
	int64_t revision;
	int database_fd, journal_fd, fd;
	struct backup_stream *stream;
};

static char *with_end(const char *path, const char *end)
{
	size_t size = strlen(path) + strlen(end) + 1;
	char *joined = memory_new(size);

	snprintf(joined, size, "%s%s", path, end);
	return joined;
}

/* --- the snapshot --- */

/* The copy and its revision are of one moment. */
static int copy_database(struct backup *backup, struct sql *copy, struct error *err)
{
	int status;

	if (store_read_begin(backup->reader, err) < 0)
		return -1;
	backup->revision = store_revision(backup->reader);
	status = sql_copy(backup->reader->sql, copy, err);
	store_read_end(backup->reader);
	return status;
}

/* The journal is opened after the database was copied: so it has at least the revocations of it. */
static int take_snapshot(struct backup *backup, struct error *err)
{
	struct sql *copy;
	char *journal;
	int status;

	unlink(backup->snapshot);
	if (folder_make_private(backup->snapshot, err) < 0)
		return -1;
	copy = sql_open(backup->snapshot, SQL_WRITES | SQL_FAST, err);
	status = copy != NULL ? copy_database(backup, copy, err) : -1;
	sql_close(copy);
	if (status < 0)
		return -1;
	journal = folder_path(backup->reader->folder, STORE_JOURNAL_FILE);
	status = folder_open_file(backup->snapshot, false, &backup->database_fd, err);
	if (status == 0)
		status = folder_open_file(journal, false, &backup->journal_fd, err);
	free(journal);
	return status;
}

/* --- parts --- */

static int write_head(struct backup *backup, char letter, uint64_t len, struct error *err)
{
	uint8_t head[9] = { (uint8_t)letter };

	for (int i = 0; i < 8; i++)
		head[1 + i] = (uint8_t)(len >> (8 * i));
	return backup_stream_write(backup->stream, head, sizeof(head), err);
}

static int write_part(struct backup *backup, char letter, const void *data, size_t len,
		      struct error *err)
{
	if (write_head(backup, letter, len, err) < 0)
		return -1;
	return backup_stream_write(backup->stream, data, len, err);
}

/* As long as the file is now: the journal may grow meanwhile. */
static int write_file(struct backup *backup, char letter, int fd, struct error *err)
{
	struct stat status;
	char *buffer;
	off_t done = 0;
	int result = -1;

	if (fstat(fd, &status) < 0)
		return folder_fail(err, "read", "the store");
	if (write_head(backup, letter, (uint64_t)status.st_size, err) < 0)
		return -1;
	buffer = memory_new(65536);
	while (done < status.st_size) {
		size_t want = status.st_size - done < 65536 ? (size_t)(status.st_size - done) : 65536;
		ssize_t count = pread(fd, buffer, want, done);

		if (count <= 0) {
			folder_fail(err, "read", "the store");
			goto out;
		}
		if (backup_stream_write(backup->stream, buffer, (size_t)count, err) < 0)
			goto out;
		done += count;
	}
	result = 0;
out:
	free(buffer);
	return result;
}

static int write_facts(struct backup *backup, struct error *err)
{
	json_t *facts = json_pack("{s:I, s:I, s:i, s:s, s:s}", "Revision",
				  (json_int_t)backup->revision, "Made", (json_int_t)walltime_s(),
				  "Schema", migrations_newest(), "Store", backup->reader->id,
				  "Version", SALLYPORT_VERSION);
	char *text = json_dumps(facts, JSON_COMPACT);
	int status = write_part(backup, 'I', text, strlen(text), err);

	free(text);
	json_decref(facts);
	return status;
}

static int write_all(struct backup *backup, const uint8_t *master_key, struct error *err)
{
	if (write_facts(backup, err) < 0 ||
	    write_part(backup, 'M', master_key, STORE_MASTER_KEY_SIZE, err) < 0 ||
	    write_file(backup, 'D', backup->database_fd, err) < 0 ||
	    write_file(backup, 'J', backup->journal_fd, err) < 0)
		return -1;
	return backup_stream_finish(backup->stream, err);
}

static void backup_done(struct backup *backup)
{
	backup_stream_free(backup->stream);
	if (backup->database_fd >= 0)
		close(backup->database_fd);
	if (backup->journal_fd >= 0)
		close(backup->journal_fd);
	if (backup->fd >= 0)
		close(backup->fd);
	unlink(backup->snapshot);
	unlink(backup->temporary);
	free(backup->snapshot);
	free(backup->temporary);
}

int backup_write_at_cost(struct store *reader, const uint8_t master_key[STORE_MASTER_KEY_SIZE],
			 const char *passphrase, const char *path, unsigned int cost,
			 struct error *err)
{
	struct backup backup = { .reader = reader, .database_fd = -1, .journal_fd = -1, .fd = -1 };
	int status = -1;

	if (passphrase == NULL || *passphrase == '\0')
		return error_set(err, ERROR_INVALID, "a backup needs a passphrase");
	backup.snapshot = with_end(path, ".snapshot");
	backup.temporary = with_end(path, ".new");
	unlink(backup.temporary);
	if (take_snapshot(&backup, err) < 0 ||
	    folder_open_file(backup.temporary, true, &backup.fd, err) < 0)
		goto out;
	backup.stream = backup_stream_create(backup.fd, passphrase, cost, err);
	if (backup.stream == NULL || write_all(&backup, master_key, err) < 0)
		goto out;
	if (fsync(backup.fd) < 0 || rename(backup.temporary, path) < 0) {
		folder_fail(err, "write the backup", path);
		goto out;
	}
	status = folder_sync(path, err);
out:
	backup_done(&backup);
	return status;
}

int backup_write(struct store *reader, const uint8_t master_key[STORE_MASTER_KEY_SIZE],
		 const char *passphrase, const char *path, struct error *err)
{
	return backup_write_at_cost(reader, master_key, passphrase, path, BACKUP_COST, err);
}
