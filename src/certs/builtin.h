/*
 * certs/builtin.h - what the first start makes: a root CA, a subordinate CA, the console's certificate.
 *
 * Without them nobody could open the console by HTTPS. They are ordinary CAs afterwards.
 */
#ifndef SALLYPORT_CERTS_BUILTIN_H
#define SALLYPORT_CERTS_BUILTIN_H

#include <stdint.h>
#include "store/store.h"

struct builtin_request {
	const char *host;            /* name of this machine: a part of the CAs' names; "" is fine */
	const char *const *names;    /* DNS names and IP addresses of the console; at least one */
	size_t name_count;
	const char *request_id;      /* for the audit log; may be NULL */
	int64_t now;
};

#define BUILTIN_ID_SIZE 40

struct builtin {
	char root_id[BUILTIN_ID_SIZE], sub_id[BUILTIN_ID_SIZE], server_id[BUILTIN_ID_SIZE];
	uint8_t root_sha256[32];     /* of the root's DER: the fingerprint people compare */
	int64_t server_not_after;
};

/* ECC_256 keys; 10 years, 5 years, 397 days. To be called inside of a transaction of the store's writer;
 * on error the caller rolls it back. Names that cannot stand in a certificate are left out; "localhost"
 * when none is left. */
int must_check certs_create_builtin(struct store *store, const struct builtin_request *request,
				    struct builtin *ret_builtin, struct error *err);

/* A successor of the console's certificate, for the same names, from the same CA. ret_server_id is what
 * the console's listener is to use from now on. */
int must_check certs_renew_builtin(struct store *store, const char *server_id, int64_t now,
				   char ret_server_id[BUILTIN_ID_SIZE], struct error *err);

#endif
