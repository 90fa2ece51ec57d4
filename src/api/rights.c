/* What a caller may do, and which pages may send a browser here. */
#include "api/internal.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- roles --- */

static bool may(const struct caller *caller, enum action_right right)
{
	switch (right) {
	case RIGHT_PUBLIC:
		return true;
	case RIGHT_ANY:
		return caller->role != CALLER_NOBODY;
	case RIGHT_READ:
		return caller->role >= CALLER_VIEWER;
	case RIGHT_ISSUE:
	case RIGHT_EXPORT:
		return caller->role >= CALLER_ISSUER;
	case RIGHT_OPERATE:
		return caller->role >= CALLER_OPERATOR;
	case RIGHT_ADMINISTER:
		break;
	}
	return caller->role == CALLER_ADMINISTRATOR;
}

static const char *who_may(enum action_right right)
{
	switch (right) {
	case RIGHT_ISSUE:
	case RIGHT_EXPORT:
		return "issuers, operators and administrators";
	case RIGHT_OPERATE:
		return "operators and administrators";
	case RIGHT_ADMINISTER:
		return "administrators";
	case RIGHT_PUBLIC:
	case RIGHT_ANY:
	case RIGHT_READ:
		break;
	}
	return "users";
}

int rights_check(const struct caller *caller, const struct action *action, struct error *err)
{
	if (may(caller, action->right))
		return 0;
	call_refuse(err, ERROR_DENIED, "Forbidden.NoPermission", NULL,
		    "user \"%s\" may not call %s: it is for %s", caller->user, action->name,
		    who_may(action->right));
	return error_hint(err, "Ask an administrator to do it, or for another role.");
}

void caller_of_socket(const struct visit *visit, struct caller *ret_caller)
{
	const struct passwd *user = getpwuid(exchange_user(visit->exchange));

	ret_caller->role = CALLER_ADMINISTRATOR;
	ret_caller->proof = PROOF_SOCKET;
	if (user != NULL)
		snprintf(ret_caller->user, sizeof(ret_caller->user), "%s", user->pw_name);
	else
		snprintf(ret_caller->user, sizeof(ret_caller->user), "uid %u",
			 (unsigned int)exchange_user(visit->exchange));
}

/* --- origins --- */

/* The name or address in "name:port" or "[address]:port". false: it is no such text. */
static bool split_host(const char *host, char *ret_name, size_t size)
{
	const char *end = host[0] == '[' ? strchr(host, ']') : host + strcspn(host, ":");
	const char *begin = host[0] == '[' ? host + 1 : host;
	size_t len;

	if (end == NULL || end == begin)
		return false;
	len = (size_t)(end - begin);
	end += host[0] == '[';
	if (len >= size ||
	    (*end != '\0' && (*end != ':' || end[1 + strspn(end + 1, "0123456789")])))
		return false;
	memcpy(ret_name, begin, len);
	ret_name[len] = '\0';
	return true;
}

static bool is_address(const char *name)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

/* A name that a foreign server's DNS can point here is none of ours. */
static bool is_our_host(const struct visit *visit, const char *host)
{
	char name[256];

	if (host == NULL || !split_host(host, name, sizeof(name)))
		return false;
	return exchange_door(visit->exchange) == DOOR_CONSOLE || is_address(name) ||
	       strcasecmp(name, "localhost") == 0 ||
	       (visit->api->host[0] != '\0' && strcasecmp(name, visit->api->host) == 0);
}

static bool is_our_origin(const struct visit *visit, const char *origin, const char *host)
{
	const char *scheme =
		exchange_door(visit->exchange) == DOOR_CONSOLE ? "https://" : "http://";
	size_t len = strlen(scheme);

	return strncasecmp(origin, scheme, len) == 0 && strcasecmp(origin + len, host) == 0;
}

int rights_check_origin(const struct visit *visit, struct error *err)
{
	const char *host = exchange_header(visit->exchange, "Host");
	const char *origin = exchange_header(visit->exchange, "Origin");
	const char *site = exchange_header(visit->exchange, "Sec-Fetch-Site");

	if (exchange_door(visit->exchange) == DOOR_LOCAL)
		return 0;
	if (!is_our_host(visit, host)) {
		call_refuse(err, ERROR_DENIED, "Forbidden.Host", NULL,
			    "the name in the header Host is none of this server's");
		return error_hint(err, "Use the address of the server, or localhost.");
	}
	if ((origin == NULL || is_our_origin(visit, origin, host)) &&
	    (site == NULL || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0))
		return 0;
	return call_refuse(err, ERROR_DENIED, "Forbidden.Origin", NULL,
			   "a page of another origin may not do this");
}
