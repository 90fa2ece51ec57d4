/* F, V, A and K: the fields of a certificate but its names and extensions. */
#include <stdio.h>
#include "pki/key.h"
#include "pki/lint_rules.h"
#include "pki/signing.h"
#include "pki/template.h"
#include "x509/certificate_internal.h"
#include "x509/text.h"

#define DAY_S 86400

static int64_t seconds_of(const struct lint *lint)
{
	return lint->view.not_after.value - lint->view.not_before.value + 1;
}

const char *lint_version_is_3(struct lint *lint)
{
	return lint->view.version == 2 ? NULL : "it is not of version 3";
}

const char *lint_serial_is_positive(struct lint *lint)
{
	struct bytes serial = lint->view.serial;

	if (serial.len == 0 || (serial.data[0] & 0x80) != 0)
		return "its serial number is negative";
	if (serial.len == 1 && serial.data[0] == 0)
		return "its serial number is 0";
	return serial.len > 1 && serial.data[0] == 0 && (serial.data[1] & 0x80) == 0 ?
	       "its serial number is not minimal DER" : NULL;
}

const char *lint_serial_is_short(struct lint *lint)
{
	return lint->view.serial.len <= 20 ? NULL : "its serial number has more than 20 octets";
}

const char *lint_serial_is_random(struct lint *lint)
{
	struct bytes serial = lint->view.serial;

	return serial.len == SERIAL_SIZE && serial.data[0] == 0x01 ? NULL :
	       "its serial number does not come from the generator";
}

const char *lint_no_unique_ids(struct lint *lint)
{
	return lint->view.has_unique_ids ? "it has a unique identifier" : NULL;
}

const char *lint_size_is_bounded(struct lint *lint)
{
	/* a signature of RSA_8192 and its wrapping */
	return lint->view.tbs.len <= CERTIFICATE_MAX_SIZE - 1100 ? NULL
								 : "it is larger than 32 KiB";
}

const char *lint_dates_are_well_formed(struct lint *lint)
{
	return lint->view.not_before.sound && lint->view.not_after.sound ? NULL :
	       "a date is not of the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ, or does not exist";
}

const char *lint_dates_are_in_order(struct lint *lint)
{
	return lint->view.not_before.value <= lint->view.not_after.value ? NULL :
	       "it ends before it begins";
}

static bool has_right_type(const struct lint_time *when)
{
	const int64_t year_2050 = INT64_C(2524608000);

	return (when->tag == CBS_ASN1_UTCTIME) == (when->value < year_2050);
}

const char *lint_dates_have_the_right_type(struct lint *lint)
{
	return has_right_type(&lint->view.not_before) && has_right_type(&lint->view.not_after)
		       ? NULL
		       : "a date is not UTCTime before 2050 and GeneralizedTime from then on";
}

const char *lint_dates_are_nested(struct lint *lint)
{
	const struct certificate *issuer = lint->context->issuer;
	char date[TEXT_TIME_SIZE];

	if (issuer == NULL)
		return NULL;
	if (lint->view.not_before.value < certificate_not_before(issuer))
		return "it begins before its issuer";
	if (lint->view.not_after.value <= certificate_not_after(issuer))
		return NULL;
	text_time(certificate_not_after(issuer), date);
	snprintf(lint->why, sizeof(lint->why), "it ends after its issuer, which ends %s", date);
	return lint->why;
}

const char *lint_begin_is_near(struct lint *lint)
{
	int64_t begin = lint->view.not_before.value;

	if (lint->context->later)
		return NULL;
	if (begin > lint->context->now)
		return "it begins in the future";
	return begin >= lint->context->now - DAY_S ? NULL : "it begins more than a day in the past";
}

const char *lint_server_is_short(struct lint *lint)
{
	return seconds_of(lint) <= INT64_C(825) * DAY_S ? NULL :
	       "it is valid for more than 825 days, which Apple's systems refuse";
}

const char *lint_server_is_very_short(struct lint *lint)
{
	return seconds_of(lint) <= INT64_C(397) * DAY_S ? NULL :
	       "it is valid for more than 397 days, which no public CA may do";
}

const char *lint_ca_lives_long_enough(struct lint *lint)
{
	return seconds_of(lint) >= INT64_C(90) * DAY_S ? NULL :
	       "the CA ends before the certificates that it is likely to make";
}

const char *lint_issuer_lives_long_enough(struct lint *lint)
{
	const struct certificate *issuer = lint->context->issuer;

	if (issuer == NULL ||
	    certificate_not_after(issuer) - lint->context->now >= 2 * seconds_of(lint))
		return NULL;
	return "its issuer ends in less than twice its own life: plan the issuer's renewal";
}

static struct signature_algorithm algorithm_of(const struct lint *lint)
{
	CBS cbs = lint_cbs(lint->view.algorithm);
	CBS content;

	if (!CBS_get_asn1(&cbs, &content, CBS_ASN1_SEQUENCE))
		return (struct signature_algorithm){ .weak = true };
	return signature_algorithm_parse((struct bytes){ CBS_data(&content), CBS_len(&content) });
}

const char *lint_hash_is_strong(struct lint *lint)
{
	return algorithm_of(lint).weak ? "it is to be signed with a weak or unknown hash" : NULL;
}

const char *lint_algorithm_is_exact(struct lint *lint)
{
	struct signature_algorithm algorithm = algorithm_of(lint);
	CBS cbs = lint_cbs(lint->view.algorithm);
	CBS content, oid, null;
	bool exact = CBS_get_asn1(&cbs, &content, CBS_ASN1_SEQUENCE) &&
		     CBS_get_asn1(&content, &oid, CBS_ASN1_OBJECT);

	if (algorithm.kind == SIGNATURE_RSA)
		exact = exact && CBS_get_asn1(&content, &null, CBS_ASN1_NULL) &&
			CBS_len(&null) == 0;
	else
		exact = exact && algorithm.kind == SIGNATURE_ECDSA;
	return exact && CBS_len(&content) == 0 ? NULL :
	       "its signature algorithm has other parameters than NULL (RSA) or none (ECDSA)";
}

const char *lint_hash_fits_the_curve(struct lint *lint)
{
	struct bytes wanted = signing_algorithm(lint->context->issuer_key);

	return bytes_equal(wanted, lint->view.algorithm) ? NULL :
	       "its signature algorithm does not fit the issuer's key";
}

const char *lint_family_is_the_issuers(struct lint *lint)
{
	if (EVP_PKEY_id(lint->key) == EVP_PKEY_id(lint->context->issuer_key))
		return NULL;
	snprintf(lint->why, sizeof(lint->why), "its key is of the family %s, its issuer's of %s",
		 key_family(lint->key), key_family(lint->context->issuer_key));
	return lint->why;
}

/* The first of the rules on keys: the others may rely on a key that can be read. */
const char *lint_curve_is_known(struct lint *lint)
{
	if (lint->key == NULL)
		return "its public key is damaged or of an unknown kind";
	return key_check_curve(lint->key, lint->view.spki, lint->why, sizeof(lint->why));
}

const char *lint_modulus_is_large(struct lint *lint)
{
	return key_check_modulus_size(lint->key, lint->why, sizeof(lint->why));
}

const char *lint_exponent_is_sound(struct lint *lint)
{
	return key_check_exponent(lint->key, lint->why, sizeof(lint->why));
}

const char *lint_modulus_has_no_small_factor(struct lint *lint)
{
	return key_check_modulus(lint->key, lint->why, sizeof(lint->why));
}

const char *lint_key_has_no_known_weakness(struct lint *lint)
{
	return key_check_known_weakness(lint->key, lint->why, sizeof(lint->why));
}

const char *lint_key_parameters_are_exact(struct lint *lint)
{
	return key_check_encoding(lint->key, lint->view.spki, lint->why, sizeof(lint->why));
}

const char *lint_key_is_not_the_issuers(struct lint *lint)
{
	return EVP_PKEY_cmp(lint->key, lint->context->issuer_key) == 1 ?
	       "its key is that of its issuer" : NULL;
}
