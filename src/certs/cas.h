/* certs/cas.h - the steps of the actions of CAS, and of those of ours about certificates as files. */
#ifndef SALLYPORT_CERTS_CAS_H
#define SALLYPORT_CERTS_CAS_H

#include "control/call.h"
#include "pki/import.h"
#include "store/certificate.h"

call_step cas_upload_prepare, cas_upload_run, cas_update_run; /* cas_upload.c */
call_step cas_detail_run;                                     /* cas_detail.c */
call_step cas_list_orders_run, cas_list_cert_run, cas_list_warehouse_run,
	cas_warehouse_quota_run;                              /* cas_list.c */
call_step cas_delete_run, cas_delete_ca_run;                  /* cas_delete.c */
call_step cas_create_csr_prepare, cas_create_csr_run, cas_upload_csr_prepare, cas_upload_csr_run,
	cas_csr_detail_run, cas_list_csr_run, cas_update_csr_prepare, cas_update_csr_run,
	cas_delete_csr_run;                                   /* cas_csr.c */
call_step cas_read_prepare, cas_upload_ca_run, cas_update_ca_run,
	cas_get_ca_run;                                       /* cas_authority.c */
call_step cas_upload_crl_run, cas_delete_crl_run, cas_list_crl_run; /* cas_crl.c */
call_step parse_prepare, parse_run;                           /* parse.c */
call_step export_run, export_finish;                          /* export.c */

/* --- shared --- */

/* 0: found, with one of these roles; the caller calls done. "NotFound" (404). */
int must_check cas_get_number(struct call *call, const char *parameter, unsigned int roles,
			      struct store_certificate *ret_row, struct error *err);
int must_check cas_get_id(struct call *call, const char *parameter, unsigned int roles,
			  struct store_certificate *ret_row, struct error *err);
/* Refuses a Name that another row of the role has ("DuplicatedParam.Name"). but: id that may have it. */
int must_check cas_check_name(struct call *call, unsigned int role, const char *but,
			      struct error *err);
/* Refuses while something uses the certificate, naming it ("ResourceInUse.Certificate"). */
int must_check cas_check_unused(struct call *call, const struct store_certificate *row,
				struct error *err);
int must_check cas_put_tags(struct call *call, const char *id, struct error *err);
/* Page and size of CurrentPage and ShowSize, also set in the reply. */
struct cas_page {
	int offset, limit;
};
struct cas_page cas_page(struct call *call, int standard_size);
/* May this caller read private keys through the cloud's own actions? Setting and role. */
bool cas_may_read_keys(struct call *call);
/* The private key as PEM in member of the reply, audited; "" when the caller may not. */
int must_check cas_set_key(struct call *call, const struct store_certificate *row,
			   const char *member, struct error *err);
/* What prepare has read of Cert, Key and so on: the call's work. */
struct import *cas_import(struct call *call);
void cas_import_free(void *import);
/* import_add() of a parameter, if it is given. */
int must_check cas_add(struct call *call, struct import *import, const char *parameter,
		       struct error *err);

#endif
