/* admin/refusals.h - the last 10,000 clients that were not let in, as the workers told. */
#ifndef SALLYPORT_ADMIN_REFUSALS_H
#define SALLYPORT_ADMIN_REFUSALS_H

#include <stdint.h>
#include "document/message.h"

#define REFUSALS_KEPT 10000u

struct refusal {
	uint64_t number;   /* from 1 */
	uint32_t alert;    /* sent to the client; 0: none */
	struct message_refusal told;
};

struct refusals;

/* started_s: makes ids of this process differ from those of the last one. */
struct refusals *refusals_new(int64_t started_s);
void refusals_free(struct refusals *refusals); /* NULL is fine */

void refusals_add(struct refusals *refusals, uint32_t alert, const struct message_refusal *told);
uint64_t refusals_newest(const struct refusals *refusals); /* its number; 0: there is none */
uint64_t refusals_oldest(const struct refusals *refusals);
/* NULL: not there (any more). Lives until the next is added. */
const struct refusal *refusals_get(const struct refusals *refusals, uint64_t number);

#define REFUSAL_ID_SIZE 40
void refusals_id(const struct refusals *refusals, uint64_t number, char ret_id[REFUSAL_ID_SIZE]);
const struct refusal *refusals_find(const struct refusals *refusals, const char *id);

#endif
