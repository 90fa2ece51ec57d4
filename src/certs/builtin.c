#include "certs/builtin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "certs/pca.h"
#include "store/resource.h"

#define ROOT_MONTHS (12 * 10)
#define SUB_MONTHS (12 * 5)
#define SERVER_DAYS 397

/* The system itself writes. */
struct system {
	struct store *store;
	const char *action, *request_id;
	int64_t now;
};

static int change_of_system(void *arg, const char *id, const char *act, bool serves,
			    const json_t *after, int64_t *ret_revision, struct error *err)
{
	const struct system *system = arg;
	const struct store_change change = {
		.kind = STORE_CERTIFICATE, .id = id, .act = act, .action = system->action,
		.product = "sallyport", .actor = "system", .from = "system",
		.request_id = system->request_id != NULL ? system->request_id : "",
		.now = system->now, .after = after,
	};

	(void)serves; /* whoever called knows that something is new */
	return store_change(system->store, &change, ret_revision, err);
}

/* One of the three, with a key of its own. */
struct maker {
	struct system system;
	struct pca_writer writer;
	struct pca_request request;
	struct pca_wishes wishes;
	EVP_PKEY *key;
};

static void maker_init(struct maker *maker, struct store *store, enum issue_kind kind,
		       const char *action, const char *request_id, int64_t now)
{
	*maker = (struct maker){ .system = { store, action, request_id, now } };
	maker->writer = (struct pca_writer){ store, now, change_of_system, &maker->system };
	maker->wishes.body =
		json_pack("{s:b, s:i, s:b}", "EnableCrl", 1, "CrlDay", 7, "Builtin", 1);
	pca_request_init(&maker->request, kind, now);
}

static void maker_done(struct maker *maker)
{
	json_decref(maker->wishes.body);
	pca_request_done(&maker->request);
	EVP_PKEY_free(maker->key);
}

static int make_key(struct maker *maker, struct error *err)
{
	maker->key = key_generate(KEY_ALGORITHM_ECC_256, err);
	return maker->key == NULL ? -1 : pca_request_key(&maker->request, maker->key, err);
}

/* Two installations must not have CAs of the same name: part of the store's id makes the difference. */
static void ca_name(struct store *store, const char *host, const char *kind, char ret_name[65])
{
	if (host != NULL && host[0] != '\0' && strlen(host) <= 30)
		snprintf(ret_name, 65, "Sallyport %s CA %.30s %.8s", kind, host, store_id(store));
	else
		snprintf(ret_name, 65, "Sallyport %s CA %.8s", kind, store_id(store));
}

static int make_ca(struct maker *maker, const struct builtin_request *request, const char *kind,
		   const struct store_certificate *issuer, struct pca_result *ret_result,
		   struct error *err)
{
	struct store *store = maker->system.store;
	struct authority *authority = issuer != NULL ? pca_authority(store, issuer, err) : NULL;
	char name[65];
	const struct subject_names names = { .organization = "Sallyport", .common_name = name };

	if (issuer != NULL && authority == NULL)
		return -1;
	ca_name(store, request->host, kind, name);
	if (make_key(maker, err) < 0 || pca_request_subject(&maker->request, &names, err) < 0)
		return -1;
	if (authority != NULL)
		pca_request_urls(&maker->request, store, authority, true);
	return pca_issue(&maker->writer, issuer, authority, maker->key, &maker->request,
			 &maker->wishes, ret_result, err);
}

static int make_root(struct store *store, const struct builtin_request *request,
		     struct pca_result *ret_root, struct error *err)
{
	struct maker maker;
	int status;

	maker_init(&maker, store, ISSUE_ROOT_CA, "FirstStart", request->request_id, request->now);
	maker.request.issue.validity = validity_months(request->now, ROOT_MONTHS);
	json_object_set_new(maker.wishes.body, "Years", json_integer(ROOT_MONTHS / 12));
	status = make_ca(&maker, request, "Root", NULL, ret_root, err);
	maker_done(&maker);
	return status;
}

static int make_sub(struct store *store, const struct builtin_request *request,
		    const struct store_certificate *root, struct pca_result *ret_sub,
		    struct error *err)
{
	struct maker maker;
	int status;

	maker_init(&maker, store, ISSUE_SUB_CA, "FirstStart", request->request_id, request->now);
	maker.request.issue.validity = validity_months(request->now, SUB_MONTHS);
	maker.request.issue.path_length = 0;
	json_object_set_new(maker.wishes.body, "Years", json_integer(SUB_MONTHS / 12));
	status = make_ca(&maker, request, "Issuing", root, ret_sub, err);
	maker_done(&maker);
	return status;
}

/* Names of a machine are what people made them: those that no certificate can hold are left out. */
static int add_names(struct pca_request *issue, const struct builtin_request *request,
		     struct error *err)
{
	struct error ignored;
	size_t i;

	for (i = 0; i < request->name_count; i++)
		if (san_list_add(&issue->names, san_type_of(request->names[i]), request->names[i],
				 false, &ignored) < 0)
			continue;
	if (issue->names.count > 0)
		return 0;
	return san_list_add(&issue->names, SAN_DNS, "localhost", false, err);
}

static int issue_server(struct maker *maker, const struct store_certificate *ca,
			struct pca_result *ret_result, struct error *err)
{
	struct store *store = maker->system.store;
	struct authority *authority = pca_authority(store, ca, err);
	struct validity *validity = &maker->request.issue.validity;
	const char *first = maker->request.names.items[0].text;
	const struct subject_names names = {
		.organization = "Sallyport", .common_name = strlen(first) <= 64 ? first : NULL,
	};

	if (authority == NULL)
		return -1;
	*validity = validity_days(maker->system.now, SERVER_DAYS);
	if (validity->not_after > authority_not_after(authority))
		validity->not_after = authority_not_after(authority);
	json_object_set_new(maker->wishes.body, "Days", json_integer(
		(validity->not_after - validity->not_before + 1) / 86400));
	json_object_set_new(maker->wishes.body, "UploadFlag", json_integer(0));
	maker->wishes.name = "console";
	if (make_key(maker, err) < 0 || pca_request_subject(&maker->request, &names, err) < 0)
		return -1;
	pca_request_urls(&maker->request, store, authority, true);
	return pca_issue(&maker->writer, ca, authority, maker->key, &maker->request, &maker->wishes,
			 ret_result, err);
}

static int make_server(struct store *store, const struct builtin_request *request,
		       const struct store_certificate *sub, struct pca_result *ret_server,
		       struct error *err)
{
	struct maker maker;
	int status;

	maker_init(&maker, store, ISSUE_SERVER, "FirstStart", request->request_id, request->now);
	status = add_names(&maker.request, request, err);
	if (status == 0)
		status = issue_server(&maker, sub, ret_server, err);
	maker_done(&maker);
	return status;
}

int certs_create_builtin(struct store *store, const struct builtin_request *request,
			 struct builtin *ret_builtin, struct error *err)
{
	struct pca_result root = { .report = { .count = 0 } }, sub = root, server = root;
	int status = -1;

	if (make_root(store, request, &root, err) < 0 ||
	    make_sub(store, request, &root.row, &sub, err) < 0 ||
	    make_server(store, request, &sub.row, &server, err) < 0)
		goto out;
	snprintf(ret_builtin->root_id, BUILTIN_ID_SIZE, "%s", root.row.id);
	snprintf(ret_builtin->sub_id, BUILTIN_ID_SIZE, "%s", sub.row.id);
	snprintf(ret_builtin->server_id, BUILTIN_ID_SIZE, "%s", server.row.id);
	memcpy(ret_builtin->root_sha256, root.row.sha256, sizeof(ret_builtin->root_sha256));
	ret_builtin->server_not_after = server.row.not_after;
	status = 0;
out:
	pca_result_done(&server);
	pca_result_done(&sub);
	pca_result_done(&root);
	return status;
}

static int copy_names(struct pca_request *issue, const struct store_certificate *old,
		      struct error *err)
{
	const json_t *list = json_object_get(old->body, "SanList");
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *name = json_array_get(list, i);

		if (san_list_add(&issue->names,
				 (enum san_type)json_integer_value(json_object_get(name, "Type")),
				 json_string_value(json_object_get(name, "Value")), true, err) < 0)
			return -1;
	}
	return issue->names.count > 0 ? 0 : error_set(err, ERROR_INVALID,
						      "the console's certificate has no names");
}

static int renew(struct store *store, const struct store_certificate *old, int64_t now,
		 struct pca_result *ret_result, struct error *err)
{
	struct store_certificate ca = { .id = NULL };
	struct maker maker;
	int status;

	if (old->parent == NULL || pca_find(store, old->parent, STORE_OWN_CAS, &ca, err) < 0)
		return error_set(err, ERROR_NOT_FOUND,
				 "the CA of the console's certificate is gone");
	maker_init(&maker, store, ISSUE_SERVER, "RenewConsole", NULL, now);
	status = copy_names(&maker.request, old, err);
	if (status == 0)
		status = issue_server(&maker, &ca, ret_result, err);
	maker_done(&maker);
	store_certificate_done(&ca);
	return status;
}

int certs_renew_builtin(struct store *store, const char *server_id, int64_t now,
			char ret_server_id[BUILTIN_ID_SIZE], struct error *err)
{
	struct pca_result result = { .report = { .count = 0 } };
	struct store_certificate old;
	int status;

	if (pca_find(store, server_id, STORE_SERVER, &old, err) < 0)
		return -1;
	status = renew(store, &old, now, &result, err);
	if (status == 0)
		snprintf(ret_server_id, BUILTIN_ID_SIZE, "%s", result.row.id);
	pca_result_done(&result);
	store_certificate_done(&old);
	return status;
}
