/* A wheel of SLOTS ticks. What lies further away than one round waits in its slot for another. */
#include "net/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/monotime.h"

#define SLOTS 1024u
#define EVENTS 256

struct loop {
	int epoll;
	uint64_t now_ms, now_us;
	uint64_t tick;		     /* the last one that was run */
	uint64_t armed[SLOTS / 64];  /* which slots hold something */
	struct timeout slots[SLOTS]; /* list heads */
	struct epoll_event events[EVENTS];
	int event_count, event_next;
};

static void read_clock(struct loop *loop)
{
	loop->now_us = monotime_us();
	loop->now_ms = loop->now_us / 1000;
}

struct loop *loop_new(struct error *err)
{
	struct loop *loop = memory_new(sizeof(*loop));
	unsigned int i;

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		error_set_errno(err, "could not create an event loop");
		free(loop);
		return NULL;
	}
	for (i = 0; i < SLOTS; i++)
		loop->slots[i].next = loop->slots[i].prev = &loop->slots[i];
	read_clock(loop);
	loop->tick = loop->now_ms / LOOP_TICK_MS;
	return loop;
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	close(loop->epoll);
	free(loop);
}

int loop_add(struct loop *loop, int fd, struct watch *watch, uint32_t events, struct error *err)
{
	struct epoll_event event = { .events = events | EPOLLET, .data.ptr = watch };

	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return error_set_errno(err, "could not watch descriptor %d", fd);
	return 0;
}

void loop_remove(struct loop *loop, int fd, struct watch *watch)
{
	int i;

	if (fd >= 0)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
	for (i = loop->event_next; i < loop->event_count; i++)
		if (loop->events[i].data.ptr == watch)
			loop->events[i].data.ptr = NULL;
}

bool timeout_is_set(const struct timeout *timeout)
{
	return timeout->next != NULL;
}

/* The first tick that begins at or after the time: never early. */
static uint64_t tick_of(uint64_t at_ms)
{
	return (at_ms + LOOP_TICK_MS - 1) / LOOP_TICK_MS;
}

void timeout_set(struct loop *loop, struct timeout *timeout, uint64_t at_ms)
{
	uint64_t tick = tick_of(at_ms);
	struct timeout *head;
	unsigned int slot;

	timeout_cancel(loop, timeout);
	if (tick <= loop->tick)
		tick = loop->tick + 1;
	slot = (unsigned int)(tick % SLOTS);
	head = &loop->slots[slot];
	timeout->at_ms = at_ms;
	timeout->next = head;
	timeout->prev = head->prev;
	head->prev->next = timeout;
	head->prev = timeout;
	loop->armed[slot / 64] |= 1ull << (slot % 64);
}

void timeout_cancel(struct loop *loop, struct timeout *timeout)
{
	(void)loop;
	if (timeout->next == NULL)
		return;
	timeout->prev->next = timeout->next;
	timeout->next->prev = timeout->prev;
	timeout->next = timeout->prev = NULL;
}

/* Runs one slot. The list is moved aside first: a callback may set timeouts in this very slot. */
static void run_slot(struct loop *loop, unsigned int slot)
{
	struct timeout *head = &loop->slots[slot];
	struct timeout aside;

	loop->armed[slot / 64] &= ~(1ull << (slot % 64));
	if (head->next == head)
		return;
	aside.next = head->next;
	aside.prev = head->prev;
	aside.next->prev = aside.prev->next = &aside;
	head->next = head->prev = head;
	while (aside.next != &aside) {
		struct timeout *timeout = aside.next;

		timeout_cancel(loop, timeout);
		if (timeout->at_ms > loop->now_ms)
			timeout_set(loop, timeout, timeout->at_ms);
		else
			timeout->expired(timeout);
	}
}

static void run_expired(struct loop *loop)
{
	uint64_t last = loop->now_ms / LOOP_TICK_MS;
	uint64_t rounds = last - loop->tick;
	unsigned int slot;

	if (last <= loop->tick)
		return;
	if (rounds > SLOTS)
		loop->tick = last - SLOTS;
	while (loop->tick < last) {
		loop->tick++;
		slot = (unsigned int)(loop->tick % SLOTS);
		if (loop->armed[slot / 64] >> (slot % 64) & 1)
			run_slot(loop, slot);
	}
}

/* Milliseconds until the next slot that holds something, -1 when all are empty. */
static int next_expiry_ms(const struct loop *loop)
{
	unsigned int ahead;

	for (ahead = 1; ahead <= SLOTS; ahead++) {
		unsigned int slot = (unsigned int)((loop->tick + ahead) % SLOTS);
		uint64_t at;

		if (slot % 64 == 0 && loop->armed[slot / 64] == 0) {
			ahead += 63;
			continue;
		}
		if ((loop->armed[slot / 64] >> (slot % 64) & 1) == 0)
			continue;
		at = (loop->tick + ahead) * LOOP_TICK_MS;
		return at > loop->now_ms ? (int)(at - loop->now_ms) : 0;
	}
	return -1;
}

void loop_turn(struct loop *loop, int max_wait_ms)
{
	int wait_ms = max_wait_ms;
	int next_ms;
	int got;

	if (wait_ms != 0) {
		next_ms = next_expiry_ms(loop);
		if (next_ms >= 0 && (wait_ms < 0 || next_ms < wait_ms))
			wait_ms = next_ms;
	}
	got = epoll_wait(loop->epoll, loop->events, EVENTS, wait_ms);
	read_clock(loop);
	loop->event_count = got > 0 ? got : 0;
	for (loop->event_next = 0; loop->event_next < loop->event_count;) {
		struct epoll_event *event = &loop->events[loop->event_next++];
		struct watch *watch = event->data.ptr;

		if (watch != NULL)
			watch->ready(watch, event->events);
	}
	loop->event_count = loop->event_next = 0;
	run_expired(loop);
}

uint64_t loop_now_ms(const struct loop *loop)
{
	return loop->now_ms;
}

uint64_t loop_now_us(const struct loop *loop)
{
	return loop->now_us;
}

const uint64_t *loop_clock(const struct loop *loop)
{
	return &loop->now_ms;
}
