/* Listeners as replies show them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control/serving.h"
#include "nlb/listener.h"
#include "nlb/shape.h"

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool is_stopped(const json_t *body)
{
	const char *status = text_of(body, "ListenerStatus");

	return status != NULL && strcmp(status, "Stopped") == 0;
}

const char *listener_status(const struct call *call, const struct store_resource *row)
{
	bool fails = serving_listener_error(call->control, row->id) != NULL;

	if (nlb_is_pending(call, row->body)) {
		if (is_stopped(row->body))
			return "Stopping";
		if (row->updated_s != row->created_s)
			return "Configuring";
		/* Its job has failed already; what else is served without it may take a moment. */
		return fails ? "Abnormal" : "Provisioning";
	}
	if (is_stopped(row->body))
		return "Stopped";
	return fails ? "Abnormal" : "Running";
}

/* A range's ends are texts, as the real service answers them; without a range there are none. */
static void add_range(json_t *item, const json_t *body)
{
	int64_t first, last;

	json_object_del(item, "StartPort");
	json_object_del(item, "EndPort");
	if (json_integer_value(json_object_get(body, "ListenerPort")) != 0)
		return;
	nlb_ports_of(body, &first, &last);
	json_object_set_new(item, "StartPort", json_sprintf("%lld", (long long)first));
	json_object_set_new(item, "EndPort", json_sprintf("%lld", (long long)last));
}

/* A number is the limit on open handshakes alone. */
static void add_handshakes(json_t *item)
{
	const json_t *value = json_object_get(item, "MaxHandshakesPerSource");
	const json_t *open = json_is_object(value) ? json_object_get(value, "Open") : value;
	const json_t *rate = json_object_get(value, "PerSecond");

	json_object_set_new(item, "MaxHandshakesPerSource",
			    json_pack("{s:I, s:I}", "Open", json_integer_value(open), "PerSecond",
				      json_integer_value(rate)));
}

static void add_policy(struct call *call, json_t *item, const json_t *body)
{
	char *standard;

	if (!listener_is_tls(body)) {
		json_object_del(item, "SecurityPolicyId");
	} else if (json_object_get(item, "SecurityPolicyId") == NULL) {
		standard = nlb_setting(call->store, "DefaultSecurityPolicyId");
		shape_set_text(item, "SecurityPolicyId", standard);
		free(standard);
	}
}

static json_t *show(struct call *call, const struct store_resource *row)
{
	json_t *item = shape_complete(&listener_resource, row->body);
	char *region = nlb_setting(call->store, "Region");

	json_object_del(item, "LoadBalancer");
	add_range(item, row->body);
	add_handshakes(item);
	add_policy(call, item, row->body);
	shape_set_text(item, "ListenerId", row->id);
	shape_set_text(item, "LoadBalancerId", row->parent);
	shape_set_text(item, "ListenerStatus", listener_status(call, row));
	shape_set_text(item, "StatusReason", serving_listener_error(call->control, row->id));
	shape_set_text(item, "RegionId", region);
	json_object_set_new(item, "Revision", json_integer(row->revision));
	free(region);
	return item;
}

int nlb_GetListenerAttribute(struct call *call, struct error *err)
{
	return nlb_show_one(call, STORE_LISTENER, "ListenerId", show, err);
}

/* --- many of them --- */

static bool matches(struct call *call, const struct store_resource *row)
{
	const json_t *balancers = nlb_list_of(call, "LoadBalancerIds");
	const char *protocol = call_text(call, "ListenerProtocol");

	if (balancers != NULL && !shape_has_text(balancers, row->parent))
		return false;
	if (call_boolean(call, "SecSensorEnabled", false))
		return false;
	return protocol == NULL || strcmp(protocol, text_of(row->body, "ListenerProtocol")) == 0;
}

static json_t *item_of(struct call *call, const struct store_resource *row, struct error *err)
{
	json_t *tags = store_tags(call->store, STORE_LISTENER, row->id, err);
	json_t *item;

	if (tags == NULL)
		return NULL;
	item = show(call, row);
	json_object_set_new(item, "Tags", tags);
	return item;
}

int nlb_ListListeners(struct call *call, struct error *err)
{
	const json_t *balancers = nlb_list_of(call, "LoadBalancerIds");
	bool one = json_array_size(balancers) == 1;
	const struct nlb_list list = {
		.kind = STORE_LISTENER,
		.member = "Listeners",
		.filter = { .ids = nlb_list_of(call, "ListenerIds"),
			    .parent =
				    one ? json_string_value(json_array_get(balancers, 0)) : NULL },
		.matches = (balancers != NULL && !one) || call_has(call, "ListenerProtocol") ||
					   call_has(call, "SecSensorEnabled")
				   ? matches
				   : NULL,
		.item = item_of,
	};

	return nlb_list(call, &list, err);
}
