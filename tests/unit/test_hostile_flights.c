/*
 * Promise 13: 100,000 malformed hellos and 10,000 damaged flights, seeded: no crash, no leak (the
 * sanitizers' build runs it too), and none gets in.
 */
#include "support_tls.h"

#ifdef SALLYPORT_SANITIZED
#define HELLOS 20000u
#define FLIGHTS 2000u
#else
#define HELLOS 100000u
#define FLIGHTS 10000u
#endif

static uint64_t random_state = 20261124;

/* xorshift64*: the same bytes on every machine. */
static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 2685821657736338717ull) >> 33) % limit;
}

static void damage(struct buffer *flight)
{
	uint32_t count = 1 + random_below(6);

	while (count-- > 0) {
		uint32_t at = random_below((uint32_t)flight->len);

		switch (random_below(4)) {
		case 0:
			flight->data[at] = (uint8_t)random_below(256);
			break;
		case 1:
			flight->data[at] ^= (uint8_t)(1u << random_below(8));
			break;
		case 2: /* a length that lies */
			flight->data[at] = random_below(2) != 0 ? 0xff : 0;
			break;
		default: /* cut */
			flight->len = 1 + random_below((uint32_t)flight->len);
			break;
		}
	}
}

static void copy_from(struct buffer *flight, struct bytes bytes)
{
	buffer_done(flight);
	buffer_append(flight, bytes.data, bytes.len);
}

/* Damage that only touches what the protocol ignores leaves a handshake that can go on: what must
 * never happen is that it is finished, or that the hooks admit anybody. */
static void malformed_hellos_never_finish_a_handshake(void **state)
{
	struct tls_rules rules = rules_for(TLS_CLIENT_REQUIRED);
	struct tls_context *context = new_context(&rules);
	SSL_CTX *clients[2] = { new_client(&ecdsa, TLS1_2_VERSION), new_client(&ecdsa, TLS1_3_VERSION) };
	struct door door = new_door();
	struct buffer hellos[2] = { { 0 } }, flight = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct pair pair = { .door = door };

		pair_open(&pair, context, clients[i]);
		SSL_set_tlsext_host_name(pair.client, "www.example.com");
		client_step(&pair);
		copy_from(&hellos[i], carry_to_server(&pair));
		pair_close(&pair);
	}
	for (i = 0; i < HELLOS; i++) {
		struct tls_session session;
		struct tls_failure failure;

		copy_from(&flight, buffer_bytes(&hellos[i % 2]));
		damage(&flight);
		assert_int_equal(tls_session_open(&session, context, &door), 0);
		tls_session_feed(&session, buffer_bytes(&flight));
		assert_int_not_equal(tls_session_handshake(&session), TLS_DONE);
		tls_session_failure(&session, &failure);
		tls_session_close(&session);
		output.len = 0;
	}
	assert_int_equal(door.chain_count, 0);
	buffer_done(&flight);
	for (i = 0; i < 2; i++) {
		buffer_done(&hellos[i]);
		SSL_CTX_free(clients[i]);
	}
	free_door(&door);
	tls_context_free(context);
}

/* One handshake up to the client's last flight, which is damaged. */
static void try_damaged_flight(struct tls_context *context, SSL_CTX *client, bool whole)
{
	struct pair pair = { .door = new_door() };
	struct buffer flight = { 0 };
	struct tls_failure failure;
	enum tls_result result;

	pair_open(&pair, context, client);
	client_step(&pair);
	tls_session_feed(&pair.server, carry_to_server(&pair));
	assert_int_equal(tls_session_handshake(&pair.server), TLS_WANT_READ);
	BIO_reset(pair.from_client);
	carry_to_client(&pair);
	client_step(&pair);
	copy_from(&flight, carry_to_server(&pair));
	if (!whole) {
		/* Behind the compatibility ChangeCipherSpec, which may be anything or nothing. */
		uint32_t at = 16 + random_below((uint32_t)flight.len - 16);

		flight.data[at] ^= (uint8_t)(1u << random_below(8));
	}
	tls_session_feed(&pair.server, buffer_bytes(&flight));
	result = tls_session_handshake(&pair.server);
	assert_int_equal(result == TLS_DONE, whole);
	tls_session_failure(&pair.server, &failure);
	output.len = 0;
	buffer_done(&flight);
	pair_close(&pair);
	free_door(&pair.door);
}

static void a_damaged_flight_is_never_accepted(void **state)
{
	struct tls_rules rules = rules_for(TLS_CLIENT_REQUIRED);
	struct tls_context *context = new_context(&rules);
	SSL_CTX *client = new_client(&ecdsa, TLS1_3_VERSION);
	unsigned int i;

	(void)state;
	try_damaged_flight(context, client, true);
	for (i = 0; i < FLIGHTS; i++)
		try_damaged_flight(context, client, false);
	try_damaged_flight(context, client, true);
	SSL_CTX_free(client);
	tls_context_free(context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_hellos_never_finish_a_handshake),
		cmocka_unit_test(a_damaged_flight_is_never_accepted),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
