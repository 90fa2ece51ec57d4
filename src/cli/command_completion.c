/*
 * sallyport completion bash: what a shell needs to finish what is being typed.
 *
 * Commands and actions stand in the script; the options of a command are read from its --help, so that they
 * are never out of date.
 */
#include <stdio.h>
#include <string.h>

#include "action/action.h"
#include "cli/commands.h"
#include "cli/flags.h"

static void print_commands(void)
{
	fputs("\tlocal commands=\"", stdout);
#define X(name, arguments, help) fputs(#name " ", stdout);
	COMMANDS(X)
#undef X
	puts("\"");
}

static void print_actions(const char *command, const struct product *product)
{
	char name[128];
	size_t i;

	printf("\t%s) words=\"", command);
	for (i = 0; i < product->action_count; i++) {
		if ((product->actions[i].flags & ACTION_REFUSED) != 0)
			continue;
		flags_kebab(product->actions[i].name, name, sizeof(name));
		printf("%s ", name);
	}
	puts("\" ;;");
}

static void print_script(void)
{
	puts("# bash completion of sallyport: source <(sallyport completion bash)\n_sallyport() {");
	puts("\tlocal word=${COMP_WORDS[COMP_CWORD]} words=\"\"");
	print_commands();
	puts("\tif [ \"$COMP_CWORD\" -eq 1 ]; then words=$commands");
	puts("\telif [[ $word == -* ]]; then");
	puts("\t\twords=$(\"${COMP_WORDS[0]}\" \"${COMP_WORDS[1]}\" "
	     "$([[ ${COMP_WORDS[2]} != -* ]] && echo \"${COMP_WORDS[2]}\") --help 2>/dev/null |");
	puts("\t\t\tgrep -oE -- '--[a-z0-9][a-z0-9.-]*' | sort -u)");
	puts("\telif [ \"$COMP_CWORD\" -eq 2 ]; then case ${COMP_WORDS[1]} in");
	print_actions("nlb", &product_nlb);
	print_actions("pca", &product_pca);
	print_actions("cas", &product_cas);
	print_actions("own", &product_sallyport);
	puts("\tget) words=\"load-balancers listeners server-groups servers security-policies "
	     "certificates uploaded-certificates ca-certificates cas users settings all\" ;;\n"
	     "\tca) words=\"create list import\" ;;\n\tclient | server) words=\"issue export\" ;;\n"
	     "\taudit) words=verify ;;\n\tconsole) words=reset ;;\n\tcompletion) words=bash ;;\n"
	     "\thelp) words=$commands ;;\n\tesac; fi");
	puts("\tif [ -n \"$words\" ]; then COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))");
	puts("\telse COMPREPLY=($(compgen -f -- \"$word\")); fi\n}\ncomplete -F _sallyport sallyport");
}

int command_completion(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return command_explain(argv[0]);
	if (argc != 2 || strcmp(argv[1], "bash") != 0)
		return command_usage(argv[0]);
	print_script();
	return EXIT_DONE;
}
