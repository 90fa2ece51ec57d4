/*
 * net/loop.h - edge-triggered epoll and a timing wheel, for one thread.
 *
 * A watch and a timeout are embedded in their owner; the loop only links them. A watch is registered
 * once and never re-armed: its owner keeps what the events told it. It is safe to remove or free any
 * watch or timeout from any callback: events still pending for it in this turn are dropped.
 */
#ifndef SALLYPORT_NET_LOOP_H
#define SALLYPORT_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include "base/error.h"

struct loop;

struct watch {
	void (*ready)(struct watch *watch,
		      uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLRDHUP, ... */
};

/* Zeroed = not set. Coarse: it expires within LOOP_TICK_MS after its time, never before. */
struct timeout {
	struct timeout *next, *prev;
	uint64_t at_ms; /* monotime_ms */
	void (*expired)(struct timeout *timeout);
};

#define LOOP_TICK_MS 50

struct loop *loop_new(struct error *err);
void loop_free(struct loop *loop);

/* events without EPOLLET: it is added. */
int must_check loop_add(struct loop *loop, int fd, struct watch *watch, uint32_t events,
			struct error *err);
/* Before the fd is closed, or just after; fd -1 only drops pending events. */
void loop_remove(struct loop *loop, int fd, struct watch *watch);

void timeout_set(struct loop *loop, struct timeout *timeout, uint64_t at_ms);
void timeout_cancel(struct loop *loop, struct timeout *timeout);
bool timeout_is_set(const struct timeout *timeout);

/* Waits at most max_wait_ms (0: only looks, -1: until something happens), then runs what is ready
 * and what has expired. */
void loop_turn(struct loop *loop, int max_wait_ms);
/* The time the current turn began; cheaper than asking the clock. */
uint64_t loop_now_ms(const struct loop *loop);
uint64_t loop_now_us(const struct loop *loop);
/* Where loop_now_ms() is kept, for those that read it often. */
const uint64_t *loop_clock(const struct loop *loop);

#endif
