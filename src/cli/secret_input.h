/* cli/secret_input.h - passwords: from a file, or typed where nobody sees them. Never from arguments. */
#ifndef SALLYPORT_CLI_SECRET_INPUT_H
#define SALLYPORT_CLI_SECRET_INPUT_H

#include <stdbool.h>
#include "base/error.h"

/* The first line of file, or what is typed after the prompt (twice when it is a new one). what names it:
 * "passphrase"; option is what to give where there is no terminal. The caller ends it with
 * secret_free(). NULL on error. */
char *secret_read(const char *file, const char *what, const char *option, bool is_new,
		  struct error *err);
void secret_free(char *secret); /* wipes; NULL is fine */

#endif
