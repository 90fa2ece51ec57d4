/* certs/pca_leaf.h - a client or server certificate while it is being made, step by step. */
#ifndef SALLYPORT_CERTS_PCA_LEAF_H
#define SALLYPORT_CERTS_PCA_LEAF_H

#include "certs/pca.h"

struct leaf {
	char id[PCA_ID_SIZE];
	struct store_certificate ca;
	struct authority *authority; /* of pca_authority() */
	struct pca_request request;
	char *common_name;           /* as it is to stand in the subject; NULL or "": none */
	struct pca_result result;
};

/* Finds the CA by ParentIdentifier. pca_leaf_done() afterwards, also when it failed. */
int must_check pca_leaf_init(struct leaf *leaf, struct call *call, enum issue_kind kind,
			     struct error *err);
void pca_leaf_done(struct leaf *leaf);
/* Alternative names of a request, when none were given otherwise. */
int must_check pca_leaf_csr_names(struct leaf *leaf, const struct csr *csr, struct error *err);
/* Adds the name that is never missing, and settles the common name. */
int must_check pca_leaf_names(struct leaf *leaf, const char *common_name, struct error *err);
/* Issues and stores; key NULL: it is not here. */
int must_check pca_leaf_issue(struct call *call, struct leaf *leaf, EVP_PKEY *key,
			      struct error *err);
/* Identifier, SerialNumber, and what Immediately asks for. */
void pca_leaf_answer(struct call *call, const struct store_certificate *row,
		     const char *certificate_member);

#endif
