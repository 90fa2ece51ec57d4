#include "stats/stats.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

const char *health_reason_text(enum health_reason reason)
{
#define X(name, text) [HEALTH_REASON_##name] = text,
	static const char *const texts[] = { HEALTH_REASONS(X) };
#undef X

	return (unsigned int)reason < HEALTH_REASON_COUNT ? texts[reason] : "";
}

const char *health_state_text(enum health_state state)
{
	static const char *const texts[] = { "Initial", "Healthy", "Unhealthy", "Unavailable" };

	return (unsigned int)state < 4 ? texts[state] : "Initial";
}

size_t stats_size(uint32_t workers)
{
	return sizeof(struct stats) + workers * sizeof(struct stats_worker);
}

/* The first bytes are written rather than mapped: the caller maps it when it wants to. */
static int new_region(const char *name, size_t size, const void *head, size_t head_size,
		      struct error *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0 ||
	    pwrite(fd, head, head_size, 0) != (ssize_t)head_size) {
		error_set_errno(err, "could not make the shared memory \"%s\"", name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

int stats_create(uint32_t workers, struct error *err)
{
	struct stats head = { .layout_version = STATS_LAYOUT_VERSION, .workers = workers };

	if (getrandom(head.source_key, sizeof(head.source_key), 0) !=
	    (ssize_t)sizeof(head.source_key))
		return error_set_errno(err, "could not get random bytes");
	return new_region("stats", stats_size(workers), &head, sizeof(head), err);
}

int health_create(struct error *err)
{
	uint32_t version = STATS_LAYOUT_VERSION;

	return new_region("health", sizeof(struct health), &version, sizeof(version), err);
}

static void *map_region(int fd, size_t size, bool writable, const char *name, struct error *err)
{
	void *region = mmap(NULL, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);

	if (region != MAP_FAILED)
		return region;
	error_set_errno(err, "could not map the shared memory \"%s\"", name);
	return NULL;
}

static int wrong_layout(const char *name, struct error *err)
{
	error_set(err, ERROR_CONFLICT, "could not use the shared memory \"%s\": another version made it",
		  name);
	return error_hint(err, "Restart Sallyport instead of upgrading it in place.");
}

struct stats *stats_map(int fd, struct error *err)
{
	struct stats *stats;
	struct stat info;
	size_t size;

	if (fstat(fd, &info) < 0 || (size_t)info.st_size < sizeof(struct stats)) {
		wrong_layout("stats", err);
		return NULL;
	}
	size = (size_t)info.st_size;
	stats = map_region(fd, size, true, "stats", err);
	if (stats == NULL)
		return NULL;
	if (stats->layout_version != STATS_LAYOUT_VERSION || stats_size(stats->workers) != size) {
		munmap(stats, size);
		wrong_layout("stats", err);
		return NULL;
	}
	return stats;
}

struct health *health_map(int fd, bool writable, struct error *err)
{
	struct health *health;
	struct stat info;

	if (fstat(fd, &info) < 0 || (size_t)info.st_size != sizeof(struct health)) {
		wrong_layout("health", err);
		return NULL;
	}
	health = map_region(fd, sizeof(*health), writable, "health", err);
	if (health == NULL)
		return NULL;
	if (health->layout_version != STATS_LAYOUT_VERSION) {
		munmap(health, sizeof(*health));
		wrong_layout("health", err);
		return NULL;
	}
	return health;
}

uint64_t stats_server_active(const struct stats *stats, uint32_t slot)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < stats->workers; i++)
		sum += stats->worker[i].servers[slot].active;
	return sum;
}

uint64_t stats_listener_active(const struct stats *stats, uint32_t slot)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < stats->workers; i++)
		sum += stats->worker[i].listeners[slot].active;
	return sum;
}

void stats_clear_gauges(struct stats *stats, uint32_t worker)
{
	struct stats_worker *block = &stats->worker[worker];
	uint32_t i;

	block->pid = block->version_served = 0;
	for (i = 0; i < STATS_LISTENERS; i++)
		block->listeners[i].active = block->listeners[i].handshaking = 0;
	for (i = 0; i < STATS_SERVERS; i++)
		block->servers[i].active = block->servers[i].ejected = 0;
	memset(block->sources, 0, sizeof(block->sources));
}
