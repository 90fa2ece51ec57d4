#include "stats/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STATS_WORKERS_MAX 4096u

static const char *const reason_texts[] = {
#define X(name, text) text,
	HEALTH_REASONS(X)
#undef X
};

const char *health_reason_text(enum health_reason reason)
{
	return (unsigned int)reason < HEALTH_REASON_COUNT ? reason_texts[reason] : "";
}

/* The words of the service we are compatible with: Unavailable means that checks are off. */
const char *health_state_text(enum health_state state)
{
	switch (state) {
	case HEALTH_HEALTHY:
		return "Healthy";
	case HEALTH_UNHEALTHY:
		return "Unhealthy";
	case HEALTH_UNCHECKED:
		return "Unavailable";
	default:
		return "Initial";
	}
}

size_t stats_size(uint32_t workers)
{
	return sizeof(struct stats) + (size_t)workers * sizeof(struct stats_worker);
}

/* Its size is sealed: nobody who has it can make the others fault by cutting it short. */
static int sized_memfd(const char *name, size_t size, struct error *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && ftruncate(fd, (off_t)size) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	error_set_errno(err, "could not make %zu bytes of shared memory for the %s", size, name);
	if (fd >= 0)
		close(fd);
	return -1;
}

static void *map(int fd, size_t size, bool writable, const char *name, struct error *err)
{
	int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	void *mapped = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	if (mapped != MAP_FAILED)
		return mapped;
	error_set_errno(err, "could not map the shared memory of the %s", name);
	return NULL;
}

int stats_create(uint32_t workers, struct error *err)
{
	struct stats *stats;
	int fd;

	if (workers == 0 || workers > STATS_WORKERS_MAX)
		return error_set(err, ERROR_INVALID,
				 "could not make shared memory for %u workers: 1 to %u", workers,
				 STATS_WORKERS_MAX);
	fd = sized_memfd("statistics", stats_size(workers), err);
	stats = fd < 0 ? NULL : map(fd, sizeof(*stats), true, "statistics", err);
	if (stats == NULL) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	stats->layout_version = STATS_LAYOUT_VERSION;
	stats->workers = workers;
	stats->started_s = (uint64_t)time(NULL);
	/* A key that can be guessed lets an attacker pile up rows; without one the limits still hold. */
	if (getrandom(stats->source_key, sizeof(stats->source_key), 0) < 0)
		stats->source_key[0] = (uint64_t)(uintptr_t)stats ^ stats->started_s;
	munmap(stats, sizeof(*stats));
	return fd;
}

int health_create(struct error *err)
{
	struct health *health;
	int fd = sized_memfd("health", sizeof(*health), err);

	if (fd < 0)
		return -1;
	health = map(fd, sizeof(*health), true, "health", err);
	if (health == NULL) {
		close(fd);
		return -1;
	}
	health->layout_version = STATS_LAYOUT_VERSION;
	munmap(health, sizeof(*health));
	return fd;
}

static int size_of(int fd, size_t *ret_size, struct error *err)
{
	struct stat info;

	if (fstat(fd, &info) < 0) {
		error_set_errno(err, "could not look at shared memory");
		return -1;
	}
	*ret_size = (size_t)info.st_size;
	return 0;
}

struct stats *stats_map(int fd, struct error *err)
{
	struct stats *stats;
	size_t size;

	if (size_of(fd, &size, err) < 0)
		return NULL;
	if (size < sizeof(*stats)) {
		error_set(err, ERROR_INVALID,
			  "could not use shared statistics: they are cut short");
		return NULL;
	}
	stats = map(fd, size, true, "statistics", err);
	if (stats == NULL)
		return NULL;
	if (stats->layout_version == STATS_LAYOUT_VERSION && stats->workers <= STATS_WORKERS_MAX &&
	    stats_size(stats->workers) == size)
		return stats;
	error_set(err, ERROR_INVALID,
		  "could not use shared statistics: layout %u for %u workers in %zu bytes",
		  stats->layout_version, stats->workers, size);
	munmap(stats, size);
	return NULL;
}

struct health *health_map(int fd, bool writable, struct error *err)
{
	struct health *health;
	size_t size;

	if (size_of(fd, &size, err) < 0)
		return NULL;
	if (size != sizeof(*health)) {
		error_set(err, ERROR_INVALID,
			  "could not use shared health: %zu bytes instead of %zu", size,
			  sizeof(*health));
		return NULL;
	}
	health = map(fd, size, writable, "health", err);
	if (health == NULL || health->layout_version == STATS_LAYOUT_VERSION)
		return health;
	error_set(err, ERROR_INVALID, "could not use shared health: its layout is %u",
		  health->layout_version);
	munmap(health, size);
	return NULL;
}

uint64_t stats_server_active(const struct stats *stats, uint32_t slot)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; slot < STATS_SERVERS && i < stats->workers; i++)
		sum += stats->worker[i].servers[slot].active;
	return sum;
}

uint64_t stats_listener_active(const struct stats *stats, uint32_t slot)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; slot < STATS_LISTENERS && i < stats->workers; i++)
		sum += stats->worker[i].listeners[slot].active;
	return sum;
}

/* Rows that are zero are left alone: to write to one would give it a page of its own. */
static void clear_sources(struct stats_worker *worker)
{
	uint32_t i;

	for (i = 0; i < STATS_SOURCES; i++) {
		struct stats_source *source = &worker->sources[i];

		if (atomic_load(&source->key) == 0)
			continue;
		atomic_store(&source->connections, 0);
		atomic_store(&source->handshakes, 0);
		atomic_store(&source->count, 0);
		atomic_store(&source->count_before, 0);
		atomic_store(&source->second, 0);
		atomic_store(&source->key, 0);
	}
}

void stats_clear_gauges(struct stats *stats, uint32_t worker)
{
	struct stats_worker *block;
	uint32_t i;

	if (worker >= stats->workers)
		return;
	block = &stats->worker[worker];
	block->pid = 0;
	block->version_served = 0;
	block->longest_turn_us = 0;
	for (i = 0; i < STATS_LISTENERS; i++)
		if ((block->listeners[i].active | block->listeners[i].handshaking) != 0)
			block->listeners[i].active = block->listeners[i].handshaking = 0;
	for (i = 0; i < STATS_SERVERS; i++)
		if ((block->servers[i].active | block->servers[i].ejected) != 0)
			block->servers[i].active = block->servers[i].ejected = 0;
	clear_sources(block);
}

/* Rows of counters are nothing but uint64_t. */
static void add_numbers(void *to, const void *from, size_t size)
{
	size_t at;

	for (at = 0; at < size; at += sizeof(uint64_t)) {
		uint64_t sum, more;

		memcpy(&more, (const char *)from + at, sizeof(more));
		if (more == 0)
			continue;
		memcpy(&sum, (char *)to + at, sizeof(sum));
		sum += more;
		memcpy((char *)to + at, &sum, sizeof(sum));
	}
}

_Static_assert(sizeof(struct stats_listener) % sizeof(uint64_t) == 0, "rows of uint64_t");
_Static_assert(sizeof(struct stats_server) % sizeof(uint64_t) == 0, "rows of uint64_t");

void stats_inherit(struct stats *stats, const struct stats *from)
{
	uint32_t i;

	stats->started_s = from->started_s;
	memcpy(stats->source_key, from->source_key, sizeof(stats->source_key));
	for (i = 0; i < from->workers; i++) {
		struct stats_worker *to = &stats->worker[i % stats->workers];
		const struct stats_worker *old = &from->worker[i];

		to->log_dropped += old->log_dropped;
		to->memory_full += old->memory_full;
		to->descriptors_full += old->descriptors_full;
		to->chain_cache_hits += old->chain_cache_hits;
		to->chain_cache_misses += old->chain_cache_misses;
		to->tickets_ignored += old->tickets_ignored;
		to->refusals_untold += old->refusals_untold;
		add_numbers(to->listeners, old->listeners, sizeof(to->listeners));
		add_numbers(to->servers, old->servers, sizeof(to->servers));
	}
	for (i = 0; i < stats->workers; i++)
		stats_clear_gauges(stats, i);
}
