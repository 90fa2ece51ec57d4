/* DeleteClientCertificate: certificates, and CAs too. Nothing that is in use goes. */
#include <stdio.h>
#include <string.h>
#include "certs/pca.h"
#include "control/own_revocations.h"
#include "control/serving.h"
#include "store/resource.h"
#include "x509/text.h"

#define SHOWN_MAX 3
#define SIGNERS_MAX 32

/* "listener lsn-a, listener lsn-b and 3 more" */
struct users {
	char text[200];
	size_t count;
};

static bool add_user(void *arg, const struct store_reference *reference)
{
	struct users *users = arg;
	size_t used = strlen(users->text);

	if (users->count++ < SHOWN_MAX)
		snprintf(users->text + used, sizeof(users->text) - used, "%s%s %.60s",
			 used > 0 ? ", " : "", reference->from_kind, reference->from_id);
	return true;
}

static int check_users(struct call *call, const struct store_certificate *row, struct error *err)
{
	struct users users = { .count = 0 };
	char more[32] = "";

	if (store_references_to(call->store, STORE_CERTIFICATE, row->id, add_user, &users, err) < 0)
		return -1;
	if (users.count == 0)
		return 0;
	if (users.count > SHOWN_MAX)
		snprintf(more, sizeof(more), " and %zu more", users.count - SHOWN_MAX);
	call_refuse(err, ERROR_CONFLICT, "ResourceInUse.Certificate", "Identifier",
		    "certificate %s is used by %s%s", row->id, users.text, more);
	return error_hint(err, "Give those another certificate first.");
}

/* --- CAs --- */

struct children {
	const struct call *call;
	char id[PCA_ID_SIZE], name[65];
	size_t count;
};

static bool count_live(void *arg, const struct store_certificate *row)
{
	struct children *children = arg;

	if (!pca_is_live(row, children->call->now))
		return true;
	if (children->count++ == 0) {
		snprintf(children->id, sizeof(children->id), "%s", row->id);
		snprintf(children->name, sizeof(children->name), "%.64s", row->common_name);
	}
	return true;
}

static int check_ca(struct call *call, const struct store_certificate *row, struct error *err)
{
	const struct store_certificate_filter filter = {
		.roles = STORE_PRIVATE | STORE_OWN_CAS, .parent = row->id, .revoked = 0,
	};
	struct children children = { .call = call };

	if (call->caller.role != CALLER_ADMINISTRATOR)
		return call_refuse(err, ERROR_DENIED, "Forbidden.NoPermission", NULL,
				   "CAs are deleted by administrators");
	if (store_certificate_each(call->store, &filter, count_live, &children, err) < 0)
		return -1;
	if (children.count == 0)
		return 0;
	call_refuse(err, ERROR_CONFLICT, "ResourceInUse.CaCertificate", "Identifier",
		    "CA \"%.64s\" has %zu live certificates, such as \"%s\" (%s)", row->common_name,
		    children.count, children.name, children.id);
	return error_hint(err, "Revoke them first, or wait for their end.");
}

/* Keys that sign OCSP answers for the CA go with it. */
struct signers {
	char ids[SIGNERS_MAX][PCA_ID_SIZE];
	size_t count;
};

static bool keep_signer(void *arg, const struct store_certificate *row)
{
	struct signers *signers = arg;

	snprintf(signers->ids[signers->count], PCA_ID_SIZE, "%s", row->id);
	return ++signers->count < SIGNERS_MAX;
}

static int delete_signers(struct call *call, const struct store_certificate *ca, struct error *err)
{
	const struct store_certificate_filter filter = {
		.roles = STORE_OCSP_SIGNER, .parent = ca->id, .revoked = -1,
	};
	struct signers signers = { .count = 0 };
	size_t i;

	do {
		signers.count = 0;
		if (store_certificate_each(call->store, &filter, keep_signer, &signers, err) < 0)
			return -1;
		for (i = 0; i < signers.count; i++)
			if (store_certificate_delete(call->store, signers.ids[i], err) < 0)
				return -1;
	} while (signers.count == SIGNERS_MAX);
	return 0;
}

/* --- certificates --- */

static int check_leaf(struct call *call, const struct store_certificate *row, struct error *err)
{
	char end[TEXT_TIME_SIZE];

	if (!pca_is_live(row, call->now))
		return 0;
	text_time(row->not_after, end);
	call_refuse(err, ERROR_CONFLICT, "IncorrectStatus.certificate", "Identifier",
		    "certificate %s is neither revoked nor past its end, %s", row->id, end);
	return error_hint(err, "Revoke it first, with CreateRevokeClientCertificate.");
}

static int delete(struct call *call, const struct store_certificate *row, struct error *err)
{
	bool is_ca = (row->role & STORE_PRIVATE) == 0;
	json_t *before;
	int64_t ignored;
	int status;

	if (pca_check_owner(call, row, err) < 0 ||
	    (is_ca ? check_ca(call, row, err) : check_leaf(call, row, err)) < 0 ||
	    check_users(call, row, err) < 0)
		return -1;
	before = json_pack("{s:s, s:s}", "CommonName", row->common_name, "SerialNumber",
			   row->serial);
	status = call_change(call, STORE_CERTIFICATE, row->id, "Delete", is_ca, before, NULL,
			     &ignored, err);
	json_decref(before);
	if (is_ca && status == 0)
		status = delete_signers(call, row, err);
	if (is_ca)
		own_revocations_add_ca(serving_own_revocations(call->control));
	return status < 0 ? -1 : store_certificate_delete(call->store, row->id, err);
}

int pca_DeleteClientCertificate(struct call *call, struct error *err)
{
	struct store_certificate row;
	int status = pca_find(call->store, call_text(call, "Identifier"),
			      STORE_PRIVATE | STORE_OWN_CAS | STORE_PENDING_CA, &row, err);

	if (status < 0)
		return error_place(err, "Identifier");
	status = delete(call, &row, err);
	store_certificate_done(&row);
	return status;
}
