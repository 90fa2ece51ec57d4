/* sallyport apply: shows what would change in a running system, and changes it. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/sha256.h"
#include "cli/apply.h"
#include "cli/apply_load.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/print.h"
#include "cli/session.h"

struct options {
	const char *file, *name;
	bool dry_run, prune, yes;
};

/* --- who made it --- */

/* The path of the manifest, or a name that does not change when the file moves. A tag holds 128
 * characters. */
static void set_owner(struct apply *apply, const struct options *options)
{
	char *path = options->name != NULL ? memory_copy_string(options->name)
					   : realpath(options->file, NULL);
	const char *text = path != NULL ? path : options->file;
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	struct sha256 hash;

	if (strlen(text) < APPLY_OWNER_SIZE) {
		snprintf(apply->owner, sizeof(apply->owner), "%s", text);
	} else {
		sha256_init(&hash);
		sha256_update(&hash, text, strlen(text));
		sha256_final(&hash, digest);
		hex_encode((struct bytes){ digest, sizeof(digest) }, hex);
		snprintf(apply->owner, sizeof(apply->owner), "sha256:%s", hex);
	}
	free(path);
}

/* --- what would be done --- */

static const char *act_word(enum apply_act act)
{
	static const char *const words[] = { "create", "update", "delete" };

	return words[act];
}

static const char *title_of(const struct apply_step *step)
{
	return step->kind == RUNNING_KINDS ? "settings" : running_words[step->kind].title;
}

static void print_short(const json_t *value)
{
	char *text = json_is_string(value) ? memory_copy_string(json_string_value(value))
					   : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	size_t length = text == NULL ? 0 : strlen(text);

	if (json_is_null(value))
		fputs("nothing", stdout);
	else
		printf("%.200s%s", text, length > 200 ? "..." : "");
	free(text);
}

static void print_change(const struct apply_step *step, const json_t *change)
{
	printf("      %s: ", session_text(change, "Property"));
	if (step->act == APPLY_UPDATE) {
		print_short(json_object_get(change, "From"));
		fputs(" -> ", stdout);
	}
	print_short(json_object_get(change, "To"));
	putchar('\n');
}

static void print_steps(const struct apply *apply)
{
	static const char signs[] = { '+', '~', '-' };
	size_t counts[3] = { 0 }, i, j;

	for (i = 0; i < apply->step_count; i++) {
		const struct apply_step *step = &apply->steps[i];
		json_t *change;

		printf("%c %s %s %s\n", signs[step->act], act_word(step->act), title_of(step),
		       step->name);
		counts[step->act]++;
		json_array_foreach(step->changes, j, change) print_change(step, change);
	}
	printf("%zu to create, %zu to update, %zu to delete\n", counts[APPLY_CREATE],
	       counts[APPLY_UPDATE], counts[APPLY_DELETE]);
}

static json_t *steps_json(const struct apply *apply)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < apply->step_count; i++) {
		const struct apply_step *step = &apply->steps[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:O}", "Act", act_word(step->act),
						"Kind", title_of(step), "Name", step->name,
						"Changes", step->changes));
	}
	return list;
}

static void print_result(const struct apply *apply, const struct options *options, size_t done,
			 const struct error *err)
{
	json_t *object =
		json_pack("{s:b, s:b, s:o, s:I}", "ok", err == NULL, "dry_run", options->dry_run,
			  "steps", steps_json(apply), "done", (json_int_t)done);

	if (err != NULL)
		json_object_set_new(object, "error", print_error_json(err));
	print_json(object);
}

/* --- doing it --- */

static int failed(struct apply *apply, const struct options *options, size_t done,
		  struct error *err)
{
	const struct apply_step *step = &apply->steps[done];
	struct error why = *err;

	error_set(err, why.code, "could not %s %s %s: %s", act_word(step->act), title_of(step),
		  step->name, why.message);
	error_symbol(err, why.symbol);
	error_hint(err, "%s", why.hint);
	if (apply->session->json) {
		struct session quiet = { 0 };

		print_result(apply, options, done, err);
		session_report(&quiet, err);
	} else {
		session_report(apply->session, err);
	}
	fprintf(stderr, "%zu of %zu steps were done; apply the manifest again for the rest\n", done,
		apply->step_count);
	return EXIT_FAILED;
}

static int do_all(struct apply *apply, const struct options *options)
{
	struct error err = { 0 };
	size_t i;

	for (i = 0; i < apply->step_count; i++)
		if (apply_run(apply, &apply->steps[i], &err) < 0)
			return failed(apply, options, i, &err);
	if (apply->session->json)
		print_result(apply, options, i, NULL);
	else
		printf("done: %zu steps, served by every worker\n", i);
	return EXIT_DONE;
}

static int show_and_do(struct apply *apply, const struct options *options)
{
	bool json = apply->session->json;

	if (!json && apply->step_count == 0)
		puts("nothing to do");
	else if (!json)
		print_steps(apply);
	if (options->dry_run || apply->step_count == 0) {
		if (json)
			print_result(apply, options, 0, NULL);
		return EXIT_DONE;
	}
	if (!options->yes && !confirm("Do it?")) {
		fputs("nothing was changed\n", stderr);
		return EXIT_FAILED;
	}
	return do_all(apply, options);
}

static int run(const struct session *session, const struct options *options)
{
	struct apply apply = { .session = session };
	struct model_warnings warnings = { 0 };
	struct error err = { 0 };
	int status = -1;

	set_owner(&apply, options);
	apply.model = apply_read(options->file, &warnings, &err);
	if (apply.model != NULL &&
	    running_load(session, APPLY_TAG, options->prune, &apply.running, &err) == 0 &&
	    apply_check(apply.model, &apply.running, &warnings, &err) == 0 &&
	    apply_plan(&apply, options->prune, &err) == 0)
		status = 0;
	print_warnings(&warnings, false);
	status = status == 0 ? show_and_do(&apply, options) : session_report(session, &err);
	model_warnings_done(&warnings);
	apply_end(&apply);
	return status;
}

int command_apply(int argc, char **argv)
{
	struct options options = { 0 };
	struct arguments arguments;
	struct session session;
	const struct argument_option known[] = {
		{ .name = "f", .text = &options.file },
		{ .name = "file", .text = &options.file },
		{ .name = "name", .text = &options.name },
		{ .name = "dry-run", .given = &options.dry_run },
		{ .name = "prune", .given = &options.prune },
		{ .name = "yes", .given = &options.yes },
		{ .name = NULL },
	};
	int status;

	status = arguments_start(argc, argv, known, 0, 0, &arguments);
	if (status != ARGUMENTS_GO_ON)
		return status;
	if (options.file == NULL)
		return command_usage(argv[0]);
	if (session_open(&arguments, &session) < 0)
		return EXIT_FAILED;
	status = run(&session, &options);
	session_close(&session);
	return status;
}
