/*
 * pki/ber.h - BER (X.690) made into DER, for PKCS#12 files of NSS and Windows.
 *
 * Indefinite lengths become definite, long forms of lengths minimal, and OCTET STRINGs in pieces
 * whole. Nothing else is changed: the order of a SET and the values stay.
 */
#ifndef SALLYPORT_PKI_BER_H
#define SALLYPORT_PKI_BER_H

#include "base/bytes.h"

/* All of ber must be one element. ret_der is replaced; it may hold keys and is wiped by its owner. */
int must_check ber_to_der(struct bytes ber, struct buffer *ret_der, struct error *err);

#endif
