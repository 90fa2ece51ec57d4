#include "daemon/socket_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

void socket_table_add(struct socket_table *table, const struct address *address, uint32_t worker,
		      int fd)
{
	struct socket_row *row;

	if (table->count == table->capacity) {
		table->capacity = table->capacity == 0 ? 16 : table->capacity * 2;
		table->rows = memory_resize(table->rows, table->capacity * sizeof(*table->rows));
	}
	row = &table->rows[table->count++];
	memset(row, 0, sizeof(*row));
	row->address = *address;
	row->worker = worker;
	row->fd = fd;
	row->fresh = true;
}

bool socket_table_has(const struct socket_table *table, const struct address *address)
{
	return socket_table_rows(table, address) > 0;
}

size_t socket_table_rows(const struct socket_table *table, const struct address *address)
{
	size_t i, count = 0;

	for (i = 0; i < table->count; i++)
		if (address_equal(&table->rows[i].address, address))
			count++;
	return count;
}

size_t socket_table_remove(struct socket_table *table, const struct address *address,
			   void (*close_fd)(int fd))
{
	size_t i, kept = 0, removed;

	for (i = 0; i < table->count; i++) {
		if (address_equal(&table->rows[i].address, address))
			close_fd(table->rows[i].fd);
		else
			table->rows[kept++] = table->rows[i];
	}
	removed = table->count - kept;
	table->count = kept;
	return removed;
}

void socket_table_settle(struct socket_table *table)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		table->rows[i].fresh = false;
}

void socket_table_done(struct socket_table *table, void (*close_fd)(int fd))
{
	size_t i;

	for (i = 0; i < table->count; i++)
		close_fd(table->rows[i].fd);
	free(table->rows);
	memset(table, 0, sizeof(*table));
}
