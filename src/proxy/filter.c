#include "proxy/filter.h"

#include <ctype.h>
#include <string.h>

/* People copy serials from many tools: "00:AB:1" and "ab1" are the same. */
static const char *serial_digit(const char *at)
{
	while (*at == ':' || *at == ' ')
		at++;
	return at;
}

static const char *serial_start(const char *text)
{
	const char *at = serial_digit(text);

	while (*at == '0' && *serial_digit(at + 1) != '\0')
		at = serial_digit(at + 1);
	return at;
}

static bool serials_equal(const char *a, const char *b)
{
	a = serial_start(a);
	b = serial_start(b);
	while (*a != '\0' && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
		a = serial_digit(a + 1);
		b = serial_digit(b + 1);
	}
	return *a == '\0' && *b == '\0';
}

/* Who closes everything, or all of one address, must not cut his own console. */
static bool is_consoles(const char *listener)
{
	return strncmp(listener, "console:", strlen("console:")) == 0;
}

bool filter_matches(const struct message_filter *filter, const struct filter_facts *facts)
{
	if (filter->listener[0] == '\0' && is_consoles(facts->listener))
		return false;
	if (filter->id != 0 && filter->id != facts->id)
		return false;
	if (filter->listener[0] != '\0' && strcmp(filter->listener, facts->listener) != 0)
		return false;
	if (filter->serial[0] != '\0' &&
	    (facts->serial[0] == '\0' || !serials_equal(filter->serial, facts->serial)))
		return false;
	if (filter->source.base.family != 0 &&
	    !address_block_contains(&filter->source, facts->client))
		return false;
	return filter->identity[0] == '\0' || strcasestr(facts->identity, filter->identity) != NULL;
}
