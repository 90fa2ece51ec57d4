/*
 * tests/unit/support_tls.h - a server session and the library's own client, in memory.
 *
 * Each test program that includes it has its own; only what it uses of it counts.
 */
#ifndef SALLYPORT_TESTS_SUPPORT_TLS_H
#define SALLYPORT_TESTS_SUPPORT_TLS_H

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

static __attribute__((unused)) struct identity make_identity(int kind)
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

static __attribute__((unused)) void free_identity(struct identity *identity)
{
	EVP_PKEY_free(identity->key);
	X509_free(identity->certificate);
	buffer_done(&identity->der);
	buffer_done(&identity->pkcs8);
}

/* --- hooks --- */

static __attribute__((unused)) size_t choose(void *owner, const char *server_name,
		     struct credential *ret_credentials[TLS_CREDENTIALS])
{
	struct door *door = owner;

	strcpy(door->server_name, server_name);
	ret_credentials[0] = door->credentials[0];
	ret_credentials[1] = door->credentials[1];
	return door->both_kinds ? 2 : 1;
}

static __attribute__((unused)) uint8_t admit(void *owner, const struct bytes *chain, size_t count, uint32_t *ret_life_s)
{
	struct door *door = owner;

	door->chain_count = count;
	assert_true(bytes_equal(chain[0], buffer_bytes(&ecdsa.der)));
	*ret_life_s = 60;
	return door->refuse_with;
}

static __attribute__((unused)) void ticket_record(void *owner, struct buffer *out)
{
	(void)owner;
	buffer_append(out, "record", 6);
}

static __attribute__((unused)) bool ticket_admit(void *owner, struct bytes record)
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

static __attribute__((unused)) struct tls_rules rules_for(enum tls_client_certificate mode)
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

static __attribute__((unused)) struct tls_context *new_context(const struct tls_rules *rules)
{
	struct error err;
	struct tls_context *context = tls_context_new(rules, &hooks, &err);

	assert_non_null(context);
	return context;
}

static __attribute__((unused)) void pair_open(struct pair *pair, struct tls_context *context, SSL_CTX *client)
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

static __attribute__((unused)) void pair_close(struct pair *pair)
{
	tls_session_close(&pair->server);
	SSL_free(pair->client);
	ERR_clear_error();
}

static __attribute__((unused)) void carry_to_client(struct pair *pair)
{
	BIO_write(pair->to_client, output.data, (int)output.len);
	output.len = 0;
}

static __attribute__((unused)) struct bytes carry_to_server(struct pair *pair)
{
	const uint8_t *data;
	size_t len;

	BIO_mem_contents(pair->from_client, &data, &len);
	return (struct bytes){ data, len };
}

static __attribute__((unused)) void client_step(struct pair *pair)
{
	uint8_t byte;
	int code = SSL_is_init_finished(pair->client) ? SSL_read(pair->client, &byte, 1)
						      : SSL_do_handshake(pair->client);

	if (code <= 0 && SSL_get_error(pair->client, code) == SSL_ERROR_SSL)
		pair->client_error = ERR_GET_REASON(ERR_peek_last_error());
	ERR_clear_error();
}

/* Both ends run until neither has anything to say. */
static __attribute__((unused)) void shake(struct pair *pair)
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

static __attribute__((unused)) SSL_CTX *new_client(const struct identity *identity, uint16_t version)
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

static __attribute__((unused)) struct door new_door(void)
{
	struct door door = { 0 };

	door.credentials[0] = credential_new(&(struct bytes){ ecdsa.der.data, ecdsa.der.len }, 1,
					     buffer_bytes(&ecdsa.pkcs8));
	door.credentials[1] = credential_new(&(struct bytes){ rsa.der.data, rsa.der.len }, 1,
					     buffer_bytes(&rsa.pkcs8));
	return door;
}

static __attribute__((unused)) void free_door(struct door *door)
{
	credential_unref(door->credentials[0]);
	credential_unref(door->credentials[1]);
}

static __attribute__((unused)) int begin(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(tls_init(&err), 0);
	ecdsa = make_identity(EVP_PKEY_EC);
	rsa = make_identity(EVP_PKEY_RSA);
	tls_session_set_environment(&output, &now_ms);
	return 0;
}

static __attribute__((unused)) int end(void **state)
{
	(void)state;
	free_identity(&ecdsa);
	free_identity(&rsa);
	buffer_done(&output);
	return 0;
}

#endif
