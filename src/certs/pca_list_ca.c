/* What CAs there are, and what happened to them. CAs are few: they are filtered one by one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "certs/pca.h"
#include "store/audit.h"
#include "store/resource.h"

#define SHOW_SIZE 20
#define LOG_MAX 100
#define LOG_READ_MAX 2000

struct wanted {
	unsigned int roles;
	bool external_only;
	int revoked;           /* 1, 0, -1: any */
	int valid;             /* by dates: likewise */
	const char *issuer;    /* "local", "external"; NULL: any */
};

struct listing {
	struct call *call;
	struct wanted wanted;
	json_t *list;
	int64_t skip, limit;   /* of those that match */
	int64_t matched;
	struct error *err;
	bool failed;
};

static bool is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

/* One of two words as 1 or 0. */
static int read_choice(struct call *call, const char *parameter, const char *yes, const char *no,
		       int *ret_choice, struct error *err)
{
	const char *text = call_text(call, parameter);
	char symbol[64];

	*ret_choice = -1;
	if (!is_given(text))
		return 0;
	if (strcasecmp(text, yes) == 0 || strcasecmp(text, no) == 0) {
		*ret_choice = strcasecmp(text, yes) == 0;
		return 0;
	}
	snprintf(symbol, sizeof(symbol), "IllegalParam.%s", parameter);
	return call_refuse(err, ERROR_INVALID, symbol, parameter,
			   "%s \"%.20s\" is neither %s nor %s", parameter, text, no, yes);
}

static int read_kind(struct call *call, struct wanted *wanted, struct error *err)
{
	const char *text = call_text(call, "CertType");

	if (!is_given(text))
		return 0;
	if (strcasecmp(text, "root") == 0) {
		wanted->roles &= STORE_ROOT_CA;
	} else if (strcasecmp(text, "subRoot") == 0 || strcasecmp(text, "sub_root") == 0) {
		wanted->roles &= STORE_SUB_CA | STORE_PENDING_CA;
	} else if (strcasecmp(text, "externalCa") == 0) {
		wanted->external_only = true;
	} else {
		return call_refuse(err, ERROR_INVALID, "IllegalParam.CertType", "CertType",
				   "CertType \"%.20s\" is none of root, subRoot, externalCa", text);
	}
	return 0;
}

static int read_wanted(struct call *call, struct wanted *wanted, struct error *err)
{
	const char *issuer = call_text(call, "IssuerType");

	if (is_given(issuer))
		wanted->issuer = issuer;
	return read_kind(call, wanted, err) < 0 ||
			       read_choice(call, "CaStatus", "REVOKE", "ISSUE", &wanted->revoked,
					   err) < 0 ||
			       read_choice(call, "ValidStatus", "valid", "invalid", &wanted->valid,
					   err) < 0
		       ? -1
		       : 0;
}

static bool matches(const struct listing *listing, const struct store_certificate *row)
{
	const struct wanted *wanted = &listing->wanted;
	bool external = row->role == STORE_UPLOADED_CA ||
			json_is_true(json_object_get(row->body, "External"));
	bool revoked = row->revoked || row->disabled;
	bool valid = listing->call->now >= row->not_before && listing->call->now <= row->not_after;

	if (wanted->external_only && !external)
		return false;
	if (wanted->issuer != NULL &&
	    strcasecmp(wanted->issuer, external ? "external" : "local") != 0)
		return false;
	if (wanted->revoked >= 0 && revoked != (wanted->revoked == 1))
		return false;
	return wanted->valid < 0 || valid == (wanted->valid == 1);
}

static bool add_ca(void *arg, const struct store_certificate *row)
{
	struct listing *listing = arg;
	json_t *object;

	if (!matches(listing, row) || listing->matched++ < listing->skip ||
	    json_array_size(listing->list) >= (size_t)listing->limit)
		return true;
	object = pca_show_ca(listing->call, row, true, listing->err);
	if (object == NULL) {
		listing->failed = true;
		return false;
	}
	json_array_append_new(listing->list, object);
	return true;
}

static int each_ca(struct call *call, struct listing *listing, bool newest_first, struct error *err)
{
	const char *keyword = call_text(call, "KeyWord");
	const struct store_certificate_filter filter = {
		.roles = listing->wanted.roles, .revoked = -1, .newest_first = newest_first,
		.keyword = is_given(keyword) ? keyword : NULL,
	};

	if (listing->wanted.roles == 0)
		return 0;
	if (store_certificate_each(call->store, &filter, add_ca, listing, err) < 0)
		return -1;
	return listing->failed ? -1 : 0;
}

static int list_numbered(struct call *call, unsigned int roles, struct error *err)
{
	int64_t current = call_integer(call, "CurrentPage", 1);
	int64_t size = call_integer(call, "ShowSize", SHOW_SIZE);
	struct listing listing = { .call = call, .wanted = { .roles = roles }, .err = err,
				   .skip = (current - 1) * size, .limit = size };

	if (read_wanted(call, &listing.wanted, err) < 0)
		return -1;
	listing.list = json_array();
	json_object_set_new(call->reply, "CertificateList", listing.list);
	if (each_ca(call, &listing, false, err) < 0)
		return -1;
	json_object_set_new(call->reply, "CurrentPage", json_integer(current));
	json_object_set_new(call->reply, "ShowSize", json_integer(size));
	json_object_set_new(call->reply, "PageCount",
			    json_integer((listing.matched + size - 1) / size));
	json_object_set_new(call->reply, "TotalCount", json_integer(listing.matched));
	return 0;
}

int pca_DescribeCACertificateList(struct call *call, struct error *err)
{
	return list_numbered(call, STORE_OWN_CAS | STORE_PENDING_CA, err);
}

int pca_DescribePcaAndExternalCACertificateList(struct call *call, struct error *err)
{
	return list_numbered(call, STORE_OWN_CAS | STORE_PENDING_CA | STORE_UPLOADED_CA, err);
}

int pca_DescribeCACertificateCount(struct call *call, struct error *err)
{
	const struct store_certificate_filter filter = { .roles = STORE_OWN_CAS, .revoked = -1 };
	int64_t total = store_certificate_count(call->store, &filter, err);

	if (total < 0)
		return -1;
	json_object_set_new(call->reply, "TotalCount", json_integer(total));
	return 0;
}

/* The token holds how many were shown already: new CAs come rarely, and at the front. */
int pca_ListPcaCaCertificate(struct call *call, struct error *err)
{
	struct listing listing = { .call = call,
				   .err = err,
				   .wanted = { .roles = STORE_OWN_CAS | STORE_PENDING_CA },
				   .limit = call_max_results(
					   call, (int)call_integer(call, "ShowSize", SHOW_SIZE)) };
	char shown[32];

	if (read_wanted(call, &listing.wanted, err) < 0 ||
	    call_next_token(call, shown, sizeof(shown), err) < 0)
		return -1;
	listing.skip = strtoll(shown, NULL, 10);
	listing.list = json_array();
	json_object_set_new(call->reply, "List", listing.list);
	if (each_ca(call, &listing, true, err) < 0)
		return -1;
	json_object_set_new(call->reply, "TotalCount", json_integer(listing.matched));
	json_object_set_new(call->reply, "MaxResults", json_integer(listing.limit));
	if (listing.matched > listing.skip + listing.limit) {
		snprintf(shown, sizeof(shown), "%" PRId64, listing.skip + listing.limit);
		call_set_next_token(call, shown);
	}
	return 0;
}

int pca_DescribeCACertificate(struct call *call, struct error *err)
{
	const char *id = call_text(call, "Identifier");
	struct store_certificate row;
	json_t *object, *tags = NULL;

	if (!is_given(id))
		return call_refuse(err, ERROR_INVALID, "MissingParam.Identifier", "Identifier",
				   "Identifier is missing");
	if (pca_find(call->store, id, STORE_OWN_CAS | STORE_PENDING_CA, &row, err) < 0)
		return error_place(err, "Identifier");
	object = pca_show_ca(call, &row, true, err);
	if (object != NULL)
		tags = pca_tags(call->store, row.id, err);
	if (tags != NULL) {
		json_object_set_new(object, "Tags", tags);
		pca_set_notes(object, &row, true);
	}
	if (tags != NULL && json_object_get(row.body, "Csr") != NULL)
		json_object_set(object, "Csr", json_object_get(row.body, "Csr"));
	store_certificate_done(&row);
	if (tags == NULL) {
		json_decref(object);
		return -1;
	}
	json_object_set_new(call->reply, "Certificate", object);
	return 0;
}

/* --- instances: each CA is one --- */

static bool add_instance(void *arg, const struct store_certificate *row)
{
	struct listing *listing = arg;
	const char *id = call_text(listing->call, "Identifier");
	int64_t issued;

	if (!is_given(id))
		id = call_text(listing->call, "InstanceId");
	if (is_given(id) && strcmp(id, row->id) != 0)
		return true;
	issued = pca_issued_count(listing->call->store, row->id, listing->err);
	if (issued < 0) {
		listing->failed = true;
		return false;
	}
	json_array_append_new(listing->list,
			      json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}",
					"InstanceId", row->id, "Identifier", row->id, "Status",
					row->revoked || row->disabled ? "REVOKE" : "USED", "Type",
					row->role == STORE_ROOT_CA ? "ROOT" : "SUB_ROOT",
					"BeforeTime", (json_int_t)row->not_before * 1000,
					"AfterTime", (json_int_t)row->not_after * 1000,
					"UseExpireTime", (json_int_t)row->not_after * 1000,
					"CertIssuedCount", (json_int_t)issued, "CertTotalCount",
					(json_int_t)(issued + 1000000)));
	return true;
}

int pca_GetCAInstanceStatus(struct call *call, struct error *err)
{
	const struct store_certificate_filter filter = { .roles = STORE_OWN_CAS, .revoked = -1 };
	struct listing listing = { .call = call, .list = json_array(), .err = err };

	json_object_set_new(call->reply, "InstanceStatusList", listing.list);
	if (store_certificate_each(call->store, &filter, add_instance, &listing, err) < 0)
		return -1;
	return listing.failed ? -1 : 0;
}

/* --- the log --- */

static bool is_ca(struct call *call, const char *id)
{
	struct store_certificate row;
	bool found = store_certificate_get(call->store, id, &row, NULL) == 1;
	bool ca = found && (row.role & (STORE_OWN_CAS | STORE_PENDING_CA)) != 0;

	if (found)
		store_certificate_done(&row);
	return ca;
}

static bool add_log(void *arg, const struct store_audit_row *row)
{
	struct listing *listing = arg;
	char content[256];

	if (row->kind == NULL || strcmp(row->kind, STORE_CERTIFICATE) != 0 ||
	    !is_ca(listing->call, row->id))
		return true;
	snprintf(content, sizeof(content), "%s by %s from %s: %s", row->action, row->actor,
		 row->from, row->outcome);
	json_array_append_new(listing->list,
			      json_pack("{s:s, s:s, s:s, s:I}", "Identifier", row->id, "OpType",
					row->action, "Content", content, "CreateTime",
					(json_int_t)row->time_s * 1000));
	return json_array_size(listing->list) < LOG_MAX;
}

int pca_ListCACertificateLog(struct call *call, struct error *err)
{
	const char *id = call_text(call, "Identifier");
	const struct store_audit_filter filter = {
		.kind = STORE_CERTIFICATE, .id = is_given(id) ? id : NULL, .limit = LOG_READ_MAX,
	};
	struct listing listing = { .call = call, .list = json_array(), .err = err };

	json_object_set_new(call->reply, "LogList", listing.list);
	return store_audit_each(call->store, &filter, add_log, &listing, err);
}
