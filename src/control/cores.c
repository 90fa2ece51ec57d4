#include "control/cores.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t cores_in_quota(const char *text)
{
	char *end;
	unsigned long long quota = strtoull(text, &end, 10), period;

	if (end == text || *end != ' ')
		return 0;
	period = strtoull(end, NULL, 10);
	if (period == 0 || quota == 0 || quota > UINT32_MAX)
		return 0;
	return (uint32_t)((quota + period - 1) / period);
}

/* cgroup v2: the folder of this process, and every one above it, may have a quota. */
static uint32_t quota_of(char *folder)
{
	uint32_t least = 0;

	for (;;) {
		char path[640], line[64];
		FILE *file;
		char *slash;

		snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cpu.max", folder);
		file = fopen(path, "re");
		if (file != NULL && fgets(line, sizeof(line), file) != NULL) {
			uint32_t cores = cores_in_quota(line);

			if (cores != 0 && (least == 0 || cores < least))
				least = cores;
		}
		if (file != NULL)
			fclose(file);
		slash = strrchr(folder, '/');
		if (slash == NULL)
			return least;
		*slash = '\0';
	}
}

static uint32_t cgroup_cores(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[512];
	uint32_t cores = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "0::/", 4) == 0) {
			line[strcspn(line, "\n")] = '\0';
			cores = quota_of(line + 3);
		}
	if (file != NULL)
		fclose(file);
	return cores;
}

uint32_t cores_usable(void)
{
	uint32_t cores = 1, quota = cgroup_cores();
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
		cores = (uint32_t)CPU_COUNT(&set);
	return quota != 0 && quota < cores ? quota : cores;
}
