#include "cli/secret_input.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/bytes.h"

#define SECRET_MAX 1024

void secret_free(char *secret)
{
	if (secret != NULL)
		memory_wipe(secret, strlen(secret));
	free(secret);
}

static char *from_file(const char *path, const char *what, struct error *err)
{
	struct buffer content = { 0 };
	char *secret = NULL;

	if (buffer_read_file(path, SECRET_MAX, &content, err) < 0)
		return NULL;
	buffer_append(&content, "", 1);
	content.data[strcspn((const char *)content.data, "\r\n")] = '\0';
	if (content.data[0] != '\0')
		secret = memory_copy_string((const char *)content.data);
	else
		error_set(err, ERROR_INVALID,
			  "could not use \"%s\": there is no %s in its first line", path, what);
	buffer_done(&content);
	return secret;
}

static void say(int terminal, const char *text)
{
	if (write(terminal, text, strlen(text)) < 0)
		return; /* then nobody reads it, and the read below ends as well */
}

/* One line without its end; false when the terminal went away. */
static bool read_line(int terminal, char line[SECRET_MAX])
{
	size_t used = 0;
	ssize_t got;
	char c;

	while ((got = read(terminal, &c, 1)) == 1 && c != '\n' && c != '\r') {
		if (used + 1 < SECRET_MAX)
			line[used++] = c;
	}
	line[used] = '\0';
	return got == 1;
}

static char *prompt(int terminal, const char *before, const char *what)
{
	struct termios shown, hidden;
	char line[SECRET_MAX];
	char *secret = NULL;

	if (tcgetattr(terminal, &shown) < 0)
		return NULL;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(terminal, TCSAFLUSH, &hidden) < 0)
		return NULL;
	say(terminal, before);
	say(terminal, what);
	say(terminal, ": ");
	if (read_line(terminal, line))
		secret = memory_copy_string(line);
	tcsetattr(terminal, TCSAFLUSH, &shown);
	say(terminal, "\n");
	memory_wipe(line, sizeof(line));
	return secret;
}

static char *from_terminal(int terminal, const char *what, bool is_new, struct error *err)
{
	char *secret = prompt(terminal, is_new ? "New " : "", what), *again = NULL;
	bool same = secret != NULL && secret[0] != '\0';

	if (!same) {
		error_set(err, ERROR_INVALID, "there was no %s", what);
	} else if (is_new) {
		again = prompt(terminal, "Again: ", what);
		same = again != NULL && strcmp(secret, again) == 0;
		if (!same)
			error_set(err, ERROR_INVALID, "the two were not the same");
	}
	secret_free(again);
	if (same)
		return secret;
	secret_free(secret);
	return NULL;
}

char *secret_read(const char *file, const char *what, const char *option, bool is_new,
		  struct error *err)
{
	int terminal;
	char *secret;

	if (file != NULL)
		return from_file(file, what, err);
	terminal = isatty(STDIN_FILENO) ? open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	if (terminal < 0) {
		error_set(err, ERROR_INVALID, "could not ask for the %s: there is no terminal",
			  what);
		error_hint(err, "Give --%s FILE.", option);
		return NULL;
	}
	secret = from_terminal(terminal, what, is_new, err);
	close(terminal);
	return secret;
}
