/* What a worker makes of messages from two sides that have no order between them. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "document/child.h"

static struct child child;
static struct loop *loop;
static int guardian, control; /* the other ends */
static uint64_t got_version;
static unsigned int got_documents, got_closes, got_tables, got_questions;
static struct message_filter got_filter;

static void on_document(struct child *owner, uint64_t version, int document_fd, int revocation_fd)
{
	(void)owner;
	got_version = version;
	got_documents++;
	close(document_fd);
	assert_int_equal(revocation_fd, -1);
}

static void on_socket(struct child *owner, const struct address *address, int fd)
{
	(void)owner;
	assert_int_equal(address->port, 443);
	assert_int_equal(fd, -1);
	got_closes++;
}

static void on_revocation(struct child *owner, int fd)
{
	(void)owner;
	got_tables++;
	close(fd);
}

static void on_connections(struct child *owner, uint32_t question,
			   const struct message_filter *filter)
{
	(void)owner;
	assert_int_equal(question, 5);
	got_filter = *filter;
	got_questions++;
}

static void send_document(int channel, uint64_t version)
{
	struct message message = { .type = MESSAGE_DOCUMENT, .version = version };
	int fd = open("/dev/null", O_RDONLY);

	assert_int_equal(message_send(channel, &message, &fd, 1), 1);
	close(fd);
	loop_turn(loop, 1000);
}

static int begin(void **state)
{
	struct message message = { .type = MESSAGE_CHANNEL };
	struct error err;
	int guard_ends[2], control_ends[2];

	(void)state;
	memset(&child, 0, sizeof(child));
	got_version = got_documents = got_closes = got_tables = got_questions = 0;
	loop = loop_new(&err);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, guard_ends), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, control_ends), 0);
	guardian = guard_ends[0];
	control = control_ends[0];
	child.guard = guard_ends[1];
	child.control = -1;
	child.document = on_document;
	child.socket = on_socket;
	child.revocation = on_revocation;
	child.connections = on_connections;
	assert_int_equal(child_listen(&child, loop, &err), 0);
	assert_int_equal(message_send(guardian, &message, &control_ends[1], 1), 1);
	loop_turn(loop, 1000);
	close(control_ends[1]);
	return 0;
}

static int end(void **state)
{
	(void)state;
	close(guardian);
	close(control);
	close(child.guard);
	if (child.control >= 0)
		close(child.control);
	loop_free(loop);
	return 0;
}

static void a_kept_document_is_served_until_control_speaks(void **state)
{
	(void)state;
	send_document(guardian, 7);
	assert_int_equal(got_version, 7);
	send_document(control, 8);
	assert_int_equal(got_version, 8);
	send_document(guardian, 7); /* it was on its way all the time */
	assert_int_equal(got_version, 8);
	send_document(control, 7); /* a change that control takes back */
	assert_int_equal(got_version, 7);
	assert_int_equal(got_documents, 3);
}

static void an_answer_goes_to_control(void **state)
{
	struct message message;
	int fds[MESSAGE_FDS];
	struct error err;

	(void)state;
	child_answer(&child, 9, NULL);
	assert_int_equal(message_receive(control, &message, fds), 1);
	assert_int_equal(message.type, MESSAGE_APPLIED);
	assert_int_equal(message.version, 9);
	error_set(&err, ERROR_INVALID, "no");
	child_answer(&child, 10, &err);
	assert_int_equal(message_receive(control, &message, fds), 1);
	assert_int_equal(message.type, MESSAGE_REFUSED);
	assert_string_equal(message.value.error.message, "no");
}

static void a_lost_control_is_no_end(void **state)
{
	(void)state;
	shutdown(control, SHUT_RDWR);
	loop_turn(loop, 1000);
	assert_int_equal(child.control, -1);
	child_answer(&child, 9, NULL);
	send_document(guardian, 3);
	assert_int_equal(got_version, 3);
}

static void an_address_can_be_taken_away(void **state)
{
	struct message message = { .type = MESSAGE_CLOSE, .value.address = { .family = 4, .port = 443 } };

	(void)state;
	assert_int_equal(message_send(guardian, &message, NULL, 0), 1);
	loop_turn(loop, 1000);
	assert_int_equal(got_closes, 1);
}

static void send_table(int channel, bool with_descriptor)
{
	struct message message = { .type = MESSAGE_REVOCATION, .value.made = 3 };
	int fd = open("/dev/null", O_RDONLY);

	assert_int_equal(message_send(channel, &message, &fd, with_descriptor ? 1 : 0), 1);
	close(fd);
	loop_turn(loop, 1000);
}

static void a_revocation_is_controls_word_alone(void **state)
{
	(void)state;
	send_table(control, true);
	assert_int_equal(got_tables, 1);
	send_table(control, false);
	send_table(guardian, true);
	assert_int_equal(got_tables, 1);
}

static void what_a_dead_control_said_last_is_heard(void **state)
{
	struct message channel = { .type = MESSAGE_CHANNEL };
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	assert_int_equal(message_send(guardian, &channel, &ends[1], 1), 1);
	close(ends[1]);
	send_table(control, true);
	assert_int_equal(child.channels, 2);
	assert_int_equal(got_tables, 1);
	send_table(ends[0], true);
	assert_int_equal(got_tables, 2);
	close(ends[0]);
}

static void the_texts_of_a_question_end(void **state)
{
	struct message message = { .type = MESSAGE_CONNECTIONS, .a = 5 };

	(void)state;
	memset(&message.value.filter, 'x', sizeof(message.value.filter));
	assert_int_equal(message_send(guardian, &message, NULL, 0), 1);
	loop_turn(loop, 1000);
	assert_int_equal(got_questions, 0);
	assert_int_equal(message_send(control, &message, NULL, 0), 1);
	loop_turn(loop, 1000);
	assert_int_equal(got_questions, 1);
	assert_int_equal(strlen(got_filter.listener), sizeof(got_filter.listener) - 1);
	assert_int_equal(strlen(got_filter.identity), sizeof(got_filter.identity) - 1);
	assert_int_equal(strlen(got_filter.serial), sizeof(got_filter.serial) - 1);
}

static void news_leave_room_for_answers(void **state)
{
	const struct message news = { .type = MESSAGE_CLIENT_REFUSED };
	struct message message;
	int fds[MESSAGE_FDS];
	unsigned int told = 0, received = 0;
	uint32_t channels = child.channels;

	(void)state;
	fcntl(child.control, F_SETFL, O_NONBLOCK);
	while (child_tell(&child, &news) == 1)
		assert_true(++told < 100000);
	assert_true(told > 10);
	assert_int_equal(child_tell(&child, &news), 0);
	child_answer(&child, 9, NULL);
	while (message_receive(control, &message, fds) == 1)
		received++;
	assert_int_equal(received, told + 1);
	assert_int_equal(message.type, MESSAGE_APPLIED);
	assert_int_equal(child_tell(&child, &news), 1);
	shutdown(control, SHUT_RDWR);
	loop_turn(loop, 1000);
	assert_int_equal(child_tell(&child, &news), -1);
	assert_int_equal(child.channels, channels);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_kept_document_is_served_until_control_speaks, begin,
						end),
		cmocka_unit_test_setup_teardown(an_answer_goes_to_control, begin, end),
		cmocka_unit_test_setup_teardown(a_lost_control_is_no_end, begin, end),
		cmocka_unit_test_setup_teardown(an_address_can_be_taken_away, begin, end),
		cmocka_unit_test_setup_teardown(a_revocation_is_controls_word_alone, begin, end),
		cmocka_unit_test_setup_teardown(what_a_dead_control_said_last_is_heard, begin, end),
		cmocka_unit_test_setup_teardown(the_texts_of_a_question_end, begin, end),
		cmocka_unit_test_setup_teardown(news_leave_room_for_answers, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
