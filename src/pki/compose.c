#include "pki/compose.h"

#include <stdlib.h>
#include <string.h>
#include "pki/compose_data.h"

#define FIRST_COMPOSITE 0xc0u /* what is below is composed of nothing, and marks nothing */
#define FIRST_MARK 0x300u /* below it nothing joins with anything, and nothing is written in two ways */
#define HANGUL_SYLLABLE 0xac00u
#define HANGUL_LEAD 0x1100u
#define HANGUL_VOWEL 0x1161u
#define HANGUL_TAIL 0x11a7u
#define HANGUL_LEADS 19u
#define HANGUL_VOWELS 21u
#define HANGUL_TAILS 28u

size_t utf8_read(struct bytes utf8, uint32_t *ret_code)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t first = utf8.len > 0 ? utf8.data[0] : 0xff;
	size_t need = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 :
		      first < 0xf5 ? 4 : 0;
	uint32_t code;
	size_t i;

	if (need == 0 || need > utf8.len)
		return 0;
	code = need == 1 ? first : first & (0xffu >> (need + 1));
	for (i = 1; i < need; i++) {
		if ((utf8.data[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (utf8.data[i] & 0x3fu);
	}
	if (code < smallest[need] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret_code = code;
	return need;
}

void utf8_append(struct buffer *out, uint32_t code)
{
	uint8_t bytes[4];
	size_t len;

	if (code < 0x80) {
		bytes[0] = (uint8_t)code;
		len = 1;
	} else if (code < 0x800) {
		bytes[0] = (uint8_t)(0xc0 | code >> 6);
		bytes[1] = (uint8_t)(0x80 | (code & 0x3f));
		len = 2;
	} else if (code < 0x10000) {
		bytes[0] = (uint8_t)(0xe0 | code >> 12);
		bytes[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
		bytes[2] = (uint8_t)(0x80 | (code & 0x3f));
		len = 3;
	} else {
		bytes[0] = (uint8_t)(0xf0 | code >> 18);
		bytes[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
		bytes[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
		bytes[3] = (uint8_t)(0x80 | (code & 0x3f));
		len = 4;
	}
	buffer_append(out, bytes, len);
}

static int by_whole(const void *key, const void *item)
{
	uint32_t code = *(const uint32_t *)key;
	const struct composite *composite = item;

	return code < composite->whole ? -1 : code > composite->whole;
}

static unsigned int mark_order(uint32_t code)
{
	size_t i;

	for (i = 0; code >= FIRST_COMPOSITE && i < mark_class_count; i++)
		if (code >= mark_classes[i].from && code <= mark_classes[i].to)
			return mark_classes[i].order;
	return 0;
}

static void decompose(uint32_t code, uint32_t *codes, size_t *count)
{
	const struct composite *found;
	size_t i;

	if (code < FIRST_COMPOSITE) {
		codes[(*count)++] = code;
		return;
	}
	for (i = 0; i < composite_single_count; i++)
		if (composite_singles[i].code == code)
			code = composite_singles[i].same;
	if (code == 0x344) { /* two marks in one; text has them apart */
		codes[(*count)++] = 0x308;
		code = 0x301;
	}
	found = bsearch(&code, composites, composite_count, sizeof(composites[0]), by_whole);
	if (found != NULL) {
		decompose(found->first, codes, count);
		codes[(*count)++] = found->second;
	} else {
		codes[(*count)++] = code;
	}
}

/* Marks behind a letter in the order of their classes; those of one class keep theirs. */
static void order_marks(uint32_t *codes, size_t count)
{
	size_t i, j;

	for (i = 1; i < count; i++) {
		uint32_t code = codes[i];
		unsigned int order = mark_order(code);

		for (j = i; order > 0 && j > 0 && mark_order(codes[j - 1]) > order; j--)
			codes[j] = codes[j - 1];
		codes[j] = code;
	}
}

static uint32_t compose_hangul(uint32_t first, uint32_t second)
{
	if (first - HANGUL_LEAD < HANGUL_LEADS && second - HANGUL_VOWEL < HANGUL_VOWELS)
		return HANGUL_SYLLABLE +
		       ((first - HANGUL_LEAD) * HANGUL_VOWELS + second - HANGUL_VOWEL) *
			       HANGUL_TAILS;
	if (first - HANGUL_SYLLABLE < HANGUL_LEADS * HANGUL_VOWELS * HANGUL_TAILS &&
	    (first - HANGUL_SYLLABLE) % HANGUL_TAILS == 0 && second > HANGUL_TAIL &&
	    second - HANGUL_TAIL < HANGUL_TAILS)
		return first + second - HANGUL_TAIL;
	return 0;
}

static uint32_t compose_pair(uint32_t first, uint32_t second)
{
	size_t i;

	for (i = 0; i < composite_count; i++)
		if (composites[i].first == first && composites[i].second == second)
			return composites[i].whole;
	return compose_hangul(first, second);
}

/* UAX 15: a mark joins the letter before it unless a mark of the same or a higher class stands between. */
static size_t compose(uint32_t *codes, size_t count)
{
	size_t starter = 0, used = 0;
	unsigned int last = 0;
	bool has_starter = false;
	size_t i;

	for (i = 0; i < count; i++) {
		unsigned int order = mark_order(codes[i]);
		bool blocked = used > starter + 1 && last >= order;
		uint32_t whole =
			has_starter && !blocked ? compose_pair(codes[starter], codes[i]) : 0;

		if (whole != 0) {
			codes[starter] = whole;
			continue;
		}
		if (order == 0) {
			starter = used;
			has_starter = true;
		}
		last = order;
		codes[used++] = codes[i];
	}
	return used;
}

/* Apart first, then together: a letter has at most three marks in the tables. */
static size_t normalize(uint32_t *codes, size_t count)
{
	uint32_t *apart = memory_new(count * 4 * sizeof(*apart));
	size_t apart_count = 0;
	size_t i;

	for (i = 0; i < count; i++)
		decompose(codes[i], apart, &apart_count);
	order_marks(apart, apart_count);
	apart_count = compose(apart, apart_count);
	memcpy(codes, apart, apart_count * sizeof(*codes));
	free(apart);
	return apart_count;
}

static bool is_blank(uint32_t code)
{
	return code == ' ' || code == '\t' || code == '\r' || code == '\n' || code == 0xa0 ||
	       (code >= 0x2000 && code <= 0x200a) || code == 0x3000 || code == 0xfeff;
}

bool compose_append(struct buffer *out, struct bytes utf8)
{
	uint32_t *codes = memory_new((utf8.len + 1) * sizeof(*codes));
	size_t count = 0, from = 0;
	bool sound = true, simple = true;
	size_t i;

	while (utf8.len > 0 && sound) {
		uint32_t code = 0;
		size_t len = utf8_read(utf8, &code);

		sound = len > 0;
		utf8.data += len;
		utf8.len -= len;
		simple = simple && code < FIRST_MARK;
		codes[count++] = code;
	}
	if (!simple)
		count = normalize(codes, count);
	while (count > from && is_blank(codes[count - 1]))
		count--;
	while (from < count && is_blank(codes[from]))
		from++;
	for (i = from; sound && i < count; i++)
		utf8_append(out, codes[i]);
	free(codes);
	return sound;
}
