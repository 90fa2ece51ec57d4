/*
 * control/serving.h - what is being served now, for those who ask through the API.
 *
 * All of it is for the state thread.
 */
#ifndef SALLYPORT_CONTROL_SERVING_H
#define SALLYPORT_CONTROL_SERVING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The setting that names the certificate of the console's listener. */
#define SERVING_CONSOLE_SETTING "ConsoleCertificateId"

struct control;
struct message;
struct own_revocations;
struct store;
struct jobs;

/* Everything up to this revision of the store is served by every living worker. */
int64_t serving_revision(const struct control *control);
/* Why a listener that is wanted cannot be served, or NULL. */
const char *serving_listener_error(const struct control *control, const char *listener_id);

enum serving_health { SERVING_UNCHECKED, SERVING_HEALTHY, SERVING_UNHEALTHY, SERVING_CHECKS_OFF };
struct serving_server {
	const char *group_id;
	const char *address;       /* "10.0.0.1:80" */
	const char *server_id;     /* as given, or the address */
	enum serving_health health;
	const char *reason;        /* "CONNECT_FAILED", ...: of the last failed check; "" */
};
/* The servers of one listener, as the checker sees them. */
void serving_each_server(struct control *control, const char *listener_id,
			 void (*each)(void *arg, const struct serving_server *server), void *arg);

/* Counters of one listener since the start, all workers added up. false: it is not served. */
struct serving_counters {
	uint64_t accepted, active, handshakes, resumed, refused, dropped;
	uint64_t bytes_in, bytes_out; /* from and to clients */
};
bool serving_counters(const struct control *control, const char *listener_id,
		      struct serving_counters *ret_counters);
/* What `sallyport status --json` shows; a new reference. */
json_t *serving_status(struct control *control);

/* Committed up to this revision: the data plane is to follow. revokes: the revocation table at once,
 * not behind a document. */
void control_wants(struct control *control, int64_t revision, bool revokes);
/* Sends a message to every worker; how many there are that got it. Answers come to hooks.worker_said. */
unsigned int serving_ask_workers(struct control *control, const struct message *message);
/* The listener of a document's listener name ("nlb-x:443"): its id in the store, or false. */
bool serving_listener_id(struct control *control, const char *document_name, char *ret_id,
			 size_t size);
/* HOST:PORT of the console's HTTPS, or "none". */
const char *serving_console(const struct control *control);
const char *serving_data_dir(const struct control *control);
const char *serving_master_key_file(const struct control *control);
/* For the first credentials; -1: this is no first start. Closed by control. */
int serving_bootstrap_fd(const struct control *control);
void serving_log(struct control *control, const char *event, const char *key, const char *value);
/* Keys and values in turn; values that are empty are left out. */
void serving_log_pairs(struct control *control, const char *event, const char *const *pairs,
		       size_t count);

/* What our own CAs revoked: who revokes adds to it. */
struct own_revocations *serving_own_revocations(struct control *control);
struct store *serving_store(struct control *control);
struct jobs *serving_jobs(struct control *control);
struct loop *serving_loop(struct control *control);

#endif
