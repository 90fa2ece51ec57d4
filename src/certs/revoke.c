#include "certs/revoke.h"

#include <string.h>
#include "certs/pca.h"
#include "control/own_revocations.h"
#include "control/serving.h"
#include "pki/crl_write.h"

#define OWN_LEAVES (STORE_PRIVATE | STORE_OCSP_SIGNER)

/* Do we keep the list that the certificate would be on? */
static bool has_own_issuer(const struct store_certificate *row)
{
	static const uint8_t unknown[REVOCATION_KEY_SIZE];

	if (row->role == STORE_ROOT_CA || row->parent == NULL)
		return false;
	return memcmp(row->issuer_key, unknown, sizeof(unknown)) != 0;
}

static int put_on_list(struct call *call, const struct store_certificate *row, int reason,
		       struct error *err)
{
	struct store_revocation revocation = { .time_s = call->now, .reason = reason };

	memcpy(revocation.issuer_key, row->issuer_key, sizeof(revocation.issuer_key));
	if (!certs_serial_parse(row->serial, revocation.serial, &revocation.serial_len))
		return call_refuse(err, ERROR_INVALID, "IncorrectStatus.certificate", "Identifier",
				   "serial number %.48s is too long for a revocation list",
				   row->serial);
	if (store_revoke(call->store, &revocation, err) < 0)
		return -1;
	own_revocations_add(serving_own_revocations(call->control), &revocation);
	return 0;
}

/* A CA that no CA of ours issued is on nobody's list; what it issued is refused all the same. */
static int switch_off(struct call *call, const struct store_certificate *row, int64_t revision,
		      struct error *err)
{
	struct store_certificate changed = { 0 };
	int result = store_certificate_get(call->store, row->id, &changed, err);

	if (result == 1) {
		changed.disabled = true;
		changed.revision = revision;
		result = store_certificate_put(call->store, &changed, err);
		store_certificate_done(&changed);
	}
	return result < 0 ? -1 : 0;
}

static int note_change(struct call *call, const struct store_certificate *row, int reason,
		       bool was_revoked, bool is_ca, int64_t *ret_revision, struct error *err)
{
	json_t *before = json_pack("{s:s}", "Status", was_revoked ? "REVOKE" : "ISSUE");
	json_t *after = json_pack("{s:s, s:s, s:s, s:s}", "Status", "REVOKE", "Reason",
				  crl_reason_word(reason), "SerialNumber", row->serial,
				  "CommonName", row->common_name != NULL ? row->common_name : "");
	int result = call_change(call, "certificate", row->id, "Revoke", is_ca, before, after,
				 ret_revision, err);

	json_decref(before);
	json_decref(after);
	return result;
}

int certs_revoke(struct call *call, const struct store_certificate *row, int reason,
		 struct error *err)
{
	bool is_ca = (row->role & STORE_OWN_CAS) != 0;
	bool was_revoked = row->revoked || row->disabled;
	int64_t revision;

	if (was_revoked && (reason != REVOKED_KEY_COMPROMISE || !has_own_issuer(row)))
		return 0;
	if (note_change(call, row, reason, was_revoked, is_ca, &revision, err) < 0)
		return -1;
	if (has_own_issuer(row) && put_on_list(call, row, reason, err) < 0)
		return -1;
	if (is_ca && switch_off(call, row, revision, err) < 0)
		return -1;
	if (is_ca)
		own_revocations_add_ca(serving_own_revocations(call->control));
	call->revokes = true;
	return 0;
}

static int reason_of(const struct call *call)
{
	const char *word = call_text(call, "Reason");
	int reason = word == NULL ? REVOKED_UNSPECIFIED : crl_reason_parse(word);

	return reason < 0 ? REVOKED_UNSPECIFIED : reason;
}

int pca_CreateRevokeClientCertificate(struct call *call, struct error *err)
{
	struct store_certificate row = { 0 };
	int result = -1;

	if (pca_find(call->store, call_text(call, "Identifier"), OWN_LEAVES, &row, err) < 0)
		return error_place(err, "Identifier");
	if (pca_check_owner(call, &row, err) == 0 &&
	    call_check_revision(call, row.revision, err) == 0)
		result = certs_revoke(call, &row, reason_of(call), err);
	store_certificate_done(&row);
	return result;
}
