#include "admin/password.h"

#include <openssl/evp.h>
#include <openssl/mem.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "base/bytes.h"

#define COST 32768u /* N = 2^15 with r = 8: 32 MiB */
#define BLOCK 8u
#define PARALLEL 1u
#define COST_MAX (1u << 20) /* of a hash that an older or newer version made */
#define BLOCK_MAX 32u
#define PARALLEL_MAX 16u
#define MEMORY_MAX ((size_t)1 << 30)
#define SALT_SIZE 16
#define KEY_SIZE 32

struct parsed {
	unsigned int cost, block, parallel;
	uint8_t salt[SALT_SIZE], key[KEY_SIZE];
};

static bool derive(const char *password, const struct parsed *with, uint8_t ret_key[KEY_SIZE])
{
	return EVP_PBE_scrypt(password, strlen(password), with->salt, SALT_SIZE, with->cost,
			      with->block, with->parallel, MEMORY_MAX, ret_key, KEY_SIZE) == 1;
}

int password_hash(const char *password, char ret_hash[PASSWORD_HASH_SIZE], struct error *err)
{
	struct parsed made = { .cost = COST, .block = BLOCK, .parallel = PARALLEL };
	char salt[2 * SALT_SIZE + 1], key[2 * KEY_SIZE + 1];

	if (getrandom(made.salt, SALT_SIZE, 0) != SALT_SIZE)
		return error_set_errno(err, "could not get random bytes");
	if (!derive(password, &made, made.key))
		return error_set(err, ERROR_LIMIT, "could not hash a password: out of memory");
	hex_encode((struct bytes){ made.salt, SALT_SIZE }, salt);
	hex_encode((struct bytes){ made.key, KEY_SIZE }, key);
	snprintf(ret_hash, PASSWORD_HASH_SIZE, "scrypt$%u$%u$%u$%s$%s", COST, BLOCK, PARALLEL, salt,
		 key);
	memory_wipe(&made, sizeof(made));
	memory_wipe(key, sizeof(key));
	return 0;
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

/* "$" and exactly so many bytes. */
static bool take_hex(const char **at, size_t size, uint8_t *ret_bytes)
{
	size_t i;

	if (*(*at)++ != '$')
		return false;
	for (i = 0; i < size; i++, *at += 2) {
		int high = hex_value((*at)[0]);
		int low = high < 0 ? -1 : hex_value((*at)[1]);

		if (low < 0)
			return false;
		ret_bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* "$" and a number from 1 up to a limit. */
static bool take_number(const char **at, unsigned int limit, unsigned int *ret_number)
{
	char *end;
	unsigned long number;

	if (**at != '$' || (*at)[1] < '0' || (*at)[1] > '9')
		return false;
	number = strtoul(*at + 1, &end, 10);
	if (number == 0 || number > limit)
		return false;
	*ret_number = (unsigned int)number;
	*at = end;
	return true;
}

static bool parse(const char *hash, struct parsed *ret_parsed)
{
	const char *at = hash;

	if (strncmp(at, "scrypt", strlen("scrypt")) != 0)
		return false;
	at += strlen("scrypt");
	return take_number(&at, COST_MAX, &ret_parsed->cost) &&
	       take_number(&at, BLOCK_MAX, &ret_parsed->block) &&
	       take_number(&at, PARALLEL_MAX, &ret_parsed->parallel) &&
	       take_hex(&at, SALT_SIZE, ret_parsed->salt) &&
	       take_hex(&at, KEY_SIZE, ret_parsed->key) && *at == '\0';
}

bool password_matches(const char *password, const char *hash)
{
	struct parsed with = { 0 };
	uint8_t key[KEY_SIZE];
	bool known = hash != NULL && parse(hash, &with), same;

	/* Nobody shall learn from the time which users there are. */
	if (!known)
		with = (struct parsed){ .cost = COST, .block = BLOCK, .parallel = PARALLEL };
	same = derive(password, &with, key) && CRYPTO_memcmp(key, with.key, KEY_SIZE) == 0;
	memory_wipe(&with, sizeof(with));
	memory_wipe(key, sizeof(key));
	return known && same;
}

const char *password_problem(const char *password, const char *user)
{
	size_t length = strlen(password);
	bool varied = false;
	size_t i;

	if (length < PASSWORD_MIN_LENGTH)
		return "is too short: 12 characters or more are needed";
	if (user != NULL && strcasecmp(password, user) == 0)
		return "is the name of the user";
	for (i = 1; i < length; i++)
		varied = varied || password[i] != password[0];
	return varied ? NULL : "is one character over and over";
}

int password_random(size_t length, char *ret_text, struct error *err)
{
	static const char characters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	const unsigned int count = sizeof(characters) - 1;
	size_t made = 0, i;
	uint8_t random[64];

	while (made < length) {
		if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
			return error_set_errno(err, "could not get random bytes");
		/* 248 = 4 * 62: what is above would make the first characters likelier. */
		for (i = 0; i < sizeof(random) && made < length; i++)
			if (random[i] < 4 * count)
				ret_text[made++] = characters[random[i] % count];
	}
	ret_text[length] = '\0';
	memory_wipe(random, sizeof(random));
	return 0;
}
