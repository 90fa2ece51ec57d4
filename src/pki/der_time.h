/* pki/der_time.h - times as RFC 5280 4.1.2.5 and RFC 6960 4.2.2.1 write them. */
#ifndef SALLYPORT_PKI_DER_TIME_H
#define SALLYPORT_PKI_DER_TIME_H

#include <openssl/bytestring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DER_TIME_SIZE 17 /* tag, length, "YYYYMMDDHHMMSSZ" */

/* With tag and length: UTCTime through 2049, GeneralizedTime from 2050. 0: not a time of this
 * era. */
size_t der_time(int64_t when, uint8_t ret_der[DER_TIME_SIZE]);
/* Always GeneralizedTime. */
size_t der_time_generalized(int64_t when, uint8_t ret_der[DER_TIME_SIZE]);
bool der_time_add(CBB *out, int64_t when);
bool der_time_add_generalized(CBB *out, int64_t when);

#endif
