/* sallyport nlb|cas|pca|own ACTION [--flags]: one command for each action of the table. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/print.h"
#include "cli/show.h"

/* --- help --- */

static void print_actions(const char *command, const struct product *product)
{
	char name[128];
	size_t i;

	printf("usage: sallyport %s ACTION [--flags]\n\n%s\n\n", command, product->help);
	for (i = 0; i < product->action_count; i++) {
		const struct action *action = &product->actions[i];

		if ((action->flags & ACTION_REFUSED) != 0)
			continue;
		flags_kebab(action->name, name, sizeof(name));
		printf("  %s\n      %s\n", name, action->help);
	}
	printf("\n\"sallyport %s ACTION --help\" lists its flags.\n", command);
}

static void print_parameter(const struct parameter *parameter)
{
	const struct field *field = parameter_field(parameter);
	char name[128], range[256], standard[128];

	flags_kebab(parameter->name, name, sizeof(name));
	field_range_text(field, range, sizeof(range));
	field_default_text(field, standard, sizeof(standard));
	printf("  --%s%s\n      %s", name,
	       (parameter->flags & PARAMETER_REQUIRED) != 0 ? " (needed)" : "", field->help);
	if (range[0] != '\0')
		printf(" %s.", range);
	if (standard[0] != '\0')
		printf(" Default: %s.", standard);
	putchar('\n');
}

static void print_flags(const char *command, const struct action *action)
{
	char name[128];
	size_t i;

	flags_kebab(action->name, name, sizeof(name));
	printf("usage: sallyport %s %s [--flags]\n\n%s\n\n", command, name, action->help);
	for (i = 0; i < action->parameter_count; i++)
		print_parameter(&action->parameters[i]);
	fputs("\nFor all: --json, --data-dir DIR, --endpoint URL with --token-file FILE and\n"
	      "--ca-file FILE. A value \"@FILE\" is what the file holds.\n",
	      stdout);
}

/* --- asking --- */

static int report_refusal(const struct error *err)
{
	if (strncmp(err->message, err->place, strlen(err->place)) != 0)
		fprintf(stderr, "sallyport: %s: %s\n", err->place, err->message);
	else
		fprintf(stderr, "sallyport: %s\n", err->message);
	if (err->symbol[0] != '\0')
		fprintf(stderr, "code: %s\n", err->symbol);
	if (err->hint[0] != '\0')
		fprintf(stderr, "hint: %s\n", err->hint);
	return EXIT_FAILED;
}

static int ask(const char *product, const struct action *action, const struct flags *flags)
{
	struct api_target target;
	struct error err = { 0 };
	json_t *reply;

	if (api_target_find(&flags->api, &target, &err) < 0)
		return report_refusal(&err);
	reply = api_call(&target, product, action->name, flags->parameters, &err);
	api_target_done(&target);
	if (reply == NULL)
		return report_refusal(&err);
	if (flags->json) {
		print_json(reply);
		return EXIT_DONE;
	}
	show_reply(reply);
	json_decref(reply);
	return EXIT_DONE;
}

static int run_action(const char *command, const struct product *product,
		      const struct action *action, int argc, char **argv)
{
	struct flags flags;
	struct error err = { 0 };
	int status;

	if (flags_parse(action, argc, argv, &flags, &err) < 0) {
		report_error(&err);
		status = EXIT_USAGE;
	} else if (flags.help) {
		print_flags(command, action);
		status = EXIT_DONE;
	} else {
		status = ask(product->name, action, &flags);
	}
	flags_done(&flags);
	return status;
}

static const struct action *find_action(const struct product *product, const char *name)
{
	size_t i;

	for (i = 0; i < product->action_count; i++)
		if (flags_names_match(product->actions[i].name, name))
			return &product->actions[i];
	return NULL;
}

static int run_product(const struct product *product, int argc, char **argv)
{
	const struct action *action;

	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		print_actions(argv[0], product);
		return argc < 2 ? EXIT_USAGE : EXIT_DONE;
	}
	action = find_action(product, argv[1]);
	if (action != NULL)
		return run_action(argv[0], product, action, argc - 1, argv + 1);
	fprintf(stderr, "sallyport: %s has no action \"%s\"\nhint: \"sallyport %s --help\" lists them.\n",
		argv[0], argv[1], argv[0]);
	return EXIT_USAGE;
}

int command_nlb(int argc, char **argv)
{
	return run_product(&product_nlb, argc, argv);
}

int command_cas(int argc, char **argv)
{
	return run_product(&product_cas, argc, argv);
}

int command_pca(int argc, char **argv)
{
	return run_product(&product_pca, argc, argv);
}

int command_own(int argc, char **argv)
{
	return run_product(&product_sallyport, argc, argv);
}
