/* Which CAs are ours, and which of them are revoked with all that they issued. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control/own_revocations_internal.h"
#include "x509/certificate.h"

struct known_ca {
	char id[65], parent[65];
	uint8_t key[REVOCATION_KEY_SIZE];
	char name[192];
	bool bad; /* revoked, or beneath one that is */
};

struct known_cas {
	struct known_ca *items; /* owned */
	size_t count;
};

static bool collect_ca(void *arg, const struct store_certificate *row)
{
	struct certificate *certificate = certificate_parse(buffer_bytes(&row->der), NULL);
	struct known_cas *cas = arg;
	struct known_ca *ca;

	cas->items = memory_resize(cas->items, (cas->count + 1) * sizeof(*cas->items));
	ca = &cas->items[cas->count++];
	*ca = (struct known_ca){ .bad = row->revoked || row->disabled };
	memcpy(ca->key, row->subject_key, sizeof(ca->key));
	snprintf(ca->id, sizeof(ca->id), "%s", row->id);
	snprintf(ca->parent, sizeof(ca->parent), "%s", row->parent == NULL ? "" : row->parent);
	if (certificate != NULL)
		certificate_subject_text(certificate, ca->name, sizeof(ca->name));
	certificate_free(certificate);
	return true;
}

static bool parent_is_bad(const struct known_cas *cas, const struct known_ca *ca)
{
	size_t i;

	for (i = 0; ca->parent[0] != '\0' && i < cas->count; i++)
		if (strcmp(cas->items[i].id, ca->parent) == 0)
			return cas->items[i].bad;
	return false;
}

/* What hangs on a revoked CA is revoked with it. */
static void spread(struct known_cas *cas)
{
	bool changed;
	size_t i;

	do {
		changed = false;
		for (i = 0; i < cas->count; i++)
			if (!cas->items[i].bad && parent_is_bad(cas, &cas->items[i]))
				changed = cas->items[i].bad = true;
	} while (changed);
}

/* A key is good as long as one CA certificate for it is: a renewed or cross-signed CA has
 * several. */
static bool key_is_bad(const struct known_cas *cas, const uint8_t *key)
{
	size_t i;

	for (i = 0; i < cas->count; i++)
		if (!cas->items[i].bad && memcmp(cas->items[i].key, key, REVOCATION_KEY_SIZE) == 0)
			return false;
	return true;
}

/* Of two readings the one of the older state of the store may be the later to arrive. */
static bool is_older(struct own_revocations *own, int64_t revision)
{
	if (revision < own->cas_revision)
		return true;
	own->cas_revision = revision;
	return false;
}

static void take_cas(struct own_revocations *own, const struct known_cas *cas, int64_t now)
{
	size_t i;

	for (i = 0; i < own->count; i++)
		own->issuers[i].is_known = false;
	for (i = 0; i < cas->count; i++) {
		struct own_issuer *issuer = own_issuer_for(own, cas->items[i].key);

		issuer->is_known = true;
		memcpy(issuer->name, cas->items[i].name, sizeof(issuer->name));
		if (!key_is_bad(cas, issuer->key))
			issuer->revoked_s = 0;
		else if (issuer->revoked_s == 0)
			issuer->revoked_s = now;
	}
}

int own_revocations_update(struct own_revocations *own, struct store *store, int64_t now,
			   struct error *err)
{
	struct store_certificate_filter filter = { .roles = STORE_OWN_CAS, .revoked = -1 };
	struct known_cas cas = { NULL, 0 };
	int64_t revision = store_revision(store);
	int result = store_certificate_each(store, &filter, collect_ca, &cas, err);

	if (result == 0) {
		spread(&cas);
		pthread_mutex_lock(&own->lock);
		if (!is_older(own, revision))
			take_cas(own, &cas, now);
		pthread_mutex_unlock(&own->lock);
	}
	free(cas.items);
	return result;
}
