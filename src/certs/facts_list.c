/* What the API says about a revocation list. */
#include "certs/facts.h"
#include "x509/crl.h"
#include "x509/text.h"

static void count_entry(void *arg, struct bytes serial, int64_t when)
{
	(void)serial;
	(void)when;
	++*(int64_t *)arg;
}

static const char *scope_text(enum crl_scope scope)
{
	return scope == CRL_SCOPE_USERS ? "end entities" : scope == CRL_SCOPE_CAS ? "CAs" : "all";
}

static void set_time(json_t *object, const char *name, int64_t when)
{
	char text[TEXT_TIME_SIZE];

	text_time(when, text);
	json_object_set_new(object, name, json_string(when == 0 ? "" : text));
}

json_t *facts_describe_list(const struct crl *crl, const char *name)
{
	json_t *object = json_object();
	int64_t entries = 0;

	if (crl_each_entry(crl, count_entry, &entries, NULL) < 0)
		entries = -1;
	json_object_set_new(object, "Name", json_string(name));
	facts_set(object, "Issuer", facts_common_name(crl->issuer));
	facts_set(object, "Number", facts_hex(crl->number));
	set_time(object, "ThisUpdate", crl->this_update);
	set_time(object, "NextUpdate", crl->next_update);
	json_object_set_new(object, "Entries", json_integer(entries));
	json_object_set_new(object, "Scope", json_string(scope_text(crl->scope)));
	return object;
}
