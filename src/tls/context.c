#include "tls/context.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/pool.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

#include "tls/context_internal.h"
#include "tls/credential_internal.h"
#include "tls/ticket.h"

#define HANDSHAKE_MESSAGE_MAX 65536
#define CHAIN_SENT_MAX 32 /* more certificates than any chain has; admission has its own limit */

/* X25519MLKEM768 first where the client has it; P-384 last, for clients that have nothing else. */
static const char groups[] = "X25519MLKEM768:X25519:P-256:P-384";

/* No SHA-1: the library's default list still holds rsa_pkcs1_sha1, and lacks Ed25519. */
static const uint16_t verify_algorithms[] = {
	SSL_SIGN_ECDSA_SECP256R1_SHA256, SSL_SIGN_RSA_PSS_RSAE_SHA256,
	SSL_SIGN_RSA_PKCS1_SHA256,	 SSL_SIGN_ECDSA_SECP384R1_SHA384,
	SSL_SIGN_RSA_PSS_RSAE_SHA384,	 SSL_SIGN_RSA_PKCS1_SHA384,
	SSL_SIGN_ECDSA_SECP521R1_SHA512, SSL_SIGN_RSA_PSS_RSAE_SHA512,
	SSL_SIGN_RSA_PKCS1_SHA512,	 SSL_SIGN_ED25519,
};

struct tls_context *tls_context_of(const SSL *ssl)
{
	return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

/* --- server certificate by SNI --- */

/* The host_name of the ClientHello, lower case, without a trailing dot; "" when there is none.
 * RFC 6066 section 3. false: malformed. */
static bool read_server_name(const SSL_CLIENT_HELLO *hello, char ret_name[256])
{
	const uint8_t *data;
	size_t len;
	CBS extension, list, name;
	uint8_t type;
	size_t i;

	ret_name[0] = '\0';
	if (!SSL_early_callback_ctx_extension_get(hello, TLSEXT_TYPE_server_name, &data, &len))
		return true;
	CBS_init(&extension, data, len);
	if (!CBS_get_u16_length_prefixed(&extension, &list) || !CBS_get_u8(&list, &type) ||
	    type != TLSEXT_NAMETYPE_host_name || !CBS_get_u16_length_prefixed(&list, &name) ||
	    CBS_len(&name) == 0 || CBS_len(&name) > 255 || CBS_contains_zero_byte(&name))
		return false;
	for (i = 0; i < CBS_len(&name); i++)
		ret_name[i] = (char)tolower(CBS_data(&name)[i]);
	if (i > 1 && ret_name[i - 1] == '.')
		i--;
	ret_name[i] = '\0';
	return true;
}

static enum ssl_select_cert_result_t select_certificate(const SSL_CLIENT_HELLO *hello)
{
	struct tls_context *context = tls_context_of(hello->ssl);
	struct tls_session *session = tls_session_of(hello->ssl);
	struct credential *credentials[TLS_CREDENTIALS];
	char name[256];
	size_t count, i, usable = 0;

	if (!read_server_name(hello, name))
		return ssl_select_cert_error;
	count = context->hooks.choose(session->owner, name, credentials);
	for (i = 0; i < count; i++)
		if (credential_use(credentials[i], hello->ssl) == 0)
			usable++;
	return usable > 0 ? ssl_select_cert_success : ssl_select_cert_error;
}

/* --- the client's certificate --- */

static enum ssl_verify_result_t verify_client(SSL *ssl, uint8_t *out_alert)
{
	struct tls_context *context = tls_context_of(ssl);
	struct tls_session *session = tls_session_of(ssl);
	const STACK_OF(CRYPTO_BUFFER) *sent = SSL_get0_peer_certificates(ssl);
	struct bytes chain[CHAIN_SENT_MAX];
	size_t count = sent == NULL ? 0 : sk_CRYPTO_BUFFER_num(sent);
	uint32_t life_s = TICKET_LIFE_S;
	uint8_t alert;
	size_t i;

	if (count > CHAIN_SENT_MAX)
		count = CHAIN_SENT_MAX;
	for (i = 0; i < count; i++) {
		const CRYPTO_BUFFER *certificate = sk_CRYPTO_BUFFER_value(sent, i);

		chain[i] = (struct bytes){ CRYPTO_BUFFER_data(certificate),
					   CRYPTO_BUFFER_len(certificate) };
	}
	alert = context->hooks.admit(session->owner, chain, count, &life_s);
	if (alert != 0) {
		*out_alert = alert;
		return ssl_verify_invalid;
	}
	/* Caps the whole lineage: tickets given out on resumption inherit what is left of it. */
	SSL_SESSION_set_timeout(SSL_get_session(ssl),
				life_s < TICKET_LIFE_S ? life_s : TICKET_LIFE_S);
	return ssl_verify_ok;
}

/* --- ALPN, RFC 7301 --- */

static int select_alpn(SSL *ssl, const uint8_t **out, uint8_t *out_len, const uint8_t *in,
		       unsigned int in_len, void *arg)
{
	struct tls_context *context = arg;
	uint8_t *selected;

	(void)ssl;
	if (SSL_select_next_proto(&selected, out_len, context->alpn,
				  (unsigned int)context->alpn_len, in,
				  in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = selected;
	return SSL_TLSEXT_ERR_OK;
}

static void set_alpn(struct tls_context *context, const struct tls_rules *rules)
{
	struct buffer wire = { 0 };
	size_t i;

	if (rules->alpn == NULL)
		return;
	for (i = 0; i < rules->alpn_count; i++) {
		uint8_t len = (uint8_t)strlen(rules->alpn[i]);

		buffer_append(&wire, &len, 1);
		buffer_append(&wire, rules->alpn[i], len);
	}
	context->alpn = wire.data;
	context->alpn_len = wire.len;
	SSL_CTX_set_alpn_select_cb(context->ssl, select_alpn, context);
}

/* --- making one --- */

static int set_versions(SSL_CTX *ctx, uint32_t versions)
{
	static const struct {
		uint32_t bit;
		uint16_t version;
		uint32_t off;
	} known[] = {
		{ TLS_VERSION_1_0, TLS1_VERSION, SSL_OP_NO_TLSv1 },
		{ TLS_VERSION_1_1, TLS1_1_VERSION, SSL_OP_NO_TLSv1_1 },
		{ TLS_VERSION_1_2, TLS1_2_VERSION, SSL_OP_NO_TLSv1_2 },
		{ TLS_VERSION_1_3, TLS1_3_VERSION, SSL_OP_NO_TLSv1_3 },
	};
	uint16_t lowest = 0, highest = 0;
	size_t i;

	for (i = 0; i < 4; i++) {
		if ((versions & known[i].bit) == 0) {
			SSL_CTX_set_options(ctx, known[i].off);
			continue;
		}
		lowest = lowest == 0 ? known[i].version : lowest;
		highest = known[i].version;
	}
	return lowest != 0 && SSL_CTX_set_min_proto_version(ctx, lowest) == 1 &&
	       SSL_CTX_set_max_proto_version(ctx, highest) == 1;
}

/* TLS 1.3 suites are set apart from the others; AES-128-GCM goes first (fastest, DESIGN 4). */
static int set_ciphers(SSL_CTX *ctx, const struct tls_rules *rules)
{
	struct buffer old = { 0 }, tls13 = { 0 };
	bool want_13 = (rules->versions & TLS_VERSION_1_3) != 0;
	bool want_old = (rules->versions & ~TLS_VERSION_1_3) != 0;
	int done = 1;
	size_t i;

	for (i = 0; i < rules->cipher_count; i++) {
		struct bytes name = rules->ciphers[i];
		bool is_13 = name.len > 4 && memcmp(name.data, "TLS_", 4) == 0;

		buffer_append(is_13 ? &tls13 : &old, name.data, name.len);
		buffer_append(is_13 ? &tls13 : &old, ":", 1);
	}
	buffer_append(&old, "", 1);
	buffer_append(&tls13, "", 1);
	if (want_old)
		done = SSL_CTX_set_cipher_list(ctx, (const char *)old.data);
	if (done && want_13)
		done = SSL_CTX_set_ciphersuites(ctx, (const char *)tls13.data);
	buffer_done(&old);
	buffer_done(&tls13);
	return done;
}

static void set_client_certificate(SSL_CTX *ctx, const struct tls_rules *rules)
{
	STACK_OF(CRYPTO_BUFFER) * names;
	int mode = SSL_VERIFY_PEER;
	size_t i;

	if (rules->client == TLS_CLIENT_NONE)
		return;
	if (rules->client == TLS_CLIENT_REQUIRED)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_custom_verify(ctx, mode, verify_client);
	names = sk_CRYPTO_BUFFER_new_null();
	for (i = 0; i < rules->ca_name_count; i++)
		sk_CRYPTO_BUFFER_push(names, CRYPTO_BUFFER_new(rules->ca_names[i].data,
							       rules->ca_names[i].len, NULL));
	SSL_CTX_set0_client_CAs(ctx, names);
}

static void set_sessions(SSL_CTX *ctx, const struct tls_rules *rules)
{
	uint8_t id[SHA256_DIGEST_LENGTH];

	SHA256(rules->identity.data, rules->identity.len, id);
	SSL_CTX_set_session_id_context(ctx, id, sizeof(id));
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(ctx, TICKET_LIFE_S);
	SSL_CTX_set_session_psk_dhe_timeout(ctx, TICKET_LIFE_S);
	SSL_CTX_set_num_tickets(ctx, 2);
	SSL_CTX_set_ticket_aead_method(ctx, &ticket_method);
	SSL_CTX_set_early_data_enabled(ctx, 0);
	SSL_CTX_set_retain_only_sha256_of_client_certs(ctx, 1);
}

static int configure(struct tls_context *context, const struct tls_rules *rules)
{
	SSL_CTX *ctx = context->ssl;

	if (!set_versions(ctx, rules->versions) || !set_ciphers(ctx, rules) ||
	    !SSL_CTX_set1_groups_list(ctx, groups) ||
	    !SSL_CTX_set_verify_algorithm_prefs(ctx, verify_algorithms,
						sizeof(verify_algorithms) / sizeof(uint16_t)))
		return -1;
	SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_max_cert_list(ctx, HANDSHAKE_MESSAGE_MAX);
	SSL_CTX_set_select_certificate_cb(ctx, select_certificate);
	SSL_CTX_set_msg_callback(ctx, tls_session_observe);
	set_client_certificate(ctx, rules);
	set_sessions(ctx, rules);
	set_alpn(context, rules);
	return 0;
}

struct tls_context *tls_context_new(const struct tls_rules *rules, const struct tls_hooks *hooks,
				    struct error *err)
{
	struct tls_context *context = memory_new(sizeof(*context));

	context->hooks = *hooks;
	context->ssl = SSL_CTX_new(TLS_with_buffers_method());
	if (context->ssl != NULL)
		SSL_CTX_set_app_data(context->ssl, context);
	if (context->ssl == NULL || configure(context, rules) < 0) {
		error_set(err, ERROR_INVALID,
			  "could not set up TLS: the policy has no usable version or cipher suite");
		ERR_clear_error();
		tls_context_free(context);
		return NULL;
	}
	return context;
}

void tls_context_free(struct tls_context *context)
{
	if (context == NULL)
		return;
	SSL_CTX_free(context->ssl);
	free(context->alpn);
	free(context);
}
