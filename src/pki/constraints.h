/*
 * pki/constraints.h - name constraints of a CA (RFC 5280 4.2.1.10): what it may make certificates for.
 *
 * Written as people do: "DNS:example.com", "Email:example.com", "URI:.example.com", "IP:10.0.0.0/8",
 * "DNS:" in any case; without a prefix it is a DNS name or an address block.
 */
#ifndef SALLYPORT_PKI_CONSTRAINTS_H
#define SALLYPORT_PKI_CONSTRAINTS_H

#include <openssl/bytestring.h>
#include "pki/san.h"

#define CONSTRAINTS_MAX 64

struct constraint {
	enum san_type type;
	bool excluded;
	char *text;          /* without the prefix */
	uint8_t block[32];   /* SAN_IP: address and mask */
	size_t block_len;
};

struct constraints {
	struct constraint *items;
	size_t count;
};

void constraints_done(struct constraints *constraints);
int must_check constraints_add(struct constraints *constraints, bool excluded, const char *text,
			       struct error *err);
/* The value of the extension: NameConstraints. */
bool must_check constraints_write(const struct constraints *constraints, CBB *out);
/* What is wrong with the value of such an extension (of ours), or NULL. */
const char *constraints_check(struct bytes value);

#endif
