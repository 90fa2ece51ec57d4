/*
 * cli/running.h - what a running system has, read through its API in the manifest's words.
 *
 * References are ids in the API and names in a manifest: here are the maps for both ways.
 */
#ifndef SALLYPORT_CLI_RUNNING_H
#define SALLYPORT_CLI_RUNNING_H

#include <jansson.h>
#include "cli/session.h"
#include "model/fields.h"

/* In the order in which they can be made: none refers to a later one. */
enum running_kind { RUNNING_POLICIES, RUNNING_CERTIFICATES, RUNNING_CAS, RUNNING_GROUPS,
	RUNNING_BALANCERS, RUNNING_LISTENERS, RUNNING_KINDS };

struct running_words {
	const char *section;      /* of the manifest: "ServerGroups" */
	const char *title;        /* for people: "server group" */
	const char *name_member;  /* "ServerGroupName"; NULL: a listener has none */
	const char *id_member;    /* "ServerGroupId" */
	const struct resource *resource;
};
extern const struct running_words running_words[RUNNING_KINDS];

struct running {
	const struct session *session;
	json_t *lists[RUNNING_KINDS]; /* arrays of {"Id", "Name", "Owner", "Values"} */
	json_t *ids[RUNNING_KINDS];   /* name -> id; null: several bear the name */
};

/* Owner is the value of tag: who made it. For certificates it is only read with owners true, for it costs a
 * question each. */
int must_check running_load(const struct session *session, const char *tag, bool owners,
			    struct running *ret_running, struct error *err);
void running_done(struct running *running);

/* What was made by now. */
void running_add(struct running *running, enum running_kind kind, const char *name, const char *id);
/* The id of what a name, or an id, stands for; certificates and CAs of the private CA are looked up. A new
 * reference; NULL with err->code ERROR_NONE: there is none. */
json_t *running_resolve(struct running *running, enum running_kind kind, const char *name,
			struct error *err);
/* The row of an id, or NULL; borrowed. */
json_t *running_row(const struct running *running, enum running_kind kind, const char *id);
/* What a manifest calls it: its name when only one bears it, else its id. */
const char *running_name(const struct running *running, enum running_kind kind, const char *id);

/* Which properties of a listener refer to what; ends with a property of NULL. */
struct running_reference {
	const char *property;
	enum running_kind kind;
	bool is_list;
};
extern const struct running_reference running_references[];
/* Ids become names in a listener's values. */
void running_name_references(const struct running *running, json_t *values);

#endif
