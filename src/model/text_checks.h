/*
 * model/text_checks.h - what the text of a property may look like.
 *
 * Each check answers NULL, or what is wrong in a form that goes behind the value in an error:
 * `"1web" ` + `does not start with a letter`.
 */
#ifndef SALLYPORT_MODEL_TEXT_CHECKS_H
#define SALLYPORT_MODEL_TEXT_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

const char *check_resource_name(const char *text); /* letters digits . _ -, a letter first */
const char *check_policy_name(const char *text);   /* letters digits . _ - */
const char *check_ipv4(const char *text);
const char *check_ipv6(const char *text);
const char *check_ip(const char *text);            /* a server: not 0.0.0.0, not multicast */
const char *check_block(const char *text);         /* an address, or ADDRESS/BITS */
const char *check_domain(const char *text);        /* a host name, an address or $SERVER_IP */
const char *check_url(const char *text);           /* of an HTTP health check */
const char *check_metrics_address(const char *text); /* ADDRESS:PORT or unix:PATH */
const char *check_log(const char *text);           /* stdout, stderr or a path */
const char *check_user(const char *text);

/* An address as bytes; family 4 or 6, 0 when the text is none. */
struct text_address {
	uint8_t family;
	uint8_t ip[16];
};
struct text_address text_address_parse(const char *text);
bool text_address_is_any(const struct text_address *address);
/* Would sockets on the two share their ports? IPv4 and IPv6 never do (sockets are IPV6_V6ONLY). */
bool text_addresses_meet(const struct text_address *a, const struct text_address *b);
/* The same of two texts; NULL meets nothing. */
bool text_ips_meet(const char *a, const char *b);
bool text_address_is_loopback(const struct text_address *address);
/* Splits and checks "1.2.3.4:80" and "[::1]:80"; false when it is none. */
bool text_address_port_parse(const char *text, struct text_address *ret_address, int *ret_port);

#endif
