/*
 * document/message.h - the fixed-size messages between the four roles.
 *
 * Each pair of roles shares one SOCK_SEQPACKET socketpair; a message is one packet of
 * sizeof(struct message) bytes with up to MESSAGE_FDS descriptors. Channels:
 *
 *   guardian <-> control           (descriptor 3 of control)
 *   guardian <-> worker, checker   (descriptor 3 of the child)
 *   control  <-> worker, checker   (made by the guardian, passed in MESSAGE_CHANNEL)
 *
 * who -> whom          type              value              fds
 * guardian -> child    START             struct start       stats, health, log
 * guardian -> control  START             struct start       stats, health, log (in front of READY)
 * guardian -> child    CHANNEL           index, role        one end of a new control channel
 * guardian -> any      LOG               -                  log (reopened)
 * guardian -> worker   SOCKET            address            listening socket
 * guardian -> worker   CLOSE             address            - (an OPEN that was undone)
 * guardian -> child    DOCUMENT          version            document, revocation (kept; on a restart)
 * guardian -> child    SECRETS           -                  ticket secrets (kept; on a restart)
 * guardian -> control  READY             -                  document, revocation, secrets, if kept
 * control  -> guardian CONFIGURE         struct configure   -
 * guardian -> control  REPLY             a = 0 or errno     - (answer to CONFIGURE, OPEN, KEEP, CLOSE)
 * control  -> guardian OPEN / CLOSE      address            -
 * control  -> guardian KEEP              version, made      document, revocation, secrets
 * control  -> guardian REVOCATION        made               revocation (no answer; before any worker gets it)
 * control  -> guardian SERVING           version            - (the first time: sd_notify, upgrade done)
 * control  -> child    DOCUMENT          version            document, revocation
 * control  -> child    SECRETS           -                  ticket secrets
 * child    -> control  APPLIED           version, a = 0     -
 * child    -> control  REFUSED           version, error     -
 * control  -> guardian REFUSED           -                  - (a manifest that is not served)
 * any      -> child    DRAIN             a = milliseconds   -
 * guardian -> control  RELOAD, STOP      -                  -
 * child    -> guardian VIOLATION         a = call, error.message = its name (seccomp; its last words)
 * control  -> worker   REVOCATION        made               revocation (newer than the document's own)
 * worker   -> control  CLIENT_REFUSED    a = alert sent, struct refusal     - (at most 200 a second)
 * control  -> worker   CONNECTIONS       a = question, struct filter   -
 * worker   -> control  CONNECTION        a = question, struct connection  - (one for each to be listed)
 * worker   -> control  CONNECTIONS_END   a = question, version = how many matched, or were ended
 *
 * A worker uses the newest revocation table that it has got, by revocation_made(), whether it came alone
 * or with a document, and the guardian keeps the newest. What it tells by itself (CLIENT_REFUSED,
 * CONNECTION) takes at most half of the channel, so that its answers about documents always find room.
 */
#ifndef SALLYPORT_DOCUMENT_MESSAGE_H
#define SALLYPORT_DOCUMENT_MESSAGE_H

#include <stdint.h>
#include <sys/types.h>
#include "base/bytes.h"
#include "base/error.h"
#include "net/address.h"

enum message_type {
	MESSAGE_START = 1,
	MESSAGE_CHANNEL,
	MESSAGE_LOG,
	MESSAGE_SOCKET,
	MESSAGE_READY,
	MESSAGE_CONFIGURE,
	MESSAGE_REPLY,
	MESSAGE_OPEN,
	MESSAGE_CLOSE,
	MESSAGE_KEEP,
	MESSAGE_SERVING,
	MESSAGE_DOCUMENT,
	MESSAGE_SECRETS,
	MESSAGE_APPLIED,
	MESSAGE_REFUSED,
	MESSAGE_DRAIN,
	MESSAGE_RELOAD,
	MESSAGE_STOP,
	MESSAGE_VIOLATION,
	MESSAGE_REVOCATION,
	MESSAGE_CLIENT_REFUSED,
	MESSAGE_CONNECTIONS,
	MESSAGE_CONNECTION,
	MESSAGE_CONNECTIONS_END,
};

enum message_role { ROLE_GUARDIAN, ROLE_CONTROL, ROLE_CHECKER, ROLE_WORKER };

struct message_start {
	uint32_t index; /* of the worker */
	uint32_t workers;
	uint32_t uid, gid;  /* to become; 0: stay */
	uint8_t sandbox;    /* 0: --no-sandbox */
	uint8_t privileged; /* started as root: chroot and change the user */
	uint8_t log_json;
	uint8_t zero; /* padding */
};

struct message_configure {
	uint32_t workers;
	uint32_t shutdown_timeout_s;
	char user[64];
	char log[512];
	uint8_t log_json;
};

#define MESSAGE_LISTENER_SIZE 160 /* a longer name is cut */
#define MESSAGE_SERIAL_SIZE 41 /* hex of 20 octets */

/* A client that was not let in. Texts are cut where they do not fit. */
struct message_refusal {
	int64_t time_s;
	struct address client;
	char listener[MESSAGE_LISTENER_SIZE]; /* name in the document */
	uint32_t reason;                      /* enum reason of x509/reason.h; 0: see detail */
	uint32_t depth;                       /* 0: the client's own certificate */
	char serial[MESSAGE_SERIAL_SIZE];     /* of the certificate at depth; "" none */
	char subject[128];
	char server_name[64];
	char detail[128];
};

/* Which connections are meant; what is empty or zero matches all. Told are at most limit of them, but all
 * are counted; ended are at most limit of them, and none is told. limit 0: no limit. */
struct message_filter {
	char listener[MESSAGE_LISTENER_SIZE]; /* "": all but the console's own */
	char identity[128];                   /* a part of it, in any case */
	char serial[MESSAGE_SERIAL_SIZE];     /* hex; case, leading zeros and colons do not count */
	struct address_block source;          /* base.family 0: any */
	uint64_t id;                          /* of one connection */
	uint32_t limit;
	uint8_t close;                        /* 1: end them, 0: tell of them */
};

struct message_connection {
	uint64_t id;                          /* unique among all workers; below 2^53 up to 1,000 of them */
	int64_t since_s;
	struct address client, server;        /* server.family 0: none yet */
	char listener[MESSAGE_LISTENER_SIZE];
	char identity[128];                   /* "": no client certificate */
	char serial[MESSAGE_SERIAL_SIZE];
	uint64_t bytes_in, bytes_out;         /* from and to the client */
	uint8_t resumed;
};

#define MESSAGE_FDS 3

struct message {
	uint32_t type;
	uint32_t a;
	uint64_t version;
	union {
		struct message_start start;
		struct message_configure configure;
		struct address address;
		struct error error;
		struct message_refusal refusal;
		struct message_filter filter;
		struct message_connection connection;
		uint64_t made; /* of the revocation table */
		struct {
			uint32_t index, role;
		} channel;
	} value;
};

/* 1: sent; 0: the channel is full (would block), nothing was sent; -1: the other side is gone. */
int message_send(int channel, const struct message *message, const int *fds, unsigned int fd_count);
/* 1: received; 0: nothing there; -1: the other side is gone or spoke nonsense. ret_fds gets
 * MESSAGE_FDS descriptors, -1 where there is none, all close-on-exec and owned by the caller. */
int message_receive(int channel, struct message *ret_message, int ret_fds[MESSAGE_FDS]);

/* Into a text of a message; NULL is none. What does not fit is cut, never within a character. */
void message_text(char *ret_text, size_t size, const char *text);

/* A sealed memfd with these bytes; -1 on error. */
int must_check message_memfd(const char *name, struct bytes content, struct error *err);
/* Maps a whole memfd read-only. An empty or unreadable one is an error. */
int must_check message_map(int fd, struct bytes *ret_mapped, struct error *err);
void message_unmap(struct bytes mapped);

#endif
