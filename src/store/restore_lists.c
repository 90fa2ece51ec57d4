/* Revocation lists as a source of a restore: those that were given, and those in the folder. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "store/folder.h"
#include "store/restore_internal.h"
#include "x509/crl.h"
#include "x509/pem.h"

#define LIST_MAX_SIZE (256u << 20)
#define PUBLISHED "publish" /* where control keeps the lists of our own CAs */

struct listing {
	struct restore *restore;
	struct error *err;
	const struct crl *crl;
	uint8_t issuer_key[32];
	bool found;
	int status;
};

static void add_entry(void *arg, struct bytes serial, int64_t when)
{
	struct listing *listing = arg;
	struct store_revocation revocation = { .serial_len = serial.len, .time_s = when };

	if (listing->status < 0 || serial.len == 0 || serial.len > sizeof(revocation.serial))
		return;
	memcpy(revocation.issuer_key, listing->issuer_key, sizeof(revocation.issuer_key));
	memcpy(revocation.serial, serial.data, serial.len);
	listing->status = store_revocation_row(listing->restore->store, &revocation, listing->err);
}

/* Is it this CA that made the list? */
static bool has_made(struct bytes der, struct listing *listing)
{
	struct certificate *ca = certificate_parse(der, NULL);

	if (ca != NULL && crl_names(listing->crl, ca) &&
	    crl_check_signature(listing->crl, ca, NULL) == 0) {
		memcpy(listing->issuer_key, certificate_key_hash(ca), sizeof(listing->issuer_key));
		listing->found = true;
	}
	certificate_free(ca);
	return listing->found;
}

static void find_issuer(struct sql *sql, struct listing *listing)
{
	struct statement *statement;

	if (sql == NULL || listing->found)
		return;
	statement = sql_start(sql, "SELECT der FROM certificates WHERE role IN (1, 2)", NULL);
	while (sql_step(statement, NULL) == 1 && !has_made(sql_row_bytes(statement, 0), listing))
		;
	sql_end(statement);
}

/* The number of the list counts as given out. */
static int keep_number(struct listing *listing)
{
	struct statement *statement;
	int64_t number = 0;

	if (listing->crl->number.len == 0 || listing->crl->number.len > 7)
		return 0;
	for (size_t i = 0; i < listing->crl->number.len; i++)
		number = number << 8 | listing->crl->number.data[i];
	statement = sql_start(listing->restore->store->sql,
			      "INSERT INTO crls (issuer_key, number, this_update_s, next_update_s,"
			      " der) VALUES (?, ?, 0, 0, '') ON CONFLICT (issuer_key) DO UPDATE SET"
			      " number = excluded.number WHERE excluded.number > crls.number",
			      listing->err);
	sql_digest(statement, listing->issuer_key);
	sql_number(statement, number);
	return sql_run(statement, listing->err);
}

static int add_list(struct restore *restore, struct bytes der, const char *path, struct error *err)
{
	struct listing listing = { .restore = restore, .err = err };
	struct crl crl;

	if (crl_parse(der, &crl, err) < 0)
		return error_place(err, "%.90s", path);
	listing.crl = &crl;
	find_issuer(restore->store->sql, &listing);
	find_issuer(restore->old, &listing);
	if (!listing.found) {
		error_set(err, ERROR_INVALID, "could not use the revocation list %.100s: no CA of "
					      "the backup or the folder has signed it", path);
		return error_place(err, "%.90s", path);
	}
	if (crl_each_entry(&crl, add_entry, &listing, err) < 0 || listing.status < 0)
		return -1;
	return keep_number(&listing);
}

struct file {
	struct restore *restore;
	const char *path;
	size_t lists;
};

static int add_block(void *arg, const struct pem_block *block, struct error *err)
{
	struct file *file = arg;

	if (!pem_label_is(block, "X509 CRL"))
		return 0;
	file->lists++;
	return add_list(file->restore, block->der, file->path, err);
}

int restore_add_lists(struct restore *restore, const char *path, struct error *err)
{
	struct file file = { .restore = restore, .path = path };
	struct buffer content = { 0 };
	size_t blocks = 0;
	int status;

	if (buffer_read_file(path, LIST_MAX_SIZE, &content, err) < 0)
		return -1;
	if (content.len > 0 && content.data[0] == 0x30) {
		file.lists++;
		status = add_list(restore, buffer_bytes(&content), path, err);
	} else {
		status = pem_each(buffer_bytes(&content), path, add_block, &file, &blocks, err);
	}
	if (status == 0 && file.lists == 0)
		status = error_set(err, ERROR_INVALID, "there is no revocation list in %.100s", path);
	buffer_done(&content);
	return status;
}

/* --- what was published --- */

static bool is_list(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".crl") == 0;
}

void restore_add_published(struct restore *restore)
{
	char *folder = folder_path(restore->folder, PUBLISHED);
	DIR *lists = opendir(folder);
	struct dirent *entry;

	while (lists != NULL && (entry = readdir(lists)) != NULL) {
		char *path = folder_path(folder, entry->d_name);

		if (is_list(entry->d_name))
			(void)!restore_add_lists(restore, path, NULL);
		free(path);
	}
	if (lists != NULL)
		closedir(lists);
	free(folder);
}
