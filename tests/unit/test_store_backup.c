/* Backups and what a restore may never forget. */
#include "support_store.h"
#undef NOW
#include "support_certificates.h"

#include <fcntl.h>
#include "pki/pem_write.h"
#include "store/audit.h"
#include "store/backup_file.h"
#include "store/certificate.h"
#include "store/identity.h"
#include "store/journal.h"
#include "x509/certificate.h"

#define COST 4 /* of the passphrase: quick */
#define PASSPHRASE "correct horse"

static const uint8_t issuer[32] = { 1 };

static void put_revoked(struct store *store, uint8_t last, int reason)
{
	struct store_revocation made = { .issuer_key = { 1 }, .serial = { 1, last },
					 .serial_len = 2, .time_s = NOW, .reason = reason };

	must(store_revoke(store, &made, e));
}

static bool is_revoked(struct store *store, uint8_t last)
{
	const uint8_t serial[] = { 1, last };
	struct store_revocation found;
	struct error err = { 0 };
	int status = store_revocation_get(store, issuer, (struct bytes){ serial, 2 }, &found, &err);

	assert_true(status >= 0);
	return status == 1;
}

static void change(struct store *store)
{
	struct store_change made = { .kind = "listener", .id = "lsn-1", .act = "Update",
				     .now = NOW };
	int64_t revision;

	must(store_change(store, &made, &revision, e));
}

/* Paths of a test. */
struct paths {
	char backup[128], other[128], key[128];
};

static struct paths paths_of(const struct home *home)
{
	struct paths paths;

	snprintf(paths.backup, sizeof(paths.backup), "%s/backup", home->folder);
	snprintf(paths.other, sizeof(paths.other), "%s/other", home->folder);
	snprintf(paths.key, sizeof(paths.key), "%s/etc/master.key", home->folder);
	return paths;
}

static void back_up(struct home *home)
{
	struct error err = { 0 };
	struct store *reader = store_open_reader(home->store, &err);

	assert_non_null(reader);
	must(backup_write_at_cost(reader, test_master_key, PASSPHRASE, paths_of(home).backup, COST,
				  e));
	store_close(reader);
}

static struct store *open_folder(const char *folder)
{
	struct error err = { 0 };
	struct store *store = store_open(folder, test_master_key, &err);

	if (store == NULL)
		fail_msg("%s", err.message);
	return store;
}

static struct backup_report restore(const struct home *home, const char *folder)
{
	struct paths paths = paths_of(home);
	struct backup_report report;

	must(backup_restore(paths.backup, PASSPHRASE, folder, paths.key, NULL, 0, false, &report,
			    e));
	return report;
}

static void a_backup_restores_into_an_empty_folder(void **state)
{
	struct home *home = *state;
	struct paths paths = paths_of(home);
	struct store_access_key key = { .id = "LTAI1", .user = "amy", .secret = "secret",
					.created_s = NOW };
	struct backup_report report;
	struct error err = { 0 };
	struct buffer file = { 0 };
	struct stat status;
	struct store *store;
	int64_t rows;

	must(store_access_key_put(home->store, &key, e));
	put_revoked(home->store, 7, 4);
	for (int i = 0; i < 5; i++)
		change(home->store);
	back_up(home);
	assert_int_equal(stat(paths.backup, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	must(buffer_read_file(paths.backup, 16 << 20, &file, e));
	assert_null(memmem(file.data, file.len, "LTAI1", 5));
	buffer_done(&file);
	report = restore(home, paths.other);
	assert_int_equal(report.revision, 5);
	assert_int_equal(report.revocations, 1);
	assert_int_equal(report.journal_only, 0);
	must(buffer_read_file(paths.key, 64, &file, e));
	assert_memory_equal(file.data, test_master_key, 32);
	buffer_done(&file);
	assert_int_equal(stat(paths.key, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	store = open_folder(paths.other);
	assert_null(store_notice(store));
	assert_string_equal(store_id(store), store_id(home->store));
	assert_true(is_revoked(store, 7));
	assert_false(is_revoked(store, 8));
	memset(&key, 0, sizeof(key));
	assert_int_equal(store_access_key_get(store, "LTAI1", &key, &err), 1);
	assert_string_equal(key.secret, "secret");
	store_access_key_done(&key);
	/* What was given out after the backup is never given out again. */
	assert_true(store_revision(store) > 5 + 1000);
	must(store_audit_verify(store, &rows, e));
	store_close(store);
}

static void a_restore_never_unrevokes(void **state)
{
	struct home *home = *state;
	struct backup_report report;
	struct store_certificate made = { .id = "cert-1", .role = STORE_CLIENT, .serial = "0109",
					  .issuer_key = { 1 }, .created_s = NOW };
	struct store_certificate found = { 0 };
	struct store_crl crl = { .number = INT64_C(4000000000) };
	struct error err = { 0 };

	must(store_certificate_put(home->store, &made, e));
	put_revoked(home->store, 7, 4);
	back_up(home);
	put_revoked(home->store, 8, 4);
	put_revoked(home->store, 9, 4);
	put_revoked(home->store, 7, 1);
	must(store_crl_put(home->store, issuer, &crl, e));
	change(home->store);
	store_close(home->store);
	report = restore(home, home->data);
	assert_int_equal(report.revocations, 3);
	assert_non_null(strstr(report.text, "revision 1"));
	home_open(home);
	assert_null(store_notice(home->store));
	assert_true(is_revoked(home->store, 7) && is_revoked(home->store, 8) &&
		    is_revoked(home->store, 9));
	assert_int_equal(store_certificate_get(home->store, "cert-1", &found, &err), 1);
	assert_true(found.revoked);
	store_certificate_done(&found);
	assert_int_equal(store_crl_get(home->store, issuer, &crl, &err), 1);
	assert_int_equal(crl.number, INT64_C(4000000001));
	assert_int_equal(crl.der.len, 0);
	assert_int_equal(store_revision(home->store), 2);
	buffer_done(&crl.der);
}

static void the_journal_alone_is_enough(void **state)
{
	struct home *home = *state;
	struct backup_report report;
	char path[128];
	int fd;

	put_revoked(home->store, 7, 4);
	back_up(home);
	put_revoked(home->store, 8, 4);
	store_close(home->store);
	snprintf(path, sizeof(path), "%s/" STORE_FILE, home->data);
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "this is no database at all", 26), 26);
	close(fd);
	report = restore(home, home->data);
	assert_int_equal(report.revocations, 2);
	assert_int_equal(report.journal_only, 1);
	home_open(home);
	assert_null(store_notice(home->store));
	assert_true(is_revoked(home->store, 7) && is_revoked(home->store, 8));
	put_revoked(home->store, 9, 4);
	home_reopen(home);
	assert_true(is_revoked(home->store, 9));
}

static void the_journal_goes_on_after_a_restore(void **state)
{
	struct home *home = *state;
	struct journal_end start = journal_start(), end;
	struct store_revocation foreign = { .issuer_key = { 2 }, .serial = { 1 }, .serial_len = 1,
					    .time_s = NOW, .reason = 1 };
	struct paths paths = paths_of(home);
	enum journal_rest rest;
	struct store *store;
	char path[160];
	int fd;

	put_revoked(home->store, 7, 4);
	must(store_revoke(home->store, &foreign, e));
	back_up(home);
	store = open_folder(paths.other);
	put_revoked(store, 8, 4);
	put_revoked(store, 7, 4);
	store_close(store);
	must(backup_restore(paths.backup, PASSPHRASE, paths.other, paths.key, NULL, 0, false,
			    &(struct backup_report){ 0 }, e));
	snprintf(path, sizeof(path), "%s/" STORE_JOURNAL_FILE, paths.other);
	fd = open(path, O_RDONLY);
	must(journal_read(fd, &start, NULL, NULL, &end, &rest, e));
	close(fd);
	assert_int_equal(rest, JOURNAL_REST_NONE);
	assert_int_equal(end.count, 3); /* 8 and 7 of before, and the one it lacked */
}

static void a_broken_journal_is_refused_unless_the_loss_is_accepted(void **state)
{
	struct home *home = *state;
	struct paths paths = paths_of(home);
	struct backup_report report;
	struct error err = { 0 };
	char path[128];
	int fd;

	back_up(home);
	put_revoked(home->store, 7, 4);
	put_revoked(home->store, 8, 4);
	store_close(home->store);
	snprintf(path, sizeof(path), "%s/" STORE_JOURNAL_FILE, home->data);
	fd = open(path, O_RDWR);
	assert_int_equal(pwrite(fd, "9", 1, 4), 1);
	close(fd);
	assert_int_equal(backup_restore(paths.backup, PASSPHRASE, home->data, paths.key, NULL, 0,
					false, &report, &err), -1);
	assert_string_equal(err.symbol, "Backup.JournalBroken");
	must(backup_restore(paths.backup, PASSPHRASE, home->data, paths.key, NULL, 0, true, &report,
			    e));
	home_open(home);
	assert_true(is_revoked(home->store, 7) && is_revoked(home->store, 8));
}

static void a_folder_that_tells_nothing_is_refused_unless_the_loss_is_accepted(void **state)
{
	struct home *home = *state;
	struct paths paths = paths_of(home);
	struct backup_report report;
	struct error err = { 0 };
	char path[256];
	int fd;

	back_up(home);
	assert_int_equal(mkdir(paths.other, 0700), 0);
	snprintf(path, sizeof(path), "%s/" STORE_FILE, paths.other);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "no database at all, and longer than a header", 44), 44);
	close(fd);
	assert_int_equal(backup_restore(paths.backup, PASSPHRASE, paths.other, paths.key, NULL, 0,
					false, &report, &err), -1);
	assert_string_equal(err.symbol, "Backup.JournalBroken");
	must(backup_restore(paths.backup, PASSPHRASE, paths.other, paths.key, NULL, 0, true, &report,
			    e));
}

static void a_wrong_passphrase_changes_nothing(void **state)
{
	struct home *home = *state;
	struct paths paths = paths_of(home);
	struct backup_report report;
	struct error err = { 0 };
	struct stat status;

	back_up(home);
	assert_int_equal(backup_restore(paths.backup, "wrong", paths.other, paths.key, NULL, 0,
					false, &report, &err), -1);
	assert_string_equal(err.symbol, "Backup.Passphrase");
	assert_int_equal(stat(paths.other, &status), -1);
	assert_int_equal(stat(paths.key, &status), -1);
}

static void a_folder_in_use_is_refused(void **state)
{
	struct home *home = *state;
	struct paths paths = paths_of(home);
	struct backup_report report;
	struct error err = { 0 };

	back_up(home);
	assert_int_equal(backup_restore(paths.backup, PASSPHRASE, home->data, paths.key, NULL, 0,
					false, &report, &err), -1);
	assert_string_equal(err.symbol, "Conflict.Store");
	change(home->store);
}

static void a_damaged_backup_is_refused_wherever_the_damage_is(void **state)
{
	struct home *home = *state;
	struct paths paths = paths_of(home);
	struct backup_report report;
	struct buffer file = { 0 };
	struct stat status;

	put_revoked(home->store, 7, 4);
	back_up(home);
	must(buffer_read_file(paths.backup, 16 << 20, &file, e));
	for (size_t i = 0; i < file.len; i += i < 64 ? 1 : file.len / 16 + 1) {
		struct error err = { 0 };
		int fd = open(paths.backup, O_WRONLY | O_TRUNC);

		/* Once with a bit turned, once cut off. */
		file.data[i] ^= 0x11;
		assert_int_equal(write(fd, file.data, file.len), file.len);
		file.data[i] ^= 0x11;
		assert_int_equal(backup_restore(paths.backup, PASSPHRASE, paths.other, paths.key,
						NULL, 0, false, &report, &err), -1);
		assert_int_equal(ftruncate(fd, (off_t)i), 0);
		assert_int_equal(backup_restore(paths.backup, PASSPHRASE, paths.other, paths.key,
						NULL, 0, false, &report, &err), -1);
		close(fd);
	}
	assert_int_equal(stat(paths.key, &status), -1);
	buffer_done(&file);
}

static void bytes_behind_a_backup_are_refused(void **state)
{
	struct home *home = *state;
	struct paths paths = paths_of(home);
	struct backup_report report;
	struct error err = { 0 };
	int fd;

	back_up(home);
	fd = open(paths.backup, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_int_equal(backup_restore(paths.backup, PASSPHRASE, paths.other, paths.key, NULL, 0,
					false, &report, &err), -1);
	assert_string_equal(err.symbol, "Backup.Damaged");
}

static void write_key(const struct home *home, const uint8_t key[32])
{
	struct paths paths = paths_of(home);
	char folder[128];
	int fd;

	snprintf(folder, sizeof(folder), "%s/etc", home->folder);
	(void)!mkdir(folder, 0700);
	fd = open(paths.key, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, key, 32), 32);
	close(fd);
}

static void the_master_key_of_another_store_is_not_overwritten(void **state)
{
	static const uint8_t other[32] = { 9 };
	struct home *home = *state;
	struct paths paths = paths_of(home);
	struct backup_report report;
	struct error err = { 0 };
	struct buffer file = { 0 };

	back_up(home);
	write_key(home, other);
	assert_int_equal(backup_restore(paths.backup, PASSPHRASE, paths.other, paths.key, NULL, 0,
					false, &report, &err), -1);
	assert_string_equal(err.symbol, "MasterKey.Other");
	must(buffer_read_file(paths.key, 64, &file, e));
	assert_memory_equal(file.data, other, 32);
	buffer_done(&file);
}

static void the_master_key_of_the_replaced_store_makes_room_and_is_kept(void **state)
{
	static const uint8_t other[32] = { 9 };
	struct home *home = *state;
	struct paths paths = paths_of(home);
	struct error err = { 0 };
	struct buffer file = { 0 };
	struct store *store;
	char path[256];

	back_up(home);
	write_key(home, other);
	store = store_open(paths.other, other, &err);
	assert_non_null(store);
	put_revoked(store, 3, 4);
	store_close(store);
	restore(home, paths.other);
	store = open_folder(paths.other);
	assert_true(is_revoked(store, 3));
	store_close(store);
	snprintf(path, sizeof(path), "%s.before-restore", paths.key);
	must(buffer_read_file(path, 64, &file, e));
	assert_int_equal(file.len, 32);
	assert_memory_equal(file.data, other, 32);
	buffer_done(&file);
}

/* --- lists --- */

static void write_file(const char *path, struct bytes bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, bytes.data, bytes.len), bytes.len);
	close(fd);
}

static void put_ca(struct store *store, const struct made *ca)
{
	struct store_certificate made = { .id = "ca-1", .role = STORE_ROOT_CA, .serial = "01",
					  .created_s = NOW };

	buffer_append(&made.der, ca->der.data, ca->der.len);
	must(store_certificate_put(store, &made, e));
	buffer_done(&made.der);
}

static void a_given_list_counts_as_revoked(void **state)
{
	struct home *home = *state;
	struct paths paths = paths_of(home);
	struct made ca = make_root("CN=ca"), stranger = make_root("CN=stranger");
	struct made leaf = make((struct order){ .subject = "CN=leaf", .issuer = &ca,
						.serial = "0105" });
	struct certificate *parsed;
	struct backup_report report;
	struct store_revocation found;
	struct store_crl crl = { 0 };
	struct error err = { 0 };
	char path[128];
	const char *list = path;
	struct store *store;

	put_ca(home->store, &ca);
	back_up(home);
	snprintf(path, sizeof(path), "%s/list.crl", home->folder);
	write_file(path, make_list((struct list_order){ .issuer = &stranger,
						    .revoked = { &leaf } }));
	assert_int_equal(backup_restore(paths.backup, PASSPHRASE, paths.other, paths.key, &list, 1,
					false, &report, &err), -1);
	assert_int_equal(err.code, ERROR_INVALID);
	write_file(path, make_list((struct list_order){ .issuer = &ca, .number = 77,
						    .revoked = { &leaf } }));
	must(backup_restore(paths.backup, PASSPHRASE, paths.other, paths.key, &list, 1, false,
			    &report, e));
	assert_int_equal(report.journal_only, 1);
	store = open_folder(paths.other);
	parsed = certificate_parse(ca.der, &err);
	assert_int_equal(store_revocation_get(store, certificate_key_hash(parsed),
					      (struct bytes){ (const uint8_t *)"\x01\x05", 2 },
					      &found, &err), 1);
	assert_int_equal(store_crl_get(store, certificate_key_hash(parsed), &crl, &err), 1);
	assert_true(crl.number > 77);
	certificate_free(parsed);
	store_close(store);
}

static void a_given_file_without_a_list_is_refused(void **state)
{
	struct home *home = *state;
	struct paths paths = paths_of(home);
	struct made ca = make_root("CN=ca");
	struct buffer pem = { 0 };
	struct backup_report report;
	struct error err = { 0 };
	char path[128];
	const char *list = path;

	back_up(home);
	pem_write(&pem, "CERTIFICATE", ca.der);
	snprintf(path, sizeof(path), "%s/list.pem", home->folder);
	write_file(path, buffer_bytes(&pem));
	assert_int_equal(backup_restore(paths.backup, PASSPHRASE, paths.other, paths.key, &list, 1,
					false, &report, &err), -1);
	assert_int_equal(err.code, ERROR_INVALID);
	buffer_done(&pem);
}

static void published_lists_of_the_folder_count_as_revoked(void **state)
{
	struct home *home = *state;
	struct paths paths = paths_of(home);
	struct made ca = make_root("CN=ca"), stranger = make_root("CN=stranger");
	struct made leaf = make((struct order){ .subject = "CN=leaf", .issuer = &ca,
						.serial = "0105" });
	struct backup_report report;
	char path[256];

	put_ca(home->store, &ca);
	back_up(home);
	assert_int_equal(mkdir(paths.other, 0700), 0);
	snprintf(path, sizeof(path), "%s/publish", paths.other);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/publish/01.crl", paths.other);
	write_file(path, make_list((struct list_order){ .issuer = &stranger, .revoked = { &leaf } }));
	report = restore(home, paths.other);
	assert_int_equal(report.journal_only, 0);
	snprintf(path, sizeof(path), "%s/publish/02.crl", paths.other);
	write_file(path, make_list((struct list_order){ .issuer = &ca, .revoked = { &leaf } }));
	report = restore(home, paths.other);
	assert_int_equal(report.journal_only, 1);
}

int main(void)
{
#define row(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)
	const struct CMUnitTest tests[] = {
		row(a_backup_restores_into_an_empty_folder),
		row(a_restore_never_unrevokes),
		row(the_journal_alone_is_enough),
		row(the_journal_goes_on_after_a_restore),
		row(a_broken_journal_is_refused_unless_the_loss_is_accepted),
		row(a_folder_that_tells_nothing_is_refused_unless_the_loss_is_accepted),
		row(a_wrong_passphrase_changes_nothing),
		row(a_folder_in_use_is_refused),
		row(a_damaged_backup_is_refused_wherever_the_damage_is),
		row(bytes_behind_a_backup_are_refused),
		row(the_master_key_of_another_store_is_not_overwritten),
		row(the_master_key_of_the_replaced_store_makes_room_and_is_kept),
		row(a_given_list_counts_as_revoked),
		row(a_given_file_without_a_list_is_refused),
		row(published_lists_of_the_folder_count_as_revoked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
