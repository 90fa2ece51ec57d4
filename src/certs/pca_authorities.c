/*
 * CAs ready to issue, with their keys open: opening one costs as much as a certificate.
 *
 * A few are kept, the one used longest ago is thrown away first. What is kept is found by the store, the
 * id and the certificate's hash, so that a renewed CA is opened anew. State thread only; the families,
 * which job threads ask for, have a lock.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "certs/pca.h"

#define KEPT_MAX 16
#define FAMILIES_MAX 256

static struct kept {
	char store[64];
	char id[PCA_ID_SIZE];
	uint8_t sha256[32];
	struct authority *authority;
	uint64_t used;
} kept[KEPT_MAX];

static uint64_t uses;

static struct family {
	char id[PCA_ID_SIZE];
	bool rsa;
} families[FAMILIES_MAX];

static unsigned int family_count;
static pthread_mutex_t families_lock = PTHREAD_MUTEX_INITIALIZER;

int pca_family_of(const char *ca_id)
{
	int rsa = -1;
	unsigned int i;

	pthread_mutex_lock(&families_lock);
	for (i = 0; i < family_count && i < FAMILIES_MAX; i++)
		if (strcmp(families[i].id, ca_id) == 0)
			rsa = families[i].rsa;
	pthread_mutex_unlock(&families_lock);
	return rsa;
}

static void remember_family(const char *id, const struct authority *authority)
{
	struct family *family;

	if (pca_family_of(id) >= 0)
		return;
	pthread_mutex_lock(&families_lock);
	family = &families[family_count++ % FAMILIES_MAX];
	snprintf(family->id, sizeof(family->id), "%s", id);
	family->rsa = EVP_PKEY_id(authority_key(authority)) == EVP_PKEY_RSA;
	pthread_mutex_unlock(&families_lock);
}

static bool is_same(const struct kept *item, struct store *store,
		    const struct store_certificate *row)
{
	return item->authority != NULL && strcmp(item->id, row->id) == 0 &&
	       memcmp(item->sha256, row->sha256, sizeof(item->sha256)) == 0 &&
	       strcmp(item->store, store_id(store)) == 0;
}

static struct authority *open_authority(struct store *store, const struct store_certificate *row,
					struct error *err)
{
	struct authority *authority = NULL;
	struct buffer pkcs8 = { 0 };
	EVP_PKEY *key;
	int found = store_key_get(store, row->id, &pkcs8, NULL, err);

	if (found == 0)
		error_set(err, ERROR_CONFLICT, "the key of CA \"%.64s\" is not here",
			  row->common_name);
	if (found != 1)
		return NULL;
	key = key_from_pkcs8(buffer_bytes(&pkcs8), err);
	buffer_done(&pkcs8);
	if (key != NULL)
		authority =
			authority_new(buffer_bytes(&row->der), buffer_bytes(&row->chain), key, err);
	EVP_PKEY_free(key);
	return authority;
}

struct authority *pca_authority(struct store *store, const struct store_certificate *row,
				struct error *err)
{
	struct kept *place = &kept[0];
	struct authority *authority;
	size_t i;

	for (i = 0; i < KEPT_MAX; i++) {
		if (is_same(&kept[i], store, row)) {
			kept[i].used = ++uses;
			return kept[i].authority;
		}
		if (kept[i].used < place->used)
			place = &kept[i];
	}
	authority = open_authority(store, row, err);
	if (authority == NULL)
		return NULL;
	authority_free(place->authority);
	snprintf(place->store, sizeof(place->store), "%s", store_id(store));
	snprintf(place->id, sizeof(place->id), "%s", row->id);
	memcpy(place->sha256, row->sha256, sizeof(place->sha256));
	place->authority = authority;
	place->used = ++uses;
	remember_family(row->id, authority);
	return authority;
}

void pca_authorities_clear(void)
{
	size_t i;

	for (i = 0; i < KEPT_MAX; i++)
		authority_free(kept[i].authority);
	memset(kept, 0, sizeof(kept));
}
