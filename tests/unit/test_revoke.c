/* Revoking: what counts afterwards, in memory, in the table, and in the answers. */
#include "support_issue.h"

#undef NOW
#include "support_control.h"
#undef NOW
#define NOW INT64_C(1800000000)

#include <openssl/sha.h>
#include "action/action.h"
#include "certs/publisher.h"
#include "certs/revoke.h"
#include "pki/crl_write.h"
#include "pki/pem_write.h"
#include "store/certificate.h"

/* --- root, sub, leaf --- */

struct world {
	struct pair pair;
	struct buffer leaf, other;
	bool fails;         /* the call is undone */
	json_t *reply;
	struct error err;
	enum caller_role role;
	const char *ca;
	bool revokes;
};

static void put_row(unsigned int role, const char *id, const char *parent, struct bytes der,
		    const uint8_t *issuer_key)
{
	struct certificate *certificate = certificate_parse(der, NULL);
	struct store_certificate row = { .role = role };
	char serial[41];

	certs_serial_text(certificate_serial(certificate), serial);
	row.id = memory_copy_string(id);
	row.parent = memory_copy_string(parent);
	row.name = memory_copy_string("");
	row.common_name = memory_copy_string(id);
	row.sans = memory_copy_string("");
	row.serial = memory_copy_string(serial);
	row.body = json_object();
	memcpy(row.subject_key, certificate_key_hash(certificate), 32);
	memcpy(row.issuer_key, issuer_key == NULL ? row.subject_key : issuer_key, 32);
	SHA256(der.data, der.len, row.sha256);
	row.not_before = certificate_not_before(certificate);
	row.not_after = certificate_not_after(certificate);
	buffer_append(&row.der, der.data, der.len);
	must(store_begin(stage->store, e));
	must(store_certificate_put(stage->store, &row, e));
	must(store_commit(stage->store, e));
	store_certificate_done(&row);
	certificate_free(certificate);
}

static struct buffer issue_leaf(struct authority *ca)
{
	struct issued issued = { .der = { 0 } };
	struct buffer der;
	struct order order;

	order_init(&order, ISSUE_CLIENT, KEY_ALGORITHM_ECC_256);
	must(authority_issue(ca, &order.request, &issued, e));
	order_done(&order);
	der = issued.der;
	issued.der = (struct buffer){ 0 };
	issued_done(&issued);
	return der;
}

static const uint8_t *key_hash_of(struct authority *ca)
{
	return certificate_key_hash(authority_certificate(ca));
}

static void world_init(struct world *world)
{
	*world = (struct world){ .role = CALLER_ADMINISTRATOR };
	pair_init(&world->pair, KEY_ALGORITHM_ECC_256);
	world->leaf = issue_leaf(world->pair.sub);
	world->other = issue_leaf(world->pair.sub);
	put_row(STORE_ROOT_CA, "root", NULL,
		certificate_der(authority_certificate(world->pair.root)), NULL);
	put_row(STORE_SUB_CA, "sub", "root", certificate_der(authority_certificate(world->pair.sub)),
		key_hash_of(world->pair.root));
	put_row(STORE_CLIENT, "leaf", "sub", buffer_bytes(&world->leaf), key_hash_of(world->pair.sub));
	put_row(STORE_CLIENT, "other", "sub", buffer_bytes(&world->other), key_hash_of(world->pair.sub));
	own = own_revocations_load(stage->store, NULL);
	assert_non_null(own);
}

static void world_done(struct world *world)
{
	certs_close();
	json_decref(world->reply);
	own_revocations_free(own);
	buffer_done(&world->leaf);
	buffer_done(&world->other);
	pair_done(&world->pair);
}

/* --- calls --- */

static int run(struct world *world, call_step *step, const char *action, json_t *parameters)
{
	struct call call = { .store = stage->store, .product = &product_pca, .now = NOW,
			     .action = action_find(&product_pca, action),
			     .parameters = parameters, .reply = json_object(),
			     .caller = { .role = world->role, .user = "u", .from = "unix" } };
	int result;

	assert_non_null(call.action);
	if (world->ca != NULL)
		snprintf(call.caller.ca, sizeof(call.caller.ca), "%s", world->ca);
	memset(&world->err, 0, sizeof(world->err));
	must(store_begin(stage->store, e));
	must(store_savepoint(stage->store, e));
	result = step(&call, &world->err);
	if (result < 0 || world->fails)
		store_undo(stage->store);
	else
		must(store_release(stage->store, e));
	must(store_commit(stage->store, e));
	own_revocations_settle(own, stage->store, NOW);
	json_decref(world->reply);
	json_decref(parameters);
	world->reply = call.reply;
	world->revokes = call.revokes;
	return result;
}

static int revoke_id(struct world *world, const char *id, const char *reason)
{
	json_t *parameters = json_pack("{s:s, s:s}", "Identifier", id, "Reason", reason);

	return run(world, pca_CreateRevokeClientCertificate, "CreateRevokeClientCertificate",
		   parameters);
}

static int revoke_many(struct world *world, json_t *parameters)
{
	json_object_set_new(parameters, "ParentIdentifier", json_string("sub"));
	return run(world, pca_RevokeCertificates, "RevokeCertificates", parameters);
}

static int64_t count_in(const struct world *world, const char *name)
{
	return json_integer_value(json_object_get(world->reply, name));
}

/* UpdateCACertificateStatus as far as it is ours. */
static int revoke_ca_step(struct call *call, struct error *err)
{
	struct store_certificate row;
	int result;

	must(store_certificate_get(call->store, call_text(call, "Identifier"), &row, e));
	result = certs_revoke(call, &row, REVOKED_CA_COMPROMISE, err);
	store_certificate_done(&row);
	return result;
}

static void revoke_ca(struct world *world, const char *id)
{
	assert_int_equal(run(world, revoke_ca_step, "UpdateCACertificateStatus",
			     json_pack("{s:s}", "Identifier", id)), 0);
}

static enum revocation_answer table_says(struct authority *issuer, struct bytes der, bool is_ca)
{
	struct certificate *about = certificate_parse(der, NULL);
	struct buffer bytes = { 0 };
	struct revocation table;
	enum revocation_answer answer;
	int64_t when;

	must(own_revocations_refresh(own, (struct bytes){ NULL, 0 }, &bytes, e));
	must(revocation_open(buffer_bytes(&bytes), &table, e));
	answer = (is_ca ? revocation_find_ca : revocation_find)(&table, key_hash_of(issuer),
								certificate_serial(about), NOW, &when);
	buffer_done(&bytes);
	certificate_free(about);
	return answer;
}

static int reason_in_memory(const struct world *world, struct bytes der)
{
	struct certificate *about = certificate_parse(der, NULL);
	struct revocation_entry entry;
	bool found = own_revocations_find(own, key_hash_of(world->pair.sub), certificate_serial(about), &entry);

	certificate_free(about);
	return found ? entry.reason : -1;
}

/* --- one certificate --- */

static void a_revoked_certificate_is_revoked_for_everybody(void **state)
{
	struct store_certificate row;
	struct world world;

	stage = *state;
	world_init(&world);
	assert_int_equal(table_says(world.pair.sub, buffer_bytes(&world.leaf), false), REVOCATION_GOOD);
	assert_int_equal(revoke_id(&world, "leaf", "superseded"), 0);
	assert_true(world.revokes);
	assert_int_equal(table_says(world.pair.sub, buffer_bytes(&world.leaf), false),
			 REVOCATION_REVOKED);
	assert_int_equal(table_says(world.pair.sub, buffer_bytes(&world.other), false),
			 REVOCATION_GOOD);
	assert_int_equal(reason_in_memory(&world, buffer_bytes(&world.leaf)), REVOKED_SUPERSEDED);
	must(store_certificate_get(stage->store, "leaf", &row, e));
	assert_true(row.revoked);
	store_certificate_done(&row);
	/* And after a restart. */
	own_revocations_free(own);
	own = own_revocations_load(stage->store, NULL);
	assert_int_equal(table_says(world.pair.sub, buffer_bytes(&world.leaf), false),
			 REVOCATION_REVOKED);
	world_done(&world);
}

static void what_was_undone_is_not_revoked(void **state)
{
	struct world world;

	stage = *state;
	world_init(&world);
	world.fails = true;
	assert_int_equal(revoke_id(&world, "leaf", "superseded"), 0);
	assert_int_equal(table_says(world.pair.sub, buffer_bytes(&world.leaf), false), REVOCATION_GOOD);
	revoke_ca(&world, "sub");
	assert_int_equal(table_says(world.pair.sub, buffer_bytes(&world.leaf), false), REVOCATION_GOOD);
	world_done(&world);
}

static void revoking_twice_changes_nothing_but_the_reason_to_key_compromise(void **state)
{
	struct world world;
	int64_t revision;

	stage = *state;
	world_init(&world);
	assert_int_equal(revoke_id(&world, "leaf", "superseded"), 0);
	revision = store_revision(stage->store);
	assert_int_equal(revoke_id(&world, "leaf", "affiliationChanged"), 0);
	assert_false(world.revokes);
	assert_int_equal(store_revision(stage->store), revision);
	assert_int_equal(reason_in_memory(&world, buffer_bytes(&world.leaf)), REVOKED_SUPERSEDED);
	assert_int_equal(revoke_id(&world, "leaf", "keyCompromise"), 0);
	assert_true(world.revokes);
	assert_int_equal(reason_in_memory(&world, buffer_bytes(&world.leaf)), REVOKED_KEY_COMPROMISE);
	assert_int_equal(revoke_id(&world, "leaf", "superseded"), 0);
	assert_int_equal(reason_in_memory(&world, buffer_bytes(&world.leaf)), REVOKED_KEY_COMPROMISE);
	world_done(&world);
}

static void only_leaves_of_the_callers_ca_can_be_revoked(void **state)
{
	struct world world;

	stage = *state;
	world_init(&world);
	assert_int_equal(revoke_id(&world, "nobody", "superseded"), -1);
	assert_string_equal(world.err.symbol, "NotFound");
	assert_int_equal(revoke_id(&world, "sub", "superseded"), -1);
	assert_string_equal(world.err.symbol, "NotFound");
	world.role = CALLER_ISSUER;
	world.ca = "root";
	assert_int_equal(revoke_id(&world, "leaf", "superseded"), -1);
	assert_int_equal(world.err.code, ERROR_DENIED);
	world.ca = "sub";
	assert_int_equal(revoke_id(&world, "leaf", "superseded"), 0);
	world_done(&world);
}

/* By its serial number, under the CA that issued it. */
static int revoke_sub_by_number(struct world *world)
{
	char serial[41];

	certs_serial_text(certificate_serial(authority_certificate(world->pair.sub)), serial);
	return run(world, pca_RevokeCertificates, "RevokeCertificates",
		   json_pack("{s:s, s:[s]}", "ParentIdentifier", "root", "SerialNumbers", serial));
}

static void a_ca_is_revoked_by_administrators_only_even_by_its_number(void **state)
{
	struct world world;

	stage = *state;
	world_init(&world);
	world.ca = "root";
	for (world.role = CALLER_ISSUER; world.role < CALLER_ADMINISTRATOR; world.role++) {
		assert_int_equal(revoke_sub_by_number(&world), -1);
		assert_int_equal(world.err.code, ERROR_DENIED);
	}
	assert_int_equal(revoke_sub_by_number(&world), 0);
	assert_int_equal(count_in(&world, "RevokedCount"), 1);
	world_done(&world);
}

/* --- CAs --- */

static void a_revoked_subordinate_ca_takes_its_certificates_with_it(void **state)
{
	struct world world;
	struct bytes sub;

	stage = *state;
	world_init(&world);
	sub = certificate_der(authority_certificate(world.pair.sub));
	assert_int_equal(table_says(world.pair.root, sub, true), REVOCATION_GOOD);
	revoke_ca(&world, "sub");
	assert_int_equal(table_says(world.pair.root, sub, true), REVOCATION_REVOKED);
	assert_int_equal(table_says(world.pair.sub, buffer_bytes(&world.leaf), false),
			 REVOCATION_REVOKED);
	/* Its issuer goes on. */
	assert_int_equal(table_says(world.pair.root, buffer_bytes(&world.leaf), false),
			 REVOCATION_GOOD);
	own_revocations_free(own);
	own = own_revocations_load(stage->store, NULL);
	assert_int_equal(table_says(world.pair.sub, buffer_bytes(&world.leaf), false),
			 REVOCATION_REVOKED);
	world_done(&world);
}

/* A plan is built from a view that is a little old by the time it is looked at. */
static void an_older_view_of_the_store_does_not_bring_a_revoked_ca_back(void **state)
{
	struct store *reader;
	struct world world;

	stage = *state;
	world_init(&world);
	reader = store_open_reader(stage->store, NULL);
	must(store_read_begin(reader, e));
	revoke_ca(&world, "sub");
	must(own_revocations_update(own, reader, NOW, e));
	assert_int_equal(table_says(world.pair.sub, buffer_bytes(&world.leaf), false),
			 REVOCATION_REVOKED);
	store_read_end(reader);
	must(store_read_begin(reader, e));
	must(own_revocations_update(own, reader, NOW, e));
	assert_int_equal(table_says(world.pair.sub, buffer_bytes(&world.leaf), false),
			 REVOCATION_REVOKED);
	store_read_end(reader);
	store_close(reader);
	world_done(&world);
}

static void a_revoked_root_takes_all_below_with_it(void **state)
{
	struct world world;

	stage = *state;
	world_init(&world);
	revoke_ca(&world, "root");
	assert_int_equal(table_says(world.pair.sub, buffer_bytes(&world.leaf), false),
			 REVOCATION_REVOKED);
	assert_int_equal(table_says(world.pair.root,
				    certificate_der(authority_certificate(world.pair.sub)), true),
			 REVOCATION_REVOKED);
	world_done(&world);
}

static void a_key_with_another_good_certificate_goes_on(void **state)
{
	struct issued renewed = { .der = { 0 } };
	struct world world;

	stage = *state;
	world_init(&world);
	must(authority_issue(world.pair.root, &world.pair.sub_order.request, &renewed, e));
	put_row(STORE_SUB_CA, "sub2", "root", buffer_bytes(&renewed.der), key_hash_of(world.pair.root));
	revoke_ca(&world, "sub");
	assert_int_equal(table_says(world.pair.sub, buffer_bytes(&world.leaf), false), REVOCATION_GOOD);
	revoke_ca(&world, "sub2");
	assert_int_equal(table_says(world.pair.sub, buffer_bytes(&world.leaf), false),
			 REVOCATION_REVOKED);
	issued_done(&renewed);
	world_done(&world);
}

/* --- many --- */

static void many_are_revoked_by_serial_number(void **state)
{
	static const uint8_t plain[] = { 0x0a, 0xbc }, high[] = { 0x00, 0xff, 0x01 };
	struct revocation_entry entry;
	struct world world;

	stage = *state;
	world_init(&world);
	assert_int_equal(revoke_many(&world, json_pack("{s:[s, s], s:s}", "SerialNumbers", "0x0ABC",
						       "ff:01", "Reason", "cessationOfOperation")), 0);
	assert_int_equal(count_in(&world, "RevokedCount"), 2);
	assert_int_equal(count_in(&world, "KnownCount"), 0);
	assert_true(own_revocations_find(own, key_hash_of(world.pair.sub), (struct bytes){ plain, 2 },
					 &entry));
	assert_int_equal(entry.reason, REVOKED_CESSATION_OF_OPERATION);
	assert_true(own_revocations_find(own, key_hash_of(world.pair.sub), (struct bytes){ high, 3 },
					 &entry));
	assert_int_equal(revoke_many(&world, json_pack("{s:s}", "SerialFile",
		"# lost phones\n0ABC\r\n\n  00ff01 # again\n1234\n")), 0);
	assert_int_equal(count_in(&world, "RevokedCount"), 1);
	assert_int_equal(count_in(&world, "KnownCount"), 2);
	world_done(&world);
}

/* A generator of its own, so that the same serials come each time. */
static struct store_revocation nth_revocation(const struct world *world, uint32_t n)
{
	struct store_revocation revocation = { .time_s = NOW - n, .reason = REVOKED_SUPERSEDED };
	uint32_t state = n * 2654435761u + 1;
	size_t i;

	memcpy(revocation.issuer_key, key_hash_of(n % 3 == 0 ? world->pair.root : world->pair.sub), 32);
	revocation.serial_len = 1 + n % 20;
	for (i = 0; i < revocation.serial_len; i++) {
		state = state * 1664525u + 1013904223u;
		revocation.serial[i] = (uint8_t)(state >> 24 & 0x7f) | 1;
	}
	return revocation;
}

static void check_all(const struct world *world, uint32_t count)
{
	struct revocation_entry entry;
	uint32_t n;

	for (n = 0; n < count; n++) {
		struct store_revocation wanted = nth_revocation(world, n);

		assert_true(own_revocations_find(own, wanted.issuer_key, (struct bytes){ wanted.serial,
						 wanted.serial_len }, &entry));
		assert_true(entry.when <= wanted.time_s);
	}
}

static void many_serials_of_all_lengths_stay_sorted(void **state)
{
	struct revocation_entry *entries;
	struct world world;
	uint32_t n, count = 0;
	size_t total, i;

	stage = *state;
	world_init(&world);
	while (count < 900) {
		must(store_begin(stage->store, e));
		for (n = count > 100 ? count - 100 : 0; n < count + 300; n++) { /* some of them again */
			struct store_revocation revocation = nth_revocation(&world, n);

			must(store_revoke(stage->store, &revocation, e));
			own_revocations_add(own, &revocation);
		}
		must(store_commit(stage->store, e));
		own_revocations_settle(own, stage->store, NOW);
		count += 300;
		check_all(&world, count);
	}
	own_revocations_free(own);
	own = own_revocations_load(stage->store, NULL);
	check_all(&world, count);
	entries = own_revocations_copy(own, key_hash_of(world.pair.sub), &total);
	for (i = 1; i < total; i++)
		assert_true(revocation_entry_compare(&entries[i - 1], &entries[i]) < 0);
	free(entries);
	world_done(&world);
}

static void one_wrong_serial_number_revokes_nothing(void **state)
{
	static const char *const wrong[] = { "", "0", "00", "xyz", "0x", "12 34 zz",
		"1122334455667788990011223344556677889900aa", "ff22334455667788990011223344556677889900" };
	struct world world;
	size_t i;

	stage = *state;
	world_init(&world);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(revoke_many(&world, json_pack("{s:[s, s]}", "SerialNumbers", "1234",
							       wrong[i])), -1);
		assert_string_equal(world.err.symbol, "IllegalParam.SerialNumbers");
	}
	assert_int_equal(own_revocations_changes(own, key_hash_of(world.pair.sub)), 0);
	assert_int_equal(revoke_many(&world, json_object()), -1);
	assert_string_equal(world.err.symbol, "MissingParam.SerialNumbers");
	world_done(&world);
}

#define OLD_NUMBER 2026112401 /* as those number who write the date */

static bool give_one(void *arg, struct crl_entry *ret_entry)
{
	static const uint8_t serial[] = { 0x42, 0x43 };
	int *given = arg;

	*ret_entry = (struct crl_entry){ { serial, 2 }, NOW - 5000, REVOKED_SUPERSEDED };
	return (*given)++ == 0;
}

static char *list_of(struct authority *ca)
{
	struct crl_order order = { .issuer = authority_certificate(ca), .key = authority_key(ca),
				   .number = OLD_NUMBER, .this_update = NOW,
				   .next_update = NOW + DAY };
	struct buffer der = { 0 }, pem = { 0 };
	int given = 0;

	must(crl_write(&order, give_one, &given, &der, e));
	pem_write(&pem, "X509 CRL", buffer_bytes(&der));
	buffer_append(&pem, "", 1);
	buffer_done(&der);
	return (char *)pem.data;
}

static void an_older_list_of_the_ca_is_taken_with_its_dates(void **state)
{
	static const uint8_t serial[] = { 0x42, 0x43 };
	struct revocation_entry entry;
	struct store_crl last = { 0 };
	struct world world;
	char *list;

	stage = *state;
	world_init(&world);
	list = list_of(world.pair.sub);
	assert_int_equal(revoke_many(&world, json_pack("{s:s}", "Crl", list)), 0);
	assert_int_equal(count_in(&world, "RevokedCount"), 1);
	assert_true(own_revocations_find(own, key_hash_of(world.pair.sub), (struct bytes){ serial, 2 },
					 &entry));
	assert_int_equal(entry.when, NOW - 5000);
	assert_int_equal(store_crl_get(stage->store, key_hash_of(world.pair.sub), &last, NULL), 1);
	assert_int_equal(last.number, OLD_NUMBER);
	buffer_done(&last.der);
	free(list);
	list = list_of(world.pair.root);
	assert_int_equal(revoke_many(&world, json_pack("{s:s}", "Crl", list)), -1);
	assert_string_equal(world.err.place, "Crl");
	free(list);
	assert_int_equal(revoke_many(&world, json_pack("{s:s}", "Crl", "no list")), -1);
	world_done(&world);
}

/* --- questions --- */

static const char *state_in(const struct world *world, size_t i, const char *member)
{
	json_t *list = json_object_get(world->reply, "CertificateStatus");

	return json_string_value(json_object_get(json_array_get(list, i), member));
}

static void the_state_of_certificates_can_be_asked(void **state)
{
	struct world world;
	const char *serial;
	char both[200];

	stage = *state;
	world_init(&world);
	assert_int_equal(revoke_id(&world, "leaf", "keyCompromise"), 0);
	assert_int_equal(run(&world, pca_DescribeClientCertificateStatus,
			     "DescribeClientCertificateStatus",
			     json_pack("{s:s}", "Identifier", "leaf, other")), 0);
	assert_string_equal(state_in(&world, 0, "Status"), "revoked");
	assert_string_equal(state_in(&world, 0, "RevokeReason"), "keyCompromise");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(
				 world.reply, "CertificateStatus"), 0), "RevokeTime")), NOW * 1000);
	assert_string_equal(state_in(&world, 1, "Status"), "good");
	assert_null(state_in(&world, 1, "RevokeReason"));
	serial = state_in(&world, 0, "SerialNumber");
	snprintf(both, sizeof(both), "%s,77", serial);
	assert_int_equal(run(&world, pca_DescribeClientCertificateStatusForSerialNumber,
			     "DescribeClientCertificateStatusForSerialNumber",
			     json_pack("{s:s}", "SerialNumber", both)), 0);
	assert_string_equal(state_in(&world, 0, "Status"), "revoked");
	assert_string_equal(state_in(&world, 1, "Status"), "unknown");
	assert_int_equal(run(&world, pca_DescribeClientCertificateStatus,
			     "DescribeClientCertificateStatus",
			     json_pack("{s:s}", "Identifier", "leaf,nobody")), -1);
	assert_string_equal(world.err.symbol, "NotFound");
	world_done(&world);
}

static void the_address_of_a_list_follows_from_the_setting(void **state)
{
	struct world world;

	stage = *state;
	world_init(&world);
	assert_int_equal(run(&world, pca_GetCaInstanceCrlAddress, "GetCaInstanceCrlAddress",
			     json_pack("{s:s}", "CaIdentifier", "sub")), 0);
	assert_string_equal(json_string_value(json_object_get(world.reply, "CrlUrl")), "");
	assert_string_equal(json_string_value(json_object_get(world.reply, "CaType")), "SUB_ROOT");
	assert_string_equal(json_string_value(json_object_get(world.reply, "CaInstanceStatus")),
			    "normal");
	assert_int_equal(run(&world, pca_GetCaInstanceCrlAddress, "GetCaInstanceCrlAddress",
			     json_pack("{s:s}", "CaIdentifier", "leaf")), -1);
	assert_int_equal(run(&world, pca_GetCaInstanceCrlAddress, "GetCaInstanceCrlAddress",
			     json_object()), -1);
	assert_string_equal(world.err.symbol, "MissingParam.CaIdentifier");
	world_done(&world);
}

#define WITH_HOME(test) cmocka_unit_test_setup_teardown(test, home_setup, home_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOME(a_revoked_certificate_is_revoked_for_everybody),
		WITH_HOME(what_was_undone_is_not_revoked),
		WITH_HOME(revoking_twice_changes_nothing_but_the_reason_to_key_compromise),
		WITH_HOME(only_leaves_of_the_callers_ca_can_be_revoked),
		WITH_HOME(a_ca_is_revoked_by_administrators_only_even_by_its_number),
		WITH_HOME(a_revoked_subordinate_ca_takes_its_certificates_with_it),
		WITH_HOME(an_older_view_of_the_store_does_not_bring_a_revoked_ca_back),
		WITH_HOME(a_revoked_root_takes_all_below_with_it),
		WITH_HOME(a_key_with_another_good_certificate_goes_on),
		WITH_HOME(many_are_revoked_by_serial_number),
		WITH_HOME(many_serials_of_all_lengths_stay_sorted),
		WITH_HOME(one_wrong_serial_number_revokes_nothing),
		WITH_HOME(an_older_list_of_the_ca_is_taken_with_its_dates),
		WITH_HOME(the_state_of_certificates_can_be_asked),
		WITH_HOME(the_address_of_a_list_follows_from_the_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
