/*
 * admin/lockout.h - who failed to prove who he is, how often, and how long he must wait.
 *
 * Counted for each pair of user and source, and for each source over all users; a source is an IPv4
 * address or an IPv6 /64 network. After the fifth
 * failure of a pair (the twentieth of a source) each try must wait: 5 s, doubled by each further
 * failure up to 15 min. Nobody is locked out for good, and nobody by what another source does. An
 * hour without a failure, or a success of the pair, and it is forgotten. Time is a parameter, in
 * seconds.
 */
#ifndef SALLYPORT_ADMIN_LOCKOUT_H
#define SALLYPORT_ADMIN_LOCKOUT_H

#include <stdint.h>

struct lockout;

struct lockout *lockout_new(void);
void lockout_free(struct lockout *lockout);

/* Seconds to wait before the next try; 0: now. */
int64_t lockout_wait(const struct lockout *lockout, const char *user, const char *source,
		     int64_t now);
void lockout_failed(struct lockout *lockout, const char *user, const char *source, int64_t now);
void lockout_succeeded(struct lockout *lockout, const char *user, const char *source);

#endif
