/* DescribeCertificatePrivateKey: the key leaves, always encrypted, always audited. */
#include <string.h>
#include "certs/pca.h"
#include "pki/pem_write.h"
#include "pki/pkcs8.h"
#include "store/resource.h"

#define CODE_MAX 32 /* bytes */

static int check(struct call *call, const struct store_certificate *row, struct error *err)
{
	if (pca_check_owner(call, row, err) < 0)
		return -1;
	if (!row->has_key)
		return call_refuse(err, ERROR_NOT_FOUND, "NotFound.PrivateKey", "Identifier",
				   "the private key of certificate %s was never here", row->id);
	if (!row->exportable)
		return call_refuse(err, ERROR_DENIED, "OperationDenied.KeyNotExportable",
				   "Identifier", "the private key of certificate %s may not leave",
				   row->id);
	return 0;
}

static int read_key(struct call *call, const struct store_certificate *row, struct error *err)
{
	struct pca_work *work = pca_work_new(call);
	bool exportable = false;

	if (store_key_get(call->store, row->id, &work->pkcs8, &exportable, err) != 1)
		return -1;
	if (exportable)
		return 0;
	buffer_done(&work->pkcs8);
	return call_refuse(err, ERROR_DENIED, "OperationDenied.KeyNotExportable", "Identifier",
			   "the private key of certificate %s may not leave", row->id);
}

int pca_DescribeCertificatePrivateKey(struct call *call, struct error *err)
{
	struct store_certificate row;
	int status;

	if (strlen(call_text(call, "EncryptedCode")) > CODE_MAX)
		return call_refuse(err, ERROR_INVALID, "IllegalParam.EncryptedCode",
				   "EncryptedCode", "EncryptedCode has more than %d bytes",
				   CODE_MAX);
	if (pca_find(call->store, call_text(call, "Identifier"), STORE_PRIVATE, &row, err) < 0)
		return error_place(err, "Identifier");
	status = check(call, &row, err);
	if (status == 0)
		status = read_key(call, &row, err);
	if (status == 0)
		status = call_audit(call, STORE_CERTIFICATE, row.id, err);
	call->keeps_secret = true;
	store_certificate_done(&row);
	return status;
}

/* Deriving a key from the password takes a while: in a job thread. */
int pca_finish_private_key(struct call *call, struct error *err)
{
	struct pca_work *work = pca_work_new(call);
	struct buffer encrypted = { 0 }, pem = { 0 };
	int status = pkcs8_encrypt(buffer_bytes(&work->pkcs8), call_text(call, "EncryptedCode"),
				   &encrypted, err);

	buffer_done(&work->pkcs8);
	if (status == 0) {
		pem_write(&pem, "ENCRYPTED PRIVATE KEY", buffer_bytes(&encrypted));
		buffer_append(&pem, "", 1);
		json_object_set_new(call->reply, "EncryptedData",
				    json_string((const char *)pem.data));
	} else {
		pca_blame(err, "EncryptedCode");
	}
	buffer_done(&pem);
	buffer_done(&encrypted);
	return status;
}
