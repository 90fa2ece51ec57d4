/* cli/admit_answer.h - a verdict as people and programs read it: each step, then the decision. */
#ifndef SALLYPORT_CLI_ADMIT_ANSWER_H
#define SALLYPORT_CLI_ADMIT_ANSWER_H

#include <jansson.h>
#include "admission/admission.h"
#include "control/plan.h"

struct admit_answer {
	const struct plan *plan;
	const struct document_listener *listener;
	const char *sni; /* NULL: none */
	int64_t now;
	const struct bytes *sent; /* the client's chain */
	size_t sent_count;
	bool asked; /* the listener asks for certificates: there is a verdict */
	struct admission_verdict verdict;
};

void admit_answer_print(const struct admit_answer *answer);
json_t *admit_answer_json(const struct admit_answer *answer); /* a new reference */

/* The name of a TLS alert: RFC 8446 section 6. */
const char *admit_answer_alert(uint8_t number);

#endif
