#include "daemon/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* "@name" is in the abstract namespace: its first byte is zero and its length counts. */
static socklen_t manager_address(struct sockaddr_un *ret_address)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path == NULL ? 0 : strlen(path);

	if (len < 2 || len >= sizeof(ret_address->sun_path) || (path[0] != '/' && path[0] != '@'))
		return 0;
	memset(ret_address, 0, sizeof(*ret_address));
	ret_address->sun_family = AF_UNIX;
	memcpy(ret_address->sun_path, path, len);
	if (path[0] == '@')
		ret_address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static void send_state(const char *state, size_t len)
{
	struct sockaddr_un manager;
	socklen_t manager_len = manager_address(&manager);
	int fd;

	if (manager_len == 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, state, len, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&manager,
	       manager_len);
	close(fd);
}

void notify_send(const char *format, ...)
{
	char state[256];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(state, sizeof(state), format, args);
	va_end(args);
	if (len > 0 && (size_t)len < sizeof(state))
		send_state(state, (size_t)len);
}
