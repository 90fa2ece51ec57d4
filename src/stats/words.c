#include "stats/words.h"

#include <stddef.h>

struct word {
	uint16_t number;
	const char *text;
};

#define X(name, word, is_error, text) word,
static const char *const close_words[] = { CLOSE_REASONS(X) };
#undef X
#define X(number, name) { number, name },
static const struct word ciphers[] = { TLS_CIPHERS(X) };
static const struct word groups[] = { TLS_GROUPS(X) };
#undef X

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const char *stats_close_word(unsigned int reason)
{
	return reason < COUNT(close_words) ? close_words[reason] : NULL;
}

static unsigned int row_of(const struct word *table, unsigned int count, uint16_t number)
{
	unsigned int row;

	for (row = 0; row + 1 < count; row++)
		if (table[row].number == number)
			return row;
	return row;
}

unsigned int stats_cipher_row(uint16_t number)
{
	return row_of(ciphers, COUNT(ciphers), number);
}

unsigned int stats_group_row(uint16_t number)
{
	return row_of(groups, COUNT(groups), number);
}

const char *stats_cipher_word(unsigned int row)
{
	return row < COUNT(ciphers) ? ciphers[row].text : NULL;
}

const char *stats_group_word(unsigned int row)
{
	return row < COUNT(groups) ? groups[row].text : NULL;
}
