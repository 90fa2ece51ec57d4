/* support_issue.h - a small CA of our own for unit tests: root, subordinate, and requests to fill in. */
#ifndef SALLYPORT_TEST_SUPPORT_ISSUE_H
#define SALLYPORT_TEST_SUPPORT_ISSUE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "pki/authority.h"
#include "pki/csr.h"
#include "pki/key.h"
#include "pki/subject.h"

#define NOW INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define DAY INT64_C(86400)

/* A request with all that it borrows. */
struct order {
	struct issue_request request;
	EVP_PKEY *key;
	struct buffer subject, spki;
	struct san_list names;
	struct constraints constraints;
};

static inline EVP_PKEY *key_of(enum key_algorithm algorithm)
{
	static EVP_PKEY *rsa;
	struct error err = { 0 };
	EVP_PKEY *key;

	if (algorithm == KEY_ALGORITHM_RSA_2048 && rsa != NULL) {
		EVP_PKEY_up_ref(rsa);
		return rsa;
	}
	key = key_generate(algorithm, &err);
	if (key == NULL)
		fail_msg("%s", err.message);
	if (algorithm == KEY_ALGORITHM_RSA_2048) {
		rsa = key;
		EVP_PKEY_up_ref(rsa);
	}
	return key;
}

static inline void order_name(struct order *order, struct subject_names names)
{
	struct error err = { 0 };

	if (subject_write(&names, &order->subject, &err) < 0)
		fail_msg("%s", err.message);
	order->request.subject = buffer_bytes(&order->subject);
}

static inline void order_san(struct order *order, enum san_type type, const char *text)
{
	struct error err = { 0 };

	if (san_list_add(&order->names, type, text, true, &err) < 0)
		fail_msg("%s", err.message);
}

static inline void order_init(struct order *order, enum issue_kind kind, enum key_algorithm algorithm)
{
	static const char *const names[ISSUE_KIND_COUNT] = {
		[ISSUE_ROOT_CA] = "Test Root", [ISSUE_SUB_CA] = "Test Sub",
		[ISSUE_SERVER] = "www.example.com", [ISSUE_CLIENT] = "cart",
		[ISSUE_OCSP_SIGNER] = "OCSP",
	};
	static const int64_t days[ISSUE_KIND_COUNT] = { 3650, 1825, 90, 30, 30 };
	struct error err = { 0 };

	*order = (struct order){ .key = key_of(algorithm) };
	order->request.profile = issue_profile(kind);
	order->request.now = NOW;
	order->request.validity = validity_days(NOW, days[kind]);
	order->request.path_length = kind == ISSUE_SUB_CA ? 0 : -1;
	if (key_to_spki(order->key, &order->spki, &err) < 0)
		fail_msg("%s", err.message);
	order->request.public_key = buffer_bytes(&order->spki);
	order->request.names = &order->names;
	order->request.constraints = &order->constraints;
	order_name(order, (struct subject_names){ .country = "CN", .organization = "Alibaba",
						  .common_name = names[kind] });
	if (kind == ISSUE_SERVER)
		order_san(order, SAN_DNS, "www.example.com");
	if (kind == ISSUE_CLIENT)
		order_san(order, SAN_URI, "spiffe://shop/cart");
}

static inline void order_done(struct order *order)
{
	san_list_done(&order->names);
	constraints_done(&order->constraints);
	buffer_done(&order->subject);
	buffer_done(&order->spki);
	EVP_PKEY_free(order->key);
}

static inline struct authority *root_made(struct order *order)
{
	struct issued issued = { .der = { 0 } };
	struct error err = { 0 };
	struct authority *root;

	if (authority_issue_root(order->key, &order->request, &issued, &err) < 0)
		fail_msg("%s", err.message);
	root = authority_new(buffer_bytes(&issued.der), (struct bytes){ NULL, 0 }, order->key, &err);
	if (root == NULL)
		fail_msg("%s", err.message);
	issued_done(&issued);
	return root;
}

static inline struct authority *sub_made(struct authority *root, struct order *order)
{
	struct issued issued = { .der = { 0 } };
	struct error err = { 0 };
	struct authority *sub;

	if (authority_issue(root, &order->request, &issued, &err) < 0)
		fail_msg("%s", err.message);
	sub = authority_new(buffer_bytes(&issued.der), authority_chain(root), order->key, &err);
	if (sub == NULL)
		fail_msg("%s", err.message);
	issued_done(&issued);
	return sub;
}

/* Root and subordinate of one kind of key. */
struct pair {
	struct order root_order, sub_order;
	struct authority *root, *sub;
};

static inline void pair_init(struct pair *pair, enum key_algorithm algorithm)
{
	order_init(&pair->root_order, ISSUE_ROOT_CA, algorithm);
	order_init(&pair->sub_order, ISSUE_SUB_CA, algorithm);
	pair->root = root_made(&pair->root_order);
	pair->sub = sub_made(pair->root, &pair->sub_order);
}

static inline void pair_done(struct pair *pair)
{
	authority_free(pair->root);
	authority_free(pair->sub);
	order_done(&pair->root_order);
	order_done(&pair->sub_order);
}

#endif
