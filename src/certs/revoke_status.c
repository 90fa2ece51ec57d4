/* What was revoked, and where the lists are: the questions about revocation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "certs/pca.h"
#include "certs/publisher_internal.h"
#include "certs/revoke.h"
#include "pki/crl_write.h"

static int add_status(struct call *call, json_t *list, const uint8_t *issuer_key, const char *shown,
		      struct bytes serial, bool is_issued, struct error *err)
{
	struct store_revocation revocation;
	json_t *status = json_pack("{s:s}", "SerialNumber", shown);
	int found = 0;

	if (issuer_key != NULL && serial.len > 0)
		found = store_revocation_get(call->store, issuer_key, serial, &revocation, err);
	json_object_set_new(status, "Status",
			    json_string(found == 1  ? "revoked"
					: is_issued ? "good"
						    : "unknown"));
	if (found == 1) {
		json_object_set_new(status, "RevokeTime", json_integer(revocation.time_s * 1000));
		json_object_set_new(status, "RevokeReason",
				    json_string(crl_reason_word(revocation.reason)));
	}
	json_array_append_new(list, status);
	return found < 0 ? -1 : 0;
}

static int add_row(struct call *call, json_t *list, const struct store_certificate *row,
		   struct error *err)
{
	uint8_t octets[REVOCATION_SERIAL_SIZE];
	size_t len = 0;

	if (!certs_serial_parse(row->serial, octets, &len))
		len = 0;
	return add_status(call, list, row->issuer_key, row->serial, (struct bytes){ octets, len },
			  true, err);
}

/* Calls each for every part of a comma list. */
static int each_part(struct call *call, const char *text, json_t *list,
		     int (*each)(struct call *call, const char *part, json_t *list,
				 struct error *err),
		     struct error *err)
{
	char *copy = memory_copy_string(text), *rest = copy, *part;
	int result = 0;

	while (result == 0 && (part = strsep(&rest, ",")) != NULL) {
		part += strspn(part, " \t");
		part[strcspn(part, " \t")] = '\0';
		if (part[0] != '\0')
			result = each(call, part, list, err);
	}
	free(copy);
	return result;
}

static int status_of_id(struct call *call, const char *id, json_t *list, struct error *err)
{
	struct store_certificate row = { 0 };
	int result;

	if (pca_find(call->store, id, STORE_PRIVATE | STORE_OWN_CAS, &row, err) < 0)
		return error_place(err, "Identifier");
	result = add_row(call, list, &row, err);
	store_certificate_done(&row);
	return result;
}

int pca_DescribeClientCertificateStatus(struct call *call, struct error *err)
{
	json_t *list = json_array();

	json_object_set_new(call->reply, "CertificateStatus", list);
	return each_part(call, call_text(call, "Identifier"), list, status_of_id, err);
}

/* Of several CAs each may have used the number: what was revoked is said first. */
static int status_of_serial(struct call *call, const char *text, json_t *list, struct error *err)
{
	struct store_certificate row = { 0 };
	uint8_t octets[REVOCATION_SERIAL_SIZE];
	char serial[2 * REVOCATION_SERIAL_SIZE + 1];
	size_t len;
	int result;

	if (!certs_serial_parse(text, octets, &len))
		return call_refuse(err, ERROR_INVALID, "IllegalParam.SerialNumber", "SerialNumber",
				   "\"%.64s\" is no serial number: 1 to 20 octets in hex", text);
	certs_serial_text((struct bytes){ octets, len }, serial);
	result = store_certificate_get_serial(call->store, NULL, serial, &row, err);
	if (result < 0)
		return -1;
	if (result == 0)
		return add_status(call, list, NULL, serial, (struct bytes){ NULL, 0 }, false, err);
	result = add_row(call, list, &row, err);
	store_certificate_done(&row);
	return result;
}

int pca_DescribeClientCertificateStatusForSerialNumber(struct call *call, struct error *err)
{
	json_t *list = json_array();

	json_object_set_new(call->reply, "CertificateStatus", list);
	return each_part(call, call_text(call, "SerialNumber"), list, status_of_serial, err);
}

/* --- where the list is --- */

static void set_list(struct call *call, const struct published_list *list)
{
	char hash[2 * SHA256_SIZE + 1] = "", next[32] = "";

	if (list->fd >= 0) {
		hex_encode((struct bytes){ list->hash, sizeof(list->hash) }, hash);
		snprintf(next, sizeof(next), "%lld", (long long)list->next_update * 1000);
		json_object_set_new(call->reply, "CrlNumber",
				    json_integer((json_int_t)list->number));
	}
	json_object_set_new(call->reply, "HashCode", json_string(hash));
	json_object_set_new(call->reply, "NextUpdateTime", json_string(next));
}

static const char *state_of(const struct store_certificate *ca, int64_t now)
{
	return ca->revoked || ca->disabled ? "revoked" : now > ca->not_after ? "expired" : "normal";
}

int pca_GetCaInstanceCrlAddress(struct call *call, struct error *err)
{
	const char *id = call_text(call, call_has(call, "CaIdentifier") ? "CaIdentifier" : "Uuid");
	const struct published_list none = { .fd = -1 };
	const struct published_ca *published;
	struct store_certificate ca = { 0 };
	json_t *shown;

	if (id == NULL)
		return call_refuse(err, ERROR_INVALID, "MissingParam.CaIdentifier", "CaIdentifier",
				   "CaIdentifier is missing: the Identifier of a CA");
	if (pca_find(call->store, id, STORE_OWN_CAS, &ca, err) < 0)
		return error_place(err, "CaIdentifier");
	published = publisher_find(publisher_of(call->control), ca.subject_key);
	set_list(call, published == NULL ? &none : &published->list);
	shown = pca_show_ca(call, &ca, false, err);
	if (shown != NULL) {
		json_object_set(call->reply, "CrlUrl", json_object_get(shown, "CrlUrl"));
		json_object_set(call->reply, "CaType", json_object_get(shown, "CertificateType"));
		json_object_set_new(call->reply, "CaInstanceStatus",
				    json_string(state_of(&ca, call->now)));
	}
	json_decref(shown);
	store_certificate_done(&ca);
	return shown == NULL ? -1 : 0;
}
