#include "store/store_internal.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/folder.h"
#include "store/journal.h"
#include "store/migrations.h"

#define SETTING_ID "store.id"
#define SETTING_CHECK "store.check"

/* --- what the store is called, and whether the master key is its own --- */

static int make_id(struct store *store, struct error *err)
{
	uint8_t random[16];
	char hex[33];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return error_set(err, ERROR_SYSTEM, "the system gave no random bytes");
	random[6] = (uint8_t)((random[6] & 0x0f) | 0x40); /* RFC 9562 5.4 */
	random[8] = (uint8_t)((random[8] & 0x3f) | 0x80);
	hex_encode((struct bytes){ random, sizeof(random) }, hex);
	snprintf(store->id, sizeof(store->id), "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
		 hex + 16, hex + 20);
	return 0;
}

static struct seal_place check_place(const struct store *store)
{
	return (struct seal_place){ .store_id = store->id, .table = "settings",
				    .row = SETTING_CHECK, .purpose = "check" };
}

static int put_check(struct store *store, struct error *err)
{
	struct seal_place place = check_place(store);
	struct buffer sealed = { 0 };
	char hex[2 * 256 + 1];
	int status;

	if (seal_close(&store->seal_key, &place, (struct bytes){ (const uint8_t *)"sallyport", 9 },
		       &sealed, err) < 0)
		return -1;
	if (sealed.len * 2 >= sizeof(hex)) {
		buffer_done(&sealed);
		return error_set(err, ERROR_SYSTEM, "could not seal the check of the master key");
	}
	hex_encode(buffer_bytes(&sealed), hex);
	buffer_done(&sealed);
	status = store_setting_put(store, SETTING_CHECK, hex, err);
	return status;
}

static struct buffer decode_hex(const char *hex)
{
	struct buffer bytes = { 0 };
	unsigned int value;

	for (; hex[0] != '\0' && hex[1] != '\0' && sscanf(hex, "%2x", &value) == 1; hex += 2) {
		uint8_t byte = (uint8_t)value;

		buffer_append(&bytes, &byte, 1);
	}
	return bytes;
}

static int look_at_check(struct store *store, const char *hex, struct error *err)
{
	struct seal_place place = check_place(store);
	struct buffer sealed = decode_hex(hex), opened = { 0 };
	int status = seal_open(&store->seal_key, &place, buffer_bytes(&sealed), &opened, NULL);

	buffer_done(&sealed);
	buffer_done(&opened);
	if (status == 0)
		return 0;
	error_set(err, ERROR_DENIED, "could not open the store in %s: "
				     "the master key is not the one it was made with",
		  store->folder);
	error_symbol(err, "MasterKey.Wrong");
	return error_hint(err, "Give the right --master-key file, or restore a backup, "
			       "which brings its own.");
}

/* 1: there is one, the caller frees it; 0: there is none. */
static int read_setting(struct store *store, const char *name, char **ret_value, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT value FROM settings WHERE name = ?", err);
	int found;

	sql_text(statement, name);
	found = sql_step(statement, err);
	if (found == 1)
		*ret_value = memory_copy_string(sql_row_text(statement, 0));
	sql_end(statement);
	return found;
}

/* The id and the check are made in one transaction, so that there are both or none. */
static int make_identity(struct store *store, const uint8_t *master_key, struct error *err)
{
	bool own = false;
	int status;

	if (make_id(store, err) < 0 ||
	    seal_key_init(&store->seal_key, master_key, store->id, err) < 0 ||
	    store_atomic_begin(store, &own, err) < 0)
		return -1;
	status = store_setting_put(store, SETTING_ID, store->id, err);
	if (status == 0)
		status = put_check(store, err);
	return store_atomic_end(store, own, status, err);
}

static int check_identity(struct store *store, const char *id, const char *check,
			  const uint8_t *master_key, struct error *err)
{
	if (id == NULL || check == NULL || strlen(id) != sizeof(store->id) - 1) {
		error_set(err, ERROR_INVALID, "could not open the store in %s: it is damaged, "
					      "its id or its check is gone", store->folder);
		return error_hint(err, "Restore a backup.");
	}
	memcpy(store->id, id, sizeof(store->id));
	if (seal_key_init(&store->seal_key, master_key, store->id, err) < 0)
		return -1;
	return look_at_check(store, check, err);
}

/* Under another id no key that is here would ever open again: a new one is for a new store only. */
static int identify(struct store *store, const uint8_t *master_key, struct error *err)
{
	char *id = NULL, *check = NULL;
	int status = -1;

	if (read_setting(store, SETTING_ID, &id, err) >= 0 &&
	    read_setting(store, SETTING_CHECK, &check, err) >= 0)
		status = id == NULL && check == NULL && store_revision(store) == 0 ?
			 make_identity(store, master_key, err) :
			 check_identity(store, id, check, master_key, err);
	free(id);
	free(check);
	return status;
}

/* --- open and close --- */

/* A data folder whose database went away must not look like a new one: what was revoked would be
 * forgotten. */
static int check_not_lost(const char *folder, const char *database, struct error *err)
{
	char *journal = folder_path(folder, STORE_JOURNAL_FILE);
	bool lost = !folder_has(database) && folder_has(journal);

	free(journal);
	if (!lost)
		return 0;
	error_set(err, ERROR_NOT_FOUND, "could not open the store in %s: the revocation journal is "
					"there, but %s is gone", folder, STORE_FILE);
	return error_hint(err, "Restore a backup into this folder, or use an empty one.");
}

static int open_database(struct store *store, struct error *err)
{
	char *path = folder_path(store->folder, STORE_FILE);
	bool is_new;
	int status = -1;

	if (check_not_lost(store->folder, path, err) == 0 &&
	    folder_make_private(path, err) == 0) {
		store->sql = sql_open(path, SQL_WRITES, err);
		if (store->sql != NULL)
			status = migrations_run(store->sql, &is_new, err);
		if (status == 0 && is_new)
			status = folder_sync(path, err);
	}
	free(path);
	return status;
}

struct store *store_open(const char *folder, const uint8_t master_key[STORE_MASTER_KEY_SIZE],
			 struct error *err)
{
	struct store *store = memory_new(sizeof(*store));

	store->folder = memory_copy_string(folder);
	store->lock_fd = -1;
	if (folder_prepare(folder, err) < 0 || folder_lock(folder, &store->lock_fd, err) < 0 ||
	    open_database(store, err) < 0 || identify(store, master_key, err) < 0 ||
	    journal_attach(store, err) < 0) {
		store_close(store);
		return NULL;
	}
	return store;
}

struct store *store_adopt(struct sql *sql, const char *folder,
			  const uint8_t master_key[STORE_MASTER_KEY_SIZE], struct error *err)
{
	struct store *store = memory_new(sizeof(*store));

	store->folder = memory_copy_string(folder);
	store->lock_fd = -1;
	store->sql = sql;
	if (identify(store, master_key, err) < 0) {
		store_close(store);
		return NULL;
	}
	return store;
}

struct store *store_open_reader(const struct store *store, struct error *err)
{
	struct store *reader = memory_new(sizeof(*reader));
	char *path = folder_path(store->folder, STORE_FILE);

	reader->folder = memory_copy_string(store->folder);
	reader->lock_fd = -1;
	reader->seal_key = store->seal_key;
	memcpy(reader->id, store->id, sizeof(reader->id));
	reader->sql = sql_open(path, SQL_READS, err);
	free(path);
	if (reader->sql == NULL) {
		store_close(reader);
		return NULL;
	}
	return reader;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	if (store->sql != NULL)
		sql_rollback(store->sql);
	sql_close(store->sql);
	journal_close(store->journal);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	seal_key_done(&store->seal_key);
	free(store->queued);
	free(store->orphans);
	free(store->notice);
	free(store->folder);
	free(store);
}

const char *store_id(const struct store *store)
{
	return store->id;
}

const char *store_folder(const struct store *store)
{
	return store->folder;
}

const char *store_notice(const struct store *store)
{
	return store->notice;
}
