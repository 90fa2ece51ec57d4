/* The store: certificates, their keys, what was revoked and published. */
#include "support_store.h"

#include <openssl/bytestring.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/sha.h>
#include <sqlite3.h>
#include "store/certificate.h"
#include "store/resource.h"

static struct store_certificate certificate(const char *id, unsigned int role, const char *serial)
{
	struct store_certificate made = { .id = (char *)id, .role = role, .parent = "ca-1",
					  .name = (char *)id, .common_name = "cart.example",
					  .sans = "DNS:cart.example", .serial = (char *)serial,
					  .issuer_key = { 1 }, .not_before = NOW,
					  .not_after = NOW + 1000, .revision = 1,
					  .created_s = NOW };

	return made;
}

static void put(struct store *store, const char *id, unsigned int role, const char *serial)
{
	struct store_certificate made = certificate(id, role, serial);

	must(store_certificate_put(store, &made, e));
}

/* --- certificates --- */

static void a_certificate_comes_back_as_it_was_put(void **state)
{
	struct home *home = *state;
	struct store_certificate made = certificate("cert-1", STORE_CLIENT, "01AB"), found = { 0 };
	struct error err = { 0 };

	made.custom_identifier = "mine";
	made.sha256[31] = 9;
	made.subject_key[0] = 8;
	buffer_append(&made.der, "\x30\x00\x01", 3);
	made.body = json_pack("{s:s, s:b}", "Algorithm", "ECC_256", "EnableCrl", 1);
	must(store_certificate_put(home->store, &made, e));
	assert_int_equal(made.number, 1001);
	home_reopen(home);
	assert_int_equal(store_certificate_get(home->store, "cert-1", &found, &err), 1);
	assert_int_equal(found.number, 1001);
	assert_int_equal(found.role, STORE_CLIENT);
	assert_string_equal(found.parent, "ca-1");
	assert_string_equal(found.custom_identifier, "mine");
	assert_string_equal(found.serial, "01AB");
	assert_int_equal(found.sha256[31], 9);
	assert_int_equal(found.subject_key[0], 8);
	assert_int_equal(found.not_after, NOW + 1000);
	assert_memory_equal(found.der.data, "\x30\x00\x01", 3);
	assert_int_equal(found.chain.len, 0);
	assert_false(found.has_key);
	assert_false(found.revoked);
	assert_true(json_is_true(json_object_get(found.body, "EnableCrl")));
	store_certificate_done(&found);
	assert_int_equal(store_certificate_get_number(home->store, 1001, &found, &err), 1);
	store_certificate_done(&found);
	assert_int_equal(store_certificate_get_number(home->store, 1002, &found, &err), 0);
	assert_int_equal(store_certificate_get(home->store, "cert-2", &found, &err), 0);
	buffer_done(&made.der);
	json_decref(made.body);
}

static void a_number_is_never_given_twice(void **state)
{
	struct home *home = *state;
	struct store_certificate made = certificate("cert-1", STORE_CLIENT, "01");

	must(store_certificate_put(home->store, &made, e));
	assert_int_equal(made.number, 1001);
	made.number = 0;
	must(store_certificate_put(home->store, &made, e));
	assert_int_equal(made.number, 1001);
	must(store_certificate_delete(home->store, "cert-1", e));
	made.number = 0;
	must(store_certificate_put(home->store, &made, e));
	assert_int_equal(made.number, 1002);
}

static void a_serial_of_an_issuer_is_taken_once(void **state)
{
	struct home *home = *state;
	struct store_certificate other = certificate("cert-2", STORE_SERVER, "0a01");
	struct error err = { 0 };

	put(home->store, "cert-1", STORE_CLIENT, "0A01");
	assert_int_equal(store_certificate_put(home->store, &other, &err), -1);
	assert_string_equal(err.symbol, "Conflict.Serial");
	assert_int_equal(err.code, ERROR_CONFLICT);
	other.issuer_key[0] = 2;
	must(store_certificate_put(home->store, &other, e));
	/* What comes from elsewhere may come as often as it likes. */
	put(home->store, "cert-3", STORE_UPLOADED, "0A01");
	put(home->store, "cert-4", STORE_UPLOADED, "0A01");
}

static void a_refused_certificate_leaves_the_batch_whole(void **state)
{
	struct home *home = *state;
	struct store_certificate other = certificate("cert-2", STORE_SERVER, "01"), found = { 0 };
	struct error err = { 0 };

	must(store_begin(home->store, e));
	must(store_savepoint(home->store, e));
	put(home->store, "cert-1", STORE_CLIENT, "01");
	must(store_release(home->store, e));
	must(store_savepoint(home->store, e));
	assert_int_equal(store_certificate_put(home->store, &other, &err), -1);
	store_undo(home->store);
	must(store_commit(home->store, e));
	assert_int_equal(store_certificate_get(home->store, "cert-1", &found, &err), 1);
	store_certificate_done(&found);
	assert_int_equal(store_certificate_get(home->store, "cert-2", &found, &err), 0);
}

static void a_custom_identifier_is_taken_once(void **state)
{
	struct home *home = *state;
	struct store_certificate made = certificate("cert-1", STORE_CLIENT, "01");
	struct store_certificate other = certificate("cert-2", STORE_CLIENT, "02");
	struct error err = { 0 };

	made.custom_identifier = other.custom_identifier = "mine";
	must(store_certificate_put(home->store, &made, e));
	assert_int_equal(store_certificate_put(home->store, &other, &err), -1);
	assert_string_equal(err.symbol, "Conflict.CustomIdentifier");
}

static void a_serial_is_found_for_what_we_issued(void **state)
{
	static const uint8_t issuer[32] = { 1 }, other[32] = { 2 };
	struct home *home = *state;
	struct store_certificate found = { 0 };
	struct error err = { 0 };

	put(home->store, "cert-0", STORE_UPLOADED, "01FF");
	put(home->store, "cert-1", STORE_CLIENT, "01FF");
	assert_int_equal(store_certificate_get_serial(home->store, issuer, "1ff", &found, &err), 1);
	assert_string_equal(found.id, "cert-1");
	store_certificate_done(&found);
	assert_int_equal(store_certificate_get_serial(home->store, NULL, "01FF", &found, &err), 1);
	assert_string_equal(found.id, "cert-1");
	store_certificate_done(&found);
	assert_int_equal(store_certificate_get_serial(home->store, other, "01FF", &found, &err), 0);
	assert_int_equal(store_certificate_get_serial(home->store, issuer, "not hex", &found, &err),
			 0);
}

/* --- lists --- */

struct seen {
	char text[256];
	int stop_after;
};

static bool note(void *arg, const struct store_certificate *found)
{
	struct seen *seen = arg;

	strcat(seen->text, found->id);
	strcat(seen->text, " ");
	return --seen->stop_after != 0;
}

static void what_is_disabled_is_listed_with_the_revoked(void **state)
{
	const struct store_certificate_filter gone = { .revoked = 1 }, live = { .revoked = 0 };
	struct home *home = *state;
	struct store_certificate root = certificate("a", STORE_ROOT_CA, "01");
	struct seen seen = { .stop_after = -1 };

	root.disabled = true;
	must(store_certificate_put(home->store, &root, e));
	put(home->store, "b", STORE_CLIENT, "02");
	must(store_certificate_each(home->store, &gone, note, &seen, e));
	must(store_certificate_each(home->store, &live, note, &seen, e));
	assert_string_equal(seen.text, "a b ");
}

static void lists_are_filtered_and_paged(void **state)
{
	static const uint8_t digest[32] = { 5 };
	struct home *home = *state;
	struct store_certificate special = certificate("d", STORE_UPLOADED, "04");
	json_t *tags = json_pack("[{s:s, s:s}]", "Key", "env", "Value", "x");
	const struct {
		struct store_certificate_filter filter;
		const char *wanted;
		int count;
	} rows[] = {
		{ { .revoked = -1 }, "a b c d ", 4 },
		{ { .revoked = -1, .roles = STORE_PRIVATE }, "b c ", 2 },
		{ { .revoked = -1, .roles = STORE_UPLOADED | STORE_ROOT_CA }, "a d ", 2 },
		{ { .revoked = -1, .roles = STORE_PRIVATE, .newest_first = true }, "c b ", 2 },
		{ { .revoked = -1, .parent = "ca-1" }, "a b c ", 3 },
		{ { .revoked = -1, .name = "c" }, "c ", 1 },
		{ { .revoked = -1, .custom_identifier = "mine" }, "d ", 1 },
		{ { .revoked = -1, .serial = "02" }, "b ", 1 },
		{ { .revoked = -1, .sha256 = digest }, "d ", 1 },
		{ { .revoked = -1, .subject_key = digest }, "", 0 },
		{ { .revoked = -1, .keyword = "SPECIAL_" }, "d ", 1 },
		{ { .revoked = -1, .keyword = "pecialx" }, "", 0 },
		{ { .revoked = -1, .keyword = "%" }, "", 0 },
		{ { .revoked = -1, .expires_before = NOW + 1001 }, "a b c ", 3 },
		{ { .revoked = -1, .expires_after = NOW + 1001 }, "d ", 1 },
		{ { .revoked = -1, .tags = tags }, "c ", 1 },
		{ { .revoked = 1 }, "", 0 },
		{ { .revoked = 0, .limit = 2 }, "a b ", 4 },
		{ { .revoked = 0, .limit = 2, .offset = 1 }, "b c ", 4 },
		{ { .revoked = 0, .offset = 3 }, "d ", 4 },
		{ { .revoked = 0, .after_number = 1002 }, "c d ", 4 },
		{ { .revoked = 0, .after_number = 1003, .newest_first = true, .limit = 1 }, "b ", 4 },
	};

	special.parent = NULL;
	special.custom_identifier = "mine";
	special.common_name = "A Special_Name";
	special.not_after = NOW + 5000;
	special.sha256[0] = 5;
	put(home->store, "a", STORE_ROOT_CA, "01");
	put(home->store, "b", STORE_CLIENT, "02");
	put(home->store, "c", STORE_SERVER, "03");
	must(store_certificate_put(home->store, &special, e));
	must(store_tag_put(home->store, STORE_CERTIFICATE, "c", "env", "x", e));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = { .stop_after = -1 };

		must(store_certificate_each(home->store, &rows[i].filter, note, &seen, e));
		assert_string_equal(seen.text, rows[i].wanted);
		assert_int_equal(store_certificate_count(home->store, &rows[i].filter, NULL),
				 rows[i].count);
	}
	json_decref(tags);
}

/* --- keys --- */

static struct buffer make_key(uint8_t ret_digest[32])
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;
	struct buffer pkcs8 = { 0 };
	uint8_t *data = NULL;
	size_t len = 0;
	CBB cbb;

	assert_int_equal(EVP_PKEY_keygen_init(context), 1);
	assert_int_equal(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1), 1);
	assert_int_equal(EVP_PKEY_keygen(context, &key), 1);
	assert_true(CBB_init(&cbb, 256) && EVP_marshal_private_key(&cbb, key) &&
		    CBB_finish(&cbb, &data, &len));
	buffer_append(&pkcs8, data, len);
	OPENSSL_free(data);
	assert_true(CBB_init(&cbb, 256) && EVP_marshal_public_key(&cbb, key) &&
		    CBB_finish(&cbb, &data, &len));
	SHA256(data, len, ret_digest);
	OPENSSL_free(data);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(context);
	return pkcs8;
}

static void a_key_is_opened_as_it_was_sealed(void **state)
{
	struct home *home = *state;
	struct store_certificate made = certificate("cert-1", STORE_CLIENT, "01"), found = { 0 };
	struct buffer key = make_key(made.subject_key), opened = { 0 };
	struct error err = { 0 };
	bool exportable = false;

	must(store_certificate_put(home->store, &made, e));
	assert_int_equal(store_key_get(home->store, "cert-1", &opened, &exportable, &err), 0);
	must(store_key_put(home->store, "cert-1", true, buffer_bytes(&key), e));
	home_reopen(home);
	assert_int_equal(store_key_get(home->store, "cert-1", &opened, &exportable, &err), 1);
	assert_true(bytes_equal(buffer_bytes(&key), buffer_bytes(&opened)));
	assert_true(exportable);
	assert_int_equal(store_certificate_get(home->store, "cert-1", &found, &err), 1);
	assert_true(found.has_key && found.exportable);
	store_certificate_done(&found);
	must(store_certificate_delete(home->store, "cert-1", e));
	assert_int_equal(store_key_get(home->store, "cert-1", &opened, NULL, &err), 0);
	buffer_done(&key);
	buffer_done(&opened);
}

static void a_key_of_another_certificate_is_refused(void **state)
{
	struct home *home = *state;
	struct store_certificate made = certificate("cert-1", STORE_CLIENT, "01");
	uint8_t digest[32];
	struct buffer other = make_key(digest), key = make_key(made.subject_key);
	struct error err = { 0 };

	must(store_certificate_put(home->store, &made, e));
	assert_int_equal(store_key_put(home->store, "cert-1", true, buffer_bytes(&other), &err), -1);
	assert_int_equal(err.code, ERROR_INVALID);
	assert_int_equal(store_key_put(home->store, "cert-1", true,
				       (struct bytes){ (const uint8_t *)"no key", 6 }, &err), -1);
	must(store_key_put(home->store, "cert-1", true, buffer_bytes(&key), e));
	buffer_done(&other);
	buffer_done(&key);
}

static void tamper(struct home *home, const char *sql)
{
	char path[128];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/" STORE_FILE, home->data);
	store_close(home->store);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	home_open(home);
}

static void a_key_that_was_moved_or_changed_does_not_open(void **state)
{
	static const char *const changes[] = {
		"UPDATE private_keys SET exportable = 1",
		"UPDATE private_keys SET certificate_id = 'cert-2'",
		"UPDATE private_keys SET public_digest = zeroblob(32)",
		"UPDATE private_keys SET sealed = substr(sealed, 1, length(sealed) - 1) || x'00'",
		"UPDATE private_keys SET sealed = substr(sealed, 1, 20)",
		"UPDATE private_keys SET sealed = x''",
	};
	struct home *home = *state;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t digest[32];
		struct buffer key = make_key(digest), opened = { 0 };
		struct error err = { 0 };

		must(store_key_put(home->store, "cert-1", false, buffer_bytes(&key), e));
		tamper(home, changes[i]);
		assert_int_equal(store_key_get(home->store, i == 1 ? "cert-2" : "cert-1", &opened,
					       NULL, &err), -1);
		assert_string_equal(err.symbol, "SealBroken");
		assert_null(opened.data);
		tamper(home, "DELETE FROM private_keys");
		buffer_done(&key);
	}
}

static void no_key_lies_open_in_a_file(void **state)
{
	struct home *home = *state;
	uint8_t digest[32];
	struct buffer key = make_key(digest), file = { 0 };
	char path[128];

	must(store_key_put(home->store, "cert-1", false, buffer_bytes(&key), e));
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/" STORE_FILE "%s", home->data, i == 0 ? "-wal" : "");
		must(buffer_read_file(path, 16 << 20, &file, e));
		assert_null(memmem(file.data, file.len, key.data + 36, 32));
		buffer_done(&file);
		if (i == 0)
			home_reopen(home);
	}
	buffer_done(&key);
}

/* --- revocations --- */

static struct store_revocation revocation(uint8_t last, int64_t time_s, int reason)
{
	return (struct store_revocation){ .issuer_key = { 1 }, .serial = { 1, last },
					  .serial_len = 2, .time_s = time_s, .reason = reason };
}

static void put_revoked(struct store *store, uint8_t last, int64_t time_s, int reason)
{
	struct store_revocation made = revocation(last, time_s, reason);

	must(store_revoke(store, &made, e));
}

static void check_revoked(struct store *store, uint8_t last, int64_t time_s, int reason)
{
	struct store_revocation wanted = revocation(last, time_s, reason), found;
	struct error err = { 0 };

	assert_int_equal(store_revocation_get(store, wanted.issuer_key,
					      (struct bytes){ wanted.serial, 2 }, &found, &err), 1);
	assert_int_equal(found.time_s, time_s);
	assert_int_equal(found.reason, reason);
}

static void a_revocation_is_final(void **state)
{
	struct home *home = *state;

	put_revoked(home->store, 7, NOW, 4);
	check_revoked(home->store, 7, NOW, 4);
	put_revoked(home->store, 7, NOW + 10, 5);
	check_revoked(home->store, 7, NOW, 4);
	put_revoked(home->store, 7, NOW + 20, 1);
	check_revoked(home->store, 7, NOW, 1);
	put_revoked(home->store, 7, NOW + 20, 4);
	check_revoked(home->store, 7, NOW, 1);
	put_revoked(home->store, 7, NOW - 5, 4);
	check_revoked(home->store, 7, NOW - 5, 1);
	home_reopen(home);
	check_revoked(home->store, 7, NOW - 5, 1);
}

static void nobody_can_take_a_revocation_out_of_the_database(void **state)
{
	static const char *const changes[] = {
		"DELETE FROM revocations",
		"UPDATE revocations SET reason = 4",
		"UPDATE revocations SET time_s = time_s + 1",
		"UPDATE revocations SET serial = x'0203'",
	};
	struct home *home = *state;
	char path[128];
	sqlite3 *db;

	put_revoked(home->store, 7, NOW, 1);
	snprintf(path, sizeof(path), "%s/" STORE_FILE, home->data);
	store_close(home->store);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		assert_int_equal(sqlite3_exec(db, changes[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
	sqlite3_close(db);
	home_open(home);
	check_revoked(home->store, 7, NOW, 1);
}

static void a_revocation_out_of_range_is_refused(void **state)
{
	struct home *home = *state;
	struct store_revocation bad[] = { revocation(1, NOW, 0), revocation(1, NOW, 11),
					  revocation(1, NOW, -1) };
	struct error err = { 0 };

	bad[0].serial_len = 0;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(store_revoke(home->store, &bad[i], &err), -1);
}

static bool is_revoked(struct store *store, const char *id)
{
	struct store_certificate found = { 0 };
	struct error err = { 0 };
	bool revoked;

	assert_int_equal(store_certificate_get(store, id, &found, &err), 1);
	revoked = found.revoked;
	store_certificate_done(&found);
	return revoked;
}

static void a_certificate_follows_its_revocation(void **state)
{
	struct home *home = *state;

	put(home->store, "cert-1", STORE_CLIENT, "0107");
	put(home->store, "cert-2", STORE_UPLOADED, "0107");
	assert_false(is_revoked(home->store, "cert-1"));
	put_revoked(home->store, 7, NOW, 4);
	assert_true(is_revoked(home->store, "cert-1"));
	assert_false(is_revoked(home->store, "cert-2"));
	/* Written again with the flag of before, or taken away and brought back: it stays revoked. */
	put(home->store, "cert-1", STORE_CLIENT, "0107");
	assert_true(is_revoked(home->store, "cert-1"));
	must(store_certificate_delete(home->store, "cert-1", e));
	check_revoked(home->store, 7, NOW, 4);
	put(home->store, "cert-3", STORE_CLIENT, "0107");
	assert_true(is_revoked(home->store, "cert-3"));
}

static void a_serial_with_its_high_bit_set_is_matched_by_its_content_octets(void **state)
{
	struct home *home = *state;
	struct store_revocation made = { .issuer_key = { 1 }, .serial = { 0, 0xff },
					 .serial_len = 2, .time_s = NOW, .reason = 0 };

	put(home->store, "cert-1", STORE_CLIENT, "FF");
	must(store_revoke(home->store, &made, e));
	assert_true(is_revoked(home->store, "cert-1"));
}

static void an_undone_revocation_never_happened(void **state)
{
	static const uint8_t issuer[32] = { 1 };
	struct home *home = *state;
	struct store_revocation found;
	struct error err = { 0 };

	must(store_begin(home->store, e));
	must(store_savepoint(home->store, e));
	put_revoked(home->store, 7, NOW, 4);
	store_undo(home->store);
	must(store_savepoint(home->store, e));
	put_revoked(home->store, 8, NOW, 4);
	must(store_release(home->store, e));
	must(store_commit(home->store, e));
	must(store_begin(home->store, e));
	put_revoked(home->store, 9, NOW, 4);
	store_rollback(home->store);
	home_reopen(home);
	check_revoked(home->store, 8, NOW, 4);
	assert_int_equal(store_revocation_get(home->store, issuer,
					      (struct bytes){ (const uint8_t *)"\x01\x07", 2 },
					      &found, &err), 0);
	assert_int_equal(store_revocation_get(home->store, issuer,
					      (struct bytes){ (const uint8_t *)"\x01\x09", 2 },
					      &found, &err), 0);
}

static void note_revocation(void *arg, const struct store_revocation *found)
{
	char *text = arg;

	sprintf(text + strlen(text), "%d:%d ", found->issuer_key[0], found->serial[1]);
}

static void revocations_are_listed_in_order(void **state)
{
	static const uint8_t issuer[32] = { 1 };
	struct home *home = *state;
	struct store_revocation other = revocation(5, NOW, 0);
	char text[100] = "";

	other.issuer_key[0] = 0;
	put_revoked(home->store, 9, NOW, 0);
	put_revoked(home->store, 3, NOW, 0);
	must(store_revoke(home->store, &other, e));
	must(store_revocation_each(home->store, NULL, note_revocation, text, e));
	assert_string_equal(text, "0:5 1:3 1:9 ");
	text[0] = '\0';
	must(store_revocation_each(home->store, issuer, note_revocation, text, e));
	assert_string_equal(text, "1:3 1:9 ");
}

/* --- lists that are published --- */

static void the_last_list_of_a_ca_is_kept(void **state)
{
	static const uint8_t issuer[32] = { 1 }, other[32] = { 2 };
	struct home *home = *state;
	struct store_crl crl = { .number = 5, .this_update_s = NOW, .next_update_s = NOW + 10 };
	struct store_crl found = { 0 };
	struct error err = { 0 };

	buffer_append(&crl.der, "crl", 3);
	must(store_crl_put(home->store, issuer, &crl, e));
	crl.number = 6;
	must(store_crl_put(home->store, issuer, &crl, e));
	assert_int_equal(store_crl_get(home->store, issuer, &found, &err), 1);
	assert_int_equal(found.number, 6);
	assert_int_equal(found.next_update_s, NOW + 10);
	assert_memory_equal(found.der.data, "crl", 3);
	assert_int_equal(store_crl_get(home->store, other, &found, &err), 0);
	buffer_done(&found.der);
	buffer_done(&crl.der);
}

static void note_crl(void *arg, const char *name, struct bytes der)
{
	char *text = arg;

	sprintf(text + strlen(text), "%s:%.*s ", name, (int)der.len, (const char *)der.data);
}

static void a_third_party_ca_has_several_lists(void **state)
{
	struct home *home = *state;
	char text[100] = "";

	must(store_foreign_crl_put(home->store, "ca", "b.crl", (struct bytes){ (void *)"1", 1 }, e));
	must(store_foreign_crl_put(home->store, "ca", "a.crl", (struct bytes){ (void *)"2", 1 }, e));
	must(store_foreign_crl_put(home->store, "ca", "b.crl", (struct bytes){ (void *)"3", 1 }, e));
	must(store_foreign_crl_each(home->store, "ca", note_crl, text, e));
	assert_string_equal(text, "a.crl:2 b.crl:3 ");
	must(store_foreign_crl_delete(home->store, "ca", "b.crl", e));
	text[0] = '\0';
	must(store_foreign_crl_each(home->store, "ca", note_crl, text, e));
	assert_string_equal(text, "a.crl:2 ");
	must(store_certificate_delete(home->store, "ca", e));
	text[0] = '\0';
	must(store_foreign_crl_each(home->store, "ca", note_crl, text, e));
	assert_string_equal(text, "");
}

int main(void)
{
#define row(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)
	const struct CMUnitTest tests[] = {
		row(a_certificate_comes_back_as_it_was_put),
		row(a_number_is_never_given_twice),
		row(a_serial_of_an_issuer_is_taken_once),
		row(a_refused_certificate_leaves_the_batch_whole),
		row(a_custom_identifier_is_taken_once),
		row(a_serial_is_found_for_what_we_issued),
		row(what_is_disabled_is_listed_with_the_revoked),
		row(lists_are_filtered_and_paged),
		row(a_key_is_opened_as_it_was_sealed),
		row(a_key_of_another_certificate_is_refused),
		row(a_key_that_was_moved_or_changed_does_not_open),
		row(no_key_lies_open_in_a_file),
		row(a_revocation_is_final),
		row(nobody_can_take_a_revocation_out_of_the_database),
		row(a_revocation_out_of_range_is_refused),
		row(a_certificate_follows_its_revocation),
		row(a_serial_with_its_high_bit_set_is_matched_by_its_content_octets),
		row(an_undone_revocation_never_happened),
		row(revocations_are_listed_in_order),
		row(the_last_list_of_a_ca_is_kept),
		row(a_third_party_ca_has_several_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
