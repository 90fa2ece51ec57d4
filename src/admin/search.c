/*
 * Search: one field that finds everything, bounded in what it looks at and what it tells.
 *
 * Certificates are searched by the store; of the other kinds there are few enough to look at each.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "admin/background.h"
#include "admin/expiring.h"
#include "store/certificate.h"
#include "store/identity.h"
#include "store/resource.h"

#define PLAIN_SIZE 129

struct group {
	const char *keyword;
	const char *kind;
	json_t *rows;
	size_t limit;
	bool more;
};

static void add_row(struct group *group, const char *id, const char *name, const char *detail,
		    const char *parent)
{
	json_t *row;

	if (json_array_size(group->rows) == group->limit) {
		group->more = true;
		return;
	}
	row = json_object();
	reply_text(row, "ResourceId", id);
	reply_text(row, "Name", name);
	reply_text(row, "Detail", detail);
	reply_text(row, "ParentId", parent);
	json_array_append_new(group->rows, row);
}

static void add_group(json_t *groups, struct group *group)
{
	if (json_array_size(group->rows) > 0)
		json_array_append_new(groups,
				      json_pack("{s:s, s:O, s:b}", "Kind", group->kind, "Results",
						group->rows, "More", (int)group->more));
	json_decref(group->rows);
}

static bool holds(const char *text, const char *keyword)
{
	return text != NULL && strcasestr(text, keyword) != NULL;
}

/* --- resources --- */

/* "ECS01 10.0.0.1" of the server that fits, else nothing. */
static bool find_server(const struct store_resource *resource, const char *keyword,
			char ret_detail[128])
{
	json_t *server;
	size_t i;

	json_array_foreach(json_object_get(resource->body, "Servers"), i, server) {
		const char *ip = json_string_value(json_object_get(server, "ServerIp"));
		const char *id = json_string_value(json_object_get(server, "ServerId"));

		if (!holds(ip, keyword) && !holds(id, keyword))
			continue;
		snprintf(ret_detail, 128, "%s %s", id != NULL ? id : "", ip != NULL ? ip : "");
		return true;
	}
	return false;
}

static bool find_address(const struct store_resource *resource, const char *keyword,
			 char ret_detail[128])
{
	json_t *zone;
	size_t i;

	json_array_foreach(json_object_get(resource->body, "ZoneMappings"), i, zone) {
		const char *v4 = json_string_value(json_object_get(zone, "PrivateIPv4Address"));
		const char *v6 = json_string_value(json_object_get(zone, "Ipv6Address"));

		if (!holds(v4, keyword) && !holds(v6, keyword))
			continue;
		snprintf(ret_detail, 128, "%s", holds(v4, keyword) ? v4 : v6);
		return true;
	}
	return false;
}

static bool look_at_resource(void *arg, const struct store_resource *resource)
{
	struct group *group = arg;
	char detail[128] = "";

	if (holds(resource->id, group->keyword) || holds(resource_name(resource), group->keyword) ||
	    find_server(resource, group->keyword, detail) ||
	    find_address(resource, group->keyword, detail))
		add_row(group, resource->id, resource_name(resource), detail, resource->parent);
	return !group->more;
}

static int search_resources(struct call *call, const char *kind, json_t *groups, size_t limit,
			    struct error *err)
{
	const struct store_filter all = { .limit = 0 };
	struct group group = { call_text(call, "Keyword"), kind, json_array(), limit, false };
	int status = store_resource_each(call->store, kind, &all, look_at_resource, &group, err);

	add_group(groups, &group);
	return status;
}

/* --- certificates --- */

static bool add_certificate(void *arg, const struct store_certificate *certificate)
{
	struct group *group = arg;
	const char *name = certificate->name != NULL && certificate->name[0] != '\0'
				   ? certificate->name
				   : certificate->common_name;
	char detail[128];

	snprintf(detail, sizeof(detail), "%s%s, serial %.80s", certificate_kind(certificate),
		 certificate->revoked ? " (revoked)" : "",
		 certificate->serial != NULL ? certificate->serial : "");
	add_row(group, certificate->id, name, detail, certificate->parent);
	return !group->more;
}

/* Upper-case hex without what people put in between; "" when it is none. */
static void plain_hex(const char *text, char ret_plain[PLAIN_SIZE])
{
	size_t used = 0;

	for (; *text != '\0' && used + 1 < PLAIN_SIZE; text++) {
		if (*text == ':' || *text == ' ')
			continue;
		if (!isxdigit((unsigned char)*text)) {
			used = 0;
			break;
		}
		ret_plain[used++] = (char)toupper((unsigned char)*text);
	}
	ret_plain[used] = '\0';
}

static bool parse_fingerprint(const char *plain, uint8_t ret_sha256[32])
{
	size_t i;

	if (strlen(plain) != 64)
		return false;
	for (i = 0; i < 32; i++) {
		const char digits[3] = { plain[2 * i], plain[2 * i + 1], '\0' };

		ret_sha256[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return true;
}

static int search_certificates(struct call *call, json_t *groups, size_t limit, struct error *err)
{
	const char *keyword = call_text(call, "Keyword");
	struct group group = { keyword, STORE_CERTIFICATE, json_array(), limit, false };
	struct store_certificate_filter filter = {
		.keyword = keyword, .revoked = -1, .newest_first = true, .limit = (int)limit + 1
	};
	char plain[PLAIN_SIZE];
	uint8_t sha256[32];
	int status;

	plain_hex(keyword, plain);
	if (parse_fingerprint(plain, sha256)) {
		filter.keyword = NULL;
		filter.sha256 = sha256;
	} else if (plain[0] != '\0' && strchr(keyword, ':') != NULL) {
		filter.keyword = plain;
	}
	status = store_certificate_each(call->store, &filter, add_certificate, &group, err);
	add_group(groups, &group);
	return status;
}

/* --- users --- */

static bool look_at_user(void *arg, const struct store_user *user)
{
	struct group *group = arg;

	if (holds(user->name, group->keyword))
		add_row(group, user->name, user->name, user->role, NULL);
	return !group->more;
}

static int search_users(struct call *call, json_t *groups, size_t limit, struct error *err)
{
	struct group group = { call_text(call, "Keyword"), "user", json_array(), limit, false };
	int status = store_user_each(call->store, look_at_user, &group, err);

	add_group(groups, &group);
	return status;
}

static int search(struct call *call, struct error *err)
{
	static const char *const kinds[] = { STORE_LOAD_BALANCER, STORE_LISTENER,
					     STORE_SERVER_GROUP, STORE_SECURITY_POLICY };
	size_t limit = (size_t)call_integer(call, "MaxResults", 8), i;
	json_t *groups = json_array();

	json_object_set_new(call->reply, "Groups", groups);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (search_resources(call, kinds[i], groups, limit, err) < 0)
			return -1;
	if (search_certificates(call, groups, limit, err) < 0)
		return -1;
	return search_users(call, groups, limit, err);
}

/* The last refusals are in memory, not in the store. */
static void add_refusal(struct call *call)
{
	const char *id = call_text(call, "Keyword");
	const struct refusal *refusal = refusals_find(call->admin->refusals, id);
	struct group group = { id, "refusal", json_array(), 1, false };

	if (refusal != NULL)
		add_row(&group, id, refusal->told.subject, refusal->told.detail,
			refusal->told.listener);
	add_group(json_object_get(call->reply, "Groups"), &group);
}

int search_run(struct call *call, struct error *err)
{
	if (background_read(call, search, err) < 0)
		return -1;
	if (json_object_get(call->reply, "Groups") != NULL)
		add_refusal(call);
	return 0;
}
