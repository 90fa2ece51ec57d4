/* nlb/listener.h - listeners: what the listener_*.c files share. */
#ifndef SALLYPORT_NLB_LISTENER_H
#define SALLYPORT_NLB_LISTENER_H

#include "nlb/nlb.h"

/* The name of its row: "443", or "range". */
void listener_port_name(const json_t *body, char *ret_name, size_t size);

/* Replaces the ids of certificates in the body, as they were given, by the ids of the store, and looks
 * whether each is fit. */
int must_check listener_resolve_ids(struct call *call, json_t *body, struct error *err);
/* Those of one property only. */
int must_check listener_resolve_list(struct call *call, json_t *body, const char *property,
				     struct error *err);

/* Saves a listener that was made or changed, with what it refers to, and puts it through every check of
 * the workers. */
int must_check listener_save(struct call *call, struct nlb_edit *edit, struct error *err);

/* "Running", "Stopped", ... */
const char *listener_status(const struct call *call, const struct store_resource *row);

bool listener_is_tls(const json_t *body);
/* How many additional certificates all listeners of a balancer have, without one listener. -1: error. */
int64_t listener_count_additional(struct call *call, const char *balancer, const char *without,
				  struct error *err);
int must_check listener_check_additional(struct call *call, const struct nlb_edit *edit,
					 struct error *err);

#endif
