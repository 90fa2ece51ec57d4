/* sallyport check: what a start or a reload would say of a manifest, without serving it. */
#include <getopt.h>
#include <stdio.h>

#include "base/monotime.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "control/plan.h"

struct check {
	const char *path;
	bool strict, json;
	struct plan *plan;		/* NULL: it was refused */
	struct model_warnings warnings; /* of a refused one */
	struct error error;
};

static const struct model_warnings *warnings_of(const struct check *check)
{
	return check->plan != NULL ? &check->plan->warnings : &check->warnings;
}

static size_t count_problems(const struct check *check)
{
	const struct model_warnings *warnings = warnings_of(check);
	size_t count = 0, i;

	for (i = 0; i < warnings->count; i++)
		count += warnings->items[i].kind == WARNING_PROBLEM;
	return count;
}

static bool passes(const struct check *check)
{
	return check->plan != NULL && (!check->strict || count_problems(check) == 0);
}

static void answer_json(const struct check *check)
{
	json_t *answer = json_pack("{s:b, s:s}", "ok", passes(check), "manifest", check->path);

	if (check->plan == NULL)
		json_object_set_new(answer, "error", print_error_json(&check->error));
	json_object_set_new(answer, "warnings", print_warnings_json(warnings_of(check), true));
	print_json(answer);
}

static void print_count(const char *before, size_t count, const char *noun)
{
	printf("%s%zu %s%s", before, count, noun, count == 1 ? "" : "s");
}

static void answer_text(const struct check *check)
{
	const struct document *document;

	if (check->plan == NULL) {
		report_error(&check->error);
		print_warnings(warnings_of(check), false);
		return;
	}
	print_warnings(warnings_of(check), true);
	if (!passes(check)) {
		fprintf(stderr, "sallyport: %s: %zu warning%s, which --strict does not allow\n",
			check->path, count_problems(check), count_problems(check) == 1 ? "" : "s");
		return;
	}
	document = check->plan->decoded;
	print_count("", document->listener_count, "listener");
	print_count(", ", document->group_count, "server group");
	print_count(", ", document->certificate_count, "certificate");
	printf(" in use: %s is fine\n", check->path);
}

static void load(struct check *check)
{
	struct plan_sources sources = {
		.manifest = check->path,
		.version = 1,
		.now = walltime_s(),
		.slots = plan_recover_slots(NULL),
	};

	check->plan = plan_load(&sources, &check->warnings, &check->error);
	slots_free(sources.slots);
}

static int parse(int argc, char **argv, struct check *check)
{
	static const struct option options[] = {
		{ "strict", no_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "manifest", required_argument, NULL, 'm' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			check->strict = true;
		else if (option == 'j')
			check->json = true;
		else if (option == 'm')
			check->path = optarg;
		else
			return -1;
	}
	if (check->path == NULL && optind < argc)
		check->path = argv[optind++];
	return check->path != NULL && optind == argc ? 0 : -1;
}

int command_check(int argc, char **argv)
{
	struct check check = { 0 };
	int status;

	if (parse(argc, argv, &check) < 0)
		return command_usage(argv[0]);
	load(&check);
	if (check.json)
		answer_json(&check);
	else
		answer_text(&check);
	status = passes(&check) ? EXIT_DONE : EXIT_FAILED;
	plan_free(check.plan);
	model_warnings_done(&check.warnings);
	return status;
}
