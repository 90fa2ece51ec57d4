/*
 * certs/cas_crl.h - revocation lists of third-party CAs: checked once, when they come.
 *
 * A list must be signed by one of the certificates of its entry, and be of a kind that is understood;
 * it takes the place of the list of the same issuer and scope, and must not be older than that.
 */
#ifndef SALLYPORT_CERTS_CAS_CRL_H
#define SALLYPORT_CERTS_CAS_CRL_H

#include "control/call.h"
#include "pki/import.h"
#include "store/certificate.h"

/* Stores all lists of import for row. ret_lists, if not NULL, gets a description of each. force: older
 * ones too. */
int must_check crl_store_all(struct call *call, const struct store_certificate *row,
			     const struct import *import, bool force, json_t *ret_lists,
			     struct error *err);
/* Removes lists that none of the certificates of row issued: the data plane could not tell whose they
 * are, and would let nobody in. Names them in warnings. */
int must_check crl_drop_strangers(struct call *call, const struct store_certificate *row,
				  json_t *warnings, struct error *err);
/* A description of each stored list; NULL on error. */
json_t *crl_list(struct store *store, const struct store_certificate *row, struct error *err);
/* import_add() of every certificate that stands in chain. */
int must_check crl_each_certificate(struct bytes chain, struct import *import, struct error *err);

#endif
