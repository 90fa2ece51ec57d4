/*
 * control/stored_model.h - the model of what the store wants served.
 *
 * Resources come as JSON with the API's own names and go through the field tables and the reader of the
 * manifest, so that both ways lead to the same structs. The name of a load balancer, server group,
 * certificate, CA certificate or custom policy is its id. Certificates and keys are DER already: what
 * resolve_model() reads from files is filled in here. Only certificates that a listener uses are read.
 *
 * Any thread may build a model from a reader of its own.
 */
#ifndef SALLYPORT_CONTROL_STORED_MODEL_H
#define SALLYPORT_CONTROL_STORED_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "model/model.h"
#include "model/warnings.h"
#include "store/store.h"

/* What the reserved objects of the console are called; no id that call_new_id() makes looks like it. */
#define STORED_CONSOLE_NAME "console"

/* The reserved TCPSSL listener of the console. */
struct stored_console {
	const char *ipv4, *ipv6;    /* addresses that it binds; NULL: not that family */
	int64_t port;
	const char *certificate_id;
	const char *backend;        /* "unix:@name": control's own socket; speaks PROXY v2 */
};

struct stored_options {
	/* true: not served, because it cannot be; NULL: none is left out. */
	bool (*left_out)(void *arg, const char *listener_id);
	/* Told of every listener that is left out here, because something it needs is not there or does
	 * not open; everything else goes on. NULL: then that is an error. */
	void (*fault)(void *arg, const char *listener_id, const struct error *why);
	void *arg;
	const struct stored_console *console; /* NULL: none */
	/* A model from here that is served: certificates with the same bytes are copied from it. */
	const struct model *old;
};

/* NULL on error. The model is complete but for model_check(), resolve_model() and the revocation table,
 * which skip what is resolved already. */
struct model *stored_model(struct store *reader, const struct stored_options *options,
			   struct model_warnings *warnings, struct error *err);

/* Can this listener be served? Its balancer, group, certificates, CA certificates and policy through
 * every check of the workers, as the store has them now. Errors name the parameter in place. */
int must_check stored_check_listener(struct store *store, const char *id, int64_t now,
				     struct error *err);
/* The same for a load balancer, a server group and a custom security policy alone. */
int must_check stored_check_balancer(struct store *store, const char *id, struct error *err);
int must_check stored_check_group(struct store *store, const char *id, struct error *err);
int must_check stored_check_policy(struct store *store, const char *id, struct error *err);

#endif
