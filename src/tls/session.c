/* The BIO between the library and our buffers never blocks and never says "try writing again":
 * output only grows. That is why a write always takes everything. */
#include "tls/session.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls/context_internal.h"

static struct buffer *output; /* of this thread, see tls_session_set_environment() */
static const uint64_t *clock_ms;
static BIO_METHOD *bio_method;

struct tls_session *tls_session_of(const SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

/* --- BIO --- */

static int bio_read(BIO *bio, char *data, int len)
{
	struct tls_session *session = BIO_get_data(bio);
	size_t take = session->input.len < (size_t)len ? session->input.len : (size_t)len;

	BIO_clear_retry_flags(bio);
	if (take == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(data, session->input.data, take);
	session->input.data += take;
	session->input.len -= take;
	return (int)take;
}

static int bio_write(BIO *bio, const char *data, int len)
{
	BIO_clear_retry_flags(bio);
	buffer_append(output, data, (size_t)len);
	return len;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

void tls_session_set_environment(struct buffer *new_output, const uint64_t *now_ms)
{
	output = new_output;
	clock_ms = now_ms;
	if (bio_method != NULL)
		return;
	bio_method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "sallyport");
	BIO_meth_set_read(bio_method, bio_read);
	BIO_meth_set_write(bio_method, bio_write);
	BIO_meth_set_ctrl(bio_method, bio_ctrl);
}

/* --- what passes by: alerts for the log, KeyUpdates for the limit --- */

static void count_key_update(struct tls_session *session)
{
	if (*clock_ms - session->key_updates_since_ms > TLS_KEY_UPDATE_MS) {
		session->key_updates_since_ms = *clock_ms;
		session->key_updates = 0;
	}
	session->key_updates++;
}

void tls_session_observe(int is_write, int version, int content_type, const void *data, size_t len,
			 SSL *ssl, void *arg)
{
	struct tls_session *session = tls_session_of(ssl);
	const uint8_t *bytes = data;

	(void)version;
	(void)arg;
	if (content_type == SSL3_RT_ALERT && len == 2 && bytes[1] != SSL_AD_CLOSE_NOTIFY)
		*(is_write ? &session->alert_sent : &session->alert_received) = bytes[1];
	else if (content_type == SSL3_RT_HANDSHAKE && !is_write && len > 0 &&
		 bytes[0] == SSL3_MT_KEY_UPDATE)
		count_key_update(session);
}

/* --- life --- */

int tls_session_open(struct tls_session *session, struct tls_context *context, void *owner)
{
	SSL *ssl = SSL_new(context->ssl);
	BIO *bio = ssl == NULL ? NULL : BIO_new(bio_method);

	if (bio == NULL) {
		SSL_free(ssl);
		return -1;
	}
	*session = (struct tls_session){ .ssl = ssl, .owner = owner };
	BIO_set_data(bio, session);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_app_data(ssl, session);
	SSL_set_accept_state(ssl);
	SSL_set_shed_handshake_config(ssl, 1);
	return 0;
}

void tls_session_close(struct tls_session *session)
{
	SSL_free(session->ssl);
	session->ssl = NULL;
	session->input = (struct bytes){ NULL, 0 };
}

void tls_session_feed(struct tls_session *session, struct bytes ciphertext)
{
	session->input = ciphertext;
}

/* --- moving bytes --- */

static enum tls_result result_of(struct tls_session *session, int code)
{
	if (session->key_updates > TLS_KEY_UPDATES) {
		SSL_send_fatal_alert(session->ssl, SSL_AD_UNEXPECTED_MESSAGE);
		return TLS_FAILED;
	}
	switch (SSL_get_error(session->ssl, code)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_CLOSED;
	default:
		return TLS_FAILED;
	}
}

enum tls_result tls_session_handshake(struct tls_session *session)
{
	int code = SSL_do_handshake(session->ssl);

	return code == 1 ? TLS_DONE : result_of(session, code);
}

enum tls_result tls_session_read(struct tls_session *session, uint8_t *ret_data, size_t size,
				 size_t *ret_len)
{
	int code = SSL_read(session->ssl, ret_data, (int)size);

	if (code <= 0 || session->key_updates > TLS_KEY_UPDATES)
		return result_of(session, code);
	*ret_len = (size_t)code;
	return TLS_DONE;
}

enum tls_result tls_session_write(struct tls_session *session, struct bytes data)
{
	while (data.len > 0) {
		int code = SSL_write(session->ssl, data.data, (int)data.len);

		if (code <= 0)
			return TLS_FAILED;
		data.data += code;
		data.len -= (size_t)code;
	}
	return TLS_DONE;
}

void tls_session_end(struct tls_session *session)
{
	SSL_shutdown(session->ssl);
	ERR_clear_error();
}

/* --- asking --- */

void tls_session_info(const struct tls_session *session, struct tls_info *ret_info)
{
	const SSL *ssl = session->ssl;
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
	const uint8_t *alpn;
	unsigned int alpn_len;

	SSL_get0_alpn_selected(ssl, &alpn, &alpn_len);
	*ret_info = (struct tls_info){
		.version = (unsigned int)SSL_version(ssl),
		.cipher = cipher == NULL ? 0 : SSL_CIPHER_get_protocol_id(cipher),
		.group = SSL_get_group_id(ssl),
		.resumed = SSL_session_reused(ssl) == 1,
		.alpn = alpn == NULL ? "" : (const char *)alpn,
		.alpn_len = alpn_len,
		.version_name = SSL_get_version(ssl),
		.cipher_name = cipher == NULL ? "" : SSL_CIPHER_get_name(cipher),
	};
}

/* "NO_SHARED_CIPHER" becomes "no shared cipher". Without an error the peer just ended it. */
static void describe(uint32_t code, char *ret_text, size_t size)
{
	const char *reason = ERR_reason_error_string(code);
	char *at;

	if (code == 0 || reason == NULL)
		reason = "the client ended the handshake";
	snprintf(ret_text, size, "%s", reason);
	for (at = ret_text; *at != '\0'; at++)
		*at = *at == '_' ? ' ' : (char)tolower((unsigned char)*at);
}

void tls_session_failure(const struct tls_session *session, struct tls_failure *ret_failure)
{
	uint32_t code = ERR_peek_last_error();
	bool of_tls = ERR_GET_LIB(code) == ERR_LIB_SSL;

	*ret_failure = (struct tls_failure){
		.alert_sent = session->alert_sent,
		.alert_received = session->alert_received,
		.no_certificate =
			of_tls && ERR_GET_REASON(code) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE,
		.bad_proof = session->alert_sent == SSL_AD_DECRYPT_ERROR,
		.key_update_flood = session->key_updates > TLS_KEY_UPDATES,
	};
	describe(code, ret_failure->text, sizeof(ret_failure->text));
	ERR_clear_error();
}

const char *tls_alert_name(uint8_t alert)
{
	static const struct {
		uint8_t number;
		const char *name;
	} names[] = {
		{ 0, "close_notify" },
		{ 10, "unexpected_message" },
		{ 20, "bad_record_mac" },
		{ 22, "record_overflow" },
		{ 40, "handshake_failure" },
		{ 42, "bad_certificate" },
		{ 43, "unsupported_certificate" },
		{ 44, "certificate_revoked" },
		{ 45, "certificate_expired" },
		{ 46, "certificate_unknown" },
		{ 47, "illegal_parameter" },
		{ 48, "unknown_ca" },
		{ 49, "access_denied" },
		{ 50, "decode_error" },
		{ 51, "decrypt_error" },
		{ 70, "protocol_version" },
		{ 71, "insufficient_security" },
		{ 80, "internal_error" },
		{ 86, "inappropriate_fallback" },
		{ 90, "user_canceled" },
		{ 100, "no_renegotiation" },
		{ 109, "missing_extension" },
		{ 110, "unsupported_extension" },
		{ 112, "unrecognized_name" },
		{ 116, "certificate_required" },
		{ 120, "no_application_protocol" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == alert)
			return names[i].name;
	return "unknown";
}
