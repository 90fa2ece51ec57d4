/* Which function does what, for the products cas and pca and for certificates as files. */
#include "certs/cas.h"
#include "certs/console.h"
#include "certs/pca.h"
#include "certs/revoke.h"

const struct handler certs_handlers[] = {
	{ "cas", "UploadUserCertificate", cas_upload_prepare, cas_upload_run, NULL },
	{ "cas", "UpdateUserCertificate", cas_upload_prepare, cas_update_run, NULL },
	{ "cas", "GetUserCertificateDetail", NULL, cas_detail_run, NULL },
	{ "cas", "ListUserCertificateOrder", NULL, cas_list_orders_run, NULL },
	{ "cas", "DeleteUserCertificate", NULL, cas_delete_run, NULL },
	{ "cas", "CreateCsr", cas_create_csr_prepare, cas_create_csr_run, NULL },
	{ "cas", "UploadCsr", cas_upload_csr_prepare, cas_upload_csr_run, NULL },
	{ "cas", "GetCsrDetail", NULL, cas_csr_detail_run, NULL },
	{ "cas", "ListCsr", NULL, cas_list_csr_run, NULL },
	{ "cas", "UpdateCsr", cas_update_csr_prepare, cas_update_csr_run, NULL },
	{ "cas", "DeleteCsr", NULL, cas_delete_csr_run, NULL },
	{ "cas", "ListCert", NULL, cas_list_cert_run, NULL },
	{ "cas", "ListCertWarehouse", NULL, cas_list_warehouse_run, NULL },
	{ "cas", "GetCertWarehouseQuota", NULL, cas_warehouse_quota_run, NULL },
	{ "cas", "UploadPCACert", cas_read_prepare, cas_upload_ca_run, NULL },
	{ "cas", "DeletePCACert", NULL, cas_delete_ca_run, NULL },
	{ "cas", "UploadCACertificate", cas_read_prepare, cas_upload_ca_run, NULL },
	{ "cas", "UpdateCACertificate", cas_read_prepare, cas_update_ca_run, NULL },
	{ "cas", "GetCACertificate", NULL, cas_get_ca_run, NULL },
	{ "cas", "UploadCRL", cas_read_prepare, cas_upload_crl_run, NULL },
	{ "cas", "DeleteCRL", NULL, cas_delete_crl_run, NULL },
	{ "cas", "ListCRL", NULL, cas_list_crl_run, NULL },
	{ "sallyport", "ParseCertificate", parse_prepare, parse_run, NULL },
	{ "sallyport", "RenewConsoleCertificate", NULL, console_renew_run, NULL },
	{ "sallyport", "ExportPrivateCertificate", NULL, export_run, export_finish },
#define X(name, prepare, finish) { "pca", #name, prepare, pca_##name, finish },
	PCA_HANDLERS(X)
	REVOKE_HANDLERS(X)
#undef X
	{ NULL, NULL, NULL, NULL, NULL },
};
