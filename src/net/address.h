/* net/address.h - an IP address with a port, and a block of addresses. */
#ifndef SALLYPORT_NET_ADDRESS_H
#define SALLYPORT_NET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

#define ADDRESS_UNIX 1	     /* family: the name of an abstract unix socket is in ip */
#define ADDRESS_UNIX_NAME 16 /* bytes of it at most; "unix:@name" is its text */

/* A plain value: compares with memcmp, travels in documents. IPv4 uses ip[0..3]. */
struct address {
	uint8_t family; /* 4, 6, ADDRESS_UNIX, or 0: none */
	uint8_t zero;
	uint16_t port;	/* host byte order */
	uint8_t ip[16]; /* unused bytes are zero */
};

struct address_block {
	struct address base; /* port 0 */
	uint8_t prefix_bits;
};

#define ADDRESS_TEXT_SIZE 56 /* "[v6]:port" and its end */

/* Literals only, never a host name. */
int must_check address_parse_ip(const char *text, struct address *ret_address, struct error *err);
/* The same, or "unix:@name" with a name of 1 to ADDRESS_UNIX_NAME bytes. */
int must_check address_parse_server(const char *text, struct address *ret_address,
				    struct error *err);
int must_check address_block_parse(const char *text, struct address_block *ret_block,
				   struct error *err);
bool address_block_contains(const struct address_block *block, const struct address *address);
bool address_equal(const struct address *a, const struct address *b);
bool address_is_any(const struct address *address); /* 0.0.0.0 or :: */

void address_format(const struct address *address, char ret_text[ADDRESS_TEXT_SIZE]);
void address_format_ip(const struct address *address, char ret_text[ADDRESS_TEXT_SIZE]);

/* Who shares a limit with the client at this address: nobody with IPv4, its /64 network with
 * IPv6, as every client has a whole one. What is no address ("unix") stays as it is. */
void address_limit_name(const char *from, char ret_text[ADDRESS_TEXT_SIZE]);

/* IPv4-mapped IPv6 addresses become IPv4. */
void address_from_sockaddr(const struct sockaddr_storage *from, struct address *ret_address);
socklen_t address_to_sockaddr(const struct address *address, struct sockaddr_storage *ret_to);

#endif
