/* The actions of CAS, and certificates as files: through their handlers, on a real store. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/base64.h>
#include "certs/cas.h"
#include "pki/key.h"
#include "pki/pem_write.h"
#include "pki/pkcs12.h"
#include "pki/pkcs8.h"
#include "store/audit.h"
#include "store/resource.h"
#include "support_certificates.h"

struct world {
	char folder[64];
	struct store *store;
	struct made root, sub, leaf, renewed, other, client;
	char *leaf_pem, *chain_pem, *renewed_pem, *key_pem, *other_pem, *other_key_pem, *root_pem;
	enum caller_role role;
	char ca[65];
	struct error err;
	json_t *reply;
};

static char *text_of(struct buffer *buffer)
{
	buffer_append(buffer, "", 1);
	return (char *)buffer->data;
}

static char *pem_of(struct bytes der, struct bytes chain)
{
	struct buffer pem = { 0 };

	pem_write(&pem, "CERTIFICATE", der);
	pem_write_chain(&pem, chain);
	return text_of(&pem);
}

static char *key_pem_of(const struct made *made)
{
	struct buffer pkcs8 = { 0 }, pem = { 0 };

	assert_int_equal(key_to_pkcs8(made->key, &pkcs8, NULL), 0);
	pem_write(&pem, "PRIVATE KEY", buffer_bytes(&pkcs8));
	buffer_done(&pkcs8);
	return text_of(&pem);
}

static int set_up(void **state)
{
	static const uint8_t key[STORE_MASTER_KEY_SIZE] = { 9 };
	struct world *world = calloc(1, sizeof(*world));
	struct order order = { .extended_key_usage = "serverAuth", .names = "DNS:www.example.com" };
	struct buffer chain = { 0 };

	snprintf(world->folder, sizeof(world->folder), "%s/sallyport-cas-" "XX" "XX" "XX", P_tmpdir);
	assert_non_null(mkdtemp(world->folder));
	world->store = store_open(world->folder, key, &world->err);
	assert_non_null(world->store);
	world->role = CALLER_ADMINISTRATOR;
	world->root = make_root("O=Example/CN=root");
	world->sub = make_sub("O=Example/CN=sub", &world->root);
	order.issuer = &world->sub;
	order.subject = "C=CN/O=Example/CN=www.example.com";
	world->leaf = make(order);
	order.key = world->leaf.key;
	order.not_after = NOW + 90 * DAY;
	world->renewed = make(order);
	order.key = NULL;
	order.subject = "CN=other.example.com";
	world->other = make(order);
	buffer_append(&chain, world->sub.der.data, world->sub.der.len);
	buffer_append(&chain, world->root.der.data, world->root.der.len);
	world->leaf_pem = pem_of(world->leaf.der, (struct bytes){ NULL, 0 });
	world->chain_pem = pem_of(world->leaf.der, buffer_bytes(&chain));
	world->renewed_pem = pem_of(world->renewed.der, buffer_bytes(&chain));
	world->other_pem = pem_of(world->other.der, (struct bytes){ NULL, 0 });
	world->root_pem = pem_of(world->root.der, (struct bytes){ NULL, 0 });
	world->key_pem = key_pem_of(&world->leaf);
	world->other_key_pem = key_pem_of(&world->other);
	buffer_done(&chain);
	*state = world;
	return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	(void)info;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	struct world *world = *state;

	json_decref(world->reply);
	store_close(world->store);
	nftw(world->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(world->leaf_pem);
	free(world->chain_pem);
	free(world->renewed_pem);
	free(world->other_pem);
	free(world->root_pem);
	free(world->key_pem);
	free(world->other_key_pem);
	free(world);
	return 0;
}

/* --- a call from its beginning to its end --- */

static const struct handler *find_handler(const char *product, const char *action)
{
	const struct handler *handler = certs_handlers;

	while (handler->action != NULL && (strcmp(handler->product, product) != 0 ||
					   strcmp(handler->action, action) != 0))
		handler++;
	assert_non_null(handler->action);
	return handler;
}

static int run_steps(struct world *world, const struct handler *handler, struct call *call)
{
	int status = handler->prepare == NULL ? 0 : handler->prepare(call, &world->err);

	if (status < 0)
		return -1;
	assert_int_equal(store_begin(world->store, &world->err), 0);
	assert_int_equal(store_savepoint(world->store, &world->err), 0);
	status = handler->run(call, &world->err);
	if (status == 0)
		assert_int_equal(store_release(world->store, &world->err), 0);
	else
		store_undo(world->store);
	assert_int_equal(store_commit(world->store, status == 0 ? &world->err : NULL), 0);
	return status == 0 && handler->finish != NULL ? handler->finish(call, &world->err) : status;
}

/* parameters: taken. "Action" is one of cas, or of sallyport. */
static int ask(struct world *world, const char *action, json_t *parameters)
{
	const struct product *product = action_find(&product_cas, action) != NULL ?
					&product_cas : &product_sallyport;
	struct call call = { .store = world->store, .product = product, .now = NOW,
			     .request_id = "B9A1C3D4-0000-4000-8000-000000000001",
			     .caller = { .role = world->role, .user = "tester", .from = "192.0.2.1" } };
	int status = -1;

	memset(&world->err, 0, sizeof(world->err));
	snprintf(call.caller.ca, sizeof(call.caller.ca), "%s", world->ca);
	json_decref(world->reply);
	call.action = action_find(product, action);
	assert_non_null(call.action);
	call.parameters = action_validate(call.action, parameters, true, &world->err);
	call.reply = json_object();
	if (call.parameters != NULL)
		status = run_steps(world, find_handler(product->name, action), &call);
	if (call.work != NULL)
		call.work_free(call.work);
	json_decref(call.parameters);
	json_decref(parameters);
	world->reply = call.reply;
	return status;
}

#define done(world, action, ...) \
	do { \
		if (ask(world, action, json_pack(__VA_ARGS__)) < 0) \
			fail_msg("%s: %s", action, (world)->err.message); \
	} while (0)

#define refused(world, symbol_wanted, action, ...) \
	do { \
		assert_int_equal(ask(world, action, json_pack(__VA_ARGS__)), -1); \
		assert_string_equal((world)->err.symbol, symbol_wanted); \
	} while (0)

static const char *text(const struct world *world, const char *name)
{
	const char *value = json_string_value(json_object_get(world->reply, name));

	return value == NULL ? "(missing)" : value;
}

static json_int_t number(const struct world *world, const char *name)
{
	return json_integer_value(json_object_get(world->reply, name));
}

static json_t *row(const struct world *world, const char *list, size_t i)
{
	return json_array_get(json_object_get(world->reply, list), i);
}

static const char *row_text(const struct world *world, const char *list, size_t i,
			    const char *name)
{
	const char *value = json_string_value(json_object_get(row(world, list, i), name));

	return value == NULL ? "(missing)" : value;
}

static size_t rows(const struct world *world, const char *list)
{
	return json_array_size(json_object_get(world->reply, list));
}

static json_int_t upload(struct world *world, const char *name)
{
	done(world, "UploadUserCertificate", "{s:s, s:s, s:s}", "Name", name, "Cert",
	     world->chain_pem, "Key", world->key_pem);
	return number(world, "CertId");
}

static void use(struct world *world, const char *id)
{
	struct store_reference reference = { STORE_LISTENER, "lsn-1", "CertificateIds",
					     STORE_CERTIFICATE, id };

	assert_int_equal(store_references_put(world->store, STORE_LISTENER, "lsn-1", &reference, 1,
					      &world->err), 0);
}

static void set(struct world *world, const char *name, const char *value)
{
	assert_int_equal(store_setting_put(world->store, name, value, &world->err), 0);
}

static bool last_audit_is(struct world *world, const char *action)
{
	struct store_audit_filter filter = { .action = action };

	return store_audit_count(world->store, &filter, &world->err) > 0;
}

/* --- server certificates --- */

static void an_uploaded_certificate_is_shown_with_all_its_facts(void **state)
{
	struct world *world = *state;
	json_int_t id = upload(world, "web");
	char identifier[64];

	assert_true(id > 0);
	snprintf(identifier, sizeof(identifier), "%lld-cn-hangzhou", (long long)id);
	assert_string_equal(text(world, "CertIdentifier"), identifier);
	assert_memory_equal(text(world, "ResourceId"), "cas-upload-", 11);
	assert_int_equal(rows(world, "Warnings"), 0);
	done(world, "GetUserCertificateDetail", "{s:I}", "CertId", id);
	assert_int_equal(number(world, "Id"), id);
	assert_string_equal(text(world, "Name"), "web");
	assert_string_equal(text(world, "CertIdentifier"), identifier);
	assert_string_equal(text(world, "Cert"), world->chain_pem);
	assert_string_equal(text(world, "Common"), "www.example.com");
	assert_string_equal(text(world, "Sans"), "www.example.com");
	assert_string_equal(text(world, "Issuer"), "sub");
	assert_string_equal(text(world, "OrgName"), "Example");
	assert_string_equal(text(world, "Country"), "CN");
	assert_string_equal(text(world, "Algorithm"), "ECC");
	assert_string_equal(text(world, "StartDate"), "2026-12-16");
	assert_string_equal(text(world, "EndDate"), "2027-02-14");
	assert_int_equal(number(world, "NotAfter"), (NOW + 30 * DAY) * 1000);
	assert_int_equal(strlen(text(world, "Fingerprint")), 40);
	assert_int_equal(strlen(text(world, "Sha2")), 64);
	assert_int_equal(rows(world, "CertChain"), 3);
	assert_string_equal(row_text(world, "CertChain", 0, "IssuerCommonName"), "sub");
	assert_true(json_is_false(json_object_get(world->reply, "Expired")));
	assert_string_equal(text(world, "EncryptPrivateKey"), "");
}

static void a_key_is_answered_only_when_it_may(void **state)
{
	struct world *world = *state;
	json_int_t id = upload(world, "web");

	done(world, "GetUserCertificateDetail", "{s:I}", "CertId", id);
	assert_string_equal(text(world, "Key"), "");
	set(world, "AllowKeyRead", "true");
	done(world, "GetUserCertificateDetail", "{s:I}", "CertId", id);
	assert_string_equal(text(world, "Key"), world->key_pem);
	assert_true(last_audit_is(world, "GetUserCertificateDetail"));
	done(world, "GetUserCertificateDetail", "{s:I, s:b}", "CertId", id, "CertFilter", 1);
	assert_string_equal(text(world, "Key"), "");
	assert_string_equal(text(world, "Cert"), "");
	world->role = CALLER_VIEWER;
	done(world, "GetUserCertificateDetail", "{s:I}", "CertId", id);
	assert_string_equal(text(world, "Key"), "");
}

static void a_name_is_given_once(void **state)
{
	struct world *world = *state;
	json_int_t id = upload(world, "web");

	refused(world, "DuplicatedParam.Name", "UploadUserCertificate", "{s:s, s:s, s:s}", "Name",
		"web", "Cert", world->other_pem, "Key", world->other_key_pem);
	assert_string_equal(world->err.place, "Name");
	done(world, "DeleteUserCertificate", "{s:I}", "CertId", id);
	assert_true(upload(world, "web") > id);
}

static void wrong_uploads_change_nothing(void **state)
{
	struct world *world = *state;

	refused(world, "Mismatch.CertificateKey", "UploadUserCertificate", "{s:s, s:s, s:s}", "Name",
		"web", "Cert", world->leaf_pem, "Key", world->other_key_pem);
	refused(world, "MissingParam.Key", "UploadUserCertificate", "{s:s, s:s}", "Name", "web", "Cert",
		world->leaf_pem);
	refused(world, "MissingParam.Cert", "UploadUserCertificate", "{s:s, s:s}", "Name", "web", "Key",
		world->key_pem);
	refused(world, "IllegalParam.SignCert", "UploadUserCertificate", "{s:s, s:s, s:s}", "Name",
		"web", "SignCert", "x", "EncryptCert", "y");
	refused(world, "MissingParam.Name", "UploadUserCertificate", "{s:s, s:s}", "Cert",
		world->leaf_pem, "Key", world->key_pem);
	done(world, "ListUserCertificateOrder", "{}");
	assert_int_equal(number(world, "TotalCount"), 0);
}

static void pkcs12_as_base64_is_uploaded_too(void **state)
{
	struct world *world = *state;
	struct pkcs12_contents contents = { .name = "x", .leaf = world->leaf.der };
	struct buffer pkcs8 = { 0 }, file = { 0 };
	uint8_t base64[8192];

	assert_int_equal(key_to_pkcs8(world->leaf.key, &pkcs8, NULL), 0);
	contents.pkcs8 = buffer_bytes(&pkcs8);
	assert_int_equal(pkcs12_write(&contents, PKCS12_MODERN, "secret-1", &file, NULL), 0);
	EVP_EncodeBlock(base64, file.data, file.len);
	refused(world, "MissingParam.Password", "UploadUserCertificate", "{s:s, s:s}", "Name", "p12",
		"Cert", (char *)base64);
	refused(world, "IllegalParam.Password", "UploadUserCertificate", "{s:s, s:s, s:s}", "Name",
		"p12", "Cert", (char *)base64, "Password", "wrong");
	done(world, "UploadUserCertificate", "{s:s, s:s, s:s}", "Name", "p12", "Cert", (char *)base64,
	     "Password", "secret-1");
	assert_int_equal(rows(world, "Warnings"), 1); /* its issuer is missing */
	buffer_done(&pkcs8);
	buffer_done(&file);
}

static void what_is_used_is_not_deleted(void **state)
{
	struct world *world = *state;
	json_int_t id = upload(world, "web");
	char identifier[64];

	snprintf(identifier, sizeof(identifier), "%s", text(world, "CertIdentifier"));
	use(world, identifier);
	refused(world, "ResourceInUse.Certificate", "DeleteUserCertificate", "{s:I}", "CertId", id);
	assert_non_null(strstr(world->err.message, "listener lsn-1"));
	done(world, "GetUserCertificateDetail", "{s:I}", "CertId", id);
	assert_string_equal(row_text(world, "UsedBy", 0, "ResourceId"), "lsn-1");
	assert_int_equal(store_references_put(world->store, STORE_LISTENER, "lsn-1", NULL, 0,
					      &world->err), 0);
	done(world, "DeleteUserCertificate", "{s:I}", "CertId", id);
	refused(world, "NotFound", "DeleteUserCertificate", "{s:I}", "CertId", id);
	refused(world, "NotFound", "GetUserCertificateDetail", "{s:I}", "CertId", id);
}

static void lists_are_paged_and_filtered(void **state)
{
	struct world *world = *state;

	upload(world, "one");
	upload(world, "two");
	done(world, "UploadUserCertificate", "{s:s, s:s, s:s}", "Name", "three", "Cert",
	     world->other_pem, "Key", world->other_key_pem);
	done(world, "ListUserCertificateOrder", "{s:i, s:i}", "CurrentPage", 1, "ShowSize", 2);
	assert_int_equal(number(world, "TotalCount"), 3);
	assert_int_equal(rows(world, "CertificateOrderList"), 2);
	assert_string_equal(row_text(world, "CertificateOrderList", 0, "Name"), "three");
	assert_string_equal(row_text(world, "CertificateOrderList", 0, "Status"), "ISSUED");
	assert_string_equal(row_text(world, "CertificateOrderList", 1, "Status"), "WILLEXPIRED");
	done(world, "ListUserCertificateOrder", "{s:i, s:i}", "CurrentPage", 2, "ShowSize", 2);
	assert_string_equal(row_text(world, "CertificateOrderList", 0, "Name"), "one");
	done(world, "ListUserCertificateOrder", "{s:s}", "Keyword", "OTHER.example");
	assert_int_equal(number(world, "TotalCount"), 1);
	done(world, "ListUserCertificateOrder", "{s:s}", "OrderType", "CPACK");
	assert_int_equal(number(world, "TotalCount"), 0);
	done(world, "ListUserCertificateOrder", "{s:s, s:s}", "OrderType", "UPLOAD", "Status",
	     "EXPIRED");
	assert_int_equal(number(world, "TotalCount"), 0);
	done(world, "ListUserCertificateOrder", "{s:s}", "Status", "ISSUED");
	assert_int_equal(number(world, "TotalCount"), 3);
	done(world, "ListCertWarehouse", "{s:s}", "Type", "uploadPCA");
	assert_int_equal(number(world, "TotalCount"), 1);
	done(world, "GetCertWarehouseQuota", "{}");
	assert_int_equal(number(world, "UseCount"), 3);
}

static void a_certificate_is_replaced_in_place(void **state)
{
	struct world *world = *state;
	json_int_t id = upload(world, "web");

	done(world, "UpdateUserCertificate", "{s:I, s:s}", "CertId", id, "Cert", world->renewed_pem);
	assert_true(strlen(text(world, "JobId")) == 36);
	done(world, "GetUserCertificateDetail", "{s:I}", "CertId", id);
	assert_string_equal(text(world, "EndDate"), "2027-04-15");
	refused(world, "Mismatch.CertificateKey", "UpdateUserCertificate", "{s:I, s:s}", "CertId", id,
		"Cert", world->other_pem);
	refused(world, "Conflict.Revision", "UpdateUserCertificate", "{s:I, s:s, s:i}", "CertId", id,
		"Name", "x", "IfRevision", 1);
	done(world, "UpdateUserCertificate", "{s:I, s:s, s:s}", "CertId", id, "Cert", world->other_pem,
	     "Key", world->other_key_pem);
	done(world, "GetUserCertificateDetail", "{s:I}", "CertId", id);
	assert_string_equal(text(world, "Common"), "other.example.com");
}

/* --- requests --- */

static void a_request_is_made_and_kept_with_its_key(void **state)
{
	struct world *world = *state;
	json_int_t id;

	done(world, "CreateCsr", "{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s}", "CommonName",
	     "www.example.com", "Algorithm", "ECC", "KeySize", 256, "CountryCode", "CN", "Province",
	     "Zhejiang", "Locality", "Hangzhou", "CorpName", "Example", "Sans",
	     "a.example.com,10.0.0.1");
	id = number(world, "CsrId");
	assert_memory_equal(text(world, "Csr"), "-----BEGIN CERTIFICATE REQUEST-----\n", 36);
	done(world, "ListCsr", "{}");
	assert_int_equal(number(world, "TotalCount"), 1);
	assert_string_equal(row_text(world, "CsrList", 0, "Sans"),
			    "www.example.com,a.example.com,10.0.0.1");
	assert_string_equal(row_text(world, "CsrList", 0, "Algorithm"), "ECC");
	assert_string_equal(row_text(world, "CsrList", 0, "CorpName"), "Example");
	assert_true(json_is_true(json_object_get(row(world, "CsrList", 0), "HasPrivateKey")));
	done(world, "GetCsrDetail", "{s:I}", "CsrId", id);
	assert_string_equal(text(world, "PrivateKey"), "");
	set(world, "AllowKeyRead", "true");
	done(world, "GetCsrDetail", "{s:I}", "CsrId", id);
	assert_memory_equal(text(world, "PrivateKey"), "-----BEGIN PRIVATE KEY-----\n", 28);
	done(world, "ListCsr", "{s:s}", "Algorithm", "RSA");
	assert_int_equal(number(world, "TotalCount"), 0);
	done(world, "DeleteCsr", "{s:I}", "CsrId", id);
	refused(world, "NotFound", "GetCsrDetail", "{s:I}", "CsrId", id);
}

static void wrong_requests_are_refused(void **state)
{
	struct world *world = *state;

	refused(world, "IllegalParam.KeySize", "CreateCsr", "{s:s, s:s, s:i, s:s, s:s, s:s}",
		"CommonName", "a", "Algorithm", "RSA", "KeySize", 1024, "CountryCode", "CN",
		"Province", "x", "Locality", "y");
	assert_int_equal(ask(world, "CreateCsr",
			     json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "CommonName", "a",
				       "Algorithm", "SM2", "KeySize", 256, "CountryCode", "CN",
				       "Province", "x", "Locality", "y")), -1);
	refused(world, "IllegalParam.Csr", "UploadCsr", "{s:s}", "Csr", world->leaf_pem);
	assert_int_equal(ask(world, "UploadCsr", json_pack("{s:s}", "Csr", "nonsense")), -1);
}

static void a_request_from_elsewhere_gets_its_key_later(void **state)
{
	struct world *world = *state;
	json_int_t id;
	char *csr;

	done(world, "CreateCsr", "{s:s, s:s, s:i, s:s, s:s, s:s}", "CommonName", "www.example.com",
	     "Algorithm", "ECC", "KeySize", 384, "CountryCode", "CN", "Province", "x", "Locality", "y");
	csr = memory_copy_string(text(world, "Csr"));
	set(world, "AllowKeyRead", "true");
	done(world, "GetCsrDetail", "{s:I}", "CsrId", number(world, "CsrId"));
	refused(world, "Mismatch.CertificateKey", "UploadCsr", "{s:s, s:s}", "Csr", csr, "Key",
		world->key_pem);
	{
		char *key;

		done(world, "ListCsr", "{}");
		id = json_integer_value(json_object_get(row(world, "CsrList", 0), "CsrId"));
		done(world, "GetCsrDetail", "{s:I}", "CsrId", id);
		key = memory_copy_string(text(world, "PrivateKey"));
		done(world, "UploadCsr", "{s:s, s:s}", "Csr", csr, "Name", "again");
		id = number(world, "CsrId");
		refused(world, "Mismatch.CertificateKey", "UpdateCsr", "{s:I, s:s}", "CsrId", id, "Key",
			world->key_pem);
		done(world, "UpdateCsr", "{s:I, s:s}", "CsrId", id, "Key", key);
		done(world, "GetCsrDetail", "{s:I}", "CsrId", id);
		assert_string_equal(text(world, "PrivateKey"), key);
		free(key);
	}
	free(csr);
}

/* --- CA certificates of others --- */

static char *upload_root(struct world *world)
{
	done(world, "UploadCACertificate", "{s:s, s:s, s:s}", "Name", "partner", "Cert",
	     world->root_pem, "ChainProfile", "Strict");
	assert_int_equal(number(world, "Certificates"), 1);
	return memory_copy_string(text(world, "Identifier"));
}

static char *list_pem(struct list_order order)
{
	struct buffer pem = { 0 };

	pem_write(&pem, "X509 CRL", make_list(order));
	return text_of(&pem);
}

static void a_third_partys_ca_is_kept_with_its_lists(void **state)
{
	struct world *world = *state;
	char *id = upload_root(world);
	char *list = list_pem((struct list_order){ .issuer = &world->root, .number = 7,
						   .revoked = { &world->sub } });
	char name[32];

	done(world, "UploadCRL", "{s:s, s:s}", "Identifier", id, "Crl", list);
	assert_int_equal(rows(world, "Crls"), 1);
	assert_string_equal(row_text(world, "Crls", 0, "Issuer"), "root");
	assert_int_equal(json_integer_value(json_object_get(row(world, "Crls", 0), "Entries")), 1);
	snprintf(name, sizeof(name), "%s", row_text(world, "Crls", 0, "Name"));
	done(world, "GetCACertificate", "{s:s}", "Identifier", id);
	assert_string_equal(text(world, "ChainProfile"), "Strict");
	assert_string_equal(text(world, "Cert"), world->root_pem);
	assert_int_equal(rows(world, "Crls"), 1);
	assert_true(json_is_true(json_object_get(row(world, "Certificates", 0), "IsAnchor")));
	done(world, "ListCert", "{s:s, s:s}", "SourceType", "upload", "CertType", "CA");
	assert_string_equal(row_text(world, "CertList", 0, "Identifier"), id);
	assert_string_equal(row_text(world, "CertList", 0, "Status"), "ISSUE");
	refused(world, "NotFound", "DeleteCRL", "{s:s, s:s}", "Identifier", id, "Name", "nothing");
	done(world, "DeleteCRL", "{s:s, s:s}", "Identifier", id, "Name", name);
	done(world, "ListCRL", "{s:s}", "Identifier", id);
	assert_int_equal(rows(world, "Crls"), 0);
	done(world, "DeletePCACert", "{s:s}", "Identifier", id);
	refused(world, "NotFound", "GetCACertificate", "{s:s}", "Identifier", id);
	free(list);
	free(id);
}

static void lists_are_checked_when_they_come(void **state)
{
	struct world *world = *state;
	char *id = upload_root(world);
	char *foreign = list_pem((struct list_order){ .issuer = &world->sub, .number = 1 });
	char *forged = list_pem((struct list_order){ .issuer = &world->root, .number = 1,
						     .key = world->sub.key });
	char *newer = list_pem((struct list_order){ .issuer = &world->root, .number = 9 });
	char *older = list_pem((struct list_order){ .issuer = &world->root, .number = 8 });

	refused(world, "IllegalParam.Crl", "UploadCRL", "{s:s, s:s}", "Identifier", id, "Crl", foreign);
	assert_non_null(strstr(world->err.message, "issued by \"sub\""));
	refused(world, "IllegalParam.Crl", "UploadCRL", "{s:s, s:s}", "Identifier", id, "Crl", forged);
	refused(world, "IllegalParam.Crl", "UploadCRL", "{s:s, s:s}", "Identifier", id, "Crl",
		world->root_pem);
	done(world, "UploadCRL", "{s:s, s:s}", "Identifier", id, "Crl", newer);
	refused(world, "OperationDenied.OlderCrl", "UploadCRL", "{s:s, s:s}", "Identifier", id, "Crl",
		older);
	done(world, "UploadCRL", "{s:s, s:s, s:b}", "Identifier", id, "Crl", older, "Force", 1);
	done(world, "ListCRL", "{s:s}", "Identifier", id);
	assert_int_equal(rows(world, "Crls"), 1);
	assert_string_equal(row_text(world, "Crls", 0, "Number"), "08");
	free(foreign);
	free(forged);
	free(newer);
	free(older);
	free(id);
}

static void a_ca_in_use_stays(void **state)
{
	struct world *world = *state;
	char *id = upload_root(world);

	use(world, id);
	refused(world, "ResourceInUse.Certificate", "DeletePCACert", "{s:s}", "Identifier", id);
	refused(world, "IllegalParam.Cert", "UploadCACertificate", "{s:s, s:s}", "Name", "leaf", "Cert",
		world->leaf_pem);
	refused(world, "DuplicatedParam.Name", "UploadPCACert", "{s:s, s:s}", "Name", "partner", "Cert",
		world->root_pem);
	done(world, "UpdateCACertificate", "{s:s, s:s}", "Identifier", id, "ChainProfile",
	     "Compatible");
	done(world, "GetCACertificate", "{s:s}", "Identifier", id);
	assert_string_equal(text(world, "ChainProfile"), "Compatible");
	free(id);
}

static void lists_of_a_ca_that_left_go_with_it(void **state)
{
	struct world *world = *state;
	struct made stranger = make_root("CN=stranger");
	char *id = upload_root(world);
	char *list = list_pem((struct list_order){ .issuer = &world->root, .number = 9 });
	char *other = pem_of(stranger.der, (struct bytes){ NULL, 0 });

	done(world, "UploadCRL", "{s:s, s:s}", "Identifier", id, "Crl", list);
	done(world, "UpdateCACertificate", "{s:s, s:s}", "Identifier", id, "Cert", other);
	assert_int_equal(rows(world, "Warnings"), 1);
	done(world, "ListCRL", "{s:s}", "Identifier", id);
	assert_int_equal(rows(world, "Crls"), 0);
	free(list);
	free(other);
	free(id);
}

static void a_strict_ca_wants_numbered_lists(void **state)
{
	struct world *world = *state;
	char *id = upload_root(world);
	char *list = list_pem((struct list_order){ .issuer = &world->root, .version = 1 });

	refused(world, "IllegalParam.Crl", "UploadCRL", "{s:s, s:s}", "Identifier", id, "Crl", list);
	done(world, "UpdateCACertificate", "{s:s, s:s}", "Identifier", id, "ChainProfile",
	     "Compatible");
	done(world, "UploadCRL", "{s:s, s:s}", "Identifier", id, "Crl", list);
	free(list);
	free(id);
}

/* --- as files --- */

static char *issue_identifier(struct world *world, bool exportable)
{
	done(world, "UploadUserCertificate", "{s:s, s:s, s:s, s:b}", "Name", "x", "Cert",
	     world->chain_pem, "Key", world->key_pem, "Exportable", exportable);
	return memory_copy_string(text(world, "CertIdentifier"));
}

static void an_export_gives_files_and_is_audited(void **state)
{
	struct world *world = *state;
	char *id = issue_identifier(world, true);

	done(world, "ExportPrivateCertificate", "{s:s, s:s}", "Identifier", id, "Format", "CRT");
	assert_int_equal(rows(world, "Files"), 3);
	assert_true(last_audit_is(world, "ExportPrivateCertificate"));
	done(world, "ExportPrivateCertificate", "{s:s, s:s, s:b}", "Identifier", id, "Format", "crt",
	     "Zip", 1);
	assert_int_equal(rows(world, "Files"), 1);
	assert_string_equal(text(world, "ContentType"), "application/zip");
	refused(world, "MissingParam.Password", "ExportPrivateCertificate", "{s:s, s:s}", "Identifier",
		id, "Format", "PFX");
	refused(world, "IllegalParam.Password", "ExportPrivateCertificate", "{s:s, s:s, s:s}",
		"Identifier", id, "Format", "JKS", "Password", "short");
	done(world, "ExportPrivateCertificate", "{s:s, s:s, s:s, s:s}", "Identifier", id, "Format",
	     "PFX", "Password", "secret-1", "PfxProfile", "compatible");
	assert_int_equal(rows(world, "Files"), 1);
	done(world, "ExportPrivateCertificate", "{s:s, s:s, s:b}", "Identifier", id, "Format", "PEM",
	     "WithoutKey", 1);
	assert_int_equal(rows(world, "Files"), 1);
	free(id);
}

static void a_key_can_be_locked_in_and_stays_so(void **state)
{
	struct world *world = *state;
	char *id = issue_identifier(world, true);
	json_int_t cert_id = strtoll(id, NULL, 10);

	done(world, "UpdateUserCertificate", "{s:I, s:b, s:s}", "CertId", cert_id, "Exportable", 0,
	     "Name", "locked");
	done(world, "GetUserCertificateDetail", "{s:I}", "CertId", cert_id);
	assert_string_equal(text(world, "Name"), "locked");
	refused(world, "OperationDenied.KeyNotExportable", "ExportPrivateCertificate", "{s:s, s:s}",
		"Identifier", id, "Format", "PEM");
	done(world, "UpdateUserCertificate", "{s:I, s:s}", "CertId", cert_id, "Cert",
	     world->renewed_pem);
	refused(world, "OperationDenied.KeyNotExportable", "ExportPrivateCertificate", "{s:s, s:s}",
		"Identifier", id, "Format", "PEM");
	free(id);
}

static void a_key_that_is_not_exportable_never_leaves(void **state)
{
	static const char *const formats[] = { "CRT", "PEM", "PFX", "JKS", "PKCS8", "MOBILECONFIG" };
	struct world *world = *state;
	char *id = issue_identifier(world, false);
	json_int_t cert_id = strtoll(id, NULL, 10);
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		refused(world, "OperationDenied.KeyNotExportable", "ExportPrivateCertificate",
			"{s:s, s:s, s:s}", "Identifier", id, "Format", formats[i], "Password",
			"long-enough-1");
	set(world, "AllowKeyRead", "true");
	done(world, "GetUserCertificateDetail", "{s:I}", "CertId", cert_id);
	assert_string_equal(text(world, "Key"), "");
	refused(world, "OperationDenied.KeyNotExportable", "UpdateUserCertificate", "{s:I, s:b}",
		"CertId", cert_id, "Exportable", 1);
	done(world, "ExportPrivateCertificate", "{s:s, s:s, s:b}", "Identifier", id, "Format", "PEM",
	     "WithoutKey", 1);
	free(id);
}

static void an_issuer_exports_only_what_its_ca_made(void **state)
{
	struct world *world = *state;
	char *id = issue_identifier(world, true);

	world->role = CALLER_ISSUER;
	snprintf(world->ca, sizeof(world->ca), "some-ca");
	refused(world, "Forbidden.NoPermission", "ExportPrivateCertificate", "{s:s, s:s}", "Identifier",
		id, "Format", "PEM");
	free(id);
}

static void a_third_partys_ca_becomes_a_trust_store(void **state)
{
	struct world *world = *state;
	char *id = upload_root(world);

	done(world, "ExportPrivateCertificate", "{s:s, s:s, s:s}", "Identifier", id, "Format", "JKS",
	     "Password", "long-enough-1");
	assert_int_equal(rows(world, "Files"), 1);
	free(id);
}

/* --- ParseCertificate --- */

static void what_is_in_a_file_is_told_without_the_key(void **state)
{
	struct world *world = *state;
	char *all;

	upload(world, "web");
	done(world, "ParseCertificate", "{s:s, s:s}", "Content", world->chain_pem, "Key",
	     world->key_pem);
	assert_int_equal(rows(world, "Certificates"), 3);
	assert_string_equal(row_text(world, "Certificates", 0, "CommonName"), "www.example.com");
	assert_true(strstr(row_text(world, "Certificates", 0, "StoredAs"), "-cn-hangzhou") != NULL);
	assert_string_equal(row_text(world, "Certificates", 1, "StoredAs"), "");
	assert_int_equal(rows(world, "Keys"), 1);
	assert_int_equal(json_integer_value(json_object_get(row(world, "Keys", 0), "Certificate")), 1);
	assert_true(json_is_true(json_object_get(world->reply, "Usable")));
	assert_int_equal(number(world, "Leaf"), 1);
	assert_int_equal(rows(world, "Chain"), 3);
	all = json_dumps(world->reply, 0);
	assert_null(strstr(all, "PRIVATE"));
	free(all);
	done(world, "ParseCertificate", "{s:s, s:s}", "Content", world->leaf_pem, "Key",
	     world->other_key_pem);
	assert_true(json_is_false(json_object_get(world->reply, "Usable")));
	assert_non_null(strstr(text(world, "Why"), "belongs to another certificate"));
	assert_int_equal(json_integer_value(json_object_get(row(world, "Keys", 0), "Certificate")), 0);
}

static void what_is_encrypted_asks_for_its_password(void **state)
{
	struct world *world = *state;
	struct buffer pkcs8 = { 0 }, der = { 0 }, pem = { 0 };
	char *encrypted;

	assert_int_equal(key_to_pkcs8(world->leaf.key, &pkcs8, NULL), 0);
	assert_int_equal(pkcs8_encrypt(buffer_bytes(&pkcs8), "secret-1", &der, NULL), 0);
	pem_write(&pem, "ENCRYPTED PRIVATE KEY", buffer_bytes(&der));
	encrypted = text_of(&pem);
	done(world, "ParseCertificate", "{s:s, s:s}", "Content", world->leaf_pem, "Key", encrypted);
	assert_true(json_is_true(json_object_get(world->reply, "PasswordNeeded")));
	assert_int_equal(rows(world, "Keys"), 0);
	done(world, "ParseCertificate", "{s:s, s:s, s:s}", "Content", world->leaf_pem, "Key", encrypted,
	     "Password", "secret-1");
	assert_true(json_is_true(json_object_get(world->reply, "Usable")));
	refused(world, "IllegalParam.Password", "ParseCertificate", "{s:s, s:s, s:s}", "Content",
		world->leaf_pem, "Key", encrypted, "Password", "secret-2");
	free(encrypted);
	buffer_done(&pkcs8);
	buffer_done(&der);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_uploaded_certificate_is_shown_with_all_its_facts),
		TEST(a_key_is_answered_only_when_it_may),
		TEST(a_name_is_given_once),
		TEST(wrong_uploads_change_nothing),
		TEST(pkcs12_as_base64_is_uploaded_too),
		TEST(what_is_used_is_not_deleted),
		TEST(lists_are_paged_and_filtered),
		TEST(a_certificate_is_replaced_in_place),
		TEST(a_request_is_made_and_kept_with_its_key),
		TEST(wrong_requests_are_refused),
		TEST(a_request_from_elsewhere_gets_its_key_later),
		TEST(a_third_partys_ca_is_kept_with_its_lists),
		TEST(lists_are_checked_when_they_come),
		TEST(a_ca_in_use_stays),
		TEST(lists_of_a_ca_that_left_go_with_it),
		TEST(a_strict_ca_wants_numbered_lists),
		TEST(an_export_gives_files_and_is_audited),
		TEST(a_key_that_is_not_exportable_never_leaves),
		TEST(a_key_can_be_locked_in_and_stays_so),
		TEST(an_issuer_exports_only_what_its_ca_made),
		TEST(a_third_partys_ca_becomes_a_trust_store),
		TEST(what_is_in_a_file_is_told_without_the_key),
		TEST(what_is_encrypted_asks_for_its_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
