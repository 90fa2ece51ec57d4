/* RevokeCertificates: many at once, also what is only known by its serial number or from an
 * older list. */
#include <stdlib.h>
#include <string.h>
#include "certs/pca.h"
#include "certs/publisher.h"
#include "certs/revoke.h"
#include "control/own_revocations.h"
#include "control/serving.h"
#include "pki/crl_write.h"
#include "x509/crl.h"
#include "x509/pem.h"

#define MOST 20000

struct many {
	struct call *call;
	const struct store_certificate *ca;
	int reason;
	int64_t count, known;
	struct error *err;
	bool failed;
};

/* A CA takes with it all that it issued: UpdateCACertificateStatus is for administrators, too. */
static bool may_revoke(struct many *many, const char *serial)
{
	struct store_certificate found = { 0 };
	int is_there;
	bool is_ca;

	if (many->call->caller.role == CALLER_ADMINISTRATOR)
		return true;
	is_there = store_certificate_get_serial(many->call->store, many->ca->subject_key, serial,
						&found, many->err);
	is_ca = is_there == 1 && (found.role & STORE_OWN_CAS) != 0;
	if (is_ca)
		call_refuse(many->err, ERROR_DENIED, "Forbidden.NoPermission", NULL,
			    "serial number %s is that of CA \"%s\": CAs are revoked by "
			    "administrators", serial, found.common_name);
	store_certificate_done(&found);
	return is_there >= 0 && !is_ca;
}

static bool revoke_serial(struct many *many, struct bytes serial, int64_t when)
{
	struct store_revocation revocation = { .time_s = when,
					       .reason = many->reason,
					       .serial_len = serial.len };
	struct store_revocation before;
	struct call *call = many->call;
	char text[41];
	int found;

	if (many->count + many->known == MOST) {
		call_refuse(many->err, ERROR_LIMIT, "IllegalParamSize.SerialNumbers", NULL,
			    "more than %d certificates at once", MOST);
		return false;
	}
	certs_serial_text(serial, text);
	if (!may_revoke(many, text))
		return false;
	memcpy(revocation.issuer_key, many->ca->subject_key, sizeof(revocation.issuer_key));
	memcpy(revocation.serial, serial.data, serial.len);
	found = store_revocation_get(call->store, revocation.issuer_key, serial, &before,
				     many->err);
	if (found < 0 || store_revoke(call->store, &revocation, many->err) < 0)
		return false;
	own_revocations_add(serving_own_revocations(call->control), &revocation);
	many->known += found;
	many->count += 1 - found;
	return true;
}

static bool revoke_text(struct many *many, const char *text, const char *field)
{
	uint8_t octets[20];
	size_t len;

	if (certs_serial_parse(text, octets, &len))
		return revoke_serial(many, (struct bytes){ octets, len }, many->call->now);
	call_refuse(many->err, ERROR_INVALID, "IllegalParam.SerialNumbers", field,
		    "\"%.64s\" is no serial number: 1 to 20 octets in hex", text);
	return false;
}

static bool revoke_listed(struct many *many, const json_t *serials)
{
	const json_t *serial;
	size_t i;

	json_array_foreach(serials, i, serial) if (!revoke_text(many, json_string_value(serial),
								"SerialNumbers")) return false;
	return true;
}

/* One serial number a line; what follows a "#" is a remark. */
static bool revoke_lines(struct many *many, const char *text)
{
	char *copy = memory_copy_string(text), *rest = copy, *line;
	bool good = true;

	while (good && (line = strsep(&rest, "\r\n")) != NULL) {
		line[strcspn(line, "#")] = '\0';
		if (line[strspn(line, " \t")] != '\0')
			good = revoke_text(many, line, "SerialFile");
	}
	free(copy);
	return good;
}

/* --- from a list --- */

static void revoke_entry(void *arg, struct bytes serial, int64_t when)
{
	struct many *many = arg;

	/* Nobody revokes in the future, and a longer serial is on no table. */
	if (!many->failed && serial.len <= REVOCATION_SERIAL_SIZE)
		many->failed = !revoke_serial(many, serial,
					      when < many->call->now ? when : many->call->now);
}

/* Who has the old list must not take the next one for an older. Numbers of more octets do not come from
 * counting. */
static int follow_number(struct many *many, const struct crl *crl, struct error *err)
{
	struct store_crl last = { 0 };
	int64_t number = 0;
	int status = 0;
	size_t i;

	if (crl->number.len > 7)
		return 0;
	for (i = 0; i < crl->number.len; i++)
		number = number << 8 | crl->number.data[i];
	certs_follow_number(many->ca->subject_key, (uint64_t)number);
	if (store_crl_get(many->call->store, many->ca->subject_key, &last, err) < 0)
		return -1;
	if (number > last.number) {
		last.number = number;
		status = store_crl_put(many->call->store, many->ca->subject_key, &last, err);
	}
	buffer_done(&last.der);
	return status;
}

static int revoke_block(void *arg, const struct pem_block *block, struct error *err)
{
	struct many *many = arg;
	struct certificate *issuer;
	struct crl crl;
	int result = -1;

	if (!pem_label_is(block, "X509 CRL") && !pem_label_is(block, "CRL"))
		return 0;
	issuer = certificate_parse(buffer_bytes(&many->ca->der), err);
	if (issuer != NULL && crl_verify(block->der, issuer, err) == 0 &&
	    crl_parse(block->der, &crl, err) == 0)
		result = crl_each_entry(&crl, revoke_entry, many, err);
	if (result == 0 && !many->failed)
		result = follow_number(many, &crl, err);
	certificate_free(issuer);
	return many->failed ? -1 : result;
}

static bool revoke_from_list(struct many *many, const char *text)
{
	struct bytes content = { (const uint8_t *)text, strlen(text) };
	size_t blocks = 0;

	if (pem_each(content, "Crl", revoke_block, many, &blocks, many->err) < 0) {
		pca_blame(many->err, "Crl");
		return false;
	}
	if (blocks > 0)
		return true;
	call_refuse(many->err, ERROR_INVALID, "IllegalParam.Crl", "Crl",
		    "it holds no revocation list in PEM (BEGIN X509 CRL)");
	return false;
}

/* --- all together --- */

static bool revoke_all(struct many *many)
{
	const struct call *call = many->call;

	if (call_has(call, "SerialNumbers") &&
	    !revoke_listed(many, call_value(call, "SerialNumbers")))
		return false;
	if (call_has(call, "SerialFile") && !revoke_lines(many, call_text(call, "SerialFile")))
		return false;
	return !call_has(call, "Crl") || revoke_from_list(many, call_text(call, "Crl"));
}

static int note_change(struct many *many, struct error *err)
{
	json_t *after = json_pack("{s:I, s:s}", "RevokedCount", (json_int_t)many->count, "Reason",
				  crl_reason_word(many->reason));
	int64_t revision;
	int result = call_change(many->call, "certificate", many->ca->id, "RevokeIssued", false,
				 NULL, after, &revision, err);

	json_decref(after);
	return result;
}

int pca_RevokeCertificates(struct call *call, struct error *err)
{
	const char *word = call_text(call, "Reason");
	struct store_certificate ca = { 0 };
	struct many many = { .call = call,
			     .ca = &ca,
			     .err = err,
			     .reason = word == NULL ? 0 : crl_reason_parse(word) };
	int result = -1;

	if (!call_has(call, "SerialNumbers") && !call_has(call, "SerialFile") &&
	    !call_has(call, "Crl"))
		return call_refuse(err, ERROR_INVALID, "MissingParam.SerialNumbers",
				   "SerialNumbers",
				   "one of SerialNumbers, SerialFile and Crl is needed");
	if (pca_find(call->store, call_text(call, "ParentIdentifier"), STORE_OWN_CAS, &ca, err) < 0)
		return error_place(err, "ParentIdentifier");
	if (call_check_issuer(call, ca.id, err) == 0 && revoke_all(&many) &&
	    (many.count == 0 || note_change(&many, err) == 0)) {
		call->revokes = many.count + many.known > 0;
		json_object_set_new(call->reply, "RevokedCount", json_integer(many.count));
		json_object_set_new(call->reply, "KnownCount", json_integer(many.known));
		result = 0;
	}
	store_certificate_done(&ca);
	return result;
}
