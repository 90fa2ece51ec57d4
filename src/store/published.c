/* The last CRL of each CA of ours, and the CRLs of third parties. */
#include <string.h>

#include "store/store_internal.h"

int store_crl_put(struct store *store, const uint8_t issuer_key[32], const struct store_crl *crl,
		  struct error *err)
{
	struct statement *statement = sql_start(
		store->sql,
		"INSERT INTO crls (issuer_key, number, this_update_s, next_update_s, der)"
		" VALUES (?, ?, ?, ?, ?) ON CONFLICT (issuer_key) DO UPDATE SET"
		" number = excluded.number, this_update_s = excluded.this_update_s,"
		" next_update_s = excluded.next_update_s, der = excluded.der", err);

	sql_digest(statement, issuer_key);
	sql_number(statement, crl->number);
	sql_number(statement, crl->this_update_s);
	sql_number(statement, crl->next_update_s);
	sql_bytes(statement, buffer_bytes(&crl->der));
	return sql_run(statement, err);
}

int store_crl_get(struct store *store, const uint8_t issuer_key[32], struct store_crl *ret_crl,
		  struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT number, this_update_s, next_update_s, der FROM crls"
				      " WHERE issuer_key = ?", err);
	int found;

	sql_digest(statement, issuer_key);
	found = sql_step(statement, err);
	if (found == 1) {
		struct bytes der = sql_row_bytes(statement, 3);

		memset(ret_crl, 0, sizeof(*ret_crl));
		ret_crl->number = sql_row_number(statement, 0);
		ret_crl->this_update_s = sql_row_number(statement, 1);
		ret_crl->next_update_s = sql_row_number(statement, 2);
		if (der.len > 0)
			buffer_append(&ret_crl->der, der.data, der.len);
	}
	sql_end(statement);
	return found;
}

int store_foreign_crl_put(struct store *store, const char *certificate_id, const char *name,
			  struct bytes der, struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "INSERT INTO foreign_crls (certificate_id, name, der)"
				      " VALUES (?, ?, ?) ON CONFLICT (certificate_id, name)"
				      " DO UPDATE SET der = excluded.der", err);

	sql_text(statement, certificate_id);
	sql_text(statement, name);
	sql_bytes(statement, der);
	return sql_run(statement, err);
}

int store_foreign_crl_delete(struct store *store, const char *certificate_id, const char *name,
			     struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "DELETE FROM foreign_crls WHERE certificate_id = ?"
				      " AND name = ?", err);

	sql_text(statement, certificate_id);
	sql_text(statement, name);
	return sql_run(statement, err);
}

int store_foreign_crl_each(struct store *store, const char *certificate_id,
			   void (*each)(void *arg, const char *name, struct bytes der), void *arg,
			   struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT name, der FROM foreign_crls WHERE certificate_id = ?"
				      " ORDER BY name", err);
	int found;

	sql_text(statement, certificate_id);
	while ((found = sql_step(statement, err)) == 1)
		each(arg, sql_row_text(statement, 0), sql_row_bytes(statement, 1));
	sql_end(statement);
	return found;
}
