/* cli/admit_answer.h - a verdict as people and programs read it: each step, then the decision. */
#ifndef SALLYPORT_CLI_ADMIT_ANSWER_H
#define SALLYPORT_CLI_ADMIT_ANSWER_H

#include <jansson.h>
#include "control/admit.h"

void admit_answer_print(const struct admit *admit);
json_t *admit_answer_json(const struct admit *admit); /* a new reference */

#endif
