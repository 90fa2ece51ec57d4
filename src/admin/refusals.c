#include "admin/refusals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

/* Memory that was never written to is not there: a quiet system does not pay for the whole ring. */
struct refusals {
	uint64_t newest;
	int64_t started_s;
	struct refusal ring[REFUSALS_KEPT];
};

struct refusals *refusals_new(int64_t started_s)
{
	struct refusals *refusals = memory_new(sizeof(*refusals));

	refusals->started_s = started_s;
	return refusals;
}

void refusals_free(struct refusals *refusals)
{
	free(refusals);
}

/* What came from another process ends where it should. */
static void end_texts(struct message_refusal *told)
{
	told->listener[sizeof(told->listener) - 1] = '\0';
	told->serial[sizeof(told->serial) - 1] = '\0';
	told->subject[sizeof(told->subject) - 1] = '\0';
	told->server_name[sizeof(told->server_name) - 1] = '\0';
	told->detail[sizeof(told->detail) - 1] = '\0';
}

void refusals_add(struct refusals *refusals, uint32_t alert, const struct message_refusal *told)
{
	struct refusal *refusal = &refusals->ring[++refusals->newest % REFUSALS_KEPT];

	refusal->number = refusals->newest;
	refusal->alert = alert;
	refusal->told = *told;
	end_texts(&refusal->told);
}

uint64_t refusals_newest(const struct refusals *refusals)
{
	return refusals->newest;
}

uint64_t refusals_oldest(const struct refusals *refusals)
{
	if (refusals->newest == 0)
		return 0;
	return refusals->newest < REFUSALS_KEPT ? 1 : refusals->newest - REFUSALS_KEPT + 1;
}

const struct refusal *refusals_get(const struct refusals *refusals, uint64_t number)
{
	if (number == 0 || number > refusals->newest || number < refusals_oldest(refusals))
		return NULL;
	return &refusals->ring[number % REFUSALS_KEPT];
}

void refusals_id(const struct refusals *refusals, uint64_t number, char ret_id[REFUSAL_ID_SIZE])
{
	snprintf(ret_id, REFUSAL_ID_SIZE, "rf-%llx-%llu", (unsigned long long)refusals->started_s,
		 (unsigned long long)number);
}

const struct refusal *refusals_find(const struct refusals *refusals, const char *id)
{
	const char *dash = strrchr(id, '-');
	char canonical[REFUSAL_ID_SIZE];
	uint64_t number;

	if (dash == NULL)
		return NULL;
	number = strtoull(dash + 1, NULL, 10);
	refusals_id(refusals, number, canonical);
	return strcmp(canonical, id) == 0 ? refusals_get(refusals, number) : NULL;
}
