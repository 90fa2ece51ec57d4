/* DeleteUserCertificate, DeletePCACert */
#include "certs/cas.h"
#include "certs/facts.h"
#include "store/resource.h"

static int delete_row(struct call *call, const struct store_certificate *row, struct error *err)
{
	json_t *before = facts_summary(row);
	int64_t revision;
	int status = cas_check_unused(call, row, err);

	if (status == 0)
		status = call_check_revision(call, row->revision, err);
	if (status == 0)
		status = call_change(call, STORE_CERTIFICATE, row->id, "Delete", false, before, NULL,
				     &revision, err);
	json_decref(before);
	return status < 0 ? -1 : store_certificate_delete(call->store, row->id, err);
}

int cas_delete_run(struct call *call, struct error *err)
{
	struct store_certificate row = { 0 };
	int status;

	if (cas_get_number(call, "CertId", STORE_UPLOADED, &row, err) < 0)
		return -1;
	status = delete_row(call, &row, err);
	store_certificate_done(&row);
	return status;
}

int cas_delete_ca_run(struct call *call, struct error *err)
{
	struct store_certificate row = { 0 };
	int status;

	if (cas_get_id(call, "Identifier", STORE_UPLOADED_CA, &row, err) < 0)
		return -1;
	status = delete_row(call, &row, err);
	store_certificate_done(&row);
	return status;
}
