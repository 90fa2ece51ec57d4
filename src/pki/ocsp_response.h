/*
 * pki/ocsp_response.h - answers of our OCSP responder: RFC 6960 4.2, RFC 5019 2.2, RFC 9654.
 *
 * The responder is named by its key, its certificate goes along unless it is the CA itself. All
 * times are GeneralizedTime.
 */
#ifndef SALLYPORT_PKI_OCSP_RESPONSE_H
#define SALLYPORT_PKI_OCSP_RESPONSE_H

#include <openssl/evp.h>
#include "base/bytes.h"
#include "pki/ocsp_request.h"
#include "x509/certificate.h"

#define OCSP_BACKDATE_S 60
#define OCSP_MAX_LIFE_S INT64_C(86400)

enum ocsp_status { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };

struct ocsp_answer {
	struct bytes id;           /* as it was asked, byte for byte */
	enum ocsp_status status;
	int64_t revoked_s;
	int reason;                /* 0 is left out */
};

struct ocsp_response {
	const struct certificate *signer; /* the CA, or whom it delegated to (id-kp-OCSPSigning) */
	bool is_delegated;         /* then the certificate is included */
	EVP_PKEY *key;             /* of the signer */
	int64_t produced_at, this_update, next_update;
	struct bytes nonce;        /* empty: none */
	const struct ocsp_answer *answers;
	size_t count;
};

int must_check ocsp_response_write(const struct ocsp_response *response, struct buffer *ret_der,
				   struct error *err);

/* An answer without content, and so without a signature. */
enum ocsp_refusal { OCSP_MALFORMED_REQUEST = 1, OCSP_INTERNAL_ERROR = 2, OCSP_TRY_LATER = 3,
	OCSP_UNAUTHORIZED = 6 };
void ocsp_response_refuse(enum ocsp_refusal refusal, struct buffer *ret_der);

#endif
