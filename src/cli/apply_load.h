/* cli/apply_load.h - a manifest read for a running system: checked as a start would check it. */
#ifndef SALLYPORT_CLI_APPLY_LOAD_H
#define SALLYPORT_CLI_APPLY_LOAD_H

#include "cli/running.h"
#include "model/model.h"
#include "model/warnings.h"

/* Reads the file and those that it names; NULL on error. */
struct model *apply_read(const char *path, struct model_warnings *warnings, struct error *err);
/* References may also go to what the running system has: such things join the model while it is checked,
 * and leave it again. */
int must_check apply_check(struct model *model, struct running *running,
			   struct model_warnings *warnings, struct error *err);

#endif
