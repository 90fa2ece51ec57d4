/* What our own CAs publish: lists, certificates and OCSP answers, with a store and without a network. */
#include "support_issue.h"

#undef NOW
#include "support_control.h"
#undef NOW
#define NOW INT64_C(1800000000)

#include <openssl/ocsp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <time.h>
#include "base/monotime.h"
#include "certs/http.h"
#include "certs/ocsp_cache.h"
#include "certs/publisher.h"
#include "certs/sign_budget.h"
#include "pki/crl_write.h"
#include "store/certificate.h"

static void set_clock(int64_t now)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)(now - (int64_t)time(NULL)));
	setenv("SALLYPORT_FAKE_TIME_OFFSET", text, 1);
	walltime_init();
}

/* --- one CA and its clients --- */

struct world {
	struct order order;
	struct authority *ca;
	struct buffer leaf;
	char key_id[AUTHORITY_KEY_ID_TEXT];
	int64_t clock;
};

static void hex_upper(struct bytes bytes, char *ret_text)
{
	size_t i;

	for (i = 0; i < bytes.len; i++)
		sprintf(ret_text + 2 * i, "%02X", bytes.data[i]);
}

static void put_row(unsigned int role, const char *id, const char *parent, struct bytes der,
		    const uint8_t *issuer_key)
{
	struct certificate *certificate = certificate_parse(der, NULL);
	struct store_certificate row = { .role = role, .exportable = false };
	char serial[64];

	hex_upper(certificate_serial(certificate), serial);
	row.id = memory_copy_string(id);
	row.parent = memory_copy_string(parent);
	row.name = memory_copy_string("");
	row.common_name = memory_copy_string("");
	row.sans = memory_copy_string("");
	row.serial = memory_copy_string(serial);
	row.body = json_object();
	memcpy(row.subject_key, certificate_key_hash(certificate), 32);
	memcpy(row.issuer_key, issuer_key == NULL ? row.subject_key : issuer_key, 32);
	SHA256(der.data, der.len, row.sha256);
	row.not_before = certificate_not_before(certificate);
	row.not_after = certificate_not_after(certificate);
	buffer_append(&row.der, der.data, der.len);
	must(store_begin(stage->store, e));
	must(store_certificate_put(stage->store, &row, e));
	must(store_commit(stage->store, e));
	store_certificate_done(&row);
	certificate_free(certificate);
}

static void put_key(const char *id, EVP_PKEY *key)
{
	struct buffer pkcs8 = { 0 };

	must(key_to_pkcs8(key, &pkcs8, e));
	must(store_begin(stage->store, e));
	must(store_key_put(stage->store, id, false, buffer_bytes(&pkcs8), e));
	must(store_commit(stage->store, e));
	buffer_done(&pkcs8);
}

static struct buffer issue_leaf(struct authority *ca, enum key_algorithm algorithm)
{
	struct issued issued = { .der = { 0 } };
	struct buffer der;
	struct order order;

	order_init(&order, ISSUE_CLIENT, KEY_ALGORITHM_ECC_256);
	if (algorithm == KEY_ALGORITHM_RSA_2048) { /* the one that support_issue.h keeps is the CA's */
		EVP_PKEY_free(order.key);
		order.key = key_generate(algorithm, NULL);
		must(key_to_spki(order.key, &order.spki, e));
		order.request.public_key = buffer_bytes(&order.spki);
	}
	must(authority_issue(ca, &order.request, &issued, e));
	order_done(&order);
	der = issued.der;
	issued.der = (struct buffer){ 0 };
	issued_done(&issued);
	return der;
}

static const uint8_t *key_of_ca(const struct world *world)
{
	return certificate_key_hash(authority_certificate(world->ca));
}

static void note_revision(const char *id)
{
	struct store_change change = { .kind = "certificate", .id = id, .act = "Create",
				       .action = "x", .product = "pca", .actor = "a", .from = "b",
				       .request_id = "c", .now = NOW };
	int64_t revision;

	must(store_begin(stage->store, e));
	must(store_change(stage->store, &change, &revision, e));
	must(store_commit(stage->store, e));
}

static void world_init(struct world *world, enum key_algorithm algorithm)
{
	*world = (struct world){ .clock = NOW };
	order_init(&world->order, ISSUE_ROOT_CA, algorithm);
	world->ca = root_made(&world->order);
	authority_key_id_text(world->ca, world->key_id);
	put_row(STORE_ROOT_CA, "ca", NULL, certificate_der(authority_certificate(world->ca)), NULL);
	put_key("ca", world->order.key);
	world->leaf = issue_leaf(world->ca, algorithm);
	put_row(STORE_CLIENT, "leaf", "ca", buffer_bytes(&world->leaf), key_of_ca(world));
	note_revision("ca");
	set_clock(NOW);
	own = own_revocations_load(stage->store, NULL);
	assert_non_null(own);
}

static void world_done(struct world *world)
{
	certs_close();
	own_revocations_free(own);
	buffer_done(&world->leaf);
	authority_free(world->ca);
	order_done(&world->order);
}

/* So many seconds, a tick in each. */
static void pass(struct world *world, int64_t seconds)
{
	while (seconds-- > 0) {
		set_clock(++world->clock);
		certs_tick(NULL);
	}
}

static void withdraw(struct world *world, struct bytes der, int reason)
{
	struct certificate *certificate = certificate_parse(der, NULL);
	struct bytes serial = certificate_serial(certificate);
	struct store_revocation revocation = { .time_s = world->clock, .reason = reason,
					       .serial_len = serial.len };

	memcpy(revocation.issuer_key, key_of_ca(world), 32);
	memcpy(revocation.serial, serial.data, serial.len);
	must(store_begin(stage->store, e));
	must(store_revoke(stage->store, &revocation, e));
	own_revocations_add(own, &revocation);
	must(store_commit(stage->store, e));
	own_revocations_settle(own, stage->store, world->clock);
	certificate_free(certificate);
}

/* --- asking --- */

static struct certs_http_reply get(const char *method, const char *path, struct bytes body)
{
	struct certs_http_reply reply;

	assert_int_equal(certs_http(NULL, method, path, body, "192.0.2.1", &reply), 0);
	return reply;
}

static unsigned int status_of(const char *method, const char *path)
{
	struct certs_http_reply reply = get(method, path, (struct bytes){ NULL, 0 });

	buffer_done(&reply.body);
	if (reply.body_fd >= 0)
		close(reply.body_fd);
	return reply.status;
}

static X509_CRL *get_list(const struct world *world, struct certs_http_reply *ret_reply)
{
	char path[200];
	uint8_t *content;
	const uint8_t *at;
	X509_CRL *crl;

	snprintf(path, sizeof(path), "/pki/%s.crl", world->key_id);
	*ret_reply = get("GET", path, (struct bytes){ NULL, 0 });
	assert_int_equal(ret_reply->status, 200);
	assert_true(ret_reply->body_fd >= 0);
	content = malloc(ret_reply->body_size);
	assert_int_equal(pread(ret_reply->body_fd, content, ret_reply->body_size, 0),
			 ret_reply->body_size);
	close(ret_reply->body_fd);
	at = content;
	crl = d2i_X509_CRL(NULL, &at, (long)ret_reply->body_size);
	assert_non_null(crl);
	free(content);
	assert_int_equal(X509_CRL_verify(crl, world->order.key), 1);
	return crl;
}

static uint64_t number_of(const X509_CRL *crl)
{
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	uint64_t value = 0;

	assert_int_equal(ASN1_INTEGER_get_uint64(&value, number), 1);
	ASN1_INTEGER_free(number);
	return value;
}

static int entries_of(X509_CRL *crl)
{
	return X509_CRL_get_REVOKED(crl) == NULL ? 0 :
	       (int)sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));
}

static X509 *x509_of(struct bytes der)
{
	const uint8_t *at = der.data;

	return d2i_X509(NULL, &at, (long)der.len);
}

/* One OCSP question; the nonce may be NULL. */
static struct certs_http_reply ask(struct bytes issuer, struct bytes leaf, const EVP_MD *hash,
				   bool with_nonce, OCSP_REQUEST **ret_request)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	X509 *by = x509_of(issuer), *about = x509_of(leaf);
	struct certs_http_reply reply;
	uint8_t *der = NULL;
	int len;

	OCSP_request_add0_id(request, OCSP_cert_to_id(hash, about, by));
	if (with_nonce)
		OCSP_request_add1_nonce(request, NULL, 32);
	len = i2d_OCSP_REQUEST(request, &der);
	reply = get("POST", "/ocsp", (struct bytes){ der, (size_t)len });
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.content_type, "application/ocsp-response");
	OPENSSL_free(der);
	X509_free(by);
	X509_free(about);
	*ret_request = request;
	return reply;
}

/* The certificate's state, after every check that a client makes; -1: refused. */
static int state_in(const struct world *world, const struct certs_http_reply *reply,
		    OCSP_REQUEST *request, bool with_nonce)
{
	const uint8_t *at = reply->body.data;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)reply->body.len);
	OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0));
	ASN1_GENERALIZEDTIME *when, *this_update, *next_update;
	STACK_OF(X509) *known = sk_X509_new_null();
	X509_STORE *trust = X509_STORE_new();
	OCSP_BASICRESP *basic;
	int state = -1, reason;

	assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	basic = OCSP_response_get1_basic(response);
	sk_X509_push(known, x509_of(certificate_der(authority_certificate(world->ca))));
	assert_int_equal(OCSP_check_nonce(request, basic), with_nonce ? 1 : 2);
	assert_int_equal(OCSP_basic_verify(basic, known, trust, OCSP_NOVERIFY), 1);
	assert_int_equal(OCSP_resp_find_status(basic, id, &state, &reason, &when, &this_update,
					       &next_update), 1);
	sk_X509_pop_free(known, X509_free);
	X509_STORE_free(trust);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	return state;
}

static int state_of(const struct world *world, struct bytes leaf, bool with_nonce)
{
	OCSP_REQUEST *request;
	struct certs_http_reply reply = ask(certificate_der(authority_certificate(world->ca)), leaf,
					    EVP_sha1(), with_nonce, &request);
	int state = state_in(world, &reply, request, with_nonce);

	assert_true(with_nonce || state == V_OCSP_CERTSTATUS_UNKNOWN ? reply.max_age_s == 0 :
		    reply.max_age_s > 0 && reply.max_age_s <= 3600);
	buffer_done(&reply.body);
	OCSP_REQUEST_free(request);
	return state;
}

static bool is_refusal(struct certs_http_reply *reply, uint8_t code)
{
	const uint8_t wanted[] = { 0x30, 3, 0x0a, 1, code };
	bool is = reply->body.len == 5 && memcmp(reply->body.data, wanted, 5) == 0 &&
		  reply->max_age_s == 0;

	buffer_done(&reply->body);
	return is;
}

/* --- lists --- */

static void a_ca_has_a_list_within_two_seconds_of_its_making(void **state)
{
	struct certs_http_reply reply;
	struct store_crl stored = { 0 };
	struct world world;
	char path[400];
	X509_CRL *crl;

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	snprintf(path, sizeof(path), "/pki/%s.crl", world.key_id);
	assert_int_equal(status_of("GET", path), 404);
	pass(&world, 2);
	crl = get_list(&world, &reply);
	assert_int_equal(entries_of(crl), 0);
	assert_string_equal(reply.content_type, "application/pkix-crl");
	assert_int_equal(strlen(reply.etag), 66);
	assert_int_equal(reply.max_age_s, 3600);
	assert_int_equal(reply.expires_s - reply.last_modified_s, 7 * DAY);
	assert_int_equal(store_crl_get(stage->store, key_of_ca(&world), &stored, NULL), 1);
	assert_int_equal(stored.number, number_of(crl));
	assert_int_equal(stored.der.len, reply.body_size);
	snprintf(path, sizeof(path), "%s/publish/%s.crl", stage->data, world.key_id);
	assert_int_equal(access(path, R_OK), 0);
	buffer_done(&stored.der);
	X509_CRL_free(crl);
	world_done(&world);
}

static void a_revocation_makes_a_new_list_with_a_greater_number(void **state)
{
	struct certs_http_reply before, after;
	X509_CRL *first, *second;
	struct world world;

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	pass(&world, 2);
	first = get_list(&world, &before);
	withdraw(&world, buffer_bytes(&world.leaf), REVOKED_KEY_COMPROMISE);
	pass(&world, 3);
	second = get_list(&world, &after);
	assert_int_equal(entries_of(second), 1);
	assert_true(number_of(second) > number_of(first));
	assert_string_not_equal(before.etag, after.etag);
	X509_CRL_free(first);
	X509_CRL_free(second);
	world_done(&world);
}

static void withdraw_number(struct world *world, uint8_t number)
{
	struct store_revocation revocation = { .time_s = world->clock, .serial = { 1, number },
					       .serial_len = 2 };

	memcpy(revocation.issuer_key, key_of_ca(world), 32);
	must(store_revoke(stage->store, &revocation, e));
	own_revocations_add(own, &revocation);
	own_revocations_settle(own, stage->store, world->clock);
}

static void revoking_without_a_pause_makes_lists_all_the_same(void **state)
{
	struct certs_http_reply reply;
	struct world world;
	uint8_t number;
	X509_CRL *crl;

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	pass(&world, 2);
	for (number = 1; number <= 20; number++) {
		withdraw_number(&world, number);
		pass(&world, 1);
	}
	crl = get_list(&world, &reply);
	assert_in_range(entries_of(crl), 10, 20);
	X509_CRL_free(crl);
	pass(&world, 3);
	crl = get_list(&world, &reply);
	assert_int_equal(entries_of(crl), 20);
	X509_CRL_free(crl);
	world_done(&world);
}

static void a_list_is_numbered_above_what_the_ca_gave_out_elsewhere(void **state)
{
	struct certs_http_reply reply;
	struct world world;
	X509_CRL *crl;

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	pass(&world, 2);
	certs_follow_number(key_of_ca(&world), 2026112401);
	certs_follow_number(key_of_ca(&world), 5);
	withdraw_number(&world, 1);
	pass(&world, 3);
	crl = get_list(&world, &reply);
	assert_int_equal(number_of(crl), 2026112402);
	X509_CRL_free(crl);
	world_done(&world);
}

static void nothing_new_makes_no_new_list_before_half_of_its_life(void **state)
{
	struct certs_http_reply reply;
	X509_CRL *first, *second, *third;
	struct world world;

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	pass(&world, 2);
	first = get_list(&world, &reply);
	pass(&world, 5);
	world.clock += 3 * DAY;
	pass(&world, 2);
	second = get_list(&world, &reply);
	assert_int_equal(number_of(second), number_of(first));
	world.clock += DAY / 2 - 3600;
	pass(&world, 3);
	third = get_list(&world, &reply);
	assert_true(number_of(third) > number_of(first));
	X509_CRL_free(first);
	X509_CRL_free(second);
	X509_CRL_free(third);
	world_done(&world);
}

static void a_start_serves_the_last_list_and_makes_a_new_one(void **state)
{
	struct certs_http_reply reply;
	X509_CRL *first, *second, *third;
	struct world world;

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	pass(&world, 2);
	first = get_list(&world, &reply);
	certs_close();
	world.clock -= 1000; /* a clock that was set back */
	set_clock(world.clock);
	second = get_list(&world, &reply);
	assert_int_equal(number_of(second), number_of(first));
	pass(&world, 2);
	third = get_list(&world, &reply);
	assert_int_equal(number_of(third), number_of(first) + 1);
	X509_CRL_free(first);
	X509_CRL_free(second);
	X509_CRL_free(third);
	world_done(&world);
}

static void nothing_is_said_for_a_ca_whose_key_is_elsewhere(void **state)
{
	struct certs_http_reply reply;
	OCSP_REQUEST *request;
	struct world world;
	struct bytes der;
	char path[200];

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	der = certificate_der(authority_certificate(world.ca));
	must(store_begin(stage->store, e));
	must(store_certificate_delete(stage->store, "ca", e));
	must(store_commit(stage->store, e));
	put_row(STORE_ROOT_CA, "ca", NULL, der, NULL);
	last_log[0] = '\0';
	pass(&world, 3);
	snprintf(path, sizeof(path), "/pki/%s.crl", world.key_id);
	assert_int_equal(status_of("GET", path), 404);
	snprintf(path, sizeof(path), "/pki/%s.cer", world.key_id);
	assert_int_equal(status_of("GET", path), 200);
	reply = ask(der, buffer_bytes(&world.leaf), EVP_sha1(), true, &request);
	assert_true(is_refusal(&reply, 6));
	assert_string_equal(last_log, "");
	OCSP_REQUEST_free(request);
	world_done(&world);
}

static void of_two_certificates_of_a_ca_the_later_with_its_key_counts(void **state)
{
	struct issued renewed = { .der = { 0 } };
	struct certs_http_reply reply;
	struct world world;
	char path[200];

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	snprintf(path, sizeof(path), "/pki/%s.cer", world.key_id);
	world.order.request.validity.not_before += 60;
	must(authority_issue_root(world.order.key, &world.order.request, &renewed, e));
	put_row(STORE_ROOT_CA, "renewed", NULL, buffer_bytes(&renewed.der), NULL);
	reply = get("GET", path, (struct bytes){ NULL, 0 });
	assert_false(bytes_equal(buffer_bytes(&reply.body), buffer_bytes(&renewed.der)));
	buffer_done(&reply.body);
	put_key("renewed", world.order.key);
	note_revision("renewed");
	reply = get("GET", path, (struct bytes){ NULL, 0 });
	assert_true(bytes_equal(buffer_bytes(&reply.body), buffer_bytes(&renewed.der)));
	buffer_done(&reply.body);
	pass(&world, 3);
	assert_int_equal(state_of(&world, buffer_bytes(&world.leaf), true), V_OCSP_CERTSTATUS_GOOD);
	issued_done(&renewed);
	world_done(&world);
}

/* --- certificates and wrong paths --- */

static void the_certificate_of_a_ca_is_fetched_by_its_key_id(void **state)
{
	struct certs_http_reply reply;
	struct world world;
	struct bytes der;
	char path[200];
	size_t i;

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	der = certificate_der(authority_certificate(world.ca));
	snprintf(path, sizeof(path), "/pki/%s.cer", world.key_id);
	for (i = 5; path[i] != '.'; i++)
		path[i] = (char)(path[i] >= 'a' && path[i] <= 'f' ? path[i] - 32 : path[i]);
	reply = get("GET", path, (struct bytes){ NULL, 0 });
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.content_type, "application/pkix-cert");
	assert_int_equal(reply.body.len, der.len);
	assert_memory_equal(reply.body.data, der.data, der.len);
	buffer_done(&reply.body);
	world_done(&world);
}

static void what_is_not_there_is_not_found(void **state)
{
	static const char *const paths[] = { "/pki/", "/pki/.crl", "/pki/00.crl", "/pki/../sallyport.db",
					     "/pki/%n.cer", "/pki/x", "/pkix", "/" };
	struct world world;
	char path[2000] = "/pki/";
	size_t i;

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	pass(&world, 2);
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(status_of("GET", paths[i]), 404);
	memset(path + 5, 'a', sizeof(path) - 6);
	memcpy(path + sizeof(path) - 5, ".crl", 5);
	assert_int_equal(status_of("GET", path), 404);
	snprintf(path, sizeof(path), "/pki/%s.exe", world.key_id);
	assert_int_equal(status_of("GET", path), 404);
	snprintf(path, sizeof(path), "/pki/%s.crl", world.key_id);
	assert_int_equal(status_of("POST", path), 405);
	assert_int_equal(status_of("PUT", "/ocsp"), 405);
	world_done(&world);
}

/* --- OCSP --- */

static void ocsp_knows_good_revoked_and_unknown(void **state)
{
	struct buffer stranger;
	struct world world;
	int with_nonce;

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	stranger = issue_leaf(world.ca, KEY_ALGORITHM_ECC_256);
	/* Before there is a signer, and with it. */
	for (with_nonce = 0; with_nonce < 2; with_nonce++) {
		assert_int_equal(state_of(&world, buffer_bytes(&world.leaf), with_nonce),
				 V_OCSP_CERTSTATUS_GOOD);
		assert_int_equal(state_of(&world, buffer_bytes(&stranger), with_nonce),
				 V_OCSP_CERTSTATUS_UNKNOWN);
		pass(&world, 2);
	}
	withdraw(&world, buffer_bytes(&world.leaf), REVOKED_SUPERSEDED);
	for (with_nonce = 0; with_nonce < 2; with_nonce++)
		assert_int_equal(state_of(&world, buffer_bytes(&world.leaf), with_nonce),
				 V_OCSP_CERTSTATUS_REVOKED);
	buffer_done(&stranger);
	world_done(&world);
}

static void an_rsa_ca_answers_too(void **state)
{
	struct world world;

	stage = *state;
	world_init(&world, KEY_ALGORITHM_RSA_2048);
	pass(&world, 2);
	assert_int_equal(state_of(&world, buffer_bytes(&world.leaf), true), V_OCSP_CERTSTATUS_GOOD);
	world_done(&world);
}

static void an_answer_without_nonce_is_kept_and_signed_once(void **state)
{
	struct certs_http_reply first, second;
	OCSP_REQUEST *request;
	struct world world;
	struct bytes issuer;

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	pass(&world, 2);
	issuer = certificate_der(authority_certificate(world.ca));
	first = ask(issuer, buffer_bytes(&world.leaf), EVP_sha256(), false, &request);
	OCSP_REQUEST_free(request);
	second = ask(issuer, buffer_bytes(&world.leaf), EVP_sha256(), false, &request);
	OCSP_REQUEST_free(request);
	assert_true(bytes_equal(buffer_bytes(&first.body), buffer_bytes(&second.body)));
	assert_string_equal(first.etag, second.etag);
	assert_true(first.expires_s <= world.clock + DAY);
	buffer_done(&second.body);
	/* Half of its life later it is another. */
	world.clock += 7 * 3600;
	set_clock(world.clock);
	second = ask(issuer, buffer_bytes(&world.leaf), EVP_sha256(), false, &request);
	OCSP_REQUEST_free(request);
	assert_false(bytes_equal(buffer_bytes(&first.body), buffer_bytes(&second.body)));
	buffer_done(&first.body);
	buffer_done(&second.body);
	world_done(&world);
}

static void a_signer_is_kept_over_a_restart_and_replaced_at_half_of_its_life(void **state)
{
	struct store_certificate_filter filter = { .roles = STORE_OCSP_SIGNER, .revoked = -1 };
	struct world world;

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	pass(&world, 3);
	assert_int_equal(store_certificate_count(stage->store, &filter, NULL), 1);
	certs_close();
	pass(&world, 3);
	assert_int_equal(store_certificate_count(stage->store, &filter, NULL), 1);
	world.clock += 15 * DAY;
	pass(&world, 3);
	assert_int_equal(store_certificate_count(stage->store, &filter, NULL), 2);
	assert_int_equal(state_of(&world, buffer_bytes(&world.leaf), true), V_OCSP_CERTSTATUS_GOOD);
	world_done(&world);
}

static bool count_one(void *arg, const struct store_certificate *row)
{
	(void)row;
	++*(unsigned int *)arg;
	return true;
}

static void a_ca_that_is_deleted_meanwhile_gets_no_signer(void **state)
{
	const struct store_certificate_filter filter = { .roles = STORE_OCSP_SIGNER, .revoked = -1 };
	unsigned int count = 0;
	struct world world;

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	pass(&world, 1);
	must(store_certificate_delete(stage->store, "ca", e));
	note_revision("ca");
	pass(&world, 3);
	must(store_certificate_each(stage->store, &filter, count_one, &count, e));
	assert_int_equal(count, 0);
	world_done(&world);
}

static void a_question_about_another_ca_is_not_ours_to_answer(void **state)
{
	struct certs_http_reply reply;
	OCSP_REQUEST *request;
	struct world world;
	struct pair other;

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	pair_init(&other, KEY_ALGORITHM_ECC_256);
	reply = ask(certificate_der(authority_certificate(other.root)), buffer_bytes(&world.leaf),
		    EVP_sha1(), true, &request);
	assert_true(is_refusal(&reply, 6));
	OCSP_REQUEST_free(request);
	reply = ask(certificate_der(authority_certificate(world.ca)), buffer_bytes(&world.leaf),
		    EVP_sha512(), true, &request);
	assert_true(is_refusal(&reply, 6));
	OCSP_REQUEST_free(request);
	pair_done(&other);
	world_done(&world);
}

static void nonsense_is_a_malformed_request(void **state)
{
	static const char *const paths[] = { "/ocsp", "/ocsp/", "/ocsp/AAAA", "/ocsp/***" };
	struct bytes bodies[] = { { (const uint8_t *)"", 0 }, { (const uint8_t *)"\x30\x80", 2 } };
	struct certs_http_reply reply;
	struct world world;
	size_t i;

	stage = *state;
	world_init(&world, KEY_ALGORITHM_ECC_256);
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		reply = get("GET", paths[i], bodies[0]);
		assert_true(is_refusal(&reply, 1));
	}
	for (i = 0; i < 2; i++) {
		reply = get("POST", "/ocsp", bodies[i]);
		assert_true(is_refusal(&reply, 1));
	}
	world_done(&world);
}

/* --- the parts --- */

static void a_source_can_cause_so_much_signing_and_no_more(void **state)
{
	uint64_t now = 1000000;

	(void)state;
	assert_true(sign_budget_has("203.0.113.1", now));
	sign_budget_spend("203.0.113.1", now, SIGN_BUDGET_BURST_US);
	assert_false(sign_budget_has("203.0.113.1", now));
	assert_true(sign_budget_has("203.0.113.2", now));
	assert_true(sign_budget_has("203.0.113.1", now + 100));
	sign_budget_spend("203.0.113.1", now + 100, 1000);
	assert_false(sign_budget_has("203.0.113.1", now + 200));
	assert_true(sign_budget_has("203.0.113.1", now + 10000000));
}

static void keep(struct ocsp_cache *cache, unsigned int number, uint64_t changes, int64_t until)
{
	struct ocsp_kept kept = { .changes = changes, .produced_s = NOW, .until_s = until };

	memcpy(kept.question, &number, sizeof(number));
	buffer_append(&kept.der, &number, sizeof(number));
	ocsp_cache_put(cache, &kept);
	buffer_done(&kept.der);
}

static const struct ocsp_kept *find(struct ocsp_cache *cache, unsigned int number, uint64_t changes,
				    int64_t now)
{
	uint8_t question[SHA256_SIZE] = { 0 };

	memcpy(question, &number, sizeof(number));
	return ocsp_cache_find(cache, question, changes, now);
}

static void the_cache_forgets_what_changed_ended_or_was_not_used(void **state)
{
	struct ocsp_cache *cache = ocsp_cache_new();
	unsigned int i;

	(void)state;
	keep(cache, 0, 7, NOW + 10);
	assert_non_null(find(cache, 0, 7, NOW));
	assert_null(find(cache, 0, 8, NOW));
	assert_null(find(cache, 0, 7, NOW + 10));
	assert_null(find(cache, 0, 7, NOW - 1));
	assert_null(find(cache, 1, 7, NOW));
	for (i = 1; i < OCSP_CACHE_SIZE; i++)
		keep(cache, i, 7, NOW + 10);
	assert_non_null(find(cache, 0, 7, NOW));
	keep(cache, i, 7, NOW + 10);
	assert_non_null(find(cache, 0, 7, NOW));
	assert_null(find(cache, 1, 7, NOW));
	assert_non_null(find(cache, 2, 7, NOW));
	keep(cache, 2, 9, NOW + 20);
	assert_non_null(find(cache, 2, 9, NOW + 15));
	assert_memory_equal(find(cache, i, 7, NOW)->der.data, &i, sizeof(i));
	ocsp_cache_clear(cache);
	assert_null(find(cache, 0, 7, NOW));
	keep(cache, 5, 7, NOW + 10);
	assert_non_null(find(cache, 5, 7, NOW));
	ocsp_cache_free(cache);
}

#define WITH_HOME(test) cmocka_unit_test_setup_teardown(test, home_setup, home_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOME(a_ca_has_a_list_within_two_seconds_of_its_making),
		WITH_HOME(a_revocation_makes_a_new_list_with_a_greater_number),
		WITH_HOME(revoking_without_a_pause_makes_lists_all_the_same),
		WITH_HOME(a_list_is_numbered_above_what_the_ca_gave_out_elsewhere),
		WITH_HOME(nothing_new_makes_no_new_list_before_half_of_its_life),
		WITH_HOME(a_start_serves_the_last_list_and_makes_a_new_one),
		WITH_HOME(nothing_is_said_for_a_ca_whose_key_is_elsewhere),
		WITH_HOME(of_two_certificates_of_a_ca_the_later_with_its_key_counts),
		WITH_HOME(the_certificate_of_a_ca_is_fetched_by_its_key_id),
		WITH_HOME(what_is_not_there_is_not_found),
		WITH_HOME(ocsp_knows_good_revoked_and_unknown),
		WITH_HOME(an_rsa_ca_answers_too),
		WITH_HOME(an_answer_without_nonce_is_kept_and_signed_once),
		WITH_HOME(a_signer_is_kept_over_a_restart_and_replaced_at_half_of_its_life),
		WITH_HOME(a_ca_that_is_deleted_meanwhile_gets_no_signer),
		WITH_HOME(a_question_about_another_ca_is_not_ours_to_answer),
		WITH_HOME(nonsense_is_a_malformed_request),
		cmocka_unit_test(a_source_can_cause_so_much_signing_and_no_more),
		cmocka_unit_test(the_cache_forgets_what_changed_ended_or_was_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
