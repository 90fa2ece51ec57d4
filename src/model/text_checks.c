#include "model/text_checks.h"

#include <arpa/inet.h>
#include <string.h>

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool only_holds(const char *text, const char *others)
{
	for (; *text != '\0'; text++) {
		if (!is_letter(*text) && !is_digit(*text) && strchr(others, *text) == NULL)
			return false;
	}
	return true;
}

const char *check_policy_name(const char *text)
{
	return only_holds(text, "._-") ? NULL
				       : "may hold letters, digits, \".\", \"_\" and \"-\" only";
}

const char *check_resource_name(const char *text)
{
	if (!is_letter(text[0]))
		return "does not start with a letter";
	return check_policy_name(text);
}

struct text_address text_address_parse(const char *text)
{
	struct text_address address = { 0 };

	if (inet_pton(AF_INET, text, address.ip) == 1)
		address.family = 4;
	else if (inet_pton(AF_INET6, text, address.ip) == 1)
		address.family = 6;
	return address;
}

bool text_address_is_any(const struct text_address *address)
{
	static const uint8_t zeros[16];

	return address->family != 0 && memcmp(address->ip, zeros, sizeof(zeros)) == 0;
}

bool text_addresses_meet(const struct text_address *a, const struct text_address *b)
{
	if (a->family != b->family)
		return false;
	return text_address_is_any(a) || text_address_is_any(b) ||
	       memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool text_ips_meet(const char *a, const char *b)
{
	struct text_address left, right;

	if (a == NULL || b == NULL)
		return false;
	left = text_address_parse(a);
	right = text_address_parse(b);
	return text_addresses_meet(&left, &right);
}

bool text_address_is_loopback(const struct text_address *address)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (address->family == 4)
		return address->ip[0] == 127;
	return address->family == 6 && memcmp(address->ip, one, sizeof(one)) == 0;
}

static bool is_mapped(const struct text_address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return address->family == 6 && memcmp(address->ip, mapped, sizeof(mapped)) == 0;
}

static bool is_multicast(const struct text_address *address)
{
	/* 224.0.0.0/4 with 240.0.0.0/4 and the broadcast address behind it; ff00::/8 */
	return address->family == 4 ? address->ip[0] >= 224 : address->ip[0] == 0xff;
}

const char *check_ipv4(const char *text)
{
	struct text_address address = text_address_parse(text);

	if (address.family != 4)
		return "is not an IPv4 address";
	return is_multicast(&address) ? "is not an address of one host" : NULL;
}

const char *check_ipv6(const char *text)
{
	struct text_address address = text_address_parse(text);

	if (address.family != 6)
		return "is not an IPv6 address";
	if (is_mapped(&address))
		return "is an IPv4 address in IPv6 form: write it as IPv4";
	return is_multicast(&address) ? "is not an address of one host" : NULL;
}

const char *check_ip(const char *text)
{
	struct text_address address = text_address_parse(text);

	if (address.family == 0)
		return "is not an IPv4 or IPv6 address";
	if (is_mapped(&address))
		return "is an IPv4 address in IPv6 form: write it as IPv4";
	if (text_address_is_any(&address) || is_multicast(&address))
		return "is not an address of one host";
	return NULL;
}

/* Digits only, no leading zero, at most limit; -1 otherwise. */
static int small_number(const char *text, int limit)
{
	int value = 0;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
		return -1;
	for (; *text != '\0'; text++) {
		if (!is_digit(*text))
			return -1;
		value = value * 10 + (*text - '0');
		if (value > limit)
			return -1;
	}
	return value;
}

const char *check_block(const char *text)
{
	const char *slash = strchr(text, '/');
	char ip[INET6_ADDRSTRLEN];
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	struct text_address address;

	if (len >= sizeof(ip))
		return "is not an address block such as 10.0.0.0/8";
	memcpy(ip, text, len);
	ip[len] = '\0';
	address = text_address_parse(ip);
	if (address.family == 0)
		return "is not an address block such as 10.0.0.0/8";
	if (slash != NULL && small_number(slash + 1, address.family == 4 ? 32 : 128) < 0)
		return address.family == 4 ? "has no prefix length between 0 and 32"
					   : "has no prefix length between 0 and 128";
	return NULL;
}

const char *check_domain(const char *text)
{
	if (strcmp(text, "$SERVER_IP") == 0)
		return NULL;
	return only_holds(text, ".-_:[]") ? NULL : "is neither a host name nor $SERVER_IP";
}

const char *check_url(const char *text)
{
	if (text[0] != '/')
		return "does not start with \"/\"";
	return only_holds(text, "-/.%?#&=_~+,;:@!$'()*")
		       ? NULL
		       : "may hold letters, digits and - / . % ? # & = _ ~ only";
}

bool text_address_port_parse(const char *text, struct text_address *ret_address, int *ret_port)
{
	const char *colon = strrchr(text, ':');
	char ip[INET6_ADDRSTRLEN + 2];
	const char *start = ip;
	struct text_address address;
	size_t len;
	int port;

	if (colon == NULL || (size_t)(colon - text) >= sizeof(ip))
		return false;
	len = (size_t)(colon - text);
	memcpy(ip, text, len);
	ip[len] = '\0';
	if (len > 2 && ip[0] == '[' && ip[len - 1] == ']') {
		ip[len - 1] = '\0';
		start = ip + 1;
	}
	address = text_address_parse(start);
	port = small_number(colon + 1, 65535);
	if (address.family == 0 || (address.family == 6) != (start != ip) || port < 1)
		return false;
	*ret_address = address;
	*ret_port = port;
	return true;
}

const char *check_metrics_address(const char *text)
{
	struct text_address address;
	int port;

	if (strncmp(text, "unix:", 5) == 0) {
		return text[5] != '\0' ? NULL : "names no path behind \"unix:\"";
	}
	if (!text_address_port_parse(text, &address, &port))
		return "is neither ADDRESS:PORT nor unix:PATH";
	return NULL;
}

const char *check_log(const char *text)
{
	/* a word alone is more likely a misspelt stdout than a file */
	if (strpbrk(text, "/.") != NULL || strcmp(text, "stdout") == 0 ||
	    strcmp(text, "stderr") == 0)
		return NULL;
	return "is neither stdout, stderr nor the path of a file";
}

const char *check_user(const char *text)
{
	if (text[0] == '-')
		return "is not a user name";
	return only_holds(text, "._-") ? NULL : "is not a user name";
}
