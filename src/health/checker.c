/* Documents come in, checks go out, results go into the shared memory. */
#include "health/checker.h"

#include <unistd.h>

#include "health/targets.h"

#define TURN_LONGEST_MS 1000 /* the guardian watches the turns */

/* One a process: the calls of struct child carry nothing of ours. */
static struct checker {
	struct loop *loop;
	struct targets *targets;
	bool ended;
} checker;

static int apply(struct child *child, int document_fd, struct error *err)
{
	struct document *document;
	struct bytes mapped;

	if (message_map(document_fd, &mapped, err) < 0)
		return -1;
	document = document_decode(mapped, err);
	if (document != NULL) {
		targets_apply(checker.targets, document, loop_now_ms(checker.loop));
		child->log.json = document->log_format == MODEL_LOG_JSON;
	}
	document_free(document);
	message_unmap(mapped);
	return document == NULL ? -1 : 0;
}

static void take_document(struct child *child, uint64_t version, int document_fd, int revocation_fd)
{
	struct error err;

	if (apply(child, document_fd, &err) < 0) {
		child_answer(child, version, &err);
	} else {
		child->stats->checker_version = version;
		child_answer(child, version, NULL);
	}
	close(document_fd);
	if (revocation_fd >= 0)
		close(revocation_fd);
}

static void drain(struct child *child, uint32_t limit_ms)
{
	(void)child;
	(void)limit_ms;
	checker.ended = true;
}

static void orphaned(struct child *child)
{
	(void)child;
	checker.ended = true;
}

static int listen_to(struct child *child, struct error *err)
{
	checker.loop = loop_new(err);
	if (checker.loop == NULL)
		return -1;
	checker.targets = targets_new(checker.loop, child->health, &child->log);
	child->document = take_document;
	child->drain = drain;
	child->orphaned = orphaned;
	return child_listen(child, checker.loop, err);
}

int checker_run(struct child *child)
{
	struct error err;
	int status = 0;

	child->stats->checker_pid = (uint64_t)getpid();
	if (listen_to(child, &err) < 0) {
		log_event(&child->log, "checker_failed", "error", err.message);
		status = 1;
		checker.ended = true;
	}
	while (!checker.ended) {
		loop_turn(checker.loop, TURN_LONGEST_MS);
		child->stats->checker_turns++;
	}
	targets_free(checker.targets);
	loop_free(checker.loop);
	return status;
}
