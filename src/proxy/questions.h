/*
 * proxy/questions.h - what control asks about connections, answered a few at a time.
 *
 * One after another, between the other work of a turn. Connections that begin while a question is being
 * answered are not part of the answer. Where the channel has no room the answer waits; a question of a
 * control that is gone is dropped.
 */
#ifndef SALLYPORT_PROXY_QUESTIONS_H
#define SALLYPORT_PROXY_QUESTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include "document/message.h"

#define QUESTIONS_WAIT_MS 5 /* for room in the channel */

struct conn;
struct worker;

/* From the control that is there now. */
void questions_ask(struct worker *worker, uint32_t number, const struct message_filter *filter);
/* Works until monotime_us() reaches deadline_us. */
void questions_answer(struct worker *worker, uint64_t deadline_us);
/* Would answering get on now? */
bool questions_can_go_on(const struct worker *worker);
/* The connection is about to be freed. */
void questions_forget(struct worker *worker, const struct conn *conn);

#endif
