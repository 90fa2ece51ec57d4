/* Single values: texts, switches, numbers, words. */
#include "action/checker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "model/nearest.h"

#define TEXT_MAX 65536 /* of a text whose table gives no limit */

/* --- texts --- */

static bool is_line_break(unsigned char c)
{
	return c == '\n' || c == '\r' || c == '\t';
}

/* Characters, not bytes; SIZE_MAX when there are control characters that may not be there. */
static size_t text_length(const char *text, bool multiline)
{
	const unsigned char *at;
	size_t length = 0;

	for (at = (const unsigned char *)text; *at != '\0'; at++) {
		if ((*at < 0x20 && !(multiline && is_line_break(*at))) || *at == 0x7f ||
		    (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0))
			return SIZE_MAX;
		length += (*at & 0xc0) != 0x80;
	}
	return length;
}

json_t *checker_text(struct checker *checker, const struct field *field, const char *text,
		     int64_t minimum, int64_t maximum)
{
	size_t length = text_length(text, (checker->flags & PARAMETER_MULTILINE) != 0);
	char buffer[CHECKER_SHOWN_SIZE];
	const char *wrong;

	if (length == SIZE_MAX)
		return checker_refuse(checker, field, "%s holds control characters",
				      checker_shown(checker, text, buffer));
	if (length < (size_t)minimum || length > (size_t)maximum)
		return checker_refuse(
			checker, field,
			"%s has %zu characters, but should have %" PRId64 " to %" PRId64,
			checker_shown(checker, text, buffer), length, minimum, maximum);
	wrong = field->check == NULL ? NULL : field->check(text);
	if (wrong != NULL)
		return checker_refuse(checker, field, "%s %s", checker_shown(checker, text, buffer),
				      wrong);
	return json_string(text);
}

json_t *checker_take_text(struct checker *checker, const struct field *field, const json_t *raw)
{
	if (!json_is_string(raw))
		return checker_wrong_kind(checker, field, raw, "a text");
	return checker_text(checker, field, json_string_value(raw), field->minimum,
			    field->maximum > 0 ? field->maximum : TEXT_MAX);
}

/* --- numbers, switches, words --- */

json_t *checker_take_bool(struct checker *checker, const struct field *field, const json_t *raw)
{
	const char *text = json_string_value(raw);
	char buffer[CHECKER_SHOWN_SIZE];
	bool value;

	if (json_is_boolean(raw))
		value = json_is_true(raw);
	else if (text == NULL || checker->strict)
		return checker_wrong_kind(checker, field, raw, "true or false");
	else if (strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0)
		value = true;
	else if (strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0)
		value = false;
	else
		return checker_refuse(checker, field, "%s is neither true nor false",
				      checker_shown(checker, text, buffer));
	if (field->words != NULL && value == field->words[0].value) {
		checker_refuse(checker, field, "%s is not supported: %s", value ? "true" : "false",
			       field->words[0].refused);
		error_hint(checker->err, "%.150s", field->help);
		return NULL;
	}
	return json_boolean(value);
}

/* Decimal, no sign but "-", no leading zero. What does not fit is out of any range. */
static bool parse_integer(const char *text, int64_t *ret_value)
{
	const char *digits = text[0] == '-' ? text + 1 : text;
	char *end;

	if (digits[0] < '0' || digits[0] > '9' || (digits[0] == '0' && digits[1] != '\0'))
		return false;
	errno = 0;
	*ret_value = strtoll(text, &end, 10);
	return *end == '\0';
}

static bool integer_of(const struct checker *checker, const json_t *raw, int64_t *ret_value)
{
	if (json_is_integer(raw)) {
		*ret_value = json_integer_value(raw);
		return true;
	}
	if (json_is_real(raw) && json_real_value(raw) > -9e15 && json_real_value(raw) < 9e15) {
		*ret_value = (int64_t)json_real_value(raw);
		return (double)*ret_value == json_real_value(raw);
	}
	return json_is_string(raw) && !checker->strict &&
	       parse_integer(json_string_value(raw), ret_value);
}

json_t *checker_take_integer(struct checker *checker, const struct field *field, const json_t *raw)
{
	char buffer[CHECKER_SHOWN_SIZE];
	int64_t value;

	if (!integer_of(checker, raw, &value)) {
		if (json_is_string(raw) && !checker->strict)
			return checker_refuse(
				checker, field, "%s is not a whole number",
				checker_shown(checker, json_string_value(raw), buffer));
		return checker_wrong_kind(checker, field, raw, "a whole number");
	}
	if (value < field->minimum || value > field->maximum)
		return checker_refuse(checker, field,
				      "%" PRId64 " is out of range (%" PRId64 " to %" PRId64 ")",
				      value, field->minimum, field->maximum);
	return json_integer(value);
}

static json_t *unknown_word(struct checker *checker, const struct field *field, const char *text)
{
	struct nearest nearest = nearest_begin(text);
	char buffer[CHECKER_SHOWN_SIZE], words[120];
	const struct field_word *word;

	for (word = field->words; word->word != NULL; word++)
		nearest_offer(&nearest, word->word);
	field_range_text(field, words, sizeof(words));
	checker_refuse(checker, field, "%s is not one of %s", checker_shown(checker, text, buffer),
		       words);
	if (nearest.best != NULL)
		error_hint(checker->err, "Did you mean \"%s\"?", nearest.best);
	return NULL;
}

json_t *checker_take_word(struct checker *checker, const struct field *field, const json_t *raw)
{
	const char *text = json_string_value(raw);
	const struct field_word *word;
	char words[120];

	if (text == NULL)
		return checker_wrong_kind(checker, field, raw, "one of its words");
	for (word = field->words; word->word != NULL; word++) {
		if (strcasecmp(word->word, text) == 0)
			break;
	}
	if (word->word == NULL)
		return unknown_word(checker, field, text);
	if (word->refused == NULL)
		return json_string(word->word);
	checker_refuse(checker, field, "%s: %s", word->word, word->refused);
	field_range_text(field, words, sizeof(words));
	error_hint(checker->err, "Use one of %s.", words);
	return NULL;
}
