/* Files of certificates become chains, keys and trust, or an error that says what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/bytestring.h>

#include "control/resolve.h"
#include "support_certificates.h"
#include "x509/certificate.h"
#include "x509/revocation.h"

#define LINE 12

struct world {
	struct made root, sub, leaf;
	struct model *model;
	struct model_warnings warnings;
	struct error err;
};

static struct buffer key_pem(EVP_PKEY *key)
{
	struct buffer pem;
	uint8_t *der;
	size_t len;
	CBB cbb;

	CBB_init(&cbb, 256);
	if (!EVP_marshal_private_key(&cbb, key) || !CBB_finish(&cbb, &der, &len))
		abort();
	pem = to_pem("PRIVATE KEY", (struct bytes){ der, len });
	OPENSSL_free(der);
	return pem;
}

static void append(struct buffer *to, const struct made *made)
{
	struct buffer pem = to_pem("CERTIFICATE", made->der);

	buffer_append(to, pem.data, pem.len);
	buffer_done(&pem);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->root = make_root("CN=root");
	world->sub = make_sub("CN=sub", &world->root);
	world->leaf =
		make((struct order){ .subject = "CN=www.example",
				     .issuer = &world->sub,
				     .names = "DNS:www.example,DNS:*.Shop.example,DNS:www.example",
				     .extended_key_usage = "serverAuth" });
	world->model = model_new();
	world->model->source = memory_copy_string("sallyport.yaml");
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	model_free(world->model);
	model_warnings_done(&world->warnings);
	free(world);
	return 0;
}

static struct model_certificate *add_certificate(struct world *world)
{
	struct model *model = world->model;
	struct model_certificate *certificate = memory_new(sizeof(*certificate));

	assert_int_equal(model->certificate_count, 0);
	model->certificates = certificate;
	model->certificate_count = 1;
	certificate->line = LINE;
	certificate->name = memory_copy_string("www");
	certificate->cert_file = memory_copy_string("/etc/www.crt");
	certificate->key_file = memory_copy_string("/etc/www.key");
	certificate->chain_file = memory_copy_string("/etc/chain.crt");
	append(&certificate->cert_pem, &world->leaf);
	append(&certificate->chain_pem, &world->sub);
	certificate->key_pem = key_pem(world->leaf.key);
	return certificate;
}

static struct model_ca_certificate *add_ca_entry(struct world *world, const struct made *made)
{
	struct model *model = world->model;
	struct model_ca_certificate *entry = memory_new(sizeof(*entry));

	model->ca_certificates = entry;
	model->ca_certificate_count = 1;
	entry->line = LINE;
	entry->name = memory_copy_string("clients");
	entry->cert_file = memory_copy_string("/etc/ca.crt");
	append(&entry->cert_pem, made);
	return entry;
}

static void add_list(struct model_ca_certificate *entry, struct bytes der)
{
	entry->crls = memory_new(sizeof(*entry->crls));
	entry->crl_count = 1;
	entry->crls[0].path = memory_copy_string("/etc/ca.crl");
	buffer_append(&entry->crls[0].content, der.data, der.len);
}

static int resolve(struct world *world)
{
	return resolve_model(world->model, NULL, NOW, &world->warnings, &world->err);
}

static void assert_chain(const struct model_certificate *certificate,
			 const struct made *const *made)
{
	size_t i;

	for (i = 0; made[i] != NULL; i++) {
		assert_true(i < certificate->chain_der.count);
		assert_true(
			bytes_equal(buffer_bytes(&certificate->chain_der.items[i]), made[i]->der));
	}
	assert_int_equal(certificate->chain_der.count, i);
}

static void assert_place(const struct world *world)
{
	assert_string_equal(world->err.place, "sallyport.yaml:12");
}

/* --- server certificates --- */

static void a_leaf_and_its_chain_file_become_one_chain(void **state)
{
	struct world *world = *state;
	struct model_certificate *certificate = add_certificate(world);

	assert_int_equal(resolve(world), 0);
	assert_chain(certificate, (const struct made *[]){ &world->leaf, &world->sub, NULL });
	assert_int_equal(certificate->key_kind, MODEL_KEY_ECDSA);
	assert_true(certificate->key_der.len > 0);
	assert_int_equal(certificate->not_after, NOW + 30 * DAY);
	assert_int_equal(world->warnings.count, 0);
}

static void names_for_sni_are_lower_case_and_without_duplicates(void **state)
{
	struct world *world = *state;
	struct model_certificate *certificate = add_certificate(world);

	assert_int_equal(resolve(world), 0);
	assert_int_equal(certificate->names.count, 2);
	assert_string_equal(certificate->names.items[0], "www.example");
	assert_string_equal(certificate->names.items[1], "*.shop.example");
}

static void a_file_in_the_wrong_order_with_root_and_duplicates_is_put_in_order(void **state)
{
	struct world *world = *state;
	struct model_certificate *certificate = add_certificate(world);

	buffer_done(&certificate->cert_pem);
	append(&certificate->cert_pem, &world->root);
	append(&certificate->cert_pem, &world->sub);
	append(&certificate->cert_pem, &world->leaf);
	append(&certificate->cert_pem, &world->sub);
	assert_int_equal(resolve(world), 0);
	assert_chain(certificate, (const struct made *[]){ &world->leaf, &world->sub, NULL });
}

static void a_self_signed_certificate_is_served_alone(void **state)
{
	struct world *world = *state;
	struct model_certificate *certificate = add_certificate(world);
	struct made alone = make((struct order){ .subject = "CN=alone", .names = "DNS:alone" });

	buffer_done(&certificate->cert_pem);
	buffer_done(&certificate->key_pem);
	append(&certificate->cert_pem, &alone);
	certificate->key_pem = key_pem(alone.key);
	assert_int_equal(resolve(world), 0);
	assert_chain(certificate, (const struct made *[]){ &alone, NULL });
}

static void a_stranger_in_the_chain_file_is_left_out_with_a_note(void **state)
{
	struct world *world = *state;
	struct model_certificate *certificate = add_certificate(world);
	struct made stranger = make_sub("CN=stranger", &world->root);

	append(&certificate->chain_pem, &stranger);
	assert_int_equal(resolve(world), 0);
	assert_chain(certificate, (const struct made *[]){ &world->leaf, &world->sub, NULL });
	assert_int_equal(world->warnings.count, 1);
	assert_int_equal(world->warnings.items[0].kind, WARNING_NOTE);
	assert_non_null(strstr(world->warnings.items[0].error.message, "CN=stranger"));
}

static void a_key_of_another_certificate_is_refused(void **state)
{
	struct world *world = *state;
	struct model_certificate *certificate = add_certificate(world);
	struct made other = make_leaf("CN=other", &world->root);

	buffer_done(&certificate->key_pem);
	certificate->key_pem = key_pem(other.key);
	assert_int_equal(resolve(world), -1);
	assert_place(world);
	assert_non_null(strstr(world->err.message, "\"www\""));
	assert_non_null(strstr(world->err.message, "/etc/www.key"));
}

static void files_that_hold_no_certificate_or_key_are_refused(void **state)
{
	static const struct {
		size_t offset;
		const char *path;
	} cases[] = {
		{ offsetof(struct model_certificate, cert_pem), "/etc/www.crt" },
		{ offsetof(struct model_certificate, key_pem), "/etc/www.key" },
		{ offsetof(struct model_certificate, chain_pem), "/etc/chain.crt" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world *world;
		struct buffer *pem;
		void *own;

		setup(&own);
		world = own;
		pem = (struct buffer *)((char *)add_certificate(world) + cases[i].offset);
		buffer_done(pem);
		buffer_append(pem, "nothing\n", 8);
		assert_int_equal(resolve(world), -1);
		assert_place(world);
		assert_non_null(strstr(world->err.message, cases[i].path));
		teardown(&own);
	}
	(void)state;
}

static void an_expired_certificate_is_a_warning_and_served(void **state)
{
	struct world *world = *state;
	struct model_certificate *certificate = add_certificate(world);

	assert_int_equal(
		resolve_model(world->model, NULL, NOW + 31 * DAY, &world->warnings, &world->err),
		0);
	assert_int_equal(certificate->chain_der.count, 2);
	assert_int_equal(world->warnings.count, 2); /* leaf and issuer */
	assert_int_equal(world->warnings.items[0].kind, WARNING_PROBLEM);
	assert_non_null(strstr(world->warnings.items[0].error.message, "expired on"));
	assert_string_equal(world->warnings.items[0].error.place, "sallyport.yaml:12");
}

static void a_certificate_of_tomorrow_is_a_warning_and_served(void **state)
{
	struct world *world = *state;

	add_certificate(world);
	assert_int_equal(
		resolve_model(world->model, NULL, NOW - 31 * DAY, &world->warnings, &world->err),
		0);
	assert_non_null(strstr(world->warnings.items[0].error.message, "is not valid before"));
}

static void unchanged_files_give_the_same_without_being_parsed_and_changed_ones_do_not(void **state)
{
	struct world *world = *state;
	struct model_certificate *before = add_certificate(world);
	void *own;
	struct world *later;
	struct model_certificate *after;

	assert_int_equal(resolve(world), 0);
	setup(&own);
	later = own;
	later->leaf = world->leaf;
	later->sub = world->sub;
	after = add_certificate(later);
	assert_int_equal(resolve_model(later->model, world->model, NOW + 31 * DAY, &later->warnings,
				       &later->err),
			 0);
	assert_chain(after, (const struct made *[]){ &world->leaf, &world->sub, NULL });
	assert_true(bytes_equal(buffer_bytes(&after->key_der), buffer_bytes(&before->key_der)));
	assert_int_equal(after->names.count, 2);
	assert_int_equal(later->warnings.count, 2);
	teardown(&own);

	setup(&own);
	later = own;
	after = add_certificate(later);
	assert_int_equal(
		resolve_model(later->model, world->model, NOW, &later->warnings, &later->err), 0);
	assert_chain(after, (const struct made *[]){ &later->leaf, &later->sub, NULL });
	teardown(&own);
}

/* --- CA certificates --- */

static void several_cas_in_one_file_are_all_taken(void **state)
{
	struct world *world = *state;
	struct model_ca_certificate *entry = add_ca_entry(world, &world->root);

	append(&entry->cert_pem, &world->sub);
	assert_int_equal(resolve(world), 0);
	assert_int_equal(entry->certs_der.count, 2);
}

static void a_client_certificate_as_ca_is_refused(void **state)
{
	struct world *world = *state;

	add_ca_entry(world, &world->leaf);
	assert_int_equal(resolve(world), -1);
	assert_place(world);
	assert_non_null(strstr(world->err.message, "no CA certificate"));
	assert_non_null(strstr(world->err.message, "/etc/ca.crt"));
	assert_true(world->err.hint[0] != '\0');
}

static void an_expired_ca_is_a_warning(void **state)
{
	struct world *world = *state;

	add_ca_entry(world, &world->root);
	assert_int_equal(
		resolve_model(world->model, NULL, NOW + 31 * DAY, &world->warnings, &world->err),
		0);
	assert_int_equal(world->warnings.count, 1);
	assert_non_null(strstr(world->warnings.items[0].error.message, "\"clients\""));
}

/* --- revocation --- */

static enum revocation_answer look_up(struct world *world, const struct buffer *table,
				      const struct made *made)
{
	struct revocation revocation;
	struct certificate *issuer = certificate_parse(world->root.der, &world->err);
	struct certificate *leaf = certificate_parse(made->der, &world->err);
	enum revocation_answer answer;
	int64_t when;

	assert_int_equal(revocation_open(buffer_bytes(table), &revocation, &world->err), 0);
	answer = revocation_find(&revocation, certificate_key_hash(issuer),
				 certificate_serial(leaf), NOW, &when);
	certificate_free(issuer);
	certificate_free(leaf);
	return answer;
}

static void a_list_revokes_whom_it_names_and_nobody_else(void **state)
{
	struct world *world = *state;
	struct made bad = make_leaf("CN=bad", &world->root),
		    good = make_leaf("CN=good", &world->root);
	struct buffer table = { 0 };

	add_list(add_ca_entry(world, &world->root),
		 make_list((struct list_order){ .issuer = &world->root, .revoked = { &bad } }));
	assert_int_equal(resolve(world), 0);
	assert_int_equal(
		resolve_revocation(world->model, NOW, &world->warnings, &table, &world->err), 0);
	assert_int_equal(look_up(world, &table, &bad), REVOCATION_REVOKED);
	assert_int_equal(look_up(world, &table, &good), REVOCATION_GOOD);
	assert_int_equal(world->warnings.count, 0);
	buffer_done(&table);
}

static void a_list_that_somebody_else_signed_warns_and_fails_closed(void **state)
{
	struct world *world = *state;
	struct buffer table = { 0 };

	add_list(add_ca_entry(world, &world->root),
		 make_list((struct list_order){ .issuer = &world->root, .key = world->sub.key }));
	assert_int_equal(resolve(world), 0);
	assert_int_equal(
		resolve_revocation(world->model, NOW, &world->warnings, &table, &world->err), 0);
	assert_int_equal(look_up(world, &table, &world->leaf), REVOCATION_UNUSABLE);
	assert_int_equal(world->warnings.count, 1);
	assert_int_equal(world->warnings.items[0].kind, WARNING_PROBLEM);
	assert_non_null(strstr(world->warnings.items[0].error.message, "/etc/ca.crl"));
	buffer_done(&table);
}

static void an_unreadable_list_fails_closed(void **state)
{
	struct world *world = *state;
	struct model_ca_certificate *entry = add_ca_entry(world, &world->root);
	struct buffer table = { 0 };

	add_list(entry, (struct bytes){ (const uint8_t *)"", 0 });
	error_set(&entry->crls[0].why, ERROR_SYSTEM, "could not read \"/etc/ca.crl\"");
	assert_int_equal(resolve(world), 0);
	assert_int_equal(
		resolve_revocation(world->model, NOW, &world->warnings, &table, &world->err), 0);
	assert_int_equal(look_up(world, &table, &world->leaf), REVOCATION_UNUSABLE);
	buffer_done(&table);
}

static void a_stale_list_is_a_warning(void **state)
{
	struct world *world = *state;
	struct buffer table = { 0 };

	add_list(add_ca_entry(world, &world->root),
		 make_list((struct list_order){ .issuer = &world->root }));
	assert_int_equal(resolve(world), 0);
	assert_int_equal(resolve_revocation(world->model, NOW + DAY + REVOCATION_GRACE_S,
					    &world->warnings, &table, &world->err),
			 0);
	assert_int_equal(world->warnings.count, 0);
	buffer_done(&table);
	assert_int_equal(resolve_revocation(world->model, NOW + DAY + REVOCATION_GRACE_S + 1,
					    &world->warnings, &table, &world->err),
			 0);
	assert_int_equal(world->warnings.count, 1);
	assert_non_null(
		strstr(world->warnings.items[0].error.message, "should have been replaced"));
	buffer_done(&table);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_leaf_and_its_chain_file_become_one_chain),
		TEST(names_for_sni_are_lower_case_and_without_duplicates),
		TEST(a_file_in_the_wrong_order_with_root_and_duplicates_is_put_in_order),
		TEST(a_self_signed_certificate_is_served_alone),
		TEST(a_stranger_in_the_chain_file_is_left_out_with_a_note),
		TEST(a_key_of_another_certificate_is_refused),
		TEST(files_that_hold_no_certificate_or_key_are_refused),
		TEST(an_expired_certificate_is_a_warning_and_served),
		TEST(a_certificate_of_tomorrow_is_a_warning_and_served),
		TEST(unchanged_files_give_the_same_without_being_parsed_and_changed_ones_do_not),
		TEST(several_cas_in_one_file_are_all_taken),
		TEST(a_client_certificate_as_ca_is_refused),
		TEST(an_expired_ca_is_a_warning),
		TEST(a_list_revokes_whom_it_names_and_nobody_else),
		TEST(a_list_that_somebody_else_signed_warns_and_fails_closed),
		TEST(an_unreadable_list_fails_closed),
		TEST(a_stale_list_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
