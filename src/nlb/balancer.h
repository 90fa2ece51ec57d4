/* nlb/balancer.h - load balancers: what balancer.c, balancer_zones.c and balancer_show.c share. */
#ifndef SALLYPORT_NLB_BALANCER_H
#define SALLYPORT_NLB_BALANCER_H

#include "nlb/nlb.h"

/* Completes the zones given and puts them into the body; AddressIpVersion follows. */
int must_check balancer_set_zones(struct call *call, json_t *body, const json_t *given,
				  struct error *err);
/* The one update that all actions on a load balancer are: find, change, save, answer a job. */
int must_check balancer_change(struct call *call,
			       int (*change)(struct call *call, json_t *body, struct error *err),
			       bool serves, struct error *err);

#endif
