/*
 * Promise 14: the process dies, or the disk fails, at any call that changes a file. Afterwards the state
 * is the one before or the one after a request, every acknowledged request is there, no serial is used
 * twice, and no revocation is lost.
 *
 * A child works on a store and tells its parent what it has acknowledged; the fault hits the child. The
 * parent opens what is left. Fifty points are tried, drawn from SALLYPORT_CRASH_SEED; SALLYPORT_CRASH=all
 * tries every one there is.
 */
#include "support_store.h"
#include "support_fault.h"

#include <sys/wait.h>
#include "store/audit.h"
#include "store/backup_file.h"
#include "store/certificate.h"
#include "store/journal.h"
#include "store/resource.h"

#define STEPS 12
#define POINTS 50
#define PASSPHRASE "correct horse"
#define COST 1
#define LATE 100 /* serials of a second try */

/* What a child told. */
enum told { TOLD_DONE = 1, TOLD_FAILED, TOLD_FULL, TOLD_OPEN_FAILED, TOLD_BACKUP, TOLD_COUNT,
	TOLD_WRONG, TOLD_CLOSED };

struct message {
	int what, step, number;
	char text[200];
};

static int tell_fd;

static void tell(enum told what, int step, int number, const char *text)
{
	struct message message = { .what = (int)what, .step = step, .number = number };

	if (text != NULL)
		snprintf(message.text, sizeof(message.text), "%s", text);
	syscall(SYS_write, tell_fd, &message, sizeof(message));
}

static void wrong(int step, const char *text)
{
	tell(TOLD_WRONG, step, 0, text);
	_exit(1);
}

/* --- one request: everything of it, or nothing --- */

static struct store_revocation revocation_of(int step)
{
	return (struct store_revocation){ .issuer_key = { 1 }, .serial = { 1, (uint8_t)step },
					  .serial_len = 2, .time_s = NOW + step, .reason = 4 };
}

static int issue(struct store *store, int step, struct error *err)
{
	struct store_change change = { .kind = "certificate", .act = "Create",
				       .action = "CreateClientCertificate", .now = NOW };
	struct store_certificate made = { .role = STORE_CLIENT, .issuer_key = { 1 },
					  .created_s = NOW };
	char id[32], serial[32];

	snprintf(id, sizeof(id), "cert-%d", step);
	snprintf(serial, sizeof(serial), "01%02X", (unsigned int)step);
	change.id = made.id = id;
	made.serial = serial;
	if (store_change(store, &change, &made.revision, err) < 0)
		return -1;
	return store_certificate_put(store, &made, err);
}

/* Every second step revokes what the step before has issued, if that is there. */
static int revokes(int step)
{
	return step % 2 == 1 ? step - 1 : -1;
}

static int serve(struct store *store, int step, struct error *err)
{
	struct store_change change = { .kind = STORE_LISTENER, .act = "Create", .now = NOW };
	struct store_resource resource = { .created_s = NOW };
	struct store_revocation revocation = revocation_of(revokes(step));
	char id[32];

	snprintf(id, sizeof(id), "lsn-%d", step);
	change.id = resource.id = id;
	if (store_change(store, &change, &resource.revision, err) < 0 ||
	    store_resource_put(store, STORE_LISTENER, &resource, err) < 0)
		return -1;
	return revokes(step) >= 0 ? store_revoke(store, &revocation, err) : 0;
}

/* A dry run: it revokes and issues too, and is undone. */
static int pretend(struct store *store, int step, struct error *err)
{
	struct store_revocation never = revocation_of(200 + step);
	int status = store_savepoint(store, err);

	if (status == 0) {
		status = issue(store, 200 + step, err) < 0 ? -1 : store_revoke(store, &never, err);
		store_undo(store);
	}
	return status;
}

static int request(struct store *store, int step, struct error *err)
{
	if (store_begin(store, err) < 0)
		return -1;
	if (pretend(store, step, err) < 0 || store_savepoint(store, err) < 0)
		goto fail;
	if (issue(store, step, err) < 0 || serve(store, step, err) < 0) {
		store_undo(store);
		goto fail;
	}
	if (store_release(store, err) < 0)
		goto fail;
	return store_commit(store, err);
fail:
	store_rollback(store);
	return -1;
}

/* --- what is there --- */

static bool has_certificate(struct store *store, int step, bool *ret_revoked)
{
	struct store_certificate found = { 0 };
	char id[32];

	snprintf(id, sizeof(id), "cert-%d", step);
	if (store_certificate_get(store, id, &found, NULL) != 1)
		return false;
	*ret_revoked = found.revoked;
	store_certificate_done(&found);
	return true;
}

static bool has_listener(struct store *store, int step)
{
	struct store_resource found = { 0 };
	char id[32];

	snprintf(id, sizeof(id), "lsn-%d", step);
	if (store_resource_get(store, STORE_LISTENER, id, &found, NULL) != 1)
		return false;
	store_resource_done(&found);
	return true;
}

static bool has_revocation(struct store *store, int step)
{
	struct store_revocation wanted = revocation_of(step), found;

	return store_revocation_get(store, wanted.issuer_key, (struct bytes){ wanted.serial, 2 },
				    &found, NULL) == 1;
}

/* --- the child --- */

static void after_failure(struct store *store, int step, int64_t revision, const struct error *err)
{
	bool revoked;

	if (err->code != ERROR_LIMIT && err->code != ERROR_UNAVAILABLE)
		wrong(step, err->message);
	if (fault.kind >= FAULT_FULL && strcmp(err->symbol, "InsufficientStorage") != 0)
		wrong(step, err->message);
	tell(fault.kind >= FAULT_FULL ? TOLD_FULL : TOLD_FAILED, step, 0, NULL);
	if (fault.kind == FAULT_EIO_ON)
		return;
	fault_disarm();
	if (store_revision(store) != revision || has_certificate(store, step, &revoked) ||
	    has_listener(store, step))
		wrong(step, "a failed request has changed something");
	if (fault.kind >= FAULT_FULL && revokes(step) >= 0 && has_revocation(store, revokes(step)))
		wrong(step, "a request that found no space has revoked something");
}

static void work_on(struct store *store, int step)
{
	int64_t revision = store_revision(store);
	struct error err = { 0 };

	if (request(store, step, &err) == 0) {
		tell(TOLD_DONE, step, 0, NULL);
		return;
	}
	after_failure(store, step, revision, &err);
	/* The same once more, with a new serial. */
	if (fault.kind == FAULT_EIO_ON)
		return;
	if (request(store, LATE + step, &err) < 0)
		wrong(step, err.message);
	tell(TOLD_DONE, LATE + step, 0, NULL);
}

static void back_up(struct store *store, const char *path, int step)
{
	struct error err = { 0 };
	struct store *reader = store_open_reader(store, &err);

	if (reader == NULL)
		return;
	if (backup_write_at_cost(reader, test_master_key, PASSPHRASE, path, COST, &err) == 0)
		tell(TOLD_BACKUP, step, 0, NULL);
	else if (fault.kind >= FAULT_FULL && strcmp(err.symbol, "InsufficientStorage") != 0)
		wrong(step, err.message);
	store_close(reader);
}

static void child(const char *data, const char *backup, enum fault_kind kind, int at)
{
	struct error err = { 0 };
	struct store *store;

	fault_arm(kind, at);
	store = store_open(data, test_master_key, &err);
	if (store == NULL) {
		if (kind >= FAULT_FULL && strcmp(err.symbol, "InsufficientStorage") != 0)
			wrong(-1, err.message);
		tell(TOLD_OPEN_FAILED, 0, 0, err.message);
		_exit(0);
	}
	/* So that what is in the log goes to the database every now and then. */
	if (sql_script(store->sql, "PRAGMA wal_autocheckpoint = 20", &err) < 0)
		wrong(-1, err.message);
	for (int step = 0; step < STEPS; step++) {
		work_on(store, step);
		if (step == STEPS / 2)
			back_up(store, backup, step);
	}
	store_close(store);
	tell(TOLD_CLOSED, 0, 0, NULL);
	tell(TOLD_COUNT, 0, fault.calls, NULL);
	_exit(0);
}

/* --- the parent --- */

struct outcome {
	bool done[2 * LATE], failed[2 * LATE], full[2 * LATE];
	bool opened, closed;
	int backup;  /* step, or -1 */
	int calls;
};

static void take(struct outcome *outcome, const struct message *message)
{
	switch ((enum told)message->what) {
	case TOLD_DONE:
		outcome->done[message->step] = true;
		break;
	case TOLD_FAILED:
		outcome->failed[message->step] = true;
		break;
	case TOLD_FULL:
		outcome->full[message->step] = true;
		break;
	case TOLD_BACKUP:
		outcome->backup = message->step;
		break;
	case TOLD_COUNT:
		outcome->calls = message->number;
		break;
	case TOLD_CLOSED:
		outcome->closed = true;
		break;
	case TOLD_OPEN_FAILED:
		break;
	default:
		fail_msg("step %d: %s", message->step, message->text);
	}
}

static void listen_to(int fd, struct outcome *ret_outcome)
{
	struct message message;

	*ret_outcome = (struct outcome){ .backup = -1 };
	while (read(fd, &message, sizeof(message)) == (ssize_t)sizeof(message))
		take(ret_outcome, &message);
}

static void run_child(void (*work)(const char *data, const char *backup, enum fault_kind kind,
				   int at),
		      const char *data, const char *backup, enum fault_kind kind, int at,
		      struct outcome *ret_outcome)
{
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		tell_fd = fds[1];
		close(fds[0]);
		work(data, backup, kind, at);
		_exit(0);
	}
	assert_true(pid > 0);
	close(fds[1]);
	listen_to(fds[0], ret_outcome);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true((WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
		    (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
}

static void check_step(struct store *store, int step, const struct outcome *outcome,
		       int64_t *changes)
{
	bool revoked = false;
	bool there = has_certificate(store, step, &revoked);

	assert_int_equal(there, has_listener(store, step));
	if (outcome->done[step])
		assert_true(there);
	if (outcome->full[step])
		assert_false(there);
	if (there && revokes(step) >= 0)
		assert_true(has_revocation(store, revokes(step)));
	/* Without its request only when it is not known whether that has happened. */
	if (!there && revokes(step) >= 0 && outcome->full[step])
		assert_false(has_revocation(store, revokes(step)));
	if (there)
		assert_int_equal(revoked, has_revocation(store, step));
	*changes += there ? 2 : 0;
}

static void check_never(struct store *store)
{
	bool revoked;

	for (int step = 200; step < 200 + STEPS; step++) {
		assert_false(has_certificate(store, step, &revoked));
		assert_false(has_revocation(store, step));
	}
}

static void count_line(void *arg, const struct store_revocation *revocation)
{
	(void)revocation;
	++*(int *)arg;
}

static void check_journal(struct store *store)
{
	struct journal_end start = journal_start(), end;
	enum journal_rest rest;
	char path[160];
	int rows = 0, lines = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/" STORE_JOURNAL_FILE, store_folder(store));
	fd = open(path, O_RDONLY);
	must(journal_read(fd, &start, count_line, &lines, &end, &rest, e));
	close(fd);
	must(store_revocation_each(store, NULL, count_line, &rows, e));
	assert_int_equal(rest, JOURNAL_REST_NONE);
	assert_int_equal(lines, rows);
}

static void check_private(const char *data)
{
	static const char *const names[] = { STORE_FILE, STORE_FILE "-wal", STORE_FILE "-shm",
					     STORE_JOURNAL_FILE };
	struct stat status;
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", data, names[i]);
		if (stat(path, &status) == 0)
			assert_int_equal(status.st_mode & 077, 0);
	}
}

static struct store *open_left(const char *data)
{
	struct error err = { 0 };
	struct store *store = store_open(data, test_master_key, &err);

	if (store == NULL)
		fail_msg("%s", err.message);
	assert_null(store_notice(store));
	return store;
}

static void check_state(const char *data, const struct outcome *outcome)
{
	struct store_certificate_filter all = { .revoked = -1 };
	struct store *store = open_left(data);
	int64_t changes = 0, rows;

	for (int step = 0; step < 2 * LATE; step++)
		check_step(store, step, outcome, &changes);
	assert_int_equal(store_revision(store), changes);
	assert_int_equal(store_certificate_count(store, &all, NULL), changes / 2);
	must(store_audit_verify(store, &rows, e));
	assert_int_equal(rows, changes);
	check_never(store);
	check_journal(store);
	check_private(data);
	/* And it goes on. */
	must(request(store, 2 * LATE - 1, e));
	store_close(store);
	store = open_left(data);
	assert_int_equal(store_revision(store), changes + 2);
	store_close(store);
}

static void check_backup(const char *folder, const char *backup, const struct outcome *outcome)
{
	struct backup_report report;
	struct store *store;
	char data[128], key[128];
	struct stat status;
	bool revoked;

	if (outcome->backup >= 0)
		assert_int_equal(stat(backup, &status), 0);
	if (stat(backup, &status) != 0)
		return;
	snprintf(data, sizeof(data), "%s/restored", folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	must(backup_restore(backup, PASSPHRASE, data, key, NULL, 0, false, &report, e));
	store = open_left(data);
	for (int step = 0; step <= STEPS / 2; step++) {
		if (outcome->done[step]) {
			assert_true(has_certificate(store, step, &revoked));
			assert_true(revokes(step) < 0 || has_revocation(store, revokes(step)));
		}
	}
	store_close(store);
}

/* --- points --- */

struct place {
	char folder[64], data[80], backup[80];
};

static void place_make(struct place *place)
{
	const char *base = getenv("TMPDIR");

	snprintf(place->folder, sizeof(place->folder), "%s/sallyport-" "XX" "XX" "XX",
		 base != NULL && strlen(base) < 40 ? base : "/tmp");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->data, sizeof(place->data), "%s/data", place->folder);
	snprintf(place->backup, sizeof(place->backup), "%s/backup", place->folder);
}

static int try_writer(enum fault_kind kind, int at)
{
	struct outcome outcome;
	struct place place;

	place_make(&place);
	run_child(child, place.data, place.backup, kind, at, &outcome);
	check_state(place.data, &outcome);
	check_backup(place.folder, place.backup, &outcome);
	remove_folder(place.folder);
	return outcome.calls;
}

/* --- a restore --- */

static void restoring_child(const char *data, const char *backup, enum fault_kind kind, int at)
{
	struct backup_report report;
	struct error err = { 0 };
	char key[160];

	snprintf(key, sizeof(key), "%s.key", data);
	fault_arm(kind, at);
	if (backup_restore(backup, PASSPHRASE, data, key, NULL, 0, false, &report, &err) == 0)
		tell(TOLD_DONE, 0, 0, NULL);
	else if (kind >= FAULT_FULL && strcmp(err.symbol, "InsufficientStorage") != 0)
		wrong(0, err.message);
	tell(TOLD_COUNT, 0, fault.calls, NULL);
}

/* Six requests, a backup, six more. */
static void fill_for_restore(const struct place *place)
{
	struct store *store = open_left(place->data), *reader;

	for (int step = 0; step < STEPS; step++) {
		must(request(store, step, e));
		if (step != STEPS / 2)
			continue;
		reader = store_open_reader(store, NULL);
		must(backup_write_at_cost(reader, test_master_key, PASSPHRASE, place->backup, COST,
					  e));
		store_close(reader);
	}
	store_close(store);
}

static void check_restored(const char *data, bool done)
{
	struct store *store = open_left(data);
	bool revoked, is_new, is_old;

	for (int step = 0; step < STEPS; step++) {
		if (revokes(step) >= 0)
			assert_true(has_revocation(store, revokes(step)));
	}
	is_old = has_certificate(store, STEPS - 1, &revoked);
	is_new = !is_old && has_certificate(store, STEPS / 2, &revoked);
	assert_true(done ? is_new : is_old || is_new);
	check_never(store);
	check_journal(store);
	check_private(data);
	store_close(store);
}

static int try_restore(enum fault_kind kind, int at)
{
	struct outcome outcome;
	struct place place;

	place_make(&place);
	fill_for_restore(&place);
	run_child(restoring_child, place.data, place.backup, kind, at, &outcome);
	check_restored(place.data, outcome.done[0]);
	run_child(restoring_child, place.data, place.backup, FAULT_NONE, 0, &outcome);
	assert_true(outcome.done[0]);
	check_restored(place.data, true);
	remove_folder(place.folder);
	return outcome.calls;
}

/* Into an empty folder. What is left of a first try may be refused, but never looks like a new store. */
static int try_restore_elsewhere(enum fault_kind kind, int at)
{
	struct outcome outcome;
	struct place place;
	struct store *store;
	char data[128];
	bool revoked;

	place_make(&place);
	fill_for_restore(&place);
	snprintf(data, sizeof(data), "%s/elsewhere", place.folder);
	run_child(restoring_child, data, place.backup, kind, at, &outcome);
	if (!outcome.done[0])
		run_child(restoring_child, data, place.backup, FAULT_NONE, 0, &outcome);
	assert_true(outcome.done[0]);
	store = open_left(data);
	assert_true(has_certificate(store, STEPS / 2, &revoked));
	assert_false(has_certificate(store, STEPS / 2 + 1, &revoked));
	for (int step = 0; step <= STEPS / 2; step++)
		assert_true(revokes(step) < 0 || has_revocation(store, revokes(step)));
	check_journal(store);
	check_private(data);
	store_close(store);
	remove_folder(place.folder);
	return outcome.calls;
}

/* --- all of them, or some --- */

static uint64_t next_random(uint64_t *seed)
{
	/* xorshift64* */
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * UINT64_C(0x2545f4914f6cdd1d);
}

static void try_some(int (*try)(enum fault_kind kind, int at), int points)
{
	const char *given = getenv("SALLYPORT_CRASH_SEED"), *all = getenv("SALLYPORT_CRASH");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10) * 2 + 1 : 20261124;
	int calls = try(FAULT_NONE, 0);

	assert_true(calls > 20);
	if (all != NULL && strcmp(all, "all") == 0) {
		print_message("%d calls, each with %d faults\n", calls, FAULT_KINDS - 1);
		for (int at = 0; at < calls; at++) {
			for (int kind = FAULT_DIE; kind < FAULT_KINDS; kind++)
				try((enum fault_kind)kind, at);
		}
		return;
	}
	for (int i = 0; i < points; i++) {
		int at = (int)(next_random(&seed) % (uint64_t)calls);
		enum fault_kind kind = (enum fault_kind)(FAULT_DIE + i % (FAULT_KINDS - 1));

		print_message("fault %d at call %d of %d\n", kind, at, calls);
		try(kind, at);
	}
}

static void what_was_acknowledged_survives_every_fault(void **state)
{
	(void)state;
	try_some(try_writer, POINTS);
}

static void a_restore_that_fails_loses_nothing_and_can_be_repeated(void **state)
{
	(void)state;
	try_some(try_restore, POINTS / 2);
}

static void a_restore_into_an_empty_folder_can_be_repeated(void **state)
{
	(void)state;
	try_some(try_restore_elsewhere, POINTS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_acknowledged_survives_every_fault),
		cmocka_unit_test(a_restore_that_fails_loses_nothing_and_can_be_repeated),
		cmocka_unit_test(a_restore_into_an_empty_folder_can_be_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
