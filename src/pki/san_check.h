/*
 * pki/san_check.h - what names in certificates may look like.
 *
 * Each answers NULL, or what is wrong in a form that goes behind the value.
 */
#ifndef SALLYPORT_PKI_SAN_CHECK_H
#define SALLYPORT_PKI_SAN_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 5280 4.2.1.6, RFC 1034 3.5, BR 7.1.2.7.12: letters, digits, hyphens; A-labels that decode;
 * wildcard: "*" as the whole left-most label with two labels behind it is fine (RFC 9525 6.3). */
const char *san_check_dns(const char *name, bool wildcard);
const char *san_check_email(const char *address); /* RFC 5321 4.1.2, ASCII */
const char *san_check_uri(const char *uri);       /* RFC 3986 with scheme; a host when "//" is there */
const char *san_check_ip(const uint8_t *ip, size_t len);

#endif
