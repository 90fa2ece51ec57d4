/* What takes long, done in a job thread before the state thread takes over: keys, and reading requests. */
#include <stdlib.h>
#include <string.h>
#include "certs/pca.h"

static void free_work(void *arg)
{
	struct pca_work *work = arg;

	if (work == NULL)
		return;
	EVP_PKEY_free(work->key);
	if (work->has_csr)
		csr_done(&work->csr);
	buffer_done(&work->pkcs8);
	free(work);
}

struct pca_work *pca_work_new(struct call *call)
{
	if (call->work == NULL) {
		call->work = memory_new(sizeof(struct pca_work));
		call->work_free = free_work;
	}
	return call->work;
}

static int make_key(struct call *call, enum key_algorithm algorithm, struct error *err)
{
	struct pca_work *work = pca_work_new(call);

	if (work->key == NULL)
		work->key = key_generate(algorithm, err);
	return work->key == NULL ? -1 : 0;
}

static int make_named_key(struct call *call, const char *algorithm, struct error *err)
{
	enum key_algorithm parsed;

	if (key_algorithm_parse(algorithm, &parsed, err) < 0)
		return pca_blame(err, "Algorithm");
	return make_key(call, parsed, err);
}

/* The real service's default for a CA is RSA_2048. */
int pca_prepare_ca_key(struct call *call, struct error *err)
{
	const char *algorithm = call_text(call, "Algorithm");

	return make_named_key(call, algorithm != NULL ? algorithm : "RSA_2048", err);
}

/* Without Algorithm the family of the CA decides; when it is not known yet, run makes the key. */
int pca_prepare_leaf_key(struct call *call, struct error *err)
{
	const char *algorithm = call_text(call, "Algorithm");
	const char *parent = call_text(call, "ParentIdentifier");
	int rsa;

	if (algorithm != NULL)
		return make_named_key(call, algorithm, err);
	rsa = parent != NULL ? pca_family_of(parent) : -1;
	return rsa < 0 ? 0
		       : make_key(call, rsa ? KEY_ALGORITHM_RSA_2048 : KEY_ALGORITHM_ECC_256, err);
}

/* Only a new key is made; without Algorithm the old one stays. */
int pca_prepare_renewal(struct call *call, struct error *err)
{
	const char *algorithm = call_text(call, "Algorithm");

	return algorithm == NULL ? 0 : make_named_key(call, algorithm, err);
}

int pca_prepare_csr(struct call *call, struct error *err)
{
	struct pca_work *work = pca_work_new(call);
	const char *text = call_text(call, "Csr");

	if (work->has_csr)
		return 0;
	if (csr_parse((struct bytes){ (const uint8_t *)text, strlen(text) }, &work->csr, err) < 0)
		return pca_blame(err, "Csr");
	work->has_csr = true;
	return 0;
}

EVP_PKEY *pca_work_key(struct call *call, const struct authority *authority, struct error *err)
{
	struct pca_work *work = pca_work_new(call);
	bool rsa;

	if (work->key == NULL && (authority == NULL || call_has(call, "Algorithm"))) {
		if (pca_prepare_ca_key(call, err) < 0)
			return NULL;
	} else if (work->key == NULL) {
		rsa = EVP_PKEY_id(authority_key(authority)) == EVP_PKEY_RSA;
		if (make_key(call, rsa ? KEY_ALGORITHM_RSA_2048 : KEY_ALGORITHM_ECC_256, err) < 0)
			return NULL;
	}
	return work->key;
}

struct csr *pca_work_csr(struct call *call, struct error *err)
{
	if (pca_prepare_csr(call, err) < 0)
		return NULL;
	return &((struct pca_work *)call->work)->csr;
}
