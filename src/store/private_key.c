/* Private keys of certificates, sealed. */
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/sha.h>
#include <string.h>

#include "store/store_internal.h"

/* SHA-256 of the SubjectPublicKeyInfo that belongs to the key. */
static int public_digest(struct bytes pkcs8, uint8_t ret_digest[32], struct error *err)
{
	CBS input;
	CBB output;
	EVP_PKEY *key;
	uint8_t *public_key = NULL;
	size_t len = 0;
	bool ok;

	CBS_init(&input, pkcs8.data, pkcs8.len);
	key = EVP_parse_private_key(&input);
	ok = key != NULL && CBS_len(&input) == 0 && CBB_init(&output, 256);
	if (ok && (!EVP_marshal_public_key(&output, key) ||
		   !CBB_finish(&output, &public_key, &len))) {
		CBB_cleanup(&output);
		ok = false;
	}
	if (ok)
		SHA256(public_key, len, ret_digest);
	OPENSSL_free(public_key);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return ok ? 0 : error_set(err, ERROR_INVALID, "the private key is not PKCS#8 that we know");
}

static struct seal_place key_place(const struct store *store, const char *id,
				   const uint8_t *digest, bool exportable)
{
	return (struct seal_place){ .store_id = store->id, .table = "private_keys", .row = id,
				    .purpose = "private key", .digest = digest,
				    .flag = exportable };
}

/* The certificate, when it is there already, must be for this key. */
static int check_certificate(struct store *store, const char *id, const uint8_t digest[32],
			     struct error *err)
{
	static const uint8_t none[32];
	struct statement *statement =
		sql_start(store->sql, "SELECT subject_key FROM certificates WHERE id = ?", err);
	uint8_t wanted[32];
	int found;

	sql_text(statement, id);
	found = sql_step(statement, err);
	if (found == 1) {
		sql_row_digest(statement, 0, wanted);
		if (memcmp(wanted, none, 32) != 0 && memcmp(wanted, digest, 32) != 0)
			found = error_set(err, ERROR_INVALID,
					  "the private key does not belong to the certificate "
					  "\"%.64s\"", id);
	}
	sql_end(statement);
	return found < 0 ? -1 : 0;
}

int store_key_put(struct store *store, const char *certificate_id, bool exportable,
		  struct bytes pkcs8, struct error *err)
{
	struct buffer sealed = { 0 };
	struct seal_place place;
	struct statement *statement;
	uint8_t digest[32];
	int status;

	if (public_digest(pkcs8, digest, err) < 0 ||
	    check_certificate(store, certificate_id, digest, err) < 0)
		return -1;
	place = key_place(store, certificate_id, digest, exportable);
	if (seal_close(&store->seal_key, &place, pkcs8, &sealed, err) < 0)
		return -1;
	statement = sql_start(
		store->sql,
		"INSERT INTO private_keys (certificate_id, exportable, public_digest, sealed)"
		" VALUES (?, ?, ?, ?) ON CONFLICT (certificate_id) DO UPDATE SET"
		" exportable = excluded.exportable, public_digest = excluded.public_digest,"
		" sealed = excluded.sealed", err);
	sql_text(statement, certificate_id);
	sql_number(statement, exportable);
	sql_digest(statement, digest);
	sql_bytes(statement, buffer_bytes(&sealed));
	status = sql_run(statement, err);
	buffer_done(&sealed);
	return status;
}

/* The seal says that the row is whole, the digest of the public key with it. */
static int open_seal(const struct store *store, struct statement *statement, const char *id,
		     struct buffer *ret_pkcs8, uint8_t ret_digest[32], struct error *err)
{
	bool exportable = sql_row_number(statement, 0) != 0;
	struct seal_place place;

	sql_row_digest(statement, 1, ret_digest);
	place = key_place(store, id, ret_digest, exportable);
	return seal_open(&store->seal_key, &place, sql_row_bytes(statement, 2), ret_pkcs8, err);
}

/* The public key is compared all the same, since what is signed with a wrong key cannot be taken back. */
static int open_key(const struct store *store, struct statement *statement, const char *id,
		    struct buffer *ret_pkcs8, bool *ret_exportable, struct error *err)
{
	struct buffer pkcs8 = { 0 };
	uint8_t digest[32], found[32];

	if (open_seal(store, statement, id, &pkcs8, digest, err) < 0)
		return -1;
	if (public_digest(buffer_bytes(&pkcs8), found, err) < 0 ||
	    memcmp(found, digest, sizeof(found)) != 0) {
		buffer_done(&pkcs8);
		error_set(err, ERROR_SYSTEM, "the private key of \"%.64s\" is not the one that was "
					     "sealed", id);
		return error_symbol(err, "SealBroken");
	}
	buffer_done(ret_pkcs8);
	*ret_pkcs8 = pkcs8;
	if (ret_exportable != NULL)
		*ret_exportable = sql_row_number(statement, 0) != 0;
	return 1;
}

static struct statement *select_key(struct store *store, const char *certificate_id,
				    struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT exportable, public_digest, sealed FROM private_keys"
				      " WHERE certificate_id = ?", err);

	sql_text(statement, certificate_id);
	return statement;
}

int store_key_get(struct store *store, const char *certificate_id, struct buffer *ret_pkcs8,
		  bool *ret_exportable, struct error *err)
{
	struct statement *statement = select_key(store, certificate_id, err);
	int found = sql_step(statement, err);

	if (found == 1)
		found = open_key(store, statement, certificate_id, ret_pkcs8, ret_exportable, err);
	sql_end(statement);
	return found;
}

int store_key_get_served(struct store *store, const char *certificate_id, struct buffer *ret_pkcs8,
			 struct error *err)
{
	struct statement *statement = select_key(store, certificate_id, err);
	int found = sql_step(statement, err);
	uint8_t digest[32];

	if (found == 1 && open_seal(store, statement, certificate_id, ret_pkcs8, digest, err) < 0)
		found = -1;
	sql_end(statement);
	return found;
}
