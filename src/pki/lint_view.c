#include "pki/lint_view.h"

#include <string.h>
#include <time.h>

#define TAG_EXPLICIT(number) \
	(CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | (CBS_ASN1_TAG)(number))
#define TAG_IMPLICIT(number) (CBS_ASN1_CONTEXT_SPECIFIC | (CBS_ASN1_TAG)(number))

CBS lint_cbs(struct bytes bytes)
{
	CBS cbs;

	CBS_init(&cbs, bytes.data, bytes.len);
	return cbs;
}

static struct bytes bytes_of(const CBS *cbs)
{
	return (struct bytes){ CBS_data(cbs), CBS_len(cbs) };
}

static bool read_number(const uint8_t *digits, size_t count, int *ret_number)
{
	size_t i;

	*ret_number = 0;
	for (i = 0; i < count; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		*ret_number = *ret_number * 10 + digits[i] - '0';
	}
	return true;
}

/* YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ, a date that exists. */
static bool read_date(struct lint_time *when)
{
	size_t year_len = when->tag == CBS_ASN1_UTCTIME ? 2 : 4;
	const uint8_t *rest = when->text.data + year_len;
	struct tm parts = { 0 }, again;
	int year;
	time_t seconds;

	if (when->text.len != year_len + 11 || when->text.data[year_len + 10] != 'Z' ||
	    !read_number(when->text.data, year_len, &year) ||
	    !read_number(rest, 2, &parts.tm_mon) || !read_number(rest + 2, 2, &parts.tm_mday) ||
	    !read_number(rest + 4, 2, &parts.tm_hour) || !read_number(rest + 6, 2, &parts.tm_min) ||
	    !read_number(rest + 8, 2, &parts.tm_sec))
		return false;
	if (year_len == 2)
		year += year < 50 ? 2000 : 1900;
	parts.tm_year = year - 1900;
	parts.tm_mon--;
	again = parts;
	seconds = timegm(&again);
	when->value = (int64_t)seconds;
	return again.tm_year == parts.tm_year && again.tm_mon == parts.tm_mon &&
	       again.tm_mday == parts.tm_mday && again.tm_hour == parts.tm_hour &&
	       again.tm_min == parts.tm_min && again.tm_sec == parts.tm_sec;
}

static bool read_time(CBS *dates, struct lint_time *ret_time)
{
	CBS text;

	if (!CBS_get_any_asn1(dates, &text, &ret_time->tag) ||
	    (ret_time->tag != CBS_ASN1_UTCTIME && ret_time->tag != CBS_ASN1_GENERALIZEDTIME))
		return false;
	ret_time->text = bytes_of(&text);
	ret_time->sound = read_date(ret_time);
	return true;
}

static bool read_extension(CBS *list, struct lint_extension *ret_extension)
{
	CBS item, oid, flag, value;
	int has_flag;

	if (!CBS_get_asn1(list, &item, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&item, &oid, CBS_ASN1_OBJECT) ||
	    !CBS_get_optional_asn1(&item, &flag, &has_flag, CBS_ASN1_BOOLEAN) ||
	    (has_flag && CBS_len(&flag) != 1) ||
	    !CBS_get_asn1(&item, &value, CBS_ASN1_OCTETSTRING) || CBS_len(&item) > 0)
		return false;
	*ret_extension =
		(struct lint_extension){ bytes_of(&oid), bytes_of(&value),
					 has_flag && CBS_data(&flag)[0] != 0, has_flag != 0 };
	return true;
}

static bool read_extensions(CBS *tbs, struct lint_view *view)
{
	CBS wrapped, list;
	int present;

	if (!CBS_get_optional_asn1(tbs, &wrapped, &present, TAG_EXPLICIT(3)))
		return false;
	view->has_extensions = present != 0;
	if (!present)
		return true;
	if (!CBS_get_asn1(&wrapped, &list, CBS_ASN1_SEQUENCE) || CBS_len(&wrapped) > 0)
		return false;
	while (CBS_len(&list) > 0) {
		if (view->extension_count == LINT_EXTENSIONS_MAX ||
		    !read_extension(&list, &view->extensions[view->extension_count++]))
			return false;
	}
	return true;
}

static bool read_unique_ids(CBS *tbs, struct lint_view *view)
{
	int has_issuer_id, has_subject_id;

	if (!CBS_get_optional_asn1(tbs, NULL, &has_issuer_id, TAG_IMPLICIT(1)) ||
	    !CBS_get_optional_asn1(tbs, NULL, &has_subject_id, TAG_IMPLICIT(2)))
		return false;
	view->has_unique_ids = has_issuer_id || has_subject_id;
	return true;
}

bool lint_view_read(struct bytes bytes, struct lint_view *ret_view)
{
	CBS der, tbs, version, serial, algorithm, issuer, dates, subject, spki;
	int has_version;

	*ret_view = (struct lint_view){ .tbs = bytes };
	der = lint_cbs(bytes);
	if (!CBS_get_asn1(&der, &tbs, CBS_ASN1_SEQUENCE) || CBS_len(&der) > 0 ||
	    !CBS_get_optional_asn1(&tbs, &version, &has_version, TAG_EXPLICIT(0)) ||
	    (has_version && (!CBS_get_asn1_uint64(&version, &ret_view->version) ||
			     CBS_len(&version) > 0)) ||
	    !CBS_get_asn1(&tbs, &serial, CBS_ASN1_INTEGER) ||
	    !CBS_get_asn1_element(&tbs, &algorithm, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1_element(&tbs, &issuer, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&tbs, &dates, CBS_ASN1_SEQUENCE) ||
	    !read_time(&dates, &ret_view->not_before) || !read_time(&dates, &ret_view->not_after) ||
	    CBS_len(&dates) > 0 || !CBS_get_asn1_element(&tbs, &subject, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1_element(&tbs, &spki, CBS_ASN1_SEQUENCE) ||
	    !read_unique_ids(&tbs, ret_view) || !read_extensions(&tbs, ret_view) ||
	    CBS_len(&tbs) > 0)
		return false;
	ret_view->serial = bytes_of(&serial);
	ret_view->algorithm = bytes_of(&algorithm);
	ret_view->issuer = bytes_of(&issuer);
	ret_view->subject = bytes_of(&subject);
	ret_view->spki = bytes_of(&spki);
	return true;
}

const struct lint_extension *lint_find(const struct lint_view *view, uint8_t arc)
{
	const uint8_t oid[] = { 0x55, 0x1d, arc };
	size_t i;

	for (i = 0; i < view->extension_count; i++)
		if (bytes_equal(view->extensions[i].oid, (struct bytes){ oid, sizeof(oid) }))
			return &view->extensions[i];
	return NULL;
}

const struct lint_extension *lint_find_pkix(const struct lint_view *view, uint8_t arc)
{
	const uint8_t oid[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, arc };
	size_t i;

	for (i = 0; i < view->extension_count; i++)
		if (bytes_equal(view->extensions[i].oid, (struct bytes){ oid, sizeof(oid) }))
			return &view->extensions[i];
	return NULL;
}

bool lint_basic_constraints(const struct lint_view *view, bool *ret_is_ca, int64_t *ret_path_length)
{
	const struct lint_extension *extension = lint_find(view, 19);
	CBS cbs, sequence, flag;
	uint64_t length;
	int has_flag;

	if (extension == NULL)
		return false;
	cbs = lint_cbs(extension->value);
	if (!CBS_get_asn1(&cbs, &sequence, CBS_ASN1_SEQUENCE) || CBS_len(&cbs) > 0 ||
	    !CBS_get_optional_asn1(&sequence, &flag, &has_flag, CBS_ASN1_BOOLEAN) ||
	    (has_flag && (CBS_len(&flag) != 1 || CBS_data(&flag)[0] != 0xff)))
		return false;
	*ret_is_ca = has_flag != 0;
	*ret_path_length = -1;
	if (CBS_len(&sequence) == 0)
		return true;
	if (!CBS_get_asn1_uint64(&sequence, &length) || CBS_len(&sequence) > 0 || length > 1000)
		return false;
	*ret_path_length = (int64_t)length;
	return true;
}
