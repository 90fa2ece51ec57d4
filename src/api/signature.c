#include "api/signature.h"

#include <openssl/base64.h>
#include <openssl/hmac.h>
#include <openssl/mem.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "api/form.h"

/* --- sorted parameters --- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in the order of their bytes; the caller frees the array. */
static const char **sorted_names(const json_t *parameters, size_t *ret_count)
{
	const char **names = memory_new((json_object_size(parameters) + 1) * sizeof(*names));
	const char *name;
	json_t *value;
	size_t count = 0;

	json_object_foreach((json_t *)parameters, name, value) names[count++] = name;
	qsort(names, count, sizeof(*names), compare_names);
	*ret_count = count;
	return names;
}

static void put_pairs(const json_t *parameters, const char *except, bool bare, struct buffer *out)
{
	size_t count, i;
	const char **names = sorted_names(parameters, &count);
	bool first = true;

	for (i = 0; i < count; i++) {
		const char *value = json_string_value(json_object_get(parameters, names[i]));

		if (value == NULL || (except != NULL && strcmp(names[i], except) == 0))
			continue;
		buffer_append(out, "&", first ? 0 : 1);
		first = false;
		form_escape(names[i], out);
		if (bare && value[0] == '\0')
			continue;
		buffer_append(out, "=", 1);
		form_escape(value, out);
	}
	free(names);
}

/* --- HMAC-SHA1 --- */

void signature_v1_text(const char *method, const json_t *parameters, struct buffer *ret_text)
{
	struct buffer pairs = { 0 };

	put_pairs(parameters, "Signature", false, &pairs);
	buffer_append(&pairs, "", 1);
	buffer_printf(ret_text, "%s&%%2F&", method);
	form_escape((const char *)pairs.data, ret_text);
	buffer_done(&pairs);
}

bool signature_v1_is_good(const char *method, const json_t *parameters, const char *secret,
			  const char *signature)
{
	struct buffer text = { 0 }, key = { 0 };
	uint8_t mac[SHA_DIGEST_LENGTH], encoded[32];
	unsigned int mac_len = 0;
	size_t len;
	bool good;

	signature_v1_text(method, parameters, &text);
	buffer_printf(&key, "%s&", secret);
	HMAC(EVP_sha1(), key.data, key.len, text.data, text.len, mac, &mac_len);
	len = EVP_EncodeBlock(encoded, mac, mac_len);
	good = strlen(signature) == len && CRYPTO_memcmp(encoded, signature, len) == 0;
	memory_wipe(mac, sizeof(mac));
	buffer_done(&key);
	buffer_done(&text);
	return good;
}

/* --- ACS3-HMAC-SHA256 --- */

static int incomplete(struct error *err, const char *what)
{
	error_set(err, ERROR_INVALID, "the Authorization header %s", what);
	error_hint(err, "It is ACS3-HMAC-SHA256 Credential=...,SignedHeaders=...,Signature=...");
	return error_symbol(err, "IncompleteSignature");
}

/* "Name=value" up to a comma, in any order. false: not there, or too long. */
static bool take_part(const char *text, const char *name, char *ret_value, size_t size)
{
	size_t name_len = strlen(name), len;

	while (*text != '\0') {
		text += strspn(text, " ,");
		len = strcspn(text, ",");
		if (len > name_len && strncmp(text, name, name_len) == 0 &&
		    text[name_len] == '=') {
			text += name_len + 1;
			len -= name_len + 1;
			while (len > 0 && text[len - 1] == ' ')
				len--;
			if (len == 0 || len >= size)
				return false;
			memcpy(ret_value, text, len);
			ret_value[len] = '\0';
			return true;
		}
		text += len;
	}
	return false;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool hex_decode(const char *text, uint8_t *ret_bytes, size_t size)
{
	size_t i;

	if (strlen(text) != 2 * size)
		return false;
	for (i = 0; i < size; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret_bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

int signature_acs3_parse(const char *authorization, struct signature_acs3 *ret_parts,
			 struct error *err)
{
	static const char scheme[] = "ACS3-HMAC-SHA256 ";
	struct signature_acs3 parts = { 0 };
	char hex[72];

	if (strncmp(authorization, scheme, sizeof(scheme) - 1) != 0) {
		error_set(err, ERROR_INVALID, "this signature method is not supported");
		error_hint(err, "Use ACS3-HMAC-SHA256, or HMAC-SHA1 with signature version 1.0.");
		return error_symbol(err, "InvalidSignatureMethod");
	}
	authorization += sizeof(scheme) - 1;
	if (!take_part(authorization, "Credential", parts.credential, sizeof(parts.credential)))
		return incomplete(err, "has no usable Credential");
	if (!take_part(authorization, "SignedHeaders", parts.headers, sizeof(parts.headers)))
		return incomplete(err, "has no usable SignedHeaders");
	if (!take_part(authorization, "Signature", hex, sizeof(hex)) ||
	    !hex_decode(hex, parts.signature, sizeof(parts.signature)))
		return incomplete(err, "has no usable Signature");
	*ret_parts = parts;
	return 0;
}

static bool lists(const char *headers, const char *name)
{
	size_t len = strlen(name);

	while (*headers != '\0') {
		size_t item = strcspn(headers, ";");

		if (item == len && strncasecmp(headers, name, len) == 0)
			return true;
		headers += item + (headers[item] == ';');
	}
	return false;
}

bool signature_acs3_covers(const struct signature_acs3 *parts)
{
	static const char *const needed[] = { "host",	    "x-acs-action",	    "x-acs-version",
					      "x-acs-date", "x-acs-signature-nonce",
					      "x-acs-content-sha256" };
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (!lists(parts->headers, needed[i]))
			return false;
	}
	return true;
}

static void put_trimmed(const char *value, struct buffer *out)
{
	size_t len;

	value += strspn(value, " \t");
	len = strlen(value);
	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		len--;
	buffer_append(out, value, len);
}

static void lower(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
	}
}

/* In the order in which the client lists them. */
static bool put_headers(const struct signature_acs3 *parts, const struct signature_request *request,
			struct buffer *out)
{
	const char *at = parts->headers;
	char name[128];
	int count;

	for (count = 0; *at != '\0' && count < SIGNATURE_HEADERS_MAX; count++) {
		size_t len = strcspn(at, ";");
		const char *value;

		if (len == 0 || len >= sizeof(name))
			return false;
		memcpy(name, at, len);
		name[len] = '\0';
		lower(name);
		value = request->header(request->arg, name);
		if (value == NULL)
			return false;
		buffer_printf(out, "%s:", name);
		put_trimmed(value, out);
		buffer_append(out, "\n", 1);
		at += len + (at[len] == ';');
	}
	return *at == '\0';
}

static void put_hash(struct bytes bytes, struct buffer *out)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];
	char hex[2 * SHA256_DIGEST_LENGTH + 1];

	SHA256(bytes.data, bytes.len, hash);
	hex_encode((struct bytes){ hash, sizeof(hash) }, hex);
	buffer_append(out, hex, sizeof(hex) - 1);
}

bool signature_acs3_text(const struct signature_acs3 *parts,
			 const struct signature_request *request, bool bare,
			 struct buffer *ret_text)
{
	const char *hash = request->header(request->arg, "x-acs-content-sha256");
	struct buffer canonical = { 0 };
	bool whole;

	buffer_printf(&canonical, "%s\n%s\n", request->method, request->path);
	put_pairs(request->query, NULL, bare, &canonical);
	buffer_append(&canonical, "\n", 1);
	whole = put_headers(parts, request, &canonical) && hash != NULL;
	buffer_printf(&canonical, "\n%s\n%s", parts->headers, whole ? hash : "");
	buffer_printf(ret_text, "ACS3-HMAC-SHA256\n");
	put_hash(buffer_bytes(&canonical), ret_text);
	buffer_done(&canonical);
	return whole;
}

static bool is_signed(const struct signature_acs3 *parts, const struct signature_request *request,
		      const char *secret, bool bare)
{
	struct buffer text = { 0 };
	uint8_t mac[SHA256_DIGEST_LENGTH];
	unsigned int mac_len = 0;
	bool good = signature_acs3_text(parts, request, bare, &text);

	HMAC(EVP_sha256(), secret, strlen(secret), text.data, text.len, mac, &mac_len);
	good = CRYPTO_memcmp(mac, parts->signature, sizeof(mac)) == 0 && good;
	memory_wipe(mac, sizeof(mac));
	buffer_done(&text);
	return good;
}

bool signature_acs3_is_good(const struct signature_acs3 *parts,
			    const struct signature_request *request, const char *secret)
{
	return is_signed(parts, request, secret, false) || is_signed(parts, request, secret, true);
}

bool signature_body_is(struct bytes body, const char *hex)
{
	uint8_t given[SHA256_DIGEST_LENGTH], hash[SHA256_DIGEST_LENGTH];

	SHA256(body.data, body.len, hash);
	return hex_decode(hex, given, sizeof(given)) &&
	       CRYPTO_memcmp(given, hash, sizeof(hash)) == 0;
}

/* --- time --- */

static bool two_digits(const char *at, int low, int high, int *ret_value)
{
	if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
		return false;
	*ret_value = (at[0] - '0') * 10 + at[1] - '0';
	return *ret_value >= low && *ret_value <= high;
}

bool signature_parse_time(const char *text, int64_t *ret_time)
{
	struct tm tm = { 0 };
	int century, year;

	if (strlen(text) != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
	    text[13] != ':' || text[16] != ':' || text[19] != 'Z')
		return false;
	if (!two_digits(text, 19, 99, &century) || !two_digits(text + 2, 0, 99, &year) ||
	    !two_digits(text + 5, 1, 12, &tm.tm_mon) ||
	    !two_digits(text + 8, 1, 31, &tm.tm_mday) ||
	    !two_digits(text + 11, 0, 23, &tm.tm_hour) ||
	    !two_digits(text + 14, 0, 59, &tm.tm_min) || !two_digits(text + 17, 0, 60, &tm.tm_sec))
		return false;
	tm.tm_year = century * 100 + year - 1900;
	tm.tm_mon--;
	*ret_time = timegm(&tm);
	return true;
}
