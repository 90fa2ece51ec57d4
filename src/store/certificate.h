/*
 * store/certificate.h - every certificate: our CAs and what they issued, uploaded ones, third-party CAs.
 *
 * Private keys lie beside them, sealed under the master key with the row's identity as additional data
 * (AES-256-GCM; a blob moved to another row does not open). UNIQUE(issuer_key, serial) for what our own
 * CAs issued. Revocations are rows of their own that can never be changed or deleted, and are first
 * written to a journal outside of the database (notes on the life cycle: store/journal.h).
 */
#ifndef SALLYPORT_STORE_CERTIFICATE_H
#define SALLYPORT_STORE_CERTIFICATE_H

#include "store/store.h"

/* What a certificate is to us: a bit each, so that filters can hold several. */
#define STORE_ROOT_CA 1u        /* ours */
#define STORE_SUB_CA 2u
#define STORE_CLIENT 4u         /* issued by one of ours */
#define STORE_SERVER 8u
#define STORE_OCSP_SIGNER 16u
#define STORE_UPLOADED 32u      /* server certificate from elsewhere (CAS) */
#define STORE_UPLOADED_CA 64u   /* third-party CA certificate */
#define STORE_PENDING_CA 128u   /* key and CSR, waiting for its certificate */
#define STORE_CSR 256u          /* CreateCsr of CAS: key and request */
#define STORE_OWN_CAS (STORE_ROOT_CA | STORE_SUB_CA)
#define STORE_PRIVATE (STORE_CLIENT | STORE_SERVER)

struct store_certificate {
	char *id;                  /* Identifier; unique over all */
	int64_t number;            /* CertId, Id: given by the store when 0 */
	unsigned int role;         /* one STORE_ bit */
	char *parent;              /* id of the issuing CA of ours, or NULL */
	char *name;                /* AliasName, Name; "" when none */
	char *custom_identifier;   /* unique when not NULL */
	char *common_name;
	char *sans;                /* comma list, as shown */
	char *serial;              /* upper-case hex */
	uint8_t issuer_key[32];    /* SHA-256 of the issuer's SubjectPublicKeyInfo; zeros: not known */
	uint8_t subject_key[32];   /* of its own */
	uint8_t sha256[32];        /* of der */
	int64_t not_before, not_after;
	bool revoked;              /* of ours; told by the revocation rows, whatever is put */
	bool in_cas;               /* a private one that is shown among the uploaded ones too */
	bool disabled;             /* UpdateCACertificateStatus=REVOKE of a root, and the like */
	struct buffer der;
	struct buffer chain;       /* concatenated DER, issuers upwards; may be empty */
	json_t *body;              /* the rest, by API names: Algorithm, Days, EnableCrl, notes, ... */
	bool has_key, exportable;
	int64_t revision, created_s;
};

void store_certificate_done(struct store_certificate *certificate);

/* By id, inserted or replaced; created_s and number stay. Sets number and revoked. ERROR_CONFLICT with
 * "Conflict.Serial": the issuer has that serial (make a new one), or "Conflict.CustomIdentifier". */
int must_check store_certificate_put(struct store *store, struct store_certificate *certificate,
				     struct error *err);
/* A number that no certificate has or had, for an id that is made of it. */
int must_check store_certificate_number(struct store *store, int64_t *ret_number,
					struct error *err);
/* 1: found, 0: none, -1: error. */
int must_check store_certificate_get(struct store *store, const char *id,
				     struct store_certificate *ret_certificate, struct error *err);
/* What serving it needs: role, parent, revision, der and chain; the rest of ret_certificate is empty. For
 * those who read ten thousand of them. */
int must_check store_certificate_get_served(struct store *store, const char *id,
					    struct store_certificate *ret_certificate,
					    struct error *err);
/* The revision of the last change of this certificate. 1: found, 0: none, -1: error. */
int must_check store_certificate_revision(struct store *store, const char *id, int64_t *ret_revision,
					  struct error *err);
int must_check store_certificate_get_number(struct store *store, int64_t number,
					    struct store_certificate *ret_certificate,
					    struct error *err);
/* serial: upper-case hex; issuer_key NULL: any issuer of ours. */
int must_check store_certificate_get_serial(struct store *store, const uint8_t *issuer_key,
					    const char *serial,
					    struct store_certificate *ret_certificate,
					    struct error *err);
/* With its key, references and tags; its revocation stays. */
int must_check store_certificate_delete(struct store *store, const char *id, struct error *err);

struct store_certificate_filter {
	unsigned int roles;        /* STORE_ bits; 0: all */
	bool or_in_cas;            /* these, and whatever is shown among the uploaded ones */
	const char *parent, *name, *custom_identifier, *serial;
	const uint8_t *sha256, *subject_key;
	const char *keyword;       /* in name, common name, SANs, serial, id */
	int revoked;               /* or disabled: 1: only those, 0: only others, -1: both */
	int64_t expires_before, expires_after; /* 0: any */
	const json_t *tags;
	int64_t after_number;      /* paging by number, newest first when newest_first: 0 from the start */
	bool newest_first;
	int offset, limit;         /* limit 0: all */
};

int must_check store_certificate_each(struct store *store,
				      const struct store_certificate_filter *filter,
				      bool (*each)(void *arg,
						   const struct store_certificate *certificate),
				      void *arg, struct error *err);
int64_t store_certificate_count(struct store *store, const struct store_certificate_filter *filter,
				struct error *err);

/* --- private keys: PKCS#8 DER, sealed --- */

/* Refused when the certificate is there and its subject_key (if known) is that of another key. */
int must_check store_key_put(struct store *store, const char *certificate_id, bool exportable,
			     struct bytes pkcs8, struct error *err);
/* 1: opened, 0: there is none, -1: it does not open. ret_exportable may be NULL. */
int must_check store_key_get(struct store *store, const char *certificate_id,
			     struct buffer *ret_pkcs8, bool *ret_exportable, struct error *err);
/* The same for a server's key, which workers read and hold against its certificate: the seal alone says
 * that it is the one. Ten thousand of them open in a third of the time. */
int must_check store_key_get_served(struct store *store, const char *certificate_id,
				    struct buffer *ret_pkcs8, struct error *err);

/* --- revocations --- */

struct store_revocation {
	uint8_t issuer_key[32];
	uint8_t serial[20];        /* content octets */
	size_t serial_len;
	int64_t time_s;
	int reason;                /* CRLReason of RFC 5280 5.3.1 */
};

/* The row, and with the commit the journal: it is written and fsynced before the database commits, so
 * that what is undone (a dry run) leaves no trace in it. Done twice, the earlier time stays and only the
 * reason may become keyCompromise (1). Sets revoked of the certificate. */
int must_check store_revoke(struct store *store, const struct store_revocation *revocation,
			    struct error *err);
/* 1: revoked, 0: not, -1: error. */
int must_check store_revocation_get(struct store *store, const uint8_t issuer_key[32],
				    struct bytes serial, struct store_revocation *ret_revocation,
				    struct error *err);
/* issuer_key NULL: all; in the order of (issuer key, serial). */
int must_check store_revocation_each(struct store *store, const uint8_t *issuer_key,
				     void (*each)(void *arg,
						  const struct store_revocation *revocation),
				     void *arg, struct error *err);

/* --- what a CA of ours published last --- */

struct store_crl {
	int64_t number, this_update_s, next_update_s;
	struct buffer der;
};
int must_check store_crl_put(struct store *store, const uint8_t issuer_key[32],
			     const struct store_crl *crl, struct error *err);
/* 1: there is one, 0: none, -1: error. */
int must_check store_crl_get(struct store *store, const uint8_t issuer_key[32],
			     struct store_crl *ret_crl, struct error *err);

/* CRLs of third-party CA certificates: several a certificate, by path or name. */
int must_check store_foreign_crl_put(struct store *store, const char *certificate_id,
				     const char *name, struct bytes der, struct error *err);
int must_check store_foreign_crl_delete(struct store *store, const char *certificate_id,
					const char *name, struct error *err);
int must_check store_foreign_crl_each(struct store *store, const char *certificate_id,
				      void (*each)(void *arg, const char *name, struct bytes der),
				      void *arg, struct error *err);

#endif
