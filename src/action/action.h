/*
 * action/action.h - the one table of what the API can do: names, parameters, replies, rights, help.
 *
 * Pure data: validation, OpenAPI, reference documentation, the commands of `sallyport` and the types of
 * the console come from it; what an action does is bound to it by name (control/call.h). A parameter
 * refers to a property of the model wherever there is one, so that its type, range, words and help are
 * said once.
 */
#ifndef SALLYPORT_ACTION_ACTION_H
#define SALLYPORT_ACTION_ACTION_H

#include <jansson.h>
#include <stdbool.h>
#include "base/error.h"
#include "model/fields.h"

enum action_right {
	RIGHT_PUBLIC,     /* nobody has to say who they are: Login */
	RIGHT_ANY,        /* whoever is logged in: Logout, GetSession */
	RIGHT_READ,       /* viewer and up */
	RIGHT_OPERATE,    /* operator and up: what is served */
	RIGHT_ISSUE,      /* issuer (of its one CA), operator and up: certificates */
	RIGHT_EXPORT,     /* issuer (of its one CA), operator and up: private keys leave; always audited */
	RIGHT_ADMINISTER, /* administrator: users, settings, CAs */
};

#define PARAMETER_REQUIRED 1u
#define PARAMETER_OURS 2u       /* not a parameter of the real service */
#define PARAMETER_SECRET 4u     /* never logged, audited or echoed: keys, passwords */
#define PARAMETER_IGNORED 8u    /* accepted, without effect; help says why */
#define PARAMETER_MULTILINE 16u /* text with line breaks: PEM */
#define PARAMETER_QUOTED 32u    /* an array sent as one comma list is taken too */

struct parameter {
	const char *name;
	unsigned int flags;
	const struct resource *model; /* its property describes the parameter, ... */
	const char *property;         /* ... of this name; NULL: of the same name */
	const struct field *own;      /* without model: described here. Offsets have no meaning */
};

#define ACTION_WRITES 1u    /* runs inside a savepoint; takes ClientToken and DryRun */
#define ACTION_OURS 2u      /* not an action of the real service */
#define ACTION_REFUSED 4u   /* known, and refused: help says why and what to use instead */

struct action {
	const char *name;
	enum action_right right;
	unsigned int flags;
	const struct parameter *parameters; /* besides Action, Version, RegionId, ClientToken, DryRun */
	size_t parameter_count;
	/* Members of the reply besides RequestId, in the notation of the specification:
	 * "JobId, Count#, Enabled?, Ids[], Listeners[]{ListenerId, ListenerPort#}"; # integer, ? boolean,
	 * else text. */
	const char *reply;
	const char *help;           /* one or two sentences */
};

struct product {
	const char *name;           /* "nlb", "cas", "pca", "sallyport": the path of the JSON API */
	const char *version;        /* of the RPC API */
	const char *help;
	const struct action *actions;
	size_t action_count;
};

extern const struct product product_nlb;       /* 2022-04-30, action/nlb.c */
extern const struct product product_cas;       /* 2020-04-07, action/cas.c */
extern const struct product product_pca;       /* 2020-06-30, action/pca.c */
extern const struct product product_sallyport; /* 2026-01-01, action/sallyport.c */
extern const struct product *const products[]; /* all, NULL at the end: action/action.c */

const struct product *product_find(const char *name);
/* NULL: there is no such version at all; otherwise *ret_action may stay NULL. */
const struct product *action_find_version(const char *version, const char *name,
					  const struct action **ret_action);
const struct action *action_find(const struct product *product, const char *name);
/* What describes a parameter: its own field, or the property of the model. */
const struct field *parameter_field(const struct parameter *parameter);

/* raw: an object with values as they came: text for everything (RPC), or typed (JSON). Gives a new object
 * with typed, canonical values of what was given - words in the table's spelling, numbers as integers, no
 * defaults filled in. strict: unknown parameters are refused (JSON), otherwise left out (RPC, as the real
 * service does). NULL on error: symbol "MissingParam.X" or "IllegalParam.X" (or the field's own), place:
 * the path of the parameter ("HealthCheckConfig.HealthCheckInterval", "Servers.1.Port"), message: what
 * was given and what is allowed. ClientToken, DryRun, RegionId and IfRevision are always taken. */
json_t *action_validate(const struct action *action, const json_t *raw, bool strict,
			struct error *err);

/* Whether what is left out gets the default of its field: where something is made. Elsewhere it means that
 * nothing is asked for, or changed. */
bool action_fills_in(const struct action *action, const struct parameter *parameter);

/* ClientToken, DryRun, RegionId, IfRevision: taken by every action. */
const struct parameter *action_common_parameters(size_t *ret_count);

/* --- to write the tables with --- */

#define ACTION_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PARAMETERS(array) .parameters = (array), .parameter_count = ACTION_COUNT(array)
#define LIKE(resource, property_name, more_flags) \
	{ .name = (property_name), .model = &(resource), .flags = (more_flags) }
#define LIKE_AS(parameter_name, resource, property_name, more_flags) \
	{ .name = (parameter_name), .model = &(resource), .property = (property_name), \
	  .flags = (more_flags) }
#define OWN(parameter_name, more_flags, ...) \
	{ .name = (parameter_name), .flags = (more_flags), \
	  .own = &(const struct field){ .name = (parameter_name), __VA_ARGS__ } }
#define TEXT_OF(low, high) .type = FIELD_TEXT, .minimum = (low), .maximum = (high)
#define TEXTS_OF(low, high) .type = FIELD_TEXTS, .minimum = (low), .maximum = (high)
#define INTEGER_OF(low, high) .type = FIELD_INTEGER, .minimum = (low), .maximum = (high)
#define BOOLEAN .type = FIELD_BOOL
#define WORD_OF(words_table) .type = FIELD_WORD, .words = (words_table)
#define OBJECT_OF(resource) .type = FIELD_OBJECT, .of = &(resource)
#define OBJECTS_OF(low, high, resource) \
	.type = FIELD_OBJECTS, .minimum = (low), .maximum = (high), .of = &(resource)
#define HELP(text) .help = (text)

/* Shared by several tables: Tag (Key, Value), MaxResults, NextToken. */
extern const struct resource tag_resource; /* Key, Value */
#define TAG_PARAMETER OWN("Tag", 0, OBJECTS_OF(0, 20, tag_resource), HELP("Tags."))
#define NEXT_TOKEN_PARAMETERS \
	OWN("MaxResults", 0, INTEGER_OF(1, 100), HELP("Rows of a page; 20 when left out.")), \
	OWN("NextToken", 0, TEXT_OF(0, 512), HELP("NextToken of the page before."))
#define SHOW_SIZE_PARAMETERS \
	OWN("CurrentPage", 0, INTEGER_OF(1, 1000000), HELP("Number of the page, from 1.")), \
	OWN("ShowSize", 0, INTEGER_OF(1, 1000), HELP("Rows of a page."))

#endif
