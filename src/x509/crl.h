/*
 * x509/crl.h - one certificate revocation list: read with CBS, checked when it is loaded.
 *
 * RFC 5280 section 5. An X509_CRL of AWS-LC costs hundreds of bytes an entry; this costs none.
 */
#ifndef SALLYPORT_X509_CRL_H
#define SALLYPORT_X509_CRL_H

#include "x509/certificate_internal.h"
#include "x509/signature.h"

enum crl_scope { CRL_SCOPE_ALL, CRL_SCOPE_USERS, CRL_SCOPE_CAS };

struct crl {
	struct bytes tbs;                  /* with its tag and length: what is signed */
	struct bytes signature;
	struct signature_algorithm algorithm;
	struct bytes issuer;               /* Name with its tag */
	int64_t this_update, next_update;  /* next_update 0: none given */
	struct bytes entries;              /* content of revokedCertificates */
	struct bytes number;               /* content octets of the CRLNumber, or empty */
	struct bytes key_id;               /* keyIdentifier of the AKI, or empty */
	struct bytes distribution_point;   /* the IDP extension, or empty */
	enum crl_scope scope;
};

/* All but the entries; those are read by crl_each_entry(). Everything points into der. Once the
 * issuer is known ret_crl->issuer is set, also when it fails later. */
int must_check crl_parse(struct bytes der, struct crl *ret_crl, struct error *err);
/* Calls each for every entry; fails when an entry cannot be read or has an unknown critical
 * extension. */
int must_check crl_each_entry(const struct crl *crl,
			      void (*each)(void *arg, struct bytes serial, int64_t when), void *arg,
			      struct error *err);
/* Does ca bear the name of the list's issuer? Its key id may differ: a CA that was renewed. */
bool crl_names(const struct crl *crl, const struct certificate *ca);
/* Do the key ids agree, as far as both have one? */
bool crl_key_id_agrees(const struct crl *crl, const struct certificate *ca);
int must_check crl_check_signature(const struct crl *crl, const struct certificate *ca,
				   struct error *err);

#endif
