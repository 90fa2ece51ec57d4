/* nlb/group.h - server groups: what the group*.c files share. */
#ifndef SALLYPORT_NLB_GROUP_H
#define SALLYPORT_NLB_GROUP_H

#include "nlb/nlb.h"

/* Saves a group that was made or changed, and puts it through the checks of the workers. */
int must_check group_save(struct call *call, struct nlb_edit *edit, struct error *err);
/* The one update that all actions on a group are: find, change, save, answer a job. */
int must_check group_change(struct call *call,
			    int (*apply)(struct call *call, json_t *body, struct error *err),
			    struct error *err);

#endif
