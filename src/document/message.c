#include "document/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

union fd_control {
	char space[CMSG_SPACE(sizeof(int) * MESSAGE_FDS)];
	struct cmsghdr align;
};

int message_send(int channel, const struct message *message, const int *fds, unsigned int fd_count)
{
	struct iovec part = { (void *)(uintptr_t)message, sizeof(*message) };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	union fd_control control;
	ssize_t sent;

	memset(&control, 0, sizeof(control));
	if (fd_count > 0) {
		struct cmsghdr *cmsg;

		header.msg_control = control.space;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		cmsg = CMSG_FIRSTHDR(&header);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * fd_count);
	}
	do
		sent = sendmsg(channel, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	if (sent == (ssize_t)sizeof(*message))
		return 1;
	return sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : -1;
}

/* Takes what arrived; what does not belong to a whole message of ours is closed. */
static void take_fds(struct msghdr *header, int ret_fds[MESSAGE_FDS])
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(header);
	size_t count;

	if (cmsg == NULL || cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
		return;
	count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (count > MESSAGE_FDS)
		count = MESSAGE_FDS;
	memcpy(ret_fds, CMSG_DATA(cmsg), sizeof(int) * count);
}

int message_receive(int channel, struct message *ret_message, int ret_fds[MESSAGE_FDS])
{
	struct iovec part = { ret_message, sizeof(*ret_message) };
	union fd_control control;
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.space,
				 .msg_controllen = sizeof(control.space) };
	ssize_t got;
	int i;

	for (i = 0; i < MESSAGE_FDS; i++)
		ret_fds[i] = -1;
	do
		got = recvmsg(channel, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	take_fds(&header, ret_fds);
	if (got == (ssize_t)sizeof(*ret_message) && (header.msg_flags & MSG_TRUNC) == 0)
		return 1;
	for (i = 0; i < MESSAGE_FDS; i++)
		if (ret_fds[i] >= 0)
			close(ret_fds[i]);
	return -1;
}

static int fill_memfd(int fd, struct bytes content)
{
	size_t done = 0;

	while (done < content.len) {
		ssize_t put = write(fd, content.data + done, content.len - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return -1;
		done += (size_t)put;
	}
	return fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
}

int message_memfd(const char *name, struct bytes content, struct error *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || fill_memfd(fd, content) < 0) {
		error_set_errno(err, "could not make shared memory for the %s", name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

int message_map(int fd, struct bytes *ret_mapped, struct error *err)
{
	struct stat info;
	void *data;

	if (fstat(fd, &info) < 0 || info.st_size <= 0)
		return error_set(err, ERROR_SYSTEM, "could not map shared memory: it is empty");
	data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		return error_set_errno(err, "could not map shared memory");
	*ret_mapped = (struct bytes){ data, (size_t)info.st_size };
	return 0;
}

void message_unmap(struct bytes mapped)
{
	if (mapped.data != NULL)
		munmap((void *)(uintptr_t)mapped.data, mapped.len);
}

void message_text(char *ret_text, size_t size, const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);

	if (len >= size) {
		len = size - 1;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	if (len > 0)
		memcpy(ret_text, text, len);
	ret_text[len] = '\0';
}
