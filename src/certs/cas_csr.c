/* CreateCsr, UploadCsr, GetCsrDetail, ListCsr, UpdateCsr, DeleteCsr */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include "certs/cas.h"
#include "certs/facts.h"
#include "pki/csr.h"
#include "pki/key.h"
#include "pki/pem_write.h"
#include "store/resource.h"
#include "base/sha256.h"

#define ROLE STORE_CSR
#define KIND "csr"

/* What prepare has made or read. */
struct request_work {
	struct csr csr;
	struct buffer pkcs8; /* empty: no key */
};

static void free_work(void *work)
{
	struct request_work *request = work;

	if (request == NULL)
		return;
	csr_done(&request->csr);
	buffer_done(&request->pkcs8);
	free(request);
}

static struct request_work *new_work(struct call *call)
{
	call->work = memory_new(sizeof(struct request_work));
	call->work_free = free_work;
	return call->work;
}

/* --- CreateCsr: the key is made in a job thread --- */

static EVP_PKEY *make_rsa(int bits, struct error *err)
{
	RSA *rsa = RSA_new();
	BIGNUM *exponent = BN_new();
	EVP_PKEY *key = EVP_PKEY_new();
	bool good = rsa != NULL && exponent != NULL && key != NULL &&
		    BN_set_word(exponent, RSA_F4) && RSA_generate_key_ex(rsa, bits, exponent, NULL) &&
		    EVP_PKEY_set1_RSA(key, rsa);

	BN_free(exponent);
	RSA_free(rsa);
	if (good)
		return key;
	EVP_PKEY_free(key);
	ERR_clear_error();
	error_set(err, ERROR_SYSTEM, "could not make an RSA key");
	return NULL;
}

static EVP_PKEY *make_key(struct call *call, struct error *err)
{
	bool is_rsa = strcasecmp(call_text(call, "Algorithm"), "RSA") == 0;
	int64_t size = call_integer(call, "KeySize", 0);

	if (is_rsa && (size == 2048 || size == 3072 || size == 4096))
		return make_rsa((int)size, err);
	if (!is_rsa && (size == 256 || size == 384))
		return key_generate(size == 256 ? KEY_ALGORITHM_ECC_256 : KEY_ALGORITHM_ECC_384, err);
	call_refuse(err, ERROR_INVALID, "IllegalParam.KeySize", "KeySize",
		    "KeySize %lld does not go with Algorithm %s: %s", (long long)size,
		    call_text(call, "Algorithm"), is_rsa ? "2048, 3072 or 4096" : "256 or 384");
	return NULL;
}

static int write_subject(struct call *call, struct buffer *ret_subject, struct error *err)
{
	struct subject_names names = {
		.country = call_text(call, "CountryCode"), .state = call_text(call, "Province"),
		.locality = call_text(call, "Locality"), .organization = call_text(call, "CorpName"),
		.organization_unit = call_text(call, "Department"),
		.common_name = call_text(call, "CommonName"),
	};

	/* The subject has no room for longer names; the alternative names hold it. */
	if (strlen(names.common_name) > 64)
		names.common_name = NULL;
	return subject_write(&names, ret_subject, err);
}

static int read_names(struct call *call, struct san_list *names, struct error *err)
{
	const char *common_name = call_text(call, "CommonName"), *sans = call_text(call, "Sans");
	enum san_type type = san_type_of(common_name);
	struct error ignored;

	/* A common name that is none of a host is no alternative name. */
	if ((type == SAN_DNS || type == SAN_IP) &&
	    san_list_add(names, type, common_name, true, &ignored) < 0 && sans == NULL)
		return 0;
	if (sans == NULL || san_list_add_all(names, -1, sans, true, err) == 0)
		return 0;
	error_symbol(err, "IllegalParam.Sans");
	return error_place(err, "Sans");
}

static int make_request(struct call *call, EVP_PKEY *key, struct request_work *work,
			struct error *err)
{
	struct san_list names = { 0 };
	struct buffer subject = { 0 }, der = { 0 };
	int status = -1;

	if (read_names(call, &names, err) == 0 && write_subject(call, &subject, err) == 0 &&
	    csr_make(key, buffer_bytes(&subject), &names, &der, err) == 0 &&
	    csr_parse(buffer_bytes(&der), &work->csr, err) == 0)
		status = key_to_pkcs8(key, &work->pkcs8, err);
	buffer_done(&der);
	buffer_done(&subject);
	san_list_done(&names);
	return status;
}

int cas_create_csr_prepare(struct call *call, struct error *err)
{
	EVP_PKEY *key = make_key(call, err);
	int status = key == NULL ? -1 : make_request(call, key, new_work(call), err);

	EVP_PKEY_free(key);
	return status;
}

/* --- what is kept --- */

static void hash_key(const struct csr *csr, uint8_t ret_hash[32])
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_update(&hash, csr->public_key.data, csr->public_key.len);
	sha256_final(&hash, ret_hash);
}

static json_t *text_or_empty(const char *text)
{
	return json_string(text == NULL ? "" : text);
}

static void fill(struct store_certificate *row, const struct csr *csr)
{
	row->common_name = facts_common_name(csr->subject);
	row->sans = facts_names_of(csr->names);
	hash_key(csr, row->subject_key);
	buffer_append(&row->der, csr->der.data, csr->der.len);
	row->body = json_object();
	json_object_set_new(row->body, "Algorithm", json_string(key_family(csr->key)));
	json_object_set_new(row->body, "KeySize", json_integer(key_bits(csr->key)));
	json_object_set_new(row->body, "CountryCode", text_or_empty(csr->texts.country));
	json_object_set_new(row->body, "Province", text_or_empty(csr->texts.state));
	json_object_set_new(row->body, "Locality", text_or_empty(csr->texts.locality));
	json_object_set_new(row->body, "CorpName", text_or_empty(csr->texts.organization));
	json_object_set_new(row->body, "Department", text_or_empty(csr->texts.organization_unit));
}

static json_t *pem_of(const struct store_certificate *row)
{
	struct buffer pem = { 0 };
	json_t *text;

	pem_write(&pem, "CERTIFICATE REQUEST", buffer_bytes(&row->der));
	text = json_stringn((const char *)pem.data, pem.len);
	buffer_done(&pem);
	return text;
}

static json_t *summary(const struct store_certificate *row)
{
	return json_pack("{s:s?, s:s?, s:s?}", "Name", row->name, "CommonName", row->common_name,
			 "Sans", row->sans);
}

static int put(struct call *call, struct store_certificate *row, struct bytes pkcs8,
	       struct error *err)
{
	json_t *after = summary(row);
	int status = call_change(call, KIND, row->id, "Create", false, NULL, after, &row->revision,
				 err);

	json_decref(after);
	if (status == 0)
		status = store_certificate_put(call->store, row, err);
	if (status == 0 && pkcs8.len > 0)
		status = store_key_put(call->store, row->id, true, pkcs8, err);
	return status;
}

static int store_request(struct call *call, struct error *err)
{
	struct request_work *work = call->work;
	struct store_certificate row = { .role = ROLE, .created_s = call->now };
	const char *name = call_text(call, "Name");
	char id[32];
	int status = store_certificate_number(call->store, &row.number, err);

	if (status < 0)
		return -1;
	snprintf(id, sizeof(id), "csr-%lld", (long long)row.number);
	row.id = memory_copy_string(id);
	fill(&row, &work->csr);
	if (row.common_name[0] == '\0' && call_has(call, "CommonName")) {
		free(row.common_name);
		row.common_name = memory_copy_string(call_text(call, "CommonName"));
	}
	row.name = memory_copy_string(name == NULL ? row.common_name : name);
	status = put(call, &row, buffer_bytes(&work->pkcs8), err);
	json_object_set_new(call->reply, "CsrId", json_integer(row.number));
	if (strcmp(call->action->name, "CreateCsr") == 0)
		json_object_set_new(call->reply, "Csr", pem_of(&row));
	store_certificate_done(&row);
	return status;
}

int cas_create_csr_run(struct call *call, struct error *err)
{
	return store_request(call, err);
}

/* --- UploadCsr, UpdateCsr: the key must be the request's --- */

/* The one private key of the parameter Key. */
static int read_key(struct call *call, struct buffer *ret_pkcs8, struct error *err)
{
	struct import import = { 0 };
	int status = cas_add(call, &import, "Key", err);

	if (status == 0 && import.key_count != 1)
		status = call_refuse(err, ERROR_INVALID, "IllegalParam.Key", "Key",
				     "there must be exactly one private key in Key, not %zu",
				     import.key_count);
	if (status == 0)
		buffer_append(ret_pkcs8, import.keys[0].data, import.keys[0].len);
	import_done(&import);
	return status;
}

static int check_key(struct bytes pkcs8, const struct csr *csr, struct error *err)
{
	EVP_PKEY *key = key_from_pkcs8(pkcs8, err);
	bool belongs = key != NULL && EVP_PKEY_cmp(key, csr->key) == 1;

	EVP_PKEY_free(key);
	ERR_clear_error();
	return belongs ? 0 :
	       call_refuse(err, ERROR_INVALID, "Mismatch.CertificateKey", "Key",
			   "the private key does not belong to the certificate request");
}

static int parse_request(struct bytes content, struct csr *ret_csr, struct error *err)
{
	if (csr_parse(content, ret_csr, err) == 0)
		return 0;
	if (err->symbol[0] == '\0')
		error_symbol(err, "IllegalParam.Csr");
	return error_place(err, "Csr");
}

int cas_upload_csr_prepare(struct call *call, struct error *err)
{
	const char *text = call_text(call, "Csr");
	struct request_work *work = new_work(call);
	struct import import = { .tolerant = true };
	int status = import_add(&import, (struct bytes){ (const uint8_t *)text, strlen(text) }, "Csr",
				NULL, err);

	if (status == 0 && import.request_count != 1)
		status = call_refuse(err, ERROR_INVALID, "IllegalParam.Csr", "Csr",
				     "there must be exactly one certificate request in Csr, not %zu",
				     import.request_count);
	if (status == 0)
		status = parse_request(buffer_bytes(&import.requests[0]), &work->csr, err);
	import_done(&import);
	if (status == 0 && call_has(call, "Key"))
		status = read_key(call, &work->pkcs8, err);
	if (status == 0 && work->pkcs8.len > 0)
		status = check_key(buffer_bytes(&work->pkcs8), &work->csr, err);
	return status;
}

int cas_upload_csr_run(struct call *call, struct error *err)
{
	return store_request(call, err);
}

int cas_update_csr_prepare(struct call *call, struct error *err)
{
	return read_key(call, &new_work(call)->pkcs8, err);
}

static int update_row(struct call *call, struct store_certificate *row, struct error *err)
{
	struct request_work *work = call->work;
	json_t *after;
	int status;

	if (parse_request(buffer_bytes(&row->der), &work->csr, err) < 0 ||
	    check_key(buffer_bytes(&work->pkcs8), &work->csr, err) < 0)
		return -1;
	after = summary(row);
	status = call_change(call, KIND, row->id, "Update", false, NULL, after, &row->revision, err);
	json_decref(after);
	if (status == 0)
		status = store_certificate_put(call->store, row, err);
	return status < 0 ? -1 :
	       store_key_put(call->store, row->id, true, buffer_bytes(&work->pkcs8), err);
}

int cas_update_csr_run(struct call *call, struct error *err)
{
	struct store_certificate row = { 0 };
	int status;

	if (cas_get_number(call, "CsrId", ROLE, &row, err) < 0)
		return -1;
	status = call_check_revision(call, row.revision, err);
	if (status == 0)
		status = update_row(call, &row, err);
	store_certificate_done(&row);
	return status;
}

/* --- reading and deleting --- */

int cas_csr_detail_run(struct call *call, struct error *err)
{
	struct store_certificate row = { 0 };
	int status;

	if (cas_get_number(call, "CsrId", ROLE, &row, err) < 0)
		return -1;
	json_object_set_new(call->reply, "Csr", pem_of(&row));
	status = cas_set_key(call, &row, "PrivateKey", err);
	store_certificate_done(&row);
	return status;
}

struct csr_page {
	json_t *array;
	const char *algorithm;
	struct cas_page page;
	int total;
};

static bool add_row(void *arg, const struct store_certificate *row)
{
	struct csr_page *list = arg;
	const char *algorithm = json_string_value(json_object_get(row->body, "Algorithm"));
	json_t *item;

	if (list->algorithm != NULL &&
	    (algorithm == NULL || strcasecmp(algorithm, list->algorithm) != 0))
		return true;
	if (list->total++ < list->page.offset || list->total > list->page.offset + list->page.limit)
		return true;
	item = json_deep_copy(row->body);
	json_object_set_new(item, "CsrId", json_integer(row->number));
	json_object_set_new(item, "Name", json_string(row->name));
	json_object_set_new(item, "CommonName", json_string(row->common_name));
	json_object_set_new(item, "Sans", json_string(row->sans));
	json_object_set_new(item, "HasPrivateKey", json_boolean(row->has_key));
	facts_set(item, "KeySha2",
		  facts_hex((struct bytes){ row->subject_key, sizeof(row->subject_key) }));
	json_array_append_new(list->array, item);
	return true;
}

int cas_list_csr_run(struct call *call, struct error *err)
{
	struct store_certificate_filter filter = { .roles = ROLE, .revoked = -1, .newest_first = true,
						   .keyword = call_text(call, "KeyWord") };
	struct csr_page list = { .array = json_array(), .algorithm = call_text(call, "Algorithm"),
				 .page = cas_page(call, 50) };
	int status = store_certificate_each(call->store, &filter, add_row, &list, err);

	json_object_set_new(call->reply, "CsrList", list.array);
	json_object_set_new(call->reply, "TotalCount", json_integer(list.total));
	return status;
}

int cas_delete_csr_run(struct call *call, struct error *err)
{
	struct store_certificate row = { 0 };
	json_t *before;
	int64_t revision;
	int status;

	if (cas_get_number(call, "CsrId", ROLE, &row, err) < 0)
		return -1;
	before = summary(&row);
	status = call_change(call, KIND, row.id, "Delete", false, before, NULL, &revision, err);
	json_decref(before);
	if (status == 0)
		status = store_certificate_delete(call->store, row.id, err);
	store_certificate_done(&row);
	return status;
}
