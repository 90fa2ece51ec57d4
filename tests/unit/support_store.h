/* A store in a folder of its own, for the tests of it. */
#ifndef SALLYPORT_SUPPORT_STORE_H
#define SALLYPORT_SUPPORT_STORE_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "store/store.h"

#define NOW 1700000000

static const uint8_t test_master_key[STORE_MASTER_KEY_SIZE] = "a master key of thirty-two bytes";

struct home {
	char folder[64]; /* of the test */
	char data[80];   /* the data folder inside it */
	struct store *store;
};

static inline int remove_one(const char *path, const struct stat *status, int flag,
			     struct FTW *walk)
{
	(void)status;
	(void)flag;
	(void)walk;
	return remove(path);
}

static inline void remove_folder(const char *folder)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void home_open(struct home *home)
{
	struct error err = { 0 };

	home->store = store_open(home->data, test_master_key, &err);
	if (home->store == NULL)
		fail_msg("%s", err.message);
}

static inline void home_reopen(struct home *home)
{
	store_close(home->store);
	home_open(home);
}

static inline int home_setup(void **state)
{
	struct home *home = calloc(1, sizeof(*home));
	const char *base = getenv("TMPDIR");

	snprintf(home->folder, sizeof(home->folder), "%s/sallyport-" "XX" "XX" "XX",
		 base != NULL && strlen(base) < 40 ? base : "/tmp");
	if (mkdtemp(home->folder) == NULL)
		return -1;
	snprintf(home->data, sizeof(home->data), "%s/data", home->folder);
	home_open(home);
	*state = home;
	return 0;
}

static inline int home_teardown(void **state)
{
	struct home *home = *state;

	store_close(home->store);
	remove_folder(home->folder);
	free(home);
	return 0;
}

/* The error of what must succeed. */
#define must(call) \
	do { \
		struct error must_error = { 0 }, *e = &must_error; \
		if ((call) < 0) \
			fail_msg("%s: %s", #call, must_error.message); \
	} while (0)

#endif
