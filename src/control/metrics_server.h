/*
 * control/metrics_server.h - answers GET /metrics on the address of Settings.MetricsAddress.
 *
 * A new address is opened before a plan is applied (prepare) and takes over with it (commit), or is
 * closed again (abandon).
 */
#ifndef SALLYPORT_CONTROL_METRICS_SERVER_H
#define SALLYPORT_CONTROL_METRICS_SERVER_H

#include "base/error.h"

struct control;

/* address: ADDRESS:PORT, unix:PATH, or NULL for none. */
int must_check metrics_server_prepare(struct control *control, const char *address,
				      struct error *err);
void metrics_server_commit(struct control *control);
void metrics_server_abandon(struct control *control);
/* Once a second: lets the library see to its time limits, and tries again what failed. */
void metrics_server_tick(struct control *control);
void metrics_server_stop(struct control *control);

#endif
