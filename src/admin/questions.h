/*
 * admin/questions.h - a question to all workers about their connections, and the answers as they
 * come.
 *
 * A call waits for at most a second; a worker that is silent by then is left out, and the reply
 * says that it is not complete.
 */
#ifndef SALLYPORT_ADMIN_QUESTIONS_H
#define SALLYPORT_ADMIN_QUESTIONS_H

#include "control/call.h"
#include "document/message.h"

struct admin;

#define QUESTION_WAIT_MS 1000
#define QUESTIONS_MAX 32 /* at once */

struct question {
	struct question *next;
	struct admin *admin;
	uint32_t number;
	unsigned int asked, ended; /* workers */
	uint64_t matched;          /* found, or closed */
	size_t limit;
	json_t *rows;              /* array of objects */
};

/* Becomes work and park of the call, whose run returns 0. */
int must_check question_ask(struct call *call, const struct message_filter *filter,
			    struct error *err);
/* In the next round: what is known. */
const struct question *question_of(const struct call *call);
bool question_is_complete(const struct question *question);
void question_answered(struct admin *admin, uint32_t worker, const struct message *message);

/* The parameters of ListConnections and CloseConnections. ret_any: whether there is a filter at
 * all. */
int must_check question_filter(struct call *call, struct message_filter *ret_filter, bool *ret_any,
			       struct error *err);

#endif
