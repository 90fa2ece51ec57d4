/* store/certificate_row.h - the columns of a certificate, read in one place. */
#ifndef SALLYPORT_STORE_CERTIFICATE_ROW_H
#define SALLYPORT_STORE_CERTIFICATE_ROW_H

#include "store/certificate.h"
#include "store/sql.h"

#define CERTIFICATE_SELECT \
	"SELECT c.number, c.id, c.role, c.parent, c.name, c.custom_identifier, c.common_name," \
	" c.sans, c.serial, c.issuer_key, c.subject_key, c.sha256, c.not_before, c.not_after," \
	" c.revoked, c.disabled, c.revision, c.created_s, c.body, c.der, c.chain, k.exportable, c.in_cas" \
	" FROM certificates c LEFT JOIN private_keys k ON k.certificate_id = c.id"

/* Everything but the body is borrowed from the row. */
int must_check certificate_row_read(struct statement *statement, struct store_certificate *ret_row,
				    struct error *err);

#endif
