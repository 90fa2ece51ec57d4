/*
 * Both headers are told apart by their first byte. Whatever can no longer become a header is refused
 * at once, so that a client that speaks something else does not wait for our time limit.
 */
#include "net/proxy_protocol.h"

#include <assert.h>
#include <string.h>

#define V1_MAX 107 /* with the line end */
#define V2_MAX 4096
#define V2_FIXED 16 /* signature, version and command, family, length */
#define V2_TCP4 0x11
#define V2_TCP6 0x21
#define V2_LENGTH_TCP4 12
#define V2_LENGTH_TCP6 36
#define TLV_CRC32C 0x03

static const uint8_t v2_signature[12] = "\r\n\r\n\0\r\nQUIT\n";
static const char v1_start[] = "PROXY ";
static const uint8_t v4_mapped[12] = { [10] = 0xff, [11] = 0xff };

/* Like address_from_sockaddr(): one way to write one address, so that limits and rules agree. */
static struct address unmapped(struct address address)
{
	if (address.family == 6 && memcmp(address.ip, v4_mapped, 12) == 0) {
		address.family = 4;
		memmove(address.ip, address.ip + 12, 4);
		memset(address.ip + 4, 0, 12);
	}
	return address;
}

/* --- version 1: one line of text --- */

/* The word up to the next blank, which must be there unless it is the last one. NULL: no word. */
static const char *next_word(char **rest, bool last)
{
	char *word = *rest;
	char *end = strchr(word, ' ');

	if (word[0] == '\0' || (end == NULL) != last)
		return NULL;
	if (end != NULL) {
		*end = '\0';
		*rest = end + 1;
	}
	return word[0] == '\0' ? NULL : word;
}

static bool parse_port(const char *word, uint16_t *ret_port)
{
	uint32_t port = 0;
	size_t i;

	if (word == NULL || strlen(word) > 5 || (word[0] == '0' && word[1] != '\0'))
		return false;
	for (i = 0; word[i] != '\0'; i++) {
		if (word[i] < '0' || word[i] > '9')
			return false;
		port = port * 10 + (uint32_t)(word[i] - '0');
	}
	*ret_port = (uint16_t)port;
	return port <= 65535;
}

static bool parse_ip(const char *word, uint8_t family, struct address *ret_address)
{
	return word != NULL && address_parse_ip(word, ret_address, NULL) == 0 &&
	       ret_address->family == family;
}

/* What stands behind "PROXY ", terminated and without its line end. */
static int parse_v1_line(char *line, struct proxy_header *header)
{
	const char *protocol;
	uint8_t family;

	if (strncmp(line, "UNKNOWN", 7) == 0 && (line[7] == '\0' || line[7] == ' ')) {
		header->local = true;
		return 1;
	}
	protocol = next_word(&line, false);
	if (protocol == NULL || (strcmp(protocol, "TCP4") != 0 && strcmp(protocol, "TCP6") != 0))
		return -1;
	family = protocol[3] == '4' ? 4 : 6;
	if (!parse_ip(next_word(&line, false), family, &header->source) ||
	    !parse_ip(next_word(&line, false), family, &header->destination) ||
	    !parse_port(next_word(&line, false), &header->source.port) ||
	    !parse_port(next_word(&line, true), &header->destination.port))
		return -1;
	header->source = unmapped(header->source);
	header->destination = unmapped(header->destination);
	return 1;
}

static int parse_v1(struct bytes from, struct proxy_header *header)
{
	size_t start = sizeof(v1_start) - 1;
	size_t limit = from.len < V1_MAX ? from.len : V1_MAX;
	char line[V1_MAX + 1] = { 0 };
	size_t i;

	if (memcmp(from.data, v1_start, limit < start ? limit : start) != 0)
		return -1;
	for (i = start; i < limit; i++) {
		if (from.data[i] == '\r')
			break;
		if (from.data[i] < ' ' || from.data[i] > '~')
			return -1;
	}
	if (i + 1 >= limit)
		return limit == V1_MAX ? -1 : 0;
	if (from.data[i + 1] != '\n')
		return -1;
	memcpy(line, from.data + start, i - start);
	line[i - start] = '\0';
	header->len = i + 2;
	return parse_v1_line(line, header);
}

/* --- version 2: binary --- */

static uint16_t big_endian16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* CRC-32C (RFC 9260, appendix A) of the whole header, its own four bytes counted as zero. */
static uint32_t crc32c(struct bytes header, size_t own_offset)
{
	uint32_t crc = 0xffffffff;
	size_t i;
	int bit;

	for (i = 0; i < header.len; i++) {
		crc ^= i >= own_offset && i < own_offset + 4 ? 0 : header.data[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0x82f63b78 & (0 - (crc & 1)));
	}
	return ~crc;
}

/* TLVs must fill the rest exactly, and a checksum must be right (2.2.2); we need none of them. At
 * most one checksum: each costs a pass over the header. */
static bool tlvs_are_good(struct bytes header, size_t at)
{
	bool checked = false;

	while (at < header.len) {
		size_t len;

		if (header.len - at < 3)
			return false;
		len = big_endian16(header.data + at + 1);
		if (header.len - at - 3 < len)
			return false;
		if (header.data[at] == TLV_CRC32C) {
			uint32_t crc = crc32c(header, at + 3);
			const uint8_t given[4] = { (uint8_t)(crc >> 24), (uint8_t)(crc >> 16),
						   (uint8_t)(crc >> 8), (uint8_t)crc };

			if (checked || len != 4 || memcmp(header.data + at + 3, given, 4) != 0)
				return false;
			checked = true;
		}
		at += 3 + len;
	}
	return true;
}

static void take_address(const uint8_t *ip, const uint8_t *port, uint8_t family,
			 struct address *ret_address)
{
	struct address address = { .family = family, .port = big_endian16(port) };

	memcpy(address.ip, ip, family == 4 ? 4 : 16);
	*ret_address = unmapped(address);
}

static int parse_v2_addresses(struct bytes whole, struct proxy_header *header)
{
	const uint8_t *at = whole.data + V2_FIXED;
	size_t len = whole.len - V2_FIXED;
	bool is_v4 = whole.data[13] == V2_TCP4;

	if (len < (is_v4 ? V2_LENGTH_TCP4 : V2_LENGTH_TCP6))
		return -1;
	if (!tlvs_are_good(whole, V2_FIXED + (is_v4 ? V2_LENGTH_TCP4 : V2_LENGTH_TCP6)))
		return -1;
	if (is_v4) {
		take_address(at, at + 8, 4, &header->source);
		take_address(at + 4, at + 10, 4, &header->destination);
	} else {
		take_address(at, at + 32, 6, &header->source);
		take_address(at + 16, at + 34, 6, &header->destination);
	}
	return 1;
}

/* Version 2 and a known command; family and transport out of the assigned ranges. */
static bool v2_start_is_good(struct bytes from)
{
	if (from.len > 12 && from.data[12] != 0x20 && from.data[12] != 0x21)
		return false;
	if (from.len > 13 && (from.data[13] >> 4 > 3 || (from.data[13] & 15) > 2))
		return false;
	return from.len <= 14 || from.data[14] <= (V2_MAX - V2_FIXED) >> 8;
}

static int parse_v2(struct bytes from, struct proxy_header *header)
{
	size_t limit = sizeof(v2_signature);

	if (memcmp(from.data, v2_signature, from.len < limit ? from.len : limit) != 0)
		return -1;
	if (!v2_start_is_good(from))
		return -1;
	if (from.len < V2_FIXED)
		return 0;
	header->len = V2_FIXED + (size_t)big_endian16(from.data + 14);
	if (header->len > V2_MAX)
		return -1;
	if (from.len < header->len)
		return 0;
	if (from.data[12] == 0x20 || (from.data[13] != V2_TCP4 && from.data[13] != V2_TCP6)) {
		header->local = true;
		return 1;
	}
	return parse_v2_addresses((struct bytes){ from.data, header->len }, header);
}

int proxy_header_parse(struct bytes from, struct proxy_header *ret_header)
{
	struct proxy_header header = { 0 };
	int status;

	if (from.len == 0)
		return 0;
	if (from.data[0] == v2_signature[0])
		status = parse_v2(from, &header);
	else
		status = parse_v1(from, &header);
	if (status == 1)
		*ret_header = header;
	return status;
}

/* --- writing --- */

static size_t put_fixed(uint8_t *out, uint8_t command, uint8_t family, size_t len)
{
	memcpy(out, v2_signature, sizeof(v2_signature));
	out[12] = command;
	out[13] = family;
	out[14] = (uint8_t)(len >> 8);
	out[15] = (uint8_t)len;
	return V2_FIXED;
}

static void put_ip(uint8_t *out, const struct address *address, bool as_v4)
{
	if (as_v4 || address->family == 6) {
		memcpy(out, address->ip, as_v4 ? 4 : 16);
		return;
	}
	memcpy(out, v4_mapped, sizeof(v4_mapped));
	memcpy(out + sizeof(v4_mapped), address->ip, 4);
}

size_t proxy_header_v2(const struct address *source, const struct address *destination,
		       struct bytes tlvs, uint8_t ret_bytes[PROXY_HEADER_MAX])
{
	/* A mixed pair comes of one end having been IPv4-mapped: written as IPv6 again. */
	bool is_v4 = source->family == 4 && destination->family == 4;
	size_t ip_len = is_v4 ? 4 : 16;
	size_t address_len = 2 * ip_len + 4;
	uint8_t *at = ret_bytes;

	if (source->family == 0 || destination->family == 0)
		return proxy_header_v2_local(ret_bytes);
	assert(tlvs.len <= PROXY_HEADER_MAX - V2_FIXED - V2_LENGTH_TCP6);
	at += put_fixed(at, 0x21, is_v4 ? V2_TCP4 : V2_TCP6, address_len + tlvs.len);
	put_ip(at, source, is_v4);
	put_ip(at + ip_len, destination, is_v4);
	at += 2 * ip_len;
	at[0] = (uint8_t)(source->port >> 8);
	at[1] = (uint8_t)source->port;
	at[2] = (uint8_t)(destination->port >> 8);
	at[3] = (uint8_t)destination->port;
	if (tlvs.len > 0)
		memcpy(at + 4, tlvs.data, tlvs.len);
	return V2_FIXED + address_len + tlvs.len;
}

size_t proxy_header_v2_local(uint8_t ret_bytes[PROXY_HEADER_MAX])
{
	return put_fixed(ret_bytes, 0x20, 0, 0);
}
