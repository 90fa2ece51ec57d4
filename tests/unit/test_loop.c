/* The event loop: what is ready runs once, what is removed never does, timeouts are never early. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/loop.h"

struct pipe_watch {
	struct watch watch;
	struct loop *loop;
	int ends[2];
	int calls;
	uint32_t events;
	struct pipe_watch *removes; /* when it runs */
	struct timeout timeout;
	int expired;
	struct pipe_watch *cancels;
	bool again;
};

static void ready(struct watch *watch, uint32_t events)
{
	struct pipe_watch *self = (struct pipe_watch *)watch;

	self->calls++;
	self->events = events;
	if (self->removes != NULL)
		loop_remove(self->loop, self->removes->ends[0], &self->removes->watch);
}

static void expired(struct timeout *timeout)
{
	struct pipe_watch *self =
		(struct pipe_watch *)((char *)timeout - offsetof(struct pipe_watch, timeout));

	self->expired++;
	if (self->cancels != NULL)
		timeout_cancel(self->loop, &self->cancels->timeout);
	if (self->again)
		timeout_set(self->loop, timeout, loop_now_ms(self->loop));
}

static void init(struct pipe_watch *self, struct loop *loop)
{
	struct error err;

	memset(self, 0, sizeof(*self));
	self->watch.ready = ready;
	self->timeout.expired = expired;
	self->loop = loop;
	assert_int_equal(pipe2(self->ends, O_NONBLOCK | O_CLOEXEC), 0);
	assert_int_equal(loop_add(loop, self->ends[0], &self->watch, EPOLLIN, &err), 0);
}

static void done(struct pipe_watch *self)
{
	loop_remove(self->loop, self->ends[0], &self->watch);
	close(self->ends[0]);
	close(self->ends[1]);
}

static struct loop *new_loop(void)
{
	struct error err;
	struct loop *loop = loop_new(&err);

	assert_non_null(loop);
	return loop;
}

static void a_readable_descriptor_runs_once_for_each_change(void **state)
{
	struct loop *loop = new_loop();
	struct pipe_watch one;

	(void)state;
	init(&one, loop);
	loop_turn(loop, 0);
	assert_int_equal(one.calls, 0);
	assert_int_equal(write(one.ends[1], "a", 1), 1);
	loop_turn(loop, 0);
	assert_int_equal(one.calls, 1);
	assert_true((one.events & EPOLLIN) != 0);
	loop_turn(loop, 0); /* unread, but told already */
	assert_int_equal(one.calls, 1);
	assert_int_equal(write(one.ends[1], "b", 1), 1);
	loop_turn(loop, 0);
	assert_int_equal(one.calls, 2);
	done(&one);
	loop_free(loop);
}

static void a_descriptor_cannot_be_watched_twice_or_when_closed(void **state)
{
	struct loop *loop = new_loop();
	struct pipe_watch one;
	struct error err;

	(void)state;
	init(&one, loop);
	assert_int_equal(loop_add(loop, one.ends[0], &one.watch, EPOLLIN, &err), -1);
	assert_int_equal(loop_add(loop, -1, &one.watch, EPOLLIN, &err), -1);
	assert_int_equal(err.code, ERROR_SYSTEM);
	done(&one);
	loop_free(loop);
	loop_free(NULL);
}

static void of_two_that_remove_each_other_only_one_runs(void **state)
{
	struct loop *loop = new_loop();
	struct pipe_watch one, two;

	(void)state;
	init(&one, loop);
	init(&two, loop);
	one.removes = &two;
	two.removes = &one;
	assert_int_equal(write(one.ends[1], "a", 1), 1);
	assert_int_equal(write(two.ends[1], "b", 1), 1);
	loop_turn(loop, 0);
	assert_int_equal(one.calls + two.calls, 1);
	done(&one);
	done(&two);
	loop_free(loop);
}

static void the_end_of_the_other_side_is_an_event(void **state)
{
	struct loop *loop = new_loop();
	struct pipe_watch one;

	(void)state;
	init(&one, loop);
	close(one.ends[1]);
	loop_turn(loop, 0);
	assert_int_equal(one.calls, 1);
	assert_true((one.events & EPOLLHUP) != 0);
	one.ends[1] = -1;
	done(&one);
	loop_free(loop);
}

/* Turns until it happened; the clock is the machine's, so nothing is said about how many turns. */
static void turn_until(struct loop *loop, const int *counter, int wanted)
{
	while (*counter < wanted)
		loop_turn(loop, LOOP_TICK_MS);
}

static void a_timeout_expires_once_and_never_early(void **state)
{
	struct loop *loop = new_loop();
	struct pipe_watch one;
	uint64_t at;

	(void)state;
	init(&one, loop);
	at = loop_now_ms(loop) + 2 * LOOP_TICK_MS;
	assert_false(timeout_is_set(&one.timeout));
	timeout_set(loop, &one.timeout, at);
	assert_true(timeout_is_set(&one.timeout));
	turn_until(loop, &one.expired, 1);
	assert_true(loop_now_ms(loop) >= at);
	assert_false(timeout_is_set(&one.timeout));
	loop_turn(loop, 0);
	assert_int_equal(one.expired, 1);
	done(&one);
	loop_free(loop);
}

static void a_timeout_of_the_past_expires_soon_and_may_set_itself_again(void **state)
{
	struct loop *loop = new_loop();
	struct pipe_watch one;

	(void)state;
	init(&one, loop);
	one.again = true;
	timeout_set(loop, &one.timeout, 1);
	turn_until(loop, &one.expired, 2);
	assert_true(timeout_is_set(&one.timeout));
	timeout_cancel(loop, &one.timeout);
	done(&one);
	loop_free(loop);
}

static void a_cancelled_or_moved_timeout_does_not_expire(void **state)
{
	struct loop *loop = new_loop();
	struct pipe_watch first, same_time, moved;
	uint64_t soon;

	(void)state;
	init(&first, loop);
	init(&same_time, loop);
	init(&moved, loop);
	soon = loop_now_ms(loop) + LOOP_TICK_MS;
	first.cancels = &same_time;
	timeout_set(loop, &first.timeout, soon);
	timeout_set(loop, &same_time.timeout, soon);
	timeout_set(loop, &moved.timeout, soon);
	timeout_set(loop, &moved.timeout, soon + 3600000);
	turn_until(loop, &first.expired, 1);
	loop_turn(loop, 0);
	assert_int_equal(same_time.expired, 0);
	assert_int_equal(moved.expired, 0);
	assert_true(timeout_is_set(&moved.timeout));
	timeout_cancel(loop, &moved.timeout);
	timeout_cancel(loop, &moved.timeout);
	done(&first);
	done(&same_time);
	done(&moved);
	loop_free(loop);
}

static void the_clock_of_the_loop_stands_still_within_a_turn(void **state)
{
	struct loop *loop = new_loop();
	const uint64_t *clock = loop_clock(loop);

	(void)state;
	assert_int_equal(*clock, loop_now_ms(loop));
	assert_int_equal(loop_now_us(loop) / 1000, loop_now_ms(loop));
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_readable_descriptor_runs_once_for_each_change),
		cmocka_unit_test(a_descriptor_cannot_be_watched_twice_or_when_closed),
		cmocka_unit_test(of_two_that_remove_each_other_only_one_runs),
		cmocka_unit_test(the_end_of_the_other_side_is_an_event),
		cmocka_unit_test(a_timeout_expires_once_and_never_early),
		cmocka_unit_test(a_timeout_of_the_past_expires_soon_and_may_set_itself_again),
		cmocka_unit_test(a_cancelled_or_moved_timeout_does_not_expire),
		cmocka_unit_test(the_clock_of_the_loop_stands_still_within_a_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
