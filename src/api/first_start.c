#include "api/first_start.h"

#include <ifaddrs.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/admin.h"
#include "api/wipe.h"
#include "base/bytes.h"
#include "base/monotime.h"
#include "certs/builtin.h"
#include "control/serving.h"
#include "net/address.h"
#include "store/identity.h"

#define NAMES_MAX 32
#define FIRST_USER "admin"

struct first {
	struct control *control;
	struct store *store;
	const char *endpoint;
	char host[256];
	char *names[NAMES_MAX]; /* of the console */
	size_t name_count;
	struct admin_bootstrap admin;
	struct builtin builtin;
	char path[PATH_MAX];    /* of the file with the credentials */
};

/* --- the console's names --- */

static void add_name(struct first *first, const char *name)
{
	size_t i;

	for (i = 0; i < first->name_count; i++) {
		if (strcmp(first->names[i], name) == 0)
			return;
	}
	if (first->name_count < NAMES_MAX && name[0] != '\0')
		first->names[first->name_count++] = memory_copy_string(name);
}

/* Link-local ones need a scope, which a certificate cannot hold. */
static bool is_usable(const struct address *address)
{
	return address->family == 4 || !(address->ip[0] == 0xfe && (address->ip[1] & 0xc0) == 0x80);
}

static void add_interfaces(struct first *first)
{
	struct ifaddrs *all = NULL, *one;

	if (getifaddrs(&all) < 0)
		return;
	for (one = all; one != NULL; one = one->ifa_next) {
		struct sockaddr_storage from = { 0 };
		struct address address;
		char text[ADDRESS_TEXT_SIZE];
		bool is_ipv4;

		if (one->ifa_addr == NULL || (one->ifa_flags & IFF_UP) == 0)
			continue;
		is_ipv4 = one->ifa_addr->sa_family == AF_INET;
		if (!is_ipv4 && one->ifa_addr->sa_family != AF_INET6)
			continue;
		memcpy(&from, one->ifa_addr,
		       is_ipv4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		address_from_sockaddr(&from, &address);
		address_format_ip(&address, text);
		if (is_usable(&address))
			add_name(first, text);
	}
	freeifaddrs(all);
}

/* "0.0.0.0:8443" without its port. */
static void add_console(struct first *first)
{
	const char *console = serving_console(first->control);
	const char *colon = console == NULL ? NULL : strrchr(console, ':');
	char ip[64];
	bool bracket;

	if (colon == NULL || (size_t)(colon - console) >= sizeof(ip))
		return;
	bracket = console[0] == '[';
	snprintf(ip, sizeof(ip), "%.*s", (int)(colon - console - (bracket ? 2 : 0)),
		 console + bracket);
	if (strcmp(ip, "0.0.0.0") != 0 && strcmp(ip, "::") != 0)
		add_name(first, ip);
}

static void find_names(struct first *first)
{
	if (gethostname(first->host, sizeof(first->host) - 1) < 0)
		first->host[0] = '\0';
	add_name(first, first->host);
	add_name(first, "localhost");
	add_name(first, "127.0.0.1");
	add_name(first, "::1");
	add_console(first);
	add_interfaces(first);
}

/* --- the file --- */

static void fingerprint(const uint8_t sha256[32], char ret_text[96])
{
	size_t i;

	for (i = 0; i < 32; i++)
		snprintf(ret_text + 3 * i, 4, "%02X%s", sha256[i], i < 31 ? ":" : "");
}

static void console_url(const struct first *first, char *ret_url, size_t size)
{
	const char *console = serving_console(first->control);
	const char *colon = console == NULL ? NULL : strrchr(console, ':');
	bool anywhere = colon != NULL &&
			(strncmp(console, "0.0.0.0:", 8) == 0 || strncmp(console, "[::]:", 5) == 0);

	ret_url[0] = '\0';
	if (anywhere)
		snprintf(ret_url, size, "https://%.200s%s/",
			 first->host[0] != '\0' ? first->host : "localhost", colon);
	else if (colon != NULL)
		snprintf(ret_url, size, "https://%.200s/", console);
}

static char *describe(const struct first *first)
{
	const struct admin_bootstrap *admin = &first->admin;
	char endpoint[300] = "", url[300], sha256[96];
	json_t *file;
	char *text;

	if (first->endpoint[0] != '\0')
		snprintf(endpoint, sizeof(endpoint), "http://%.200s", first->endpoint);
	console_url(first, url, sizeof(url));
	fingerprint(first->builtin.root_sha256, sha256);
	file = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "endpoint", endpoint,
			 "console", url, "user", admin->user, "password", admin->password,
			 "AccessKeyId", admin->access_key_id, "AccessKeySecret",
			 admin->access_key_secret, "token", admin->token, "caIdentifier",
			 first->builtin.root_id, "caSha256", sha256);
	text = json_dumps(file, JSON_INDENT(2));
	json_wipe(file);
	return text;
}

/* The guardian opened it where control may not, with its mode; else the data folder is control's own. */
static int open_file(struct control *control, struct error *err)
{
	int fd = serving_bootstrap_fd(control);
	char path[PATH_MAX];

	if (fd >= 0)
		return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	snprintf(path, sizeof(path), "%s/bootstrap.json", serving_data_dir(control));
	fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && fchmod(fd, 0600) == 0)
		return fd;
	error_set_errno(err, "could not open %s for the first credentials", path);
	if (fd >= 0)
		close(fd);
	return -1;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, text, len);

		if (put <= 0)
			return -1;
		text += put;
		len -= (size_t)put;
	}
	return 0;
}

static void note_path(struct first *first, int fd)
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, first->path, sizeof(first->path) - 1);
	first->path[length < 0 ? 0 : length] = '\0';
}

static int write_file(struct first *first, struct error *err)
{
	int fd = open_file(first->control, err), status = -1;
	char *text;
	size_t len;

	if (fd < 0)
		return -1;
	note_path(first, fd);
	text = describe(first);
	len = strlen(text);
	text[len] = '\n'; /* in place of its end */
	if (ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 &&
	    write_all(fd, text, len + 1) == 0 && fsync(fd) == 0)
		status = 0;
	else
		error_set_errno(err, "could not write the file with the first credentials");
	memory_wipe(text, len + 1);
	free(text);
	close(fd);
	return status;
}

/* --- the store --- */

static bool found_one(void *arg, const struct store_user *user)
{
	(void)user;
	*(bool *)arg = true;
	return false;
}

static int make(struct first *first, struct error *err)
{
	const struct builtin_request request = {
		.host = first->host,
		.names = (const char *const *)first->names,
		.name_count = first->name_count,
		.now = walltime_s(),
	};

	if (admin_bootstrap(first->store, FIRST_USER, walltime_s(), &first->admin, err) < 0 ||
	    certs_create_builtin(first->store, &request, &first->builtin, err) < 0 ||
	    store_setting_put(first->store, SERVING_CONSOLE_SETTING, first->builtin.server_id, err) <
		    0)
		return -1;
	return write_file(first, err);
}

static int transact(struct first *first, struct error *err)
{
	if (store_begin(first->store, err) < 0)
		return -1;
	if (make(first, err) == 0 && store_commit(first->store, err) == 0)
		return 0;
	store_rollback(first->store);
	return -1;
}

static void tell(const struct first *first)
{
	char url[300], sha256[96];
	const char *const pairs[] = { "credentials", first->path,     "console",	url,
				      "api",	     first->endpoint, "ca_sha256", sha256 };

	console_url(first, url, sizeof(url));
	fingerprint(first->builtin.root_sha256, sha256);
	serving_log_pairs(first->control, "first_start", pairs, sizeof(pairs) / sizeof(pairs[0]));
}

int first_start(struct control *control, const char *endpoint, struct error *err)
{
	struct first first = { .control = control,
			       .store = serving_store(control),
			       .endpoint = endpoint };
	bool has_user = false;
	int status = store_user_each(first.store, found_one, &has_user, err);
	size_t i;

	if (status < 0 || has_user)
		return status;
	find_names(&first);
	status = transact(&first, err);
	if (status == 0)
		tell(&first);
	for (i = 0; i < first.name_count; i++)
		free(first.names[i]);
	memory_wipe(&first.admin, sizeof(first.admin));
	return status;
}
