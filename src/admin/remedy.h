/* admin/remedy.h - what to do about a refusal, and the steps of the decision as the API tells them.
 * */
#ifndef SALLYPORT_ADMIN_REMEDY_H
#define SALLYPORT_ADMIN_REMEDY_H

#include <jansson.h>
#include "admission/admission.h"

const char *remedy_text(enum reason reason);
/* The step at which the decision ends with this reason; ADMISSION_DONE: behind or before them all.
 * */
enum admission_step remedy_step(enum reason reason);
/* A row of Steps. */
json_t *remedy_row(const char *step, const char *outcome, const char *detail);

#endif
