/* ListUserCertificateOrder, ListCert, ListCertWarehouse, GetCertWarehouseQuota */
#include <string.h>
#include <strings.h>
#include "certs/cas.h"
#include "certs/facts.h"
#include "store/resource.h"

#define SOON_S (30 * 86400)
#define TOTAL_QUOTA 100000 /* what one machine is measured for */

struct listing {
	struct call *call;
	json_t *array;
	struct error *err;
	bool failed;
};

static bool fail(struct listing *listing)
{
	listing->failed = true;
	return false;
}

/* Both lists end alike: rows of one page, and how many there are. */
static int list(struct call *call, struct store_certificate_filter *filter,
		bool (*each)(void *arg, const struct store_certificate *row), const char *member,
		struct error *err)
{
	struct listing listing = { .call = call, .array = json_array(), .err = err };
	struct cas_page page = cas_page(call, 50);
	int64_t total = store_certificate_count(call->store, filter, err);

	json_object_set_new(call->reply, member, listing.array);
	json_object_set_new(call->reply, "TotalCount", json_integer(total));
	filter->newest_first = true;
	filter->offset = page.offset;
	filter->limit = page.limit;
	if (total < 0 ||
	    store_certificate_each(call->store, filter, each, &listing, err) < 0)
		return -1;
	return listing.failed ? -1 : 0;
}

static int list_nothing(struct call *call, const char *member)
{
	cas_page(call, 50);
	json_object_set_new(call->reply, member, json_array());
	json_object_set_new(call->reply, "TotalCount", json_integer(0));
	return 0;
}

/* --- ListUserCertificateOrder --- */

static const char *state_of(const struct store_certificate *row, int64_t now)
{
	return now > row->not_after ? "EXPIRED" : now + SOON_S >= row->not_after ? "WILLEXPIRED" :
										  "ISSUED";
}

static void set_order(const struct store_certificate *row, int64_t now, json_t *item)
{
	json_t *resource = json_object_get(row->body, "ResourceId");
	json_t *group = json_object_get(row->body, "ResourceGroupId");

	json_object_set_new(item, "CertificateId", json_integer(row->number));
	json_object_set_new(item, "CertIdentifier", json_string(row->id));
	json_object_set_new(item, "Name", json_string(row->name));
	json_object_set_new(item, "CommonName", json_string(row->common_name));
	json_object_set_new(item, "CertStartTime", json_integer(row->not_before * 1000));
	json_object_set_new(item, "CertEndTime", json_integer(row->not_after * 1000));
	json_object_set_new(item, "RemainDay", json_integer(facts_days_left(row->not_after, now)));
	json_object_set_new(item, "Status", json_string(state_of(row, now)));
	json_object_set_new(item, "Upload", json_true());
	json_object_set_new(item, "InstanceId", json_string(""));
	json_object_set_new(item, "ResourceGroupId", json_string(""));
	if (resource != NULL)
		json_object_set(item, "InstanceId", resource);
	if (group != NULL)
		json_object_set(item, "ResourceGroupId", group);
}

static bool add_order(void *arg, const struct store_certificate *row)
{
	struct listing *listing = arg;
	struct certificate *certificate = certificate_parse(buffer_bytes(&row->der), NULL);
	json_t *users = facts_used_by(listing->call->store, row->id, listing->err);
	json_t *item = json_object();

	if (certificate != NULL)
		facts_describe(certificate, listing->call->now, item);
	certificate_free(certificate);
	set_order(row, listing->call->now, item);
	json_array_append_new(listing->array, item);
	if (users == NULL)
		return fail(listing);
	json_object_set_new(item, "UsedBy", users);
	return true;
}

static bool is_word(const char *text, const char *word)
{
	return text != NULL && strcasecmp(text, word) == 0;
}

/* false: a state that only orders have. */
static bool filter_by_state(const char *status, int64_t now, struct store_certificate_filter *filter)
{
	if (status == NULL)
		return true;
	if (is_word(status, "EXPIRED"))
		filter->expires_before = now;
	else if (is_word(status, "ISSUED") || is_word(status, "WILLEXPIRED"))
		filter->expires_after = now;
	else
		return false;
	if (is_word(status, "WILLEXPIRED"))
		filter->expires_before = now + SOON_S + 1;
	return true;
}

int cas_list_orders_run(struct call *call, struct error *err)
{
	struct store_certificate_filter filter = { .roles = STORE_UPLOADED, .revoked = -1,
						   .or_in_cas = true, .keyword = call_text(call, "Keyword") };
	const char *type = call_text(call, "OrderType");

	if (is_word(type, "CPACK") || is_word(type, "BUY") ||
	    !filter_by_state(call_text(call, "Status"), call->now, &filter))
		return list_nothing(call, "CertificateOrderList");
	return list(call, &filter, add_order, "CertificateOrderList", err);
}

/* --- the repositories --- */

struct warehouse {
	int64_t id;
	const char *name, *type, *instance;
	unsigned int roles;
};

static const struct warehouse warehouses[] = {
	{ 1, "SSL Certificates", "ssl", "cas-warehouse-ssl", STORE_UPLOADED },
	{ 2, "Third-party CA Certificates", "uploadPCA", "cas-warehouse-upload", STORE_UPLOADED_CA },
	{ 3, "Private CA", "aliyunPCA", "cas-warehouse-pca", STORE_OWN_CAS | STORE_PRIVATE },
};

#define WAREHOUSES (sizeof(warehouses) / sizeof(warehouses[0]))

static const struct warehouse *warehouse_of(unsigned int role)
{
	size_t i;

	for (i = 0; i < WAREHOUSES - 1; i++)
		if (warehouses[i].roles & role)
			return &warehouses[i];
	return &warehouses[i];
}

static void set_cert(const struct store_certificate *row, json_t *item)
{
	const struct warehouse *warehouse = warehouse_of(row->role);
	bool is_ca = (row->role & (STORE_OWN_CAS | STORE_UPLOADED_CA)) != 0;
	bool is_given = (row->role & (STORE_UPLOADED | STORE_UPLOADED_CA)) != 0;
	json_t *profile = json_object_get(row->body, "ChainProfile");

	json_object_set_new(item, "Identifier", json_string(row->id));
	json_object_set_new(item, "Name", json_string(row->name));
	json_object_set_new(item, "CommonName", json_string(row->common_name));
	json_object_set_new(item, "Sans", json_string(row->sans));
	json_object_set_new(item, "SerialNumber", json_string(row->serial));
	json_object_set_new(item, "Status", json_string(row->revoked || row->disabled ? "REVOKE" :
										"ISSUE"));
	json_object_set_new(item, "SourceType", json_string(is_given ? "upload" : "aliyun"));
	json_object_set_new(item, "CertType", json_string(is_ca ? "CA" : "CERT"));
	json_object_set_new(item, "ExistPrivateKey", json_boolean(row->has_key));
	json_object_set_new(item, "BeforeDate", json_integer(row->not_before * 1000));
	json_object_set_new(item, "AfterDate", json_integer(row->not_after * 1000));
	json_object_set_new(item, "WhId", json_integer(warehouse->id));
	json_object_set_new(item, "WhInstanceId", json_string(warehouse->instance));
	json_object_set_new(item, "ChainProfile", json_string(""));
	if (profile != NULL)
		json_object_set(item, "ChainProfile", profile);
}

static bool add_cert(void *arg, const struct store_certificate *row)
{
	struct listing *listing = arg;
	struct certificate *certificate = certificate_parse(buffer_bytes(&row->der), NULL);
	json_t *users = facts_used_by(listing->call->store, row->id, listing->err);
	json_t *item = json_object(), *facts = json_object();

	if (certificate != NULL)
		facts_describe(certificate, listing->call->now, facts);
	certificate_free(certificate);
	set_cert(row, item);
	json_object_set(item, "Issuer", json_object_get(facts, "Issuer"));
	json_decref(facts);
	json_array_append_new(listing->array, item);
	if (users == NULL)
		return fail(listing);
	json_object_set_new(item, "UsedBy", users);
	return true;
}

static unsigned int roles_of(struct call *call)
{
	unsigned int roles = STORE_OWN_CAS | STORE_PRIVATE | STORE_UPLOADED | STORE_UPLOADED_CA;
	const char *source = call_text(call, "SourceType"), *type = call_text(call, "CertType");
	int64_t id = call_integer(call, "WarehouseId", 0);

	if (source != NULL)
		roles &= is_word(source, "upload") ? STORE_UPLOADED | STORE_UPLOADED_CA :
						     STORE_OWN_CAS | STORE_PRIVATE;
	if (type != NULL)
		roles &= is_word(type, "CA") ? STORE_OWN_CAS | STORE_UPLOADED_CA :
					       STORE_PRIVATE | STORE_UPLOADED;
	if (id != 0)
		roles &= id <= (int64_t)WAREHOUSES ? warehouses[id - 1].roles : 0;
	return roles;
}

int cas_list_cert_run(struct call *call, struct error *err)
{
	const char *status = call_text(call, "Status");
	struct store_certificate_filter filter = {
		.roles = roles_of(call), .keyword = call_text(call, "KeyWord"),
		.revoked = status == NULL ? -1 : is_word(status, "REVOKE") };

	if (filter.roles == 0)
		return list_nothing(call, "CertList");
	return list(call, &filter, add_cert, "CertList", err);
}

int cas_list_warehouse_run(struct call *call, struct error *err)
{
	const char *instance = call_text(call, "InstanceId"), *name = call_text(call, "Name");
	const char *type = call_text(call, "Type");
	struct cas_page page = cas_page(call, 50);
	json_t *array = json_array();
	int total = 0;
	size_t i;

	(void)err;
	for (i = 0; i < WAREHOUSES; i++) {
		const struct warehouse *one = &warehouses[i];

		if ((instance != NULL && strcmp(instance, one->instance) != 0) ||
		    (type != NULL && !is_word(type, one->type)) ||
		    (name != NULL && strcasestr(one->name, name) == NULL))
			continue;
		if (total >= page.offset && total < page.offset + page.limit)
			json_array_append_new(array, json_pack("{s:I, s:s, s:s, s:s, s:s, s:i, s:b, s:i}",
				"WhId", (json_int_t)one->id, "Name", one->name, "Type", one->type,
				"InstanceId", one->instance, "PcaInstanceId", "", "EndTime", 0,
				"IsExpired", 0, "Qps", 0));
		total++;
	}
	json_object_set_new(call->reply, "CertWarehouseList", array);
	json_object_set_new(call->reply, "TotalCount", json_integer(total));
	return 0;
}

int cas_warehouse_quota_run(struct call *call, struct error *err)
{
	struct store_certificate_filter filter = { .roles = STORE_OWN_CAS | STORE_PRIVATE |
						   STORE_UPLOADED | STORE_UPLOADED_CA, .revoked = -1 };
	int64_t count = store_certificate_count(call->store, &filter, err);

	json_object_set_new(call->reply, "TotalQuota", json_integer(TOTAL_QUOTA));
	json_object_set_new(call->reply, "UseCount", json_integer(count));
	return count < 0 ? -1 : 0;
}
