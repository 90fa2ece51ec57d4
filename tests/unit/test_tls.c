/* TLS sessions against the library's own client, in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/bytes.h"
#include "tls/context.h"
#include "tls/session.h"
#include "tls/ticket.h"
#include "tls/tls.h"

struct identity {
	EVP_PKEY *key;
	X509 *certificate;
	struct buffer der, pkcs8;
};

static struct identity ecdsa, rsa;
static struct buffer output;
static uint64_t now_ms = 1000;

/* What the hooks of one server connection saw and what they are to answer. */
struct door {
	char server_name[256];
	uint8_t refuse_with;
	bool admit_ticket;
	size_t chain_count, records_asked;
	bool both_kinds;
	struct credential *credentials[2];
};

static struct identity make_identity(int kind)
{
	struct identity made = { 0 };
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(kind, NULL);
	X509_NAME *name;
	uint8_t *der = NULL;
	CBB cbb;

	EVP_PKEY_keygen_init(ctx);
	if (kind == EVP_PKEY_RSA)
		EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048);
	else
		EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1);
	assert_int_equal(EVP_PKEY_keygen(ctx, &made.key), 1);
	EVP_PKEY_CTX_free(ctx);
	made.certificate = X509_new();
	X509_set_version(made.certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), 7);
	X509_gmtime_adj(X509_getm_notBefore(made.certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(made.certificate), 3600);
	name = X509_get_subject_name(made.certificate);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"tls", -1, -1, 0);
	X509_set_issuer_name(made.certificate, name);
	X509_set_pubkey(made.certificate, made.key);
	assert_true(X509_sign(made.certificate, made.key, EVP_sha256()) > 0);
	buffer_append(&made.der, "", 0);
	{
		int len = i2d_X509(made.certificate, &der);

		buffer_append(&made.der, der, (size_t)len);
		OPENSSL_free(der);
	}
	CBB_init(&cbb, 0);
	assert_int_equal(EVP_marshal_private_key(&cbb, made.key), 1);
	buffer_append(&made.pkcs8, CBB_data(&cbb), CBB_len(&cbb));
	CBB_cleanup(&cbb);
	return made;
}

static void free_identity(struct identity *identity)
{
	EVP_PKEY_free(identity->key);
	X509_free(identity->certificate);
	buffer_done(&identity->der);
	buffer_done(&identity->pkcs8);
}

/* --- hooks --- */

static size_t choose(void *owner, const char *server_name,
		     struct credential *ret_credentials[TLS_CREDENTIALS])
{
	struct door *door = owner;

	strcpy(door->server_name, server_name);
	ret_credentials[0] = door->credentials[0];
	ret_credentials[1] = door->credentials[1];
	return door->both_kinds ? 2 : 1;
}

static uint8_t admit(void *owner, const struct bytes *chain, size_t count, uint32_t *ret_life_s)
{
	struct door *door = owner;

	door->chain_count = count;
	assert_true(bytes_equal(chain[0], buffer_bytes(&ecdsa.der)));
	*ret_life_s = 60;
	return door->refuse_with;
}

static void ticket_record(void *owner, struct buffer *out)
{
	(void)owner;
	buffer_append(out, "record", 6);
}

static bool ticket_admit(void *owner, struct bytes record)
{
	struct door *door = owner;

	door->records_asked++;
	assert_int_equal(record.len, 6);
	assert_memory_equal(record.data, "record", 6);
	return door->admit_ticket;
}

static const struct tls_hooks hooks = { choose, admit, ticket_record, ticket_admit };

/* --- two ends and what is between them --- */

struct pair {
	struct door door;
	struct tls_session server;
	SSL *client;
	BIO *to_client, *from_client;
	enum tls_result server_result;
	int client_error; /* reason of the client's failure, 0: none */
};

static struct tls_rules rules_for(enum tls_client_certificate mode)
{
	static const struct bytes suites[] = {
		{ (const uint8_t *)"ECDHE-ECDSA-AES128-GCM-SHA256", 29 },
		{ (const uint8_t *)"ECDHE-RSA-AES128-GCM-SHA256", 27 },
		{ (const uint8_t *)"TLS_AES_128_GCM_SHA256", 22 },
		{ (const uint8_t *)"TLS_AES_128_CCM_SHA256", 22 }, /* unknown here: left out */
	};
	return (struct tls_rules){ .versions = TLS_VERSION_1_2 | TLS_VERSION_1_3, .ciphers = suites,
				   .cipher_count = 4, .client = mode,
				   .identity = { (const uint8_t *)"edge:443", 8 } };
}

static struct tls_context *new_context(const struct tls_rules *rules)
{
	struct error err;
	struct tls_context *context = tls_context_new(rules, &hooks, &err);

	assert_non_null(context);
	return context;
}

static void pair_open(struct pair *pair, struct tls_context *context, SSL_CTX *client)
{
	struct door door = pair->door;

	memset(pair, 0, sizeof(*pair));
	pair->door = door;
	assert_int_equal(tls_session_open(&pair->server, context, &pair->door), 0);
	pair->client = SSL_new(client);
	pair->to_client = BIO_new(BIO_s_mem());
	pair->from_client = BIO_new(BIO_s_mem());
	SSL_set_bio(pair->client, pair->to_client, pair->from_client);
	SSL_set_connect_state(pair->client);
}

static void pair_close(struct pair *pair)
{
	tls_session_close(&pair->server);
	SSL_free(pair->client);
	ERR_clear_error();
}

static void carry_to_client(struct pair *pair)
{
	BIO_write(pair->to_client, output.data, (int)output.len);
	output.len = 0;
}

static struct bytes carry_to_server(struct pair *pair)
{
	const uint8_t *data;
	size_t len;

	BIO_mem_contents(pair->from_client, &data, &len);
	return (struct bytes){ data, len };
}

static void client_step(struct pair *pair)
{
	uint8_t byte;
	int code = SSL_is_init_finished(pair->client) ? SSL_read(pair->client, &byte, 1)
						      : SSL_do_handshake(pair->client);

	if (code <= 0 && SSL_get_error(pair->client, code) == SSL_ERROR_SSL)
		pair->client_error = ERR_GET_REASON(ERR_peek_last_error());
	ERR_clear_error();
}

/* Both ends run until neither has anything to say. */
static void shake(struct pair *pair)
{
	int round;

	for (round = 0; round < 8; round++) {
		client_step(pair);
		tls_session_feed(&pair->server, carry_to_server(pair));
		if (pair->server_result != TLS_FAILED)
			pair->server_result = tls_session_handshake(&pair->server);
		BIO_reset(pair->from_client);
		carry_to_client(pair);
	}
	client_step(pair);
}

static SSL_CTX *new_client(const struct identity *identity, uint16_t version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	SSL_CTX_set_min_proto_version(ctx, version);
	SSL_CTX_set_max_proto_version(ctx, version);
	if (identity != NULL) {
		assert_int_equal(SSL_CTX_use_certificate(ctx, identity->certificate), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(ctx, identity->key), 1);
	}
	return ctx;
}

static const uint16_t versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

static struct door new_door(void)
{
	struct door door = { 0 };

	door.credentials[0] = credential_new(&(struct bytes){ ecdsa.der.data, ecdsa.der.len }, 1,
					     buffer_bytes(&ecdsa.pkcs8));
	door.credentials[1] = credential_new(&(struct bytes){ rsa.der.data, rsa.der.len }, 1,
					     buffer_bytes(&rsa.pkcs8));
	return door;
}

static void free_door(struct door *door)
{
	credential_unref(door->credentials[0]);
	credential_unref(door->credentials[1]);
}

/* --- tests --- */

static void an_admitted_client_gets_through_and_ends_cleanly(void **state)
{
	struct tls_rules rules = rules_for(TLS_CLIENT_REQUIRED);
	struct tls_context *context = new_context(&rules);
	size_t i, len;

	(void)state;
	for (i = 0; i < 2; i++) {
		SSL_CTX *client = new_client(&ecdsa, versions[i]);
		struct pair pair = { .door = new_door() };
		uint8_t data[64];

		pair_open(&pair, context, client);
		SSL_set_tlsext_host_name(pair.client, "WWW.Example.com");
		shake(&pair);
		assert_int_equal(pair.server_result, TLS_DONE);
		assert_string_equal(pair.door.server_name, "www.example.com");
		assert_int_equal(pair.door.chain_count, 1);
		SSL_write(pair.client, "ping", 4);
		SSL_shutdown(pair.client);
		tls_session_feed(&pair.server, carry_to_server(&pair));
		assert_int_equal(tls_session_read(&pair.server, data, sizeof(data), &len), TLS_DONE);
		assert_int_equal(len, 4);
		assert_memory_equal(data, "ping", 4);
		assert_int_equal(tls_session_read(&pair.server, data, sizeof(data), &len), TLS_CLOSED);
		/* its direction has ended, ours has not */
		assert_int_equal(tls_session_write(&pair.server,
						   (struct bytes){ (const uint8_t *)"pong", 4 }),
				 TLS_DONE);
		tls_session_end(&pair.server);
		carry_to_client(&pair);
		assert_int_equal(SSL_read(pair.client, data, sizeof(data)), 4);
		assert_int_equal(SSL_read(pair.client, data, sizeof(data)), 0);
		assert_int_equal(SSL_get_error(pair.client, 0), SSL_ERROR_ZERO_RETURN);
		pair_close(&pair);
		free_door(&pair.door);
		SSL_CTX_free(client);
	}
	tls_context_unref(context);
}

static void a_refused_client_is_told_why(void **state)
{
	static const uint8_t alerts[] = { 42, 43, 44, 45, 46, 48, 49, 80 };
	struct tls_rules rules = rules_for(TLS_CLIENT_REQUIRED);
	struct tls_context *context = new_context(&rules);
	size_t i, j;

	(void)state;
	for (i = 0; i < 2; i++)
		for (j = 0; j < sizeof(alerts); j++) {
			SSL_CTX *client = new_client(&ecdsa, versions[i]);
			struct pair pair = { .door = new_door() };
			struct tls_failure failure;

			pair.door.refuse_with = alerts[j];
			pair_open(&pair, context, client);
			shake(&pair);
			assert_int_equal(pair.server_result, TLS_FAILED);
			assert_int_equal(pair.client_error, 1000 + alerts[j]);
			tls_session_failure(&pair.server, &failure);
			assert_int_equal(failure.alert_sent, alerts[j]);
			assert_false(failure.no_certificate);
			pair_close(&pair);
			free_door(&pair.door);
			SSL_CTX_free(client);
		}
	tls_context_unref(context);
}

static void no_certificate_is_refused_when_required_and_fine_when_optional(void **state)
{
	static const struct {
		enum tls_client_certificate mode;
		enum tls_result result;
	} cases[] = { { TLS_CLIENT_REQUIRED, TLS_FAILED }, { TLS_CLIENT_OPTIONAL, TLS_DONE },
		      { TLS_CLIENT_NONE, TLS_DONE } };
	static const int errors[] = { 1000 + 40, 1000 + 116 };
	size_t i, j;

	(void)state;
	for (i = 0; i < 3; i++)
		for (j = 0; j < 2; j++) {
			struct tls_rules rules = rules_for(cases[i].mode);
			struct tls_context *context = new_context(&rules);
			SSL_CTX *client = new_client(NULL, versions[j]);
			struct pair pair = { .door = new_door() };
			struct tls_failure failure;

			pair_open(&pair, context, client);
			shake(&pair);
			assert_int_equal(pair.server_result, cases[i].result);
			assert_int_equal(pair.door.chain_count, 0);
			if (cases[i].result == TLS_FAILED)
				assert_int_equal(pair.client_error, errors[j]);
			pair_close(&pair);
			(void)failure;
			free_door(&pair.door);
			SSL_CTX_free(client);
			tls_context_unref(context);
		}
}

/* --- resumption --- */

static SSL_SESSION *kept;

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(kept);
	kept = session;
	return 1;
}

static void use_ticket_key(uint8_t seed)
{
	struct ticket_key key;

	memset(&key, seed, sizeof(key));
	ticket_keys_set(&key, 1);
}

/* A full handshake, then one with its ticket; what of the second? */
static void resume(uint16_t version, bool admit_ticket, bool other_listener, bool other_key,
		   struct tls_info *ret_info, size_t *ret_asked)
{
	struct tls_rules rules = rules_for(TLS_CLIENT_REQUIRED);
	struct tls_context *context = new_context(&rules), *second;
	SSL_CTX *client = new_client(&ecdsa, version);
	struct pair pair = { .door = new_door() };

	SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(client, keep_session);
	use_ticket_key(1);
	pair.door.admit_ticket = admit_ticket;
	pair_open(&pair, context, client);
	shake(&pair);
	tls_session_write(&pair.server, (struct bytes){ (const uint8_t *)"x", 1 });
	carry_to_client(&pair);
	client_step(&pair);
	assert_non_null(kept);
	pair_close(&pair);

	if (other_listener)
		rules.identity = (struct bytes){ (const uint8_t *)"edge:444", 8 };
	if (other_key)
		use_ticket_key(2);
	second = new_context(&rules);
	pair.door.chain_count = 0;
	pair_open(&pair, second, client);
	SSL_set_session(pair.client, kept);
	shake(&pair);
	assert_int_equal(pair.client_error, 0);
	assert_int_equal(pair.server_result, TLS_DONE);
	tls_session_info(&pair.server, ret_info);
	*ret_asked = pair.door.records_asked;
	assert_int_equal(pair.door.chain_count, ret_info->resumed ? 0 : 1);
	pair_close(&pair);
	free_door(&pair.door);
	SSL_SESSION_free(kept);
	kept = NULL;
	SSL_CTX_free(client);
	tls_context_unref(context);
	tls_context_unref(second);
}

static void a_ticket_resumes_only_while_its_record_is_admitted(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct tls_info info;
		size_t asked;

		resume(versions[i], true, false, false, &info, &asked);
		assert_true(info.resumed);
		assert_int_equal(asked, 1);
		resume(versions[i], false, false, false, &info, &asked);
		assert_false(info.resumed);
		assert_int_equal(asked, 1);
		resume(versions[i], true, true, false, &info, &asked);
		assert_false(info.resumed); /* the session belongs to another listener */
		resume(versions[i], true, false, true, &info, &asked);
		assert_false(info.resumed); /* sealed under a key that is gone */
		assert_int_equal(asked, 0);
	}
}

/* --- the rest of a handshake --- */

static void alpn_needs_a_common_protocol(void **state)
{
	static const char *const ours[] = { "h2", "http/1.1" };
	static const struct { const char *offer; size_t len; const char *chosen; } cases[] = {
		{ "\x08http/1.1\x02h2", 12, "h2" },
		{ "\x08http/1.1", 9, "http/1.1" },
		{ "\x03" "foo", 4, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct tls_rules rules = rules_for(TLS_CLIENT_NONE);
		struct tls_context *context;
		SSL_CTX *client = new_client(NULL, TLS1_3_VERSION);
		struct pair pair = { .door = new_door() };
		struct tls_info info;

		rules.alpn = ours;
		rules.alpn_count = 2;
		context = new_context(&rules);
		pair_open(&pair, context, client);
		SSL_set_alpn_protos(pair.client, (const uint8_t *)cases[i].offer, cases[i].len);
		shake(&pair);
		if (cases[i].chosen == NULL) {
			assert_int_equal(pair.client_error, 1000 + 120);
		} else {
			tls_session_info(&pair.server, &info);
			assert_int_equal(info.alpn_len, strlen(cases[i].chosen));
			assert_memory_equal(info.alpn, cases[i].chosen, info.alpn_len);
		}
		pair_close(&pair);
		free_door(&pair.door);
		SSL_CTX_free(client);
		tls_context_unref(context);
	}
}

static void of_two_kinds_of_key_the_client_gets_the_one_it_can_check(void **state)
{
	static const struct { const char *algorithms; int kind; } cases[] = {
		{ "rsa_pss_rsae_sha256:rsa_pkcs1_sha256", EVP_PKEY_RSA },
		{ "ecdsa_secp256r1_sha256", EVP_PKEY_EC },
	};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct tls_rules rules = rules_for(TLS_CLIENT_NONE);
		struct tls_context *context = new_context(&rules);
		SSL_CTX *client = new_client(NULL, TLS1_3_VERSION);
		struct pair pair = { .door = new_door() };
		X509 *served;

		pair.door.both_kinds = true;
		assert_int_equal(SSL_CTX_set1_sigalgs_list(client, cases[i].algorithms), 1);
		pair_open(&pair, context, client);
		shake(&pair);
		assert_int_equal(pair.server_result, TLS_DONE);
		served = SSL_get_peer_certificate(pair.client);
		assert_int_equal(EVP_PKEY_id(X509_get0_pubkey(served)), cases[i].kind);
		X509_free(served);
		pair_close(&pair);
		free_door(&pair.door);
		SSL_CTX_free(client);
		tls_context_unref(context);
	}
}

static void the_hybrid_group_is_preferred_where_the_client_has_it(void **state)
{
	static const struct { const char *groups; uint16_t chosen; } cases[] = {
		{ "P-256:X25519:X25519MLKEM768", 0x11ec },
		{ "P-256:X25519", 0x001d },
		{ "P-256", 0x0017 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct tls_rules rules = rules_for(TLS_CLIENT_NONE);
		struct tls_context *context = new_context(&rules);
		SSL_CTX *client = new_client(NULL, TLS1_3_VERSION);
		struct pair pair = { .door = new_door() };
		struct tls_info info;

		assert_int_equal(SSL_CTX_set1_groups_list(client, cases[i].groups), 1);
		pair_open(&pair, context, client);
		shake(&pair);
		assert_int_equal(pair.server_result, TLS_DONE);
		tls_session_info(&pair.server, &info);
		assert_int_equal(info.group, cases[i].chosen);
		pair_close(&pair);
		free_door(&pair.door);
		SSL_CTX_free(client);
		tls_context_unref(context);
	}
}

/* Sends count KeyUpdates, each followed by a byte, and says whether the server went along. */
static bool survives_key_updates(unsigned int count, unsigned int pause_after)
{
	struct tls_rules rules = rules_for(TLS_CLIENT_NONE);
	struct tls_context *context = new_context(&rules);
	SSL_CTX *client = new_client(NULL, TLS1_3_VERSION);
	struct pair pair = { .door = new_door() };
	enum tls_result result = TLS_WANT_READ;
	unsigned int i;
	uint8_t data[16];
	size_t len;

	pair_open(&pair, context, client);
	shake(&pair);
	for (i = 0; i < count && result != TLS_FAILED; i++) {
		if (i == pause_after)
			now_ms += TLS_KEY_UPDATE_MS + 1;
		assert_int_equal(SSL_key_update(pair.client, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		SSL_write(pair.client, "x", 1);
		tls_session_feed(&pair.server, carry_to_server(&pair));
		do
			result = tls_session_read(&pair.server, data, sizeof(data), &len);
		while (result == TLS_DONE);
		BIO_reset(pair.from_client);
	}
	output.len = 0;
	pair_close(&pair);
	free_door(&pair.door);
	SSL_CTX_free(client);
	tls_context_unref(context);
	return result != TLS_FAILED;
}

static void key_updates_are_limited_over_time(void **state)
{
	(void)state;
	assert_true(survives_key_updates(32, 1000));
	assert_false(survives_key_updates(33, 1000));
	assert_true(survives_key_updates(60, 30));
}

static void garbage_is_refused(void **state)
{
	struct tls_rules rules = rules_for(TLS_CLIENT_NONE);
	struct tls_context *context = new_context(&rules);
	struct tls_session session;
	struct tls_failure failure;
	struct door door = new_door();

	(void)state;
	assert_int_equal(tls_session_open(&session, context, &door), 0);
	tls_session_feed(&session, (struct bytes){ (const uint8_t *)"GET / HTTP/1.0\r\n\r\n", 18 });
	assert_int_equal(tls_session_handshake(&session), TLS_FAILED);
	tls_session_failure(&session, &failure);
	assert_string_not_equal(failure.text, "");
	output.len = 0;
	tls_session_close(&session);
	free_door(&door);
	tls_context_unref(context);
}

static int begin(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(tls_init(&err), 0);
	ecdsa = make_identity(EVP_PKEY_EC);
	rsa = make_identity(EVP_PKEY_RSA);
	tls_session_set_environment(&output, &now_ms);
	return 0;
}

static int end(void **state)
{
	(void)state;
	free_identity(&ecdsa);
	free_identity(&rsa);
	buffer_done(&output);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_admitted_client_gets_through_and_ends_cleanly),
		cmocka_unit_test(a_refused_client_is_told_why),
		cmocka_unit_test(no_certificate_is_refused_when_required_and_fine_when_optional),
		cmocka_unit_test(a_ticket_resumes_only_while_its_record_is_admitted),
		cmocka_unit_test(alpn_needs_a_common_protocol),
		cmocka_unit_test(of_two_kinds_of_key_the_client_gets_the_one_it_can_check),
		cmocka_unit_test(the_hybrid_group_is_preferred_where_the_client_has_it),
		cmocka_unit_test(key_updates_are_limited_over_time),
		cmocka_unit_test(garbage_is_refused),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
