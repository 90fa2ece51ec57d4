/*
 * certs/pca.h - what the handlers of the private CA share.
 *
 * A certificate of ours is a row of store/certificate.h. Its body holds what lists show and what cannot be
 * told from the row, by the names of the API: Organization, ..., CountryCode, SubjectDN, Algorithm,
 * FullAlgorithm, KeySize, SignAlgorithm, Md5, SanList [{Type, Value}], Days or Years, EnableCrl, CrlDay,
 * CertMaxTime, PathLenConstraint, PermittedNames, ExcludedNames, ExtendedKeyUsages, KeyIdentifier, Notes,
 * ResourceGroupId, UploadFlag, External.
 */
#ifndef SALLYPORT_CERTS_PCA_H
#define SALLYPORT_CERTS_PCA_H

#include "control/call.h"
#include "pki/authority.h"
#include "pki/csr.h"
#include "pki/key.h"
#include "store/certificate.h"

#define PCA_ID_SIZE 40

#define PCA_HANDLERS(X) \
	/* action, prepare, finish */ \
	X(CreateRootCACertificate, pca_prepare_ca_key, NULL) \
	X(CreateSubCACertificate, pca_prepare_ca_key, NULL) \
	X(CreateExternalCACertificate, pca_prepare_csr, NULL) \
	X(ImportCACertificate, NULL, NULL) \
	X(CreateCACsr, pca_prepare_ca_key, NULL) \
	X(CompleteCACertificate, NULL, NULL) \
	X(DescribeCACertificate, NULL, NULL) \
	X(DescribeCACertificateList, NULL, NULL) \
	X(DescribeCACertificateCount, NULL, NULL) \
	X(DescribePcaAndExternalCACertificateList, NULL, NULL) \
	X(ListPcaCaCertificate, NULL, NULL) \
	X(UpdateCACertificateStatus, NULL, NULL) \
	X(GetCAInstanceStatus, NULL, NULL) \
	X(ListCACertificateLog, NULL, NULL) \
	X(CreateClientCertificate, pca_prepare_leaf_key, NULL) \
	X(CreateServerCertificate, pca_prepare_leaf_key, NULL) \
	X(CreateClientCertificateWithCsr, pca_prepare_csr, NULL) \
	X(CreateServerCertificateWithCsr, pca_prepare_csr, NULL) \
	X(CreateCustomCertificate, pca_prepare_csr, NULL) \
	X(RenewPrivateCertificate, pca_prepare_renewal, NULL) \
	X(DescribeClientCertificate, NULL, NULL) \
	X(ListClientCertificate, NULL, NULL) \
	X(ListRevokeCertificate, NULL, NULL) \
	X(ListCert, NULL, NULL) \
	X(ListAllEndEntityInstance, NULL, NULL) \
	X(DescribeCertificatePrivateKey, NULL, pca_finish_private_key) \
	X(UpdatePcaCertificate, NULL, NULL) \
	X(UploadPcaCertToCas, NULL, NULL) \
	X(DeleteClientCertificate, NULL, NULL) \
	X(TagResources, NULL, NULL) \
	X(UntagResources, NULL, NULL) \
	X(ListTagResources, NULL, NULL) \
	X(MoveResourceGroup, NULL, NULL) \
	X(AssignCertificateCount, NULL, NULL)

#define X(name, prepare, finish) int pca_##name(struct call *call, struct error *err);
PCA_HANDLERS(X)
#undef X
call_step pca_prepare_ca_key, pca_prepare_leaf_key, pca_prepare_csr, pca_prepare_renewal,
	pca_finish_private_key;

/* --- finding (pca_find.c) --- */

/* 404 "NotFound": the code that existing clients look for. */
int pca_not_found(struct error *err, const char *what, const char *id);
/* 0: found, of one of these roles; the caller calls store_certificate_done(). */
int must_check pca_find(struct store *store, const char *id, unsigned int roles,
			struct store_certificate *ret_row, struct error *err);
/* The CA that is to issue: by ParentIdentifier, or the only one of these roles that can. Refused when it
 * is revoked, ended or not the caller's. */
int must_check pca_find_issuer(struct call *call, const char *parameter, unsigned int roles,
			       struct store_certificate *ret_row, struct error *err);
/* The same by its id. */
int must_check pca_open_issuer(struct call *call, const char *id, struct store_certificate *ret_row,
			       struct error *err);
/* May the caller (an issuer) touch this certificate? */
int must_check pca_check_owner(const struct call *call, const struct store_certificate *row,
			       struct error *err);
bool pca_is_live(const struct store_certificate *row, int64_t now); /* not revoked, not ended */

/* --- CAs with their keys open (pca_authorities.c) --- */

/* Borrowed until the next call; kept for the next time. Only in the state thread. */
struct authority *pca_authority(struct store *store, const struct store_certificate *row,
				struct error *err);
/* Forgets all keys: at the end, and for tests. */
void pca_authorities_clear(void);
/* For prepare in job threads: is the CA's key RSA (1), EC (0), or not known (-1)? */
int pca_family_of(const char *ca_id);

/* --- rows from certificates and back (pca_row.c, pca_show.c) --- */

void pca_new_id(char ret_id[PCA_ID_SIZE]);
/* Fills what follows from the certificate: names, dates, serial, hashes, body. row must be zeroed. */
void pca_row_init(struct store_certificate *row, const char *id, unsigned int role,
		  const struct certificate *certificate);
/* Notes of the lints, as in Notes[]. */
void pca_row_notes(struct store_certificate *row, const struct lint_report *report);
/* Notes[]; all: those that are only worth knowing too. None: no member. */
void pca_set_notes(json_t *object, const struct store_certificate *row, bool all);
/* The members of the API's object; pem: X509Certificate and chain too. */
json_t *pca_show(const struct store_certificate *row, bool pem);
json_t *pca_show_ca(struct call *call, const struct store_certificate *row, bool pem,
		    struct error *err);
json_t *pca_tags(struct store *store, const char *id, struct error *err);
char *pca_pem(struct bytes der);       /* a new text; "" when empty */
/* The certificate itself and its chain. */
char *pca_pem_chain(const struct store_certificate *row, bool with_itself);
int64_t pca_issued_count(struct store *store, const char *ca_id, struct error *err);

/* --- addresses in certificates (pca_urls.c) --- */

struct pca_urls {
	char crl[320], ocsp[320], issuer[320]; /* "": left out */
};
/* From the setting PkiBaseUrl; all empty when it is not set or cannot stand in certificates. */
void pca_urls(struct store *store, const struct authority *authority, struct pca_urls *ret_urls);

/* --- from parameters to a request (pca_request.c, pca_period.c) --- */

struct pca_request {
	struct issue_request issue;        /* points into what follows */
	struct buffer subject, spki;
	struct san_list names;
	struct constraints constraints;
	struct pca_urls urls;
	struct lint_report notes;          /* found before the lints: "the end was moved" */
};
void pca_request_init(struct pca_request *request, enum issue_kind kind, int64_t now);
void pca_request_done(struct pca_request *request);
int must_check pca_request_key(struct pca_request *request, const EVP_PKEY *key, struct error *err);
int must_check pca_request_subject(struct pca_request *request, const struct subject_names *names,
				   struct error *err);
int must_check pca_request_constraints(struct pca_request *request, struct call *call,
				       struct error *err);
/* EnableCrl: of a CA, whether what it issues names the address of its list; else whether it does so. */
bool pca_has_crl(const struct store_certificate *row);
/* Sets crl_url, ... */
void pca_request_urls(struct pca_request *request, struct store *store,
		      const struct authority *authority, bool enable_crl);
/* "DNS:a.example", ... of the parameter SubjectAlternativeNames. */
int must_check pca_add_names(struct pca_request *request, const json_t *names, const char *field,
			     struct error *err);

/* Days, Months + Years, BeforeTime + AfterTime; 30 days, cut to what the CA allows, without any. */
int must_check pca_period(struct call *call, const struct store_certificate *ca,
			  const struct authority *authority, struct pca_request *request,
			  struct error *err);
/* An explicit end after the CA's: refused, naming the date and this parameter. */
int must_check pca_check_end(const struct store_certificate *ca, const struct authority *authority,
			     const struct issue_request *request, const char *field,
			     struct error *err);

/* --- issuing into the store (pca_issue.c) --- */

struct pca_result {
	struct store_certificate row;
	struct lint_report report;
};

/* How the row is to look beside what follows from the certificate. */
struct pca_wishes {
	const char *id;                    /* NULL: a new one */
	const char *name, *custom_identifier;
	bool exportable;
	json_t *body;                      /* members to add; may be NULL */
	const json_t *tags;                /* [{Key, Value}]; may be NULL */
};

/* Who writes: call_change() of a call, or the system at first start. */
struct pca_writer {
	struct store *store;
	int64_t now;
	int (*change)(void *arg, const char *id, const char *act, bool serves, const json_t *after,
		      int64_t *ret_revision, struct error *err);
	void *arg;
};
struct pca_writer pca_writer_of(struct call *call);

/* K07 and N03: a key of another CA or of a compromised certificate, a name of another CA. */
int must_check pca_check_store(struct store *store, const struct issue_request *request,
			       struct lint_report *report, struct error *err);
/* Issues (authority NULL: a root signs itself with key), and stores certificate, key, tags and change.
 * key NULL: it is not here. */
int must_check pca_issue(const struct pca_writer *writer, const struct store_certificate *ca,
			 struct authority *authority, EVP_PKEY *key, struct pca_request *request,
			 const struct pca_wishes *wishes, struct pca_result *ret_result,
			 struct error *err);
/* Stores a row that is filled already. */
int must_check pca_store(const struct pca_writer *writer, struct store_certificate *row,
			 const char *act, EVP_PKEY *key, const json_t *tags, struct error *err);
void pca_result_done(struct pca_result *result);

/* --- CAs (pca_ca.c) --- */

/* Identifier, Certificate, CertificateChain, Notes. */
void pca_ca_answer(struct call *call, const struct store_certificate *row);
/* "serverAuth", ... as PURPOSE_ bits; "any": none, which means no limit. */
int must_check pca_purposes(const json_t *list, const char *field, unsigned int *ret_purposes,
			    struct error *err);

/* --- work of the job threads (pca_prepare.c) --- */

struct pca_work {
	EVP_PKEY *key;
	struct csr csr;
	bool has_csr;
	struct buffer pkcs8;               /* DescribeCertificatePrivateKey */
};
struct pca_work *pca_work_new(struct call *call);
/* The key made in prepare, or one made now. Borrowed. */
EVP_PKEY *pca_work_key(struct call *call, const struct authority *authority, struct error *err);
/* Likewise for a test that called no prepare. */
struct csr *pca_work_csr(struct call *call, struct error *err);

/* Marks an error of pki/ as one about this parameter: symbol "IllegalParam.<field>" when it has none. */
int pca_blame(struct error *err, const char *field);

#endif
