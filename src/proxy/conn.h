/*
 * proxy/conn.h - one client and, once it is admitted, one server.
 *
 * Everything of a connection is in this struct, so that it can be written down one day (upgrade
 * without a drop); no other file keeps any of its state.
 */
#ifndef SALLYPORT_PROXY_CONN_H
#define SALLYPORT_PROXY_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include "admission/admission.h"
#include "net/loop.h"
#include "proxy/limit.h"
#include "proxy/listener.h"
#include "proxy/queue.h"
#include "proxy/worker_internal.h"
#include "stats/words.h"
#include "tls/session.h"

/*
 * Life of a connection. Each arrow is a conn_enter(), in the file of the step it leaves.
 *
 *   accept -+-> PROXY_HEADER -+-> HANDSHAKE -+-> CONNECT --> RELAY --> ENDING --> freed
 *           '-----------------'---plain------'     any state may go to ENDING, with a reason
 *
 * CONNECT comes back to itself for the next server. ENDING lets the last bytes out on both sides,
 * then waits for the client to take them.
 */
#define CONN_STATES(X) \
	X(PROXY_HEADER, conn_proxy_header, "a PROXY header") \
	X(HANDSHAKE, conn_handshake, "client TLS and certificate") \
	X(CONNECT, conn_connect, "a server to answer") \
	X(RELAY, conn_relay, "bytes from either side") \
	X(ENDING, conn_end, "the last bytes to leave")

enum conn_state {
#define X(name, step, text) CONN_##name,
	CONN_STATES(X)
#undef X
};

enum step { STEP_WAIT, STEP_AGAIN, STEP_LATER, STEP_FREED };

/* How our output on a side is to end, or has ended. */
enum side_end {
	SIDE_OPEN,
	SIDE_CLEAN,    /* close_notify (TLS) and FIN, once its queue is empty */
	SIDE_ABNORMAL, /* never close_notify: FIN towards TLS, RST towards TCP, once delivered */
	SIDE_SHUT,     /* FIN is out: only waiting for the peer */
	SIDE_CLOSED,   /* the descriptor is gone */
};

struct pipe_pair;

struct side {
	struct watch watch;
	int fd;			 /* -1: none */
	bool readable, writable; /* set by epoll, cleared by EAGAIN */
	bool hung_up;		 /* the peer's FIN has arrived: a short read is not the end of it */
	bool failed;		 /* EPOLLERR or EPOLLHUP was seen */
	bool eof;		 /* its input has ended */
	bool fin_seen;		 /* by TCP's own end: nothing can arrive any more */
	bool broken;		 /* writing failed: the peer is gone */
	uint8_t end;		 /* enum side_end */
	struct queue out;	 /* bytes for this side that its socket did not take yet */
	struct pipe_pair *pipe;	 /* bulk on its way to this side by splice */
	uint64_t moved;		 /* bytes sent to this side */
	uint32_t discarded;	 /* bytes thrown away after our FIN */
};

struct dial; /* servers already tried; only while a first one has failed */

struct conn {
	struct worker *worker;
	struct conn *next, *prev; /* in worker->conns */
	struct conn *run_next;
	uint64_t id;
	bool in_run;
	uint8_t state;	/* enum conn_state */
	uint8_t reason; /* enum close_reason of the end, valid once has_reason */
	bool has_reason;
	bool refused;		  /* by admission: already logged */
	bool counted_handshake;	  /* holds a place in the handshaking gauge */
	bool client_said_goodbye; /* close_notify or FIN received: a reset is normal now */
	bool established;	  /* the handshake is done */
	bool goodbye_sent;	  /* our close_notify is on its way */
	bool kept_alive;	  /* the server's socket has its keepalive options */
	struct timeout timeout;
	uint64_t deadline_ms;	  /* of the state; 0: none */
	uint64_t ending_since_ms; /* entered ENDING; gives up 2 s after the last progress */
	uint64_t kill_at_ms;	  /* 0, or when drain ends it */
	uint8_t kill_reason;
	uint64_t started_ms, active_ms; /* active: the last byte either way */
	struct side client, server;
	struct tls_session tls;
	struct queue early; /* client bytes that came before they were wanted */
	struct listener *listener;
	struct server *server_entry;
	struct dial *dial;
	uint64_t connect_budget_end_ms;
	struct admission_record *record;	      /* who it is; NULL: no certificate */
	char *server_name;			      /* SNI, NULL when none */
	struct address client_address, local_address; /* local: family 0 until asked */
	struct limit_source source;
	uint64_t bytes_in, bytes_out; /* from and to the client, decrypted */
	uint32_t handshake_ms;
};

/* Takes over fd, the source and the place already counted in the listener's active gauge; gives all of
 * them back when it ends, or at once when memory is short. */
void conn_new(struct worker *worker, int fd, const struct address *client,
	      const struct address *local, struct listener *listener, struct limit_source source);
/* Runs it until it waits. The conn may be gone afterwards. */
void conn_run(struct conn *conn);
void conn_enter(struct conn *conn, enum conn_state state);
void conn_set_deadline(struct conn *conn, uint64_t at_ms);
/* The first reason stays. */
void conn_note_reason(struct conn *conn, enum close_reason reason);
/* An abnormal end of the whole connection: what was received is delivered, then both sides end. */
enum step conn_abort(struct conn *conn, enum close_reason reason);
const struct address *conn_local_address(struct conn *conn);
/* Is this source a proxy that says in a header who the client is? */
bool conn_is_proxied(const struct listener *listener, const struct address *source);
/* Judges it anew after a change of snapshot or revocation. May end it. */
void conn_review(struct conn *conn, bool revocation_changed);
void conn_free(struct conn *conn);
struct stats_listener *conn_stats(const struct conn *conn);

/* The steps, by file. */
enum step conn_proxy_header(struct conn *conn); /* proxied.c */
enum step conn_handshake(struct conn *conn);	/* handshake.c */
enum step conn_connect(struct conn *conn);	/* dial.c */
enum step conn_relay(struct conn *conn);	/* relay.c */
enum step conn_end(struct conn *conn);		/* ending.c */

/* dial.c */
enum step dial_begin(struct conn *conn);
enum step dial_timed_out(struct conn *conn);
/* Keepalive for the server's socket. A short connection never needs it and does not pay for it. */
#define DIAL_KEEP_ALIVE_AFTER_MS 30000
void dial_keep_alive(struct conn *conn);
void dial_free(struct conn *conn);

/* side.c: sockets of one side. */
#define SIDE_EOF 0
#define SIDE_WAIT (-1)
#define SIDE_ERROR (-2)
/* Bytes read, SIDE_EOF, SIDE_WAIT or SIDE_ERROR (errno). Keeps readable and eof. */
long side_read(struct side *side, uint8_t *data, size_t size);
/* Sends what it can, queues the rest. A broken side swallows. -1: out of memory. */
int side_send(struct conn *conn, struct side *side, struct bytes data);
/* Sends from the queue. true: the queue is empty. */
bool side_flush(struct conn *conn, struct side *side);
/* Sends ciphertext that the TLS session produced. */
int side_flush_tls(struct conn *conn);
void side_close(struct conn *conn, struct side *side);
/* Resets instead of a clean FIN. */
void side_reset(struct conn *conn, struct side *side);

/* ending.c */
#define ENDING_MS 2000
/* Lets SIDE_CLEAN ends out; used while relaying and in ENDING. */
void ending_advance(struct conn *conn, struct side *side);

/* splice.c */
bool splice_is_wanted(const struct conn *conn, const struct side *to);
/* Moves what it can, up to WORK_CAP: like side_read(), or SIDE_NO_PIPE. */
#define SIDE_NO_PIPE (-3)
long splice_move(struct conn *conn, struct side *from, struct side *to);
/* Empties the pipe towards its side, and gives it back once it is empty. */
void splice_flush(struct conn *conn, struct side *to);
void splice_release(struct conn *conn, struct side *to);

/* gate.c: where TLS meets admission. */
extern const struct tls_hooks gate_hooks;

/* tell.c: to control. Who and when is filled in; the rest is the caller's. alert: what was sent. */
void tell_refusal(struct conn *conn, struct message_refusal *refusal, uint8_t alert);

/* report.c: log lines and counters. */
void report_refused(struct conn *conn, const struct admission_verdict *verdict);
void report_handshake(struct conn *conn);
void report_handshake_failed(struct conn *conn, const struct tls_failure *failure);
void report_closed(struct conn *conn);
void report_ejected(struct conn *conn);
void report_bytes(struct conn *conn, uint64_t from_client, uint64_t from_server);

#endif
