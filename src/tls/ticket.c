#include "tls/ticket.h"

#include <string.h>

#include <openssl/aead.h>
#include <openssl/mem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "tls/context_internal.h"

#define ID_SIZE 16
#define NONCE_SIZE 12
#define TAG_SIZE 16
#define LENGTH_SIZE 2
#define OVERHEAD (ID_SIZE + NONCE_SIZE + TAG_SIZE + LENGTH_SIZE)
#define RECORD_MAX 4096

static struct {
	uint8_t id[ID_SIZE];
	EVP_AEAD_CTX aead;
} keys[TICKET_KEYS];
static size_t key_count;

/* One handshake runs at a time in a process: the record of the ticket that is being made, and the
 * plaintext that is sealed or was opened. */
static struct buffer record;
static struct buffer plain;

void ticket_keys_set(const struct ticket_key *new_keys, size_t count)
{
	size_t i;

	if (count == 0)
		return;
	for (i = 0; i < key_count; i++)
		EVP_AEAD_CTX_cleanup(&keys[i].aead);
	key_count = 0;
	for (i = 0; i < count && i < TICKET_KEYS; i++) {
		memcpy(keys[key_count].id, new_keys[i].id, ID_SIZE);
		if (EVP_AEAD_CTX_init(&keys[key_count].aead, EVP_aead_aes_256_gcm(),
				      new_keys[i].key, 32, TAG_SIZE, NULL) == 1)
			key_count++;
	}
}

int ticket_keys_init(void)
{
	struct ticket_key key;

	if (RAND_bytes((uint8_t *)&key, sizeof(key)) != 1)
		return -1;
	ticket_keys_set(&key, 1);
	memory_wipe(&key, sizeof(key));
	return 0;
}

static size_t max_overhead(SSL *ssl)
{
	record.len = 0;
	tls_context_of(ssl)->hooks.ticket_record(tls_session_of(ssl)->owner, &record);
	return OVERHEAD + record.len;
}

/* Called right after max_overhead: the record is there. */
static int seal(SSL *ssl, uint8_t *out, size_t *out_len, size_t max_out_len, const uint8_t *in,
		size_t in_len)
{
	uint8_t length[LENGTH_SIZE] = { (uint8_t)(record.len >> 8), (uint8_t)record.len };
	uint8_t *nonce = out + ID_SIZE;
	size_t sealed_len;

	(void)ssl;
	if (key_count == 0 || record.len > RECORD_MAX ||
	    max_out_len < OVERHEAD + record.len + in_len)
		return 0;
	plain.len = 0;
	buffer_append(&plain, length, sizeof(length));
	buffer_append(&plain, record.data, record.len);
	buffer_append(&plain, in, in_len);
	memcpy(out, keys[0].id, ID_SIZE);
	if (RAND_bytes(nonce, NONCE_SIZE) != 1 ||
	    EVP_AEAD_CTX_seal(&keys[0].aead, nonce + NONCE_SIZE, &sealed_len,
			      max_out_len - ID_SIZE - NONCE_SIZE, nonce, NONCE_SIZE, plain.data,
			      plain.len, out, ID_SIZE) != 1)
		return 0;
	*out_len = ID_SIZE + NONCE_SIZE + sealed_len;
	memory_wipe(plain.data, plain.len);
	return 1;
}

/* Decrypts into plain. false: not one of ours, or damaged. */
static bool unseal(const uint8_t *in, size_t in_len)
{
	size_t opened, i;

	if (in_len < OVERHEAD)
		return false;
	for (i = 0; i < key_count; i++)
		if (CRYPTO_memcmp(keys[i].id, in, ID_SIZE) == 0)
			break;
	if (i == key_count)
		return false;
	plain.len = 0;
	buffer_append(&plain, in, in_len); /* makes room */
	if (EVP_AEAD_CTX_open(&keys[i].aead, plain.data, &opened, plain.len, in + ID_SIZE,
			      NONCE_SIZE, in + ID_SIZE + NONCE_SIZE, in_len - ID_SIZE - NONCE_SIZE,
			      in, ID_SIZE) != 1)
		return false;
	plain.len = opened;
	return true;
}

static enum ssl_ticket_aead_result_t open_ticket(SSL *ssl, uint8_t *out, size_t *out_len,
						 size_t max_out_len, const uint8_t *in,
						 size_t in_len)
{
	struct bytes of_owner;
	size_t used;

	if (!unseal(in, in_len) || plain.len < LENGTH_SIZE)
		return ssl_ticket_aead_ignore_ticket;
	of_owner.len = (size_t)plain.data[0] << 8 | plain.data[1];
	of_owner.data = plain.data + LENGTH_SIZE;
	used = LENGTH_SIZE + of_owner.len;
	if (used > plain.len || plain.len - used > max_out_len ||
	    !tls_context_of(ssl)->hooks.ticket_admit(tls_session_of(ssl)->owner, of_owner))
		return ssl_ticket_aead_ignore_ticket;
	memcpy(out, plain.data + used, plain.len - used);
	*out_len = plain.len - used;
	memory_wipe(plain.data, plain.len);
	return ssl_ticket_aead_success;
}

const SSL_TICKET_AEAD_METHOD ticket_method = { max_overhead, seal, open_ticket };
