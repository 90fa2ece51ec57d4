/*
 * model/fields.h - one table per resource: every property with its type, range, default and meaning.
 *
 * The manifest reader, the defaults, the freeing of a model and the man page come from these tables;
 * a property is added here and in model.h, nowhere else.
 */
#ifndef SALLYPORT_MODEL_FIELDS_H
#define SALLYPORT_MODEL_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "model/model.h"

/* type: what the member of the struct is */
enum field_type {
	FIELD_TEXT,    /* char * */
	FIELD_PATH,    /* char *: a file, made absolute */
	FIELD_BOOL,    /* bool */
	FIELD_INTEGER, /* int64_t */
	FIELD_WORD,    /* an enum or a bool: one of words, in any case */
	FIELD_FLAGS,   /* uint32_t: a list of words, their values or-ed */
	FIELD_TEXTS,   /* struct model_strings */
	FIELD_CRLS,    /* struct model_crl_file * and a count: a list of paths */
	FIELD_OBJECT,  /* the struct itself: a mapping */
	FIELD_OBJECTS, /* a pointer and a count: a list of mappings */
	FIELD_NOT_YET, /* nothing: the property is known and refused */
};

#define FIELD_OURS 1u     /* not a property of the real service */
#define FIELD_REQUIRED 2u

struct field_word {
	const char *word;
	unsigned int value;
	const char *refused; /* why this word is refused although it is known; NULL: it is fine */
};

struct resource;

struct field {
	const char *name;
	enum field_type type;
	unsigned int flags;
	size_t offset, size;      /* of the member in the resource's struct */
	size_t count_offset;      /* CRLS, OBJECTS */
	int64_t minimum, maximum; /* of a number, of the characters of a text, of the items of a list */
	int64_t standard;         /* default of BOOL, INTEGER, WORD, FLAGS */
	const char *standard_text; /* default of TEXT */
	const char *absent;       /* what absence means, for people; NULL: the default says it */
	const char *unit;         /* "s", "bytes" or NULL */
	const struct field_word *words;
	const struct resource *of; /* OBJECT, OBJECTS; INTEGER: a mapping is accepted too */
	const char *(*check)(const char *text); /* TEXT, TEXTS: what is wrong with it, or NULL */
	const char *symbol;       /* of errors; NULL: made from the name */
	const char *help;
};

#define RESOURCE_NO_LINE SIZE_MAX

struct resource {
	const char *title;        /* for people: "Listener" */
	const struct field *fields;
	size_t field_count;
	size_t size;              /* of its struct */
	size_t line_offset;       /* of its int line, or RESOURCE_NO_LINE */
	size_t reserved;          /* places left free in front of a list */
	void (*done)(void *object); /* frees what no field names; may be NULL */
	const char *help;
};

/* The top of a manifest; all others hang on it. Its struct is struct model. */
extern const struct resource manifest_resource;
/* Those below it, which the API refers to (action/action.h). */
extern const struct resource settings_resource, zone_resource, load_balancer_resource,
	certificate_resource, ca_certificate_resource, policy_resource, health_check_resource,
	server_resource, server_group_resource, ppv2_resource, listener_resource,
	deletion_protection_resource, modification_protection_resource;

const struct field *resource_field(const struct resource *resource, const char *name);
/* Sets the defaults of a zeroed struct. */
void resource_init(const struct resource *resource, void *object);
/* Frees all members. */
void resource_done(const struct resource *resource, void *object);

/* Members, whatever their type in C is. */
void *field_member(const struct field *field, void *object);
void field_set_number(const struct field *field, void *object, int64_t value);

/* For people: "1 to 3600", "TCP, TCPSSL", ... and the default; empty when there is none. */
void field_range_text(const struct field *field, char *ret_text, size_t size);
void field_default_text(const struct field *field, char *ret_text, size_t size);

#endif
