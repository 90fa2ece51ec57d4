/* What several actions of CAS do alike. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "certs/cas.h"
#include "control/certificate_ids.h"
#include "control/settings.h"
#include "pki/pem_write.h"
#include "store/resource.h"

static int say_not_found(struct error *err, const char *parameter, const char *given)
{
	call_refuse(err, ERROR_NOT_FOUND, "NotFound", parameter,
		    "there is no certificate \"%.80s\" of this kind", given);
	return -1;
}

int cas_get_number(struct call *call, const char *parameter, unsigned int roles,
		   struct store_certificate *ret_row, struct error *err)
{
	int64_t number = call_integer(call, parameter, 0);
	int found = store_certificate_get_number(call->store, number, ret_row, err);
	char given[24];

	if (found < 0 || (found == 1 && (ret_row->role & roles) != 0))
		return found < 0 ? -1 : 0;
	if (found == 1)
		store_certificate_done(ret_row);
	snprintf(given, sizeof(given), "%lld", (long long)number);
	return say_not_found(err, parameter, given);
}

int cas_get_id(struct call *call, const char *parameter, unsigned int roles,
	       struct store_certificate *ret_row, struct error *err)
{
	const char *given = call_text(call, parameter);
	int found = certs_find(call->store, given, ret_row, err);

	if (found < 0 || (found == 1 && (ret_row->role & roles) != 0))
		return found < 0 ? -1 : 0;
	if (found == 1)
		store_certificate_done(ret_row);
	return say_not_found(err, parameter, given);
}

struct search {
	const char *but;
	char found[96];
};

static bool note_other(void *arg, const struct store_certificate *row)
{
	struct search *search = arg;

	if (search->but != NULL && strcmp(search->but, row->id) == 0)
		return true;
	snprintf(search->found, sizeof(search->found), "%s", row->id);
	return false;
}

int cas_check_name(struct call *call, unsigned int role, const char *but, struct error *err)
{
	const char *name = call_text(call, "Name");
	struct store_certificate_filter filter = { .roles = role, .name = name, .revoked = -1 };
	struct search search = { .but = but };

	if (name == NULL)
		return 0;
	if (store_certificate_each(call->store, &filter, note_other, &search, err) < 0)
		return -1;
	if (search.found[0] == '\0')
		return 0;
	return call_refuse(err, ERROR_CONFLICT, "DuplicatedParam.Name", "Name",
			   "the name \"%s\" is taken by %s", name, search.found);
}

struct users {
	char text[160];
	size_t count;
};

static bool note_user(void *arg, const struct store_reference *reference)
{
	struct users *users = arg;
	size_t used = strlen(users->text);

	if (users->count++ < 3)
		snprintf(users->text + used, sizeof(users->text) - used, "%s%s %s",
			 used > 0 ? ", " : "", reference->from_kind, reference->from_id);
	return true;
}

int cas_check_unused(struct call *call, const struct store_certificate *row, struct error *err)
{
	struct users users = { .count = 0 };

	if (store_references_to(call->store, STORE_CERTIFICATE, row->id, note_user, &users, err) < 0)
		return -1;
	if (users.count == 0)
		return 0;
	call_refuse(err, ERROR_CONFLICT, "ResourceInUse.Certificate", NULL,
		    "certificate \"%s\" is used by %s%s", row->id, users.text,
		    users.count > 3 ? ", ..." : "");
	return error_hint(err, "Give them another certificate first.");
}

int cas_put_tags(struct call *call, const char *id, struct error *err)
{
	json_t *tag;
	size_t i;

	json_array_foreach(call_value(call, "Tags"), i, tag) {
		const char *value = json_string_value(json_object_get(tag, "Value"));

		if (store_tag_put(call->store, STORE_CERTIFICATE, id,
				  json_string_value(json_object_get(tag, "Key")),
				  value == NULL ? "" : value, err) < 0)
			return -1;
	}
	return 0;
}

struct cas_page cas_page(struct call *call, int standard_size)
{
	int64_t page = call_integer(call, "CurrentPage", 1);
	int64_t size = call_integer(call, "ShowSize", standard_size);

	json_object_set_new(call->reply, "CurrentPage", json_integer(page));
	json_object_set_new(call->reply, "ShowSize", json_integer(size));
	return (struct cas_page){ (int)((page - 1) * size), (int)size };
}

bool cas_may_read_keys(struct call *call)
{
	return call->caller.role >= CALLER_OPERATOR &&
	       settings_boolean(call->store, "AllowKeyRead");
}

int cas_set_key(struct call *call, const struct store_certificate *row, const char *member,
		struct error *err)
{
	struct buffer pkcs8 = { 0 }, pem = { 0 };
	bool exportable = false;
	int found;

	json_object_set_new(call->reply, member, json_string(""));
	if (!row->has_key || !row->exportable || !cas_may_read_keys(call))
		return 0;
	found = store_key_get(call->store, row->id, &pkcs8, &exportable, err);
	if (found == 1 && exportable && call_audit(call, STORE_CERTIFICATE, row->id, err) == 0) {
		pem_write(&pem, "PRIVATE KEY", buffer_bytes(&pkcs8));
		json_object_set_new(call->reply, member,
				    json_stringn((const char *)pem.data, pem.len));
		call->keeps_secret = true;
		buffer_done(&pem);
	} else if (found == 1 && exportable) {
		found = -1;
	}
	buffer_done(&pkcs8);
	return found < 0 ? -1 : 0;
}

struct import *cas_import(struct call *call)
{
	if (call->work == NULL) {
		call->work = memory_new(sizeof(struct import));
		call->work_free = cas_import_free;
	}
	return call->work;
}

void cas_import_free(void *import)
{
	if (import != NULL)
		import_done(import);
	free(import);
}

int cas_add(struct call *call, struct import *import, const char *parameter, struct error *err)
{
	const char *text = call_text(call, parameter);

	if (text == NULL)
		return 0;
	if (import_add(import, (struct bytes){ (const uint8_t *)text, strlen(text) }, parameter,
		       call_text(call, "Password"), err) == 0)
		return 0;
	if (err->symbol[0] == '\0') {
		char symbol[64];

		snprintf(symbol, sizeof(symbol), "IllegalParam.%.40s", parameter);
		error_symbol(err, symbol);
	}
	return -1;
}
