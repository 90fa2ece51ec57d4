/* Control against a guardian and workers that are this test: what is asked, in which order, and what
 * is put back when something fails. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "control/control_internal.h"
#include "control/cores.h"
#include "control/socket_path.h"
#include "control/wording.h"
#include "model/manifest.h"

#define ONE "127.0.0.1"
#define ANY "0.0.0.0"

struct world {
	struct control control;
	struct control_options options;
	int guardian;	     /* our end */
	int worker, checker; /* our ends */
};

/* --- a small world --- */

/* plan_load() knows them from the start. */
static void set_lines(struct plan *plan)
{
	size_t s;
	uint32_t l;

	for (s = 0; s < plan->socket_count; s++)
		for (l = 0; l < plan->decoded->listener_count; l++)
			if (plan->decoded->listeners[l].start_port == plan->sockets[s].address.port)
				plan->sockets[s].line =
					plan_model_listener(plan, &plan->decoded->listeners[l])
						->line;
}

static struct plan *make_plan_with(struct world *world, const char *address, const char *ports,
				   const char *settings)
{
	struct buffer text = { 0 }, document = { 0 };
	struct model_warnings warnings = { 0 };
	struct error err = { 0 };
	struct model *model;
	struct plan *plan;
	const char *port;

	buffer_printf(
		&text,
		"Settings: {%s}\nLoadBalancers: [{LoadBalancerName: edge, ZoneMappings: [{ZoneId: a, "
		"PrivateIPv4Address: %s}]}]\n"
		"ServerGroups: [{ServerGroupName: web, Protocol: TCP, Servers: "
		"[{ServerIp: 127.0.0.1, Port: 80}]}]\nListeners:\n",
		settings, address);
	for (port = ports; *port != '\0'; port++)
		buffer_printf(&text,
			      "- {LoadBalancer: edge, ListenerProtocol: TCP, ListenerPort: 10%c, "
			      "ServerGroupId: web}\n",
			      *port);
	model = manifest_read_text(buffer_bytes(&text), "sallyport.yaml", false, &warnings, &err);
	if (model == NULL || model_check(model, &warnings, &err) < 0 ||
	    document_encode(model, ++world->control.version, world->control.slots, &document,
			    &err) < 0)
		fail_msg("%s: %s", err.place, err.message);
	plan = plan_from_kept(buffer_bytes(&document), (struct bytes){ (const uint8_t *)"x", 1 },
			      &err);
	assert_non_null(plan);
	plan->model = model;
	set_lines(plan);
	model_warnings_done(&warnings);
	buffer_done(&document);
	buffer_done(&text);
	return plan;
}

static struct plan *make_plan(struct world *world, const char *address, const char *ports)
{
	return make_plan_with(world, address, ports, "ShutdownTimeout: 30");
}

static int channel(struct world *world, enum message_role role)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	peers_take_channel(&world->control, role, 0, ends[0]);
	return ends[1];
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct control *control = &world->control;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	world->options.manifest = "sallyport.yaml";
	control->options = &world->options;
	control->guard = ends[0];
	world->guardian = ends[1];
	control->package = (struct package){ 0, -1, -1 };
	control->secrets.fd = -1;
	control->workers = 1;
	control->loop = loop_new(NULL);
	control->slots = plan_recover_slots(NULL);
	log_init(&control->log, open("/dev/null", O_WRONLY | O_CLOEXEC), false, true, "control");
	apply_init(control);
	secrets_init(control, -1);
	world->worker = channel(world, ROLE_WORKER);
	world->checker = channel(world, ROLE_CHECKER);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;
	struct control *control = &world->control;

	apply_done(control);
	peers_done(control);
	secrets_done(control);
	control_close_fd(&control->package.document);
	control_close_fd(&control->package.revocation);
	plan_free(control->served);
	slots_free(control->slots);
	model_warnings_done(&control->warnings);
	loop_free(control->loop);
	close(control->log.fd);
	close(control->guard);
	close(world->guardian);
	control_close_fd(&world->worker);
	control_close_fd(&world->checker);
	free(world);
	return 0;
}

/* The next message on our end of a channel; its descriptors are closed. */
static struct message next(int fd)
{
	struct message message = { 0 };
	int fds[MESSAGE_FDS], i;

	if (message_receive(fd, &message, fds) != 1)
		return (struct message){ 0 };
	for (i = 0; i < MESSAGE_FDS; i++)
		control_close_fd(&fds[i]);
	return message;
}

/* The guardian is asked for this, and answers. */
static void answer(struct world *world, enum message_type type, unsigned int port, int error_number)
{
	struct message message = next(world->guardian);

	assert_int_equal(message.type, type);
	if (port != 0)
		assert_int_equal(message.value.address.port, port);
	apply_replied(&world->control, error_number);
}

static void assert_quiet(int fd)
{
	assert_int_equal(next(fd).type, 0);
}

/* The process on this channel was given a document; it serves it, or says why not. */
static void take_document(struct world *world, int fd, uint64_t version, const char *refusal)
{
	struct message message;

	do
		message = next(fd);
	while (message.type == MESSAGE_SECRETS);
	assert_int_equal(message.type, MESSAGE_DOCUMENT);
	assert_int_equal(message.version, version);
	message.type = refusal == NULL ? MESSAGE_APPLIED : MESSAGE_REFUSED;
	if (refusal != NULL)
		error_set(&message.value.error, ERROR_INVALID, "%s", refusal);
	assert_int_equal(message_send(fd, &message, NULL, 0), 1);
	loop_turn(world->control.loop, 0);
}

/* Port 101 on 127.0.0.1 is served. */
static void serve_first(struct world *world)
{
	apply_begin(&world->control, make_plan(world, ONE, "1"), 1);
	answer(world, MESSAGE_CONFIGURE, 0, 0);
	answer(world, MESSAGE_OPEN, 101, 0);
	take_document(world, world->worker, 1, NULL);
	take_document(world, world->checker, 1, NULL);
	answer(world, MESSAGE_KEEP, 0, 0);
	assert_int_equal(next(world->guardian).type, MESSAGE_SERVING);
	assert_int_equal(world->control.served->version, 1);
	assert_false(apply_is_busy(&world->control));
}

static void assert_unchanged(struct world *world, const char *message)
{
	assert_false(apply_is_busy(&world->control));
	assert_int_equal(world->control.served->version, 1);
	assert_int_equal(world->control.package.version, 1);
	assert_int_equal(world->control.tickets_done, 2);
	assert_non_null(strstr(world->control.result.error.message, message));
	assert_quiet(world->guardian);
}

/* --- applying --- */

static void a_plan_is_served_once_worker_and_checker_say_so(void **state)
{
	struct world *world = *state;

	serve_first(world);
	assert_int_equal(world->control.result.error.code, ERROR_NONE);
	assert_int_equal(world->control.tickets_done, 1);
	assert_quiet(world->guardian);
}

static void nothing_is_kept_before_all_have_answered(void **state)
{
	struct world *world = *state;

	apply_begin(&world->control, make_plan(world, ONE, "1"), 1);
	answer(world, MESSAGE_CONFIGURE, 0, 0);
	answer(world, MESSAGE_OPEN, 101, 0);
	take_document(world, world->worker, 1, NULL);
	assert_quiet(world->guardian);
	assert_null(world->control.served);
	take_document(world, world->checker, 1, NULL);
	answer(world, MESSAGE_KEEP, 0, 0);
}

static void new_ports_open_first_and_old_ones_close_last(void **state)
{
	struct world *world = *state;

	serve_first(world);
	apply_begin(&world->control, make_plan(world, ONE, "23"), 2);
	answer(world, MESSAGE_OPEN, 102, 0);
	answer(world, MESSAGE_OPEN, 103, 0);
	take_document(world, world->worker, 2, NULL);
	take_document(world, world->checker, 2, NULL);
	answer(world, MESSAGE_KEEP, 0, 0);
	answer(world, MESSAGE_CLOSE, 101, 0);
	assert_int_equal(next(world->guardian).type, MESSAGE_SERVING);
	assert_int_equal(world->control.served->version, 2);
}

static void a_taken_port_is_named_with_its_line_and_undoes_what_was_opened(void **state)
{
	struct world *world = *state;

	serve_first(world);
	apply_begin(&world->control, make_plan(world, ONE, "123"), 2);
	answer(world, MESSAGE_OPEN, 102, 0);
	answer(world, MESSAGE_OPEN, 103, EADDRINUSE);
	answer(world, MESSAGE_CLOSE, 102, 0);
	assert_unchanged(world, "port 103 on 127.0.0.1 is taken");
	assert_string_equal(world->control.result.error.place, "sallyport.yaml:7");
	assert_string_equal(world->control.result.error.symbol, "Conflict.Port");
	/* Only the secrets ever reached the worker since. */
	assert_quiet(world->worker);
}

static void a_document_that_a_worker_refuses_is_taken_back_from_all(void **state)
{
	struct world *world = *state;

	serve_first(world);
	apply_begin(&world->control, make_plan(world, ONE, "12"), 2);
	answer(world, MESSAGE_OPEN, 102, 0);
	take_document(world, world->checker, 2, NULL);
	take_document(world, world->worker, 2, "no memory");
	answer(world, MESSAGE_CLOSE, 102, 0);
	assert_unchanged(world, "worker-0 could not serve it: no memory");
	take_document(world, world->worker, 1, NULL);
	take_document(world, world->checker, 1, NULL);
}

static void a_silent_worker_does_not_block_for_ever(void **state)
{
	struct world *world = *state;

	serve_first(world);
	apply_begin(&world->control, make_plan(world, ONE, "1"), 2);
	take_document(world, world->checker, 2, NULL);
	assert_quiet(world->guardian);
	timeout_cancel(world->control.loop, &world->control.apply.deadline);
	world->control.apply.deadline.expired(&world->control.apply.deadline);
	answer(world, MESSAGE_KEEP, 0, 0);
	assert_int_equal(world->control.served->version, 2);
}

static void the_successor_of_a_dead_worker_gets_what_is_being_applied(void **state)
{
	struct world *world = *state;

	serve_first(world);
	apply_begin(&world->control, make_plan(world, ONE, "1"), 2);
	take_document(world, world->checker, 2, NULL);
	control_close_fd(&world->worker);
	loop_turn(world->control.loop, 0);
	assert_quiet(world->guardian);
	world->worker = channel(world, ROLE_WORKER);
	take_document(world, world->worker, 2, NULL);
	answer(world, MESSAGE_KEEP, 0, 0);
	assert_int_equal(world->control.served->version, 2);
}

static void a_document_that_kills_whoever_takes_it_is_taken_back(void **state)
{
	struct world *world = *state;
	int i;

	serve_first(world);
	apply_begin(&world->control, make_plan(world, ONE, "12"), 2);
	answer(world, MESSAGE_OPEN, 102, 0);
	take_document(world, world->checker, 2, NULL);
	for (i = 0; i < APPLY_DEATHS_MAX; i++) {
		assert_quiet(world->guardian);
		control_close_fd(&world->worker);
		loop_turn(world->control.loop, 0);
		world->worker = channel(world, ROLE_WORKER);
	}
	answer(world, MESSAGE_CLOSE, 102, 0);
	assert_unchanged(world, "worker-0");
	take_document(world, world->checker, 1, NULL);
}

static void a_successor_is_given_nothing_while_nothing_is_applied(void **state)
{
	struct world *world = *state;

	serve_first(world);
	control_close_fd(&world->worker);
	loop_turn(world->control.loop, 0);
	world->worker = channel(world, ROLE_WORKER);
	assert_int_equal(next(world->worker).type, MESSAGE_SECRETS);
	assert_quiet(world->worker);
}

static void a_wider_address_closes_the_narrow_one_first(void **state)
{
	struct world *world = *state;

	serve_first(world);
	apply_begin(&world->control, make_plan(world, ANY, "1"), 2);
	answer(world, MESSAGE_CLOSE, 101, 0);
	answer(world, MESSAGE_OPEN, 101, 0);
	take_document(world, world->worker, 2, NULL);
	take_document(world, world->checker, 2, NULL);
	answer(world, MESSAGE_KEEP, 0, 0);
	assert_int_equal(next(world->guardian).type, MESSAGE_SERVING);
}

static void a_wider_address_that_is_taken_brings_the_narrow_one_back(void **state)
{
	struct world *world = *state;

	serve_first(world);
	apply_begin(&world->control, make_plan(world, ANY, "1"), 2);
	answer(world, MESSAGE_CLOSE, 101, 0);
	answer(world, MESSAGE_OPEN, 101, EADDRINUSE);
	answer(world, MESSAGE_OPEN, 101, 0);
	assert_unchanged(world, "port 101 on 0.0.0.0 is taken");
}

static void settings_that_cannot_be_had_stop_it_before_any_port_opens(void **state)
{
	struct world *world = *state;

	apply_begin(&world->control, make_plan(world, ONE, "1"), 1);
	answer(world, MESSAGE_CONFIGURE, 0, ENOENT);
	assert_quiet(world->guardian);
	assert_null(world->control.served);
	assert_true(world->control.stopping);
	assert_int_equal(world->control.exit_status, 2);
}

static void settings_change_back_when_the_rest_fails(void **state)
{
	struct world *world = *state;
	struct message message;

	serve_first(world);
	apply_begin(&world->control, make_plan_with(world, ONE, "12", "LogFormat: json"), 2);
	answer(world, MESSAGE_CONFIGURE, 0, 0);
	assert_true(world->control.log.json);
	answer(world, MESSAGE_OPEN, 102, EADDRINUSE);
	message = next(world->guardian);
	assert_int_equal(message.type, MESSAGE_CONFIGURE);
	assert_int_equal(message.value.configure.log_json, 0);
	apply_replied(&world->control, 0);
	assert_unchanged(world, "port 102 on 127.0.0.1 is taken");
	assert_false(world->control.log.json);
}

/* --- ticket secrets --- */

static void a_new_secret_goes_in_front_and_three_are_kept(void **state)
{
	struct ticket_secrets keys = { 0 };
	struct ticket_secret key = { 0 };
	int i;

	(void)state;
	for (i = 1; i <= 5; i++) {
		key.made_s = i;
		secrets_rotate(&keys, &key);
		assert_int_equal(keys.count, i < 3 ? i : 3);
		assert_int_equal(keys.key[0].made_s, i);
	}
	assert_int_equal(keys.key[2].made_s, 3);
}

static void secrets_rotate_after_an_hour_and_not_before(void **state)
{
	struct world *world = *state;
	int64_t made;

	serve_first(world);
	assert_quiet(world->worker);
	made = world->control.secrets.keys.key[0].made_s;
	secrets_tick(&world->control, made + SECRETS_ROTATION_S - 1);
	assert_quiet(world->worker);
	secrets_tick(&world->control, made + SECRETS_ROTATION_S);
	assert_int_equal(world->control.secrets.keys.count, 2);
	assert_int_equal(next(world->worker).type, MESSAGE_SECRETS);
	answer(world, MESSAGE_KEEP, 0, 0);
	assert_false(apply_is_busy(&world->control));
}

static void kept_secrets_are_taken_over_and_nonsense_is_not(void **state)
{
	struct world *world = *state;
	struct ticket_secrets kept = { .count = 1 };
	struct error err;

	kept.key[0].made_s = 77;
	secrets_done(&world->control);
	secrets_init(&world->control,
		     message_memfd("kept", (struct bytes){ (const uint8_t *)&kept, sizeof(kept) },
				   &err));
	assert_int_equal(world->control.secrets.keys.key[0].made_s, 77);
	secrets_done(&world->control);
	secrets_init(&world->control,
		     message_memfd("kept", (struct bytes){ (const uint8_t *)"x", 1 }, &err));
	assert_int_equal(world->control.secrets.keys.count, 1);
	assert_int_not_equal(world->control.secrets.keys.key[0].made_s, 77);
}

/* --- small things --- */

static void times_are_read_as_rfc_3339_or_seconds(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
		{ "0", 0 },
		{ "1800000000", 1800000000 },
		{ "2027-01-15T08:00:00Z", 1800000000 },
		{ "2027-01-15t08:00:00z", 1800000000 },
		{ "2027-01-15 08:00:00Z", 1800000000 },
		{ "2027-01-15T08:00:00.25Z", 1800000000 },
		{ "2027-01-15T09:30:00+01:30", 1800000000 },
		{ "2027-01-15T06:00:00-02:00", 1800000000 },
		{ "2024-02-29T00:00:00Z", 1709164800 },
		{ "-5", -5 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err;
		int64_t seconds;

		assert_int_equal(wording_time_parse(cases[i].text, &seconds, &err), 0);
		assert_int_equal(seconds, cases[i].seconds);
	}
}

static void other_times_are_refused(void **state)
{
	static const char *const cases[] = { "",
					     "tomorrow",
					     "12x",
					     "2027-01-15",
					     "2027-01-15T08:00:00",
					     "2027-02-30T08:00:00Z",
					     "2027-13-01T08:00:00Z",
					     "2027-01-15T24:00:00Z",
					     "2027-01-15T08:60:00Z",
					     "2027-01-15T08:00:00.Z",
					     "2027-01-15T08:00:00+1:00",
					     "2027-01-15T08:00:00Zx",
					     "2027-01-15X08:00:00Z",
					     "2027- 1-15T08:00:00Z",
					     "2027-01-00T08:00:00Z",
					     "2025-02-29T00:00:00Z",
					     "99999999999999999999" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err;
		int64_t seconds;

		if (wording_time_parse(cases[i], &seconds, &err) == 0)
			fail_msg("\"%s\" was taken for a time", cases[i]);
	}
}

static void times_are_written_as_they_are_read(void **state)
{
	char text[WORDING_TIME_SIZE];

	(void)state;
	wording_time(1800000000, text);
	assert_string_equal(text, "2027-01-15T08:00:00Z");
	wording_time(INT64_MAX, text);
	assert_string_equal(text, "9223372036854775807");
}

static void a_quota_is_rounded_up_to_cores(void **state)
{
	(void)state;
	assert_int_equal(cores_in_quota("max 100000\n"), 0);
	assert_int_equal(cores_in_quota("50000 100000\n"), 1);
	assert_int_equal(cores_in_quota("150000 100000\n"), 2);
	assert_int_equal(cores_in_quota("400000 100000"), 4);
	assert_int_equal(cores_in_quota("1 0"), 0);
	assert_int_equal(cores_in_quota(""), 0);
	assert_true(cores_usable() >= 1);
}

static void the_socket_of_a_manifest_is_one_path_for_all(void **state)
{
	char a[SOCKET_PATH_SIZE], b[SOCKET_PATH_SIZE], name[32];
	struct error err;

	(void)state;
	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	assert_int_equal(socket_path_of("/dev/null", false, a, &err), 0);
	assert_int_equal(socket_path_of("/dev/../dev/null", false, b, &err), 0);
	assert_string_equal(a, b);
	assert_int_equal(socket_path_name("/dev/null", name, &err), 0);
	assert_int_equal(strlen(name), 16 + strlen(".sock"));
	assert_memory_equal(a, "/run/user/7/sallyport/", 22);
	assert_string_equal(a + 22, name);
	assert_int_equal(socket_path_of("/dev/null", true, b, &err), 0);
	assert_memory_equal(b, "/run/sallyport/", 15);
	unsetenv("XDG_RUNTIME_DIR");
	assert_int_equal(socket_path_of("/dev/null", false, a, &err), 0);
	assert_memory_equal(a, "/tmp/sallyport-", 15);
}

static void a_folder_where_others_may_write_is_not_used(void **state)
{
	char runtime[40], folder[64];
	struct error err;

	(void)state;
	snprintf(runtime, sizeof(runtime), "/tmp/sallyport-unit-%d", (int)getpid());
	assert_int_equal(mkdir(runtime, 0700), 0);
	snprintf(folder, sizeof(folder), "%s/sallyport", runtime);
	setenv("XDG_RUNTIME_DIR", runtime, 1);
	assert_int_equal(socket_path_make_folder(false, geteuid(), getegid(), &err), 0);
	assert_int_equal(socket_path_make_folder(false, geteuid(), getegid(), &err), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(socket_path_make_folder(false, geteuid(), getegid(), &err), -1);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(symlink("/tmp", folder), 0);
	assert_int_equal(socket_path_make_folder(false, geteuid(), getegid(), &err), -1);
	unsetenv("XDG_RUNTIME_DIR");
	unlink(folder);
	rmdir(runtime);
}

static void a_manifest_that_is_not_there_has_no_socket(void **state)
{
	char path[SOCKET_PATH_SIZE];
	struct error err;

	(void)state;
	assert_int_equal(socket_path_of("/dev/null/sallyport.yaml", true, path, &err), -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_plan_is_served_once_worker_and_checker_say_so),
		TEST(nothing_is_kept_before_all_have_answered),
		TEST(new_ports_open_first_and_old_ones_close_last),
		TEST(a_taken_port_is_named_with_its_line_and_undoes_what_was_opened),
		TEST(a_document_that_a_worker_refuses_is_taken_back_from_all),
		TEST(a_silent_worker_does_not_block_for_ever),
		TEST(the_successor_of_a_dead_worker_gets_what_is_being_applied),
		TEST(a_document_that_kills_whoever_takes_it_is_taken_back),
		TEST(a_successor_is_given_nothing_while_nothing_is_applied),
		TEST(a_wider_address_closes_the_narrow_one_first),
		TEST(a_wider_address_that_is_taken_brings_the_narrow_one_back),
		TEST(settings_change_back_when_the_rest_fails),
		TEST(settings_that_cannot_be_had_stop_it_before_any_port_opens),
		cmocka_unit_test(a_new_secret_goes_in_front_and_three_are_kept),
		TEST(secrets_rotate_after_an_hour_and_not_before),
		TEST(kept_secrets_are_taken_over_and_nonsense_is_not),
		cmocka_unit_test(times_are_read_as_rfc_3339_or_seconds),
		cmocka_unit_test(other_times_are_refused),
		cmocka_unit_test(times_are_written_as_they_are_read),
		cmocka_unit_test(a_quota_is_rounded_up_to_cores),
		cmocka_unit_test(the_socket_of_a_manifest_is_one_path_for_all),
		cmocka_unit_test(a_folder_where_others_may_write_is_not_used),
		cmocka_unit_test(a_manifest_that_is_not_there_has_no_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
