/* model/check.h - the parts of model_check(), one file per subject. Not for others. */
#ifndef SALLYPORT_MODEL_CHECK_H
#define SALLYPORT_MODEL_CHECK_H

#include "model/model.h"
#include "model/warnings.h"

struct check {
	const struct model *model;
	struct model_warnings *warnings; /* may be NULL */
	struct error *err;
};

/* Sets message, symbol and place. Always -1. */
int check_failed(const struct check *check, enum error_code code, const char *symbol, int line,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));
/* path: of the property, for the message. */
int must_check check_reference(const struct check *check, enum model_kind kind, const char *path,
			       char *const *name, int line);
/* The policy a listener uses, named or by default; NULL when there is none of the name. */
const struct model_security_policy *check_listener_policy(const struct check *check,
							  const struct model_listener *listener);

int must_check check_group(const struct check *check, size_t i);
int must_check check_listener(const struct check *check, size_t i);
int must_check check_ports(const struct check *check); /* overlaps; after all listeners are good */

#endif
