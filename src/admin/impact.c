/*
 * CheckImpact: who would be hurt by an act, counted at the moment of asking.
 *
 * For a certificate of one client the workers are asked how many connections live by it; for all
 * else the open connections of the listeners concerned are the answer.
 */
#include <stdio.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "admin/expiring.h"
#include "admin/questions.h"
#include "base/bytes.h"
#include "control/certificate_ids.h"
#include "control/served.h"
#include "store/resource.h"

#define NAMES_MAX 20 /* of certificates */
#define CAS_MAX 200  /* of a tree */

struct impact {
	struct call *call;
	json_t *listeners, *certificates, *users;
	json_t *listener_ids; /* an object as a set */
	json_t *cas;	      /* of the tree: ids */
	int64_t active, certificate_count;
	char why[192]; /* why it would be refused; "": it would not */
	struct error *err;
	int status;
};

/* --- listeners --- */

static int64_t port_of(const struct store_resource *listener)
{
	int64_t port = json_integer_value(json_object_get(listener->body, "ListenerPort"));

	return port != 0 ? port
			 : json_integer_value(json_object_get(listener->body, "StartPort"));
}

static int64_t active_of(const struct impact *impact, const struct store_resource *resource)
{
	const struct control *control = impact->call->control;
	char name[ADMIN_LISTENER_SIZE];
	const struct document_listener *listener;
	struct served_figures figures;

	listener_name_of(resource, name);
	listener = served_listener(control, name);
	if (listener == NULL)
		return 0;
	served_figures(control, listener, &figures);
	return (int64_t)figures.sum.active;
}

static void add_listener(struct impact *impact, const struct store_resource *listener)
{
	int64_t active = active_of(impact, listener);
	json_t *row;

	if (json_object_get(impact->listener_ids, listener->id) != NULL)
		return;
	json_object_set_new(impact->listener_ids, listener->id, json_true());
	row = json_object();
	reply_text(row, "ListenerId", listener->id);
	reply_text(row, "ListenerName", resource_name(listener));
	reply_number(row, "Port", port_of(listener));
	reply_number(row, "ActiveConnections", active);
	json_array_append_new(impact->listeners, row);
	impact->active += active;
}

static bool add_child(void *arg, const struct store_resource *listener)
{
	add_listener(arg, listener);
	return true;
}

static bool add_user(void *arg, const struct store_reference *reference)
{
	struct impact *impact = arg;
	struct store_resource listener;
	json_t *row = json_object();
	int found;

	reply_text(row, "Kind", reference->from_kind);
	reply_text(row, "ResourceId", reference->from_id);
	reply_text(row, "Role", reference->role);
	json_array_append_new(impact->users, row);
	if (strcmp(reference->from_kind, STORE_LISTENER) != 0)
		return true;
	found = store_resource_get(impact->call->store, STORE_LISTENER, reference->from_id,
				   &listener, impact->err);
	if (found == 1) {
		add_listener(impact, &listener);
		store_resource_done(&listener);
	}
	impact->status = found < 0 ? -1 : 0;
	return found >= 0;
}

static int add_users(struct impact *impact, const char *kind, const char *id)
{
	if (store_references_to(impact->call->store, kind, id, add_user, impact, impact->err) < 0)
		return -1;
	return impact->status;
}

/* --- resources --- */

static bool is_act(const struct impact *impact, const char *act)
{
	return strcmp(call_text(impact->call, "Act"), act) == 0;
}

static bool is_protected(const struct store_resource *resource)
{
	const json_t *config = json_object_get(resource->body, "DeletionProtectionConfig");

	return json_is_true(json_object_get(config, "Enabled"));
}

static int weigh_balancer(struct impact *impact, const struct store_resource *resource)
{
	const struct store_filter children = { .parent = resource->id };

	if (is_act(impact, "Delete") && is_protected(resource))
		snprintf(impact->why, sizeof(impact->why), "deletion protection is on");
	return store_resource_each(impact->call->store, STORE_LISTENER, &children, add_child,
				   impact, impact->err);
}

static int weigh_used(struct impact *impact, const char *kind,
		      const struct store_resource *resource)
{
	if (add_users(impact, kind, resource->id) < 0)
		return -1;
	if (is_act(impact, "Delete") && json_array_size(impact->users) > 0)
		snprintf(impact->why, sizeof(impact->why), "it is in use by %zu others",
			 json_array_size(impact->users));
	return 0;
}

static int weigh_resource(struct impact *impact, const char *kind, const char *id)
{
	struct store_resource resource;
	int found = store_resource_get(impact->call->store, kind, id, &resource, impact->err);
	int status = 0;

	if (found <= 0)
		return found < 0 ? -1 : call_not_found(impact->err, kind, id);
	reply_text(impact->call->reply, "Name", resource_name(&resource));
	if (strcmp(kind, STORE_LOAD_BALANCER) == 0)
		status = weigh_balancer(impact, &resource);
	else if (strcmp(kind, STORE_LISTENER) == 0)
		add_listener(impact, &resource);
	else
		status = weigh_used(impact, kind, &resource);
	store_resource_done(&resource);
	return status;
}

/* --- certificates --- */

static bool name_certificate(void *arg, const struct store_certificate *certificate)
{
	struct impact *impact = arg;
	json_t *row = json_object();

	reply_text(row, "Identifier", certificate->id);
	reply_text(row, "CommonName", certificate->common_name);
	reply_text(row, "SerialNumber", certificate->serial);
	reply_time(row, "ExpiredTime", certificate->not_after);
	json_array_append_new(impact->certificates, row);
	return json_array_size(impact->certificates) < NAMES_MAX;
}

static bool note_ca(void *arg, const struct store_certificate *certificate)
{
	struct impact *impact = arg;

	json_array_append_new(impact->cas, json_string(certificate->id));
	return json_array_size(impact->cas) < CAS_MAX;
}

/* What one CA issued and is still good; its own CAs are put behind in the list. */
static int weigh_issued(struct impact *impact, const char *ca)
{
	struct store_certificate_filter issued = { .roles = STORE_PRIVATE,
						   .parent = ca,
						   .revoked = 0,
						   .expires_after = impact->call->now };
	struct store_certificate_filter below = { .roles = STORE_SUB_CA,
						  .parent = ca,
						  .revoked = 0 };
	struct store *store = impact->call->store;
	int64_t count = store_certificate_count(store, &issued, impact->err);
	size_t named = json_array_size(impact->certificates);

	if (count < 0)
		return -1;
	impact->certificate_count += count;
	issued.limit = (int)(NAMES_MAX - named);
	if (named < NAMES_MAX &&
	    store_certificate_each(store, &issued, name_certificate, impact, impact->err) < 0)
		return -1;
	return store_certificate_each(store, &below, note_ca, impact, impact->err);
}

static int weigh_ca(struct impact *impact, const char *id)
{
	size_t i;

	json_array_append_new(impact->cas, json_string(id));
	for (i = 0; i < json_array_size(impact->cas); i++) {
		const char *ca = json_string_value(json_array_get(impact->cas, i));

		if (weigh_issued(impact, ca) < 0 || add_users(impact, STORE_CERTIFICATE, ca) < 0)
			return -1;
	}
	return 0;
}

static void judge_certificate(struct impact *impact, const struct store_certificate *certificate)
{
	const size_t users = json_array_size(impact->users);

	if (is_act(impact, "Delete")) {
		if (users > 0)
			snprintf(impact->why, sizeof(impact->why), "it is in use by %zu others",
				 users);
		else if (certificate->role & STORE_OWN_CAS && impact->certificate_count > 0)
			snprintf(impact->why, sizeof(impact->why),
				 "%lld valid certificates hang on it",
				 (long long)impact->certificate_count);
		else if (certificate->role & STORE_PRIVATE && !certificate->revoked &&
			 certificate->not_after > impact->call->now)
			snprintf(impact->why, sizeof(impact->why),
				 "it is valid: it has to be revoked first");
	} else if (is_act(impact, "Revoke")) {
		if (!(certificate->role & (STORE_OWN_CAS | STORE_PRIVATE)))
			snprintf(impact->why, sizeof(impact->why), "no CA of ours issued it");
		else if (certificate->revoked)
			snprintf(impact->why, sizeof(impact->why), "it is revoked already");
	}
}

static int weigh_certificate(struct impact *impact, const struct store_certificate *certificate)
{
	int status;

	reply_text(impact->call->reply, "Name",
		   certificate->name != NULL && certificate->name[0] != '\0'
			   ? certificate->name
			   : certificate->common_name);
	if (certificate->role & STORE_OWN_CAS)
		status = weigh_ca(impact, certificate->id);
	else
		status = add_users(impact, STORE_CERTIFICATE, certificate->id);
	judge_certificate(impact, certificate);
	return status;
}

/* --- the whole --- */

static void fill(struct impact *impact)
{
	const struct question *question = impact->call->work;
	json_t *reply = impact->call->reply;

	reply_text(reply, "Act", call_text(impact->call, "Act"));
	reply_text(reply, "Kind", call_text(impact->call, "Kind"));
	reply_text(reply, "ResourceId", call_text(impact->call, "ResourceId"));
	reply_flag(reply, "Allowed", impact->why[0] == '\0');
	reply_text(reply, "Why", impact->why);
	reply_number(reply, "ActiveConnections", impact->active);
	reply_number(reply, "CertificateCount", impact->certificate_count);
	json_object_set(reply, "Listeners", impact->listeners);
	json_object_set(reply, "Certificates", impact->certificates);
	json_object_set(reply, "Users", impact->users);
	reply_number(reply, "Connections",
		     question != NULL ? (int64_t)question->matched : impact->active);
	reply_flag(reply, "Complete", question == NULL || question_is_complete(question));
}

/* Live connections of one certificate: only the workers know. */
static int ask(struct call *call, const char *serial, struct error *err)
{
	struct message_filter filter = { .limit = 1 };

	snprintf(filter.serial, sizeof(filter.serial), "%s", serial);
	return question_ask(call, &filter, err);
}

static int weigh(struct impact *impact, const struct store_certificate *certificate)
{
	const char *kind = call_text(impact->call, "Kind");
	int status = certificate != NULL
			     ? weigh_certificate(impact, certificate)
			     : weigh_resource(impact, kind, call_text(impact->call, "ResourceId"));

	if (status == 0)
		fill(impact);
	return status;
}

static int answer(struct call *call, const struct store_certificate *certificate, struct error *err)
{
	struct impact impact = { .call = call, .err = err };
	int status;

	impact.listeners = json_array();
	impact.certificates = json_array();
	impact.users = json_array();
	impact.listener_ids = json_object();
	impact.cas = json_array();
	status = weigh(&impact, certificate);
	json_decref(impact.listeners);
	json_decref(impact.certificates);
	json_decref(impact.users);
	json_decref(impact.listener_ids);
	json_decref(impact.cas);
	return status;
}

int check_impact_run(struct call *call, struct error *err)
{
	const char *id = call_text(call, "ResourceId");
	struct store_certificate certificate;
	int found, status;

	if (strcmp(call_text(call, "Kind"), STORE_CERTIFICATE) != 0)
		return answer(call, NULL, err);
	found = certs_find(call->store, id, &certificate, err);
	if (found <= 0)
		return found < 0 ? -1 : call_not_found(err, "certificate", id);
	if (certificate.role & STORE_PRIVATE && certificate.serial != NULL && call->work == NULL)
		status = ask(call, certificate.serial, err);
	else
		status = answer(call, &certificate, err);
	store_certificate_done(&certificate);
	return status;
}
