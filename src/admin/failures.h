/*
 * admin/failures.h - failed log-ins on their way into the audit log.
 *
 * A call that fails changes nothing, so its audit row is written afterwards, once a second.
 * Failures of the same user and source in that second become one row with their number, and what
 * does not fit is only counted: strangers must not be able to fill the log.
 */
#ifndef SALLYPORT_ADMIN_FAILURES_H
#define SALLYPORT_ADMIN_FAILURES_H

#include <stddef.h>
#include <stdint.h>
#include "store/store.h"

#define FAILURES_MAX 16

struct failure {
	char user[65], from[64], request_id[37];
	unsigned int count;
	int64_t time_s;
};

struct failures {
	struct failure items[FAILURES_MAX];
	size_t count;
	unsigned int more; /* did not fit */
};

void failures_add(struct failures *failures, const char *user, const char *from,
		  const char *request_id, int64_t now);
/* In a transaction of its own. What could not be written is tried again. */
void failures_write(struct failures *failures, struct store *store, int64_t now);

#endif
