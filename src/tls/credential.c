#include "tls/credential.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bytestring.h>
#include <openssl/evp.h>
#include <openssl/pool.h>
#include <openssl/ssl.h>

#include "tls/credential_internal.h"

struct credential {
	unsigned int refs;
	size_t chain_count;
	CRYPTO_BUFFER **chain;
	struct buffer key;
	EVP_PKEY *parsed;		  /* NULL until used, and after being pushed out */
	struct credential *newer, *older; /* among the parsed ones */
};

/* The parsed keys of this process, most recently used first. */
static struct credential *newest, *oldest;
static size_t parsed_count;

static void lru_unlink(struct credential *credential)
{
	*(credential->newer != NULL ? &credential->newer->older : &newest) = credential->older;
	*(credential->older != NULL ? &credential->older->newer : &oldest) = credential->newer;
	credential->newer = credential->older = NULL;
	parsed_count--;
}

static void lru_push(struct credential *credential)
{
	credential->newer = NULL;
	credential->older = newest;
	*(newest != NULL ? &newest->newer : &oldest) = credential;
	newest = credential;
	parsed_count++;
}

static void drop_parsed(struct credential *credential)
{
	if (credential->parsed == NULL)
		return;
	lru_unlink(credential);
	EVP_PKEY_free(credential->parsed);
	credential->parsed = NULL;
}

struct credential *credential_new(const struct bytes *chain, size_t chain_count, struct bytes key)
{
	struct credential *credential = memory_new(sizeof(*credential));
	size_t i;

	credential->refs = 1;
	credential->chain_count = chain_count;
	credential->chain = memory_new(chain_count * sizeof(CRYPTO_BUFFER *));
	for (i = 0; i < chain_count; i++)
		credential->chain[i] = CRYPTO_BUFFER_new(chain[i].data, chain[i].len, NULL);
	buffer_append(&credential->key, key.data, key.len);
	return credential;
}

struct credential *credential_ref(struct credential *credential)
{
	credential->refs++;
	return credential;
}

void credential_unref(struct credential *credential)
{
	size_t i;

	if (credential == NULL || --credential->refs > 0)
		return;
	drop_parsed(credential);
	for (i = 0; i < credential->chain_count; i++)
		CRYPTO_BUFFER_free(credential->chain[i]);
	free(credential->chain);
	buffer_done(&credential->key);
	free(credential);
}

static int parse_key(struct credential *credential)
{
	CBS cbs;

	CBS_init(&cbs, credential->key.data, credential->key.len);
	credential->parsed = EVP_parse_private_key(&cbs);
	if (credential->parsed == NULL)
		return -1;
	lru_push(credential);
	if (parsed_count > CREDENTIAL_KEYS)
		drop_parsed(oldest);
	return 0;
}

int credential_use(struct credential *credential, SSL *ssl)
{
	if (credential->parsed == NULL) {
		if (parse_key(credential) < 0)
			return -1;
	} else if (newest != credential) {
		lru_unlink(credential);
		lru_push(credential);
	}
	return SSL_set_chain_and_key(ssl, credential->chain, credential->chain_count,
				     credential->parsed, NULL) == 1
		       ? 0
		       : -1;
}
