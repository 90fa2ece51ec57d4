/* cli/confirm.h - a last question to the person at the terminal. */
#ifndef SALLYPORT_CLI_CONFIRM_H
#define SALLYPORT_CLI_CONFIRM_H

#include <stdbool.h>

/* true: yes, or nobody can be asked because standard input is no terminal. */
bool confirm(const char *question);

#endif
