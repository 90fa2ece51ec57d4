/*
 * Gives every file of a corpus to a fuzz target, without a fuzzer: `make test` replays what the
 * fuzzers found once, with any compiler. The target's crash is the failure.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"

#define INPUT_SIZE_MAX (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	struct buffer input = { 0 };
	struct error err = { 0 };
	uint8_t *copy;

	if (buffer_read_file(path, INPUT_SIZE_MAX, &input, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return -1;
	}
	/* A block of just this size, so that a sanitizer sees the first byte read past the end. */
	copy = memory_new(input.len);
	if (input.len > 0)
		memcpy(copy, input.data, input.len);
	LLVMFuzzerTestOneInput(copy, input.len);
	free(copy);
	buffer_done(&input);
	return 0;
}

static int replay_folder(const char *folder, unsigned int *ret_count)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char path[4096];
	int result = 0;

	if (dir == NULL) {
		perror(folder);
		return -1;
	}
	while (result == 0 && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		result = replay_file(path);
		*ret_count += 1;
	}
	closedir(dir);
	return result;
}

int main(int argc, char **argv)
{
	unsigned int count = 0;
	struct stat status;
	int i;

	for (i = 1; i < argc; i++) {
		if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode)) {
			if (replay_folder(argv[i], &count) < 0)
				return 1;
		} else {
			if (replay_file(argv[i]) < 0)
				return 1;
			count++;
		}
	}
	printf("%s: %u inputs replayed\n", argv[0], count);
	return count == 0;
}
