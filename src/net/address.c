#include "net/address.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define UNIX_PREFIX "unix:@"

int address_parse_ip(const char *text, struct address *ret_address, struct error *err)
{
	struct address address = { 0 };

	if (inet_pton(AF_INET, text, address.ip) == 1) {
		address.family = 4;
	} else if (inet_pton(AF_INET6, text, address.ip) == 1) {
		address.family = 6;
	} else {
		error_set(err, ERROR_INVALID, "\"%.64s\" is not an IPv4 or IPv6 address", text);
		return error_hint(err, "Write the address itself; host names are not looked up.");
	}
	*ret_address = address;
	return 0;
}

int address_parse_server(const char *text, struct address *ret_address, struct error *err)
{
	struct address address = { .family = ADDRESS_UNIX };
	const char *name = text + strlen(UNIX_PREFIX);

	if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) != 0)
		return address_parse_ip(text, ret_address, err);
	if (name[0] == '\0' || strlen(name) > ADDRESS_UNIX_NAME)
		return error_set(err, ERROR_INVALID,
				 "\"%.64s\" has no name of 1 to %d bytes behind the @", text,
				 ADDRESS_UNIX_NAME);
	memcpy(address.ip, name, strlen(name));
	*ret_address = address;
	return 0;
}

int address_block_parse(const char *text, struct address_block *ret_block, struct error *err)
{
	char ip[ADDRESS_TEXT_SIZE];
	const char *slash = strchr(text, '/');
	size_t ip_len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	struct address_block block = { 0 };
	long bits;
	char *end = NULL;

	if (ip_len >= sizeof(ip))
		return error_set(err, ERROR_INVALID, "\"%.64s\" is not a block of addresses", text);
	memcpy(ip, text, ip_len);
	ip[ip_len] = '\0';
	if (address_parse_ip(ip, &block.base, err) < 0)
		return -1;
	bits = block.base.family == 4 ? 32 : 128;
	if (slash != NULL) {
		long given = strtol(slash + 1, &end, 10);

		if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || given > bits)
			return error_set(err, ERROR_INVALID,
					 "\"%.64s\" has no prefix length between 0 and %ld", text,
					 bits);
		bits = given;
	}
	block.prefix_bits = (uint8_t)bits;
	*ret_block = block;
	return 0;
}

bool address_block_contains(const struct address_block *block, const struct address *address)
{
	size_t whole = block->prefix_bits / 8;
	unsigned int rest = block->prefix_bits % 8;
	unsigned int mask = (0xff00u >> rest) & 0xff;

	if (block->base.family != address->family)
		return false;
	if (memcmp(block->base.ip, address->ip, whole) != 0)
		return false;
	return rest == 0 || ((block->base.ip[whole] ^ address->ip[whole]) & mask) == 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && a->port == b->port && memcmp(a->ip, b->ip, 16) == 0;
}

bool address_is_any(const struct address *address)
{
	static const uint8_t zeros[16];

	return memcmp(address->ip, zeros, 16) == 0;
}

void address_format_ip(const struct address *address, char ret_text[ADDRESS_TEXT_SIZE])
{
	int family = address->family == 4 ? AF_INET : AF_INET6;

	if (address->family == ADDRESS_UNIX)
		snprintf(ret_text, ADDRESS_TEXT_SIZE, UNIX_PREFIX "%.*s", ADDRESS_UNIX_NAME,
			 (const char *)address->ip);
	else if (address->family == 0 ||
	    inet_ntop(family, address->ip, ret_text, ADDRESS_TEXT_SIZE) == NULL)
		snprintf(ret_text, ADDRESS_TEXT_SIZE, "-");
}

void address_limit_name(const char *from, char ret_text[ADDRESS_TEXT_SIZE])
{
	uint8_t ip[16];

	if (inet_pton(AF_INET6, from, ip) != 1) {
		snprintf(ret_text, ADDRESS_TEXT_SIZE, "%s", from);
		return;
	}
	memset(ip + 8, 0, 8);
	(void)!inet_ntop(AF_INET6, ip, ret_text, ADDRESS_TEXT_SIZE);
}

void address_format(const struct address *address, char ret_text[ADDRESS_TEXT_SIZE])
{
	char ip[ADDRESS_TEXT_SIZE];

	address_format_ip(address, ip);
	if (address->family == ADDRESS_UNIX) {
		memcpy(ret_text, ip, sizeof(ip));
		return;
	}
	snprintf(ret_text, ADDRESS_TEXT_SIZE, address->family == 6 ? "[%.46s]:%u" : "%.46s:%u", ip,
		 address->port);
}

void address_from_sockaddr(const struct sockaddr_storage *from, struct address *ret_address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct address address = { 0 };

	if (from->ss_family == AF_INET) {
		const struct sockaddr_in *in4 = (const struct sockaddr_in *)from;

		address.family = 4;
		address.port = ntohs(in4->sin_port);
		memcpy(address.ip, &in4->sin_addr, 4);
	} else if (from->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;

		address.port = ntohs(in6->sin6_port);
		if (memcmp(&in6->sin6_addr, mapped, 12) == 0) {
			address.family = 4;
			memcpy(address.ip, in6->sin6_addr.s6_addr + 12, 4);
		} else {
			address.family = 6;
			memcpy(address.ip, &in6->sin6_addr, 16);
		}
	}
	*ret_address = address;
}

/* A name in the abstract namespace begins with a zero byte, and its length counts: unix(7). */
static socklen_t unix_to_sockaddr(const struct address *address, struct sockaddr_storage *ret_to)
{
	struct sockaddr_un *un = (struct sockaddr_un *)ret_to;
	size_t len = strnlen((const char *)address->ip, ADDRESS_UNIX_NAME);

	un->sun_family = AF_UNIX;
	memcpy(un->sun_path + 1, address->ip, len);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len);
}

socklen_t address_to_sockaddr(const struct address *address, struct sockaddr_storage *ret_to)
{
	memset(ret_to, 0, sizeof(*ret_to));
	if (address->family == 4) {
		struct sockaddr_in *in4 = (struct sockaddr_in *)ret_to;

		in4->sin_family = AF_INET;
		in4->sin_port = htons(address->port);
		memcpy(&in4->sin_addr, address->ip, 4);
		return sizeof(*in4);
	}
	if (address->family == ADDRESS_UNIX)
		return unix_to_sockaddr(address, ret_to);
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret_to;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(address->port);
	memcpy(&in6->sin6_addr, address->ip, 16);
	return sizeof(*in6);
}
