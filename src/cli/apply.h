/*
 * cli/apply.h - a manifest brought into a running system: compared, shown as steps, done step by step.
 *
 * What the manifest says, and what has a default, shall be; what it does not say and has no default is left
 * as it is. A listener is known by load balancer, protocol and port, everything else by its name. Nothing is
 * deleted unless it is asked for, and then only what bears the tag of this manifest.
 */
#ifndef SALLYPORT_CLI_APPLY_H
#define SALLYPORT_CLI_APPLY_H

#include "cli/running.h"
#include "model/model.h"

#define APPLY_TAG "sallyport:manifest"
#define APPLY_OWNER_SIZE 129

enum apply_act { APPLY_CREATE, APPLY_UPDATE, APPLY_DELETE };

struct apply_step {
	enum running_kind kind; /* RUNNING_KINDS: the settings */
	enum apply_act act;
	char *name;             /* for people, and of what refers to it */
	char *id;               /* NULL: it is to be made */
	json_t *values;         /* as they shall be; NULL when it goes */
	json_t *changes;        /* [{"Property", "From", "To"}] */
	const void *from;       /* the struct of the model, or NULL */
};

struct apply {
	const struct session *session;
	struct model *model;
	struct running running;
	char owner[APPLY_OWNER_SIZE]; /* value of the tag */
	struct apply_step *steps;
	size_t step_count;
};

/* apply_plan.c: fills steps in the order in which they can be done. */
int must_check apply_plan(struct apply *apply, bool prune, struct error *err);
/* A step at the end; takes values and changes. */
struct apply_step *apply_add(struct apply *apply, enum running_kind kind, enum apply_act act,
			     const char *name, const char *id);
/* References in a listener's values as ids, as far as they are known; those of things that the manifest
 * makes stay names. */
int must_check apply_resolve(struct apply *apply, json_t *values, struct error *err);

/* apply_settings.c: those that can change while it runs; others are told on stderr. */
int must_check apply_plan_settings(struct apply *apply, struct error *err);

/* apply_compare.c: appends {"Property", "From", "To"} for what differs. */
void apply_compare(const json_t *wanted, const json_t *present, const char *path, json_t *changes);
void apply_add_change(json_t *changes, const char *property, json_t *from, json_t *to);

/* apply_certificate.c */
int must_check apply_plan_certificates(struct apply *apply, struct error *err);
int must_check apply_certificate(struct apply *apply, const struct apply_step *step,
				 json_t **ret_reply, struct error *err);
/* Lists of a CA; after the CA itself. */
int must_check apply_lists(struct apply *apply, const struct apply_step *step, struct error *err);

/* apply_run.c: does one step and waits until it is served. */
int must_check apply_run(struct apply *apply, const struct apply_step *step, struct error *err);
/* May this property of what is there change at all? */
bool apply_can_change(enum running_kind kind, const char *property);

void apply_end(struct apply *apply);

#endif
