/* TLS sessions against the library's own client, in memory. */
#include "support_tls.h"

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
	tls_context_free(context);
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
	tls_context_free(context);
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
			tls_context_free(context);
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
	tls_context_free(context);
	tls_context_free(second);
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
		tls_context_free(context);
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
		tls_context_free(context);
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
		tls_context_free(context);
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
	tls_context_free(context);
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
	tls_context_free(context);
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
