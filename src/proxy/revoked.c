#include "proxy/revoked.h"

#include "document/message.h"

#define COMPARED_MAX (1u << 20) /* more would take too long: judging anew does no harm */

int revoked_map(int fd, struct revoked *ret_revoked, struct error *err)
{
	struct revoked revoked = { 0 };

	if (message_map(fd, &revoked.mapped, err) < 0)
		return -1;
	if (revocation_open(revoked.mapped, &revoked.table, err) < 0) {
		revoked_done(&revoked);
		return -1;
	}
	*ret_revoked = revoked;
	return 0;
}

void revoked_done(struct revoked *revoked)
{
	message_unmap(revoked->mapped);
	*revoked = (struct revoked){ 0 };
}

const struct revocation *revoked_table(const struct revoked *revoked)
{
	return revoked->mapped.data == NULL ? NULL : &revoked->table;
}

static uint64_t made(const struct revoked *revoked)
{
	return revoked->mapped.data == NULL ? 0 : revocation_made(&revoked->table);
}

static bool says_the_same(const struct revoked *a, const struct revoked *b)
{
	return (a->mapped.data == NULL) == (b->mapped.data == NULL) &&
	       a->mapped.len == b->mapped.len && a->mapped.len <= COMPARED_MAX &&
	       bytes_equal(a->mapped, b->mapped);
}

bool revoked_take(struct revoked *now, struct revoked *next)
{
	uint64_t have = made(now), come = made(next);
	bool changed;

	/* The same number is the same table. */
	if (come < have || (come == have && come != 0)) {
		revoked_done(next);
		return false;
	}
	changed = !says_the_same(now, next);
	revoked_done(now);
	*now = *next;
	*next = (struct revoked){ 0 };
	return changed;
}
