/*
 * net/proxy_protocol.h - the PROXY protocol, versions 1 and 2, both directions.
 * Source: HAProxy's proxy-protocol.txt (2.2 text header, 2.2 binary header).
 */
#ifndef SALLYPORT_NET_PROXY_PROTOCOL_H
#define SALLYPORT_NET_PROXY_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/bytes.h"
#include "net/address.h"

#define PROXY_HEADER_MAX 536 /* v2 signature, addresses, and TLVs of ours */

struct proxy_header {
	bool local;                 /* v2 LOCAL, v1 UNKNOWN: use the connection's own addresses */
	struct address source, destination;
	size_t len;                 /* bytes of the header */
};

/* 1: a whole header; 0: more bytes are needed; -1: this is no PROXY header (or one that is too long:
 * v1 over 107 bytes, v2 over 4096). Addresses of families we do not know count as local. */
int proxy_header_parse(struct bytes from, struct proxy_header *ret_header);

/* TLVs go behind the addresses: type, big-endian length, value. */
size_t proxy_header_v2(const struct address *source, const struct address *destination,
		       struct bytes tlvs, uint8_t ret_bytes[PROXY_HEADER_MAX]);
size_t proxy_header_v2_local(uint8_t ret_bytes[PROXY_HEADER_MAX]);

#endif
