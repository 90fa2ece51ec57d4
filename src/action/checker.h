/*
 * action/checker.h - what the files of action_validate() share: where in the parameters it is, errors
 * that name the place and never show a secret, and the single values.
 */
#ifndef SALLYPORT_ACTION_CHECKER_H
#define SALLYPORT_ACTION_CHECKER_H

#include <jansson.h>
#include <stdbool.h>
#include "action/action.h"

#define CHECKER_PATH_SIZE 120
#define CHECKER_SHOWN_MAX 64
#define CHECKER_SHOWN_SIZE (CHECKER_SHOWN_MAX + 8)

struct checker {
	const struct action *action;
	bool strict;
	unsigned int flags; /* of the parameter */
	struct error *err;
	char path[CHECKER_PATH_SIZE]; /* "Servers.1.Port" */
};

/* --- errors --- */

/* Always NULL. */
json_t *checker_refuse(struct checker *checker, const struct field *field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
json_t *checker_wrong_kind(struct checker *checker, const struct field *field, const json_t *value,
			   const char *wanted);
/* Always -1. name is a member of what path says. */
int checker_missing(struct checker *checker, const char *name);
/* A value as an error may show it: short, in one line, and nothing that must not be seen. */
const char *checker_shown(const struct checker *checker, const char *text,
			  char ret_text[CHECKER_SHOWN_SIZE]);

/* --- the path --- */

/* Both return what checker_leave() goes back to. */
size_t checker_enter(struct checker *checker, const char *name);
size_t checker_enter_number(struct checker *checker, size_t number);
void checker_leave(struct checker *checker, size_t before);

/* --- single values: a new reference, NULL on error --- */

json_t *checker_text(struct checker *checker, const struct field *field, const char *text,
		     int64_t minimum, int64_t maximum);
json_t *checker_take_text(struct checker *checker, const struct field *field, const json_t *raw);
json_t *checker_take_bool(struct checker *checker, const struct field *field, const json_t *raw);
json_t *checker_take_integer(struct checker *checker, const struct field *field,
			     const json_t *raw);
json_t *checker_take_word(struct checker *checker, const struct field *field, const json_t *raw);

#endif
