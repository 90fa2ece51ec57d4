/*
 * tls/session.h - one TLS connection as a machine from bytes to bytes.
 *
 * It never touches a socket: ciphertext is lent to it with tls_session_feed(), ciphertext for the
 * peer is appended to the output buffer the caller gave. Every call may append output (alerts, tickets,
 * answers to KeyUpdate): send it after each call, whatever the result.
 */
#ifndef SALLYPORT_TLS_SESSION_H
#define SALLYPORT_TLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/bytes.h"
#include "tls/context.h"

#define TLS_KEY_UPDATES 32u /* at most, in TLS_KEY_UPDATE_MS */
#define TLS_KEY_UPDATE_MS 10000u

enum tls_result {
	TLS_DONE,      /* handshake finished; bytes read or written */
	TLS_WANT_READ, /* everything fed was used up */
	TLS_CLOSED,    /* the peer's close_notify arrived: its direction has ended cleanly */
	TLS_FAILED,    /* see tls_session_failure() */
};

struct tls_failure {
	uint8_t alert_sent;	/* 0: none */
	uint8_t alert_received; /* 0: none */
	bool no_certificate;	/* the client sent none and one is required */
	bool bad_proof;		/* its CertificateVerify is wrong */
	bool key_update_flood;
	char text[96]; /* the library's reason, for the log */
};

struct tls_info {
	unsigned int version; /* 0x0303, 0x0304, ... */
	uint16_t cipher;      /* IANA number */
	uint16_t group;	      /* 0: static RSA */
	bool resumed;
	const char *alpn; /* "" when none; valid until the session closes */
	size_t alpn_len;
	const char *version_name, *cipher_name;
};

struct tls_session {
	void *ssl;	    /* NULL: not open */
	void *owner;	    /* for the hooks */
	struct bytes input; /* what is left of what was fed */
	uint32_t key_updates;
	uint64_t key_updates_since_ms;
	uint8_t alert_sent, alert_received;
};

/* output stays the caller's and must outlive the session; one buffer serves all sessions of a thread.
 * now_ms: a clock that every session reads for the KeyUpdate limit. Both may change between calls. */
void tls_session_set_environment(struct buffer *output, const uint64_t *now_ms);

int must_check tls_session_open(struct tls_session *session, struct tls_context *context,
				void *owner);
void tls_session_close(struct tls_session *session); /* fine when not open */

void tls_session_feed(struct tls_session *session, struct bytes ciphertext);
enum tls_result tls_session_handshake(struct tls_session *session);
/* Reads at most size bytes; ret_len is set with TLS_DONE only. */
enum tls_result tls_session_read(struct tls_session *session, uint8_t *ret_data, size_t size,
				 size_t *ret_len);
/* Takes all of data. */
enum tls_result tls_session_write(struct tls_session *session, struct bytes data);
/* Ends our direction: appends close_notify. */
void tls_session_end(struct tls_session *session);

void tls_session_info(const struct tls_session *session, struct tls_info *ret_info);
void tls_session_failure(const struct tls_session *session, struct tls_failure *ret_failure);
const char *tls_alert_name(uint8_t alert); /* "certificate_required" */

#endif
