/* control/cores.h - how many workers this machine has room for. */
#ifndef SALLYPORT_CONTROL_CORES_H
#define SALLYPORT_CONTROL_CORES_H

#include <stdint.h>

/* Cores this process may use: its affinity, cut down to the CPU quota of its cgroup. At least 1. */
uint32_t cores_usable(void);

/* What a line of cpu.max means: "150000 100000" is 2 cores, "max 100000" is no limit (0). */
uint32_t cores_in_quota(const char *text);

#endif
