/*
 * sallyport admit: would this client be let in, and why (not)?
 *
 * Reads the manifest as a start would, then asks the very function that a handshake asks; without a
 * manifest a running system is asked.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/monotime.h"
#include "cli/admit_answer.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote_admit.h"
#include "control/admit.h"
#include "control/plan.h"
#include "control/wording.h"

#define CLIENT_FILE_MAX (4u << 20)

struct options {
	const char *manifest;
	struct remote_admit remote; /* the rest; asked of a running system without a manifest */
};

static int read_stdin(struct buffer *ret_content, struct error *err)
{
	char chunk[16384];
	size_t got;

	while ((got = fread(chunk, 1, sizeof(chunk), stdin)) > 0) {
		buffer_append(ret_content, chunk, got);
		if (ret_content->len > CLIENT_FILE_MAX)
			return error_set(err, ERROR_LIMIT, "standard input is over %u bytes",
					 CLIENT_FILE_MAX);
	}
	memory_wipe(chunk, sizeof(chunk));
	return ferror(stdin) ? error_set_errno(err, "could not read standard input") : 0;
}

static int read_sent(const char *path, struct admit_chain *sent, struct error *err)
{
	struct buffer file = { 0 };
	int status;

	if (path == NULL)
		return 0;
	status = strcmp(path, "-") == 0 ? read_stdin(&file, err)
					: buffer_read_file(path, CLIENT_FILE_MAX, &file, err);
	if (status == 0) {
		status = admit_chain_read(sent, buffer_bytes(&file), "--cert", err);
		if (status < 0)
			wording_wrap_error(err, "could not use the client certificate %s", path);
	}
	buffer_done(&file);
	return status;
}

/* --- which listener --- */

static bool is_named(const struct plan *plan, const struct document_listener *listener,
		     const char *name)
{
	const struct model_listener *from = plan_model_listener(plan, listener);
	char port[16];

	snprintf(port, sizeof(port), "%u", listener->start_port);
	return strcmp(listener->name, name) == 0 || strcmp(port, name) == 0 ||
	       (from != NULL && from->description != NULL && strcmp(from->description, name) == 0);
}

/* The full name first: it is the only one that must be unique. */
static const struct document_listener *find_listener(const struct plan *plan, const char *name,
						     struct error *err)
{
	const struct document *document = plan->decoded;
	const struct document_listener *found = NULL;
	uint32_t i;

	for (i = 0; i < document->listener_count; i++)
		if (strcmp(document->listeners[i].name, name) == 0)
			return &document->listeners[i];
	for (i = 0; i < document->listener_count; i++) {
		if (!is_named(plan, &document->listeners[i], name))
			continue;
		if (found != NULL) {
			error_set(err, ERROR_CONFLICT,
				  "could not choose: \"%s\" is %s as well as %s", name, found->name,
				  document->listeners[i].name);
			error_hint(err, "Name the listener in full, as in %s.", found->name);
			return NULL;
		}
		found = &document->listeners[i];
	}
	if (found == NULL) {
		error_set(err, ERROR_NOT_FOUND, "could not find the listener \"%s\"", name);
		error_hint(err,
			   "Name it by balancer and port (as in %s), by port or by Description.",
			   document->listener_count > 0 ? document->listeners[0].name : "edge:443");
	}
	return found;
}

/* --- the decision --- */

static int answer(const struct options *options, const struct plan *plan,
		  const struct admit_chain *sent, int64_t now, struct error *err)
{
	struct admit admit = { .plan = plan,
			       .revocation = buffer_bytes(&plan->revocation),
			       .sent = sent,
			       .sni = options->remote.sni,
			       .now = now };

	admit.listener = find_listener(plan, options->remote.listener, err);
	if (admit.listener == NULL || admit_decide(&admit, err) < 0)
		return -1;
	if (options->remote.json)
		print_json(admit_answer_json(&admit));
	else
		admit_answer_print(&admit);
	admission_record_unref(admit.verdict.record);
	return admit_is_admitted(&admit) ? EXIT_DONE : EXIT_REFUSED;
}

/* --- options --- */

static int parse(int argc, char **argv, struct options *options, bool *ret_help)
{
	struct remote_admit *remote = &options->remote;
	struct arguments arguments;
	const struct argument_option known[] = {
		{ .name = "manifest", .text = &options->manifest },
		{ .name = "listener", .text = &remote->listener },
		{ .name = "cert", .text = &remote->cert },
		{ .name = "id", .text = &remote->identity },
		{ .name = "sni", .text = &remote->sni },
		{ .name = "at", .text = &remote->at },
		{ .name = NULL },
	};

	memset(options, 0, sizeof(*options));
	if (arguments_parse(argc, argv, known, &arguments) < 0)
		return -1;
	remote->api = arguments.api;
	remote->json = arguments.json;
	*ret_help = arguments.help;
	if (arguments.help)
		return 0;
	/* Certificates of the private CA are known to a running system only. */
	return remote->listener != NULL && arguments.word_count == 0 &&
			       (remote->identity == NULL ||
				(remote->cert == NULL && options->manifest == NULL))
		       ? 0
		       : -1;
}

static struct plan *load(const char *manifest, int64_t now, struct error *err)
{
	struct plan_sources sources = {
		.manifest = manifest,
		.version = 1,
		.now = now,
		.slots = plan_recover_slots(NULL),
	};
	struct plan *plan = plan_load(&sources, NULL, err);

	slots_free(sources.slots);
	return plan;
}

int command_admit(int argc, char **argv)
{
	struct options options;
	struct admit_chain sent = { .count = 0 };
	struct plan *plan = NULL;
	struct error err = { 0 };
	int64_t now = walltime_s();
	bool help = false;
	int status = -1;

	if (parse(argc, argv, &options, &help) < 0)
		return command_usage(argv[0]);
	if (help)
		return command_explain(argv[0]);
	if (options.manifest == NULL)
		return remote_admit(&options.remote);
	if ((options.remote.at == NULL || wording_time_parse(options.remote.at, &now, &err) == 0) &&
	    read_sent(options.remote.cert, &sent, &err) == 0)
		plan = load(options.manifest, now, &err);
	if (plan != NULL)
		status = answer(&options, plan, &sent, now, &err);
	if (status < 0)
		status = report_error(&err);
	plan_free(plan);
	admit_chain_done(&sent);
	return status;
}
