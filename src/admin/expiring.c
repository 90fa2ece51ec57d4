#include "admin/expiring.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "admin/background.h"
#include "base/bytes.h"
#include "store/resource.h"

#define GONE_S (90 * 86400) /* what ended longer ago needs nobody any more */
#define ANCHORS (STORE_OWN_CAS | STORE_UPLOADED_CA)
#define ROWS_MAX 100000 /* looked at: more could not be told anyway */

const char *certificate_kind(const struct store_certificate *certificate)
{
	/* clang-format off */
	static const struct {
		unsigned int role;
		const char *word;
	} words[] = {
		{ STORE_ROOT_CA, "root_ca" },
		{ STORE_SUB_CA, "sub_ca" },
		{ STORE_CLIENT, "client" },
		{ STORE_SERVER, "server" },
		{ STORE_UPLOADED, "uploaded" },
		{ STORE_UPLOADED_CA, "third_party_ca" },
		{ STORE_PENDING_CA, "pending_ca" },
		{ STORE_CSR, "csr" },
		{ STORE_OCSP_SIGNER, "ocsp_signer" },
	};
	/* clang-format on */
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (certificate->role == words[i].role)
			return words[i].word;
	return "certificate";
}

struct ending {
	int64_t not_after, number;
};

struct endings {
	struct ending *items;
	size_t count, room;
};

static bool collect(void *arg, const struct store_certificate *certificate)
{
	struct endings *endings = arg;

	if (certificate->disabled)
		return true;
	if (endings->count == endings->room) {
		endings->room = endings->room == 0 ? 256 : endings->room * 2;
		endings->items =
			memory_resize(endings->items, endings->room * sizeof(*endings->items));
	}
	endings->items[endings->count++] =
		(struct ending){ certificate->not_after, certificate->number };
	return endings->count < ROWS_MAX;
}

static int compare(const void *a, const void *b)
{
	const struct ending *one = a, *other = b;

	if (one->not_after != other->not_after)
		return one->not_after < other->not_after ? -1 : 1;
	return one->number < other->number ? -1 : one->number > other->number;
}

static int find(struct store *store, unsigned int roles, int64_t after, int64_t before,
		struct endings *ret_endings, struct error *err)
{
	const struct store_certificate_filter filter = {
		.roles = roles,
		.revoked = 0,
		.expires_before = before,
		.expires_after = after,
	};

	if (store_certificate_each(store, &filter, collect, ret_endings, err) < 0)
		return -1;
	if (ret_endings->count > 0)
		qsort(ret_endings->items, ret_endings->count, sizeof(*ret_endings->items), compare);
	return 0;
}

/* Whole days left, rounded down: -1 is "ended yesterday". */
static int64_t days_left(int64_t not_after, int64_t now)
{
	int64_t seconds = not_after - now;

	return seconds >= 0 ? seconds / 86400 : -((-seconds + 86399) / 86400);
}

static json_t *row_of(struct store *store, int64_t number, int64_t now, struct error *err)
{
	struct store_certificate certificate;
	json_t *row;

	if (store_certificate_get_number(store, number, &certificate, err) != 1)
		return NULL;
	row = json_object();
	reply_text(row, "Identifier", certificate.id);
	reply_text(row, "Name", certificate.name);
	reply_text(row, "CommonName", certificate.common_name);
	reply_text(row, "SerialNumber", certificate.serial);
	reply_text(row, "Kind", certificate_kind(&certificate));
	reply_time(row, "ExpiredTime", certificate.not_after);
	reply_number(row, "Days", days_left(certificate.not_after, now));
	store_certificate_done(&certificate);
	return row;
}

static json_t *rows_of(struct store *store, const struct endings *endings, size_t from, int limit,
		       int64_t now, struct error *err)
{
	json_t *rows = json_array();
	size_t i;

	for (i = from; i < endings->count && i - from < (size_t)limit; i++) {
		json_t *row = row_of(store, endings->items[i].number, now, err);

		if (row == NULL) {
			json_decref(rows);
			return NULL;
		}
		json_array_append_new(rows, row);
	}
	return rows;
}

json_t *expiring_soon(struct store *store, int64_t now, int64_t before, int limit,
		      struct error *err)
{
	struct endings endings = { .count = 0 };
	json_t *rows = NULL;

	if (find(store, ANCHORS | STORE_UPLOADED, now - GONE_S, before, &endings, err) == 0)
		rows = rows_of(store, &endings, 0, limit, now, err);
	free(endings.items);
	return rows;
}

/* --- ListExpiring --- */

static bool add_listener(void *arg, const struct store_reference *reference)
{
	if (strcmp(reference->from_kind, STORE_LISTENER) == 0)
		json_array_append_new(arg, json_string(reference->from_id));
	return json_array_size(arg) < 20;
}

/* What stops on that day. */
static int add_listeners(struct store *store, json_t *rows, struct error *err)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		json_t *listeners = json_array();

		json_object_set_new(row, "Listeners", listeners);
		if (store_references_to(store, STORE_CERTIFICATE,
					json_string_value(json_object_get(row, "Identifier")),
					add_listener, listeners, err) < 0)
			return -1;
	}
	return 0;
}

/* Behind the row that the page before ended with, which may be gone by now. */
static size_t start_of(const struct endings *endings, const char *after)
{
	struct ending last;
	size_t i = 0;
	char *end;

	last.not_after = strtoll(after, &end, 10);
	if (end == after || *end != '-')
		return 0;
	last.number = strtoll(end + 1, NULL, 10);
	while (i < endings->count && compare(&endings->items[i], &last) <= 0)
		i++;
	return i;
}

static int list(struct call *call, const struct endings *endings, const char *after,
		struct error *err)
{
	int limit = call_max_results(call, 20);
	size_t from = start_of(endings, after);
	json_t *rows = rows_of(call->store, endings, from, limit, call->now, err);
	char next[48];

	if (rows == NULL)
		return -1;
	json_object_set_new(call->reply, "Certificates", rows);
	reply_number(call->reply, "TotalCount", (int64_t)endings->count);
	reply_number(call->reply, "MaxResults", limit);
	if (from + (size_t)limit < endings->count) {
		const struct ending *last = &endings->items[from + (size_t)limit - 1];

		snprintf(next, sizeof(next), "%" PRId64 "-%" PRId64, last->not_after, last->number);
		call_set_next_token(call, next);
	}
	return add_listeners(call->store, rows, err);
}

static int list_expiring(struct call *call, struct error *err)
{
	int64_t days = call_integer(call, "Days", 90);
	bool expired = call_boolean(call, "IncludeExpired", true);
	struct endings endings = { .count = 0 };
	char after[64];
	int status;

	if (call_next_token(call, after, sizeof(after), err) < 0)
		return -1;
	status = find(call->store, ANCHORS | STORE_UPLOADED | STORE_PRIVATE,
		      expired ? 0 : call->now, call->now + days * 86400, &endings, err);
	if (status == 0)
		status = list(call, &endings, after, err);
	free(endings.items);
	return status;
}

int list_expiring_run(struct call *call, struct error *err)
{
	return background_read(call, list_expiring, err);
}
