#include "api/first_start.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <jansson.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/bytes.h"
#include "certs/builtin.h"
#include "control/serving.h"
#include "store/identity.h"
#include "store/store.h"

#define ADMINISTRATOR "admin"
#define NAMES_MAX 32
#define CONSOLE_SETTING "ConsoleCertificateId"

/* --- what the console is called --- */

struct names {
	char items[NAMES_MAX][256];
	const char *pointers[NAMES_MAX];
	size_t count;
};

static void add_name(struct names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return;
	if (names->count == NAMES_MAX || name[0] == '\0')
		return;
	snprintf(names->items[names->count], sizeof(names->items[0]), "%s", name);
	names->pointers[names->count] = names->items[names->count];
	names->count++;
}

static void add_own_addresses(struct names *names)
{
	struct ifaddrs *all, *one;
	char text[NI_MAXHOST];

	if (getifaddrs(&all) < 0)
		return;
	for (one = all; one != NULL; one = one->ifa_next) {
		int family = one->ifa_addr == NULL ? AF_UNSPEC : one->ifa_addr->sa_family;
		socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in)
						  : sizeof(struct sockaddr_in6);

		if ((family != AF_INET && family != AF_INET6) || (one->ifa_flags & IFF_UP) == 0 ||
		    getnameinfo(one->ifa_addr, len, text, sizeof(text), NULL, 0,
				NI_NUMERICHOST) != 0 ||
		    strchr(text, '%') != NULL)
			continue;
		add_name(names, text);
	}
	freeifaddrs(all);
}

/* HOST of "HOST:PORT" or "[HOST]:PORT". */
static void host_of(const char *address, char *ret_host, size_t size)
{
	const char *colon = strrchr(address, ':');
	size_t length = colon == NULL ? strlen(address) : (size_t)(colon - address);

	if (address[0] == '[' && length >= 2) {
		address++;
		length -= 2;
	}
	snprintf(ret_host, size, "%.*s", (int)length, address);
}

static void collect_names(const char *console, const char *machine, struct names *names)
{
	char host[256];

	host_of(console, host, sizeof(host));
	add_name(names, "localhost");
	add_name(names, machine);
	if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 || strcmp(console, "none") == 0)
		add_own_addresses(names);
	else
		add_name(names, host);
	add_name(names, "127.0.0.1");
	add_name(names, "::1");
}

/* --- the file --- */

static void console_url(struct control *control, const char *machine, char *ret_url, size_t size)
{
	const char *console = serving_console(control);
	const char *port = strrchr(console, ':');
	char host[256];

	ret_url[0] = '\0';
	if (strcmp(console, "none") == 0 || port == NULL)
		return;
	host_of(console, host, sizeof(host));
	if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0)
		snprintf(host, sizeof(host), "%s", machine[0] != '\0' ? machine : "localhost");
	snprintf(ret_url, size, strchr(host, ':') != NULL ? "https://[%s]%s/console/"
							  : "https://%s%s/console/",
		 host, port);
}

static int write_all(int fd, const char *text, struct error *err)
{
	size_t length = strlen(text), sent = 0;

	if (ftruncate(fd, 0) < 0)
		return error_set_errno(err, "could not empty the file for the first credentials");
	while (sent < length) {
		ssize_t put = pwrite(fd, text + sent, length - sent, (off_t)sent);

		if (put <= 0)
			return error_set_errno(err, "could not write the first credentials");
		sent += (size_t)put;
	}
	if (fsync(fd) == 0)
		return 0;
	return error_set_errno(err, "could not write the first credentials");
}

static void fingerprint_of(const struct builtin *builtin, char ret_text[96])
{
	size_t i;

	for (i = 0; i < sizeof(builtin->root_sha256); i++)
		snprintf(ret_text + 3 * i, 4, "%02X%s", builtin->root_sha256[i],
			 i + 1 < sizeof(builtin->root_sha256) ? ":" : "");
}

static int write_file(int fd, const char *endpoint, const char *console,
		      const struct admin_bootstrap *bootstrap, const struct builtin *builtin,
		      struct error *err)
{
	char fingerprint[97];
	json_t *object;
	char *text;
	int result;

	fingerprint_of(builtin, fingerprint);
	object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "endpoint",
			   endpoint, "user", bootstrap->user, "password", bootstrap->password,
			   "AccessKeyId", bootstrap->access_key_id, "AccessKeySecret",
			   bootstrap->access_key_secret, "token", bootstrap->token, "console",
			   console, "ca_fingerprint", fingerprint, "root_ca", builtin->root_id,
			   "subordinate_ca", builtin->sub_id);
	text = json_dumps(object, JSON_INDENT(2));
	json_decref(object);
	result = write_all(fd, text, err);
	memory_wipe(text, strlen(text));
	free(text);
	return result;
}

/* --- the whole --- */

static int make_all(struct control *control, int fd, const char *endpoint, const char *machine,
		    const char *console, int64_t now, struct builtin *builtin, struct error *err)
{
	struct store *store = serving_store(control);
	struct admin_bootstrap bootstrap = { .user = "" };
	struct names names = { .count = 0 };
	struct builtin_request request = { .host = machine, .names = names.pointers, .now = now };
	int result;

	collect_names(serving_console(control), machine, &names);
	request.name_count = names.count;
	if (admin_bootstrap(store, ADMINISTRATOR, now, &bootstrap, err) < 0 ||
	    certs_create_builtin(store, &request, builtin, err) < 0 ||
	    store_setting_put(store, CONSOLE_SETTING, builtin->server_id, err) < 0)
		return -1;
	result = write_file(fd, endpoint, console, &bootstrap, builtin, err);
	memory_wipe(&bootstrap, sizeof(bootstrap));
	return result;
}

static void tell(struct control *control, int fd, const char *endpoint, const char *console,
		 const struct builtin *builtin)
{
	char link[64], path[PATH_MAX] = "", fingerprint[97];
	const char *const pairs[] = { "credentials", path, "console", console, "api", endpoint,
				      "ca_fingerprint", fingerprint };
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	path[length < 0 ? 0 : length] = '\0';
	fingerprint_of(builtin, fingerprint);
	serving_log_pairs(control, "first_start", pairs, sizeof(pairs) / sizeof(pairs[0]));
}

static bool take_user(void *arg, const struct store_user *user)
{
	(void)user;
	*(bool *)arg = true;
	return false;
}

/* The guardian opens the file when there is no store yet; a first start that came to nothing after that
 * has one in the data folder. */
static int credentials_file(struct control *control, struct error *err)
{
	char path[PATH_MAX];
	int fd = serving_bootstrap_fd(control);

	if (fd >= 0)
		return dup(fd);
	snprintf(path, sizeof(path), "%s/bootstrap.json", serving_data_dir(control));
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set_errno(err, "could not open %s for the first credentials", path);
	return fd;
}

static int begin(struct control *control, int fd, const char *endpoint, int64_t now,
		 struct error *err)
{
	struct store *store = serving_store(control);
	struct builtin builtin = { .root_id = "" };
	char machine[256] = "", console[320];

	gethostname(machine, sizeof(machine) - 1);
	console_url(control, machine, console, sizeof(console));
	if (store_begin(store, err) < 0)
		return -1;
	if (make_all(control, fd, endpoint, machine, console, now, &builtin, err) < 0) {
		store_rollback(store);
		return -1;
	}
	if (store_commit(store, err) < 0)
		return -1;
	tell(control, fd, endpoint, console, &builtin);
	return 0;
}

int first_start(struct control *control, const char *endpoint, int64_t now, struct error *err)
{
	bool has_user = false;
	int fd, result;

	if (store_user_each(serving_store(control), take_user, &has_user, err) < 0)
		return -1;
	if (has_user)
		return 0;
	fd = credentials_file(control, err);
	if (fd < 0)
		return -1;
	result = begin(control, fd, endpoint, now, err);
	close(fd);
	return result;
}
