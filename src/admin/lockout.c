#include "admin/lockout.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "net/address.h"

#define ENTRIES 4096 /* the one that failed longest ago makes room */
#define PAIR_TRIES 5
#define SOURCE_TRIES 20
#define WAIT_FIRST_S 5
#define WAIT_MAX_S 900
#define FORGET_S 3600

struct entry {
	uint64_t hash; /* 0: free */
	char user[65]; /* "": the source over all users */
	char source[ADDRESS_TEXT_SIZE];
	unsigned int failures;
	int64_t last_s;
};

struct lockout {
	struct entry entries[ENTRIES];
};

struct lockout *lockout_new(void)
{
	return memory_new(sizeof(struct lockout));
}

void lockout_free(struct lockout *lockout)
{
	free(lockout);
}

/* FNV-1a; only to find quickly, the texts are compared. */
static uint64_t hash_of(const char *user, const char *source)
{
	uint64_t hash = 14695981039346656037u;
	const char *at;

	for (at = user; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * 1099511628211u;
	hash *= 1099511628211u;
	for (at = source; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * 1099511628211u;
	return hash == 0 ? 1 : hash;
}

static struct entry *find(const struct lockout *lockout, const char *user, const char *from)
{
	struct lockout *writable = (struct lockout *)(uintptr_t)lockout;
	char user_cut[sizeof(lockout->entries[0].user)];
	char source[ADDRESS_TEXT_SIZE];
	uint64_t hash;
	size_t i;

	snprintf(user_cut, sizeof(user_cut), "%s", user);
	address_limit_name(from, source);
	hash = hash_of(user_cut, source);
	for (i = 0; i < ENTRIES; i++) {
		struct entry *entry = &writable->entries[i];

		if (entry->hash == hash && strcmp(entry->user, user_cut) == 0 &&
		    strcmp(entry->source, source) == 0)
			return entry;
	}
	return NULL;
}

static int64_t wait_of(const struct entry *entry, unsigned int tries, int64_t now)
{
	int64_t wait_s = WAIT_FIRST_S, over_s;
	unsigned int more;

	if (entry == NULL || entry->failures < tries || now - entry->last_s >= FORGET_S)
		return 0;
	for (more = entry->failures - tries; more > 0 && wait_s < WAIT_MAX_S; more--)
		wait_s *= 2;
	if (wait_s > WAIT_MAX_S)
		wait_s = WAIT_MAX_S;
	over_s = entry->last_s + wait_s;
	/* A clock that was set back must not make it longer. */
	return now >= over_s ? 0 : over_s - now > wait_s ? wait_s : over_s - now;
}

int64_t lockout_wait(const struct lockout *lockout, const char *user, const char *source,
		     int64_t now)
{
	int64_t pair = wait_of(find(lockout, user, source), PAIR_TRIES, now);
	int64_t all = wait_of(find(lockout, "", source), SOURCE_TRIES, now);

	return pair > all ? pair : all;
}

static struct entry *make(struct lockout *lockout, const char *user, const char *from)
{
	struct entry *entry = &lockout->entries[0];
	size_t i;

	for (i = 0; i < ENTRIES && entry->hash != 0; i++)
		if (lockout->entries[i].hash == 0 || lockout->entries[i].last_s < entry->last_s)
			entry = &lockout->entries[i];
	memset(entry, 0, sizeof(*entry));
	snprintf(entry->user, sizeof(entry->user), "%s", user);
	address_limit_name(from, entry->source);
	entry->hash = hash_of(entry->user, entry->source);
	return entry;
}

static void count(struct lockout *lockout, const char *user, const char *source, int64_t now)
{
	struct entry *entry = find(lockout, user, source);

	if (entry == NULL)
		entry = make(lockout, user, source);
	if (now - entry->last_s >= FORGET_S)
		entry->failures = 0;
	entry->failures++;
	entry->last_s = now;
}

void lockout_failed(struct lockout *lockout, const char *user, const char *source, int64_t now)
{
	count(lockout, user, source, now);
	if (user[0] != '\0')
		count(lockout, "", source, now);
}

void lockout_succeeded(struct lockout *lockout, const char *user, const char *source)
{
	struct entry *entry = find(lockout, user, source);

	if (entry != NULL)
		memset(entry, 0, sizeof(*entry));
}
