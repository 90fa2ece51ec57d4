/* control/stored_certificate.h - certificates and CA certificates of the store as the model has them. */
#ifndef SALLYPORT_CONTROL_STORED_CERTIFICATE_H
#define SALLYPORT_CONTROL_STORED_CERTIFICATE_H

#include "base/error.h"
#include "model/model.h"
#include "store/store.h"

/* The CAs above one certificate, kept for the next: most of them are one CA's. Zero at first. */
struct stored_chain {
	char *parent;
	struct model_blobs ders;
};
void stored_chain_done(struct stored_chain *chain);

/* Leaf, chain without root, opened key, names and dates. old: see stored_options; may be NULL. On failure
 * nothing of ret_certificate is left. */
int must_check stored_certificate(struct store *store, const char *id, const struct model *old,
				  struct stored_chain *last,
				  struct model_certificate *ret_certificate, struct error *err);

/* Subordinate CAs of ours, read once for all that stored_ca() is called for. */
struct stored_helpers;
struct stored_helpers *stored_helpers_new(struct store *store, struct error *err);
void stored_helpers_free(struct stored_helpers *helpers); /* NULL is fine */

/* The CA certificate, and all CAs of ours below it: with them a client that sends its certificate alone
 * is let in under the root. What is revoked or disabled is left out; when that is the CA itself nothing
 * is left, and no client is let in under it. Ours are Strict, others as stored, with their lists. */
int must_check stored_ca(struct store *store, const char *id, const struct stored_helpers *helpers,
			 struct model_ca_certificate *ret_ca, struct error *err);

#endif
