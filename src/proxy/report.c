/* What the operator sees of a connection: one line when a client is refused, one when it ends. */
#include <stdio.h>

#include "proxy/conn.h"

static void put_client(struct log_line *line, const struct conn *conn)
{
	char text[ADDRESS_TEXT_SIZE];

	log_text(line, "listener", conn->listener->name);
	address_format(&conn->client_address, text);
	log_text(line, "client", text);
}

static void put_reason(struct log_line *line, const struct admission_verdict *verdict)
{
	log_text(line, "reason", reason_word(verdict->reason));
	log_text(line, "alert", tls_alert_name(reason_alert(verdict->reason)));
	log_number(line, "depth", verdict->depth);
	log_text(line, "identity", verdict->identity);
	log_text(line, "subject", verdict->subject);
	log_text(line, "issuer", verdict->issuer);
	log_text(line, "serial", verdict->serial);
	log_text(line, "detail",
		 verdict->detail[0] != '\0' ? verdict->detail : reason_text(verdict->reason));
}

static void tell_verdict(struct conn *conn, const struct admission_verdict *verdict)
{
	struct message_refusal refusal = { .reason = verdict->reason, .depth = verdict->depth };

	message_text(refusal.subject, sizeof(refusal.subject), verdict->subject);
	message_text(refusal.serial, sizeof(refusal.serial), verdict->serial);
	message_text(refusal.detail, sizeof(refusal.detail),
		     verdict->detail[0] != '\0' ? verdict->detail : reason_text(verdict->reason));
	tell_refusal(conn, &refusal, reason_alert(verdict->reason));
}

/* Refused by TLS itself, before anybody could be asked who the client is. */
static void tell_failure(struct conn *conn, const struct tls_failure *failure)
{
	struct message_refusal refusal = { .reason = REASON_ADMITTED };

	message_text(refusal.detail, sizeof(refusal.detail), failure->text);
	tell_refusal(conn, &refusal, failure->alert_sent);
}

void report_refused(struct conn *conn, const struct admission_verdict *verdict)
{
	struct log_line line = log_begin(&conn->worker->child->log, "client_refused");

	conn->refused = true;
	conn_stats(conn)->refusals[verdict->reason]++;
	put_client(&line, conn);
	log_text(&line, "sni", conn->server_name);
	put_reason(&line, verdict);
	log_end(&line);
	tell_verdict(conn, verdict);
}

static void leave_handshake(struct conn *conn)
{
	if (!conn->counted_handshake)
		return;
	conn->counted_handshake = false;
	conn_stats(conn)->handshaking--;
	limit_source_handshake_done(&conn->source);
	conn->handshake_ms = (uint32_t)(conn->worker->now_ms - conn->started_ms);
}

void report_handshake(struct conn *conn)
{
	struct stats_listener *stats = conn_stats(conn);
	struct tls_info info;

	leave_handshake(conn);
	conn->established = true;
	tls_session_info(&conn->tls, &info);
	stats->handshakes++;
	stats->resumed += info.resumed ? 1 : 0;
	*(info.version >= 0x0304 ? &stats->tls13 : &stats->tls12) += 1;
	stats->ciphers[stats_cipher_row(info.cipher)]++;
	stats->groups[stats_group_row(info.group)]++;
}

/* Refusals that the library finds by itself: no certificate, no proof of the key. */
static void refuse_by_library(struct conn *conn, const struct tls_failure *failure)
{
	struct admission_verdict verdict = { .reason = REASON_CERTIFICATE_REQUIRED };

	if (failure->bad_proof)
		verdict.reason = REASON_BAD_PROOF;
	if (conn->record != NULL) {
		snprintf(verdict.subject, sizeof(verdict.subject), "%s", conn->record->subject);
		snprintf(verdict.issuer, sizeof(verdict.issuer), "%s", conn->record->issuer);
		snprintf(verdict.serial, sizeof(verdict.serial), "%s", conn->record->serial);
	}
	report_refused(conn, &verdict);
}

void report_handshake_failed(struct conn *conn, const struct tls_failure *failure)
{
	struct log_line line;

	leave_handshake(conn);
	conn_stats(conn)->handshakes_failed++;
	if (conn->refused)
		return;
	if (failure->no_certificate || (failure->bad_proof && conn->record != NULL)) {
		refuse_by_library(conn, failure);
		return;
	}
	line = log_begin(&conn->worker->child->log, "handshake_failed");
	put_client(&line, conn);
	log_text(&line, "sni", conn->server_name);
	log_text(&line, "error", failure->text);
	if (failure->alert_sent != 0)
		log_text(&line, "alert", tls_alert_name(failure->alert_sent));
	if (failure->alert_received != 0)
		log_text(&line, "client_alert", tls_alert_name(failure->alert_received));
	log_end(&line);
	if (failure->alert_sent != 0)
		tell_failure(conn, failure);
}

static void put_tls(struct log_line *line, const struct conn *conn)
{
	struct tls_info info;

	if (!conn->established)
		return;
	tls_session_info(&conn->tls, &info);
	log_text(line, "tls", info.version_name);
	log_text(line, "cipher", info.cipher_name);
	log_text(line, "resumed", info.resumed ? "yes" : "no");
}

void report_closed(struct conn *conn)
{
	struct log_line line = log_begin(&conn->worker->child->log, "conn_closed");
	struct stats_listener *stats = conn_stats(conn);
	enum close_reason reason = conn->has_reason ? conn->reason : CLOSE_CLIENT_CLOSED;

	stats->closes[reason]++;
	put_client(&line, conn);
	log_text(&line, "sni", conn->server_name);
	if (conn->record != NULL) {
		log_text(&line, "identity", conn->record->identity);
		log_text(&line, "serial", conn->record->serial);
	}
	put_tls(&line, conn);
	if (conn->server_entry != NULL)
		log_text(&line, "server", conn->server_entry->name);
	log_text(&line, "reason", stats_close_word(reason));
	log_number(&line, "in", conn->bytes_in);
	log_number(&line, "out", conn->bytes_out);
	log_number(&line, "handshake_ms", conn->handshake_ms);
	log_number(&line, "ms", conn->worker->now_ms - conn->started_ms);
	log_end(&line);
}

void report_ejected(struct conn *conn)
{
	const struct server *server = conn->server_entry;
	struct log_line line = log_begin(&conn->worker->child->log, "server_ejected");

	log_text(&line, "listener", conn->listener->name);
	log_text(&line, "server", server->name);
	log_number(&line, "failures", server->failures);
	log_number(&line, "for_ms", server->ejected_until_ms - conn->worker->now_ms);
	log_end(&line);
}

void report_bytes(struct conn *conn, uint64_t from_client, uint64_t from_server)
{
	struct stats_listener *listener = conn_stats(conn);
	struct stats_server *server = &conn->worker->stats->servers[conn->server_entry->slot];

	conn->bytes_in += from_client;
	conn->bytes_out += from_server;
	listener->bytes_in += from_client;
	listener->bytes_out += from_server;
	server->bytes_out += from_client;
	server->bytes_in += from_server;
}
