/* Which CA or certificate is meant, and whether it may be used. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "certs/pca.h"
#include "x509/text.h"

#define LEVELS_MAX 16 /* of CAs; no chain is that long */

int pca_not_found(struct error *err, const char *what, const char *id)
{
	error_set(err, ERROR_NOT_FOUND, "there is no %s \"%.64s\"", what, id);
	error_symbol(err, "NotFound");
	return error_hint(err, "ListClientCertificate and DescribeCACertificateList name all that "
			  "there are.");
}

int pca_blame(struct error *err, const char *field)
{
	char symbol[64];

	if (err == NULL)
		return -1;
	if (err->symbol[0] == '\0' && (err->code == ERROR_INVALID || err->code == ERROR_LIMIT)) {
		snprintf(symbol, sizeof(symbol), "IllegalParam.%.40s",
			 err->place[0] != '\0' ? err->place : field);
		error_symbol(err, symbol);
	}
	return err->place[0] == '\0' ? error_place(err, "%s", field) : -1;
}

bool pca_is_live(const struct store_certificate *row, int64_t now)
{
	return !row->revoked && !row->disabled && now <= row->not_after;
}

int pca_find(struct store *store, const char *id, unsigned int roles,
	     struct store_certificate *ret_row, struct error *err)
{
	const char *what = (roles & STORE_PRIVATE) != 0 ? "certificate" : "CA";
	int found = store_certificate_get(store, id, ret_row, err);

	if (found < 0)
		return -1;
	if (found == 1 && (ret_row->role & roles) != 0)
		return 0;
	if (found == 1)
		store_certificate_done(ret_row);
	return pca_not_found(err, what, id);
}

/* The only CA of some roles that can issue. */
struct only {
	char id[PCA_ID_SIZE];
	const char *mine;   /* of an issuer; NULL: any */
	int64_t now;
	unsigned int count;
};

static bool count_usable(void *arg, const struct store_certificate *row)
{
	struct only *only = arg;

	if (!pca_is_live(row, only->now) || !row->has_key ||
	    (only->mine != NULL && strcmp(only->mine, row->id) != 0))
		return true;
	snprintf(only->id, sizeof(only->id), "%s", row->id);
	return ++only->count < 2;
}

static int find_only(struct call *call, const char *parameter, unsigned int roles, char *ret_id,
		     size_t size, struct error *err)
{
	const struct store_certificate_filter filter = { .roles = roles, .revoked = 0 };
	struct only only = { .now = call->now };

	if (call->caller.role == CALLER_ISSUER)
		only.mine = call->caller.ca;
	if (store_certificate_each(call->store, &filter, count_usable, &only, err) < 0)
		return -1;
	if (only.count == 1) {
		snprintf(ret_id, size, "%s", only.id);
		return 0;
	}
	call_refuse(err, ERROR_INVALID, "MissingParam.ParentIdentifier", parameter,
		    "%s is missing, and there is %s CA that could issue", parameter,
		    only.count == 0 ? "no" : "more than one");
	return error_hint(err, only.count == 0
				       ? "Make a CA first, with CreateRootCACertificate and "
					 "CreateSubCACertificate."
				       : "DescribeCACertificateList names them.");
}

static int check_usable(const struct call *call, const struct store_certificate *row,
			struct error *err)
{
	char end[TEXT_TIME_SIZE];

	if (row->revoked || row->disabled)
		return call_refuse(err, ERROR_CONFLICT, "IncorrectStatus.CaCertificate",
				   "ParentIdentifier", "CA \"%.64s\" is revoked and issues nothing",
				   row->common_name);
	if (call->now > row->not_after) {
		text_time(row->not_after, end);
		return call_refuse(err, ERROR_CONFLICT, "IncorrectStatus.CaCertificate",
				   "ParentIdentifier", "CA \"%.64s\" ended %s", row->common_name,
				   end);
	}
	if (!row->has_key)
		return call_refuse(err, ERROR_CONFLICT, "IncorrectStatus.CaCertificate",
				   "ParentIdentifier", "the key of CA \"%.64s\" is not here",
				   row->common_name);
	return 0;
}

/* Whatever hangs on a CA that was revoked is worth nothing. */
static int check_above(struct call *call, const struct store_certificate *row, struct error *err)
{
	char *id = memory_copy_string(row->parent);
	int status = 0, levels = 0;

	while (status == 0 && id != NULL && levels++ < LEVELS_MAX) {
		struct store_certificate above;
		int found = store_certificate_get(call->store, id, &above, err);

		free(id);
		id = NULL;
		if (found != 1)
			return found;
		if (above.revoked || above.disabled)
			status = call_refuse(err, ERROR_CONFLICT, "IncorrectStatus.CaCertificate",
					     "ParentIdentifier",
					     "CA \"%.64s\" above it is revoked", above.common_name);
		else
			id = memory_copy_string(above.parent);
		store_certificate_done(&above);
	}
	free(id);
	return status;
}

int pca_open_issuer(struct call *call, const char *id, struct store_certificate *ret_row,
		    struct error *err)
{
	if (pca_find(call->store, id, STORE_OWN_CAS, ret_row, err) < 0)
		return -1;
	if (call_check_issuer(call, ret_row->id, err) == 0 &&
	    check_usable(call, ret_row, err) == 0 && check_above(call, ret_row, err) == 0)
		return 0;
	store_certificate_done(ret_row);
	return -1;
}

int pca_find_issuer(struct call *call, const char *parameter, unsigned int roles,
		    struct store_certificate *ret_row, struct error *err)
{
	const char *id = call_text(call, parameter);
	char only[PCA_ID_SIZE];

	if (id == NULL || id[0] == '\0') {
		if (find_only(call, parameter, roles, only, sizeof(only), err) < 0)
			return -1;
		id = only;
	}
	if (pca_open_issuer(call, id, ret_row, err) < 0)
		return err == NULL || err->place[0] != '\0' ? -1 : error_place(err, "%s", parameter);
	return 0;
}

int pca_check_owner(const struct call *call, const struct store_certificate *row,
		    struct error *err)
{
	if (call->caller.role != CALLER_ISSUER)
		return 0;
	if ((row->role & STORE_PRIVATE) != 0 && row->parent != NULL)
		return call_check_issuer(call, row->parent, err);
	return call_refuse(err, ERROR_DENIED, "Forbidden.NoPermission", NULL,
			   "user \"%s\" may issue and revoke certificates, not change CAs",
			   call->caller.user);
}
