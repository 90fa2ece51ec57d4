#include "store/certificate.h"

#include <stdlib.h>
#include <string.h>

#include "store/body.h"
#include "store/certificate_row.h"
#include "store/resource.h"
#include "store/store_internal.h"

void store_certificate_done(struct store_certificate *certificate)
{
	free(certificate->id);
	free(certificate->parent);
	free(certificate->name);
	free(certificate->custom_identifier);
	free(certificate->common_name);
	free(certificate->sans);
	free(certificate->serial);
	buffer_done(&certificate->der);
	buffer_done(&certificate->chain);
	json_decref(certificate->body);
	memset(certificate, 0, sizeof(*certificate));
}

/* --- serials --- */

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The content octets of the INTEGER that hex shows (X.690 8.3); empty when it shows none. */
static struct buffer serial_octets(const char *hex)
{
	struct buffer octets = { 0 };
	size_t len = hex != NULL ? strlen(hex) : 0;
	uint8_t byte = 0;

	while (len > 0 && *hex == '0') {
		hex++;
		len--;
	}
	for (size_t left = len; left > 0; left--, hex++) {
		int value = hex_value(*hex);

		if (value < 0) {
			buffer_done(&octets);
			return octets;
		}
		byte = (uint8_t)(byte << 4 | value);
		if (left % 2 == 0)
			continue;
		if (octets.len == 0 && byte >= 0x80)
			buffer_append(&octets, "", 1);
		buffer_append(&octets, &byte, 1);
		byte = 0;
	}
	return octets;
}

/* --- put --- */

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

/* The number of the row that is there, or a new one. */
static int find_number(struct store *store, struct store_certificate *certificate,
		       int64_t *ret_number, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT number FROM certificates WHERE id = ?", err);
	int found;

	sql_text(statement, certificate->id);
	found = sql_run_number(statement, ret_number, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	if (certificate->number != 0) {
		*ret_number = certificate->number;
		return 0;
	}
	return store_next_number(store, "certificate", ret_number, err);
}

int store_certificate_number(struct store *store, int64_t *ret_number, struct error *err)
{
	return store_next_number(store, "certificate", ret_number, err);
}

static int find_revoked(struct store *store, const struct store_certificate *certificate,
			struct bytes serial, bool *ret_revoked, struct error *err)
{
	struct store_revocation ignored;
	int found = 0;

	if (certificate->role < STORE_UPLOADED)
		found = store_revocation_get(store, certificate->issuer_key, serial, &ignored, err);
	if (found < 0)
		return -1;
	*ret_revoked = found == 1;
	return 0;
}

static int write_row(struct store *store, const struct store_certificate *certificate,
		     int64_t number, struct bytes serial, bool revoked, struct error *err)
{
	char *body = body_text(certificate->body);
	struct statement *statement = sql_start(
		store->sql,
		"INSERT INTO certificates (number, id, role, parent, name, custom_identifier,"
		" common_name, sans, serial, serial_octets, issuer_key, subject_key, sha256,"
		" not_before, not_after, revoked, disabled, revision, created_s, body, der, chain,"
		" in_cas) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT (id) DO UPDATE SET role = excluded.role, parent = excluded.parent,"
		" name = excluded.name, custom_identifier = excluded.custom_identifier,"
		" common_name = excluded.common_name, sans = excluded.sans,"
		" serial = excluded.serial, serial_octets = excluded.serial_octets,"
		" issuer_key = excluded.issuer_key, subject_key = excluded.subject_key,"
		" sha256 = excluded.sha256, not_before = excluded.not_before,"
		" not_after = excluded.not_after, revoked = excluded.revoked,"
		" disabled = excluded.disabled, revision = excluded.revision,"
		" body = excluded.body, der = excluded.der, chain = excluded.chain,"
		" in_cas = excluded.in_cas", err);
	int status;

	sql_number(statement, number);
	sql_text(statement, certificate->id);
	sql_number(statement, certificate->role);
	sql_text(statement, certificate->parent);
	sql_text(statement, or_empty(certificate->name));
	sql_text(statement, certificate->custom_identifier);
	sql_text(statement, or_empty(certificate->common_name));
	sql_text(statement, or_empty(certificate->sans));
	sql_text(statement, or_empty(certificate->serial));
	sql_bytes(statement, serial);
	sql_digest(statement, certificate->issuer_key);
	sql_digest(statement, certificate->subject_key);
	sql_digest(statement, certificate->sha256);
	sql_number(statement, certificate->not_before);
	sql_number(statement, certificate->not_after);
	sql_number(statement, revoked);
	sql_number(statement, certificate->disabled);
	sql_number(statement, certificate->revision);
	sql_number(statement, certificate->created_s);
	sql_text(statement, body);
	sql_bytes(statement, buffer_bytes(&certificate->der));
	sql_bytes(statement, buffer_bytes(&certificate->chain));
	sql_number(statement, certificate->in_cas);
	status = sql_run(statement, err);
	free(body);
	return status;
}

/* Says which of the unique things is taken. */
static int name_conflict(struct store *store, const struct store_certificate *certificate,
			 struct bytes serial, struct error *err)
{
	struct statement *statement;
	int64_t other;
	int found;

	if (err == NULL || err->code != ERROR_CONFLICT)
		return -1;
	statement = sql_start(store->sql, "SELECT number FROM certificates WHERE issuer_key = ?"
					  " AND serial_octets = ? AND role < 32 AND id <> ?", err);
	sql_digest(statement, certificate->issuer_key);
	sql_bytes(statement, serial);
	sql_text(statement, certificate->id);
	found = sql_run_number(statement, &other, err);
	if (found < 0)
		return -1;
	if (found == 1 && certificate->role < STORE_UPLOADED) {
		error_set(err, ERROR_CONFLICT, "the serial %s of this issuer is taken",
			  or_empty(certificate->serial));
		return error_symbol(err, "Conflict.Serial");
	}
	error_set(err, ERROR_CONFLICT, "the custom identifier \"%.64s\" is taken",
		  or_empty(certificate->custom_identifier));
	return error_symbol(err, "Conflict.CustomIdentifier");
}

int store_certificate_put(struct store *store, struct store_certificate *certificate,
			  struct error *err)
{
	struct buffer serial = serial_octets(certificate->serial);
	int64_t number = 0;
	bool own, revoked = false;
	int status;

	if (store_atomic_begin(store, &own, err) < 0) {
		buffer_done(&serial);
		return -1;
	}
	status = find_number(store, certificate, &number, err);
	if (status == 0)
		status = find_revoked(store, certificate, buffer_bytes(&serial), &revoked, err);
	if (status == 0 && write_row(store, certificate, number, buffer_bytes(&serial), revoked,
				     err) < 0)
		status = name_conflict(store, certificate, buffer_bytes(&serial), err);
	status = store_atomic_end(store, own, status, err);
	if (status == 0) {
		certificate->number = number;
		certificate->revoked = revoked;
	}
	buffer_done(&serial);
	return status;
}

/* --- get --- */

static struct buffer copy_buffer(const struct buffer *from)
{
	struct buffer copy = { 0 };

	if (from->len > 0)
		buffer_append(&copy, from->data, from->len);
	return copy;
}

/* Makes what is borrowed from a row the caller's own. */
static void own_row(struct store_certificate *row)
{
	row->id = memory_copy_string(row->id);
	row->parent = memory_copy_string(row->parent);
	row->name = memory_copy_string(row->name);
	row->custom_identifier = memory_copy_string(row->custom_identifier);
	row->common_name = memory_copy_string(row->common_name);
	row->sans = memory_copy_string(row->sans);
	row->serial = memory_copy_string(row->serial);
	row->der = copy_buffer(&row->der);
	row->chain = copy_buffer(&row->chain);
}

static int get_one(struct statement *statement, struct store_certificate *ret_certificate,
		   struct error *err)
{
	struct store_certificate row;
	int found = sql_step(statement, err);

	if (found == 1 && certificate_row_read(statement, &row, err) < 0)
		found = -1;
	if (found == 1) {
		own_row(&row);
		*ret_certificate = row;
	}
	sql_end(statement);
	return found;
}

int store_certificate_get(struct store *store, const char *id,
			  struct store_certificate *ret_certificate, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, CERTIFICATE_SELECT " WHERE c.id = ?", err);

	sql_text(statement, id);
	return get_one(statement, ret_certificate, err);
}

static void append_bytes(struct buffer *to, struct bytes from)
{
	if (from.len > 0)
		buffer_append(to, from.data, from.len);
}

int store_certificate_get_served(struct store *store, const char *id,
				 struct store_certificate *ret_certificate, struct error *err)
{
	struct store_certificate row = { 0 };
	struct statement *statement = sql_start(
		store->sql, "SELECT role, parent, revision, der, chain FROM certificates WHERE id = ?",
		err);
	int found;

	sql_text(statement, id);
	found = sql_step(statement, err);
	if (found == 1) {
		row.id = memory_copy_string(id);
		row.role = (unsigned int)sql_row_number(statement, 0);
		row.parent = memory_copy_string(sql_row_text(statement, 1));
		row.revision = sql_row_number(statement, 2);
		append_bytes(&row.der, sql_row_bytes(statement, 3));
		append_bytes(&row.chain, sql_row_bytes(statement, 4));
		*ret_certificate = row;
	}
	sql_end(statement);
	return found;
}

int store_certificate_revision(struct store *store, const char *id, int64_t *ret_revision,
			       struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT revision FROM certificates WHERE id = ?", err);

	sql_text(statement, id);
	return sql_run_number(statement, ret_revision, err);
}

int store_certificate_get_number(struct store *store, int64_t number,
				 struct store_certificate *ret_certificate, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, CERTIFICATE_SELECT " WHERE c.number = ?", err);

	sql_number(statement, number);
	return get_one(statement, ret_certificate, err);
}

int store_certificate_get_serial(struct store *store, const uint8_t *issuer_key, const char *serial,
				 struct store_certificate *ret_certificate, struct error *err)
{
	struct buffer octets = serial_octets(serial);
	struct statement *statement;
	int found;

	if (issuer_key != NULL) {
		statement = sql_start(store->sql, CERTIFICATE_SELECT
				      " WHERE c.issuer_key = ? AND c.serial_octets = ?"
				      " AND c.role < 32", err);
		sql_digest(statement, issuer_key);
		sql_bytes(statement, buffer_bytes(&octets));
	} else {
		statement = sql_start(store->sql, CERTIFICATE_SELECT
				      " WHERE c.serial = ? AND c.role < 32"
				      " ORDER BY c.number LIMIT 1", err);
		sql_text(statement, serial);
	}
	found = get_one(statement, ret_certificate, err);
	buffer_done(&octets);
	return found;
}

/* --- delete --- */

static int delete_by_id(struct store *store, const char *text, const char *id, struct error *err)
{
	struct statement *statement = sql_start(store->sql, text, err);

	sql_text(statement, id);
	return sql_run(statement, err);
}

int store_certificate_delete(struct store *store, const char *id, struct error *err)
{
	static const char *const texts[] = {
		"DELETE FROM private_keys WHERE certificate_id = ?",
		"DELETE FROM foreign_crls WHERE certificate_id = ?",
		"DELETE FROM certificates WHERE id = ?",
	};
	bool own;
	int status;

	if (store_atomic_begin(store, &own, err) < 0)
		return -1;
	status = store_references_put(store, STORE_CERTIFICATE, id, NULL, 0, err);
	if (status == 0)
		status = store_tag_delete(store, STORE_CERTIFICATE, id, NULL, err);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && status == 0; i++)
		status = delete_by_id(store, texts[i], id, err);
	return store_atomic_end(store, own, status, err);
}
