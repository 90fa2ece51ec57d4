#include <stdlib.h>
#include <string.h>

#include "store/identity.h"
#include "store/store_internal.h"

#define COLUMNS "name, role, ca, password, language, disabled, created_s, revision"

void store_user_done(struct store_user *user)
{
	if (user->password != NULL)
		memory_wipe(user->password, strlen(user->password));
	free(user->name);
	free(user->role);
	free(user->ca);
	free(user->password);
	free(user->language);
	memset(user, 0, sizeof(*user));
}

int store_user_put(struct store *store, const struct store_user *user, struct error *err)
{
	struct statement *statement = sql_start(
		store->sql,
		"INSERT INTO users (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT (name) DO UPDATE SET role = excluded.role, ca = excluded.ca,"
		" password = excluded.password, language = excluded.language,"
		" disabled = excluded.disabled, revision = excluded.revision", err);

	sql_text(statement, user->name);
	sql_text(statement, user->role);
	sql_text(statement, user->ca);
	sql_text(statement, user->password);
	sql_text(statement, user->language);
	sql_number(statement, user->disabled);
	sql_number(statement, user->created_s);
	sql_number(statement, user->revision);
	return sql_run(statement, err);
}

/* Strings are borrowed from the row. */
static void read_row(struct statement *statement, struct store_user *ret_user)
{
	ret_user->name = (char *)sql_row_text(statement, 0);
	ret_user->role = (char *)sql_row_text(statement, 1);
	ret_user->ca = (char *)sql_row_text(statement, 2);
	ret_user->password = (char *)sql_row_text(statement, 3);
	ret_user->language = (char *)sql_row_text(statement, 4);
	ret_user->disabled = sql_row_number(statement, 5) != 0;
	ret_user->created_s = sql_row_number(statement, 6);
	ret_user->revision = sql_row_number(statement, 7);
}

int store_user_get(struct store *store, const char *name, struct store_user *ret_user,
		   struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT " COLUMNS " FROM users WHERE name = ?", err);
	int found;

	sql_text(statement, name);
	found = sql_step(statement, err);
	if (found == 1) {
		read_row(statement, ret_user);
		ret_user->name = memory_copy_string(ret_user->name);
		ret_user->role = memory_copy_string(ret_user->role);
		ret_user->ca = memory_copy_string(ret_user->ca);
		ret_user->password = memory_copy_string(ret_user->password);
		ret_user->language = memory_copy_string(ret_user->language);
	}
	sql_end(statement);
	return found;
}

int store_user_delete(struct store *store, const char *name, struct error *err)
{
	static const char *const texts[] = {
		"DELETE FROM tokens WHERE user_name = ?",
		"DELETE FROM access_keys WHERE user_name = ?",
		"DELETE FROM client_tokens WHERE user_name = ?",
		"DELETE FROM users WHERE name = ?",
	};
	bool own;
	int status = 0;

	if (store_atomic_begin(store, &own, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && status == 0; i++) {
		struct statement *statement = sql_start(store->sql, texts[i], err);

		sql_text(statement, name);
		status = sql_run(statement, err);
	}
	return store_atomic_end(store, own, status, err);
}

int store_user_each(struct store *store,
		    bool (*each)(void *arg, const struct store_user *user), void *arg,
		    struct error *err)
{
	struct statement *statement =
		sql_start(store->sql, "SELECT " COLUMNS " FROM users ORDER BY name", err);
	struct store_user user;
	bool goes_on = true;
	int found = 0;

	while (goes_on && (found = sql_step(statement, err)) == 1) {
		read_row(statement, &user);
		goes_on = each(arg, &user);
	}
	sql_end(statement);
	return found < 0 ? -1 : 0;
}
