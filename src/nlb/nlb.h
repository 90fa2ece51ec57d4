/*
 * nlb/nlb.h - what the handlers of the product nlb share: finding, changing, listing resources.
 *
 * A resource's body holds what was given, by the names of the field tables, and besides "WantedRevision":
 * the revision of its last change that concerned the data plane. Until that is served the resource is
 * still being configured.
 */
#ifndef SALLYPORT_NLB_NLB_H
#define SALLYPORT_NLB_NLB_H

#include "control/call.h"
#include "model/fields.h"
#include "store/resource.h"

/* --- finding --- */

/* 0: found, the caller calls store_resource_done(). -1: "ResourceNotFound.<kind>", or an error. */
int must_check nlb_get(struct call *call, const char *kind, const char *id,
		       struct store_resource *ret_row, struct error *err);
/* The same by a parameter of the call that must be there. */
int must_check nlb_get_named(struct call *call, const char *kind, const char *parameter,
			     struct store_resource *ret_row, struct error *err);
/* Answers Get...Attribute: the row of this parameter as show makes it, and its tags. */
int must_check nlb_show_one(struct call *call, const char *kind, const char *parameter,
			    json_t *(*show)(struct call *call, const struct store_resource *row),
			    struct error *err);

/* Rows kept for after the store has let go of them. */
struct nlb_rows {
	struct store_resource *items;
	size_t count;
};
bool nlb_rows_add(void *arg, const struct store_resource *row); /* for store_resource_each() */
void nlb_rows_done(struct nlb_rows *rows);
/* All listeners that refer to (kind, id). */
int must_check nlb_users(struct call *call, const char *kind, const char *id,
			 struct nlb_rows *ret_rows, struct error *err);
bool nlb_is_used(struct call *call, const char *kind, const char *id);
/* "lsn-a@443, lsn-b@80 and 3 more" */
void nlb_rows_text(const struct nlb_rows *rows, char *ret_text, size_t size);

/* --- settings --- */

/* As set, or the default of the table of settings; "" when it has none. The caller frees it. */
char *nlb_setting(struct store *store, const char *name);
/* -1 with QuotaExceeded.<quota> when there are more than the setting allows. */
int must_check nlb_check_quota(struct call *call, const char *setting, const char *quota,
			       int64_t count, const char *what, struct error *err);

/* --- changing --- */

struct nlb_edit {
	const char *kind;
	struct store_resource row; /* what it is to become */
	json_t *before;            /* NULL: it is new */
};

/* A new resource with an id; row.body is an empty object. */
void nlb_edit_new(struct nlb_edit *edit, const char *kind, const char *id);
/* An existing one, by a parameter; checks IfRevision. */
int must_check nlb_edit_named(struct call *call, const char *kind, const char *parameter,
			      struct nlb_edit *ret_edit, struct error *err);
/* One that was found already: the row becomes the edit's. */
void nlb_edit_row(struct nlb_edit *edit, const char *kind, struct store_resource *row);
/* Copies the parameters that are properties of the resource into the body. */
void nlb_edit_take(struct call *call, struct nlb_edit *edit, const struct resource *resource);
/* Writes it, with change_log and audit; without any difference nothing is written. serves: the data plane
 * must follow. */
int must_check nlb_edit_save(struct call *call, struct nlb_edit *edit, bool serves,
			     struct error *err);
void nlb_edit_done(struct nlb_edit *edit);
/* A job that is done when the row's last change is served; JobId into the reply. */
int must_check nlb_edit_job(struct call *call, const struct nlb_edit *edit, struct error *err);
/* Sets the tags of parameter Tag on a new resource. */
int must_check nlb_put_tags(struct call *call, const char *kind, const char *id,
			    struct error *err);
/* Removes a row and answers a job. */
int must_check nlb_delete(struct call *call, const char *kind, const struct store_resource *row,
			  bool serves, bool job, struct error *err);

int64_t nlb_wanted_revision(const json_t *body);
bool nlb_is_pending(const struct call *call, const json_t *body);

/* --- lists --- */

struct nlb_list {
	const char *kind;
	const char *member;        /* of the reply: "Listeners" */
	struct store_filter filter;
	/* false: not in the list. NULL: all are. */
	bool (*matches)(struct call *call, const struct store_resource *row);
	/* One item, a new reference; NULL on error. */
	json_t *(*item)(struct call *call, const struct store_resource *row, struct error *err);
};
/* A parameter that is a list of ids or names, or NULL when it is left out or empty: any. */
json_t *nlb_list_of(const struct call *call, const char *parameter);
/* Fills the reply: items, TotalCount, MaxResults, NextToken. Takes Tag from the parameters. */
int must_check nlb_list(struct call *call, const struct nlb_list *list, struct error *err);
/* The same for items that are no resources; takes the reference of items. The page goes by position. */
int must_check nlb_page(struct call *call, const char *member, json_t *items, struct error *err);

/* "2026-05-01T12:00:00Z" */
json_t *nlb_time(int64_t seconds);

/* --- what one resource needs of another --- */

/* balancer.c */
json_t *nlb_balancer_zones(const json_t *body); /* borrowed */
/* listener_ports.c: may a listener of the balancer have these ports? except: id of itself, or NULL. */
int must_check nlb_check_ports(struct call *call, const char *balancer, const json_t *zones,
			       int64_t first, int64_t last, const char *except, struct error *err);
void nlb_ports_of(const json_t *listener, int64_t *ret_first, int64_t *ret_last);
/* places.c */
json_t *nlb_place_zones(struct store *store); /* {zone: [address]}; a new reference */
/* Completes a zone as given: its addresses, VSwitchId and Status. */
int must_check nlb_place_zone(struct store *store, const json_t *places, json_t *zone,
			      bool dual_stack, struct error *err);
void nlb_place_main_address(char *ret_text, size_t size);
/* policy.c */
bool nlb_is_system_policy(const char *id);
/* group_servers.c: completes and adds the servers given to those in the body. */
int must_check nlb_add_servers(struct call *call, json_t *body, const json_t *given,
			       struct error *err);

/* --- handlers --- */

#define NLB_HANDLERS(X) \
	X(CreateLoadBalancer) X(GetLoadBalancerAttribute) X(ListLoadBalancers) \
	X(UpdateLoadBalancerAttribute) X(UpdateLoadBalancerProtection) \
	X(UpdateLoadBalancerAddressTypeConfig) X(UpdateLoadBalancerZones) \
	X(StartShiftLoadBalancerZones) X(CancelShiftLoadBalancerZones) X(DeleteLoadBalancer) \
	X(CreateListener) X(GetListenerAttribute) X(ListListeners) X(UpdateListenerAttribute) \
	X(StartListener) X(StopListener) X(DeleteListener) X(GetListenerHealthStatus) \
	X(AssociateAdditionalCertificatesWithListener) \
	X(DisassociateAdditionalCertificatesWithListener) X(ListListenerCertificates) \
	X(CreateServerGroup) X(ListServerGroups) X(UpdateServerGroupAttribute) \
	X(DeleteServerGroup) X(AddServersToServerGroup) X(RemoveServersFromServerGroup) \
	X(UpdateServerGroupServersAttribute) X(ListServerGroupServers) X(CreateSecurityPolicy) \
	X(ListSecurityPolicy) X(ListSystemSecurityPolicy) X(UpdateSecurityPolicyAttribute) \
	X(DeleteSecurityPolicy) X(TagResources) X(UntagResources) X(ListTagResources) \
	X(MoveResourceGroup) X(GetJobStatus) X(ListAsynJobs) X(DescribeRegions) X(DescribeZones) \
	X(AttachCommonBandwidthPackageToLoadBalancer) \
	X(DetachCommonBandwidthPackageFromLoadBalancer) X(LoadBalancerJoinSecurityGroup) \
	X(LoadBalancerLeaveSecurityGroup) X(EnableLoadBalancerIpv6Internet) \
	X(DisableLoadBalancerIpv6Internet) X(SetHdMonitorRegionConfig) \
	X(DescribeHdMonitorRegionConfig) X(DeleteHdMonitorRegionConfig)

/* Each action's own function carries its name: nlb_CreateLoadBalancer(). */
#define X(name) call_step nlb_##name;
NLB_HANDLERS(X)
#undef X

#endif
