#include "control/client.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/monotime.h"

#define ANSWER_MAX (64u << 20)

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

static bool is_live(const char *path)
{
	int fd = connect_to(path);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* In /tmp anybody can make a folder of this name, with a socket of theirs in it. Root's daemons have
 * theirs in a folder of control's user, below /run, where only root makes folders. */
static bool folder_is_safe(const char *folder)
{
	struct stat info;

	if (lstat(folder, &info) < 0 || !S_ISDIR(info.st_mode))
		return false;
	return strncmp(folder, "/run/sallyport", sizeof("/run/sallyport")) == 0 ||
	       info.st_uid == geteuid() || info.st_uid == 0;
}

static void each_in_folder(const char *folder, const char *suffix,
			   void (*each)(void *arg, const char *path), void *arg)
{
	DIR *dir = folder_is_safe(folder) ? opendir(folder) : NULL;
	struct dirent *entry;
	char path[4 * SOCKET_PATH_SIZE + 512];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		size_t length = strlen(entry->d_name), end = strlen(suffix);

		if (length <= end || strcmp(entry->d_name + length - end, suffix) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (is_live(path))
			each(arg, path);
	}
	if (dir != NULL)
		closedir(dir);
}

static void each_live(const char *suffix, void (*each)(void *arg, const char *path), void *arg)
{
	char folders[SOCKET_PATH_FOLDERS][SOCKET_PATH_SIZE];
	size_t count = socket_path_folders(folders), i;

	for (i = 0; i < count; i++)
		each_in_folder(folders[i], suffix, each, arg);
}

void client_each_live(void (*each)(void *arg, const char *path), void *arg)
{
	each_live(".sock", each, arg);
}

struct finding {
	char path[SOCKET_PATH_SIZE];
	size_t count;
};

static void count_live(void *arg, const char *path)
{
	struct finding *finding = arg;

	if (strlen(path) < sizeof(finding->path))
		memcpy(finding->path, path, strlen(path) + 1);
	finding->count++;
}

static int find_only(const char *suffix, char ret_path[SOCKET_PATH_SIZE], struct error *err)
{
	struct finding finding = { .count = 0 };

	each_live(suffix, count_live, &finding);
	if (finding.count == 1) {
		memcpy(ret_path, finding.path, sizeof(finding.path));
		return 0;
	}
	if (finding.count == 0) {
		error_set(err, ERROR_NOT_FOUND, "could not find a running sallyportd of this user");
		return error_hint(
			err, "Start one with sallyportd, or ask as the user who did.");
	}
	error_set(err, ERROR_CONFLICT, "could not choose: %zu daemons are running", finding.count);
	return error_hint(err, "Say which one: --data-dir DIR, --manifest FILE or --socket PATH.");
}

/* source: a manifest or a data folder. */
static int find_by_source(const char *source, const char *suffix, char ret_path[SOCKET_PATH_SIZE],
			  struct error *err)
{
	char folders[SOCKET_PATH_FOLDERS][SOCKET_PATH_SIZE], name[32];
	size_t count = socket_path_folders(folders), i;
	char path[4 * SOCKET_PATH_SIZE];

	if (socket_path_name(source, name, err) < 0)
		return -1;
	memcpy(strrchr(name, '.'), suffix, strlen(suffix) + 1);
	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (strlen(path) < SOCKET_PATH_SIZE && folder_is_safe(folders[i]) &&
		    is_live(path)) {
			memcpy(ret_path, path, strlen(path) + 1);
			return 0;
		}
	}
	error_set(err, ERROR_NOT_FOUND, "could not reach a daemon that serves \"%s\"", source);
	return error_hint(err, "Start it with sallyportd, or ask as the user who did.");
}

int client_find(const char *manifest, const char *path, char ret_path[SOCKET_PATH_SIZE],
		struct error *err)
{
	if (path == NULL)
		return manifest != NULL ? find_by_source(manifest, ".sock", ret_path, err)
					: find_only(".sock", ret_path, err);
	if (strlen(path) >= SOCKET_PATH_SIZE)
		return error_set(err, ERROR_INVALID,
				 "could not use the socket \"%s\": the path is too long", path);
	memcpy(ret_path, path, strlen(path) + 1);
	return 0;
}

int client_find_api(const char *data_dir, char ret_path[SOCKET_PATH_SIZE], struct error *err)
{
	return data_dir != NULL ? find_by_source(data_dir, ".api", ret_path, err)
				: find_only(".api", ret_path, err);
}

static int send_request(int fd, const char *what)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "{\"do\":\"%s\"}\n", what);

	return send(fd, line, (size_t)length, MSG_NOSIGNAL) == length ? 0 : -1;
}

/* Reads up to the end: the daemon closes after its answer. */
static int receive_answer(int fd, int wait_ms, struct buffer *answer)
{
	uint64_t end_ms = monotime_ms() + (uint64_t)wait_ms;
	char chunk[16384];

	while (answer->len < ANSWER_MAX) {
		struct pollfd one = { .fd = fd, .events = POLLIN };
		uint64_t now_ms = monotime_ms();
		ssize_t got;

		if (now_ms >= end_ms || poll(&one, 1, (int)(end_ms - now_ms)) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		got = recv(fd, chunk, sizeof(chunk), 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			return 0;
		buffer_append(answer, chunk, (size_t)got);
	}
	errno = EMSGSIZE;
	return -1;
}

json_t *client_ask(const char *path, const char *what, int wait_ms, struct error *err)
{
	struct buffer answer = { 0 };
	json_t *parsed = NULL;
	int fd = connect_to(path);

	if (fd < 0) {
		error_set_errno(err, "could not reach sallyportd at %s", path);
		error_hint(err, "Is it running, and as this user?");
		return NULL;
	}
	if (send_request(fd, what) < 0 || receive_answer(fd, wait_ms, &answer) < 0) {
		error_set_errno(err, "could not get an answer from sallyportd at %s", path);
	} else if (answer.len == 0) {
		error_set(err, ERROR_DENIED, "sallyportd at %s did not answer", path);
		error_hint(err, "Only root and the user it runs as may ask it.");
	} else {
		parsed = json_loadb((const char *)answer.data, answer.len, 0, NULL);
		if (!json_is_object(parsed)) {
			error_set(err, ERROR_PEER, "could not understand the answer of %s", path);
			json_decref(parsed);
			parsed = NULL;
		}
	}
	close(fd);
	buffer_done(&answer);
	return parsed;
}
