#include "pki/san_check.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

/* Punycode (RFC 3492 6.2) of what stands behind "xn--": does it decode? */
#define PUNYCODE_LIMIT 0x10ffffu

static uint32_t adapt(uint32_t delta, uint32_t count, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / 700 : delta / 2;
	delta += delta / count;
	for (; delta > 455; k += 36)
		delta /= 35;
	return k + 36 * delta / (delta + 38);
}

static int digit_of(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '0' && c <= '9' ? c - '0' + 26 : -1;
}

/* One number of variable length; false: cut off or too large. */
static bool read_delta(const char **at, const char *end, uint32_t bias, uint32_t *ret_delta)
{
	uint64_t delta = 0, weight = 1;
	uint32_t k;

	for (k = 36;; k += 36) {
		uint32_t threshold = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
		int digit = *at < end ? digit_of(**at) : -1;

		if (digit < 0)
			return false;
		(*at)++;
		delta += (uint64_t)digit * weight;
		if (delta > UINT32_MAX)
			return false;
		if ((uint32_t)digit < threshold)
			break;
		weight *= 36 - threshold;
		if (weight > UINT32_MAX)
			return false;
	}
	*ret_delta = (uint32_t)delta;
	return true;
}

static bool punycode_decodes(const char *text, size_t len)
{
	const char *end = text + len;
	const char *at = text;
	uint32_t code = 128, bias = 72, count = 0;
	uint64_t index = 0;
	size_t i;

	for (i = len; i > 0; i--) {
		if (text[i - 1] == '-') {
			count = (uint32_t)i - 1;
			at = text + i;
			break;
		}
	}
	if (at == end)
		return false;
	while (at < end) {
		uint32_t delta;

		if (!read_delta(&at, end, bias, &delta))
			return false;
		count++;
		bias = adapt(delta, count, index == 0 && code == 128);
		index += delta;
		code += (uint32_t)(index / count);
		index = index % count + 1;
		if (code > PUNYCODE_LIMIT || (code >= 0xd800 && code < 0xe000))
			return false;
	}
	return true;
}

static const char *check_label(const char *label, size_t len)
{
	size_t i;

	if (len == 0)
		return "has an empty label";
	if (len > 63)
		return "has a label of more than 63 characters";
	if (label[0] == '-' || label[len - 1] == '-')
		return "has a label that begins or ends with a hyphen";
	for (i = 0; i < len; i++) {
		if (label[i] == '_')
			return "has an underscore";
		if (label[i] == '*')
			return "has a wildcard where there can be none";
		if ((unsigned char)label[i] >= 0x80)
			return "is not written in A-labels (xn--...)";
		if (!islower((unsigned char)label[i]) && !isdigit((unsigned char)label[i]) &&
		    label[i] != '-')
			return isupper((unsigned char)label[i]) ? "is not in lower case" :
			       "has a character that DNS names cannot have";
	}
	if (len >= 4 && label[2] == '-' && label[3] == '-' &&
	    (strncmp(label, "xn", 2) != 0 || !punycode_decodes(label + 4, len - 4)))
		return "has a label with hyphens in the third and fourth place that is no A-label";
	return NULL;
}

static bool is_number(const char *label, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!isdigit((unsigned char)label[i]))
			return false;
	return true;
}

static const char *check_labels(const char *name)
{
	for (;;) {
		size_t len = strcspn(name, ".");
		const char *wrong = check_label(name, len);

		if (wrong != NULL)
			return wrong;
		if (name[len] == '\0')
			return is_number(name, len) ? "ends with a number, like an address" : NULL;
		name += len + 1;
		if (*name == '\0')
			return "ends with a dot";
	}
}

const char *san_check_dns(const char *name, bool wildcard)
{
	if (name[0] == '\0')
		return "is empty";
	if (strlen(name) > 253)
		return "has more than 253 characters";
	if (strncmp(name, "*.", 2) != 0)
		return check_labels(name);
	if (!wildcard)
		return "is a wildcard, which only a server certificate may have";
	if (strchr(name + 2, '.') == NULL)
		return "is a wildcard with fewer than two labels behind it";
	return check_labels(name + 2);
}

static bool is_atom(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static const char *check_host(const char *host)
{
	char lower[256];
	size_t i;

	if (strlen(host) >= sizeof(lower))
		return "has a domain of more than 253 characters";
	for (i = 0; host[i] != '\0'; i++)
		lower[i] = (char)tolower((unsigned char)host[i]);
	lower[i] = '\0';
	return san_check_dns(lower, false);
}

const char *san_check_email(const char *address)
{
	const char *at = strchr(address, '@');
	const char *c;

	if (at == NULL || strchr(at + 1, '@') != NULL)
		return "is not of the form name@domain";
	if (at == address || at - address > 64)
		return "has an empty or too long part before the @";
	for (c = address; c < at; c++) {
		if (*c == '.' ? c == address || c + 1 == at || c[1] == '.' : !is_atom(*c))
			return (unsigned char)*c >= 0x80 ? "has characters that are not ASCII" :
			       "has a character that cannot stand before the @";
	}
	return check_host(at + 1);
}

static bool is_uri_character(const char *c)
{
	if (*c == '%')
		return isxdigit((unsigned char)c[1]) && isxdigit((unsigned char)c[2]);
	return isalnum((unsigned char)*c) || strchr("-._~:/?#[]@!$&'()*+,;=", *c) != NULL;
}

/* host of authority: [userinfo@]host[:port] */
static const char *check_authority(const char *authority, size_t len)
{
	char host[256];
	uint8_t ip[16];
	char *at, *end;

	if (len == 0 || len >= sizeof(host))
		return "has no host, or one that is too long";
	memcpy(host, authority, len);
	host[len] = '\0';
	at = strrchr(host, '@');
	at = at != NULL ? at + 1 : host;
	if (*at == '[') {
		end = strchr(at, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return "has an IPv6 host without its bracket";
		*end = '\0';
		return inet_pton(AF_INET6, at + 1, ip) == 1 ? NULL
							    : "has a host that is no address";
	}
	end = strchr(at, ':');
	if (end != NULL) {
		if (!is_number(end + 1, strlen(end + 1)))
			return "has a port that is no number";
		*end = '\0';
	}
	return inet_pton(AF_INET, at, ip) == 1 ? NULL : check_host(at);
}

const char *san_check_uri(const char *uri)
{
	const char *colon = strchr(uri, ':');
	const char *c;

	if (colon == NULL || !isalpha((unsigned char)uri[0]))
		return "has no scheme, such as spiffe: or https:";
	for (c = uri; c < colon; c++)
		if (!isalnum((unsigned char)*c) && strchr("+-.", *c) == NULL)
			return "has no scheme, such as spiffe: or https:";
	if (colon[1] == '\0')
		return "has nothing behind its scheme";
	for (c = colon + 1; *c != '\0'; c++)
		if (!is_uri_character(c))
			return "has a character that URIs cannot have";
	if (strncmp(colon, "://", 3) != 0)
		return NULL;
	return check_authority(colon + 3, strcspn(colon + 3, "/?#"));
}

const char *san_check_ip(const uint8_t *ip, size_t len)
{
	static const uint8_t any[16];

	if (len != 4 && len != 16)
		return "has neither 4 nor 16 octets";
	if (memcmp(ip, any, len) == 0)
		return "is the address of no one";
	if ((len == 4 && (ip[0] & 0xf0) == 0xe0) || (len == 16 && ip[0] == 0xff))
		return "is a multicast address";
	return NULL;
}
