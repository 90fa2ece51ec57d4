#include "cli/confirm.h"

#include <stdio.h>
#include <strings.h>
#include <unistd.h>

bool confirm(const char *question)
{
	char line[16];

	if (!isatty(STDIN_FILENO))
		return true;
	fprintf(stderr, "%s [y/N] ", question);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	return strncasecmp(line, "y", 1) == 0;
}
