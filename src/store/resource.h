/*
 * store/resource.h - resources that the data plane serves, as JSON with the API's own names.
 *
 * body holds the properties as the field table of model/fields.h names them, references by id; only
 * what was given (defaults come from the table). kind is one of the STORE_ words.
 */
#ifndef SALLYPORT_STORE_RESOURCE_H
#define SALLYPORT_STORE_RESOURCE_H

#include "store/store.h"

#define STORE_LOAD_BALANCER "loadbalancer"
#define STORE_LISTENER "listener"
#define STORE_SERVER_GROUP "servergroup"
#define STORE_SECURITY_POLICY "securitypolicy"
/* Certificates have a table of their own (store/certificate.h); this names them in references, tags
 * and changes. */
#define STORE_CERTIFICATE "certificate"

struct store_resource {
	char *id, *name, *parent; /* parent: the load balancer of a listener, else NULL */
	json_t *body;
	int64_t revision;
	int64_t created_s, updated_s;
};

void store_resource_done(struct store_resource *resource);

/* Inserts or replaces by (kind, id). created_s is kept when it exists. */
int must_check store_resource_put(struct store *store, const char *kind,
				  const struct store_resource *resource, struct error *err);
/* 1: found (the caller calls done), 0: there is none, -1: error. */
int must_check store_resource_get(struct store *store, const char *kind, const char *id,
				  struct store_resource *ret_resource, struct error *err);
/* Removes it with its references and tags. */
int must_check store_resource_delete(struct store *store, const char *kind, const char *id,
				     struct error *err);

struct store_filter {
	const char *parent;           /* NULL: any */
	const char *name;
	const json_t *ids;            /* array of text; NULL: any */
	const json_t *names;
	const json_t *tags;           /* array of {Key, Value}; each must be there; Value may be missing */
	const char *after;            /* id of the last row of the page before; NULL: from the start */
	int limit;                    /* 0: all */
};

/* In the order of creation (created_s, then id). each returns false to stop. */
int must_check store_resource_each(struct store *store, const char *kind,
				   const struct store_filter *filter,
				   bool (*each)(void *arg, const struct store_resource *resource),
				   void *arg, struct error *err);
/* How many rows the filter has in all; after and limit have no part in it. -1: error. */
int64_t store_resource_count(struct store *store, const char *kind,
			     const struct store_filter *filter, struct error *err);

/* --- who uses whom --- */

struct store_reference {
	const char *from_kind, *from_id;
	const char *role;             /* "ServerGroupId", "CertificateIds", "CaCertificateIds", ... */
	const char *to_kind, *to_id;
};

/* Replaces all references that start at (kind, id). */
int must_check store_references_put(struct store *store, const char *kind, const char *id,
				    const struct store_reference *references, size_t count,
				    struct error *err);
/* Those that end at (kind, id). each returns false to stop. */
int must_check store_references_to(struct store *store, const char *kind, const char *id,
				   bool (*each)(void *arg, const struct store_reference *reference),
				   void *arg, struct error *err);

/* --- tags --- */

int must_check store_tag_put(struct store *store, const char *kind, const char *id, const char *key,
			     const char *value, struct error *err);
/* key NULL: all of them. */
int must_check store_tag_delete(struct store *store, const char *kind, const char *id,
				const char *key, struct error *err);
/* Array of {"Key", "Value"}, by key; a new reference. NULL on error. */
json_t *store_tags(struct store *store, const char *kind, const char *id, struct error *err);
/* Rows of ListTagResources: kind, ids (NULL: all), tags as in the filter. */
int must_check store_tags_each(struct store *store, const char *kind, const json_t *ids,
			       const json_t *tags,
			       bool (*each)(void *arg, const char *id, const char *key,
					    const char *value),
			       void *arg, struct error *err);

#endif
