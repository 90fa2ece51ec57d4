#include "cli/remote_admit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "cli/apply.h"
#include "cli/commands.h"
#include "cli/find_private.h"
#include "cli/print.h"
#include "cli/session.h"
#include "pki/pem_write.h"
#include "x509/certificate.h"

#define CLIENT_FILE_MAX (1u << 18)

/* --- which listener --- */

static bool is_named(const struct running *running, const json_t *row, const char *name)
{
	const json_t *values = json_object_get(row, "Values");
	long long port = json_integer_value(json_object_get(values, "ListenerPort"));
	char digits[16], full[200], by_id[200];

	snprintf(digits, sizeof(digits), "%lld", port);
	snprintf(by_id, sizeof(by_id), "%s:%lld", session_text(values, "LoadBalancer"), port);
	snprintf(full, sizeof(full), "%s:%lld",
		 running_name(running, RUNNING_BALANCERS, session_text(values, "LoadBalancer")),
		 port);
	return strcmp(session_text(row, "Id"), name) == 0 || strcmp(full, name) == 0 ||
	       strcmp(by_id, name) == 0 || strcmp(digits, name) == 0 ||
	       strcmp(session_text(values, "ListenerDescription"), name) == 0;
}

static json_t *find_listener(const struct session *session, const char *name, struct error *err)
{
	struct running running;
	json_t *found = NULL, *row;
	size_t i, count = 0;

	if (running_load(session, APPLY_TAG, false, &running, err) < 0)
		return NULL;
	json_array_foreach(running.lists[RUNNING_LISTENERS], i, row)
	{
		if (!is_named(&running, row, name))
			continue;
		json_decref(found);
		found = json_incref(json_object_get(row, "Id"));
		count++;
	}
	running_done(&running);
	if (count == 1)
		return found;
	json_decref(found);
	if (count == 0)
		error_set(err, ERROR_NOT_FOUND, "could not find the listener \"%s\"", name);
	else
		error_set(err, ERROR_CONFLICT, "could not choose: %zu listeners are called \"%s\"",
			  count, name);
	error_hint(err,
		   "Name it by its id, or by load balancer and port, as in edge:443; \"sallyport "
		   "get listeners\" shows them.");
	return NULL;
}

/* --- which client --- */

static int add_pem(void *arg, struct bytes der, struct error *err)
{
	(void)err;
	pem_write(arg, "CERTIFICATE", der);
	return 0;
}

static int read_client(const char *path, struct buffer *ret_content, struct error *err)
{
	char chunk[4096];
	ssize_t got;

	if (strcmp(path, "-") != 0)
		return buffer_read_file(path, CLIENT_FILE_MAX, ret_content, err);
	while ((got = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0 &&
	       ret_content->len < CLIENT_FILE_MAX)
		buffer_append(ret_content, chunk, (size_t)got);
	return got == 0 ? 0 : error_set_errno(err, "could not read standard input");
}

/* Only certificates leave this machine: a key that stands in the same file does not. */
static int add_client(json_t *parameters, const char *path, struct error *err)
{
	struct buffer content = { 0 }, pem = { 0 };
	int status = read_client(path, &content, err);

	if (status == 0)
		status = certificate_each_in_file(buffer_bytes(&content), "--cert", add_pem, &pem,
						  err);
	if (status == 0)
		json_object_set_new(parameters, "Certificate",
				    json_stringn((const char *)pem.data, pem.len));
	buffer_done(&content);
	buffer_done(&pem);
	return status;
}

static int add_issued(const struct session *session, json_t *parameters, const char *name,
		      struct error *err)
{
	json_t *row = find_issued(session, name, err);

	if (row == NULL)
		return -1;
	json_object_set(parameters, "Identifier", json_object_get(row, "Identifier"));
	json_decref(row);
	return 0;
}

static json_t *describe(const struct session *session, const struct remote_admit *wish,
			struct error *err)
{
	json_t *listener = find_listener(session, wish->listener, err), *parameters;
	int status = 0;

	if (listener == NULL)
		return NULL;
	parameters = json_pack("{s:o}", "ListenerId", listener);
	if (wish->sni != NULL)
		json_object_set_new(parameters, "ServerName", json_string(wish->sni));
	if (wish->at != NULL)
		json_object_set_new(parameters, "Time", json_string(wish->at));
	if (wish->cert != NULL)
		status = add_client(parameters, wish->cert, err);
	else if (wish->identity != NULL)
		status = add_issued(session, parameters, wish->identity, err);
	if (status == 0)
		return parameters;
	json_decref(parameters);
	return NULL;
}

/* --- the answer --- */

static void print_line(const char *what, const char *outcome, const char *detail)
{
	printf("%-24s %-11s%s%s\n", what, outcome, detail[0] != '\0' ? " " : "", detail);
}

static void print_answer(const json_t *reply)
{
	size_t i;
	json_t *step;

	print_line("listener", json_is_true(json_object_get(reply, "Stopped")) ? "stopped" : "ok",
		   session_text(reply, "ListenerName"));
	if (session_text(reply, "ServerCertificate")[0] != '\0')
		print_line("server certificate", "ok", session_text(reply, "ServerCertificate"));
	json_array_foreach(json_object_get(reply, "Steps"), i, step)
		print_line(session_text(step, "Step"), session_text(step, "Outcome"),
			   session_text(step, "Detail"));
	if (json_is_true(json_object_get(reply, "Admitted"))) {
		const char *identity = session_text(reply, "Identity");

		printf("admitted%s%s\n", identity[0] != '\0' ? ": " : "", identity);
		return;
	}
	printf("refused: %s (alert %s, %lld)\n", session_text(reply, "Reason"),
	       session_text(reply, "Alert"),
	       (long long)json_integer_value(json_object_get(reply, "AlertNumber")));
	if (session_text(reply, "Remedy")[0] != '\0')
		printf("%s\n", session_text(reply, "Remedy"));
}

static int answer(const struct session *session, json_t *reply)
{
	bool admitted = json_is_true(json_object_get(reply, "Admitted"));

	if (session->json) {
		print_json(reply);
	} else {
		print_answer(reply);
		json_decref(reply);
	}
	return admitted ? EXIT_DONE : EXIT_REFUSED;
}

int remote_admit(const struct remote_admit *wish)
{
	const struct arguments arguments = { .api = wish->api, .json = wish->json };
	struct session session;
	struct error err = { 0 };
	json_t *parameters, *reply = NULL;
	int status;

	if (session_open(&arguments, &session) < 0)
		return EXIT_FAILED;
	parameters = describe(&session, wish, &err);
	if (parameters != NULL)
		reply = session_try(&session, "sallyport", "CheckAdmission", parameters, &err);
	status = reply != NULL ? answer(&session, reply) : session_report(&session, &err);
	session_close(&session);
	return status;
}
