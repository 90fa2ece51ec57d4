/* base/error.h - what went wrong, written for the person who must act. */
#ifndef SALLYPORT_BASE_ERROR_H
#define SALLYPORT_BASE_ERROR_H

enum error_code {
	ERROR_NONE,
	ERROR_INVALID, /* the input is wrong: change it */
	ERROR_NOT_FOUND,
	ERROR_CONFLICT, /* somebody else holds it: a port, a name */
	ERROR_DENIED,
	ERROR_LIMIT,
	ERROR_UNAVAILABLE, /* try again later */
	ERROR_PEER,	   /* the other side of a connection broke a rule */
	ERROR_SYSTEM,	   /* the operating system said no */
};

struct error {
	enum error_code code;
	char symbol[64];   /* stable name for programs: "Conflict.Port"; may be empty */
	char message[256]; /* one line, lower case, no full stop: what, to what, why */
	char hint[160];	   /* a full sentence on what to do, or empty */
	char place[96];	   /* "sallyport.yaml:12", or empty */
};

#define must_check __attribute__((warn_unused_result))

/* Sets code and message, clears symbol, hint and place. Always -1. err may be NULL. */
int error_set(struct error *err, enum error_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Like error_set, with ": strerror(errno)" at the end of the message. Always -1. */
int error_set_errno(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Each adds one field to an error already set and returns -1, so that calls can be returned. */
int error_hint(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
int error_place(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
int error_symbol(struct error *err, const char *symbol);

#endif
