/*
 * daemon/socket_table.h - which listening socket belongs to which (address, worker).
 *
 * The guardian keeps each socket for as long as its address is open, so that a worker that dies leaves
 * the connections in its queue to its successor.
 */
#ifndef SALLYPORT_DAEMON_SOCKET_TABLE_H
#define SALLYPORT_DAEMON_SOCKET_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "net/address.h"

struct socket_row {
	struct address address;
	uint32_t worker;
	int fd;	       /* owned */
	bool fresh;    /* opened for a document that is not kept yet */
	pid_t lent_to; /* a living worker that serves it for a dead one; 0: nobody */
};

/* Zeroed: empty. */
struct socket_table {
	struct socket_row *rows;
	size_t count, capacity;
};

void socket_table_add(struct socket_table *table, const struct address *address, uint32_t worker,
		      int fd);
/* Is there a socket for this address? */
bool socket_table_has(const struct socket_table *table, const struct address *address);
size_t socket_table_rows(const struct socket_table *table, const struct address *address);
/* Takes the address out and hands its descriptors to close_fd. Returns how many there were. */
size_t socket_table_remove(struct socket_table *table, const struct address *address,
			   void (*close_fd)(int fd));
/* Everything that is open has been acknowledged. */
void socket_table_settle(struct socket_table *table);
void socket_table_done(struct socket_table *table, void (*close_fd)(int fd));

/* Which of `workers` workers serves a row that was made for worker `row`, when the numbers differ. */
static inline uint32_t socket_table_worker(uint32_t row, uint32_t workers)
{
	return workers == 0 ? 0 : row % workers;
}

#endif
