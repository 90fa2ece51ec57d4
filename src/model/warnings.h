/* model/warnings.h - what a person should know about a configuration that is served all the same. */
#ifndef SALLYPORT_MODEL_WARNINGS_H
#define SALLYPORT_MODEL_WARNINGS_H

#include <stddef.h>
#include "base/error.h"

enum warning_kind {
	WARNING_PROBLEM, /* logged; an error under `sallyport check --strict` */
	WARNING_NOTE,    /* shown under --strict only, never an error */
};

struct model_warning {
	enum warning_kind kind;
	struct error error; /* message, hint, place; code and symbol as for an error */
};

/* Zeroed = empty. */
struct model_warnings {
	struct model_warning *items;
	size_t count;
};

struct model;

/* warnings may be NULL: then nothing happens. place "FILE:LINE" comes from the model; line 0: none. */
void model_warn(struct model_warnings *warnings, const struct model *model, int line,
		const char *format, ...) __attribute__((format(printf, 4, 5)));
void model_note(struct model_warnings *warnings, const struct model *model, int line,
		const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Adds a hint to the last warning. */
void model_warn_hint(struct model_warnings *warnings, const char *hint);
void model_warnings_done(struct model_warnings *warnings);

#endif
