/*
 * api/throttle.h - so many events a second from one source, with a burst; beyond that it must wait.
 *
 * A bucket for each source, an IPv4 address or IPv6 /64 network; the one that was not used for the longest
 * time makes room. Time is a parameter, in milliseconds.
 */
#ifndef SALLYPORT_API_THROTTLE_H
#define SALLYPORT_API_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct throttle;

struct throttle *throttle_new(unsigned int per_second, unsigned int burst);
void throttle_free(struct throttle *throttle); /* NULL is fine */
/* Takes one. false: there is none left. */
bool throttle_take(struct throttle *throttle, const char *source, uint64_t now_ms);

#endif
