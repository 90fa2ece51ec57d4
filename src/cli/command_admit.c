/*
 * sallyport admit: would this client be let in, and why (not)?
 *
 * Reads the manifest as a start would, then asks the very function that a handshake asks.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/monotime.h"
#include "cli/admit_answer.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "control/plan.h"
#include "control/wording.h"
#include "x509/pem.h"

#define CLIENT_FILE_MAX (4u << 20)
#define CLIENT_CHAIN_MAX 64

struct options {
	const char *manifest, *listener, *cert, *sni, *at;
	bool json;
};

/* The chain as the client would send it. */
struct sent {
	struct buffer file;
	struct buffer ders[CLIENT_CHAIN_MAX];
	struct bytes chain[CLIENT_CHAIN_MAX];
	size_t count;
};

static int add_sent(struct sent *sent, struct bytes der, struct error *err)
{
	if (sent->count == CLIENT_CHAIN_MAX)
		return error_set(err, ERROR_LIMIT, "there are more than %d certificates in it",
				 CLIENT_CHAIN_MAX);
	buffer_append(&sent->ders[sent->count], der.data, der.len);
	sent->chain[sent->count] = buffer_bytes(&sent->ders[sent->count]);
	sent->count++;
	return 0;
}

static int add_block(void *arg, const struct pem_block *block, struct error *err)
{
	/* Its key may stand beside it: nobody sends that. */
	if (!pem_label_is(block, "CERTIFICATE") && !pem_label_is(block, "X509 CERTIFICATE") &&
	    !pem_label_is(block, "TRUSTED CERTIFICATE"))
		return 0;
	return add_sent(arg, block->der, err);
}

/* Only the wrapping is taken off: what is wrong with a certificate is for the decision to say. */
static int unwrap(struct sent *sent, struct error *err)
{
	struct bytes content = buffer_bytes(&sent->file);
	size_t blocks;

	if (pem_each(content, "--cert", add_block, sent, &blocks, err) < 0)
		return -1;
	if (blocks == 0 && content.len > 0 && content.data[0] == 0x30)
		return add_sent(sent, content, err);
	if (sent->count > 0)
		return 0;
	error_set(err, ERROR_INVALID, "there is no certificate in it");
	return error_hint(err, "Give the client's certificate in PEM or DER.");
}

static void sent_done(struct sent *sent)
{
	size_t i;

	for (i = 0; i < sent->count; i++)
		buffer_done(&sent->ders[i]);
	buffer_done(&sent->file);
}

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

static int read_sent(const char *path, struct sent *sent, struct error *err)
{
	if (path == NULL)
		return 0;
	if (strcmp(path, "-") == 0 ? read_stdin(&sent->file, err) < 0
				   : buffer_read_file(path, CLIENT_FILE_MAX, &sent->file, err) < 0)
		return -1;
	if (unwrap(sent, err) < 0)
		return wording_wrap_error(err, "could not use the client certificate %s", path);
	return 0;
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

static struct trust *make_trust(const struct document_trust *from, struct error *err)
{
	struct trust_ca *cas = memory_new((from->ca_count + 1) * sizeof(*cas));
	struct trust *trust;
	uint32_t i;

	for (i = 0; i < from->ca_count; i++)
		cas[i] = (struct trust_ca){ from->cas[i].der,
					    from->cas[i].profile == MODEL_PROFILE_STRICT,
					    from->cas[i].name };
	trust = trust_new(cas, from->ca_count, err);
	free(cas);
	return trust;
}

static int decide(const struct plan *plan, const struct document_listener *listener,
		  const struct sent *sent, int64_t now, struct admission_verdict *ret_verdict,
		  struct error *err)
{
	struct admission_facts facts = {
		.rules = { listener->ca_mode, listener->ca_depth, listener->revocation_mode },
		.now = now,
		.chain = sent->chain,
		.chain_count = sent->count,
	};
	struct revocation revocation;
	struct trust *trust = make_trust(&plan->decoded->trusts[listener->trust], err);

	if (trust == NULL ||
	    revocation_open(buffer_bytes(&plan->revocation), &revocation, err) < 0) {
		trust_free(trust);
		return -1;
	}
	facts.trust = trust;
	facts.revocation = &revocation;
	admission_decide(&facts, ret_verdict);
	trust_free(trust);
	return 0;
}

static int answer(const struct options *options, const struct plan *plan, const struct sent *sent,
		  int64_t now, struct error *err)
{
	struct admit_answer facts = { .plan = plan,
				      .sni = options->sni,
				      .now = now,
				      .sent = sent->chain,
				      .sent_count = sent->count };
	bool admitted;

	facts.listener = find_listener(plan, options->listener, err);
	if (facts.listener == NULL)
		return -1;
	facts.asked = facts.listener->protocol == MODEL_TCPSSL && facts.listener->ca_enabled;
	if (facts.asked && decide(plan, facts.listener, sent, now, &facts.verdict, err) < 0)
		return -1;
	admitted = !facts.asked || facts.verdict.reason == REASON_ADMITTED;
	if (options->json)
		print_json(admit_answer_json(&facts));
	else
		admit_answer_print(&facts);
	admission_record_unref(facts.verdict.record);
	return admitted ? EXIT_DONE : EXIT_REFUSED;
}

/* --- options --- */

static int parse(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "manifest", required_argument, NULL, 'm' },
		{ "listener", required_argument, NULL, 'l' },
		{ "cert", required_argument, NULL, 'c' },
		{ "sni", required_argument, NULL, 's' },
		{ "at", required_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	int option;

	memset(options, 0, sizeof(*options));
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 'm':
			options->manifest = optarg;
			break;
		case 'l':
			options->listener = optarg;
			break;
		case 'c':
			options->cert = optarg;
			break;
		case 's':
			options->sni = optarg;
			break;
		case 'a':
			options->at = optarg;
			break;
		case 'j':
			options->json = true;
			break;
		default:
			return -1;
		}
	}
	return options->manifest != NULL && options->listener != NULL && optind == argc ? 0 : -1;
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
	struct sent sent = { .count = 0 };
	struct plan *plan = NULL;
	struct error err = { 0 };
	int64_t now = walltime_s();
	int status = -1;

	if (parse(argc, argv, &options) < 0)
		return command_usage(argv[0]);
	if ((options.at == NULL || wording_time_parse(options.at, &now, &err) == 0) &&
	    read_sent(options.cert, &sent, &err) == 0)
		plan = load(options.manifest, now, &err);
	if (plan != NULL)
		status = answer(&options, plan, &sent, now, &err);
	if (status < 0)
		status = report_error(&err);
	plan_free(plan);
	sent_done(&sent);
	return status;
}
