/* Messages between roles: whole packets with descriptors, or an error; never half of one. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "document/message.h"

struct channel_ends {
	int ours, theirs;
};

static struct channel_ends new_channel(void)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	return (struct channel_ends){ ends[0], ends[1] };
}

static void close_channel(struct channel_ends *channel)
{
	close(channel->ours);
	close(channel->theirs);
}

static void a_message_arrives_as_it_was_sent(void **state)
{
	struct channel_ends channel = new_channel();
	struct message sent = { .type = MESSAGE_CONFIGURE, .a = 3, .version = 1ull << 40 };
	struct message got;
	int fds[MESSAGE_FDS];

	(void)state;
	strcpy(sent.value.configure.user, "sallyport");
	sent.value.configure.workers = 4;
	assert_int_equal(message_send(channel.ours, &sent, NULL, 0), 1);
	assert_int_equal(message_receive(channel.theirs, &got, fds), 1);
	assert_memory_equal(&got, &sent, sizeof(sent));
	assert_int_equal(fds[0], -1);
	assert_int_equal(fds[2], -1);
	close_channel(&channel);
}

static void descriptors_arrive_with_it_and_close_on_exec(void **state)
{
	struct channel_ends channel = new_channel();
	struct message message = { .type = MESSAGE_KEEP };
	int sent[MESSAGE_FDS], got[MESSAGE_FDS];
	int i;

	(void)state;
	for (i = 0; i < MESSAGE_FDS; i++)
		sent[i] = open("/dev/null", O_RDONLY);
	assert_int_equal(message_send(channel.ours, &message, sent, MESSAGE_FDS), 1);
	assert_int_equal(message_receive(channel.theirs, &message, got), 1);
	for (i = 0; i < MESSAGE_FDS; i++) {
		assert_true(got[i] >= 0);
		assert_int_equal(fcntl(got[i], F_GETFD), FD_CLOEXEC);
		close(got[i]);
		close(sent[i]);
	}
	close_channel(&channel);
}

static void an_empty_channel_says_so_and_does_not_block(void **state)
{
	struct channel_ends channel = new_channel();
	struct message message;
	int fds[MESSAGE_FDS];

	(void)state;
	assert_int_equal(message_receive(channel.ours, &message, fds), 0);
	close_channel(&channel);
}

static void a_full_channel_says_so_and_does_not_block(void **state)
{
	struct channel_ends channel = new_channel();
	struct message message = { .type = MESSAGE_LOG };
	int sent = 1, count = 0;

	(void)state;
	while (count < 100000 && (sent = message_send(channel.ours, &message, NULL, 0)) == 1)
		count++;
	assert_int_equal(sent, 0);
	assert_true(count > 0);
	close_channel(&channel);
}

static void a_closed_channel_is_an_error_for_both_directions(void **state)
{
	struct channel_ends channel = new_channel();
	struct message message = { .type = MESSAGE_LOG };
	int fds[MESSAGE_FDS];

	(void)state;
	close(channel.theirs);
	assert_int_equal(message_receive(channel.ours, &message, fds), -1);
	assert_int_equal(message_send(channel.ours, &message, NULL, 0), -1);
	close(channel.ours);
}

static void a_packet_of_another_size_is_refused_and_its_descriptor_closed(void **state)
{
	static const size_t sizes[] = { 1, sizeof(struct message) - 1, sizeof(struct message) + 1 };
	char packet[sizeof(struct message) + 1] = { 0 };
	int fds[MESSAGE_FDS];
	struct message message;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct channel_ends channel = new_channel();

		assert_int_equal(send(channel.ours, packet, sizes[i], 0), sizes[i]);
		assert_int_equal(message_receive(channel.theirs, &message, fds), -1);
		close_channel(&channel);
	}
}

static void a_memfd_holds_its_bytes_and_nobody_can_change_them(void **state)
{
	struct bytes content = { (const uint8_t *)"document", 8 };
	struct bytes mapped;
	struct error err;
	int fd = message_memfd("document", content, &err);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(message_map(fd, &mapped, &err), 0);
	assert_int_equal(mapped.len, content.len);
	assert_memory_equal(mapped.data, content.data, content.len);
	message_unmap(mapped);
	close(fd);
}

static void an_empty_or_missing_memfd_cannot_be_mapped(void **state)
{
	struct bytes none = { NULL, 0 };
	struct bytes mapped;
	struct error err;
	int fd = message_memfd("empty", none, &err);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(message_map(fd, &mapped, &err), -1);
	close(fd);
	assert_int_equal(message_map(-1, &mapped, &err), -1);
	message_unmap((struct bytes){ NULL, 0 });
}

static void a_text_is_cut_at_a_character(void **state)
{
	char text[6];

	(void)state;
	message_text(text, sizeof(text), NULL);
	assert_string_equal(text, "");
	message_text(text, sizeof(text), "12345");
	assert_string_equal(text, "12345");
	message_text(text, sizeof(text), "123456");
	assert_string_equal(text, "12345");
	message_text(text, sizeof(text), "1234\xc3\xa9");
	assert_string_equal(text, "1234");
	message_text(text, sizeof(text), "\xf0\x9f\x9a\xaa\xf0\x9f\x9a\xaa");
	assert_string_equal(text, "\xf0\x9f\x9a\xaa");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_arrives_as_it_was_sent),
		cmocka_unit_test(descriptors_arrive_with_it_and_close_on_exec),
		cmocka_unit_test(an_empty_channel_says_so_and_does_not_block),
		cmocka_unit_test(a_full_channel_says_so_and_does_not_block),
		cmocka_unit_test(a_closed_channel_is_an_error_for_both_directions),
		cmocka_unit_test(a_packet_of_another_size_is_refused_and_its_descriptor_closed),
		cmocka_unit_test(a_memfd_holds_its_bytes_and_nobody_can_change_them),
		cmocka_unit_test(an_empty_or_missing_memfd_cannot_be_mapped),
		cmocka_unit_test(a_text_is_cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
