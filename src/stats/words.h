/*
 * stats/words.h - the words behind the numbered rows of the shared counters: log word, metric label and
 * documentation come from the same line.
 */
#ifndef SALLYPORT_STATS_WORDS_H
#define SALLYPORT_STATS_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* Why a connection ended: name, word, whether something went wrong, text. */
#define CLOSE_REASONS(X) \
	X(CLIENT_CLOSED, "client_closed", false, "the client ended the connection") \
	X(SERVER_CLOSED, "server_closed", false, "the server ended the connection") \
	X(CLIENT_GONE, "client_gone", false, "the client left before its handshake was finished") \
	X(CLIENT_RESET, "client_reset", true, "the client reset the connection") \
	X(CLIENT_TRUNCATED, "client_truncated", true, "the client ended TCP without close_notify") \
	X(SERVER_RESET, "server_reset", true, "the server reset the connection") \
	X(CLIENT_REFUSED, "client_refused", true, "the client was not admitted") \
	X(HANDSHAKE_FAILED, "handshake_failed", true, "the TLS handshake failed") \
	X(HANDSHAKE_TIMEOUT, "handshake_timeout", true, \
	  "the handshake took longer than HandshakeTimeout") \
	X(TLS_ERROR, "tls_error", true, "the client broke the TLS protocol") \
	X(KEY_UPDATE_FLOOD, "key_update_flood", true, "more than 32 KeyUpdates in 10 s") \
	X(PROXY_HEADER, "proxy_header", true, "no valid PROXY header came from a trusted source") \
	X(NO_SERVER, "no_server", true, "no server of the group may be used") \
	X(CONNECT_FAILED, "connect_failed", true, "no server answered within ConnectBudget") \
	X(IDLE_TIMEOUT, "idle_timeout", true, "no byte for IdleTimeout") \
	X(HALF_CLOSE_TIMEOUT, "half_close_timeout", true, "half-closed for HalfCloseTimeout") \
	X(SERVER_DRAINED, "server_drained", true, \
	  "the server was removed and its drain time is over") \
	X(LISTENER_REMOVED, "listener_removed", true, "the listener was removed or stopped") \
	X(CLIENT_REVOKED, "client_revoked", true, \
	  "the client's certificate was revoked meanwhile") \
	X(SHUTDOWN, "shutdown", true, "Sallyport is stopping") \
	X(NO_MEMORY, "no_memory", true, "memory or descriptors ran out") \
	X(SOURCE_LIMIT, "source_limit", true, \
	  "a client behind a proxy was over a per-source limit") \
	X(CLOSED_BY_OPERATOR, "closed_by_operator", true, \
	  "an administrator ended the connection") /* new ones behind it: counters are inherited */

enum close_reason {
#define X(name, word, is_error, text) CLOSE_##name,
	CLOSE_REASONS(X)
#undef X
		CLOSE_REASON_COUNT
};

const char *stats_close_word(unsigned int reason);

/* IANA number, name as OpenSSL writes it. The last row of each table is "other". */
#define TLS_CIPHERS(X) \
	X(0x1301, "TLS_AES_128_GCM_SHA256") \
	X(0x1302, "TLS_AES_256_GCM_SHA384") \
	X(0x1303, "TLS_CHACHA20_POLY1305_SHA256") \
	X(0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256") \
	X(0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384") \
	X(0xc02f, "ECDHE-RSA-AES128-GCM-SHA256") \
	X(0xc030, "ECDHE-RSA-AES256-GCM-SHA384") \
	X(0xc009, "ECDHE-ECDSA-AES128-SHA") \
	X(0xc00a, "ECDHE-ECDSA-AES256-SHA") \
	X(0xc013, "ECDHE-RSA-AES128-SHA") \
	X(0xc014, "ECDHE-RSA-AES256-SHA") \
	X(0x009c, "AES128-GCM-SHA256") \
	X(0x009d, "AES256-GCM-SHA384") \
	X(0x002f, "AES128-SHA") \
	X(0x0035, "AES256-SHA") \
	X(0x0000, "other")

#define TLS_GROUPS(X) \
	X(0x11ec, "X25519MLKEM768") \
	X(0x001d, "X25519") \
	X(0x0017, "P-256") \
	X(0x0018, "P-384") \
	X(0x0000, "other")

/* Row of a number; word of a row, NULL past the end. */
unsigned int stats_cipher_row(uint16_t number);
unsigned int stats_group_row(uint16_t number);
const char *stats_cipher_word(unsigned int row);
const char *stats_group_word(unsigned int row);

#endif
