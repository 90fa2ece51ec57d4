#include "pki/der_time.h"

#include <openssl/posix_time.h>

static uint8_t *put_digits(uint8_t *at, int value, int count)
{
	int i;

	for (i = count - 1; i >= 0; i--) {
		at[i] = (uint8_t)('0' + value % 10);
		value /= 10;
	}
	return at + count;
}

static size_t write_time(int64_t when, bool may_be_short, uint8_t *der)
{
	struct tm parts;
	bool is_short;
	uint8_t *at = der + 2;
	int year;

	if (OPENSSL_posix_to_tm(when, &parts) != 1)
		return 0;
	year = parts.tm_year + 1900;
	is_short = may_be_short && year >= 1950 && year < 2050;
	at = is_short ? put_digits(at, year % 100, 2) : put_digits(at, year, 4);
	at = put_digits(at, parts.tm_mon + 1, 2);
	at = put_digits(at, parts.tm_mday, 2);
	at = put_digits(at, parts.tm_hour, 2);
	at = put_digits(at, parts.tm_min, 2);
	at = put_digits(at, parts.tm_sec, 2);
	*at++ = 'Z';
	der[0] = is_short ? CBS_ASN1_UTCTIME : CBS_ASN1_GENERALIZEDTIME;
	der[1] = (uint8_t)(at - der - 2);
	return (size_t)(at - der);
}

size_t der_time(int64_t when, uint8_t ret_der[DER_TIME_SIZE])
{
	return write_time(when, true, ret_der);
}

size_t der_time_generalized(int64_t when, uint8_t ret_der[DER_TIME_SIZE])
{
	return write_time(when, false, ret_der);
}

bool der_time_add(CBB *out, int64_t when)
{
	uint8_t der[DER_TIME_SIZE];
	size_t len = der_time(when, der);

	return len > 0 && CBB_add_bytes(out, der, len) == 1;
}

bool der_time_add_generalized(CBB *out, int64_t when)
{
	uint8_t der[DER_TIME_SIZE];
	size_t len = der_time_generalized(when, der);

	return len > 0 && CBB_add_bytes(out, der, len) == 1;
}
