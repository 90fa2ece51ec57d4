/*
 * pki/san.h - what a certificate is for: its subject alternative names, checked and in one form.
 *
 * RFC 5280 4.2.1.6. DNS names are A-labels in lower case; "*" only as a whole left-most label.
 */
#ifndef SALLYPORT_PKI_SAN_H
#define SALLYPORT_PKI_SAN_H

#include <openssl/bytestring.h>
#include "base/bytes.h"

/* The values are the tags of GeneralName, which the API uses too. */
enum san_type {
	SAN_UPN = 0,     /* otherName 1.3.6.1.4.1.311.20.2.3, UTF8String */
	SAN_EMAIL = 1,
	SAN_DNS = 2,
	SAN_URI = 6,
	SAN_IP = 7,
};

struct san {
	enum san_type type;
	char *text;      /* as shown: "10.0.0.1", "*.example.com" */
	uint8_t ip[16];  /* SAN_IP: 4 or 16 octets */
	size_t ip_len;
};

#define SAN_MAX 100

struct san_list {
	struct san *items;
	size_t count;
};

void san_list_done(struct san_list *list);

/* Adds one name; one that is there already is not added again. wildcard: "*.example.com" is fine. */
int must_check san_list_add(struct san_list *list, enum san_type type, const char *text,
			    bool wildcard, struct error *err);
/* The same for a comma list, with blanks around the commas. type -1: each may be an IP address, an
 * e-mail address, a URI or a DNS name; its look tells. */
int must_check san_list_add_all(struct san_list *list, int type, const char *text, bool wildcard,
				struct error *err);
/* Which of the four it looks like. */
enum san_type san_type_of(const char *text);
bool san_list_has(const struct san_list *list, enum san_type type, const char *text);

/* The value of the extension: GeneralNames. */
bool must_check san_list_write(const struct san_list *list, CBB *out);
/* Reads such a value, checking it as strictly. */
int must_check san_list_read(struct bytes value, bool wildcard, struct san_list *ret_list,
			     struct error *err);

/* "a.example,10.0.0.1"; a new text. */
char *san_list_text(const struct san_list *list);

#endif
