#include "store/seal.h"

#include <openssl/aead.h>
#include <openssl/digest.h>
#include <openssl/hkdf.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/pack.h"

#define SEAL_VERSION 1
#define NONCE_SIZE 12
#define TAG_SIZE 16
#define KEY_SIZE 32
#define HEAD_SIZE (1 + sizeof(((struct seal_key *)NULL)->id))
#define WRAPPED_SIZE (NONCE_SIZE + KEY_SIZE + TAG_SIZE)
#define LEAST_SIZE (HEAD_SIZE + WRAPPED_SIZE + NONCE_SIZE + TAG_SIZE)

int seal_key_init(struct seal_key *key, const uint8_t master_key[32], const char *store_id,
		  struct error *err)
{
	static const char info[] = "sallyport/kek/v1";
	uint8_t digest[SHA256_DIGEST_LENGTH];

	if (!HKDF(key->key, sizeof(key->key), EVP_sha256(), master_key, 32,
		  (const uint8_t *)store_id, strlen(store_id), (const uint8_t *)info,
		  sizeof(info) - 1))
		return error_set(err, ERROR_SYSTEM, "could not derive a key from the master key");
	SHA256(key->key, sizeof(key->key), digest);
	memcpy(key->id, digest, sizeof(key->id));
	return 0;
}

void seal_key_done(struct seal_key *key)
{
	memory_wipe(key, sizeof(*key));
}

static struct buffer place_bytes(const struct seal_key *key, const struct seal_place *place)
{
	static const uint8_t none[32];
	struct buffer bytes = { 0 };

	pack_u8(&bytes, SEAL_VERSION);
	pack_raw(&bytes, key->id, sizeof(key->id));
	pack_string(&bytes, place->store_id);
	pack_string(&bytes, place->table);
	pack_string(&bytes, place->row);
	pack_string(&bytes, place->purpose);
	pack_bytes(&bytes, (struct bytes){ place->digest != NULL ? place->digest : none, 32 });
	pack_u8(&bytes, place->flag);
	return bytes;
}

/* Appends nonce, ciphertext and tag. */
static bool encrypt(const uint8_t key[KEY_SIZE], struct bytes plain, struct bytes place,
		    struct buffer *out)
{
	EVP_AEAD_CTX *context = EVP_AEAD_CTX_new(EVP_aead_aes_256_gcm(), key, KEY_SIZE, TAG_SIZE);
	uint8_t nonce[NONCE_SIZE];
	struct buffer sealed = { 0 };
	size_t len = 0;
	bool ok;

	sealed.capacity = plain.len + TAG_SIZE;
	sealed.data = memory_new(sealed.capacity);
	ok = context != NULL && RAND_bytes(nonce, sizeof(nonce)) == 1 &&
	     EVP_AEAD_CTX_seal(context, sealed.data, &len, sealed.capacity, nonce, sizeof(nonce),
			       plain.data, plain.len, place.data, place.len) == 1;
	if (ok) {
		buffer_append(out, nonce, sizeof(nonce));
		buffer_append(out, sealed.data, len);
	}
	buffer_done(&sealed);
	EVP_AEAD_CTX_free(context);
	return ok;
}

/* from: nonce, ciphertext and tag. */
static bool decrypt(const uint8_t key[KEY_SIZE], struct bytes from, struct bytes place,
		    struct buffer *ret_plain)
{
	EVP_AEAD_CTX *context = EVP_AEAD_CTX_new(EVP_aead_aes_256_gcm(), key, KEY_SIZE, TAG_SIZE);
	struct buffer plain = { 0 };
	bool ok;

	plain.capacity = from.len;
	plain.data = memory_new(plain.capacity);
	ok = context != NULL &&
	     EVP_AEAD_CTX_open(context, plain.data, &plain.len, plain.capacity, from.data,
			       NONCE_SIZE, from.data + NONCE_SIZE, from.len - NONCE_SIZE,
			       place.data, place.len) == 1;
	EVP_AEAD_CTX_free(context);
	if (!ok) {
		buffer_done(&plain);
		return false;
	}
	buffer_done(ret_plain);
	*ret_plain = plain;
	return true;
}

int seal_close(const struct seal_key *key, const struct seal_place *place, struct bytes secret,
	       struct buffer *ret_sealed, struct error *err)
{
	struct buffer where = place_bytes(key, place);
	struct buffer sealed = { 0 };
	uint8_t own[KEY_SIZE];
	bool ok;

	pack_u8(&sealed, SEAL_VERSION);
	pack_raw(&sealed, key->id, sizeof(key->id));
	ok = RAND_bytes(own, sizeof(own)) == 1 &&
	     encrypt(key->key, (struct bytes){ own, sizeof(own) }, buffer_bytes(&where), &sealed) &&
	     encrypt(own, secret, buffer_bytes(&where), &sealed);
	memory_wipe(own, sizeof(own));
	buffer_done(&where);
	if (!ok) {
		buffer_done(&sealed);
		return error_set(err, ERROR_SYSTEM, "could not seal a secret: encryption failed");
	}
	buffer_done(ret_sealed);
	*ret_sealed = sealed;
	return 0;
}

static int fail_open(const struct seal_place *place, const char *why, struct error *err)
{
	error_set(err, ERROR_SYSTEM, "could not open the %s of \"%.64s\": %s", place->purpose,
		  place->row, why);
	return error_symbol(err, "SealBroken");
}

int seal_open(const struct seal_key *key, const struct seal_place *place, struct bytes sealed,
	      struct buffer *ret_secret, struct error *err)
{
	struct buffer where, own = { 0 };
	struct bytes wrapped, content;
	bool ok;

	if (sealed.len < LEAST_SIZE || sealed.data[0] != SEAL_VERSION)
		return fail_open(place, "it is damaged", err);
	if (memcmp(sealed.data + 1, key->id, sizeof(key->id)) != 0)
		return fail_open(place, "it was sealed under another master key", err);
	wrapped = (struct bytes){ sealed.data + HEAD_SIZE, WRAPPED_SIZE };
	content = (struct bytes){ wrapped.data + wrapped.len,
				  sealed.len - HEAD_SIZE - WRAPPED_SIZE };
	where = place_bytes(key, place);
	ok = decrypt(key->key, wrapped, buffer_bytes(&where), &own) && own.len == KEY_SIZE &&
	     decrypt(own.data, content, buffer_bytes(&where), ret_secret);
	buffer_done(&own);
	buffer_done(&where);
	return ok ? 0 : fail_open(place, "it was changed, or belongs to another row", err);
}
