/* What certificates and CAs there are. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "certs/pca.h"
#include "pki/crl_write.h"

#define SHOW_SIZE 20

/* --- words --- */

static bool is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

/* ret_revoked: 1, 0, or -1 when nothing was said. */
static int read_status(struct call *call, const char *parameter, int *ret_revoked,
		       struct error *err)
{
	const char *text = call_text(call, parameter);
	char symbol[64];

	*ret_revoked = -1;
	if (!is_given(text))
		return 0;
	if (strcasecmp(text, "ISSUE") == 0 || strcasecmp(text, "REVOKE") == 0) {
		*ret_revoked = strcasecmp(text, "REVOKE") == 0;
		return 0;
	}
	snprintf(symbol, sizeof(symbol), "IllegalParam.%s", parameter);
	return call_refuse(err, ERROR_INVALID, symbol, parameter,
			   "%s \"%.20s\" is neither ISSUE nor REVOKE", parameter, text);
}

static int read_type(struct call *call, const char *parameter, unsigned int *ret_roles,
		     struct error *err)
{
	const char *text = call_text(call, parameter);
	char symbol[64];

	if (!is_given(text))
		return 0;
	if (strcasecmp(text, "CLIENT") == 0 || strcasecmp(text, "SERVER") == 0) {
		*ret_roles = strcasecmp(text, "SERVER") == 0 ? STORE_SERVER : STORE_CLIENT;
		return 0;
	}
	snprintf(symbol, sizeof(symbol), "IllegalParam.%s", parameter);
	return call_refuse(err, ERROR_INVALID, symbol, parameter,
			   "%s \"%.20s\" is neither CLIENT nor SERVER", parameter, text);
}

/* --- pages by number --- */

struct page {
	int64_t current, size;
};

static struct page page_of(const struct call *call)
{
	return (struct page){ call_integer(call, "CurrentPage", 1),
			      call_integer(call, "ShowSize", SHOW_SIZE) };
}

static void set_page(struct call *call, struct page page, int64_t total)
{
	json_object_set_new(call->reply, "CurrentPage", json_integer(page.current));
	json_object_set_new(call->reply, "ShowSize", json_integer(page.size));
	json_object_set_new(call->reply, "PageCount",
			    json_integer((total + page.size - 1) / page.size));
	json_object_set_new(call->reply, "TotalCount", json_integer(total));
}

/* --- certificates --- */

struct listing {
	struct call *call;
	json_t *list;
	bool revocations;      /* RevokeDate too */
	int limit;             /* more than these are only counted; 0: no limit */
	int64_t last;          /* number of the last one shown */
	bool more;
};

static void set_revocation(struct call *call, json_t *object, const struct store_certificate *row)
{
	struct store_revocation revocation;
	struct certificate *certificate;

	if (!row->revoked)
		return;
	certificate = certificate_parse(buffer_bytes(&row->der), NULL);
	if (certificate != NULL &&
	    store_revocation_get(call->store, row->issuer_key, certificate_serial(certificate),
				 &revocation, NULL) == 1) {
		json_object_set_new(object, "RevokeDate", json_integer(revocation.time_s * 1000));
		json_object_set_new(object, "RevokeReason",
				    json_string(crl_reason_word(revocation.reason)));
	}
	certificate_free(certificate);
}

static bool add_leaf(void *arg, const struct store_certificate *row)
{
	struct listing *listing = arg;
	json_t *object;

	if (listing->limit > 0 && json_array_size(listing->list) == (size_t)listing->limit) {
		listing->more = true;
		return false;
	}
	object = pca_show(row, true);
	if (listing->revocations)
		set_revocation(listing->call, object, row);
	json_array_append_new(listing->list, object);
	listing->last = row->number;
	return true;
}

static int leaf_filter(struct call *call, struct store_certificate_filter *filter,
		       const char *type_parameter, struct error *err)
{
	const char *keyword = call_text(call, "KeyWord");
	const char *parent = call_text(call, "ParentIdentifier");

	if (!is_given(parent))
		parent = call_text(call, "InstanceUuid");
	*filter = (struct store_certificate_filter){
		.roles = STORE_PRIVATE,
		.keyword = is_given(keyword) ? keyword : call_text(call, "Identifier"),
		.parent = is_given(parent) ? parent : NULL,
		.expires_after = call_integer(call, "BeforeDate", 0) / 1000,
		.expires_before = call_integer(call, "AfterDate", 0) / 1000,
	};
	if (read_status(call, "Status", &filter->revoked, err) < 0)
		return -1;
	return read_type(call, type_parameter, &filter->roles, err);
}

static int list_numbered(struct call *call, bool only_revoked, struct error *err)
{
	struct page page = page_of(call);
	struct listing listing = { .call = call, .revocations = only_revoked };
	struct store_certificate_filter filter;
	int64_t total;

	if (leaf_filter(call, &filter, "CertificateType", err) < 0)
		return -1;
	if (only_revoked)
		filter.revoked = 1;
	total = store_certificate_count(call->store, &filter, err);
	if (total < 0)
		return -1;
	filter.limit = (int)page.size;
	if ((page.current - 1) * page.size < total)
		filter.offset = (int)((page.current - 1) * page.size);
	listing.list = json_array();
	json_object_set_new(call->reply, "CertificateList", listing.list);
	set_page(call, page, total);
	if ((page.current - 1) * page.size >= total)
		return 0;
	return store_certificate_each(call->store, &filter, add_leaf, &listing, err);
}

int pca_ListClientCertificate(struct call *call, struct error *err)
{
	return list_numbered(call, false, err);
}

int pca_ListRevokeCertificate(struct call *call, struct error *err)
{
	return list_numbered(call, true, err);
}

/* --- pages by token --- */

static int size_of_page(const struct call *call)
{
	return call_max_results(call, (int)call_integer(call, "ShowSize", SHOW_SIZE));
}

static int read_token(struct call *call, int64_t *ret_number, struct error *err)
{
	char after[32];

	if (call_next_token(call, after, sizeof(after), err) < 0)
		return -1;
	*ret_number = strtoll(after, NULL, 10);
	return 0;
}

static void set_token(struct call *call, const struct listing *listing, int64_t total)
{
	char number[32];

	json_object_set_new(call->reply, "TotalCount", json_integer(total));
	json_object_set_new(call->reply, "MaxResults", json_integer(listing->limit));
	if (!listing->more)
		return;
	snprintf(number, sizeof(number), "%" PRId64, listing->last);
	call_set_next_token(call, number);
}

int pca_ListCert(struct call *call, struct error *err)
{
	const char *type = is_given(call_text(call, "Type")) ? "Type" : "CertType";
	struct listing listing = { .call = call, .limit = size_of_page(call) };
	struct store_certificate_filter filter;
	int64_t total, after;

	if (leaf_filter(call, &filter, type, err) < 0 || read_token(call, &after, err) < 0)
		return -1;
	total = store_certificate_count(call->store, &filter, err);
	if (total < 0)
		return -1;
	filter.newest_first = true;
	filter.after_number = after;
	filter.limit = listing.limit + 1;
	listing.list = json_array();
	json_object_set_new(call->reply, "List", listing.list);
	if (store_certificate_each(call->store, &filter, add_leaf, &listing, err) < 0)
		return -1;
	set_token(call, &listing, total);
	return 0;
}

int pca_ListAllEndEntityInstance(struct call *call, struct error *err)
{
	return pca_ListCert(call, err);
}

int pca_DescribeClientCertificate(struct call *call, struct error *err)
{
	struct store_certificate row;
	json_t *object, *tags;
	char *chain;

	if (pca_find(call->store, call_text(call, "Identifier"), STORE_PRIVATE, &row, err) < 0)
		return error_place(err, "Identifier");
	object = pca_show(&row, true);
	chain = pca_pem_chain(&row, false);
	json_object_set_new(object, "CertChain", json_string(chain));
	set_revocation(call, object, &row);
	pca_set_notes(object, &row, true);
	tags = pca_tags(call->store, row.id, err);
	free(chain);
	store_certificate_done(&row);
	if (tags == NULL) {
		json_decref(object);
		return -1;
	}
	json_object_set_new(object, "Tags", tags);
	json_object_set_new(call->reply, "Certificate", object);
	return 0;
}
